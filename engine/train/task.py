"""What is minimised and measured, as determined by the data."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from descend.datasets.data_shape import DataShape
from descend.datasets.preparation import Preparation
from descend.datasets.tokenisers import Tokeniser
from descend.engine.evaluation.decision import EVEN, decide_class
from descend.engine.train import output_activation
from descend.engine.train.loader import Preprocessing
from descend.engine.train.outputs import find_tensor
from descend.engine.train.score_curves import show_curves, show_residuals
from descend.engine.train.value_checks import AREAS, MORE_OF_CLASSES, find_learned

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from descend.engine.lab.lab import Lab

MANY = 200
"""Classes above which there is no confusion matrix."""
CURVED = 4_000_000
"""Scores kept for curves, at most."""
SHOWN = 16
"""Samples of a picture."""


class Metrics:
    """Sums over a set that is evaluated, on the device; read once at the end."""

    def __init__(self, device: torch.device) -> None:
        self.count = 0
        self.loss = torch.zeros((), dtype=torch.float64 if device.type != "mps" else torch.float32, device=device)

    def add(self, x: Tensor, output: Tensor, target: Tensor, loss: Tensor) -> None:
        """Count a batch."""
        self.loss += loss.detach() * len(target)
        self.count += len(target)

    def metrics(self) -> dict[str, float]:
        """What came out."""
        return {"loss": float(self.loss) / max(1, self.count)}

    def show(self, lab: Lab, split: str) -> None:
        """Show pictures of it; ``split`` says of which part of the data."""


@dataclass(frozen=True)
class OwnLoss:
    """The loss that a model brings along.

    Attributes:
        function: takes what the model's forward returned and the target, and gives the mean loss of a batch.
        shaped: whether the target is given as floats in the shape of the scores, as `BCELoss` takes them.
    """

    function: Callable[[Any, Tensor], Tensor]
    shaped: bool

    def __call__(self, returned: Any, target: Tensor, part: int | str | None) -> Tensor:
        """The loss; ``part`` says which of several tensors in ``returned`` are the scores."""
        scores = find_tensor(returned, part)
        alike = scores is not None and scores.numel() == target.numel()
        if scores is not None and alike and (self.shaped or target.is_floating_point()):
            target = target.to(scores.dtype).reshape(scores.shape)  # (n, 1) and (n,) would be taken for (n, n)
        loss = self.function(returned, target)
        return loss.reshape(()) if isinstance(loss, Tensor) and loss.numel() == 1 else loss


class Task(ABC):
    """A task: the shape of the output, the loss, the metrics.

    Attributes:
        wanted: the expected output for one sample, in words.
        part: which of several tensors that the model returns it is, if not the usual one.
        ends: what the output went through last (`descend.engine.train.output_activation`), if that must be undone.
        own: the loss that the model brings along, in place of the task's.
    """

    wanted: str
    ends: str = ""
    part: int | str | None = None
    own: OwnLoss | None = None

    @abstractmethod
    def size(self, x: Tensor) -> tuple[int, ...]:
        """Expected shape of the output for input ``x``."""

    def fitted(self, output: Tensor, x: Tensor) -> Tensor | None:
        """The ``output`` in that shape; None if it cannot be."""
        return output if tuple(output.shape) == self.size(x) else None

    def target(self, x: Tensor, y: Tensor) -> Tensor:
        """What the output should be."""
        return y

    @abstractmethod
    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Mean loss of a batch, as it is judged."""

    def training_loss(self, output: Tensor, target: Tensor, k: Any) -> Tensor:
        """What a training step with the knobs ``k`` makes smaller."""
        return self.loss(output, target)

    def judge(self, returned: Any, output: Tensor, target: Tensor) -> Tensor:
        """Mean loss of a batch, as it is judged: the model's own of what it ``returned``, if it has one, else that of
        the fitted ``output``."""
        return self.own(returned, target, self.part).float() if self.own is not None else self.loss(output, target)

    def penalise(self, returned: Any, output: Tensor, target: Tensor, k: Any) -> Tensor:
        """What a training step makes smaller, likewise."""
        if self.own is not None:
            return self.own(returned, target, self.part).float()
        return self.training_loss(output, target, k)

    def measures(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """What else is recorded of a training batch."""
        return {}

    @abstractmethod
    def tally(self, device: torch.device) -> Metrics:
        """Sums for an evaluation."""


class Classification(Task):
    """Classification: cross-entropy and accuracy. Of two classes, a single score for the second is enough."""

    weights: Tensor | None = None
    """Of each class, in the training loss."""
    threshold: float = EVEN
    """Of two classes, the probability of the second from which on it is said."""

    def __init__(self, names: tuple[str, ...], images: bool, every: bool = False) -> None:
        self.names, self.images, self.every = names, images, every
        self.wanted = f"{len(names)} scores, one for each class"

    def size(self, x: Tensor) -> tuple[int, ...]:
        return len(x), len(self.names)

    def fitted(self, output: Tensor, x: Tensor) -> Tensor | None:
        if len(self.names) == 2 and tuple(output.shape) in ((len(x),), (len(x), 1)):
            score = output_activation.remove_activation(output.reshape(len(x), 1), self.ends)
            return torch.cat([torch.zeros_like(score), score], 1)  # its softmax is the sigmoid of the score
        fitted = super().fitted(output, x)
        return fitted if fitted is None else output_activation.remove_activation(fitted, self.ends)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return functional.cross_entropy(output, target)

    def training_loss(self, output: Tensor, target: Tensor, k: Any) -> Tensor:
        """Cross-entropy with label smoothing, class weights and the focus on what is not yet right: (1 − p)^γ times the
        loss of a sample whose class has the probability p (Lin et al., Focal Loss for Dense Object Detection, 2017)."""
        smoothing, focal = getattr(k, "label_smoothing", 0.0), getattr(k, "focal", 0.0)
        if self.weights is None and not focal:
            return functional.cross_entropy(output, target, label_smoothing=smoothing)
        losses = functional.cross_entropy(output, target, label_smoothing=smoothing, reduction="none")
        if self.weights is not None:
            losses = losses * self.weights.to(target.device)[target]  # labels may wait elsewhere
        if focal:
            losses = losses * (1 - output.softmax(1).gather(1, target[:, None])[:, 0]) ** focal
        return losses.mean()

    def measures(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        return {"accuracy": (output.argmax(1) == target).float().mean()}

    def tally(self, device: torch.device) -> Metrics:
        return ClassificationMetrics(device, self.names, self.images, self.every, self.threshold)


class ClassificationMetrics(Metrics):
    """Counts of (true, predicted), and the first mistakes; ``every`` metric of `descend.engine.evaluation` if asked."""

    def __init__(
        self, device: torch.device, names: tuple[str, ...], images: bool, every: bool, threshold: float = EVEN
    ) -> None:
        super().__init__(device)
        self.every, self.threshold = every, threshold
        self.parts: list[tuple[Tensor, Tensor]] = []
        self.names, self.images = names, images
        self.right = torch.zeros((), dtype=torch.int64, device=device)
        size = len(names) if len(names) <= MANY else 0
        self.counts = torch.zeros(size * size, dtype=torch.int64, device=device)
        self.mistakes: tuple[Tensor, Tensor, Tensor] | None = None

    def add(self, x: Tensor, output: Tensor, target: Tensor, loss: Tensor) -> None:
        super().add(x, output, target, loss)
        if self._keeps:
            self.parts.append((output, target))
        said, size = decide(output, self.threshold), len(self.names)
        self.right += (said == target).sum()
        if len(self.counts):
            self.counts += torch.bincount(target * size + said, minlength=size * size)
        if self.images and self.mistakes is None:
            first = (said == target).to(torch.int8).argsort(stable=True)[:SHOWN]  # mistakes come first
            self.mistakes = x[first], target[first], said[first]

    def metrics(self) -> dict[str, float]:
        counted = {**super().metrics(), "accuracy": float(self.right) / max(1, self.count)}
        if not self.every:
            return counted
        from descend.engine.evaluation.metrics import measure_classes  # scikit-learn takes a second to import

        said, truth = self.gather()
        measured = measure_classes(truth, said, decide_class(said, self.threshold))
        return counted | {name: measured[name] for name in MORE_OF_CLASSES if name in measured}

    @property
    def _keeps(self) -> bool:
        """Whether the scores are kept: if they are few, or needed."""
        return self.every or self.count * len(self.names) <= CURVED

    def gather(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Probabilities (n, classes), and labels (n,)."""
        scores, truth = (torch.cat(parts).cpu() for parts in zip(*self.parts, strict=True))
        return scores.double().softmax(1).numpy(), truth.numpy()

    def show(self, lab: Lab, split: str) -> None:
        size = len(self.names)
        if len(self.counts):
            lab.confusion(self.counts.view(size, size), self.names, split)
        if self._keeps and self.parts and lab.due():
            said, truth = self.gather()
            show_curves(lab, truth, said, self.names, self.threshold)
        if self.mistakes is None:
            return
        x, true, guessed = (part.cpu() for part in self.mistakes)
        wrong = true != guessed
        if wrong.any() and x.shape[1] in (1, 3):
            pairs = zip(true[wrong].tolist(), guessed[wrong].tolist(), strict=True)
            captions = [f"{self.names[a]} as {self.names[b]}" for a, b in pairs]
            lab.images("mistakes", x[wrong].contiguous(), captions, low=0.0, high=1.0)


def decide(output: Tensor, threshold: float) -> Tensor:
    """The class of each of the scores ``output`` (n, classes), (n,); see `decide_class`."""
    if threshold == EVEN:
        return output.argmax(1)
    return (output.softmax(1)[:, 1] >= threshold).long()


class Regression(Task):
    """Regression: squared error of numbers with mean 0 and std 1; measured in the target's own units."""

    def __init__(self, names: tuple[str, ...], form: Preprocessing) -> None:
        self.names, self.form = names, form
        self.wanted = "one number" if len(names) == 1 else f"{len(names)} numbers, one for each target"

    def size(self, x: Tensor) -> tuple[int, ...]:
        return (len(x), *self.form.target_mean.shape)

    def fitted(self, output: Tensor, x: Tensor) -> Tensor | None:
        if len(self.names) == 1 and tuple(output.shape) in ((len(x),), (len(x), 1)):
            return output.reshape(self.size(x))  # or (n, 1) less (n,) would be (n, n)
        return super().fitted(output, x)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return functional.mse_loss(output, target)

    def training_loss(self, output: Tensor, target: Tensor, k: Any) -> Tensor:
        """Squared error; beyond ``huber`` deviations of the target it grows linearly (Huber, Robust Estimation of a
        Location Parameter, 1964). Twice Huber's form, so that it is the squared error within them."""
        huber = getattr(k, "huber", 0.0)
        return 2 * functional.huber_loss(output, target, delta=huber) if huber else self.loss(output, target)

    def tally(self, device: torch.device) -> Metrics:
        return RegressionMetrics(device, self.names, self.form)


class RegressionMetrics(Metrics):
    """Errors in the targets' units. R² is 1 less the share of the targets' variance that is not explained."""

    def __init__(self, device: torch.device, names: tuple[str, ...], form: Preprocessing) -> None:
        super().__init__(device)
        self.names, self.form = names, form
        self.parts: list[tuple[Tensor, Tensor]] = []

    def add(self, x: Tensor, output: Tensor, target: Tensor, loss: Tensor) -> None:
        super().add(x, output, target, loss)
        self.parts.append((output.float(), target))

    def metrics(self) -> dict[str, float]:
        said, true = self._all()
        error = said - true
        spread = (true - true.mean(0)).square().sum(0)
        metrics = {**super().metrics(), "mae": float(error.abs().mean()), "rmse": float(error.square().mean().sqrt())}
        if (spread > 0).all():
            metrics["r2"] = float((1 - error.square().sum(0) / spread).mean())
        return metrics

    def show(self, lab: Lab, split: str) -> None:
        said, true = self._all()
        for column, name in enumerate(self.names[:4]):
            a, b = (
                true[:500].reshape(-1, len(self.names))[:, column],
                said[:500].reshape(-1, len(self.names))[:, column],
            )
            low, high = float(a.min()), float(a.max())
            lab.points(
                f"{name}: true and predicted",
                torch.stack([a, b], 1),
                paths={"equal": [[low, low], [high, high]]},
                axes=("true", "predicted"),
            )
        truth, found = (part.reshape(len(part), -1).cpu().double().numpy() for part in (true, said))
        show_residuals(lab, truth, found, self.names)

    def _all(self) -> tuple[Tensor, Tensor]:
        """Predictions and targets in the targets' units."""
        said, true = (self.form.untargeted(torch.cat(parts)) for parts in zip(*self.parts, strict=True))
        return said, true


class LanguageModelling(Task):
    """The next character, or token, at every place: cross-entropy, and perplexity, its exponential."""

    def __init__(self, tokeniser: Tokeniser) -> None:
        self.tokeniser, self.vocabulary = tokeniser, tokeniser.vocabulary
        self.wanted = f"{len(self.vocabulary)} scores, one for each {tokeniser.unit}, at every place"

    def size(self, x: Tensor) -> tuple[int, ...]:
        return (*x.shape, len(self.vocabulary))

    def fitted(self, output: Tensor, x: Tensor) -> Tensor | None:
        if tuple(output.shape) == (x.numel(), len(self.vocabulary)):  # all places in a row
            output = output.reshape(self.size(x))
        fitted = super().fitted(output, x)
        return fitted if fitted is None else output_activation.remove_activation(fitted, self.ends)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return functional.cross_entropy(output.flatten(0, 1), target.flatten())

    def training_loss(self, output: Tensor, target: Tensor, k: Any) -> Tensor:
        smoothing = getattr(k, "label_smoothing", 0.0)
        return functional.cross_entropy(output.flatten(0, 1), target.flatten(), label_smoothing=smoothing)

    def tally(self, device: torch.device) -> Metrics:
        return LanguageMetrics(device, self.tokeniser)


class LanguageMetrics(Metrics):
    """Adds the perplexity, the share of characters or tokens that were guessed, and the bits that a character takes, by
    which models compare that cut the text otherwise."""

    def __init__(self, device: torch.device, tokeniser: Tokeniser) -> None:
        super().__init__(device)
        self.right = torch.zeros((), dtype=self.loss.dtype, device=device)
        self.lengths = torch.tensor(tokeniser.count_characters(), device=device)
        self.characters = torch.zeros((), dtype=torch.int64, device=device)
        self.places = 0

    def add(self, x: Tensor, output: Tensor, target: Tensor, loss: Tensor) -> None:
        super().add(x, output, target, loss)
        self.right += (output.argmax(-1) == target).float().mean() * len(target)
        self.characters += self.lengths[target].sum()
        self.places += target.numel()

    def metrics(self) -> dict[str, float]:
        loss = super().metrics()["loss"]
        return {
            "loss": loss,
            "perplexity": float(torch.tensor(loss, dtype=torch.float64).exp()),
            "accuracy": float(self.right) / max(1, self.count),
            "bits_per_character": loss / math.log(2) * self.places / max(1, int(self.characters)),
        }


class Reconstruction(Task):
    """The input again: mean squared error."""

    wanted = "the input again, in its own shape"

    def __init__(self, images: bool) -> None:
        self.images = images

    def size(self, x: Tensor) -> tuple[int, ...]:
        return tuple(x.shape)

    def fitted(self, output: Tensor, x: Tensor) -> Tensor | None:
        if self.images and tuple(output.shape) == (len(x), x[0].numel()):
            return output.reshape(x.shape)
        return super().fitted(output, x)

    def target(self, x: Tensor, y: Tensor) -> Tensor:
        return x

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return functional.mse_loss(output, target)

    def tally(self, device: torch.device) -> Metrics:
        return ReconstructionMetrics(device, self.images)


class ReconstructionMetrics(Metrics):
    """Keeps a few samples to show next to their predictions."""

    def __init__(self, device: torch.device, images: bool) -> None:
        super().__init__(device)
        self.images, self.pairs = images, torch.empty(0)

    def add(self, x: Tensor, output: Tensor, target: Tensor, loss: Tensor) -> None:
        super().add(x, output, target, loss)
        if self.images and not len(self.pairs) and target.shape[1] in (1, 3):
            some = SHOWN // 2
            self.pairs = torch.cat([target[:some], output[:some].float().clamp(0, 1)])

    def show(self, lab: Lab, split: str) -> None:
        if half := len(self.pairs) // 2:
            captions = ["input"] * half + ["output"] * half
            lab.images("reconstruction", self.pairs, captions, low=0.0, high=1.0)


def choose_task(prepared: Preparation, tasks: tuple[str, ...], k: Any, form: Preprocessing) -> Task:
    """What a model that can learn ``tasks`` learns from the data."""
    shape: DataShape = prepared.shape
    learned = find_learned(shape, tasks, getattr(k, "objective", "auto"))
    if learned == "reconstruction":
        return Reconstruction(shape.kind == "image")
    if learned == "labels":
        from descend.engine.train.labels_task import Labels  # which are made of what is here

        return Labels(prepared.targets, getattr(k, "metric", "loss") in AREAS)
    if learned == "regression":
        return Regression(prepared.targets, form)
    if learned == "language":
        return LanguageModelling(prepared.tokeniser)
    every = getattr(k, "metric", "loss") in MORE_OF_CLASSES
    return Classification(prepared.classes, shape.kind == "image", every)
