"""Which columns of a table each input of a model gets, where ``forward`` takes several, or a dictionary of them."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from descend.datasets.preparation import Preparation
from descend.engine.train.model_error import ModelError

NUMBERS = re.compile("nums?|numbers?|numerics?|numericals?|conts?|continuous|dense|real")
CATEGORIES = re.compile("cats?|categ|categor(y|ies|icals?)|codes?|sparse|discrete")
"""What authors call inputs of one kind, without `AROUND`."""
AROUND = re.compile("^(x|in|inputs?|feats?|features)_|_(x|in|inputs?|feats?|features?|data|values|columns|cols)$")

ALONE = "Or give all but one a default, and that one is given everything."


@dataclass(frozen=True)
class InputGroup:
    """What one input of a model is given.

    Attributes:
        name: the parameter of forward, or the key of its dictionary.
        columns: of the file, by name.
        width: numbers a sample.
        sizes: how many categories each of them has, if all have some and so are given as indices; else ().
    """

    name: str
    columns: tuple[str, ...]
    width: int
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True)
class ForwardSignature:
    """What ``forward`` takes.

    Attributes:
        needed: parameters that it cannot do without.
        optional: those with a default.
        open: whether it takes others by name.
        keys: what it reads of its only parameter by name, as ``inputs["num"]``.
        keyed: whether that parameter is a dictionary, by its annotation or by what is done with it.
    """

    needed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    open: bool = False
    keys: tuple[str, ...] = ()
    keyed: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """What an input can be called."""
        return self.keys if self.keyed else (*self.needed, *self.optional)

    @property
    def several(self) -> bool:
        """Whether one tensor is not enough."""
        return self.keyed or len(self.needed) > 1


def read_forward(forward: Callable[..., Any], *, method: bool = False) -> ForwardSignature:
    """What ``forward`` takes; a single input if that is not known.

    Args:
        method: whether its first parameter is the module.
    """
    try:
        parameters = list(inspect.signature(forward).parameters.values())[1 if method else 0 :]
    except (ValueError, TypeError):
        return ForwardSignature()
    plain = [each for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    needed = tuple(each.name for each in plain if each.default is each.empty)
    optional = tuple(each.name for each in plain if each.default is not each.empty)
    anything = any(each.kind == each.VAR_KEYWORD for each in parameters)
    keys, keyed = read_keys(forward, needed[0]) if len(needed) == 1 else ((), False)
    if len(needed) == 1:
        annotation = str(next(each.annotation for each in plain if each.name == needed[0]))
        keyed = keyed or bool(re.search(r"\b(dict|Dict|Mapping)\b", annotation))
    return ForwardSignature(needed, optional, anything, keys, keyed)


def read_keys(forward: Callable[..., Any], name: str) -> tuple[tuple[str, ...], bool]:
    """What ``forward`` reads by name of the parameter ``name``; and whether it is used as a dictionary."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(forward)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return (), False
    found: dict[str, None] = {}
    keyed = False
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=ast.Name(id=known), slice=ast.Constant(value=str(key))) if known == name:
                found[key] = None
            case ast.Attribute(value=ast.Name(id=known), attr="items" | "keys" | "get") if known == name:
                keyed = True
    return tuple(found), keyed or bool(found)


def divide_columns(takes: ForwardSignature, prepared: Preparation) -> list[InputGroup]:
    """The inputs of a model whose forward ``takes`` that; [] if it is given all columns as one.

    Raises:
        ModelError: they and the columns do not fit together.
    """
    if prepared.kind != "table":
        if takes.several:
            given = {"image": "images are one", "text": "texts are one"}[prepared.kind]
            raise ModelError(
                f"forward takes {describe_inputs(takes)}, and {given} input; columns of a table can be divided.",
                ALONE,
            )
        return []
    if prepared.inputs:
        check_names(takes, prepared.inputs)
        return [make_group(name, columns, prepared) for name, columns in prepared.inputs.items()]
    pair = find_pair(takes.names)
    if not takes.several and pair is None:
        return []
    if pair is None or set(takes.keys if takes.keyed else takes.needed) - set(pair):
        raise ModelError(
            f"forward takes {describe_inputs(takes)}; say which columns each is given, after the path of the table, as "
            f"in inputs={make_example(takes)}.",
            ALONE if not takes.keyed else "",
        )
    return divide_by_kind(takes, pair, prepared)


