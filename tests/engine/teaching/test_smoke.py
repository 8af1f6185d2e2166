"""`descend verify --form --smoke`: what short runs show, each rule with a lesson or a run that breaks it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.engine.teaching.test_form import write

from descend.engine.base.errors import DescendError
from descend.engine.base.knobs import Knob
from descend.engine.cli import main, verify_form
from descend.engine.run.history import History
from descend.engine.run.records import Array, Images, Picture, Scalars, State, Status, Text
from descend.engine.run.result import Result
from descend.engine.teaching.form import runs, smoke
from descend.engine.teaching.form.shortcoming import LessonText
from descend.engine.teaching.form.smoke import End, Smoke, SmokeBench, SmokeRun, find_ends, have_differences
from descend.engine.teaching.form.smoke_memory import recall_passed, remember_passed
from descend.engine.teaching.lesson import Lesson, Prediction, last


def history(*pictures: Picture, state: State = "done", **series: dict[int, float]) -> History:
    """What a run has said: pictures, and the points of each series by step."""
    told = History()
    for name, points in series.items():
        steps, values = np.array(list(points)), np.array(list(points.values()))
        told.feed([Scalars(steps=Array.of(steps), values={name: Array.of(values)})])
    told.feed([*pictures, Status(state=state)])
    return told


def texts(name: str, *steps: int) -> list[Picture]:
    return [Text(step=step, name=name, text=f"at {step}") for step in steps]


SOUND = history(*texts("fit", 0, 1, 2), loss={0: 1.0, 1: 0.5, 2: 0.25}, distance={0: 1.0, 2: 0.1})


def found(lesson: Lesson, default: SmokeRun | None = None, brief: SmokeRun | None = None, *ends: End) -> list[str]:
    """Rules and sentences of what falls short of runs like these."""
    sound = SmokeRun({}, SOUND, seconds=3.0, first=0.1, size=1000)
    told = Smoke(default or sound, brief or sound, list(ends))
    return [f"{one.rule}: {one.why}" for one in runs.check_runs(LessonText(lesson), told)]


@pytest.fixture
def lesson(folders: Path) -> Lesson:
    return write(folders)


def test_sound_runs_fall_short_of_nothing(lesson: Lesson) -> None:
    assert found(lesson, None, None, End("lr", 1.0, "", True)) == []


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (SmokeRun({}, SOUND, "It crashed.", 1, 0.1), "fails: Run with its default knobs: It crashed."),
        (SmokeRun({}, SOUND, "", 3, 1.3), "first: Its first record comes after 1.3 s; within 1 s is asked for."),
        (SmokeRun({}, SOUND, "", 3, None), "first: Its first record comes never; within 1 s is asked for."),
        (SmokeRun({}, SOUND, "", 31, 0.1), "slow: Its default run takes 31 s; at most 30 s is asked for."),
        (SmokeRun({}, SOUND, "", 3, 0.1, 21_000_000), "size: Its run folder has 21.0 MB; at most 20 MB are asked for."),
    ],
)
def test_the_default_run_is_sound_quick_and_small(lesson: Lesson, run: SmokeRun, why: str) -> None:
    assert found(lesson, run) == [why]


@pytest.mark.parametrize(("value", "answered"), [(0.5, True), (1.5, False), (None, False)])
def test_the_default_run_answers_the_predictions(lesson: Lesson, value: float | None, answered: bool) -> None:
    asked = Prediction("Where?", choices={"low": last("end") < 1, "high": last("end") > 2}, why="A gap.")
    told = Result(history(**({} if value is None else {"end": {2: value}})), {})
    one, run = replace(lesson, predictions=(asked,)), SmokeRun({}, SOUND, seconds=3.0, first=0.1, result=told)
    assert found(one, run) == ([] if answered else ["answer: Its default run does not answer the prediction 'Where?'"])


def test_times_do_not_count_on_a_busy_machine(lesson: Lesson) -> None:
    late = SmokeRun({}, SOUND, "", 31, 1.3)
    told = Smoke(late, late, [], timed=False)
    assert list(runs.check_runs(LessonText(lesson), told)) == []


def test_a_default_run_that_had_to_be_stopped_is_too_slow(lesson: Lesson) -> None:
    stopped = history(*texts("fit", 0), state="stopped", loss={0: 1.0}, distance={0: 1.0})
    [why] = found(lesson, SmokeRun({}, stopped, "", 29, 0.1))
    assert why == "slow: Its default run takes 29 s and more; at most 30 s is asked for."


def test_a_knob_that_fails_or_changes_nothing_at_an_end_is_told_at_its_line(lesson: Lesson) -> None:
    ends = [End("lr", 1.0, "the run failed: ZeroDivisionError", True), End("noise", 0.0, "", False)]
    sound = SmokeRun({}, SOUND, "", 3, 0.1)
    short = list(runs.check_runs(LessonText(lesson), Smoke(sound, sound, ends)))
    assert [(one.rule, one.why) for one in short] == [
        ("fails", "Knob 'lr' at its end 1.0: the run failed: ZeroDivisionError"),
        ("idle", "Knob 'noise' at its end 0.0 leaves every panel as it was."),
    ]
    lines = Path(short[0].file).read_text().splitlines()
    assert [lines[one.line - 1].split(":")[0].strip() for one in short] == ["lr", "noise"]


def test_show_names_panels_that_there_are(lesson: Lesson) -> None:
    bare = history(loss={0: 1.0}, distance={0: 1.0})
    [why] = found(lesson, SmokeRun({}, bare, "", 3, 0.1), SmokeRun({}, bare, "", 3, 0.1))
    assert why == "panel: show= names 'fit', and a run has no such panel; it has distance, loss."


@pytest.mark.parametrize(
    ("steps", "short"),
    [
        ((0, 10, 20, 29), False),
        ((0, 10, 20), True),
        ((0, 10, 20, 28), False),
        ((0, 1, 2), False),  # of a loop that ended
        ((20,), False),
        ((0, 20), False),  # two are no film
    ],
)
def test_a_film_ends_with_its_loop(lesson: Lesson, steps: tuple[int, ...], short: bool) -> None:
    told = history(*texts("film", *steps), loss={0: 1.0, 29: 0.5}, first={0: 1.0, 4: 0.5})
    rules = found(lesson, None, SmokeRun({}, told, "", 1, 0.1))
    assert rules == (
        ["film: Panel 'film' is last shown at step 20, and its loop continues to step 29."] if short else []
    )


def test_the_last_frame_of_a_strip_is_that_of_its_step(lesson: Lesson) -> None:
    def images(step: int, *captions: str) -> Picture:
        pixels = Array.of(np.zeros((len(captions), 2, 2), np.uint8))
        return Images(step=step, name="film", pixels=pixels, captions=list(captions))

    def strip(*captions: str, begin: int = 0) -> list[str]:
        told = history(images(begin, captions[0]), images(29, *captions), loss={0: 1.0, 29: 0.5})
        return found(lesson, None, SmokeRun({}, told, "", 1, 0.1))

    assert strip("step 0", "step 10", "step 30") == []
    assert strip("step 1", "step 10", "step 26", begin=4) == []  # a second loop counts from its own beginning
    assert strip("t = 3", "t = 2", "t = 0") == []
    assert strip("step 0", "step 10", "step 20") == [
        "film: The last frame of 'film' is of step 20, and its picture of step 29."
    ]


def test_runs_differ_in_what_they_show_and_not_in_when() -> None:
    loss, distance = {0: 1.0, 1: 0.5, 2: 0.25}, {0: 1.0, 2: 0.1}
    later, other = Text(step=1, name="fit", text="at 1", t=9.0), Text(step=1, name="fit", text="else")
    first, last = texts("fit", 0), texts("fit", 2)
    assert not have_differences(SOUND, history(*first, *texts("fit", 1), *last, loss=loss, distance=distance))
    assert not have_differences(
        SOUND, history(*first, later, *last, loss={1: 0.5, 2: 0.25}, distance={0: 1.0})
    )  # fewer points
    assert have_differences(SOUND, history(*first, *last, loss=loss, distance={0: 1.1, 2: 0.1}))
    assert have_differences(SOUND, history(*first, other, *last, loss=loss, distance=distance))
    assert have_differences(SOUND, history(*first, *last, *texts("fit", 3), loss=loss, distance=distance))  # more steps
    assert have_differences(SOUND, history(*first, *last, loss=loss))  # a curve is missing
    assert not have_differences(SOUND, history(*first, state="stopped", loss={0: 1.0}))  # it may come yet


def test_ends_of_knobs() -> None:
    assert find_ends(Knob(3, 1, 9, type=int), 3) == [1, 9]
    assert find_ends(Knob(0.5, 0.5, 2.0), 0.5) == [2.0]
    assert find_ends(Knob(True, type=bool), True) == [False]
    assert find_ends(Knob("a", choices=("a", "b", "c"), type=str), "b") == ["a", "c"]
    assert find_ends(Knob(1, choices=(1, 2, 3, 4, 5), type=int), 3) == [1, 5]
    assert find_ends(Knob("word", type=str), "word") == []


def test_what_was_sound_is_remembered_until_the_lesson_changes(folders: Path) -> None:
    lesson = write(folders)
    assert recall_passed([lesson]) == set()
    remember_passed([lesson], [])
    assert recall_passed([lesson]) == {"sound"}
    remember_passed([], [lesson])
    assert recall_passed([lesson]) == set()
    remember_passed([lesson], [])
    assert recall_passed([write(folders, ("below it the steps", "below that the steps"))]) == set()
    (folders / "smoked.json").write_text("[]")
    assert recall_passed([lesson]) == set()


BROKEN = (
    ("    steps: int", '    nothing: int = knob(3, 1, 9, help="changes nothing")\n    steps: int'),
    (
        "    steps: int",
        '    parts: int = knob(2, 0, 4, help="the points are moved by one part of so many")\n    steps: int',
    ),
    ("    y = 1.5 * x", "    y = k.nothing / k.nothing - 1 + 1 / k.parts + 1.5 * x"),
    ('show=("fit",', 'show=("fit", "nowhere",'),
    (
        "        points = {",
        '        if lab.step % 8 == 0:\n            lab.text("film", f"step {lab.step}")\n'
        '        lab.images("maps", torch.zeros(2, 4, 4), ["a caption that is longer than twenty cells", ""])\n'
        "        points = {",
    ),
)


@pytest.fixture
def trials(folders: Path) -> tuple[Lesson, Lesson]:
    return write(folders), write(folders, *BROKEN, name="broken")


def test_the_sound_lesson_passes_and_a_broken_one_is_told_so(
    trials: tuple[Lesson, Lesson], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real runs, the real drawing, and the memory of the command."""
    monkeypatch.setattr(smoke, "is_free", lambda: True)
    monkeypatch.setattr(runs, "FIRST", 60.0)  # the machine may be busy
    monkeypatch.setattr(runs, "LONGEST", 60.0)
    assert main(["verify", "--form", "--smoke", "sound", "broken", "--jobs", "1", "--json"]) == 1
    *told, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert {one["lesson"] for one in told} == {"broken"}
    assert [(one["rule"], one["why"]) for one in sorted(told, key=lambda one: (one["rule"], one["why"]))] == [
        ("cut", "Panel 'maps' cuts 'a caption that is longer than twenty cells' at 80×24, 120×40."),
        (
            "fails",
            "Knob 'parts' at its end 0: the run failed: The experiment raised ZeroDivisionError: division by zero",
        ),
        ("film", "Panel 'film' is last shown at step 24, and its loop continues to step 29."),
        ("idle", "Knob 'nothing' at its end 1 leaves every panel as it was."),
        ("idle", "Knob 'nothing' at its end 9 leaves every panel as it was."),
        (
            "panel",
            "show= names 'nowhere', and a run has no such panel; it has distance, excess, film, fit, loss, maps.",
        ),
    ]
    assert last == {"status": "short", "lessons": 2, "short": len(told)}
    monkeypatch.setattr(
        verify_form, "try_lessons", lambda lessons, at_once: iter([(one, DescendError("no")) for one in lessons])
    )
    assert main(["verify", "--form", "--smoke", "sound", "broken"]) == 0
    assert "the runs of 'broken' are left out: no" in (said := capsys.readouterr().err)
    assert "'sound'" not in said  # it was found sound before
    assert main(["verify", "--form", "--smoke", "sound", "--again"]) == 0
    assert "the runs of 'sound' are left out" in capsys.readouterr().err


