"""What a text is cut into: characters, or byte pairs, each token the index of its place in a vocabulary."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from descend.datasets import char_text
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLANK = " "
PIECE = 1 << 16
"""Characters that are cut into tokens at once, about; a piece ends where a word does in any case."""
LINE = re.compile(r"\n(?=\S)")
BATCH = 64
"""Texts that are cut at once."""
MIN_TIMES = 2
"""Times that a pair must occur to become a token."""
Merges = tuple[tuple[str, str], ...]


class Tokeniser(Protocol):
    """Makes indices into ``vocabulary`` of text, and text of them.

    Attributes:
        merges: pairs of tokens that were joined; () of characters.
        unit: what one is called.
        blank: index of the blank, with which short texts are filled; of another where there is none.
    """

    vocabulary: tuple[str, ...]
    merges: Merges
    unit: str
    blank: int

    def encode(self, text: str) -> NDArray[np.int64]:
        """Indices of ``text``, (t,)."""

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of ``tokens``; what is no whole character becomes U+FFFD."""

    def name_tokens(self) -> list[str]:
        """Each token of the vocabulary as text; a part of a character as its bytes."""

    def count_characters(self) -> list[int]:
        """Characters that begin in each token of the vocabulary: their sum over a text is its length."""


class CharacterTokeniser:
    """Each character is a token; a text has those of ``vocabulary`` only, which is sorted."""

    unit = "character"
    merges: Merges = ()

    def __init__(self, vocabulary: tuple[str, ...]) -> None:
        self.vocabulary = vocabulary
        self.blank = vocabulary.index(BLANK) if BLANK in vocabulary else 0

    def encode(self, text: str) -> NDArray[np.int64]:
        return char_text.encode(text, self.vocabulary)

    def decode(self, tokens: Sequence[int]) -> str:
        return "".join(self.vocabulary[token] for token in tokens)

    def name_tokens(self) -> list[str]:
        return list(self.vocabulary)

    def count_characters(self) -> list[int]:
        return [1] * len(self.vocabulary)


class BytePairTokeniser:
    """Byte-level BPE as of GPT-2: the bytes of UTF-8, of which frequent pairs were joined, pair by pair (Sennrich et
    al., Neural Machine Translation of Rare Words with Subword Units, 2016; Radford et al., Language Models are
    Unsupervised Multitask Learners, 2019). No character is unknown.

    Args:
        vocabulary: the tokens, a character for each byte (`list_bytes`).
        merges: the pairs that were joined, in order.
    """

    unit = "token"

    def __init__(self, vocabulary: tuple[str, ...], merges: Merges) -> None:
        self.vocabulary, self.merges = vocabulary, merges
        byte_of = {sign: byte for byte, sign in enumerate(list_bytes())}
        self.bytes = [bytes(byte_of[sign] for sign in token) for token in vocabulary]
        self.blank = self.bytes.index(BLANK.encode())

    @functools.cached_property
    def cutter(self) -> Any:
        """The tokeniser of the package.

        Raises:
            DescendError: it is not installed, or takes no such vocabulary.
        """
        models = require_tokenizers().models
        places = {token: place for place, token in enumerate(self.vocabulary)}
        try:
            return make_cutter(models.BPE(places, list(self.merges)))
        except Exception as error:  # it has no kind of its own
            raise DescendError(f"The tokens of the texts are damaged: {error}.") from None

    def encode(self, text: str) -> NDArray[np.int64]:
        import numpy as np

        pieces = self.encode_all(list(cut_pieces(text)))
        return np.concatenate(pieces) if pieces else np.empty(0, np.int64)

    def encode_all(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """Indices of each of ``texts``, which is quicker than one after the other."""
        import numpy as np

        found: list[NDArray[np.int64]] = []
        for first in range(0, len(texts), BATCH):
            some = [clean_surrogates(text) for text in texts[first : first + BATCH]]
            found += [np.array(each.ids, np.int64) for each in self.cutter.encode_batch_fast(some)]
        return found

    def decode(self, tokens: Sequence[int]) -> str:
        return b"".join(self.bytes[token] for token in tokens).decode("utf-8", "replace")

    def name_tokens(self) -> list[str]:
        texts = [token.decode("utf-8", "ignore") for token in self.bytes]
        whole = [text.encode() == token for text, token in zip(texts, self.bytes, strict=True)]
        return [
            text if sound else f"<{token.hex(' ').upper()}>"
            for text, token, sound in zip(texts, self.bytes, whole, strict=True)
        ]

    def count_characters(self) -> list[int]:
        return [sum(byte & 0xC0 != 0x80 for byte in token) for token in self.bytes]  # all but continuation bytes


@functools.lru_cache(maxsize=4)
def make_tokeniser(vocabulary: tuple[str, ...], merges: Merges = ()) -> Tokeniser:
    """The tokeniser of a dataset or a preparation, which has such a ``vocabulary`` and ``merges``."""
    return BytePairTokeniser(vocabulary, merges) if merges else CharacterTokeniser(vocabulary)


def train_byte_pairs(texts: Iterable[str], size: int) -> BytePairTokeniser:
    """A tokeniser of at most ``size`` tokens, 256 of them bytes, learned from ``texts``.

    Raises:
        DescendError: no two bytes are next to each other twice, or the package is not installed.
    """
    import json

    package = require_tokenizers()
    cutter = make_cutter(package.models.BPE())
    alphabet = sorted(list_bytes())
    trainer = package.trainers.BpeTrainer(
        vocab_size=size, min_frequency=MIN_TIMES, show_progress=False, initial_alphabet=alphabet
    )
    cutter.train_from_iterator((piece for text in texts for piece in cut_pieces(clean_surrogates(text))), trainer)
    model = json.loads(cutter.to_str())["model"]
    if not model["merges"]:
        raise DescendError("No two bytes of the text come together twice, so none can be joined; leave tokens=bpe out.")
    return BytePairTokeniser(
        tuple(sorted(model["vocab"], key=model["vocab"].__getitem__)),
        tuple((first, second) for first, second in model["merges"]),
    )


def require_tokenizers() -> Any:
    """The package tokenizers.

    Raises:
        DescendError: it is not installed.
    """
    try:
        import tokenizers
    except ImportError:
        raise DescendError(
            "Cutting texts by tokens=bpe needs the package tokenizers; `pip install 'descend[text]'`, or leave it out."
        ) from None
    return tokenizers


def make_cutter(model: Any) -> Any:
    """What cuts texts into words as GPT-2 does, and those by ``model``."""
    package = require_tokenizers()
    cutter = package.Tokenizer(model)
    cutter.pre_tokenizer = package.pre_tokenizers.ByteLevel(add_prefix_space=False)
    return cutter


def cut_pieces(text: str) -> Iterator[str]:
    """``text`` in pieces that end with a line that no blank follows, where words end, too."""
    start = 0
    while start < len(text):
        line = LINE.search(text, start + PIECE)
        end = line.end() if line else len(text)
        yield text[start:end]
        start = end


def clean_surrogates(text: str) -> str:
    """``text`` with U+FFFD for halves of characters, which UTF-8 does not know."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@functools.cache
def list_bytes() -> tuple[str, ...]:
    """The character that stands for each byte in tokens, as in GPT-2: itself where it can be seen, else one from
    U+0100 on."""
    seen = {*range(33, 127), *range(161, 173), *range(174, 256)}
    hidden = [byte for byte in range(256) if byte not in seen]
    return tuple(chr(byte) if byte in seen else chr(256 + hidden.index(byte)) for byte in range(256))
