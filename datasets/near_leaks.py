"""How well one column alone tells what is to be predicted, measured on the half of the rows that its rule was not made
from: a single cut through numbers, its words, or where it has a value.

A strong and honest column is to pass: two normal distributions three deviations apart give a balanced accuracy of 0.93,
and the lower ends of what may be chance are compared with what is asked here.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from descend.datasets.columns import Column

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BALANCED = 0.96
"""Balanced accuracy of two classes, from which on a column is told."""
PRECISE = 0.85
"""Average precision of the rarer class, as a share of the way from chance to 1, from which on it is, too."""
MANY = 0.97
"""Balanced accuracy of more than two classes, as a share of that way."""
EXPLAINED = 0.98
"""R² of the ranks of a number to predict; of a monotonic column a rank correlation of 0.99."""
FEWEST = 10
"""Rows of each class, from which on it is measured at all."""
KNOWN = 0.1
"""Share of the rows of each class that have a value, if those alone are looked at."""
LOOKED = 20_000
"""Rows looked at."""
BINS, IN_BIN = 256, 4
"""Ranges of a column's numbers, where one cut is not enough, and rows in one at least."""
UNSEEN = "on rows that this was not made from"


@dataclass(frozen=True)
class Halves:
    """The rows that are looked at and what is to be predicted of them.

    Attributes:
        rows: their places in the table, (n,).
        y: classes from 0, int64, or numbers, (n,).
        second: which belong to the second half, of each class as many as to the first, (n,).
    """

    rows: NDArray[np.intp]
    y: NDArray[Any]
    second: NDArray[np.bool_]


