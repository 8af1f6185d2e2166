"""The lines of a table's file: comments are skipped, and the lines are counted."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from descend.datasets.delimiters import count_cells, split_cells
from descend.engine.base.errors import DescendError

MARKS = ("#", "%", "//")
"""What comments begin with, unless told."""
MAX_ABOVE = 1000
"""Lines above the first row that are taken for comments."""
LONGEST = 2**27
"""Characters in a line at most."""


@dataclass
class TableLines:
    """Lines of a file from the table's first one on, as they are read.

    Attributes:
        file: for sentences.
        stream: where they come from.
        comment: what a comment begins with; "" for any of `MARKS`, where a line has not as many cells as the others,
            and "no" for none.
        delimiter: between cells.
        max_cells: in a line.
        number: of the line that was read last, from 1.
        fresh: whether the next line begins a record; set by the reader of records.
        start: of the line where the last record began.
        width: cells of a record; 0 while unknown.
        head: comments above the first record, with the number of the line.
        below: numbers of the lines of other comments.
    """

    file: Path
    stream: TextIO
    comment: str
    max_cells: int
    number: int
    delimiter: str = ","
    fresh: bool = True
    start: int = 0
    width: int = 0
    head: list[tuple[int, str]] = field(default_factory=list)
    below: list[int] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        return self.wanted()

    def begin(self) -> None:
        """Read the comments at the head, if there is anything below them."""
        marks = self.marks()
        kept: list[str] = []
        while line := self.next():
            kept.append(line)
            if line.strip() and not line.lstrip().startswith(marks):
                break
            if len(kept) > MAX_ABOVE:
                break
        if not line or not marks or len(kept) > MAX_ABOVE:
            self.back(kept)
            return
        first = self.number - len(kept) + 1
        self.head = [(first + place, text) for place, text in enumerate(kept[:-1]) if text.strip()]
        self.back(kept[-1:])

    def marks(self) -> tuple[str, ...]:
        """What comments begin with."""
        return {"": MARKS, "no": ()}.get(self.comment, (self.comment,))

    def next(self) -> str:
        """The next line, "" at the end."""
        line = self.waiting.pop(0) if self.waiting else self.stream.readline(LONGEST)
        if len(line) >= LONGEST or line.count(self.delimiter) > self.max_cells:
            what = f"more than {self.max_cells:,} cells" if len(line) < LONGEST else f"{LONGEST:,} characters and more"
            raise DescendError(
                f"Line {self.number + 1:,} of {self.file.name} has {what}; save fewer columns, or each row in a line "
                "of its own."
            )
        self.number += bool(line)
        return line

    def back(self, lines: Sequence[str]) -> None:
        """Take ``lines`` back, that they be read again."""
        self.waiting = [*lines, *self.waiting]
        self.number -= len(lines)

    def wanted(self) -> Iterator[str]:
        """Every line but for comments between records."""
        marks = self.marks()
        while line := self.next():
            if self.fresh and self.width and line[:1] in "#%/ \t" + self.comment[:1] and self.is_comment(line, marks):
                self.below.append(self.number)
                continue
            if self.fresh:
                self.start, self.fresh = self.number, False
            yield line

    def is_comment(self, line: str, marks: tuple[str, ...]) -> bool:
        """Whether ``line``, which begins a record, is a comment."""
        if not line.lstrip().startswith(marks):
            return False
        return bool(self.comment) or count_cells([line], self.delimiter) != [self.width]

    def names(self) -> list[str]:
        """The cells of the last comment at the head if there are as many as in a record, as of one that names columns.

        Raises:
            DescendError: several are like rows, so that they may be data.
        """
        alike = [
            (number, cells) for number, text in self.head if len(cells := self.uncommented(text)) == self.width > 1
        ]
        if len(alike) > 1 and not self.comment:
            raise DescendError(
                f"Lines {alike[0][0]:,} to {alike[-1][0]:,} of {self.file.name} begin like comments, yet have as many "
                f"cells as the others; say comment={self.marked(self.head[0][1])} to skip them, or comment=no if "
                "they are data."
            )
        return alike[0][1] if alike and alike[-1][0] == self.head[-1][0] and len(alike) == 1 else []

    def marked(self, line: str) -> str:
        """What the comment ``line`` begins with."""
        return next(mark for mark in self.marks() if line.lstrip().startswith(mark))

    def uncommented(self, line: str) -> list[str]:
        """The cells of the comment ``line`` without its mark."""
        bare = line.lstrip().removeprefix(self.marked(line)).lstrip(self.marked(line))
        try:
            row = next(split_cells([bare.lstrip(" ")], self.delimiter), [])
        except csv.Error:
            return []
        return [cell.strip() for cell in row]

    def said(self, names: bool) -> Iterator[str]:
        """Sentences on the comments that were skipped; the last at the head holds ``names`` or not."""
        passed = [number for number, _ in self.head[: len(self.head) - names]] + self.below
        if names:
            yield f"The columns are named by the comment in line {self.head[-1][0]:,}."
        if passed:
            what = f"{len(passed):,} comments, the first" if len(passed) > 1 else "A comment"
            yield f"{what} in line {passed[0]:,}, skipped; comment=no takes such lines as data."


def drop_comments(lines: Iterable[str], comment: str) -> list[str]:
    """``lines`` without those that begin as comments do, if any is left."""
    marks = {"": MARKS, "no": ()}.get(comment, (comment,))
    kept = [line for line in lines if not line.lstrip().startswith(marks)]
    return kept if any(map(str.strip, kept)) else list(lines)
