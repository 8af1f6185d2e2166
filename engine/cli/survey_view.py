"""A survey of a table as text: its columns, its problems, and the line that settles them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from descend.datasets.columns import MAX_WORDS
from descend.datasets.csv_reader import shorten_cell
from descend.engine.base.sanitize import clean
from descend.engine.cli.data_view import fold_cells, make_heading, write_text

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from descend.datasets.table_survey import Survey

LISTED = 60
"""Columns that are shown."""
LEFT = 8
"""Columns that are said to be left out."""


def print_survey(survey: Survey, console: Console) -> None:
    """Print what was found in a table; the line to copy is never broken."""
    unicode = console.encoding.lower().startswith("utf")
    for part in list_parts(survey, unicode):
        console.print(part, highlight=False, markup=False)
    if survey.problems:
        console.print(make_heading(explain(survey)), highlight=False)
        console.print(clean(write_command(survey)), highlight=False, markup=False, soft_wrap=True)
    console.print()


def list_parts(survey: Survey, unicode: bool) -> Iterator[RenderableType]:
    """What is shown above the line that settles the problems."""
    from rich.table import Table
    from rich.text import Text

    def write(text: str) -> Text:
        return Text(write_text(text, unicode))

    yield Text(
        write_text(f"{survey.path}: {survey.rows:,} rows, {len(survey.columns):,} columns", unicode), style="bold"
    )
    if survey.seen:
        yield write(
            f"What follows was seen in {survey.seen:,} of them: ranges and gaps are of those, and there are at least "
            "so many unique values."
        )
    grid = Table("name", "kind", "missing", "unique", "holds", box=None, pad_edge=False)
    for column in grid.columns[2:4]:
        column.justify = "right"
    grid.columns[0].no_wrap = True  # no line begins with the rest of a name
    for one in survey.columns[:LISTED]:
        least = ("≥ " if unicode else ">= ") if survey.seen and one.unique > MAX_WORDS else ""
        missing = f"{one.missing:,}" if one.missing else ""
        grid.add_row(write(shorten_cell(one.name)), one.kind, missing, f"{least}{one.unique:,}", write(one.holds))
    yield fold_cells(grid)
    if len(survey.columns) > LISTED:
        yield Text(f"and {len(survey.columns) - LISTED:,} more")
    if not survey.problems:
        yield Text("No problems were found." if survey.sound else "")
        return
    count = len(survey.problems)
    yield make_heading(f"{count} problems" if count > 1 else "A problem")
    for problem in survey.problems:
        mark = ("✗" if unicode else "x") if problem.stops else "!"
        yield write(f"{mark} {problem.sentence}{write_options(problem.options)}")


def write_options(options: object) -> str:
    """The options that settle a problem, in brackets."""
    assert isinstance(options, dict)
    said = "&".join(f"{name}={value}" for name, value in options.items())
    return f" → {said}" if said else ""


def explain(survey: Survey) -> str:
    """What the line below is for."""
    settles = any(problem.options for problem in survey.problems)
    if not survey.sound:
        return (
            "These options settle what options can; mend the rest first, as said above:"
            if settles
            else "As it is, this cannot be trained on; mend what is said above first:"
        )
    if not settles:
        return "Nothing settles them but you or the file; this reads it as it is:"
    left, before = (options.get("ignore", "").split(",") for options in (survey.settled, survey.given))
    out = [shorten_cell(name) for name in left if name and name not in before]
    listed = f", and leave out {', '.join(out[:LEFT])}" if out else ""
    more = f" and {len(out) - LEFT} more" if len(out) > LEFT else ""
    rest = "; what has none is yours to decide" if not all(one.options for one in survey.problems) else ""
    return clean(f"These options settle them{listed}{more}{rest}:")


def write_command(survey: Survey) -> str:
    """The line that trains on the table with the options that settle its problems."""
    model = "simple-cnn" if survey.images else "mlp"
    return f"descend run {model} --data {shlex.quote(survey.address)}"
