"""Makes the recordings: ``uv run python -m tests.recordings [NAME…]``, all of them unless some are named.

The real worker trains the real lessons with small knobs. Of what it leaves, the manifest and the events are kept,
without what tells of the machine: process, host, commit, versions, time of day.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from descend.engine.launch import launcher
from descend.engine.run import runs
from descend.engine.run.history import History
from descend.engine.run.jsonl import JsonlReader
from descend.engine.run.records import Event, SetKnob, Status, Stop, make_encoder, make_event_decoder
from descend.engine.run.run_request import RunRequest
from descend.engine.run.runs import Run
from tests.recordings import HERE

EPOCH = 1_767_268_800.0
"""When every recording says it began: noon of the first of January 2026, UTC."""
CREATED = "2026-01-01T12:00:00+0000"
PATIENCE = 300.0


@dataclass(frozen=True)
class Recording:
    """What is recorded under ``name``: a lesson with knobs, how it has to end, and what is said to it meanwhile."""

    name: str
    lesson: str
    knobs: dict[str, object] = field(default_factory=dict)
    end: str = "done"
    meanwhile: Callable[[Run], None] = lambda run: None
    title: str = ""


def stopped(run: Run) -> None:
    """Stop ``run`` in its midst."""
    reach(run, 40)
    launcher.send_command(run, Stop())
    ended(run)


def resumed(run: Run) -> None:
    """Turn a knob, stop, and go on."""
    reach(run, 20)
    launcher.send_command(run, SetKnob(knob="lr", value=0.1))
    stopped(run)
    launcher.resume_run(run)


RECORDINGS = (
    Recording("backpropagation", "backpropagation", {"steps": 250, "pace": 0}),
    Recording("convolution", "convolution", {"stride": 2, "pace": 0}),
    Recording("diffusion", "diffusion", {"T": 10, "sampling_steps": 5, "train_steps": 250, "width": 32, "pace": 0}),
    Recording("digits", "digits", {"epochs": 4, "pace": 0}, title="four epochs"),
    Recording("digits-diverged", "digits", {"activation": "none", "lr": 3.0, "pace": 0}, "failed"),
    Recording("digits-resumed", "digits", {"epochs": 3, "pace": 60}, meanwhile=resumed),
    Recording("digits-stopped", "digits", {"epochs": 3, "pace": 60}, "stopped", meanwhile=stopped),
    Recording("double-descent", "double-descent", {"images": 50, "pace": 0}),
    Recording("eigenpairs", "eigenpairs", {"matrix": "0 1; 0 0", "steps": 12, "pace": 0}),
    Recording("cnn-questions", "cnn-questions", {"filters": 4, "epochs": 1, "pace": 0}),
    Recording("grid-world", "grid-world", {"episodes": 60, "pace": 0}),
    Recording("learned-filters", "learned-filters", {"epochs": 1, "filters": 4}),
    Recording("next-character", "next-character", {"steps": 40, "hidden": 4, "pace": 0}),
    Recording("noising", "noising", {"T": 10, "pace": 0}),
    Recording("symbolic-algebra", "symbolic-algebra", {"formula": "(x + 1)^3", "pace": 0}),
)


def reach(run: Run, step: int) -> None:
    """Wait until ``run`` has taken ``step`` steps."""
    history, follower = History(), run.follow()
    deadline = time.monotonic() + PATIENCE
    while history.progress is None or history.progress.step < step:
        if time.monotonic() > deadline or run.state() == "failed":
            raise SystemExit(f"{run.id} did not reach step {step}")
        history.feed(follower.read())
        time.sleep(0.01)


def ended(run: Run) -> str:
    """Wait until the worker of ``run`` is gone, and tell its last state."""
    deadline = time.monotonic() + PATIENCE
    while (state := run.state()) not in ("done", "stopped", "failed") or run.alive():
        if time.monotonic() > deadline:
            raise SystemExit(f"{run.id} did not end: {state}")
        time.sleep(0.02)
    return state


def kept(run: Run, recording: Recording, folder: Path) -> None:
    """Write to ``folder`` what is kept of ``run``."""
    folder.mkdir()
    manifest = msgspec.structs.replace(
        run.manifest(), id=recording.name, created=CREATED, versions={}, git="", title=recording.title
    )
    runs.write_manifest(Run(folder), manifest)
    follower: JsonlReader[Event] = run.follow()
    lines = []
    while records := follower.read():
        for record in records:
            if isinstance(record, Status):
                record.at = EPOCH + record.t
            lines.append(make_encoder().encode(record).replace(run.id.encode(), recording.name.encode()) + b"\n")
    for line in lines:
        make_event_decoder().decode(line)
    (folder / "events.jsonl").write_bytes(b"".join(lines))


def make(recording: Recording) -> None:
    """Run the lesson and put what is kept of it in place of the recording there was."""
    run = launcher.prepare(RunRequest(recording.lesson, recording.knobs, seed=0, device="cpu"))
    worker = launcher.launch(run)
    recording.meanwhile(run)
    if (state := ended(run)) != recording.end:
        raise SystemExit(f"{recording.name} is {state}, not {recording.end}")
    worker.wait()
    new = run.folder.with_name(f"kept-{recording.name}")
    kept(run, recording, new)
    shutil.rmtree(HERE / recording.name, ignore_errors=True)
    shutil.copytree(new, HERE / recording.name)
    print(f"{recording.name:18} {(HERE / recording.name / 'events.jsonl').stat().st_size:9,} bytes")


def main(names: list[str]) -> None:
    """Make the recordings ``names``, or all."""
    if unknown := set(names) - {recording.name for recording in RECORDINGS}:
        raise SystemExit(f"There is no recording {', '.join(sorted(unknown))}.")
    with tempfile.TemporaryDirectory() as home:
        os.environ["DESCEND_HOME"] = home
        for recording in RECORDINGS:
            if not names or recording.name in names:
                make(recording)


if __name__ == "__main__":
    main(sys.argv[1:])
