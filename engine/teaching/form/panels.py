"""Panels: which one carries the idea."""

from __future__ import annotations

from collections.abc import Iterator

from descend.engine.teaching.form.shortcoming import LessonText, Shortcoming


def check_panels(text: LessonText) -> Iterator[Shortcoming]:
    """Rule ``show``: at least one panel is named."""
    if not text.lesson.show:
        yield text.short("show", "It does not say which panel carries the idea: show=(…).", "LESSON =")
