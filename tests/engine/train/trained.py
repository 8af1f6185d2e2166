"""Runs of models in this process, which is quicker than a worker of their own."""

from __future__ import annotations

import signal
from pathlib import Path

import msgspec
import pytest
import torch

from descend.engine.base.errors import UsageError
from descend.engine.launch import launcher, worker
from descend.engine.run.history import History
from descend.engine.run.run_request import RunRequest
from descend.engine.run.runs import Run
from descend.engine.run.split_file import RunSplit


def conduct(run: Run) -> Run:
    """Do what ``run`` asks for."""
    before, threads = signal.getsignal(signal.SIGTERM), torch.get_num_threads()
    try:
        worker.conduct_run(run, 0)
    finally:
        signal.signal(signal.SIGTERM, before)
        torch.set_num_threads(threads)
    return run


def trained(name: str, data: str, seed: int = 0, **knobs: object) -> Run:
    """A run that has come to its end; it holds nothing back unless told to."""
    run = launcher.prepare(
        RunRequest(name, {"epochs": 2, "validation": 0.0, **knobs}, seed=seed, device="cpu", data=data)
    )
    return conduct(run)


def said(run: Run) -> History:
    """All that ``run`` said."""
    history, follower = History(), run.follow()
    while records := follower.read():
        history.feed(records)
    return history


def split_of(run: Run) -> RunSplit:
    """Which samples ``run`` says that it did not train on."""
    return msgspec.json.decode(run.split_file.read_bytes(), type=RunSplit)


def done(name: str, data: str, **knobs: object) -> History:
    """What a run said that has to succeed."""
    history = said(trained(name, data, **knobs))
    assert history.status is not None
    assert history.status.state == "done", history.failure
    return history


def failed(name: str, data: str, **knobs: object) -> str:
    """The sentence and advice with which a run fails."""
    history = said(trained(name, data, **knobs))
    assert history.failure is not None, "it did not fail"
    assert history.status is not None
    assert history.status.state == "failed"
    return " ".join([history.failure.title, *history.failure.advice])


def notes(history: History) -> str:
    """The notes of a run."""
    return " ".join(note.text for note in history.notes)


def written(folder: Path, code: str, name: str = "nets.py") -> Path:
    """A file with ``code`` after the usual imports."""
    file = folder / name
    file.write_text(f"import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n{code}")
    return file


def refused(name: str, data: str, **knobs: object) -> str:
    """The sentence with which such a run is refused before a worker starts."""
    with pytest.raises(UsageError) as told:
        launcher.prepare(RunRequest(name, knobs, device="cpu", data=data))
    return str(told.value)
