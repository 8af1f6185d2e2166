"""What the text of a column means: numbers, words, missing values; and numbers made of it."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from descend.datasets.csv_reader import shorten_cell
from descend.datasets.forms import (
    FORMS,
    NUMBERLIKE,
    UNREAD,
    WORDS,
    find_missing,
    find_writing,
    is_number,
    is_value,
)
from descend.datasets.lines import MARKS
from descend.datasets.number_signs import MINUSES, split_signs
from descend.engine.base.errors import DescendError, UsageError, suggest_nearest
from descend.engine.base.sanitize import clean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_WORDS = 100
"""Unique words that a column of categories can have."""
SUGGESTED = 2000
"""Names that one that is not there is compared with."""
SAMPLE = 200
"""Cells by which it is decided how all are written."""
PROSE = 2
"""Blanks that texts to learn from have at least, on the average."""
FEW_WORDS = 20
"""So many are fine even if nearly every row has its own."""

LONG = re.compile(r"[+-]?\d{16,}")
"""Whole numbers that a 64-bit float may not hold."""
ZEROS = re.compile(r"0\d+")
"""Digits as codes have them and numbers not."""
EXPONENT = re.compile(r"\d+[eE]\d+")


@dataclass(frozen=True, eq=False)
class Column:
    """A column's text.

    Attributes:
        name: its name.
        cells: stripped text, one a row.
        lines: line of the file where each row begins.
        decimal: the decimal mark of its numbers.
        thousands: the mark between groups of digits, "" for none.
        place: its number in the file, from 1.
        gaps: what marks a missing value, besides what does in every table.
        values: words, in lower case, that are values whatever they stand for elsewhere; "all" for each.
        sampled: whether its rows are a sample of those that there are.
    """

    name: str
    cells: Sequence[str]
    lines: Sequence[int]
    decimal: str = "."
    thousands: str = ""
    place: int = 1
    gaps: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    sampled: bool = False

    @property
    def least(self) -> str:
        """What a sentence says before a number of its unique words."""
        return "at least " if self.sampled else ""

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """Which rows lack a value, (rows,)."""
        import numpy as np

        if self.all_numbers is not None:
            return np.isnan(self.all_numbers)
        gone = find_missing(self.cells, self.gaps, self.values)
        return np.array([cell in gone for cell in self.cells], bool)

    @cached_property
    def all_numbers(self) -> NDArray[np.float64] | None:
        """The cells as numbers if each is one, or "nan", in the usual form; else None. Most columns are, and this is
        fast."""
        import numpy as np

        if self.thousands or self.decimal != "." or any("_" in cell for cell in self.cells):
            return None  # Python reads 1_000 as a number
        if not self.gaps.isdisjoint(self.cells):
            return None
        try:
            found = np.array(list(map(float, self.cells)), np.float64)
        except ValueError:
            return None
        return None if self.values and np.isnan(found).any() else found

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """The cells as numbers, (rows,); NaN where a value is missing or not a number, see `wrong`."""
        import numpy as np

        if self.all_numbers is not None:
            return self.all_numbers
        values = []
        for cell in self.cells:
            if cell in self.gaps:
                cell = ""
            if self.thousands and self.thousands in cell:
                cell = cell.replace(self.thousands, "") if self.grouping.fullmatch(cell) else ""
            if self.decimal != ".":
                cell = cell.replace(".", "_").replace(self.decimal, ".")
            try:
                values.append(float(cell) if "_" not in cell else np.nan)
            except ValueError:
                values.append(np.nan)
        return np.array(values, np.float64)

    @cached_property
    def grouping(self) -> re.Pattern[str]:
        """Numbers whose digits the mark groups in threes, or above those in twos."""
        mark, point = re.escape(self.thousands), re.escape(self.decimal)
        return re.compile(rf"[+-]?\d{{1,3}}({mark}\d{{2,3}})*{mark}\d{{3}}({point}\d*)?")

    @cached_property
    def wrong(self) -> NDArray[np.intp]:
        """Rows whose cell is neither a number nor missing."""
        import numpy as np

        if self.all_numbers is not None:
            return np.empty(0, np.intp)
        return np.flatnonzero(np.isnan(self.numbers) & ~self.missing)

    @cached_property
    def words(self) -> list[str]:
        """The unique values in order: of numbers if they are, else of the alphabet."""
        found = {cell for cell, missing in zip(self.cells, self.missing.tolist(), strict=True) if not missing}
        return sorted(found, key=lambda word: (0, float(word), word) if is_number(word) else (1, 0.0, word))

    @cached_property
    def empty(self) -> bool:
        """Whether it lacks every value."""
        return bool(self.missing.all())

    @cached_property
    def numeric(self) -> bool:
        """Whether all that is there are numbers, which 64-bit floats hold."""
        return not len(self.wrong) and not self.empty and self.inexact is None

    @cached_property
    def inexact(self) -> int | None:
        """The first row with a whole number that no 64-bit float holds, as identifiers are; None if there is none."""
        import numpy as np

        large = (np.abs(self.numbers) >= 2.0**53) & np.isfinite(self.numbers)
        for row in np.flatnonzero(large).tolist() if large.any() else ():
            cell = self.cells[row]
            if LONG.fullmatch(cell) and Decimal(cell) != Decimal(self.numbers[row]):  # int() takes 4,300 digits at most
                return row
        return None

    @cached_property
    def padded(self) -> int | None:
        """The first row with a number that begins with a superfluous zero, as in codes; None if there is none."""
        return next((row for row, cell in enumerate(self.cells) if cell[:1] == "0" and ZEROS.fullmatch(cell)), None)

    @cached_property
    def coded(self) -> int | None:
        """The first row with a number as codes are written, such as 007, or 1E5 among 100000; None if there is none."""
        if self.padded is not None or any("." in cell for cell in self.cells):
            return self.padded
        return next((row for row, cell in enumerate(self.cells) if EXPONENT.fullmatch(cell)), None)

    @cached_property
    def two_ways(self) -> tuple[str, str] | None:
        """Two cells that are the same number with a point, as versions 1.1 and 1.10; None if there are none."""
        texts = {cell for cell in self.cells if "." in cell} if self.numeric else set()
        if not 0 < len(texts) <= MAX_WORDS:
            return None
        seen: dict[tuple[float, bool], str] = {}  # with the sign: rounding leaves -0.0 beside 0.0
        for cell in sorted(filter(is_number, texts)):
            if (other := seen.setdefault((float(cell), cell.startswith("-")), cell)) != cell:
                return other, cell
        return None

    @cached_property
    def words_kept(self) -> dict[str, int]:
        """Words that stand for a missing value elsewhere and are values here, unless told so, and how often each is
        there."""
        if self.all_numbers is not None or self.empty:
            return {}
        most = max(self.counts.values())  # the commonest word is a category, whatever it means
        return {
            cell: n
            for cell, n in self.counts.items()
            if cell.lower() in WORDS and n < most and not is_value(cell, self.values)
        }

    @property
    def unless(self) -> str:
        """What to add to a sentence that says that it has no value, if it has words that could be some."""
        word = next((cell for cell in self.cells if cell and cell not in self.gaps), "")
        return f", or say values=all if words such as '{shorten_cell(word)}' are values" if word else ""

    def counts_rows(self) -> bool:
        """Whether it only numbers the rows, from 0 or 1."""
        import numpy as np

        first = self.numbers[0]
        return first in (0, 1) and self.numeric and np.array_equal(self.numbers, np.arange(len(self.cells)) + first)

    def names_rows(self) -> bool:
        """Whether it has a unique word in every row."""
        return len(self.words) == len(self.cells) > 0 and len(self.wrong) == len(self.cells)

    @property
    def unique(self) -> bool:
        """Whether it has a unique value in every row."""
        return len(set(self.cells)) == len(self.cells) and not self.missing.any()

    @property
    def free_text(self) -> bool:
        """Whether it has too many unique words to be categories."""
        sound = len(self.cells) - int(self.missing.sum())
        return len(self.words) > MAX_WORDS or len(self.words) > max(FEW_WORDS, sound / 2)

    @property
    def blanks(self) -> float:
        """Blanks in a cell, on the average."""
        return sum(cell.count(" ") for cell in self.cells) / len(self.cells)

    @property
    def option_name(self) -> str:
        """What an option calls it: its name, or its number if the name has a mark of its own meaning there."""
        plain = clean(self.name) == self.name and not set(self.name) & set(",&%")
        return self.name if plain else str(self.place)

    @cached_property
    def form(self) -> str:
        """What its cells hold: numbers, or else dates, point, grouped, comma, unit (of numbers in forms that are not
        read), mixed (numbers and some words) or words."""
        if self.numeric or self.empty:
            return "numbers"
        if all(is_value(self.cells[row], self.values) for row in self.wrong.tolist()):
            return "words"  # because someone said so, or because they are numbers that no float holds
        sound = len(self.cells) - int(self.missing.sum())
        sample = [self.cells[row] for row in self.wrong[:SAMPLE]]

        def mostly(form: re.Pattern[str]) -> bool:
            share = sum(form.fullmatch(cell) is not None for cell in sample) / len(sample)
            return len(self.wrong) * share + (sound - len(self.wrong)) >= 0.9 * sound and share > 0.5

        if mostly(FORMS["dates"]):
            return "dates"
        if any(self.writing):
            return "grouped" if self.writing[0] else "comma"
        for name in ("point", "unit", "minus"):
            if (name != "point" or self.decimal == ",") and mostly(FORMS[name]):
                return name
        return "mixed" if len(self.wrong) < 0.5 * sound else "words"

    @cached_property
    def writing(self) -> tuple[str, str]:
        """How its numbers are written, other than as they are read: see `find_writing`."""
        if not self._mostly(lambda cell: NUMBERLIKE.fullmatch(cell) is not None):
            return "", ""
        return find_writing(self.counts)

    @cached_property
    def signs(self) -> tuple[str, ...]:
        """The signs next to its numbers, if nine in ten of its cells are numbers; else ()."""
        if not self._mostly(lambda cell: split_signs(cell) is not None):
            return ()
        signs, numbers = dict[str, None](), 0
        for cell, count in self.counts.items():
            if found := split_signs(cell):
                numbers += count
                signs |= dict.fromkeys(found[1])
        return tuple(signs) if 10 * numbers >= 9 * self.counts.total() else ()

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each value is there."""
        return Counter(itertools.compress(self.cells, (~self.missing).tolist()))

    def _mostly(self, of: Callable[[str], bool]) -> bool:
        """Whether half of the first cells that are no numbers are ``of`` a kind."""
        sample = [self.cells[row] for row in self.wrong[:SAMPLE]]
        return bool(sample) and 2 * sum(map(of, sample)) >= len(sample)

    @property
    def one_sign(self) -> str:
        """What of `signs` to leave out to read its numbers, with commas between, if all have the same unit; else ""."""
        return ",".join(self.signs) if len(set(self.signs) - MINUSES) <= 1 else ""

    @property
    def hopeless(self) -> bool:
        """Whether no option makes numbers or categories of it, but for dates=."""
        wordy = self.form in ("unit", "minus") or (self.form == "words" and self.free_text)
        return self.empty or self.form == "dates" or (wordy and not self.one_sign)

    @property
    def quantity(self) -> str:
        """The first cell of a number with a unit or similar next to it, if nearly all cells are numbers or such; else
        ""."""
        if not self.signs and not self._mostly(lambda cell: UNREAD.fullmatch(cell) is not None):
            return ""
        row = next(row for row in self.wrong.tolist() if self.is_signed(self.cells[row]))
        return f"'{shorten_cell(self.cells[row])}' in line {self.lines[row]:,}"

    @property
    def advice(self) -> str:
        """What to do about that."""
        return f"say signs={self.one_sign.replace('%', '%25')} to read the numbers" if self.one_sign else "remove that"

    @staticmethod
    def is_signed(cell: str) -> bool:
        """Whether ``cell`` is a number with something next to it."""
        found = split_signs(cell)
        return bool(found[1]) if found else UNREAD.fullmatch(cell) is not None

    @property
    def first_odd(self) -> int:
        """The first row of one that its `form` is about."""
        if self.form == "grouped":
            mark = self.writing[0]
            found = (row for row, cell in enumerate(self.cells) if mark in cell and find_writing(Counter([cell]))[0])
            return next(found, int(self.wrong[0]))
        form = FORMS.get(self.form)
        wrong: list[int] = self.wrong.tolist()
        return next(row for row in wrong if form is None or form.fullmatch(self.cells[row]))

    def problem(self, file: str, out: str, codes: str) -> str:
        """The sentence on a column that seems to be numbers yet cannot be read as such; "" if it is one of words.

        Args:
            file: its name, for the sentence.
            out: the option that leaves it out.
            codes: the option that makes categories of it.
        """
        if self.form in ("numbers", "words"):
            return ""
        first = self.first_odd
        say = f"say signs={self.one_sign.replace('%', '%25')} to read them without, or " if self.one_sign else ""
        column = f"Column '{shorten_cell(self.name)}' of {file}"
        place = f"'{shorten_cell(self.cells[first])}' in line {self.lines[first]:,}"
        sentences = {
            "dates": f"holds dates or times, as {place}; say dates=parts to learn from year, month, weekday, hour and "
            f"days, dates=drop to leave all dates out, or {out}.",
            "unit": f"has a sign next to its numbers, as {place}; {say or 'remove it from the cells, or '}{out}.",
            "minus": f"has numbers below zero, as {place}; {say or 'write them with a plain -, as -12, or '}{out}.",
            "point": f"has numbers with a point, as {place}, against decimal=,; thousands=. if it groups digits.",
            "comma": f"has numbers with a comma, as {place}; say decimal=,.",
        }
        if self.form in sentences:
            return f"{column} {sentences[self.form]}"
        if self.form == "grouped":
            mark, point = self.writing
            asked = f"thousands={mark if mark.isprintable() and not mark.isspace() else quote(mark)}"
            if mark == "," and not point:
                asked += " (or decimal=, if that is what it is)"
            elif mark == "." or point == ",":
                asked += "&decimal=,"
            return f"{column} groups the digits of numbers, as {place}; say {asked}."
        if first == 0 and self.lines[0] == 1 and len(self.wrong) == 1:
            return f"{column} holds numbers, but {place}; fix it, or say skip=1 if that line is not data."
        alone = len(self.wrong) == 1 and self.lines[0] > 1
        out_of = {0: "units=yes if that line holds units", len(self.cells) - 1: "footer=1 if the table has ended there"}
        other = f", {out_of[first]}" if alone and first in out_of else ""
        if mark := next((mark for mark in MARKS if alone and self.cells[first].startswith(mark)), ""):
            other = f", comment={mark.replace('%', '%25')} if that line is a comment"
        word = shorten_cell(self.cells[first]).replace("%", "%25").replace("&", "%26")
        gap = "leave the cell empty" if "," in word else f"say gaps={word}"
        advice = f"{gap} if the value is missing{other}, or say {codes} for codes"
        return f"{column} holds numbers, but {place}; fix it, {advice}."


