"""The shell: a Textual app that reads run folders. It paints first and loads what it needs after."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from os import scandir
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Event, InputEvent, Key, Paste
from textual.screen import Screen
from textual.widget import Widget

from descend.engine.base import paths
from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean
from descend.engine.teaching import catalogue
from descend.tui import keymap, private_names, shell_settings
from descend.tui.cell_text import plain, shows_unicode
from descend.tui.driver import LeanDriver, has_job_control
from descend.tui.screens.app_access import Unseen
from descend.tui.screens.learn import LearnScreen
from descend.tui.theme import AUTO, theme_named

if TYPE_CHECKING:
    from subprocess import Popen

    from textual.actions import ActionParseResult
    from textual.dom import DOMNode
    from textual.driver import Driver
    from textual.filter import LineFilter
    from textual.theme import Theme

    from descend.engine.launch.experiment import Experiment
    from descend.engine.launch.launcher import WarmWorker
    from descend.engine.run.run_request import RunRequest
    from descend.engine.run.runs import Run
    from descend.tui.screens.runs import RunScanner

LEAVE = "Leave; runs at work can continue without the shell"
SUSPEND = "Back to the command line, where `fg` continues; runs continue meanwhile"
GARBAGE = 2_000, 10, 1_000_000
"""After how many new objects garbage is collected, and how often before older generations are."""
IDLE = 20.0
"""Seconds between two collections of all others; half as many without a key make one."""
SAID = 2
"""Faults of the settings file that are told at once."""
PATIENCE = 5.0
"""Seconds that leaving waits for what is being done."""


class DescendApp(App[None]):
    """The laboratory's shell.

    Args:
        lesson: name of a lesson to open at once.
        autorun: whether to run it at once.
        knobs, data: of that run.
        seed, device: of that run; by default what the user has chosen for every lesson.
        run: a run to attach to at once.
        worker: takes the runs that are started; by default one of this app's own.

    Attributes:
        followed: runs that were started or shown here, by id, in that order.
        opens: name of the lesson that is opened at once, if any.
        painted: whether the first screen has been shown, so that work may begin.
        keymap: the keys that the settings file wishes for, by the ids of their bindings.
        wrong_keys: what is wrong with those that it wishes for in vain.
        detached: runs left at work by the user's choice when quitting.
        drafts: what was typed in boxes that were left, by box.
        starting: whatever is doing something that leaving would interrupt, such as starting a run.
    """

    TITLE = "descend"
    CSS_PATH = "app.tcss"
    HELP = "descend is a deep-learning laboratory: pick a lesson, train for real, watch it live."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "help", key_display="?", tooltip="What is focused, and its keys"),
        Binding("u", "runs", "runs", tooltip="All runs, live and past: open, compare, resume, fork, export, delete"),
        Binding("o", "settings", "settings", tooltip="Theme, characters, and the device and seed of new lessons"),
        Binding("q", "quit", "quit", tooltip=LEAVE),
        Binding("ctrl+q", "quit", "quit", show=False, priority=True, tooltip=LEAVE),
        Binding("ctrl+z", "suspend_process", "suspend", show=False, priority=True, tooltip=SUSPEND),
    ]

    def __init__(
        self,
        request: RunRequest | None = None,
        autorun: bool = False,
        run: Run | None = None,
        worker: WarmWorker | None = None,
    ) -> None:
        super().__init__()
        self.followed: dict[str, Run] = {}
        self.painted = False
        self.detached: list[Run] = []
        self.drafts: dict[tuple[str, str], str] = {}
        self.starting: set[object] = set()
        self._start = partial(self.open_request, request, autorun) if request is not None else None
        self._attach_to = run
        self.opens = request.name if request is not None else ""
        self.animation_level = "none"  # what a key does is seen at once, also over a slow line
        self._worker = worker
        self._worker_lock = threading.Lock()
        self._survey: RunScanner | None = None
        self._leaving_from = 0.0
        self._aims: WeakKeyDictionary[Key, Widget] = WeakKeyDictionary()
        self.keymap, self.wrong_keys = keymap.read_keymap()
        self.use_theme()

    def get_default_screen(self) -> Screen[None]:
        """All lessons."""
        return LearnScreen()

    def get_driver_class(self) -> type[Driver]:
        """Writes to the terminal."""
        chosen = super().get_driver_class()
        return LeanDriver if chosen is LinuxDriver else chosen

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line goes through on its way to the terminal."""
        filters = super().get_line_filters()
        if shows_unicode():
            return filters
        from descend.tui.ascii import Ascii

        return [*filters, Ascii()]

    def on_mount(self) -> None:
        """Go where the command line says, and get ready once that is painted."""
        self.theme_changed_signal.subscribe(self, self._theme_changed)
        if self._start is not None:
            self._start()
        elif self._attach_to is not None:
            self.open_run(self._attach_to)
        self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        self.painted = True
        self.run_worker(self._load, thread=True, exit_on_error=False)

    def _load(self) -> None:
        """Start the worker that imports torch, then import what the next screens need, while the user reads."""
        self.warm_worker()
        self.call_from_thread(self.screen_stack[0].look)  # type: ignore[attr-defined]
        import fsrs  # noqa: F401

        import descend.datasets.catalogue
        import descend.engine.diagnosis.diagnose
        import descend.tui.panels.grid
        import descend.tui.screens.lesson
        import descend.tui.screens.review
        import descend.tui.screens.runs  # noqa: F401

        self._check_keys()
        if not gc.isenabled():  # so `open_shell` leaves it
            gc.freeze()  # what is loaded stays
            gc.set_threshold(*GARBAGE)
            gc.enable()
            self.call_from_thread(self.set_interval, IDLE, self._tidy)

    def _check_keys(self) -> None:
        """Say which wishes for other keys cannot hold, and go without them."""
        if self.keymap:
            self.keymap, clashing = keymap.check_keymap(self.keymap)
            self.wrong_keys += clashing
        wrong = [*shell_settings.find_damage(), *self.wrong_keys]
        if wrong:
            more = f" {len(wrong) - SAID} more are listed in the settings, with o." if len(wrong) > SAID else ""
            self.call_from_thread(self.complain, DescendError(" ".join(wrong[:SAID]) + more))
            self.call_from_thread(self.refresh_bindings)

    def _tidy(self) -> None:
        """Collect all garbage, which takes a moment, when no key has to wait for it."""
        driver = private_names.get_driver(self)
        if isinstance(driver, LeanDriver) and time.monotonic() - driver.heard > IDLE / 2:
            gc.collect()

    # What the user has chosen

    def use_theme(self) -> None:
        """Apply the theme the user has chosen, else one that fits the terminal."""
        self.theme = self.theme_wanted

    @property
    def theme_wanted(self) -> str:
        """The theme the user has chosen, else one that fits the terminal."""
        return theme_named(shell_settings.get("theme", AUTO), self.available_themes, self.few_colours)

    @property
    def few_colours(self) -> bool:
        """Whether the terminal has sixteen colours at most."""
        return self.console.color_system in (None, "standard")

    def get_css_variables(self) -> dict[str, str]:
        """The theme's colours; where there are few, what has focus is drawn reversed, which can always be read."""
        found = super().get_css_variables()
        if self.few_colours:
            reversed_colours = {"background": found["foreground"], "foreground": found["background"]}
            found |= {f"block-cursor-{name}": colour for name, colour in reversed_colours.items()}
        return found

    def _theme_changed(self, theme: Theme) -> None:
        """Keep a theme that was chosen from the menu."""
        if theme.name != self.theme_wanted:
            shell_settings.put("theme", theme.name)

    def newcomer(self) -> bool:
        """Whether no run was ever started, by this shell or in this home folder."""
        if shell_settings.get("welcomed", False):
            return False
        try:
            with scandir(paths.runs_home()) as found:
                return next(found, None) is None
        except OSError:
            return True

    # Workers

    def warm_up(self) -> None:
        """Have a worker import torch, so that the next run begins at once."""
        self.run_worker(self.warm_worker, thread=True, exit_on_error=False)

    def warm_worker(self) -> WarmWorker:
        """The worker that waits for the next run; started if there is none. Safe to call from any thread."""
        from descend.engine.launch.launcher import WarmWorker

        with self._worker_lock:
            self._worker = self._worker or WarmWorker()
            self._worker.start()
            return self._worker

    def launch(self, run: Run) -> Popen[bytes]:
        """Give ``run`` a worker, and return it. Safe to call from any thread.

        Raises:
            DescendError: none could be started.
        """
        worker = self.warm_worker()
        with self._worker_lock:
            process = worker.launch(run)
        if not shell_settings.get("welcomed", False):
            shell_settings.put("welcomed", True)
        return process

    def close(self) -> None:
        """End the idle worker; workers that have a run are left alone."""
        with self._worker_lock:
            if self._worker is not None:
                self._worker.close()

    # Leaving

    @property
    def leaving(self) -> bool:
        """Whether the user has quit: what is typed after that is not meant for the shell."""
        return private_names.is_ending(self) or bool(self._leaving_from)

    def _comes_too_late(self, event: Event) -> bool:
        """Whether the user has quit before: also one who is asked about runs at work has to see the question first."""
        asked = self.screen_stack[-1] if self.screen_stack else None
        return self.leaving or (isinstance(asked, Unseen) and event.time < asked.seen)

    async def on_event(self, event: Event) -> None:
        """Take in an event, unless it is the user's and comes too late. A key that comes back from a widget that
        has lost the focus meanwhile was typed ahead, and goes to the one that has it now."""
        if isinstance(event, InputEvent | Paste) and self._comes_too_late(event):
            return
        if isinstance(event, Key):
            aim = self.focused or self.screen
            if event.is_forwarded and self._aims.pop(event, aim) is not aim:
                event = Key(event.key, event.character)
            if not event.is_forwarded:
                self._aims[event] = aim
        await super().on_event(event)

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key asks for, unless it was pressed after the user has quit, and has only come through now, or the
        screen has no widgets yet, or no more."""
        ready = bool(self.screen.children) and not self.leaving
        return ready and await super().run_action(action, default_namespace, namespaces)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave ctrl+z to what can undo with it, such as the editor."""
        if action == "suspend_process" and hasattr(self.focused, "action_undo"):
            return False
        return super().check_action(action, parameters)

    def action_suspend_process(self) -> None:
        """Give the terminal back to the command line, if there is one to come back from."""
        if has_job_control():
            super().action_suspend_process()
        else:
            self.complain(DescendError("No command line has started descend here, so nothing could continue it."))

    # Places

    def open_lesson(self, name: str, run: Run | None = None) -> None:
        """Open a lesson or a model as it comes, attached to ``run`` if given."""
        self.open_request(shell_settings.usual_request().override(name=name), run=run)

    def open_request(self, request: RunRequest, autorun: bool = False, run: Run | None = None) -> None:
        """Open a lesson or a model with what its next run is asked for."""
        from descend.engine.launch import experiment
        from descend.tui.screens.lesson import LessonScreen

        try:
            lesson = self._experiment(request.name, run)
            whole = experiment.complete(lesson, request)
        except DescendError as error:
            self.complain(error)
            return
        screen = LessonScreen(lesson, whole, run, autorun)
        if isinstance(self.screen, LessonScreen):
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    def _experiment(self, name: str, run: Run | None) -> Experiment:
        """The lesson or model called ``name``; if a model's file is gone, what its ``run`` records of it.

        Raises:
            DescendError: there is no such lesson or model.
        """
        from descend.engine.launch import experiment
        from descend.engine.train.model_source import is_address

        try:
            return experiment.find(name)
        except DescendError as error:
            if run is None or not is_address(name):
                raise
            self.complain(DescendError(f"{error} The run can be viewed, but not repeated."))
            return experiment.make_missing_training(name, run.manifest().knobs)

    def open_run(self, run: Run) -> None:
        """Open the lesson of ``run``, attached to it."""
        try:
            self.open_lesson(run.manifest().name, run=run)
        except DescendError as error:
            self.complain(error)

    def complain(self, error: DescendError) -> None:
        """Say what went wrong and what to do."""
        self.notify(plain(str(error)), severity="error", timeout=10, markup=False)

    def action_help(self) -> None:
        """Explain what is focused."""
        from descend.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_runs(self) -> None:
        """Show all runs, or go back to them."""
        from descend.tui.screens.runs import RunScanner, RunsScreen

        if not self._went_back(RunsScreen):
            self._survey = self._survey or RunScanner()
            self.push_screen(RunsScreen(self._survey))

    def action_train(self) -> None:
        """Choose a model and its data, or go back to that."""
        from descend.tui.screens.train.screen import TrainScreen

        if not self._went_back(TrainScreen):
            self.push_screen(TrainScreen())

    def _went_back(self, kind: type[Screen[None]]) -> bool:
        """Leave the screens above the one of this ``kind``; False if there is none."""
        if not any(isinstance(screen, kind) for screen in self.screen_stack):
            return False
        while not isinstance(self.screen, kind):
            self.pop_screen()
        return True

    def action_settings(self) -> None:
        """Change the settings of the shell."""
        from descend.tui.screens.settings import SettingsScreen

        if not any(isinstance(screen, SettingsScreen) for screen in self.screen_stack):
            self.push_screen(SettingsScreen())

    def action_doctor(self) -> None:
        """Examine this machine."""
        from descend.tui.screens.doctor import DoctorScreen

        if not isinstance(self.screen, DoctorScreen):
            self.push_screen(DoctorScreen())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the command palette offers: every action that works now, every lesson, and what the app can do."""
        offered: set[tuple[object, str]] = {(self, "command_palette")}
        for active in sorted(screen.active_bindings.values(), key=lambda active: not active.binding.show):
            binding, action = active.binding, (active.node, active.binding.action)
            ours = type(active.node).__module__.startswith("descend.") and bool(binding.tooltip)
            if active.enabled and ours and action not in offered:
                offered.add(action)
                title = f"{binding.description.capitalize()} ({self.get_key_display(binding)})"
                yield SystemCommand(title, binding.tooltip, partial(self.run_action, binding.action, active.node))
        for name, lesson in catalogue.list_outlines().items():
            yield SystemCommand(f"Lesson: {plain(lesson.title)}", "Open this lesson", partial(self.open_lesson, name))
        if not any(action in ("app.train", "train") for _, action in offered):  # else it stands there with its key
            yield SystemCommand("Train", "Train any model on any data that fits it, also your own", self.action_train)
        yield SystemCommand("Doctor", "Examine Python, packages, devices, terminal and data", self.action_doctor)
        dark = "light" if self.current_theme.dark else "dark"
        yield SystemCommand(f"Turn {dark}", f"Use the {dark} theme", partial(setattr, self, "theme", f"textual-{dark}"))
        yield SystemCommand("Theme", "Choose among all themes", self.action_change_theme)

    def action_command_palette(self) -> None:
        """Show the menu of all actions."""
        from descend.tui.screens.palette import Palette

        if not any(isinstance(screen, Palette) for screen in self.screen_stack):
            self.push_screen(Palette())  # without an id, which one that is only just going may have still

    def at_work(self) -> list[Run]:
        """Runs that were started or shown here and have not ended."""
        return [run for run in self.followed.values() if run.state() in ("starting", "running", "paused")]

    def _handle_exception(self, error: Exception) -> None:
        """A screen that was being opened when the shell was told to end lacks its widgets, which is no error."""
        if not private_names.is_ending(self) or all(
            node.is_mounted for screen in self.screen_stack for node in screen.walk_children(Widget, with_self=True)
        ):
            super()._handle_exception(error)

    async def action_quit(self) -> None:
        """Leave; ask first what should become of runs at work that were started or shown here, also of one that is only
        being started."""
        now = time.monotonic()
        if self.starting and now - (self._leaving_from or now) < PATIENCE:
            self._leaving_from = self._leaving_from or now
            self.set_timer(0.02, self.action_quit)
            return
        self._leaving_from = 0.0
        live = self.at_work()
        if not live:
            self.exit()
            return
        from descend.tui.screens import leave

        def answered(answer: str | None) -> None:
            try:
                if answer == leave.STOP:
                    leave.stop(live)
            except DescendError as error:
                self.complain(error)
                return
            if answer is not None:
                self.detached = live if answer == leave.KEEP else []
                self.exit()

        if not any(isinstance(screen, leave.LeaveScreen) for screen in self.screen_stack):
            self.push_screen(leave.LeaveScreen(live), answered)


def run_app(**start: object) -> int:
    """Run the shell until the user quits, and return the exit status; ``start`` are `DescendApp`'s arguments."""
    app = DescendApp(**start)  # type: ignore[arg-type]
    try:
        app.run()
    finally:
        app.close()
    status = app.return_code or 0
    for run in app.at_work() if status > 128 else app.detached:
        print(f"Run {clean(run.id)} continues; `descend` shows it again.")
    return status
