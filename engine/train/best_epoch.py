"""Which epoch's weights to keep, and when to stop: by what the model does on the samples held back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from torch import nn

from descend.engine.evaluation.names import LOWER
from descend.engine.train.weight_average import swapped

KEPT = ("best", "best_score", "best_epoch", "best_metric")
"""What is kept in the state of a run."""


class BestEpoch:
    """Remembers the epoch that was best, and its weights if they are to be kept.

    Args:
        metric: what decides, such as ``loss``.
        state: where it is remembered, so that checkpoints have it. ``best``: the weights, which whoever predicts with
            the run takes instead of the last ones.
        share: of the training data that is held back; what was best on another share no longer counts, nor what was by
            another metric.
        keep: whether to keep the weights.
    """

    def __init__(self, metric: str, state: dict[str, Any], share: float, keep: bool) -> None:
        self.metric, self.state, self.keep = metric, state, keep
        lost = keep and "best_epoch" in state and "best" not in state  # they were not to be kept at that time
        if lost or state.get("share", share) != share or state.get("best_metric", metric) != metric:
            forget_best(state)
        if not keep:
            state.pop("best", None)
        state["share"] = share

    def judge(self, epoch: int, metrics: Mapping[str, float], net: nn.Module) -> None:
        """Take in what ``net`` did after that many epochs."""
        value = metrics.get(self.metric, math.nan)  # a class that does not occur has no curve to take the area under
        score = value if self.metric in LOWER else -value
        if math.isnan(score) or score >= self.state.get("best_score", math.inf):
            return
        self.state.update(best_score=score, best_epoch=epoch, best_metric=self.metric)
        if self.keep:
            self.state["best"] = {name: value.detach().clone() for name, value in net.state_dict().items()}

    def count_waited(self, epoch: int) -> int:
        """Epochs since the best one."""
        return epoch - int(self.state.get("best_epoch", epoch))

    def restored(self, net: nn.Module) -> AbstractContextManager[None]:
        """Within the block ``net`` has the weights that were best; after it the last ones again, with which a fork that
        trains on begins."""
        return swapped(net, self.state["best"])


def forget_best(state: dict[str, Any]) -> None:
    """Forget what was best so far."""
    for name in KEPT:
        state.pop(name, None)
