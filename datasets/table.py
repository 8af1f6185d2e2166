"""The user's table: a CSV file with a column to predict."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.datasets import csv_reader as text
from descend.datasets import records
from descend.datasets.byte_pair_text import BPE, check_tokens, tokens_option, vocabulary_option
from descend.datasets.column_encoder import ColumnEncoder, fit_encoder
from descend.datasets.columns import Column, ColumnFinder, check_columns, quote_columns
from descend.datasets.compressed import find_suffix
from descend.datasets.csv_reader import CsvTable, shorten_cell
from descend.datasets.data_shape import format_count
from descend.datasets.dataset import WARNING, Dataset
from descend.datasets.date_parts import replace_dates
from descend.datasets.identifiers import explain_identifier
from descend.datasets.input_groups import read_inputs
from descend.datasets.labels import empty_option, encode_labels, mark_option, prepare_labels, warn_of_constant
from descend.datasets.leaks import warn_of_leaks
from descend.datasets.memory import check_memory
from descend.datasets.missing_values import MIN_ROWS, drop_or_fill
from descend.datasets.new_rows import make_column
from descend.datasets.odd_rows import find_samples
from descend.datasets.options import option, parse_options, split_address
from descend.datasets.order import find_lookalikes
from descend.datasets.precision import is_merged, is_narrow
from descend.datasets.split_files import COLUMN, find_split_files, join_parts
from descend.datasets.table_split import check_choice, read_groups, read_parts, read_times, split_rows
from descend.datasets.target import ANOTHER, choose_targets, convert_targets, decide_task, encode_classes, find_targets
from descend.datasets.text_column import make_text_dataset
from descend.engine.base.errors import DescendError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUFFIXES = (".csv", ".tsv", ".psv", ".tab", ".data", ".dat", *records.SUFFIXES)
MAX_NOTES = 12
"""Sentences on irregular columns."""


@dataclass(frozen=True)
class TableOptions:
    """What can be said of a table."""

    target: str = option("", "the column to predict, by name or number; default: the last")
    task: str = option(
        "", "what to learn; default: by what is in the target", among=("classification", "labels", "regression")
    )
    mark: str = mark_option()
    empty: str = empty_option()
    missing: str = option("error", "what to do about missing values", among=("error", "drop", "mean"))
    text: str = option("", "the column with texts to learn from; the others are left out")
    tokens: str = tokens_option()
    vocabulary: int = vocabulary_option()
    length: int = option(0, "characters or tokens of each text; 0 is the longest, up to 128", low=0, high=4096)
    ignore: tuple[str, ...] = option((), "columns to leave out")
    inputs: str = option(
        "",
        "of a model with several inputs, the columns of each: x_num:age,hours;x_cat:job,city; * is all that are left, "
        "numbers or categories those of a kind",
    )
    gaps: tuple[str, ...] = option((), "what marks a missing value, besides an empty cell, or NA among numbers")
    values: tuple[str, ...] = option((), "words that are values, as None or NA can be; all: every such word")
    categories: tuple[str, ...] = option((), "columns of numbers that are codes")
    encode: str = option("onehot", "categories as a column for each, or as one of ranks", among=("onehot", "ordinal"))
    header: str = option("", "whether the first line names the columns", among=("yes", "no"))
    kind: str = option("", "what the file holds; default: by its ending and its lines", among=("table", "text"))
    delimiter: str = option("", "what separates cells: comma, semicolon, tab, bar, space, or marks such as ::")
    skip: int = option(0, "lines above the table to skip", low=0)
    footer: int = option(0, "lines below the table to skip", low=0)
    comment: str = option("", "what comments begin with, or no; default: #, %, // where a line is no row")
    dates: str = option(
        "",
        "what to do with columns of dates: year, month, weekday, hour and days of each (parts), or leave them out; "
        "day-first and month-first are parts of dates such as 3/4/2026",
        among=("parts", "drop", "day-first", "month-first"),
    )
    case: str = option("", "fold: words that differ only in capital letters or blanks are one", among=("fold",))
    units: str = option("", "whether the line below the names holds units", among=("yes", "no"))
    totals: str = option("", "rows of totals; default: left out if they sum up, else asked", among=("drop", "keep"))
    encoding: str = option("", "how characters are stored, such as utf-8 or latin-1")
    decimal: str = option(".", "the decimal mark", among=(".", ","))
    thousands: str = option("", "the mark between groups of digits")
    signs: tuple[str, ...] = option(
        (), "what stands next to numbers and is left out, such as $,CHF,%,kg; −, - and () are ways to write a minus"
    )
    limit: int = option(0, "rows to read at most; 0 is all", low=0)
    test: float = option(0.2, "share of the rows that is kept for the test", low=0.01, high=0.9)
    seed: int = option(0, "seed of the split", low=0, high=2**31 - 1)
    group: str = option("", "a column whose rows of one value stay together, in training or in test")
    time: str = option("", "a column of dates or numbers whose latest rows are the test")
    split: str = option("", "a column that says train, validation or test of each row")


def read_table(file: Path, name: str, options: TableOptions) -> Dataset:
    """Read a table as a dataset called ``name``: a file, or a folder with one for each part (`split_files`).

    Numbers stay as they are. A column of words becomes a column of 0 and 1 for each word but for the first of two, or
    with ``encode=ordinal`` one column of the words' ranks. With ``missing=mean`` a number that is missing becomes the
    mean of its column in the training set, a word the most frequent there, or where more lack one than have any, a
    category of its own; rows that lack the target are left out.
    With ``text`` that column alone is learned from, as characters.

    Raises:
        DescendError: the file is no such table; the sentence says where and what to do.
        UsageError: an option does not fit the file.
    """

    return make_dataset(read_parts_or_cells(file, options), file.name, name, options)


def read_parts_or_cells(file: Path, options: TableOptions) -> CsvTable:
    """The cells of a table's ``file``, or of all in the folder that it is; raises as `read_table`."""
    if options.thousands and options.thousands == options.decimal:
        raise UsageError(
            f"thousands= and decimal= are both '{options.decimal}'; say decimal=, if , is the decimal mark."
        )
    check_tokens(options.tokens, options.vocabulary)
    if options.tokens and not options.text:
        raise UsageError("tokens= is for texts; name their column with text=COLUMN.")
    if parts := find_split_files(file, SUFFIXES) if file.is_dir() else {}:
        if said := next((way for way in ("split", "group", "time") if getattr(options, way)), ""):
            raise UsageError(
                f"The files in {file.name} say which rows are for the test, and so does {said}=; leave it out, or "
                "name one of the files."
            )
        return join_parts(parts, lambda part: read_cells(part, options))
    return read_cells(file, options)


