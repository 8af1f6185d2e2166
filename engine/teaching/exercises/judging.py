"""Exercises solved by turning knobs, and predictions: both are judged by what a run has said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.sanitize import clean
from descend.engine.run.result import Result
from descend.engine.run.runs import LIVE, Run
from descend.engine.teaching.exercises.verdict import Graded, Verdict
from descend.engine.teaching.lesson import CodeExercise, CommandDrill, Exercise, Lesson, Prediction, Wrong
from descend.engine.teaching.measure import Bound, Diverged, Knobs, Measure, Reader

ENDINGS = {"stopped": "was stopped", "failed": "failed"}
Kind = TypeVar("Kind", Exercise, CodeExercise, CommandDrill)
HOW = {Exercise: "a run", CodeExercise: "writing code", CommandDrill: "typing commands"}
"""How exercises of each kind are solved."""


def find_exercise(lesson: Lesson, index: int, kind: type[Kind]) -> Kind:
    """Exercise ``index`` of ``lesson``.

    Raises:
        UsageError: there is no such exercise, or it is of another kind.
    """
    if not 0 <= index < len(lesson.exercises):
        count = len(lesson.exercises)
        raise UsageError(
            f"Lesson '{lesson.name}' has {count or 'no'} exercise{'s' if count != 1 else ''}, "
            f"so there is no number {index + 1}."
        )
    found = lesson.exercises[index]
    if not isinstance(found, kind):
        how = f"{HOW[type(found)]}, not by {HOW[kind]}"
        raise UsageError(f"Exercise {index + 1} of '{lesson.name}' is solved by {how}.")
    return found


def check_run(lesson: Lesson, index: int, run: Run) -> Verdict:
    """Whether ``run`` solves an exercise of its lesson.

    Raises:
        UsageError: there is no such exercise, or it is of another kind.
    """
    find_exercise(lesson, index, Exercise)
    try:
        manifest = run.manifest()
        if manifest.name != lesson.name:
            return Verdict(False, f"Run '{run.id}' is one of '{clean(manifest.name)}', not of '{lesson.name}'.")
        if run.state() == "dead":
            return Verdict(False, f"Run '{run.id}' is dead before its end; resume it, or start another.")
        return check_result(lesson, index, Result.of(run))
    except DescendError as error:
        return Verdict(False, clean(str(error)))


def check_result(lesson: Lesson, index: int, result: Result) -> Verdict:
    """`check_run` for what a run has said, where that has been read already."""
    wanted = find_exercise(lesson, index, Exercise)
    if result.state in LIVE:
        return Verdict(False, f"The run is still {result.state}; it is judged when it has ended.")
    try:
        refusals = list_refusals(wanted, result)
    except DescendError as error:
        return Verdict(False, clean(str(error)))
    except Exception as error:
        return Verdict(False, clean(f"This run cannot be judged: {type(error).__name__}: {error}"))
    return Verdict(False, clean(" ".join(refusals))) if refusals else Verdict(True, "Solved.")


def list_refusals(wanted: Exercise, result: Result) -> list[str]:
    """Why ``result`` does not solve an exercise, a sentence each; none if it does.

    Raises:
        DescendError: the run has not said what is asked for.
        Exception: whatever a check of the author's own raises by mistake.
    """
    bounds = [need for need in wanted.needs if isinstance(need, Bound)]
    if result.state != "done" and not any(isinstance(bound, Diverged) for bound in bounds):
        return [f"The run {ENDINGS.get(result.state, f'is {result.state}')}; let it run to its end."]
    read = make_reader(result)
    refusals = [f"{found.words}." for bound in bounds for found in bound.check(read) if not found.holds]
    for need in wanted.needs:
        if not isinstance(need, Bound):
            try:
                need(result)
            except Wrong as wrong:
                refusals.append(str(wrong))
    return [refusal[:1].upper() + refusal[1:] if " " in refusal[:12] else refusal for refusal in refusals]


def make_reader(result: Result) -> Reader:
    """A reader for expressions about one run: whatever knobs it has."""

    def read(knobs: Knobs) -> Result:
        if knobs:
            raise UsageError("It compares runs with other knobs, which a single run cannot show.")
        return result

    return read


def grade_prediction(lesson: Lesson, index: int, given: float, result: Result) -> Graded:
    """Whether prediction ``index``, answered with ``given`` (a number, or the index of a choice), was right of a
    run."""
    prediction = lesson.predictions[index]
    if result.state in LIVE:
        return Graded(None, None, f"The run is still {result.state}; the prediction is graded when it has ended.")
    try:
        truth = find_true_answer(prediction, result)
    except DescendError as error:
        return Graded(None, None, f"This run cannot answer this: {clean(str(error))}")
    except Exception as error:
        return Graded(None, None, clean(f"This run cannot answer this: {type(error).__name__}: {error}"))
    if truth is None or truth != truth:
        return Graded(None, None, "This run cannot answer this.")
    near = abs(given - truth) <= prediction.within * abs(truth)
    right = int(given) == int(truth) if prediction.choices else bool(near)  # of NumPy, where truth is
    said, true = format_answer(prediction, given), format_answer(prediction, truth)
    if right and said == true:
        return Graded(True, float(truth), clean(f"Right: {true}."))
    return Graded(right, float(truth), clean(f"{'Right: it' if right else 'It'} was {true}; you said {said}."))


def find_true_answer(prediction: Prediction, result: Result) -> float | None:
    """The index of the choice that came true, or the number asked for; None if ``result`` cannot answer this.

    Raises:
        DescendError: the run has not said what is asked for.
        Exception: whatever a function of the author's own raises by mistake.
    """
    read = make_reader(result)
    if isinstance(prediction.choices, Mapping):
        held = [
            index
            for index, bounds in enumerate(prediction.choices.values())
            if any(
                bound.holds(read)
                for bound in (bounds if isinstance(bounds, tuple) else (bounds,))
                if isinstance(bound, Diverged) or result.state == "done"
            )
        ]
        return held[0] if len(held) == 1 else None
    if isinstance(prediction.truth, Measure):
        return prediction.truth.value(read) if result.state == "done" else None
    return prediction.truth(result) if prediction.truth is not None else None


def format_answer(prediction: Prediction, answer: float) -> str:
    """An answer in words: the choice, or the number."""
    if names := prediction.names:
        index = int(answer)
        return names[index] if 0 <= index < len(names) else str(index)
    return f"{answer:.4g}"
