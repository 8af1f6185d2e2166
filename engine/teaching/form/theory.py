"""Theory: its length, and that it begins with a question."""

from __future__ import annotations

import re
from collections.abc import Iterator

from descend.engine.teaching.form.shortcoming import LessonText, Shortcoming

LEAST, MOST = 150, 250


def count_words(theory: str) -> int:
    """Words of prose: indented lines are formulas or code, as is what stands between backquotes."""
    prose = " ".join(line for line in theory.splitlines() if not line.startswith("    "))
    return len(re.findall(r"[^\W\d_][\w'’-]*", re.sub(r"`[^`]*`", "", prose)))


def check_theory(text: LessonText) -> Iterator[Shortcoming]:
    """Rules ``length`` and ``question``."""
    lesson = text.lesson
    words = count_words(lesson.theory)
    if not LEAST <= words <= MOST:
        yield text.short("length", f"The theory has {words} words; {LEAST} to {MOST} are asked for.")
    if "?" not in lesson.question:
        yield text.short("question", "The theory does not begin with a question.", lesson.question[:40])