def test_allowed_rules_are_excused(trials: tuple[Lesson, Lesson], monkeypatch: pytest.MonkeyPatch) -> None:
    from descend.engine.teaching.form.check import excuse

    _, broken = trials
    short = list(runs.check_runs(LessonText(broken), Smoke(SmokeRun({}, SOUND, "no"), SmokeRun({}, SOUND, "no"), [])))
    object.__setattr__(broken, "allow", {"fails": "It shows how runs fail."})
    assert short
    assert excuse(broken, short) == []


def test_a_lesson_without_its_data_is_left_out_and_said_so(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folders, ("    run=run,", '    run=run,\n    data=("mnist",),'))
    assert main(["verify", "--form", "--smoke", "sound", "--jobs", "1"]) == 0
    assert "the runs of 'sound' are left out: MNIST is not on this machine" in capsys.readouterr().err


def test_smoke_belongs_to_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--smoke", "digits"]) == 2
    assert "--smoke belongs to --form" in capsys.readouterr().err


def test_a_run_that_comes_to_no_step_is_told(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "is_free", lambda: True)
    monkeypatch.setattr(smoke, "PATIENCE", 3.0)
    monkeypatch.setattr(smoke, "LONGEST", 1.0)
    lesson = write(
        folders, ("    import torch\n\n    x =", "    import time\n\n    import torch\n\n    time.sleep(60)\n    x =")
    )
    bench = SmokeBench(folders)
    try:
        assert bench.smoke(lesson, 1.0).default.problem == "The run did not end within 4 seconds."
    finally:
        bench.bench.close()
