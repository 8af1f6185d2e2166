"""Whether an exercise is solved and a prediction was right.

`check_run` and `grade_prediction` judge a run in this process. `CodeCheck` runs the learner's own code in a process of
its own, with limits on time, memory and files: that keeps an endless loop, a crash or a stray write away from the
shell. What it does not keep out is in ``AUTHORS.md``. Commands of a drill change a simulated shell in this process, and
nothing else.
"""

from descend.engine.teaching.exercises.code import CodeCheck
from descend.engine.teaching.exercises.drill import check_commands, check_shell, make_shell, type_lines
from descend.engine.teaching.exercises.judging import check_result, check_run, grade_prediction
from descend.engine.teaching.exercises.text import make_solution, make_starter
from descend.engine.teaching.exercises.verdict import Graded, Verdict

__all__ = [
    "CodeCheck",
    "Graded",
    "Verdict",
    "check_commands",
    "check_result",
    "check_run",
    "check_shell",
    "grade_prediction",
    "make_shell",
    "make_solution",
    "make_starter",
    "type_lines",
]
