"""The shared training loop, for lessons and models that are not about the loop itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from descend.datasets.dataset import Dataset
from descend.engine.lab.lab import Lab
from descend.engine.lab.minibatches import minibatches

CHUNK = 4096
"""Images evaluated at once: large enough to be fast, small enough for any device."""


@dataclass(frozen=True)
class Tensors:
    """A dataset as tensors on the training device: x (n, ...) float32 in [0, 1], y (n,) int64."""

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor
    classes: tuple[str, ...]

    @classmethod
    def of(cls, dataset: Dataset, device: torch.device) -> Tensors:
        """Move ``dataset`` to ``device`` once, as it is stored, and scale it there."""

        def scaled(images: object) -> Tensor:
            return torch.as_tensor(images).to(device).float().div_(dataset.scale)

        def labels(values: object) -> Tensor:
            return torch.as_tensor(values).to(device)

        return cls(
            scaled(dataset.train_x),
            labels(dataset.train_y),
            scaled(dataset.test_x),
            labels(dataset.test_y),
            dataset.classes,
        )


def fit(
    lab: Lab,
    net: nn.Module,
    optimiser: torch.optim.Optimizer,
    data: Tensors,
    *,
    epochs: int,
    batch_size: int,
    loss: Callable[[Tensor, Tensor], Tensor] = functional.cross_entropy,
    evaluate_every: int = 0,
    evaluated: Callable[[], None] = lambda: None,
) -> None:
    """Train the classifier ``net`` and record loss, accuracy, layer magnitudes and the confusion matrix.

    Each epoch visits the training set in an order of its own; see `minibatches`. The test set is evaluated before the
    first step, after every epoch, and every ``evaluate_every`` steps if that is not 0. The final metrics are those of
    the whole training and test set under the final weights. ``evaluated`` is called after each evaluation, such as to
    show samples.
    """
    lab.track(net=net, optimiser=optimiser)
    count, classes = len(data.train_y), len(data.classes)
    for step, _, place, chosen in minibatches(lab, count, epochs=epochs, batch_size=batch_size, unit="images"):
        if place == 0 or (evaluate_every and step % evaluate_every == 0):
            record_test(lab, net, data, loss)
            evaluated()
            net.train()
        x, y = data.train_x.index_select(0, chosen), data.train_y.index_select(0, chosen)  # faster than x[chosen]
        logits = net(x)
        cost = loss(logits, y)
        optimiser.zero_grad()
        cost.backward()
        optimiser.step()
        lab.scalars({"train/loss": cost, "train/accuracy": (logits.argmax(1) == y).float().mean()})
        lab.layers(net)
    record_test(lab, net, data, loss)
    evaluated()
    with lab.doing("evaluating"):
        train_loss, counts = evaluate(net, data.train_x, data.train_y, classes, loss)
    lab.results(**{"train/loss": train_loss, "train/accuracy": accuracy(counts)})


def record_test(lab: Lab, net: nn.Module, data: Tensors, loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Evaluate on the test set and record loss, accuracy and confusion matrix at this step."""
    with lab.doing("evaluating"):
        mean, counts = evaluate(net, data.test_x, data.test_y, len(data.classes), loss)
    lab.scalars({"test/loss": mean, "test/accuracy": accuracy(counts)})
    lab.confusion(counts, data.classes)


@torch.no_grad()
def evaluate(
    net: nn.Module, x: Tensor, y: Tensor, classes: int, loss: Callable[[Tensor, Tensor], Tensor]
) -> tuple[float, Tensor]:
    """Mean loss and the counts of (true, predicted), shape (classes, classes), of ``net`` in evaluation mode."""
    net.eval()
    total = torch.zeros((), device=y.device)
    counts = torch.zeros(classes * classes, dtype=torch.int64, device=y.device)
    for images, labels in zip(x.split(CHUNK), y.split(CHUNK), strict=True):
        logits = net(images)
        total += loss(logits, labels) * len(labels)
        counts += torch.bincount(labels * classes + logits.argmax(1), minlength=classes * classes)
    net.train()
    return (total / len(y)).item(), counts.view(classes, classes)


def accuracy(counts: Tensor) -> float:
    """Share of the diagonal."""
    return (counts.diagonal().sum() / counts.sum()).item()
