"""The lines of the Train screen: models by family, datasets by where they are, with what does not fit dimmed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets.option_list import Option

from descend.datasets.data_shape import DataShape
from descend.datasets.spec import Spec
from descend.datasets.user_data import UserData
from descend.engine.launch.experiment import Training
from descend.engine.train.model_form import Model
from descend.tui.cell_text import plain, shorten_address
from descend.tui.screens.option_list import Options

LEARNED = {"classification": "classes", "labels": "labels", "regression": "numbers", "language": "characters"}
"""What is learned, in a word."""


class Choices(Options):
    """A list to choose from with the arrows, j and k; a heading is skipped."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]
    DEFAULT_CSS = """
    Choices { width: 1fr; height: 1fr; border: round $foreground 35%; padding: 0; background: $background;
        text-wrap: nowrap; text-overflow: ellipsis;
        &:focus { border: round $primary; background-tint: $foreground 0%; } }
    """

    def fill(self, lines: Iterable[tuple[str, Text]], chosen: str) -> None:
        """Show ``lines``, pairs of an id (empty: a heading) and what is shown, with the cursor on ``chosen``."""
        self.clear_options()
        self.add_options([Option(text, id=name or None, disabled=not name) for name, text in lines])
        if chosen:
            self.highlighted = self.get_option_index(chosen)

    def retell(self, lines: Iterable[tuple[str, Text]]) -> None:
        """Show other ``lines`` of the same ids; the cursor stays."""
        for place, (_, text) in enumerate(lines):
            self.replace_option_prompt_at_index(place, text)

    @property
    def chosen(self) -> str:
        """The id under the cursor."""
        option = self.highlighted_option
        return option.id or "" if option is not None else ""


def model_lines(trainings: Iterable[Training], shape: DataShape | None) -> list[tuple[str, Text]]:
    """Each family's name, then its models: the number of their parameters where it is known for data of this ``shape``,
    and whether they can learn from such data (``✗``: not)."""
    lines, family = [], ""
    for training in trainings:
        model = training.model
        now = model.family if isinstance(model, Model) else "your own"
        if now != family:
            family = now
            lines.append(("", Text(now, "bold")))
        told = isinstance(model, Model) and shape in (None, model.reference)  # for other data it has another size
        size = f"{model.parameters:,}" if isinstance(model, Model) and told else ""
        name = training.name if isinstance(model, Model) else training.title
        fits = shape is None or not training.fits(shape)
        lines.append((training.name, row(f"{' ' if fits else '✗'} {plain(name)}", size, "" if fits else "dim", 22)))
    return lines


def data_lines(specs: Iterable[Spec], training: Training, absent: Mapping[str, str]) -> list[tuple[str, Text]]:
    """Each dataset: whether it is here, and whether the model can learn from it (``✗``: not).

    Args:
        absent: what to say of those that are not here, by address.
    """
    lines = []
    for spec in specs:
        fits = not training.fits(spec.shape)
        told = absent.get(spec.address) or f"{spec.kind}, {LEARNED[spec.task]}"
        name = shorten_address(spec.address) if isinstance(spec, UserData) else spec.name
        lines.append((spec.address, row(f"{' ' if fits else '✗'} {plain(name)}", told, "" if fits else "dim")))
    return lines


def lost_lines(addresses: Iterable[str]) -> list[tuple[str, Text]]:
    """Models or data of one's own that are remembered and cannot be found or read."""
    return [(address, row(f"✗ {plain(shorten_address(address))}", "gone", "dim")) for address in addresses]


def row(name: str, told: str, style: str, cells: int = 20) -> Text:
    """A name in its ``cells``, and what is told of it in a column of its own."""
    gap = " " * max(1, cells - cell_len(name))
    return Text.assemble((name, style), (f"{gap}{told}", "dim"), no_wrap=True, overflow="ellipsis")
