"""Whether probabilities are the shares that they say, beside scikit-learn's curve."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from descend.engine.evaluation import calibration
from descend.engine.evaluation.label_metrics import measure_each_label, measure_labels


def raised(count: int = 4000, factor: float = 30.0, seed: int = 0) -> tuple[Any, Any, Any]:
    """Labels of a rare second class, its true probability, and the one of a model that weighs it by ``factor``."""
    chance = np.random.default_rng(seed)
    true = chance.beta(0.5, 12, count)
    odds = true / (1 - true) * factor
    return (chance.random(count) < true).astype(int), true, odds / (1 + odds)


def weigh_by_curve(truth: Any, said: Any) -> float:
    """The error from scikit-learn's curve, weighted by the samples of each of its bins."""
    share, mean = calibration_curve(truth, said, n_bins=10)
    counts = np.histogram(said, np.linspace(0, 1, 11))[0]
    return float((counts[counts > 0] * np.abs(share - mean)).sum() / len(truth))


def test_of_two_classes_the_second_s_probability_counts_not_whether_what_is_said_is_right() -> None:
    truth, true, said = raised()
    for one in (true, said):
        both = np.stack([1 - one, one], 1)
        found = calibration.measure_calibration_error(truth, both)
        assert found == pytest.approx(weigh_by_curve(truth, one))
        counts, mean, share = calibration.find_reliability(*calibration.choose_probability(truth, both))
        expected = calibration_curve(truth, one, n_bins=10)
        assert share[counts > 0] == pytest.approx(expected[0])
        assert mean[counts > 0] == pytest.approx(expected[1])
    assert calibration.measure_calibration_error(truth, np.stack([1 - true, true], 1)) < 0.02
    assert calibration.measure_calibration_error(truth, np.stack([1 - said, said], 1)) > 0.25


def test_of_more_classes_it_is_how_often_the_likeliest_is_right() -> None:
    chance = np.random.default_rng(1)
    said = chance.dirichlet([0.7, 0.7, 0.7], 3000)
    truth = np.array([chance.choice(3, p=row) for row in said])
    expected = weigh_by_curve(said.argmax(1) == truth, said.max(1))
    assert calibration.measure_calibration_error(truth, said) == pytest.approx(expected)
    assert expected < 0.05


def test_the_error_is_0_where_shares_are_what_is_said_and_as_large_as_they_are_off() -> None:
    truth = np.array([0] * 80 + [1] * 20)
    right = np.tile([0.8, 0.2], (100, 1))
    assert calibration.measure_calibration_error(truth, right) == pytest.approx(0, abs=1e-12)
    assert calibration.measure_calibration_error(truth, np.tile([0.95, 0.05], (100, 1))) == pytest.approx(0.15)
    counts, _, share = calibration.find_reliability(right[:, 1], truth == 1)
    assert counts.sum() == 100
    assert share[2] == pytest.approx(0.2)
    assert np.isnan(share[3])


def test_labels_are_asked_one_by_one() -> None:
    first, second = raised(seed=2), raised(seed=3, factor=1.0)
    truth, said = (np.stack([first[at], second[at]], 1) for at in (0, 2))
    expected = [weigh_by_curve(*pair) for pair in zip(truth.T, said.T, strict=True)]
    guessed = (said >= 0.5).astype(int)
    assert measure_labels(truth, said, guessed)["calibration_error"] == pytest.approx(np.mean(expected))
    each = measure_each_label(("a", "b"), truth, said, guessed)
    assert [one["calibration_error"] for one in each] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"class_weights": "none", "focal": 0.0, "label_smoothing": 0.0}, ""),
        ({}, ""),
        ({"class_weights": "balanced"}, "raised for what is rare by class_weights=balanced: they rank samples"),
        ({"class_weights": "yes:5", "focal": 2.0}, "shifted by class_weights=yes:5 and focal=2.0: they rank"),
        ({"label_smoothing": 0.1}, "shifted by label_smoothing=0.1"),
    ],
)
def test_what_keeps_probabilities_from_being_shares_is_told(knobs: dict[str, Any], words: str) -> None:
    told = calibration.tell_shift(knobs)
    assert words in told
    assert bool(words) is bool(told)
