"""What this machine offers and lacks, each finding shown as it arrives."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from rich.console import Group
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from descend.tui.screens.app_access import Leaves
from descend.tui.screens.keys import KeyLine
from descend.tui.system.panel import Machine

if TYPE_CHECKING:
    from descend.engine.doctor import Check


class DoctorScreen(Leaves, Screen[None]):
    """The doctor's findings."""

    HELP = (
        "What was found on this machine: Python, packages, terminal, data, folders and devices. ✓ is fine, ! is worth "
        "knowing, ✗ will not work; the arrow says what to do. The lines below say how busy the machine is right now."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", tooltip="Back to the previous screen"),
        Binding("r", "again", "again", tooltip="Examine the machine again"),
        Binding("j", "scroll('down')", "Down", show=False),
        Binding("k", "scroll('up')", "Up", show=False),
    ]
    DEFAULT_CSS = """
    DoctorScreen VerticalScroll { padding: 1 2; height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.checks: list[Check] = []
        self.examining = False

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static()
        yield Machine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin."""
        self.action_again()

    def action_again(self) -> None:
        """Examine the machine, in a thread that never keeps the shell from ending."""
        if not self.examining:
            self.examining, self.checks = True, []
            self._show()
            threading.Thread(target=self._examine, daemon=True).start()

    def _examine(self) -> None:
        from descend.engine.doctor import run_checks

        with suppress(RuntimeError):  # the shell has ended meanwhile
            findings = run_checks()
            for check in findings:
                if not self.is_running:
                    findings.close()  # type: ignore[attr-defined]
                    return
                self.app.call_from_thread(self._take, check)
            self.app.call_from_thread(self._take, None)

    def _take(self, check: Check | None) -> None:
        """Add a finding; None: that was the last."""
        if check is None:
            self.examining = False
        else:
            self.checks.append(check)
        if self.is_attached:
            self._show()

    def _show(self) -> None:
        from descend.engine.doctor import render

        parts = [render(self.checks)] if self.checks else []
        if self.examining:
            parts.append(Text("examining…", "italic"))
        self.query_one(VerticalScroll).query_one(Static).update(Group(*parts))

    def action_scroll(self, way: str) -> None:
        """Scroll a line."""
        self.query_one(VerticalScroll).scroll_relative(y=1 if way == "down" else -1, animate=False)

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()
