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
from descend.engine.doctor.check import Check, exit_status, to_json
from descend.engine.doctor.report import line, render, summary

__all__ = ["Check", "examine", "exit_status", "line", "render", "summary", "to_json"]


def examine(timeout: float = 90.0) -> Iterator[Check]:
    """Yield every check as it finishes; closing the iterator early ends the child.

    Blocks while the child imports torch: a UI calls this from a thread.

    Args:
        timeout: seconds the child may take to import torch and try each device.
    """
    with devices.probing() as probe:
        yield from _guarded("Python", install.checks)
        yield from _guarded("Terminal", terminal.checks)
        yield from _guarded("Data", storage.dataset_checks)
        yield from _guarded("Folders", storage.folder_checks)
        yield from _guarded("Devices", lambda: devices.checks(probe, timeout))


def _guarded(group: str, checks: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Yield the checks of one group; one that fails in an unforeseen way must not cost the other groups."""
    try:
        yield from checks()
    except Exception as error:
        found = f"could not be examined: {type(error).__name__}: {error}"
        advice = "Put right what it names, then run `descend doctor` again."
        yield Check(group, group.lower(), False, found, advice)
