"""Images that a table names, with what it says of each: a class, a number, a part of the split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from descend.datasets.columns import Column, ColumnFinder, quote_columns
from descend.datasets.csv_reader import shorten_cell
from descend.datasets.data_shape import Task, format_count
from descend.datasets.image_table import ImageTable, ImageTableOptions
from descend.datasets.labels import encode_labels, prepare_labels
from descend.datasets.listing import FolderListing, spell_name
from descend.datasets.split import PARTS
from descend.datasets.split_files import COLUMN
from descend.datasets.table_problems import Problem, can_be_target
from descend.datasets.table_split import check_choice, find_part, read_groups, read_parts
from descend.datasets.table_survey import Survey, summarise
from descend.datasets.target import choose_targets, convert_targets, decide_task, encode_classes, find_targets
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TARGETS = ("label", "class", "target", "labels", "y", "category")
SPLITS = ("split", "set", "subset", "partition")
MIN_IMAGES = 5


def list_labelled(root: Path, found: ImageTable, options: ImageTableOptions) -> FolderListing:
    """The pictures that the table names, with what it says of each.

    Raises:
        DescendError: a file is not there, or named twice with different classes; a target is missing or of no use.
        UsageError: an option does not fit.
    """
    import numpy as np

    notes, where = found.notes, found.name
    find = ColumnFinder(found.columns, where)
    split = find(options.split) if options.split else find_split(found.columns)
    check_choice(split=split.name if split else "", group=options.group)
    group = find(options.group) if options.group else None
    wanted = find_targets(found.columns, options.target, find)
    left = [column for column in found.columns if column not in (found.image, split, group)]
    if not left:
        raise DescendError(f"{where} has no column left to predict besides {quote_columns([found.image.name])}.")
    usual = next((column for name in TARGETS for column in left if column.name.lower() == name), None)
    if not wanted and usual is None:
        left = left[: 1 + max((at for at, column in enumerate(left) if can_be_target(column)), default=len(left) - 1)]
    targets = choose_targets(left, wanted or ([usual] if usual and len(left) > 1 else []), where, notes)
    predicted = quote_columns([target.name for target in targets])
    notes.append(f"'{shorten_cell(found.image.name)}' names the images, and what to predict is in {predicted}.")
    task = decide_task(targets, options.task, where, notes)
    targets, mark = prepare_labels(targets, task, options.mark, options.empty, where)
    keep = keep_rows(root, found, targets, task, options.missing, notes)
    if keep.sum() < MIN_IMAGES:
        raise DescendError(f"{where} names {format_count(int(keep.sum()), 'image')}; at least {MIN_IMAGES} are needed.")
    classes: tuple[str, ...] = ()
    names = tuple(target.name for target in targets)
    labels: NDArray[np.int64] | NDArray[np.uint8] | NDArray[np.float64]
    if task == "classification":
        classes, labels = encode_classes(targets[0], keep, where, notes)
    elif task == "labels":
        names, labels = encode_labels(targets, mark, keep, where, notes)
    else:
        labels = convert_targets(targets, keep, notes)
    test: tuple[bool, ...] | None = None
    held: tuple[bool, ...] = ()
    if split is not None:
        (train, tested), validation = read_parts(split, keep, where, notes)
        test = tuple(np.isin(np.arange(len(labels)), tested).tolist())
        of_all = np.zeros(len(labels), bool)
        of_all[train] = validation
        held = tuple(of_all.tolist()) if of_all.any() else ()
    groups = tuple(read_groups(group, keep, where, notes)) if group else ()
    return FolderListing(
        tuple(found.pictures[place] for place in found.places[keep].tolist()),
        labels,
        test,
        classes,
        tuple(notes),
        table=found.files,
        label=targets[0].name if classes or mark else "",
        targets=() if classes else names,
        groups=groups,
        held=held,
        mark=mark,
        task=task,
    )


def survey_images(
    root: Path, path: str, found: ImageTable, options: ImageTableOptions, given: dict[str, str]
) -> Survey:
    """What there is to say of the columns of a table of images in ``root``, called ``path``."""
    columns, problems, settled = found.columns, list[Problem](), dict(given)
    target = options.target
    try:
        listed = list_labelled(root, replace(found, notes=[]), options)
        target = listed.label or ",".join(listed.targets)
    except DescendError as error:
        fixed = {"missing": "drop"} if "missing=drop" in str(error) else {}
        problems.append(Problem(str(error), fixed, stops=True))
        settled |= fixed
    rows, sound = len(found.image.lines), not problems or bool(problems[0].options)
    summaries = tuple(map(summarise, columns))
    return Survey(path, rows, summaries, target, tuple(problems), given, settled, sound, images=True)


def find_split(columns: Sequence[Column]) -> Column | None:
    """The column that says of which part each row is, by its name and its words."""
    for column in columns:
        if column.name == COLUMN or (
            column.name.lower() in SPLITS and {"train", "test"} <= set(map(find_part, column.words)) <= PARTS.keys()
        ):
            return column
    return None


def keep_rows(
    root: Path, found: ImageTable, targets: Sequence[Column], task: Task, missing: str, notes: list[str]
) -> NDArray[np.bool_]:
    """Which rows have a picture of their own and what is to be predicted of it, (rows,), as the ``task`` says.

    Raises:
        DescendError: some have not, and such are not to be left out.
    """
    import numpy as np

    where, lines = found.name, found.image.lines
    none = ", say empty=none if an empty cell says that there is no label" if task == "labels" else ""
    gone = found.places < 0
    unsaid = np.any([target.missing for target in targets], axis=0) & ~gone
    for lacking, what, remedy in (
        (gone, f"that {'is' if gone.sum() == 1 else 'are'} not in {root.name}", "put them there"),
        (unsaid, f"without a value in {quote_columns([t.name for t in targets])}", f"add it{none}"),
    ):
        if not lacking.any():
            continue
        row = int(lacking.argmax())
        first = f"'{shorten_cell(found.image.cells[row])}' in line {lines[row]:,}"
        count = f"{format_count(int(lacking.sum()), 'image')} of {len(lacking):,}"
        if missing == "error":
            raise DescendError(
                f"{where} names {count} {what}, the first {first}; {remedy}, or say missing=drop to leave them out."
            )
        notes.append(f"Left out: {count} {what}, the first {first}.")
    keep = ~gone & ~unsaid
    return drop_repeated(found, targets, keep, notes)


def drop_repeated(
    found: ImageTable, targets: Sequence[Column], keep: NDArray[np.bool_], notes: list[str]
) -> NDArray[np.bool_]:
    """The rows to ``keep`` but for those that name a picture again, and a sentence on pictures that none names.

    Raises:
        DescendError: a picture is named twice with different targets.
    """
    first: dict[int, int] = {}
    again: list[tuple[int, int]] = []
    odd: list[tuple[int, int]] = []
    for row in keep.nonzero()[0].tolist():
        if (other := first.setdefault(int(found.places[row]), row)) != row:
            same = all(target.cells[row] == target.cells[other] for target in targets)
            (again if same else odd).append((other, row))
    lines, cells = found.image.lines, found.image.cells
    if odd:
        other, row = odd[0]
        said = " and ".join(f"'{shorten_cell(targets[0].cells[at])}' in line {lines[at]:,}" for at in (other, row))
        raise DescendError(
            f"{found.name} names {format_count(len(odd), 'image')} twice with different values, first "
            f"'{shorten_cell(cells[row])}' as {said}; keep one row of each."
        )
    if again:
        keep = keep.copy()
        keep[[row for _, row in again]] = False
        notes.append(
            f"Named twice and used once: {format_count(len(again), 'image')}, the first "
            f"'{shorten_cell(cells[again[0][1]])}' in line {lines[again[0][1]]:,}."
        )
    named = set(found.places.tolist())
    if unnamed := [picture for place, picture in enumerate(found.pictures) if place not in named]:
        notes.append(
            f"Left out, as {found.name} does not name them: {format_count(len(unnamed), 'image')}, the first "
            f"{spell_name(unnamed[0].name)}."
        )
    return keep
