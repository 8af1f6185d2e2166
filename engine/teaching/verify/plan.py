"""What has to be done to verify a lesson: runs and checks of code, each of which several items may share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.knobs import Value
from descend.engine.launch.launcher import ask
from descend.engine.run.manifest import Manifest
from descend.engine.run.runs import Run
from descend.engine.teaching.exercises import Verdict, solution_text, starter_text
from descend.engine.teaching.lesson import Claim, CodeExercise, Exercise, Lesson

CODES = ("starter", "solution")
Key = tuple[object, ...]


@dataclass
class Job:
    """A run, or a check of code, that one or several items need."""

    key: Key
    manifest: Manifest | None = None
    code: tuple[str, int, str] | None = None
    """Lesson, index and text."""


@dataclass
class Outcome:
    """What became of a job."""

    seconds: float = 0.0
    run: Run | None = None
    verdict: Verdict | None = None
    problem: str = ""


@dataclass
class Item:
    """A claim or an exercise, and the jobs it needs; ``problem`` says why it cannot be tried at all."""

    lesson: Lesson
    subject: Claim | Exercise | CodeExercise
    number: int
    jobs: dict[tuple[str, int], Job] = field(default_factory=dict)
    """By the name of the run and the seed."""
    problem: str = ""


def planned(lesson: Lesson) -> Iterator[Item]:
    """What has to be done for each claim and exercise of ``lesson``."""
    for number, claim in enumerate(lesson.claims, 1):
        item = Item(lesson, claim, number)
        try:
            for seed in claim.seeds:
                for name, knobs in claim.runs.items():
                    item.jobs[name, seed] = run_job(lesson, knobs, seed, claim.data)
        except DescendError as error:
            item.jobs, item.problem = {}, str(error)
        yield item
    for number, exercise in enumerate(lesson.exercises, 1):
        item = Item(lesson, exercise, number)
        try:
            if isinstance(exercise, CodeExercise):
                for name, text in zip(CODES, (starter_text(exercise), solution_text(exercise)), strict=True):
                    item.jobs[name, 0] = Job((lesson.name, number, name), code=(lesson.name, number - 1, text))
            else:
                item.jobs = {
                    ("default", 0): run_job(lesson, {}),
                    ("solution", 0): run_job(lesson, exercise.solution),
                }
        except (DescendError, OSError, TypeError) as error:
            item.jobs, item.problem = {}, str(error)
        yield item


def run_job(lesson: Lesson, knobs: Mapping[str, Value], seed: int = 0, data: str = "") -> Job:
    """A run with ``knobs`` changed.

    Raises:
        UsageError: a knob, the seed or the data does not fit the lesson.
        MissingData: the data is not on this machine.
    """
    pace: dict[str, Value] = {"pace": 0} if "pace" in lesson.knobs.specs else {}
    manifest = ask(lesson.name, {**pace, **knobs}, seed=seed, device="cpu", data=data)
    if manifest.data:
        from descend.datasets import catalogue as datasets

        spec = datasets.find(manifest.data)
        if not spec.present():
            raise UsageError(f"{spec.title} is not on this machine; `descend data fetch {spec.name}` gets it.")
    key = (manifest.name, *sorted(manifest.knobs.items()), manifest.seed, manifest.data)
    return Job(key, manifest=manifest)
