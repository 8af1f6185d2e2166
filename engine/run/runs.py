"""A run is a folder: this module makes them, lists them, finds them and says what the state of each is.

::

    <home>/runs/<id>/
      run.json       what was asked (`Manifest`, replaced atomically)
      events.jsonl   what happened (`descend.engine.run.records.Event`, append-only)
      preparation.json  how a training's data was prepared (`descend.engine.run.preparation_file`)
      split.json     which samples it did not train on (`descend.engine.run.split_file`)
      control.jsonl  what the user said (`descend.engine.run.records.Control`, append-only)
      worker.json    who writes events.jsonl (`descend.engine.run.liveness.Writer`)
      worker.lock    locked while that process lives, so that no second one begins
      launch.json    who was started to write them and has not signed worker.json yet
      checkpoints/   see `descend.engine.lab.checkpoints`
      worker.log     its stdout, stderr and tracebacks

``RUNS.md`` next to this module describes every file to the byte.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from descend.engine.base import files, trees
from descend.engine.base.errors import DescendError, UsageError, suggest_nearest
from descend.engine.base.paths import make_writable, runs_home
from descend.engine.base.sanitize import clean
from descend.engine.run.damage import describe_error, describe_unreadable
from descend.engine.run.jsonl import JsonlReader, JsonlWriter
from descend.engine.run.liveness import HEARD, Writer
from descend.engine.run.manifest import MAX_BYTES, Manifest, Parent, list_versions, read_git_state, replace_json
from descend.engine.run.records import FORMAT, Control, Event, Progress, State, Status, make_event_decoder

__all__ = [
    "Manifest",
    "Parent",
    "Run",
    "Writer",
    "amend_manifest",
    "create_run",
    "delete_run",
    "find_run",
    "list_runs",
    "write_manifest",
]

TAIL = 1 << 16
BEGAN = "worker began:"
"""First words of each worker's first line in ``worker.log``."""
CALLED = "worker called:"
"""First words of the line before it, by the process that starts it."""
ENDED = "worker ended:"
"""First words of the line that says why it could not continue."""
LIVE = ("starting", "running", "paused")
"""States of a run that has not ended."""
STARTED = 20.0
"""Seconds from the making of a run's folder in which a worker is started for it."""
LATEST = 250_000_000_000.0
"""The latest Unix time that a calendar of four-digit years shows everywhere."""
ENDS = ("done", "stopped", "failed", "unsaved")
"""States of one that has."""


