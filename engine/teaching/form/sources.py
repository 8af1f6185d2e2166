"""Sources, and the lesson's place: `after` and `covers` exist and form no cycle."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from descend.engine.teaching.coverage import find_unknown
from descend.engine.teaching.form.shortcoming import LessonText, Shortcoming
from descend.engine.teaching.lesson import Lesson

YEAR = re.compile(r"\b(1[4-9]|20)\d\d\b")


def check_sources(text: LessonText) -> Iterator[Shortcoming]:
    """Rule ``source``: author, a colon, title, place and year."""
    if not text.lesson.sources:
        yield text.report("source", "It names no source.", "LESSON =")
    for source in text.lesson.sources:
        author, _, rest = source.partition(": ")
        place = YEAR.sub("", rest.rpartition(", ")[2] if ", " in rest else "")
        title_and_more = rest.split(", ")
        missing = [
            word
            for word, given in (
                ("author", rest and re.search(r"[^\W\d_]{2}", author)),
                ("year", YEAR.search(source)),
                ("place", len(title_and_more) > 1 and (len(title_and_more) > 2 or re.search(r"[^\W\d_]{2}", place))),
            )
            if not given
        ]
        if missing:
            yield text.report("source", f"A source lacks {' and '.join(missing)}: {source}", source)


def check_place(text: LessonText, known: Mapping[str, Lesson]) -> Iterator[Shortcoming]:
    """Rules ``after`` and ``covers``."""
    lesson = text.lesson
    seen, name = [lesson.name], lesson.after
    while name:
        if name not in known:
            yield text.report("after", f"There is no lesson '{name}' for it to come after.", "after=")
            break
        if name in seen:
            yield text.report("after", f"The lessons come after each other: {' → '.join([*seen, name])}.", "after=")
            break
        seen.append(name)
        name = known[name].after
    for unknown in find_unknown(lesson):
        yield text.report("covers", f"{unknown.place}: the curriculum has no {unknown.id}.", unknown.id.split()[-1])
