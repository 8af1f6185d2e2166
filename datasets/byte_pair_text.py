"""Text as a stream of byte pairs, learned from its training part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from descend.datasets.data_shape import format_count
from descend.datasets.dataset import Dataset
from descend.datasets.options import option
from descend.datasets.tokenisers import BytePairTokeniser, train_byte_pairs
from descend.engine.base.errors import UsageError

BPE = "bpe"
WAYS = ("characters", BPE)
USUAL = 1000
"""Kinds of token, unless told."""


def tokens_option() -> Any:
    """The option that says what a text is cut into."""
    return option(
        "", "what a text is cut into; bpe: byte pairs, as frequent as words and pieces of them are", among=WAYS
    )


def vocabulary_option() -> Any:
    """The option that says how many kinds of token there are."""
    return option(0, f"kinds of token with tokens=bpe, 256 of them bytes; default: {USUAL}", low=300, high=100_000)


def check_tokens(tokens: str, vocabulary: int) -> None:
    """Check that the options ``tokens`` and ``vocabulary`` go together.

    Raises:
        UsageError: they do not.
    """
    if vocabulary and tokens != BPE:
        raise UsageError("vocabulary= is for tokens=bpe; add that, or leave it out.")


def make_byte_pair_dataset(name: str, text: str, cut: int, size: int, notes: Sequence[str]) -> Dataset:
    """``text`` as a dataset, its first ``cut`` characters for training and the rest for the test.

    Args:
        size: kinds of token, at most; 0 for `USUAL`.

    Raises:
        DescendError: it is too short for that, or the package tokenizers is not installed.
    """
    import numpy as np

    tokeniser = train_byte_pairs([text[:cut]], size or USUAL)
    train, test, none = tokeniser.encode(text[:cut]), tokeniser.encode(text[cut:]), np.empty(0, np.int64)
    counts = (cut, len(train)), (len(text) - cut, len(test))
    return Dataset(
        name,
        (),
        train,
        none,
        test,
        none,
        kind="text",
        task="language",
        vocabulary=tokeniser.vocabulary,
        merges=tokeniser.merges,
        notes=(*notes, *describe_tokens(tokeniser, size, *counts)),
    )


def describe_tokens(tokeniser: BytePairTokeniser, size: int, *parts: tuple[int, int]) -> list[str]:
    """Sentences on how a text was cut.

    Args:
        size: kinds of token that were asked for; 0 for `USUAL`.
        parts: characters and tokens of the training and of the test part.
    """
    trained, tested = (characters / max(1, tokens) for characters, tokens in parts)
    kinds = len(tokeniser.vocabulary)
    said = [
        f"Cut into {format_count(kinds, 'kind')} of token, byte pairs (BPE) learned from the training part: "
        f"{trained:.2f} characters a token there, {tested:.2f} in the test part."
    ]
    if kinds < (size or USUAL):
        said.append(f"The text has pairs for no more than {kinds:,} kinds of token.")
    return said
