"""What every lesson must keep: one suite over all of them, so that adding a file adds its tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
import torch
from tests.engine.teaching import contract

from descend.datasets import catalogue as datasets
from descend.engine.lab.fit import Tensors
from descend.engine.lab.lab import Lab
from descend.engine.launch.worker import seed_everything
from descend.engine.run import runs
from descend.engine.run.history import History
from descend.engine.run.records import Event, Picture
from descend.engine.run.result import Result
from descend.engine.run.runs import Manifest, Run
from descend.engine.teaching import catalogue
from descend.engine.teaching.lesson import Lesson

LESSONS = [lesson for lesson in catalogue.list_lessons().values() if not lesson.module.startswith(catalogue.OWN)]
SMOKED: dict[str, tuple[Run, Result]] = {}
"""Runs that several tests read, by lesson."""


@pytest.fixture(params=LESSONS, ids=lambda lesson: lesson.name)
def lesson(request: pytest.FixtureRequest) -> Lesson:
    return request.param  # type: ignore[no-any-return]


def smoked(lesson: Lesson) -> tuple[Run, Result]:
    """A brief run of ``lesson``, done when first asked for."""
    if lesson.name not in SMOKED:
        SMOKED[lesson.name] = contract.runs_and_repeats_itself(lesson)
    return SMOKED[lesson.name]


def test_every_file_of_a_lesson_can_be_loaded() -> None:
    own = {file.stem.replace("_", "-") for file in catalogue.find_own_folder().glob("*.py")}
    assert not {name: why for name, why in catalogue.list_broken().items() if name not in own}


def test_it_says_what_it_is(lesson: Lesson) -> None:
    contract.says_what_it_is(lesson)


def test_its_quiz_can_be_answered(lesson: Lesson) -> None:
    contract.quiz_can_be_answered(lesson)


def test_every_knob_is_explained(lesson: Lesson) -> None:
    contract.knobs_are_explained(lesson)


def test_its_claims_can_be_tried(lesson: Lesson) -> None:
    contract.claims_can_be_tried(lesson)


def test_it_runs_shows_at_least_two_panels_and_repeats_itself(lesson: Lesson) -> None:
    smoked(lesson)


def test_its_predictions_can_be_graded(lesson: Lesson) -> None:
    contract.predictions_can_be_graded(lesson, smoked(lesson)[1])


def test_its_exercises_can_be_tried(lesson: Lesson) -> None:
    contract.exercises_can_be_tried(lesson, smoked(lesson)[1])


def test_its_code_exercises_distinguish_the_solution_from_the_starter(lesson: Lesson) -> None:
    contract.code_exercises_tell_right_from_wrong(lesson)


def test_together_they_show_every_kind_of_picture() -> None:
    kinds = {kind for kind in get_args(Event) if issubclass(kind, Picture)}
    shown = {
        type(pictures[-1])
        for lesson in LESSONS
        if not lesson.data or any(datasets.find(name).embedded for name in lesson.data)
        for pictures in smoked(lesson)[1].history.pictures.values()
    }
    assert {kind.__name__ for kind in kinds - shown} == {"AnnotatedImage"}, "this waits for its lesson"


JUDGE = """
import json, sys
from pathlib import Path
from descend.engine.teaching import catalogue
from descend.engine.teaching.exercises import check_run, grade_prediction
from descend.engine.teaching.lesson import Exercise
from descend.engine.run.result import Result
from descend.engine.run.runs import Run
for name, folder in json.loads(sys.argv[1]).items():
    lesson, run = catalogue.find_lesson(name), Run(Path(folder))
    for index, exercise in enumerate(lesson.exercises):
        if isinstance(exercise, Exercise):
            check_run(lesson, index, run)
    for index in range(len(lesson.predictions)):
        grade_prediction(lesson, index, 0, Result.of(run))
    for heavy in catalogue.HEAVY & sys.modules.keys():
        print(name, heavy)
        del sys.modules[heavy]
"""


def test_neither_loading_them_nor_judging_their_runs_imports_anything_heavy() -> None:
    """The shell does both."""
    folders = {
        lesson.name: str(smoked(lesson)[0].folder)
        for lesson in LESSONS
        if not lesson.data or any(datasets.find(name).embedded for name in lesson.data)
    }
    found = subprocess.run(
        [sys.executable, "-c", JUDGE, json.dumps(folders)], capture_output=True, text=True, check=True, timeout=120
    )
    assert found.stdout == ""


def shared_data(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the data folder next to the repository for the dataset ``name``, or skip."""
    folder = Path(__file__).parents[4] / "shared" / "data"
    monkeypatch.setenv("DESCEND_DATA", str(folder))
    if not datasets.find(name).present():
        pytest.skip(f"{name} is not on this machine")


def test_fashion_mnist_has_101_770_parameters_and_reaches_87_percent(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared_data("fashion-mnist", monkeypatch)
    lesson = catalogue.find_lesson("fashion-mnist")
    knobs = lesson.knobs.parse({})
    run = runs.create_run(Manifest(id="", name=lesson.name, knobs={}, seed=0, device="cpu"))
    seed_everything(0)
    lab = Lab(run, knobs, device=torch.device("cpu"), seed=0, dataset=datasets.find("fashion-mnist").load())
    lesson.run(lab, knobs)
    lab.finish()
    lab.close()
    history, follower = History(), run.follow()
    while records := follower.read():
        history.feed(records)
    assert [note.text for note in history.notes] == ["101,770 parameters"]
    assert history.progress is not None
    assert history.progress.steps == 2400
    tested = history.series["test/loss"]
    assert tested.steps.tolist() == [0, 600, 1200, 1800, 2400]
    assert 2.25 < tested.values[0] < 2.4
    assert 0.86 <= history.metrics["test/accuracy"] <= 0.88
    picture = history.pictures["confusion/test"][-1]
    counts = picture.counts.numpy()
    assert counts.sum() == 10_000
    assert counts.trace() / 10_000 == pytest.approx(history.metrics["test/accuracy"])


def test_images_are_scaled_to_the_unit_interval() -> None:
    data = Tensors.of(datasets.find("digits").load(), torch.device("cpu"))
    assert data.train_x.dtype == torch.float32
    assert data.train_x.min() == 0
    assert data.train_x.max() == 1
    assert len(data.train_x) == 1437
    assert len(data.test_x) == 360
