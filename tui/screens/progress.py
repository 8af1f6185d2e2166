"""What the command palette offers about the learner's progress: forget a lesson's, forget all, export it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from descend.engine.base.errors import DescendError
from descend.tui.cell_text import plain

if TYPE_CHECKING:
    from descend.engine.teaching.lesson import Lesson
    from descend.tui.app import DescendApp

FORGOTTEN = "Predictions, answers, hints and what was written in exercises are forgotten. Runs are kept."


class Progress(Provider):
    """Actions on the logbook, on the screens that show lessons."""

    async def discover(self) -> Hits:
        """All of them."""
        for title, told, action in self._actions():
            yield DiscoveryHit(title, action, help=told)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for title, told, action in self._actions():
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), action, help=told)

    @property
    def shell(self) -> DescendApp:
        """The running app."""
        return cast("DescendApp", self.app)

    def _actions(self) -> Iterator[tuple[str, str, Callable[[], None]]]:
        from descend.engine.teaching.lesson import Lesson

        lesson = getattr(self.screen, "lesson", None)
        if isinstance(lesson, Lesson):
            told = "Forget predictions, answers and exercises of this lesson"
            yield "Reset this lesson's progress", told, partial(self._reset, lesson)
        yield "Reset all progress", "Forget what was done in every lesson", partial(self._reset, None)
        yield "Export progress", "Export the progress in every lesson to a JSON file", self._export

    def _reset(self, lesson: Lesson | None) -> None:
        from descend.engine.teaching import learner_progress
        from descend.tui.screens.dialog import Answer, QuestionScreen

        def answered(answer: str | None) -> None:
            if not answer:
                return
            try:
                with learner_progress.wait_briefly():
                    count = learner_progress.reset_progress(lesson.name if lesson is not None else None)
            except DescendError as error:
                self.shell.complain(error)
                return
            said = "There was nothing to forget." if not count else "Forgotten."
            self.shell.notify(said if lesson is not None or not count else f"Forgotten: {count} lessons.", markup=False)
            for screen in self.shell.screen_stack:
                if callable(again := getattr(screen, "progress_changed", None)):
                    again()

        heading = "Reset this lesson's progress?" if lesson is not None else "Reset all progress?"
        of = f"{plain(lesson.title)}. " if lesson is not None else ""
        answers = [Answer("y", "yes", "Forget it")]
        self.shell.push_screen(QuestionScreen(heading, of + FORGOTTEN, answers), answered)

    def _export(self) -> None:
        from descend.engine.base.paths import parse_path
        from descend.engine.teaching import learner_progress
        from descend.tui.screens.saving import PathScreen

        def write(path: str) -> str:
            learner_progress.export_progress(file := parse_path(path))
            return f"Written to {file}."

        def written(told: str | None) -> None:
            if told:
                self.shell.notify(plain(told), markup=False)

        self.shell.push_screen(PathScreen("Export progress", "progress.json", write), written)
