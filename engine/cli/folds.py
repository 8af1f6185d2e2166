"""``descend run MODEL --folds K``: cross-validation. A training for each fold, held back in turn, and their mean."""

from __future__ import annotations

import argparse
import json
import statistics
from typing import TYPE_CHECKING

from descend.datasets.data_shape import format_count
from descend.engine.base.errors import UsageError
from descend.engine.cli import output

if TYPE_CHECKING:
    from descend.datasets.dataset import Dataset
    from descend.engine.run.run_request import RunRequest
    from descend.engine.run.runs import Run

MOST = 20


def check_folds(request: RunRequest, folds: int) -> RunRequest:
    """``request`` so changed that a part of the size of a fold is held back, and checked.

    Raises:
        UsageError: there cannot be so many folds, or it is no training.
    """
    from descend.datasets import catalogue
    from descend.engine.launch import experiment, launcher

    if not 2 <= folds <= MOST:
        raise UsageError(f"--folds takes 2 to {MOST}, and here is {folds}.")
    if not isinstance(experiment.find(request.name), experiment.Training):
        raise UsageError(f"--folds is for models, and '{request.name}' is a lesson.")
    if taken := {"validation", "fold"} & set(request.knobs):
        raise UsageError(f"--folds says what is held back, and so does {min(taken)}=; leave one of them out.")
    checked = request.override(knobs={"validation": 1 / folds})
    launcher.check_request(checked)
    if why := explain_folds(catalogue.find(checked.data).load(), folds, bool(checked.knobs.get("patience"))):
        raise UsageError(f"{why}; leave --folds out.")
    return checked


def explain_folds(dataset: Dataset, folds: int, stops: bool) -> str:
    """Why so many parts of ``dataset`` cannot be held back in turn; empty if they can. A training that ``stops`` by
    them takes parts of any size."""
    from descend.engine.train.held_back import FEWEST, explain_single_fold

    if why := explain_single_fold(dataset):
        return why
    count, groups = len(dataset.train_x), len(set(dataset.train_groups))
    if groups and groups < folds:
        return f"The training part has {format_count(groups, 'group')}, too few for {folds} folds"
    if round(count / folds) < FEWEST and not stops:
        return f"The training part has {format_count(count, 'sample')}, and each of {folds} folds takes {FEWEST}"
    return ""


def run_folds(request: RunRequest, folds: int, arguments: argparse.Namespace) -> int:
    """Train once for each fold, one after the other, and print each metric's mean and deviation over them.

    Returns 0 if all were done, else 1; a fold that was stopped, or failed, ends it.
    """
    from descend.engine.cli.run import start_run
    from descend.engine.launch import launcher

    request = check_folds(request, folds)
    runs: list[Run] = []
    for fold in range(1, folds + 1):
        run = launcher.prepare(request.override(knobs={"fold": fold}))
        if not arguments.json:
            print(f"fold {fold} of {folds}")
        status = start_run(run, arguments)
        if status or run.state() != "done":
            return status or 1
        runs.append(run)
    print_metrics(runs, arguments.json)
    return 0


def print_metrics(runs: list[Run], as_json: bool) -> None:
    """Each metric of what was not trained on: mean, deviation of a fold, and what each fold had."""
    from descend.engine.run.summary import summarize

    found = [summarize(run).metrics for run in runs]
    names = [name for name in found[0] if name.startswith(("validation/", "test/"))]
    rows = []
    for name in sorted(names, key=lambda name: (name.startswith("test/"), name)):
        values = [value for metrics in found if (value := metrics.get(name)) is not None]
        if len(values) == len(runs):  # else it was undefined in one, and a mean of fewer would not compare
            rows.append((name, statistics.fmean(values), statistics.stdev(values), values))
    if as_json:
        metrics = {name: {"mean": mean, "std": std, "folds": values} for name, mean, std, values in rows}
        print(json.dumps({"status": "done", "runs": [run.id for run in runs], "metrics": metrics}, allow_nan=False))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table("metric", "mean ± std", "by fold", box=None)
    for name, mean, std, values in rows:
        table.add_row(Text(name), f"{mean:.4g} ± {std:.2g}", " ".join(f"{value:.4g}" for value in values))
    console = output.make_console()
    console.print(table)
    console.print(Text("std is that of one fold; the folds share training data, so it is no interval of the mean."))
