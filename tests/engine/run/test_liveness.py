"""Whether a run's worker lives: by pid and birth here, by signs of life elsewhere, and never by a lock."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from descend.engine.base.errors import DescendError
from descend.engine.launch import launcher, worker
from descend.engine.run import liveness, runs
from descend.engine.run.liveness import HEARD, Writer, find_birth
from descend.engine.run.run_request import RunRequest
from descend.engine.run.runs import Run
from descend.engine.run.summary import summarize

LONG_AGO = HEARD + 30


@pytest.fixture
def run(folders: Path) -> Run:
    """One that nobody has taken, made a while ago."""
    made = launcher.prepare(RunRequest("digits"))
    return aged(made)


def aged(run: Run) -> Run:
    """``run``, with files that were written a while ago."""
    for file in (*run.folder.iterdir(), run.folder):
        os.utime(file, (time.time() - LONG_AGO,) * 2)
    return run


def signed(run: Run, file: Path | None = None, pid: int | None = None, **fields: object) -> Run:
    """``run`` as signed by process ``pid``, by default this one, a while ago."""
    writer = msgspec.structs.replace(Writer.process(pid or os.getpid()), **fields)
    (file or run.writer_file).write_bytes(msgspec.json.encode(writer))
    return aged(run)


def test_who_holds_a_lock_or_has_got_the_pid_makes_no_run_alive(run: Run) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    born = find_birth(gone.pid)
    while find_birth(gone.pid) is not None:  # until it is a ghost: nobody has waited for it
        time.sleep(0.01)
    signed(run, pid=gone.pid, birth=born or 1.0)
    run.lock_file.touch()
    with open(run.writer_file, "rb") as one, open(run.lock_file, "rb") as other:
        fcntl.flock(one, fcntl.LOCK_EX)
        fcntl.flock(other, fcntl.LOCK_EX)
        assert run.state() == "dead"
    gone.wait()
    assert run.state() == "dead"
    assert signed(run, birth=find_birth(os.getpid()) - 1).state() == "dead", "another had that pid before"
    assert signed(run).state() == "starting"


def test_who_was_started_is_starting_while_it_lives_however_long_it_takes(run: Run) -> None:
    slow = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    signed(run, pid=slow.pid, birth=1.0)  # an earlier worker of that pid is dead
    launcher.sign_worker(run, slow.pid)
    assert aged(run).state() == "starting"
    slow.kill()
    slow.wait()
    assert run.state() == "dead"
    assert summarize(run).why == (
        "Its worker died without a message before it could begin: it was killed, by the system or by someone."
    )
    run.log_file.write_text(
        "worker began: 1\nValueError: of long ago\nworker called: now\nTraceback (most recent call last):\n"
        "ImportError: libnone.so: cannot open shared object file\n"
    )
    assert summarize(run).why == (
        "Its worker could not begin: ImportError: libnone.so: cannot open shared object file."
    )


def test_another_machine_is_believed_while_it_is_heard_of_and_its_host_name_says_nothing(run: Run) -> None:
    assert signed(run, host="login").state() == "starting", "the same kernel under another name"
    for elsewhere in ({"boot": "another", "host": "node7"}, {"space": "pid:[1]"}):
        signed(run, **elsewhere)
        assert run.state() == "dead"
        assert "has shown no sign of life for over 2 minutes; whether it lives cannot be seen" in summarize(run).why
        os.utime(run.writer_file)
        assert run.state() == "starting"


def test_a_worker_shows_that_it_lives(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "BEAT", 0.01)
    signed(run, host="node7", boot="another")
    worker.start_heartbeat(run)
    deadline = time.monotonic() + 60
    while not run.alive():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_lock_is_for_the_owner_alone_and_one_that_is_held_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "PATIENCE", 0.1)
    launcher.sign_worker(run, os.getpid())
    lock = worker.claim(run)
    assert stat.S_IMODE(run.lock_file.stat().st_mode) == 0o600
    assert run.launched() is None
    with pytest.raises(DescendError, match=r"Another program holds .*worker\.lock"):
        worker.claim(run)  # a second opening of the file is as another's; the process that signed is this one
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    signed(run, pid=other.pid)
    with pytest.raises(DescendError, match="already has a worker"):
        worker.claim(run)
    other.kill()
    other.wait()
    os.close(lock)
    os.close(worker.claim(run))


def test_without_locks_a_worker_begins_unless_another_lives(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(file: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    monkeypatch.setattr(worker, "PATIENCE", 0.1)
    os.close(worker.claim(run))
    assert run.alive()
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    signed(run, pid=other.pid)
    with pytest.raises(DescendError, match="already has a worker"):
        worker.claim(run)
    other.kill()
    other.wait()


def test_without_proc_a_process_is_told_by_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "Path", lambda file: Path("/nowhere", file.lstrip("/")))
    monkeypatch.setattr(os.path, "exists", lambda file: False)
    assert find_birth(os.getpid()) == pytest.approx(time.time(), abs=100_000)
    assert find_birth(2**22 + 7) is None
    assert Writer.this_process().lives()


def test_a_home_that_cannot_be_read_is_not_an_empty_one(folders: Path) -> None:
    assert runs.list_runs() == []
    folders.mkdir()
    (folders / "runs").write_text("")
    with pytest.raises(DescendError, match=r"The runs in .* cannot be read \(Not a directory\)"):
        runs.list_runs()
