"""Tries a model with two samples before it is trained, and says at which layer it fails."""

from __future__ import annotations

import re
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from descend.engine.train import output_activation
from descend.engine.train.hidden import find_hidden
from descend.engine.train.kept import keep_buffers
from descend.engine.train.labels_task import Labels
from descend.engine.train.layer_list import name_kind
from descend.engine.train.model_error import ModelError
from descend.engine.train.model_warnings import find_suspicions, keep_generators
from descend.engine.train.modes import (
    warn_of_generators,
    warn_of_modes,
    warn_of_randomness,
    warn_of_switches,
    warn_of_writing,
)
from descend.engine.train.outputs import describe_output, find_tensor, format_shape, list_parts
from descend.engine.train.own_model import find_first_line, find_line, is_own
from descend.engine.train.remedies import ELSEWHERE, suggest_remedy
from descend.engine.train.shape_errors import explain_shape_error
from descend.engine.train.task import Classification, LanguageModelling, Reconstruction, Task
from descend.engine.train.unlearned import describe_hidden_layers, find_unlearned


def check_model(
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    objective: Task,
    autocast: Callable[[], Any],
    file: Path | None = None,
    samples: Callable[[int], tuple[Tensor, Tensor]] | None = None,
) -> list[str]:
    """Check that ``net`` can learn; returns warnings, a sentence each.

    Lazy layers have their shapes afterwards. Nothing else changes: neither weights, nor running statistics, nor the
    random generators.

    Args:
        x, y: two samples that differ, as the model takes them.
        autocast: makes the context in which it computes.
        file: where its code is, to name lines of it; None for a model of the zoo, which needs no check.
        samples: a batch, others for each number: what a few do not reach, others may; the two, if there are none.

    Raises:
        Unfit: it cannot learn.
    """
    devices = [x.device.index or 0] if x.device.type == "cuda" else []
    with torch.random.fork_rng(devices), keep_generators(), keep_buffers(net):
        notes = _check(net, x, y, objective, autocast, file or Path())
        if file is not None:
            net.eval()
            check_learning(net, x, y, objective, autocast, file)  # what one step leaves behind may harm the next
            modes = _collect_suspicions(net, lambda: warn_of_switches(net, x, autocast))
            suspects = [
                lambda: warn_of_generators(net),
                lambda: warn_of_writing(net, x, autocast, file),
                lambda: find_unlearned(net, samples or (lambda _: (x, y)), objective, autocast, file),
            ]
            if not modes:  # or these would repeat the same
                suspects += [
                    lambda: find_suspicions(net, x, objective, autocast),
                    lambda: warn_of_randomness(net, x, objective, autocast, file),
                    lambda: warn_of_modes(net, x, objective, autocast, file),
                ]
            for suspect in suspects:
                modes += _collect_suspicions(net, suspect)
            notes += modes
            net.train()
    return notes


def _collect_suspicions(net: nn.Module, suspect: Callable[[], list[str]]) -> list[str]:
    """The warnings of one check of ``net``; none if the check fails, which does not stop the training."""
    try:
        with keep_buffers(net):
            net.eval()
            return suspect()
    except Exception as error:
        traceback.print_exception(error)
        return []


