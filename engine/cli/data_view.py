"""A dataset as text: how it was read, its split, classes, columns and a few samples."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from descend.datasets.dataset import Dataset
from descend.datasets.describe import (
    ClassCount,
    Description,
    Statistics,
    choose_samples,
    describe,
    list_first_tokens,
    take_excerpt,
    tell_answer,
)
from descend.engine.base.sanitize import clean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

MAX_ROWS = 40
"""Classes, columns or characters listed."""
COLUMN = 10
"""Characters that a column of a table's samples takes, about."""


def print_dataset(dataset: Dataset, console: Console) -> None:
    """Print what ``dataset`` holds."""
    description = describe(dataset)
    unicode = console.encoding.lower().startswith("utf")
    for part in list_parts(dataset, description, console, unicode):
        console.print(part, highlight=False, markup=False)


def print_augmented(dataset: Dataset, how: str, console: Console) -> None:
    """Print a few images of ``dataset`` and what the augmentation ``how`` makes of them."""
    from descend.engine.train.augment_preview import augment_samples, choose_samples
    from descend.engine.train.settings import AUGMENTATIONS

    unicode = console.encoding.lower().startswith("utf")
    places, after = choose_samples(dataset), augment_samples(dataset, how)
    named = dataset.classes or dataset.task == "labels"
    names = [tell_answer(dataset, place) if named else "" for place in places.tolist()]
    console.print(make_heading(f"Samples, and with augment={how}: {AUGMENTATIONS[how]}"), highlight=False)
    for line in draw_before_and_after(dataset.train_x[places], after, names, dataset.scale, console, unicode):
        console.print(line, highlight=False)


def draw_before_and_after(
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    names: Sequence[str],
    scale: int,
    console: Console,
    unicode: bool,
) -> Iterator[Text]:
    """A row for each image: as it is over its class, then what it became, as often as there is room.

    Args:
        before: (n, h, w) or (n, h, w, 3).
        after: (draws, n, …).
        names: classes.
    """
    import numpy as np
    from rich.text import Text

    from descend.engine.cli.image_blocks import count_in_row, draw_mosaic

    colour = unicode and console.color_system is not None and not console.no_color
    room = count_in_row(before[0], scale, console.width)
    for place, name in enumerate(names):
        row = np.stack([before[place], *after[: max(1, room - 1), place]])
        yield from draw_mosaic(row, [clean(name), *[""] * (len(row) - 1)], scale, console.width, colour=colour)
        yield Text()


def list_parts(dataset: Dataset, of: Description, console: Console, unicode: bool) -> Iterator[RenderableType]:
    """What is printed, one below the other."""
    from rich.text import Text

    unit = f"{of.unit}s" if of.task == "language" else "samples"
    yield Text(write_text(f"{of.name}: {of.shape}", unicode), style="bold")
    yield Text(f"{of.train:,} {unit} for training, {of.test:,} for the test.")
    for note in of.notes:
        yield Text(write_text(note, unicode))
    if of.classes:
        labels = of.task == "labels"
        yield make_heading("Labels, of which a sample can have several" if labels else "Classes")
        yield draw_counts(of.classes, "label" if labels else "class", console.width, unicode)
    if of.kind == "table":
        yield make_heading("Columns, over the training set")
        yield draw_statistics(of.features, bool(of.missing))
        if of.targets:
            yield make_heading("To predict")
            yield draw_statistics(of.targets, bool(of.missing))
        yield make_heading("Samples")
        yield draw_rows(dataset, of, console.width)
    elif of.kind == "image":
        (bright,) = of.features
        yield Text(
            f"Pixels go from {bright.min:.0f} to {bright.max:.0f} of {dataset.scale}, mean {bright.mean:.1f}, "
            f"std {bright.std:.1f}."
        )
        if of.targets:
            yield make_heading("To predict")
            yield draw_statistics(of.targets, False)
        yield make_heading("Samples")
        yield from draw_pictures(dataset, console, unicode)
    else:
        yield make_heading(f"{of.unit.capitalize()}s")
        spell = spell_character if of.unit == "character" else spell_token
        named = [ClassCount(spell(count.name), count.train, count.test) for count in of.characters]
        yield draw_counts(named, of.unit, console.width, unicode)
        if dataset.merges:
            yield make_heading("The first tokens")
            yield Text(" ".join(map(spell_token, list_first_tokens(dataset))))
        yield make_heading("The text begins" if of.task == "language" else "Samples")
        yield Text("\n".join(clean(line) for line in take_excerpt(dataset).split("\n")))


def write_text(text: str, unicode: bool) -> str:
    """A sentence, safe to print, for a terminal that may know ASCII only."""
    return clean(text) if unicode else clean(text).replace("×", "x").replace("…", "...")


