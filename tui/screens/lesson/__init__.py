"""The Lesson screen: theory beside a live run."""

from descend.tui.screens.lesson.screen import LessonScreen

__all__ = ["LessonScreen"]
