"""What every lesson must keep, as functions of a lesson: the suite in `test_lessons` calls them for each."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import time
from collections.abc import Mapping
from contextlib import suppress

import numpy as np
import pytest
import torch

from descend.datasets import catalogue as datasets
from descend.engine.base.errors import DescendError
from descend.engine.base.knobs import Value
from descend.engine.lab.lab import Lab
from descend.engine.launch.worker import seed_everything
from descend.engine.run import runs
from descend.engine.run.result import Result
from descend.engine.run.runs import Manifest, Run
from descend.engine.teaching import catalogue
from descend.engine.teaching.curriculum import SYSTEMS
from descend.engine.teaching.exercises import CodeCheck, check_commands, make_solution, make_starter
from descend.engine.teaching.exercises.judging import find_true_answer, list_refusals
from descend.engine.teaching.lesson import CodeExercise, CommandDrill, Exercise, Lesson

BUDGET = 20.0
"""Seconds of processor time that a smoke run may take; about 2 is good."""


def smoke_run(lesson: Lesson, seed: int = 1) -> Run:
    """Run the experiment as briefly as `Lesson.smoke` says, in this process, on data that is always here."""
    data = next((name for name in lesson.data if datasets.find(name).embedded), "")
    if lesson.data and not data:
        pytest.skip(f"it learns from {', '.join(lesson.data)} only, which has to be fetched")
    brief: Mapping[str, Value] = {"pace": 0, "epochs": 1}
    given = {name: value for name, value in brief.items() if name in lesson.knobs.specs}
    knobs = lesson.knobs.parse({**given, **lesson.smoke})
    run = runs.create_run(Manifest(id="", name=lesson.name, knobs=knobs.values(), seed=seed, device="cpu", data=data))
    dataset = datasets.find(data).load() if data else None
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    seed_everything(seed)
    lab = Lab(run, knobs, device=torch.device("cpu"), seed=seed, dataset=dataset)
    try:
        lesson.run(lab, knobs)
        lab.finish()
    finally:
        lab.close()
        torch.set_num_threads(threads)
    return run


def says_what_it_is(lesson: Lesson) -> None:
    assert lesson.title
    assert set(lesson.covers) <= set(SYSTEMS)
    assert lesson.sources
    assert not lesson.after or catalogue.find_lesson(lesson.after)
    assert all(datasets.find(name) for name in lesson.data)
    assert lesson.minutes > 0
    assert "?" in lesson.question, "a lesson opens with a question"
    words = [word for word in lesson.theory.split() if any(character.isalnum() for character in word)]
    assert 100 < len(words) <= 300, "about 250 words, and formulas"
    assert "\\" not in lesson.theory, "formulas are plain Unicode"


def knobs_are_explained(lesson: Lesson) -> None:
    assert lesson.knobs.specs
    assert all(spec.help for spec in lesson.knobs.specs.values())
    lesson.knobs.parse(lesson.smoke)


def quiz_can_be_answered(lesson: Lesson) -> None:
    assert len(lesson.quiz) >= 2
    texts = [question.text for question in lesson.quiz]
    assert len(set(texts)) == len(texts), "a question is known by its text"
    for question in lesson.quiz:
        assert 0 <= question.answer < len(question.choices) >= 2
        assert len(set(question.choices)) == len(question.choices)
        assert question.why
        assert not question.lesson or catalogue.find_lesson(question.lesson)


def runs_and_repeats_itself(lesson: Lesson) -> tuple[Run, Result]:
    """Two smoke runs that agree to the last bit; returns the first."""
    began = time.process_time()
    run = smoke_run(lesson)
    spent = time.process_time() - began
    result, again = Result.of(run), Result.of(smoke_run(lesson))
    assert result.state == "done"
    assert spent < BUDGET, f"a smoke run took {spent:.1f} s of processor time"
    follower = run.follow()
    while follower.read():
        pass
    assert follower.skipped == 0, "every record is valid"
    assert panels(result) >= 2
    assert result.history.metrics == again.history.metrics
    for name, series in result.history.series.items():  # a fast run keeps some points only, as time decides
        other = again.history.series[name]
        _, here, there = np.intersect1d(series.steps, other.steps, return_indices=True)
        assert series.values[here].tobytes() == other.values[there].tobytes(), f"{name} differs"
    return run, result


def panels(result: Result) -> int:
    """Panels that the shell shows at most for a run: one a kind of curve, one a picture."""
    return len({name.rpartition("/")[2] for name in result.history.series}) + len(result.history.pictures)


def predictions_can_be_graded(lesson: Lesson, result: Result) -> None:
    texts = [prediction.text for prediction in lesson.predictions]
    assert len(set(texts)) == len(texts), "a prediction is known by its text"
    for prediction in lesson.predictions:
        assert prediction.why
        assert len(prediction.names) != 1
        assert 0 < prediction.within < 1
        truth = find_true_answer(prediction, result)
        if truth is not None and prediction.names:
            assert truth == int(truth)
            assert 0 <= truth < len(prediction.names)
        elif truth is not None:
            assert truth == truth


def claims_can_be_tried(lesson: Lesson) -> None:
    for claim in lesson.claims:
        assert claim.text
        assert claim.bounds, "a claim has a bound"
        assert claim.seeds
        assert len(set(claim.seeds)) == len(claim.seeds)
        assert 1 <= claim.needed <= len(claim.seeds)
        assert not claim.data or claim.data in lesson.data
        runs = {knobs for bound in claim.bounds for knobs in bound.runs()}
        assert runs, "a claim reads a run"
        for knobs in runs:
            lesson.knobs.parse(dict(knobs))


def exercises_can_be_tried(lesson: Lesson, result: Result) -> None:
    texts = [exercise.text for exercise in lesson.exercises]
    assert len(set(texts)) == len(texts), "an exercise is known by its text"
    for index, exercise in enumerate(lesson.exercises):
        if isinstance(exercise, CommandDrill):
            assert not check_commands(lesson, index, ()).passed
            typed = check_commands(lesson, index, exercise.solution)
            assert typed.passed, f"{typed.sentence}\n{typed.output}"
        if isinstance(exercise, Exercise):
            solved = lesson.knobs.parse(exercise.solution)
            assert solved.values() != lesson.knobs.parse({}).values(), "the default knobs do not solve it"
            assert exercise.needs
            with suppress(DescendError):
                list_refusals(exercise, result)


def code_exercises_tell_right_from_wrong(lesson: Lesson) -> None:
    for index, exercise in enumerate(lesson.exercises):
        if not isinstance(exercise, CodeExercise):
            continue
        name = exercise.solution.__name__
        for text in (make_starter(exercise), make_solution(exercise)):
            stands_alone(text, name)
        assert exercise.seconds > 0
        started = CodeCheck(lesson.name, index, make_starter(exercise)).wait()
        solved = CodeCheck(lesson.name, index, make_solution(exercise)).wait()
        assert started is not None
        assert not started.passed
        assert re.search(r"\w", started.sentence)
        assert solved is not None
        assert solved.passed, f"{solved.sentence}\n{solved.output}"


def stands_alone(text: str, name: str) -> None:
    """Whether the text is one function ``name`` that uses nothing from elsewhere."""
    [function] = ast.parse(text).body
    assert isinstance(function, (ast.FunctionDef, ast.ClassDef))
    assert function.name == name

    def used(table: symtable.SymbolTable) -> set[str]:
        here = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global() and symbol.is_referenced()}
        return here.union(*(used(child) for child in table.get_children()))

    missing = used(symtable.symtable(text, name, "exec").get_children()[0]) - set(vars(builtins)) - {name}
    assert not missing, f"{name} uses {missing}, which the learner's text does not hold"
