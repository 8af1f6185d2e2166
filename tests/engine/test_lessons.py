"""What every lesson must keep: one suite over all of them, so that adding a file adds its tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from descend.datasets import catalogue as datasets
from descend.engine import catalogue, runs
from descend.engine.history import History
from descend.engine.lab import Lab
from descend.engine.lesson import TRACKS, Lesson
from descend.engine.runs import Manifest
from descend.engine.training import Tensors
from descend.engine.worker import seed_everything

LESSONS = list(catalogue.lessons().values())


@pytest.fixture(params=LESSONS, ids=lambda lesson: lesson.name)
def lesson(request: pytest.FixtureRequest) -> Iterator[Lesson]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield request.param
    torch.set_num_threads(threads)


def run_briefly(lesson: Lesson, seed: int) -> History:
    """Run the lesson's experiment in this process for one epoch, on data that is always here."""
    data = next((name for name in lesson.data if datasets.find(name).embedded), "")
    settings = {"epochs": 1} if "epochs" in lesson.knobs.specs else {}
    if "pace" in lesson.knobs.specs:
        settings["pace"] = 0
    knobs = lesson.knobs.parse(settings)
    run = runs.create(Manifest(id="", name=lesson.name, knobs=knobs.values(), seed=seed, device="cpu", data=data))
    seed_everything(seed)
    dataset = datasets.find(data).load() if data else None
    lab = Lab(run, knobs, device=torch.device("cpu"), seed=seed, dataset=dataset)
    try:
        lesson.run(lab, knobs)
        lab.finish()
    finally:
        lab.close()
    history, follower = History(), run.follow()
    while records := follower.read():
        history.feed(records)
    assert follower.skipped == 0
    return history


def test_it_says_what_it_is(lesson: Lesson) -> None:
    assert lesson.title
    assert lesson.track in TRACKS
    assert all(re.fullmatch(r"[A-O]\d\d", covered) for covered in lesson.covers)
    assert lesson.sources
    assert not lesson.after or catalogue.find(lesson.after)
    assert all(datasets.find(name) for name in lesson.data)
    assert "?" in lesson.question, "a lesson opens with a question"
    assert 100 < len(lesson.theory.split()) <= 300, "about 250 words, and formulas"


def test_its_quiz_can_be_answered(lesson: Lesson) -> None:
    assert len(lesson.quiz) >= 2
    for question in lesson.quiz:
        assert 0 <= question.answer < len(question.choices) >= 2
        assert len(set(question.choices)) == len(question.choices)
        assert question.why


def test_every_knob_is_explained(lesson: Lesson) -> None:
    assert lesson.knobs.specs
    assert all(spec.help for spec in lesson.knobs.specs.values())


def test_it_runs_shows_at_least_two_panels_and_repeats_itself(lesson: Lesson, folders: Path) -> None:
    history, again, other = run_briefly(lesson, 1), run_briefly(lesson, 1), run_briefly(lesson, 2)
    assert history.status is not None
    assert history.status.state == "done"
    assert len({name.rpartition("/")[2] for name in history.series}) + len(history.pictures) >= 2
    assert history.metrics == again.metrics
    assert history.metrics != other.metrics


def shared_data(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the data folder beside the repository for the dataset ``name``, or skip."""
    folder = Path(__file__).parents[3] / "shared" / "data"
    monkeypatch.setenv("DESCEND_DATA", str(folder))
    if not datasets.find(name).present():
        pytest.skip(f"{name} is not on this machine")


def test_fashion_mnist_has_101_770_parameters_and_reaches_87_percent(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared_data("fashion-mnist", monkeypatch)
    lesson = catalogue.find("fashion-mnist")
    knobs = lesson.knobs.parse({})
    run = runs.create(Manifest(id="", name=lesson.name, knobs={}, seed=0, device="cpu"))
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
