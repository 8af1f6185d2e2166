"""An app over the shell's driver: ``python -m tests.tui.typist [GIVE_UP]`` fills the screen, shows what is typed in
its first line, and on the keys below suspends, writes in haste, or ends."""

from __future__ import annotations

import subprocess
import sys
from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from descend.engine.base.errors import DescendError
from descend.tui import driver
from descend.tui.screens.lesson.external_editor import ExternalEditor

EDITOR = "printf 'the editor\\n%.0s' 1 2 3 4 5 6; read line"


def filling(columns: int, lines: int) -> list[str]:
    """What stands below the first line."""
    return [f"{y:03} ".ljust(columns, "=") for y in range(1, lines)]


class Typist(App[None]):
    """Shows what is typed."""

    CSS = "Static { width: 100%; height: 1fr; } #typed { height: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+e", "edit"),
        Binding("ctrl+b", "elsewhere"),
        Binding("ctrl+w", "haste"),
        Binding("ctrl+x", "quit"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.typed = ""

    def get_driver_class(self) -> type[driver.LeanDriver]:
        """The driver under test."""
        return driver.LeanDriver

    def compose(self) -> ComposeResult:
        yield Static(">", id="typed", markup=False)
        yield Static(id="filling", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        self.query_one("#filling", Static).update("\n".join(filling(*event.size)))

    def on_key(self, event: events.Key) -> None:
        if event.is_printable:
            self.typed += event.character or ""
            self.query_one("#typed", Static).update(f"> {self.typed}")

    def action_edit(self) -> None:
        """Give the terminal to another program."""
        with self.suspend():
            subprocess.run(["sh", "-c", EDITOR], check=False)

    def action_elsewhere(self) -> None:
        """Open the learner's own editor, and tell if it cannot be started."""
        try:
            ExternalEditor("practice", 0).open(self, "", 1)
        except DescendError:
            self.typed += "!"
            self.query_one("#typed", Static).update(f"> {self.typed}")

    def action_haste(self) -> None:
        """Write the screen's lines twice, one right after the other, the second time as they should be."""
        terminal = self._driver
        assert terminal is not None
        for text in ("xx", "ok"):
            terminal.write(driver.BEGIN)
            terminal.write(f"\x1b[1;1H{text}\x1b[1;1H")
            terminal.write(driver.END)


if __name__ == "__main__":
    driver.GIVE_UP = float(sys.argv[1]) if len(sys.argv) > 1 else driver.GIVE_UP
    Typist().run()
