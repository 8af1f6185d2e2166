"""Whether data still means the same to weights that were trained on it: its preparation then, and now."""

from __future__ import annotations

from collections.abc import Sequence

from descend.datasets.column_encoder import ColumnEncoder
from descend.datasets.csv_reader import shorten_cell
from descend.datasets.preparation import Preparation

LISTED = 4
"""Names that a sentence tells."""


def describe_misfit(before: Preparation, now: Preparation) -> str:
    """What of ``now`` cannot be prepared as ``before`` says, a clause about the data, which is "it"; empty if all can.

    Means, deviations and what stands in for missing values may differ: those of ``before`` hold.
    """
    if (before.kind, before.task) != (now.kind, now.task):
        return f"it is {now.shape}, and was {before.shape}"
    if (before.vocabulary, before.merges) != (now.vocabulary, now.merges):
        if before.merges or now.merges:
            return "it no longer consists of the tokens that the run was begun with"
        return f"it {compare_names('character', 'characters', before.vocabulary, now.vocabulary)}"
    for what, then, there in (("predict", before.label, now.label), ("learn from", before.text, now.text)):
        if then and then != there:  # older runs do not say it
            return f"the column to {what} is {quote(there)}, and was {quote(then)}"
    if before.targets != now.targets:
        one, many = ("label", "labels") if now.task == "labels" else ("number to predict", "numbers to predict")
        return f"it {compare_names(one, many, before.targets, now.targets)}"
    if before.encoders and (changed := compare_columns(before.encoders, now.encoders)):
        return changed
    if before.classes != now.classes:
        return f"it {compare_names('class', 'classes', before.classes, now.classes)}"
    if before.sample_shape != now.sample_shape:
        return f"it is {now.shape}, and was {before.shape}"
    if before.scale != now.scale or any(
        then is not None and then != there for then, there in ((before.spread, now.spread), (before.values, now.values))
    ):
        return "its pixels have another range of values"
    if before.dates and before.dates != now.dates:
        return "its dates are read in another way"
    if before.features != now.features or (before.mark and before.mark != now.mark):
        return "its columns are read in another way"
    return ""


def compare_columns(before: Sequence[ColumnEncoder], now: Sequence[ColumnEncoder]) -> str:
    """What differs between the columns of two tables, a clause; empty if nothing does."""
    names = [encoder.name for encoder in before], [encoder.name for encoder in now]
    if names[0] != names[1]:
        return f"it {compare_names('column', 'columns', *names)}"
    for then, there in zip(before, now, strict=True):
        if bool(then.words) != bool(there.words):
            holds = "words, and held numbers" if there.words else "numbers, and held words"
            return f"its column {quote(then.name)} holds {holds}"
        if then.words != there.words:
            return f"its column {quote(then.name)} {compare_names('category', 'categories', then.words, there.words)}"
    return ""


def compare_names(one: str, many: str, before: Sequence[str], now: Sequence[str]) -> str:
    """What of the names ``now`` differs from ``before``, what follows "it"; ``one`` and ``many`` say what they name."""
    new, gone = ([name for name in names if name not in others] for names, others in ((now, before), (before, now)))
    parts = [f"has the new {one if len(new) == 1 else many} {list_names(new)}"] if new else []
    parts += [f"lacks the {one if len(gone) == 1 else many} {list_names(gone)}"] if gone else []
    return " and ".join(parts) or f"has its {many} in another order"


def list_names(names: Sequence[str]) -> str:
    """``'a', 'b' and 3 more``."""
    listed = ", ".join(map(quote, names[:LISTED]))
    return f"{listed} and {len(names) - LISTED} more" if len(names) > LISTED else listed


def quote(name: str) -> str:
    """A name from a file, in quotes."""
    return f"'{shorten_cell(name)}'"
