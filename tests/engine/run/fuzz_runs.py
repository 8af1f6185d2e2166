"""Damages copies of recorded runs at random and puts each through everything that reads or changes a run.

``python -m tests.engine.run.fuzz_runs --count 20000 --seed 1`` tries so many; ``--only 17`` tries that one again and
says
what was done to it. `tests.engine.run.damage` has the ways to damage a run. After each it is found out whether

- every reader and command ended, soon, with what it found or with one sentence;
- the sound run beside the damaged one was listed;
- anything outside the home folder was changed.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any
from unittest import mock

import msgspec
from tests.engine.run.damage import damage

from descend.engine.base import trees
from descend.engine.base.errors import DescendError
from descend.engine.cli import follow, main, parser
from descend.engine.launch import launcher, worker
from descend.engine.run import runs
from descend.engine.run.jsonl import JsonlWriter
from descend.engine.run.records import Header, Status
from descend.engine.run.runs import Run, Writer

RECORDINGS = Path(__file__).parents[2] / "recordings"
PATIENCE = 60
"""Seconds after which a reader hangs."""


class Hang(BaseException):
    """Something took longer than `PATIENCE`."""


class Trial:
    """A home folder with a damaged run and a sound one, and a folder outside that nothing may change.

    Attributes:
        findings: what went wrong, a line each.
    """

    def __init__(self, place: Path) -> None:
        self.home, self.outside, self.runs = place / "home", place / "outside", place / "home" / "runs"
        self.findings: list[str] = []
        self.runs.mkdir(parents=True)
        self.outside.mkdir()
        recorded = sorted(path.parent for path in RECORDINGS.glob("*/run.json"))
        self.templates = [template(folder, place / "templates" / folder.name) for folder in recorded]
        shutil.copytree(self.templates[0], self.outside / "run")
        (self.outside / "file").write_text('{"pid":1}\n')
        (self.outside / "model.py").write_text("class Net: ...\n")
        shutil.copytree(place / "templates" / "digits", self.runs / "sound")
        self.before = snapshot(self.outside)

    def warm_up(self) -> None:
        """Do everything to a sound run first: what is imported only now is not to be waited for."""
        shutil.copytree(self.templates[0], self.runs / "broken")
        for deed in deeds(self.home, random.Random(0)).values():
            for folder in self.runs.iterdir():
                age(folder)
            with contextlib.suppress(DescendError):
                deed()

    def run(self, number: int, seed: int) -> list[str]:
        """Damage a run and try everything; returns what was done to it."""
        chance = random.Random(f"{seed}-{number}")
        for folder in self.runs.iterdir():
            if folder.name != "sound":
                remove(folder)
        broken = self.runs / "broken"
        shutil.copytree(chance.choice(self.templates), broken)
        done = damage(broken, self.outside, chance)
        for name, deed in deeds(self.runs.parent, chance).items():
            for folder in self.runs.iterdir():
                age(folder)
            if wrong := tried(deed):
                self.findings.append(f"{number} {name}: {wrong}")
        if (after := snapshot(self.outside)) != self.before:
            self.findings.append(f"{number} outside: {sorted({str(x) for x in after ^ self.before})[:3]}")
            self.before = after
        return done


def template(recorded: Path, folder: Path) -> Path:
    """A copy of a recorded run, shortened, with all files that a worker leaves."""
    shutil.copytree(recorded, folder)
    run = Run(folder)
    lines = run.events_file.read_bytes().splitlines(keepends=True)
    run.events_file.write_bytes(b"".join([*lines[:10], *lines[10:-4:9][:14], *lines[-4:]]))
    gone = msgspec.structs.replace(Writer.this_process(), started=1.0, birth=1.0)  # earlier, of this pid
    run.writer_file.write_bytes(msgspec.json.encode(gone))
    run.control_file.write_text('{"kind":"pause","at":1.5}\n{"kind":"set","knob":"lr","value":0.1}\n')
    run.log_file.write_text("worker began: 1 now\nTraceback (most recent call last)\n")
    run.checkpoints.mkdir()
    for step in (0, 20, 40):
        with zipfile.ZipFile(run.checkpoint(step), "w") as packed:
            packed.writestr("archive/data.pkl", b"weights")
    (run.checkpoints / "0000000060.new").write_bytes(b"unfinished")
    return folder


def deeds(home: Path, chance: random.Random) -> dict[str, Callable[[], object]]:
    """Everything that is done to a damaged run, the last of them its end."""
    commands = [
        ("list", "runs"),
        ("list", "runs", "--json"),
        ("show", "broken"),
        ("show", "broken", "--json"),
        ("attach", "broken", *chance.choice([(), ("--json",)])),
        ("rename", "broken", "a title"),
        ("note", "broken", "a note"),
        *(("export", "broken", "--to", form, str(home / form), "--force") for form in ("csv", "json", "tensorboard")),
        ("pause", "broken"),
        ("fork", "broken", "--at", str(chance.choice([0, 21, 10**30])), "--detach"),
        ("resume", "broken", "--detach"),
        ("delete", "broken", "--yes"),
    ]
    found: dict[str, Callable[[], object]] = {"survey": surveyed, "learn": learned}
    found["compare"] = functools.partial(compared, drawing=chance.random() < 0.25)  # which takes longest
    for words in commands:
        found[" ".join(words[:2]) + (words[3] if words[0] == "export" else "")] = lambda words=words: command(words)
    return found


def command(words: tuple[str, ...]) -> None:
    """Do what ``descend`` does with ``words``; what it says is checked."""
    said, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(told):
        status = main(list(words))
    assert status in (0, 1, 2), status
    assert "sound" in said.getvalue() or words[0] != "list", "the sound run is not listed"
    assert "\x1b" not in said.getvalue() + told.getvalue(), "an escape sequence got through"
    if status and words[0] != "attach":  # whose run may have failed
        lines = told.getvalue().strip().splitlines()
        assert lines, "no sentence"
        assert lines[-1].startswith("descend: "), lines
        foreseen(lines[-1])
    foreseen(said.getvalue() if words[0] == "list" else "")


def foreseen(said: str) -> None:
    """A sentence that names an exception was not foreseen by any check."""
    assert " is damaged (" not in said, said


class Worker:
    """Stands for the process of a worker: takes the run as one does, and says nothing more."""

    def __init__(self, words: list[str], **_: Any) -> None:
        self.pid, self.status = os.getpid(), 0
        run = Run(Path(words[-2]))
        try:
            file = worker.claim(run)
            os.close(file)
            with contextlib.closing(JsonlWriter(run.events_file)) as events:
                events.append([Header(format=1, run=run.id), Status(state="starting")])
            with contextlib.closing(JsonlWriter(run.control_file)):
                pass
            if "torch" in sys.modules:
                kept(run)
        except OSError:
            self.status = 1

    def poll(self) -> int | None:
        return self.status


def kept(run: Run) -> None:
    """Write more checkpoints than are kept."""
    from descend.engine.lab.checkpoints import CheckpointWriter, find_newest

    find_newest(run)
    keeper = CheckpointWriter(run)
    for step in range(100, 113):
        keeper.save(step, {})
    keeper.wait()


def surveyed() -> None:
    """Look through the runs as their screen does."""
    from descend.tui.screens.runs.columns import ORDERS, cell, metric, ordered
    from descend.tui.screens.runs.detail import about
    from descend.tui.screens.runs.run_scanner import RunScanner

    survey = RunScanner()
    list(survey.look())
    list(survey.trace(survey.entries.values()))
    assert survey.entries["sound"].state == "done"
    for entry in survey.entries.values():
        foreseen(entry.why)
        assert survey.sparkline(entry, 12) is not None
        about(entry)
        metric(entry, 20)
        entry.matches(["digits"])
        for column in ("state", "lesson", "title", "age", "took", "size"):
            cell(entry, column)
    for order in ORDERS:
        ordered(list(survey.entries.values()), order)


def learned() -> None:
    """Look through the runs as the first screen does."""
    from descend.tui.screens.learn.progress_scanner import ProgressScanner

    ProgressScanner().look()


def compared(drawing: bool) -> None:
    """Compare the run with the sound one, as the screen does that may be open when it is damaged."""
    from rich.console import Console
    from rich.text import Text

    from descend.tui.screens.compare.comparison_table import ComparisonTable
    from descend.tui.screens.compare.differences import compare
    from descend.tui.screens.compare.screen import label
    from descend.tui.screens.compare.together import ComparedRuns

    together = ComparedRuns(runs.list_runs())
    together.poll(PATIENCE)
    found = compare(together)
    names = [label(session.run, together, place) for place, session in enumerate(together.sessions)]
    drawn = ComparisonTable(found, [Text(name) for name in names], names)
    if drawing:
        Console(file=io.StringIO()).print(drawn)


def tried(deed: Callable[[], object]) -> str:
    """Do ``deed``; returns what went wrong."""

    def late(_: int, frame: FrameType | None) -> None:
        raise Hang("".join(traceback.format_stack(frame, 3)))

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(PATIENCE)
    try:
        deed()
    except DescendError as error:
        return "" if "\n" not in str(error) else f"not one line: {error}"
    except (Exception, Hang, SystemExit) as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {str(error)[:400]} ({Path(place.filename).name}:{place.lineno} {place.name})"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return ""


def snapshot(folder: Path) -> set[tuple[str, int, bytes]]:
    """Names, kinds and contents of all that is below ``folder``."""
    found = set()
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        found.add((str(path), mode, path.read_bytes() if stat.S_ISREG(mode) else b""))
    return found


def age(folder: Path) -> None:
    """Let no file of a run look as if a worker were at work on it."""
    for name in ("events.jsonl", "worker.json"):
        with contextlib.suppress(OSError):
            os.utime(folder / name, (1e9, 1e9), follow_symlinks=False)
    os.utime(folder, (1e9, 1e9), follow_symlinks=False)


def remove(path: Path) -> None:
    """Remove whatever ``path`` is."""
    if os.path.isdir(path) and not path.is_symlink():
        trees.remove(path)
    else:
        path.unlink()


@contextlib.contextmanager
def trial(place: Path) -> Iterator[Trial]:
    """A `Trial` whose home folder is descend's."""
    processes = SimpleNamespace(Popen=Worker, DEVNULL=subprocess.DEVNULL)
    with (
        mock.patch.dict(os.environ, DESCEND_HOME=str(place / "home"), DESCEND_DATA=str(place / "data")),
        mock.patch.object(launcher, "subprocess", processes),
        mock.patch.object(runs, "read_git_state", str),
        mock.patch.object(runs, "list_versions", dict),
        mock.patch.object(os, "fsync"),
        mock.patch.object(parser, "make_parser", functools.cache(parser.make_parser)),
        mock.patch.object(follow, "PATIENCE", 0.0),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("error", RuntimeWarning)  # which would stand on the terminal
        tries = Trial(place)
        tries.warm_up()
        yield tries


def fuzz(count: int, seed: int, first: int = 0) -> list[str]:
    """Try ``count`` damaged runs; returns what went wrong."""
    with tempfile.TemporaryDirectory() as place, trial(Path(place)) as tries:
        began, told = time.monotonic(), 0
        for number in range(first, first + count):
            done = tries.run(number, seed)
            for finding in tries.findings[told:]:
                print(f"{finding}\n    after {'; '.join(done)}", flush=True)
            told = len(tries.findings)
            if number % 500 == 499:
                print(f"{number + 1:,} in {time.monotonic() - began:,.0f} s, {told} findings", flush=True)
        return tries.findings


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=1000, help="runs to damage (default: 1000)")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--only", type=int, metavar="NUMBER", help="try that one alone")
    options.add_argument("--torch", action="store_true", help="read and write checkpoints too")
    given = options.parse_args()
    if given.torch:
        import torch  # noqa: F401
    wrong = fuzz(given.count, given.seed) if given.only is None else fuzz(1, given.seed, given.only)
    kinds = Counter(finding.partition(" ")[2].partition(":")[0] for finding in wrong)
    print(f"{given.count:,} damaged runs, seed {given.seed}: {len(wrong)} findings {dict(kinds)}")
    sys.exit(bool(wrong))
