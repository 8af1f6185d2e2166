"""Knobs: each is used, explained in words that say more than its name, and not named like what every run has."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from descend.engine.run.run_request import RunRequest
from descend.engine.teaching.form.shortcoming import LessonText, Shortcoming

BY_LAB = {"pace"}
"""Knobs that `Lab` reads itself."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


def check_knobs(text: LessonText) -> Iterator[Shortcoming]:
    """Rules ``unused``, ``help`` and ``taken``."""
    taken = {*RunRequest.__struct_fields__} - (set() if text.lesson.data else {"data"})
    read = find_read_knobs(text.tree, getattr(text.lesson.run, "__name__", ""))
    seen: dict[str, str] = {}
    for name, spec in text.lesson.knobs.specs.items():
        if read is not None and name not in read | BY_LAB:
            yield text.report("unused", f"Knob '{name}' is never read.", f"    {name}:")
        if name in taken:
            yield text.report("taken", f"Every run has a '{name}' of its own; name the knob otherwise.", f"    {name}:")
        words = spec.help.strip().lower()
        if words.replace(" ", "_") in ("", name):
            yield text.report("help", f"The help of knob '{name}' says no more than its name.", f"    {name}:")
        elif words in seen:
            yield text.report("help", f"Knobs '{seen[words]}' and '{name}' have the same help.", f"    {name}:")
        seen[words] = name


def find_read_knobs(tree: ast.Module, run: str) -> set[str] | None:
    """The attributes read of the knobs that ``run`` is given, there and in the functions of the file to which it hands
    them on; None where that cannot be told, since they go elsewhere."""
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    if run not in functions or len(functions[run].args.args) < 2:
        return None
    read: set[str] = set()
    waiting, seen = [(run, functions[run].args.args[1].arg)], set()
    while waiting:
        name, knobs = waiting.pop()
        if (name, knobs) in seen:
            continue
        seen.add((name, knobs))
        owners, told = set(), set()
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Attribute) and _reads(node.value, knobs):
                owners.add(id(node.value))
                told.add(node.attr)
            elif isinstance(node, ast.Call):
                for parameter, given in _match_arguments(node, functions):
                    if _reads(given, knobs):
                        owners.add(id(given))
                        waiting.append(parameter)
        if told & {"values", "specs"}:
            return None
        used = {id(node) for node in ast.walk(functions[name]) if _reads(node, knobs)}
        if used - owners:
            return None
        read |= told
    return read


def _reads(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)


def _match_arguments(call: ast.Call, functions: dict[str, Function]) -> Iterator[tuple[tuple[str, str], ast.expr]]:
    """Function and parameter that each argument of ``call`` goes to, where that is one of ``functions``."""
    if not isinstance(call.func, ast.Name) or call.func.id not in functions:
        return
    function = functions[call.func.id]
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    for name, given in zip(names, call.args, strict=False):
        yield (call.func.id, name), given
    for keyword in call.keywords:
        if keyword.arg is not None and keyword.arg in {*names, *(one.arg for one in function.args.kwonlyargs)}:
            yield (call.func.id, keyword.arg), keyword.value
