"""Solutions, as they are shown to who asks for them."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from descend.engine.teaching.exercises import solution_text
from descend.engine.teaching.lesson import CodeExercise, Exercise
from descend.tui.cell_text import plain
from descend.tui.screens.lesson.code_editor import highlighted
from descend.tui.screens.lesson.python_highlight import plain_code


def solution(exercise: Exercise | CodeExercise, dark: bool) -> RenderableType:
    """Knob settings, or a function."""
    if isinstance(exercise, CodeExercise):
        code = "\n".join(map(plain_code, solution_text(exercise).splitlines()))
        return Text("\n", no_wrap=False).join(highlighted(code, dark))
    table = Table.grid(padding=(0, 1, 0, 0))
    for name, value in exercise.solution.items():
        table.add_row(Text(plain(name)), Text("="), Text(plain(str(value)), "bold"))
    return table
