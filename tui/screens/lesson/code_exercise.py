"""Where an exercise in Python is written and checked, in the shell or in the learner's own editor."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static, TextArea

from descend.engine.base.errors import DescendError
from descend.engine.teaching.exercises import Verdict, make_starter
from descend.engine.teaching.lesson import CodeExercise, Lesson
from descend.tui.cell_text import plain, shows_unicode
from descend.tui.screens.app_access import InShell, Leaves
from descend.tui.screens.keys import KeyLine
from descend.tui.screens.lesson.code_editor import CodeArea, solution
from descend.tui.screens.lesson.external_editor import ExternalEditor
from descend.tui.screens.lesson.lesson_progress import LessonProgress
from descend.tui.screens.lesson.reading import plain_code
from descend.tui.screens.lesson.status import TitleLine

if TYPE_CHECKING:
    from textual.timer import Timer

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
PRINTED = 200
"""Lines of its output that are shown at most."""
SAVE_AFTER = 0.5
"""Seconds without a key after which the text is kept."""
WATCH = 0.4
"""Seconds between two looks at the file another editor has open."""


class Verdicts(VerticalScroll, can_focus=False):
    """What the last check said."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"verdict--good", "verdict--bad"}
    DEFAULT_CSS = """
    Verdicts {
        height: auto; max-height: 9; padding: 0 1; border-top: solid $foreground 30%;
        & > .verdict--good { color: $text-success; text-style: bold; }
        & > .verdict--bad { color: $text-error; text-style: bold; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Static()

    def say(self, text: str, head: str = "", good: bool | None = None, output: str = "") -> None:
        """Say ``head``, set off as good or bad, and ``text``; below it, what the learner's code has printed."""
        name = "good" if good else "bad"
        style = self.get_component_rich_style(f"verdict--{name}", partial=True) if good is not None else ""
        said = Text.assemble((plain(head), style), plain(text))
        for line in output.splitlines()[-PRINTED:]:
            said.append(f"\n│ {plain_code(line)}", "dim")
        self.query_one(Static).update(said)
        self.scroll_home(animate=False)


