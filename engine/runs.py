"""A run is a folder: this module makes them, lists them, finds them and says what has become of each.

::

    <home>/runs/<id>/
      run.json       what was asked (`Manifest`, replaced atomically)
      events.jsonl   what happened (`descend.engine.records.Event`, append-only)
      control.jsonl  what the user said (`descend.engine.records.Control`, append-only)
      worker.json    who writes events.jsonl (`Writer`); locked while that process lives
      checkpoints/   see `descend.engine.checkpoints`
      worker.log     its stdout, stderr and tracebacks

``RUNS.md`` beside this module describes every file to the byte.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from descend.engine.errors import DescendError, UsageError, nearest
from descend.engine.journal import Appender, Follower
from descend.engine.manifest import Manifest, Parent, Writer, git_state, replace_json, versions
from descend.engine.paths import runs_home, writable
from descend.engine.records import FORMAT, Control, Event, Progress, State, Status, event_decoder
from descend.engine.text import clean

__all__ = ["Manifest", "Parent", "Run", "Writer", "amend", "create", "delete", "find", "listed", "write_manifest"]

TAIL = 1 << 16
BEGAN = "worker began:"
"""First words of each worker's first line in ``worker.log``."""
ENDED = "worker ended:"
"""First words of the line that says why it could not go on."""
LIVE = ("starting", "running", "paused")
"""States of a run that has not ended."""
HEARD = 60.0
"""Seconds in which a worker that cannot be asked (it is only being started, or on another host) must be heard of."""


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
            DescendError: it is missing or damaged, or of a newer format.
        """
        try:
            manifest = msgspec.json.decode((self.folder / "run.json").read_bytes(), type=Manifest)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            raise DescendError(f"Run '{self.id}' has no readable run.json; delete the folder or restore it.") from None
        if manifest.format > FORMAT:
            raise DescendError(f"Run '{self.id}' is of a newer format than this descend reads; update descend.")
        return manifest

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

    def locked(self) -> bool:
        """Whether a process holds the lock of ``worker.json``, which the system lets go when that process ends."""
        try:
            file = os.open(self.writer_file, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
        except BlockingIOError:
            return True
        except OSError:  # a file system without locks, on which no worker can start
            return False
        finally:
            os.close(file)

    def alive(self) -> bool:
        """Whether a worker is at work on this run, or only just being started.

        Its lock tells, whatever has become of its pid or the clock. One on another host, whose locks may not reach this
        one, counts as alive while it is heard of.
        """
        if self.locked():
            return True
        writer = self.writer()
        if writer is not None and writer.host == socket.gethostname():
            return False
        try:
            heard = (self.folder if writer is None else self.events_file).stat().st_mtime
        except OSError:
            return False
        return abs(time.time() - heard) < HEARD

    def log_tail(self, count: int) -> list[str]:
        """The last ``count`` lines that are not blank of what the newest worker wrote to ``worker.log``, cleaned."""
        try:
            with open(self.log_file, "rb") as file:
                file.seek(max(0, self.log_file.stat().st_size - TAIL))
                text = file.read().decode(errors="replace")
        except OSError:
            return []
        lines = text[text.rfind(BEGAN) :].splitlines() if BEGAN in text else ["", *text.splitlines()]
        return [clean(line) for line in lines[1:] if line.strip()][-count:]

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
    called = manifest.name.rpartition("/")[2].lower()
    slug = re.sub(r"[^a-z0-9]+", "-", called).strip("-") or "run"
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
    replace_json(run.folder / "run.json", msgspec.json.encode(manifest))


def amend(run: Run, **fields: str) -> None:
    """Change ``fields`` of a run's manifest, such as ``title``; those that only a newer version knows are kept.

    Raises:
        DescendError: the manifest cannot be read or written; it is as it was.
    """
    run.manifest()  # is it one at all?
    file = run.folder / "run.json"
    try:
        replace_json(file, json.dumps({**json.loads(file.read_bytes()), **fields}).encode())
    except OSError as error:
        raise DescendError(f"Run '{run.id}' cannot be changed: {error.strerror}.") from None


def delete(run: Run) -> None:
    """Remove a run's folder; it disappears at once, or stays whole.

    Raises:
        UsageError: it is still going.
        DescendError: it cannot be removed.
    """
    if run.state() in LIVE:
        raise UsageError(f"Run '{run.id}' is still going; stop it first.")
    going = run.folder.with_name(f".{run.id}.deleted")
    try:
        run.folder.rename(going)
    except OSError as error:
        raise DescendError(f"Run '{run.id}' cannot be deleted: {error.strerror}.") from None
    for remains in going.parent.glob(".*.deleted"):  # also what was interrupted earlier
        shutil.rmtree(remains, ignore_errors=True)


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
