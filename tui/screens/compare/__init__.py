"""The Compare screen: the curves of several runs in shared panels."""

from descend.tui.screens.compare.screen import CompareScreen

__all__ = ["CompareScreen"]
