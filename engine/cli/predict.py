"""``descend predict``: what a finished training says of new rows, or new pictures."""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from descend.engine.base.errors import UsageError
from descend.engine.cli.arguments import add_run_argument, parse_number, parse_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from descend.datasets.new_arrays import NewArrays
    from descend.datasets.preparation import Preparation
    from descend.engine.train.predictor import Predictor


DRAWING = ("length", "temperature", "seed")
"""Options of texts that continue."""


class Writer(Protocol):
    """What `csv.writer` makes."""

    def writerow(self, row: Iterable[Any], /) -> Any: ...
    def writerows(self, rows: Iterable[Iterable[Any]], /) -> Any: ...


def add(commands: Any) -> None:
    """Declare ``descend predict``."""
    command = commands.add_parser(
        "predict",
        help="predict new rows or images with a finished training",
        description="Prepare the rows of a table, or images, as the training's were, and write them as CSV with what "
        "the model predicts: the class and the probability of each; of several labels yes or no, and the "
        "probability, for each; or the number in the target's unit. Of a training that continues texts, how each "
        "line goes on. Columns may "
        "come in any order; others are kept. What was missing or new is said on standard error.",
    )
    add_run_argument(command)
    command.add_argument(
        "data",
        metavar="DATA",
        help="a table or text (- reads standard input), image, folder of images, .npy or .npz; how a table or text is "
        "written can be said after its name, as in 'new.csv?encoding=latin-1&skip=4'",
    )
    command.add_argument("--to", metavar="FILE", default="-", help="file to write; default: standard output")
    command.add_argument("--force", action="store_true", help="replace a file that exists")
    drawing = command.add_argument_group("texts that continue")
    drawing.add_argument(
        "--length",
        type=parse_whole("--length"),
        help="characters or tokens by which each line is continued (default: 200)",
    )
    drawing.add_argument(
        "--temperature",
        type=parse_number("--temperature"),
        metavar="T",
        help="below 1 what is likely is drawn more often, at 0 always the likeliest (default: 1)",
    )
    drawing.add_argument("--seed", type=parse_whole("--seed"), help="seed of what is drawn (default: 0)")
    command.set_defaults(do=predict)


def predict(arguments: argparse.Namespace) -> int:
    """Write the rows with their predictions."""
    from descend.engine.base.sanitize import clean
    from descend.engine.cli.continue_text import continue_lines, read_drawing
    from descend.engine.run import runs
    from descend.engine.train.predictor import make_predictor, restore_training
    from descend.engine.train.task import LanguageModelling

    run = runs.find_run(arguments.run)
    restored, data = restore_training(run), run.manifest().data
    continues = isinstance(restored.objective, LanguageModelling)
    given = {name: getattr(arguments, name) for name in DRAWING}
    drawing = read_drawing(given)
    if not continues:
        if option := next((name for name, value in given.items() if value is not None), ""):
            raise UsageError(f"--{option} is for texts that continue, which run '{run.id}' did not learn.")
        predictor, kind = make_predictor(run, restored), restored.prepared.kind
    said: list[str] = []
    with open_target(arguments.to, arguments.force) as target:
        writer = csv.writer(target, lineterminator="\n")
        if continues:
            count, said = continue_lines(run, restored, arguments.data, drawing, writer)
        elif arrays := find_new_arrays(arguments.data, predictor.prepared):
            count, said = predict_arrays(predictor, arrays, writer)
        elif kind != "image":
            count, said = predict_rows(predictor, data, arguments.data, writer)
        else:
            count = predict_pictures(predictor, arguments.data, writer)
    for sentence in said:
        print(clean(f"descend: {sentence}"), file=sys.stderr)
    if arguments.to != "-":
        print(f"Wrote {count:,} {'lines' if continues or kind == 'image' else 'rows'} to {clean(arguments.to)}.")
    return 0


def predict_rows(predictor: Predictor, learned: str, data: str, writer: Writer) -> tuple[int, list[str]]:
    """Write the rows of the table ``data`` with what is predicted of each; their number, and what to say of them.

    Args:
        learned: the data of the training, whose options say how a table is written.
    """
    from descend.datasets.new_address import split_new_rows
    from descend.datasets.new_row_sifter import RowSifter
    from descend.datasets.new_rows import read_rows
    from descend.datasets.new_texts import make_encoder
    from descend.datasets.table import read_table_options
    from descend.datasets.table_sample import select

    path, options = split_new_rows(data, read_table_options(learned))
    encoder, count = make_encoder(predictor.prepared, options, lenient=True), 0
    sifter = RowSifter(predictor.prepared, options)
    with open_source(path) as file:
        for table, sound in sifter.sift(read_rows(file, predictor.prepared, options)):
            x = encoder.encode(table if sound.all() else select(table, sound.tolist()))
            added = name_columns(predictor.prepared)
            if not count:
                writer.writerow([*table.names, *(make_unique(name, table.names) for name in added)])
            said = iter(tabulate(predictor, predictor.predict(x)) if len(x) else [])
            nothing = [""] * len(added)
            writer.writerows(
                (*cells, *(next(said) if is_sound else nothing))
                for cells, is_sound in zip(zip(*table.columns, strict=True), sound.tolist(), strict=True)
            )
            count += len(table.lines)
    return count, [*sifter.tell(), *encoder.tell()]


