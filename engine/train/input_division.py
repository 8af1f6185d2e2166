"""Gives a model with several inputs what each takes, of samples that are rows of one matrix everywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from descend.datasets.column_encoder import ColumnEncoder
from descend.datasets.data_shape import format_count
from descend.datasets.preparation import Preparation
from descend.engine.base.sanitize import clean
from descend.engine.train.input_groups import InputGroup, divide_columns, read_forward
from descend.engine.train.model_error import ModelError

LISTED = 6
"""Columns of an input that a sentence names."""
_divisions: WeakKeyDictionary[nn.Module, InputDivision] = WeakKeyDictionary()


class InputDivision:
    """Divides rows (n, d), standardised, among the inputs of a network: numbers as they are, float32 (n, k), categories
    as the places of the words in their columns, int64 (n, columns).

    It is a hook before forward, so that the network is called with one tensor, and its weights keep their names.

    Args:
        keyed: whether forward takes a dictionary of them.
    """

    def __init__(self, groups: Sequence[InputGroup], prepared: Preparation, keyed: bool) -> None:
        self.groups, self.keyed = groups, keyed
        self.encoders: dict[str, tuple[ColumnEncoder, int, int]] = {}
        start = 0
        for encoder in prepared.encoders:
            stop = start + len(encoder.features)
            self.encoders[encoder.name] = encoder, start, stop
            start = stop
        self.mean, self.std = torch.tensor(prepared.mean), torch.tensor(prepared.std)
        self.places = {
            group.name: torch.tensor([at for name in group.columns for at in range(*self.encoders[name][1:])])
            for group in groups
        }

    def __call__(
        self, module: nn.Module, given: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        inputs = self.divide(given[0])
        return ((inputs, *given[1:]), named) if self.keyed else (given[1:], {**inputs, **named})

    def divide(self, x: Tensor) -> dict[str, Tensor]:
        """What each input is given of rows ``x``."""
        if self.mean.device != x.device:
            self.mean, self.std = self.mean.to(x.device), self.std.to(x.device)
            self.places = {name: places.to(x.device) for name, places in self.places.items()}
        raw = x * self.std + self.mean if any(group.sizes for group in self.groups) else x
        return {
            group.name: torch.cat([self._index(raw, column) for column in group.columns], 1)
            if group.sizes
            else x.index_select(1, self.places[group.name])
            for group in self.groups
        }

    def _index(self, raw: Tensor, column: str) -> Tensor:
        """The categories of ``column`` in rows that are not scaled, int64 (n, 1)."""
        encoder, start, stop = self.encoders[column]
        part = raw[:, start:stop]
        if encoder.ordinal or stop - start == 1:  # a rank, or 1 for the second of two
            return part.round().long().clamp(0, len(encoder.words) - 1)
        return part.argmax(1, keepdim=True)

    def push_to_last(self, x: Tensor) -> Tensor:
        """Rows ``x`` with the last category of every column, which the smallest embeddings do not have."""
        x = x.clone()
        for encoder, start, stop in self.encoders.values():
            if encoder.words:
                last = torch.zeros(stop - start, device=x.device)
                last[-1] = len(encoder.words) - 1 if encoder.ordinal else 1
                x[:, start:stop] = (last - self.mean[start:stop]) / self.std[start:stop]
        return x

    def describe(self) -> list[str]:
        """A sentence on each input."""
        found = []
        for group in self.groups:
            if group.sizes:
                listed = [f"{name} ({size})" for name, size in zip(group.columns, group.sizes, strict=True)]
                what = "indices of categories, from 0 to below their number"
            else:
                listed = list(group.columns)
                mixed = any(self.encoders[name][0].words for name in group.columns)
                numbers = format_count(group.width, "number")
                what = f"{numbers} of mean 0 and deviation 1{', categories as columns of 0 and 1' if mixed else ''}"
            more = f" and {len(listed) - LISTED} more" if len(listed) > LISTED else ""
            found.append(f"{group.name} is given {clean(', '.join(listed[:LISTED]))}{more}: {what}.")
        return found

    def describe_shapes(self, x: Tensor) -> str:
        """The inputs made of rows ``x``, as text."""
        shapes = [
            f"{name} {tuple(part.shape)}{'' if part.is_floating_point() else ' of int64'}"
            for name, part in self.divide(x).items()
        ]
        return f"{'a dictionary with ' if self.keyed else ''}{' and '.join(shapes)}"


def divide_inputs(net: nn.Module, prepared: Preparation) -> list[str]:
    """Have ``net`` given its inputs, if it has several; sentences on what each is given.

    Raises:
        ModelError: they do not fit the data.
    """
    takes = read_forward(net.forward)
    if not (groups := divide_columns(takes, prepared)):
        return []
    if isinstance(net, torch.jit.ScriptModule):
        raise ModelError("A torch.jit script is given one input.", "Name the module as it is before it is scripted.")
    division = InputDivision(groups, prepared, takes.keyed)
    net.register_forward_pre_hook(division, with_kwargs=True)
    _divisions[net] = division
    return division.describe()


def find_division(net: nn.Module) -> InputDivision | None:
    """How the inputs of ``net`` are divided; None if it has one."""
    return _divisions.get(net)


def list_inputs(net: nn.Module) -> dict[str, tuple[str, ...]]:
    """The columns that each input of ``net`` is given; {} if it has one."""
    division = find_division(net)
    return {group.name: group.columns for group in division.groups} if division is not None else {}
