"""A run's records gathered into arrays."""

from __future__ import annotations

import numpy as np

from descend.engine.run.history import History
from descend.engine.run.records import Array, Confusion, Layers, Scalars, Status


def scalars(steps: list[int], **values: list[float]) -> Scalars:
    return Scalars(
        steps=Array.of(np.array(steps)), values={name: Array.of(np.array(column)) for name, column in values.items()}
    )


def test_points_add_up_and_what_changed_is_named() -> None:
    history = History()
    assert history.feed([scalars([0, 1], loss=[2.0, 1.5], other=[0.0, 0.0])]) == {"loss", "other"}
    assert history.feed([scalars(list(range(2, 1000)), loss=[1.0] * 998)]) == {"loss"}
    assert history.series["loss"].size == 1000
    assert history.series["loss"].steps.tolist() == list(range(1000))
    assert history.metrics == {"loss": 1.0, "other": 0.0}


def test_a_resumed_run_replaces_the_steps_it_takes_again() -> None:
    history = History()
    history.feed([scalars([0, 1, 2, 3], loss=[4.0, 3.0, 2.0, 1.0]), scalars([2, 3], loss=[2.5, 1.5])])
    assert history.series["loss"].steps.tolist() == [0, 1, 2, 3]
    assert history.series["loss"].values.tolist() == [4.0, 3.0, 2.5, 1.5]


def test_final_metrics_are_those_the_run_stated() -> None:
    history = History()
    history.feed([scalars([1], loss=[1.0]), Status(state="done", metrics={"loss": 0.5, "bad": None})])
    assert history.metrics == {"loss": 0.5, "bad": None}


def test_records_whose_arrays_do_not_fit_are_skipped() -> None:
    history = History()
    pair, triple = Array.of(np.zeros(2)), Array.of(np.zeros(3))
    assert (
        history.feed(
            [
                Scalars(steps=pair, values={"loss": triple}),
                Scalars(steps=Array("i4", (2,), b"12"), values={"loss": pair}),
                Layers(step=1, names=["a"], gradient=pair, weight=pair),
                Confusion(step=1, counts=pair, classes=["a", "b"]),
            ]
        )
        == set()
    )
    assert not history.series
    assert not history.pictures


def test_a_step_of_the_past_is_found_at_or_before() -> None:
    history = History()
    assert history.ends is history.before(5) is history.after(5) is history.picture_at("confusion/test") is None
    history.feed([scalars([10, 20, 30], loss=[3.0, float("nan"), 1.0]), scalars([25], test=[0.5])])
    loss = history.series["loss"]
    assert [loss.at(step) for step in (9, 10, 19, 30, 10**9)] == [None, 3.0, 3.0, 1.0, 1.0]
    assert np.isnan(loss.at(29))
    counts = [Array.of(np.full((1, 1), step)) for step in (12, 40)]
    history.feed([Confusion(step=int(one.numpy()[0, 0]), counts=one, classes=["a"]) for one in counts])
    found = [history.picture_at("confusion/test", step) for step in (11, 12, 39, 40, None)]
    assert [picture and picture.step for picture in found] == [None, 12, 12, 40, 40]
    assert history.picture_at("layers", 50) is None
    assert history.ends == (10, 40)
    steps = [10, 12, 20, 25, 30, 40]
    assert [history.after(step) for step in [0, *steps]] == [*steps, None]
    assert [history.before(step) for step in [*steps, 99]] == [None, *steps]
    assert (history.before(26), history.after(26)) == (25, 30)


def test_a_resumed_run_has_no_pictures_of_steps_it_takes_again() -> None:
    history = History()
    counts = Array.of(np.ones((1, 1)))
    history.feed([Confusion(step=step, counts=counts, classes=["a"]) for step in (0, 5, 9, 4)])
    assert [history.picture_at("confusion/test", step).step for step in (3, 4, 9)] == [0, 4, 4]
