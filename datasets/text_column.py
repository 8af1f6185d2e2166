"""Texts that each have a class or a number: a column of a table, as characters or as byte pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from descend.datasets.byte_pair_text import USUAL, describe_tokens
from descend.datasets.dataset import Dataset
from descend.datasets.memory import check_memory
from descend.datasets.tokenisers import BLANK, Tokeniser, make_tokeniser, train_byte_pairs
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Parts = tuple[NDArray[np.intp], NDArray[np.intp]]

LENGTH = 128
"""Characters or tokens read of each text at most, unless told."""


def make_text_dataset(
    name: str,
    texts: Sequence[str],
    y: NDArray[Any],
    parts: Parts,
    length: int,
    notes: Sequence[str],
    *,
    byte_pairs: bool = False,
    size: int = 0,
    **more: Any,
) -> Dataset:
    """``texts`` as a dataset of indices of characters or byte pairs, int64, (n, t).

    All are of one length t: of longer ones the beginning is taken, shorter ones get blanks in front, so that the last
    character, after which a recurrent network answers, is one of the text.

    Args:
        y: the targets, (n, …).
        parts: indices of the training and of the test texts.
        length: characters or tokens of each text at most; 0 for the longest, but no more than `LENGTH`.
        byte_pairs: whether they are cut into byte pairs, ``size`` kinds at most; 0 is `USUAL`.
        more: of `Dataset`, as they are.

    Raises:
        DescendError: the texts are all of one character, or no two bytes of theirs come together twice.
    """
    train, test = parts
    if byte_pairs:
        x, tokeniser, said = cut_into_byte_pairs(texts, parts, length, size)
    else:
        x, tokeniser, said = cut_into_characters(texts, parts, length)
    return Dataset(
        name,
        train_x=x[train],
        train_y=y[train],
        test_x=x[test],
        test_y=y[test],
        kind="text",
        vocabulary=tokeniser.vocabulary,
        merges=tokeniser.merges,
        notes=(*notes, *said),
        **more,
    )


def cut_into_characters(
    texts: Sequence[str], parts: Parts, length: int
) -> tuple[NDArray[np.int64], Tokeniser, list[str]]:
    """The indices of their characters, (n, t), what made them, and sentences on it."""
    import numpy as np

    lengths = [len(text) for text in texts]
    t = choose_length(lengths, length, "characters")
    even = [fit_length(text, t) for text in texts]
    vocabulary = tuple(sorted(set().union(*even)))
    refuse_one_character(vocabulary)
    tokeniser = make_tokeniser(vocabulary)
    x = np.stack([tokeniser.encode(text) for text in even])
    said = [describe_cut(lengths, t, "characters")]
    train, test = parts
    if unseen := len(np.setdiff1d(x[test], x[train])):
        said.append(f"{unseen} of {len(vocabulary)} characters occur only in the test part.")
    return x, tokeniser, said


def cut_into_byte_pairs(
    texts: Sequence[str], parts: Parts, length: int, size: int
) -> tuple[NDArray[np.int64], Tokeniser, list[str]]:
    """The indices of their byte pairs, (n, t), learned from the training texts, what made them, and sentences on it."""
    train, test = (part.tolist() for part in parts)
    tokeniser = train_byte_pairs([texts[place] for place in train], size or USUAL)
    encoded = tokeniser.encode_all(texts)
    counts = [
        (sum(len(texts[place]) for place in part), sum(len(encoded[place]) for place in part)) for part in (train, test)
    ]
    lengths = [len(tokens) for tokens in encoded]
    t = choose_length(lengths, length, "tokens")
    said = [*describe_tokens(tokeniser, size, *counts), describe_cut(lengths, t, "tokens")]
    return fit_tokens(encoded, t, tokeniser.blank), tokeniser, said


def choose_length(lengths: Sequence[int], length: int, unit: str) -> int:
    """How much of each text is read, if ``length`` is wanted.

    Raises:
        DescendError: that is more than there is memory for.
    """
    t = max(1, min(length or LENGTH, max(lengths)))
    check_memory(3 * 8 * t * len(lengths), f"{len(lengths):,} texts of {t:,} {unit}", "length=N or limit=N takes less")
    return t


def refuse_one_character(vocabulary: Sequence[str]) -> None:
    """Check that texts have more than one character.

    Raises:
        DescendError: they have not.
    """
    if len(vocabulary) < 2:
        raise DescendError(f"The texts are one character over and over, {vocabulary[0]!r}; there is nothing to learn.")


def describe_cut(lengths: Sequence[int] | NDArray[np.int64], t: int, unit: str) -> str:
    """A sentence on how many texts are longer than ``t``."""
    import numpy as np

    cut = int((np.asarray(lengths) > t).sum())
    return (
        f"{t:,} {unit} of each text are read, which cuts {cut:,} of {len(lengths):,}; length=… changes that. Shorter "
        "ones get blanks in front."
    )


def fit_length(text: str, length: int) -> str:
    """The beginning of ``text``, with blanks in front if it is shorter than ``length``."""
    return text[:length].rjust(length, BLANK)


def fit_tokens(texts: Sequence[NDArray[np.int64]], length: int, blank: int) -> NDArray[np.int64]:
    """The beginning of each of ``texts``, with tokens ``blank`` in front if it is shorter than ``length``; (n, t)."""
    import numpy as np

    x = np.full((len(texts), length), blank, np.int64)
    for row, tokens in zip(x, texts, strict=True):
        if kept := min(length, len(tokens)):
            row[-kept:] = tokens[:kept]
    return x
