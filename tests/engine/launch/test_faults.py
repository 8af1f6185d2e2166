"""What runs must survive: kills, hang-ups, full disks, torn and damaged files, deleted folders, clocks set back."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.live import finished, history_of, kill, launch, pid, training, until
from tests.terminal import Terminal, descend

from descend.engine.base.errors import DescendError
from descend.engine.cli.follow import Interrupts, watch_changes
from descend.engine.cli.show import make_object
from descend.engine.diagnosis.diagnose import diagnose
from descend.engine.lab import checkpoints
from descend.engine.lab.lab import Lab
from descend.engine.launch import launcher
from descend.engine.run import runs
from descend.engine.run.history import History, Series
from descend.engine.run.jsonl import JsonlReader, JsonlWriter
from descend.engine.run.records import Event, Pause, Status, Stop, make_event_decoder
from descend.engine.run.runs import ENDED, Run
from descend.engine.run.summary import summarize
from descend.engine.teaching import catalogue

BOUND = 0.25
"""Seconds of records that a kill may cost."""
KILLED, AT_ONCE = 45, 9
"""Writers killed, and how many of them write at a time."""


def kill_writers(folders: list[Path], chance: random.Random) -> list[float]:
    """Start a writer in each folder and kill each at a random moment; when it was."""
    for folder in folders:
        folder.mkdir(parents=True)
    command = [sys.executable, "-m", "tests.writers", *map(str, folders)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        writers = [int(parent.stdout.readline()) for _ in folders]
        until(lambda: all((folder / "said").exists() for folder in folders))
        killed = [0.0] * len(folders)
        for number in chance.sample(range(len(folders)), len(folders)):
            time.sleep(chance.uniform(0, 0.12))
            killed[number] = time.monotonic()
            os.kill(writers[number], signal.SIGKILL)
        assert parent.wait(60) == 0
    return killed


def test_killed_at_45_moments_a_log_is_whole_and_misses_a_quarter_second_at_most(tmp_path: Path) -> None:
    chance, torn, missing = random.Random(time.time_ns()), 0, []
    for batch in range(KILLED // AT_ONCE):
        folders = [tmp_path / f"{batch}-{number}" for number in range(AT_ONCE)]
        for folder, moment in zip(folders, kill_writers(folders, chance), strict=True):
            said = [line.split() for line in (folder / "said").read_text().splitlines()]
            follower, history = JsonlReader(folder / "events.jsonl", make_event_decoder()), History()
            while records := follower.read():
                history.feed(records)
            assert follower.skipped == 0, "no torn record is shown"
            assert all(len(note.text) > 200_000 and note.text.endswith("long ") for note in history.notes)
            loss = history.series.get("train/loss", Series())
            assert loss.steps.tolist() == list(range(loss.size))
            assert (loss.values == loss.steps * 0.5).all()
            lost = [float(at) for at, step in said if int(step) >= loss.size]
            missing.append(moment - lost[0] if lost else 0.0)
            torn += not (folder / "events.jsonl").read_bytes().endswith(b"\n")
            appender = JsonlWriter(folder / "events.jsonl")
            appender.append([Status(state="starting")])
            appender.close()
            assert follower.read() == [Status(state="starting")], "the next writer is read from its first record on"
    print(f"\n{KILLED} kills: at most {max(missing):.3f} s of records missing, {torn} torn last lines")
    assert max(missing) <= BOUND


def test_a_worker_killed_at_five_moments_says_how_and_loses_a_quarter_second_at_most(folders: Path) -> None:
    run, chance = launch(epochs=200, pace=100), random.Random(time.time_ns())
    missing = []
    for how in (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGSEGV):
        training(run)
        (began,) = [record for record in records_of(run)[-1:0:-1] if is_running(record)][:1]
        time.sleep(chance.uniform(0.1, 0.8))
        moment = time.time()
        kill(run, how)
        trained = began.t + moment - began.at
        missing.append(trained - history_of(run).elapsed)
        assert run.state() == "dead"
        summary = summarize(run)
        assert f"`descend resume {run.id}` resumes from its checkpoint of step" in summary.advice[0]
        assert ("crashed" if how == signal.SIGSEGV else "was killed") in summary.why
        launcher.resume_run(run)
        assert run.state() in ("starting", "running")
    print(f"\n5 workers killed: at most {max(missing):.3f} s of records missing")
    assert max(missing) <= BOUND
    training(run)
    kill(run, signal.SIGTERM)
    assert run.state() == "stopped"
    assert "signal (SIGTERM)" in summarize(run).why


def is_running(record: Event) -> bool:
    return isinstance(record, Status) and record.state == "running"


def records_of(run: Run) -> list[Event]:
    found, follower = [], run.follow()
    while records := follower.read():
        found += records
    return found


def test_a_lost_terminal_leaves_it_training_and_a_deleted_folder_ends_it(folders: Path) -> None:
    with Terminal(descend("run", "digits", "--set", "epochs=200", "--set", "pace=50")) as terminal:
        terminal.wait("epoch 1/200")
        (run,) = runs.list_runs()
        terminal.hang_up()
        terminal.process.wait(60)
    worker = pid(run)
    os.kill(worker, signal.SIGHUP)
    step = training(run) and history_of(run).series["train/loss"].size
    until(lambda: history_of(run).series["train/loss"].size > step + 20)
    assert run.state() == "running"
    with subprocess.Popen(
        descend("attach", run.id), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stdout is not None
        assert run.id in watching.stdout.readline()
        shutil.rmtree(run.folder)
        until(lambda: not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE)
        assert watching.wait(60) == 1
        assert watching.stderr is not None
        assert f"The folder of run '{run.id}' is gone" in watching.stderr.read()
    assert runs.list_runs() == []
    assert not run.folder.exists(), "nothing brings it back"


def test_a_run_whose_folder_is_being_deleted_is_gone_and_not_dead(folders: Path) -> None:
    run, lab = lab_in(folders)
    lab.status("running")
    lab.close()
    changes = watch_changes(run, History(), alive=lambda: False, interrupts=Interrupts(), detach=False)
    next(changes)
    run.events_file.unlink()
    with pytest.raises(DescendError, match="is gone, so there is nothing left to follow"):
        next(changes)


def lab_in(folder: Path) -> tuple[Run, Lab]:
    knobs = catalogue.find_lesson("digits").knobs.parse({"pace": 0})
    run = runs.create_run(runs.Manifest(id="", name="digits", knobs=knobs.values(), seed=0, device="cpu"))
    return run, Lab(run, knobs, device=torch.device("cpu"), seed=0)


def test_a_paused_run_notices_that_its_folder_is_gone(folders: Path) -> None:
    run, lab = lab_in(folders)
    run.ask(Pause())
    ended: list[str] = []

    def train() -> None:
        try:
            for _ in lab.steps(10**6):
                time.sleep(0.001)
        except DescendError as error:
            ended.append(str(error))

    training = threading.Thread(target=train)
    training.start()
    until(lambda: run.folder.exists() and any(is_paused(record) for record in records_of(run)))
    shutil.rmtree(run.folder)
    training.join(60)
    assert ended == ["The run's folder has been deleted or moved, so the run has ended."]
    lab.close()


def is_paused(record: Event) -> bool:
    return isinstance(record, Status) and record.state == "paused"


def test_what_is_no_number_ends_the_run_instead_of_the_recording(folders: Path) -> None:
    _, lab = lab_in(folders)

    def train() -> None:
        for _ in lab.steps(10**6):
            lab.scalars(loss="much")
            time.sleep(0.001)

    with pytest.raises(ValueError, match="much"):
        train()
    lab.close()


def test_a_clock_set_back_does_not_take_training_time_back(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, lab = lab_in(folders)
    now = time.time
    for step in lab.steps(300):
        if step % 50 == 49:
            monkeypatch.setattr(time, "time", lambda back=step * 3600: now() - back)
        lab.scalars(loss=float(step))
        time.sleep(0.002)
    lab.finish()
    lab.close()
    times = [record.t for record in records_of(run)]
    assert len(times) > 5
    assert times == sorted(times)
    assert 0.5 < times[-1] < 30
    progress = history_of(run).progress
    assert progress is not None
    assert progress.rate >= 0


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The records of a small real run."""
    patch = pytest.MonkeyPatch()
    with patch.context() as context:
        context.setenv("DESCEND_HOME", str(tmp_path_factory.mktemp("small")))
        run = finished(launch(epochs=1, batch_size=512, pace=0, hidden=2))
        assert run.state() == "done"
        return run.events_file.read_bytes()


