"""The arguments of the user's own model as knobs."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from descend.datasets.data_shape import DataShape
from descend.engine.base.errors import UsageError
from descend.engine.base.knobs import FALSE, TRUE, Knob, Value

INPUTS = re.compile(
    "(in|input)_(features|dim|size|sz|shape)|(num|n|input)_?(features|inputs|cont|continuous)|dim_in|d_in|n_?in|num_in|features"
)
CHANNELS = re.compile("(in|input|num|n)_(channels|chans|ch)|channels|nc")
SIDES = re.compile("(image|img)_(size|dim)|(input_)?resolution")
OUTPUTS = re.compile(
    "(num|n)_?(classes|outputs|labels|targets|out)|classes|class_count|(out|output)_(features|dim|size|sz)|dim_out|d_out"
)
TOKENS = re.compile("(vocab|vocabulary)(_size)?|(num|n)_?(tokens?|vocab)")
LENGTHS = re.compile("block_size|seq_(len|length)|context(_length)?|max_(seq_)?(len|length)|n_ctx")
"""Names that authors give to what only the data can tell."""


@dataclass(frozen=True)
class Argument(Knob):
    """One argument; its value is text as Python writes it, or empty for the default.

    Attributes:
        kind: bool, int, float, str, or empty if that is not known.
        stated: its default as it is written in the file; None if it has none.
        annotation: its type as it is written in the file.
    """

    kind: str = ""
    stated: str | None = None
    annotation: str = ""

    @classmethod
    def of(cls, name: str, annotation: str, stated: str | None) -> Argument:
        """An argument as its signature declares it."""
        kind = annotation.replace(" ", "").removesuffix("|None")
        if wrapped := re.fullmatch(r"(?:typing\.)?Optional\[(\w+)\]", kind):
            kind = wrapped[1]
        if kind not in ("bool", "int", "float", "str"):
            value = parse_literal(stated) if not annotation else None
            kind = "" if value == stated else type(value).__name__  # a default such as nn.ReLU stays as it is written
            kind = kind if kind in ("bool", "int", "float", "str") else ""
        help = "of the model; " + ("from the data, or must be given" if stated is None else f"{stated} unless given")
        return cls(default="", type=str, name=name, kind=kind, stated=stated, annotation=annotation, help=help)

    def parse(self, given: object) -> Value:
        """Check ``given`` against the argument's type and return it as text.

        Raises:
            UsageError: it is of another type.
        """
        text = str(given).strip()
        if not text or (text == "None" and self.stated == "None"):
            return text
        if self.kind == "bool" and text.lower() not in TRUE | FALSE:
            raise UsageError(f"{self.name} is yes or no, not '{given}'.")
        if self.kind in ("int", "float"):
            spec = dataclasses.replace(Knob(0), name=self.name, type=int if self.kind == "int" else float)
            spec.parse(text)
        return text

    def value(self, text: str) -> Any:
        """What the model is given for ``text``."""
        if self.kind == "bool" and text.lower() in TRUE | FALSE:
            return text.lower() in TRUE
        if self.kind == "str" and text != "None":
            return text
        if self.kind == "int":
            return int(float(text)) if text != "None" else None
        if self.kind == "float":
            return float(text) if text != "None" else None
        return parse_literal(text)

    def describe(self) -> str:
        """Its type and default in a few characters."""
        return self.kind or "a Python value"


def parse_literal(text: str | None) -> Any:
    """The value that ``text`` writes in Python; ``1,2`` is a list, and what is not Python stays text."""
    if text is None:
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return list(value) if isinstance(value, tuple) and not text.startswith("(") else value


def infer_argument(name: str, stated: str | None, shape: DataShape, context: int, reconstruct: bool = False) -> Any:
    """What the data says of an argument called ``name`` that was not given; None if it says nothing.

    An argument with a default keeps it, unless the default states how many channels, columns, classes or tokens there
    are, or how large images are, which only the data can know.
    """
    word, required = name.lower().rstrip("_"), stated is None or stated == "None"
    if OUTPUTS.fullmatch(word) and not reconstruct:
        return shape.outputs
    if reconstruct and shape.kind == "image" and re.fullmatch("(out(put)?|n|num)_?(channels|chans|ch|classes)", word):
        return shape.size[0]
    if shape.kind == "text":
        context = shape.size[0] if shape.size else context  # texts are of one length, a stream is read in windows
        return shape.vocabulary if TOKENS.fullmatch(word) else context if LENGTHS.fullmatch(word) else None
    whole = shape.size if word.endswith("shape") else prod(shape.size)
    if shape.kind == "table":
        return whole if INPUTS.fullmatch(word) or (required and word in ("input", "inputs", "dim", "d")) else None
    channels, height, width = shape.size
    if CHANNELS.fullmatch(word):
        return channels
    if required and INPUTS.fullmatch(word):
        return whole
    if SIDES.fullmatch(word) and height == width:
        return height
    return None


def infer_arguments(
    arguments: Mapping[str, Argument],
    given: Mapping[str, Any],
    shape: DataShape,
    context: int,
    reconstruct: bool = False,
) -> dict[str, Any]:
    """Arguments that was not given and the data determines."""
    found = {
        name: infer_argument(name, argument.stated, shape, context, reconstruct)
        for name, argument in arguments.items()
        if name not in given
    }
    return {name: value for name, value in found.items() if value is not None}
