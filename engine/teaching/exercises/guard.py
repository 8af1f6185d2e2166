"""What Python itself refuses a learner's code: to start processes, to write outside its folder, to look at the check.

Audit hooks see what the code does by mistake and the plain ways to cheat, and say so in a sentence. They are no fence:
what the system holds the code to is in `fence`, and what a tick proves in ``AUTHORS.md``.
"""

from __future__ import annotations

import importlib
import os
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from threading import get_ident
from time import perf_counter
from types import FrameType, ModuleType
from typing import Any

from descend.engine.teaching.exercises.report import FILE

STARTS = {"os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system", "subprocess.Popen"}
SIGNALS = {"os.kill", "os.killpg", "signal.pthread_kill", "resource.prlimit"}
CHANGES = {
    **dict.fromkeys(("os.remove", "os.rmdir", "os.truncate", "os.mkdir", "os.chmod", "os.chown", "os.utime"), (0,)),
    **dict.fromkeys(("os.setxattr", "os.removexattr", "shutil.rmtree", "sqlite3.connect"), (0,)),
    **dict.fromkeys(("os.rename", "os.link", "shutil.move"), (0, 1)),
    "os.symlink": (1,),
}
"""What changes files, and which of its arguments are the paths."""
UNHEARD = (
    ("_posixsubprocess", "fork_exec", "os.fork"),
    ("_signal", "pidfd_send_signal", "os.kill"),
    ("signal", "pidfd_send_signal", "os.kill"),
)
"""Functions that tell no audit hook, and what they do."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
LOOKS = {"sys._getframe", "sys._current_frames", "sys._current_exceptions", "sys.settrace", "sys.setprofile"}
LOOKS |= {"gc.get_objects", "gc.get_referrers", "gc.get_referents"}
FRAMES = {"tb_frame", "gi_frame", "cr_frame", "ag_frame"}
REACHES = {"ctypes.dlopen", "ctypes.dlsym", "ctypes.dlsym/handle"}
HIDDEN = (
    "descend.engine.lessons",
    "descend_own_lessons",
    *(f"descend.engine.teaching.{name}" for name in ("catalogue", "exercises", "verify")),
)
"""Modules that hold the solutions, or lead to them."""
CHECKERS = {"builtins", "math", "cmath", "random", "statistics", "operator", "functools", "itertools", "numpy", "torch"}
CHECKERS |= {"scipy", "sklearn", "sympy", "descend", "__main__"}
"""Packages whose functions a check relies on."""


LOOKING = 0.2
"""Seconds that looks for what was replaced may take, in all calls of the learner's function."""


class Forbidden(PermissionError):
    """The code does what no exercise needs and what could harm, or show the solution."""


