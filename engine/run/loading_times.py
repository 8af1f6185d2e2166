"""What a run waits for before it trains, such as the import of torch, and how long each takes on this machine.

The times are in ``loading.json`` in the home folder. A file that is missing or damaged tells none; one that cannot be
written stays as it is: nothing here raises.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from descend.engine.base import paths
from descend.engine.base.errors import DescendError
from descend.engine.base.files import read_user_file

if TYPE_CHECKING:
    from descend.engine.run.history import History

IMPORTING = "importing torch"
"""What every worker does first."""
TOLD = 1.0
"""Seconds below which a time is not worth a word."""
KEPT = 50
"""Times that are kept; those measured last."""


def file() -> Path:
    """Where the times are kept."""
    return paths.home() / "loading.json"


def describe_stage(stage: str) -> str:
    """``stage`` and how long it takes as a rule: ``importing torch, usually 5 s``."""
    seconds = _read().get(stage, 0.0)
    return f"{stage}, usually {seconds:.0f} s" if seconds >= TOLD else stage


def describe_loading(history: History) -> str:
    """What the run of ``history`` waits for now; empty once it trains or has ended. It is text of a file: clean it."""
    status = history.status
    if status is not None and status.state != "starting":
        return ""
    return (status.message if status is not None else "") or describe_stage(IMPORTING)


@contextmanager
def time_stage(stage: str) -> Iterator[None]:
    """Keep how long the block takes, if it succeeds."""
    start = time.monotonic()
    yield
    keep_time(stage, time.monotonic() - start)


def keep_time(stage: str, seconds: float) -> None:
    """Remember that ``stage`` took ``seconds`` this time; each time counts half as much as the next."""
    from descend.engine.run.manifest import replace_json

    with suppress(OSError, DescendError):
        known = _read()
        usual = (known.pop(stage, seconds) + seconds) / 2
        latest = [*known.items(), (stage, round(usual, 2))][-KEPT:]
        file().parent.mkdir(parents=True, exist_ok=True)
        replace_json(file(), json.dumps(dict(latest)).encode())


def _read() -> dict[str, float]:
    try:
        found = json.loads(read_user_file(file()))
    except (OSError, ValueError, RecursionError, DescendError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        stage: float(seconds)
        for stage, seconds in found.items()
        if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and math.isfinite(seconds)
    }
