"""Short runs of a lesson: the one that a learner begins with, and brief ones with each knob at each of its ends.

A brief run has the knobs of `Lesson.smoke`. One with a knob at its end is stopped as soon as it has shown every panel
and something in them is different, or after `SECONDS`; it then counts as different if it has reached fewer steps.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from descend.engine.base.errors import DescendError
from descend.engine.base.knobs import Knob, Value
from descend.engine.launch.launcher import check_request
from descend.engine.run.history import History
from descend.engine.run.records import Picture, Scalars, Stop
from descend.engine.run.result import Result
from descend.engine.run.run_request import USUAL, RunRequest
from descend.engine.run.runs import Run
from descend.engine.teaching.form.knobs import BY_LAB
from descend.engine.teaching.lesson import Lesson
from descend.engine.teaching.verify.bench import RunBench
from descend.engine.teaching.verify.judge import NotJudged, read_result
from descend.engine.teaching.verify.plan import Outcome

SECONDS = 4.0
"""So long after its first record a brief run with a knob at its end is stopped between two steps."""
PATIENCE = 30.0
"""How long it may take to come to a first record, and from there to a next step."""
BUSY = 4
"""How many times that on a machine with more to do."""
LONGEST = 60.0
"""Seconds after which any run is stopped."""
SEED = 1
Knobs = Mapping[str, Value]
POLL = 0.1


@dataclass
class SmokeRun:
    """One run, and what it has said.

    Attributes:
        problem: why it failed; empty if it came to an end, was stopped, or diverged.
        whole: whether it came to its end.
        seconds: how long it took, from its first record on.
        first: seconds until its first point or picture; None if there is none.
        size: bytes of its folder.
        result: what its predictions are graded by; None if it failed.
    """

    knobs: Knobs
    history: History = field(default_factory=History)
    problem: str = ""
    seconds: float = 0.0
    first: float | None = None
    size: int = 0
    result: Result | None = None

    @property
    def whole(self) -> bool:
        return self.history.status is not None and self.history.status.state == "done"

    def reaches(self, other: SmokeRun) -> bool:
        """Whether it reached the last step of ``other``, so that they can be compared; it may have been stopped."""
        mine, theirs = self.history.ends, other.history.ends
        return self.whole or mine is None or theirs is None or mine[1] >= theirs[1]


@dataclass
class End:
    """A knob at one of its ends, and whether that changes what is shown."""

    knob: str
    value: Value
    problem: str
    changed: bool


@dataclass
class Smoke:
    """What the runs of a lesson have shown; ``timed``: whether the machine was free enough for times to count."""

    default: SmokeRun
    brief: SmokeRun
    ends: list[End]
    timed: bool = True


class SmokeBench:
    """Does the runs of one lesson after the other, on a `RunBench`, in folders below ``folder`` that are thrown
    away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.bench = RunBench(folder)
        self._names = (f"smoke-{number:05d}" for number in itertools.count())

    def smoke(self, lesson: Lesson, seconds: float) -> Smoke:
        """Do the runs of ``lesson``: that of its default knobs is done twice if it took longer than ``seconds``, and
        the faster one counts. If it fails, there are no others.

        Raises:
            DescendError: there is no data for them, or no process can be started.
        """
        data, timed = choose_data(lesson), is_free()
        default = self._run(lesson, {}, data, LONGEST, seed=USUAL.seed)
        if default.seconds > seconds and not default.problem:
            default = min(default, self._run(lesson, {}, data, LONGEST, seed=USUAL.seed), key=lambda run: run.seconds)
        if default.problem:
            return Smoke(default, SmokeRun({}), [], timed)
        knobs = {name: value for name, value in {"pace": 0, "epochs": 1}.items() if name in lesson.knobs.specs}
        brief = self._run(lesson, {**knobs, **lesson.smoke}, data, LONGEST)
        ends = [] if brief.problem else list(self._try_ends(lesson, brief, data))
        return Smoke(default, brief, ends, timed)

    def _try_ends(self, lesson: Lesson, brief: SmokeRun, data: str) -> Iterator[End]:
        """Each knob at its ends, beside ``brief``."""
        for name, spec in lesson.knobs.specs.items():
            now = brief.knobs.get(name, spec.default)
            for value in find_ends(spec, now) if name not in BY_LAB else ():
                end = self._try_end(lesson, brief, data, name, value)
                if not end.problem and not end.changed:
                    end.changed = self._changes_elsewhere(lesson, brief, data, name, value)
                yield end

    def _try_end(self, lesson: Lesson, brief: SmokeRun, data: str, name: str, value: Value) -> End:
        def seen(history: History) -> bool:
            names = {*brief.history.series, *brief.history.pictures}
            return names <= {*history.series, *history.pictures} and have_differences(brief.history, history)

        run = self._run(lesson, {**brief.knobs, name: value}, data, max(SECONDS, 3 * brief.seconds), seen)
        return End(name, value, run.problem, have_differences(brief.history, run.history) or not run.reaches(brief))

    def _changes_elsewhere(self, lesson: Lesson, brief: SmokeRun, data: str, name: str, value: Value) -> bool:
        """Whether the knob changes what is shown where another one makes another choice: a shift of the matrix does
        for some methods only."""
        for other, spec in lesson.knobs.specs.items():
            if other == name or not (spec.choices or spec.type is bool):
                continue
            for choice in (*spec.choices, *((True, False) if spec.type is bool else ())):
                knobs = {**brief.knobs, other: choice}
                if choice == brief.knobs.get(other, spec.default):
                    continue
                there = self._run(lesson, knobs, data, LONGEST)
                if not there.problem and self._try_end(lesson, there, data, name, value).changed:
                    return True
        return False

    def _run(
        self,
        lesson: Lesson,
        knobs: Knobs,
        data: str,
        seconds: float,
        enough: Callable[[History], bool] = lambda history: False,
        seed: int = SEED,
    ) -> SmokeRun:
        """A run that is stopped after ``seconds``, or once what it has said is ``enough``."""
        manifest = check_request(RunRequest(lesson.name, dict(knobs), data, seed, device="cpu"))
        name = next(self._names)
        run, over = Run(self._folder / name), threading.Event()
        self.bench.start()
        watch = threading.Thread(target=_stop_when_enough, args=(run, over, seconds, enough), daemon=True)
        watch.start()
        outcome = Outcome()
        try:
            patience = PATIENCE if is_free() else BUSY * PATIENCE
            outcome.run = self.bench.run(manifest, name, seconds + patience, checkpoints=True)
        except DescendError as error:
            outcome.problem = str(error)
        finally:
            over.set()
            watch.join()
        smoked = SmokeRun(knobs, size=sum(file.stat().st_size for file in run.folder.rglob("*") if file.is_file()))
        try:
            smoked.result = read_result(outcome)
            smoked.history = smoked.result.history
        except NotJudged as error:
            smoked.problem = str(error)
        smoked.seconds = smoked.history.elapsed
        for records in run.follow().rest():
            times = [record.t for record in records if isinstance(record, (Picture, Scalars))]
            if times and smoked.first is None:
                smoked.first = times[0]
        return smoked


