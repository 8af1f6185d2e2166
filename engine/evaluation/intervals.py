"""How far a metric would move with other samples of the same kind: 95 % intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from descend.engine.evaluation.judged import Judged
from descend.engine.evaluation.weighted import weigh

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEVEL = 0.95
RESAMPLES = 1000
WORK = 20_000_000
"""Numbers weighed in all, in about two seconds; of large sets there are fewer resamples, so that counts, and with them
intervals, are the same on every machine."""
FEWEST = 100
AREAS = 5_000_000
"""Labels times samples up to which areas under curves, one for each label, get intervals."""


@dataclass(frozen=True)
class Interval:
    """A 95 % interval and how it was found: by ``Wilson``, or by ``bootstrap of N`` resamples, of stretches ``block
    bootstrap``."""

    low: float
    high: float
    method: str


def find_wilson(right: int, count: int) -> Interval:
    """Of a share of independent samples. E. B. Wilson: Probable inference, the law of succession, and statistical
    inference, Journal of the American Statistical Association 22, 1927."""
    from scipy import stats

    low, high = stats.binomtest(right, count).proportion_ci(LEVEL, "wilson")
    return Interval(float(low), float(high), "Wilson")


def find_intervals(
    judged: Judged,
    tell: Callable[[float], None] = lambda share: None,
    drawn: Mapping[str, NDArray[np.float64]] | None = None,
) -> dict[str, Interval]:
    """Of every metric of ``judged``: Wilson's for accuracy, of several labels that of whole samples; for the others the
    middle 95 % of what other sets of as many samples give, drawn from this one with replacement; of one sample there is
    no other set.

    Efron & Tibshirani: An Introduction to the Bootstrap, 1993, chapter 13.

    Args:
        tell: takes the share that is done, in (0, 1].
        drawn: what `resample` gave of it, if that is known.
    """
    import numpy as np

    count = len(judged)
    drawn = resample(judged, tell=tell) if drawn is None else drawn
    intervals = {}
    for name, values in drawn.items() if count > 1 else ():
        low, high = np.nanquantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        intervals[name] = Interval(float(low), float(high), f"bootstrap of {len(values):,}")
    if judged.classified:
        intervals["accuracy"] = find_wilson(int((judged.guessed == judged.truth).sum()), count)
    if judged.labelled:  # of single labels it would be too narrow: those of one sample hang together
        intervals["subset_accuracy"] = find_wilson(int((judged.guessed == judged.truth).all(1).sum()), count)
    return intervals


def count_resamples(judged: Judged) -> int:
    """How many resamples are drawn: `RESAMPLES`, or as many as are weighed in about two seconds."""
    columns = 1 if len(judged.classes) == 2 else judged.said.shape[1]
    return max(min(FEWEST, RESAMPLES), min(RESAMPLES, WORK // max(1, len(judged) * columns)))


def count_stretches(count: int, block: int) -> int:
    """How many resamples of so many places are drawn ``block`` neighbours at once: likewise."""
    return max(min(FEWEST, RESAMPLES), min(RESAMPLES, WORK * block // count))


def resample(
    judged: Judged, seed: int = 0, tell: Callable[[float], None] = lambda share: None
) -> dict[str, NDArray[np.float64]]:
    """Every metric of resamples of ``judged``, (times,), NaN where one is undefined, as where a resample lacks a class.
    Of the same number of samples the same ones are drawn, so that those of two models make pairs.

    Args:
        seed: of what is drawn.
        tell: takes the share that is done, in (0, 1].
    """
    import numpy as np

    rng, count, times = np.random.default_rng(seed), len(judged), count_resamples(judged)
    measure = weigh(judged, areas=judged.said.size <= AREAS)
    found: dict[str, NDArray[np.float64]] = {}
    for number in range(times):
        counts = np.bincount(rng.integers(0, count, count), minlength=count).astype(float)
        for name, value in measure(counts).items():
            found.setdefault(name, np.full(times, np.nan))[number] = value
        tell((number + 1) / times)
    return {name: values for name, values in found.items() if np.isfinite(values).any()}


def resample_blocks(values: NDArray[Any], block: int, times: int, seed: int = 0) -> NDArray[np.float64]:
    """Sums of as many columns of ``values`` (k, n) as there are, drawn ``block`` neighbours at once, the first coming
    after the last; (k, times)."""
    import numpy as np

    rng, count = np.random.default_rng(seed), values.shape[1]
    around = np.concatenate([np.zeros((len(values), 1)), values, values[:, :block]], 1, dtype=np.float64)
    until = np.cumsum(around, 1)
    lengths = np.full(-(-count // block), block)
    lengths[-1] = count - block * (len(lengths) - 1)
    found = np.empty((len(values), times))
    for number in range(times):
        starts = rng.integers(0, count, len(lengths))
        found[:, number] = (until[:, starts + lengths] - until[:, starts]).sum(1)
    return found
