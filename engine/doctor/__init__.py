"""What this machine offers and lacks: Python, packages, terminal, data, folders, devices.

Each finding is a `Check`; one that is not fine says what to do. Nothing here imports torch: a child process
(`descend.engine.doctor.probe`) does, so a torch that crashes or hangs becomes one more finding.

::

    for check in examine():            # they arrive as they finish, the devices last
        console.print(line(check))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from descend.engine.doctor import devices, install, storage, terminal
from descend.engine.doctor.check import Check, find_exit_status, to_json
from descend.engine.doctor.report import render, render_line, summarize

__all__ = ["Check", "find_exit_status", "render", "render_line", "run_checks", "summarize", "to_json"]


def run_checks(timeout: float = 90.0) -> Iterator[Check]:
    """Yield every check as it finishes; closing the iterator early ends the child.

    Blocks while the child imports torch: a UI calls this from a thread.

    Args:
        timeout: seconds the child may take to import torch and try each device.
    """
    with devices.start_probe() as probe:
        yield from _guard("Python", install.check_install)
        yield from _guard("Terminal", terminal.check_terminal)
        yield from _guard("Data", storage.check_datasets)
        yield from _guard("Folders", storage.check_folders)
        yield from _guard("Devices", lambda: devices.check_devices(probe, timeout))


def _guard(group: str, checks: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Yield the checks of one group; one that fails in an unforeseen way must not cost the other groups."""
    try:
        yield from checks()
    except Exception as error:
        found = f"could not be examined: {type(error).__name__}: {error}"
        advice = "Fix what it names, then run `descend doctor` again."
        yield Check(group, group.lower(), False, found, advice)
