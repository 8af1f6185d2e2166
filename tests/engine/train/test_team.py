"""Two processes that train together, over gloo on the CPU."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import psutil
import pytest
from tests.engine.train.trained import said, trained, written
from tests.live import finished, kill, training

from descend.engine import recipe, supervision
from descend.engine.errors import UsageError
from descend.engine.records import Stop
from descend.engine.runs import Run

pytestmark = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two processor cores")


def together(name: str, data: str, seed: int = 0, **knobs: object) -> Run:
    """A run of two processes that has been started."""
    run = supervision.prepare(name, knobs, seed=seed, device="cpu", data=data, several=2)
    process = supervision.launch(run)
    threading.Thread(target=process.wait, daemon=True).start()
    return run


def test_two_processes_learn_what_one_does() -> None:
    knobs = {"epochs": 4, "batch_size": 21, "clip": 0.5, "schedule": "cosine", "weight_decay": 0.01, "patience": 3}
    run = finished(together("mlp", "wine", **knobs), 120)  # the last batch has 2 samples, a share of one for each
    assert run.state() == "done", run.log_tail(30)
    alone = said(trained("mlp", "wine", **knobs))
    for name, value in said(run).metrics.items():
        if not name.startswith("train/") or name == "train/loss":
            assert value == pytest.approx(alone.metrics[name], rel=1e-4), name


def test_a_team_is_killed_resumed_and_stopped() -> None:
    run = training(together("mlp", "moons", epochs=400, batch_size=16))
    writer = run.writer()
    assert writer is not None
    team = psutil.Process(psutil.Process(writer.pid).ppid())
    others = team.children()
    assert len(others) == 2
    kill(run)
    psutil.wait_procs([team, *others], 60)
    assert run.state() == "dead"
    assert not any(process.is_running() for process in others), "nobody is left behind"
    kept = run.checkpoint_steps()[-1]
    supervision.resume(run)
    training(run)
    run.ask(Stop())
    finished(run)
    assert run.state() == "stopped"
    status = said(run).status
    assert status is not None
    assert status.step >= kept


def test_what_is_wrong_with_a_model_is_said_once(tmp_path: Path) -> None:
    file = written(tmp_path, "def Net(): return nn.Linear(5, 3)\n")
    run = finished(together(f"{file}:Net", "iris"), 60)
    failure = said(run).failure
    assert failure is not None
    assert "it takes 5 numbers a sample (in_features), and was given 4" in failure.title


def test_how_many_is_checked_and_kept() -> None:
    manifest = supervision.ask("mlp", {}, device="cpu", data="iris", several=2)
    assert recipe.line(manifest) == "descend run mlp --data iris --device cpu --devices 2"
    for count, sentence in {0: "--devices is a whole number from 1 on", 10**4: "too many for"}.items():
        with pytest.raises(UsageError, match=sentence):
            supervision.ask("mlp", {}, device="cpu", data="iris", several=count)
    with pytest.raises(UsageError, match="A lesson runs on one device"):
        supervision.ask("digits", {}, several=2)
