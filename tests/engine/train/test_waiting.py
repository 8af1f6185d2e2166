"""Nothing in the loop waits for a GPU at each step.

The loop runs on torch's device *meta*, whose tensors have shapes and no numbers: whatever asks for a number raises.
What is copied between there and main memory, which waits too, is counted. Evaluation, checkpoints and the recorder's
thread may wait, and are left out.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tests.engine.train.trained import said, trained, written
from torch.utils._python_dispatch import TorchDispatchMode

from descend.engine.lab import lab, recorder
from descend.engine.launch import devices
from descend.engine.launch.experiment import Training, find
from descend.engine.train import sanity_check, trainer, trial_samples
from descend.engine.train.model_form import list_models

META = torch.device("meta")
COPIES = ("aten::_to_copy", "aten::copy_", "aten::_local_scalar_dense", "aten::equal")


class Watch(TorchDispatchMode):
    """Notes what is copied between two devices."""

    def __init__(self) -> None:
        super().__init__()
        self.copied: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        outcome = func(*args, **(kwargs or {}))
        tensors = [value for value in (*args, outcome) if isinstance(value, torch.Tensor)]
        name = func._schema.name
        if name in COPIES and {tensor.device.type for tensor in tensors} not in ({"cpu"}, {"meta"}):
            self.copied.append(f"{name} {[tuple(tensor.shape) for tensor in tensors]}")
        return outcome


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Watches the steps of runs, which are on the device *meta*."""
    watch, lead, put = Watch(), trainer.Trainer._lead, recorder.Recorder.put

    def watched(training: trainer.Trainer) -> None:
        with watch:
            lead(training)

    def unread(thread: recorder.Recorder, record: Any) -> None:
        if not callable(record):
            put(thread, record)

    monkeypatch.setattr(devices, "find_device", lambda name: META)
    monkeypatch.setattr(trainer.Trainer, "_lead", watched)
    monkeypatch.setattr(trainer.Trainer, "_look", lambda training: SimpleNamespace(metrics=dict, show=lambda *_: 0))
    monkeypatch.setattr(
        trainer.Trainer, "_evaluated", lambda training, split: SimpleNamespace(metrics=dict, show=lambda *_: 0)
    )
    monkeypatch.setattr(trial_samples, "choose_two", lambda split: split.first(2))
    monkeypatch.setattr(sanity_check, "check_model", lambda *_: [])
    monkeypatch.setattr(sanity_check, "needs_two_samples", lambda *_: True)
    monkeypatch.setattr(trainer, "adapt_forward", lambda *_: [])
    monkeypatch.setattr(lab.Lab, "_keep", lambda *_: None)
    monkeypatch.setattr(recorder.Recorder, "put", unread)
    monkeypatch.setattr(recorder, "fetch_numbers", lambda column: torch.zeros(len(column)).double().numpy())
    return watch


EPOCHS = 2
SHORT: dict[str, Any] = {"epochs": EPOCHS, "clip": 1.0, "batch_size": 5000}
DEEP = ("resnet50", "mobilenet-v2", "efficientnet-b0", "lstm", "gru")
"""Of layers that others have too, so many that watching takes seconds."""


def data_of(name: str) -> str:
    chosen = find(name)
    assert isinstance(chosen, Training)
    return next(data for data in chosen.data if data in ("wine", "digits", "corpus", "shapes-28"))


@pytest.mark.parametrize("name", [name for name in list_models() if name not in DEEP])
def test_no_step_of_a_model_waits(name: str, watch: Watch) -> None:
    data = data_of(name)
    settings: dict[str, Any] = {"corpus": {"context": 8}, "wine": {}}.get(
        data, {"augment": "both", "channels_last": "yes"}
    )
    history = said(trained(name, data, **SHORT, **settings))
    assert history.status is not None
    assert history.status.state == "done", history.failure
    assert history.status.step >= EPOCHS
    assert len(watch.copied) == EPOCHS, f"more than each epoch's order: {watch.copied}"


@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "adamw", "rmsprop"])
def test_no_optimiser_waits(optimiser: str, watch: Watch) -> None:
    history = said(trained("mlp", "wine", **{**SHORT, "batch_size": 30}, optimiser=optimiser))
    assert history.status is not None
    assert history.status.state == "done", history.failure
    assert len(watch.copied) == EPOCHS


def test_several_batches_a_step_and_an_average_do_not_wait(watch: Watch) -> None:
    history = said(trained("mlp", "wine", **{**SHORT, "batch_size": 30}, accumulate=2, ema=0.9, freeze="1"))
    assert history.status is not None
    assert history.status.state == "done", history.failure
    assert len(watch.copied) == EPOCHS


WAITING = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(13, 3)
    def forward(self, x):
        return self.l(x) * {factor}
"""


def test_what_waits_is_noticed(tmp_path: Path, watch: Watch) -> None:
    file = written(tmp_path, WAITING.format(factor="x.max().item()"))
    failure = said(trained(f"{file}:Net", "wine", **SHORT)).failure
    assert failure is not None
    assert "item" in failure.title
    watch.copied.clear()
    copying = written(tmp_path, WAITING.format(factor="torch.ones(3).to(x.device)"), "copying.py")
    assert said(trained(f"{copying}:Net", "wine", **SHORT)).failure is None
    assert len(watch.copied) == 2 * EPOCHS
