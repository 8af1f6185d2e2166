"""Parameters that do not train, chosen by the beginnings of their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tests.engine.train.trained import conduct, failed, notes, said, trained, written
from torch import nn
from torchvision.models import mobilenet_v2

from descend.engine.lab.checkpoints import load_checkpoint
from descend.engine.launch import launcher
from descend.engine.run.runs import Run
from descend.engine.train.frozen import FrozenPart
from descend.engine.train.settings import SettingError

CODE = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU())
        self.features2 = nn.Linear(8, 8)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.features2(self.features(x)))
"""


def weights(run: Run, step: int) -> dict[str, torch.Tensor]:
    """The weights of ``run`` at a checkpoint."""
    found: dict[str, torch.Tensor] = load_checkpoint(run.checkpoint(step))["tracked"]["net"]
    return found


@pytest.mark.parametrize("optimiser", ["momentum", "adamw"])
def test_what_is_frozen_stays_to_the_bit_and_a_fork_trains_it(optimiser: str, tmp_path: Path) -> None:
    model = f"{written(tmp_path, CODE)}:Net"
    knobs: dict[str, Any] = {"optimiser": optimiser, "lr": 0.01, "weight_decay": 0.1, "batch_size": 20}
    run = trained(model, "iris", freeze="features, head.bias", **knobs)
    assert "96 of 155 parameters train, 1 layer of normalisation keeps the statistics, 120 training" in notes(said(run))
    end = run.checkpoint_steps()[-1]
    begun, ended = weights(run, 0), weights(run, end)
    same = {name for name, value in begun.items() if torch.equal(value, ended[name])}
    assert same == {name for name in begun if name.startswith("features.") or name == "head.bias"}
    child = conduct(launcher.fork_run(run, end, {"freeze": "", "epochs": 3}))
    assert said(child).status.state == "done", said(child).failure  # type: ignore[union-attr]
    after = weights(child, child.checkpoint_steps()[-1])
    assert not [name for name, value in ended.items() if torch.equal(value, after[name])]
    back = conduct(launcher.fork_run(child, 10**6, {"freeze": "features2", "epochs": 4}))
    final = weights(back, back.checkpoint_steps()[-1])
    assert {name for name in after if torch.equal(after[name], final[name])} == {"features2.weight", "features2.bias"}


def test_wrong_names_and_nothing_left_are_sentences() -> None:
    net = nn.ModuleDict({"features": nn.Sequential(*(nn.Linear(1, 1) for _ in range(15))), "head": nn.Linear(1, 1)})
    for wanted, sentence in {
        "feature": "No parameter is called 'feature'; there are features and head.",
        "features.15": "No parameter is called 'features.15'; there are features.0, features.1, "
        "features.2, features.3, features.4, features.5, features.6, features.7, features.8, features.9, features.10, "
        "features.11 and 3 more.",
        "head.weights": "No parameter is called 'head.weights'; there are head.weight and head",
        "features,head": "freeze=features,head leaves nothing to train; there are features and head.",
    }.items():
        with pytest.raises(SettingError) as told:
            FrozenPart(net, wanted)
        assert str(told.value).startswith(sentence)
        net.requires_grad_(True)
    assert failed("simple-cnn", "digits", freeze="conv.wait") == (
        "No parameter is called 'conv.wait'; there are conv.weight and conv.bias."
    )


def test_names_that_are_numbers_are_not_read_as_counts() -> None:
    with pytest.raises(SettingError, match="there are '0' and '2'"):
        FrozenPart(nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1)), "dens")


def test_all_normalisation_below_a_prefix_stays() -> None:
    net = mobilenet_v2(num_classes=10)
    said_of = FrozenPart(net, "features").describe(net)
    assert said_of == "12,810 of 2,236,682 parameters train, 52 layers of normalisation keep the statistics"
