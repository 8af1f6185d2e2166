"""What the ended jobs of a claim or an exercise show."""

from __future__ import annotations

import math
from collections.abc import Mapping

from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean
from descend.engine.run.result import Result
from descend.engine.run.runs import LIVE
from descend.engine.teaching.exercises.judging import refused
from descend.engine.teaching.lesson import Claim, CodeExercise, Exercise
from descend.engine.teaching.measure import Knobs, Measured, plain_number
from descend.engine.teaching.verify.finding import Finding
from descend.engine.teaching.verify.plan import DEFAULT, SOLUTION, STARTER, Item, Key, Outcome, Part


class Failed(Exception):
    """Something could not be judged; the sentence says why."""


def found(item: Item, outcomes: Mapping[Key, Outcome]) -> Finding:
    """The finding about ``item``, all of whose jobs have ended."""
    seconds = sum({job.key: outcomes[job.key].seconds for job in item.jobs.values()}.values())
    done = {place: outcomes[job.key] for place, job in item.jobs.items()}
    if isinstance(item.subject, Claim):
        return claimed(item, item.subject, done, seconds)
    try:
        if item.problem:
            raise Failed(item.problem)
        if isinstance(item.subject, CodeExercise):
            written(done)
        else:
            turned(item.subject, done)
        why = ""
    except Failed as failed:
        why = clean(str(failed))
    return Finding(item.lesson.name, "exercise", item.number, item.subject.text, not why, why=why, seconds=seconds)


def claimed(item: Item, claim: Claim, done: Mapping[Part, Outcome], seconds: float) -> Finding:
    """Measure a claim for each of its seeds."""
    measured: list[Measured] = []
    held, why = 0, clean(item.problem)
    for seed in claim.seeds if done else ():
        try:
            found = measure(claim, {knobs: outcome for (_, knobs, of), outcome in done.items() if of == seed})
            measured += found
            if wrong := [one for one in found if not one.holds]:
                raise Failed(f"{wrong[0].words}")
            held += 1
        except Failed as failed:
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
        asks=f"{worst.bound.asks.split(' ', 1)[0]} {plain_number(worst.right)}" if worst else "",
        why=why,
        seconds=seconds,
    )


def measure(claim: Claim, done: Mapping[Knobs, Outcome]) -> list[Measured]:
    """What each bound of ``claim`` finds in the runs of one seed.

    Raises:
        Failed: a run did not come to its end, or it has not said what is measured.
    """
    results = {knobs: result(outcome) for knobs, outcome in done.items()}
    try:
        return [found for bound in claim.bounds for found in bound.check(lambda knobs: results[knobs])]
    except Exception as error:
        for knobs, one in results.items():
            if one.history.failure is not None:
                changed = " ".join(f"{name}={value}" for name, value in knobs)
                raise Failed(f"the run with {changed or 'default knobs'}: {one.history.failure.title}") from None
        what = str(error) if isinstance(error, DescendError) else f"{type(error).__name__}: {error}"
        raise Failed(f"it cannot be measured: {what}") from None


def turned(exercise: Exercise, done: Mapping[Part, Outcome]) -> None:
    """Raise `Failed` unless, for every seed, the default run fails and that of the solution passes."""
    for (part, _, seed), outcome in done.items():
        try:
            refusals = refused(exercise, result(outcome))
        except DescendError as error:
            refusals = [str(error)]
        except Failed:
            raise
        except Exception as error:
            raise Failed(f"Its check fails: {type(error).__name__}: {error}") from None
        if part == DEFAULT and not refusals:
            raise Failed(f"The default knobs solve it already (seed {seed}).")
        if part == SOLUTION and refusals:
            raise Failed(f"Its solution does not pass (seed {seed}): {' '.join(refusals)}")


def written(done: Mapping[Part, Outcome]) -> None:
    """Raise `Failed` unless the starter fails its check and the solution passes."""
    verdicts = []
    for part in (STARTER, SOLUTION):
        outcome = done[part, (), 0]
        if outcome.verdict is None:
            raise Failed(outcome.problem)
        verdicts.append(outcome.verdict)
    starter, solution = verdicts
    if starter.passed:
        raise Failed("The starter passes already.")
    if not solution.passed:
        raise Failed(f"Its solution does not pass: {solution.sentence}")


def result(outcome: Outcome) -> Result:
    """What a run has said.

    Raises:
        Failed: it did not come to an end.
    """
    if outcome.run is None:
        raise Failed(outcome.problem)
    try:
        said = Result.of(outcome.run)
    except DescendError as error:
        raise Failed(str(error)) from None
    if said.state in LIVE:
        last = outcome.run.log_tail(1)
        raise Failed(f"the run died{f': {last[0]}' if last else '.'}")
    failure = said.history.failure
    if said.state == "failed" and failure is not None and not failure.diverged:  # to diverge may be what is claimed
        raise Failed(f"the run failed: {failure.title}")
    return said
