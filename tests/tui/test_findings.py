"""What ails a training, beside its status line and one key away."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from descend.engine.launch import experiment
from descend.engine.run import runs
from descend.engine.run.manifest import Manifest, Parent
from descend.engine.run.records import Array, Event, Progress, Scalars, Status
from descend.engine.run.run_request import RunRequest
from descend.engine.run.runs import Run
from descend.tui.run_monitor import RunMonitor
from descend.tui.screens.findings import FindingsScreen
from descend.tui.screens.lesson import LessonScreen
from descend.tui.screens.lesson.checkup import Checkup
from descend.tui.screens.lesson.knob_editor import KnobEditorScreen
from descend.tui.screens.lesson.status import Part, fitting, parts
from tests.tui.driving import SIZES, opened
from tests.tui.recording import begin, end, say, sign

BEST, LAST = 1_200, 4_000


def overfitting(until: int = LAST, name: str = "mlp") -> Run:
    """A training of whose samples held back the loss is lowest at step `BEST`."""
    request = experiment.complete(experiment.find(name), RunRequest(name, data="digits"))
    given = {field: getattr(request, field) for field in RunRequest.__struct_fields__}
    run = runs.create_run(Manifest(id="", **given))
    begin(run)
    say(run, *curves(0, until))
    return run


def curves(first: int, last: int) -> list[Event]:
    """What the training says of its steps."""
    steps, judged = np.arange(first, last, 20), np.arange(first, last + 1, 200)
    train, held = 2.3 * np.exp(-steps / 900), 0.4 + ((judged - BEST) / 1_500) ** 2
    return [
        Scalars(steps=Array.of(steps), values={"train/loss": Array.of(train)}, t=last / 100),
        Scalars(steps=Array.of(judged), values={"validation/loss": Array.of(held)}, t=last / 100),
        Progress(step=last, steps=LAST, rate=5e4, unit="images", epoch=last // 200, epochs=20, t=last / 100),
    ]


@pytest.mark.parametrize("size", SIZES)
async def test_a_finding_stands_beside_the_status_and_leads_to_the_lesson_and_back(size: tuple[int, int]) -> None:
    run = overfitting()
    end(run, "done")
    sign(run)
    async with opened(size, run=run) as shell:
        await shell.sees("! overfit", "D what ails it")
        await shell.press("D")
        await shell.sees(
            "! overfits since step 1,200", "at step 1,200", "Try dropout=0.3", "XOR and hypothesis classes"
        )
        assert isinstance(shell.app.screen, FindingsScreen)
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        assert shell.app.screen.lesson.name == "hypothesis-classes"
        await shell.press("escape")
        await shell.sees("What ails")
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        assert shell.app.screen.lesson.name == "mlp"


async def test_t_fills_the_proposed_value_into_the_knobs_and_changes_nothing_itself() -> None:
    run = overfitting()
    end(run, "done")
    sign(run)
    async with opened(run=run) as shell:
        await shell.sees("! overfits since step 1,200 · D")
        await shell.press("D", "t")
        await shell.until(lambda: isinstance(shell.app.screen, KnobEditorScreen))
        editor = shell.app.screen
        values = {row.setting: row.field.value for row in editor.rows}
        assert float(values["dropout"]) == 0.3
        assert float(values["lr"]) == 0.001
        assert editor.focused is next(row for row in editor.rows if row.setting == "dropout").field
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        assert [one.id for one in runs.list_runs()] == [run.id]
        await shell.press("D", "t")
        await shell.until(lambda: isinstance(shell.app.screen, KnobEditorScreen))
        await shell.press("enter")
        await shell.until(lambda: len(runs.list_runs()) == 2)
        assert {one.manifest().knobs["dropout"] for one in runs.list_runs()} == {0.0, 0.3}


async def test_f_opens_the_box_of_a_fork_with_the_proposed_value() -> None:
    run = overfitting()
    run.checkpoints.mkdir()
    for step in (1_000, LAST):
        with zipfile.ZipFile(run.checkpoint(step), "w") as file:
            file.writestr("data", "weights")
    end(run, "done")
    sign(run)
    async with opened(run=run) as shell:
        await shell.sees("! overfits since step 1,200 · D")
        await shell.press("D")
        await shell.sees("f fork")
        await shell.press("f")
        await shell.sees("dropout = 0.3")
        await shell.press("enter")
        await shell.until(lambda: len(runs.list_runs()) == 2)
        fork = next(one for one in runs.list_runs() if one.id != run.id).manifest()
        assert fork.knobs["dropout"] == 0.3
        assert fork.parent == Parent(run.id, 1_000)
        await shell.until(lambda: shell.app.screen.session.run.id == fork.id)


async def test_without_a_checkpoint_no_fork_is_offered() -> None:
    run = overfitting()
    end(run, "done")
    sign(run)
    async with opened(run=run) as shell:
        await shell.sees("! overfits since step 1,200 · D")
        await shell.press("D")
        await shell.sees("t try it")
        assert "f fork" not in shell.text


async def test_a_run_at_work_is_told_as_soon_as_the_evidence_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("descend.tui.screens.lesson.checkup.EVERY", 0.0)
    run = overfitting(until=BEST)
    async with opened(run=run) as shell:
        await shell.sees("step 1,200/4,000")
        assert "! " not in shell.text
        assert "what ails it" not in shell.text
        say(run, *curves(BEST + 200, 3_000))
        await shell.sees("! overfits since step 1,200")


def test_looks_are_rare_and_nothing_is_said_of_what_is_read_only_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("descend.tui.screens.lesson.checkup.EVERY", 60.0)
    run = overfitting()
    session, checkup = RunMonitor(run), Checkup()
    assert not checkup.look(session, {"validation/loss"})  # nothing is read yet
    assert checkup.findings == []
    while session.behind:
        session.poll()
    assert checkup.look(session, set())
    assert [finding.name for finding in checkup.findings] == ["overfitting"]
    looks: list[int] = []
    monkeypatch.setattr(checkup._diagnosis, "judge", lambda history: looks.append(1) or [])
    say(run, Status(state="running"))
    for _ in range(5):
        checkup.look(session, session.poll() | {"train/loss"})
    assert looks == []  # it is at work, and a minute is not over


def test_a_finding_stays_where_there_is_room_for_little() -> None:
    run = overfitting()
    session = RunMonitor(run)
    while session.behind:
        session.poll()
    ailing = Part(0, "! overfits since step 1,200 · D")
    line = fitting(parts(session, "", ailing), 70).strip()
    assert line == "step 4,000/4,000  ! overfits since step 1,200 · D  epoch 20/20"
    assert fitting(parts(session, "", ailing), 40).strip() == "! overfits since step 1,200 · D"
