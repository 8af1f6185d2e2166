"""What a model must know of the data it learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["image", "table", "text"]
Task = Literal["classification", "labels", "regression", "language"]
"""One class of several; several labels, each of which a sample has or not; numbers; the next character."""


@dataclass(frozen=True)
class DataShape:
    """The input and the expected output.

    Attributes:
        kind: what a sample is.
        size: an image's (channels, height, width); a table's (features,); of texts that are each a sample
            (tokens,); () for text that is a stream of any length.
        task: what is learned.
        outputs: number of classes, of labels, of regression targets, or of tokens in the vocabulary.
        vocabulary: number of unique tokens of text; 0 for the others.
        unit: what a token of text is.
    """

    kind: Kind
    size: tuple[int, ...]
    task: Task
    outputs: int
    vocabulary: int = 0
    unit: Literal["character", "token"] = "character"

    @classmethod
    def of(
        cls,
        kind: Kind,
        sample: tuple[int, ...],
        task: Task,
        classes: Sequence[str] = (),
        targets: Sequence[str] = (),
        vocabulary: Sequence[str] = (),
    ) -> DataShape:
        """The shape of data stored as samples of shape ``sample``: images (h, w) or (h, w, c), tables (d,), texts (t,),
        a stream ()."""
        size = ((1, *sample) if len(sample) == 2 else (sample[2], *sample[:2])) if kind == "image" else sample
        named = {"classification": classes, "labels": targets, "regression": targets, "language": vocabulary}[task]
        unit: Literal["character", "token"] = "token" if any(len(word) > 1 for word in vocabulary) else "character"
        return cls(kind, size, task, len(named), len(vocabulary), unit)

    def __str__(self) -> str:
        """In words, as ``images of 28 × 28 grey pixels in 10 classes``."""
        if self.kind == "image":
            channels, height, width = self.size
            colours = {1: "grey", 3: "colour"}.get(channels, f"{channels}-channel")
            given = f"images of {height} × {width} {colours} pixels"
        elif self.kind == "table":
            given = f"a table of {format_count(self.size[0], 'column')}"
        else:
            texts = f"texts of {self.size[0]:,} {self.unit}s, {self.vocabulary} unique" if self.size else ""
            given = texts or f"text of {self.vocabulary} unique {self.unit}s"
        if self.task == "classification":
            return f"{given} in {format_count(self.outputs, 'class', 'classes')}"
        if self.task == "labels":
            return f"{given} with {format_count(self.outputs, 'label')}"
        return f"{given} and {format_count(self.outputs, 'number')} to predict" if self.task == "regression" else given


def format_count(count: int, one: str, many: str = "") -> str:
    """``1 row`` or ``1,000 rows``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def format_value(number: float) -> str:
    """A whole number in all its digits, another in six."""
    return f"{number:,.0f}" if number == round(number) else f"{number:,.6g}"
