"""A small run, really computed: a two-layer net on generated classes, trained by plain gradient descent in NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from descend.engine.run.history import History
from descend.engine.run.records import Array, Confusion, Event, KnobChange, Layers, Progress, Scalars, Status

FASHION = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]


def training(
    steps: int = 300, *, classes: Sequence[str] = FASHION, lr: float = 0.5, seed: int = 0, spread: float = 1.1
) -> list[Event]:
    """The records of a run of ``steps`` steps: two losses, two accuracies, layers and a confusion matrix."""
    rng = np.random.default_rng(seed)
    count, test_every = len(classes), max(1, steps // 6)
    centres = rng.normal(size=(count, 12))
    labels = rng.integers(0, count, 3000)
    inputs = centres[labels] + spread * rng.normal(size=(3000, 12))
    weights = [rng.normal(size=(12, 32)) * 0.3, rng.normal(size=(32, count)) * 0.3]
    names = ["hidden Linear", "output Linear"]
    records: list[Event] = [Status(state="running"), Progress(step=0, steps=steps)]

    def forward(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        hidden = np.tanh(x @ weights[0])
        scores = hidden @ weights[1]
        scores = np.exp(scores - scores.max(1, keepdims=True))
        return hidden, scores / scores.sum(1, keepdims=True)

    def measure(y: np.ndarray, share: np.ndarray) -> tuple[float, float]:
        return float(-np.log(share[np.arange(len(y)), y]).mean()), float((share.argmax(1) == y).mean())

    for step in range(steps):
        batch = rng.integers(0, 2000, 64)
        x, y = inputs[batch], labels[batch]
        hidden, share = forward(x)
        loss, accuracy = measure(y, share)
        error = (share - np.eye(count)[y]) / len(y)
        back = (error @ weights[1].T) * (1 - hidden**2)
        gradients = [x.T @ back, hidden.T @ error]
        before = [np.linalg.norm(w) for w in weights]
        for weight, gradient in zip(weights, gradients, strict=True):
            weight -= lr * gradient
        points = {"train/loss": loss, "train/accuracy": accuracy}
        if step % test_every == test_every - 1:
            _, share = forward(inputs[2000:])
            truth = labels[2000:]
            points["test/loss"], points["test/accuracy"] = measure(truth, share)
            counts = np.zeros((count, count), np.int64)
            np.add.at(counts, (truth, share.argmax(1)), 1)
            records.append(Confusion(step=step, counts=Array.of(counts), classes=list(classes)))
        records.append(scalars(step, points))
        if step % 5 == 0:
            norms = np.array([np.linalg.norm(g) for g in gradients])
            arrays = [Array.of(values) for values in (norms, np.array(before), lr * norms)]
            records.append(Layers(step=step, names=names, gradient=arrays[0], weight=arrays[1], update=arrays[2]))
        if step == steps // 2:
            lr /= 5
            records.append(KnobChange(step=step, knob="lr", value=lr, previous=lr * 5))
    return records


def scalars(step: int, points: dict[str, float]) -> Scalars:
    """One point of each series."""
    return Scalars(
        steps=Array.of(np.array([step])), values={name: Array.of(np.array([v])) for name, v in points.items()}
    )


def history_of(records: Sequence[Event]) -> History:
    """The history of some records."""
    history = History()
    history.feed(records)
    return history


@pytest.fixture(scope="session")
def run() -> list[Event]:
    """The records of one run of 300 steps."""
    return training()


@pytest.fixture
def history(run: list[Event]) -> History:
    """The history of a run of 300 steps."""
    return history_of(run)