class Replaced(Exception):
    """The code has put something else in place of what the check relies on."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(f"'{name}'" for name in names[:3]))
        self.names = names


def guard(folder: Path, lessons: list[Path]) -> None:
    """Refuse what is listed above: changes outside of ``folder``, and any look into the files or folders ``lessons``.

    Raises from what is called then:
        Forbidden: with what the code does, in a few words.
    """
    trusted = tuple(
        os.path.realpath(sysconfig.get_path(kind)) for kind in ("stdlib", "platstdlib", "purelib", "platlib")
    )
    trusted += (str(Path(__file__).resolve().parents[3]), *map(str, lessons))
    getframe, busy = sys._getframe, set[int]()
    real, skipped = os.path.realpath, ("importlib", "inspect", "ctypes", "pkgutil", "runpy")

    def asks() -> bool:
        """Whether it is the learner's own code that does this, also by way of `skipped`."""
        frame: FrameType | None = getframe(3)
        while frame is not None:
            file, name = frame.f_code.co_filename, str(frame.f_globals.get("__name__"))
            walks = name == "traceback" and frame.f_code.co_name.startswith("walk_")
            if not (walks or file.startswith("<frozen importlib") or name.partition(".")[0] in skipped):
                return file == FILE or not (file.startswith("<frozen") or real(file).startswith(trusted))
            frame = frame.f_back
        return False

    def judge(event: str, details: tuple[Any, ...]) -> None:
        if event in STARTS:
            raise Forbidden("starts another process, which a check does not allow")
        if event in SIGNALS:
            raise Forbidden("sends a signal, which a check does not allow")
        if event in CHANGES:
            for index in CHANGES[event]:
                if (place := outside(details[index])) is not None:
                    what = (
                        "removes or moves"
                        if event.endswith(("os.remove", "rename", "rmdir", "rmtree", "move"))
                        else "changes"
                    )
                    raise Forbidden(f"{what} {place}, which is not its own")
        elif event == "open":
            opened(*details)
        elif event in LOOKS or (event == "object.__getattr__" and details[1] in FRAMES):
            if asks():
                raise Forbidden("looks into the check, which is not allowed")
        elif event in REACHES:
            if asks():
                raise Forbidden("calls the system through ctypes, which a check does not allow")
        elif event == "import" and str(details[0]).startswith(HIDDEN) and asks():
            raise Forbidden("imports a lesson, where the solution is")

    def opened(path: Any, mode: Any, flags: Any) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        place = Path(real(os.fsdecode(path)))
        if any(place.is_relative_to(lesson) for lesson in lessons):
            raise Forbidden("reads a lesson, where the solution is")
        writes = isinstance(flags, int) and flags & WRITING
        # a folder outside would be a way around for all that takes a dir_fd
        if (writes or mode is None) and (place_outside := outside(path)) and (writes or os.path.isdir(place_outside)):
            raise Forbidden(f"{'writes to' if writes else 'opens'} {place_outside}, which is not its own")

    def outside(path: Any) -> Path | None:
        """Where ``path`` leads, if that is not in the folder."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return None
        place = Path(real(os.fsdecode(path)))
        return None if place.is_relative_to(folder) or str(place) == os.devnull else place

    def hook(event: str, details: tuple[Any, ...]) -> None:
        if (thread := get_ident()) in busy:  # what the guard does itself
            return
        busy.add(thread)
        try:
            judge(event, details)
        finally:
            busy.discard(thread)

    sys.addaudithook(hook)
    for module, name, event in UNHEARD:

        def refuse(*_given: Any, said: str = event) -> Any:
            judge(said, ())

        setattr(importlib.import_module(module), name, refuse)


def hide_lessons() -> list[Path]:
    """Take the lessons out of what an import finds, with what Python remembers of their text; where they are."""
    import linecache

    from descend.engine.teaching import catalogue

    package = sys.modules["descend.engine.lessons"]
    places = [Path(place).resolve() for place in package.__path__] + [catalogue.find_own_folder().resolve()]
    for name in [name for name in sys.modules if name.startswith(HIDDEN)]:
        parent, _, last = name.rpartition(".")
        del sys.modules[name]
        vars(sys.modules[parent]).pop(last, None) if parent in sys.modules else None
    catalogue.forget_lessons()
    linecache.clearcache()
    return places


class Seal:
    """Remembers the functions and classes that a check relies on, to find which were replaced."""

    def __init__(self, check: Callable[..., Any]) -> None:
        self._kept = [(where, names, dict(names)) for where, names in _namespaces()]
        self._kept.append(("the lesson", check.__globals__, dict(check.__globals__)))
        self._patience = LOOKING

    def replaced(self) -> list[str]:
        """Names of what was replaced, as ``numpy.allclose``, in the order of their modules."""
        return [
            key if where == "builtins" else f"{where}.{key}"
            for where, names, before in self._kept
            for key, value in before.items()
            if (callable(value) or issubclass(type(value), property)) and names.get(key) is not value and key != "_"
            if not _is_wrapped_by_its_library(value, names.get(key))
        ]

    def watch(self, function: Callable[..., Any], *, makes_classes: bool) -> Callable[..., Any]:
        """``function``, refusing after a call what was replaced in it, as long as that takes little time, and results
        of a class that the learner has made, unless that ``makes_classes``: it could claim to equal anything."""

        @wraps(function)
        def called(*given: Any, **named: Any) -> Any:
            result = function(*given, **named)
            if self._patience > 0:
                began = perf_counter()
                if names := self.replaced():
                    raise Replaced(names)
                self._patience -= perf_counter() - began
            if not makes_classes:
                for one in [result, *(result[:100] if isinstance(result, (list, tuple)) else ())]:
                    if _is_learners(type(one)):
                        kind = type(one).__name__
                        raise Forbidden(f"returns a {kind} of its own making, which could claim to equal anything")
            return result

        return called


def _namespaces() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The modules of `CHECKERS`, and the classes in descend's and torch's own."""
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and name.partition(".")[0] in CHECKERS:
            yield name, vars(module)
            if name.startswith("descend.") or name in ("__main__", "torch"):
                for key, one in list(vars(module).items()):
                    if issubclass(type(one), type) and one.__module__ != "builtins":
                        yield f"{name}.{key}", vars(one)


def _is_wrapped_by_its_library(before: Any, now: Any) -> bool:
    """Whether a function was replaced by one that goes by its name and is not the learner's, as torch does late."""
    same = all(getattr(before, name, 0) == getattr(now, name, 1) for name in ("__name__", "__module__"))
    code = getattr(now, "__code__", None)
    return same and code is not None and code.co_filename != FILE


def _is_learners(kind: type) -> bool:
    """Whether a class was made in the learner's code."""
    if not kind.__flags__ & 1 << 9:  # static, made in C
        return False
    functions = [getattr(value, "__code__", None) for one in kind.__mro__ for value in vars(one).values()]
    return kind.__module__ == "exercise" or any(code.co_filename == FILE for code in functions if code is not None)