def check_finite(column: Column, file: str) -> None:
    """Raise DescendError if a number is infinite, or too large for the 32 bits that networks compute with."""
    import numpy as np

    with np.errstate(invalid="ignore"):
        large = np.flatnonzero(np.abs(column.numbers) > np.finfo(np.float32).max)
    if len(large):
        row = int(large[0])
        cell, line = shorten_cell(column.cells[row]), column.lines[row]
        raise DescendError(
            f"Column '{shorten_cell(column.name)}' of {file} has '{cell}' in line {line:,}, more than a 32-bit number "
            "can hold; fix it, or leave the cell empty if the value is missing."
        )


class ColumnFinder:
    """Finds the columns of ``file`` by their names, or their numbers, from 1, or from the end if negative."""

    def __init__(self, columns: Sequence[Column], file: str) -> None:
        self.columns, self.file = columns, file
        self.named = {column.name.lower(): column for column in reversed(columns)}
        self.named.update({column.name: column for column in columns})

    def __call__(self, name: str) -> Column:
        """The column called ``name``, whose capital letters may differ.

        Raises:
            UsageError: there is no such column.
        """
        if column := self.named.get(name) or self.named.get(name.lower()):
            return column
        if name.lstrip("-").isdecimal():
            place = int(name)
            if 0 < place <= len(self.columns) or 0 < -place <= len(self.columns):
                return self.columns[place - 1 if place > 0 else place]
            raise UsageError(f"{self.file} has no column {name}, only {len(self.columns)}.")
        guess = suggest_nearest(name, [column.name for column in self.columns[:SUGGESTED]])
        raise UsageError(f"{self.file} has no column '{name}'{guess or f', among {len(self.columns)}.'}")


