"""How a column of a table becomes numbers: decided by the training rows, the same for every row that comes later."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from descend.datasets.columns import Column

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


GAP = "(missing)"
"""The category of missing values, where they are most."""


class ColumnEncoder(msgspec.Struct, frozen=True, omit_defaults=True):
    """One column's way to numbers.

    Attributes:
        name: the column's name in the file.
        words: its categories in order; () if it holds numbers.
        fill: what takes the place of a missing value: the mean of the training rows, or their most frequent category;
            where more of them lack a value than have any one, a category of its own, `GAP`.
        ordinal: whether a category becomes one number, its rank, instead of a column of 0 and 1 for each.
    """

    name: str
    words: tuple[str, ...] = ()
    fill: float | str = 0.0
    ordinal: bool = False

    @property
    def shown(self) -> range:
        """Ranks of the categories that have a column of 0 and 1: of two, the second tells both."""
        return range(1, 2) if len(self.words) == 2 else range(len(self.words))

    @property
    def features(self) -> list[str]:
        """Names of the numbers that become of it."""
        if not self.words or self.ordinal:
            return [self.name]
        return [f"{self.name}={self.words[rank]}" for rank in self.shown]

    @property
    def stand_in(self) -> list[float]:
        """The numbers that a missing value becomes, one for each feature."""
        if not self.words:
            return [float(self.fill)]
        rank = self.words.index(str(self.fill))
        return [float(rank)] if self.ordinal else [float(rank == each) for each in self.shown]

    def read_numbers(self, column: Column, keep: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The numbers of the rows to ``keep``, what is missing filled in, float64, (rows,)."""
        values, missing = column.numbers[keep], column.missing[keep]
        values[missing] = self.fill
        return values

    def encode(self, column: Column, keep: NDArray[np.bool_]) -> NDArray[np.float32]:
        """The rows to ``keep`` of ``column``, float32, (rows, features). A category that was not trained on counts as
        a missing value; `find_unseen` says which those are."""
        import numpy as np

        if not self.words:
            return self.read_numbers(column, keep).astype(np.float32)[:, None]
        ranks = self._rank(column)[keep]
        if self.ordinal:
            return ranks.astype(np.float32)[:, None]
        shown: NDArray[np.bool_] = ranks[:, None] == np.array(self.shown)
        return shown.astype(np.float32)

    def find_unseen(self, column: Column) -> Counter[str]:
        """Categories of ``column`` that were not trained on, and in how many rows each is."""
        if not self.words:
            return Counter()
        known = frozenset(self.words)
        cells = zip(column.cells, column.missing.tolist(), strict=True)
        return Counter(cell for cell, gone in cells if not gone and cell not in known)

    def _rank(self, column: Column) -> NDArray[np.int64]:
        import numpy as np

        places = {word: place for place, word in enumerate(self.words)}
        filled = places[str(self.fill)]
        cells = zip(column.cells, column.missing.tolist(), strict=True)
        return np.array([filled if gone else places.get(cell, filled) for cell, gone in cells], np.int64)


def fit_encoder(
    column: Column, coded: bool, ordinal: bool, keep: NDArray[np.bool_], train: NDArray[np.intp]
) -> ColumnEncoder:
    """The encoder of ``column``, which has a value in one of the rows at least.

    Args:
        coded: whether its numbers are categories.
        ordinal: whether categories become their ranks.
        keep: the rows, of all that were read.
        train: which of those are trained on; where these lack every value, all of them count.
    """
    missing = column.missing[keep]
    known = train[~missing[train]] if not missing[train].all() else (~missing).nonzero()[0]
    if column.numeric and not coded:
        return ColumnEncoder(column.name, fill=float(column.numbers[keep][known].mean()) if len(known) else 0.0)
    rows = keep.nonzero()[0][known].tolist()
    often = Counter(column.cells[row] for row in rows)
    fill = min(often, key=lambda word: (-often[word], word)) if often else column.words[0]
    if missing[train].sum() > often[fill]:  # filling would make the commonest word of another
        fill = GAP
    return ColumnEncoder(column.name, (*column.words, *({fill} - set(column.words))), fill, ordinal)