def choose_data(lesson: Lesson) -> str:
    """The dataset of a lesson's short runs: its own if it is here, else one that always is; empty if it needs none.

    Raises:
        DescendError: there is none.
    """
    from descend.datasets import catalogue as datasets

    specs = [datasets.find(name) for name in lesson.data]
    here = [spec for spec in specs if spec.present()]
    if specs and not here:
        raise DescendError(f"{specs[0].title} is not on this machine; `descend data fetch {specs[0].name}` gets it.")
    return here[0].name if here else ""


def is_free() -> bool:
    """Whether no more programs have wanted to run in the last minute than there are cores."""
    try:
        return os.getloadavg()[0] <= (os.cpu_count() or 1)
    except OSError:
        return True


def find_ends(spec: Knob, now: Value) -> list[Value]:
    """The ends of a knob other than ``now``: of its range, or its choices, the first and the last of more than four."""
    found: tuple[Value, ...] = spec.choices if len(spec.choices) <= 4 else (spec.choices[0], spec.choices[-1])
    if spec.type is bool:
        found = (False, True)
    elif spec.low is not None and spec.high is not None:
        found = (spec.parse(spec.low), spec.parse(spec.high))
    return [value for value in dict.fromkeys(found) if value != now]


def have_differences(one: History, other: History) -> bool:
    """Whether two runs show different things: other curves or pictures, or other ones at a step that both have. A run
    that was stopped early may lack what comes later."""
    names, others = ({*history.series, *history.pictures} for history in (one, other))
    whole = other.status is not None and other.status.state == "done"
    last, later = (history.ends[1] if history.ends else -1 for history in (one, other))
    if others - names or later > last or (whole and (names != others or later < last)):
        return True
    for name in one.series.keys() & other.series.keys():
        mine, theirs = one.series[name], other.series[name]
        at = {int(step): value for step, value in zip(mine.steps, mine.values.tolist(), strict=True)}
        for step, value in zip(theirs.steps.tolist(), theirs.values.tolist(), strict=True):
            if step in at and repr(at[step]) != repr(value):
                return True
    for name in one.pictures.keys() & other.pictures.keys():
        seen = {picture.step: _encode_content(picture) for picture in one.pictures[name]}
        if any(seen.get(picture.step) not in (None, _encode_content(picture)) for picture in other.pictures[name]):
            return True
    return False


def _encode_content(picture: Picture) -> bytes:
    """What a picture shows, whenever it was drawn."""
    return msgspec.json.encode(msgspec.structs.replace(picture, t=0.0))


def _stop_when_enough(run: Run, over: threading.Event, seconds: float, enough: Callable[[History], bool]) -> None:
    """Stop ``run`` when it has taken long enough, or said enough."""
    history, follower, began = History(), run.follow(), 0.0
    while not over.wait(POLL):
        news = [history.feed(records) for records in follower.rest()]
        began = began or (time.monotonic() if history.ends else 0.0)
        if began and (time.monotonic() > began + seconds or (news and enough(history))):
            with suppress(DescendError):
                run.ask(Stop())
            return