class CodeExerciseView(Leaves, InShell, Screen["Verdict | None"]):
    """Edits and checks the learner's function; returns the last verdict, None if nothing was checked.

    Args:
        lesson: whose exercise.
        number: of the exercise in it, from 0.
        learner: keeps what was written.
    """

    HELP = (
        "Write the function, then check it with ctrl+s. The check runs in a process of its own, with a time limit: an "
        "endless loop does no harm. What you write is saved automatically. ctrl+e opens your own editor, $VISUAL or "
        "$EDITOR, and every save there is checked."
    )
    AUTO_FOCUS = "CodeArea"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    DEFAULT_CSS = """
    CodeExerciseView {
        & #bench { height: 1fr; }
        & #task { width: 2fr; height: 1fr; }
        & #writing { width: 3fr; height: 1fr; }
        & CodeArea { height: 1fr; }
        &.-wide #task { max-width: 64; padding: 1 2; }
        &.-wide #bench { layout: horizontal; }
        &.-narrow #bench { layout: vertical; }
        &.-narrow #task { width: 1fr; height: auto; max-height: 6; padding: 0 2 1 2; }
        &.-narrow Verdicts { max-height: 7; }
        &.-narrow #writing { width: 1fr; }
    }
    """

    def __init__(self, lesson: Lesson, number: int, learner: LessonProgress) -> None:
        super().__init__()
        self.lesson, self.number, self.learner = lesson, number, learner
        exercise = lesson.exercises[number]
        assert isinstance(exercise, CodeExercise)
        self.exercise = exercise
        self.starter = make_starter(self.exercise)
        self.area = CodeArea(learner.codes.get(number) or self.starter)
        self.verdict: Verdict | None = None
        self.since: float | None = None
        self.external_editor = ExternalEditor(lesson.name, number)
        self._kept = self.area.text
        self._saver: Timer | None = None

    def compose(self) -> ComposeResult:
        yield TitleLine(f"{self.lesson.title} · exercise {self.number + 1}")
        with Horizontal(id="bench"):
            with VerticalScroll(id="task", can_focus=False):
                yield Static(Text(plain(self.exercise.text)))
                if self.number in self.learner.shown:
                    yield Static(Text("\nThe solution", "bold"))
                    yield Static(solution(self.exercise, self.app.current_theme.dark))
            with Vertical(id="writing"):
                yield self.area
                yield Verdicts()
        yield KeyLine()

    def on_mount(self) -> None:
        """Say how to continue; look now and then at the file that another editor has open."""
        self.query_one(Verdicts).say(
            "ctrl+s checks it, escape leaves; what you write is kept. tab and shift+tab indent."
        )
        self.set_interval(WATCH, self._look)

    def on_unmount(self) -> None:
        """Quitting in the middle of a word loses nothing."""
        self.keep()

    # What is written

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Keep it, a moment after the last key."""
        self.area.mark(None)
        if self._saver is not None:
            self._saver.stop()
        self._saver = self.set_timer(SAVE_AFTER, self.keep)

    def keep(self) -> None:
        """Keep what is written."""
        if self.area.text != self._kept:
            self._kept = self.area.text
            self.learner.write(self.number, self._kept)

    def action_reset(self) -> None:
        """Ask, then start over."""
        from descend.tui.screens.dialog import Answer, QuestionScreen

        def answered(answer: str | None) -> None:
            if answer:
                self.replace(self.starter)

        text = "What you have written is replaced by the starter; ctrl+z brings it back as long as this page is open."
        self.app.push_screen(QuestionScreen("Begin again?", text, [Answer("y", "yes", "Begin again")]), answered)

    def replace(self, text: str) -> None:
        """Put ``text`` in place of what is written, as a change that can be undone."""
        self.area.replace(text, self.area.document.start, self.area.document.end)
        self.keep()

    # Checks

    @property
    def checking(self) -> bool:
        """Whether a check is running."""
        return self.since is not None

    def action_check(self) -> None:
        """Check what is written, in a process of its own."""
        if self.checking:
            return
        self.keep()
        self.since = time.monotonic()
        self.area.mark(None)
        self._spin()
        self.refresh_bindings()
        self._check()

    @work(exclusive=True, group="check", exit_on_error=False)
    async def _check(self) -> None:
        spinner = self.set_interval(0.1, self._spin)
        verdict: Verdict | None = None
        try:
            verdict = await self.learner.check(self.number, self.area.text)
        except DescendError as error:
            verdict = Verdict(False, str(error))
        finally:
            spinner.stop()
            self.since = None
        self._judge(verdict)

    def _judge(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.learner.attempt(self.number, verdict.passed)
        named = verdict.line is None or f"line {verdict.line}" in verdict.sentence.lower()
        place = "" if named or verdict.passed else f"Line {verdict.line}: "
        head = "✓ Solved. " if verdict.passed else "✗ Not yet. "
        self.query_one(Verdicts).say(
            place + verdict.sentence.removeprefix("Solved."), head, verdict.passed, verdict.output
        )
        self.area.mark(None if verdict.passed else verdict.line)
        self.refresh_bindings()

    def _spin(self) -> None:
        """Show that the check is running, and for how long."""
        if self.since is not None:
            gone = time.monotonic() - self.since
            frames = SPINNER if shows_unicode() else "|/-\\"
            self.query_one(Verdicts).say(
                f"{frames[int(gone * 10) % len(frames)]} checking… {gone:.1f} s, escape cancels"
            )

    def action_cancel(self) -> None:
        """End the check."""
        self.workers.cancel_group(self, "check")
        self.since = None
        self.query_one(Verdicts).say("The check was cancelled.")
        self.refresh_bindings()

    # Another editor

    def action_elsewhere(self) -> None:
        """Open the learner's own editor; what is saved there comes back here."""
        try:
            told = self.external_editor.open(self.shell, self.area.text, (self.area.wrong or 1))
        except DescendError as error:
            self.shell.complain(error)
            return
        if told:
            self.notify(plain(told), markup=False)
        self._look()

    def _look(self) -> None:
        """Take over what was saved elsewhere, and check it."""
        if self.checking:  # an editor may save in two writes: the second is taken over once the first is checked
            return
        text = self.external_editor.saved()
        if text is not None and text != self.area.text:
            self.replace(text)
            self.action_check()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape cancels a running check."""
        match action:
            case "cancel":
                return self.checking
            case "leave" | "check":
                return not self.checking
        return True

    def action_leave(self) -> None:
        """Back to the lesson."""
        self.keep()
        self.dismiss(self.verdict)
