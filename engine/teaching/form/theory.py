"""Theory: its length, that it begins with a question, and what one can explain after it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from descend.engine.teaching.form.shortcoming import LessonText, Shortcoming

MIN_WORDS, MAX_WORDS = 150, 250
MIN_TAKEAWAYS, MAX_TAKEAWAYS = 2, 4


def count_words(theory: str) -> int:
    """Words of prose: indented lines are formulas or code, as is what stands between backquotes."""
    prose = " ".join(line for line in theory.splitlines() if not line.startswith("    "))
    return len(re.findall(r"[^\W\d_][\w'’-]*", re.sub(r"`[^`]*`", "", prose)))


def check_theory(text: LessonText) -> Iterator[Shortcoming]:
    """Rules ``length``, ``question`` and ``takeaways``."""
    lesson = text.lesson
    words = count_words(lesson.theory)
    if not MIN_WORDS <= words <= MAX_WORDS:
        yield text.report("length", f"The theory has {words} words; {MIN_WORDS} to {MAX_WORDS} are asked for.")
    if "?" not in lesson.question:
        yield text.report("question", "The theory does not begin with a question.", lesson.question[:40])
    count = len(lesson.takeaways)
    if not MIN_TAKEAWAYS <= count <= MAX_TAKEAWAYS or not all(one.rstrip().endswith(".") for one in lesson.takeaways):
        asked = f"{MIN_TAKEAWAYS} to {MAX_TAKEAWAYS} whole sentences are asked for"
        yield text.report("takeaways", f"It states {count} takeaways; {asked}.", "LESSON = ")
