"""How a model bears noise in what it sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from descend.engine.evaluation.judged import Judged
from descend.engine.evaluation.metrics import measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from descend.datasets.preparation import Preparation
    from descend.engine.train.predictor import Predictor

LEVELS = (0.0, 0.1, 0.2, 0.4, 0.8)
"""Deviations of the noise: in each number's own over the training samples; of pictures, in their full brightness."""
SAMPLES = 2000
"""Samples it is measured on, at most."""


def measure_under_noise(
    predictor: Predictor, judged: Judged, names: Sequence[str], seed: int = 0
) -> tuple[list[tuple[float, dict[str, float]]], int]:
    """Each of `LEVELS` with the metrics ``names`` on samples to which normal noise of that deviation is added, and how
    many samples these are, drawn at random if not all; [] for texts and for samples that are not kept."""
    import numpy as np

    x, prepared = judged.x, predictor.prepared
    if x is None or prepared.kind == "text":
        return [], 0
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(len(x))[:SAMPLES])
    some, found = judged.select(chosen), []
    for level in LEVELS:
        said = predictor.predict(disturb(x[chosen], prepared, level, rng))
        metrics = measure(replace(some, said=said))
        found.append((level, {name: metrics[name] for name in names if name in metrics}))
    return found, len(chosen)


def disturb(x: NDArray[Any], prepared: Preparation, level: float, rng: Any) -> NDArray[Any]:
    """Samples with noise of deviation ``level``: of a table, in the columns of numbers; pixels stay in their range."""
    import numpy as np

    noise = rng.normal(0, 1, x.shape) * level
    if prepared.kind == "image":
        return np.asarray(np.clip(np.rint(x + noise * prepared.scale), 0, prepared.scale), x.dtype)
    numeric = np.repeat(
        [not encoder.words for encoder in prepared.encoders], [len(each.features) for each in prepared.encoders]
    )
    return np.asarray(x + noise * np.array(prepared.std) * numeric, x.dtype)
