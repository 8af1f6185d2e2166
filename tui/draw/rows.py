"""Rows of cells: what a panel draws before it has colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, chop_cells, set_cell_size

from descend.tui.cell_text import note_cut

Run = tuple[str, str]
"""Text and the name of the pen it is written with."""
Row = list[Run]
SOLID = ("title", "hit", "miss", "shade")
"""Pens, or how their names begin, whose blanks show: they may have a background."""


def text(rows: Iterable[Row]) -> str:
    """The rows as plain text."""
    return "\n".join("".join(part for part, _ in row) for row in rows)


def length(row: Row) -> int:
    """Cells of ``row``."""
    return sum(cell_len(part) for part, _ in row)


def sized(row: Row, width: int) -> Row:
    """``row`` in exactly ``width`` cells: cut, or padded with blanks."""
    result: Row = []
    for part, pen in row:
        cells = cell_len(part)
        if cells >= width:
            left = set_cell_size(part, width)
            note_cut(part, left)
            return [*result, (left, pen)] if width else result
        result.append((part, pen))
        width -= cells
    return [*result, (" " * width, "text")] if width else result


def joined(row: Iterable[Run]) -> Row:
    """``row`` in as few runs as look the same: those of one pen are joined, blanks go with what is before them, and
    empty ones are left out. Each run costs some forty bytes on the way to the terminal."""
    result: Row = []
    for part, pen in row:
        if not part:
            continue
        if result and (pen == result[-1][1] or (part.isspace() and _unseen(pen) and _unseen(result[-1][1]))):
            result[-1] = (result[-1][0] + part, result[-1][1])
        else:
            result.append((part, pen))
    return result


def _unseen(pen: str) -> bool:
    """Whether blanks written with ``pen`` cannot be seen."""
    return not pen.startswith(SOLID)


def overlay(row: Row, start: int, part: str, pen: str) -> Row:
    """``row`` of single-cell characters with ``part`` written over it from cell ``start`` on."""
    end = start + len(part)
    before: Row = []
    after: Row = []
    place = 0
    for old, old_pen in row:
        before.append((old[: max(0, start - place)], old_pen))
        after.append((old[max(0, end - place) :], old_pen))
        place += len(old)
    return joined([*before, (part, pen), *after])


def wrapped(sentence: str, width: int, height: int, pen: str = "muted") -> list[Row]:
    """``sentence`` in the middle of ``width`` × ``height`` cells."""
    if width < 1 or height < 1:
        return [[] for _ in range(max(0, height))]
    lines: list[str] = [""]
    for word in sentence.split():
        longer = f"{lines[-1]} {word}".strip()
        if cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines += chop_cells(word, width)
    lines = [line for line in lines if line][:height]
    above = (height - len(lines)) // 2
    middle: list[Row] = [[(" " * ((width - cell_len(line)) // 2), pen), (line, pen)] for line in lines]
    return [sized(row, width) for row in [*([[]] * above), *middle, *([[]] * (height - above - len(lines)))]]


def changed(old: Sequence[Run], new: Sequence[Run]) -> tuple[int, int] | None:
    """First and last-plus-one cell in which two rows of one width differ; None if they do not."""
    if old == new:
        return None
    start = _common(old, new, 1)
    return start, sum(cell_len(part) for part, _ in new) - _common(old, new, -1)


def _common(old: Sequence[Run], new: Sequence[Run], direction: int) -> int:
    """How many cells the rows have in common, counted from the left (1) or from the right (-1)."""
    cells = 0
    for (a, a_pen), (b, b_pen) in zip(old[::direction], new[::direction], strict=False):
        if (a, a_pen) == (b, b_pen):
            cells += cell_len(a)
            continue
        if a_pen == b_pen:
            for x, y in zip(a[::direction], b[::direction], strict=False):
                if x != y:
                    break
                cells += cell_len(x)
        break
    return cells
