"""Panels: which one carries the idea, and that their axes have names."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from descend.engine.teaching.form.shortcoming import LessonText, Shortcoming

WITH_AXES = ("curve", "points", "field")
"""Methods of `Lab` that take ``axes=``."""


def check_panels(text: LessonText) -> Iterator[Shortcoming]:
    """Rules ``show``, that at least one panel is named, and ``axes``."""
    if not text.lesson.show:
        yield text.report("show", "It does not say which panel carries the idea: show=(…).", "LESSON =")
    for node in ast.walk(text.tree):
        method = _find_method(node)
        if isinstance(node, ast.Call) and method in WITH_AXES and _lacks_axes(node, method):
            name = str(node.args[0].value) if node.args and isinstance(node.args[0], ast.Constant) else method
            yield text.report("axes", f"The axes of panel '{name}' have no names: axes=(…, …).", node.lineno)


def _find_method(node: ast.AST) -> str:
    """The method of ``lab`` that is called; empty if this is no such call."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="lab"), attr=method)):
            return method
    return ""


def _lacks_axes(call: ast.Call, method: str) -> bool:
    """Whether a picture's axes stay without names. The lines of a matrix may be named one by one instead."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if "axes" not in given:
        return not (method == "field" and given.keys() & {"rows", "columns"})
    axes = given["axes"]
    return isinstance(axes, ast.Tuple) and any(isinstance(one, ast.Constant) and not one.value for one in axes.elts)
