"""A fork may change any training setting: what it asks for takes effect, or is refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.engine.train.trained import conduct, notes, said, trained

from descend.engine import supervision
from descend.engine.errors import UsageError
from descend.engine.history import History
from descend.engine.runs import Run
from descend.engine.train.settings import TrainKnobs

PARENT = {"epochs": 2, "optimiser": "momentum", "lr": 0.05, "schedule": "cosine"}
CHANGED: dict[str, object] = {
    "epochs": 9,
    "batch_size": 16,
    "optimiser": "adam",
    "lr": 0.5,
    "momentum": 0.2,
    "schedule": "step",
    "warmup": 0.8,
    "weight_decay": 0.5,
    "label_smoothing": 0.4,
    "clip": 0.01,
    "patience": 3,
    "validation": 0.5,
    "augment": "shift",
    "context": 5,
    "precision": "bf16",
    "compile": True,
    "channels_last": "yes",
    "placement": "host",
    "objective": "reconstruction",
}
"""Another value for every setting; one that is missing here fails the test."""
MACHINE = {"channels_last", "placement"}  # and compile, which takes a minute, and is asked for as a run is built
"""Settings of how the machine computes, which leave the numbers as they are."""


@pytest.fixture(scope="module")
def parents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    patch = pytest.MonkeyPatch()
    patch.setenv("DESCEND_HOME", str(tmp_path_factory.mktemp("home")))
    yield {  # type: ignore[misc]
        "table": trained("mlp", "iris", **PARENT),
        "image": trained("simple-cnn", "digits", **{**PARENT, "epochs": 1, "batch_size": 512}),
        "text": trained("rnn", "corpus", **{**PARENT, "epochs": 1, "batch_size": 512}),
        "patient": trained("mlp", "iris", **PARENT, patience=2),
    }
    patch.undo()


def forked(parent: Run, **knobs: object) -> History:
    """What a fork from the end of ``parent`` says."""
    return said(conduct(supervision.fork(parent, 10**9, {"epochs": 5, **knobs})))


def losses(history: History) -> np.ndarray:
    return history.series["train/loss"].values


@pytest.mark.parametrize("name", [name for name in TrainKnobs.specs if name not in ("compile",)])  # type: ignore[attr-defined]
def test_a_changed_setting_takes_effect_or_is_refused(name: str, parents: dict[str, Run]) -> None:
    kind = {"augment": "image", "channels_last": "image", "context": "text", "validation": "patient"}.get(name, "table")
    parent, epochs = parents[kind], {"epochs": 2} if kind in ("image", "text") else {}
    if name == "objective":  # the models of the zoo know theirs
        with pytest.raises(UsageError, match="objective"):
            forked(parent, objective=CHANGED[name])
        return
    changed = forked(parent, **{**epochs, name: CHANGED[name]})
    assert changed.status is not None
    if changed.status.state == "failed":
        assert changed.failure is not None
        assert "does not fit" in changed.failure.title
        return
    assert changed.status.state == "done"
    plain = forked(parent, **epochs)
    here, there = losses(changed), losses(plain)
    same = len(here) == len(there) and np.array_equal(here, there)
    assert same == (name in MACHINE)


def test_another_optimiser_starts_afresh_and_says_so(parents: dict[str, Run]) -> None:
    for kind in ("sgd", "adam", "adamw", "rmsprop"):
        assert "another optimiser's, so it starts afresh" in notes(forked(parents["table"], optimiser=kind)), kind
    assert "afresh" not in notes(forked(parents["table"]))


def test_a_fork_with_larger_batches_has_as_many_epochs_behind_it(parents: dict[str, Run]) -> None:
    changed = forked(parents["table"], batch_size=1000)
    assert changed.progress is not None
    assert len(losses(changed)) == 3, "epochs 3, 4 and 5, a step each"


def test_a_fork_that_is_at_its_end_says_that_nothing_is_left(parents: dict[str, Run]) -> None:
    assert "nothing to train" in notes(forked(parents["table"], epochs=1))


def test_dropout_that_comes_or_goes_leaves_the_weights_where_they_are(folders: Path, tmp_path: Path) -> None:
    file = tmp_path / "nets.py"
    file.write_text(
        "from torch import nn\n\n\nclass Net(nn.Sequential):\n"
        "    def __init__(self, in_features, num_classes, drop: float = 0.0):\n"
        "        layers = [nn.Linear(in_features, 8), nn.ReLU()] + [nn.Dropout(drop)] * bool(drop)\n"
        "        super().__init__(*layers, nn.Linear(8, num_classes))\n"
    )
    parent = trained(f"{file}:Net", "iris", drop=0.0)
    changed = forked(parent, drop=0.5)
    assert changed.status is not None
    assert changed.status.state == "done", changed.failure
    assert not np.array_equal(losses(changed), losses(forked(parent)))


def test_what_does_not_fit_is_named(parents: dict[str, Run]) -> None:
    failed = forked(parents["table"], hidden=7)
    assert failed.failure is not None
    assert "numbers there and" in failed.failure.title
