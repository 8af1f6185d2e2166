"""Texts that each have a class or a number: a column of a table, as characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from descend.datasets.char_text import encode
from descend.datasets.dataset import Dataset
from descend.datasets.memory import check_memory
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LENGTH = 128
"""Characters read of each text at most, unless told."""
BLANK = " "


def make_text_dataset(
    name: str,
    texts: Sequence[str],
    y: NDArray[Any],
    parts: tuple[NDArray[np.intp], NDArray[np.intp]],
    length: int,
    notes: Sequence[str],
    **more: Any,
) -> Dataset:
    """``texts`` as a dataset of indices of characters, int64, (n, t).

    All are of one length t: of longer ones the beginning is taken, shorter ones get blanks in front, so that the last
    character, after which a recurrent network answers, is one of the text.

    Args:
        y: the targets, (n, …).
        parts: indices of the training and of the test texts.
        length: characters of each text at most; 0 for the longest, but no more than `LENGTH`.
        more: of `Dataset`, as they are.

    Raises:
        DescendError: the texts are all of one character.
    """
    import numpy as np

    longest = max(map(len, texts))
    t = min(length or LENGTH, longest)
    check_memory(3 * 8 * t * len(texts), f"{len(texts):,} texts of {t:,} characters", "length=N or limit=N takes less")
    cut = sum(len(text) > t for text in texts)
    even = [fit_length(text, t) for text in texts]
    vocabulary = sorted(set().union(*even))
    if len(vocabulary) < 2:
        raise DescendError(f"The texts are one character over and over, {vocabulary[0]!r}; there is nothing to learn.")
    x = np.stack([encode(text, vocabulary) for text in even])
    train, test = parts
    said = [
        *notes,
        f"{t:,} characters of each text are read, which cuts {cut:,} of {len(texts):,}; length=… changes that. Shorter "
        "ones get blanks in front.",
    ]
    if unseen := len(np.setdiff1d(x[test], x[train])):
        said.append(f"{unseen} of {len(vocabulary)} characters occur only in the test part.")
    return Dataset(
        name,
        train_x=x[train],
        train_y=y[train],
        test_x=x[test],
        test_y=y[test],
        kind="text",
        vocabulary=tuple(vocabulary),
        notes=tuple(said),
        **more,
    )


def fit_length(text: str, length: int) -> str:
    """The beginning of ``text``, with blanks in front if it is shorter than ``length``."""
    return text[:length].rjust(length, BLANK)
