"""Looks into a dataset: its split, classes, columns, missing values and samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.console import Console, Group
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import LoadingIndicator, Static
from textual.worker import get_current_worker

from descend.engine.base.errors import DescendError
from descend.tui.cell_text import plain, shows_unicode
from descend.tui.focus import take_focus
from descend.tui.screens.dialog import Dialog, Hint

if TYPE_CHECKING:
    from rich.console import RenderableType

    from descend.datasets.dataset import Dataset

MARGIN = 8
"""Columns next to the text: border, padding and scroll bar."""


class DataViewScreen(Dialog[str | None]):
    """Shows the dataset at ``address``, which is read in a thread; returns the augmentation the user takes, or None.

    Args:
        augment: what is set; empty if there is no such knob.
        seed: of the next run.
    """

    HELP = (
        "What a dataset holds. Scroll with the arrows, j and k, page up and page down; a shows what augmentations make "
        "of its images; escape goes back."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,i", "leave", "back"),
        Binding("a", "augment", "augment", tooltip="What augmentations do to the training images"),
        Binding("j", "scroll('down')", "Down", show=False),
        Binding("k", "scroll('up')", "Up", show=False),
    ]
    DEFAULT_CSS = """
    DataViewScreen {
        & > Vertical { width: 110; height: 90%; }
        & VerticalScroll { height: 1fr; }
        & LoadingIndicator { height: 3; }
    }
    """

    def __init__(self, address: str, augment: str = "", seed: int = 0) -> None:
        super().__init__()
        self.address, self.heading = address, address
        self.augment, self.seed = augment, seed
        self.dataset: Dataset | None = None

    def body(self) -> ComposeResult:
        with VerticalScroll():
            yield LoadingIndicator()
            yield Static(id="found")
        yield Hint("esc back", "↑↓ scroll")

    def on_mount(self) -> None:
        """Begin to read."""
        take_focus(self.query_one(VerticalScroll))
        width = min(110, self.app.size.width) - MARGIN
        colours = self.app.console.color_system
        console = Console(width=width, color_system=colours, no_color=self.app.console.no_color)  # type: ignore[arg-type]
        self.run_worker(lambda: self._read(console), thread=True, exit_on_error=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only images are augmented."""
        return action != "augment" or (self.dataset is not None and self.dataset.kind == "image")

    def _read(self, console: Console) -> None:
        from descend.datasets import catalogue, user_path
        from descend.datasets.describe import describe
        from descend.engine.cli import survey_view
        from descend.engine.cli.data_view import list_parts

        content: RenderableType
        dataset = None
        try:
            dataset = catalogue.find(self.address).load()
            survey = user_path.survey(self.address) if catalogue.is_path(self.address) else None
            above = [*survey_view.list_parts(survey, shows_unicode()), Text()] if survey is not None else []
            content = Group(*above, *list_parts(dataset, describe(dataset), console, shows_unicode()))
        except DescendError as error:
            content = Text(plain(f"✗ {error}"))
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._show, content, dataset)

    def _show(self, content: RenderableType, dataset: Dataset | None) -> None:
        if self.is_attached:
            self.dataset = dataset
            if self.check_action("augment", ()):
                self.query_one(Hint).tell("esc back", "a augmentation", "↑↓ scroll")
            self.query_one(LoadingIndicator).display = False
            self.query_one("#found", Static).update(content)

    def action_scroll(self, way: str) -> None:
        """Scroll a line."""
        area = self.query_one(VerticalScroll)
        area.scroll_down(animate=False) if way == "down" else area.scroll_up(animate=False)

    def action_augment(self) -> None:
        """Show images before and after; what is taken there is returned from here."""
        from descend.tui.screens.train.augment_preview import AugmentScreen

        def taken(how: str | None) -> None:
            if how is not None:
                self.dismiss(how)

        assert self.dataset is not None
        screen = AugmentScreen(self.address, self.dataset, self.augment or "none", self.seed, bool(self.augment))
        self.app.push_screen(screen, taken)

    def action_leave(self) -> None:
        """Back."""
        self.dismiss(None)
