"""The logbook: what it keeps, two shells at once, damage, and a home that cannot be written."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine import own
from tests.terminal import descend

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.teaching import learner_progress
from descend.engine.teaching.lesson import Lesson


@pytest.fixture
def halving(folders: Path) -> Lesson:
    return own.install(folders)


def test_nothing_is_known_at_first_and_reading_writes_nothing(halving: Lesson, folders: Path) -> None:
    assert learner_progress.read_entry("halving") == learner_progress.LessonEntry()
    assert learner_progress.read_entries() == {}
    assert learner_progress.measure_progress(halving) == learner_progress.Progress("new", 0, 8)
    assert not (folders / "logbook.json").exists()


def test_what_is_done_is_kept(halving: Lesson) -> None:
    learner_progress.record_opening(halving)
    learner_progress.record_run(halving)
    learner_progress.record_run(halving)
    learner_progress.record_prediction(halving, 0, 1, "run-a")
    learner_progress.record_prediction(halving, 0, 0, "run-b")
    learner_progress.record_grade(halving, 0, "run-a", True)
    learner_progress.record_grade(halving, 0, "run-c", True)
    first = learner_progress.record_answer(halving, 0, 1)
    assert (first.first_right, first.right) == (False, False)
    second = learner_progress.record_answer(halving, 0, 0)
    assert (second.first, second.latest, second.first_right, second.right, second.times) == (1, 0, False, True, 2)
    assert learner_progress.record_attempt(halving, 1, False, "def triple(x): pass").attempts == 1
    assert learner_progress.record_attempt(halving, 1, True).solved
    assert learner_progress.record_attempt(halving, 1, False).solved, "what is solved stays so"
    assert learner_progress.keep_code(halving, 1, "mine").attempts == 3
    assert [learner_progress.record_hint(halving, 0) for _ in range(3)] == [1, 2, 2]
    entry = learner_progress.read_entry("halving")
    assert (entry.opened, entry.runs) == (1, 2)
    made = entry.predictions[halving.predictions[0].text]
    assert [(one.given, one.run, one.right) for one in made] == [(1, "run-a", True), (0, "run-b", None)]
    assert entry.exercises["Triple a number."].code == "mine"
    assert entry.exercises["End below 0.3."].hints == 2


def test_progress_counts_parts(halving: Lesson) -> None:
    learner_progress.record_opening(halving)
    assert learner_progress.measure_progress(halving).state == "new"
    learner_progress.record_answer(halving, 0, 1)
    assert learner_progress.measure_progress(halving) == learner_progress.Progress("begun", 0, 8), (
        "tried, though nothing is right yet"
    )
    learner_progress.record_run(halving)
    for index in range(3):
        learner_progress.record_prediction(halving, index, 0, "run")
    learner_progress.record_answer(halving, 0, 0)
    learner_progress.record_answer(halving, 1, 1)
    learner_progress.record_attempt(halving, 0, True)
    assert learner_progress.measure_progress(halving) == learner_progress.Progress("begun", 7, 8)
    assert learner_progress.measure_progress(halving).share == 7 / 8
    learner_progress.record_attempt(halving, 1, True)
    assert learner_progress.measure_progress(halving).state == "finished"
    changed = replace(halving, quiz=halving.quiz[::-1])
    assert learner_progress.measure_progress(changed).state == "finished", "the order of questions does not matter"


WRITER = """
import stat
import sys
import time
from descend.engine.teaching import catalogue, learner_progress as logbook
lesson = catalogue.find_lesson("halving")
for number in range(40):
    logbook.record_run(lesson)
    logbook.record_prediction(lesson, 1, number, f"{sys.argv[1]}-{number}")
