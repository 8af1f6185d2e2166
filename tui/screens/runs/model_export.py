"""Writes the model of a training, in a process of its own, and shows how far it is and what was written."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import ProgressBar, Static

from descend.engine.base.units import format_size
from descend.tui.cell_text import plain
from descend.tui.screens.dialog import Dialog, Hint

if TYPE_CHECKING:
    from descend.engine.run.runs import Run
    from descend.tui.screens.runs.export import Export

COMMAND = (sys.executable, "-P", "-m", "descend.engine.cli", "export")
"""Writes it, where torch can be imported."""
NAMES = 8
"""Columns or classes of which the names are told."""


class ModelExportScreen(Dialog[bool]):
    """Returns whether the model was written."""

    heading = "Export"
    HELP = (
        "A model is being written for other programs. Escape cancels, and leaves nothing half written. When it is "
        "done, the box says where the file and its card are, and what the card says."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel, or go back"),
        Binding("enter", "close", "Go back"),
        Binding("down,j", "scroll('down')", "Down", show=False),
        Binding("up,k", "scroll('up')", "Up", show=False),
    ]
    DEFAULT_CSS = """
    ModelExportScreen {
        & > Vertical { width: 100; }
        & ProgressBar { margin-top: 1; }
        & Bar { width: 40; }
        & VerticalScroll { height: auto; max-height: 60vh; }
    }
    """

    def __init__(self, run: Run, chosen: Export) -> None:
        super().__init__()
        self.run, self.chosen = run, chosen
        self.written: dict[str, Any] = {}
        self.writing = True
        self._process: Process | None = None

    def body(self) -> ComposeResult:
        yield Static(Text(f"{plain(self.run.id)}, as {self.chosen.format}"))
        yield ProgressBar(total=1.0, show_eta=False)
        with VerticalScroll(can_focus=False):
            yield Static(Text("starting PyTorch…"), id="said")
        yield Hint("esc cancels")

    def on_mount(self) -> None:
        """Begin."""
        self.run_worker(self._write(), exclusive=True, exit_on_error=False)

    def on_unmount(self) -> None:
        """Leave nothing at work, and nothing half written."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter goes back when there is something to go back from: one pressed too often cancels nothing."""
        return action != "close" or not self.writing

    async def _write(self) -> None:
        self._process = process = await asyncio.create_subprocess_exec(
            *COMMAND,
            self.run.id,
            f"--to={self.chosen.format}",
            "--json",
            "--",
            str(self.chosen.path),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            limit=1 << 26,
            start_new_session=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        reading, said = asyncio.ensure_future(process.stderr.read()), {}
        async for line in process.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if "progress" in said:
                self.query_one(ProgressBar).update(progress=said["progress"])
                self._say(Text(plain(f"{said.get('doing', '')}…")))
        errors = (await reading).decode(errors="replace").strip().splitlines()
        await process.wait()
        self.writing = False
        self.query_one(ProgressBar).display = False
        if "file" in said:
            self.written = said
            self._say(draw_written(said))
            self.query_one(Hint).tell("enter goes back", "↑↓ scroll")
        else:
            sentence = errors[-1].removeprefix("descend: ") if errors else "The export ended unexpectedly."
            self._say(Text(plain(f"✗ {sentence}"), "bold"))
            self.query_one(Hint).tell("esc goes back, nothing was written")
        self.refresh_bindings()

    def _say(self, what: Text | Group) -> None:
        self.query_one("#said", Static).update(what)

    def action_scroll(self, way: str) -> None:
        """Scroll a line."""
        self.query_one(VerticalScroll).scroll_relative(y=1 if way == "down" else -1, animate=False)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(bool(self.written))

    def action_leave(self) -> None:
        """Cancel, or go back."""
        self.workers.cancel_node(self)  # else it would tell of the end that follows in a box that is going away
        self.dismiss(bool(self.written))


def draw_written(said: dict[str, Any]) -> Group:
    """Where the model and its card are, and what the card says."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("written", Text(plain(f"{said['file']}  ({format_size(said['bytes'])})"), "bold"))
    table.add_row("card", Text(plain(said["card"]), "bold"))
    table.add_row()
    for name, told in list_card(said["told"]):
        table.add_row(name, Text(plain(told)))
    return Group(table)


def list_card(card: dict[str, Any]) -> list[tuple[str, str]]:
    """A line for each thing that a card says, with its name."""
    found = [("holds", card["holds"])]
    for name in ("input", "output"):
        side = card[name]
        shape = " × ".join(map(str, side["shape"]))
        found.append((name, f"{side['dtype']} {shape}: {side['means']}"))
        if columns := side.get("columns"):
            found.append(("columns", list_few(columns)))
    if card["classes"]:
        found.append(("classes", list_few(card["classes"])))
    judged = {name: value for name, value in card["metrics"].items() if name.startswith("test/") and value is not None}
    if judged:
        found.append(("metrics", ", ".join(f"{name} {value:.4g}" for name, value in judged.items())))
    return [*found, ("again", card["command"])]


def list_few(names: list[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - NAMES:,} more" if len(names) > NAMES else ""
    return ", ".join(names[:NAMES]) + more
