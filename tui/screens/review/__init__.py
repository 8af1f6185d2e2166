"""Quiz questions that come back, over all lessons."""

from descend.tui.screens.review.screen import ReviewScreen

__all__ = ["ReviewScreen"]
