"""A text that descend writes itself, for models that learn the next character.

Each paragraph is of one kind: sentences whose verb must agree with a subject some words back, sums in
words, counting, words spelled backwards, and brackets that must be closed in order.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from descend.datasets.char_text import make_char_dataset
from descend.datasets.dataset import Dataset
from descend.datasets.spec import Spec

if TYPE_CHECKING:
    import numpy as np

    Random = np.random.RandomState

LENGTH = 200_000
"""Characters."""
SHARE = 0.1
"""Of the text, at its end, for the test."""

UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
TEENS = ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty"]
PEOPLE = ["baker", "sailor", "gardener", "painter", "miller", "teacher", "weaver", "hunter", "singer", "potter"]
THINGS = ["lantern", "kettle", "ladder", "basket", "mirror", "hammer", "saddle", "blanket", "bucket", "candle"]
PLACES = ["in the valley", "by the river", "behind the mill", "near the harbour", "under the bridge", "on the hill"]
VERBS = ["finds", "mends", "carries", "hides", "paints", "borrows", "counts", "cleans"]
QUALITIES = ["old", "quiet", "clever", "tired", "red", "wooden", "heavy", "jolly"]
ALPHABET = tuple("\n (),.:;[]abcdefghijklmnopqrstuvwxyz{}")


def spell_number(number: int) -> str:
    """A number from 0 to 49 in words."""
    if number < 20:
        return (UNITS + TEENS)[number]
    tens, units = divmod(number, 10)
    return TENS[tens - 2] + (f" {UNITS[units]}" if units else "")


def pick(random: Random, words: list[str]) -> str:
    """One of ``words``."""
    return words[random.randint(len(words))]


def write_story(random: Random) -> str:
    """A sentence whose verb agrees with its subject across the place that stands between them."""
    many = random.randint(2)
    subject = f"the {pick(random, QUALITIES)} {pick(random, PEOPLE)}{'s' if many else ''}"
    verb = pick(random, VERBS)
    if many:
        verb = "carry" if verb == "carries" else verb[:-1]
    place = f" {pick(random, PLACES)}" if random.randint(2) else ""
    goods = f"{pick(random, UNITS[2:])} {pick(random, THINGS)}s" if random.randint(2) else f"a {pick(random, THINGS)}"
    return f"{subject}{place} {verb} {goods}."


def write_addition(random: Random) -> str:
    """A sum or a difference in words."""
    a, b = random.randint(0, 21, 2)
    if random.randint(2):
        return f"{spell_number(a)} and {spell_number(b)} make {spell_number(a + b)}."
    return f"{spell_number(max(a, b))} less {spell_number(min(a, b))} leaves {spell_number(abs(a - b))}."


def write_counting(random: Random) -> str:
    """Six numbers, each as far from the one before as the next."""
    start, step = random.randint(0, 15), random.randint(1, 6)
    return ", ".join(spell_number(start + step * place) for place in range(6)) + "."


def write_backwards(random: Random) -> str:
    """A word and its letters in reverse."""
    word = pick(random, PEOPLE + THINGS + QUALITIES)
    return f"{word} backwards: {word[::-1]}."


def write_brackets(random: Random) -> str:
    """Brackets of three kinds, each closed in order, at most five deep."""
    text, open_ones = "", ""
    for _ in range(random.randint(6, 14)):
        if open_ones and (len(open_ones) == 5 or random.randint(2)):
            text, open_ones = text + open_ones[-1], open_ones[:-1]
        else:
            kind = random.randint(3)
            text, open_ones = text + "([{"[kind], open_ones + ")]}"[kind]
    return text + open_ones[::-1] + ";"


KINDS = (write_story, write_addition, write_counting, write_backwards, write_brackets)


def write_corpus(length: int = LENGTH, seed: int = 1) -> str:
    """The text: paragraphs of five sentences of one kind, cut off after ``length`` characters."""
    import numpy as np

    random = np.random.RandomState(seed)
    paragraphs: list[str] = []
    written = 0
    while written < length:
        kind = KINDS[random.randint(len(KINDS))]
        paragraphs.append("\n".join(kind(random) for _ in range(5)) + "\n\n")
        written += len(paragraphs[-1])
    return "".join(paragraphs)[:length]


class Corpus(Spec):
    """Generated again each time it is loaded, always the same."""

    def where(self) -> Path | None:
        return Path(__file__)

    def missing_message(self) -> str:
        return f"{self.title} is written by descend itself; reinstall descend."

    def load(self) -> Dataset:
        return make_char_dataset(self.name, write_corpus(), self.vocabulary, self.train_size)


DATASETS = (
    Corpus(
        name="corpus",
        title="Corpus",
        description=(
            "200,000 characters that descend writes itself: small stories, sums in words, counting, words "
            "backwards and nested brackets."
        ),
        kind="text",
        task="language",
        sample_shape=(),
        vocabulary=ALPHABET,
        train_size=LENGTH - int(SHARE * LENGTH),
        test_size=int(SHARE * LENGTH),
    ),
)
