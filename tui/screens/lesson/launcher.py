"""Starts runs for a lesson's screen: checks and folders in a thread, and what to do about a dataset that is missing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from descend.engine.base.errors import DescendError
from descend.engine.launch import experiment
from descend.engine.run.run_request import RunRequest
from descend.tui.run_monitor import RunMonitor

if TYPE_CHECKING:
    from descend.datasets.spec import Spec
    from descend.engine.run.runs import Run
    from descend.tui.screens.lesson.screen import LessonScreen
    from descend.tui.screens.runs.fork import Fork

FETCH = "fetch"


class RunLauncher:
    """Starts runs without holding up the screen.

    Attributes:
        busy: whether a run is being started.
    """

    def __init__(self, screen: LessonScreen) -> None:
        self.screen = screen
        self.busy = False

    def begin(self, settings: RunRequest, stepping: bool = False) -> None:
        """Start a run with ``settings``; if ``stepping``, of one step for now."""
        if self.busy:
            return
        self.busy = True
        self.screen.shell.starting.add(self)
        self.screen.show()

        def prepare() -> None:
            from descend.datasets import catalogue
            from descend.datasets.spec import MissingData
            from descend.engine.launch import launcher

            try:
                run = launcher.prepare(settings)
                self.screen.shell.launch(run)
            except MissingData:
                others = [catalogue.find(name) for name in self.screen.lesson.data if name != settings.data]
                self._back(self._missing, settings, stepping, [other for other in others if other.present()])
            except DescendError as error:
                self._back(self._failed, error)
            else:
                self._back(self._begun, run, stepping)

        self._in_thread(prepare)

    def revive(self, session: RunMonitor) -> None:
        """Start a worker that resumes ``session``'s run from its newest checkpoint."""
        if self.busy:
            return
        self.busy = True
        self.screen.shell.starting.add(self)
        session.revived()
        self.screen.show()

        def launch() -> None:
            try:
                self.screen.shell.launch(session.run)
            except DescendError as error:
                self._back(self._failed, error)
            else:
                self._back(self._over)

        self._in_thread(launch)

    def fork(self, session: RunMonitor, chosen: Fork) -> None:
        """Start a fork of ``session``'s run, and show it."""
        if self.busy:
            return
        self.busy = True
        self.screen.shell.starting.add(self)
        self.screen.show()

        def fork() -> None:
            from descend.engine.launch import launcher

            try:
                run = launcher.fork_run(session.run, chosen.step, chosen.knobs)
                self.screen.shell.launch(run)
            except DescendError as error:
                self._back(self._failed, error)
            else:
                self._back(self._begun, run, False)

        self._in_thread(fork)

    def find_live(self) -> None:
        """Attach to the lesson's run that was shown last, else to one that is at work."""
        followed = list(self.screen.shell.followed.values())

        def find() -> None:
            from descend.engine.run import runs

            name = self.screen.lesson.name
            known = (run for run in reversed(followed) if _lesson_of(run) == name)
            run = next(known, None)
            with suppress(DescendError):  # a home that cannot be read; starting a run will say so
                running = (run for run in runs.list_runs() if run.alive() and _lesson_of(run) == name and _at_work(run))
                run = run or next(running, None)
            if run is not None:
                self._back(self._found, run)

        self._in_thread(find)

    def settings_of(self, session: RunMonitor) -> RunRequest | None:
        """What the session's run runs with; None if that is unknown."""
        try:
            settings = experiment.complete_again(self.screen.lesson, session.run.manifest())
        except DescendError:
            return None
        return settings.with_turns(session.history)

    def _in_thread(self, work: Callable[[], None]) -> None:
        self.screen.run_worker(work, thread=True, group=f"start {work.__name__}")

    def _back(self, call: Callable[..., None], *given: object) -> None:
        """Continue in the screen's own thread."""
        self.screen.app.call_from_thread(call, *given)

    @property
    def _there(self) -> bool:
        """Whether the screen is there, and not being taken down."""
        return self.screen.is_attached and self.screen.display

    def _over(self) -> None:
        self.busy = False
        self.screen.shell.starting.discard(self)
        if self._there:
            self.screen.show()
            self.screen.refresh_bindings()

    def _begun(self, run: Run, stepping: bool) -> None:
        self.screen.shell.followed[run.id] = run
        self.screen.body.learner.ran(run.id)
        self.screen.body.parts.show_states()
        self._over()
        if self._there:
            self.screen.attach(run)
            if stepping:
                self.screen.action_step()

    def _found(self, run: Run) -> None:
        if self._there and self.screen.session is None and not self.busy:
            self.screen.attach(run)

    def _failed(self, error: DescendError) -> None:
        self._over()
        self.screen.shell.complain(error)

    def _missing(self, settings: RunRequest, stepping: bool, here: list[Spec]) -> None:
        """Say which dataset is missing and offer those that are ``here``; nothing is ever replaced without asking."""
        from descend.datasets import catalogue
        from descend.tui.screens.dialog import Answer, QuestionScreen
        from descend.tui.screens.fetch import FetchScreen

        self._over()
        if not self._there:
            return
        spec = catalogue.find(settings.data)
        answers = [Answer("f", FETCH, f"Fetch {spec.title} now")]
        answers += [
            Answer(str(number), other.name, f"Use {other.title} instead{' (embedded)' if other.embedded else ''}")
            for number, other in enumerate(here[:9], 1)
        ]

        def answered(answer: str | None) -> None:
            if answer == FETCH:
                self.screen.shell.push_screen(FetchScreen(spec.name, spec.title), fetched)
            elif answer:
                self.screen.settings = settings.override(data=answer)
                self.begin(self.screen.settings, stepping)

        def fetched(done: bool | None) -> None:
            if done:
                self.begin(settings, stepping)

        heading = f"{spec.title} is not on this machine"
        self.screen.shell.push_screen(QuestionScreen(heading, spec.missing_message(), answers), answered)


def _lesson_of(run: Run) -> str:
    try:
        return run.manifest().name
    except DescendError:
        return ""


def _at_work(run: Run) -> bool:
    return run.state() in ("starting", "running", "paused")