def make_columns(table: CsvTable, options: TableOptions) -> list[Column]:
    """The columns of ``table``, read as ``options`` say."""
    return [make_column(table, place, asdict(options)) for place in range(len(table.names))]


def make_dataset(table: CsvTable, where: str, name: str, options: TableOptions) -> Dataset:
    """The dataset called ``name`` of the cells of the file, or the folder, ``where``; raises as `read_table`."""
    notes = table.notes
    columns = make_columns(table, options)
    lines: Sequence[int] = table.lines
    units = options.units or ("" if table.named else "no")
    if lines and not (sound := find_samples(columns, units, options.totals, where, notes)).all():
        lines = list(itertools.compress(lines, sound))
        columns = [replace(c, cells=list(itertools.compress(c.cells, sound)), lines=lines) for c in columns]
    if len(lines) < MIN_ROWS:
        raise DescendError(
            f"{where} has {format_count(len(lines), 'row')} of data; a training and a test set take "
            f"at least {MIN_ROWS}."
        )
    find = ColumnFinder(columns, where)
    split = COLUMN if COLUMN in table.names else options.split
    check_choice(split=split, group=options.group, time=options.time)
    splitting = [find(name) for name in (split, options.group, options.time) if name]
    wanted = find_targets(columns, options.target, find)
    texts = [find(options.text)] if options.text else []
    if texts and texts[0] in wanted:
        raise UsageError(
            f"Column '{texts[0].name}' of {where} cannot be both learned from and predicted; choose another."
        )
    kept = select_columns(
        columns, [*splitting, *(find(name) for name in options.ignore)], [*wanted, *texts], where, notes
    )
    targets = choose_targets([column for column in kept if column not in texts], wanted, where, notes)
    given = [column for column in kept if column not in set(targets)]
    kept, dates = replace_dates(kept, options.dates, [*targets, *texts], where, notes)
    features = texts or [column for column in kept if column not in set(targets)]
    if not features:
        raise DescendError(
            f"{where} has no column left to learn from besides {quote_columns([t.name for t in targets])}."
        )
    codes = {find(name).name: None for name in options.categories}
    inputs: dict[str, tuple[str, ...]] = {}
    if options.inputs:
        if texts:
            raise UsageError("inputs= divides columns, and text= learns from one alone; leave one of them out.")
        inputs = read_inputs(options.inputs, find, features, codes, dates, notes)
        named = {name for names in inputs.values() for name in names}
        features = [column for column in features if column.name in named]
    if not texts:
        check_columns(features, where, codes, options.ignore)
    elif texts[0].empty:
        raise DescendError(f"{where} has no text in {quote_columns([texts[0].name])}; choose another with text=….")
    elif left := [column.name for column in kept if column not in (*texts, *targets)]:
        notes.append(f"Left out besides the text: {quote_columns(left)}.")
    note_oddities(features, targets, notes)
    task = decide_task(targets, options.task, where, notes)

    targets, mark = prepare_labels(targets, task, options.mark, options.empty, where)
    keep, missing = drop_or_fill(features, targets, task, options.missing, options.ignore, lines, where, notes)
    classes, names = (), tuple(target.name for target in targets)  # type: tuple[str, ...], tuple[str, ...]
    y: NDArray[np.int64] | NDArray[np.uint8] | NDArray[np.float64]
    if task == "classification":
        classes, y = encode_classes(targets[0], keep, where, notes)
    elif task == "labels":
        names, y = encode_labels(targets, mark, keep, where, notes)
    else:
        y = convert_targets(targets, keep, notes)
    if not texts:
        notes += warn_of_leaks(given, keep, y, task, names)
    groups = read_groups(splitting[0], keep, where, notes) if options.group else []
    times = read_times(splitting[0], keep, options.dates, where, notes) if options.time else None
    held = None
    if split:
        (train, test), held = read_parts(splitting[0], keep, where, notes)
    else:
        train, test = split_rows(y, task != "regression", options.test, options.seed, groups, times)
    if untrained := [name for label, name in enumerate(classes) if not (y[train] == label).any()]:
        listed = ", ".join(repr(shorten_cell(word)) for word in untrained[:8])
        notes.append(
            f"{WARNING}the training part has no row of {format_count(len(untrained), 'class', 'classes')}, {listed}."
        )
    if task == "labels":
        notes += warn_of_constant(names, y, train)
    if classes and len(classes) == len(y):
        raise DescendError(
            f"{where} has one row of each class of '{targets[0].name}', and so none for the test; {ANOTHER}."
        )
    if not len(train) or not len(test):
        raise DescendError(
            f"{where} leaves no row to train on or none for the test; add rows, or choose another test=…."
        )
    import numpy as np

    begins = np.array(lines, np.int64)[keep]
    more: dict[str, Any] = {
        "label": targets[0].name if classes or mark else "",
        "mark": mark,
        "targets": () if classes else names,
        "train_held": held if held is not None and held.any() else None,
        "train_lines": begins[train],
        "test_lines": begins[test],
        "train_groups": tuple(groups[row] for row in train.tolist()) if groups else (),
        "train_times": times[train] if times is not None else None,
    }
    if texts:
        cells = [cell for cell, kept_row in zip(texts[0].cells, keep.tolist(), strict=True) if kept_row]
        return make_text_dataset(
            name,
            cells,
            y,
            (train, test),
            options.length,
            notes,
            task=task,
            byte_pairs=options.tokens == BPE,
            size=options.vocabulary,
            missing=missing,
            classes=classes,
            text=texts[0].name,
            **more,
        )
    x, encoders = convert_features(features, codes, keep, train, options.encode, notes)
    return Dataset(
        name,
        classes,
        x[train],
        y[train],
        x[test],
        y[test],
        kind="table",
        task=task,
        features=tuple(feature for encoder in encoders for feature in encoder.features),
        encoders=encoders,
        dates=dates,
        inputs=inputs,
        missing=missing,
        filled={column.name: (gaps[train], gaps[test]) for column in features if (gaps := column.missing[keep]).any()},
        notes=tuple(notes),
        **more,
    )


