"""Run folders with a past, and the shell opened at their screen."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from descend.engine.run.records import Failure
from descend.engine.run.runs import Run
from descend.tui.screens.runs import RunsScreen
from tests.tui.driving import Shell, opened
from tests.tui.recording import asked, begin, end, sign, steps

DIVERGED = Failure(
    step=30, title="Training diverged: train/loss is NaN.", advice=["Try a smaller lr, such as 0.3."], diverged=True
)


@asynccontextmanager
async def all_runs(size: tuple[int, int] = (120, 40), **start: Any) -> AsyncIterator[Shell]:
    """The shell at the Runs screen, all runs read."""
    async with opened(size, **start) as shell:
        await shell.press("u")
        await shell.until(lambda: isinstance(shell.app.screen, RunsScreen))
        await shell.until(lambda: screen(shell).left == 0)
        yield shell


def screen(shell: Shell) -> RunsScreen:
    """The Runs screen, on top."""
    assert isinstance(shell.app.screen, RunsScreen)
    return shell.app.screen


def listed(shell: Shell) -> list[str]:
    """The ids of the runs in the table, from the top."""
    return [entry.id for entry in screen(shell).table.entries]


def states(shell: Shell) -> list[str]:
    """The states of the runs in the table, from the top."""
    return [entry.state for entry in screen(shell).table.entries]


async def go_to(shell: Shell, run: Run) -> None:
    """Move the cursor to ``run``."""
    await shell.until(lambda: run.id in listed(shell))
    await shell.press("g", *["j"] * listed(shell).index(run.id))
    await shell.until(lambda: screen(shell).table.entry.run.id == run.id)


def dead(**changes: Any) -> Run:
    """A run whose worker went away after 20 steps."""
    run = asked(**changes)
    begin(run)
    steps(run, 0, 20)
    sign(run)
    return run


def failed(**changes: Any) -> Run:
    """A run that diverged."""
    run = asked(**changes)
    begin(run)
    steps(run, 0, 30)
    end(run, "failed", DIVERGED)
    sign(run)
    run.log_file.write_text("worker began: now\nTraceback \x1b[2Jhere\n")
    return run


def with_checkpoints(run: Run, *at: int) -> Run:
    """``run`` with files where its checkpoints would be."""
    run.checkpoints.mkdir(exist_ok=True)
    for step in at:
        with zipfile.ZipFile(run.checkpoint(step), "w") as packed:
            packed.writestr("weights", b"")
    return run
