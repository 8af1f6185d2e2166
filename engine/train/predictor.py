"""A finished training, ready to predict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.evaluation.decision import EVEN, Threshold
from descend.engine.lab.checkpoints import find_newest
from descend.engine.launch import experiment
from descend.engine.run.kept_model import describe_no_checkpoint, require_model
from descend.engine.run.preparation_file import read_preparation
from descend.engine.train.evaluation import compute_output
from descend.engine.train.labels_task import Labels
from descend.engine.train.loader import CHUNK, Preprocessing, make_tensor
from descend.engine.train.task import Classification, Regression, Task, choose_task
from descend.engine.train.trainer import build_net
from descend.engine.train.value_checks import list_tasks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from descend.datasets.preparation import Preparation
    from descend.engine.run.runs import Run


class Predictor:
    """A network with the weights that a run kept, and the preparation of the data it learned from.

    Attributes:
        prepared: how its data was prepared.
        threshold: of two classes, the probability of the second from which on it is said; of labels that of each, or
            one for all.
    """

    def __init__(self, net: nn.Module, prepared: Preparation, form: Preprocessing, objective: Task) -> None:
        self.net, self.prepared = net.eval(), prepared
        self._form, self._objective = form, objective
        self.threshold = objective.threshold if isinstance(objective, (Classification, Labels)) else EVEN

    @torch.no_grad()
    def predict(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """What the network makes of samples as a `Dataset` stores them, (n, …): the probability of each class,
        (n, classes), or of each label, (n, labels), or the numbers to predict in their own units, (n, targets)."""
        parts = []
        for chunk in make_tensor(x).split(CHUNK):
            output = compute_output(self.net, self._objective, self._form.inputs(chunk))
            if output is None:
                raise DescendError(
                    f"The model's output changes its shape with {len(chunk)} samples; it cannot predict."
                )
            output = output.float()
            if self.prepared.task == "classification":
                parts.append(output.double().softmax(1))
            elif self.prepared.task == "labels":
                parts.append(output.double().sigmoid())
            else:
                parts.append(self._form.untargeted(output).reshape(len(chunk), -1))
        return torch.cat(parts).numpy()


class Restored(NamedTuple):
    """What a training left.

    Attributes:
        net: the network with the weights that the run kept, in evaluation mode, on the CPU.
        prepared: how its data was prepared.
        form: how samples as a `Dataset` stores them become what it takes.
        objective: what it learned; knows which part of the output counts.
    """

    net: nn.Module
    prepared: Preparation
    form: Preprocessing
    objective: Task


def restore_training(run: Run) -> Restored:
    """The network of a training, of any task.

    Raises:
        UsageError: the run is a lesson's.
        DescendError: it has no checkpoint, its preparation is missing, or its model can no longer be built.
    """
    manifest = run.manifest()
    chosen = experiment.find_again(run.id, manifest)
    if not isinstance(chosen, experiment.Training):
        raise UsageError(f"Run '{run.id}' is a lesson's; only a training has a model, see `descend run --help`.")
    require_model(run)
    prepared = read_preparation(run)
    knobs = chosen.knobs.parse(manifest.knobs)
    form = Preprocessing(prepared, torch.device("cpu"))
    objective = choose_task(prepared, list_tasks(chosen.model), knobs, form)
    checkpoint = load_weights(run)
    net, _ = build_net(chosen.model, knobs, prepared)
    restore_weights(net, find_kept_weights(checkpoint))
    output = checkpoint["state"].get("output", {})
    objective.part, objective.ends = output.get("part"), output.get("ends", "")
    if isinstance(objective, (Classification, Labels)):
        objective.threshold = read_threshold(checkpoint)
    return Restored(net.eval(), prepared, form, objective)


def load_weights(run: Run) -> dict[str, Any]:
    """The newest checkpoint of a run.

    Raises:
        DescendError: there is none, or the newest cannot be read: an older one is of a model that learned less.
    """
    if (checkpoint := find_newest(run)) is None:
        raise describe_no_checkpoint(run)
    if (newest := max(run.checkpoint_steps(), default=0)) > checkpoint["step"]:
        raise DescendError(
            f"The newest checkpoint of run '{run.id}' ({run.checkpoint(newest).name}) cannot be read; restore it, or "
            f"delete it to use what the model knew after step {checkpoint['step']:,}."
        )
    return checkpoint


def find_kept_weights(checkpoint: dict[str, Any]) -> dict[str, Tensor]:
    """The weights of the epoch that was best on the samples held back; if none was looked for, the moving average, or
    the last ones."""
    state, tracked = checkpoint["state"], checkpoint["tracked"]
    kept: dict[str, Tensor] = state.get("best") or tracked.get("average", {}).get("weights") or tracked["net"]
    return kept


def read_threshold(checkpoint: dict[str, Any]) -> Threshold:
    """Of two classes, the probability of the second from which on it is said; of labels that of each."""
    found: Threshold = checkpoint["state"].get("threshold", EVEN)
    return found


def load_predictor(run: Run) -> Predictor:
    """The predictor of a training with classes, labels or numbers to predict; on the CPU.

    Raises:
        UsageError: the run is a lesson's, or learned something else.
        DescendError: it has no checkpoint, its preparation is missing, or its model can no longer be built.
    """
    return make_predictor(run, restore_training(run))


def make_predictor(run: Run, restored: Restored) -> Predictor:
    """The predictor of what ``run`` left; raises as `load_predictor`."""
    if not isinstance(restored.objective, (Classification, Labels, Regression)):
        raise UsageError(f"Run '{run.id}' learned to continue or repeat its data, which predicts no class or number.")
    return Predictor(*restored)


def restore_weights(net: nn.Module, state: dict[str, Tensor]) -> None:
    """Give ``net`` the weights of a checkpoint, in its precision.

    Raises:
        DescendError: they are those of another network.
    """
    for name, tensor in (*net.named_parameters(), *net.named_buffers()):
        if name in state and tensor.dtype != state[name].dtype:
            tensor.data = tensor.data.to(state[name].dtype)
    try:
        net.load_state_dict(state)
    except RuntimeError:
        raise DescendError("The model is no longer the one that was trained: its weights do not fit.") from None
