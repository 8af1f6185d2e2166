"""The user's text file, whose next character is learned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from descend.datasets.byte_pair_text import (
    BPE,
    check_tokens,
    make_byte_pair_dataset,
    tokens_option,
    vocabulary_option,
)
from descend.datasets.char_text import make_char_dataset
from descend.datasets.compressed import find_size, open_text, tell_unreadable
from descend.datasets.dataset import WARNING, Dataset
from descend.datasets.encodings import SAMPLE, describe_undecodable, detect_encoding
from descend.datasets.memory import check_memory
from descend.datasets.options import option
from descend.datasets.other_formats import find_other_format
from descend.datasets.tabular import select_uniform
from descend.engine.base.errors import DescendError

SUFFIXES = (".txt", ".text", ".md")
TABLES = (".txt", ".text")
"""Endings of texts that are those of tables as well."""
MIN_CHARACTERS = 500
"""Characters."""
BYTES = 12
"""… of memory that one takes at most, as text and as a number."""


@dataclass(frozen=True)
class TextOptions:
    """What can be said of a text file."""

    kind: str = option("", "what the file holds; default: by its ending and its lines", among=("table", "text"))
    encoding: str = option("", "how characters are stored, such as utf-8 or latin-1")
    limit: int = option(0, "characters to read at most; 0 is all", low=0)
    tokens: str = tokens_option()
    vocabulary: int = vocabulary_option()
    test: float = option(0.1, "share of the text, at its end, that is kept for the test", low=0.01, high=0.9)


def read_text(file: Path, name: str, options: TextOptions) -> Dataset:
    """Read a text as a dataset called ``name``; its vocabulary is the characters that occur, or byte pairs learned from
    its training part; line ends are ``\\n``.

    Raises:
        DescendError: it cannot be read, is not text or is too short or too long.
        UsageError: there is no such encoding, or it is not cut into byte pairs and yet their number is told.
    """
    check_tokens(options.tokens, options.vocabulary)
    text = read_characters(file, options.encoding, options.limit)
    if len(text) < MIN_CHARACTERS:
        raise DescendError(
            f"{file.name} has {len(text):,} characters; at least {MIN_CHARACTERS} are needed to learn from."
        )
    vocabulary = sorted(set(text))
    if len(vocabulary) < 2:
        raise DescendError(f"{file.name} is one character over and over, {vocabulary[0]!r}; there is nothing to learn.")
    cut = len(text) - max(1, int(options.test * len(text)))
    notes = (
        ["The lines are cut as those of a table are; kind=table reads it as one."]
        if select_uniform(text[:SAMPLE])
        else []
    )
    if not options.kind and (what := find_other_format(text[:SAMPLE])):
        notes.append(f"{WARNING}{file.name} is read as text, but seems to be {what} to learn from its values.")
    notes.append(f"The last {len(text) - cut:,} characters are for the test.")
    if options.tokens == BPE:
        return make_byte_pair_dataset(name, text, cut, options.vocabulary, notes)
    if unseen := sorted(set(text[cut:]) - set(text[:cut])):
        notes.append(f"{len(unseen)} of {len(vocabulary)} characters occur only in the test part.")
    return make_char_dataset(name, text, vocabulary, cut, notes)


def read_characters(
    file: Path,
    encoding: str = "",
    limit: int = 0,
    each: int = BYTES,
    remedy: str = "limit=N takes the first N characters",
) -> str:
    """The text in ``file``, or its first ``limit`` characters, line ends as ``\n``.

    Args:
        encoding: how characters are stored; found out unless told.
        each: bytes of memory that a character will take at most.
        remedy: what to do if that is not there, for the sentence.

    Raises:
        DescendError: it cannot be read, is not text or is too long.
        UsageError: there is no such encoding.
    """
    chosen = detect_encoding(file, encoding)
    size = min(find_size(file), limit or find_size(file))
    check_memory(size * each, file.name, remedy)
    try:
        with tell_unreadable(file), open_text(file, chosen) as opened:
            return opened.read(limit or -1)
    except UnicodeError:
        raise DescendError(describe_undecodable(file, chosen)) from None