def read_cells(file: Path, options: TableOptions, nests: records.Nests | None = None) -> CsvTable:
    """The cells of ``file`` as text.

    Args:
        nests: which columns of JSON or Parquet may hold lists; by default those of `find_nesting`.

    Raises:
        DescendError: the file is no such table; the sentence says where and what to do.
        UsageError: an option is for tables that are text.
    """
    said = {name: getattr(options, name) for name in ("delimiter", "encoding", "header", "skip", "footer", "comment")}
    if find_suffix(file) not in records.SUFFIXES:
        return text.read_csv(file, limit=options.limit, **said)
    if given := next((name for name, value in said.items() if value), ""):
        raise UsageError(f"{given}= is for tables written as text, and {file.name} is not.")
    return records.read_records(file, options.limit, nests or find_nesting(options), options.decimal)


def find_nesting(options: TableOptions) -> records.Nests:
    """What says which columns of JSON or Parquet may hold lists: those to leave out, and what is to predict, whose
    lists are of labels."""
    ignored = {name.lower() for name in options.ignore}
    wanted = {name.strip().lower() for name in (options.target, *options.target.split(","))} - {""}

    def choose(names: Sequence[str]) -> records.Nesting:
        anything = frozenset(name for name in names if name.lower() in ignored)
        ways = {name: {name.lower(), str(at), str(at - len(names) - 1)} for at, name in enumerate(names, 1)}
        lists = [name for name in names if (ways[name] & wanted if wanted else name not in anything)]
        return records.Nesting(anything, frozenset(lists if wanted else lists[-1:]))

    return choose


