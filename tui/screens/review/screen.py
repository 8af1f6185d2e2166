"""A review: ten questions of all lessons that are due."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from descend.engine.base.errors import DescendError
from descend.tui.cell_text import plain
from descend.tui.focus import take_focus
from descend.tui.screens.app_access import InShell, Leaves
from descend.tui.screens.keys import KeyLine
from descend.tui.screens.progress import Progress
from descend.tui.screens.review.view import ReviewView

if TYPE_CHECKING:
    from descend.engine.teaching.review import ReviewCard


class ReviewScreen(InShell, Leaves, Screen[None]):
    """Asks what is due."""

    HELP = (
        "Questions that you have answered in a quiz come back here, ten at a time: a wrong one the next day, a right "
        "one at growing intervals. FSRS, a published scheduler that also takes account of late and early answers, "
        "computes them so that you are asked when you would forget one in ten. A lesson that is finished stays "
        "finished whatever you answer here."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", id="review.leave", tooltip="Back to the lessons; your answers are kept"),
    ]
    COMMANDS = {Progress}  # noqa: RUF012
    DEFAULT_CSS = """
    ReviewScreen ReviewView { height: 1fr; padding: 1 2; max-width: 100; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.view = ReviewView()

    def compose(self) -> ComposeResult:
        yield self.view
        yield KeyLine()

    def on_mount(self) -> None:
        """Ask what is due."""
        take_focus(self.view)

    def progress_changed(self) -> None:
        """All was forgotten, so that nothing is left to ask."""
        self.view.begin()

    def keep_answer(self, card: ReviewCard, choice: int) -> None:
        """Write an answer to the logbook, as the lesson's quiz does."""
        from descend.tui.screens.lesson.lesson_progress import LessonProgress

        LessonProgress.of(self.shell, card.lesson).answer(card.number, choice)

    def open_lesson(self, name: str) -> None:
        """Open a lesson above the review; escape comes back."""
        from descend.engine.teaching import catalogue
        from descend.tui.screens.lesson import LessonScreen

        try:
            self.app.push_screen(LessonScreen(catalogue.find_lesson(name)))
        except DescendError as error:
            self.shell.notify(plain(str(error)), severity="error", markup=False)

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()