def make_heading(text: str) -> RenderableType:
    """A line above a part."""
    from rich.text import Text

    return Text(f"\n{text}", style="bold")


def draw_counts(counted: Sequence[ClassCount], what: str, width: int, unicode: bool) -> RenderableType:
    """How often each is there, with bars in the room left next to the numbers."""
    from rich.table import Table
    from rich.text import Text

    table = Table(what, "training", "test", "", box=None, pad_edge=False)
    for column in table.columns[1:3]:
        column.justify = "right"
    room = width - max(len(what), *(len(count.name) for count in counted[:MAX_ROWS])) - len("  training    test  ")
    largest = max((count.train for count in counted), default=0) or 1
    for count in counted[:MAX_ROWS]:
        bar = ("█" if unicode else "#") * round(count.train / largest * max(1, min(30, room)))
        table.add_row(Text(clean(count.name)), f"{count.train:,}", f"{count.test:,}", bar)
    return shorten_table(fold_cells(table), len(counted))


def draw_statistics(columns: Sequence[Statistics], missing: bool) -> RenderableType:
    """The columns of a table."""
    from rich.table import Table
    from rich.text import Text

    names = ["name", "min", "mean", "std", "max", "unique", *(["missing"] if missing else [])]
    table = Table(*names, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for one in columns[:MAX_ROWS]:
        values = [format_figure(value, one) for value in (one.min, one.mean)]
        values += [f"{one.std:.4g}", format_figure(one.max, one)]
        table.add_row(Text(clean(one.name)), *values, f"{one.unique:,}", *([f"{one.missing:,}"] if missing else []))
    return shorten_table(fold_cells(table), len(columns))


def format_figure(value: float, of: Statistics) -> str:
    """A ``value`` of a column in as many digits, from 4 to 15, as distinguish its values."""
    size, spread = max(abs(of.min), abs(of.max)), of.std
    digits = 4 + max(0, round(math.log10(size / spread)) - 1) if 0 < spread < size else 4
    return f"{value:.{min(digits, 15)}g}"


def draw_rows(dataset: Dataset, of: Description, width: int) -> RenderableType:
    """A few samples of a table, and as many of its columns as there is room for."""
    from rich.table import Column, Table
    from rich.text import Text

    shown = dataset.features[: max(2, width // COLUMN - 2)]
    left = len(dataset.features) - len(shown)
    more = [f"and {left} more"] if left else []
    worded = "class" if dataset.classes else "labels" if dataset.task == "labels" else ""
    answers = [worded] if worded else list(dataset.targets)
    heads = (Column(Text(clean(name))) for name in (*shown, *more, *answers))
    table = Table(*heads, box=None, pad_edge=False)
    for place in choose_samples(dataset).tolist():
        values = [
            format_figure(*pair)
            for pair in zip(dataset.train_x[place].tolist(), of.features[: len(shown)], strict=False)
        ]
        if worded:
            answer = [Text(clean(tell_answer(dataset, place)))]
        else:
            told = zip(dataset.train_y[place].reshape(-1).tolist(), of.targets, strict=True)
            answer = [Text(format_figure(*pair)) for pair in told]
        table.add_row(*values, *[""] * len(more), *answer)
    return fold_cells(table)


def draw_pictures(dataset: Dataset, console: Console, unicode: bool) -> Iterator[RenderableType]:
    """A few images with their classes or labels."""
    from descend.engine.cli.image_blocks import draw_mosaic

    places = choose_samples(dataset)
    named = dataset.classes or dataset.task == "labels"
    names = [clean(tell_answer(dataset, place)) if named else "" for place in places.tolist()]
    colour = unicode and console.color_system is not None and not console.no_color
    yield from draw_mosaic(dataset.train_x[places], names, dataset.scale, console.width, colour=colour)


def fold_cells(table: Table) -> Table:
    """``table`` with cells that wrap to the next line where they would be cut."""
    for column in table.columns:
        column.overflow = "fold"
    return table


def shorten_table(table: RenderableType, count: int) -> RenderableType:
    """``table`` and how many more lines it would have."""
    from rich.console import Group
    from rich.text import Text

    return table if count <= MAX_ROWS else Group(table, Text(f"and {count - MAX_ROWS:,} more"))


def spell_token(token: str) -> str:
    """A token as it can be read, in quotes because of its blanks."""
    signs = (sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in token)
    return f"'{''.join(signs)}'"


def spell_character(character: str) -> str:
    """A character as it can be read."""
    return {" ": "blank", "\n": "line end", "\t": "tab"}.get(character) or (
        character if clean(character).strip() else f"U+{ord(character):04X}"
    )
