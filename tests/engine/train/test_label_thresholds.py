"""The probability from which on each of several labels is said: chosen, kept, and followed by all that use a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics
from tests.engine.train.test_labels import NAMES, address, answers, posts, predicted
from tests.engine.train.trained import conduct, notes, said, split_of, trained

from descend.engine import load
from descend.engine.cli import main
from descend.engine.evaluation import intervals
from descend.engine.evaluation.decision import decide_labels
from descend.engine.evaluation.evaluation import list_mistakes
from descend.engine.evaluation.judged import Judged
from descend.engine.evaluation.names import PRECISION_RECALL, ROC
from descend.engine.launch import launcher
from descend.engine.run.records import Points
from descend.engine.run.runs import Run
from descend.engine.train.predictor import load_predictor
from descend.engine.train.score_curves import show_label_curves
from descend.engine.train.threshold import choose_label_thresholds, describe_label_thresholds

SCORES = {"f1": metrics.f1_score, "balanced_accuracy": metrics.balanced_accuracy_score}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that has learned little, so that one half is not where labels are told best."""
    return trained("mlp", address(tmp_path), epochs=3, validation=0.2, threshold="f1")


def chosen(run: Run) -> tuple[float, ...]:
    """The thresholds of a run."""
    cuts = load_predictor(run).threshold
    assert isinstance(cuts, tuple)
    return cuts


@pytest.mark.parametrize("by", SCORES)
def test_each_label_has_the_threshold_that_is_best_for_it(by: str) -> None:
    chance = np.random.default_rng(0)
    truth = (chance.random((80, 3)) < (0.1, 0.5, 0.8)).astype(int)
    share = np.clip(0.3 + 0.2 * truth + chance.normal(0, 0.2, truth.shape), 0, 1).round(2)
    cuts = choose_label_thresholds(truth, share, by)
    guessed = decide_labels(share, cuts)
    for at in range(3):
        best = max(SCORES[by](truth[:, at], share[:, at] >= cut) for cut in np.linspace(0, 1.01, 102))
        assert SCORES[by](truth[:, at], guessed[:, at]) == pytest.approx(best)


def test_what_was_chosen_is_told_also_where_there_was_nothing_to_choose_by() -> None:
    truth = np.array([[0, 1, 0], [1, 1, 0]])
    share = np.array([[0.1, 0.7, 0.2], [0.2, 0.8, 0.1]])
    cuts = choose_label_thresholds(truth, share, "f1")
    assert cuts == pytest.approx((0.15, 0.5, 0.5))
    told = describe_label_thresholds(NAMES, cuts, truth, "f1", "rows")
    assert told.endswith(
        "said from these probabilities on: 'spam' 0.15. Of the labels 'urgent', 'ad' all of these rows say the "
        "same, so it stays at one half."
    )
    assert describe_label_thresholds(NAMES, cuts, truth[:1], "f1", "rows").startswith("All rows held back have")


def test_all_that_use_a_run_say_its_labels_from_their_thresholds_on(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intervals, "RESAMPLES", 100)
    history, cuts, file = said(run), chosen(run), posts(tmp_path)
    assert len(set(cuts) - {0.5}) == 3
    assert f"'spam' {cuts[0]:.3g}, 'urgent' {cuts[1]:.3g}, 'ad' {cuts[2]:.3g}" in notes(history)
    yes, share = predicted(run, file, tmp_path / "out.csv")
    truth, split = answers(file), split_of(run)
    assert (yes == (share >= cuts)).all()
    assert (yes != (share >= 0.5)).any()
    for part, lines in (("validation", split.validation), ("test", split.test)):
        at = np.array(lines) - 2
        assert history.metrics[f"{part}/macro_f1"] == pytest.approx(
            metrics.f1_score(truth[at], yes[at], average="macro"), abs=1e-6
        )
        balanced = [metrics.balanced_accuracy_score(truth[at, one], yes[at, one]) for one in range(3)]
        assert history.metrics[f"{part}/balanced_accuracy"] == pytest.approx(np.mean(balanced), abs=1e-6)
    back = np.array(split.validation) - 2
    half = metrics.f1_score(truth[back], share[back] >= 0.5, average="macro", zero_division=0)
    assert history.metrics["validation/macro_f1"] > half

    model, rows = load(run.id), [{"size": 47 + at / 4, "colour": ("red", "blue")[at % 2]} for at in range(60)]
    assert model.threshold == cuts
    found = model.predict(rows)
    assert all(
        [*one["prediction"]] == [name for name, cut in zip(NAMES, cuts, strict=True) if one["probability"][name] >= cut]
        for one in found
    )
    assert main(["export", run.id, "--to", "state-dict", str(tmp_path / "net.pt")]) == 0
    card = json.loads((tmp_path / "net.pt.json").read_text())
    assert card["threshold"] == dict(zip(NAMES, cuts, strict=True))

    capsys.readouterr()
    assert main(["show", run.id]) == 0
    assert "said from" in capsys.readouterr().out
    assert main(["evaluate", run.id, str(file), "--report", str(tmp_path / "report"), "--json"]) == 0
    judged = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert judged["metrics"]["macro_f1"]["value"] == pytest.approx(metrics.f1_score(truth, yes, average="macro"))
    assert [one["threshold"] for one in judged["classes"]] == pytest.approx(cuts)
    assert "| label | samples | said from | right |" in (tmp_path / "report" / "report.md").read_text()

    pytest.importorskip("fastapi")
    from fastapi.testclient import TestClient

    from descend.engine.serving.app import make_app

    with TestClient(make_app(model, run.id, 100, 10**6)) as client:
        answer = client.post("/predict", json={"rows": rows}).json()
    assert [one["prediction"] for one in answer["predictions"]] == [one["prediction"] for one in found]


