"""The doctor's findings as text for a terminal; marks and words carry the meaning, colour only repeats it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from descend.engine.doctor.check import ASCII_MARKS, MARKS, Check

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

STYLES: dict[bool | None, str] = {True: "green", False: "bold red", None: "bold yellow"}
WORD, NAME = 9, 16


class CheckLine:
    """One check; marks fall back to ASCII where the output's encoding is not Unicode."""

    def __init__(self, check: Check) -> None:
        self.check = check

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.table import Table
        from rich.text import Text

        def shown(text: str) -> str:
            return text.encode("ascii", "backslashreplace").decode() if options.ascii_only else text

        check, arrow = self.check, "->" if options.ascii_only else "→"
        mark = (ASCII_MARKS if options.ascii_only else MARKS)[check.ok]
        told = Text(shown(check.found))
        if check.advice:
            told.append(f"\n{arrow} {shown(check.advice)}", style="italic")
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(width=WORD)
        grid.add_column(width=NAME, overflow="fold")
        grid.add_column(overflow="fold")
        grid.add_row(Text(f"{mark} {check.word}", style=STYLES[check.ok]), Text(shown(check.name)), told)
        yield grid


def render_line(check: Check) -> RenderableType:
    """Return one check as a rich renderable."""
    return CheckLine(check)


def render(checks: Iterable[Check]) -> RenderableType:
    """Return all checks under the headings of their groups, and a closing line that counts them."""
    from rich.console import Group
    from rich.text import Text

    checks = list(checks)
    parts: list[RenderableType] = []
    for group in dict.fromkeys(check.group for check in checks):
        parts += [Text(group, style="bold"), *(CheckLine(c) for c in checks if c.group == group), Text()]
    return Group(*parts, Text(summarize(checks), style="bold"))


def summarize(checks: Iterable[Check]) -> str:
    """Return a sentence: how many problems and notes, and which."""
    checks = list(checks)
    problems = [check.name for check in checks if check.ok is False]
    notes = [check.name for check in checks if check.ok is None]
    told = f"{_count(problems, 'problem')}, {_count(notes, 'note')}."
    return f"{told} To fix: {', '.join(dict.fromkeys(problems))}." if problems else told


def _count(found: list[str], noun: str) -> str:
    return f"{len(found) or 'no'} {noun}{'' if len(found) == 1 else 's'}"
