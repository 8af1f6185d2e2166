"""Every model of the zoo can learn from data of every kind that it takes: it passes the trial before the training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from descend.datasets import catalogue
from descend.engine.launch import experiment
from descend.engine.run.runs import Run
from descend.engine.train import model_form
from descend.engine.train.distributed_worker import FollowerLab
from descend.engine.train.trainer import Trainer

HEAVY = ("resnet50", "efficientnet-b0")
"""Like others of torchvision's, but slow."""
SMALL = ("digits", "shapes-32", "iris", "diabetes", "corpus")
PAIRS = [
    (name, data)
    for name, chosen in model_form.list_models().items()
    if name not in HEAVY
    for data in SMALL
    if not chosen.fits(catalogue.find(data).shape) and (chosen.family != "torchvision" or data == "shapes-32")
]


@pytest.mark.parametrize(("name", "data"), PAIRS)
def test_a_model_can_learn_from_what_it_fits(name: str, data: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    chosen = experiment.find(name)
    assert isinstance(chosen, experiment.Training)
    k: Any = chosen.knobs.parse({"batch_size": 4})
    run = Run(tmp_path)
    lab: Any = FollowerLab(run, k, torch.device("cpu"), 0, catalogue.find(data).load(), None)
    notes: list[str] = []
    lab.note, lab.folder = notes.append, tmp_path
    session = Trainer(lab, k, chosen.model)
    session.prepare()
    assert len(notes) == 1, "nothing is odd about it"
    loss, _ = session._step(session.feed.parts(0), 0.001)
    assert torch.isfinite(loss)
