"""A table of one line a row that fits its terminal: columns give way in a stated order, none of them for a long text
in a single row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console

GAP = 2
"""Blanks between columns."""


class Column(NamedTuple):
    """A column and how it gives way.

    Attributes:
        least: cells below which its texts say too little.
        shorten: makes a text fit into some cells, given what stands for what is left out.
        droppable: whether it is left out where it has fewer than ``least`` cells.
    """

    name: str
    least: int = 4
    shorten: Callable[[str, int, str], str] | None = None
    droppable: bool = True
    right: bool = False


def print_table(
    console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]], give_way: Sequence[str]
) -> None:
    """Print ``rows`` under the names of ``columns``; whole, whatever their length, where ``console`` is no terminal.

    Args:
        rows: a text for each column, cleaned.
        give_way: names of columns, the first to be shortened, and if that is not enough left out, first.
    """
    from rich.cells import cell_len, set_cell_size
    from rich.text import Text

    texts = [[column.name for column in columns], *rows]
    widths = [max(cell_len(row[place]) for row in texts) for place in range(len(columns))]
    if console.is_terminal:
        widths = fit_widths(columns, widths, give_way, console.width)
    ellipsis = "…" if console.encoding.startswith("utf") else "~"
    for number, row in enumerate(texts):
        cells = []
        for column, text, width in zip(columns, row, widths, strict=True):
            if width <= 0:
                continue
            if cell_len(text) > width:
                text = (column.shorten or cut_end)(text, width, ellipsis) if number else set_cell_size(text, width)
            blank = " " * (width - cell_len(text))
            cells.append(blank + text if column.right else text + blank)
        console.print(Text((" " * GAP).join(cells).rstrip(), style="" if number else "bold"), soft_wrap=True)


def fit_widths(columns: Sequence[Column], widths: Sequence[int], give_way: Sequence[str], room: int) -> list[int]:
    """Cells of each column so that all fit in ``room``; 0 for one that is left out."""
    found, places = list(widths), {column.name: place for place, column in enumerate(columns)}

    def count_missing() -> int:
        shown = [width for width in found if width > 0]
        return sum(shown) + GAP * (len(shown) - 1) - room

    for name in give_way:
        place = places[name]
        found[place] -= max(0, min(count_missing(), found[place] - columns[place].least))
    for name in give_way:
        if count_missing() > 0 and columns[places[name]].droppable:
            found[places[name]] = 0
    for name in reversed(give_way):  # what the columns left out have freed
        place = places[name]
        if found[place] > 0:
            found[place] += max(0, min(-count_missing(), widths[place] - found[place]))
    for floor in (10, 5, 1):  # a terminal narrower than what must stay
        for name in give_way:
            place = places[name]
            if found[place] > floor:
                found[place] -= max(0, min(count_missing(), found[place] - floor))
    return found


def cut_end(text: str, width: int, ellipsis: str) -> str:
    """``text`` without its end."""
    from rich.cells import set_cell_size

    return set_cell_size(text, width - 1).rstrip() + ellipsis if width > 1 else set_cell_size(text, width)


def cut_middle(text: str, width: int, ellipsis: str) -> str:
    """``text`` without its middle; of what is left, two parts in three are its end, by which a run is found."""
    from rich.cells import cell_len, set_cell_size

    head = max(0, (width - 1) // 3)
    tail = text
    while cell_len(tail) > max(0, width - 1 - head):
        tail = tail[1 + max(0, (cell_len(tail) - width) // 2 - 1) :]
    return (set_cell_size(text, head) + ellipsis + tail) if width > 1 else set_cell_size(text, width)


def cut_name(text: str, width: int, ellipsis: str) -> str:
    """``text`` of a name and a value with its name cut, and nothing of the value."""
    from rich.cells import cell_len

    name, _, value = text.rpartition(" ")
    left = width - cell_len(value) - 1
    if left >= 2:
        return f"{cut_end(name, left, ellipsis)} {value}"
    return value if cell_len(value) <= width else cut_end(value, width, ellipsis)
