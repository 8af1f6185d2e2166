"""What a language model said of a text, beside what stands there: measured, with intervals, and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import UsageError
from descend.engine.evaluation.comparison import Comparison, count_signs, resample_sign, tell_difference
from descend.engine.evaluation.intervals import LEVEL, Interval, count_stretches, resample_blocks
from descend.engine.evaluation.metrics import TOP

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from descend.datasets.tokenisers import Tokeniser

BLOCKS, PARTS = 10, 40
"""Blocks of which a resample consists, at least and at most."""
BEFORE = 60
"""Characters shown before a place."""


@dataclass(frozen=True, eq=False)
class JudgedText:
    """What was said of t places of a text, one after the other, each a character or a token as ``tokeniser`` cuts it.

    Attributes:
        text: all of it.
        begin: characters before the first place.
        window: places that were read at once; at the first of each the model had seen one token only.
        truth: what stands there, (t,).
        known: which count: False for characters that the model does not know, bool, (t,).
        loss: minus the logarithm of its probability, in nats, (t,).
        guessed: the likeliest, (t,), and ``sure`` its probability, (t,).
        top: whether it is among the `TOP` likeliest, bool, (t,).
        notes: sentences on what was left out or stood in.
        trained_on: as of `Judged`.
    """

    tokeniser: Tokeniser
    text: str
    begin: int
    window: int
    truth: NDArray[np.int64]
    known: NDArray[np.bool_]
    loss: NDArray[np.float64]
    guessed: NDArray[np.int64]
    sure: NDArray[np.float64]
    top: NDArray[np.bool_]
    notes: tuple[str, ...] = ()
    trained_on: bool = False

    classes = targets = ()
    classified = labelled = False
    main = "accuracy"

    def __len__(self) -> int:
        return int(self.known.sum())

    @property
    def unit(self) -> str:
        """What one place is called."""
        return self.tokeniser.unit

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Characters that begin at each place, (t,)."""
        import numpy as np

        return np.array(self.tokeniser.count_characters(), np.int64)[self.truth]

    def describe(self, place: int) -> str:
        """What stands before a place."""
        end = self.begin + int(self.lengths[:place].sum())
        return f"after {self.text[max(0, end - BEFORE) : end]!r}"

    def spread(self) -> NDArray[np.float64]:
        """The loss of each character: that of a token at its first one, 0 at those after it, NaN where it is not
        known; (characters,)."""
        import numpy as np

        lengths = self.lengths
        ends = np.cumsum(lengths)
        places = np.maximum(ends - np.maximum(lengths, 1), 0)  # what begins no character belongs to the last begun
        found = np.zeros(max(int(ends[-1]), 1))
        np.add.at(found, places, np.where(self.known, self.loss, np.nan))
        return found


def judge_by_frequency(judged: JudgedText, counts: NDArray[np.int64]) -> JudgedText:
    """What the ``counts`` of each token in a training text say of the same places, whatever stands before; one is
    added to each, so that nothing is impossible."""
    import numpy as np

    shares = (counts + 1) / (counts.sum() + len(counts))
    order = np.argsort(-shares, kind="stable")
    return replace(
        judged,
        loss=-np.log(shares)[judged.truth],
        guessed=np.full(len(judged.truth), order[0]),
        sure=np.full(len(judged.truth), shares[order[0]]),
        top=np.isin(judged.truth, order[:TOP]),
        notes=(),
    )


def measure_text(judged: JudgedText) -> dict[str, float]:
    """Cross-entropy in nats, perplexity, its exponential, bits that a character takes, and the shares of places whose
    token is the likeliest or among the five likeliest, if there are more."""
    return {name: float(value) for name, value in tell_metrics(sum_up(judged).sum(1), judged).items()}


def sum_up(judged: JudgedText) -> NDArray[np.float64]:
    """Of each place: whether it counts, its loss, whether it was guessed, whether among the likeliest, and its
    characters; 0 where it does not count; (5, t)."""
    import numpy as np

    right = judged.guessed == judged.truth
    return np.stack([np.ones(len(right)), judged.loss, right, judged.top, judged.lengths]) * judged.known


def tell_metrics(sums: NDArray[np.float64], judged: JudgedText) -> Mapping[str, Any]:
    """Metrics of the ``sums`` of `sum_up`, (5,) or (5, times)."""
    import numpy as np

    count, loss, right, top, characters = sums
    found = {
        "loss": loss / count,
        "perplexity": np.exp(loss / count),
        "bits_per_character": loss / np.log(2) / np.maximum(characters, 1),
        "accuracy": right / count,
    }
    return found | ({"top_5": top / count} if len(judged.tokeniser.vocabulary) > TOP else {})


def find_text_intervals(judged: JudgedText, seed: int = 0) -> dict[str, Interval]:
    """Of every metric the middle 95 % of what resamples give that consist of stretches of this text, as neighbouring
    places are alike: the circular block bootstrap, which begins again at the front after the end; {} of a text that is
    too short to have other stretches.

    D. N. Politis, J. P. Romano: A circular block-resampling procedure for stationary data, 1992.
    """
    import numpy as np

    count, sums = len(judged.truth), sum_up(judged)
    if count < BLOCKS:
        return {}
    block = choose_block(count, judged.window)
    times = count_stretches(count, block)
    method = f"block bootstrap of {times:,}, {block:,} {judged.unit}s each"
    drawn = resample_blocks(sums, block, times, seed)
    intervals = {}
    for name, values in tell_metrics(drawn[:, drawn[0] > 0], judged).items():
        low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        intervals[name] = Interval(float(low), float(high), method)
    return intervals


def choose_block(count: int, window: int) -> int:
    """Places of a block: a fortieth of all, as the subjects of a text change slowly; at least as many as the model sees
    at once, a tenth of all at most."""
    return max(1, min(max(window, count // PARTS), count // BLOCKS))


def compare_texts(one: JudgedText, other: JudgedText, name: str, other_name: str) -> Comparison:
    """Compare two models by the bits that each character of the same text takes, in whatever way they cut it: whether
    the mean difference keeps its sign in resamples of stretches.

    Raises:
        UsageError: the texts differ, or have no character that both know.
    """
    import numpy as np

    if one.text != other.text:
        raise UsageError(f"{name} and {other_name} read different texts, so they cannot be compared.")
    losses = one.spread(), other.spread()
    begin = max(one.begin, other.begin)
    end = min(judged.begin + len(loss) for judged, loss in zip((one, other), losses, strict=True))
    first, second = (
        loss[begin - judged.begin : end - judged.begin] for judged, loss in zip((one, other), losses, strict=True)
    )
    off = (second - first) / np.log(2)
    off = off[~np.isnan(off)]
    if not len(off):
        raise UsageError(f"{name} and {other_name} know no character in common there, so they cannot be compared.")
    windows = [judged.window * int(judged.lengths.sum()) // max(1, len(judged.truth)) for judged in (one, other)]
    block = choose_block(len(off), max(windows))
    better, p = float(off.mean()), resample_sign(off, block=block)
    method = f"paired block bootstrap of {count_signs(len(off), block):,}"
    amount = f"{abs(better):.4f} bits per character"
    words = f"{name} says of every character what {other_name} says."
    if off.any():
        words = tell_difference(name, other_name, better, p, method, amount)
    return Comparison("bits_per_character", better, p, method, words)
