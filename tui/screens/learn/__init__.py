"""The Learn screen: all lessons, track by track, and the runs at work."""

from descend.tui.screens.learn.screen import LearnScreen

__all__ = ["LearnScreen"]
