"""One step of the optimiser: the gradient of one batch, or the sum of several's, and what it does to the weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from descend.engine.train import optimisers
from descend.engine.train.evaluation import find_scores
from descend.engine.train.loader import Part
from descend.engine.train.model_error import ModelError
from descend.engine.train.model_source import ModelSource

if TYPE_CHECKING:
    from descend.engine.train.trainer import Trainer

Measured = tuple[Tensor, dict[str, Tensor]]
"""A mean loss, and what else is measured, by name."""


def take_step(session: Trainer, parts: Iterable[Part], rate: float) -> Measured:
    """Add the gradients of ``parts``, each by its weight, and change the weights once, at that learning ``rate``.

    The gradient is that of one batch of all their samples; only layers that look across a batch can tell. Returns the
    mean over the samples. Nothing here waits for a GPU.

    Raises:
        Unfit: the model's output has another shape than in the trial.
    """
    for group in session.optimiser.param_groups:
        group["lr"], group["weight_decay"] = rate, session.k.weight_decay
    session.optimiser.zero_grad()
    session.frozen.hold()
    found = []
    for part in parts:
        with session.team.gather(session.run, part.last):
            found.append((part.weight, add_gradient(session, part)))
    change_weights(session)
    return average(found)


def add_gradient(session: Trainer, part: Part) -> Measured:
    """Add the gradient of a batch to what the weights have; its loss, and what else is measured."""
    objective, x = session.objective, part.x
    session.doing = "in its forward"
    given = x.clone() if isinstance(session.model, ModelSource) else x  # the user's own may write into what it is given
    with session.precision.autocast():
        returned = session.run(given)
        output = objective.fitted(find_scores(returned, objective.part), x)
        if output is None:
            raise ModelError(
                f"The shape of the model's output changed with {len(x)} samples; a view or reshape mixes them."
            )
        output, target = output.float(), objective.target(x, part.y)
        session.doing = "as its loss was computed"
        loss = objective.penalise(returned, output, target, session.k)
    weighted = loss * part.weight if part.weight != 1 else loss
    scaler = session.precision.scaler
    session.doing = "as its gradient was taken"
    (scaler.scale(weighted) if scaler is not None else weighted).backward()
    session.doing = ""
    return loss.detach(), objective.measures(output.detach(), target)


def change_weights(session: Trainer) -> None:
    """Clip the gradient, and let the optimiser take its step."""
    optimiser, scaler, clip = session.optimiser, session.precision.scaler, session.k.clip
    session.doing = "as its weights were changed"
    optimisers.densify(optimiser)
    if scaler is not None:
        scaler.unscale_(optimiser)  # so that gradients are clipped and shown as they are
    if clip:
        nn.utils.clip_grad_norm_(session.net.parameters(), clip)
    optimisers.lay_out_gradients(optimiser)
    if scaler is not None:
        scaler.step(optimiser)
        scaler.update()
    else:
        optimiser.step()
    session.doing = ""


def average(found: list[tuple[float, Measured]]) -> Measured:
    """The mean of what was measured of several batches, each by its weight."""
    (_, (loss, measures)), *others = found
    if not others:
        return loss, measures
    total = sum(weight for weight, _ in found) or 1.0
    shares = [(weight / total, measured) for weight, measured in found]

    def sum_up(values: Iterable[tuple[float, Tensor]]) -> Tensor:
        return torch.stack([share * value for share, value in values]).sum(0)

    mean = sum_up((share, loss) for share, (loss, _) in shares)
    return mean, {name: sum_up((share, each[name]) for share, (_, each) in shares) for name in measures}