def test_cut_at_every_byte_a_real_log_reads_as_its_beginning(tmp_path: Path, events: bytes) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(events)
    whole = JsonlReader(path, make_event_decoder()).read()
    complete = History()
    complete.feed(whole)
    for length in range(len(events), -1, -1):
        os.truncate(path, length)
        follower, history = JsonlReader(path, make_event_decoder()), History()
        records = follower.read()
        history.feed(records)
        assert records == whole[: events.count(b"\n", 0, length)]
        assert follower.skipped == 0
        for name, series in history.series.items():
            assert series.values.tolist() == complete.series[name].values[: series.size].tolist()
    print(f"\n{len(events):,} cuts")


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_random_damage_to_a_real_log_never_raises(
    tmp_path_factory: pytest.TempPathFactory, events: bytes, data: st.DataObject
) -> None:
    text = bytearray(events)
    for _ in range(data.draw(st.integers(1, 12))):
        place = data.draw(st.integers(0, len(text)))
        match data.draw(st.sampled_from(("change", "insert", "remove"))):
            case "change":
                text[place : place + 1] = data.draw(st.binary(min_size=1, max_size=1))
            case "insert":
                text[place:place] = data.draw(st.binary(max_size=20))
            case "remove":
                del text[place : place + data.draw(st.integers(1, 40))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESCEND_HOME", str(tmp_path_factory.mktemp("damage")))
        knobs = catalogue.find_lesson("digits").knobs.parse({}).values()
        run = runs.create_run(runs.Manifest(id="", name="digits", knobs=knobs, seed=0, device="cpu"))
        run.events_file.write_bytes(text)
        summary = summarize(run)
        json.dumps(make_object(summary, History.of(run), diagnose(run)), allow_nan=False)
        assert summary.state in ("starting", "running", "paused", "done", "stopped", "failed", "dead")


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs prlimit, which only Linux has")
def test_a_full_disk_ends_the_run_and_harms_nothing_that_was_kept(folders: Path) -> None:
    run = training(launch(epochs=40, pace=300))
    until(lambda: len(run.checkpoint_steps()) >= 2)
    kept = {step: run.checkpoint(step).read_bytes() for step in run.checkpoint_steps()}
    said = records_of(run)
    room = run.events_file.stat().st_size + 500
    resource.prlimit(pid(run), resource.RLIMIT_FSIZE, (room, room))
    until(lambda: not run.alive())
    assert run.state() in ("failed", "dead"), "there may be no room left to say so"
    assert any(
        (line.startswith(ENDED) and "cannot be recorded" in line.replace("can be", "cannot be"))
        or "Nothing more can be recorded: File too large" in line
        for line in run.log_tail(50)
    )
    assert "Nothing more can be recorded" in summarize(run).why
    assert records_of(run)[: len(said)] == said
    assert run.follow().read(1 << 24)
    assert run.events_file.read_bytes().endswith(b"\n"), "a torn line was taken back"
    for step, content in kept.items():
        if run.checkpoint(step).exists():
            assert run.checkpoint(step).read_bytes() == content
    assert checkpoints.find_newest(run) is not None
    assert not list(run.checkpoints.glob("*.new"))
    launcher.resume_run(run)
    training(run)
    run.ask(Stop())
    assert finished(run).state() == "stopped"
    assert history_of(run).failure is None


def test_idle_workers_end_with_the_shell_however_it_ends() -> None:
    script = (
        "import time; from descend.engine.launch.launcher import WarmWorker; warm = WarmWorker(); warm.start(); "
        "warm.start(); print(warm._idle.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as shell:
        assert shell.stdout is not None
        idle = psutil.Process(int(shell.stdout.readline()))
        assert [child.pid for child in psutil.Process(shell.pid).children()] == [idle.pid], "one at a time"
        time.sleep(0.5)
        assert idle.is_running()
        shell.kill()
    until(lambda: not idle.is_running() or idle.status() == psutil.STATUS_ZOMBIE)


def test_flat_out_a_log_grows_about_a_megabyte_a_minute_at_most(folders: Path) -> None:
    run = training(launch(epochs=200, batch_size=1, pace=0))
    time.sleep(0.5)
    before, began, step = run.events_file.stat().st_size, time.monotonic(), history_of(run).progress.step
    time.sleep(5)
    growth = (run.events_file.stat().st_size - before) / (time.monotonic() - began) * 60 / 1e6
    steps = (history_of(run).progress.step - step) / (time.monotonic() - began)
    assert run.state() == "running"
    kill(run)
    print(f"\n{growth:.2f} MB a minute at {steps:,.0f} steps a second")
    assert growth < 1.2


def test_checkpoints_are_neither_written_nor_removed_through_a_link(folders: Path, tmp_path: Path) -> None:
    run, lab = lab_in(folders)
    lab.close()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("0000000001.new", *(f"{step:010d}.pt" for step in range(20))):
        (elsewhere / name).write_bytes(b"mine")
    shutil.rmtree(run.checkpoints, ignore_errors=True)
    run.checkpoints.symlink_to(elsewhere)
    assert run.checkpoint_steps() == []
    assert checkpoints.find_newest(run) is None
    keeper = checkpoints.CheckpointWriter(run)
    keeper.save(20, {"run": run.id})
    keeper.wait()
    assert keeper.error is not None
    assert keeper.error.strerror == "checkpoints is a link, not a folder"
    assert {file.name: file.read_bytes() for file in elsewhere.iterdir()} == dict.fromkeys(
        ["0000000001.new", *(f"{step:010d}.pt" for step in range(20))], b"mine"
    )


def test_what_else_is_called_like_a_checkpoint_is_skipped(folders: Path, tmp_path: Path) -> None:
    run, lab = lab_in(folders)
    lab.close()
    keeper = checkpoints.CheckpointWriter(run)
    keeper.save(5, {"run": run.id})
    keeper.wait()
    run.checkpoint(6).symlink_to(tmp_path / "x.pt")
    shutil.copyfile(run.checkpoint(5), tmp_path / "x.pt")
    os.mkfifo(run.checkpoint(7))
    os.truncate(run.checkpoint(5), 10)
    with pytest.raises(DescendError, match="damaged"):
        checkpoints.load_checkpoint(run.checkpoint(7))
    assert checkpoints.find_newest(run) is None
    (tmp_path / "mine").write_text("mine")
    (run.checkpoints / "0000000008.new").symlink_to(tmp_path / "mine")
    keeper.save(8, {"run": run.id})
    keeper.wait()
    assert (tmp_path / "mine").read_text() == "mine"
