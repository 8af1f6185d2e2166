"""Metrics of resamples, and comparisons by any metric, beside scikit-learn on the samples themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from tests.engine.evaluation.test_metrics import judged, numbers

from descend.engine.evaluation import intervals
from descend.engine.evaluation.baselines import choose_metric
from descend.engine.evaluation.comparison import compare_by
from descend.engine.evaluation.evaluation import slice_samples
from descend.engine.evaluation.intervals import count_resamples, find_intervals, resample
from descend.engine.evaluation.judged import Judged
from descend.engine.evaluation.metrics import measure
from descend.engine.evaluation.weighted import weigh


def labels(count: int = 200) -> Judged:
    rng = np.random.default_rng(4)
    truth = (rng.random((count, 3)) < [0.1, 0.5, 0.3]).astype(np.uint8)
    said = (0.4 * truth + 0.6 * rng.random((count, 3))).round(2)
    return Judged((), tuple("abc"), truth, said, threshold=(0.3, 0.5, 0.6), labelled=True)


def tied(classes: int) -> Judged:
    """Probabilities of which many are alike."""
    of = judged(classes=classes)
    return replace(of, said=of.said.round(1) / of.said.round(1).sum(1, keepdims=True))


def rare(skill: float, count: int = 1500, seed: int = 0) -> Judged:
    """One positive in thirty, with the labels the same whatever the ``skill`` and ``seed``."""
    truth = (np.arange(count) % 30 == 0).astype(int)
    score = np.random.default_rng(seed).normal(skill * truth - 2, 1)
    said = 1 / (1 + np.exp(-score))
    return Judged(("no", "yes"), (), truth, np.stack([1 - said, said], 1))


@pytest.mark.parametrize("of", [tied(2), tied(3), judged(classes=8), labels(), numbers()])
def test_samples_that_count_twice_are_measured_as_if_they_were_there_twice(of: Judged) -> None:
    measured, chance = weigh(of), np.random.default_rng(0)
    for _ in range(3):
        drawn = chance.integers(0, len(of), len(of))
        found = measured(np.bincount(drawn, minlength=len(of)).astype(float))
        assert found == pytest.approx(measure(of.select(drawn)), rel=1e-9, abs=1e-12)


def test_a_resample_that_lacks_a_class_has_no_area() -> None:
    of = judged(20, 2)
    assert "roc_auc" not in weigh(of)((of.truth == 0).astype(float))


def test_a_thousand_resamples_are_drawn_and_fewer_of_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_intervals(judged(60, 2))["roc_auc"].method == "bootstrap of 1,000"
    monkeypatch.setattr(intervals, "WORK", 60 * 3 * 250)
    assert count_resamples(judged(60, 3)) == 250
    assert find_intervals(judged(60, 3))["roc_auc"].method == "bootstrap of 250"
    assert count_resamples(judged(60_000, 3)) == intervals.FEWEST


def test_models_are_compared_by_the_area_in_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "RESAMPLES", 300)
    good, guess = rare(1.5), rare(0.0, seed=1)
    always = good.rejudge(np.tile([0.97, 0.03], (len(good), 1)))
    for other in (guess, always):
        found = compare_by("roc_auc", good, other, "one", "other")
        assert found is not None
        areas = [roc_auc_score(one.truth, one.said[:, 1]) for one in (good, other)]
        assert found.better == pytest.approx(areas[0] - areas[1])
        assert found.p < 0.01
        assert found.words.startswith(f"one is better than other by {found.better:.4f} in ROC AUC (paired bootstrap of")
    near = rare(1.5, seed=2)
    told = compare_by("roc_auc", good, near, "one", "other")
    assert told is not None
    chance, off = np.random.default_rng(7), []
    for _ in range(60):
        drawn = chance.integers(0, len(good), len(good))
        a, b = (roc_auc_score(one.truth[drawn], one.said[drawn, 1]) for one in (good, near))
        off.append(a - b)
    below = np.mean(np.array(off) <= 0)
    assert told.p == pytest.approx(2 * min(below, 1 - below), abs=0.2)
    assert compare_by("roc_auc", good, good, "one", "itself").p == 1  # type: ignore[union-attr]


def test_less_is_better_of_errors() -> None:
    good, poor = rare(1.5), rare(0.0, seed=1)
    found = compare_by("log_loss", good, poor, "one", "other")
    assert found is not None
    assert found.better == pytest.approx(measure(poor)["log_loss"] - measure(good)["log_loss"])
    assert found.better > 0
    near = compare_by("rmse", numbers(off=0.3), numbers(seed=1, off=0.9), "one", "other")
    assert near is not None
    assert near.words.startswith("one is better than other by")


def test_a_difference_on_few_of_the_rare_class_is_not_told() -> None:
    truth = np.array([1, *[0] * 99])
    first, last = np.linspace(0.9, 0.1, 100), np.linspace(0.1, 0.9, 100)
    one, other = (Judged(("no", "yes"), (), truth, np.stack([1 - said, said], 1)) for said in (first, last))
    found = compare_by("roc_auc", one, other, "one", "other")
    assert found is not None
    assert found.better == pytest.approx(1)
    assert found.p == 1
    assert "cannot be told" in found.words
    assert compare_by("roc_auc", one.select(truth == 0), other.select(truth == 0), "one", "other") is None


def test_resamples_of_two_models_are_of_the_same_samples() -> None:
    one, other = resample(rare(1.0)), resample(rare(1.0))
    assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("of", "asked", "metric"),
    [
        (rare(1.0), "roc_auc", "roc_auc"),
        (rare(1.0), "loss", "average_precision"),
        (rare(1.0), "accuracy", "accuracy"),
        (judged(classes=2), "loss", "accuracy"),
        (labels(), "loss", "average_precision"),
        (numbers(), "loss", "mae"),
        (numbers(), "rmse", "rmse"),
        (rare(1.0).select(np.arange(1, 20)), "roc_auc", "accuracy"),
    ],
)
def test_the_verdict_is_by_what_was_asked_for_or_by_what_says_something(of: Judged, asked: str, metric: str) -> None:
    assert choose_metric(of, measure(of), asked) == metric


def test_parts_without_a_class_have_no_area_and_come_last() -> None:
    of = rare(1.0, 90)
    words = ["none" if not true and place % 2 else "some" for place, true in enumerate(of.truth)]
    first, last = slice_samples(replace(of, groups={"where": words}), ["roc_auc", "accuracy"])
    assert (first.word, set(first.values)) == ("some", {"roc_auc", "accuracy"})
    assert (last.word, set(last.values)) == ("none", {"accuracy"})
