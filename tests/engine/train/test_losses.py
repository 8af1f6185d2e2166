"""Losses for rare classes and for outliers: the formulas, and what they do to a training."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from tests.engine.train.trained import done, notes, refused

from descend.datasets.preparation import Preparation
from descend.engine.base.errors import UsageError
from descend.engine.launch import launcher
from descend.engine.run.run_request import RunRequest
from descend.engine.train.class_weights import find_class_weights
from descend.engine.train.loader import Preprocessing
from descend.engine.train.settings import SettingError
from descend.engine.train.task import Classification, Regression

OUTPUT = torch.randn(40, 3, generator=torch.Generator().manual_seed(1))
TARGET = torch.tensor([0] * 30 + [1] * 8 + [2] * 2)


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    task = Classification(("a", "b", "c"), images=False)
    task.weights = find_class_weights("balanced", task.names, TARGET)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=TARGET.numpy())
    assert task.weights is not None
    assert task.weights.tolist() == pytest.approx(expected)
    each = torch.nn.functional.cross_entropy(OUTPUT, TARGET, reduction="none")
    by_class = sum(each[label == TARGET].mean() for label in range(3)) / 3
    assert task.training_loss(OUTPUT, TARGET, SimpleNamespace()) == pytest.approx(float(by_class))
    assert task.loss(OUTPUT, TARGET) == pytest.approx(float(each.mean())), "it is judged without weights"
    never = find_class_weights("balanced", task.names, torch.tensor([0, 0, 2]))
    assert never is not None
    assert torch.isfinite(never).all(), "a class that does not occur"


def test_given_weights_keep_their_ratio_and_a_mean_of_one() -> None:
    names = ("no", "a:b, c", "yes")
    assert find_class_weights("none", names, TARGET) is None
    weights = find_class_weights("yes:6, a:b:2", ("no", "a:b", "yes"), TARGET)
    assert weights is not None
    assert (weights / weights[0]).tolist() == pytest.approx([1, 2, 6])
    assert float(weights[TARGET].mean()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("balance", "class_weights is none, balanced, or weights such as a:5, not 'balance'"),
        ("d:3", "names the class 'd', and there is none"),
        ("a:-1", "gives 'a' the weight '-1'; it is a number above 0"),
        ("a:many", "the weight 'many'"),
        ("a:nan", "the weight 'nan'"),
    ],
)
def test_weights_that_make_no_sense_are_told(asked: str, sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        find_class_weights(asked, ("a", "b", "c"), TARGET)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_focal_loss_is_its_formula(gamma: float) -> None:
    task = Classification(("a", "b", "c"), images=False)
    p = OUTPUT.double().softmax(1)[torch.arange(40), TARGET]
    expected = (-((1 - p) ** gamma) * p.log()).mean()
    assert task.training_loss(OUTPUT, TARGET, SimpleNamespace(focal=gamma)) == pytest.approx(float(expected), rel=1e-5)


def test_huber_is_squared_near_and_linear_far() -> None:
    prepared = Preparation(kind="table", task="regression", sample_shape=(1,), train=2, test=1, targets=("y",))
    task = Regression(("y",), Preprocessing(prepared, torch.device("cpu")))
    k = SimpleNamespace(huber=1.0)

    def loss(error: float) -> float:
        return float(task.training_loss(torch.tensor([error]), torch.zeros(1), k))

    assert loss(0.5) == pytest.approx(0.25)
    assert loss(9.0) - loss(8.0) == pytest.approx(2.0)
    assert loss(9.0) < 81


def rare(folder: Path) -> str:
    """A table with one positive row in thirty, which two columns tell apart partly."""
    chance = np.random.default_rng(3)
    lines = ["a,b,kind"]
    for i in range(1500):
        positive = i % 30 == 0
        a, b = chance.normal(1.2 if positive else 0.0, 1.0, 2)
        lines.append(f"{a:.4f},{b:.4f},{'yes' if positive else 'no'}")
    (folder / "rare.csv").write_text("\n".join(lines))
    return str(folder / "rare.csv")


def test_weights_find_a_rare_class_that_is_passed_over_without(tmp_path: Path) -> None:
    knobs = {"epochs": 20, "lr": 0.01, "validation": 0.2, "metric": "balanced_accuracy"}
    plain, weighted = (done("mlp", rare(tmp_path), **knobs, class_weights=weights) for weights in ("none", "balanced"))
    assert plain.metrics["test/balanced_accuracy"] < 0.65
    assert weighted.metrics["test/balanced_accuracy"] > plain.metrics["test/balanced_accuracy"] + 0.1
    assert "class_weights=balanced counts each class alike" in notes(plain)
    assert "counts each class alike" not in notes(weighted)
    assert "raised for what is rare by class_weights=balanced: they rank" in notes(weighted)
    assert "they are not shares" not in notes(plain)
    given = done("mlp", rare(tmp_path), **knobs, class_weights="yes:29")
    assert given.metrics["test/balanced_accuracy"] == pytest.approx(weighted.metrics["test/balanced_accuracy"])


@pytest.mark.parametrize(
    ("data", "knobs", "sentence"),
    [
        ("diabetes", {"class_weights": "balanced"}, "class_weights is for classes, and there are none"),
        ("diabetes", {"focal": 2.0}, "focal is for classes, and there are none"),
        ("iris", {"huber": 1.0}, "huber is for numbers to predict, and there are none"),
    ],
)
def test_a_loss_for_other_targets_is_refused(data: str, knobs: dict[str, object], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        launcher.prepare(RunRequest("mlp", knobs, device="cpu", data=data))


def test_calibration_log_loss_and_top_5_are_series_when_one_is_asked_for() -> None:
    history = done("logistic_regression", "digits", epochs=1, validation=0.1, metric="calibration_error")
    assert {f"validation/{name}" for name in ("calibration_error", "log_loss", "top_5")} <= history.series.keys()
    assert history.metrics["test/log_loss"] == pytest.approx(history.metrics["test/loss"], rel=1e-4)
    assert history.metrics["test/top_5"] >= history.metrics["test/accuracy"]
    assert "metric=top_5 is not measured" in refused("mlp", "iris", metric="top_5")
