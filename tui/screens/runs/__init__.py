"""The Runs screen: every run there is, live and past."""

from descend.tui.screens.runs.run_scanner import RunScanner
from descend.tui.screens.runs.screen import RunsScreen

__all__ = ["RunScanner", "RunsScreen"]
