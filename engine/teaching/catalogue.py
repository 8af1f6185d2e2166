"""The catalogue of lessons: dropping a file in ``engine/lessons``, or in ``lessons`` below the home folder, adds a
lesson everywhere. A file that cannot be loaded is known as broken, and harms no other."""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from descend.engine import lessons as package
from descend.engine.base.errors import DescendError, UsageError, suggest_nearest
from descend.engine.base.files import read_user_file
from descend.engine.base.paths import home
from descend.engine.base.sanitize import clean
from descend.engine.teaching.lesson import TRACKS, Lesson
from descend.engine.teaching.outline import Outline, keep_outlines, make_outline, make_stamp, read_outlines

OWN = "descend_own_lessons"
"""Prefix of the module names of lessons in the home folder."""
HEAVY = {"torch", "torchvision", "sklearn", "scipy", "sympy", "pandas", "matplotlib"}
"""What no lesson imports at module level: the shell, which loads them all, would wait for it."""


class BrokenLesson(DescendError):
    """A lesson's file cannot be loaded."""


def list_outlines() -> dict[str, Outline]:
    """The outlines of all lessons by name, track by track, each after the one it builds on."""
    return _outline_catalogue(*_list_own_files())[0]


def list_lessons() -> dict[str, Lesson]:
    """All lessons by name, in the order of their outlines; each is loaded."""
    return _load_catalogue(*_list_own_files())[0]


def list_broken() -> dict[str, str]:
    """Why a lesson's file cannot be loaded, by the name the lesson would have."""
    return _load_catalogue(*_list_own_files())[1]


def find_own_folder() -> Path:
    """Where the user's own lessons are looked for; it need not exist."""
    return home() / "lessons"


def forget_lessons() -> None:
    """Keep no lesson in memory; the next look loads them again."""
    for kept in (_load_catalogue, _outline_catalogue, _load_own, load_lesson):
        kept.cache_clear()


@functools.cache
def load_lesson(module_name: str) -> Lesson:
    """The lesson that ``module_name`` defines, named after its file (``fashion_mnist.py`` → ``fashion-mnist``)."""
    return _complete_lesson(importlib.import_module(module_name))


def find_lesson(name: str) -> Lesson:
    """The lesson called ``name``; ``_`` may stand for ``-``.

    Raises:
        UsageError: there is none, or its file cannot be loaded; the sentence names the nearest, or the reason.
    """
    wanted = name.lower().replace("_", "-")
    if outline := list_outlines().get(wanted):
        try:
            return _load_outlined(outline)
        except (Exception, SystemExit) as error:
            raise UsageError(f"Lesson '{wanted}' cannot be loaded: {_describe_error(error)}") from None
    if reason := list_broken().get(wanted):
        raise UsageError(f"Lesson '{wanted}' cannot be loaded: {reason}")
    known = suggest_nearest(name, list_outlines())
    raise UsageError(f"There is no lesson '{name}'{known or '; see `descend list lessons`.'}")


def _list_own_files() -> tuple[tuple[Path, int], ...]:
    """The user's own files, and when each was changed."""
    try:
        files = sorted(find_own_folder().glob("*.py"))
    except (OSError, DescendError):  # there is no such folder, or no home folder
        return ()
    return tuple((file, _changed(file)) for file in files)


