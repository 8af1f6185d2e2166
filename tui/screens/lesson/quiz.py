"""The quiz: one question at a time, an explanation to every answer, and a list of all questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.console import RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.binding import Binding, BindingType

from descend.engine.base.errors import DescendError
from descend.engine.teaching import catalogue
from descend.engine.teaching.lesson import Lesson, Question
from descend.engine.teaching.shuffle import order_choices
from descend.tui.cell_text import plain
from descend.tui.focus import take_focus
from descend.tui.screens.lesson.lesson_progress import LessonProgress
from descend.tui.screens.lesson.question_view import MARKS, QuestionView, clickable, keys, mark_choices


class Quiz(QuestionView):
    """The questions of a lesson.

    Attributes:
        listing: whether all questions are listed in place of one.
        retrying: whether an answered question is asked again; its answer is kept until there is another.
    """

    HELP = (
        "The quiz. Answer with a number, or with the arrows and enter; the verdict and the reason come at once. "
        "n and N go to the next and previous question, i lists them all. Your answers are kept when you leave, and one "
        "that was right stays right whatever you try after it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "answer", key_display="enter", tooltip="Take the choice under the cursor"),
        Binding("enter", "open", "open", key_display="enter", tooltip="Go to the question under the cursor"),
        Binding(
            "enter", "go_on", "next", key_display="enter", tooltip="Next open question, or what comes after the quiz"
        ),
        Binding("n", "beside(1)", "next", key_display="n N", tooltip="Next question"),
        Binding("N", "beside(-1)", "Previous question", show=False, tooltip="Previous question"),
        Binding("i", "list", "all", tooltip="List all questions with your results"),
        Binding("a", "again", "again", tooltip="Answer this question again"),
        Binding("f", "follow", "see lesson", tooltip="Open the lesson that shows it"),
    ]

    def __init__(self, lesson: Lesson, learner: LessonProgress) -> None:
        super().__init__("quiz")
        self.lesson, self.learner = lesson, learner
        self.listing = self.retrying = False
        self.number = min(learner.place, len(lesson.quiz) - 1)

    @property
    def question(self) -> Question:
        """The one that is asked."""
        return self.lesson.quiz[self.number]

    @property
    def order(self) -> list[int]:
        """Indices of its choices, as they are shown."""
        return order_choices(self.question)

    def right(self, number: int) -> bool | None:
        """Whether question ``number`` was ever answered rightly; None if it is open."""
        if number in self.learner.settled:
            return True
        return False if number in self.learner.answers else None

    @property
    def answered(self) -> bool:
        """Whether the question shows its answer."""
        return self.number in self.learner.answers and not self.retrying

    def state(self) -> str:
        """``3/4`` right, or ``✓`` if all are."""
        count = len(self.lesson.quiz)
        right = sum(self.right(number) is True for number in range(count))
        return "✓" if right == count else f"{right}/{count}" if self.learner.answers else ""

    def choices(self) -> Sequence[str]:
        """The choices of an open question, or all questions."""
        if self.listing:
            return [question.text for question in self.lesson.quiz]
        return [self.question.choices[index] for index in self.order] if not self.answered else ()

    def content(self) -> list[RenderableType]:
        """A question, or the list of all."""
        return self._list() if self.listing else self._one()

    def _one(self) -> list[RenderableType]:
        question = self.question
        page: list[RenderableType] = [self._head(), Text(), Text(plain(question.text), "bold"), Text()]
        order = self.order
        choices, answer = [question.choices[index] for index in order], order.index(question.answer)
        if not self.answered:
            told = "number, or arrows and enter"
            told += "; your right answer stays" if self.retrying and self.right(self.number) else ""
            return [*page, self.table(choices), Text(), Text(told, self.pen("muted"))]
        right = self.learner.answers[self.number] == question.answer
        marks = mark_choices(len(choices), order.index(self.learner.answers[self.number]), answer)
        verdict = "✓ Right." if right else f"✗ No: choice {answer + 1} is right."
        verdict += " It counts as right: you had it before." if not right and self.right(self.number) else ""
        page += [self.table(choices, marks), Text(), Text(verdict, self.pen("good" if right else "bad"))]
        page += [Text(plain(question.why)), Text()]
        if question.lesson:
            page.append(Text.assemble(("f", "bold"), f" opens the lesson that shows it: {plain(question.lesson)}"))
        left = self._open()
        last = "goes on with the lesson" if self._goes_on() else "all questions"
        following = "next open question" if left is not None else last
        return [*page, keys(enter=following, a="answer it again")]

    def _head(self) -> Text:
        """Which question of how many, the score, and a mark for each."""
        count = len(self.lesson.quiz)
        results = [self.right(number) for number in range(count)]
        head = Text.assemble((f"Question {self.number + 1} of {count}", "bold"), f"   {self._score(results)}\n")
        for number, result in enumerate(results):
            mark, pen = MARKS[result]
            style = Style(reverse=True, bold=True) if number == self.number else self.pen(pen)
            head.append(f"{mark}", style)
            head.append(" ")
        return head

    def _score(self, results: list[bool | None]) -> str:
        right, wrong = results.count(True), results.count(False)
        if not right + wrong:
            return ""
        return f"{right} right, {wrong} not, {results.count(None)} left"

    def _list(self) -> list[RenderableType]:
        count = len(self.lesson.quiz)
        results = [self.right(number) for number in range(count)]
        table = Table.grid(padding=(0, 1, 0, 0))
        for width in (1, 1, len(str(count)), None):
            table.add_column(width=width, no_wrap=width is not None, justify="right" if width else "left")
        for number, question in enumerate(self.lesson.quiz):
            mark, pen = MARKS[results[number]]
            here = number == self.cursor
            style = Style(bold=here)
            table.add_row(
                Text("›" if here else " ", style),
                Text(mark, self.pen(pen)),
                Text(str(number + 1), "bold"),
                Text(plain(question.text), style),
                style=clickable(number),
            )
        score = self._score(results) or "none answered yet"
        done = results.count(True) == count
        head = Text("✓ All right." if done else f"{count} questions: {score}", self.pen("good") if done else "bold")
        return [head, Text(), table, Text(), keys(enter="goes to the question", i="back")]

    def choose(self, index: int) -> None:
        """Answer."""
        self.retrying = False
        self.learner.answer(self.number, self.order[index])
        self.draw()
        self.show_end()
        self.lesson_screen.progressed()

    def start_over(self) -> None:
        """Ask the first question."""
        self.listing = self.retrying = False
        self.turn_to(self.learner.place)

    def turn_to_open(self) -> None:
        """Ask the first question that is open, else list those that were answered wrongly, else ask the first of those
        again."""
        if self.right(self.number) is None:
            return
        if (number := self._open()) is not None:
            self._go_to(number)
        elif not self.listing:
            self.action_list()
        elif (number := self._open(False)) is not None:
            self._go_to(number)
            self.action_again()

    def take_keys(self) -> None:
        """Ask on where the learner was."""
        take_focus(self)
        self.draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense for this question."""
        answered = not self.listing and self.answered
        match action:
            case "take":
                return not self.listing and not answered
            case "open":
                return self.listing
            case "again" | "go_on":
                return answered
            case "follow":
                return answered and bool(self.question.lesson)
            case "pick":
                return not self.listing and super().check_action(action, parameters)
            case "beside":
                return not self.listing and len(self.lesson.quiz) > 1
        return True

    def action_take(self) -> None:
        """Take the choice under the cursor."""
        self.choose(self.cursor)

    def action_open(self) -> None:
        """Go to the question under the cursor."""
        self._go_to(self.cursor)

    def action_go_on(self) -> None:
        """Go to the next open question, else to what the lesson has next; to the list while answers are wrong."""
        if (number := self._open()) is not None:
            self._go_to(number)
        elif self._goes_on():
            self.lesson_screen.action_next()
        else:
            self.action_list()

    def action_beside(self, by: int) -> None:
        """Go to the next (1) or previous (-1) question."""
        self._go_to((self.number + by) % len(self.lesson.quiz))

    def action_list(self) -> None:
        """List all questions, or go back to one."""
        self.listing, self.retrying = not self.listing, False
        self.cursor = self.number if self.listing else 0
        self.draw()
        self._reveal()

    def action_again(self) -> None:
        """Ask the question again; what was answered is kept."""
        self.retrying = True
        self.turn_to(self.number)

    def action_follow(self) -> None:
        """Open the lesson that shows it; escape comes back to this question."""
        from descend.tui.screens.lesson.screen import LessonScreen

        try:
            self.app.push_screen(LessonScreen(catalogue.find_lesson(self.question.lesson)))
        except DescendError as error:
            self.lesson_screen.shell.complain(error)

    def action_move(self, by: int) -> None:
        """Move to a choice or a question, and keep it in sight."""
        super().action_move(by)
        self._reveal()

    def _reveal(self) -> None:
        """Scroll a long list so that the cursor is in sight."""
        if self.listing:
            rows = max(1, self.page.size.height - 4) / len(self.lesson.quiz)  # questions that wrap take several
            self.scroll_to(y=max(0, int(2 + rows * self.cursor) - self.size.height // 2), animate=False)

    def _open(self, result: bool | None = None) -> int | None:
        """The next question without an answer, or with such a ``result``."""
        count = len(self.lesson.quiz)
        after = ((self.number + step) % count for step in range(1, count + 1))
        return next((number for number in after if self.right(number) is result), None)

    def _goes_on(self) -> bool:
        """Whether the lesson has something to do next that is not in the quiz."""
        return self.lesson_screen.following not in ("", "quiz")

    def _go_to(self, number: int) -> None:
        self.listing = self.retrying = False
        self.learner.place = number
        self.turn_to(number)
