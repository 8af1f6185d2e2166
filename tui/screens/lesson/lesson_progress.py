"""What the learner has done in a lesson: kept in the logbook, and what only matters until the shell is left; and what a
run that has ended adds to it: predictions are graded, exercises checked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from descend.engine.base.errors import DescendError
from descend.engine.teaching import learner_progress
from descend.engine.teaching.exercises import CodeCheck, Verdict
from descend.engine.teaching.lesson import Exercise, Lesson
from descend.engine.teaching.next_step import PartCount, make_counts
from descend.tui.cell_text import plain

if TYPE_CHECKING:
    from descend.engine.teaching.exercises import Graded
    from descend.tui.app import DescendApp
    from descend.tui.run_monitor import RunMonitor
    from descend.tui.screens.lesson.screen import LessonScreen


LOOK = 0.05
"""Seconds between two looks at a running check."""
LATER = ThreadPoolExecutor(1, "logbook")
"""Where what was done waits to be written, in order, while another process holds the logbook."""
_KNOWN: WeakKeyDictionary[DescendApp, dict[str, LessonProgress]] = WeakKeyDictionary()


class LessonProgress:
    """One lesson's part of the logbook, by number instead of by text.

    Attributes:
        answers: quiz, question → choice.
        settled: questions that were answered rightly once, whatever was answered after that.
        place: question of the quiz the learner is at.
        predictions: prediction → choice or number.
        asked_of: prediction → the run that grades it; empty for the next one.
        graded: predictions that a run has answered since they were made.
        graded_right: predictions that were right at the last grading.
        skips: whether the learner chose to run without predicting.
        hints: exercise → hints revealed.
        codes: exercise → what the learner has written, of a drill the lines typed.
        solved: exercises.
        shown: exercises whose solution was shown.
    """

    def __init__(self, shell: DescendApp, lesson: Lesson) -> None:
        self.shell, self.lesson = shell, lesson
        self.place = -1
        self.shown: set[int] = set()
        self.skips = False
        self.complained = False
        self.later: Future[None] = Future()
        self.later.set_result(None)
        self.forget()

    @classmethod
    def of(cls, shell: DescendApp, lesson: Lesson) -> LessonProgress:
        """The one of this shell, up to date with the logbook."""
        learner = _KNOWN.setdefault(shell, {}).setdefault(lesson.name, cls(shell, lesson))
        learner.lesson = lesson
        learner.read()
        if trouble := learner_progress.find_trouble():
            shell.notify(plain(trouble), severity="warning", timeout=10, markup=False)
        return learner

    def forget(self) -> None:
        """Begin as if nothing had been done, and read the logbook."""
        self.place, self.shown, self.skips = -1, set(), False
        self.predictions: dict[int, float] = {}
        self.asked_of: dict[int, str] = {}
        self.answers: dict[int, int] = {}
        self.settled: set[int] = set()
        self.read()

    def read(self) -> None:
        """Take over what the logbook says."""
        entry = learner_progress.read_entry(self.lesson.name)
        lesson = self.lesson
        self.runs = entry.runs
        unkept = self.answers if self.complained or not self.later.done() else {}  # waits, or cannot be written
        answers = {
            number: entry.quiz[question.text].latest
            for number, question in enumerate(lesson.quiz)
            if question.text in entry.quiz and entry.quiz[question.text].latest < len(question.choices)
        }
        self.settled = {
            number
            for number, question in enumerate(lesson.quiz)
            if (number in self.settled and number in unkept)
            or (question.text in entry.quiz and entry.quiz[question.text].settled)
        }
        self.answers = {**answers, **unkept}
        committed = {
            number: entry.predictions[one.text][-1]
            for number, one in enumerate(lesson.predictions)
            if entry.predictions.get(one.text)
        }
        said = {number: last.given for number, last in committed.items() if self._fits(number, last.given)}
        self.predictions = {**said, **self.predictions}
        self.asked_of = {**{number: committed[number].run for number in said}, **self.asked_of}
        self.graded = {number for number, last in committed.items() if last.right is not None}
        self.graded_right = {number for number, last in committed.items() if last.right}
        tried = {
            number: entry.exercises[one.text]
            for number, one in enumerate(lesson.exercises)
            if one.text in entry.exercises
        }
        self.hints = {number: practice.hints for number, practice in tried.items()}
        self.solved = {number for number, practice in tried.items() if practice.solved}
        self.codes = {number: practice.code for number, practice in tried.items() if practice.code}
        if self.place < 0:
            self.place = next((n for n in range(len(lesson.quiz)) if n not in self.answers), 0)

    def _fits(self, number: int, given: float) -> bool:
        choices = self.lesson.predictions[number].names
        return not choices or (given == int(given) and 0 <= given < len(choices))

    @property
    def should_predict(self) -> bool:
        """Whether to ask the learner before the next run: they never ran it, predicted or declined."""
        return bool(self.lesson.predictions) and not (self.predictions or self.skips or self.runs)

    # What is done

    def opened(self) -> None:
        """The lesson was opened."""
        self._keep(learner_progress.record_opening)

    def ran(self, run: str) -> None:
        """A run was begun, with the predictions as they are now."""
        self.runs += 1
        self._keep(learner_progress.record_run)
        for number, given in self.predictions.items():
            self.asked_of[number] = run
            self.graded.discard(number)
            self._keep(learner_progress.record_prediction, number, given, run)

    def answer(self, number: int, choice: int) -> None:
        """Answer a question of the quiz."""
        self.answers[number] = choice
        if choice == self.lesson.quiz[number].answer:
            self.settled.add(number)
        self._keep(learner_progress.record_answer, number, choice)

    def predict(self, number: int, given: float | None) -> None:
        """Commit to a prediction of the next run; None takes it back."""
        self.asked_of[number] = ""
        if given is None:
            self.predictions.pop(number, None)
        else:
            self.predictions[number] = given
            self._keep(learner_progress.record_prediction, number, given)

    def grade(self, number: int, run: str, graded: Graded) -> None:
        """A run has ended and says how right a prediction was."""
        self.graded_right.add(number) if graded.right else self.graded_right.discard(number)
        if graded.right is not None:
            self.graded.add(number)
        self._keep(learner_progress.record_grade, number, run, graded.right)

    def hint(self, number: int) -> None:
        """Reveal one more hint."""
        self.hints[number] = min(len(self.lesson.exercises[number].hints), self.hints.get(number, 0) + 1)
        self._keep(learner_progress.record_hint, number)

    def write(self, number: int, code: str) -> None:
        """Keep what is written so far."""
        self.codes[number] = code
        self._keep(learner_progress.keep_code, number, code)

    def attempt(self, number: int, solved: bool) -> None:
        """An exercise was tried."""
        if solved:
            self.solved.add(number)
        by_run = isinstance(self.lesson.exercises[number], Exercise)
        code = None if by_run else self.codes.get(number)
        self._keep(learner_progress.record_attempt, number, solved, code)

    def count_parts(self) -> tuple[PartCount, ...]:
        """How much of each part is done, as `next_step.count_parts` has it, with what is not written yet."""
        return make_counts(self.lesson, self.runs, len(self.predictions), len(self.settled), len(self.solved))

    async def check(self, number: int, code: str) -> Verdict:
        """Check the learner's function in a process of its own, which ends when this is cancelled.

        Raises:
            DescendError: the process cannot be started.
        """
        with CodeCheck(self.lesson.name, number, code) as check:
            while (verdict := check.poll()) is None:
                await asyncio.sleep(LOOK)
            return verdict

    def _keep(self, write: Callable[..., object], *given: object) -> None:
        """Write to the logbook, in a thread of its own if another process holds it; say once if that cannot be done."""
        write = partial(write, self.lesson, *given)
        if self.later.done():
            try:
                with learner_progress.wait_briefly():
                    write()
                return
            except learner_progress.ProgressLocked:
                pass
            except DescendError as error:
                self._complain(error)
                return
        self.later = LATER.submit(self._keep_later, write)

    def _keep_later(self, write: Callable[[], object]) -> None:
        """Write to the logbook as soon as it is free. Once that took too long, nothing waits for it."""
        try:
            with learner_progress.wait_briefly() if self.complained else nullcontext():
                write()
        except DescendError as error:
            with suppress(RuntimeError):  # the shell has ended
                self.shell.call_from_thread(self._complain, error)

    def _complain(self, error: DescendError) -> None:
        if not self.complained:
            self.complained = True
            self.shell.complain(error)


class Grading:
    """Grades and checks a lesson's runs when they have ended."""

    def __init__(self, screen: LessonScreen) -> None:
        self.screen = screen

    def ended(self, session: RunMonitor, news: bool) -> None:
        """Grade and check by this run; ``news``: it ended just now, so say what it means."""
        self._predictions(session)
        self._exercises(session, news)
        self.screen.body.parts.show_states()

    def _predictions(self, session: RunMonitor) -> None:
        part = self.screen.body.predict
        if part is None:
            return
        part.ended(session, self.screen.body.showing("predict"))

    def _exercises(self, session: RunMonitor, news: bool) -> None:
        from descend.engine.base.errors import DescendError
        from descend.engine.run.result import Result
        from descend.engine.teaching import exercises

        body, lesson = self.screen.body, self.screen.lesson
        part, learner = body.exercises, body.learner
        if part is None or not isinstance(lesson, Lesson) or not isinstance(learner, LessonProgress):
            return
        try:
            result = Result(session.history, session.run.manifest().knobs)
        except DescendError:
            return
        for number, exercise in enumerate(lesson.exercises):
            if not isinstance(exercise, Exercise):
                continue
            verdict = exercises.check_result(lesson, number, result)
            solved_now = verdict.passed and number not in learner.solved
            if solved_now or (news and part.number == number and body.parts.chosen == "exercises"):
                learner.attempt(number, verdict.passed)
            part.judged(number, verdict)
            if solved_now and not body.showing("exercises"):
                self.screen.notify(f"Exercise {number + 1} is solved.", markup=False)
