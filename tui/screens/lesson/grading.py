"""What a run that has ended means to the learner: predictions are graded, exercises checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from descend.engine.teaching.lesson import Exercise, Lesson
from descend.tui.cell_text import plain
from descend.tui.screens.lesson.lesson_progress import Learner

if TYPE_CHECKING:
    from descend.tui.run_monitor import RunSession
    from descend.tui.screens.lesson.screen import LessonScreen


class Afterwards:
    """Looks after a lesson's runs when they have ended."""

    def __init__(self, screen: LessonScreen) -> None:
        self.screen = screen

    def ended(self, session: RunSession, news: bool) -> None:
        """Grade and check by this run; ``news``: it ended just now, so say what it means."""
        self._predictions(session, news)
        self._exercises(session, news)
        self.screen.body.parts.show_states()

    def _predictions(self, session: RunSession, news: bool) -> None:
        part = self.screen.body.predict
        if part is None:
            return
        part.ended(session)
        told = [graded for graded in part.grades.values() if graded.right is not None]
        if news and told and not self.screen.body.showing("predict"):
            right = sum(bool(graded.right) for graded in told)
            said = f"{right} of {len(told)} predictions came true." if len(told) > 1 else told[0].sentence
            self.screen.notify(f"{plain(said)} P tells why.", title="Your prediction", markup=False)

    def _exercises(self, session: RunSession, news: bool) -> None:
        from descend.engine.base.errors import DescendError
        from descend.engine.run.result import Result
        from descend.engine.teaching import exercises

        body, lesson = self.screen.body, self.screen.lesson
        part, learner = body.exercises, body.learner
        if part is None or not isinstance(lesson, Lesson) or not isinstance(learner, Learner):
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
