"""What the data says of a model with several inputs: how many numbers, and how many categories of each column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from descend.engine.train.input_groups import CATEGORIES, NUMBERS, InputGroup, find_stem
from descend.engine.train.model_arguments import INPUTS, Argument

SIZES = re.compile(
    "((cats?|categ|categor(y|ies|ical))_)?(cardinalit(y|ies)|cards|vocab(ular(y|ies))?(_sizes?)?|num_embeddings)"
    "|(cats?|categ|categor(y|ies|ical))_(sizes?|dims|levels|counts|nums?)|categories|(num|n)_categories"
)
"""What authors call the numbers of categories of the columns."""
BEFORE = re.compile("(n|num|dim|d|in|len)_?(?=[a-z])")
AFTER = re.compile("_?(features?|feats|dims?|size|width|in|inputs?|columns|cols|count)")


def infer_sizes(
    arguments: Mapping[str, Argument], given: Mapping[str, Any], groups: Sequence[InputGroup]
) -> dict[str, Any]:
    """Arguments that were not given and the ``groups`` of inputs determine."""
    found = {name: infer_size(argument, groups) for name, argument in arguments.items() if name not in given}
    return {name: value for name, value in found.items() if value is not None}


def infer_size(argument: Argument, groups: Sequence[InputGroup]) -> int | list[int] | None:
    """What the groups say of one argument; None if nothing."""
    word = argument.name.lower().strip("_")
    sizes = [size for group in groups for size in group.sizes]
    if SIZES.fullmatch(word) and sizes:
        one = argument.kind == "int" or (not argument.annotation and not word.endswith("s"))
        return sizes if not one else sizes[0] if len(sizes) == 1 else None
    fitting = [group for group in groups if stands_for(word, group.name, bool(group.sizes))]
    if len(fitting) == 1:
        return fitting[0].width
    numeric = [group for group in groups if not group.sizes]
    return numeric[0].width if INPUTS.fullmatch(word) and len(numeric) == 1 else None


def stands_for(word: str, name: str, indexed: bool) -> bool:
    """Whether an argument says how wide the input ``name`` is: ``n_num`` and ``num_features`` of ``x_num``."""
    stem = find_stem(name)
    before = BEFORE.match(word)
    without = {word[before.end() :]} if before else set()
    if after := re.search(f"({AFTER.pattern})$", word):
        without |= {word[: after.start()]}
        without |= {word[before.end() : after.start()]} if before and before.end() < after.start() else set()
    if {stem, name.lower()} & without:
        return True
    kind = CATEGORIES if indexed else NUMBERS
    return bool(kind.fullmatch(stem)) and any(kind.fullmatch(part) for part in without)
