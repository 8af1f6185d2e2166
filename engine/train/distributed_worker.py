"""What a process of a team other than the first does: it trains with its share, and says nothing."""

from __future__ import annotations

import signal
import sys
from typing import Any

import torch

from descend.datasets.dataset import Dataset
from descend.datasets.preparation import Preparation
from descend.engine.base.errors import DescendError
from descend.engine.base.knobs import KnobSet
from descend.engine.lab import checkpoints
from descend.engine.lab.checkpointables import Tracked
from descend.engine.lab.checkpoints import changed
from descend.engine.launch import devices, experiment
from descend.engine.run.preparation_file import find_address
from descend.engine.run.runs import Run
from descend.engine.train.kept_preparation import settle_preparation


class FollowerLab:
    """Stands for the `Lab` in such a process."""

    def __init__(
        self,
        run: Run,
        knobs: KnobSet,
        device: torch.device,
        seed: int,
        dataset: Dataset,
        resumed: dict[str, Any] | None,
    ) -> None:
        self.device, self.seed, self.dataset = device, seed, dataset
        self.prepared: Preparation | None = None
        self.forked, self._knobs = changed(resumed, run.id, knobs), knobs
        self.step, self.state = 0, dict[str, Any](resumed["state"] if resumed is not None else {})
        self._resumed, self._tracked = resumed, Tracked()

    def track(self, **objects: Any) -> None:
        """Set the objects to what the checkpoint says of them, if there is one.

        From now on SIGTERM is left to the first process, which ends the run in order.
        """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for name, tracked in objects.items():
            self._tracked.add(name, tracked)
        if self._resumed is not None:
            now = {knob: getattr(self._knobs, knob) for knob in self.forked}
            self._tracked.restore(self._resumed["tracked"], self._resumed.get("made"), now)

    def note(self, text: str) -> None:
        """The first process says it."""

    def results(self, **metrics: float) -> None:
        """The first process says it."""


def run_follower(run: Run) -> int:
    """Train as one of several until the first says that it is over. Returns the exit status."""
    from descend.datasets import catalogue as datasets
    from descend.engine.launch.worker import seed_everything

    manifest = run.manifest()
    chosen = experiment.find(manifest.name)
    torch.set_num_threads(max(1, manifest.threads // manifest.devices))
    seed_everything(manifest.seed)
    knobs = chosen.knobs.parse(manifest.knobs)
    dataset, resumed = datasets.find(find_address(run)).load(), checkpoints.find_newest(run)
    lab: Any = FollowerLab(
        run,
        knobs,
        devices.find_device(manifest.device),
        manifest.seed,
        dataset,
        resumed,
    )
    try:
        if isinstance(chosen, experiment.Training):
            lab.dataset, lab.prepared = settle_preparation(
                run, dataset, knobs, chosen.model, resumed is not None, lab.forked
            )
        chosen.run(lab, knobs)
    except DescendError as error:  # which the first process says, if it finds the same
        print(error, file=sys.stderr, flush=True)
        return 1
    return 0
