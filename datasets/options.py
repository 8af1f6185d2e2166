"""Options written after a path, as in ``data.csv?target=price&missing=drop``."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from descend.engine.base.errors import UsageError, suggest_nearest

Options = TypeVar("Options")


SYNONYMS = {
    other: name
    for name, others in {
        "delimiter": "sep separator delim",
        "target": "label labels y class output column",
        "gaps": "na na_values nan null",
        "missing": "na_action fillna dropna",
        "limit": "nrows rows max n head",
        "skip": "skiprows",
        "footer": "skipfooter",
        "ignore": "drop exclude without",
        "size": "resize resolution",
        "colour": "color mode",
        "test": "split test_size valid val",
        "thousands": "group",
        "encode": "onehot",
        "header": "names",
        "text": "texts",
        "inputs": "groups input_groups",
        "tokens": "tokenizer tokeniser tokenize",
        "vocabulary": "vocab vocab_size",
    }.items()
    for other in others.split()
}
"""What other programs call an option, with its name here."""


def option(
    default: Any, help: str, *, among: tuple[str, ...] = (), low: float | None = None, high: float | None = None
) -> Any:
    """A field of a dataclass of options.

    Args:
        default: also says whether a number, a word or a list (a tuple; written with commas between) is expected.
        among: the words it can be.
        low, high: bounds of a number.
    """
    return dataclasses.field(default=default, metadata={"help": help, "among": among, "low": low, "high": high})


def split_address(address: str) -> tuple[str, dict[str, str]]:
    """``data.csv?a=1&b=2`` → ``("data.csv", {"a": "1", "b": "2"})``; ``%26`` and so on mean ``&`` in a value.

    Raises:
        UsageError: an option is not of the form NAME=VALUE, or is given twice.
    """
    from urllib.parse import unquote

    path, query = cut_address(address)
    options: dict[str, str] = {}
    for entry in filter(None, query.split("&")):
        name, equals, value = entry.partition("=")
        if not equals or not name:
            raise UsageError(f"An option after '?' is NAME=VALUE, such as missing=drop, not '{entry}'.")
        if name in options:
            raise UsageError(f"The option {name} is given twice in '{address}'.")
        options[name] = unquote(value)
    return path, options


def cut_address(address: str) -> tuple[str, str]:
    """A path and the options after it; ``("is it?.csv", "seed=1")`` where there is such a file.

    The path is the longest beginning that exists; else it ends at the first question mark that options can follow.
    """
    marks = [match.start() for match in re.finditer(r"\?", address)]
    for end in (len(address), *reversed(marks)):
        if os.path.exists(os.path.expanduser(address[:end])):  # which is false for a name that is too long to be one
            return address[:end], address[end + 1 :]
    path, *query = re.split(r"\?(?=\w+=)", address, maxsplit=1)
    return path, "".join(query)


def join_address(path: str, options: Mapping[str, str]) -> str:
    """The address that `split_address` would split into ``path`` and ``options``."""
    from urllib.parse import quote

    query = "&".join(f"{name}={quote(value, safe=' ,;:/*')}" for name, value in options.items())
    return f"{path}?{query}" if query else path


def list_names(kind: type[Any]) -> set[str]:
    """The names of the options of a ``kind``."""
    return {field.name for field in dataclasses.fields(kind)}


def parse_options(kind: type[Options], given: Mapping[str, str], of: str) -> Options:
    """The options of a ``kind``, which is a dataclass of `option` fields, with what was ``given``.

    Args:
        of: whose options they are, for the sentence, as "a table".

    Raises:
        UsageError: there is no such option, or its value does not fit.
    """
    fields: dict[str, dataclasses.Field[Any]] = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    values = {}
    for name, text in given.items():
        if name not in fields:
            alike = SYNONYMS.get(name.lower(), "")
            guess = f"; did you mean '{alike}'?" if alike in fields else suggest_nearest(name, fields)
            known = f"; known: {', '.join(fields)}."
            raise UsageError(f"There is no option '{name}' for {of}{guess or known}")
        values[name] = _parse_value(name, text, fields[name])
    return kind(**values)


def _parse_value(name: str, text: str, field: dataclasses.Field[Any]) -> Any:
    among, low, high = (field.metadata[key] for key in ("among", "low", "high"))
    if among and text not in among:
        raise UsageError(f"The option {name} is one of {', '.join(word for word in among if word)}, not '{text}'.")
    if isinstance(field.default, tuple):
        return tuple(word.strip() for word in text.split(",") if word.strip())
    if isinstance(field.default, str):
        return text
    kind: type[int] | type[float] = int if isinstance(field.default, int) else float
    bounds = f"from {low:,} on" if high is None else f"from {low:,} to {high:,}"
    expected = f"a {'whole ' if kind is int else ''}number {bounds}"
    try:
        value = kind(text)
    except ValueError:
        raise UsageError(f"The option {name} is {expected}, not '{text}'.") from None
    if not value >= low or (high is not None and value > high):
        raise UsageError(f"The option {name} is {expected}, not {text}.")
    return value
