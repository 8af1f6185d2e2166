"""Why a layer could not take what it was given."""

from __future__ import annotations

from math import prod
from typing import Any

from torch import Tensor, nn

from descend.engine.lab.private_names import BatchNorm
from descend.engine.train.layer_list import name_kind
from descend.engine.train.model_error import ModelError
from descend.engine.train.outputs import describe_output, format_shape
from descend.engine.train.own_model import describe_cause
from descend.engine.train.remedies import suggest_remedy

SPATIAL = {nn.Conv1d: 1, nn.Conv2d: 2, nn.Conv3d: 3}


def explain_shape_error(
    error: BaseException,
    name: str,
    module: nn.Module,
    given: tuple[Any, ...],
    x: Tensor,
    where: str = "",
    inputs: str = "",
) -> ModelError:
    """What to say of an ``error`` that was raised inside ``module``, the layer called ``name``.

    Args:
        given: what the layer was called with.
        x: what the model was given, two samples.
        where: the line, as `` (model.py, line 3)``.
        inputs: what forward was called with instead, in words, where it takes several inputs.
    """
    layer = f"the layer {name} ({name_kind(module)})" if name else f"{name_kind(module)}.forward"
    first = given[0] if given else None
    takes, got, advice = "", "", ""
    if isinstance(first, Tensor):
        takes, got, advice = describe_expectation(module, first, x)
    samples = f"Two samples are {inputs or describe_output(x)}."
    if takes:
        return ModelError(
            f"The model failed at {layer}{where}: it takes {takes}, and was given {got}.", advice, samples
        )
    if isinstance(error, TypeError) and not name and "argument" in str(error) and not inputs:
        samples = f"forward is called with one argument, the samples. {samples}"
    told_given = f" It was given {describe_output(first)}." if name and isinstance(first, Tensor) else ""
    if any(word in str(error) for word in ("view size", "is invalid for input of size", "shape '[")):
        advice = "A hard-coded size in view or reshape fails on other data; x.flatten(1) needs none."
    advice = suggest_remedy(error) or advice
    return ModelError(f"The model failed at {layer}{where}: {describe_cause(error)}.{told_given}", advice, samples)


def describe_expectation(module: nn.Module, first: Tensor, x: Tensor) -> tuple[str, str, str]:
    """What a layer takes, what it was given instead, and advice; empty if the shape does not explain the failure."""
    given, last = describe_output(first), first.shape[-1] if first.dim() else 0
    if isinstance(module, nn.Linear) and last != module.in_features:
        wanted, a_sample = module.in_features, prod(first.shape[1:])
        advice = f"in_features should be {last} here"
        if first.dim() > 2:
            advice = (
                "Flatten each sample first, as with x.flatten(1)."
                if a_sample == wanted
                else f"Flattened, as with x.flatten(1), a sample has {a_sample} numbers, so in_features={a_sample}"
            )
        return f"{wanted} numbers a sample (in_features)", f"{last} ({given})", end_sentence(advice)
    for spatial, dimensions in SPATIAL.items():
        if isinstance(module, spatial):
            return describe_convolution(module, dimensions, first, x)
    if isinstance(module, BatchNorm) and first.dim() > 1:
        channels = first.shape[1]
        if channels != module.num_features:
            return f"{module.num_features} channels (num_features)", f"{channels} ({given})", ""
    if isinstance(module, BatchNorm):
        ranks = {"BatchNorm1d": "2 or 3", "BatchNorm2d": "4", "BatchNorm3d": "5"}.get(type(module).__name__, "other")
        return f"{ranks} dimensions", f"{first.dim()} ({given})", ""
    if isinstance(module, nn.LayerNorm) and tuple(first.shape[-len(module.normalized_shape) :]) != tuple(
        module.normalized_shape
    ):
        return f"samples that end in {format_shape(tuple(module.normalized_shape))} (normalized_shape)", given, ""
    if isinstance(module, nn.RNNBase) and not first.is_floating_point():
        advice = "Text comes as indices of characters: begin with an nn.Embedding."
        return "floating-point numbers, (n, steps, numbers)", given, advice
    if isinstance(module, nn.RNNBase) and last != module.input_size:
        advice = ""
        if x.dim() == 4:
            advice = "It reads sequences: of an image, x.squeeze(1) gives its rows as steps."
        elif x.dim() == 2:
            advice = "It reads sequences: of a table, x.unsqueeze(-1) gives one number a step."
        return f"{module.input_size} numbers a step (input_size)", f"{last} ({given})", advice
    if isinstance(module, nn.RNNBase) and first.dim() not in (2, 3):
        return "sequences (n, steps, numbers)", given, "Of images, x.squeeze(1) gives the rows as steps."
    if isinstance(module, nn.Embedding) and first.is_floating_point():
        return (
            "whole numbers, indices of tokens",
            f"{given} of {str(first.dtype).removeprefix('torch.')}",
            "An embedding is for text, and for categories where forward takes them as an input of their own; all else "
            "comes as floating-point numbers.",
        )
    if isinstance(module, nn.Embedding) and first.numel() and int(first.max()) >= module.num_embeddings:
        return (
            f"indices below {module.num_embeddings} (num_embeddings)",
            f"{int(first.max())}",
            "num_embeddings is the number of unique characters in the data, or of categories of a column.",
        )
    if isinstance(module, nn.Linear) and not first.is_floating_point():
        return "floating-point numbers", given, "Text and categories come as indices: begin with an nn.Embedding."
    return "", "", ""


def describe_convolution(module: Any, dimensions: int, first: Tensor, x: Tensor) -> tuple[str, str, str]:
    """What a convolution takes, what it was given, and advice."""
    given, axes = (
        describe_output(first),
        ("length",) if dimensions == 1 else ("depth", "height", "width")[3 - dimensions :],
    )
    form = f"(n, channels, {', '.join(axes)})"
    if first.dim() not in (dimensions + 1, dimensions + 2) or (first.dim() == dimensions + 1 == x.dim()):
        advice = "These samples are no images; a model for tables begins with nn.Linear." if x.dim() == 2 else ""
        return f"{form}, {dimensions + 2} dimensions", given, advice
    channels = first.shape[1] if first.dim() == dimensions + 2 else first.shape[0]
    if channels != module.in_channels:
        advice = f"in_channels should be {channels} here." if first.shape == x.shape else ""
        if first.shape != x.shape and sorted(first.shape) == sorted(x.shape):
            advice = "Images come as (n, channels, height, width), so leave out the permute."
        return (
            f"{module.in_channels} channel{'s' if module.in_channels != 1 else ''} (in_channels)",
            f"{channels} ({given})",
            advice,
        )
    sizes = first.shape[-dimensions:]
    if any(
        length + 2 * pad < kernel
        for length, pad, kernel in zip(sizes, find_padding(module), module.kernel_size, strict=True)
    ):
        return (
            f"at least {' × '.join(map(str, module.kernel_size))} values (kernel_size)",
            f"{' × '.join(map(str, sizes))} ({given})",
            "The images are too small for this many layers that shrink them.",
        )
    return "", "", ""


def find_padding(module: Any) -> tuple[int, ...]:
    """Padding on either side, by dimension."""
    return module.padding if isinstance(module.padding, tuple) else tuple(kernel // 2 for kernel in module.kernel_size)


def end_sentence(sentence: str) -> str:
    """With a full stop."""
    return sentence if sentence.endswith(".") else f"{sentence}."
