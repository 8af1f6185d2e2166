"""What stands where the panels will be, until there is a run."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.widgets import Static

from descend.engine.launch.experiment import Experiment
from descend.tui.cell_text import plain
from descend.tui.screens.lesson.run_request import Settings


class Card(Static):
    """The settings of the next run."""

    DEFAULT_CSS = """
    Card { width: 1fr; height: auto; padding: 1 2; border: round $foreground 35%; }
    """

    def show(self, lesson: Experiment, settings: Settings) -> None:
        """List the settings and how to begin."""
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, justify="right")
        table.add_column()
        for name, spec in lesson.knobs.specs.items():
            table.add_row(Text(plain(name)), value(settings.knobs[name]), Text(plain(spec.help), "dim"))
        if lesson.data:
            table.add_row(Text("data"), value(settings.data), Text("what it learns from", "dim"))
        table.add_row(Text("device"), value(settings.device), Text("where it trains", "dim"))
        table.add_row(Text("seed"), value(settings.seed), Text("same seed, same run", "dim"))
        keys = Text.assemble(("space", "bold"), " runs it with these settings, ", ("e", "bold"), " changes them.")
        self.update(Group(keys, Text(), table))


def value(given: object) -> Text:
    """A setting's value."""
    return Text(plain(str(given)), "bold")
