"""What the ended jobs of a claim or an exercise show."""

from __future__ import annotations

import math
from collections.abc import Mapping

from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean
from descend.engine.run.result import Result
from descend.engine.run.runs import LIVE
from descend.engine.teaching.exercises.judging import list_refusals
from descend.engine.teaching.lesson import Claim, CodeExercise, CommandDrill, Exercise
from descend.engine.teaching.measure import Knobs
from descend.engine.teaching.measured import Measured, format_number
from descend.engine.teaching.verify.finding import Finding
from descend.engine.teaching.verify.plan import DEFAULT, SOLUTION, STARTER, Item, Key, Outcome, Part


class NotJudged(Exception):
    """Something could not be judged; the sentence says why."""


def judge_item(item: Item, outcomes: Mapping[Key, Outcome]) -> Finding:
    """The finding about ``item``, all of whose jobs have ended."""
    seconds = sum({job.key: outcomes[job.key].seconds for job in item.jobs.values()}.values())
    done = {place: outcomes[job.key] for place, job in item.jobs.items()}
    if isinstance(item.subject, Claim):
        return judge_claim(item, item.subject, done, seconds)
    try:
        if item.problem:
            raise NotJudged(item.problem)
        if isinstance(item.subject, (CodeExercise, CommandDrill)):
            judge_code(done)
        else:
            judge_exercise(item.subject, done)
        why = ""
    except NotJudged as failed:
        why = clean(str(failed))
    return Finding(item.lesson.name, "exercise", item.number, item.subject.text, not why, why=why, seconds=seconds)


def judge_claim(item: Item, claim: Claim, done: Mapping[Part, Outcome], seconds: float) -> Finding:
    """Measure a claim for each of its seeds."""
    measured: list[Measured] = []
    held, why = 0, clean(item.problem)
    for seed in claim.seeds if done else ():
        try:
            found = measure_claim(claim, {knobs: outcome for (_, knobs, of), outcome in done.items() if of == seed})
            measured += found
            if wrong := [one for one in found if not one.holds]:
                raise NotJudged(f"{wrong[0].words}")
            held += 1
        except NotJudged as failed:
            why = why or clean(f"Seed {seed}: {failed}")
    worst = min(measured, key=lambda one: one.margin, default=None)
    return Finding(
        lesson=item.lesson.name,
        kind="claim",
        number=item.number,
        text=claim.text,
        holds=bool(done) and held >= claim.needed,
        values=tuple(one.left for one in measured),
        worst=worst.left if worst else math.nan,
        margin=worst.margin if worst else math.nan,
        held=held,
        of=len(claim.seeds),
        needed=claim.needed,
        asks=f"{worst.bound.asks.split(' ', 1)[0]} {format_number(worst.right)}" if worst else "",
        why=why,
        seconds=seconds,
    )


def measure_claim(claim: Claim, done: Mapping[Knobs, Outcome]) -> list[Measured]:
    """What each bound of ``claim`` finds in the runs of one seed.

    Raises:
        Failed: a run did not come to its end, or it has not said what is measured.
    """
    results = {knobs: read_result(outcome) for knobs, outcome in done.items()}
    try:
        return [found for bound in claim.bounds for found in bound.check(lambda knobs: results[knobs])]
    except Exception as error:
        for knobs, one in results.items():
            if one.history.failure is not None:
                changed = " ".join(f"{name}={value}" for name, value in knobs)
                raise NotJudged(f"the run with {changed or 'default knobs'}: {one.history.failure.title}") from None
        what = str(error) if isinstance(error, DescendError) else f"{type(error).__name__}: {error}"
        raise NotJudged(f"it cannot be measured: {what}") from None


def judge_exercise(exercise: Exercise, done: Mapping[Part, Outcome]) -> None:
    """Raise `NotJudged` unless, for every seed, the default run fails and that of the solution passes."""
    for (part, _, seed), outcome in done.items():
        try:
            refusals = list_refusals(exercise, read_result(outcome))
        except DescendError as error:
            refusals = [str(error)]
        except NotJudged:
            raise
        except Exception as error:
            raise NotJudged(f"Its check fails: {type(error).__name__}: {error}") from None
        if part == DEFAULT and not refusals:
            raise NotJudged(f"The default knobs solve it already (seed {seed}).")
        if part == SOLUTION and refusals:
            raise NotJudged(f"Its solution does not pass (seed {seed}): {' '.join(refusals)}")


def judge_code(done: Mapping[Part, Outcome]) -> None:
    """Raise `NotJudged` unless the starter (code, or a shell as it is at first) fails and the solution passes."""
    verdicts = []
    for part in (STARTER, SOLUTION):
        outcome = done[part, (), 0]
        if outcome.verdict is None:
            raise NotJudged(outcome.problem)
        verdicts.append(outcome.verdict)
    starter, solution = verdicts
    if starter.passed:
        raise NotJudged("The starter passes already.")
    if not solution.passed:
        raise NotJudged(f"Its solution does not pass: {solution.sentence}")


def read_result(outcome: Outcome) -> Result:
    """What a run has said.

    Raises:
        Failed: it did not come to an end.
    """
    if outcome.run is None:
        raise NotJudged(outcome.problem)
    try:
        said = Result.of(outcome.run)
    except DescendError as error:
        raise NotJudged(str(error)) from None
    if said.state in LIVE:
        last = outcome.run.log_tail(1)
        raise NotJudged(f"the run died{f': {last[0]}' if last else '.'}")
    failure = said.history.failure
    if said.state == "failed" and failure is not None and not failure.diverged:  # to diverge may be what is claimed
        raise NotJudged(f"the run failed: {failure.title}")
    return said
