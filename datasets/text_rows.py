"""Texts in a column of a table that is too large for memory, made into indices of characters or byte pairs on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from descend.datasets.byte_pair_text import BPE, USUAL, describe_tokens
from descend.datasets.csv_reader import CsvTable
from descend.datasets.new_rows import make_column
from descend.datasets.row_parts import read_rows, write_parts
from descend.datasets.text_column import LENGTH, describe_cut, fit_length, fit_tokens, refuse_one_character
from descend.datasets.tokenisers import BLANK, Tokeniser, make_tokeniser, train_byte_pairs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AT_ONCE, NUMBERS = 4096, 1 << 20
"""Texts that are made into indices at once, at most, and indices."""


class TextRows:
    """Writes the texts of rows as they pass; then cuts them as `text_column` does, learning byte pairs from those to
    train on, and writes the parts.

    Attributes:
        lacking: which of the rows that were read last have no text, (rows,).
    """

    lacking: NDArray[np.bool_]

    def __init__(self, name: str, asked: Mapping[str, Any]) -> None:
        self.name, self.asked = name, asked
        self.byte_pairs = asked["tokens"] == BPE
        self.most = asked["length"] or LENGTH
        self.at_once = max(1, min(AT_ONCE, NUMBERS // self.most))
        self.missing: dict[str, int] = {}
        self.unseen: list[str] = []
        self._cells: Sequence[str] = ()
        self._characters: set[str] = set()
        self._sizes: list[NDArray[np.int64]] = []
        self._lengths: list[NDArray[np.int64]] = []

    def estimate(self, rows: int, sample: CsvTable) -> tuple[int, int]:
        """Bytes on disk of so many rows like those of ``sample``, and while they are made."""
        texts = sample.columns[sample.names.index(self.name)]
        longest = min(self.most, max(map(len, texts)))
        kinds = self.asked["vocabulary"] or USUAL if self.byte_pairs else len(set().union(*texts)) + 1
        size = rows * longest * choose_type(kinds).itemsize
        kept = sum(len(self._cut(text).encode(errors="surrogatepass")) for text in texts)
        return size, 2 * size + rows * kept // len(texts)

    def read(self, piece: CsvTable) -> None:
        """Look at the next rows."""
        column = make_column(piece, piece.names.index(self.name), self.asked)
        self._cells, self.lacking = column.cells, column.missing
        if count := int(column.missing.sum()):
            self.missing[self.name] = self.missing.get(self.name, 0) + count

    def write(self, target: BinaryIO, keep: NDArray[np.bool_]) -> None:
        """Write those of them to ``keep``, (rows,)."""
        import numpy as np

        texts = [cell for cell, is_kept in zip(self._cells, keep.tolist(), strict=True) if is_kept]
        if not self.byte_pairs:
            self._characters.update(*(self._cut(text) for text in texts))
        packed = [self._cut(text).encode(errors="surrogatepass") for text in texts]
        target.write(b"".join(packed))
        self._sizes.append(np.array([len(each) for each in packed], np.int64))
        self._lengths.append(np.array([len(text) for text in texts], np.int64))

    def _cut(self, text: str) -> str:
        """What of a text is looked at: of byte pairs all, to learn from."""
        return text if self.byte_pairs else text[: self.most]

    def finish(
        self, file: Path, tested: NDArray[np.bool_], tell: Callable[[float], None]
    ) -> tuple[dict[str, Any], list[str]]:
        """Write the parts of the texts in ``file``; returns what a `KeptTable` says of them, and sentences.

        Args:
            tested: which rows are for the test, (rows,).
            tell: takes the share that is done, in (0, 1].

        Raises:
            DescendError: the texts are all of one character, or no two bytes of theirs come together twice.
        """
        import numpy as np

        lengths = np.concatenate(self._lengths)
        cut = self._cut_into_byte_pairs if self.byte_pairs else self._cut_into_characters
        tokeniser, width, said = cut(file, tested, lengths, lambda share: tell(share / 2))
        dtype, whole = choose_type(len(tokeniser.vocabulary)), file.with_suffix(".indices")
        blocks = (x[:, -width:] for x in read_rows(whole, self.most if self.byte_pairs else width, dtype))
        for done in write_parts(file.parent, blocks, tested, (width,), dtype):
            tell(0.5 + 0.5 * done / len(tested))
        whole.unlink()
        kept = {"kind": "text", "vocabulary": tokeniser.vocabulary, "merges": tokeniser.merges, "text": self.name}
        return kept, said

    def _cut_into_characters(
        self, file: Path, tested: NDArray[np.bool_], lengths: NDArray[np.int64], tell: Callable[[float], None]
    ) -> tuple[Tokeniser, int, list[str]]:
        import numpy as np

        width = max(1, min(self.most, int(lengths.max())))
        blank = {BLANK} if int(lengths.min()) < width else set()
        vocabulary = tuple(sorted(self._characters | blank))
        refuse_one_character(vocabulary)
        tokeniser, dtype = make_tokeniser(vocabulary), choose_type(len(vocabulary))
        seen = np.zeros((2, len(vocabulary)), bool)  # in the training part, and in the test part
        begin = 0
        with open(file.with_suffix(".indices"), "wb") as target:
            for texts in self._read(file):
                whole = tokeniser.encode("".join(fit_length(text, width) for text in texts)).reshape(-1, width)
                target.write(whole.astype(dtype).tobytes())
                part = tested[begin : begin + len(texts)]
                for row, x in zip(seen, (whole[~part], whole[part]), strict=True):
                    row[np.unique(x)] = True
                begin += len(texts)
                tell(begin / len(tested))
        said = [describe_cut(lengths, width, "characters")]
        if unseen := int((seen[1] & ~seen[0]).sum()):
            said.append(f"{unseen} of {len(vocabulary)} characters occur only in the test part.")
        return tokeniser, width, said

    def _cut_into_byte_pairs(
        self, file: Path, tested: NDArray[np.bool_], lengths: NDArray[np.int64], tell: Callable[[float], None]
    ) -> tuple[Tokeniser, int, list[str]]:
        import numpy as np

        def learned() -> Iterator[str]:
            flags = iter(tested.tolist())
            for texts in self._read(file):
                yield from (text for text, is_tested in zip(texts, flags, strict=False) if not is_tested)

        size = self.asked["vocabulary"]
        tokeniser = train_byte_pairs(learned(), size or USUAL)
        dtype, done = choose_type(len(tokeniser.vocabulary)), 0
        counts: list[NDArray[np.int64]] = []
        with open(file.with_suffix(".indices"), "wb") as target:
            for texts in self._read(file):
                encoded = tokeniser.encode_all(texts)
                target.write(fit_tokens(encoded, self.most, tokeniser.blank).astype(dtype).tobytes())
                counts.append(np.array([len(each) for each in encoded], np.int64))
                done += len(encoded)
                tell(done / len(tested))
        tokens = np.concatenate(counts)
        parts = [(int(lengths[part].sum()), int(tokens[part].sum())) for part in (~tested, tested)]
        width = max(1, min(self.most, int(tokens.max())))
        return tokeniser, width, [*describe_tokens(tokeniser, size, *parts), describe_cut(tokens, width, "tokens")]

    def _read(self, file: Path) -> Iterator[list[str]]:
        """The texts that were written, some at a time."""
        import numpy as np

        sizes = np.concatenate(self._sizes)
        with open(file, "rb") as source:
            for first in range(0, len(sizes), self.at_once):
                some = sizes[first : first + self.at_once].tolist()
                yield [source.read(size).decode(errors="surrogatepass") for size in some]


def choose_type(count: int) -> np.dtype[Any]:
    """The smallest integers that index so many tokens, of those that torch knows well."""
    import numpy as np

    return np.dtype(np.uint8 if count <= 1 << 8 else np.int16 if count <= 1 << 15 else np.int32)