def halve_rows(keep: NDArray[np.bool_], y: NDArray[Any], classified: bool) -> Halves:
    """Halves of the rows to ``keep``, by chance; ``y`` (rows,) is what is to be predicted of those."""
    import numpy as np

    step = -(-len(y) // LOOKED)
    rows, y = np.flatnonzero(keep)[::step], y[::step]
    if classified:
        y = np.unique(y, return_inverse=True)[1]
    shuffled = np.random.default_rng(0).permutation(len(y))
    order = shuffled[np.argsort(y[shuffled], kind="stable")] if classified else shuffled
    second = np.zeros(len(y), bool)
    second[order[1::2]] = True
    return Halves(rows, y, second)


def tell_near(column: Column, halves: Halves, classified: bool, what: str) -> str:
    """How ``column`` alone nearly tells ``what``, with what was measured; "" if it does not."""
    import numpy as np

    gone = column.missing[halves.rows]
    values, ordered = read_values(column, halves)
    everything = np.ones(len(gone), bool)
    ways = []
    some = gone.any() and not gone.all()
    if some:
        ways.append((gone.astype(float), True, "by where it has a value, ", everything))
    if values is not None:
        ways.append((values, ordered, "", everything))
    if some and values is not None:
        ways.append((values, ordered, f"where it has a value, in {(~gone).mean():.0%} of the rows, ", ~gone))
    for found, in_order, where, among in ways:
        y, second = halves.y[among], halves.second[among]
        if not classified:
            said = explain_numbers(found[among], y, second) if in_order else explain_means(found[among], y, second)
        elif y.size and enough(y, halves.y):
            judge = judge_two if halves.y.max() == 1 else judge_many
            said = judge(found[among], y, second, in_order)
        else:
            continue
        if said:
            return f"alone nearly tells {what}: {where}{said}"
    return ""


def enough(y: NDArray[np.int64], every: NDArray[np.int64]) -> bool:
    """Whether ``y`` has enough of each class of the rows ``every``."""
    import numpy as np

    of, all_ = np.bincount(y, minlength=every.max() + 1), np.bincount(every)
    return bool((of >= np.maximum(FEWEST, KNOWN * all_)).all())


def read_values(column: Column, halves: Halves) -> tuple[NDArray[np.float64] | None, bool]:
    """The numbers of ``column``, NaN where there is none, and that they are in an order; or the places of its words,
    a missing one among them, which are not. None if it has neither, or only one."""
    import numpy as np

    if column.numeric:
        numbers = np.where(column.missing, np.nan, column.numbers)[halves.rows]
        there = numbers[~np.isnan(numbers)]
        return (numbers, True) if there.size and there.min() < there.max() else (None, True)
    if column.free_text or column.form == "dates":
        return None, False
    places: dict[str, int] = {}
    gone = column.missing.tolist()
    kept = [places.setdefault("" if gone[row] else column.cells[row], len(places)) for row in halves.rows.tolist()]
    return (np.array(kept, np.float64), False) if len(places) > 1 else (None, False)


def judge_two(x: NDArray[np.float64], y: NDArray[np.int64], second: NDArray[np.bool_], ordered: bool) -> str:
    """What was measured of ``x`` on two classes, if that is nearly all; else ""."""
    import numpy as np

    y = y if 2 * y.sum() <= len(y) else 1 - y  # the rarer is 1
    counts = {"balanced": np.zeros(4), "precise": np.zeros(4)}
    for fitted in (second, ~second):
        scores = order_values(x, y, fitted, ordered)
        for score_of, (cut, above) in zip(counts, find_cuts(scores[fitted], y[fitted]), strict=True):
            said = (scores[~fitted] > cut) == above
            counts[score_of] += np.bincount(2 * y[~fitted] + said, minlength=4)
    base = float(y.mean())
    balanced, balanced_low = measure_balance(counts["balanced"])
    precise, precise_low = measure_precision(counts["precise"], base)
    if balanced_low < BALANCED and (precise_low - base) / (1 - base) < PRECISE:
        return ""
    how = "one cut gives" if ordered else "its words give"
    return (
        f"{how} a balanced accuracy of {balanced:.2f}, chance 0.50, and an average precision of {precise:.2f}, chance "
        f"{base:.2f}, {UNSEEN}"
    )


def order_values(
    x: NDArray[np.float64], y: NDArray[np.int64], fitted: NDArray[np.bool_], ordered: bool
) -> NDArray[np.float64]:
    """``x`` as numbers that rise with class 1: words by their share of it in the rows ``fitted``, gaps at the end
    where it is commoner than the others."""
    import numpy as np

    if not ordered:
        places = x.astype(np.int64)
        ones = np.bincount(places[fitted], y[fitted], minlength=places.max() + 1)
        count = np.bincount(places[fitted], minlength=places.max() + 1)
        shares: NDArray[np.float64] = ((ones + y[fitted].mean()) / (count + 1))[places]
        return shares
    gone = np.isnan(x)
    if not gone.any():
        return x
    there = fitted & ~gone
    values, ones = x[there], y[there].astype(bool)
    rises = not ones.any() or ones.all() or np.median(values[ones]) > np.median(values[~ones])
    likely = y[fitted & gone].mean() > y[there].mean() if (fitted & gone).any() and there.any() else False
    return np.where(gone, np.inf if likely == rises else -np.inf, x)


def find_cuts(scores: NDArray[np.float64], y: NDArray[np.int64]) -> tuple[tuple[float, bool], tuple[float, bool]]:
    """The cut of the best balanced accuracy, and that of the best average precision of class 1: above which score, and
    whether class 1 is there, or not above."""
    import numpy as np

    order = np.argsort(scores, kind="stable")
    values, ones = scores[order], y[order].astype(float)
    last = np.append(values[1:] > values[:-1], False)  # a cut lies between two values
    if not last.any():
        return (np.inf, True), (np.inf, True)
    below, of = np.cumsum(ones)[last], np.arange(1, len(ones) + 1)[last]
    whole, count, places = ones.sum(), len(ones), np.flatnonzero(last)
    best = []
    sides = ((whole - below, count - of), (below, of))
    balance = [one / whole - (size - one) / (count - whole) for one, size in sides]
    precision = [one / whole * one / np.maximum(size, 1) for one, size in sides]
    for of_sides in (balance, precision):
        above = of_sides[0].max() >= of_sides[1].max()
        at = places[int(of_sides[0 if above else 1].argmax())]
        low, high = float(values[at]), float(values[at + 1])
        best.append((low if np.isinf(low) or np.isinf(high) else low + (high - low) / 2, bool(above)))
    return best[0], best[1]


def measure_balance(counts: NDArray[np.float64]) -> tuple[float, float]:
    """Balanced accuracy of ``counts`` of right and wrong, (n, false alarms, missed, hits), and its lower end."""
    good = [(counts[0], counts[:2].sum()), (counts[3], counts[2:].sum())]
    return sum(one / of for one, of in good) / 2, sum(itertools.starmap(find_low, good)) / 2


def measure_precision(counts: NDArray[np.float64], base: float) -> tuple[float, float]:
    """Average precision of class 1, of a share ``base``, where all that is said to be it comes before the others; and
    its lower end."""
    hits, said, there = counts[3], counts[1] + counts[3], counts[2:].sum()
    recall, low = hits / there, find_low(hits, there)
    precision = hits / max(said, 1)
    return recall * precision + (1 - recall) * base, low * find_low(hits, said) + (1 - low) * base


def find_low(right: float, of: float) -> float:
    """A deviation below the share that is ``right``, and never sure with few."""
    share = right / max(of, 1)
    return float(max(0.0, right / (of + 1) - (share * (1 - share) / max(of, 1)) ** 0.5))


def judge_many(x: NDArray[np.float64], y: NDArray[np.int64], second: NDArray[np.bool_], ordered: bool) -> str:
    """What was measured of ``x`` on more than two classes, if that is nearly all; else ""."""
    import numpy as np

    classes = int(y.max()) + 1
    right = np.zeros(classes)
    for fitted in (second, ~second):
        places = cut_bins(x, fitted) if ordered else x.astype(np.int64)
        counts = np.zeros((places.max() + 1, classes))
        np.add.at(counts, (places[fitted], y[fitted]), 1)
        guess = (counts / counts.sum(0)).argmax(1)[places[~fitted]]
        right += np.bincount(y[~fitted], guess == y[~fitted], minlength=classes)
    of, chance = np.bincount(y, minlength=classes), 1 / classes
    low = float(np.mean([find_low(*one) for one in zip(right.tolist(), of.tolist(), strict=True)]))
    if (low - chance) / (1 - chance) < MANY:
        return ""
    how = "ranges of its numbers" if ordered else "its words"
    return f"{how} give a balanced accuracy of {float((right / of).mean()):.2f}, chance {chance:.2f}, {UNSEEN}"


def cut_bins(x: NDArray[np.float64], fitted: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The range of each number in ``x``, by quantiles of those ``fitted``; what is missing has its own."""
    import numpy as np

    there = x[fitted & ~np.isnan(x)]
    bins = max(2, min(BINS, len(there) // IN_BIN))
    edges = np.unique(np.quantile(there, np.linspace(0, 1, bins + 1)[1:-1])) if there.size else np.zeros(0)
    return np.where(np.isnan(x), len(edges) + 1, np.searchsorted(edges, x, side="left"))


def explain_numbers(x: NDArray[np.float64], y: NDArray[np.float64], second: NDArray[np.bool_]) -> str:
    """What was measured of numbers ``x`` on the ranks of the numbers ``y``, if that is nearly all; else ""."""
    import numpy as np

    there = np.isfinite(x) & np.isfinite(y)
    x, ranks, second = x[there], rank(y[there]), second[there]
    if len(x) < 10 * FEWEST or x.min() == x.max():
        return ""
    guess = np.zeros(len(x))
    for fitted in (second, ~second):
        places = cut_bins(x, fitted)
        count = np.bincount(places[fitted])
        used = count > 0
        middle = np.bincount(places[fitted], x[fitted])[used] / count[used]
        level = np.bincount(places[fitted], ranks[fitted])[used] / count[used]
        guess[~fitted] = np.interp(x[~fitted], middle, level)
    return write_explained(guess, ranks)


def explain_means(x: NDArray[np.float64], y: NDArray[np.float64], second: NDArray[np.bool_]) -> str:
    """What was measured of words, their places ``x``, on the ranks of the numbers ``y``; "" if that is not nearly
    all."""
    import numpy as np

    places, ranks = x.astype(np.int64), rank(y)
    if len(x) < 10 * FEWEST:
        return ""
    guess = np.zeros(len(x))
    for fitted in (second, ~second):
        count = np.bincount(places[fitted], minlength=places.max() + 1)
        total = np.bincount(places[fitted], ranks[fitted], minlength=places.max() + 1)
        guess[~fitted] = ((total + ranks.mean()) / (count + 1))[places[~fitted]]
    return write_explained(guess, ranks)


def write_explained(guess: NDArray[np.float64], ranks: NDArray[np.float64]) -> str:
    """How much of the ``ranks`` a ``guess`` explains, if that is nearly all; else ""."""
    import numpy as np

    explained = 1 - float(np.square(guess - ranks).mean() / max(1e-12, float(ranks.var())))
    if explained < EXPLAINED:
        return ""
    return f"it explains {explained:.1%} of how the ranks of the target differ, {UNSEEN}"


def rank(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rank of each of ``values``, from 0 to 1; of equal ones the middle."""
    import numpy as np

    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    end = np.cumsum(counts)
    found: NDArray[np.float64] = ((end - counts / 2) / len(values))[places]
    return found
