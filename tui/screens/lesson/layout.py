"""The parts of the lesson and the panels: side by side where there is room, else one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.widgets import Static

from descend.engine.launch.experiment import Experiment, Training
from descend.engine.run.run_request import RunRequest
from descend.engine.teaching.lesson import Lesson
from descend.engine.train.settings import RunKnobs
from descend.tui.cell_text import plain
from descend.tui.focus import take_focus
from descend.tui.keymap import show_key
from descend.tui.screens.app_access import InShell
from descend.tui.screens.lesson.exercises import Exercises
from descend.tui.screens.lesson.lesson_progress import LessonProgress
from descend.tui.screens.lesson.predict import Predict
from descend.tui.screens.lesson.quiz import Quiz
from descend.tui.screens.lesson.reading import CodeTab, TheoryTab
from descend.tui.screens.lesson.tabs import LessonTab, LessonTabs
from descend.tui.screens.train.model_page import ModelPage
from descend.tui.screens.train.no_learner import NoLearner

if TYPE_CHECKING:
    from descend.engine.run.history import History
    from descend.tui.panels.grid import PanelGrid


ROOMY = 136
"""Columns from which on the parts stay next to the panels when a run begins."""


class LessonLayout(InShell, Horizontal):
    """The part of the lesson's screen that fills it. In a screen of the class ``-narrow`` one of the two is shown.

    Attributes:
        grid: the panels, None until there is a run.
        parts_shown: whether a part of the lesson is on the screen.
        panels_shown: whether the panels are, if there are any.
    """

    SCOPED_CSS = False  # it depends on the screen's width and height classes
    DEFAULT_CSS = """
    LessonLayout {
        height: 1fr;
        & LessonTabs { width: 2fr; max-width: 72; }
        & #stage { width: 3fr; }
    }
    .-narrow LessonLayout {
        & LessonTabs { width: 1fr; max-width: 100%; }
    }
    .-wide LessonLayout.-code { & LessonTabs { width: 3fr; max-width: 110; } & #stage { width: 2fr; } }
    .-tall LessonLayout { & TabLine { margin-bottom: 1; } & EmptyState { margin-top: 1; } }
    """

    def __init__(self, lesson: Experiment) -> None:
        super().__init__()
        self.lesson = lesson
        self.learner: LessonProgress | NoLearner
        self.parts = LessonTabs()
        self.grid: PanelGrid | None = None
        self._alone = False
        self._turn = "parts"

    def compose(self) -> ComposeResult:
        if isinstance(self.lesson, Training):
            self.learner = NoLearner(self.lesson)
            self.parts.fill([ModelPage(self.lesson)])
        else:
            self.learner = learner = LessonProgress.of(self.shell, self.lesson)
            self.parts.fill(parts_of(self.lesson, learner))
        yield self.parts
        with Container(id="stage"):
            yield EmptyState()

    def on_mount(self) -> None:
        """Begin with reading."""
        self._place()
        self.parts.part().take_keys()

    def on_resize(self) -> None:
        self._place()

    @property
    def parts_shown(self) -> bool:
        return not self._alone if self._wide else self._turn == "parts"

    @property
    def panels_shown(self) -> bool:
        return self.grid is not None and (self._wide or self._turn == "panels")

    def show_settings(self, settings: RunRequest) -> None:
        """Say what the next run is asked for, where the panels will be."""
        self.query_one(EmptyState).show(self.lesson, settings)
        for page in self.query(ModelPage):
            page.show(settings)

    def show_run(self, history: History) -> None:
        """Show a run's panels; without the lesson's parts if that would leave them little room."""
        from descend.tui.panels.grid import PanelGrid

        if self.grid is None:
            self.query_one(EmptyState).display = False
            show = () if isinstance(self.lesson, Training) else self.lesson.show
            self.grid = PanelGrid(history, lesson=self.lesson.name, show=show)
            self.query_one("#stage").mount(self.grid)
        else:
            self.grid.reset(history)
        self._turn, self._alone = "panels", self.screen.size.width < ROOMY
        self._place()
        self._focus("panels")

    def changed(self, names: set[str]) -> None:
        """Bring the panels up to date with what changed in the history."""
        if self.grid is not None:
            self.grid.changed(names)
            self._focus_panel()

    def view(self, what: str) -> None:
        """Show the ``parts``, next to the panels if there is room, or the ``panels`` alone."""
        self._turn, self._alone = what, what == "panels"  # the terminal may become wider or narrower
        self._place()
        self._focus(what)

    @property
    def predict(self) -> Predict | None:
        """The part that asks for predictions, if the lesson has it."""
        part = self.parts.parts.get("predict")
        return part if isinstance(part, Predict) else None

    @property
    def exercises(self) -> Exercises | None:
        """The part with the exercises, if the lesson has it."""
        part = self.parts.parts.get("exercises")
        return part if isinstance(part, Exercises) else None

    def showing(self, part: str) -> bool:
        """Whether this part is on the screen."""
        return self.parts_shown and self.parts.chosen == part

    def choose(self, part: str) -> None:
        """Show a part of the lesson and focus it."""
        self.parts.choose(part)
        self.set_class(part == "code", "-code")  # lines of code are long
        self.view("parts")

    @property
    def _wide(self) -> bool:
        return self.screen.has_class("-wide")

    def _place(self) -> None:
        """Display what is shown; not by a class, for which the styles of every panel would be looked up again."""
        stage = self.query_one("#stage")
        self.parts.display = self.parts_shown
        stage.display = self._wide or self._turn == "panels"
        if self.grid is not None and stage.display and self.size:
            places = {place.widget: place.region.size for place in self.arrange(self.size).placements}
            self.grid.fit(places[stage])

    def take_keys(self) -> None:
        """Put the focus back on what is shown."""
        self._focus("parts" if self.parts_shown else "panels")

    def _focus(self, what: str) -> None:
        """Put the focus on what is shown."""
        if what == "parts" or self.grid is None:
            self.parts.part().take_keys()
        else:
            self.screen.set_focus(None)
            self._focus_panel()

    def _focus_panel(self) -> None:
        """Focus the first panel, as soon as there is one, unless something else has focus."""
        if self.grid is not None and self.screen.focused is None and self.grid.shown:
            take_focus(self.grid.shown[0])


def parts_of(lesson: Lesson, learner: LessonProgress) -> list[LessonTab]:
    """What the lesson has to learn from."""
    parts: list[LessonTab] = [TheoryTab(lesson, learner)]
    if lesson.predictions:
        parts.append(Predict(lesson, learner))
    if lesson.quiz:
        parts.append(Quiz(lesson, learner))
    if lesson.exercises:
        parts.append(Exercises(lesson, learner))
    return [*parts, CodeTab(lesson)]


class EmptyState(Static):
    """The knobs of the next run, with its data, device and seed."""

    DEFAULT_CSS = """
    EmptyState { width: 1fr; height: auto; padding: 1 2; border: round $foreground 35%; }
    """

    def show(self, lesson: Experiment, settings: RunRequest) -> None:
        """List the knobs and how to begin."""
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, justify="right")
        table.add_column()
        for name, spec in lesson.knobs.specs.items():
            table.add_row(Text(plain(name)), value(settings.knobs[name]), Text(plain(spec.help), "dim"))
        left_out = {"devices"} | (set() if lesson.data else {"data"})
        for name, spec in RunKnobs.specs.items():
            if name not in left_out:
                table.add_row(Text(name), value(getattr(settings, name)), Text(spec.help, "dim"))
        run, change = (show_key(self.screen, usual) for usual in ("space", "e"))
        keys = Text.assemble((run, "bold"), " runs it with these knobs, ", (change, "bold"), " changes them.")
        self.update(Group(keys, Text(), table))


def value(given: object) -> Text:
    """A knob's value."""
    return Text(plain(str(given)), "bold")
