"""Shows what each augmentation makes of a few training images, as a training would compute it."""

from __future__ import annotations

import asyncio
import io
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Console, Group
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import LoadingIndicator, Static

from descend.engine.train.settings import AUGMENTATIONS
from descend.tui.cell_text import plain, shows_unicode
from descend.tui.focus import take_focus
from descend.tui.screens.choice import Choice
from descend.tui.screens.dialog import Dialog, Hint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from descend.datasets.dataset import Dataset

COMMAND = (sys.executable, "-P", "-m", "descend.engine.train.augment_preview")
"""Computes all previews, where torch can be imported."""
WIDTH, MARGIN = 110, 8
"""Columns of the box at most, and those of them next to the pictures: border, padding and scroll bar."""


class AugmentScreen(Dialog[str | None]):
    """Returns the augmentation that the user takes, or None.

    Args:
        address: of a dataset of images, whose ``dataset`` was read already.
        how: the augmentation that is set.
        seed: of the changes.
        takes: whether there is a model to take the augmentation for.
    """

    HELP = (
        "Training images as they are, at the left, and as an augmentation changes them, a few times each; every time "
        "they are shown to the model they are changed again. Left and right choose the augmentation, enter puts it "
        "into the knobs, escape leaves them as they are. The test images are never changed."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Change nothing"),
        Binding("enter", "take", "Use it for training"),
        Binding("down,j", "scroll('down')", "Down", show=False),
        Binding("up,k", "scroll('up')", "Up", show=False),
        Binding("pagedown", "scroll('page_down')", "Page down", show=False),
        Binding("pageup", "scroll('page_up')", "Page up", show=False),
    ]
    DEFAULT_CSS = """
    AugmentScreen {
        & > Vertical { width: 110; height: 90%; }
        & Choice { width: 100%; }
        & #told { color: $text-muted; margin-bottom: 1; }
        & VerticalScroll { height: 1fr; }
        & LoadingIndicator { height: 3; }
    }
    """

    def __init__(self, address: str, dataset: Dataset, how: str = "none", seed: int = 0, takes: bool = True) -> None:
        super().__init__()
        self.address, self.dataset, self.seed, self.takes = address, dataset, seed, takes
        self.heading = f"{dataset.name}: augmentation"
        self.choice = Choice(tuple(AUGMENTATIONS), how)
        self.pictures: dict[str, NDArray[Any]] = {}
        self._process: Process | None = None

    def body(self) -> ComposeResult:
        yield self.choice
        yield Static(id="told")
        with VerticalScroll(can_focus=False):
            yield LoadingIndicator()
            yield Static(id="pictures")
        taking = ("enter uses it",) if self.takes else ()
        yield Hint("←→ choose", *taking, "esc back", "↑↓ scroll")

    def on_mount(self) -> None:
        """Have the previews computed."""
        take_focus(self.choice)
        self._tell()
        self.run_worker(self._compute(), exclusive=True, exit_on_error=False)

    def on_unmount(self) -> None:
        """Leave nothing at work."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _compute(self) -> None:
        import numpy as np

        self._process = await asyncio.create_subprocess_exec(
            *COMMAND, self.address, str(self.seed), stdin=DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
        output, said = await self._process.communicate()
        if self._process.returncode:
            lines = said.decode(errors="replace").strip().splitlines() or ["The previews could not be computed."]
            self.query_one("#pictures", Static).update(Text(plain(f"✗ {lines[-1]}")))
        else:
            with np.load(io.BytesIO(output), allow_pickle=False) as found:
                self.pictures = {how: found[how] for how in found.files}
            self._draw()
        self.query_one(LoadingIndicator).display = False

    def on_choice_changed(self) -> None:
        """Show another."""
        self._tell()
        self._draw()

    def on_resize(self) -> None:
        """As many as there is room for."""
        self._draw()

    def _tell(self) -> None:
        self.query_one("#told", Static).update(Text(f"{self.choice.value}: {AUGMENTATIONS[self.choice.value]}"))

    def _draw(self) -> None:
        if not self.pictures:
            return
        from descend.datasets.describe import choose_samples
        from descend.engine.cli.data_view import draw_before_and_after

        data, how = self.dataset, self.choice.value
        before = self.pictures["none"]
        after = self.pictures[how] if how != "none" else before[None][:0]
        labels = data.train_y[choose_samples(data, len(before))].tolist()
        names = [data.classes[label] if data.classes else "" for label in labels]
        console = self.app.console
        console = Console(
            width=max(20, min(WIDTH, self.app.size.width) - MARGIN),
            color_system=console.color_system,  # type: ignore[arg-type]
            no_color=console.no_color,
        )
        lines = draw_before_and_after(before, after, names, data.scale, console, shows_unicode())
        self.query_one("#pictures", Static).update(Group(*lines))

    def action_scroll(self, way: str) -> None:
        """Scroll."""
        getattr(self.query_one(VerticalScroll), f"scroll_{way}")(animate=False)

    def action_take(self) -> None:
        """Return it."""
        self.dismiss(self.choice.value if self.takes else None)

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)
