"""Two models on the same samples: which is better, and whether that could be chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from descend.datasets.data_shape import format_count
from descend.engine.base.errors import UsageError
from descend.engine.evaluation.intervals import resample, resample_blocks
from descend.engine.evaluation.judged import Judged
from descend.engine.evaluation.metrics import measure
from descend.engine.evaluation.names import LOWER, write_difference, write_share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIGNIFICANT = 0.05
RESAMPLES = 10_000
WORK = 50_000_000
"""Numbers drawn in all, at most."""


@dataclass(frozen=True)
class Comparison:
    """How two models differ.

    Attributes:
        metric: by what.
        better: how much better the first is.
        p: how often chance alone would make them differ at least as much, were they equally good.
        method: the test.
        words: what that means.
    """

    metric: str
    better: float
    p: float
    method: str
    words: str


def compare(one: Judged, other: Judged, name: str, other_name: str) -> Comparison:
    """Compare what two models say of the same samples, by accuracy, of several labels that of single ones, or by mean
    absolute error.

    Classes: McNemar's exact test on the samples that only one of them gets right. Several labels, or numbers: whether
    the mean difference of each sample's share of right labels, or of absolute errors, keeps its sign in resamples of
    the pairs.

    Q. McNemar: Note on the sampling error of the difference between correlated proportions or percentages,
    Psychometrika 12, 1947. Efron & Tibshirani: An Introduction to the Bootstrap, 1993, chapter 13.

    Raises:
        UsageError: they do not predict the same.
    """
    import numpy as np
    from scipy import stats

    require_same_task(one, other, name, other_name)
    if one.classified:
        right, also = one.guessed == one.truth, other.guessed == other.truth
        only, lost = int((right & ~also).sum()), int((also & ~right).sum())
        better = (only - lost) / len(one)
        p = float(stats.binomtest(only, only + lost).pvalue) if only + lost else 1.0
        method = "McNemar's exact test"
        by = f"; {format_count(only, 'sample')} only by {name}, {lost:,} only by {other_name}" if only + lost else ""
        amount = f"{write_share(abs(better))} of the samples"
    elif one.labelled:
        off = (one.guessed == one.truth).mean(1) - (other.guessed == other.truth).mean(1)
        better, p = float(off.mean()), resample_sign(off)
        method, by = f"paired bootstrap of {count_signs(len(off)):,}", ""
        amount = f"{write_share(abs(better))} of the labels"
    else:
        scale = np.where(one.truth.std(0) > 0, one.truth.std(0), 1)
        off = ((np.abs(other.said - other.truth) - np.abs(one.said - one.truth)) / scale).mean(1)
        better = float(np.abs(other.said - other.truth).mean() - np.abs(one.said - one.truth).mean())
        p = resample_sign(off)
        method, by = f"paired bootstrap of {count_signs(len(off)):,}", ""
        amount = f"{abs(better):.4g} in mean absolute error"
    if one.classified and not by:
        words = f"{name} is right where {other_name} is right, and nowhere else."
    elif not one.classified and not off.any():
        as_good = "has as many labels right as" if one.labelled else "is as far off as"
        words = f"{name} {as_good} {other_name} on every sample."
    else:
        words = tell_difference(name, other_name, better, p, method, amount, by)
    return Comparison(one.main, better, p, method, words)


def compare_by(
    metric: str,
    one: Judged,
    other: Judged,
    name: str,
    other_name: str,
    drawn: tuple[Mapping[str, NDArray[np.float64]], Mapping[str, NDArray[np.float64]]] | None = None,
    measured: tuple[Mapping[str, float], Mapping[str, float]] | None = None,
) -> Comparison | None:
    """Compare what two models say of the same samples by any ``metric``: whether its difference keeps its sign in
    resamples of the samples, the same of both; None where it is not defined.

    Args:
        drawn: what `intervals.resample` gave of each, if that is known.
        measured: what `metrics.measure` gave of each, likewise.

    Raises:
        UsageError: they do not predict the same.
    """
    import numpy as np

    require_same_task(one, other, name, other_name)
    ones, others = drawn or (resample(one), resample(other))
    mine, theirs = measured or (measure(one), measure(other))
    if not all(metric in found for found in (ones, others, mine, theirs)):
        return None
    sign = -1 if metric in LOWER else 1
    better, off = sign * (mine[metric] - theirs[metric]), sign * (ones[metric] - others[metric])
    off = off[np.isfinite(off)]
    method = f"paired bootstrap of {len(off):,}"
    if np.array_equal(one.said, other.said) and not better:
        return Comparison(metric, 0.0, 1.0, method, f"{name} says what {other_name} says.")
    below = min(int((off <= 0).sum()), int((off >= 0).sum()))
    p = min(1.0, max(toss_coins(one, other), 2 * (below + 1) / (len(off) + 1)))
    words = tell_difference(name, other_name, better, p, method, write_difference(metric, better))
    return Comparison(metric, better, p, method, words)


def toss_coins(one: Judged, other: Judged) -> float:
    """How often tosses of a coin fall alike, as many as there are samples on which two models differ, or samples of the
    rarest class or label: resamples of so few all lie on one side."""
    import numpy as np

    count = int((one.said != other.said).any(1).sum())
    if one.classified:
        sizes = np.bincount(one.truth)
        count = min(count, int(sizes[sizes > 0].min()))
    elif one.labelled:
        count = min(count, int(one.truth.any(1).sum()))
    return float(2.0 ** (1 - max(count, 1)))


def require_same_task(one: Judged, other: Judged, name: str, other_name: str) -> None:
    """Check that two models predict the same of the same samples.

    Raises:
        UsageError: they do not.
    """
    import numpy as np

    if one.classes != other.classes or one.targets != other.targets or not np.array_equal(one.truth, other.truth):
        raise UsageError(f"{name} and {other_name} do not predict the same, so they cannot be compared.")


def tell_difference(name: str, other_name: str, better: float, p: float, method: str, amount: str, by: str = "") -> str:
    """What it means that ``name`` is ``better``, by an ``amount``, and chance would make it so with ``p``."""
    if p < SIGNIFICANT:
        first, second = (name, other_name) if better > 0 else (other_name, name)
        return f"{first} is better than {second} by {amount} ({method}, {tell_p(p)}{by})."
    return (
        f"Whether {name} or {other_name} is better cannot be told from these samples: they differ by {amount}, "
        f"which chance alone would bring in {write_share(p, 0)} of such sets ({method}{by})."
    )


def resample_sign(off: object, seed: int = 0, block: int = 1) -> float:
    """Two-sided p of a mean of pairs' differences ``off`` (n,) against 0, by the share of resamples on its far side;
    these draw ``block`` pairs at once that are beside each other.

    Resamples of few pairs lie all on one side; it is never less than that of as many tosses of a coin that fall alike.
    """
    import numpy as np

    values = np.asarray(off, np.float64)
    rng, count = np.random.default_rng(seed), len(values)
    if not values.any():
        return 1.0
    times = count_signs(count, block)
    if block > 1:
        means = resample_blocks(values[None], block, times, seed)[0] / count
    else:
        means = np.array([values[rng.integers(0, count, count)].mean() for _ in range(times)])
    below = min(int((means <= 0).sum()), int((means >= 0).sum()))
    alike = 2.0 ** (1 - np.count_nonzero(values) // block)
    return min(1.0, max(alike, 2 * (below + 1) / (times + 1)))


def count_signs(count: int, block: int = 1) -> int:
    """How many resamples `resample_sign` draws of so many pairs."""
    return max(500, min(RESAMPLES, WORK * block // count))


def tell_p(p: float) -> str:
    """A p value in words."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
