"""Whatever the records of a run say, also damaged ones, diagnosing it fails in no way."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from descend.datasets.preparation import Preparation
from descend.engine.diagnosis.diagnose import apply_rules
from descend.engine.diagnosis.evidence import Evidence
from descend.engine.run.history import History
from descend.engine.run.records import Array, Confusion, Event, Failure, Layers, Note, Progress, Scalars, Status

ODD = st.one_of(st.sampled_from([0.0, 1.0, math.nan, math.inf, -math.inf, 1e300, -1.0]), st.floats(0, 10))
NAMES = ("train/loss", "validation/loss", "test/loss", "validation/accuracy", "validation/r2", "lr")
WARNING = "Warning: column 'a' tells the class all by itself; if it is known only afterwards, ignore=a leaves it out."
PREPARED = [
    None,
    Preparation(kind="table", task="classification", sample_shape=(3,), train=9, test=3, classes=("a", "b")),
    Preparation(kind="table", task="regression", sample_shape=(3,), train=9, test=3, targets=("a",)),
    Preparation(kind="text", task="language", sample_shape=(), train=9, test=3, vocabulary=("a", "b")),
]
KNOBS = {
    "lr": st.sampled_from([0.0, 0.1, "much"]),
    "activation": st.sampled_from(["relu", "sigmoid"]),
    "class_weights": st.sampled_from(["none", "balanced"]),
    "dropout": st.just(0.0),
    "hidden": st.integers(0, 9),
    "epochs": st.integers(1, 9),
    "clip": st.just(0.0),
}


@st.composite
def records(draw: st.DrawFn) -> list[Event]:
    """What a run may have said."""
    said: list[Event] = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        values = np.array(draw(st.lists(ODD, min_size=1, max_size=30)))
        first, by = draw(st.integers(0, 3)), draw(st.integers(1, 40))
        steps = first + by * np.arange(len(values))
        said.append(Scalars(steps=Array.of(steps), values={name: Array.of(values)}))
    layers = draw(st.integers(0, 6))
    for step in range(draw(st.integers(0, 8))):
        norms = [Array.of(np.array(draw(st.lists(ODD, min_size=layers, max_size=layers)))) for _ in range(3)]
        names = [str(place) for place in range(layers)]
        said.append(Layers(step=9 * step, names=names, gradient=norms[0], weight=norms[1], update=norms[2]))
    size = draw(st.integers(0, 4))
    if size:
        counts = draw(st.lists(st.integers(0, 50), min_size=size * size, max_size=size * size))
        matrix = Array.of(np.array(counts).reshape(size, size))
        said.append(Confusion(step=9_999, counts=matrix, classes=["x"] * size, split="validation"))
    said += draw(st.lists(st.sampled_from([Failure(step=3, title="", diverged=True), Note(step=0, text=WARNING)])))
    said.append(Progress(step=draw(st.integers(0, 99)), steps=draw(st.integers(0, 99))))
    metrics = {"train/loss": draw(st.one_of(st.none(), ODD)), "parameters": draw(st.one_of(st.none(), ODD))}
    return [*said, Status(state=draw(st.sampled_from(["running", "done", "failed"])), metrics=metrics)]


@settings(max_examples=40, deadline=None)
@given(records(), st.fixed_dictionaries({}, optional=KNOBS), st.sampled_from(PREPARED))
def test_any_records_can_be_judged(said: list[Event], knobs: dict[str, object], prepared: Preparation | None) -> None:
    history = History()
    history.feed(said)
    for finding in apply_rules(Evidence(history, knobs, "own.csv", prepared)):  # type: ignore[arg-type]
        assert finding.evidence.strip()
