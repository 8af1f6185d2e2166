"""Tables that are too large to be read at once: looked through, then made into numbers on disk piece by piece.

What the columns hold is decided by a sample that has every word and every odd cell (`table_sample`); all rows are then
prepared as new rows of a finished training are (`number_rows`), or texts are cut (`text_rows`). Main memory holds a
piece, the sample, and about 60 bytes for each row.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.datasets import table, table_cache
from descend.datasets.columns import Column, ColumnFinder
from descend.datasets.csv_reader import CsvTable
from descend.datasets.data_shape import format_count
from descend.datasets.dataset import WARNING, Dataset
from descend.datasets.date_parts import DAY_FIRST, MONTH_FIRST, decide_order, read_seconds
from descend.datasets.new_answers import AnswerReader
from descend.datasets.new_rows import make_column
from descend.datasets.number_rows import NumberRows
from descend.datasets.odd_rows import find_samples
from descend.datasets.preparation import prepare_dataset
from descend.datasets.reporting import tell
from descend.datasets.split_files import COLUMN
from descend.datasets.table_cache import KeptTable
from descend.datasets.table_sample import TableSample, find_parts, sample_table, select, stream_table
from descend.datasets.table_split import find_part, split_rows
from descend.datasets.text_rows import TextRows
from descend.engine.base.errors import DescendError
from descend.engine.base.units import format_size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALL = "all"
"""The file of all rows, before they are parted."""
READ = 0.9
"""Share of the time after which they are read."""
START = 8
"""Characters of texts that are looked at before all are read."""
SAID_OF_ALL = ("with missing values left out.", "get blanks in front.", "occur only in the test part.")
"""How sentences end that count rows or characters, and are said anew of all rows."""
Rows = NumberRows | TextRows


def read_streamed(place: Path, name: str, options: table.TableOptions) -> Dataset:
    """The table ``place`` as a dataset called ``name``, whose rows stay on disk.

    Raises:
        DescendError: it cannot be learned from, or there is no room for it.
    """
    folder = table_cache.name_folder(place, tuple(find_parts(place).values()), asdict(options))
    if (found := table_cache.load_table(folder, name)) is None:
        make_table(place, folder, options)
        found = table_cache.load_table(folder, name)
    if found is None:
        raise DescendError(f"{folder} cannot be read, where {place.name} was made into numbers; remove it.")
    return found


def make_table(place: Path, folder: Path, options: table.TableOptions) -> None:
    """Make the table ``place`` into numbers in ``folder``."""
    sample = sample_table(place, options)
    count = len(sample.table.lines)
    asked = options
    if options.text:  # how its texts are cut is decided by all of them, and so not yet
        asked = replace(options, tokens="", vocabulary=0, length=min(options.length or START, START))
    try:
        judged = table.make_dataset(sample.table, place.name, place.name, asked)
    except DescendError as error:
        said = str(error).removesuffix(".")
        raise DescendError(f"{said} (seen in {count:,} of its {sample.rows:,} rows).") from None
    given = asdict(options)
    rows: Rows = TextRows(judged.text, given) if judged.text else NumberRows(judged, given)
    size, meanwhile = rows.estimate(sample.rows, sample.table)
    tell(f"{place.name}: {sample.rows:,} rows become {format_size(size)} on disk", 0)
    new = table_cache.begin_table(folder, meanwhile, place.name)
    try:
        Maker(place, new, options, sample, judged, rows).make(folder)
    except OSError as error:
        raise DescendError(f"{new.parent} cannot be written to ({error.strerror}).") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)


@dataclass
class Maker:
    """Makes the rows of a table into numbers.

    Attributes:
        new: the folder they are written to.
        judged: the dataset that the sample alone would be, which says what the columns hold.
        rows: writes what is learned from.
    """

    place: Path
    new: Path
    options: table.TableOptions
    sample: TableSample
    judged: Dataset
    rows: Rows
    ways: dict[str, list[NDArray[Any]]] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)

    def make(self, folder: Path) -> None:
        """Write everything, and give it the name ``folder``."""
        import numpy as np

        y, left_out, answers = self._read()
        train, test, held = self._split(y)
        if not len(train) or not len(test):
            raise DescendError(f"{self.place.name} leaves no row to train on or none for the test.")
        tested = np.zeros(len(y), bool)
        tested[test] = True
        what = f"making {self.place.name} into numbers"
        known, said = self.rows.finish(self.new / ALL, tested, lambda share: tell(what, READ + (1 - READ) * share))
        (self.new / ALL).unlink()
        for key, part in (("train_y", y[train]), ("test_y", y[test])):
            np.save(self.new / f"{key}.npy", part)
        if held is not None and held.any():
            np.save(self.new / "train_held.npy", held)
        if "group" in self.ways:
            np.save(self.new / "train_group.npy", np.concatenate(self.ways["group"])[train])
        if "time" in self.ways:
            np.save(self.new / "train_times.npy", np.concatenate(self.ways["time"])[train])
        sampled = len(self.sample.table.lines)
        notes = [note for note in self.judged.notes if not note.endswith(SAID_OF_ALL)]
        if left_out:
            notes.append(f"{format_count(left_out, 'row')} of {self.sample.rows:,} with missing values left out.")
        notes.append(
            f"{self.place.name} stays on disk. What its columns hold was decided by {sampled:,} of "
            f"{self.sample.rows:,} rows, of which these sentences tell."
        )
        if self.rows.unseen:  # the sample had no room for them
            listed = ", ".join(self.rows.unseen)
            notes.append(f"{WARNING}not all words became categories, those left out count as missing: {listed}.")
        missing = {**self.rows.missing, **({answers.names[0]: answers.missing} if answers.missing else {})}
        kept = KeptTable(
            source=str(self.place),
            task=self.judged.task,
            classes=self.judged.classes,
            targets=self.judged.targets,
            label=self.judged.label,
            missing=missing,
            notes=(*notes, *said, *(said for said in answers.tell() if "no class" in said)),
            groups=tuple(self.groups),
            mark=self.judged.mark,
            inputs=dict(self.judged.inputs),
            **{"dates": self.judged.dates, **known},
        )
        table_cache.finish_table(self.new, folder, kept)

    def _read(self) -> tuple[NDArray[Any], int, AnswerReader]:
        """Write all rows to keep in the order of the file; returns what is to be predicted of them, how many are left
        out, and what read that."""
        import numpy as np

        answers, rows = AnswerReader(prepare_dataset(self.judged), asdict(self.options)), self.rows
        found = table.make_columns(self.sample.table, self.options)
        skipped = self._find_skipped(found)
        order = self._find_order(found)
        truth: list[NDArray[Any]] = []
        done = kept = 0
        with open(self.new / ALL, "wb") as target:
            for piece in stream_table(self.place, self.options):
                done += len(piece.lines)
                if skipped and not skipped.isdisjoint(piece.lines):
                    piece = select(piece, [line not in skipped for line in piece.lines])
                if not piece.lines:
                    continue
                labels, known = answers.read(piece)
                rows.read(piece)
                keep = known & ~rows.lacking if self.options.missing == "drop" else known
                rows.write(target, keep)
                truth.append(labels[keep])
                self._note_ways(piece, keep, order)
                kept += int(keep.sum())
                tell(f"making {self.place.name} into numbers", READ * done / self.sample.rows)
        if self.options.missing == "error" and (rows.missing or answers.missing):
            listed = ", ".join([*rows.missing, *(answers.names if answers.missing else ())][:8])
            raise DescendError(f"{self.place.name} lacks values in {listed}; say missing=drop, or missing=mean.")
        if not kept:
            raise DescendError(f"{self.place.name} has no row that can be learned from.")
        y = np.concatenate(truth)
        if not self.judged.classes:
            y = y[:, 0] if y.shape[1] == 1 else y
        return y, done - len(skipped) - kept, answers

    def _find_skipped(self, columns: list[Column]) -> set[int]:
        """Lines of rows that are no samples: of units, or of totals."""
        units = self.options.units or ("" if self.sample.table.named else "no")
        sound = find_samples(columns, units, self.options.totals, self.place.name, [])
        return {line for line, is_sample in zip(columns[0].lines, sound.tolist(), strict=True) if not is_sample}

    def _find_order(self, columns: list[Column]) -> str:
        """Which of day and month is first in the column of times."""
        column = next((column for column in columns if column.name == self._find_name(self.options.time)), None)
        if column is None or not len(column.wrong):
            return ""
        return DAY_FIRST if decide_order(column, self.options.dates, self.place.name) else MONTH_FIRST

    def _find_name(self, asked: str) -> str:
        """The name of the column that is ``asked`` for by name or number; "" if none is."""
        if not asked:
            return ""
        return ColumnFinder(table.make_columns(self.sample.table, self.options), self.place.name)(asked).name

    def _note_ways(self, piece: CsvTable, keep: NDArray[np.bool_], order: str) -> None:
        """Remember by what rows are split, of those to ``keep``."""
        import numpy as np

        names = {"group": self.options.group, "time": self.options.time, "split": self.options.split}
        if COLUMN in piece.names:
            names["split"] = COLUMN
        for way, asked in names.items():
            if not asked:
                continue
            name = asked if asked in piece.names else self._find_name(asked)
            column = make_column(piece, piece.names.index(name), asdict(self.options))
            if (gone := column.missing & keep).any():
                line = column.lines[int(gone.argmax())]
                raise DescendError(f"Column '{name}' of {self.place.name} has no value in line {line:,}.")
            found: NDArray[Any]
            if way == "time":
                found = read_seconds(column, order, self.place.name) if order else column.numbers
                if np.isnan(found[keep]).any():
                    raise DescendError(f"Column '{name}' of {self.place.name} has a cell that is no time.")
            elif way == "group":
                found = np.array([self.groups.setdefault(cell, len(self.groups)) for cell in column.cells], np.int64)
            else:
                parts = {cell: find_part(cell) for cell in set(column.cells)}
                if odd := next((cell for cell, part in parts.items() if not part), ""):
                    raise DescendError(f"Column '{name}' of {self.place.name} says '{odd}', which is no part.")
                found = np.array([("train", "validation", "test").index(parts[cell]) for cell in column.cells], np.int8)
            self.ways.setdefault(way, []).append(found[keep])

    def _split(self, y: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_] | None]:
        """Which rows are trained on and tested, and which of the former are for validation."""
        import numpy as np

        ways = {way: np.concatenate(parts) for way, parts in self.ways.items()}
        if "split" in ways:
            train, test = np.flatnonzero(ways["split"] != 2), np.flatnonzero(ways["split"] == 2)
            return train, test, ways["split"][train] == 1
        names = tuple(self.groups)
        groups = tuple(names[at] for at in ways["group"].tolist()) if "group" in ways else ()
        options = self.options
        parts = split_rows(y, bool(self.judged.classes), options.test, options.seed, groups, ways.get("time"))
        return *parts, None
