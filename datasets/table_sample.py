"""A table of any length in pieces, and the rows of it that tell what its columns hold."""

from __future__ import annotations

import functools
import itertools
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from descend.datasets import csv_reader, csv_stream, records, table
from descend.datasets.columns import MAX_WORDS
from descend.datasets.compressed import find_size, find_suffix
from descend.datasets.csv_reader import CsvTable
from descend.datasets.forms import is_number
from descend.datasets.reporting import tell
from descend.datasets.split_files import COLUMN, find_split_files
from descend.datasets.target import MAX_CLASSES
from descend.engine.base.errors import DescendError

CELLS = 600_000
"""Cells of the sample, about."""
CHARACTERS = 1 << 25
"""… and characters, where cells are long."""
EDGE = 50
"""First rows, and last ones, that are always in it."""
OF_CLASS = 10
"""Rows of each class that are in it, if there are as many."""
HEAD = 200
"""Rows by which it is decided how the file is written."""
READING = ("delimiter", "encoding", "skip", "footer", "comment")
CHOOSING = ("header", "limit", "target", "ignore", "decimal")
"""Options by which the cells of a sample are chosen, whether lists are among them, and how typed numbers are written,
beside those of `READING`."""


@dataclass(frozen=True)
class TableSample:
    """Some rows of a table: the first and the last, every so-manieth, and one with each word, or odd cell, of each
    column.

    Attributes:
        table: those rows, with the lines where they are.
        rows: how many there are in all.
    """

    table: CsvTable
    rows: int


def find_parts(place: Path) -> dict[str, Path]:
    """The files of a table that is a folder, by what they are for; or its only one, by ""."""
    return find_split_files(place, table.SUFFIXES) if place.is_dir() else {"": place}


def stream_table(place: Path, options: table.TableOptions) -> Iterator[CsvTable]:
    """The table ``place``, a file or a folder of parts, in pieces.

    Raises:
        DescendError: it cannot be read.
    """
    parts = find_parts(place)
    names: list[str] = []
    begin = left = 0
    for part, file in parts.items():
        left = options.limit
        for piece in stream_file(file, options):
            if options.limit:
                piece = cut(piece, left)
            if not part:
                yield piece
            else:
                if odd := sorted(set(names or piece.names) ^ set(piece.names)):
                    raise DescendError(f"{file.name} and the other parts differ in column '{odd[0]}'.")
                names = names or piece.names
                columns = [piece.columns[piece.names.index(name)] for name in names]
                lines = [begin + line for line in piece.lines]
                yield replace(piece, names=[*names, COLUMN], columns=[*columns, [part] * len(lines)], lines=lines)
            last = piece.lines[-1] if piece.lines else 0
            left -= len(piece.lines)
            if options.limit and left <= 0:
                break
        begin += last


def stream_file(file: Path, options: table.TableOptions) -> Iterator[CsvTable]:
    """A file in pieces, without rows that repeat the names of the columns."""
    if find_suffix(file) in records.SUFFIXES:
        yield from records.stream_records(file, nests=table.find_nesting(options), decimal=options.decimal)
        return
    given = {name: getattr(options, name) for name in READING}
    head = csv_reader.read_csv(file, limit=HEAD, header=options.header, **given)
    for piece in csv_stream.stream_csv(file, named=head.named, **given):
        again = [row for row, cell in enumerate(piece.columns[0]) if cell == piece.names[0]]
        if head.named and any([column[row] for column in piece.columns] == piece.names for row in again):
            keep = [row not in again for row in range(len(piece.lines))]
            piece = select(piece, keep)
        yield piece


def select(piece: CsvTable, keep: Sequence[bool]) -> CsvTable:
    """Those rows of ``piece`` that are to ``keep``."""
    columns = [list(itertools.compress(column, keep)) for column in piece.columns]
    return replace(piece, columns=columns, lines=list(itertools.compress(piece.lines, keep)))


def cut(piece: CsvTable, rows: int) -> CsvTable:
    """The first ``rows`` of ``piece``."""
    return replace(piece, columns=[column[:rows] for column in piece.columns], lines=piece.lines[:rows])


