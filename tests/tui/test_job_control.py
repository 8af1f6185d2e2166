"""The shell under a command line with job control: ctrl+z gives the terminal back, fg takes it again."""

from __future__ import annotations

import shlex
from pathlib import Path

import psutil
import pytest

from tests.terminal import descend
from tests.tui.test_signals import FIRST, Watched

BASH = ["bash", "--norc", "--noprofile", "-i"]
ALONE = "{}"
WRAPPED = "sh -c {!r}"
"""As `uv run` starts it: what the command line waits for is a parent in the same group."""


def line(form: str) -> str:
    command = shlex.join(descend())
    return (form.format(f"{command}; true") if form == WRAPPED else command) + "\r"


def find_workers(terminal: Watched) -> list[psutil.Process]:
    """The workers that wait for a run; one that has just begun is not known as such yet."""
    below = psutil.Process(terminal.process.pid).children(recursive=True)
    return [one for one in below if "descend.engine.launch.worker" in one.cmdline()]


@pytest.mark.parametrize("form", [ALONE, WRAPPED], ids=["alone", "wrapped"])
def test_ctrl_z_suspends_and_fg_repaints(folders: Path, form: str) -> None:
    with Watched(BASH, 100, 30, {"PS1": "ready> ", "BASH_SILENCE_DEPRECATION_WARNING": "1"}) as terminal:
        terminal.wait("ready>")
        terminal.press(line(form))
        terminal.wait(FIRST)
        terminal.press("u")
        terminal.wait("No run")
        terminal.wait(lambda _: find_workers(terminal))
        for _ in range(2):
            while terminal.read(0.3):
                pass
            before = terminal.text()
            terminal.press("\x1a")
            terminal.wait("Stopped")
            terminal.press("echo is $((40 + 2))\r")
            terminal.wait("is 42")
            assert not terminal.modes & {1000, 1003, 1006, 1049}, terminal.modes
            warm = find_workers(terminal)
            assert warm
            assert psutil.STATUS_STOPPED not in {one.status() for one in warm}
            terminal.press("fg\r")
            terminal.wait("No run")
            terminal.wait(lambda text, before=before: text == before)
        terminal.press("\x1b")
        terminal.wait(FIRST)
        terminal.press("q")
        terminal.wait("ready>")
        terminal.press("stty -a | grep -o ' icanon\\| echo '\r")
        terminal.wait(lambda text: " icanon" in text and " echo" in text)
        assert b"Traceback" not in terminal.heard


def test_without_a_command_line_it_stays(folders: Path) -> None:
    with Watched(descend()) as terminal:
        terminal.wait(FIRST)
        terminal.press("\x1a")
        terminal.wait("No command line")
        assert psutil.Process(terminal.process.pid).status() != psutil.STATUS_STOPPED
        terminal.press("q")
        assert terminal.end() == 0
