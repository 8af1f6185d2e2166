"""A person whose dataset is not on the machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from descend.datasets.spec import Spec
from descend.engine.run import runs
from descend.tui.screens import fetch
from tests.tui.driving import SIZES, Shell, opened

FETCHES = """
import json, sys, time
print("no json at all")
print(json.dumps({"file": "train.gz", "done": 1_000_000, "total": 4_000_000}), flush=True)
time.sleep(float(sys.argv[1]))
print(json.dumps({"file": "train.gz", "done": 4_000_000, "total": 4_000_000}), flush=True)
print(json.dumps(eval(sys.argv[2])), flush=True)
"""


@pytest.fixture
def fetching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Let a small program stand for the download: how long it takes, and how it ends."""
    program = tmp_path / "fetch.py"
    program.write_text(FETCHES)

    def choose(seconds: float, outcome: dict[str, str]) -> None:
        monkeypatch.setattr(fetch, "COMMAND", (sys.executable, str(program), str(seconds), repr(outcome)))

    return choose


async def missing(shell: Shell) -> None:
    """Press run and be told what is missing."""
    await shell.press("space")
    await shell.sees("Fashion-MNIST is not on this machine", "Fetch Fashion-MNIST now", "esc")
    assert runs.list_runs() == []


@pytest.mark.parametrize("size", SIZES)
async def test_nothing_is_replaced_unasked(size: tuple[int, int]) -> None:
    async with opened(size, lesson="fashion-mnist") as shell:
        await missing(shell)
        await shell.press("escape")
        await shell.sees("idle")
        assert runs.list_runs() == []
        assert shell.workers.launched == []


async def test_the_embedded_digits_are_used_when_they_are_asked_for() -> None:
    async with opened(lesson="fashion-mnist") as shell:
        await missing(shell)
        await shell.press("1")
        await shell.until(lambda: shell.workers.launched)
        assert shell.workers.launched[0].manifest().data == "digits"
        await shell.sees("ten kinds of clothing · on digits")


async def test_the_answer_can_be_chosen_with_arrows() -> None:
    async with opened((80, 24), lesson="fashion-mnist") as shell:
        await missing(shell)
        await shell.press("j", "k", "down", "enter")
        await shell.until(lambda: shell.workers.launched)
        assert shell.workers.launched[0].manifest().data == "digits"


async def test_a_download_shows_how_far_it_is_and_can_be_cancelled(fetching) -> None:  # type: ignore[no-untyped-def]
    fetching(60, {"status": "done"})
    async with opened((80, 24), lesson="fashion-mnist") as shell:
        await missing(shell)
        await shell.press("f")
        await shell.sees("train.gz  1.0 MB of 4.0 MB", "25%")
        process = shell.app.screen.process
        await shell.press("escape")
        await shell.sees("What was downloaded is kept", "idle")
        await shell.until(lambda: process.returncode is not None)
        assert runs.list_runs() == []


async def test_a_cancelled_download_is_not_told_as_failed(fetching, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    fetching(60, {"status": "done"})
    monkeypatch.setattr(fetch.FetchScreen, "dismiss", lambda *_: None)  # it ends before the box has gone
    async with opened((80, 24), lesson="fashion-mnist") as shell:
        await missing(shell)
        await shell.press("f")
        await shell.sees("25%")
        process = shell.app.screen.process
        await shell.press("escape")
        await shell.until(lambda: process.returncode is not None)
        await shell.sees("Cancelled", "train.gz  1.0 MB of 4.0 MB")
        await shell.pilot.pause(0.1)
        assert "✗" not in shell.text


async def test_a_failed_download_is_a_sentence_and_can_be_tried_again(fetching) -> None:  # type: ignore[no-untyped-def]
    fetching(0, {"status": "failed", "message": "The server said [404]."})
    async with opened((80, 24), lesson="fashion-mnist") as shell:
        await missing(shell)
        await shell.press("f")
        await shell.sees("✗ The server said [404].", "What was downloaded is kept")
        fetching(0, {"status": "failed", "message": "Now it said 500."})
        shell.app.screen.command = fetch.COMMAND
        await shell.press("r")
        await shell.sees("✗ Now it said 500.")
        await shell.press("escape")
        await shell.sees("idle")


async def test_after_a_download_the_run_is_started(fetching, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    fetching(0, {"status": "done"})
    async with opened((80, 24), lesson="fashion-mnist") as shell:
        await missing(shell)
        monkeypatch.setattr(Spec, "present", lambda spec: True)
        monkeypatch.setattr(Spec, "require", lambda spec: tmp_path)
        await shell.press("f")
        await shell.until(lambda: shell.workers.launched)
        assert shell.workers.launched[0].manifest().data == "fashion-mnist"


async def test_a_download_that_dies_is_a_sentence(fetching, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(fetch, "COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))
    async with opened((80, 24), lesson="fashion-mnist") as shell:
        await missing(shell)
        await shell.press("f")
        await shell.sees("The download ended unexpectedly.")
