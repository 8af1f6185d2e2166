"""What has to be done to verify a lesson: runs, checks of code and commands, which several items may share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.knobs import Value
from descend.engine.launch.launcher import check_request
from descend.engine.run.manifest import Manifest
from descend.engine.run.run_request import RunRequest
from descend.engine.run.runs import Run
from descend.engine.teaching.exercises import Verdict, check_commands, make_solution, make_starter
from descend.engine.teaching.lesson import Claim, CodeExercise, CommandDrill, Exercise, Lesson
from descend.engine.teaching.measure import Knobs

STARTER, SOLUTION, DEFAULT, RUN = "starter", "solution", "default", "run"
SEEDS = (0, 1, 2, 3, 4)
"""Seeds on which a solution must pass and the default knobs must fail: one seed may be lucky."""
Key = tuple[object, ...]
Part = tuple[str, Knobs, int]
"""What a job is for (starter, solution, default, or a run of a claim), the knobs of a claim's run, and the seed."""


@dataclass
class Job:
    """A run, or a check of code or commands, that one or several items need."""

    key: Key
    manifest: Manifest | None = None
    code: tuple[str, int, str] | None = None
    """Lesson, index and text."""
    commands: Callable[[], Verdict] | None = None
    """Types a drill's commands."""


@dataclass
class Outcome:
    """What became of a job."""

    seconds: float = 0.0
    run: Run | None = None
    verdict: Verdict | None = None
    problem: str = ""


@dataclass
class Item:
    """A claim or an exercise, and the jobs it needs; ``problem`` says why it cannot be tried."""

    lesson: Lesson
    subject: Claim | Exercise | CodeExercise | CommandDrill
    number: int
    jobs: dict[Part, Job] = field(default_factory=dict)
    problem: str = ""


def plan_lesson(lesson: Lesson, seeds: tuple[int, ...] = ()) -> Iterator[Item]:
    """What has to be done for each claim and exercise of ``lesson``, on its own seeds or on ``seeds``."""
    for number, claim in enumerate(lesson.claims, 1):
        claim = reseed_claim(claim, seeds) if seeds else claim
        item = Item(lesson, claim, number)
        try:
            for seed in claim.seeds:
                for knobs in {knobs for bound in claim.bounds for knobs in bound.runs()}:
                    item.jobs[RUN, knobs, seed] = run_job(lesson, dict(knobs), seed, claim.data)
        except DescendError as error:
            item.jobs, item.problem = {}, str(error)
        yield item
    for number, exercise in enumerate(lesson.exercises, 1):
        item = Item(lesson, exercise, number)
        try:
            if isinstance(exercise, CodeExercise):
                for part, text in ((STARTER, make_starter(exercise)), (SOLUTION, make_solution(exercise))):
                    item.jobs[part, (), 0] = Job((lesson.name, number, part), code=(lesson.name, number - 1, text))
            elif isinstance(exercise, CommandDrill):
                for part, lines in ((STARTER, ()), (SOLUTION, exercise.solution)):
                    do = partial(check_commands, lesson, number - 1, lines)
                    item.jobs[part, (), 0] = Job((lesson.name, number, part), commands=do)
            else:
                for seed in seeds or SEEDS:
                    item.jobs[DEFAULT, (), seed] = run_job(lesson, {}, seed)
                    item.jobs[SOLUTION, (), seed] = run_job(lesson, exercise.solution, seed)
        except (DescendError, OSError, TypeError, ValueError) as error:
            item.jobs, item.problem = {}, str(error)
        yield item


def reseed_claim(claim: Claim, seeds: tuple[int, ...]) -> Claim:
    """``claim`` on ``seeds``, of which the same share has to hold, rounded down; at least one."""
    needed = max(1, claim.needed * len(seeds) // len(claim.seeds))
    return Claim(claim.text, *claim.bounds, seeds=seeds, needed=needed, data=claim.data)


def run_job(lesson: Lesson, knobs: Mapping[str, Value], seed: int = 0, data: str = "") -> Job:
    """A run with ``knobs`` changed.

    Raises:
        UsageError: a knob, the seed or the data does not fit the lesson.
        MissingData: the data is not on this machine.
    """
    pace: dict[str, Value] = {"pace": 0} if "pace" in lesson.knobs.specs else {}
    manifest = check_request(RunRequest(lesson.name, {**pace, **knobs}, data, seed, device="cpu"))
    if manifest.data:
        from descend.datasets import catalogue as datasets

        spec = datasets.find(manifest.data)
        if not spec.present():
            raise UsageError(f"{spec.title} is not on this machine; `descend data fetch {spec.name}` gets it.")
    key = (manifest.name, *sorted(manifest.knobs.items()), manifest.seed, manifest.data)
    return Job(key, manifest=manifest)
