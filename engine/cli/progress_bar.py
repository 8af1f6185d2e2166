"""How far a command has come: a bar on standard error, if that is a terminal, or JSON lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from descend.engine.cli import output

if TYPE_CHECKING:
    from rich.progress import Progress

TOLD = 0.05
"""Share done between two lines of JSON."""
Tell = Callable[..., None]
"""``tell(share, doing="")``: the share done, and what is done now if that is something else than before."""


def make_bars(disable: bool = False) -> Progress:
    """Bars on standard error, each with what is done and the time that is left, which go when all is done."""
    from rich import progress

    return progress.Progress(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(bar_width=24),
        progress.TimeRemainingColumn(compact=True),
        console=output.make_console(errors=True),
        transient=True,
        disable=disable,
    )


@contextmanager
def show_progress(as_json: bool, doing: str) -> Iterator[Tell]:
    """Gives what tells the share done of what is called ``doing`` at first."""
    shown, told = make_bars(disable=as_json or not sys.stderr.isatty()), 0.0

    def tell(share: float, doing: str = "") -> None:
        nonlocal told
        bar.update(task, completed=share, description=doing or None)
        if as_json and (doing or share - told >= TOLD):
            told = share
            print(json.dumps({"progress": round(share, 3), **({"doing": doing} if doing else {})}), flush=True)

    with shown as bar:
        task = bar.add_task(doing, total=1.0)
        yield tell
