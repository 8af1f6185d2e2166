"""Tries a model with two samples before it is trained, and says at which layer it fails."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from descend.engine.train.objective import Classes, Objective
from descend.engine.train.outputs import size, tensor_in, told
from descend.engine.train.own_model import first_line, place
from descend.engine.train.unfit import Unfit
from descend.engine.train.wrong_shape import explained


def probe(
    net: nn.Module, x: Tensor, y: Tensor, objective: Objective, autocast: Callable[[], Any], file: Path | None = None
) -> list[str]:
    """Check that ``net`` can learn; returns what is odd about it, a sentence each.

    Lazy layers have their shapes afterwards. Nothing else changes: neither weights, nor running statistics, nor the
    random generators.

    Args:
        x, y: two samples that differ, as the model takes them.
        autocast: makes the context in which it computes.
        file: where its code is, to name lines of it.

    Raises:
        Unfit: it cannot learn.
    """
    devices = [x.device.index or 0] if x.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        return _probe(net, x, y, objective, autocast, file or Path())


def _probe(
    net: nn.Module, x: Tensor, y: Tensor, objective: Objective, autocast: Callable[[], Any], file: Path
) -> list[str]:
    net.eval()
    with torch.no_grad(), autocast():
        outcome, bad = forward(net, x, file)
    output = tensor_in(outcome)
    if output is None:
        raise Unfit(
            f"The model returned {told(outcome)}, and no scores can be found in that; it should return one tensor, "
            f"{objective.wanted}: {size(objective.size(x))} for two samples."
        )
    notes = []
    if not isinstance(outcome, Tensor):
        notes.append(f"The model returns {told(outcome)}; the tensor {size(output.shape)} is taken for its scores.")
    fitted = objective.fitted(output, x)
    if fitted is None:
        raise wrong_output(net, output, x, objective)
    if not output.is_floating_point():
        raise Unfit(
            f"The model returns {told(output)}; scores are floating-point numbers, so leave out the argmax or rounding."
        )
    if not torch.isfinite(output).all():
        where = f"first at the layer {bad}" if bad else "though no layer's output did"
        raise Unfit(f"The output has values that are not finite, before any training, {where}.")
    if not any(parameter.requires_grad for parameter in net.parameters()):
        raise Unfit("The model has no trainable parameters, so there is nothing to learn with.")
    check_learning(net, x, y, objective, autocast, file)
    check_input_matters(net, x, autocast)
    if isinstance(objective, Classes):
        notes += probabilities(output.float(), len(objective.names))
    net.train()
    return notes


def forward(net: nn.Module, x: Tensor, file: Path) -> tuple[Any, str]:
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
        value = tensor_in(output)
        if not bad and value is not None and value.is_floating_point() and not torch.isfinite(value).all():
            bad.append(f"{names.get(module) or 'itself'} ({type(module).__name__})")

    names = {module: name for name, module in net.named_modules()}
    hooks = []
    for module in net.modules():
        hooks += [module.register_forward_pre_hook(before), module.register_forward_hook(after)]
    try:
        return net(x), bad[0] if bad else ""
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        name, module, given = inside[-1] if inside else ("", net, (x,))
        raise explained(error, name, module, given, x, place(error, file)) from None
    finally:
        for hook in hooks:
            hook.remove()


def wrong_output(net: nn.Module, output: Tensor, x: Tensor, objective: Objective) -> Unfit:
    """Why the form of the output does not fit."""
    got, want = tuple(output.shape), objective.size(x)
    sentence = (
        f"The output for two samples has the shape {size(got)}, and should have {size(want)}: {objective.wanted}."
    )
    last = last_layer(net)
    of_last = f"Its last layer with weights is {last}." if last else ""
    if got[:1] != want[:1]:
        advice = "The first number should be that of the samples: a view or reshape mixes them; x.flatten(1) does not."
    elif got == tuple(x.shape):
        advice = "It has the input's shape; a model that is to repeat its input needs --set objective=reconstruction."
    elif len(got) == len(want):
        advice = f"Its last layer should give {want[-1]} numbers, and gives {got[-1]}."
    elif len(got) > len(want):
        advice = (
            "It has more dimensions than that; take the last step, or the mean over the others, before the last layer."
        )
    else:
        advice = "It has fewer dimensions than that."
    return Unfit(sentence, of_last, advice)


def last_layer(net: nn.Module) -> str:
    """The last layer that has weights, by path and type."""
    found = [(name, module) for name, module in net.named_modules() if list(module.parameters(recurse=False))]
    return f"{found[-1][0] or 'itself'} ({found[-1][1]})" if found else ""


def check_learning(
    net: nn.Module, x: Tensor, y: Tensor, objective: Objective, autocast: Callable[[], Any], file: Path
) -> None:
    """Take the gradient once, with two samples, as in training.

    Raises:
        Unfit: there is none.
    """
    net.train()
    kept = [buffer.clone() for buffer in net.buffers()]
    try:
        _check_gradient(net, x, y, objective, autocast, file)
    finally:
        net.zero_grad(set_to_none=True)
        with torch.no_grad():
            for buffer, before in zip(net.buffers(), kept, strict=True):
                buffer.copy_(before)
        net.eval()


def _check_gradient(
    net: nn.Module, x: Tensor, y: Tensor, objective: Objective, autocast: Callable[[], Any], file: Path
) -> None:
    with autocast():
        output = tensor_in(forward(net, x, file)[0])
        assert output is not None
        if not output.requires_grad:
            raise Unfit(
                "The output does not depend on any trainable parameter, so there is no gradient.",
                "Look in forward for torch.no_grad(), .detach(), .item() or NumPy, or parameters that it leaves out.",
            )
        fitted = objective.fitted(output, x)
        assert fitted is not None
        loss = objective.loss(fitted.float(), objective.target(x, y))
    try:
        loss.backward()
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        raise Unfit(f"The gradient cannot be taken: {first_line(error)}{place(error, file)}.") from None


@torch.no_grad()
def check_input_matters(net: nn.Module, x: Tensor, autocast: Callable[[], Any]) -> None:
    """Whether two samples ever give two outputs; asked of a copy with other weights too, as fresh ones may be nought.

    Raises:
        Unfit: the output is the same whatever comes in.
    """
    if torch.equal(x[0], x[1]):
        return  # the data has no two samples that differ
    for moved in (False, True):
        with moved_weights(net) if moved else unmoved(), autocast():
            output = tensor_in(net(x))
        if output is None or not torch.equal(output[0], output[1]):
            return
    raise Unfit(
        "The model gives the same output for samples that differ: it ignores its input.",
        "Follow the input through forward: is it overwritten, multiplied by 0, or reduced to a constant?",
    )


@contextmanager
def unmoved() -> Any:
    """Leaves everything as it is."""
    yield


@contextmanager
def moved_weights(net: nn.Module) -> Any:
    """The weights moved at random, for as long as the context lasts."""
    kept = [parameter.detach().clone() for parameter in net.parameters()]
    try:
        for parameter in net.parameters():
            if parameter.is_floating_point():
                parameter.add_(torch.randn_like(parameter), alpha=0.1)
        yield
    finally:
        for parameter, before in zip(net.parameters(), kept, strict=True):
            parameter.copy_(before)


def probabilities(output: Tensor, classes: int) -> list[str]:
    """A warning if the output seems to have been through a softmax or a sigmoid already."""
    if output.dim() == 2 and output.shape[1] == classes > 1:
        if (output >= 0).all() and torch.allclose(output.sum(1), torch.ones_like(output[:, 0]), atol=1e-3):
            return [
                "The output looks like probabilities (it adds up to 1), but the loss applies a softmax itself: "
                "training is slow with two; leave the softmax out of forward."
            ]
        if (output <= 0).all() and torch.allclose(output.exp().sum(1), torch.ones_like(output[:, 0]), atol=1e-3):
            return ["The output looks like log-probabilities, which does no harm: the loss applies log-softmax itself."]
    elif ((output > 0) & (output < 1)).all():
        return [
            "The output lies between 0 and 1, as after a sigmoid, which the loss applies itself; leave it out of "
            "forward if training is slow."
        ]
    return []


def is_lazy(net: nn.Module) -> bool:
    """Whether some shapes are only known once the model has been called."""
    return any(isinstance(parameter, UninitializedParameter) for parameter in net.parameters())


def needs_more_than_one(net: nn.Module) -> bool:
    """Whether it has layers that cannot be trained with a single sample."""
    return any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in net.modules())
