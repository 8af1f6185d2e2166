"""The catalogue of lessons, found by walking ``engine/lessons``: dropping a file in adds a lesson everywhere."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from dataclasses import replace

from descend.engine import lessons as package
from descend.engine.errors import UsageError, nearest
from descend.engine.lesson import TRACKS, Lesson


@functools.cache
def lessons() -> dict[str, Lesson]:
    """All lessons by name, track by track, each after the one it builds on."""
    found: dict[str, Lesson] = {}
    for module in sorted(pkgutil.walk_packages(package.__path__, f"{package.__name__}."), key=lambda m: m.name):
        if not module.ispkg and hasattr(importlib.import_module(module.name), "LESSON"):  # else shared by lessons
            lesson = load(module.name)
            found[lesson.name] = lesson

    def place(lesson: Lesson) -> tuple[int, int, tuple[str, ...]]:
        depth, before, seen = 0, lesson.after, {lesson.name}
        while before in found and before not in seen:
            seen.add(before)
            depth, before = depth + 1, found[before].after
        return list(TRACKS).index(lesson.track), depth, lesson.covers

    return {lesson.name: lesson for lesson in sorted(found.values(), key=place)}


def load(module_name: str) -> Lesson:
    """The lesson that ``module_name`` defines, named after its file (``fashion_mnist.py`` → ``fashion-mnist``)."""
    module = importlib.import_module(module_name)
    title, _, theory = inspect.cleandoc(module.__doc__ or "").partition("\n")
    name = module_name.rpartition(".")[2].replace("_", "-")
    lesson: Lesson = module.LESSON
    return replace(lesson, name=name, title=title.strip().rstrip("."), theory=theory.strip(), module=module_name)


def find(name: str) -> Lesson:
    """The lesson called ``name``; ``_`` may stand for ``-``.

    Raises:
        UsageError: there is none; the sentence names the nearest.
    """
    known = lessons()
    if lesson := known.get(name.lower().replace("_", "-")):
        return lesson
    raise UsageError(f"There is no lesson '{name}'{nearest(name, known) or '; see `descend list lessons`.'}")
