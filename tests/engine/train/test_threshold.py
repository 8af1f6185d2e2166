"""The probability from which on the second of two classes is said, and the curves by which it can be chosen."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve
from tests.engine.train.test_losses import rare
from tests.engine.train.trained import notes, refused, said, trained

from descend.datasets import catalogue
from descend.engine.cli import main
from descend.engine.evaluation.decision import decide_class
from descend.engine.evaluation.names import CALIBRATION, PRECISION_RECALL, RESIDUALS, ROC
from descend.engine.evaluation.samples import judge_held_back
from descend.engine.run.records import Points
from descend.engine.run.runs import Run
from descend.engine.train.loaded_model import load_model
from descend.engine.train.predictor import load_predictor
from descend.engine.train.threshold import choose_threshold

SCORES = {"f1": metrics.f1_score, "balanced_accuracy": metrics.balanced_accuracy_score}


@pytest.mark.parametrize("by", SCORES)
@pytest.mark.parametrize("seed", range(5))
def test_no_threshold_is_better_than_the_one_chosen(by: str, seed: int) -> None:
    chance = np.random.default_rng(seed)
    truth = (chance.random(60) < 0.2).astype(int)
    truth[:2] = 0, 1
    said = np.clip(0.2 + 0.3 * truth + chance.normal(0, 0.2, 60), 0, 1).round(2)  # with ties
    chosen = choose_threshold(truth, said, by)
    score = SCORES[by]
    best = max(score(truth, said >= cut) for cut in np.linspace(0, 1.001, 2003))
    assert score(truth, said >= chosen) == pytest.approx(best)
    assert 0 <= chosen <= 1


def test_one_class_alone_leaves_the_threshold_at_one_half() -> None:
    assert choose_threshold(np.zeros(5), np.linspace(0, 1, 5), "f1") == 0.5


def test_a_class_is_said_from_the_threshold_on() -> None:
    probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.4, 0.6]])
    assert decide_class(probabilities).tolist() == [0, 0, 1]
    assert decide_class(probabilities, 0.3).tolist() == [0, 1, 1]
    assert decide_class(np.eye(3), 0.3).tolist() == [0, 1, 2], "of three it is the likeliest"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A training with a threshold, on a table with one positive row in thirty."""
    knobs = {"epochs": 20, "lr": 0.01, "validation": 0.2}
    return trained("mlp", rare(tmp_path), **knobs, threshold="f1")


def test_predictions_evaluations_and_cards_follow_the_threshold(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history, predictor = said(run), load_predictor(run)
    assert 0 < predictor.threshold < 0.5, "few are positive"
    assert history.metrics["threshold"] == predictor.threshold
    assert "is said from a probability of" in notes(history)
    assert "The curves are by one half" in notes(history)
    assert main(["show", run.id, "--json"]) == 0
    assert "threshold=f1 chose at the end" in json.loads(capsys.readouterr().out)["threshold"]
    rows = [{"a": a, "b": a} for a in np.linspace(-1, 4, 60)]
    found = load_model(run).predict(rows)
    assert {row["prediction"] for row in found} == {"no", "yes"}
    assert all((row["probability"]["yes"] >= predictor.threshold) is (row["prediction"] == "yes") for row in found)
    assert any(row["prediction"] == "yes" and row["probability"]["yes"] < 0.5 for row in found)
    table = tmp_path / "new.csv"
    table.write_text("a,b\n" + "".join(f"{row['a']},{row['b']}\n" for row in rows))
    assert main(["predict", run.id, str(table), "--to", str(tmp_path / "out.csv")]) == 0
    with (tmp_path / "out.csv").open() as file:
        assert [row["prediction"] for row in csv.DictReader(file)] == [row["prediction"] for row in found]
    assert main(["export", run.id, "--to", "safetensors", str(tmp_path / "net.safetensors")]) == 0
    assert json.loads((tmp_path / "net.safetensors.json").read_text())["threshold"] == predictor.threshold
    capsys.readouterr()
    assert main(["evaluate", run.id, "--json"]) == 0
    evaluated = json.loads(capsys.readouterr().out.strip().splitlines()[-1])["metrics"]
    assert evaluated["accuracy"]["value"] == pytest.approx(history.metrics["test/accuracy"])


def test_f1_of_the_rare_class_is_better_for_it(run: Run) -> None:
    judged = judge_held_back(load_predictor(run), catalogue.find(run.manifest().data).load())
    half = metrics.f1_score(judged.truth, judged.said[:, 1] >= 0.5)
    assert metrics.f1_score(judged.truth, judged.guessed) > half + 0.1


def test_curves_are_those_of_scikit_learn(tmp_path: Path) -> None:
    plain = trained("mlp", rare(tmp_path), epochs=3, lr=0.01)
    judged = judge_held_back(load_predictor(plain), catalogue.find(plain.manifest().data).load())
    history = said(plain)

    def line(name: str) -> tuple[str, np.ndarray]:
        picture = history.picture_at(f"points/{name}")
        assert isinstance(picture, Points)
        title, values = next(iter(picture.paths.items()))
        return title, values.numpy().reshape(-1, 2)

    wrong, found, _ = metrics.roc_curve(judged.truth, judged.said[:, 1])
    title, shown = line(ROC)
    assert title == f"area {metrics.roc_auc_score(judged.truth, judged.said[:, 1]):.3f}"
    np.testing.assert_allclose(shown, np.stack([wrong, found], 1), atol=1e-6)
    title, shown = line(PRECISION_RECALL)
    assert title == f"average precision {metrics.average_precision_score(judged.truth, judged.said[:, 1]):.3f}"
    assert shown[0][0] == 1
    title, shown = line(CALIBRATION)
    share, mean = calibration_curve(judged.truth, judged.said[:, 1], n_bins=10)
    assert shown == pytest.approx(np.stack([mean, share], 1), abs=1e-6)


def test_errors_are_shown_over_what_was_predicted() -> None:
    picture = said(trained("mlp", "diabetes", epochs=1)).picture_at(f"points/{RESIDUALS}")
    assert isinstance(picture, Points)
    assert len(picture.x.numpy()) == 89


def test_a_threshold_is_for_two_classes() -> None:
    assert "threshold=f1 is for two classes" in refused("mlp", "iris", threshold="f1")
