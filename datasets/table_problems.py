"""What may be wrong with the columns of a table, each with the options that settle it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from descend.datasets.columns import MAX_WORDS, PROSE, Column, ColumnFinder, check_finite
from descend.datasets.csv_reader import CsvTable, shorten_cell
from descend.datasets.data_shape import format_count
from descend.datasets.date_forms import parse_date
from descend.datasets.date_parts import DAY_FIRST, decide_order, parse_dates
from descend.datasets.forms import GROUPED, MONTH
from descend.datasets.identifiers import explain_identifier
from descend.datasets.labels import are_lists
from descend.datasets.leaks import find_leaks
from descend.datasets.number_signs import MINUSES
from descend.datasets.order import find_lookalikes
from descend.datasets.split_files import COLUMN
from descend.datasets.target import decide_task, find_targets
from descend.engine.base.errors import DescendError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from descend.datasets.table import TableOptions

FEW = 4
"""Words among numbers that are taken for marks of missing values."""
TARGETS = ("target", "label", "class", "y", "outcome", "result", "response", "churned", "churn", "survived", "price")
"""What columns to predict are called."""
COMPACT = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
"""A date in eight digits."""
YEAR = re.compile(rf"\b(19|20)\d\d\b.*\d|\d.*\b(19|20)\d\d\b|\b{MONTH}\b.*\d|\d.*\b{MONTH}\b", re.IGNORECASE)
DATED = 0.9
"""Share of the words of a column that are dates if it is one of dates."""


@dataclass(frozen=True)
class Problem:
    """What may be wrong with a table.

    Attributes:
        sentence: what it is.
        options: those that settle it; none where the file has to be mended.
        stops: whether the table is refused until then.
    """

    sentence: str
    options: Mapping[str, str]
    stops: bool = False


def find_written(columns: Sequence[Column], options: TableOptions, file: str) -> Iterator[Problem]:
    """Numbers that are written with other marks than a plain point, a problem for each mark; where two columns need
    different ones, one of them has to be left out."""
    find = ColumnFinder(columns, file)
    ignored = {find(name) for name in options.ignore}
    left = [column for column in columns if column not in ignored]
    pointed = [column for column in left if column.numeric and has_points(column)]
    decimal, thousands = options.decimal, options.thousands
    for column in sorted(left, key=lambda column: column.form != "grouped"):
        if column.form not in ("grouped", "comma"):
            continue
        mark, point = column.writing
        point = {",": ".", ".": ",", "": ","}.get(mark, point) or decimal
        how, rest = "groups the digits of its numbers" if mark else "has numbers with a comma", ""
        said = {"thousands": mark} if mark != thousands and mark else {}
        said |= {"decimal": point} if point != decimal else {}
        other = pointed if point == "," else decimal == ","
        if other or (mark and thousands not in ("", mark)) or point == thousands:
            said = {"ignore": column.option_name}
            rest = ", and other columns are written in another way; mend the file to keep both"
        decimal, thousands = said.get("decimal", decimal), said.get("thousands", thousands)
        if said:
            said_as = f"as '{shorten_cell(column.cells[column.first_odd])}'"
            yield Problem(f"{quote(column)} {how}, {said_as}{rest}.", said, stops=True)


def has_points(column: Column) -> bool:
    """Whether a point is the decimal mark of ``column``, and does not group digits."""
    return any("." in cell and not GROUPED.fullmatch(cell) for cell in column.cells)


def find_signs(columns: Sequence[Column], options: TableOptions, file: str) -> Iterator[Problem]:
    """Numbers with a sign next to them that can be left out, a problem for each column."""
    find = ColumnFinder(columns, file)
    ignored, codes = ({find(name) for name in names} for names in (options.ignore, options.categories))
    for column in columns:
        if column in ignored or column in codes or column.name == options.text or not column.one_sign:
            continue
        if column.form in ("unit", "minus") or (column.form == "words" and column.free_text):
            said = f"{quote(column)} has signs next to its numbers, as {column.quantity}"
            yield Problem(f"{said}; only the numbers are read.", {"signs": column.one_sign}, stops=True)


def quote(column: Column) -> str:
    """How a sentence on ``column`` begins."""
    return f"Column '{shorten_cell(column.name)}'"


def choose_target(columns: Sequence[Column], options: TableOptions, cells: CsvTable, file: str) -> Column | None:
    """The column to predict, the first if there are several: as told, else the last that can be.

    Raises:
        UsageError: there is no such column.
    """
    find = ColumnFinder(columns, file)
    if wanted := find_targets(columns, options.target, find):
        return wanted[0]
    out = {find(name) for name in (*options.ignore, options.group, options.time, options.split, options.text) if name}
    left = [column for column in columns if column not in out and column.name != COLUMN]
    if not left:
        return None
    if can_be_target(left[-1]):
        return left[-1]
    named = [column for name in TARGETS for column in left if column.name.lower() == name]
    return next((column for column in (*named, *reversed(left)) if can_be_target(column)), left[-1])


def can_be_target(column: Column) -> bool:
    """Whether ``column`` can be what is predicted."""
    if are_lists(column):
        return True
    if column.hopeless or explain_identifier(column, target=True) or len(set(column.cells)) < 2:
        return False
    return column.numeric or (column.form == "words" and not column.free_text)


def find_problems(
    columns: Sequence[Column], target: Column | None, options: TableOptions, cells: CsvTable, file: str
) -> list[Problem]:
    """All that may be wrong when ``target`` is predicted from the other ``columns``."""
    find = ColumnFinder(columns, file)
    targets = find_targets(columns, options.target, find) or ([target] if target is not None else [])
    found: list[Problem] = []
    last = [column for column in columns if column.name != COLUMN][-1]
    if target is not None and not options.target and target is not last:
        found.append(Problem(f"{quote(last)} is the last, and no column to predict.", {"target": target.option_name}))
    classified = False
    if targets:
        try:
            classified = decide_task(targets, options.task, file, []) == "classification"
        except (DescendError, UsageError) as error:
            found.append(Problem(str(error), {}, stops=True))
    splitting = {find(name) for name in (options.group, options.time, options.split) if name}
    ignored, codes = ({find(name) for name in names} for names in (options.ignore, options.categories))
    if options.text:
        features = [find(options.text)]
    else:
        out = {*splitting, *ignored, *targets}
        features = [column for column in columns if column not in out and column.name != COLUMN]
    learned: list[Column] = []
    for column in features if not options.text else []:
        problem = judge_feature(column, options, file, coded=column in codes)
        if problem is not None:
            found.append(problem)
        if problem is None or "ignore" not in problem.options:
            learned.append(column)
    if classified and (alike := find_lookalikes(targets[0].words)):
        found.append(Problem(f"{quote(targets[0])}, the target: {alike}.", {} if options.case else {"case": "fold"}))
    found += find_leaking(learned, targets, classified, options)
    found += find_gaps([column for column in learned if not dropped(column, found)], targets, options)
    return found


def dropped(column: Column, found: Sequence[Problem]) -> bool:
    """Whether a problem that was ``found`` leaves ``column`` out."""
    return any(column.option_name in problem.options.get("ignore", "").split(",") for problem in found)


def judge_feature(column: Column, options: TableOptions, file: str, coded: bool) -> Problem | None:
    """What is wrong with a column to learn from, the worst of it; ``coded`` if it is said to hold categories."""
    name, leave = quote(column), {"ignore": column.option_name}
    if column.empty:
        return Problem(f"{name} has no values.", leave, stops=True)
    if not options.dates and column.form == "dates":
        return judge_dates(column, file)
    if options.dates and column.form == "dates":
        return None
    if len({cell for cell in column.cells if cell}) == 1 and not column.missing.any():
        return Problem(f"{name} has the same value in every row, '{shorten_cell(column.cells[0])}'.", leave)
    if column.form == "point":
        first = shorten_cell(column.cells[column.first_odd])
        said = f"{name} has numbers with a point, as '{first}', and others have a comma; mend the file to keep both."
        return Problem(said, leave, stops=True)
    if not coded and column.quantity and (column.form in ("unit", "minus") or column.free_text):
        units = set(column.signs) - MINUSES
        several = f", in {len(units)} units" if len(units) > 1 else ""
        said = f"{name} has more than numbers in its cells, as {column.quantity}{several}; mend the file to keep it."
        return Problem(said, leave, stops=True)
    if why := explain_identifier(column):
        return Problem(f"{name} {why}, as identifiers do.", leave, stops=not column.numeric and column.free_text)
    if coded:
        return None
    if column.numeric:
        return judge_numbers(column, file)
    if column.form == "mixed":
        return judge_mixed(column)
    if column.free_text:
        texts = f"; text={column.option_name} learns from it alone" if column.blanks >= PROSE else ""
        words = f"{column.least}{len(column.words):,} unique words, too many for categories{texts}"
        return Problem(f"{name} has {words}.", leave, stops=True)
    if are_dates(column.words):
        return Problem(f"{name} has dates that would be categories, as '{shorten_cell(column.words[0])}'.", leave)
    if alike := find_lookalikes(column.words):
        return Problem(f"{name}: {alike}.", {} if options.case else {"case": "fold"})
    if kept := column.words_kept:
        listed = ", ".join(f"'{shorten_cell(word)}' in {format_count(n, 'row')}" for word, n in kept.items())
        return Problem(f"{name} has {listed}, which would be a category.", {"gaps": ",".join(kept)})
    return None


def judge_dates(column: Column, file: str) -> Problem:
    """What to do with a column of dates."""
    first = shorten_cell(
        next(cell for cell, gone in zip(column.cells, column.missing.tolist(), strict=True) if not gone)
    )
    said = f"{quote(column)} holds dates, as '{first}'"
    try:
        day_first = decide_order(column, "", file)
    except UsageError:
        return Problem(
            f"{said}, with day and month in either order; dates=month-first if the month is first, dates=drop without.",
            {"dates": DAY_FIRST},
            stops=True,
        )
    try:
        parse_dates(column, day_first, file)
    except DescendError as error:
        return Problem(str(error), {"ignore": column.option_name}, stops=True)
    return Problem(f"{said}; dates=drop leaves all of them out.", {"dates": "parts"}, stops=True)


def judge_numbers(column: Column, file: str) -> Problem | None:
    """What is wrong with a column of numbers."""
    try:
        check_finite(column, file)
    except DescendError as error:
        return Problem(str(error), {"ignore": column.option_name}, stops=True)
    there = [cell for cell, gone in zip(column.cells, column.missing.tolist(), strict=True) if not gone]
    if all(map(COMPACT.fullmatch, there)):
        return Problem(
            f"{quote(column)} has dates that would be numbers, as '{there[0]}'; written as "
            f"{there[0][:4]}-{there[0][4:6]}-{there[0][6:]} they could become year, month and so on.",
            {"ignore": column.option_name},
        )
    if column.coded is not None:
        said = f"{quote(column)} has codes that would be numbers, as '{shorten_cell(column.cells[column.coded])}'"
        if len(column.words) > MAX_WORDS:
            return Problem(f"{said}, and too many for categories.", {"ignore": column.option_name})
        return Problem(f"{said}.", {"categories": column.option_name})
    return None


def judge_mixed(column: Column) -> Problem:
    """What is wrong with a column that has words among its numbers."""
    wrong = Counter(column.cells[row] for row in column.wrong.tolist())
    listed = ", ".join(f"'{shorten_cell(word)}' in {format_count(n, 'row')}" for word, n in wrong.most_common(FEW))
    more = f" and {len(wrong) - FEW} more" if len(wrong) > FEW else ""
    said = f"{quote(column)} holds numbers, but {listed}{more}"
    if len(wrong) <= FEW and not any(set(word) & set(",&%") for word in wrong):
        return Problem(f"{said}; that counts as missing, if it is no code.", {"gaps": ",".join(wrong)}, stops=True)
    return Problem(f"{said}; mend the file to keep it.", {"ignore": column.option_name}, stops=True)


def are_dates(words: Sequence[str]) -> bool:
    """Whether most ``words`` are dates, each with a year, or the name of a month and a number."""
    marked = [word for word in words if YEAR.search(word)]
    if len(words) < 2 or len(marked) < DATED * len(words):
        return False
    return sum((parse_date(word, False) or parse_date(word, True)) is not None for word in marked) >= DATED * len(words)


def find_leaking(
    features: Sequence[Column], targets: Sequence[Column], classified: bool, options: TableOptions
) -> list[Problem]:
    """Columns that give the target away."""
    import numpy as np

    if len(targets) != 1:
        return []
    target = targets[0]
    keep = ~target.missing
    y: NDArray[Any]
    if classified:
        cells = [cell for cell, kept in zip(target.cells, keep.tolist(), strict=True) if kept]
        y = np.unique(np.array(cells, object).astype(str), return_inverse=True)[1]
    elif target.numeric:
        y = target.numbers[keep]
    else:
        return []
    return [
        Problem(
            f"{quote(leak.column)} {leak.how}. If it is known only afterwards, it is a leak, and "
            f"ignore={leak.column.option_name} leaves it out; a good column may do so, too: that is yours to decide.",
            {},
        )
        if leak.near
        else Problem(
            f"{quote(leak.column)} {leak.how}: a leak, if it is known only afterwards; if it is known before, keep it, "
            "which is yours to decide.",
            {"ignore": leak.column.option_name},
        )
        for leak in find_leaks(features, keep, y, "classification" if classified else "regression")
    ]


def find_gaps(features: Sequence[Column], targets: Sequence[Column], options: TableOptions) -> list[Problem]:
    """Missing values, all in one sentence."""
    import numpy as np

    if options.missing != "error":
        return []
    gaps = {column.name: int(column.missing.sum()) for column in features if column.missing.any()}
    if options.empty:  # an empty cell says that there is no label
        targets = []
    lacking = {column.name: int(column.missing.sum()) for column in targets if column.missing.any()}
    if not gaps and not lacking:
        return []
    found = {**gaps, **lacking}
    listed = ", ".join(f"'{shorten_cell(name)}' {count:,}" for name, count in list(found.items())[:8])
    more = f" and {len(found) - 8} more columns" if len(found) > 8 else ""
    rows = int(np.any([column.missing for column in (*features, *targets)], axis=0).sum())
    other = f"missing=drop leaves {format_count(rows, 'row')} out instead" if gaps else "such rows are left out"
    if lacking and options.task == "labels":
        other += "; empty=none instead takes an empty cell as no label"
    sampled = " in the sample" if any(column.sampled for column in (*features, *targets)) else ""
    return [
        Problem(
            f"{format_count(sum(found.values()), 'value')} missing{sampled}: {listed}{more}; {other}.",
            {"missing": "mean" if gaps else "drop"},
            stops=True,
        )
    ]