def _check(net: nn.Module, x: Tensor, y: Tensor, objective: Task, autocast: Callable[[], Any], file: Path) -> list[str]:
    net.eval()
    with torch.no_grad(), autocast():
        outcome, bad = run_forward(net, x, file)
    output = find_tensor(outcome)
    if output is None or objective.fitted(output, x) is None:
        fitting = [key for key, part in list_parts(outcome).items() if objective.fitted(part, x) is not None]
        objective.part = fitting[0] if fitting else None
        output = find_tensor(outcome, objective.part)
    if output is None:
        raise ModelError(
            f"The model returned {describe_output(outcome)}, which contains no scores; it "
            f"should return one tensor, "
            f"{objective.wanted}: {format_shape(objective.size(x))} for two samples."
        )
    notes = []
    if not isinstance(outcome, Tensor):
        notes.append(
            f"The model returns {describe_output(outcome)}; the tensor {format_shape(output.shape)} "
            f"is taken for its scores."
        )
    if not output.is_floating_point():
        how = "take the .real part or the .abs()" if output.is_complex() else "leave out the argmax or rounding"
        raise ModelError(f"The model returns {describe_output(output)}; scores are floating-point numbers, so {how}.")
    if objective.fitted(output, x) is None:
        raise describe_wrong_output(net, output, x, objective)
    if not torch.isfinite(output).all():
        where = f"first at {bad}" if bad else "though no layer's output did"
        first = next((name for name, weights in net.named_parameters() if not torch.isfinite(weights).all()), "")
        advice = (
            f"Its weights {first} have such values: torch.empty and torch.Tensor(…) leave what they find; fill them."
        )
        raise ModelError(
            f"The output has values that are not finite, before any training, {where}.", advice if first else ""
        )
    if not any(parameter.requires_grad for parameter in net.parameters()):
        raise ModelError("The model has no trainable parameters, so there is nothing to train.", describe_hidden(net))
    if lazy := [path for path, module in net.named_modules() if is_lazy(module) and not any(module.children())]:
        raise ModelError(
            f"The layer {lazy[0] or 'itself'} ({name_kind(net.get_submodule(lazy[0]))}) has no shape yet, as forward "
            "does not use it.",
            "Leave it out, or give its sizes.",
        )
    check_learning(net, x, y, objective, autocast, file)
    if isinstance(objective, Labels):
        notes += output_activation.describe_label_activation(objective.ends)
    elif isinstance(objective, (Classification, LanguageModelling)):
        notes += output_activation.describe_activation(objective.ends)
    else:
        notes += output_activation.describe_bounded(objective.ends)
    net.train()
    return notes


def run_forward(net: nn.Module, x: Tensor, file: Path) -> tuple[Any, str]:
    """The output of ``net``, and the first layer whose output is not finite, if any.

    Raises:
        Unfit: it raised; the sentence names the layer.
    """
    inside: list[tuple[str, nn.Module, tuple[Any, ...]]] = []
    bad: list[str] = []

    def before(module: nn.Module, given: tuple[Any, ...]) -> None:
        inside.append((names.get(module, ""), module, given))

    def after(module: nn.Module, given: tuple[Any, ...], output: Any) -> None:
        inside.pop()
        value = find_tensor(output)
        if not bad and value is not None and value.is_floating_point() and not torch.isfinite(value).all():
            what = name_kind(module)
            bad.append(f"the layer {names[module]} ({what})" if names.get(module) else f"{what}.forward")

    names = {module: name for name, module in net.named_modules()}
    hooks = []
    for module in net.modules():
        if not isinstance(module, torch.jit.ScriptModule):  # which has no such hooks
            # torch's own, even where a class replaces them
            hooks += [
                nn.Module.register_forward_pre_hook(module, before),
                nn.Module.register_forward_hook(module, after),
            ]
    try:
        return net(x.clone()), bad[0] if bad else ""  # a copy, into which it may write
    except torch.OutOfMemoryError:
        raise
    except BaseException as error:
        name, module, given = inside[-1] if inside else ("", net, (x,))
        why = explain_shape_error(error, name, module, given, x, find_line(error, file))
        if ELSEWHERE.search(str(error)) and (lost := describe_hidden(net)):
            why.advice.insert(0, lost)
        raise why from None
    finally:
        for hook in hooks:
            hook.remove()


def describe_hidden(net: nn.Module) -> str:
    """A sentence on layers that torch does not find in ``net``; nothing if there are none."""
    found = [part for part in find_hidden(net) if part.layer]
    sentence = describe_hidden_layers(found) if found else ""
    return sentence[:1].upper() + sentence[1:]


def describe_wrong_output(net: nn.Module, output: Tensor, x: Tensor, objective: Task) -> ModelError:
    """Why the shape of the output does not fit."""
    got, want = tuple(output.shape), objective.size(x)
    sentence = (
        f"The output for two samples has the shape {format_shape(got)}, and should have {format_shape(want)}: "
        f"{objective.wanted}."
    )
    last = find_last_layer(net)
    of_last = f"Its last layer with weights is {last}." if last else ""
    if got[:1] != want[:1]:
        advice = "The first number should be that of the samples: a view or reshape mixes them; x.flatten(1) does not."
    elif got == tuple(x.shape):
        advice = "It has the input's shape; a model that reproduces its input needs --set objective=reconstruction."
    elif len(got) == len(want) > 2 and got[1] != want[1] and got[2:] == want[2:]:
        advice = f"Its last layer should give {want[1]} channels, and gives {got[1]}."
    elif len(got) == len(want) > 2 and got[2:] != want[2:]:
        advice = f"It should be {format_shape(want[1:])} for each sample, and is {format_shape(got[1:])}."
        if isinstance(objective, LanguageModelling):
            advice = "There should be scores at every place, also where forward is given no targets."
    elif len(got) == len(want):
        advice = f"Its last layer should give {want[-1]} numbers, and gives {got[-1]}."
    elif len(got) > len(want):
        advice = (
            "It has more dimensions than that; take the last step, or the mean over the others, before the last layer."
        )
    else:
        advice = "It has fewer dimensions than that."
    return ModelError(sentence, of_last, advice)


