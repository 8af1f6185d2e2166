"""What a run cannot tell is not graded; what it can tell is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from tests.engine.teaching.contract import smoke_run

from descend.engine.run.history import History
from descend.engine.run.records import State, Status
from descend.engine.run.result import Result
from descend.engine.teaching import catalogue
from descend.engine.teaching.exercises.judging import find_true_answer


def said(metrics: dict[str, float], state: State = "done") -> Result:
    """A run that ended in ``state`` and said ``metrics``."""
    history = History()
    history.status = Status(t=1.0, state=state, metrics=dict(metrics))
    return Result(history, {"steps": 0})


def truths(lesson: str, result: Result) -> list[float | None]:
    """What each prediction of ``lesson`` makes of ``result``; None if it cannot tell."""
    found = [find_true_answer(prediction, result) for prediction in catalogue.find_lesson(lesson).predictions]
    return [None if truth is None or math.isnan(truth) else truth for truth in found]


def eigen(**knobs: Any) -> list[float | None]:
    """The truths of a run of *eigenpairs*."""
    lesson = catalogue.find_lesson("eigenpairs")
    lesson = type(lesson)(**{**vars(lesson), "smoke": knobs})
    return truths("eigenpairs", Result.of(smoke_run(lesson, seed=3)))


@pytest.mark.parametrize("knobs", [{"matrix": "1 2; -3 1"}, {"shift": 3.5}, {"matrix": "3 1; 0 3"}])
def test_a_vector_that_never_settles_has_no_rate(knobs: dict[str, Any]) -> None:
    assert eigen(**knobs)[0] is None


def test_a_vector_that_has_not_settled_yet_has_no_rate() -> None:
    assert eigen(shift=3.45, steps=6) == [None, 0]


def test_a_vector_that_settles_has_one() -> None:
    rate, fate = eigen(matrix="7 0; 1 3")
    assert rate == pytest.approx(3 / 7, abs=1e-3)
    assert fate == 0


@pytest.mark.parametrize(
    ("state", "train", "test", "truth"),
    [
        ("done", 0.04, 0.15, 0),
        ("done", 0.5, 0.4, 1),
        ("done", 2.303, 2.3034, None),
        ("done", np.nan, np.nan, None),
        ("failed", 0.04, 0.15, None),
    ],
)
def test_digits_tells_losses_apart_only_where_something_was_learned(
    state: State, train: float, test: float, truth: int | None
) -> None:
    assert truths("digits", said({"train/loss": train, "test/loss": test}, state)) == [truth]


@pytest.mark.parametrize(("dense", "convolution", "truth"), [(4010, 2320, 1), (640, 2320, 0), (2320, 2320, None)])
def test_the_layer_with_most_parameters_is_the_largest_not_the_one_with_half(
    dense: int, convolution: int, truth: int | None
) -> None:
    run = said({"dense parameters": dense, "largest convolution": convolution})
    assert truths("cnn-questions", run) == [truth]


@pytest.mark.parametrize(
    ("below", "near", "above", "widest", "narrow", "expected"),
    [
        (0.6, 0.8, 0.3, 0.1, 0.2, [1, 0]),
        (0.8, 0.7, 0.3, 0.5, 0.4, [0, 1]),
        (0.8, 0.805, 0.3, 0.2, 0.204, [None, None]),
    ],
)
def test_errors_that_hardly_differ_are_a_tie(
    below: float, near: float, above: float, widest: float, narrow: float, expected: list[int | None]
) -> None:
    worst = {"worst below n/error": below, "worst near n/error": near, "worst above n/error": above}
    run = said({**worst, "widest/error": widest, "best narrow/error": narrow})
    assert truths("double-descent", run) == expected


@pytest.mark.parametrize(("lead", "truth"), [(170 / 150, 0), (171 / 169, None)])
def test_depths_with_about_as_many_pieces_are_a_tie(lead: float, truth: int | None) -> None:
    run = said({"depth with most pieces": 1, "lead": lead, "before training": 30, "after training": 30})
    assert truths("affine-regions", run) == [truth, None]


@pytest.mark.parametrize("units", [2, 7])
def test_the_depth_with_most_pieces_is_that_of_the_largest_mean(units: int) -> None:
    lesson = catalogue.find_lesson("affine-regions")
    lesson = type(lesson)(**{**vars(lesson), "smoke": {"folds": 1, "units": units, "steps": 0}})
    said = Result.of(smoke_run(lesson, seed=3)).history.metrics
    means = [said[f"random, {depth} deep"] for depth in range(1, min(4, units) + 1)]
    assert means[int(said["depth with most pieces"]) - 1] == max(means)
    assert said["lead"] == pytest.approx(max(means) / sorted(means)[-2])


@pytest.mark.parametrize(("before", "after", "truth"), [(30, 20, 0), (30, 60, 1), (30, 61, 2), (30, 30, None)])
def test_pieces_that_stay_are_no_growth(before: int, after: int, truth: int | None) -> None:
    run = said({"depth with most pieces": 1, "lead": 1.0, "before training": before, "after training": after})
    assert truths("affine-regions", run) == [None, truth]


@pytest.mark.parametrize(
    ("best", "least", "truth"),
    [(0.1, 1e-10, 0), (1e-3, 1e-10, 1), (1e-5, 1e-10, 2), (1e-12, 1e-10, 3), (1e-5, 0.2, None)],
)
def test_with_wrong_gradients_no_step_is_best(best: float, least: float, truth: int | None) -> None:
    run = said({"best step": best, "least difference": least, "convicted": 0})
    assert truths("backpropagation", run) == [truth, 0]
