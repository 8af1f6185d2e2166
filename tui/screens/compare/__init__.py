"""The Compare screen: the curves of several runs in shared panels."""

from descend.tui.screens.compare.screen import MAX_RUNS, CompareScreen

__all__ = ["MAX_RUNS", "CompareScreen"]
