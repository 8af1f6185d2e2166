"""One thing that a lesson lacks, and where in its file."""

from __future__ import annotations

import ast
import functools
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from descend.engine.teaching.lesson import Lesson


@dataclass(frozen=True)
class Shortcoming:
    """``rule`` is the name that `Lesson.allow` takes; ``why`` a sentence; ``line`` counts from 1."""

    lesson: str
    rule: str
    why: str
    file: str
    line: int

    def to_json(self) -> dict[str, Any]:
        """For one line of JSON."""
        return asdict(self)


class LessonText:
    """A lesson and the text of its file."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.file = Path(str(sys.modules[lesson.module].__file__)).resolve()
        self.text = self.file.read_text(encoding="utf-8")

    @functools.cached_property
    def tree(self) -> ast.Module:
        """The file, parsed."""
        return ast.parse(self.text)

    def find_line(self, words: str) -> int:
        """The first line that holds ``words`` as a string of its own, or at all, or their beginning; 1 if none does."""
        for sought in (f'"{words}"', words, words[:30]):
            place = self.text.find(sought)
            if sought and place >= 0:
                return self.text.count("\n", 0, place) + 1
        return 1

    def report(self, rule: str, why: str, at: str | int = 1) -> Shortcoming:
        """A shortcoming at the words or the line ``at``."""
        line = at if isinstance(at, int) else self.find_line(at)
        return Shortcoming(self.lesson.name, rule, why, str(self.file), line)