def find_last_layer(net: nn.Module) -> str:
    """The last layer that has weights, by path and type."""
    found = [(name, module) for name, module in net.named_modules() if list(module.parameters(recurse=False))]
    return f"{found[-1][0] or 'itself'} ({found[-1][1]})" if found else ""


def check_learning(
    net: nn.Module, x: Tensor, y: Tensor, objective: Task, autocast: Callable[[], Any], file: Path
) -> None:
    """Take the gradient once, with two samples, as in training.

    Raises:
        Unfit: there is no gradient.
    """
    net.train()
    with keep_buffers(net):
        try:
            _check_gradient(net, x, y, objective, autocast, file)
        finally:
            net.zero_grad(set_to_none=True)
            net.eval()


def _check_gradient(
    net: nn.Module, x: Tensor, y: Tensor, objective: Task, autocast: Callable[[], Any], file: Path
) -> None:
    with autocast():
        outcome = run_forward(net, x, file)[0]
        output = find_tensor(outcome, objective.part)
        assert output is not None
        if not output.requires_grad:
            raise ModelError(
                "The output does not depend on any trainable parameter, so there is no gradient.",
                "Look in forward for torch.no_grad(), .detach(), .item() or NumPy, or parameters that it leaves out.",
            )
        if not (isinstance(objective, Reconstruction) and objective.images):  # whose values are between 0 and 1
            objective.ends = output_activation.find_activation(output)
        fitted = objective.fitted(output, x)
        if fitted is None:
            raise ModelError(
                f"In training the output has the shape {format_shape(tuple(output.shape))}, and not "
                f"that of evaluation, "
                f"{format_shape(objective.size(x))}."
            )
        loss = objective.judge(outcome, fitted.float(), objective.target(x, y))
    try:
        loss.backward()
    except torch.OutOfMemoryError:
        raise
    except BaseException as error:
        why = find_first_line(error).partition(". Hint: enable anomaly")[0]
        where = find_line(error, file) or trace_gradient(net, x, y, objective, autocast, file)
        raise ModelError(f"The gradient cannot be taken: {why}{where}.", suggest_remedy(error)) from None


def trace_gradient(
    net: nn.Module, x: Tensor, y: Tensor, objective: Task, autocast: Callable[[], Any], file: Path
) -> str:
    """Where in the user's code the value without a gradient was computed; nothing if it is not known."""
    with warnings.catch_warnings(record=True) as told, suppress(Exception):
        warnings.simplefilter("always")
        with torch.autograd.set_detect_anomaly(True, check_nan=False), autocast():
            outcome = net(x.clone())
            output = find_tensor(outcome, objective.part)
            fitted = None if output is None else objective.fitted(output, x)
            if fitted is not None:
                objective.judge(outcome, fitted.float(), objective.target(x, y)).backward()
    said = " ".join(str(warning.message) for warning in told)
    lines = [(code, line) for code, line in re.findall(r'File "(.+?)", line (\d+)', said) if is_own(code, file)]
    return f" ({Path(lines[-1][0]).name}, line {lines[-1][1]})" if lines else ""


def is_lazy(net: nn.Module) -> bool:
    """Whether some shapes are only known once the model has been called."""
    return any(isinstance(parameter, UninitializedParameter) for parameter in net.parameters())


def needs_two_samples(net: nn.Module, x: Tensor, objective: Task, autocast: Callable[[], Any]) -> bool:
    """Whether it cannot be trained with a single sample, the first of ``x``; nothing changes.

    Layers that normalise batches may not be, nor a forward that drops dimensions of 1.
    """
    devices = [x.device.index or 0] if x.device.type == "cuda" else []
    try:
        with torch.random.fork_rng(devices), torch.no_grad(), keep_buffers(net), autocast():
            output = find_tensor(net(x[:1].clone()), objective.part)
        return output is None or objective.fitted(output, x[:1]) is None
    except torch.OutOfMemoryError:
        raise
    except Exception:
        return True
