"""The true program in a pseudo-terminal, driven by keys, its screen read by a terminal emulator."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from descend.engine.run import runs
from tests.terminal import Terminal, descend


def until(true: Callable[[], object], terminal: Terminal | None = None, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, terminal.text() if terminal else ""
        if terminal:
            terminal.read(0.05)
        else:
            time.sleep(0.05)


def step_shown(text: str) -> int:
    """The step in the status line, -1 if there is none."""
    match = re.search(r"step ([\d,]+)/", text)
    return int(match[1].replace(",", "")) if match else -1


def test_a_newcomer_opens_the_first_lesson_trains_pauses_and_leaves(folders: Path) -> None:
    with Terminal(descend()) as terminal:
        terminal.wait("Digits: a first network")
        terminal.press("\r")
        terminal.wait("space asks what you expect")
        terminal.press(" ")
        terminal.wait("space runs without")  # the lesson asks for predictions first
        terminal.press(" ")
        terminal.wait("running")
        terminal.wait(lambda text: step_shown(text) > 50)
        assert "loss" in terminal.text()
        terminal.press(" ")
        terminal.wait("paused")
        (run,) = runs.list_runs()
        until(lambda: run.state() == "paused")
        held = step_shown(terminal.text())
        terminal.press("s")
        terminal.wait(lambda text: step_shown(text) == held + 1)
        terminal.press(" ")
        terminal.wait(lambda text: "done" in text)
        terminal.press("3")
        terminal.wait("true")  # the confusion matrix names its axes
        terminal.press("q")
        assert terminal.end() == 0
    assert run.state() == "done"


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40), (200, 60)])
def test_it_fills_the_screen_at_every_size(folders: Path, columns: int, lines: int) -> None:
    with Terminal(descend("open", "digits", "--run", "--set", "epochs=8"), columns, lines) as terminal:
        terminal.wait("done")
        text = terminal.text()
        assert "loss" in text
        if columns > 80:
            assert all(title in text for title in ("accuracy", "gradient", "confusion")), text
        terminal.press("q")
        assert terminal.end() == 0


def test_closing_the_terminal_leaves_the_run_going_and_it_can_be_attached_to_again(folders: Path) -> None:
    with Terminal(descend("open", "digits", "--run", "--set", "epochs=200")) as terminal:
        terminal.wait(lambda text: step_shown(text) > 20)
        (run,) = runs.list_runs()
        terminal.hang_up()
        until(lambda: terminal.process.poll() is not None)
    assert run.state() == "running"
    with Terminal(descend()) as terminal:
        terminal.wait("running")
        writer = run.writer()
        assert writer is not None
        os.kill(writer.pid, signal.SIGKILL)
        terminal.press("q")
        terminal.end()
    assert run.state() == "dead"


def test_killing_the_shell_leaves_no_idle_worker_behind(folders: Path) -> None:
    import psutil

    with Terminal(descend()) as terminal:
        terminal.wait("Digits: a first network")

        def children() -> list[psutil.Process]:
            return [p for p in psutil.Process(terminal.process.pid).children() if "--idle" in p.cmdline()]

        until(children, terminal)
        idle = children()
        terminal.process.kill()
        terminal.process.wait()
        until(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in idle))


def test_a_missing_dataset_offers_the_digits_and_uses_them_only_when_asked_to(folders: Path) -> None:
    with Terminal(descend("open", "fashion-mnist", "--run")) as terminal:
        terminal.wait("etch")
        assert not runs.list_runs()
        terminal.press("\x1b")
        time.sleep(0.3)
        assert not runs.list_runs()
        terminal.press("q")
        terminal.end()
