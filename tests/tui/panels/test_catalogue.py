"""Which panels a run gets, and that finding out is cheap."""

from __future__ import annotations

import subprocess
import sys

from descend.engine.run.history import History
from descend.tui.panels.catalogue import kinds, wanted

from .conftest import history_of, scalars


def labels(history: History, expected: tuple[str, ...] = ()) -> list[str]:
    return [kind(history, subject).label for kind, subject in wanted(history, expected)]


def test_panels_in_order(history: History) -> None:
    assert labels(history) == ["loss", "accuracy", "gradients by layer", "confusion test"]


def test_series_of_one_metric_share_a_panel() -> None:
    history = history_of([scalars(0, {"lr": 0.1, "val/loss": 1.0, "train/loss": 1.0, "a/b/mse": 2.0, "accuracy": 0.5})])
    assert labels(history) == ["loss", "accuracy", "lr", "mse"]


def test_expected_panels_are_there_before_their_data() -> None:
    names = ("confusion/train", "layers", "train/mse", "test/accuracy")
    assert labels(History(), names) == ["accuracy", "mse", "gradients by layer", "confusion train"]
    assert labels(History()) == []


def test_kinds_are_found_by_walking_the_package() -> None:
    assert [kind.__module__.rpartition(".")[2] for kind in kinds()][:3] == ["curves", "layers", "confusion"]


def test_importing_panels_imports_nothing_heavy() -> None:
    code = (
        "import sys, descend.tui.panels.grid, descend.tui.panels.catalogue as c\n"
        "print([m for m in ('numpy', 'plotext', 'torch', 'scipy', 'sklearn') if m in sys.modules])\n"
        "c.kinds()\n"
        "print([m for m in ('plotext', 'torch', 'scipy', 'sklearn') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["[]", "[]"]
