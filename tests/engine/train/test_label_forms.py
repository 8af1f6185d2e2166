"""Several labels at once from every form of data that has them: learned, predicted and judged."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn import metrics
from tests.engine.train.trained import trained

from descend.datasets import catalogue
from descend.engine.cli import main
from descend.engine.evaluation import intervals
from descend.engine.run.preparation_file import read_preparation
from descend.engine.run.runs import Run


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "RESAMPLES", 20)


def draw(count: int, seed: int = 0) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Numbers, (n, 3), and which of two labels go with them, (n, 2)."""
    x = np.random.default_rng(seed).normal(0, 1, (count, 3)).round(3)
    return x, np.stack([x[:, 0] > 0.5, x[:, 1] + x[:, 2] > 0], 1).astype(np.uint8)


def check(run: Run, data: Path, truth: np.ndarray[Any, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Check that what is said of ``data`` is judged as scikit-learn does."""
    names = read_preparation(run).targets
    capsys.readouterr()
    assert main(["predict", run.id, str(data)]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    yes = np.array([[{"yes": 1, "no": 0}[row[f"predicted {name}"]] for name in names] for row in rows])
    share = np.array([[float(row[f"probability {name}"]) for name in names] for row in rows])
    assert yes.shape == truth.shape
    assert main(["evaluate", run.id, str(data), "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    values = {name: one["value"] for name, one in found["metrics"].items()}
    assert found["samples"] == len(truth)
    assert values["macro_f1"] == pytest.approx(metrics.f1_score(truth, yes, average="macro"))
    assert values["subset_accuracy"] == pytest.approx(metrics.accuracy_score(truth, yes))
    assert values["roc_auc"] == pytest.approx(metrics.roc_auc_score(truth, share), abs=1e-4)
    assert values["roc_auc"] > 0.7


def test_lists_in_lines_of_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def write(file: Path, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> None:
        rows = (
            {"a": a, "tags": [name for name, has in zip(("b, c", "d"), ticked, strict=True) if has], "e": e, "f": f}
            for (a, e, f), ticked in zip(x.tolist(), y.tolist(), strict=True)
        )
        file.write_text("\n".join(map(json.dumps, rows)) + "\n")

    write(tmp_path / "t.jsonl", *draw(120))
    run = trained("mlp", f"{tmp_path / 't.jsonl'}?target=tags", epochs=12, lr=0.02, validation=0.2, threshold="f1")
    assert read_preparation(run).targets == ("b, c", "d")
    x, y = draw(60, seed=1)
    write(tmp_path / "new.jsonl", x, y)
    check(run, tmp_path / "new.jsonl", y, capsys)


def test_a_matrix_of_0_and_1_in_a_file_of_numpys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x, y = draw(120)
    np.savez(tmp_path / "t.npz", x=x, y=y.astype(np.float32))
    run = trained("mlp", str(tmp_path / "t.npz"), epochs=12, lr=0.02, validation=0.2, threshold="f1")
    assert read_preparation(run).targets == ("y1", "y2")
    x, y = draw(60, seed=1)
    np.savez(tmp_path / "new.npz", x=x, y=y > 0)
    check(run, tmp_path / "new.npz", y, capsys)
    np.savez(tmp_path / "odd.npz", x=x, y=y[:, :1])
    assert main(["evaluate", run.id, str(tmp_path / "odd.npz")]) == 1
    assert "0 and 1 for each of 2 labels can be judged" in capsys.readouterr().err


def test_pictures_in_arrays_with_labels_in_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def write(folder: Path, count: int, seed: int) -> np.ndarray[Any, Any]:
        chance = np.random.default_rng(seed)
        y = chance.integers(0, 2, (count, 2))
        x = chance.integers(0, 60, (count, 8, 8), np.uint8)
        x[:, :4] += (150 * y[:, 0, None, None]).astype(np.uint8)
        x[:, 4:] += (150 * y[:, 1, None, None]).astype(np.uint8)
        folder.mkdir()
        np.save(folder / "x.npy", x)
        np.save(folder / "y.npy", 2 * y - 1)
        return y

    write(tmp_path / "t", 120, 0)
    run = trained("mlp", str(tmp_path / "t"), epochs=6, validation=0.2, threshold="balanced_accuracy")
    assert str(read_preparation(run).shape) == "images of 8 × 8 grey pixels with 2 labels"
    y = write(tmp_path / "new", 40, 1)
    check(run, tmp_path / "new", y, capsys)


def draw_pictures(folder: Path, count: int, seed: int) -> np.ndarray[Any, Any]:
    """Write pictures whose upper half may be bright, and their lower; returns which are, (n, 2)."""
    chance = np.random.default_rng(seed)
    y = chance.integers(0, 2, (count, 2))
    (folder / "images").mkdir(parents=True)
    for at in range(count):
        halves = np.repeat(60 + 120 * y[at], 4)[:, None] + chance.integers(0, 40, (8, 8))
        Image.fromarray(halves.astype(np.uint8)).save(folder / f"images/p{at:03}.png")
    return y


def name_in_columns(folder: Path, y: np.ndarray[Any, Any]) -> str:
    rows = (f"p{at:03}.png,{'ny'[above]},{'ny'[below]}" for at, (above, below) in enumerate(y.tolist()))
    (folder / "labels.csv").write_text("\n".join(["file,above,below", *rows]) + "\n")
    return "target=above,below"


def name_with_marks(folder: Path, y: np.ndarray[Any, Any]) -> str:
    words = (" ".join(word for word, has in zip(("above", "below"), ticked, strict=True) if has) for ticked in y)
    rows = (f"p{at:03},{word}" for at, word in enumerate(words))
    (folder / "labels.csv").write_text("\n".join(["file,bright", *rows]) + "\n")
    return "target=bright&task=labels&empty=none"


def name_in_lists(folder: Path, y: np.ndarray[Any, Any]) -> str:
    rows = (
        {"bright": [word for word, has in zip(("above", "below"), ticked, strict=True) if has], "file": f"p{at:03}.png"}
        for at, ticked in enumerate(y)
    )
    (folder / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    return "target=bright"


@pytest.mark.parametrize("name", [name_in_columns, name_with_marks, name_in_lists])
def test_pictures_have_labels_in_every_form(name: Callable[[Path, np.ndarray[Any, Any]], str], tmp_path: Path) -> None:
    y = draw_pictures(tmp_path, 30, 0)
    data = catalogue.find(f"{tmp_path}?{name(tmp_path, y)}").load()
    assert (data.task, data.targets) == ("labels", ("above", "below"))
    bright = (np.concatenate([data.train_x, data.test_x]).reshape(30, 2, 32).mean(2) > 120).astype(int)
    assert np.array_equal(np.concatenate([data.train_y, data.test_y]), bright)
    assert sorted(bright.tolist()) == sorted(y.tolist())


def test_pictures_that_a_table_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = name_with_marks(tmp_path / "t", draw_pictures(tmp_path / "t", 60, 0))
    run = trained("mlp", f"{tmp_path / 't'}?{options}", epochs=8, lr=0.01, validation=0.2, threshold="f1")
    prepared = read_preparation(run)
    assert (str(prepared.shape), prepared.targets) == ("images of 8 × 8 grey pixels with 2 labels", ("above", "below"))
    y = draw_pictures(tmp_path / "new", 30, 1)
    name_with_marks(tmp_path / "new", y)
    check(run, tmp_path / "new", y, capsys)
