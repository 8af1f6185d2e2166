"""What a model does on a whole set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from descend.engine.train.batches import Split
from descend.engine.train.objective import Objective, Tally
from descend.engine.train.outputs import tensor_in


@torch.no_grad()
def evaluate(net: nn.Module, split: Split, objective: Objective, batch_size: int, autocast: Callable[[], Any]) -> Tally:
    """The sums over ``split`` of ``net`` in evaluation mode; it is in training mode afterwards."""
    net.eval()
    tally = objective.tally(split.form.device)
    for x, y in split.chunks(batch_size):
        with autocast():
            output = objective.fitted(scores(net(x)), x)
        if output is None:
            raise RuntimeError(f"the model's output changed its form with {len(x)} samples")
        output, target = output.float(), objective.target(x, y)
        tally.add(x, output, target, objective.loss(output, target))
    net.train()
    return tally


def scores(output: Any) -> torch.Tensor:
    """The tensor in what a model returned."""
    found = tensor_in(output)
    assert found is not None
    return found


@torch.no_grad()
def written(
    net: nn.Module, begin: torch.Tensor, vocabulary: tuple[str, ...], context: int, length: int = 200, seed: int = 0
) -> str:
    """A text that ``net`` continues from ``begin`` (t,), drawing each character by its probability."""
    net.eval()
    chance = torch.Generator().manual_seed(seed)
    tokens = begin.reshape(1, -1)
    for _ in range(length):
        logits = scores(net(tokens[:, -context:]))[0, -1].float().cpu()
        drawn = torch.multinomial(logits.softmax(0), 1, generator=chance).to(tokens.device)
        tokens = torch.cat([tokens, drawn.reshape(1, 1)], 1)
    net.train()
    return "".join(vocabulary[index] for index in tokens[0].tolist())