def test_thresholds_are_chosen_anew_where_a_run_goes_on_or_is_no_longer_to_have_any(run: Run) -> None:
    more = conduct(launcher.fork_run(run, 10**6, {"epochs": 4, "threshold": "balanced_accuracy"}))
    assert chosen(more) != chosen(run)
    assert "By balanced_accuracy" in notes(said(more))
    none = conduct(launcher.fork_run(run, 10**6, {"epochs": 4, "threshold": "half"}))
    assert load_predictor(none).threshold == 0.5


def test_the_answer_that_is_called_a_mistake_is_a_wrong_one() -> None:
    judged = Judged(
        (),
        ("a", "b"),
        np.array([[0, 0]], np.uint8),
        np.array([[0.45, 0.2]]),
        threshold=(0.5, 0.1),
        labelled=True,
    )
    [mistake] = list_mistakes(judged, 5)
    assert (mistake.said, mistake.sure) == ("b", 0.2)


def test_curves_of_labels_are_those_of_scikit_learn(run: Run, tmp_path: Path) -> None:
    history, cuts, file = said(run), chosen(run), posts(tmp_path)
    yes, share = predicted(run, file, tmp_path / "out.csv")
    at = np.array(split_of(run).validation) - 2
    truth, yes, share = answers(file)[at], yes[at], share[at]

    def find(name: str) -> tuple[Points, dict[str, np.ndarray[Any, Any]]]:
        picture = history.picture_at(f"points/{name}")
        assert isinstance(picture, Points)
        assert picture.classes == [f"from {cut:.3g}" for cut in cuts]
        return picture, {title: values.numpy().reshape(-1, 2) for title, values in picture.paths.items()}

    roc, lines = find(ROC)
    precisions, recalls = find(PRECISION_RECALL)
    areas = [metrics.roc_auc_score(truth[:, one], share[:, one]) for one in range(3)]
    averages = [metrics.average_precision_score(truth[:, one], share[:, one]) for one in range(3)]
    for one, name in enumerate(NAMES):
        wrong, found, _ = metrics.roc_curve(truth[:, one], share[:, one])
        np.testing.assert_allclose(lines[f"area {areas[one]:.3f} '{name}'"], np.stack([wrong, found], 1), atol=1e-6)
        right = metrics.recall_score(truth[:, one], yes[:, one])
        alarms = 1 - metrics.recall_score(truth[:, one], yes[:, one], pos_label=0)
        assert (roc.x.numpy()[one], roc.y.numpy()[one]) == pytest.approx((alarms, right))
        precision, recall, _ = metrics.precision_recall_curve(truth[:, one], share[:, one], drop_intermediate=True)
        np.testing.assert_allclose(
            recalls[f"average {averages[one]:.3f} '{name}'"], np.stack([recall, precision], 1), atol=1e-6
        )
        assert precisions.y.numpy()[one] == pytest.approx(metrics.precision_score(truth[:, one], yes[:, one]))
    mean = lines[f"area {metrics.roc_auc_score(truth, share):.3f} mean of 3"]
    assert metrics.auc(*mean.T) == pytest.approx(np.mean(areas), abs=0.01)


def test_of_many_labels_the_curves_of_those_that_are_told_worst_are_shown() -> None:
    shown: dict[str, dict[str, Any]] = {}

    class Panels:
        def points(self, name: str, *at: Any, paths: dict[str, Any], **more: Any) -> None:
            shown[name] = paths

    chance = np.random.default_rng(0)
    truth = chance.integers(0, 2, (500, 9))
    truth[:, 8] = 0
    share = np.clip(0.5 + (truth - 0.5) * np.arange(9) / 20 + chance.normal(0, 0.2, truth.shape), 0, 1)
    show_label_curves(Panels(), truth, share, [*"abcdefghi"], 0.5)  # type: ignore[arg-type]
    assert [title[-3:] for title in shown[ROC]] == ["'a'", "'b'", "'c'", "'d'", "f 8", "nce"]
    assert [title[-3:] for title in shown[PRECISION_RECALL]] == ["'a'", "'b'", "'c'", "'d'"]
    show_label_curves(Panels(), truth[:, 8:], share[:, 8:], ["i"], 0.5)  # type: ignore[arg-type]
    assert len(shown[ROC]) == 6, "a label that no sample has is not drawn"
