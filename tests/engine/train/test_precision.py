"""Mixed precision, memory order, compilation and streaming, where the CPU can show them."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from tests.engine.launch.test_resume import final_state, same
from tests.engine.train.trained import conduct, done, failed, notes, said, trained
from torch.utils.data import DataLoader

from descend.datasets.preparation import prepare_dataset
from descend.engine.lab import checkpoints
from descend.engine.lab.lab import Lab
from descend.engine.launch import launcher
from descend.engine.run.records import Layers
from descend.engine.run.run_request import RunRequest
from descend.engine.run.runs import Run
from descend.engine.train import loader as batches
from descend.engine.train import precision


@pytest.fixture
def halves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The CPU computes with fp16, which it can for some layers, from a scale that is far too large at first."""
    monkeypatch.setattr(precision, "HALVES", ("cpu",))
    monkeypatch.setattr(torch.amp, "GradScaler", partial(torch.amp.GradScaler, init_scale=2.0**36))


def interrupted(name: str, data: str, monkeypatch: pytest.MonkeyPatch, **knobs: object) -> Run:
    """A run that was stopped after five steps and resumed."""
    run = launcher.prepare(RunRequest(name, {"epochs": 2, **knobs}, device="cpu", data=data))
    due = Lab._keep_when_due

    def stopping(lab: Lab, index: int) -> None:
        due(lab, index)
        if index == 5:
            lab.stop()
            lab._controls.obey()

    with monkeypatch.context() as patch:
        patch.setattr(Lab, "_keep_when_due", stopping)
        conduct(run)
    assert run.state() == "stopped"
    assert run.checkpoint_steps()[-1] == 5
    torch.compiler.reset()
    return conduct(run)


@pytest.mark.parametrize(
    ("name", "data", "knobs"),
    [
        ("mlp", "wine", {"precision": "bf16"}),
        ("mlp", "wine", {"precision": "fp16", "clip": 0.5, "epochs": 9}),
        ("mlp", "wine", {"precision": "fp16", "optimiser": "momentum", "epochs": 9}),
        ("mlp", "wine", {"compile": True}),
        ("simple-cnn", "digits", {"channels_last": "yes", "augment": "both", "batch_size": 200, "epochs": 1}),
        ("mlp", "wine", {"placement": "host"}),
        ("mlp", "wine", {"accumulate": 2, "epochs": 4, "ema": 0.9}),
        ("mlp", "wine", {"freeze": "1", "optimiser": "momentum"}),
    ],
)
@pytest.mark.usefixtures("halves")
def test_resumed_it_ends_in_the_same_bits(
    name: str, data: str, knobs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    dropout = {"dropout": 0.3} if name == "mlp" else {}
    knobs = {"batch_size": 30, "lr": 0.01, "validation": 0.1, **dropout, **knobs}
    whole, other = trained(name, data, **knobs), interrupted(name, data, monkeypatch, **knobs)
    assert said(whole).status.state == "done", said(whole).failure  # type: ignore[union-attr]
    assert same(final_state(other), final_state(whole))
    assert said(other).metrics == said(whole).metrics
    assert "compile failed" not in notes(said(whole))
    content = checkpoints.find_newest(whole)
    assert content is not None
    assert ("scaler" in content["tracked"]) == (knobs.get("precision") == "fp16")
    assert not [key for key in content["tracked"]["net"] if "_orig_mod" in key]


@pytest.mark.usefixtures("halves")
def test_fp16_leaves_out_steps_until_its_scale_fits_and_then_learns() -> None:
    history = done("mlp", "wine", precision="fp16", epochs=30, lr=0.01)
    assert history.metrics["test/accuracy"] > 0.85
    losses = history.series["test/loss"].values
    assert losses[0] == losses[1], "no step was taken while the scale was too large"
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("clip", [0.0, 0.01])
@pytest.mark.usefixtures("halves")
def test_gradients_are_clipped_and_shown_without_the_scale(clip: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.amp, "GradScaler", partial(torch.amp.GradScaler, init_scale=2.0**8))
    shown = []
    for kind in ("fp32", "fp16"):
        picture = done("mlp", "wine", precision=kind, epochs=1, clip=clip).pictures["layers"][0]
        assert isinstance(picture, Layers)
        shown.append(picture.gradient.numpy())
    assert shown[1] == pytest.approx(shown[0], rel=0.05)
    if clip:
        assert (shown[1] ** 2).sum() ** 0.5 == pytest.approx(clip, rel=0.01)


def test_a_fork_may_change_the_memory_order() -> None:
    parent = trained("simple-cnn", "shapes-32", epochs=1, channels_last="no", batch_size=250, filters=8, lr=0.003)
    ends = [
        said(conduct(launcher.fork_run(parent, 10**6, {"epochs": 2, "channels_last": order})))
        for order in ("no", "yes")
    ]
    one, other = (end.series["train/loss"].values for end in ends)
    assert other == pytest.approx(one, abs=1e-4)


def test_what_does_not_fit_streams_through_other_processes_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def loader(*given: Any, **settings: Any) -> DataLoader[Any]:
        asked.append((settings["num_workers"], settings["pin_memory"]))
        return DataLoader(*given, **{**settings, "num_workers": 2})

    monkeypatch.setattr(batches, "DataLoader", loader)
    here = done("mlp", "wine", batch_size=50, dropout=0.2)
    assert not asked
    monkeypatch.setattr(batches, "has_room", lambda *_: False)
    elsewhere = done("mlp", "wine", batch_size=50, dropout=0.2)
    assert "too large for cpu, so it waits in main memory" in notes(elsewhere)
    assert asked == [(0, False)] * 2, "once an epoch; a GPU asks for processes and pinned memory"
    assert elsewhere.metrics == here.metrics


def test_a_gpu_asks_for_processes_and_pinned_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    from descend.datasets import catalogue

    asked: dict[str, Any] = {}
    monkeypatch.setattr(batches, "DataLoader", lambda *_, **settings: asked.update(settings) or [])
    dataset = catalogue.find("digits").load()
    form = batches.Preprocessing(prepare_dataset(dataset), torch.device("cpu"), channels_last=False, augment="none")
    split, _, _ = batches.make_splits(dataset, form, context=0, validation=0.0, resident=False, seed=0)
    form.device = torch.device("cuda", 0)
    batches.Loader(split, 100, 0)._fetching(0)
    assert asked["num_workers"] > 0
    assert asked["pin_memory"]


def test_fp16_needs_a_gpu() -> None:
    assert "fp16 needs an NVIDIA GPU" in failed("mlp", "wine", precision="fp16")
