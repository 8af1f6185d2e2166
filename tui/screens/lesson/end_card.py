"""The end of a lesson: how it went, what the learner can explain now, and which lesson comes next."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from descend.engine.base.errors import DescendError
from descend.engine.teaching.lesson import Lesson
from descend.engine.teaching.outline import Outline
from descend.tui.cell_text import plain
from descend.tui.screens.dialog import Dialog, Hint
from descend.tui.screens.learn.about_lesson import emphasised
from descend.tui.screens.lesson.lesson_progress import LessonProgress

MOST = 200
"""Runs of the lesson that are looked through for the best."""
HIGHER, LOWER = ("accuracy", "reward", "return"), ("loss", "error", "mse", "rmse", "mae")
"""Words in the name of a metric that tell which of two runs is better."""


class EndCard(Dialog[str | None]):
    """Says what was reached; answers with the name of the next lesson, or None to stay."""

    HELP = "The end of the lesson. Enter opens the next one on the path, escape goes back to this one."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "next lesson"),
        Binding("escape", "stay", "back"),
    ]
    DEFAULT_CSS = """
    EndCard VerticalScroll { height: auto; max-height: 1fr; }
    EndCard Static { height: auto; }
    """

    def __init__(self, learner: LessonProgress) -> None:
        super().__init__()
        self.learner = learner
        self.heading = f"✓ Finished: {learner.lesson.title}"
        self.next_lesson = find_following(learner.lesson)

    def body(self) -> ComposeResult:
        """What was reached, what can be explained now, what comes next."""
        with VerticalScroll():
            yield Static(self._tell_results(), id="results")
            yield Static(self._tell_takeaways())
            yield Static(self._tell_next())
        yield Hint(*(["enter opens the next lesson"] if self.next_lesson is not None else []), "esc stays here")

    def on_mount(self) -> None:
        """Look for the best run, which may take a while."""
        self._find_best()

    def _tell_results(self, run: tuple[str, str] = ("Best run", "…")) -> Table:
        lesson, learner = self.learner.lesson, self.learner
        table = Table.grid(padding=(0, 2, 0, 0))
        rows = {
            "Predictions": f"{len(learner.graded_right)} of {len(lesson.predictions)} came true",
            "Quiz": f"{len(learner.settled)} of {len(lesson.quiz)} right",
            "Exercises": f"{len(learner.solved)} of {len(lesson.exercises)} solved",
            run[0]: run[1],
        }
        counts = {
            "Predictions": len(lesson.predictions),
            "Quiz": len(lesson.quiz),
            "Exercises": len(lesson.exercises),
        }
        for name, told in rows.items():
            if counts.get(name, 1) and told:
                table.add_row(Text(name, "bold"), Text(plain(told)))
        return table

    def _tell_takeaways(self) -> Text:
        if not self.learner.lesson.takeaways:
            return Text()
        text = Text("\nYou can now explain\n", "bold")
        for number, takeaway in enumerate(self.learner.lesson.takeaways):
            text.append("\n" if number else "", "not bold").append(f"· {plain(takeaway)}", "not bold")
        return text

    def _tell_next(self) -> Text:
        following = self.next_lesson
        if following is None:
            return Text("\nThere is no open lesson left on the path.")
        text = Text("\nNext on the path: ").append(plain(following.title), "bold")
        return text.append("\n").append_text(emphasised(following.question))

    @work(thread=True, exclusive=True)
    def _find_best(self) -> None:
        best = find_best_run(self.learner.lesson)
        self.app.call_from_thread(self._show_best, best)

    def _show_best(self, best: tuple[str, str]) -> None:
        if self.is_attached:
            self.query_one("#results", Static).update(self._tell_results(best))

    def action_open(self) -> None:
        """Open the next lesson."""
        self.dismiss(self.next_lesson.name if self.next_lesson is not None else None)

    def action_stay(self) -> None:
        """Stay at this lesson."""
        self.dismiss(None)


def find_following(lesson: Lesson) -> Outline | None:
    """The next lesson on the path that is not finished."""
    from descend.engine.teaching import catalogue, learner_progress
    from descend.engine.teaching.learning_path import find_next_lesson

    lessons, entries = catalogue.list_outlines(), learner_progress.read_entries()
    finished = {
        name
        for name, one in lessons.items()
        if name in entries and learner_progress.measure_progress(one, entries[name]).state == "finished"
    }
    return find_next_lesson(lessons.values(), finished, lesson.name)


def find_best_run(lesson: Lesson) -> tuple[str, str]:
    """``Best run`` and what it reached; ``Last run`` where its metric does not tell which is better; empty if none."""
    from descend.engine.run import runs, summary

    found: list[tuple[float, str, str]] = []
    for run in runs.list_runs():
        if len(found) == MOST:
            break
        try:
            if run.manifest().name != lesson.name or run.state() != "done":
                continue
            told = summary.summarize(run)
        except DescendError:
            continue
        value, name = told.metrics.get(told.key), told.key
        if value is not None:
            sign = -1.0 if any(word in name for word in HIGHER) else 1.0
            found.append((sign * value, name, f"{name} {value:.4g}, run {run.id}"))
    if not found:
        return "", ""
    newest = found[0]
    if not any(word in newest[1] for word in HIGHER + LOWER):
        return "Last run", newest[2]
    return "Best run", min(one for one in found if one[1] == newest[1])[2]
