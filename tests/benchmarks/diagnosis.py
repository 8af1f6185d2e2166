"""False alarms: what the diagnosis says of trainings that are healthy, and of trainings that were made to ail.

``DESCEND_DATA=… uv run python -m tests.benchmarks.diagnosis [WORD …] [--home FOLDER] [--seed N]``

A word chooses the trainings whose name has it. Those that are in ``--home`` already are not trained again.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from descend.datasets import catalogue
from descend.engine.base.errors import DescendError
from descend.engine.launch import launcher
from descend.engine.run.run_request import RunRequest
from descend.engine.run.runs import Run, list_runs


@dataclass(frozen=True)
class Entry:
    """A training, and the findings it should have; ``also`` are those that it may have."""

    name: str
    model: str
    data: str
    knobs: dict[str, Any] = field(default_factory=dict)
    finds: str = ""
    also: tuple[str, ...] = ()


def write_table(file: Path, kind: str, rows: int = 1500, columns: int = 8) -> None:
    """A table of one's own: columns a, b, … of normal numbers and a target ``y`` of that ``kind``."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(rows, columns))
    score = x[:, 0] + np.sin(2 * x[:, 1]) + x[:, 2] * x[:, 3]
    noisy = score + 0.5 * draw.normal(size=rows)
    names = [chr(97 + place) for place in range(columns)]
    y: list[str] = [f"{value:.4f}" for value in 20 + 5 * noisy]
    if kind in ("classes", "leak"):
        y = ["yes" if value > 0 else "no" for value in noisy]
    elif kind == "random":
        y = ["yes" if value > 0 else "no" for value in draw.normal(size=rows)]
    elif kind == "random-numbers":
        y = [f"{value:.4f}" for value in draw.normal(size=rows)]
    elif kind == "rare":
        y = ["yes" if value > 3.4 else "no" for value in score + 1.5 * draw.normal(size=rows)]
    elif kind == "weak":
        y = ["yes" if value > 0 else "no" for value in x[:, 0] + 2.5 * draw.normal(size=rows)]
    elif kind == "tails":
        y = [f"{value:.4f}" for value in 2 * x[:, 0] + x[:, 1] + draw.standard_t(2.2, size=rows)]
    elif kind == "linear":
        y = [f"{value:.4f}" for value in x @ np.arange(1, columns + 1) + draw.normal(size=rows)]
    if kind == "leak":
        names.append("paid")
        x = np.column_stack([x, [(value == "yes") * 3 + draw.random() for value in y]])
    lines = [",".join([*names, "y"])]
    lines += [",".join([*(f"{value:.5g}" for value in row), label]) for row, label in zip(x, y, strict=True)]
    file.write_text("\n".join(lines) + "\n")


STACK = """
import torch.nn as nn

def sigmoids(in_features, num_classes, depth=12):
    layers, width = [], in_features
    for _ in range(depth):
        layers += [nn.Linear(width, 32), nn.Sigmoid()]
        width = 32
    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(width, num_classes))

def residual(in_features, num_classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(in_features, 64), nn.BatchNorm1d(64), nn.ReLU(),
        nn.Dropout(0.3), nn.Linear(64, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, num_classes))

def loud(in_features, num_classes, depth=8):
    layers, width = [], in_features
    for _ in range(depth):
        linear = nn.Linear(width, 64)
        nn.init.normal_(linear.weight, std=1.0)
        layers += [linear, nn.ReLU()]
        width = 64
    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(width, num_classes))
"""