@dataclass
class RowSampler:
    """Chooses rows while a table passes.

    Attributes:
        target: the column of which rows of each word are taken, by its place.
        every: of how many rows one is taken, whatever is in it; these are ``spread``.
        pinned: rows with a word or an odd cell unlike any before; ``answered`` are some of each class.
    """

    names: list[str]
    target: int
    rows: int = 0
    characters: int = 0
    every: int = 1
    pinned: dict[int, tuple[int, list[str]]] = field(default_factory=dict)
    spread: dict[int, tuple[int, list[str]]] = field(default_factory=dict)
    answered: dict[int, tuple[int, list[str]]] = field(default_factory=dict)
    last: deque[tuple[int, int, list[str]]] = field(default_factory=lambda: deque(maxlen=EDGE))
    words: list[set[str] | None] = field(default_factory=list)
    odd: list[set[str]] = field(default_factory=list)
    classes: Counter[str] = field(default_factory=Counter)

    def add(self, piece: CsvTable) -> None:
        """Look at the next rows."""
        count = len(piece.lines)
        self.words = self.words or [set() for _ in self.names]
        self.odd = self.odd or [set() for _ in self.names]

        def row(at: int) -> tuple[int, list[str]]:
            return piece.lines[at], [column[at] for column in piece.columns]

        wanted = set(range(max(0, min(count, EDGE - self.rows))))
        for place, cells in enumerate(piece.columns):
            wanted |= self._find_new(place, cells)
        self.characters += sum(sum(map(len, column)) for column in piece.columns)
        longest = CHARACTERS * (self.rows + count) // max(1, self.characters)
        room = max(EDGE, min(CELLS // len(self.names), longest))
        for at in wanted:
            if len(self.pinned) < room or at + self.rows < EDGE:
                self.pinned[self.rows + at] = row(at)
        for at in self._find_classes(piece.columns[self.target]):
            if len(self.answered) < room:
                self.answered[self.rows + at] = row(at)
        for at in range(-self.rows % self.every, count, self.every):
            self.spread[self.rows + at] = row(at)
        while len(self.spread) > room:
            self.every *= 2
            self.spread = {at: one for at, one in self.spread.items() if at % self.every == 0}
        for at in range(max(0, count - EDGE), count):
            self.last.append((self.rows + at, *row(at)))
        self.rows += count

    def _find_new(self, place: int, cells: list[str]) -> set[int]:
        """Rows of a piece with a cell in the column at ``place`` unlike any before."""
        found = set[int]()
        words, odd = self.words[place], self.odd[place]
        if words is not None:
            fresh = set(cells) - words
        elif len(odd) > MAX_WORDS:
            return found
        else:
            try:
                list(map(float, cells))
                return found
            except ValueError:
                fresh = {cell for cell in set(cells) if not is_number(cell)} - odd
        for cell in sorted(fresh)[: MAX_WORDS + 1]:
            found.add(cells.index(cell))
        if words is None:
            odd |= fresh
        else:
            words |= fresh
            if len(words) > MAX_WORDS:
                self.words[place] = None  # too many for categories; what is no number is still looked for
                odd |= {cell for cell in words if not is_number(cell)}
        return found

    def _find_classes(self, cells: list[str]) -> list[int]:
        """Rows of a piece with a class of which there are not enough yet."""
        found = []
        for row, cell in enumerate(cells) if len(self.classes) <= MAX_CLASSES else ():
            if self.classes[cell] < OF_CLASS:
                self.classes[cell] += 1
                found.append(row)
        return found

    def finish(self, file: Path, named: bool, notes: list[str]) -> TableSample:
        """The rows chosen, in their order."""
        chosen = {**self.spread, **self.pinned, **self.answered, **{at: (line, cells) for at, line, cells in self.last}}
        order = sorted(chosen)
        columns = [[chosen[at][1][place] for at in order] for place in range(len(self.names))]
        lines = [chosen[at][0] for at in order]
        return TableSample(CsvTable(file, self.names, columns, lines, named, notes, self.rows), self.rows)


def sample_table(place: Path, options: table.TableOptions) -> TableSample:
    """Sample the table ``place``; its cells are text yet, so that other options read them again."""
    files = find_parts(place).values()
    version = tuple((file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    kept = {name: value for name, value in asdict(options).items() if name in (*READING, *CHOOSING)}
    found = _sample(place, version, tuple(kept.items()))
    return replace(found, table=replace(found.table, notes=list(found.table.notes)))


@functools.lru_cache(maxsize=1)  # a table is looked at right before it is read
def _sample(place: Path, version: tuple[tuple[int, int], ...], kept: tuple[tuple[str, object], ...]) -> TableSample:
    options = table.TableOptions(**dict(kept))  # type: ignore[arg-type]
    size = sum(find_size(file) for file in find_parts(place).values())
    sampler: RowSampler | None = None
    notes: list[str] = []
    seen, named = 0, True
    for piece in stream_table(place, options):
        if sampler is None:
            target = next((at for at, name in enumerate(piece.names) if name == options.target), len(piece.names) - 1)
            sampler, named, notes = RowSampler(list(piece.names), target), piece.named, piece.notes
        sampler.add(piece)
        first = sum(len(column[0]) + 1 for column in piece.columns) if piece.lines else 1
        seen += first * len(piece.lines)
        tell(f"looking through {place.name}", seen / max(1, size))
    assert sampler is not None
    return sampler.finish(place, named, list(notes))
