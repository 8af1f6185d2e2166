"""Which lessons' short runs passed: remembered as long as all that they rest on is unchanged."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import descend
from descend.engine.base.paths import home
from descend.engine.run.manifest import replace_json
from descend.engine.teaching.lesson import Lesson
from descend.engine.teaching.verify.memory import digest_lesson


def recall_passed(lessons: Iterable[Lesson]) -> set[str]:
    """Names of those of ``lessons`` that were found sound, and rest on the same now."""
    known = _read()
    return {lesson.name for lesson in lessons if known.get(lesson.name) == _digest(lesson)}


def remember_passed(sound: Iterable[Lesson], short: Iterable[Lesson]) -> None:
    """Keep the names of the ``sound``, forget those of the others. Does nothing if it cannot."""
    known = _read()
    for lesson in short:
        known.pop(lesson.name, None)
    known |= {lesson.name: _digest(lesson) for lesson in sound}
    with suppress(OSError):
        _find_file().parent.mkdir(parents=True, exist_ok=True)
        replace_json(_find_file(), json.dumps(known).encode())


def _digest(lesson: Lesson) -> str:
    """What they rest on: the lesson, the engine, and how panels are drawn."""
    return hashlib.sha256(f"{digest_lesson(lesson)} {_digest_drawing()}".encode()).hexdigest()


@functools.cache
def _digest_drawing() -> str:
    digest, root = hashlib.sha256(), Path(next(iter(descend.__path__))) / "tui"
    for file in (root / "cell_text.py", *sorted((root / "draw").glob("*.py")), *sorted((root / "panels").glob("*.py"))):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def _find_file() -> Path:
    return home() / "smoked.json"


def _read() -> dict[str, str]:
    try:
        known = json.loads(_find_file().read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