"""


def test_two_shells_lose_nothing(halving: Lesson) -> None:
    shells = [subprocess.Popen([sys.executable, "-c", WRITER, name], env=dict(os.environ)) for name in "ab"]
    assert [shell.wait(60) for shell in shells] == [0, 0]
    entry = learner_progress.read_entry("halving")
    assert entry.runs == 80
    made = entry.predictions[halving.predictions[1].text]
    assert len(made) == learner_progress.KEPT
    assert {one.run for one in made} & {"a-39", "b-39"}


@pytest.mark.parametrize("text", [b"", b"{", b'{"lessons": 3}', b"\xff\xfe", b'{"format": "x"}'])
def test_a_damaged_file_is_kept_aside_and_said_once(halving: Lesson, folders: Path, text: bytes) -> None:
    file = folders / "logbook.json"
    file.write_bytes(text)
    assert learner_progress.read_entry("halving") == learner_progress.LessonEntry()
    [aside] = folders.glob("logbook.damaged-*.json")
    assert aside.read_bytes() == text
    assert str(aside) in learner_progress.find_trouble()
    assert not learner_progress.find_trouble()
    learner_progress.record_opening(halving)
    assert learner_progress.read_entry("halving").opened == 1


def test_a_newer_file_is_left_alone(halving: Lesson, folders: Path) -> None:
    file = folders / "logbook.json"
    file.write_text('{"format": 9, "lessons": []}')
    assert learner_progress.read_entry("halving") == learner_progress.LessonEntry()
    with pytest.raises(DescendError, match="of a newer format"):
        learner_progress.record_opening(halving)
    assert file.read_text() == '{"format": 9, "lessons": []}'


def test_a_home_that_cannot_be_written_is_a_sentence_and_reading_continues(
    halving: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DESCEND_HOME", str(tmp_path / "file" / "home"))
    assert learner_progress.read_entries() == {}
    with pytest.raises(DescendError, match=r"Cannot create .*; set DESCEND_HOME"):
        learner_progress.record_opening(halving)


def test_a_full_disk_leaves_the_old_book(halving: Lesson, folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learner_progress.record_opening(halving)
    before = (folders / "logbook.json").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DescendError, match="cannot be written \\(No space left on device\\)"):
        learner_progress.record_opening(halving)
    assert (folders / "logbook.json").read_bytes() == before


def test_reset_and_export(halving: Lesson, tmp_path: Path) -> None:
    learner_progress.record_opening(halving)
    learner_progress.export_progress(tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text())["lessons"]["halving"]["opened"] == 1
    with pytest.raises(UsageError, match="exists already"):
        learner_progress.export_progress(tmp_path / "out.json")
    with pytest.raises(DescendError, match="No such file or directory"):
        learner_progress.export_progress(tmp_path / "nowhere" / "out.json")
    with pytest.raises(UsageError, match="nothing on 'digitz'"):
        learner_progress.reset_progress("digitz")
    assert learner_progress.reset_progress("halving") == 1
    learner_progress.record_opening(halving)
    assert learner_progress.reset_progress() == 1
    assert learner_progress.read_entries() == {}


def call(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(descend(*words), capture_output=True, text=True, timeout=60, env=dict(os.environ))


def test_the_command_shows_forgets_and_exports(halving: Lesson, tmp_path: Path) -> None:
    learner_progress.record_run(halving)
    rows = [json.loads(line) for line in call("progress", "--json").stdout.splitlines()]
    mine = next(row for row in rows if row["name"] == "halving")
    assert (mine["state"], mine["done"], mine["parts"], mine["runs"]) == ("begun", 1, 8, 1)
    assert "halving" in call("progress").stdout
    assert call("progress", "export", str(tmp_path / "x.json")).returncode == 0
    assert (tmp_path / "x.json").exists()
    assert call("progress", "reset").returncode == 2
    assert call("progress", "reset", "halving", "--all").returncode == 2
    assert call("progress", "reset", "halving").stdout == "Forgot 1 lesson; runs are kept.\n"
    assert call("progress", "reset", "--all").stdout == "Forgot 0 lessons; runs are kept.\n"


def test_the_shell_can_read_it_without_torch() -> None:
    code = "import sys; from descend.engine.teaching import learner_progress, exercises; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_who_holds_the_lock_is_told_of_after_a_while(halving: Lesson, folders: Path) -> None:
    learner_progress.record_opening(halving)
    lock = folders / "logbook.lock"
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600
    lock.chmod(0o644)
    with open(lock, "rb") as holding:
        fcntl.flock(holding, fcntl.LOCK_EX)
        began = time.monotonic()
        with (
            learner_progress.wait_briefly(),
            pytest.raises(learner_progress.ProgressLocked, match=r"Another program holds .*logbook\.lock"),
        ):
            learner_progress.record_opening(halving)
        assert time.monotonic() - began < 1
        assert learner_progress.read_entry("halving").opened == 1
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600, "left by an older version"
    learner_progress.record_opening(halving)
    assert learner_progress.read_entry("halving").opened == 2


def test_without_locks_it_is_written_all_the_same(halving: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    learner_progress.record_opening(halving)
    assert learner_progress.read_entry("halving").opened == 1
