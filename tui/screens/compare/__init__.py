"""The Compare screen: the curves of several runs laid over each other."""

from descend.tui.screens.compare.screen import MOST, CompareScreen

__all__ = ["MOST", "CompareScreen"]
