"""Forks of lessons: what the optimiser is given counts, and what changes nothing is said."""

from __future__ import annotations

import pytest
from tests.engine.train.trained import conduct, notes, said

from descend.engine.lab import lab
from descend.engine.launch import launcher
from descend.engine.run.history import History
from descend.engine.run.run_request import RunRequest
from descend.engine.run.runs import Run


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints at every step, of which all are kept, as are all points."""
    monkeypatch.setattr(lab, "CHECKPOINT", 0.0)
    monkeypatch.setattr("descend.engine.lab.checkpoints.choose_kept", lambda steps, best, beside: set(steps))
    monkeypatch.setattr("descend.engine.lab.recorder.POINTS", 10_000)


def run(lesson: str, **knobs: object) -> Run:
    """A run of a lesson, at its end."""
    return conduct(launcher.prepare(RunRequest(lesson, knobs, device="cpu")))


def fork(parent: Run, at: int, **knobs: object) -> History:
    """All that a fork said, which came to its end."""
    history = said(conduct(launcher.fork_run(parent, at, knobs)))
    assert history.status is not None
    assert history.status.state == "done", history.failure
    return history


def test_what_an_optimiser_is_made_with_is_in_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    parent = run("label-noise", steps=5, hidden=4)
    monkeypatch.setattr(lab, "CHECKPOINT", 30.0)
    unchanged = fork(parent, 2)
    assert "changed nothing" not in notes(unchanged)
    for knob in ({"lr": 0.05}, {"decay": 5.0}):
        changed = fork(parent, 2, **knob)
        losses = changed.series["train/loss"].values.tolist()
        assert losses[0] == unchanged.series["train/loss"].values[0], "the weights are those of the checkpoint"
        assert losses[1:5] != unchanged.series["train/loss"].values[1:5].tolist()
        assert "changed nothing" not in notes(changed)


def test_what_changed_nothing_is_said_at_the_end() -> None:
    parent = run("backpropagation", pace=0, steps=20)
    late = fork(parent, parent.checkpoint_steps()[-3], x=2.0)
    step = parent.checkpoint_steps()[-3]
    assert notes(late).endswith(f"From step {step} on every number is that of run {parent.id}: x=2.0 changed nothing.")
    assert "changed nothing" not in notes(fork(parent, 2, x=2.0)), "where the graph's numbers follow from it"
    assert "changed nothing" not in notes(fork(parent, step, lr=0.5))
