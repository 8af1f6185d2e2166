"""Theory and panels: beside each other where there is room, else in turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, Horizontal

from descend.engine.lesson import Lesson
from descend.tui.screens.lesson.card import Card
from descend.tui.screens.lesson.settings import Settings
from descend.tui.screens.lesson.theory import Theory

if TYPE_CHECKING:
    from descend.engine.history import History
    from descend.tui.panels.grid import PanelGrid

ROOMY = 136
"""Columns from which on the theory stays beside the panels when a run begins."""


class Body(Horizontal):
    """The part of the lesson's screen that fills it. In a screen of the class ``-narrow`` one of the two is shown.

    Attributes:
        grid: the panels, None until there is a run.
    """

    SCOPED_CSS = False  # it depends on the screen's width and height classes
    DEFAULT_CSS = """
    Body {
        height: 1fr;
        & Theory { width: 2fr; max-width: 72; }
        & #stage { width: 3fr; }
    }
    .-narrow Body {
        & Theory { width: 1fr; max-width: 100%; }
        &.-panels Theory, &.-theory #stage { display: none; }
    }
    .-wide Body.-alone Theory { display: none; }
    .-tall Body { & Theory { padding-top: 1; } & Card { margin-top: 1; } }
    """

    def __init__(self, lesson: Lesson) -> None:
        super().__init__(classes="-theory")
        self.lesson = lesson
        self.grid: PanelGrid | None = None

    def compose(self) -> ComposeResult:
        yield Theory(self.lesson)
        with Container(id="stage"):
            yield Card()

    def on_mount(self) -> None:
        """Begin with reading."""
        self.query_one(Theory).focus()

    @property
    def theory_shown(self) -> bool:
        """Whether the theory is on the screen."""
        return not self.has_class("-alone") if self._wide else self.has_class("-theory")

    def show_settings(self, settings: Settings) -> None:
        """Say what the next run is asked for, where the panels will be."""
        self.query_one(Card).show(self.lesson, settings)

    def show_run(self, history: History) -> None:
        """Show a run's panels; without the theory if that would leave them little room."""
        from descend.tui.panels.grid import PanelGrid

        if self.grid is None:
            self.query_one(Card).display = False
            self.grid = PanelGrid(history)
            self.query_one("#stage").mount(self.grid)
        else:
            self.grid.reset(history)
        self._turn_to("panels")
        self.set_class(self.screen.size.width < ROOMY, "-alone")
        self._focus("panels")

    def changed(self, names: set[str]) -> None:
        """Bring the panels up to date with what changed in the history."""
        if self.grid is not None:
            self.grid.changed(names)
            self._focus_panel()

    def view(self, what: str) -> None:
        """Show ``theory``, beside the panels if there is room, or ``panels`` alone."""
        if self._wide:
            self.set_class(what == "panels", "-alone")
        else:
            self._turn_to(what)
        self._focus(what)

    @property
    def _wide(self) -> bool:
        return self.screen.has_class("-wide")

    def _turn_to(self, what: str) -> None:
        self.set_class(what == "panels", "-panels")
        self.set_class(what == "theory", "-theory")

    def _focus(self, what: str) -> None:
        """Put the keys where the eyes are."""
        if what == "theory" or self.grid is None:
            self.query_one(Theory).focus()
        else:
            self.screen.set_focus(None)
            self._focus_panel()

    def _focus_panel(self) -> None:
        """Give the keys to the first panel, as soon as there is one, unless something else has them."""
        if self.grid is not None and self.screen.focused is None and self.grid.shown:
            self.grid.shown[0].focus()