def _changed(file: Path) -> int:
    """When ``file`` was changed, in nanoseconds; 0 where that is not known, as of a link that leads nowhere."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


@functools.lru_cache(maxsize=1)
def _outline_catalogue(*own: tuple[Path, int]) -> tuple[dict[str, Outline], dict[str, str]]:
    """All outlines, and why a file has none."""
    wrong: dict[str, str] = {}
    outlines = read_outlines()
    if outlines is None:
        outlines, stamp = [], make_stamp()  # taken first: what changes meanwhile is outlined anew
        for module in _list_modules():
            try:
                if hasattr(importlib.import_module(module), "LESSON"):  # else shared by lessons
                    outlines.append(make_outline(load_lesson(module)))
            except Exception as error:
                wrong[_find_name(module)] = _describe_error(error)
        if not wrong:
            keep_outlines(outlines, stamp)
    found = {one.name: one for one in outlines}
    for file, changed in own:
        try:
            if _find_name(file.stem) in found:
                raise BrokenLesson("there is a lesson of that name already; rename the file.")
            lesson = _load_own(file, changed)
            found[lesson.name] = make_outline(lesson)
        except (Exception, SystemExit) as error:
            wrong[_find_name(file.stem)] = _describe_error(error)

    def place(one: Outline) -> tuple[int, int, tuple[str, ...]]:
        depth, before, seen = 0, one.after, {one.name}
        while before in found and before not in seen:
            seen.add(before)
            depth, before = depth + 1, found[before].after
        return list(TRACKS).index(one.track), depth, one.covers

    return {one.name: one for one in sorted(found.values(), key=place)}, wrong


@functools.lru_cache(maxsize=1)
def _load_catalogue(*own: tuple[Path, int]) -> tuple[dict[str, Lesson], dict[str, str]]:
    """All lessons, and why a file cannot be loaded."""
    outlines, unlisted = _outline_catalogue(*own)
    found, wrong = {}, dict(unlisted)
    for name, one in outlines.items():
        try:
            found[name] = _load_outlined(one)
        except (Exception, SystemExit) as error:
            wrong[name] = _describe_error(error)
    return found, wrong


def _load_outlined(one: Outline) -> Lesson:
    """The lesson that ``one`` is the outline of."""
    if one.module.startswith(f"{OWN}."):
        return next(_load_own(*own) for own in _list_own_files() if own[0].stem == one.module.rpartition(".")[2])
    return load_lesson(one.module)


def _list_modules() -> list[str]:
    """Names of the modules of descend's own lessons."""
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return sorted(module.name for module in found if not module.ispkg)


def _find_name(module: str) -> str:
    return module.rpartition(".")[2].replace("_", "-")


def _complete_lesson(module: ModuleType) -> Lesson:
    """The lesson of ``module``, completed.

    Raises:
        Broken: it declares none.
    """
    lesson = getattr(module, "LESSON", None)
    if not isinstance(lesson, Lesson):
        raise BrokenLesson("it defines no LESSON = Lesson(…).")
    if not lesson.covers or any(system[:1] not in TRACKS for system in lesson.covers):
        raise BrokenLesson("its covers names no curriculum id; see `descend list lessons --coverage`.")
    title, _, theory = inspect.cleandoc(module.__doc__ or "").partition("\n")
    return replace(
        lesson,
        name=_find_name(module.__name__),
        title=title.strip().rstrip("."),
        theory=theory.strip(),
        module=module.__name__,
    )


@functools.cache
def _load_own(file: Path, changed: int) -> Lesson:
    """The user's own lesson in ``file``, as it was ``changed`` last.

    Raises:
        Broken: it is not a lesson.
        Exception: whatever it raises when it is imported.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", file.stem):
        raise BrokenLesson("a lesson's file is named in lower case letters, digits and _.")
    if heavy := _find_heavy_import(read_user_file(file), str(file)):
        raise BrokenLesson(f"it imports {heavy} at the top of the file; import it inside the functions that use it.")
    spec = importlib.util.spec_from_file_location(f"{OWN}.{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # where its annotations and its source are looked up
    try:
        spec.loader.exec_module(module)
        return _complete_lesson(module)
    except BaseException:
        del sys.modules[module.__name__]
        raise


def _find_heavy_import(source: bytes, file: str) -> str:
    """The first of `HEAVY` that ``source`` imports when it is imported itself, or nothing."""
    for statement in ast.parse(source, file).body:
        names = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else []
        if isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            names = [statement.module]
        for name in names:
            if name.partition(".")[0] in HEAVY or name == "descend.engine.lab.lab":
                return name
    return ""


def _describe_error(error: BaseException) -> str:
    """A sentence on why a file could not be loaded."""
    if isinstance(error, BrokenLesson):
        return clean(str(error))
    if isinstance(error, SyntaxError):
        return clean(f"line {error.lineno}: {error.msg}.")
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "<module>":
            line = trace.tb_lineno
        trace = trace.tb_next
    where = f"line {line}: " if line else ""
    return clean(f"{where}{type(error).__name__}: {error}")
