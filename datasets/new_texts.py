"""Texts in a column of a new table, prepared as those of a training were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from descend.datasets.columns import quote_columns
from descend.datasets.csv_reader import CsvTable
from descend.datasets.data_shape import format_count
from descend.datasets.new_rows import RowEncoder, make_column
from descend.datasets.preparation import Preparation
from descend.datasets.text_column import fit_length, fit_tokens
from descend.datasets.tokenisers import BLANK, BytePairTokeniser, Tokeniser
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LISTED = 8
"""Characters that a sentence lists."""


class TextEncoder:
    """Makes indices of characters, or byte pairs, of new texts as they were made of the training's.

    A character that was not trained on becomes a blank; these and texts that are missing are counted. Byte pairs know
    every character.
    """

    def __init__(self, prepared: Preparation, options: Mapping[str, Any]) -> None:
        self.prepared, self.options = prepared, options
        self.missing = 0
        self.unseen: Counter[str] = Counter()

    def encode(self, table: CsvTable) -> NDArray[np.int64]:
        """The texts of ``table`` as indices into the vocabulary, int64, (rows, t).

        Raises:
            DescendError: the column with the texts is missing.
        """
        import numpy as np

        prepared = self.prepared
        if prepared.text not in table.names:
            raise DescendError(
                f"{table.file.name} lacks {quote_columns([prepared.text])}, which the model was trained on."
            )
        column = make_column(table, table.names.index(prepared.text), self.options)
        self.missing += int(column.missing.sum())
        (length,), tokeniser = prepared.sample_shape, prepared.tokeniser
        if isinstance(tokeniser, BytePairTokeniser):
            return fit_tokens(tokeniser.encode_all(column.cells), length, tokeniser.blank)
        known = frozenset(tokeniser.vocabulary)
        blank = tokeniser.vocabulary[tokeniser.blank]
        rows = []
        for cell in column.cells:
            text = fit_length(cell, length)
            self.unseen.update(set(text) - known - {BLANK})
            rows.append(tokeniser.encode("".join(c if c in known else blank for c in text)))
        return np.stack(rows) if rows else np.empty((0, length), np.int64)

    def tell(self) -> list[str]:
        """Sentences on what stood in for what."""
        said = []
        if self.missing:
            said.append(f"{format_count(self.missing, 'row')} without a text.")
        return [*said, *tell_unseen(self.unseen)]


def cut_text(text: str, tokeniser: Tokeniser) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The tokens of ``text``, (t,), and which of them are what it says, (t,): blanks stand in for characters that were
    not trained on. Byte pairs know every character."""
    import numpy as np

    strange = set() if tokeniser.merges else set(text) - set(tokeniser.vocabulary)
    blank = tokeniser.vocabulary[tokeniser.blank]
    tokens = tokeniser.encode(text.translate({ord(character): blank for character in strange}))
    known = np.ones(len(tokens), bool)
    if strange:
        known[:] = [character not in strange for character in text]
    return tokens, known


def tell_unseen(unseen: Collection[str]) -> list[str]:
    """A sentence on characters that were not trained on, if there are any."""
    if not unseen:
        return []
    listed = ", ".join(repr(character) for character in list(unseen)[:LISTED])
    return [f"{format_count(len(unseen), 'character')} that the training did not have, {listed}: blanks stand in."]


def make_encoder(prepared: Preparation, options: Mapping[str, Any], lenient: bool = False) -> RowEncoder | TextEncoder:
    """What makes samples of the rows of a table; ``lenient`` as of a `RowEncoder`."""
    return TextEncoder(prepared, options) if prepared.text else RowEncoder(prepared, options, lenient)
