"""The Lesson screen: theory next to a live run."""

from descend.tui.screens.lesson.screen import LessonScreen

__all__ = ["LessonScreen"]
