"""How far a long reading of data has come, on standard error: a bar on a terminal, else a line for each part of it."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from descend.engine.base.sanitize import clean
from descend.engine.cli.progress_bar import make_bars

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ReadingBar:
    """Shows what it is told, see `datasets.reporting`; nothing until then."""

    def __init__(self) -> None:
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._said: set[str] = set()

    def __enter__(self) -> ReadingBar:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, what: str, share: float) -> None:
        """Show that ``share`` of ``what`` is done."""
        if not share or not sys.stderr.isatty():
            if what not in self._said:
                self._said.add(what)
                print(clean(f"descend: {what}"), file=sys.stderr, flush=True)
            return
        if self._bars is None:
            self._bars = make_bars()
            self._bars.start()
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(clean(what), total=1.0)
        self._bars.update(self._tasks[what], completed=share)
