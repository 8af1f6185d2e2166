"""The moving average of the weights: what it is, and that it is what is judged, kept and used."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.engine.train.trained import conduct, done, said, trained
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from descend.datasets import catalogue
from descend.engine.lab.checkpoints import find_newest
from descend.engine.launch import launcher
from descend.engine.run.runs import Run
from descend.engine.train.predictor import load_predictor
from descend.engine.train.weight_average import WeightAverage

KNOBS: dict[str, Any] = {"epochs": 6, "hidden": 8, "lr": 0.005, "batch_size": 30, "ema": 0.9}


def kept(run: Run) -> dict[str, Any]:
    """The newest checkpoint of ``run``."""
    checkpoint = find_newest(run)
    assert checkpoint is not None
    return checkpoint


def test_it_is_torchs_own_once_there_were_enough_steps() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    average, theirs = WeightAverage(net, 0.9), AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    optimiser, values = torch.optim.SGD(net.parameters(), 0.1), []
    for step in range(120):
        optimiser.zero_grad()
        net(torch.randn(8, 3)).square().mean().backward()
        optimiser.step()
        average.update()
        if step == 90:  # where (1 + n) / (10 + n) is past 0.9
            theirs.module.load_state_dict(average.state_dict()["weights"])
            theirs.n_averaged.fill_(1)
        elif step > 90:
            theirs.update_parameters(net)
        values.append(net[0].bias[0].item())
    for (name, ours), other in zip(
        average.state_dict()["weights"].items(), theirs.module.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(ours, other, msg=name)
    early = values[0]
    for n, value in enumerate(values[1:], 1):
        decay = min(0.9, (1 + n) / (10 + n))
        early = decay * early + (1 - decay) * value
    assert float(average.state_dict()["weights"]["0.bias"][0]) == pytest.approx(early, rel=1e-5)
    last = [weights.clone() for weights in net.parameters()]
    with average.applied():
        assert torch.equal(net[0].bias, average.state_dict()["weights"]["0.bias"])
    assert all(map(torch.equal, last, net.parameters()))
    average.load_state_dict(average.state_dict())


@pytest.mark.parametrize("held", [0.0, 0.2])
def test_the_average_is_judged_kept_and_predicts_and_the_last_weights_go_on(
    held: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("descend.engine.lab.recorder.POINTS", 10_000)
    run = trained("mlp", "wine", **KNOBS, validation=held)
    plain = said(trained("mlp", "wine", **{**KNOBS, "ema": 0.0}, validation=held))
    history, checkpoint = said(run), kept(run)
    assert history.series["train/loss"].values.tolist() == plain.series["train/loss"].values.tolist()
    assert history.metrics["test/loss"] != plain.metrics["test/loss"]
    if held:
        assert checkpoint["state"]["best_epoch"] == 6, "it still learns"
        for name, value in checkpoint["state"]["best"].items():
            assert torch.equal(value, checkpoint["tracked"]["average"]["weights"][name])
    dataset = catalogue.find("wine").load()
    right = load_predictor(run).predict(dataset.test_x).argmax(1) == dataset.test_y
    assert right.mean() == pytest.approx(history.metrics["test/accuracy"])
    longer = said(conduct(launcher.fork_run(run, 10**6, {"epochs": 7})))
    whole = said(trained("mlp", "wine", **{**KNOBS, "epochs": 7}, validation=held))
    assert longer.metrics == whole.metrics, "as if it had never ended"
    off = conduct(launcher.fork_run(run, 10**6, {"epochs": 7, "ema": 0.0}))
    assert "average" not in kept(off)["tracked"]
    assert said(off).series["train/loss"].values[-1] == whole.series["train/loss"].values[-1]


def test_a_model_with_normalisation_in_half_precision_has_one() -> None:
    history = done("full-cnn", "digits", epochs=1, batch_size=256, precision="bf16", ema=0.9)
    assert history.metrics["test/loss"] > 0
