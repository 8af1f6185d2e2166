"""Predictions: the learner commits to an answer, and their own next run grades it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.run.result import Result
from descend.engine.teaching.exercises import Graded, grade_prediction
from descend.engine.teaching.lesson import Lesson, Prediction
from descend.tui.cell_text import plain
from descend.tui.field import Field
from descend.tui.focus import take_focus
from descend.tui.keymap import tell_keys
from descend.tui.screens.lesson.lesson_progress import LessonProgress
from descend.tui.screens.lesson.question_view import MARKS, Pen, QuestionView, keys, mark_choices

if TYPE_CHECKING:
    from descend.tui.run_monitor import RunMonitor

CUT = {"failed": "failed", "stopped": "was stopped", "dead": "died"}
SKIP = "Your own run will tell. Commit to an answer now; {space} runs without one."
LATE = "your prediction will be held against the next one: {r}."


class Guess(Field):
    """A number; what moves between questions, runs or leaves goes past it."""

    HELP = "Type the number you expect, then enter. 0,5 and 1e-3 are understood."

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Digits, signs and separators are typed; other keys do what they do elsewhere."""
        return self._belongs(character)

    async def on_key(self, event: events.Key) -> None:
        if event.is_printable and not self._belongs(event.character):
            event.prevent_default()

    def _belongs(self, character: str | None) -> bool:
        if character == "e":
            return any(typed.isdigit() for typed in self.value)
        return bool(character) and str(character) in "0123456789+-−.,%"