HEALTHY = (
    Entry("digits mlp", "mlp", "digits"),
    Entry("digits mlp dropout", "mlp", "digits", {"dropout": 0.3, "layers": 2, "epochs": 20}),
    Entry("digits mlp one-cycle", "mlp", "digits", {"schedule": "one-cycle", "lr": 0.01}),
    Entry("digits mlp sgd", "mlp", "digits", {"optimiser": "momentum", "lr": 0.05}),
    Entry("digits mlp smoothing", "mlp", "digits", {"label_smoothing": 0.1}),
    Entry("digits mlp none held", "mlp", "digits", {"validation": 0.0}),
    Entry("digits mlp patience", "mlp", "digits", {"patience": 3, "epochs": 40}),
    Entry("digits mlp 4 tanh", "mlp", "digits", {"layers": 4, "activation": "tanh"}),
    Entry("digits logistic", "logistic-regression", "digits", {"epochs": 30, "lr": 0.01}),
    Entry("shapes lenet", "lenet", "shapes-28", {"epochs": 6}),
    Entry("digits simple-cnn", "simple-cnn", "digits", {"epochs": 6}),
    Entry("digits cnn augmented", "simple-cnn", "digits", {"epochs": 6, "augment": "shift"}),
    Entry("digits norm-dropout", "norm-dropout-cnn", "digits", {"epochs": 3}),
    Entry("digits rnn", "rnn", "digits", {"epochs": 15}),
    Entry("digits gru", "gru", "digits", {"epochs": 15}),
    Entry("digits transformer", "transformer", "digits", {"epochs": 8}),
    Entry("digits autoencoder", "autoencoder", "digits", {"epochs": 15}),
    Entry("digits own", "OWN:residual", "digits", {"epochs": 10}),
    Entry("iris logistic", "logistic-regression", "iris", {"epochs": 100, "lr": 0.05}),
    Entry("iris mlp", "mlp", "iris", {"epochs": 60, "lr": 0.01}),
    Entry("wine mlp", "mlp", "wine", {"epochs": 40}),
    Entry("cancer mlp", "mlp", "breast-cancer", {"epochs": 20}),
    Entry("cancer logistic", "logistic-regression", "breast-cancer", {"epochs": 50, "lr": 0.01}),
    Entry("diabetes linear", "logistic-regression", "diabetes", {"epochs": 60, "lr": 0.02}),
    Entry("diabetes mlp", "mlp", "diabetes", {"epochs": 30, "weight_decay": 0.01}),
    Entry("moons mlp", "mlp", "moons", {"epochs": 40, "lr": 0.01}),
    Entry("spirals mlp", "mlp", "spirals", {"epochs": 100, "lr": 0.01, "layers": 2}),
    Entry("blobs logistic", "logistic-regression", "blobs", {"epochs": 30, "lr": 0.05}),
    Entry("waves mlp", "mlp", "waves", {"epochs": 100, "lr": 0.01, "layers": 2}),
    Entry("corpus char-lstm", "char-lstm", "corpus", {"epochs": 1, "lr": 0.005}),
    Entry("corpus gpt", "gpt", "corpus", {"epochs": 1}),
    Entry("shapes cnn 5", "simple-cnn", "shapes-28", {"epochs": 5}),
    Entry("own classes mlp", "mlp", "TABLE:classes", {"epochs": 15}),
    Entry("own linear", "logistic-regression", "TABLE:linear", {"epochs": 30, "lr": 0.02}),
    Entry("own numbers mlp", "mlp", "TABLE:numbers", {"epochs": 20, "lr": 0.003}),
    Entry("own rare, balanced", "mlp", "TABLE:rare", {"epochs": 6, "class_weights": "balanced"}),
    Entry("own weak mlp", "mlp", "TABLE:weak", {"epochs": 8}),
    Entry("own heavy tails mlp", "mlp", "TABLE:tails", {"epochs": 8}),
    Entry("own heavy tails linear", "logistic-regression", "TABLE:tails", {"epochs": 20, "lr": 0.01, "huber": 1.0}),
    Entry("long dropout", "mlp", "digits", {"epochs": 80, "dropout": 0.6, "lr": 0.002}),
    Entry("decay for long", "mlp", "digits", {"epochs": 80, "weight_decay": 0.3, "optimiser": "adamw"}),
    Entry("long shifted", "mlp", "digits", {"epochs": 60, "augment": "shift"}),
    Entry("mnist mlp", "mlp", "mnist", {"epochs": 3}),
    Entry("fashion mlp", "mlp", "fashion-mnist", {"epochs": 3}),
)

LINEAR = "logistic-regression"
GUESSING = "no better than guessing"

