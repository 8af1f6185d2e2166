"""A lesson of the user's own, whose claims and exercises hold, fail, crash and hang as tests need."""

from __future__ import annotations

from pathlib import Path

import pytest

from descend.engine.teaching import catalogue
from descend.engine.teaching.lesson import Lesson
from descend.engine.teaching.outline import make_outline

TEXT = '''"""Halving

What is left when one halves again and again?
"""

import os
import time

from descend.engine.teaching.lesson import (
    Claim, CodeExercise, Exercise, KnobSet, Lesson, Prediction, Wrong, computed, diverged, knob, last, quiz,
)


class Knobs(KnobSet):
    start: float = knob(8.0, -100.0, 100.0, help="where it begins")
    steps: int = knob(4, 1, 100, help="how often")
    crash: bool = knob(False, help="end the process")
    wait: float = knob(0.0, 0.0, 100.0, help="seconds to wait at each step")
    pace: int = knob(1, 0, 100, help="steps a second at most")


def run(lab, k):
    value = k.start
    for _ in lab.steps(k.steps):
        value = value / 2
        time.sleep(k.wait)
        if k.crash and value == 0:
            raise ZeroDivisionError("zero")
        if k.crash:
            os._exit(3)
        lab.scalars(value=value, train_loss=value * (float("nan") if k.start < 0 else 1.0))
        lab.curve("value", [0, 1], line=[k.start, value])
    lab.results(end=value + lab.seed)


def triple(x):
    return 3 * x


def check_triple(function):
    for x in (0, 2, -1.5):
        if function(x) != 3 * x:
            raise Wrong(f"Three times {x} is {3 * x}, not {function(x)}.")


LESSON = Lesson(
    covers=("A07",),
    run=run,
    knobs=Knobs,
    predictions=(
        Prediction("Below one?", choices={"yes": last("value") < 1, "no": last("value") >= 1}),
        Prediction("Where will it end?", last("value")),
        Prediction("Who knows?", lambda r: r.last("nothing")),
    ),
    quiz=quiz("""
        ? Half of two?
        + 1
        - 2
        = It is one.
        ? Half of one?
        - 1
        + 0.5
        = It is less.
    """),
    claims=(CLAIMS),
    exercises=(
        Exercise("End below 0.3.", last("value") < 0.3, solution={"steps": 5}, hints=("More often.", "Five times.")),
        CodeExercise("Triple a number.", triple, check_triple, broken={"3 * x": "x + x"}, seconds=2),
    ),
    sources=("Zeno",),
)
'''


def install(home: Path, claims: str = "", name: str = "halving", **changes: str) -> Lesson:
    """Put the lesson among the user's own; ``changes`` are texts to replace."""
    text = TEXT.replace("CLAIMS", claims)
    for before, after in changes.items():
        text = text.replace(before, after)
    (home / "lessons").mkdir(parents=True, exist_ok=True)
    (home / "lessons" / f"{name}.py").write_text(text)
    return catalogue.find_lesson(name)


def teach(monkeypatch: pytest.MonkeyPatch, *lessons: Lesson) -> None:
    """Have the catalogue consist of ``lessons``; others are found by name only."""
    known = {lesson.name: lesson for lesson in lessons}
    find_other = catalogue.find_lesson
    monkeypatch.setattr(catalogue, "list_lessons", lambda: known)
    monkeypatch.setattr(catalogue, "list_outlines", lambda: {name: make_outline(one) for name, one in known.items()})
    monkeypatch.setattr(catalogue, "find_lesson", lambda name: known.get(name) or find_other(name))
