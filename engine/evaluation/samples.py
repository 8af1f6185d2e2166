"""Samples whose answers are known, and what a model says of them: a new table or folder of pictures, or the part of
its own data that a training held back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.evaluation.judged import Judged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from descend.datasets.csv_reader import CsvTable
    from descend.datasets.dataset import Dataset
    from descend.datasets.new_arrays import NewArrays
    from descend.datasets.preparation import Preparation
    from descend.engine.train.predictor import Predictor

SHOWN = 120
"""Characters of a sample in a line."""
GROUPS = 20
"""Words that a column may have to be a category that samples are grouped by."""


def judge_held_back(predictor: Predictor, dataset: Dataset) -> Judged:
    """What the model says of the test samples of ``dataset``, the one it learned from.

    Raises:
        DescendError: it has none, or is no longer of the form it had.
    """
    prepared = predictor.prepared
    if (dataset.classes, dataset.targets) != (prepared.classes, prepared.targets) or tuple(
        dataset.train_x.shape[1:]
    ) != prepared.sample_shape:
        raise DescendError("The data has changed since the training: its columns, classes or targets are others.")
    if not len(dataset.test_x):
        raise DescendError("The data has no test part; name data to evaluate on.")
    x, y = dataset.test_x, dataset.test_y
    groups = group_by_features(x, prepared) if prepared.kind == "table" else {}
    return make_judged(
        predictor,
        x,
        y,
        lambda sample: f"test sample {sample + 1:,}{describe_values(x[sample], prepared)}",
        groups=groups,
    )


def judge_rows(predictor: Predictor, file: Path, options: dict[str, Any]) -> Judged:
    """What the model says of the rows of a table that has what is to be predicted.

    Args:
        options: those of the training's table, which this one is written like.

    Raises:
        DescendError: it cannot be read, or lacks a column.
    """
    import numpy as np

    from descend.datasets.new_answers import AnswerReader
    from descend.datasets.new_row_sifter import RowSifter
    from descend.datasets.new_rows import make_column, read_rows
    from descend.datasets.new_texts import make_encoder
    from descend.datasets.table_sample import select

    prepared = predictor.prepared
    encoder, answers = make_encoder(prepared, options, lenient=True), AnswerReader(prepared, options)
    sifter = RowSifter(prepared, options)
    truth: list[NDArray[Any]] = []
    said: list[NDArray[np.float64]] = []
    samples: list[NDArray[Any]] = []
    rows: list[str] = []
    groups: dict[str, list[str]] = {}
    for whole, sound in sifter.sift(read_rows(file, prepared, options)):
        table = whole if sound.all() else select(whole, sound.tolist())
        labels, known = answers.read(table)
        x = encoder.encode(table)[known]
        if not len(x):
            continue
        truth.append(labels[known])
        said.append(predictor.predict(x))
        samples.append(x)
        places = known.nonzero()[0].tolist()
        rows += [describe_row(table, place) for place in places]
        for each in prepared.encoders:
            if each.words:
                column = make_column(table, table.names.index(each.name), options)  # folded as in training
                gone = column.missing
                groups.setdefault(each.name, []).extend(
                    "(missing)" if gone[place] else column.cells[place] for place in places
                )
    notes = [*sifter.tell(), *encoder.tell(), *answers.tell()]
    if not truth:
        raise DescendError(f"{file.name} has no row that can be judged. {' '.join(notes)}".rstrip())
    return Judged(
        prepared.classes,
        prepared.targets,
        np.concatenate(truth),
        np.concatenate(said),
        rows.__getitem__,
        {name: words for name, words in groups.items() if 1 < len(set(words)) <= GROUPS},
        tuple(notes),
        np.concatenate(samples),
        predictor.threshold,
        prepared.task == "labels",
    )


def judge_pictures(predictor: Predictor, place: Path, options: Mapping[str, Any] | None = None) -> Judged:
    """What the model says of the pictures in ``place``, in folders named like their classes or named by a table.

    Args:
        options: those of the training's data.

    Raises:
        DescendError: there are none, or one cannot be read.
    """
    import numpy as np

    from descend.datasets.new_answers import UNKNOWN, find_answers, label_pictures, tell_strange
    from descend.datasets.new_images import list_pictures, read_pictures

    prepared = predictor.prepared
    if not place.is_dir():
        raise UsageError(f"{place.name} is no folder with a folder of pictures for each class, or a table of them.")
    if named := find_answers(place, prepared, options or {}):
        files, truth, said = named
        if not files:
            raise DescendError(f"{place.name} has no picture that can be judged. {' '.join(said)}".rstrip())
        pixels = np.concatenate([some for _, some in read_pictures(files, prepared)])
        return make_judged(
            predictor, pixels, truth, lambda sample: str(files[sample].relative_to(place)), notes=tuple(said)
        )
    if not prepared.classes:
        what = "several labels" if prepared.task == "labels" else "numbers"
        raise UsageError(f"The run predicts {what}, and {place.name} has no table that tells them of its pictures.")
    files = list_pictures(place)
    labels, strange = label_pictures(files, place, prepared.classes)
    files = [file for file, label in zip(files, labels, strict=True) if label != UNKNOWN]
    truth = np.array([label for label in labels if label != UNKNOWN], np.int64)
    if not files:
        raise DescendError(
            f"No folder in {place.name} is named like a class of the training, such as '{prepared.classes[0]}'."
        )
    pixels = np.concatenate([some for _, some in read_pictures(files, prepared)])
    notes = (tell_strange(strange, "picture"),) if strange else ()
    return make_judged(predictor, pixels, truth, lambda sample: str(files[sample].relative_to(place)), notes=notes)


def judge_arrays(predictor: Predictor, arrays: NewArrays) -> Judged:
    """What the model says of samples in files of NumPy's that have what is to be predicted.

    Raises:
        DescendError: they are of another form, or have not.
    """
    import numpy as np

    from descend.datasets.new_arrays import ArrayEncoder, read_answers

    encoder = ArrayEncoder(predictor.prepared)
    truth, known, said = read_answers(arrays, predictor.prepared)
    if not known.any():
        raise DescendError(f"{arrays.name} has no sample that can be judged. {' '.join(said)}".rstrip())
    x = np.concatenate(list(encoder.encode(arrays)))[known]
    at = known.nonzero()[0].tolist()

    def describe(sample: int) -> str:
        return f"index {at[sample]:,}{describe_values(x[sample], predictor.prepared)}"

    return make_judged(predictor, x, truth[known], describe, notes=(*encoder.tell(), *said))


def make_judged(
    predictor: Predictor, x: NDArray[Any], y: NDArray[Any], describe: Callable[[int], str], **more: Any
) -> Judged:
    """What the model says of samples ``x`` as a `Dataset` stores them, with targets ``y``."""
    import numpy as np

    prepared = predictor.prepared
    labelled = prepared.task == "labels"
    truth = y.astype(np.int64) if prepared.classes else y if labelled else y.astype(np.float64).reshape(len(y), -1)
    more |= {"threshold": predictor.threshold, "labelled": labelled}
    return Judged(prepared.classes, prepared.targets, truth, predictor.predict(x), describe, x=x, **more)


def describe_row(table: CsvTable, place: int) -> str:
    """A row of a table: its line and its cells."""
    cells = ", ".join(f"{name} {column[place]}" for name, column in zip(table.names, table.columns, strict=True))
    return shorten(f"line {table.lines[place]:,}: {cells}")


def describe_values(x: NDArray[Any], prepared: Preparation) -> str:
    """Values of a sample of a table, or the text that it is; nothing of a picture."""
    if prepared.kind == "table":
        named = zip(prepared.features, x.tolist(), strict=True)
        return shorten(": " + ", ".join(f"{name} {value:.6g}" for name, value in named))
    if prepared.kind == "text":
        return shorten(": " + prepared.tokeniser.decode(x.tolist()).strip())
    return ""


def shorten(text: str) -> str:
    """At most `SHOWN` characters of ``text``."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def group_by_features(x: NDArray[Any], prepared: Preparation) -> dict[str, list[str]]:
    """The category of each sample, by column, read back from the features that it became."""
    groups, start = {}, 0
    for encoder in prepared.encoders:
        width = len(encoder.features)
        part = x[:, start : start + width]
        start += width
        if not 1 < len(encoder.words) <= GROUPS:
            continue
        if encoder.ordinal:
            ranks = part[:, 0].astype(int)
        elif width == 1:
            ranks = (part[:, 0] > 0).astype(int)
        else:
            ranks = part.argmax(1)
        groups[encoder.name] = [encoder.words[rank] for rank in ranks.tolist()]
    return groups
