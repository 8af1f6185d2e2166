"""What an experiment shows reaches the run folder as records that fit together, at the steps at which it should."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from descend.engine.base.knobs import KnobSet, knob
from descend.engine.lab.lab import Lab
from descend.engine.lab.picture_timing import EVERY
from descend.engine.run import runs
from descend.engine.run.history import History
from descend.engine.run.packed_array import NOT_YET, find_not_yet, is_not_yet
from descend.engine.run.records import (
    Array,
    Curve,
    Field,
    Graph,
    Histogram,
    Images,
    Points,
    Table,
    make_encoder,
    make_event_decoder,
)
from descend.engine.run.runs import Manifest


class Knobs(KnobSet):
    rate: float = knob(0.1, 0.0, 1.0, help="unused")


def shown(experiment: Callable[[Lab], None]) -> History:
    """The history of an experiment run in this process."""
    run = runs.create_run(Manifest(id="", name="digits", knobs={}, seed=0, device="cpu"))
    lab = Lab(run, Knobs(), device=torch.device("cpu"), seed=0)
    try:
        experiment(lab)
        lab.finish()
    finally:
        lab.close()
    history, follower = History(), run.follow()
    while records := follower.read():
        history.feed(records)
    assert follower.skipped == 0
    return history


def last(history: History, key: str) -> Any:
    return history.pictures[key][-1]


def test_every_kind_arrives_with_its_numbers(folders: Path) -> None:
    x = torch.linspace(0, 1, 5)
    grid = np.arange(6.0).reshape(2, 3)

    def experiment(lab: Lab) -> None:
        lab.curve("fit", x[:, None], {"root": (0.5, 0.25)}, square=x**2, x=[0, 1, 2, 3, 4])
        lab.points("data", torch.zeros(2, 2), torch.tensor([0, 2]), arrows=np.ones((2, 2)), paths={"way": np.eye(2)})
        lab.field("loss", grid, (-1, 1), (0, 2), points={"here": (0, 1)})
        lab.field("weights", grid, rows=["a", "b"], texts=[["<", 7, ">"]] * 2)
        lab.bars("scores", ["one", "two"], "points", first=[1, 2], second=torch.tensor([3.0, 4.0]))
        lab.histogram("noise", 4, (0, 4), values=torch.tensor([0.5, 1.5, 1.6, np.nan, 99.0]))
        lab.images("grey", torch.tensor([[[0.0, 0.5], [1.0, 2.0]]]), ["one"], low=0, high=1)
        lab.images("colour", torch.zeros(2, 3, 4, 5))
        lab.table("results", ["name", "value"], [["a", torch.tensor(1.5)], ["b", np.int64(2)], ["c", None]])
        lab.text("sample", "[red]hello")
        lab.graph(
            "net", {"in": (0, 0.5), "out": (1, 0.5)}, [("in", "out")], values={"value": [1, 2]}, weights={"w": [3]}
        )

    history = shown(experiment)
    curve, points, loss, net = (last(history, key) for key in ("curve/fit", "points/data", "field/loss", "graph/net"))
    assert curve.x.numpy().tolist() == x.tolist()
    assert curve.lines["square"].numpy().tolist() == (x**2).tolist()
    assert curve.marks["root"].numpy().tolist() == [[0.5, 0.25]]
    assert (points.classes, points.labels.numpy().tolist()) == (["0", "1", "2"], [0, 2])
    assert points.dx.numpy().tolist() == [1, 1]
    assert loss.values.numpy().tolist() == grid.tolist()
    assert (loss.x, loss.y, loss.points["here"].numpy().tolist()) == ((-1, 1), (0, 2), [[0, 1]])
    assert last(history, "field/weights").texts[1] == ["<", "7", ">"]
    assert last(history, "bars/scores").groups["second"].numpy().tolist() == [3, 4]
    assert last(history, "bars/scores").axis == "points"
    assert last(history, "histogram/noise").counts["values"].numpy().tolist() == [1, 2, 0, 0]
    assert last(history, "images/grey").pixels.numpy().tolist() == [[[0, 128], [255, 255]]]
    assert last(history, "images/colour").pixels.shape == (2, 4, 5, 3)
    assert last(history, "table/results").rows == [["a", 1.5], ["b", 2], ["c", None]]
    assert last(history, "text/sample").text == "[red]hello"
    assert (net.sources.numpy().tolist(), net.targets.numpy().tolist()) == ([0], [1])


def test_none_is_not_computed_yet_in_every_kind_and_no_nan(folders: Path) -> None:
    nodes, nan = {"in": (0, 0.5), "out": (1, 0.5)}, float("nan")

    def experiment(lab: Lab) -> None:
        numbers = {"value": [1.5, None], "grad": [None, nan]}
        lab.graph("net", nodes, [("in", "out")], values=numbers, weights={"w": [None]})
        lab.bars("scores", ["one", "two", "three"], v=[0.1, None, nan])
        lab.array("a", [[1, None], [nan, 2]])
        lab.field("f", [[1.0, None], [nan, 2.0]])
        lab.tree("t", ("+", "x", "y"), values={"value": [None, 1.0, nan]})
        lab.table("results", ["name", "value"], [["a", None], ["b", nan], ["c", torch.tensor(float("-inf"))]])
        lab.field("panes", [[[1.0, 2.0]], [[None, 4.0]]], panes=("a", "b"), texts=[[["p", "q"]], [["r", "s"]]])

    history = shown(experiment)
    net, bars, array, field, tree = (
        last(history, key) for key in ("graph/net", "bars/scores", "array/a", "field/f", "tree/t")
    )
    for values, expected in (
        (net.values["value"], [False, True]),
        (net.values["grad"], [True, False]),
        (net.weights["w"], [True]),
        (bars.groups["v"], [False, True, False]),
        (array.grids[0].values, [[False, True], [False, False]]),
        (field.values, [[False, True], [False, False]]),
        (tree.values["value"], [True, False, False]),
    ):
        assert find_not_yet(values.numpy()).tolist() == expected
    assert np.isnan(bars.groups["v"].numpy()).tolist() == [False, True, True]
    assert bars.groups["v"].numpy()[0] == 0.1, "as a double"
    assert last(history, "table/results").rows == [["a", None], ["b", "NaN"], ["c", "-inf"]]
    panes = last(history, "field/panes")
    assert (panes.values.shape, panes.texts) == ((1, 4), [["p", "q", "r", "s"]])
    assert find_not_yet(panes.values.numpy()).tolist() == [[False, False, True, False]]


@pytest.mark.parametrize("value", [NOT_YET, np.float32(NOT_YET), np.array(NOT_YET, np.float32).astype(float).item()])
def test_not_yet_outlives_copies_and_conversions(value: float) -> None:
    assert is_not_yet(float(value))
    assert find_not_yet(Array.of(np.array([float(value), 0.1])).numpy()).tolist() == [True, False]
    assert find_not_yet(torch.tensor([float(value)]).clone().numpy()).all()
    assert not is_not_yet(float("nan"))
    assert not is_not_yet(-float("nan"))
    assert not find_not_yet(np.array([np.inf - np.inf, np.nan, 1.0, 0.0 * np.inf])).any()


def test_what_is_shown_is_taken_at_once(folders: Path) -> None:
    def experiment(lab: Lab) -> None:
        values = torch.zeros(3)
        for _ in lab.steps(1000):
            values += 1
            lab.curve("growth", torch.arange(3), values=values)

    history = shown(experiment)
    for picture in history.pictures["curve/growth"]:
        assert picture.lines["values"].numpy().tolist() == [picture.step + 1] * 3
    assert last(history, "curve/growth").step == 999
    assert len(history.pictures["curve/growth"]) < 100


def test_a_fast_loop_is_not_held_up_by_pictures_that_nobody_sees(folders: Path) -> None:
    class Counted:
        taken = 0

        def __array__(self, *given: Any, **named: Any) -> np.ndarray:
            self.taken += 1
            return np.arange(3.0)

    steps, values = 20 * EVERY, Counted()

    def experiment(lab: Lab) -> None:
        for step in lab.steps(steps):
            lab.text("step", f"{step}")
            lab.histogram("values", 3, numbers=values)

    history = shown(experiment)
    assert last(history, "text/step").text == f"{steps - 1}"
    assert last(history, "histogram/values").step == steps - 1
    assert values.taken < steps / 4


def test_a_short_loop_shows_every_step_and_a_costly_picture_is_made_seldom(folders: Path) -> None:
    asked = {"short": 0, "long": 0}

    def experiment(lab: Lab) -> None:
        for step in lab.steps(EVERY):
            lab.text("every", str(step))
            asked["short"] += lab.due()
        for _ in lab.steps(3000):
            if lab.due():
                assert lab.due(), "the same answer all step long"
                asked["long"] += 1
                lab.text("costly", "made")

    history = shown(experiment)
    assert len(history.pictures["text/every"]) == EVERY == asked["short"]
    steps = [picture.step for picture in history.pictures["text/costly"]]
    assert (steps[0], steps[-1]) == (EVERY, EVERY + 2999)
    assert 2 <= asked["long"] < 50


def test_what_is_over_soon_is_shown_at_doubling_steps(folders: Path) -> None:
    def experiment(lab: Lab) -> None:
        for _ in lab.steps(EVERY):
            pass
        for step in lab.steps(3000):
            if lab.due(early=True):
                lab.text("fold", str(step))

    told = {int(picture.text) for picture in shown(experiment).pictures["text/fold"]}
    assert told >= {0, *(2**n for n in range(12)), 2999}


@pytest.mark.parametrize(
    "say",
    [
        lambda lab: lab.curve("c", [1, 2], y=[1, 2, 3]),
        lambda lab: lab.points("p", np.zeros((3, 3))),
        lambda lab: lab.points("p", np.zeros((3, 2)), [0, 1]),
        lambda lab: lab.field("f", [1, 2, 3]),
        lambda lab: lab.field("f", np.zeros((2, 3)), panes=("a", "b")),
        lambda lab: lab.field("f", np.zeros((3, 2, 2)), panes=("a", "b")),
        lambda lab: lab.bars("b", ["one"], values=[1, 2]),
        lambda lab: lab.images("i", np.zeros((2, 2))),
        lambda lab: lab.images("i", np.zeros((1, 9, 9)), ["one", "two"]),
        lambda lab: lab.table("t", ["one"], [[1, 2]]),
        lambda lab: lab.graph("g", {"a": (0, 0)}, [("a", "b")]),
        lambda lab: lab.field("f", np.zeros((1000, 1000))),
    ],
)
def test_what_does_not_fit_together_is_refused_where_it_is_said(say: Callable[[Lab], None], folders: Path) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        shown(say)


@pytest.mark.parametrize(
    "record",
    [
        Curve(step=0, name="c", x=Array.of(np.zeros(2)), lines={"y": Array.of(np.zeros(3))}),
        Points(step=0, name="p", x=Array.of(np.zeros(2)), y=Array.of(np.zeros(2)), labels=Array.of(np.array([0, 5]))),
        Field(step=0, name="f", values=Array.of(np.zeros((2, 2))), rows=["one"]),
        Histogram(step=0, name="h", edges=Array.of(np.zeros(3)), counts={"a": Array.of(np.zeros(3))}),
        Images(step=0, name="i", pixels=Array.of(np.zeros((1, 2, 2)))),
        Table(step=0, name="t", columns=["one"], rows=[[1, 2]]),
        Graph(
            step=0,
            name="g",
            labels=["a"],
            x=Array.of(np.zeros(1)),
            y=Array.of(np.zeros(1)),
            sources=Array.of(np.array([0])),
            targets=Array.of(np.array([1])),
        ),
    ],
    ids=lambda record: type(record).__name__,
)
def test_a_record_whose_arrays_do_not_fit_together_is_skipped(record: Any) -> None:
    history = History()
    assert history.feed([make_event_decoder().decode(make_encoder().encode(record))]) == set()
    assert not history.pictures