def find_new_arrays(data: str, prepared: Preparation) -> NewArrays | None:
    """The samples in ``data`` if that is a file of NumPy's, or a folder of such."""
    from descend.datasets.new_arrays import are_arrays, open_arrays
    from descend.engine.base.paths import parse_path

    if data == "-" or not are_arrays(place := parse_path(data)):
        return None
    return open_arrays(place, prepared)


def predict_arrays(predictor: Predictor, arrays: NewArrays, writer: Writer) -> tuple[int, list[str]]:
    """Write the index of each sample with what is predicted of it; their number, and what to say of them."""
    from descend.datasets.new_arrays import ArrayEncoder

    encoder, count = ArrayEncoder(predictor.prepared), 0
    for x in encoder.encode(arrays):
        said = tabulate(predictor, predictor.predict(x))
        if not count:  # not before: what does not fit is told in place of a table
            writer.writerow(["index", *name_columns(predictor.prepared)])
        writer.writerows((place, *row) for place, row in enumerate(said, count))
        count += len(x)
    return count, encoder.tell()


def predict_pictures(predictor: Predictor, data: str, writer: Writer) -> int:
    """Write the path of each picture of ``data`` with what is predicted of it; returns their number."""
    from descend.datasets.new_images import list_pictures, read_pictures
    from descend.engine.base.paths import parse_path

    prepared = predictor.prepared
    files = list_pictures(parse_path(data))
    writer.writerow(["image", *name_columns(prepared)])
    for some, pixels in read_pictures(files, prepared):
        said = tabulate(predictor, predictor.predict(pixels))
        writer.writerows((str(file), *row) for file, row in zip(some, said, strict=True))
    return len(files)


def name_columns(prepared: Preparation) -> list[str]:
    """Names of the columns to add."""
    if prepared.task == "classification":
        return ["prediction", *(f"probability {name}" for name in prepared.classes)]
    if prepared.task == "labels":
        return [f"{what} {name}" for what in ("predicted", "probability") for name in prepared.targets]
    return [f"predicted {name}" for name in prepared.targets]


def tabulate(predictor: Predictor, found: NDArray[np.float64]) -> list[list[str]]:
    """Cells of the columns to add."""
    from descend.engine.evaluation.decision import decide_class, decide_labels

    prepared = predictor.prepared
    if prepared.task == "labels":
        labels = decide_labels(found, predictor.threshold).tolist()
        return [
            [*(("no", "yes")[yes] for yes in said), *(f"{share:.6g}" for share in row)]
            for said, row in zip(labels, found.tolist(), strict=True)
        ]
    if prepared.task != "classification":
        return [[repr(value) for value in row] for row in found.tolist()]
    guesses = decide_class(found, predictor.threshold).tolist()
    return [
        [prepared.classes[guess], *(f"{share:.6g}" for share in row)]
        for guess, row in zip(guesses, found.tolist(), strict=True)
    ]


def make_unique(name: str, names: Sequence[str]) -> str:
    """``name``, or with a number if it is one of ``names``."""
    number, found = 2, name
    while found in names:
        number, found = number + 1, f"{name} {number}"
    return found


def require_file(data: str, why: str) -> None:
    """Check that ``data`` is no folder, ``why`` in words for the sentence.

    Raises:
        UsageError: it is one.
    """
    from descend.engine.base.paths import parse_path

    if data != "-" and parse_path(data).is_dir():
        raise UsageError(f"'{data}' is a folder, and {why}; name a file.")


@contextmanager
def open_source(data: str) -> Iterator[Path]:
    """The file that ``data`` names, of a folder its table for the test, which is said; standard input as a file."""
    from descend.datasets.split_files import choose_new_rows
    from descend.datasets.table import SUFFIXES
    from descend.engine.base.paths import parse_path
    from descend.engine.base.sanitize import clean

    if data != "-":
        place = parse_path(data)
        if (chosen := choose_new_rows(place, SUFFIXES)) != place:
            print(clean(f"descend: taking {chosen.name} of {data}."), file=sys.stderr)
        yield chosen
        return
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "standard input"
        with open(kept, "wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield kept


@contextmanager
def open_target(to: str, force: bool) -> Iterator[IO[str]]:
    """Standard output, or the file ``to``, which appears whole or not at all."""
    import io

    from descend.engine.base.paths import parse_path
    from descend.engine.run.export import open_export

    if to == "-":
        yield sys.stdout
        return
    with open_export(parse_path(to), force) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        yield text
        text.detach()
