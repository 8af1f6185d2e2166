"""One question of a review after the other, then a card that says what comes back when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast

from rich.console import RenderableType
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType

from descend.engine.teaching import review, review_schedule
from descend.engine.teaching.lesson import Lesson
from descend.engine.teaching.review import AT_ONCE, ReviewCard
from descend.engine.teaching.shuffle import order_choices
from descend.tui.cell_text import plain
from descend.tui.screens.lesson.question_view import MARKS, QuestionView, keys, mark_choices

if TYPE_CHECKING:
    from descend.tui.screens.review.screen import ReviewScreen


class Reviewed(NamedTuple):
    """An answer of this review: the author's index of the choice, and the day on which the question comes back."""

    choice: int
    right: bool
    due: date


class ReviewView(QuestionView):
    """The questions of a review.

    Attributes:
        cards: what is asked, ten at most.
        answers: what was answered, in that order.
        number: the question that is shown; as many as there are cards when the end is shown.
    """

    HELP = (
        "A number or the arrows mark a choice, enter answers with it; then you are told why, and when the question "
        "comes back. f opens the lesson that shows it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "answer", id="review.take", tooltip="Answer with the marked choice"),
        Binding("enter", "go_on", "next", id="review.next", tooltip="Go to the next question, or to the end"),
        Binding("enter", "more", "next ten", id="review.more", tooltip="Ask the next questions that are due"),
        Binding("p", "practise", "practise", id="review.practise", tooltip="Ask questions that are not due yet"),
        Binding("f", "follow", "see lesson", id="review.follow", tooltip="Open the lesson that shows it"),
        Binding("1", "pick(1)", "mark", id="review.pick", key_display="number", tooltip="Mark a choice by its number"),
        Binding("left,right", "stay", "", id="review.stay", show=False),  # a quiz has parts beside it
    ]

    def __init__(self) -> None:
        super().__init__("review")
        self.cards: list[ReviewCard] = []
        self.answers: list[Reviewed] = []
        self.waiting: list[ReviewCard] = []
        self.begin()

    def begin(self, practise: bool = False) -> None:
        """Ask what is due, or else, to ``practise``, what is due next."""
        today = review_schedule.read_today()
        self.waiting = review.list_cards(today)
        self.cards = [card for card in self.waiting if practise or card.due <= today]
        if practise:
            self.cards.sort(key=lambda card: card.due)
        self.cards, self.answers = self.cards[:AT_ONCE], []
        self.number = self.cursor = 0
        if self.is_attached:
            self.turn_to(0)

    @property
    def card(self) -> ReviewCard | None:
        """What is asked now; None at the end."""
        return self.cards[self.number] if self.number < len(self.cards) else None

    @property
    def answered(self) -> bool:
        """Whether the question shows its answer."""
        return self.number < len(self.answers)

    def choices(self) -> Sequence[str]:
        """The choices of a question without an answer."""
        if self.card is None or self.answered:
            return ()
        return [self.card.question.choices[index] for index in order_choices(self.card.question)]

    def choose(self, index: int) -> None:
        """Mark a choice; enter answers."""
        self.cursor = index
        self.draw()

    def content(self) -> list[RenderableType]:
        """A question, the end, or that there is nothing to ask."""
        if not self.cards:
            return self._nothing()
        return self._end() if self.card is None else self._one(self.card)

    def _one(self, card: ReviewCard) -> list[RenderableType]:
        question, order = card.question, order_choices(card.question)
        choices, answer = [question.choices[index] for index in order], order.index(question.answer)
        page = [self._head(), Text(plain(card.lesson.title), self.pen("muted")), Text()]
        page += [Text(plain(question.text), "bold"), Text()]
        if not self.answered:
            told = Text("A number or the arrows mark a choice, enter answers.", self.pen("muted"))
            return [*page, self.table(choices), Text(), told]
        given = self.answers[self.number]
        marks = mark_choices(len(choices), order.index(given.choice), answer)
        verdict = "✓ Right." if given.right else f"✗ No: choice {answer + 1} is right."
        told = Text.assemble((verdict, self.pen("good" if given.right else "bad")), f" {self._tell_return(given.due)}")
        last = self.number + 1 == len(self.cards)
        keyed = keys(enter="how it went" if last else "next question", f=f"opens {self._shown_by(card).title}")
        return [*page, self.table(choices, marks), Text(), told, Text(plain(question.why)), Text(), keyed]

    def _head(self) -> Text:
        """Which question of how many, the score, and a mark for each."""
        count = len(self.cards)
        right = sum(given.right for given in self.answers)
        score = f"   {right} right, {len(self.answers) - right} wrong" if self.answers else ""
        head = Text.assemble((f"Review: question {self.number + 1} of {count}", "bold"), score, "\n")
        for number in range(count):
            mark, pen = MARKS[self.answers[number].right if number < len(self.answers) else None]
            head.append(mark, Style(reverse=True, bold=True) if number == self.number else self.pen(pen)).append(" ")
        return head

    def _end(self) -> list[RenderableType]:
        right = sum(given.right for given in self.answers)
        wrong = len(self.answers) - right
        page: list[RenderableType] = [Text("Review done", "bold"), Text()]
        page.append(Text(f"✓ {right} right", self.pen("good")))
        if wrong:
            page.append(Text(f"✗ {wrong} wrong", self.pen("bad")))
        page += [Text(), Text("They come back", "bold")]
        for due, many in sorted(Counter(given.due for given in self.answers).items()):
            page.append(Text(f"{many:>3}  {self._tell_day(due)}"))
        page.append(Text())
        keyed = {"escape": "back to the lessons"}
        if missed := self._most_missed():
            lesson, times = missed
            page += [Text(plain(f"Most missed: {lesson.title}, {times} wrong."))]
            keyed = {"f": "opens it", **keyed}
        if left := self._count_waiting():
            page.append(Text(f"{left} more {'is' if left == 1 else 'are'} due today."))
            keyed = {"enter": self._tell_next(left), **keyed}
        return [*page, Text(), keys(**keyed)]

    def _nothing(self) -> list[RenderableType]:
        page: list[RenderableType] = [Text("Review", "bold"), Text()]
        if not self.waiting:
            told = "No question to review yet. Answer the quiz of a lesson, and its questions come back here."
            return [*page, Text(told), Text(), keys(escape="back to the lessons")]
        due, count = min(card.due for card in self.waiting), len(self.waiting)
        known = "the one question you have answered" if count == 1 else f"the {count} questions you have answered"
        told = f"Nothing is due today. Of {known}, the next comes back {self._tell_day(due)}."
        offer = f"asks {'it' if count == 1 else min(count, AT_ONCE)} anyway"
        return [*page, Text(told), Text(), keys(p=offer, escape="back to the lessons")]

    def _tell_return(self, due: date) -> str:
        return f"It comes back {self._tell_day(due)}."

    def _tell_day(self, due: date) -> str:
        days = (due - review_schedule.read_today()).days
        if days <= 1:
            return "tomorrow" if days == 1 else "today"
        return f"in {days} days, {due:%a} {due.day} {due:%b %Y}"

    def _tell_next(self, left: int) -> str:
        return f"asks the next {AT_ONCE}" if left > AT_ONCE else "asks them" if left > 1 else "asks it"

    def _count_waiting(self) -> int:
        """How many more are due today, beside those of this review."""
        today, asked = review_schedule.read_today(), {(card.lesson.name, card.number) for card in self.cards}
        return sum(card.due <= today and (card.lesson.name, card.number) not in asked for card in self.waiting)

    def _shown_by(self, card: ReviewCard) -> Lesson:
        """The lesson that shows a question."""
        from descend.engine.teaching import catalogue

        name = card.question.lesson
        return catalogue.find_lesson(name) if name in catalogue.list_outlines() else card.lesson

    def _most_missed(self) -> tuple[Lesson, int] | None:
        """The lesson with most wrong answers, and how many."""
        pairs = zip(self.cards, self.answers, strict=False)
        missed = Counter(card.lesson.name for card, given in pairs if not given.right)
        if not missed:
            return None
        [(name, times)] = missed.most_common(1)
        return next(card.lesson for card in self.cards if card.lesson.name == name), times

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense now."""
        asking = self.card is not None and not self.answered
        match action:
            case "take":
                return asking
            case "go_on":
                return self.card is not None and self.answered
            case "more":
                return bool(self.cards) and self.card is None and self._count_waiting() > 0
            case "practise":
                return not self.cards and bool(self.waiting)
            case "follow":
                return self.answered if self.card is not None else bool(self._most_missed())
        return super().check_action(action, parameters)

    def action_take(self) -> None:
        """Answer with the marked choice; it is written at once."""
        if (card := self.card) is None or self.answered:
            return
        choice = order_choices(card.question)[self.cursor]
        right = choice == card.question.answer
        schedule = review_schedule.schedule_review(
            card.question, card.answer.schedule, right, review_schedule.read_today()
        )
        self.answers.append(Reviewed(choice, right, schedule.due))
        cast("ReviewScreen", self.screen).keep_answer(card, choice)
        self.draw()
        self.show_end()

    def action_go_on(self) -> None:
        """Ask the next question, or show the end."""
        self.turn_to(self.number + 1)

    def action_more(self) -> None:
        """Ask the next ten."""
        self.begin()

    def action_practise(self) -> None:
        """Ask what is due next."""
        self.begin(practise=True)

    def action_follow(self) -> None:
        """Open the lesson of the question, or at the end the one that was missed most."""
        screen = cast("ReviewScreen", self.screen)
        if self.card is not None:
            screen.open_lesson(self._shown_by(self.card).name)
        elif missed := self._most_missed():
            screen.open_lesson(missed[0].name)

    def action_stay(self) -> None:
        """Nothing is beside a review."""
