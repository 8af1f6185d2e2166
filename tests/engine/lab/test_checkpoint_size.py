"""How much room checkpoints take is said before there are any, and is not less than what they take."""

from __future__ import annotations

import re
import shutil
from types import SimpleNamespace
from typing import Any

import pytest
from tests.engine.train.trained import failed, notes, said, trained

from descend.engine.base.units import format_size
from descend.engine.lab import checkpoint_size, lab


@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "adam", "rmsprop"])
@pytest.mark.parametrize("more", [{}, {"ema": 0.9, "validation": 0.1}])
def test_it_is_an_upper_bound_and_a_near_one(
    optimiser: str, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab, "CHECKPOINT", 0.0)
    made: list[int] = []
    estimate = checkpoint_size.estimate_checkpoint
    monkeypatch.setattr(
        "descend.engine.train.trainer.estimate_checkpoint", lambda *of: made.append(estimate(*of)) or made[-1]
    )
    run = trained("mlp", "digits", hidden=300, checkpoints=2, optimiser=optimiser, batch_size=512, **more)
    sizes = [file.stat().st_size for file in run.checkpoints.iterdir()]
    assert max(sizes) <= made[0] < 1.15 * max(sizes) + 30_000
    assert len(sizes) <= 4
    assert f"checkpoints take {format_size(5 * made[0])} at most" in notes(said(run))


def test_the_last_and_the_best_alone_are_kept_if_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "CHECKPOINT", 0.0)
    steps = trained("mlp", "iris", checkpoints=0, epochs=5).checkpoint_steps()
    assert steps[-1] == 10
    assert len(steps) <= 2


def test_too_little_room_is_said_before_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(free: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))

    leave(60_000)
    assert re.search(r"A checkpoint takes \d+ kB and .* but 60 kB are free for .*; make room", failed("mlp", "iris"))
    leave(400_000)
    history = said(trained("mlp", "iris", epochs=50))
    told = re.search(
        r"Warning: The checkpoints may take .*, and 400 kB are free for .*; set checkpoints=(\d+), or make",
        notes(history),
    )
    assert told, notes(history)
    assert "Warning" not in notes(said(trained("mlp", "iris", epochs=50, checkpoints=int(told[1]))))


def test_room_that_cannot_be_measured_is_not_spoken_of(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folder: object) -> None:
        raise OSError

    monkeypatch.setattr(shutil, "disk_usage", broken)
    assert "Warning" not in notes(said(trained("mlp", "iris", epochs=1)))
