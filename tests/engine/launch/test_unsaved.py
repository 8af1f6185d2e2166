"""A last checkpoint that cannot be written: the run says so, its worker tries on, and it can be resumed."""

from __future__ import annotations

import json
import os
import resource
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tests.live import history_of, until

from descend.engine.base.errors import UsageError
from descend.engine.cli.follow import follow
from descend.engine.lab import checkpoints
from descend.engine.lab import lab as laboratory
from descend.engine.lab.lab import Lab
from descend.engine.launch import launcher
from descend.engine.run import runs
from descend.engine.run.records import Status, Stop
from descend.engine.run.runs import Run
from descend.engine.run.summary import summarize
from descend.engine.teaching import catalogue

ROOM = 100_000
"""Bytes that a file may have; a checkpoint here has twice as many."""


@pytest.fixture
def lab(folders: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """One whose checkpoints are large."""
    monkeypatch.setattr(laboratory, "AGAIN", 0.01)
    knobs = catalogue.find_lesson("digits").knobs.parse({"pace": 0})
    run = runs.create_run(runs.Manifest(id="", name="digits", knobs=knobs.values(), seed=0, device="cpu"))
    lab = Lab(run, knobs, device=torch.device("cpu"), seed=0)
    lab.track(weights=torch.arange(50_000.0))
    return lab


@pytest.fixture
def little() -> Iterator[None]:
    """This process may write small files only, as under ``ulimit -f``."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def more() -> None:
    """There is room again."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def train(lab: Lab, steps: int = 3) -> Run:
    for step in lab.steps(steps):
        lab.scalars({"test/loss": 1.0 / (step + 1)})
    return lab._keeper.run


def states(run: Run) -> list[str]:
    return [record.state for record in run.follow().read(1 << 24) if isinstance(record, Status)]


@pytest.mark.usefixtures("little")
def test_it_ends_unsaved_says_why_at_once_and_can_be_resumed(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    run = train(lab)
    lab._keeper.wait()
    until(lambda: history_of(run).notes)  # while it trains
    told = "could not be written (File too large); raise the limit on the size of files (`ulimit -f`). There is no"
    assert [note.text for note in history_of(run).notes] == [f"A checkpoint {told} earlier one."]
    lab.finish()
    assert not lab.save(0.05)
    lab.close()
    assert states(run) == ["unsaved"]
    assert len(history_of(run).notes) == 1, "it is not said again"
    assert summarize(run).why == f"Its last checkpoint {told} earlier one."
    assert history_of(run).metrics["test/loss"] == pytest.approx(1 / 3)
    assert not list(run.checkpoints.iterdir())
    assert follow(run, lambda: False, as_json=True) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["note"] for line in lines if "note" in line] == [f"A checkpoint {told} earlier one."]
    assert (lines[-1]["status"], lines[-1]["message"]) == ("unsaved", f"Its last checkpoint {told} earlier one.")
    os.utime(run.folder, (1, 1))
    begun = []

    def start(again: Run) -> object:
        begun.append(again)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        launcher.resume_run(run, start)  # type: ignore[arg-type]
    assert begun == [run]


@pytest.mark.usefixtures("little")
def test_its_worker_tries_on_and_when_there_is_room_the_run_is_done(lab: Lab) -> None:
    run = train(lab)
    lab.finish()
    launcher.sign_worker(run, os.getpid())
    with pytest.raises(UsageError, match=r"still has its weights .*; make room, or give them up with `descend stop"):
        launcher.resume_run(run)
    threading.Timer(0.1, more).start()
    assert lab.save(20)
    lab.close()
    assert states(run) == ["unsaved", "done"]
    saved = checkpoints.find_newest(run)
    assert saved is not None
    assert (saved["step"], saved["tracked"]["weights"][-1]) == (3, 49_999)


@pytest.mark.usefixtures("little")
def test_who_was_stopped_is_unsaved_too_and_a_second_stop_gives_the_weights_up(lab: Lab) -> None:
    run = train(lab)
    lab.end("stopped", "Stopped by the user after 3 steps.")
    assert states(run) == ["unsaved"]
    assert summarize(run).why.startswith("Stopped by the user after 3 steps. Its last checkpoint could not be written")
    run.ask(Stop())
    assert not lab.save(20)
    lab.close()
    assert states(run) == ["unsaved"]


def test_earlier_checkpoints_are_named_where_there_are_some(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    run = train(lab)
    lab._keeper.wait()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    lab.finish()
    lab.close()
    assert summarize(run).why == (
        "Its last checkpoint could not be written (No space left on device); make room on its disk. "
        "The newest is that of step 0."
    )


def test_what_torch_cannot_write_is_told_as_it_is(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def strange(*_: object) -> None:
        raise RuntimeError("a strange tensor")

    monkeypatch.setattr(torch, "save", strange)
    run = train(lab)
    lab.finish()
    lab.close()
    assert "could not be written (a strange tensor); look at" in summarize(run).why
