"""Panels: which one carries the idea, and that it exists in a run."""

from __future__ import annotations

from collections.abc import Iterator

from descend.engine.run.result import Result
from descend.engine.teaching.form.shortcoming import Shortcoming, Text


def check_panels(text: Text) -> Iterator[Shortcoming]:
    """Rule ``show``: at least one panel is named."""
    if not text.lesson.show:
        yield text.short("show", "It does not say which panel carries the idea: show=(…).", "LESSON =")


def check_shown(text: Text, result: Result) -> Iterator[Shortcoming]:
    """Rule ``show``: every panel that is named was drawn by the run of ``result``."""
    drawn = {name.rpartition("/")[2] for name in result.history.series} | set(result.history.series)
    drawn |= {key.partition("/")[2] or key for key in result.history.pictures}
    for name in text.lesson.show:
        if name not in drawn:
            yield text.short("show", f"There is no panel '{name}' in a run.", "show=")
