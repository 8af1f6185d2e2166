"""What the ended jobs of a claim or an exercise show."""

from __future__ import annotations

import math
from collections.abc import Mapping

from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean
from descend.engine.run.result import Result, Results
from descend.engine.run.runs import LIVE
from descend.engine.teaching.lesson import Claim, CodeExercise, Exercise, Wrong
from descend.engine.teaching.verify.finding import Finding, worst
from descend.engine.teaching.verify.plan import CODES, Item, Key, Outcome


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


def claimed(item: Item, claim: Claim, done: Mapping[tuple[str, int], Outcome], seconds: float) -> Finding:
    """Measure a claim for each of its seeds."""
    values, held, why = [], 0, clean(item.problem)
    for seed in claim.seeds if done else ():
        value = math.nan
        try:
            value = measured(claim, {name: done[name, seed] for name in claim.runs})
            if not claim.holds(value):
                raise Failed(f"{value:g} is not {claim.asks}")
            held += 1
        except Failed as failed:
            why = why or clean(f"Seed {seed}: {failed}")
        values.append(value)
    needed = len(claim.seeds) if claim.needed is None else claim.needed
    return Finding(
        lesson=item.lesson.name,
        kind="claim",
        number=item.number,
        text=claim.text,
        holds=bool(values) and held >= needed,
        values=tuple(values),
        worst=worst(claim, tuple(values)),
        held=held,
        of=len(claim.seeds),
        needed=needed,
        asks=claim.asks,
        why=why,
        seconds=seconds,
    )


def measured(claim: Claim, done: Mapping[str, Outcome]) -> float:
    """The number that ``claim`` is about.

    Raises:
        Failed: a run did not come to its end, or the measure cannot read what it said.
    """
    results = {name: result(outcome) for name, outcome in done.items()}
    try:
        return float(claim.measure(Results(results)))
    except Exception as error:
        for name, one in results.items():
            if one.history.failure is not None:
                raise Failed(f"run '{name}': {one.history.failure.title}") from None
        what = str(error) if isinstance(error, DescendError) else f"{type(error).__name__}: {error}"
        raise Failed(f"it cannot be measured: {what}") from None


def turned(exercise: Exercise, done: Mapping[tuple[str, int], Outcome]) -> None:
    """Raise `Failed` unless the default run fails and that of the solution passes."""
    if not refused(exercise, result(done["default", 0])):
        raise Failed("The default knobs solve it already.")
    if refusal := refused(exercise, result(done["solution", 0])):
        raise Failed(f"Its solution does not pass: {refusal}")


def refused(exercise: Exercise, run: Result) -> str:
    """Why ``run`` does not solve ``exercise``; empty if it does.

    Raises:
        Failed: the check itself fails.
    """
    try:
        exercise.check(run)
    except (Wrong, DescendError) as wrong:
        return str(wrong) or "no reason given"
    except Exception as error:
        raise Failed(f"Its check fails: {type(error).__name__}: {error}") from None
    return ""


def written(done: Mapping[tuple[str, int], Outcome]) -> None:
    """Raise `Failed` unless the starter fails its check and the solution passes."""
    verdicts = []
    for name in CODES:
        outcome = done[name, 0]
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
