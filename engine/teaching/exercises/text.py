"""The text of a code exercise, as the learner gets to edit it."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any

from descend.engine.teaching.lesson import CodeExercise


def starter_text(exercise: CodeExercise) -> str:
    """Source of the function to begin with: not indented, without decorators, ending with a line break."""
    return _source(exercise.starter)


def solution_text(exercise: CodeExercise) -> str:
    """Source of the solution, under the starter's name."""
    name = exercise.solution.__name__
    return re.sub(rf"\b{re.escape(name)}\b", exercise.starter.__name__, _source(exercise.solution))


def _source(function: Callable[..., Any]) -> str:
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    first = next(number for number, line in enumerate(lines) if re.match(r"(async )?def ", line))
    return "\n".join(lines[first:]).rstrip() + "\n"
