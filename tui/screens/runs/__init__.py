"""The Runs screen: every run there is, live and past."""

from descend.tui.screens.runs.screen import RunsScreen
from descend.tui.screens.runs.survey import Survey

__all__ = ["RunsScreen", "Survey"]
