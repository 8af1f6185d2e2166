"""Several labels at once, each of which a sample has or not: the loss, the metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from descend.engine.evaluation.decision import EVEN, Threshold, decide_labels
from descend.engine.evaluation.names import name_class_columns
from descend.engine.train import output_activation
from descend.engine.train.score_curves import show_label_curves
from descend.engine.train.task import CURVED, Metrics, Task
from descend.engine.train.value_checks import BALANCED, OFFERS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from descend.datasets.dataset import Dataset
    from descend.engine.lab.lab import Lab

SHOWN = 50
"""Labels in the table, those that are found least first."""


class Labels(Task):
    """Labels: a score for each, whose sigmoid is its probability; the mean binary cross-entropy over all of them."""

    weights: Tensor | None = None
    threshold: Threshold = EVEN
    """From which probability on each label is said."""

    def __init__(self, names: tuple[str, ...], areas: bool = False) -> None:
        self.names, self.areas = names, areas
        self.wanted = f"{len(names)} scores, one for each label"

    def size(self, x: Tensor) -> tuple[int, ...]:
        return len(x), len(self.names)

    def fitted(self, output: Tensor, x: Tensor) -> Tensor | None:
        fitted = super().fitted(output, x)
        return fitted if fitted is None else output_activation.find_log_odds(fitted, self.ends)

    def target(self, x: Tensor, y: Tensor) -> Tensor:
        return y.float()  # as losses of labels take it, a model's own too

    def weigh(self, asked: str, labels: Tensor) -> None:
        """If ``balanced`` is ``asked``, weigh a label where it is there by how much more often it is not in ``labels``
        (n, k) of the training, so that both count as much."""
        if asked != BALANCED:
            return
        there = labels.sum(0, dtype=torch.float32)
        self.weights = (len(labels) - there).clamp(min=1) / there.clamp(min=1)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        return functional.binary_cross_entropy_with_logits(output, target)

    def training_loss(self, output: Tensor, target: Tensor, k: Any) -> Tensor:
        """Binary cross-entropy with label smoothing, which spreads a share of each answer over yes and no, the weights,
        and the focus on what is not yet right: (1 − p)^γ times the loss of an answer that has the probability p (Lin et
        al., Focal Loss for Dense Object Detection, 2017)."""
        smoothing, focal = getattr(k, "label_smoothing", 0.0), getattr(k, "focal", 0.0)
        smooth = target * (1 - smoothing) + smoothing / 2 if smoothing else target
        weights = None if self.weights is None else self.weights.to(output.device)  # as labels may wait elsewhere
        losses = functional.binary_cross_entropy_with_logits(
            output, smooth, pos_weight=weights, reduction="none" if focal else "mean"
        )
        return (losses * (target - output.sigmoid()).abs() ** focal).mean() if focal else losses

    def measures(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        return {"label_accuracy": ((output >= 0) == (target > 0)).float().mean()}

    def tally(self, device: torch.device) -> Metrics:
        return LabelMetrics(device, self.names, self.areas, self.threshold)


class LabelMetrics(Metrics):
    """Keeps all answers, which scikit-learn measures; the ``areas`` under curves if asked."""

    def __init__(self, device: torch.device, names: tuple[str, ...], areas: bool, threshold: Threshold = EVEN) -> None:
        super().__init__(device)
        self.names, self.areas, self.threshold = names, areas, threshold
        self.parts: list[tuple[Tensor, Tensor]] = []
        self.measured: dict[str, float] = {}

    def add(self, x: Tensor, output: Tensor, target: Tensor, loss: Tensor) -> None:
        super().add(x, output, target, loss)
        self.parts.append((output.sigmoid(), target.to(torch.uint8)))

    def metrics(self) -> dict[str, float]:
        if not self.measured:
            from descend.engine.evaluation.label_metrics import measure_labels  # scikit-learn takes long to import

            said, truth = self.gather()
            guessed = decide_labels(said, self.threshold)
            self.measured = super().metrics() | measure_labels(truth, said, guessed, areas=self.areas)
            self.measured = {name: self.measured[name] for name in OFFERS["labels"] if name in self.measured}
        return self.measured

    def show(self, lab: Lab, split: str) -> None:
        from descend.engine.evaluation.label_metrics import measure_each_label

        said, truth = self.gather()
        guessed = decide_labels(said, self.threshold)
        found = measure_each_label(self.names, truth, said, guessed, self.threshold, areas=False)
        found.sort(key=lambda one: one["f1"])
        heads = {"class": "label", "samples": "samples", **name_class_columns(found, labelled=True)}
        heads = {key: head for key, head in heads.items() if key in found[0]}
        rows = [[tell(one[key]) for key in heads] for one in found[:SHOWN]]
        lab.table(f"labels ({split})", list(heads.values()), rows)
        if said.size <= CURVED and lab.due():
            show_label_curves(lab, truth, said, self.names, self.threshold)

    def gather(self) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """The probability of each label, and 1 for each that a sample has, both (n, k)."""
        said, truth = (torch.cat(parts).cpu().numpy() for parts in zip(*self.parts, strict=True))
        return said, truth


def tell(value: Any) -> Any:
    """A cell of the table."""
    return round(value, 4) if isinstance(value, float) else "-" if value is None else value


def describe_blind_labels(dataset: Dataset) -> str:
    """What the share of right answers is worth: that of always saying the commonest one of each label, by the training
    part; nothing where there is no test part."""
    import numpy as np

    if not len(dataset.test_y):
        return ""
    often = 2 * dataset.train_y.sum(0, dtype=int) >= len(dataset.train_y)
    share = 100 * float(np.mean(dataset.test_y == often))
    return (
        f"Always saying the commonest answer of each label is right for {share:.1f} % of the labels of the test part."
    )
