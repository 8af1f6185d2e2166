"""Where commands are practised: a simulated shell that answers, and whether the state it is in is what is asked for."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from descend.engine.teaching.exercises import Verdict, check_shell, make_shell
from descend.engine.teaching.learner_progress import LONGEST
from descend.engine.teaching.lesson import CommandDrill, Lesson
from descend.tui.cell_text import plain
from descend.tui.field import Field
from descend.tui.screens.app_access import InShell, Leaves
from descend.tui.screens.keys import KeyLine
from descend.tui.screens.lesson.code_exercise import Verdicts
from descend.tui.screens.lesson.lesson_progress import LessonProgress
from descend.tui.screens.lesson.reading import plain_code
from descend.tui.screens.lesson.status import TitleLine

KEPT = 1000
"""Lines of the screen that can be scrolled back to."""


class CommandField(Field):
    """Where a command is typed; up and down bring back what was typed before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "screen.recall(-1)", "earlier lines", key_display="↑ ↓", tooltip="A line you typed before"),
        Binding("down", "screen.recall(1)", "Later line", show=False),
        Binding("pageup", "screen.scroll_back(-1)", "Scroll up", show=False),
        Binding("pagedown", "screen.scroll_back(1)", "Scroll down", show=False),
        Binding("ctrl+t", "screen.hint", "hint", key_display="^t", priority=True, tooltip="Show one more hint"),
        Binding("escape", "screen.leave", "back", priority=True, tooltip="Back to the lesson; what you typed is kept"),
        Binding("ctrl+r", "screen.reset", "reset", priority=True, tooltip="Begin again with a fresh shell"),
        Binding("f1", "app.help", "help", key_display="f1", tooltip="What is focused, and its keys"),
    ]

    class Entered(Message):
        """A line was typed."""

        def __init__(self, line: str) -> None:
            super().__init__()
            self.line = line

    async def action_submit(self) -> None:
        """Hand the line over and be empty at once, so that what is typed meanwhile belongs to the next one."""
        line = self.value.strip()
        self.clear()
        if line:
            self.post_message(self.Entered(line))


