"""The line that says where a run is, and what it does there."""

from __future__ import annotations

from typing import Any

import pytest

from descend.engine.run.records import Progress, State, Status
from descend.tui.run_monitor import RunMonitor
from descend.tui.screens.lesson.status import fitting, parts
from tests.tui import recording


def line(*said: Any, room: int = 70) -> str:
    """What the line says of a run that has said this, after its state."""
    run = recording.asked()
    recording.say(run, *said)
    session = RunMonitor(run)
    session.poll()
    return fitting(parts(session, ""), room).strip()


def at(step: int, **more: Any) -> Progress:
    return Progress(step=step, steps=40, rate=100.0, unit="images", epoch=1 + step // 10, epochs=4, **more)


def running(state: State = "running") -> Status:
    return Status(state=state, device="cpu")


@pytest.mark.usefixtures("folders")
def test_the_phase_is_named() -> None:
    assert line(running()) == "preparing  cpu"
    assert line(running(), at(21)) == "step 21/40  training epoch 3/4  100 images/s  cpu"
    assert line(running(), at(21, doing="evaluating")).startswith("step 21/40  evaluating epoch 3/4")
    assert line(running(), at(21, doing="saving"), at(22)).startswith("step 22/40  training epoch 3/4")
    assert line(running(), Progress(step=3, steps=9)) == "step 3/9  cpu"
    assert line(running(), Progress(step=3, steps=9, doing="saving")) == "step 3/9  saving  cpu"


@pytest.mark.usefixtures("folders")
@pytest.mark.parametrize("state", ["paused", "done", "stopped", "failed"])
def test_a_run_that_does_not_train_is_not_said_to(state: State) -> None:
    assert line(running(), at(21), running(state)) == "step 21/40  epoch 3/4  cpu"


@pytest.mark.usefixtures("folders")
def test_the_phase_gives_way_only_where_there_is_no_room() -> None:
    assert line(running(), at(21), room=43) == "step 21/40  epoch 3/4  100 images/s  cpu"
    assert line(running(), at(21, doing="evaluating"), room=43) == "step 21/40  evaluating epoch 3/4"
    assert line(running(), at(21), room=20) == "step 21/40"


@pytest.mark.usefixtures("folders")
def test_the_phase_is_text_from_a_file() -> None:
    assert "\x1b" not in line(running(), at(21, doing="evaluating\x1b[2J"))
