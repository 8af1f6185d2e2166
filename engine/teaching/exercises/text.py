"""The text of a code exercise, as the learner gets to edit it."""

from __future__ import annotations

import inspect
import re
import textwrap

from descend.engine.teaching.lesson import CodeExercise


def make_starter(exercise: CodeExercise) -> str:
    """The text to begin with: the solution's with what is ``broken`` in it, or the exercise's own starter.

    Raises:
        ValueError: what should be broken does not occur exactly once in the solution.
    """
    if exercise.starter:
        return textwrap.dedent(exercise.starter).strip("\n") + "\n"
    text = make_solution(exercise)
    for right, wrong in exercise.broken.items():
        if (count := text.count(right)) != 1:
            raise ValueError(f"'{right}' stands {count} times in {exercise.solution.__name__}; broken needs it once.")
        text = text.replace(right, wrong)
    return text


def make_solution(exercise: CodeExercise) -> str:
    """Source of the solution: not indented, without decorators, ending with a line break."""
    lines = textwrap.dedent(inspect.getsource(exercise.solution)).splitlines()
    first = next(number for number, line in enumerate(lines) if re.match(r"(async )?def |class ", line))
    return "\n".join(lines[first:]).rstrip() + "\n"
