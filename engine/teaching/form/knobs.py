"""Knobs: each is used, and explained in words that say more than its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from descend.engine.teaching.form.shortcoming import LessonText, Shortcoming

BY_LAB = {"pace"}
"""Knobs that `Lab` reads itself."""


def check_knobs(text: LessonText) -> Iterator[Shortcoming]:
    """Rules ``unused`` and ``help``."""
    nodes = list(ast.walk(text.tree))
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}
    seen: dict[str, str] = {}
    for name, spec in text.lesson.knobs.specs.items():
        if name not in read | BY_LAB:
            yield text.short("unused", f"Knob '{name}' is never read.", f"    {name}:")
        words = spec.help.strip().lower()
        if words.replace(" ", "_") in ("", name):
            yield text.short("help", f"The help of knob '{name}' says no more than its name.", f"    {name}:")
        elif words in seen:
            yield text.short("help", f"Knobs '{seen[words]}' and '{name}' have the same help.", f"    {name}:")
        seen[words] = name
