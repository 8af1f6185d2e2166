"""The loss that a model of the user's own brings along, in place of the usual one of its task."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from descend.datasets.dataset import WARNING
from descend.engine.train.kept import keep_buffers
from descend.engine.train.model_warnings import keep_generators
from descend.engine.train.outputs import find_tensor
from descend.engine.train.own_model import find_first_line
from descend.engine.train.task import OwnLoss, Task

NAMES = ("loss", "compute_loss", "loss_fn", "loss_function", "criterion")
"""What it may be called, the first that is there."""
INPUTS = ("x", "input", "inputs", "batch", "data", "image", "images")
"""First arguments by which a method says that it takes samples, not what forward made of them."""
LOOPS = ("training_step", "validation_step", "configure_optimizers")
"""Methods of other frameworks' training loops."""
SHAPING = ("label_smoothing", "class_weights", "focal", "huber")
"""Knobs of the usual losses."""
SUMMED = 0.02
"""How near to twice the loss that of each sample taken twice is, where it is a sum."""


def adopt_loss(
    net: nn.Module, x: Tensor, y: Tensor, objective: Task, autocast: Callable[[], Any], k: Any, wanted: bool
) -> list[str]:
    """Have ``objective`` take the loss that ``net`` brings, as ``net.loss(output, target)``; returns what to say of it.

    ``output`` is what forward returned; ``target`` the labels, int64 (n,), the scaled numbers to predict, float32, in
    the shape of the scores, or the tokens that follow, int64 (n, t). The loss is a mean over samples. One that does not
    work like this is told, and not used. Nothing of ``net`` changes.

    Args:
        x, y: two samples, as the model takes them.
        wanted: whether it may be used; a run that began without goes on without.
    """
    said = [
        f"{WARNING}{name} is not called: here a model is trained by forward, and by loss(output, target) if it has one."
        for name in LOOPS
        if callable(getattr(type(net), name, None))
    ][:1]
    if (found := find_loss(net)) is None:
        return said
    if why := find_refusal(found):
        return [*said, f"{WARNING}{describe(found, net)} is not used, as {why}."]
    return said + _try(found, net, x, y, objective, autocast, k) if wanted else said


def find_loss(net: nn.Module) -> tuple[str, Callable[..., Any]] | None:
    """The name and the loss that ``net`` brings, if any."""
    for name in NAMES:
        try:
            found = getattr(net, name, None)
        except Exception:  # a property of the user's may raise anything
            continue
        if callable(found):
            return name, found
    return None


def find_refusal(found: tuple[str, Callable[..., Any]]) -> str:
    """Why it cannot be called with an output and a target; nothing if it can."""
    name, loss = found
    try:
        signature = inspect.signature(loss.forward if isinstance(loss, nn.Module) else loss)
    except (TypeError, ValueError):
        return ""
    try:
        signature.bind(None, None)
    except TypeError:
        return f"it takes {signature}; it is called as {name}(output, target)"
    first = next(iter(signature.parameters), "")
    if inspect.ismethod(loss) and not isinstance(loss, nn.Module) and first in INPUTS:
        return f"its first argument, {first}, seems to be samples; it is called as {name}(output, target)"
    return ""


def describe(found: tuple[str, Callable[..., Any]], net: nn.Module) -> str:
    """What it is called."""
    name, loss = found
    return f"{type(net).__name__}.{name}" + (f" ({type(loss).__name__})" if isinstance(loss, nn.Module) else "")


def _try(
    found: tuple[str, Callable[..., Any]],
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    objective: Task,
    autocast: Callable[[], Any],
    k: Any,
) -> list[str]:
    called = describe(found, net)
    devices = [x.device.index or 0] if x.is_cuda else []
    with torch.random.fork_rng(devices), keep_generators(), keep_buffers(net):
        net.eval()
        try:
            with autocast():
                outcome = net(x.clone())
                twice = net(torch.cat([x, x]))
        except torch.OutOfMemoryError:
            raise
        except BaseException:  # which the check of the model tells better; a model may raise SystemExit
            return []
        finally:
            net.train()
        target, why = objective.target(x, y), ""
        for shaped in (False, True):
            own = OwnLoss(found[1], shaped)
            if not (problem := _find_problem(own, outcome, target, objective.part, autocast)):
                break
            why = why or problem
        else:
            return [f"{WARNING}{called} is not used, as {why}."]
        with torch.no_grad(), autocast():
            once, both = (
                float(own(returned, truth, objective.part))
                for returned, truth in ((outcome, target), (twice, torch.cat([target, target])))
            )
        net.zero_grad(set_to_none=True)
    objective.own = own
    said = [f"The loss is the model's own, {called}, of what forward returned and the target."]
    if once and abs(both / once - 2) < SUMMED:
        said.append(f"{WARNING}{called} adds up the samples; take their mean, or it grows with batch_size.")
    idle = [name for name in SHAPING if name in k.specs and getattr(k, name) != k.specs[name].default]
    return said + [f"{name} is for the usual loss, and changes nothing here." for name in idle]


def _find_problem(
    own: OwnLoss, outcome: Any, target: Tensor, part: int | str | None, autocast: Callable[[], Any]
) -> str:
    """Why ``own`` is no loss of that; nothing if it is one."""
    if find_tensor(outcome, part) is None:
        return "forward returns no tensor"
    try:
        with warnings.catch_warnings(), autocast():
            warnings.filterwarnings("error", "Using a target size")  # of shapes made equal by repeating
            value = own(outcome, target, part)
    except torch.OutOfMemoryError:
        raise
    except BaseException as error:
        return f"it fails with {type(error).__name__}: {find_first_line(error)}"
    if not isinstance(value, Tensor) or value.numel() != 1 or not value.is_floating_point():
        return "it returns no single number that is a tensor"
    return "" if value.requires_grad else "what it returns has no gradient"
