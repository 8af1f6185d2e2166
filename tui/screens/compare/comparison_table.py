"""The table of where runs differ, which keeps its row names whatever the runs are called."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from descend.tui.cell_text import fit
from descend.tui.screens.compare.differences import Comparison, Row

NARROWEST = 10
"""Cells of a run's column, at least: where not all have that many, the rest follow below."""
SHARE = 3
"""Row names take at most one part in so many of the width."""


class ComparisonTable:
    """A column for each run; longer values take several lines, longer titles are cut.

    Args:
        letters: marker and letter of each run.
        names: what each run is called.
    """

    def __init__(self, found: Comparison, letters: list[Text], names: list[str]) -> None:
        self.found, self.letters, self.names = found, letters, names

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = [*self.found.differing, *self.found.metrics]
        longest = max((cell_len(row.name) for row in rows), default=0)
        head = max(5, min(longest, options.max_width // SHARE))
        room = options.max_width - head - 1
        at_once = max(1, min(len(self.names), room // (NARROWEST + 1)))
        for first in range(0, len(self.names), at_once):
            runs = range(first, min(first + at_once, len(self.names)))
            yield self._render_block(runs, head, max(1, room // len(runs) - 1))
        yield Text(f"the same: {', '.join(self.found.same)}" if self.found.same else "", "dim")

    def _render_block(self, runs: range, head: int, room: int) -> Table:
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
        table.add_column("", width=head, overflow="fold")
        for run in runs:
            table.add_column(self._render_title(run, room), max_width=room, overflow="fold")

        def add(rows: list[Row], style: str = "") -> None:
            for row in rows:
                table.add_row(Text(row.name, "dim"), *(Text(row.values[run], style) for run in runs))

        add(self.found.differing)
        if not self.found.differing:
            table.add_row(Text("knobs", "dim"), Text("all the same"))
        table.add_section()
        add(self.found.metrics, "bold")
        return table

    def _render_title(self, run: int, room: int) -> Text:
        letter, name = self.letters[run], self.names[run]
        return Text.assemble(letter, " ", fit(name, max(0, room - letter.cell_len - 1)).rstrip(), no_wrap=True)
