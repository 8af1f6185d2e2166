"""A run is a folder: this module makes them, lists them, finds them and says what has become of each.

::

    <home>/runs/<id>/
      run.json       what was asked (`Manifest`, replaced atomically)
      events.jsonl   what happened (`descend.engine.records.Event`, append-only)
      control.jsonl  what the user said (`descend.engine.records.Control`, append-only)
      worker.json    who writes events.jsonl (`Writer`); locked while that process lives
      checkpoints/   see `descend.engine.checkpoints`
      worker.log     its stdout, stderr and tracebacks
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import msgspec

from descend.engine.errors import DescendError, UsageError, nearest
from descend.engine.journal import Appender, Follower
from descend.engine.paths import runs_home, writable
from descend.engine.records import FORMAT, Control, Event, Progress, State, Status, event_decoder

TAIL = 1 << 16


class Parent(msgspec.Struct):
    """The run a fork comes from, and the step of the checkpoint it began with."""

    run: str
    step: int


class Manifest(msgspec.Struct, kw_only=True):
    """What was asked of a run; ``run.json``."""

    id: str
    name: str
    """The lesson's name."""
    knobs: dict[str, bool | int | float | str]
    seed: int
    device: str
    data: str = ""
    """Dataset chosen instead of the lesson's own, if any."""
    threads: int = 1
    """CPU threads torch computes with; part of what makes a run repeatable bit for bit."""
    parent: Parent | None = None
    created: str = ""
    """Local time, ISO 8601 with offset."""
    versions: dict[str, str] = {}
    git: str = ""
    """Commit of the working folder, with ``+`` if it had changes; empty outside a repository."""
    format: int = FORMAT


class Writer(msgspec.Struct):
    """The process that writes a run's events; ``started`` tells it from a later process with the same pid."""

    pid: int
    started: float
    host: str

    @classmethod
    def this_process(cls) -> Writer:
        """This process."""
        import psutil

        return cls(os.getpid(), psutil.Process().create_time(), socket.gethostname())

    def alive(self) -> bool:
        """Whether that process still runs. One on another host cannot be asked and counts as alive."""
        import psutil

        if self.host != socket.gethostname():
            return True
        try:
            process = psutil.Process(self.pid)
            return abs(process.create_time() - self.started) < 2 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


class Run:
    """One run folder, read only from here except for `ask`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = folder.name
        self.events_file = folder / "events.jsonl"
        self.control_file = folder / "control.jsonl"
        self.writer_file = folder / "worker.json"
        self.log_file = folder / "worker.log"
        self.checkpoints = folder / "checkpoints"

    def manifest(self) -> Manifest:
        """Read ``run.json``.

        Raises:
            DescendError: it is missing or damaged.
        """
        try:
            return msgspec.json.decode((self.folder / "run.json").read_bytes(), type=Manifest)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            raise DescendError(f"Run '{self.id}' has no readable run.json; delete the folder or restore it.") from None

    def follow(self) -> Follower[Event]:
        """A reader of the run's events from the first one on."""
        return Follower(self.events_file, event_decoder())

    def ask(self, command: Control) -> None:
        """Say something to the run's worker.

        Raises:
            DescendError: the folder is gone or cannot be written.
        """
        command.at = time.time()
        try:
            control = Appender(self.control_file)
            try:
                control.append([command])
            finally:
                control.close()
        except OSError as error:
            raise DescendError(f"Cannot write to run '{self.id}': {error.strerror}.") from None

    def writer(self) -> Writer | None:
        """Who writes the events, or None if no worker has taken the run yet."""
        try:
            return msgspec.json.decode(self.writer_file.read_bytes(), type=Writer)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def checkpoint_steps(self) -> list[int]:
        """Steps of the whole checkpoints, ascending."""
        return sorted(int(file.stem) for file in self.checkpoints.glob("*.pt") if file.stem.isdigit())

    def checkpoint(self, step: int) -> Path:
        """Where the checkpoint of ``step`` is."""
        return self.checkpoints / f"{step:010d}.pt"

    def alive(self) -> bool:
        """Whether a worker is at work on this run (or only just being started)."""
        writer = self.writer()
        if writer is not None:
            return writer.alive()
        try:  # asked for less than a minute ago: its worker may still be importing torch
            return time.time() - self.folder.stat().st_mtime < 60
        except OSError:
            return False

    def state(self) -> State | Literal["dead"]:
        """The run's last stated state, or ``"dead"`` if its worker went away without stating an end."""
        state: State = "starting"
        try:
            size = self.events_file.stat().st_size
        except OSError:
            size = 0
        for start in (max(0, size - TAIL), 0):  # the end nearly always tells; else read it all
            follower = Follower(self.events_file, event_decoder(), start)
            found = False
            while records := follower.read():
                for record in records:
                    if isinstance(record, Status):
                        state, found = record.state, True
                    elif isinstance(record, Progress) and not found:
                        state, found = "running", True
            if found or start == 0:
                break
        if state in ("done", "stopped", "failed") or self.alive():
            return state
        return "dead"


