"""Leaving the shell while runs are at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from descend.engine.base.errors import DescendError
from descend.tui.cell_text import plain
from descend.tui.screens.app_access import Unseen
from descend.tui.screens.dialog import Answer, QuestionScreen

if TYPE_CHECKING:
    from descend.engine.run.runs import Run

KEEP, STOP = "keep", "stop"


class LeaveScreen(Unseen, QuestionScreen):
    """Asks what should become of ``live``, the runs at work; returns `KEEP`, `STOP`, or None to stay."""

    def __init__(self, live: list[Run]) -> None:
        several = len(live) > 1
        names = ", ".join(plain(run.id) for run in live)
        super().__init__(
            "Leave descend?",
            f"{names} {'are' if several else 'is'} at work.",
            [
                Answer("b", KEEP, f"Keep {'them' if several else 'it'} running in the background"),
                Answer("x", STOP, f"Stop {'them' if several else 'it'}; what is recorded is kept"),
            ],
        )


def stop(live: list[Run]) -> None:
    """Ask the runs' workers to end after their present step.

    Raises:
        DescendError: one cannot be reached.
    """
    from descend.engine.run.records import Stop

    failed: DescendError | None = None
    for run in live:
        try:
            run.ask(Stop())
        except DescendError as error:
            failed = error
    if failed is not None:
        raise failed
