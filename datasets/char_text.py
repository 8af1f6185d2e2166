"""Text as a stream of characters, each the index of its place in the vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from descend.datasets.dataset import Dataset

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def make_char_dataset(name: str, text: str, vocabulary: Sequence[str], cut: int, notes: Sequence[str] = ()) -> Dataset:
    """``text`` as a dataset, its first ``cut`` characters for training and the rest for the test."""
    import numpy as np

    tokens, none = encode(text, vocabulary), np.empty(0, np.int64)
    return Dataset(
        name,
        (),
        tokens[:cut],
        none,
        tokens[cut:],
        none,
        kind="text",
        task="language",
        vocabulary=tuple(vocabulary),
        notes=tuple(notes),
    )


def encode(text: str, vocabulary: Sequence[str]) -> NDArray[np.int64]:
    """Index of each character of ``text`` in ``vocabulary``, which is sorted and has them all."""
    import numpy as np

    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    places = np.searchsorted(np.array([ord(character) for character in vocabulary], np.uint32), points)
    return places.astype(np.int64, copy=False)


def decode(tokens: NDArray[np.int64], vocabulary: Sequence[str]) -> str:
    """The text of ``tokens``."""
    return "".join(vocabulary[token] for token in tokens.tolist())
