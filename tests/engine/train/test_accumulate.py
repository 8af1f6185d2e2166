"""Steps that add the gradients of several batches: they are those of one large batch."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch
from tests.engine.train.trained import done, notes, said, trained, written

from descend.engine.lab.checkpoints import find_newest
from descend.engine.run.runs import Run
from descend.engine.train import precision


def weights(run: Run) -> dict[str, torch.Tensor]:
    """The last weights of ``run``."""
    checkpoint = find_newest(run)
    assert checkpoint is not None
    found: dict[str, torch.Tensor] = checkpoint["tracked"]["net"]
    return found


@pytest.mark.parametrize(
    ("data", "more"),
    [
        ("iris", {"optimiser": "momentum", "clip": 0.3, "schedule": "one-cycle", "lr": 0.1}),
        ("iris", {"class_weights": "balanced", "focal": 1.0, "validation": 0.1, "placement": "host"}),
        ("diabetes", {"huber": 0.5, "weight_decay": 0.01}),
        ("iris", {"precision": "fp16", "clip": 0.3}),
    ],
)
def test_several_batches_are_as_one(data: str, more: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("descend.engine.lab.recorder.POINTS", 10_000)
    monkeypatch.setattr(precision, "HALVES", ("cpu",))
    monkeypatch.setattr(torch.amp, "GradScaler", partial(torch.amp.GradScaler, init_scale=2.0**10))
    knobs = {"epochs": 3, "hidden": 8, "optimiser": "sgd", "lr": 0.01, **more}
    whole, parts = (
        trained("mlp", data, batch_size=35, **knobs),
        trained("mlp", data, batch_size=7, accumulate=5, **knobs),
    )
    one, other = said(whole), said(parts)
    near = 2e-2 if more.get("precision") else 1e-4
    assert one.series["lr"].values.tolist() == other.series["lr"].values.tolist(), "as many steps, the same schedule"
    for name in ("train/loss", "test/loss" if "validation" not in more else "validation/loss"):
        assert other.series[name].values == pytest.approx(one.series[name].values, rel=near), name
    if near < 1e-2:
        for name, expected in weights(whole).items():
            torch.testing.assert_close(weights(parts)[name], expected, rtol=1e-3, atol=1e-5)


def test_more_batches_than_there_are_and_normalised_ones_are_said() -> None:
    history = done("full-cnn", "digits", batch_size=512, accumulate=9, epochs=2)
    assert "An epoch has only 3 batches, so a step adds no more than that." in notes(history)
    assert history.status is not None
    assert history.status.step == 2
    assert history.progress is not None
    assert history.progress.epochs == 2


def test_a_layer_that_normalises_sees_a_batch_and_never_a_single_sample(tmp_path: Path) -> None:
    code = "def Net(): return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))"
    model = f"{written(tmp_path, code)}:Net"
    history = done(model, "iris", batch_size=17, accumulate=4, epochs=1)  # 120 = 7 · 17 + 1
    assert "Layers that normalise batches see each batch by itself, not all that a step adds." in notes(history)
    assert history.status is not None
    assert history.status.step == 2