def make_example(takes: ForwardSignature) -> str:
    """What could be said of the inputs."""
    *first, last = (takes.keys or ("NAME", "NAME")) if takes.keyed else takes.needed
    return ";".join([*(f"{name}:COLUMN,…" for name in first), f"{last}:*"])


def find_pair(names: tuple[str, ...]) -> tuple[str, str] | None:
    """The one of ``names`` that means numbers and the one that means categories."""
    numbers, categories = ([name for name in names if is_called(name, words)] for words in (NUMBERS, CATEGORIES))
    return (numbers[0], categories[0]) if len(numbers) == len(categories) == 1 else None


def is_called(name: str, words: re.Pattern[str]) -> bool:
    """Whether an input's ``name`` is one of ``words``."""
    return words.fullmatch(find_stem(name)) is not None


def find_stem(name: str) -> str:
    """``num`` of ``x_num`` and ``num_features``."""
    return AROUND.sub("", name.lower().strip("_"))


def divide_by_kind(takes: ForwardSignature, pair: tuple[str, str], prepared: Preparation) -> list[InputGroup]:
    """Numbers to the first input of ``pair``, categories to the second; an optional one may be given none."""
    kinds = [[each.name for each in prepared.encoders if bool(each.words) == kind] for kind in (False, True)]
    for name, columns, kind in zip(pair, kinds, ("numbers", "categories"), strict=True):
        if not columns and name in (takes.keys if takes.keyed else takes.needed):
            more = "; categories=COLUMN,… takes columns of numbers as codes" if kind == "categories" else ""
            raise ModelError(f"forward takes '{name}', and the table has no column of {kind} for it{more}.")
    if not takes.several and not all(kinds):
        return []  # the optional one is left out
    return [make_group(name, columns, prepared) for name, columns in zip(pair, kinds, strict=True) if columns]


def check_names(takes: ForwardSignature, inputs: Mapping[str, tuple[str, ...]]) -> None:
    """Check that forward takes each of ``inputs``, and what it takes is among them.

    Raises:
        ModelError: it does not.
    """
    if takes.keyed:
        unknown = [name for name in inputs if takes.keys and name not in takes.keys]
        lacking = [name for name in takes.keys if name not in inputs]
    else:
        unknown = [name for name in inputs if name not in takes.names and not takes.open]
        lacking = [name for name in takes.needed if name not in inputs]
    if unknown:
        single = len(takes.needed) == 1 and not takes.keyed
        raise ModelError(
            f"forward has no input '{unknown[0]}', which inputs= gives columns; it takes {describe_inputs(takes)}.",
            f"If '{takes.needed[0]}' is a dictionary of them, annotate it as one: {takes.needed[0]}: dict."
            if single
            else "",
        )
    if lacking:
        raise ModelError(
            f"forward takes '{lacking[0]}', and inputs= gives it no column; add {lacking[0]}:COLUMN,… or "
            f"{lacking[0]}:* for all that are left."
        )


def describe_inputs(takes: ForwardSignature) -> str:
    """The inputs as text."""
    if takes.keyed:
        listed = " and ".join(f"'{key}'" for key in takes.keys)
        return f"a dictionary with {listed}" if listed else f"the dictionary '{takes.needed[0]}'"
    return " and ".join(f"'{name}'" for name in takes.needed) or "no input by name"


def make_group(name: str, columns: tuple[str, ...] | list[str], prepared: Preparation) -> InputGroup:
    """The group of these columns; their categories are indices if it has no column of numbers."""
    encoders = {each.name: each for each in prepared.encoders}
    sizes = tuple(len(encoders[column].words) for column in columns)
    if all(sizes):
        return InputGroup(name, tuple(columns), len(columns), sizes)
    return InputGroup(name, tuple(columns), sum(len(encoders[column].features) for column in columns))
