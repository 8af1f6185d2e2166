"""Forks: every knob that a fork changes is in effect from its checkpoint on, or refused in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.engine.train.trained import conduct, notes, said, trained, written

from descend.engine.base.errors import UsageError
from descend.engine.lab import lab
from descend.engine.lab.checkpoints import load_checkpoint
from descend.engine.launch import launcher
from descend.engine.run.history import History
from descend.engine.run.run_request import RunRequest
from descend.engine.run.runs import Run
from descend.engine.train import trainer
from descend.engine.train.schedules import compute_factor
from descend.engine.train.settings import TrainKnobs

BASE: dict[str, object] = {"epochs": 4, "batch_size": 256, "optimiser": "momentum", "lr": 0.02}
"""Settings of the runs that are forked, at step 10 of their 24."""
AT = 10
OWN = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.kinds, self.again = nn.Linear(4, 3), nn.Linear(4, 4)

    def forward(self, x):
        return self.kinds(x), self.again(x)
"""
"""A model of flowers, which tells their kind and their four numbers."""


@dataclass
class Fork:
    """A run that was forked: its session, and all it said."""

    k: Any
    training: trainer.Trainer
    said: History
    begin: Path

    @property
    def losses(self) -> list[float]:
        """The losses of its training steps."""
        return self.said.series["train/loss"].values.tolist()

    @property
    def last_step(self) -> int:
        assert self.said.status is not None
        return self.said.status.step


@dataclass
class Change:
    """A knob that a fork changes: to which value, of which run, and how its effect shows.

    Attributes:
        shows: what proves it, given the fork and one without any change; by default that the losses are others.
    """

    value: object
    name: str = "simple_cnn"
    data: str = "digits"
    beside: dict[str, object] = field(default_factory=dict)
    shows: Callable[[Fork, Fork], object] = lambda fork, twin: (
        fork.losses[0] != twin.losses[0] or (fork.losses[1:] != twin.losses[1:])
    )


def rates(fork: Fork) -> list[float]:
    return fork.said.series["lr"].values.tolist()


def group(fork: Fork) -> dict[str, Any]:
    return fork.training.optimiser.param_groups[0]


CHANGES = {
    "epochs": Change(5, shows=lambda fork, twin: (fork.last_step, twin.last_step) == (30, 24)),
    "batch_size": Change(64, shows=lambda fork, twin: len(fork.training.feed.batch(0)[0]) == 64),
    "accumulate": Change(2, shows=lambda fork, twin: (fork.last_step, twin.last_step) == (AT + 7, 24)),
    "optimiser": Change("adam", shows=lambda fork, twin: type(fork.training.optimiser) is torch.optim.Adam),
    "lr": Change(0.005, shows=lambda fork, twin: set(rates(fork)) == {0.005} and group(fork)["lr"] == 0.005),
    "momentum": Change(0.3, shows=lambda fork, twin: group(fork)["momentum"] == 0.3 != group(twin)["momentum"]),
    "schedule": Change(
        "cosine",
        shows=lambda fork, twin: rates(fork) == [0.02 * compute_factor("cosine", step, 24) for step in range(AT, 24)],
    ),
    "warmup": Change(
        0.9,
        shows=lambda fork, twin: (
            rates(fork) == [0.02 * compute_factor("constant", step, 24, 0.9) for step in range(AT, 24)]
        ),
    ),
    "weight_decay": Change(0.5),
    "label_smoothing": Change(0.3),
    "class_weights": Change("balanced", "mlp", "breast_cancer", {"batch_size": 64}),
    "focal": Change(2.0),
    "huber": Change(0.5, "mlp", "diabetes", {"batch_size": 64}),
    "clip": Change(0.01),
    "patience": Change(
        1, beside={"validation": 0.1, "lr": 1.0}, shows=lambda fork, twin: "Stopped after" in notes(fork.said)
    ),
    "metric": Change(
        "macro_f1",
        beside={"validation": 0.1},
        shows=lambda fork, twin: (
            "validation/macro_f1" in fork.said.series and "validation/macro_f1" not in twin.said.series
        ),
    ),
    "keep": Change(
        "last",
        beside={"validation": 0.1},
        shows=lambda fork, twin: "best" in twin.training.lab.state and "best" not in fork.training.lab.state,
    ),
    "threshold": Change(
        "f1",
        "mlp",
        "breast_cancer",
        {"batch_size": 64, "validation": 0.2},
        shows=lambda fork, twin: "threshold" in fork.training.lab.state and "threshold" not in twin.training.lab.state,
    ),
    "fold": Change(
        2,
        beside={"validation": 0.2},
        shows=lambda fork, twin: not torch.equal(fork.training.held.places, twin.training.held.places),
    ),
    "find_lr": Change(
        True,
        shows=lambda fork, twin: (
            "curve/loss by learning rate" in fork.said.pictures
            and torch.equal(fork.training.net.conv.weight, load_checkpoint(fork.begin)["tracked"]["net"]["conv.weight"])
        ),
    ),
    "validation": Change(
        0.4,
        beside={"validation": 0.1},
        shows=lambda fork, twin: (len(fork.training.held or ()), len(twin.training.held or ())) == (575, 144),
    ),
    "freeze": Change("conv", shows=lambda fork, twin: not fork.training.net.conv.weight.requires_grad),
    "ema": Change(
        0.5,
        shows=lambda fork, twin: (
            fork.losses == twin.losses and fork.said.metrics["test/loss"] != twin.said.metrics["test/loss"]
        ),
    ),
    "augment": Change("shift"),
    "normalise": Change("dataset"),
    "context": Change(8, "rnn", "text", {"context": 16, "hidden": 4, "batch_size": 16}),
    "checkpoints": Change(3, shows=lambda fork, twin: fork.training.lab._keeper.beside == 3),
    "precision": Change("bf16"),
    "compile": Change(True, shows=lambda fork, twin: isinstance(fork.training.run, Compiled)),
    "channels_last": Change(
        "yes",
        shows=lambda fork, twin: (
            fork.training.feed.batch(0)[0].is_contiguous(memory_format=torch.channels_last)
            and next(fork.training.net.parameters()).is_contiguous(memory_format=torch.channels_last)
        ),
    ),
    "placement": Change("host", shows=lambda fork, twin: not fork.training.train_set.resident),
    "objective": Change(
        "reconstruction",
        "own",
        "iris",
        {"batch_size": 20},
        shows=lambda fork, twin: "test/accuracy" in twin.said.series and "test/accuracy" not in fork.said.series,
    ),
}