AILING = (
    Entry("lr 3, sgd", "mlp", "digits", {"lr": 3.0, "optimiser": "sgd"}, "rate too high", ("dead units",)),
    Entry("lr 3, momentum", "mlp", "digits", {"lr": 3.0, "optimiser": "momentum"}, "rate too high", ("dead units",)),
    Entry("lr 1, adam", "mlp", "digits", {"lr": 1.0}, "rate too high", ("dead units",)),
    Entry("lr 10, linear", "logistic-regression", "diabetes", {"lr": 10.0, "optimiser": "sgd"}, "rate too high"),
    Entry("lr 0.3, transformer", "transformer", "digits", {"lr": 0.3}, "rate too high", (GUESSING,)),
    Entry("lr 1e-6", "mlp", "digits", {"lr": 1e-6}, "rate too low", (GUESSING,)),
    Entry("lr 1e-5, table", "mlp", "TABLE:classes", {"lr": 1e-5}, "rate too low", (GUESSING,)),
    Entry("lr 1e-4, sgd", "lenet", "shapes-28", {"lr": 1e-4, "optimiser": "sgd"}, "rate too low"),
    Entry("75 samples", "mlp", "SMALL", {"epochs": 80, "lr": 0.01}, "overfitting"),
    Entry("diabetes for long", "mlp", "diabetes", {"epochs": 300, "lr": 0.01}, "overfitting"),
    Entry("own table for long", "mlp", "TABLE:classes", {"epochs": 80, "lr": 0.01}, "overfitting"),
    Entry("a line for circles", LINEAR, "circles", {"epochs": 60, "lr": 0.02}, "underfitting", (GUESSING,)),
    Entry("a line for spirals", "logistic-regression", "spirals", {"epochs": 60, "lr": 0.02}, "underfitting"),
    Entry("2 units for spirals", "mlp", "spirals", {"epochs": 60, "lr": 0.02, "hidden": 2}, "underfitting"),
    Entry("stopped too soon", "logistic-regression", "digits", {"epochs": 2}, "underfitting"),
    Entry("12 sigmoids", "OWN:sigmoids", "digits", {"epochs": 10}, "vanishing gradients"),
    Entry("8 sigmoids, zoo", "mlp", "digits", {"layers": 8, "activation": "sigmoid"}, "vanishing gradients"),
    Entry("loud weights", "OWN:loud", "digits", {"epochs": 3}, "exploding gradients"),
    Entry("rare class", "mlp", "TABLE:rare", {"epochs": 10}, "imbalance"),
    Entry("random labels", "mlp", "TABLE:random", {"epochs": 20}, GUESSING, ("overfitting",)),
    Entry("random numbers", "mlp", "TABLE:random-numbers", {"epochs": 20}, GUESSING, ("overfitting",)),
    Entry("random, linear", LINEAR, "TABLE:random", {"epochs": 30, "lr": 0.02}, GUESSING, ("underfitting",)),
    Entry("leaking column", "mlp", "TABLE:leak", {"epochs": 10}, "leak"),
    Entry("plateau, mlp", "mlp", "digits", {"epochs": 22, "lr": 0.05, "layers": 4, "hidden": 64}, "plateau"),
    Entry("plateau, rnn", "rnn", "digits", {"epochs": 25, "lr": 0.02}, "plateau"),
)  # fmt: skip


def prepare(entry: Entry, folder: Path, seed: int = 0) -> RunRequest:
    """What to train, its files written to ``folder``."""
    model, data = entry.model, entry.data
    if model.startswith("OWN:"):
        file = folder / "stack.py"
        file.write_text(STACK)
        model = f"{file}:{model[4:]}"
    if data.startswith("TABLE:"):
        file = folder / f"{data[6:]}.csv"
        write_table(file, data[6:])
        data = f"{file}?target=y"
    elif data == "SMALL":
        digits = catalogue.find("digits").load()
        data = str(folder / "small.npz")
        np.savez(data, train_x=digits.train_x[:75], train_y=digits.train_y[:75],
                 test_x=digits.test_x, test_y=digits.test_y)  # fmt: skip
    return RunRequest(model, entry.knobs, data=data, device="cpu", seed=seed)


def train(entry: Entry, folder: Path, kept: dict[str, Run], seed: int) -> Run:
    """The training, done here if it is not ``kept``."""
    from tests.engine.train.trained import conduct

    if entry.name in kept:
        return kept[entry.name]
    from descend.engine.run.runs import amend_manifest

    run = conduct(launcher.prepare(prepare(entry, folder, seed)))
    amend_manifest(run, title=entry.name)
    return run


def main() -> int:
    """Print a line for each training; returns 1 if a finding is lacking or one too many."""
    from descend.engine.diagnosis.diagnose import diagnose

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("words", nargs="*")
    parser.add_argument("--home", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1e9, help="begin no training after these")
    arguments = parser.parse_args()
    home = Path(arguments.home or tempfile.mkdtemp())
    home.mkdir(parents=True, exist_ok=True)
    os.environ["DESCEND_HOME"] = str(home)
    kept = {run.manifest().title: run for run in list_runs()}
    table, wrong, begun = Table("training", "result", "findings", "", box=None), 0, time.monotonic()
    for entry in (*HEALTHY, *AILING):
        if arguments.words and not any(word in entry.name for word in arguments.words):
            continue
        if entry.name not in kept and time.monotonic() - begun > arguments.seconds:
            continue
        try:
            run = train(entry, home, kept, arguments.seed)
        except DescendError as error:
            table.add_row(entry.name, str(error))
            continue
        from descend.engine.run.summary import summarize

        said = [finding.name for finding in diagnose(run)]
        right = (entry.finds in said or not entry.finds) and set(said) <= {entry.finds, *entry.also}
        wrong += not right
        summary = summarize(run)
        value = summary.metrics.get(summary.key)
        table.add_row(entry.name, f"{summary.key} {value:.3f}" if value is not None else summary.state,
                      ", ".join(said) or "none", "" if right else f"expected: {entry.finds or 'none'}")  # fmt: skip
    Console(width=150).print(table)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
