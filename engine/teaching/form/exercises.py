"""Predictions, claims and exercises: that there are enough, that starters leave work to do, that refusals explain."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator

from descend.engine.teaching.exercises import make_solution, make_starter
from descend.engine.teaching.form.shortcoming import LessonText, Shortcoming
from descend.engine.teaching.lesson import CodeExercise

BLANKS = {"", "...", "pass", "return", "return ...", "return None", "raise NotImplementedError"}


def check_exercises(text: LessonText) -> Iterator[Shortcoming]:
    """Rules ``prediction``, ``claims``, ``exercise``, ``starter`` and ``refusal``."""
    lesson = text.lesson
    if not lesson.predictions:
        yield text.report("prediction", "It asks for no prediction; at least one is asked for.", "LESSON =")
    seeded = sum(len(claim.seeds) > 1 for claim in lesson.claims)
    if seeded < 2:
        yield text.report("claims", f"{seeded} claims have several seeds; at least 2 are asked for.", "claims=")
    if not lesson.exercises:
        yield text.report("exercise", "It has no exercise; at least one is asked for.", "LESSON =")
    for exercise in lesson.exercises:
        if isinstance(exercise, CodeExercise) and is_only_blank(make_starter(exercise), make_solution(exercise)):
            yield text.report("starter", f"The starter only leaves a blank: {exercise.text}", exercise.text)
    for node in ast.walk(text.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "Wrong":
            continue
        if all(isinstance(given, ast.Constant) for given in node.args):
            yield text.report("refusal", "The message of a wrong answer does not name what was found.", node.lineno)


def is_only_blank(starter: str, solution: str) -> bool:
    """Whether the starter is the solution with lines left out, or with nothing but a placeholder in their place."""
    before, after = ([line.strip() for line in one.splitlines()] for one in (starter, solution))
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    own = [line for kind, low, high, *_ in blocks if kind != "equal" for line in before[low:high]]
    return all(line.partition("#")[0].strip() in BLANKS for line in own)
