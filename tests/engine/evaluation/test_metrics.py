"""Metrics, intervals and comparisons against formulas written out here, or scipy's own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from descend.engine.base.errors import UsageError
from descend.engine.evaluation import metrics
from descend.engine.evaluation.comparison import compare, resample_sign
from descend.engine.evaluation.evaluation import list_mistakes, slice_samples
from descend.engine.evaluation.intervals import find_intervals, find_wilson
from descend.engine.evaluation.judged import Judged


def judged(count: int = 400, classes: int = 3, seed: int = 0, skill: float = 1.5) -> Judged:
    """Probabilities that know something of the labels."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(classes, count, p=np.arange(1, classes + 1) / (classes * (classes + 1) / 2))
    scores = rng.normal(0, 1, (count, classes))
    scores[np.arange(count), truth] += skill
    said = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    return Judged(tuple("abcdefgh"[:classes]), (), truth, said)


def numbers(count: int = 200, seed: int = 0, off: float = 0.5) -> Judged:
    rng = np.random.default_rng(seed)
    truth = np.random.default_rng(99).normal(10, 3, (count, 2))
    return Judged((), ("u", "v"), truth, truth + rng.normal(0, off, (count, 2)))


def area(positive: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """ROC AUC as the share of pairs in the right order, ties by half."""
    u = stats.mannwhitneyu(score[positive], score[~positive]).statistic
    return float(u / positive.sum() / (~positive).sum())


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_metrics_of_classes_are_those_of_their_definitions(classes: int) -> None:
    of = judged(classes=classes)
    found, truth, said = metrics.measure(of), of.truth, of.said
    guess = said.argmax(1)
    assert found["accuracy"] == pytest.approx((guess == truth).mean())
    recalls = [(guess[truth == c] == c).mean() for c in range(classes)]
    assert found["balanced_accuracy"] == pytest.approx(np.mean(recalls))
    f1 = [2 * ((guess == c) & (truth == c)).sum() / ((guess == c).sum() + (truth == c).sum()) for c in range(classes)]
    assert found["macro_f1"] == pytest.approx(np.mean(f1))
    assert found["log_loss"] == pytest.approx(-np.log(said[np.arange(len(truth)), truth]).mean())
    areas = [area(truth == c, said[:, c]) for c in ([1] if classes == 2 else range(classes))]
    assert found["roc_auc"] == pytest.approx(np.mean(areas))
    assert ("top_5" in found) == (classes > 5)
    if classes > 5:
        best = np.argsort(-said, 1)[:, :5]
        assert found["top_5"] == pytest.approx((best == truth[:, None]).any(1).mean())


def test_average_precision_is_the_mean_precision_at_each_positive() -> None:
    of = judged(classes=2)
    order = np.argsort(-of.said[:, 1])
    hits = (of.truth[order] == 1).astype(float)
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    assert metrics.measure(of)["average_precision"] == pytest.approx((precision * hits).sum() / hits.sum())


def test_a_class_that_never_occurs_or_is_never_said_leaves_only_its_own_numbers_out() -> None:
    of = judged(60, 3)
    lacking = Judged(of.classes, (), np.minimum(of.truth, 1), of.said)
    found = metrics.measure(lacking)
    assert all(math.isfinite(value) for value in found.values())
    assert [one["class"] for one in metrics.measure_each_class(lacking)] == ["a", "b"]
    never = Judged(("a", "b"), (), np.array([0, 1, 1]), np.tile([0.9, 0.1], (3, 1)))
    assert [one["precision"] for one in metrics.measure_each_class(never)] == [pytest.approx(1 / 3), None]
    alone = Judged(("a", "b"), (), np.array([0, 0]), np.tile([0.9, 0.1], (2, 1)))
    assert "roc_auc" not in metrics.measure(alone)


def test_metrics_of_numbers_are_those_of_their_definitions() -> None:
    of = numbers()
    found, off = metrics.measure(of), of.said - of.truth
    assert found["mae"] == pytest.approx(np.abs(off).mean())
    assert found["rmse"] == pytest.approx(np.sqrt((off**2).mean(0)).mean())
    spread = ((of.truth - of.truth.mean(0)) ** 2).sum(0)
    assert found["r2"] == pytest.approx((1 - (off**2).sum(0) / spread).mean())
    assert "r2" not in metrics.measure(Judged((), ("u",), np.ones((3, 1)), np.ones((3, 1))))


def test_the_interval_of_a_share_is_wilson_s() -> None:
    found = find_wilson(18, 20)
    z, n, p = stats.norm.ppf(0.975), 20, 0.9
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert (found.low, found.high) == (pytest.approx(middle - half), pytest.approx(middle + half))
    assert find_intervals(judged(50))["accuracy"].method == "Wilson"


def test_the_others_are_the_middle_of_resamples_as_scipy_s_bootstrap_has_them() -> None:
    of = numbers(80)
    found = find_intervals(of)["mae"]
    off = np.abs(of.said - of.truth).mean(1)
    expected = stats.bootstrap((off,), np.mean, n_resamples=5000, method="percentile", rng=1).confidence_interval
    width = expected.high - expected.low
    assert found.low == pytest.approx(expected.low, abs=0.15 * width)
    assert found.high == pytest.approx(expected.high, abs=0.15 * width)


def test_two_models_are_told_apart_by_the_samples_that_one_alone_gets_right() -> None:
    truth = np.zeros(100, int)
    wrong, right = np.array([0.1, 0.9]), np.array([0.9, 0.1])
    one = Judged(("a", "b"), (), truth, np.array([right] * 90 + [wrong] * 10))
    other = Judged(("a", "b"), (), truth, np.array([right] * 75 + [wrong] * 20 + [right] * 5))
    found = compare(one, other, "one", "other")
    assert found.better == pytest.approx(0.10)
    assert found.p == pytest.approx(2 * stats.binom.cdf(5, 20, 0.5))  # 15 only by one, 5 only by the other
    assert "one is better than other by 10.0 % of the samples" in found.words
    back = compare(other, one, "other", "one")
    assert back.better == -found.better
    assert back.words.startswith("one is better than other")
    assert compare(one, one, "one", "itself").p == 1
    with pytest.raises(UsageError, match="do not predict the same"):
        compare(one, numbers(100), "one", "other")


def test_numbers_are_compared_pair_by_pair() -> None:
    near, far, alike = numbers(off=0.5), numbers(seed=1, off=0.8), numbers(seed=2, off=0.5)
    assert compare(near, far, "near", "far").p < 0.01
    assert "cannot be told" in compare(near, alike, "near", "alike").words
    off = np.random.default_rng(0).normal(0.1, 1, 100)
    assert resample_sign(off) == pytest.approx(stats.ttest_1samp(off, 0).pvalue, abs=0.05)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_few_samples_prove_no_difference(count: int) -> None:
    near, far = numbers(count, off=0.1), numbers(count, off=9.0)
    found = compare(near, far, "near", "far")
    assert found.p == stats.binomtest(count, count).pvalue  # every pair is on the same side
    assert "cannot be told" in found.words
    assert "on every sample" in compare(near, near, "near", "itself").words


def test_one_sample_says_nothing_of_others() -> None:
    assert find_intervals(numbers(1)) == {}
    assert list(find_intervals(judged(1))) == ["accuracy"]


def test_the_worst_mistakes_are_the_surest_and_the_farthest() -> None:
    of = judged(50)
    found = list_mistakes(of, 5)
    assert [one.sure for one in found] == sorted((one.sure for one in found), reverse=True)  # type: ignore[type-var]
    assert all(one.true != one.said for one in found)
    missed = of.said.max(1)[of.guessed != of.truth]
    assert found[0].sure == pytest.approx(missed.max())
    line = Judged((), ("u",), np.array([[1.0], [2.0], [3.0]]), np.array([[1.1], [5.0], [3.0]]))
    assert [one.sample for one in list_mistakes(line, 2)] == ["sample 1", "sample 0"]
    assert not list_mistakes(Judged(("a", "b"), (), np.array([0]), np.array([[1.0, 0.0]])), 5)


def test_slices_measure_the_samples_of_each_word() -> None:
    of = judged(90)
    words = ["north" if place % 3 else "south" for place in range(90)]
    sliced = slice_samples(Judged(of.classes, (), of.truth, of.said, groups={"where": words}), ["accuracy"])
    assert {(one.word, one.samples) for one in sliced} == {("north", 60), ("south", 30)}
    right = of.guessed == of.truth
    expected = {word: right[np.array(words) == word].mean() for word in ("north", "south")}
    assert all(one.values == {"accuracy": pytest.approx(expected[one.word])} for one in sliced)