class Predict(QuestionView):
    """The predictions of a lesson."""

    HELP = (
        "Predict, then run. A number or the arrows mark a choice and enter commits to it; or type the number you "
        "expect. The runs that you start after that say what was right, and this page why. Nothing is lost by being "
        "wrong: it is the surprise that teaches."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "commit", key_display="enter", tooltip="Commit to this answer"),
        Binding("enter", "go_on", "next", key_display="enter", tooltip="Next prediction, or what comes after it"),
        Binding("n", "beside(1)", "next", key_display="n N", tooltip="Next prediction"),
        Binding("N", "beside(-1)", "Previous prediction", show=False, tooltip="Previous prediction"),
        Binding("a", "again", "again", tooltip="Predict something else"),
        Binding("1", "pick(1)", "mark", key_display="number", tooltip="Mark the choice of that number"),
    ]
    DEFAULT_CSS = """
    Predict {
        & > Guess { width: 24; margin: 1 0 0 2; background: $boost; display: none; }
        &.-number > Guess { display: block; }
    }
    """

    def __init__(self, lesson: Lesson, learner: LessonProgress) -> None:
        super().__init__("predict")
        self.lesson, self.learner = lesson, learner
        self.session: RunMonitor | None = None
        self.grades: dict[int, Graded] = {}
        self.read: dict[int, Graded] = {}
        self.unread = False
        self.wrong = ""
        self.guess = Guess(placeholder="a number", compact=True, max_length=40)

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield self.guess

    @property
    def prediction(self) -> Prediction:
        """The one that is asked for."""
        return self.lesson.predictions[self.number]

    @property
    def committed(self) -> bool:
        """Whether the learner has committed to an answer to this one."""
        return self.number in self.learner.predictions

    def state(self) -> str:
        """``✓`` once every prediction was graded right, ``…`` while a run is awaited."""
        count = len(self.lesson.predictions)
        right = sum(graded.right is True for graded in self.grades.values())
        if right == count or len(self.learner.graded_right) == count:
            return "✓"
        return "" if len(self.learner.predictions) < count else f"{right}/{count}" if self.grades else "…"

    def choices(self) -> Sequence[str]:
        """The choices of a prediction not committed to yet."""
        return () if self.committed else self.prediction.names

    def content(self) -> list[RenderableType]:
        """The prediction, and what became of it."""
        one, count = self.prediction, len(self.lesson.predictions)
        alone = "Prediction" if self.committed else "Predict first"
        head = f"Prediction {self.number + 1} of {count}" if count > 1 else alone
        page: list[RenderableType] = [Text(head, "bold"), Text(), Text(plain(one.text), "bold"), Text()]
        self.set_class(not one.choices and not self.committed, "-number")
        if not self.committed:
            if one.choices:
                page += [self.table(one.names), Text(), keys(enter=f"commits to choice {self.cursor + 1}"), Text()]
            page.append(
                Text(plain(f"✗ {self.wrong}"), self.pen("bad"))
                if self.wrong
                else self._muted(tell_keys(self.screen, self._late() or SKIP))
            )
            return page
        given, graded = self.learner.predictions[self.number], self.grades.get(self.number)
        truth = graded.truth if graded is not None else None
        if one.choices:
            page += [self.table(one.names, self._marks(int(given), truth)), Text()]
        else:
            page.append(Text.assemble("you said   ", (number(given), "bold")))
            if truth is not None:
                page.append(Text.assemble("measured   ", (number(truth), "bold")))
            page.append(Text())
        return [*page, *self._verdict(graded), Text(), keys(**self._offers())]

    def _marks(self, given: int, truth: float | None) -> list[tuple[str, Pen | None]]:
        count = len(self.prediction.choices)
        if truth is not None:
            return mark_choices(count, given, int(truth))
        return [("●", None) if number == given else (" ", "muted") for number in range(count)]

    def _verdict(self, graded: Graded | None) -> list[RenderableType]:
        """What the run says about the prediction."""
        if graded is None:
            return [self._muted(self._awaited())]
        if graded.right is None:
            return [Text(plain(graded.sentence)), self._muted("Your prediction also holds for the next run.")]
        mark, pen = MARKS[graded.right]
        return [Text(f"{mark} {plain(graded.sentence)}", self.pen(pen)), Text(plain(self.prediction.why))]

    def _awaited(self) -> str:
        session = self.session
        if session is not None and session.live and self.learner.asked_of.get(self.number) == session.run.id:
            return "You have committed. This page shows the measured answer when the run has ended."
        awaited = "{space} runs it; this page shows the measured answer when the run has ended."
        return tell_keys(self.screen, f"You have committed. {self._late() or awaited}")

    def _late(self) -> str:
        """What a run that is shown means for a prediction that it does not grade; empty if none is shown."""
        if self.session is None:
            return ""
        return f"This run {'has begun already' if self.session.live else 'is over'}; {LATE}"

    def _offers(self) -> dict[str, str]:
        following = self._following()
        if following is None:
            offers = {"enter": "goes on with the lesson"} if self.grades else {}
        else:
            offers = {"enter": "next prediction"}
        return {**offers, "a": "predict something else"}

    def _following(self) -> int | None:
        """The prediction to turn to next: one that is open, else the next one until all have been read."""
        count, done = len(self.lesson.predictions), self.learner.predictions
        open_ones = [number % count for number in range(self.number, self.number + count) if number % count not in done]
        if open_ones:
            return open_ones[0]
        return self.number + 1 if self.grades and self.number + 1 < count else None

    def _muted(self, text: str) -> Text:
        return Text(text, self.pen("muted"))

    def action_pick(self, number: int) -> None:
        """Mark the choice of this number, from 1."""
        if 1 <= number <= len(self.choices()):
            self.cursor = number - 1
            self.draw()

    def choose(self, index: int) -> None:
        """Commit to a choice."""
        self._commit(index)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Commit to the number that was typed, or say why it is not a number."""
        event.stop()
        try:
            value = parsed(event.value)
        except UsageError as error:
            self.wrong = str(error)
            self.draw()
            return
        self._commit(value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """A complaint is over once something else is typed."""
        event.stop()
        if self.wrong:
            self.wrong = ""
            self.draw()

    def _commit(self, value: float) -> None:
        self.learner.predict(self.number, value)
        self.grades.pop(self.number, None)
        self.guess.value = ""
        following = self._following()
        self.turn_to(self.number if following is None or self.grades else following)
        self.take_keys()
        self.lesson_screen.progressed()

    def take_keys(self) -> None:
        """Focus the field where a number is asked for; what a run said of the predictions is read now."""
        self.unread = False
        self.read |= self.grades
        self.draw()
        take_focus(self.guess if self.has_class("-number") else self)

    def turn_to_open(self) -> None:
        """Ask for the first open prediction, unless there are grades to read."""
        if not self.grades and (following := self._following()) is not None:
            self.turn_to(following)
            self.take_keys()

    def start_over(self) -> None:
        """Ask for the first prediction."""
        self.grades.clear()
        self.unread = False
        self.turn_to(0)

    def begun(self, session: RunMonitor) -> None:
        """A run is shown now: what was committed to before it began is graded by it."""
        self.session = session
        self.grades.clear()
        self.unread = False
        self.draw()

    def ended(self, session: RunMonitor, seen: bool) -> None:
        """The run has ended: see what it says, which is told until it is read, unless it is what was read of the run
        before. ``seen``: this page is on the screen."""
        try:
            result = Result(session.history, session.run.manifest().knobs)
        except DescendError:
            return
        step = session.history.progress.step if session.history.progress is not None else 0
        known = set(self.learner.graded)
        untold = f"This run {CUT.get(session.phase, 'ended')} at step {step:,}, so it cannot answer this."
        for number, given in self.learner.predictions.items():
            if self.learner.asked_of.get(number) == session.run.id:  # else it was made with the answer on the screen
                done = session.phase in ("done", "unsaved")
                graded = grade_prediction(self.lesson, number, given, result) if done else Graded(None, None, untold)
                self.grades[number] = graded
                self.learner.grade(number, session.run.id, self.grades[number])
        told = [number for number, graded in self.grades.items() if graded.right is not None]
        news = [number for number in told if number not in known and self.grades[number] != self.read.get(number)]
        self.unread = bool(news) and not seen
        if seen:
            self.read |= self.grades
        self.turn_to(next(iter(told), next(iter(self.grades), self.number)))

    def tell_grades(self) -> tuple[str, Pen]:
        """What became of the predictions, in a sentence, and how it is written."""
        told = [graded for graded in self.grades.values() if graded.right is not None]
        right = sum(bool(graded.right) for graded in told)
        said = f"{right} of {len(told)} came true." if len(told) > 1 else told[0].sentence
        mark, pen = MARKS[right == len(told)]
        return f"{mark} Your prediction{'s' if len(told) > 1 else ''}: {plain(said)}", pen

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense for this prediction."""
        match action:
            case "again":
                return self.committed
            case "take":
                return bool(self.choices())
            case "go_on":
                return self.committed and (self._following() is not None or bool(self.grades))
            case "beside":
                return len(self.lesson.predictions) > 1
        return super().check_action(action, parameters)

    def action_take(self) -> None:
        """Commit to the choice under the cursor."""
        self.choose(self.cursor)

    def action_go_on(self) -> None:
        """Turn to the next prediction; from the last one, to what the lesson has next."""
        following = self._following()
        if following is None:
            self.lesson_screen.action_next()
        else:
            self.turn_to(following)
            self.take_keys()

    def action_beside(self, by: int) -> None:
        """Go to the next (1) or previous (-1) prediction."""
        self.turn_to((self.number + by) % len(self.lesson.predictions))
        self.take_keys()

    def action_again(self) -> None:
        """Take the answer back."""
        self.learner.predict(self.number, None)
        self.grades.pop(self.number, None)
        self.turn_to(self.number)
        self.take_keys()
        self.lesson_screen.progressed()


def parsed(text: str) -> float:
    """A number as people type it: ``0.5``, ``0,5``, ``1e-3``, ``12,000``.

    Raises:
        UsageError: it is not a number.
    """
    given = text.strip().replace(" ", "").replace("_", "").replace("−", "-")
    if not given:
        raise UsageError("Type the number you expect, then enter.")
    if given.endswith("%"):
        raise UsageError(f"Leave the % out: write {given[:-1] or '0.9'} or its hundredth, as the question asks for.")
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", given):
        given = given.replace(",", "")
    elif given.count(",") == 1 and "." not in given:
        given = given.replace(",", ".")
    try:
        value = float(given)
    except ValueError:
        raise UsageError(f"'{text.strip()}' is not a number; write one such as 0.5 or 12.") from None
    if not math.isfinite(value):
        raise UsageError(f"'{text.strip()}' is out of range; write a number such as 0.5 or 12.")
    return value


def number(value: float) -> str:
    """A number in a few characters."""
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e12 else f"{value:.4g}"
