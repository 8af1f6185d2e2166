"""Command drills: the simulated shell they begin with, and whether the state it is in now is what is asked for."""

from __future__ import annotations

import copy
from collections.abc import Iterable

from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean
from descend.engine.teaching.exercises.judging import find_exercise
from descend.engine.teaching.exercises.verdict import Verdict
from descend.engine.teaching.lesson import CommandDrill, Lesson, Wrong
from descend.engine.teaching.simulated_shell import SimulatedShell

LINES = 500
"""Lines of commands that are run at most."""


def make_shell(drill: CommandDrill) -> SimulatedShell:
    """The shell to begin with; what its author has typed to set it up is forgotten.

    Raises:
        DescendError: the lesson cannot make it.
    """
    try:
        shell = drill.shell() if drill.shell is not None else SimulatedShell()
    except Exception as error:
        raise DescendError(f"This lesson cannot make its practice shell: {type(error).__name__}: {error}") from None
    shell.lines.clear()
    shell.failed = False
    return shell


def check_shell(drill: CommandDrill, shell: SimulatedShell) -> Verdict:
    """Whether ``shell`` is in the state that is asked for."""
    from descend.engine.teaching.exercises.child import judge

    try:
        found = judge(drill.check(copy.deepcopy(shell)))  # a check changes nothing
    except Wrong as wrong:
        return Verdict(False, clean(str(wrong)))
    except Exception as error:
        return Verdict(False, clean(f"This state cannot be judged: {type(error).__name__}: {error}"))
    return Verdict(found.passed, clean(found.sentence), found.trace)


def check_commands(lesson: Lesson, index: int, lines: Iterable[str]) -> Verdict:
    """Type ``lines`` into a fresh shell and judge where that leads; the verdict's output is what the screen shows.

    Raises:
        UsageError: there is no such exercise, or it is of another kind.
        DescendError: the lesson cannot make its shell.
    """
    drill = find_exercise(lesson, index, CommandDrill)
    shell = make_shell(drill)
    shown = type_lines(shell, lines)
    verdict = check_shell(drill, shell)
    return Verdict(verdict.passed, verdict.sentence, "\n".join(shown))


def type_lines(shell: SimulatedShell, lines: Iterable[str]) -> list[str]:
    """Type lines, those that are not empty; what the screen shows then."""
    shown = []
    for line in list(lines)[:LINES]:
        if line.strip():
            shown.append(f"{shell.prompt} {line.strip()}")
            shown += shell.run(line.strip()).splitlines()
    return shown