def read_table_options(address: str) -> dict[str, Any]:
    """The options of the table at ``address``; the usual ones of a dataset of descend's own."""
    _, given = split_address(address)
    return asdict(parse_options(TableOptions, given, "a table"))


def select_columns(
    columns: list[Column], ignore: Sequence[Column], wanted: Sequence[Column], file: str, notes: list[str]
) -> list[Column]:
    """The columns without those to ``ignore`` and without unnamed ones that are empty or only number or name the rows,
    unless they are ``wanted``."""
    left_out, needed = set(ignore), set(wanted)
    kept = []
    for place, column in enumerate(columns, 1):
        if column in left_out:
            continue
        if column in needed:
            kept.append(column)
        elif column.name == f"column {place}" and column.empty:
            notes.append(f"Column {place} has no name and no value, and was left out.")
        elif column.name == "column 1" and len(columns) > 2 and column.counts_rows():
            notes.append("Column 1 has no name and only numbers the rows, and was left out.")
        elif column.name == "column 1" and len(columns) > 2 and column.names_rows():
            notes.append("Column 1 has no name and a unique word in every row, and was left out.")
        else:
            kept.append(column)
    if len(kept) < 2:
        raise DescendError(
            f"{file} has {format_count(len(kept), 'column')} left; one is to predict and one to learn from."
        )
    return kept


