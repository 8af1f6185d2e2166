"""How the shell follows one run."""

from __future__ import annotations

import pytest

from descend.engine.run.loading_times import IMPORTING, keep_time
from descend.engine.run.records import Status
from descend.tui import run_monitor
from descend.tui.run_monitor import RunMonitor
from descend.tui.screens.lesson.status import parts
from tests.tui.recording import Worker, asked, begin, commands, end, finished, say, sign, steps


def test_it_reads_what_is_new_and_names_it() -> None:
    run = asked()
    following = RunMonitor(run)
    assert following.phase == "starting"
    assert following.poll() == set()
    begin(run)
    steps(run, 0, 3)
    assert {"train/loss", "train/accuracy", "layers", "confusion/test", "progress", "status"} <= following.poll()
    assert following.phase == "running"
    assert following.poll() == set()
    end(run, "done")
    assert following.poll() == {"status"}
    assert not following.live


def test_one_look_takes_a_bounded_time_and_the_next_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_monitor, "CHUNK", 4096)
    run = asked()
    begin(run)
    steps(run, 0, 60)
    size = run.events_file.stat().st_size
    following, seen = RunMonitor(run), []
    while following.behind:
        following.poll(budget=0.0)  # time is up after the first chunk
        seen.append(following.history.series["train/loss"].size)
    assert len(seen) > size // 4096
    assert seen == sorted(seen)
    assert seen[0] < 10
    assert seen[-1] == 60


def test_what_the_user_asks_shows_at_once_and_gives_way_to_the_runs_word() -> None:
    run = asked()
    begin(run)
    worker = Worker(run)
    following = RunMonitor(run)
    following.poll()
    following.pause()
    assert (following.asked, following.phase, following.aim) == ("pausing", "running", "paused")
    steps(run, 0, 2)
    following.poll()
    assert following.asked == "pausing"
    say(run, Status(state="paused"))
    following.poll()
    assert (following.asked, following.phase) == ("", "paused")
    following.turn("pace", 5)
    following.resume()
    say(run, Status(state="running"))
    following.poll()
    following.pause()
    say(run, Status(state="running"))  # said before the worker heard of it
    following.poll()
    assert (following.asked, following.phase) == ("pausing", "running")
    following.step()
    following.resume()
    following.stop()
    assert commands(run) == ["pause", "set", "resume", "pause", "step", "resume", "stop"]
    worker.die()


def test_a_silent_run_whose_worker_is_gone_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_monitor, "LOOK", 0.0)
    run = asked()
    begin(run)
    worker = Worker(run)
    following = RunMonitor(run)
    for _ in range(3):
        following.poll()
    assert following.phase == "running"
    worker.die()
    assert following.poll() == {"status"}
    assert following.phase == "dead"
    assert following.poll() == set()
    following.revived()
    assert following.aim == "starting"
    begin(run)
    following.poll()
    assert following.phase == "running"


def test_last_words_are_heard_before_a_worker_counts_as_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_monitor, "LOOK", 0.0)
    run = asked()
    begin(run)
    sign(run)
    following = RunMonitor(run)
    following.poll()
    alive = run.alive

    def dies_now() -> bool:
        end(run, "done")
        return alive()

    monkeypatch.setattr(run, "alive", dies_now)
    following.poll()
    assert following.phase == "done"


def test_an_ended_run_is_not_looked_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_monitor, "LOOK", 0.0)
    run = finished()
    monkeypatch.setattr(run, "alive", lambda: pytest.fail("asked for"))
    following = RunMonitor(run)
    while following.behind:
        following.poll()
    following.poll()
    assert following.phase == "done"


def test_what_is_loaded_is_told_until_the_run_trains() -> None:
    keep_time(IMPORTING, 6)
    run = asked()
    following = RunMonitor(run)
    assert following.loading == "importing torch, usually 6 s"
    say(run, Status(state="starting", message="reading digits, usually 2 s"))
    following.poll()
    assert following.loading == "reading digits, usually 2 s"
    assert parts(following, "cpu")[0].text == "reading digits, usually 2 s"
    say(run, Status(state="running", device="cpu"))
    following.poll()
    assert following.loading == ""
    assert [part.text for part in parts(following, "")] == ["preparing", "cpu"]
