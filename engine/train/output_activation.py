"""The last operation on a model's output: scores, or what a softmax or sigmoid made of them already."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

SHAPES = ("View", "Reshape", "UnsafeView", "Squeeze", "Unsqueeze", "ToCopy", "Clone", "Transpose", "Permute", "T")
"""Operations that leave the numbers as they are, as autograd names them."""
NAMES = {
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Relu": "ReLU",
    "Softplus": "softplus",
}
EPSILON = 1e-7
"""Smallest probability whose logarithm is taken."""


def find_activation(output: Tensor) -> str:
    """The last operation on ``output``, which has a gradient, if it is one of `NAMES`; or nothing."""
    node: Any = output.grad_fn
    while node is not None:
        name = type(node).__name__.partition("Backward")[0]
        if name in NAMES:
            return NAMES[name]
        if name not in SHAPES or not node.next_functions:
            return ""
        node = node.next_functions[0][0]
    return ""


def remove_activation(output: Tensor, ends: str) -> Tensor:
    """The scores that ``output`` was made of, up to a constant."""
    if ends == "softmax":
        return output.float().clamp(min=EPSILON).log()
    if ends == "sigmoid":
        return torch.logit(output.float(), EPSILON)
    return output


def find_log_odds(output: Tensor, ends: str) -> Tensor:
    """The scores whose sigmoid is the probability of each label by itself, of an ``output`` of such scores or of
    probabilities."""
    if ends == "log_softmax":
        output, ends = output.float().exp(), "softmax"
    return torch.logit(output.float(), EPSILON) if ends in ("softmax", "sigmoid") else output


def describe_label_activation(ends: str) -> list[str]:
    """What to tell of it where each score is to say by itself whether a sample has a label."""
    if ends in ("softmax", "log_softmax"):
        why = "its probabilities sum to 1, and a sample can have several labels; leave it out"
        return [f"Warning: the output comes from a {ends}: {why}."]
    if ends in ("ReLU", "softplus"):
        return [f"Warning: the output comes from a {ends}, so no label gets a probability below 50 %; leave it out."]
    if ends == "tanh":
        return ["Warning: the output comes from a tanh, so every probability is between 27 and 73 %; leave it out."]
    return describe_activation(ends)


def describe_activation(ends: str) -> list[str]:
    """What to tell of it."""
    if ends in ("softmax", "sigmoid"):
        what = "logarithms" if ends == "softmax" else "log-odds"
        return [f"The output comes from a {ends}, so the loss is that of its {what}; leaving it out is more exact."]
    return ["The output is log-probabilities, as the loss takes them."] if ends == "log_softmax" else []


def describe_bounded(ends: str) -> list[str]:
    """What to tell of it where the targets have mean 0 and std 1."""
    if not ends:
        return []
    return [
        f"Warning: the output comes from a {ends}, and cannot take all values to be learned, with mean 0 "
        "and standard deviation 1 here; leave it out."
    ]