def check_columns(
    columns: Sequence[Column],
    file: str,
    codes: Collection[str] = (),
    ignored: Sequence[str] = (),
    *,
    measured: bool = False,
) -> None:
    """Check that each of ``columns`` can be learned from; those named in ``codes`` are categories whatever they hold.

    Args:
        ignored: what is left out already; a sentence that says what else to leave out repeats it.
        measured: whether they are numbers even if no float holds them.

    Raises:
        DescendError: one lacks all its values, or is of dates, of numbers in a form that is not read, or of free text.
    """
    hopeless = [column for column in columns if column.hopeless and column.name not in codes]

    def leaving(*columns: Column) -> str:
        return f"ignore={','.join([*ignored, *dict.fromkeys(column.option_name for column in columns)])}"

    gone = [column.name for column in columns if column.empty]
    them = "what cannot be learned from" if len(hopeless) > max(1, len(gone)) else "it" if len(gone) == 1 else "them"
    if gone:
        unless = next((column.unless for column in columns if column.empty and column.unless), "")
        raise DescendError(
            f"{file} has no values in {quote_columns(gone)}; leave {them} out with {leaving(*hopeless)}{unless}."
        )

    def leave_out(column: Column) -> str:
        left = list(dict.fromkeys([*hopeless, column]))
        return f"leave {'the column' if len(left) == 1 else 'what cannot be learned from'} out with {leaving(*left)}"

    many = []
    for column in columns:
        if column.name in codes:
            if len(column.words) > MAX_WORDS:
                many.append(column)
        elif column.numeric or (measured and not len(column.wrong)):
            check_finite(column, file)
        elif sentence := column.problem(
            file, leave_out(column), f"categories={','.join([*codes, column.option_name])}"
        ):
            raise DescendError(sentence)
        elif column.free_text:
            many.append(column)
    if numbered := next((column for column in many if column.quantity), None):
        raise DescendError(
            f"Column '{shorten_cell(numbered.name)}' of {file} has more than numbers in its cells, as "
            f"{numbered.quantity}; {numbered.advice}, or leave the column out with "
            f"{leaving(numbered)}."
        )
    if many:
        wordy = max(many, key=lambda column: column.blanks)
        learned = f", or learn from texts alone with text={wordy.option_name}" if wordy.blanks >= PROSE else ""
        alike = ", unique in every row like an identifier" if all(column.unique for column in many) else ""
        listed = ", ".join(
            f"{column.least}{len(column.words):,} unique words in column '{shorten_cell(column.name)}'"
            for column in many
        )
        raise DescendError(
            f"{file} has {listed}, too many for categories{alike}; leave such columns out with "
            f"{leaving(*many)}{learned}."
        )


def quote_columns(names: Sequence[str]) -> str:
    """``column 'a'`` or ``columns 'a', 'b' and 3 more``."""
    listed = ", ".join(f"'{shorten_cell(name)}'" for name in names[:8])
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"column{'' if len(names) == 1 else 's'} {listed}{more}"
