"""Downloads a dataset, in a process of its own, and shows how far it is."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import ProgressBar, Static

from descend.engine.base.units import format_size
from descend.tui.cell_text import plain
from descend.tui.screens.dialog import Dialog

COMMAND = (sys.executable, "-P", "-m", "descend.engine.cli", "data", "fetch")
LOST_NOTHING = "What was downloaded is kept; fetching again resumes from there."


class FetchScreen(Dialog[bool]):
    """Returns whether the dataset is here now.

    Args:
        name: of the dataset.
        title: as people write it.
        command: fetches the dataset whose name is appended, and prints JSON lines of bytes and the outcome; by default
            this program's own.
    """

    HELP = "A dataset is being downloaded. Escape cancels; what was downloaded is kept, and r tries again."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel"),
        Binding("r", "retry", "Try again"),
    ]
    DEFAULT_CSS = """
    FetchScreen {
        & ProgressBar { margin-top: 1; }
        & Bar { width: 40; & > .bar--indeterminate { color: $primary; } }
    }
    """

    def __init__(self, name: str, title: str, command: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.dataset, self.heading, self.command = name, f"Fetching {title}", command or COMMAND
        self.process: Process | None = None
        self.fetching = False

    def body(self) -> ComposeResult:
        yield Static(Text("connecting…"), id="file")
        yield ProgressBar(show_eta=True)
        yield Static(Text("esc cancels"), classes="hint")

    def on_mount(self) -> None:
        """Begin."""
        self.action_retry()

    def on_unmount(self) -> None:
        """Leave no download behind."""
        self._end()

    async def _fetch(self) -> None:
        """Follow the download to its end."""
        self.process = await asyncio.create_subprocess_exec(
            *self.command, self.dataset, "--json", stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, start_new_session=True
        )
        assert self.process.stdout is not None
        outcome: dict[str, Any] = {}
        async for line in self.process.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if isinstance(said, dict) and "status" in said:
                outcome = said
            elif isinstance(said, dict):
                self._show(said)
        await self.process.wait()
        self.fetching = False
        if outcome.get("status") == "done":
            self.dismiss(True)
            return
        sentence = outcome.get("message") or "The download ended unexpectedly."
        self.query_one("#file", Static).update(Text(plain(f"✗ {sentence}"), "bold"))
        self.query_one(ProgressBar).display = False
        self.query_one(".hint", Static).update(Text(f"{LOST_NOTHING} r tries again, esc goes back."))
        self.refresh_bindings()

    def _show(self, said: dict[str, Any]) -> None:
        done, total = said.get("done"), said.get("total")
        size = f"{format_size(done or 0)} of {format_size(total)}" if total else format_size(done or 0)
        self.query_one("#file", Static).update(Text(plain(f"{said.get('file', '')}  {size}")))
        self.query_one(ProgressBar).update(total=total or None, progress=done or 0)

    def _end(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()

    def action_retry(self) -> None:
        """Fetch, resuming where an earlier download broke off."""
        if not self.fetching:
            self.fetching = True
            self.query_one("#file", Static).update(Text("connecting…"))
            self.query_one(ProgressBar).display = True
            self.query_one(".hint", Static).update(Text("esc cancels"))
            self.run_worker(self._fetch(), exclusive=True)

    def action_leave(self) -> None:
        """Cancel, or go back after a failure."""
        self.workers.cancel_node(self)  # else it would tell of the end that follows in a box that is going away
        self._end()
        if self.fetching:
            self.notify(LOST_NOTHING, title="Cancelled", markup=False)
        self.dismiss(False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to try again while it continues."""
        return action != "retry" or not self.fetching