class CommandDrillView(Leaves, InShell, Screen["Verdict | None"]):
    """Takes commands, answers them and checks the state after each; returns the last verdict, None if there is none.

    Args:
        lesson: whose exercise.
        number: of the exercise in it, from 0.
        learner: keeps what was typed.
    """

    HELP = (
        "A practice shell that exists only in memory: type commands, enter runs them, and nothing real is touched. "
        "What it should come to is checked after every line. The command help lists what it knows."
    )
    AUTO_FOCUS = "CommandField"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    COMPONENT_CLASSES: ClassVar[set[str]] = {"drill--prompt"}
    DEFAULT_CSS = """
    CommandDrillView {
        & > .drill--prompt { color: $text-success; text-style: bold; }
        & #bench { height: 1fr; }
        & #task { width: 2fr; height: 1fr; }
        & #typing { width: 3fr; height: 1fr; }
        & #answers { height: 1fr; padding: 0 1; align-vertical: bottom; }
        & #line { height: 1; padding: 0 1; }
        & #prompt { width: auto; color: $text-success; text-style: bold; }
        & CommandField { width: 1fr; border: none; padding: 0; height: 1; background: $background;
            &:focus { border: none; } }
        &.-wide #task { max-width: 64; padding: 1 2; }
        &.-wide #bench { layout: horizontal; }
        &.-narrow #bench { layout: vertical; }
        &.-narrow #task { width: 1fr; height: auto; max-height: 7; padding: 0 2 1 2; }
        &.-narrow #typing { width: 1fr; }
        &.-narrow Verdicts { max-height: 4; }
    }
    """

    def __init__(self, lesson: Lesson, number: int, learner: LessonProgress) -> None:
        super().__init__()
        self.lesson, self.number, self.learner = lesson, number, learner
        drill = lesson.exercises[number]
        assert isinstance(drill, CommandDrill)
        self.drill = drill
        self.verdict: Verdict | None = None
        self.tried = False
        self._shown: list[tuple[str, str]] = []
        self._recalled = 0
        self._begin(learner.codes.get(number, "").splitlines())

    def compose(self) -> ComposeResult:
        yield TitleLine(f"{self.lesson.title} · exercise {self.number + 1}")
        with Horizontal(id="bench"):
            with VerticalScroll(id="task", can_focus=False):
                yield Static(id="told")
            with Vertical(id="typing"):
                with VerticalScroll(id="answers", can_focus=False):
                    yield Static(id="page")
                with Horizontal(id="line"):
                    yield Static(id="prompt", markup=False)
                    yield CommandField(compact=True)
                yield Verdicts()
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the task, and what was typed when the drill was left."""
        self._tell()
        self._draw()
        if self.typed:
            self._judge(check_shell(self.drill, self.simulated))
        else:
            self.query_one(Verdicts).say("Type a command and press enter; help lists those that there are.")

    @property
    def typed(self) -> list[str]:
        """The lines that were typed."""
        return self.simulated.lines

    def _begin(self, lines: list[str]) -> None:
        """A fresh shell, into which ``lines`` are typed."""
        self.simulated = make_shell(self.drill)
        self._shown = []
        for line in lines:
            if line.strip():
                self._answer(line.strip())
        self._recalled = len(self.typed)

    def _answer(self, line: str) -> None:
        self._shown.append((self.simulated.prompt, f" {line}"))
        self._shown += [("", part) for part in self.simulated.run(line).splitlines()]
        self._shown = self._shown[-KEPT:]

    def _tell(self) -> None:
        """The task, the hints that were revealed, and the solution if it was shown."""
        told = Text(plain(self.drill.text))
        for index, hint in enumerate(self.drill.hints[: self.learner.hints.get(self.number, 0)], 1):
            told.append(f"\n\nhint {index} ", "bold").append(plain(hint))
        if self.number in self.learner.shown:
            told.append("\n\nThe solution\n", "bold").append("\n".join(map(plain, self.drill.solution)))
        self.query_one("#told", Static).update(told)

    def _draw(self) -> None:
        """What was typed and answered, and the prompt."""
        page = Text()
        style = self.get_component_rich_style("drill--prompt", partial=True)
        for place, (prompt, words) in enumerate(self._shown):
            page.append("\n" * bool(place)).append(plain(prompt), style).append(plain_code(words))
        self.query_one("#page", Static).update(page)
        self.query_one("#prompt", Static).update(plain(self.simulated.prompt) + " ")
        answers = self.query_one("#answers", VerticalScroll)
        self.call_after_refresh(answers.scroll_end, animate=False)

    # What is typed

    def on_command_field_entered(self, event: CommandField.Entered) -> None:
        """Answer a line, and check where it has led."""
        line = event.line
        self.tried = True
        if line == "clear":
            self._shown = []
        else:
            self._answer(line)
        self._recalled = len(self.typed)
        self.learner.write(self.number, "\n".join(self.typed)[-LONGEST:])
        self._draw()
        self._judge(check_shell(self.drill, self.simulated))

    def _judge(self, verdict: Verdict) -> None:
        solved_now = verdict.passed and not (self.verdict and self.verdict.passed)
        self.verdict = verdict
        if solved_now and self.tried:
            self.learner.attempt(self.number, True)
        head = "✓ Solved. " if verdict.passed else "✗ Not yet. "
        self.query_one(Verdicts).say(verdict.sentence.removeprefix("Solved."), head, verdict.passed)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hints as long as there are more."""
        if action == "hint":
            return self.learner.hints.get(self.number, 0) < len(self.drill.hints)
        return True

    def action_recall(self, by: int) -> None:
        """Put a line that was typed earlier (-1) or later (1) into the field."""
        place = min(max(self._recalled + by, 0), len(self.typed))
        self._recalled = place
        field = self.query_one(CommandField)
        field.value = self.typed[place] if place < len(self.typed) else ""
        field.cursor_position = len(field.value)

    def action_scroll_back(self, by: int) -> None:
        """Scroll what was answered by a page."""
        answers = self.query_one("#answers", VerticalScroll)
        answers.scroll_relative(y=by * max(1, answers.size.height - 1), animate=False)

    def action_hint(self) -> None:
        """Show one more hint."""
        self.learner.hint(self.number)
        self._tell()
        self.refresh_bindings()

    def action_reset(self) -> None:
        """Begin again with a fresh shell; what was typed can be typed again."""
        self._begin([])
        self.verdict = None
        self.learner.write(self.number, "")
        self._draw()
        self.query_one(Verdicts).say("A fresh shell.")

    def action_leave(self) -> None:
        """Back to the lesson; a try that has not led there counts as one."""
        if self.tried and self.verdict is not None and not self.verdict.passed:
            self.learner.attempt(self.number, False)
        self.dismiss(self.verdict)
