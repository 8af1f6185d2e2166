"""``descend evaluate``: how good a finished training is, on data whose answers are known."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.sanitize import clean
from descend.engine.cli import output
from descend.engine.cli.arguments import add_run_argument
from descend.engine.cli.progress_bar import show_progress

if TYPE_CHECKING:
    from rich.console import Console

    from descend.datasets.dataset import Dataset
    from descend.engine.evaluation.evaluation import Evaluation
    from descend.engine.evaluation.judged import Judged
    from descend.engine.run.runs import Run
    from descend.engine.train.predictor import Predictor

MISTAKES = 5
"""Shown; a report has more."""
MATRIX = 12
"""Classes of which a terminal shows the confusion matrix."""


def add(commands: Any) -> None:
    """Declare ``descend evaluate``."""
    command = commands.add_parser(
        "evaluate",
        help="measure a finished training on labelled data, with intervals and baselines",
        description="Measure how good a finished training is: every metric with a 95 % interval, what guessing and a "
        "linear model get, each class or label, the confusion matrix, the worst mistakes. Without DATA on the part of "
        "its own data that it did not train on; else on the rows of a table that has the answers, or on a folder with "
        "a folder of images for each class. A training that continues texts is measured on any text.",
    )
    add_run_argument(command)
    command.add_argument(
        "data",
        metavar="DATA",
        nargs="?",
        help="a table or text (- reads standard input) or a folder of images, with answers; how a table or text is "
        "written can be said after its name, as in 'new.csv?encoding=latin-1&skip=4'",
    )
    command.add_argument("--against", metavar="RUN", help="another training to compare with on the same samples")
    command.add_argument("--report", metavar="DIR", help="folder to write a report to: Markdown, JSON and SVG pictures")
    command.add_argument("--force", action="store_true", help="replace a report that exists")
    command.add_argument("--json", action="store_true", help="print JSON lines: progress, and last the findings")
    command.set_defaults(do=run_evaluation)


def run_evaluation(arguments: argparse.Namespace) -> int:
    """Measure, and print it or write it."""
    from descend.engine.base.paths import parse_path
    from descend.engine.cli.evaluate_text import measure_text_model
    from descend.engine.evaluation.report import make_object, require_folder, write_report
    from descend.engine.run import runs
    from descend.engine.train.predictor import make_predictor, restore_training
    from descend.engine.train.task import LanguageModelling

    run = runs.find_run(arguments.run)
    other = runs.find_run(arguments.against) if arguments.against else None
    folder = parse_path(arguments.report) if arguments.report else None
    if folder is not None:
        require_folder(folder, arguments.force)
    restored = restore_training(run)
    with show_progress(arguments.json, "measuring") as tell:
        if isinstance(restored.objective, LanguageModelling):
            found = measure_text_model(run, restored, other, arguments.data, tell)
        else:
            found = measure_samples(run, make_predictor(run, restored), other, arguments.data, tell)
    source = arguments.data or f"the test part of {run.manifest().data}"
    if arguments.json:
        print(json.dumps(make_object(found, run.id, source), allow_nan=False))
    else:
        print_evaluation(output.make_console(), found, run.id, source)
    if folder is not None:
        write_report(found, run.id, source, folder)
        if not arguments.json:
            print(f"Wrote {clean(str(folder / 'report.md'))}, with its pictures and report.json beside it.")
    return 0


def measure_samples(
    run: Run, predictor: Predictor, other: Run | None, data: str | None, tell: Callable[[float], None]
) -> Evaluation:
    """What is measured of the samples ``data``, or of the test part of a training's own; beside ``other``, if given.

    Raises:
        DescendError: they cannot be judged, or are no longer as they were.
        UsageError: the ``other`` is judged by others.
    """
    from descend.engine.evaluation import baselines
    from descend.engine.evaluation.evaluation import evaluate
    from descend.engine.train.predictor import load_predictor

    own = load_own(run, needed=data is None)
    judged = judge(predictor, run, data, own)
    others: dict[str, Judged] = {}
    if own is not None and (linear := baselines.fit_linear(own, predictor.prepared, judged)):
        others[linear[0]] = linear[1]
    if other is not None:
        if data is None and own is not None:
            require_same_part(own, run, other)
        theirs = judge(load_predictor(other), other, data, own)
        if theirs.trained_on:
            judged = replace(judged, notes=(*judged.notes, theirs.notes[0]))
        others[other.id] = theirs
    return evaluate(judged, predictor, others, find_knobs(run), tell)


def find_knobs(run: Run) -> dict[str, Any]:
    """The knobs of a training; of those that shift probabilities the last value that did, were they turned."""
    from descend.engine.evaluation.calibration import SHIFTING
    from descend.engine.run.knob_turns import list_turns

    knobs = dict(run.manifest().knobs)
    for turned in list_turns(run):
        if turned.knob in SHIFTING and turned.value:
            knobs[turned.knob] = turned.value
    return knobs


def judge(predictor: Predictor, run: Run, data: str | None, own: Dataset | None) -> Judged:
    """What the model says of the samples of ``data``; without it, of the test part of its ``own``. If it was trained on
    them, a note says so."""
    from descend.datasets.new_address import split_new_rows
    from descend.datasets.options import split_address
    from descend.datasets.table import read_table_options
    from descend.engine.base.paths import parse_path
    from descend.engine.cli.predict import find_new_arrays, open_source
    from descend.engine.evaluation import samples
    from descend.engine.evaluation.trained_on import tell_trained_on

    prepared = predictor.prepared

    def tell(judged: Judged, place: Path) -> Judged:
        said = tell_trained_on(run, prepared, place)
        return replace(judged, notes=(said, *judged.notes), trained_on=True) if said else judged

    if data is None:
        assert own is not None
        return samples.judge_held_back(predictor, own)
    if arrays := find_new_arrays(data, prepared):
        judged = samples.judge_arrays(predictor, arrays)
        return judged if arrays.tested else tell(judged, parse_path(data))
    if prepared.kind == "image":
        place = parse_path(data)
        judged = samples.judge_pictures(predictor, place, dict(split_address(run.manifest().data)[1]))
        return tell(judged, place)
    path, options = split_new_rows(data, read_table_options(run.manifest().data))
    with open_source(path) as file:
        return tell(samples.judge_rows(predictor, file, options), file)


def load_own(run: Run, needed: bool) -> Dataset | None:
    """The data that a training learned from, if it is still there, as it was.

    Raises:
        DescendError: it is not, and it is ``needed``.
    """
    from descend.datasets import catalogue
    from descend.engine.launch.changes import check_data
    from descend.engine.run.preparation_file import find_address

    manifest = run.manifest()
    try:
        if (changed := check_data(manifest)) is None:
            return catalogue.find(find_address(run)).load()
        why = f"{changed.what}; restore it, or name other data to evaluate on."
    except DescendError as error:
        why = f"{error} Name other data to evaluate on, or train anew."
    if needed:
        raise DescendError(why)
    return None


def require_same_part(own: Dataset, run: Run, other: Run) -> None:
    """Check that ``other`` learned from the columns of ``own``, the data of ``run``, and held the same samples back: it
    may have trained on others of them.

    Raises:
        UsageError: it did not.
        DescendError: its data is no longer there as it was.
    """
    import numpy as np

    if other.manifest().data == run.manifest().data:
        return
    theirs = load_own(other, needed=True)
    assert theirs is not None
    if (
        theirs.features != own.features
        or theirs.vocabulary != own.vocabulary
        or not np.array_equal(theirs.test_x, own.test_x)
        or not np.array_equal(theirs.test_y, own.test_y)
    ):
        raise UsageError(
            f"'{other.id}' learned from other columns than '{run.id}', or held other samples back; name data to "
            "compare them on, which neither was trained on."
        )


def print_evaluation(console: Console, found: Evaluation, run: str, source: str) -> None:
    """The findings as text."""
    from rich.text import Text

    from descend.datasets.data_shape import format_count

    judged = found.judged
    count = format_count(len(judged), judged.unit)
    console.print(Text(clean(f"{run} on {source}: {count}"), style="bold"), soft_wrap=True)
    for note in judged.notes:
        console.print(Text(clean(note)))
    console.print()
    print_metrics(console, found)
    console.print()
    for sentence in found.sentences:
        console.print(Text(clean(sentence)), soft_wrap=not console.is_terminal)
    if found.classes:
        print_classes(console, found)
    if found.confusion is not None and len(judged.classes) <= MATRIX:
        print_confusion(console, found)
    print_mistakes(console, found)


def print_metrics(console: Console, found: Evaluation) -> None:
    """Each metric, its interval, and what the baselines get."""
    from descend.engine.cli.fitted_table import Column, print_table
    from descend.engine.evaluation.names import NAMES, write_value

    names = [*found.baselines]
    columns = [
        Column("metric", 9),
        Column("value", 6, right=True, droppable=False),
        Column("95 % interval", 8),
        *(Column(clean(name), 8, right=True) for name in names),
    ]
    rows = []
    for metric, value in found.metrics.items():
        interval = found.intervals.get(metric)
        between = f"{write_value(metric, interval.low)} … {write_value(metric, interval.high)}" if interval else ""
        rows.append(
            [
                NAMES[metric],
                write_value(metric, value),
                between,
                *(write_value(metric, found.baselines[name].get(metric)) for name in names),
            ]
        )
    print_table(console, columns, rows, ["metric", *(column.name for column in columns[:2:-1]), "95 % interval"])


def print_classes(console: Console, found: Evaluation) -> None:
    """Each class, or label, the one that is found least first."""
    from descend.engine.cli.fitted_table import Column, print_table
    from descend.engine.evaluation.names import name_class_columns, write_value

    what = "label" if found.judged.labelled else "class"
    heads = {"samples": "samples"} | name_class_columns(found.classes, found.judged.labelled)
    rows = []
    for one in sorted(found.classes, key=lambda one: one["recall"] or 0):
        values = [f"{one[key]:,}" if key == "samples" else write_value(key, one.get(key)) for key in heads]
        rows.append([clean(one["class"]), *values])
    console.print()
    columns = [Column(what, 6), *(Column(head, 5, right=True) for head in heads.values())]
    print_table(console, columns, rows, [what, *reversed(heads.values())])


def print_confusion(console: Console, found: Evaluation) -> None:
    """The confusion matrix."""
    from descend.engine.cli.fitted_table import Column, print_table

    assert found.confusion is not None
    names = [clean(name) for name in found.judged.classes]
    columns = [Column("true ↓  said →", 4), *(Column(name, 3, right=True) for name in unique(names))]
    rows = [[name, *(f"{n:,}" for n in row)] for name, row in zip(names, found.confusion.tolist(), strict=True)]
    console.print()
    print_table(console, columns, rows, [column.name for column in columns])


def unique(names: list[str]) -> list[str]:
    """``names`` with a number where two are alike once cleaned."""
    return [name if names.index(name) == place else f"{name} {place + 1}" for place, name in enumerate(names)]


def print_mistakes(console: Console, found: Evaluation) -> None:
    """The worst mistakes."""
    from rich.text import Text

    from descend.engine.evaluation.names import write_share

    if not found.worst:
        console.print(Text("\nNo sample is judged wrongly."))
        return
    console.print(Text("\nWorst mistakes", style="bold"))
    for mistake in found.worst[:MISTAKES]:
        sure = f" with {write_share(mistake.sure)}" if mistake.sure is not None else ""
        console.print(
            Text(clean(f"  said {mistake.said}{sure}, is {mistake.true}: {mistake.sample}")),
            soft_wrap=not console.is_terminal,
        )
