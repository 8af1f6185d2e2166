"""What a model does on a whole set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from descend.engine.train.loader import Split
from descend.engine.train.out_of_memory import empty_cache, is_out_of_memory
from descend.engine.train.outputs import find_tensor
from descend.engine.train.task import LanguageModelling, Metrics, Task


def evaluate(net: nn.Module, split: Split, objective: Task, batch_size: int, autocast: Callable[[], Any]) -> Metrics:
    """The sums over ``split`` of ``net`` in evaluation mode; it is in training mode afterwards.

    As many samples are taken at once as fit, where those are not fewer than ``batch_size``.
    """
    while True:
        size = split.chunk(batch_size)
        try:
            return sum_over_split(net, split, objective, batch_size, autocast)
        except RuntimeError as error:
            if size <= batch_size or not is_out_of_memory(error):
                raise
            error.__traceback__ = None  # which holds what filled the memory
        split.at_once = max(1, min(size, len(split)) // 2)
        empty_cache(split.form.device)


@torch.no_grad()
def sum_over_split(
    net: nn.Module, split: Split, objective: Task, batch_size: int, autocast: Callable[[], Any]
) -> Metrics:
    """The sums, of so many samples at once as `Split.chunk` says."""
    net.eval()
    tally = objective.tally(split.form.device)
    for x, y in split.chunks(batch_size):
        with autocast():
            returned, given = apply_net(net, x)
            output = objective.fitted(find_scores(returned, objective.part), given)
            if output is None:
                raise RuntimeError(f"the model's output changed its shape with {len(x)} samples")
            output, target = output.float(), objective.target(x, y)
            own = objective.own is not None and len(given) > len(x)
            loss = objective.judge(returned, output[: len(x)], torch.cat([target, target]) if own else target)
        tally.add(split.form.shown(x), output[: len(x)], target, loss)
    net.train()
    return tally


def apply_net(net: nn.Module, x: torch.Tensor) -> tuple[Any, torch.Tensor]:
    """What ``net`` returns for samples ``x``, and what it was given: a single sample twice, as a squeeze in forward
    could treat it as no batch."""
    given = x if len(x) > 1 else torch.cat([x, x])
    return net(given.clone()), given  # a copy: the model may write into what it is given


def compute_output(net: nn.Module, objective: Task, x: torch.Tensor) -> torch.Tensor | None:
    """The output for samples ``x`` in the form that ``objective`` wants; None if it has another."""
    returned, given = apply_net(net, x)
    output = objective.fitted(find_scores(returned, objective.part), given)
    return None if output is None else output[: len(x)]


def find_scores(output: Any, part: int | str | None = None) -> torch.Tensor:
    """The tensor in what a model returned, or the one that ``part`` says."""
    found = find_tensor(output, part)
    assert found is not None
    return found


def generate_text(
    net: nn.Module, begin: torch.Tensor, objective: LanguageModelling, context: int, length: int = 200, seed: int = 0
) -> str:
    """A text that ``net`` continues from ``begin`` (t,); it is in training mode afterwards."""
    net.eval()
    drawn = draw_tokens(net, begin, objective, context, length, torch.Generator().manual_seed(seed))
    net.train()
    return objective.tokeniser.decode([*begin.tolist(), *drawn.tolist()])


@torch.no_grad()
def draw_tokens(
    net: nn.Module,
    begin: torch.Tensor,
    objective: LanguageModelling,
    context: int,
    length: int,
    chance: torch.Generator,
    temperature: float = 1.0,
) -> torch.Tensor:
    """``length`` characters or tokens with which ``net`` continues ``begin`` (t,), each drawn by its probability to the
    power of 1 / ``temperature``; at 0 the likeliest."""
    tokens = begin.reshape(1, -1)
    for _ in range(length):
        given = tokens[:, -context:]
        fitted = objective.fitted(find_scores(net(given.clone()), objective.part), given)
        if fitted is None:
            raise RuntimeError(f"the model's output has a different shape for a text of {given.shape[1]} tokens")
        logits = fitted[0, -1].float().cpu()
        logits = (logits - logits.max()) / (temperature or 1)  # no power of a small one is infinite
        drawn = torch.multinomial(logits.softmax(0), 1, generator=chance) if temperature else logits.argmax()
        tokens = torch.cat([tokens, drawn.reshape(1, 1).to(tokens.device)], 1)
    return tokens[0, len(begin) :]
