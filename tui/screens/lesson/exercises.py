"""The exercises: the goal, hints one at a time, a solution on request, and what the last attempt lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from textual.binding import Binding, BindingType

from descend.engine.base.errors import DescendError
from descend.engine.teaching.exercises import Verdict
from descend.engine.teaching.lesson import CodeExercise, CommandDrill, Exercise, Lesson
from descend.tui.cell_text import plain
from descend.tui.screens.lesson.code_editor import solution
from descend.tui.screens.lesson.lesson_progress import LessonProgress
from descend.tui.screens.lesson.question_view import QuestionView, keys

WAYS = {
    Exercise: ("with the knobs", "set the knobs and run"),
    CodeExercise: ("in Python", "write it"),
    CommandDrill: ("with commands", "type them"),
}
"""How exercises of each kind are solved, and what enter does then."""


class Exercises(QuestionView):
    """The exercises of a lesson, one at a time.

    Attributes:
        verdicts: of the last try at each.
    """

    HELP = (
        "Exercises. Some are solved by a run: set the knobs, run, and every run that ends is checked by itself. Others "
        "are solved in Python, or by commands: enter opens an editor or a practice shell. h shows a hint, and after "
        "the last one the solution."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "attempt",
            "try",
            key_display="enter",
            tooltip="Set the knobs and run, write the code, or type commands",
        ),
        Binding("enter", "go_on", "next", key_display="enter", tooltip="Next exercise, or what comes after them"),
        Binding("a", "again", "again", tooltip="Try the solved exercise again"),
        Binding("h", "hint", "hint", tooltip="Show one more hint"),
        Binding("h", "solution", "solution", tooltip="Show the solution; you are asked first"),
        Binding("n", "beside(1)", "next", key_display="n N", tooltip="Next exercise"),
        Binding("N", "beside(-1)", "Previous exercise", show=False, tooltip="Previous exercise"),
    ]

    def __init__(self, lesson: Lesson, learner: LessonProgress) -> None:
        super().__init__("exercises")
        self.lesson, self.learner = lesson, learner
        self.verdicts: dict[int, Verdict] = {}
        unsolved = (number for number in range(len(lesson.exercises)) if number not in learner.solved)
        self.number = next(unsolved, 0)

    @property
    def exercise(self) -> Exercise | CodeExercise | CommandDrill:
        """The one that is shown."""
        return self.lesson.exercises[self.number]

    def state(self) -> str:
        """``✓`` once all are solved, else how many."""
        count, solved = len(self.lesson.exercises), len(self.learner.solved)
        return "✓" if solved >= count else f"{solved}/{count}" if solved else ""

    def choices(self) -> Sequence[str]:
        """There is nothing to choose."""
        return ()

    def content(self) -> list[RenderableType]:
        """The exercise, what was shown of its hints, and how the last try went."""
        one, count = self.exercise, len(self.lesson.exercises)
        way, offer = WAYS[type(one)]
        head = Text(f"Exercise {self.number + 1} of {count}" if count > 1 else "Exercise", "bold")
        head.append(f"  {way}", self.pen("muted"))
        if self.number in self.learner.solved:
            head.append("  ✓ solved", self.pen("good"))
        page: list[RenderableType] = [head, Text(), Text(plain(one.text)), Text()]
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column()
        shown = self.learner.hints.get(self.number, 0)
        for index, hint in enumerate(one.hints[:shown], 1):
            table.add_row(Text(f"hint {index}", "bold"), Text(plain(hint)))
        if shown:
            page += [table, Text()]
        page += self._last_try(one)
        if self.number in self.learner.shown:
            page += [Text("The solution", "bold"), solution(one, self.app.current_theme.dark), Text()]
        return [*page, keys(**self._offers(offer, shown, len(one.hints)))]

    def _open(self) -> int | None:
        """The next exercise that is not solved."""
        count = len(self.lesson.exercises)
        after = ((self.number + step) % count for step in range(1, count + 1))
        return next((number for number in after if number not in self.learner.solved), None)

    def _last_try(self, one: Exercise | CodeExercise | CommandDrill) -> list[RenderableType]:
        verdict = self.verdicts.get(self.number)
        if verdict is None:
            if not isinstance(one, Exercise):
                begun = self.number in self.learner.codes
                return [Text("What you have written is kept." if begun else "", self.pen("muted"))] if begun else []
            return [Text("Set the knobs and run: every run that ends is checked here.", self.pen("muted")), Text()]
        word = "✓ Solved. " if verdict.passed else "✗ Not yet. "
        return [
            Text.assemble(
                (word, self.pen("good" if verdict.passed else "bad")), plain(verdict.sentence.removeprefix("Solved."))
            ),
            Text(),
        ]

    def _offers(self, offer: str, shown: int, hints: int) -> dict[str, str]:
        offers = {"enter": offer}
        if self.number in self.learner.solved:
            following = "next exercise" if self._open() is not None else "goes on with the lesson"
            offers = {"enter": following, "a": f"again: {offer}"}
        if shown < hints:
            offers["h"] = f"hint {shown + 1} of {hints}"
        elif self.number not in self.learner.shown:
            offers["h"] = "the solution"
        return offers

    def turn_to_open(self) -> None:
        """Show the first exercise that is not solved."""
        if self.number in self.learner.solved and (number := self._open()) is not None:
            self.turn_to(number)

    def start_over(self) -> None:
        """Show the first exercise, untried."""
        self.verdicts.clear()
        self.turn_to(0)

    def judged(self, number: int, verdict: Verdict) -> None:
        """Show how a try at an exercise went."""
        self.verdicts[number] = verdict
        if self.is_attached:
            self.draw()
            self.lesson_screen.progressed()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hints come before the solution."""
        left = self.learner.hints.get(self.number, 0) < len(self.exercise.hints)
        match action:
            case "attempt" | "go_on" | "again":
                return (self.number in self.learner.solved) == (action != "attempt")
            case "hint":
                return left
            case "solution":
                return not left and self.number not in self.learner.shown
            case "beside":
                return len(self.lesson.exercises) > 1
        return super().check_action(action, parameters)

    def action_go_on(self) -> None:
        """Turn to the next exercise that is not solved, else to what the lesson has next."""
        if (number := self._open()) is not None:
            self.turn_to(number)
        else:
            self.lesson_screen.action_next()

    def action_beside(self, by: int) -> None:
        """Go to the next (1) or previous (-1) exercise."""
        self.turn_to((self.number + by) % len(self.lesson.exercises))

    def action_hint(self) -> None:
        """Show one more hint."""
        self.learner.hint(self.number)
        self.draw()
        self.show_end()

    def action_solution(self) -> None:
        """Ask, then show the solution."""
        from descend.tui.screens.dialog import Answer, QuestionScreen

        def answered(answer: str | None) -> None:
            if answer:
                self.learner.shown.add(self.number)
                self.draw()
                self.show_end()

        text = "Once you have seen it, you can no longer find it yourself. What you have tried so far is kept."
        answers = [Answer("y", "yes", "Show the solution")]
        self.app.push_screen(QuestionScreen("Show the solution?", text, answers), answered)

    def action_attempt(self) -> None:
        """Set the knobs and run, or open the editor or the practice shell."""
        one = self.exercise
        if isinstance(one, CodeExercise):
            from descend.tui.screens.lesson.code_exercise import CodeExerciseView

            self.app.push_screen(CodeExerciseView(self.lesson, self.number, self.learner), self._returned)
        elif isinstance(one, CommandDrill):
            from descend.tui.screens.lesson.command_drill import CommandDrillView

            try:
                view = CommandDrillView(self.lesson, self.number, self.learner)
            except DescendError as error:
                self.lesson_screen.shell.complain(error)
                return
            self.app.push_screen(view, self._returned)
        else:
            self.lesson_screen.try_knobs()

    def action_again(self) -> None:
        """Try a solved exercise again."""
        self.action_attempt()

    def _returned(self, verdict: Verdict | None) -> None:
        if verdict is not None:
            self.judged(self.number, verdict)
        self.draw()