class Run:
    """One run folder, read only from here except for `ask`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = folder.name
        self.events_file = folder / "events.jsonl"
        self.control_file = folder / "control.jsonl"
        self.writer_file = folder / "worker.json"
        self.lock_file = folder / "worker.lock"
        self.launch_file = folder / "launch.json"
        self.log_file = folder / "worker.log"
        self.preparation_file = folder / "preparation.json"
        self.split_file = folder / "split.json"
        self.checkpoints = folder / "checkpoints"

    def manifest(self) -> Manifest:
        """Read ``run.json``, and see whether ``events.jsonl`` can be read.

        Raises:
            DescendError: one of them is damaged, or ``run.json`` is missing or of a newer format.
        """
        try:
            manifest = msgspec.json.decode(files.read_file(self.folder / "run.json", MAX_BYTES), type=Manifest)
        except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise describe_unreadable(self, "run.json", error) from None
        if manifest.format > FORMAT:
            raise DescendError(f"Run '{self.id}' is of a newer format than this descend reads; update descend.")
        try:
            with suppress(FileNotFoundError):
                os.close(files.open_regular(self.events_file))
        except OSError as error:
            raise describe_unreadable(self, "events.jsonl", error) from None
        return manifest

    def misplaced(self) -> str:
        """What is in the folder in place of a file or folder that a worker writes, or nothing: written through a link,
        hard or not, it would change what is elsewhere."""
        signed = self.writer_file, self.lock_file, self.launch_file
        for file in (self.events_file, self.control_file, *signed, self.log_file):
            if wrong := files.describe_shared(file):
                return wrong
        return files.describe_link(self.folder) or files.describe_link(self.checkpoints)

    def follow(self) -> JsonlReader[Event]:
        """A reader of the run's events from the first one on."""
        return JsonlReader(self.events_file, make_event_decoder())

    def records(self, since: int = 0) -> Iterator[Event]:
        """The run's events that there are now, in order; those that begin at byte ``since`` or later."""
        for records in JsonlReader(self.events_file, make_event_decoder(), since).rest():
            yield from records

    @property
    def tail(self) -> int:
        """The byte at which the last 64 KiB of the run's events begin."""
        return max(0, files.measure_file(self.events_file) - TAIL)

    def ask(self, command: Control) -> None:
        """Say something to the run's worker.

        Raises:
            DescendError: the folder is gone or cannot be written.
        """
        command.at = time.time()
        try:
            control = JsonlWriter(self.control_file)
            try:
                control.append([command])
            finally:
                control.close()
        except OSError as error:
            raise DescendError(f"Cannot write to run '{self.id}': {error.strerror}.") from None

    def writer(self) -> Writer | None:
        """Who writes the events, or None if no worker has taken the run yet."""
        return read_writer(self.writer_file)

    def launched(self) -> Writer | None:
        """Who was started to write the events and has not signed yet; None if nobody was, or they have."""
        return read_writer(self.launch_file)

    def checkpoint_steps(self) -> list[int]:
        """Steps of the whole checkpoints, ascending."""
        if files.describe_link(self.checkpoints):
            return []
        try:
            with os.scandir(self.checkpoints) as entries:
                names = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
        except OSError:
            return []
        steps = [int(name[:-3]) for name in names if re.fullmatch(r"[0-9]{10,19}\.pt", name)]
        return sorted(step for step in steps if step < 2**63 and self.checkpoint(step).name in names)

    def checkpoint(self, step: int) -> Path:
        """Where the checkpoint of ``step`` is."""
        return self.checkpoints / f"{step:010d}.pt"

    def alive(self) -> bool:
        """Whether a worker is at work on this run, or only just being started, however long that takes.

        A worker of this machine is asked for by pid and birth; one of another counts as alive while it is heard of.
        """
        worker, coming = self.writer(), self.launched()
        if worker is None and coming is None:  # the folder is new, and a worker is started in the next moment
            said = self.events_file, self.writer_file, self.launch_file
            return not any(map(os.path.lexists, said)) and is_recent(self.folder, STARTED)
        return any(
            writer.lives() if writer.here else is_recent(file) or (writer is worker and is_recent(self.events_file))
            for writer, file in ((worker, self.writer_file), (coming, self.launch_file))
            if writer is not None
        )

    def log_tail(self, count: int) -> list[str]:
        """The last ``count`` lines that are not blank of what the newest worker wrote to ``worker.log``, cleaned."""
        try:
            with os.fdopen(files.open_regular(self.log_file), "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
                text = file.read().decode(errors="replace")
        except OSError:
            return []
        newest = max(text.rfind(BEGAN), text.rfind(CALLED))
        lines = text[newest:].splitlines() if newest >= 0 else ["", *text.splitlines()]
        return [clean(line) for line in lines[1:] if line.strip()][-count:]

    def state(self) -> State | Literal["dead"]:
        """The run's last stated state, or ``"dead"`` if its worker went away without stating an end."""
        state: State = "starting"
        for start in (self.tail, 0):  # the end nearly always tells; else read it all
            found = False
            for record in self.records(start):
                if isinstance(record, Status):
                    state, found = record.state, True
                elif isinstance(record, Progress) and not found:
                    state, found = "running", True
            if found or start == 0:
                break
        if state in ENDS or self.alive():
            return state
        return "dead"


def read_writer(file: Path) -> Writer | None:
    """The process that signed ``file``, None if none has or it cannot be read."""
    try:
        return msgspec.json.decode(files.read_file(file, MAX_BYTES), type=Writer)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
        return None


def is_recent(file: Path, seconds: float = HEARD) -> bool:
    """Whether ``file`` was written in the last ``seconds``, by about the clock here."""
    try:
        return abs(time.time() - file.stat().st_mtime) < seconds
    except OSError:
        return False


def create_run(manifest: Manifest, fill: Callable[[Run], None] = lambda making: None) -> Run:
    """Make the run folder of ``manifest``, giving it an id; it appears complete or not at all.

    Args:
        fill: puts further files in before the folder appears.

    Raises:
        DescendError: the home folder cannot be written.
    """
    runs = make_writable(runs_home(), "DESCEND_HOME")
    called = manifest.name.rpartition("/")[2].lower()
    slug = re.sub(r"[^a-z0-9]+", "-", called).strip("-") or "run"
    manifest = msgspec.structs.replace(
        manifest,
        created=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        versions=list_versions(),
        git=read_git_state(),
    )
    try:
        folder, making = _claim_folder(runs, slug[:32])
        try:
            write_manifest(Run(making), msgspec.structs.replace(manifest, id=folder.name))
            fill(Run(making))
            making.rename(folder)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise
    except OSError as error:
        raise DescendError(
            f"Cannot make a run in {runs} ({error.strerror}); {files.advise(error, 'look there')}, or set DESCEND_HOME "
            "to another folder."
        ) from None
    return Run(folder)


def _claim_folder(runs: Path, slug: str) -> tuple[Path, Path]:
    """A folder in ``runs`` that no run has, and the new one beside it in which it is made, which nobody else has."""
    while True:
        folder = runs / f"{time.strftime('%Y%m%d-%H%M%S')}-{slug}-{secrets.token_hex(2)}"
        making = folder.with_name(f".{folder.name}.new")
        with suppress(FileExistsError):  # another run drew these four characters in this second, and is being made
            making.mkdir()
            if not os.path.lexists(folder):
                return folder, making
            making.rmdir()


def write_manifest(run: Run, manifest: Manifest) -> None:
    """Replace ``run.json`` atomically.

    Raises:
        OSError: it cannot be written; the old one is as it was.
    """
    replace_json(run.folder / "run.json", msgspec.json.encode(manifest))


def amend_manifest(run: Run, **fields: str) -> None:
    """Change ``fields`` of a run's manifest, such as ``title``; those that only a newer version knows are kept.

    Raises:
        DescendError: the manifest cannot be read or written; it is as it was.
    """
    run.manifest()  # is it one at all?
    file = run.folder / "run.json"
    try:
        if wrong := files.describe_link(run.folder):
            raise DescendError(f"Run '{run.id}' cannot be changed: {wrong}; change it where it is.")
        written = msgspec.json.decode(files.read_file(file, MAX_BYTES), type=dict[str, msgspec.Raw])
        replace_json(file, msgspec.json.encode({**written, **fields}))
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DescendError(f"Run '{run.id}' cannot be changed: {describe_error(error)}.") from None


def delete_run(run: Run) -> None:
    """Remove a run's folder; it disappears at once, or stays whole.

    Raises:
        UsageError: it is still running.
        DescendError: it cannot be removed.
    """
    if run.state() in LIVE:
        raise UsageError(f"Run '{run.id}' is still running; stop it first.")
    for folder, _ in trees.walk(run.folder) if not run.folder.is_symlink() else ():
        if not os.access(folder, os.W_OK | os.X_OK) and os.path.lexists(folder):  # else its path is too long
            raise DescendError(f"Run '{run.id}' cannot be deleted: no permission to remove anything from {folder}.")
    going = run.folder.with_name(f".{run.id[:60]}.deleted")  # short enough, whatever its name
    try:
        run.folder.rename(going)
    except OSError as error:
        raise DescendError(f"Run '{run.id}' cannot be deleted: {error.strerror}.") from None
    for remains in going.parent.glob(".*.deleted"):  # also what was interrupted earlier
        if remains != going and remains.is_symlink():
            remains.unlink()
        elif remains != going:
            with suppress(OSError):
                trees.remove(remains)
    try:
        if going.is_symlink():
            going.unlink()
        else:
            trees.remove(going)
    except OSError as error:
        with suppress(RecursionError):
            shutil.rmtree(going, ignore_errors=True)  # all but what must stay
        left = error.filename or going
        raise DescendError(
            f"Run '{run.id}' is deleted only in part: {left} could not be removed ({error.strerror}); allow it, then "
            f"delete {going} by hand."
        ) from None


def list_runs() -> list[Run]:
    """All runs, those asked for last first.

    Raises:
        DescendError: the home folder cannot be read.
    """
    try:
        folders = [entry for entry in runs_home().iterdir() if not entry.name.startswith(".") and os.path.isdir(entry)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DescendError(
            f"The runs in {runs_home()} cannot be read ({error.strerror}); make the folder readable, or set "
            "DESCEND_HOME to another."
        ) from None
    return sorted(map(Run, folders), key=lambda run: (find_creation_time(run), run.id), reverse=True)


class _CreatedRun(msgspec.Struct):
    created: str = ""


_asked: dict[Path, tuple[tuple[int, int], float]] = {}
"""When runs were asked for, by folder, and the state of ``run.json`` that says so."""


def find_creation_time(run: Run) -> float:
    """Unix time at which ``run`` was asked for; where that is not known, when its folder was last changed, else 0."""
    file = run.folder / "run.json"
    try:
        found = os.lstat(file)
        version = found.st_mtime_ns, found.st_ino
        if run.folder not in _asked or _asked[run.folder][0] != version:
            asked = msgspec.json.decode(files.read_file(file, MAX_BYTES), type=_CreatedRun).created
            _asked[run.folder] = version, datetime.fromisoformat(asked).timestamp()
        return _asked[run.folder][1]
    except (OSError, msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        pass
    try:
        return min(max(0.0, run.folder.stat().st_mtime), LATEST)
    except OSError:
        return 0.0


def find_run(name: str) -> Run:
    """The run called ``name``: its id, or any part of it that only one run has.

    Raises:
        UsageError: no run matches, or several do.
    """
    ids = {run.id: run for run in list_runs()}
    if name in ids:
        return ids[name]
    matches = [run for run_id, run in ids.items() if name and name in run_id]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(f"'{name}' matches {len(matches)} runs; give more of the name, such as '{matches[0].id}'.")
    raise UsageError(f"There is no run '{name}'{suggest_nearest(name, ids) or ''}")
