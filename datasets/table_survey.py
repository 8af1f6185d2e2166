"""A look at a table before it is learned from: its columns, all its problems at once, and the options that settle
them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

from descend.datasets import table, table_problems
from descend.datasets.columns import Column, ColumnFinder
from descend.datasets.csv_reader import CsvTable, shorten_cell
from descend.datasets.dataset import WARNING
from descend.datasets.odd_rows import find_samples
from descend.datasets.options import join_address, parse_options
from descend.datasets.table_problems import Problem
from descend.engine.base.errors import DescendError

SHOWN = 3
"""Words of a column that are listed."""
ROUNDS = 3
NAMING = ("group", "time", "split", "text")
"""Options that name a column; those of `LISTS` may name several."""
LISTS = ("ignore", "gaps", "values", "categories", "signs")
"""Options that hold several."""
FORMS = {"dates": "dates", "grouped": "numbers, grouped", "comma": "numbers, with a comma", "unit": "numbers and units"}


@dataclass(frozen=True)
class ColumnSummary:
    """A column as it is in the file.

    Attributes:
        option: what an option calls it.
        kind: numbers, words, text, dates, empty, or numbers in some form.
        missing, unique: values that lack, and unique ones.
        holds: its range, or some of its words.
    """

    name: str
    option: str
    kind: str
    missing: int
    unique: int
    holds: str


@dataclass(frozen=True)
class Survey:
    """What was found in a table.

    Attributes:
        rows: how many it has.
        target: the column that is, or would be, predicted.
        given, settled: the options that were given; and with those that settle the problems.
        sound: whether it is read with the settled options.
        images: whether it names images.
        seen: in how many rows that was found, if not in all; else 0.
    """

    path: str
    rows: int
    columns: tuple[ColumnSummary, ...]
    target: str
    problems: tuple[Problem, ...]
    given: Mapping[str, str]
    settled: Mapping[str, str]
    sound: bool
    images: bool = False
    seen: int = 0

    @property
    def address(self) -> str:
        """The data with the options that settle its problems."""
        return join_address(self.path, dict(self.settled))


def survey_table(place: Path, path: str, given: Mapping[str, str], read: CsvTable | None = None) -> Survey:
    """Look at the table ``place``, called ``path``, read with the options ``given``.

    Raises:
        DescendError: its cells cannot be read.
        UsageError: an option is none of a table.
    """
    options = parse_options(table.TableOptions, given, "a table")
    cells = read or table.read_parts_or_cells(place, options)
    settled = dict(given)
    problems = drop_unknown(table.make_columns(cells, options), settled, place.name)
    summaries: tuple[ColumnSummary, ...] = ()
    target: Column | None = None
    for _ in range(ROUNDS):  # as what was hidden shows once another problem is settled
        columns, found = look(cells, settled, place.name)
        summaries = summaries or tuple(map(summarise, columns))
        options = parse_options(table.TableOptions, settled, "a table")
        try:
            target = table_problems.choose_target(columns, options, cells, place.name)
            found += table_problems.find_problems(columns, target, options, cells, place.name)
        except DescendError as error:
            found.append(Problem(str(error), {}, stops=True))
        known = {problem.sentence for problem in problems}
        new = [problem for problem in found if problem.sentence not in known]
        problems += new
        for problem in new:
            settle(settled, problem.options)
        if not any(problem.options for problem in new):
            break
    if problems and target is not None and "target" not in settled:
        settled = {"target": target.option_name, **settled}
    sound = True
    try:
        final = parse_options(table.TableOptions, settled, "a table")
        table.make_dataset(replace(copy(cells), notes=[]), place.name, place.name, final)
    except DescendError as error:
        sound = False
        if not any(problem.sentence == str(error) for problem in problems):
            problems.append(Problem(str(error), {}, stops=True))
    named = target.name if target is not None else ""
    rows, seen = (cells.of, len(cells.lines)) if cells.of else (len(cells.lines), 0)
    return Survey(path, rows, summaries, named, tuple(problems), dict(given), settled, sound, seen=seen)


def drop_unknown(columns: list[Column], settled: dict[str, str], file: str) -> list[Problem]:
    """Take options out of ``settled`` that name columns that are not there, and say so."""
    find, problems = ColumnFinder(columns, file), list[Problem]()
    for option in (*NAMING, "target", "ignore", "categories"):
        value = settled.get(option, "")
        names = [value] if option in NAMING or value in find.named else value.split(",")
        for name in filter(None, map(str.strip, names)):
            try:
                find(name)
            except DescendError as error:
                problems.append(Problem(f"{option}={name}: {error}", {}, stops=True))
                names = [other for other in names if other.strip() != name]
        settled[option] = ",".join(names)
        if not settled[option]:
            del settled[option]
    return problems


def look(cells: CsvTable, settled: dict[str, str], file: str) -> tuple[list[Column], list[Problem]]:
    """The columns as those options read them that are ``settled``, to which what is found here is added, and that."""
    options = parse_options(table.TableOptions, settled, "a table")
    found: list[Problem] = []
    for look_for in (table_problems.find_signs, table_problems.find_written):
        found += (new := list(look_for(table.make_columns(cells, options), options, file)))
        for problem in new:
            settle(settled, problem.options)
        options = parse_options(table.TableOptions, settled, "a table")
    columns, more = drop_totals(table.make_columns(cells, options), options, file, cells.named)
    for problem in more:
        settle(settled, problem.options)
    return columns, found + more


def settle(settled: dict[str, str], more: Mapping[str, str]) -> None:
    """Add options to those that are ``settled``; of those that hold several, each once."""
    for name, value in more.items():
        if name in LISTS and settled.get(name):
            known = settled[name].split(",")
            value = ",".join([*known, *(one for one in value.split(",") if one not in known)])
        settled[name] = value


def drop_totals(
    columns: list[Column], options: table.TableOptions, file: str, named: bool
) -> tuple[list[Column], list[Problem]]:
    """The columns without rows that are no samples, and what there is to say of such."""
    if not columns[0].lines:
        return columns, []
    units = options.units or ("" if named else "no")
    notes: list[str] = []
    problems = []
    try:
        sound = find_samples(columns, units, options.totals, file, notes)
    except DescendError as error:
        problems.append(Problem(str(error), {"totals": "drop"}, stops=True))
        sound = find_samples(columns, units, "drop", file, notes)
    else:
        said = [note.removeprefix(WARNING) for note in notes if note.startswith(WARNING)]
        if not options.totals:
            problems += [Problem(note[:1].upper() + note[1:], {"totals": "drop"}) for note in said]
    lines = list(itertools.compress(columns[0].lines, sound))
    return [replace(c, cells=list(itertools.compress(c.cells, sound)), lines=lines) for c in columns], problems


def summarise(column: Column) -> ColumnSummary:
    """What ``column`` holds."""
    missing = int(column.missing.sum())
    different = len(set(itertools.compress(column.cells, (~column.missing).tolist())))
    if column.empty:
        return ColumnSummary(column.name, column.option_name, "empty", missing, 0, "")
    if column.numeric:
        found = column.numbers[~column.missing]
        low, high = (f"{value:.6g}" for value in (found.min(), found.max()))
        holds = low if low == high else f"{low} … {high}"
        return ColumnSummary(column.name, column.option_name, "numbers", missing, different, holds)
    if column.form in ("words", "mixed", "numbers"):
        kind = "numbers and words" if column.form == "mixed" else "text" if column.free_text else "words"
    else:
        kind = FORMS.get(column.form, "numbers, in another form")
    return ColumnSummary(column.name, column.option_name, kind, missing, different, list_words(column))


def list_words(column: Column) -> str:
    """The first words of ``column``, and how many more there are."""
    words: Sequence[str] = column.words
    more = f" and {len(words) - SHOWN:,} more" if len(words) > SHOWN else ""
    return ", ".join(f"'{shorten_cell(word)}'" for word in words[:SHOWN]) + more