def note_oddities(features: Sequence[Column], targets: Sequence[Column], notes: list[str]) -> None:
    """Add to ``notes`` what may be meant differently from how it is read: identifiers, codes, and words such as NA."""
    said = []
    for column in features:
        name, say = shorten_cell(column.name), column.option_name
        if len(features) > 1 and (why := explain_identifier(column)):
            said.append(f"Column '{name}' {why}, as identifiers do; ignore={say} leaves it out.")
        elif column.numeric and (row := column.coded) is not None:
            cell, line = shorten_cell(column.cells[row]), column.lines[row]
            said.append(
                f"{WARNING}column '{name}' has '{cell}' in line {line:,} and is read as numbers; categories={say} "
                "takes them as codes, which they may be."
            )
        elif not column.numeric and not column.free_text and (alike := find_lookalikes(column.words)):
            said.append(
                f"{WARNING}column '{name}' has the categories {alike}; if they are meant to be one, say case=fold."
            )
        elif ways := column.two_ways:
            said.append(
                f"Column '{name}' has '{ways[0]}' and '{ways[1]}', one number written in two ways; categories={say} "
                "takes them as codes, such as versions."
            )
    for column in (*features, *targets):
        if words := column.words_kept:
            listed = ", ".join(f"'{shorten_cell(word)}' in {format_count(n, 'row')}" for word, n in words.items())
            said.append(
                f"{WARNING}{listed} of column '{shorten_cell(column.name)}' counts as a value; "
                f"gaps={','.join(words)} takes "
                f"{'it' if len(words) == 1 else 'them'} for a missing one."
            )
    said.sort(key=lambda note: not note.startswith(WARNING))  # warnings first: no remark may hide one
    notes.extend(said[:MAX_NOTES])
    if len(said) > MAX_NOTES:
        the = f"{WARNING}the" if said[MAX_NOTES].startswith(WARNING) else "The"
        notes.append(f"{the} same holds for {len(said) - MAX_NOTES:,} more columns.")


def convert_features(
    features: Sequence[Column],
    codes: Collection[str],
    keep: NDArray[np.bool_],
    train: NDArray[np.intp],
    encode: str,
    notes: list[str],
) -> tuple[NDArray[np.float32], tuple[ColumnEncoder, ...]]:
    """The features as numbers, (rows, d), and how each column became some of these.

    Args:
        codes: names of columns of numbers that are categories.
        keep: the rows, of all that were read.
        train: which of those are trained on; what is missing is filled from them.
    """
    import numpy as np

    width = sum(
        1 if encode == "ordinal" or (column.numeric and column.name not in codes) else len(column.words)
        for column in features
    )
    check_memory(3 * 4 * int(keep.sum()) * width, "The table as numbers", "encode=ordinal makes one of each category")
    encoders = tuple(fit_encoder(c, c.name in codes, encode == "ordinal", keep, train) for c in features)
    parts = []
    constant, blurred = [], []
    for column, encoder in zip(features, encoders, strict=True):
        parts.append(encoder.encode(column, keep))
        if not encoder.words:
            values = encoder.read_numbers(column, keep)
            if values.min() == values.max():
                constant.append(column.name)
            elif is_narrow(values) or is_merged(values, parts[-1][:, 0]):
                blurred.append(column.name)
    if categorical := [encoder.name for encoder in encoders if encoder.words]:
        how = "one number, the rank of the word" if encode == "ordinal" else "a column of 0 and 1 for each word"
        notes.append(f"Categories, in {quote_columns(categorical)}: {how}.")
    if constant:
        notes.append(f"The same in every row, so useless: {quote_columns(constant)}.")
    if blurred:
        notes.append(f"{WARNING}so nearly the same that 32-bit numbers lose digits: {quote_columns(blurred)}.")
    return np.ascontiguousarray(np.concatenate(parts, 1)), encoders
