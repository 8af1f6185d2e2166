"""The Runs screen: every run there is, live and past."""

from descend.tui.screens.runs.run_scanner import Survey
from descend.tui.screens.runs.screen import RunsScreen

__all__ = ["RunsScreen", "Survey"]