class Compiled(torch.nn.Module):
    """Stands for a compiled model, which takes a minute to make."""

    def __init__(self, net: torch.nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints at every step, of which all are kept, as are all points."""
    monkeypatch.setattr("descend.engine.lab.recorder.POINTS", 10_000)
    monkeypatch.setattr(lab, "CHECKPOINT", 0.0)
    monkeypatch.setattr("descend.engine.lab.checkpoints.choose_kept", lambda steps, best, beside: set(steps))


def parent(change: Change, folder: Path) -> Run:
    """The run to fork."""
    name, data = change.name, change.data
    if name == "own":
        name = f"{written(folder, OWN)}:Net"
    if data == "text":
        data = str(folder / "text.txt")
        Path(data).write_text("to be or not to be, that is the question. " * 120)
    return trained(name, data, **{**BASE, **({"filters": 2} if name == "simple_cnn" else {}), **change.beside})


def forked(run: Run, sessions: list[trainer.Trainer], **knobs: object) -> Fork:
    """A fork of ``run`` that has to come to its end."""
    child = conduct(launcher.fork_run(run, AT, knobs))
    history = said(child)
    assert history.status is not None
    assert history.status.state == "done", history.failure
    return Fork(sessions[-1].k, sessions[-1], history, child.checkpoint(AT))


def test_no_knob_is_forgotten() -> None:
    assert CHANGES.keys() == TrainKnobs.specs.keys()


@pytest.mark.parametrize("name", TrainKnobs.specs)
def test_a_changed_knob_is_in_effect(
    name: str, sessions: list[trainer.Trainer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "compile_model", lambda session: Compiled(session.net))
    change = CHANGES[name]
    run = parent(change, tmp_path)
    twin, fork = forked(run, sessions), forked(run, sessions, **{name: change.value})
    whole = said(run).series["train/loss"]
    np.testing.assert_array_equal(twin.losses, whole.values[whole.steps >= AT], "it is the run itself, bit for bit")
    assert getattr(fork.k, name) == change.value
    assert change.shows(fork, twin)
    assert [(turn.knob, turn.value, turn.step) for turn in fork.said.changes] == [(name, change.value, AT)]


def refused(run: Run, at: int = AT, **knobs: object) -> str:
    """The sentence with which a fork is refused, before it is made or by its worker."""
    try:
        child = launcher.fork_run(run, at, knobs)
    except UsageError as error:
        return str(error)
    history = said(conduct(child))
    assert history.failure is not None, "it did as it was asked"
    return history.failure.title


@pytest.fixture
def mlp() -> Run:
    return trained("mlp", "digits", **BASE, hidden=8)


def test_what_changes_nothing_is_refused(mlp: Run) -> None:
    sentences = {
        "patience is for validation, and here that is 0.0": {"patience": 3},
        "momentum is for optimiser=momentum, and here that is adam": {"optimiser": "adam", "momentum": 0.5},
        "channels_last=yes changes nothing: it is for convolutions": {"channels_last": "yes"},
        "warmup=0.2 changes nothing from step 10 on": {"warmup": 0.2},
        "are 12 steps, and 18 are taken; fork from an earlier step": {"epochs": 2, "at": 18},
        "was over at step 24, so nothing is left to train with the changes": {"lr": 0.1, "at": 24},
        "does not fit 'net' with hidden=9, as 1.weight has 8 × 64 numbers there and 9 × 64 numbers here": {"hidden": 9},
    }
    for sentence, knobs in sentences.items():
        assert sentence in refused(mlp, **knobs)
    table = trained("mlp", "diabetes", **BASE)
    for sentence, knobs in {
        "augment is for images; here is": {"augment": "flip"},
        "label_smoothing is for classes": {"label_smoothing": 0.1},
    }.items():
        assert sentence in refused(table, **knobs)


def test_how_weights_begin_is_of_no_use_to_a_fork(tmp_path: Path) -> None:
    lstm = trained("lstm", "digits", **BASE, hidden=4)
    assert refused(lstm, forget_bias=2.0).startswith(
        "forget_bias only says how weights begin, and a fork takes them from its checkpoint, so forget_bias=2.0 changes"
    )
    code = """
class Net(nn.Module):
    def __init__(self, std=0.1, slope=0.1, fast=True):
        super().__init__()
        self.scores, self.slope = nn.Linear(4, 3), slope
        nn.init.normal_(self.scores.weight, std=std)

    def forward(self, x):
        return F.leaky_relu(self.scores(x), self.slope)
"""
    own = trained(f"{written(tmp_path, code)}:Net", "iris", **{**BASE, "batch_size": 20})
    assert "std only says how weights begin" in refused(own, std=0.5)
    faster = said(conduct(launcher.fork_run(own, AT, {"fast": False})))
    assert "With fast=False the model computes the same as before." in notes(faster)
    history = said(conduct(launcher.fork_run(own, AT, {"slope": 0.5})))
    assert history.status is not None
    assert (history.status.state, "computes the same as before" in notes(history)) == ("done", False)


@pytest.mark.parametrize(("before", "after"), [(0.0, 0.5), (0.5, 0.0)])
def test_dropout_comes_and_goes(before: float, after: float, sessions: list[trainer.Trainer]) -> None:
    """Early stopping puts the best weights back at the end, which may be of before the fork."""
    run = trained("mlp", "digits", **BASE, hidden=8, layers=2, patience=9, dropout=before)
    twin, fork = forked(run, sessions), forked(run, sessions, dropout=after)
    assert fork.losses[0] != twin.losses[0]
    assert [module.p for module in fork.training.net.modules() if isinstance(module, torch.nn.Dropout)] == (
        [after, after] if after else []
    )


def test_a_fork_with_larger_batches_trains_as_many_epochs(sessions: list[trainer.Trainer]) -> None:
    run = trained("mlp", "digits", **{**BASE, "batch_size": 64}, hidden=8)
    child = conduct(launcher.fork_run(run, 46, {"batch_size": 256}))
    whole = said(child)
    assert whole.series["train/loss"].steps.tolist() == list(range(46, 46 + 12)), "two epochs of six steps"
    assert whole.status is not None
    assert whole.progress is not None
    assert (whole.status.step, whole.progress.steps, whole.progress.epochs) == (58, 58, 4)
    for step in child.checkpoint_steps():
        if step > 50:
            child.checkpoint(step).unlink()
    again = said(conduct(child))
    assert again.series["train/loss"].steps.tolist() == list(range(46, 46 + 12))
    assert again.metrics == whole.metrics, "resumed, it is the same bit for bit"


def test_a_fork_judged_by_other_data_forgets_what_was_best(sessions: list[trainer.Trainer]) -> None:
    run = trained("mlp", "digits", **BASE, hidden=8, patience=9)
    fork = forked(run, sessions, validation=0.4)
    assert fork.training.lab.state["best_epoch"] >= 2
    assert "was trained on before the fork" in notes(fork.said)


def test_another_optimiser_begins_afresh_and_says_so(mlp: Run, sessions: list[trainer.Trainer]) -> None:
    fork = forked(mlp, sessions, optimiser="rmsprop")
    assert "'optimiser' is RMSprop now and was SGD with momentum, so it begins with fresh state." in notes(fork.said)
    steps = {int(state["step"]) for state in fork.training.optimiser.state.values()}
    assert steps == {24 - AT}


def test_a_live_knob_that_changes_nothing_is_refused() -> None:
    run = launcher.prepare(RunRequest("mlp", BASE, device="cpu", data="diabetes"))
    with pytest.raises(UsageError, match="label_smoothing is for classes"):
        launcher.turn_knobs(run, {"label_smoothing": 0.2})
