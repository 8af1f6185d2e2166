"""A lesson next to a live run, and the keys that steer both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from descend.engine.base.errors import DescendError
from descend.engine.base.knobs import Value
from descend.engine.launch import experiment
from descend.engine.launch.experiment import Experiment, Training
from descend.engine.run.run_request import USUAL, RunRequest
from descend.engine.teaching.next_step import list_open_parts
from descend.engine.train.settings import RunKnobs
from descend.tui.cell_text import plain
from descend.tui.panels.grid import PanelGrid
from descend.tui.panels.replay import Replay, handed_on
from descend.tui.run_monitor import RunMonitor
from descend.tui.screens.app_access import InShell, Leaves
from descend.tui.screens.keys import KeyLine
from descend.tui.screens.lesson.checkup import Checkup
from descend.tui.screens.lesson.launcher import RunLauncher
from descend.tui.screens.lesson.layout import LessonLayout
from descend.tui.screens.lesson.lesson_progress import Grading, LessonProgress
from descend.tui.screens.lesson.live_knobs import LiveKnobs
from descend.tui.screens.lesson.next_line import NextLine
from descend.tui.screens.lesson.status import Banner, StatusLine, TitleLine
from descend.tui.screens.lesson.tabs import TITLES, TOLD, TabLine
from descend.tui.screens.progress import Progress
from descend.tui.system.panel import Machine

if TYPE_CHECKING:
    from descend.engine.run.runs import Run

NEXT = {
    "predict": ("next: predict", "See what became of your predictions, or make them"),
    "quiz": ("next: quiz", "Answer the open questions"),
    "exercises": ("next: exercises", "Solve what is open of the exercises"),
    "end": ("next", "What you can explain now, and the next lesson"),
}
"""What comes next once a run has ended: the part of the lesson, its words in the line of keys, and more words."""
POLLS = 20
"""Looks at the run folder a second."""


MAIN = "next", "predict", "run", "pause", "resume", "revive", "stop", "evaluate", "diagnosis", "view", "live_knobs"
"""Actions whose keys matter more than those of the part that has focus."""


class LessonScreen(Leaves, InShell, Screen[None]):
    """One lesson and its latest run.

    Args:
        lesson: the lesson.
        settings: the knobs of its next run.
        run: one to attach to; without it, a run of this lesson that is at work, if there is one.
        autorun: whether to start a run at once.
    """

    HELP = (
        "A lesson: read its theory, predict, then press space to train for real. The line under the title names its "
        "parts with their keys, as capitals, and says which are done. The line at the bottom always says what the run "
        "is doing. A run continues when you leave this screen or quit, and comes back when you do."
    )
    COMMANDS = {Progress}  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding("n", f"next('{name}')", told, tooltip=tip) for name, (told, tip) in NEXT.items()),
        Binding("space", "predict", "predict", tooltip="Say what you expect of your first run; space again starts it"),
        Binding("space", "run", "run", tooltip="Start a run with the current knobs"),
        Binding("space", "run_again", "run", show=False, tooltip="Start another run with the current knobs"),
        Binding("space", "pause", "pause", tooltip="Pause the run before its next step"),
        Binding("space", "resume", "resume", tooltip="Resume the paused run"),
        Binding("space", "revive", "resume", tooltip="Resume the ended run from its newest checkpoint"),
        Binding("x", "stop", "stop", tooltip="End the run after this step; what it recorded is kept"),
        Binding("E", "evaluate", "evaluate", tooltip="Measure the training on data it did not train on"),
        Binding(
            "D", "diagnosis", "what ails it", tooltip="What ails the run, what to try, and the lesson that shows it"
        ),
        Binding("t", "view('panels')", "panels", tooltip="Show the panels in place of the lesson"),
        Binding("t", "view('parts')", "lesson", tooltip="Show the lesson: theory, predictions, quiz, exercises, code"),
        Binding("e", "edit", "knobs", tooltip="Change knobs, dataset, device and seed"),
        Binding("K", "live_knobs", "turn", tooltip="Turn the live knobs while the run continues"),
        Binding("s", "step", "step", tooltip="Take a single training step, then pause"),
        Binding("r", "restart", "restart", tooltip="Run again with the same seed and the current knobs"),
        Binding("w", "log", "log", tooltip="Show the end of the worker's log"),
        Binding("M", "machine", "machine", show=False, tooltip="How busy the machine is: show it, or hide it"),
        Binding("escape", "live", "to the end", tooltip="Leave the replay: back to the newest step"),
        Binding("escape", "leave", "back", tooltip="Back to all lessons; the run continues"),
        *handed_on([*Replay.BINDINGS, *PanelGrid.BINDINGS]),
        Binding("1", "zoom(1)", "panel", show=False, key_display="1-9", tooltip="Show one panel alone, or all again"),
        *(Binding(str(number), f"zoom({number})", "", show=False) for number in range(2, 10)),
        *(
            Binding(title[0], f"part('{name}')", title, show=False, tooltip=TOLD[name])
            for name, title in TITLES.items()
        ),
    ]

    def __init__(
        self, lesson: Experiment, settings: RunRequest | None = None, run: Run | None = None, autorun: bool = False
    ) -> None:
        super().__init__()
        self.lesson = lesson
        self.settings = settings or experiment.complete(lesson, USUAL)
        self.session: RunMonitor | None = None
        self.body = LessonLayout(lesson)
        self.live_knobs = LiveKnobs(lesson.knobs.specs)
        self.launcher = RunLauncher(self)
        self.grading = Grading(self)
        self.checkup = Checkup()
        self._attach_to, self._autorun = run, autorun
        self._known_phase = ""
        self._looked_after = ""
        self._seen_live = False

    def compose(self) -> ComposeResult:
        yield TitleLine(self.lesson.title)
        yield self.body
        yield NextLine()
        yield Banner()
        yield self.live_knobs
        yield Machine(lasting=True)
        yield StatusLine()
        yield KeyLine(*MAIN)

    def on_mount(self) -> None:
        """Attach to what is at work, or wait for the user."""
        self.body.learner.opened()
        self.body.show_settings(self.settings)
        self.show()
        self.bindings_updated_signal.subscribe(self, lambda _: self._show_next())
        self.set_interval(1 / POLLS, self.poll)
        if self._autorun:
            self.call_after_refresh(self.action_run)
        elif self._attach_to is not None:
            self.call_after_refresh(self.attach, self._attach_to)
        else:
            self.launcher.find_live()

    @property
    def grid(self) -> PanelGrid | None:
        """The panels; None before the first run."""
        return self.body.grid

    # The run

    def attach(self, run: Run) -> None:
        """Show ``run``, from its first record on, and steer it from now on."""
        try:
            self.settings = experiment.complete_again(self.lesson, run.manifest())
        except DescendError as error:
            self.shell.complain(error)
        self.shell.followed[run.id] = run
        self.session = RunMonitor(run)
        self.query_one(Machine).watch_run(run)
        self._seen_live = False
        self.body.show_settings(self.settings)
        self.body.show_run(self.session.history)
        if self.body.predict is not None:
            self.body.predict.begun(self.session)
        own = "" if isinstance(self.lesson, Training) else next(iter(self.lesson.data), "")
        self.query_one(TitleLine).show(run.id, self.settings.data if self.settings.data != own else "")
        self.poll()
        self.show()

    def poll(self) -> None:
        """Take in what the run has said since the last time."""
        session = self.session
        if session is None:
            return
        changed = session.poll()
        if "knobs" in changed:
            self.settings = self.settings.with_turns(session.history)
            self.live_knobs.show(self.settings)
        if changed:
            self.body.changed(changed)
            self.show()
        if isinstance(self.lesson, Training) and self.checkup.look(session, changed):
            self.show()
            self.refresh_bindings()
        self._seen_live = self._seen_live or session.live
        if session.behind:
            self.call_later(self.poll)
        elif (ended := f"{session.run.id} {session.phase}") != self._looked_after and not session.live:
            self._looked_after = ended
            self.grading.ended(session, news=self._seen_live)
            self.progressed()

    def show(self) -> None:
        """Bring the status line, the banner and the keys up to date."""
        session = self.session
        self.query_one(StatusLine).show(
            session,
            device=self.settings.device,
            starting=self.launcher.busy,
            replay=self.grid,
            findings=self.checkup.findings,
            predict=self._to_predict(),
        )
        self.query_one(Banner).show(session)
        self._show_next()
        phase = f"{session.phase} {session.asked}" if session else f"idle {self.launcher.busy}"
        if phase != self._known_phase:
            self._known_phase = phase
            self.refresh_bindings()
            if self.live_knobs.opened and not (session is not None and session.live):
                self.live_knobs.action_close()
            if session is not None and session.phase not in ("starting", "running"):
                self.shell.warm_up()  # so that the next run begins at once

    # What comes next

    @property
    def following(self) -> str:
        """What comes next: a part of the lesson, or ``end``; empty while that is the run."""
        learner, session = self.body.learner, self.session
        if not isinstance(learner, LessonProgress) or not learner.runs or self.launcher.busy:
            return ""
        if session is not None and session.aim in ("running", "starting", "paused"):
            return ""
        if self.body.predict is not None and self.body.predict.unread:
            return "predict"
        return next((part.tab for part in list_open_parts(learner.count_parts())), "end")

    def progressed(self) -> None:
        """The learner has done something: say so in the line of parts, and what comes next."""
        self.body.parts.show_states()
        self._show_next()
        self.refresh_bindings()

    def _show_next(self) -> None:
        learner, predict, following = self.body.learner, self.body.predict, self.following
        line = self.query_one(NextLine)
        if not following or not isinstance(learner, LessonProgress):
            line.hide()
            return
        news = predict.tell_grades() if predict is not None and predict.unread else None
        keys = self.active_bindings.values()
        goes_on = any(key.node is self and key.enabled and key.binding.action.startswith("next(") for key in keys)
        line.show(list_open_parts(learner.count_parts()), news, goes_on)

    def action_next(self, part: str = "") -> None:
        """Show what comes next: an open part of the lesson, else its end."""
        following = part or self.following
        if following == "end":
            from descend.tui.screens.lesson.end_card import EndCard

            if isinstance(self.body.learner, LessonProgress):
                self.shell.push_screen(EndCard(self.body.learner), self._ended)
        elif following:
            self.action_part(following)
            self.body.parts.part().turn_to_open()

    def _ended(self, name: str | None) -> None:
        """Open the lesson that was chosen, in place of this one."""
        if name:
            self.dismiss()
            self.shell.open_lesson(name)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense in the present state."""
        aim = self.session.aim if self.session else None
        match action:
            case "next":
                return parameters[0] == self.following
            case "run" | "run_again" | "predict":
                ended = aim in (None, "done", "failed", "stopped", "dead", "unsaved")
                if not ended or self.launcher.busy or self._revivable():
                    return False
                again = aim == "done" and bool(self.following)  # then what is open is offered instead
                wanted = "predict" if self._to_predict() else "run_again" if again else "run"
                return action == wanted
            case "revive":
                return not self.launcher.busy and self._revivable()
            case "pause":
                return aim in ("running", "starting")
            case "resume":
                return aim == "paused"
            case "step":
                return not self.launcher.busy and aim in (None, "running", "starting", "paused")
            case "stop":
                return aim in ("running", "starting", "paused")
            case "restart":
                return not self.launcher.busy and self.session is not None
            case "log":
                return self.session is not None and self.session.phase in ("failed", "dead", "unsaved")
            case "view":
                return parameters[0] == ("panels" if self.body.parts_shown else "parts")
            case "live_knobs":
                return bool(self.live_knobs.knobs) and aim in ("running", "starting", "paused")
            case "diagnosis":
                return bool(self.checkup.findings)
            case "evaluate":
                trained = isinstance(self.lesson, Training) and not self.settings.knobs.get("find_lr")
                return trained and aim in ("done", "stopped")
            case "part":
                return parameters[0] in self.body.parts.parts
            case "panels":
                return self.grid is not None and self.body.panels_shown and self.grid.offers(str(parameters[0]))
            case "zoom":
                return self.grid is not None
            case "live":
                return self.grid is not None and self.grid.cursor is not None
        return True

    def action_run(self) -> None:
        """Start a run."""
        self.body.learner.skips = True
        self.launcher.begin(self.settings)

    def action_run_again(self) -> None:
        """Start another run."""
        self.action_run()

    def action_predict(self) -> None:
        """Ask for the predictions, before the first run; a learner who then runs without them is not asked again."""
        self.action_part("predict")

    def action_pause(self) -> None:
        """Pause the run."""
        self._tell("pause")

    def action_resume(self) -> None:
        """Resume it."""
        self._tell("resume")

    def action_stop(self) -> None:
        """End the run."""
        self._tell("stop")

    def action_step(self) -> None:
        """Take a single step; of a new run if there is none."""
        if self.session is None:
            self.launcher.begin(self.settings, stepping=True)
        else:
            self._tell("step")

    def action_restart(self) -> None:
        """Run again, ending the current run."""
        if self.session is not None and self.session.live:
            self._tell("stop")
        self.launcher.begin(self.settings)

    def action_revive(self) -> None:
        """Resume the ended run."""
        if self.session is not None:
            self.launcher.revive(self.session)

    def _to_predict(self) -> bool:
        """Whether the next press of space asks for predictions."""
        return self.body.learner.should_predict and not self.body.showing("predict")

    def _tell(self, what: str) -> None:
        try:
            getattr(self.session, what)()
        except DescendError as error:
            self.shell.complain(error)
        self.show()

    def _revivable(self) -> bool:
        """Whether the run was stopped or has died, and the knobs are still its own."""
        session = self.session
        if session is None or session.aim not in ("stopped", "dead", "unsaved") or session.asked:
            return False
        return self.settings == self.launcher.settings_of(session)

    def action_evaluate(self) -> None:
        """Measure how good the training is."""
        from descend.tui.screens.evaluation import EvaluationScreen

        if self.session is not None:
            self.shell.push_screen(EvaluationScreen(self.session.run))

    def action_diagnosis(self) -> None:
        """Show what ails the run."""
        from descend.tui.screens.lesson.remedies import show_findings

        if self.session is not None:
            show_findings(self, self.session, self.checkup.findings)

    def action_edit(self) -> None:
        """Change the knobs; live ones of a run at work turn at once."""
        self.edit_knobs()

    def edit_knobs(self, proposed: Mapping[str, Value] | None = None) -> None:
        """Change the knobs, those ``proposed`` first."""
        self._ask_settings(self._edited, live=self.session is not None and self.session.live, proposed=proposed)

    def try_knobs(self, proposed: Mapping[str, Value] | None = None) -> None:
        """Change the knobs, those ``proposed`` first, then run with them."""

        def edited(settings: RunRequest | None) -> None:
            if settings is not None:
                self.settings = settings
                self.body.show_settings(settings)
                self.action_restart()

        self._ask_settings(edited, runs=True, proposed=proposed)

    def _ask_settings(
        self,
        answered: Callable[[RunRequest | None], None],
        live: bool = False,
        runs: bool = False,
        proposed: Mapping[str, Value] | None = None,
    ) -> None:
        from descend.tui.screens.lesson.knob_editor import KnobEditorScreen
        from descend.tui.screens.train.layers import LayerList

        self.shell.warm_up()
        known = {name: value for name, value in (proposed or {}).items() if name in self.lesson.knobs.specs}
        layers = self.query(LayerList)
        counted = layers.first().counted if layers else None
        self.shell.push_screen(KnobEditorScreen(self.lesson, self.settings, live, runs, known, counted), answered)

    def _edited(self, settings: RunRequest | None) -> None:
        if settings is None or settings == self.settings:
            return
        before, self.settings = self.settings, settings
        self.body.show_settings(settings)
        self.show()
        self.refresh_bindings()
        if self.session is None or not self.session.live:
            return
        later = [name for name in RunKnobs.specs if getattr(settings, name) != getattr(before, name)]
        for name, value in settings.knobs.items():
            if value == before.knobs[name]:
                continue
            if self.lesson.knobs.specs[name].live:
                self._turn(name, value)
            else:
                later.append(name)
        if later:
            self.notify(f"{', '.join(later)}: from the next run on; r restarts now.", markup=False)

    def _turn(self, name: str, value: bool | int | float | str, quietly: bool = False) -> None:
        if self.session is None:
            return
        try:
            self.session.turn(name, value)
            if not quietly:
                self.notify(plain(f"{name} = {value} from the next step on."), markup=False)
        except DescendError as error:
            self.shell.complain(error)

    def action_live_knobs(self) -> None:
        """Turn live knobs."""
        self.live_knobs.show(self.settings)
        self.live_knobs.open()

    def on_live_knobs_turned(self, event: LiveKnobs.Turned) -> None:
        """Tell the run."""
        self._turn(event.name, event.value, quietly=True)

    def on_live_knobs_closed(self) -> None:
        """Give the focus back."""
        self.body.take_keys()

    def action_view(self, what: str) -> None:
        """Show the lesson or the panels."""
        self.body.view(what)
        self.show()
        self.refresh_bindings()

    def action_part(self, name: str) -> None:
        """Show a part of the lesson."""
        self.body.choose(name)
        self.show()
        self.refresh_bindings()

    def action_beside(self, by: int) -> None:
        """Show the part to the left (-1) or right (1) of the one shown."""
        self.action_part(self.body.parts.beside(by))

    def on_tab_line_chosen(self, event: TabLine.Chosen) -> None:
        """Show the part that was clicked."""
        self.action_part(event.part)

    def action_zoom(self, number: int) -> None:
        """Show a panel alone, also while the theory has focus."""
        if self.grid is not None:
            self.grid.action_zoom(number)

    async def action_panels(self, action: str) -> None:
        """Have the panels do something, also while something else has focus."""
        if self.grid is not None:
            await self.app.run_action(action, self.grid)

    def on_replay_moved(self) -> None:
        """Say which step is looked at."""
        self.show()
        self.refresh_bindings()

    def action_live(self) -> None:
        """Follow the run again, also while the theory has focus."""
        if self.grid is not None:
            self.grid.action_live()

    def progress_changed(self) -> None:
        """Show the lesson as one that nobody has worked on yet: its progress was reset."""
        self.body.learner.forget()
        for part in self.body.parts.parts.values():
            part.start_over()
        self.body.parts.show_states()
        self.refresh_bindings()

    def action_log(self) -> None:
        """Show the end of the worker's log."""
        from descend.tui.screens.log import LogScreen

        if self.session is not None:
            self.shell.push_screen(LogScreen(self.session.run))

    def action_machine(self) -> None:
        """Show or hide how busy the machine is."""
        self.query_one(Machine).toggle()

    def action_leave(self) -> None:
        """Back to all lessons."""
        self.dismiss()