def create(manifest: Manifest, fill: Callable[[Run], None] = lambda making: None) -> Run:
    """Make the run folder of ``manifest``, giving it an id; it appears complete or not at all.

    Args:
        fill: puts further files in before the folder appears.

    Raises:
        DescendError: the home folder cannot be written.
    """
    runs = writable(runs_home(), "DESCEND_HOME")
    slug = re.sub(r"[^a-z0-9]+", "-", manifest.name.lower()).strip("-") or "run"
    manifest.id = f"{time.strftime('%Y%m%d-%H%M%S')}-{slug[:32]}-{secrets.token_hex(2)}"
    manifest.created = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    manifest.versions = versions()
    manifest.git = git_state()
    folder, making = runs / manifest.id, runs / f".{manifest.id}.new"
    try:
        making.mkdir()
        write_manifest(Run(making), manifest)
        fill(Run(making))
        making.rename(folder)
    except OSError as error:
        shutil.rmtree(making, ignore_errors=True)
        raise DescendError(
            f"Cannot make a run in {runs} ({error.strerror}); free some space or set DESCEND_HOME elsewhere."
        ) from None
    return Run(folder)


def write_manifest(run: Run, manifest: Manifest) -> None:
    """Replace ``run.json`` atomically.

    Raises:
        OSError: it cannot be written; the old one is as it was.
    """
    beside = run.folder / "run.json.new"
    with open(beside, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(run.folder / "run.json")


def delete(run: Run) -> None:
    """Remove a run's folder; it disappears at once, or stays whole.

    Raises:
        UsageError: a worker is at work on it.
        DescendError: it cannot be removed.
    """
    if run.alive():
        raise UsageError(f"Run '{run.id}' is still going; stop it first.")
    going = run.folder.with_name(f".{run.id}.deleted")
    try:
        run.folder.rename(going)
    except OSError as error:
        raise DescendError(f"Run '{run.id}' cannot be deleted: {error.strerror}.") from None
    shutil.rmtree(going, ignore_errors=True)


def listed() -> list[Run]:
    """All runs, newest first."""
    try:
        folders = [entry for entry in runs_home().iterdir() if not entry.name.startswith(".") and entry.is_dir()]
    except OSError:
        return []
    return [Run(folder) for folder in sorted(folders, reverse=True)]


def find(name: str) -> Run:
    """The run called ``name``: its id, or any part of it that only one run has.

    Raises:
        UsageError: no run matches, or several do.
    """
    ids = {run.id: run for run in listed()}
    if name in ids:
        return ids[name]
    matches = [run for run_id, run in ids.items() if name and name in run_id]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(f"'{name}' matches {len(matches)} runs; give more of the name, such as '{matches[0].id}'.")
    raise UsageError(f"There is no run '{name}'{nearest(name, ids) or ''}")


def versions() -> dict[str, str]:
    """Versions of what a run's result depends on, without importing it."""
    found: dict[str, Any] = {}
    for package in ("descend", "torch", "torchvision", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def git_state() -> str:
    """Commit of the working folder's repository, ``+`` appended when files were changed; empty if there is none."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], capture_output=True, text=True, timeout=2, check=True, stdin=subprocess.DEVNULL
        ).stdout.strip()

    try:
        commit = git("rev-parse", "--short=12", "HEAD")
        return commit + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return ""
