"""Early stopping: training ends when data held out no longer improves, with the weights that were best there."""

from __future__ import annotations

from typing import Any

from torch import nn

from descend.engine.lab.checkpointables import match_names


class EarlyStopping:
    """Counts epochs without a smaller loss.

    Args:
        patience: how many of them end the training.
        state: where the best loss and weights are kept, so that checkpoints have them.
        share: of the training data that is held back; what was best on another share no longer counts.
    """

    def __init__(self, patience: int, state: dict[str, Any], share: float) -> None:
        self.patience, self.state = patience, state
        if state.get("share", share) != share:
            for name in ("best_loss", "best_epoch", "best"):
                state.pop(name, None)
        state["share"] = share

    def enough(self, epoch: int, loss: float, net: nn.Module) -> bool:
        """Record an epoch's ``loss``; whether to stop."""
        best = self.state.get("best_loss")
        if best is None or loss < best:
            weights = {name: value.detach().clone() for name, value in net.state_dict().items()}
            self.state.update(best_loss=loss, best_epoch=epoch, best=weights)
            return False
        return bool(epoch - self.state["best_epoch"] >= self.patience)

    def restore(self, net: nn.Module) -> int:
        """Give ``net`` its best weights; returns the number of epochs it had been trained by then."""
        net.load_state_dict(match_names(net, self.state["best"]))
        return int(self.state["best_epoch"])
