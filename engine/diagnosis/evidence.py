"""What the rules read: a run's records, as the few arrays and numbers that say how its training goes.

Nothing is read but what is in memory already; a curve of n points costs a few sums over it.
"""

from __future__ import annotations

import bisect
import itertools
import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from descend.datasets.preparation import Preparation
from descend.engine.base.knobs import Value
from descend.engine.run.history import History, Series
from descend.engine.run.records import Confusion, Layers
from descend.engine.run.runs import ENDS

PARTS = ("validation", "test")
"""What a training is judged by while it goes on: samples held back, or of a run without any the test part."""
HIGHER = ("accuracy", "r2")
WEIGHED = ("label_smoothing", "class_weights", "focal", "huber")
"""Knobs with which the loss of a training step is not the one that is judged, so that their levels do not compare."""
PICTURES, ALL = 5, 60
"""Pictures of layers that are looked at: at the beginning and at the end, as one may be an exception, and in all."""
POINTS = 2000
"""Points of which a mean is taken: more say the same, and a curve may have a million."""


@dataclass(frozen=True)
class Evidence:
    """A training's records.

    Attributes:
        history: all of them.
        knobs: their values now.
        data: the address of what it learns from.
        prepared: how its data was prepared, None if the run does not say.
    """

    history: History
    knobs: Mapping[str, Value]
    data: str = ""
    prepared: Preparation | None = None

    # Where it is

    @property
    def ended(self) -> bool:
        """Whether it has come to an end of any kind."""
        return self.history.status is not None and self.history.status.state in ENDS

    @property
    def done(self) -> bool:
        """Whether it came to the end that was meant: with all its steps, or when nothing improved any more."""
        return self.history.status is not None and self.history.status.state == "done"

    @property
    def step(self) -> int:
        """The step it is at."""
        ends = self.history.ends
        return ends[1] if ends else 0

    @property
    def share(self) -> float:
        """How much of its steps it has taken, 0 … 1."""
        progress = self.history.progress
        return min(1.0, self.step / progress.steps) if progress is not None and progress.steps else 0.0

    # What it is judged by

    @cached_property
    def part(self) -> str:
        """The part of the data that it is judged by, empty if there is none."""
        return next((part for part in PARTS if self._series(f"{part}/loss") is not None), "")

    def judged(self, metric: str) -> tuple[np.ndarray, np.ndarray]:
        """Steps (n,) and finite values (n,) of a metric of the part it is judged by; of none if it is not measured."""
        series = self._series(f"{self.part}/{metric}")
        if series is None:
            return np.empty(0, np.int64), np.empty(0)
        kept = np.isfinite(series.values)
        return series.steps[kept], series.values[kept]

    @cached_property
    def _counted(self) -> Confusion | None:
        picture = self.history.picture_at(f"confusion/{self.part}")
        return picture if isinstance(picture, Confusion) and picture.counts.numpy().any() else None

    @property
    def confusion(self) -> np.ndarray | None:
        """The counts (classes, classes) of (true, predicted) of that part, if they are as new as its loss: pictures are
        shown less often than curves."""
        counted, (steps, _) = self._counted, self.judged("loss")
        return counted.counts.numpy() if counted is not None and (not len(steps) or counted.step >= steps[-1]) else None

    @property
    def classes(self) -> list[str]:
        """Names of the classes that `confusion` counts."""
        return self._counted.classes if self._counted is not None else []

    @cached_property
    def constant(self) -> float:
        """The loss of the best answer that is always the same: the entropy of the classes' shares, the variance of a
        target, scaled to 1, the logarithm of the number of characters; else the loss before the first step; or NaN."""
        loss = self._find_constant()
        return loss if 0 < loss < math.inf else math.nan

    def _find_constant(self) -> float:
        prepared = self.prepared
        if self._counted is not None:
            sizes = self._counted.counts.numpy().sum(1)
            shares = sizes[sizes > 0] / sizes.sum()
            return float(-(shares * np.log(shares)).sum())
        if self.knobs.get("objective") != "reconstruction" and prepared is not None:
            if prepared.task == "regression":
                return 1.0
            if names := prepared.classes or prepared.vocabulary:
                return math.log(len(names))
        steps, values = self.judged("loss")
        return float(values[0]) if len(steps) and steps[0] == 0 else math.nan

    @property
    def linear_parameters(self) -> int | None:
        """How many parameters a linear model of its data has; None if that is unknown, or the data is text."""
        prepared = self.prepared
        outputs = len(prepared.classes or prepared.targets) if prepared is not None else 0
        if prepared is None or prepared.kind == "text" or not outputs:
            return None
        return (math.prod(prepared.sample_shape) + 1) * outputs

    # The training's own curve

    @property
    def train(self) -> Series | None:
        """The loss of the training steps."""
        return self._series("train/loss")

    def train_mean(self, first: float, last: float) -> float:
        """Mean of the training loss over steps in [first, last); NaN if none was kept."""
        if self.train is None:
            return math.nan
        steps = np.ceil(np.clip([first, last], 0, 2.0**62)).astype(np.int64)  # or all would become floats to compare
        begin, end = self.train.steps.searchsorted(steps)
        values = self.train.values[begin : end : max(1, (end - begin) // POINTS)]
        values = values[np.isfinite(values)]
        return float(values.mean()) if len(values) else math.nan

    def train_windows(self, count: int) -> np.ndarray:
        """(count,) `train_mean` over as many equal stretches of the steps taken so far."""
        if self.train is None or not self.train.size:
            return np.full(count, math.nan)
        first, last = int(self.train.steps[0]), int(self.train.steps[-1]) + 1
        edges = np.linspace(first, last, count + 1)
        return np.array([self.train_mean(a, b) for a, b in itertools.pairwise(edges)])

    @cached_property
    def unlearned(self) -> float:
        """The loss on the training part, as it is now, as a share of `constant`; NaN if unknown, or if another loss is
        made small."""
        if any(self.knobs.get(name) not in (None, 0, 0.0, "none") for name in WEIGHED):
            return math.nan
        final = self.history.metrics.get("train/loss") if self.ended else None
        return float((self.train_windows(10)[-1] if final is None else final) / self.constant)

    # Layers

    @cached_property
    def layers(self) -> list[Layers]:
        """Pictures of the layers that there are now, spread evenly over the run, with the first and the newest few."""
        found = self.history.pictures.get("layers", [])
        spread = np.linspace(0, len(found) - 1, ALL).astype(int).tolist() if found else []
        places = sorted({*spread, *range(len(found))[:PICTURES], *range(len(found))[-PICTURES:]})
        chosen = [found[place] for place in places]
        return [one for one in chosen if isinstance(one, Layers) and one.names == found[-1].names]  # type: ignore[attr-defined]

    def find_end(self, layer: int) -> int:
        """The step from which on this one of the layers has no gradient any more, if it had one and has none now;
        looked for in all pictures between two of `layers`."""
        last = int(np.flatnonzero(self.gradients[:, layer] > 0)[-1])
        low, high = self.layers[last].step, self.layers[last + 1].step
        found = self.history.pictures["layers"]
        begin, end = (bisect.bisect_right(found, step, key=operator.attrgetter("step")) for step in (low, high))
        between = [one for one in found[begin:end] if isinstance(one, Layers) and len(one.names) > layer]
        alive = [place for place, one in enumerate(between) if one.gradient.numpy()[layer] > 0]
        return between[alive[-1] + 1 if alive else 0].step

    @cached_property
    def gradients(self) -> np.ndarray:
        """(pictures, layers) their gradient norms; (0, 0) if there are none."""
        norms = [picture.gradient.numpy() for picture in self.layers]
        return np.array(norms, np.float64) if norms else np.empty((0, 0))

    @cached_property
    def update_ratio(self) -> float:
        """How far a step moves a layer's weights, as a share of them: the median of the newer half of the pictures, or
        NaN."""
        shares: list[float] = []
        for picture in self.layers[len(self.layers) // 2 :]:
            if picture.update is not None:
                update, weight = picture.update.numpy(), picture.weight.numpy()
                shares.append(
                    float(find_middle(update[weight > 0] / weight[weight > 0])) if (weight > 0).any() else 0.0
                )
        return float(find_middle(np.array(shares))) if shares else math.nan

    def knob(self, name: str, otherwise: float = 0.0) -> float:
        """A knob that is a number."""
        value = self.knobs.get(name, otherwise)
        return float(value) if isinstance(value, (int, float)) else otherwise

    def _series(self, name: str) -> Series | None:
        series = self.history.series.get(name)
        return series if series is not None and series.size else None


def measure_trend(values: np.ndarray) -> float:
    """How surely ``values`` (n,) rise (above 0) or fall: Mann-Kendall's z; beyond 2 chance does so in 1 of 20 series.

    Source: H. B. Mann, Nonparametric tests against trend, Econometrica 13, 1945.
    """
    count = len(values)
    if count < 3:
        return 0.0
    values = values[np.linspace(0, count - 1, min(count, 200)).astype(int)]  # as many tell as much, and cost less
    count = len(values)
    score = float(np.sign(values[None, :] - values[:, None])[np.triu_indices(count, 1)].sum())
    spread = math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    return (score - math.copysign(1, score)) / spread if score else 0.0


def find_middle(values: np.ndarray) -> Any:
    """The middle one of ``values`` (n,), or of each column of (n, k); the upper of two. NumPy's median imports what
    takes a third of a second."""
    return np.sort(values, 0)[len(values) // 2]
