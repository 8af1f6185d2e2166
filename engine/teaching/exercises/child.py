"""The process that runs a learner's code: ``python -m descend.engine.teaching.exercises.child LESSON INDEX SOURCE REPORT``.

It loads the exercise, compiles the file SOURCE, and calls the exercise's check with the function found there. What it
finds goes to the file descriptor REPORT: a line when the clock starts, then either a JSON object, or what faulthandler
writes when the time is up or the interpreter crashes. Everything printed goes to standard output.
"""

from __future__ import annotations

import builtins
import faulthandler
import importlib
import inspect
import linecache
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from descend.engine.teaching.exercises.report import BEGUN, FILE, GROWN, Report

ROOM = 2 << 30
"""Bytes that may be allocated beyond what the check needs to begin."""
PRELOADED = ("numpy", "torch", "scipy", "sklearn", "sympy")
"""Imported before the clock starts where the exercise speaks of them."""
STARTS = {"os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system", "subprocess.Popen"}
REMOVES = {"os.remove", "os.rename", "os.rmdir", "os.truncate", "shutil.rmtree", "shutil.move"}


class Forbidden(RuntimeError):
    """The code does what no exercise needs and what could harm."""


def main(words: list[str]) -> None:
    """Check, report, and leave without looking back."""
    name, index, file, descriptor = words
    report, encode, write, leave = int(descriptor), msgspec.json.encode, os.write, os._exit
    os.set_inheritable(report, False)
    source = Path(file).read_text(encoding="utf-8")
    before = dict(vars(builtins))
    process = os.getpid()
    try:
        found = check(name, int(index), source, report)
    except BaseException as error:
        changed = [key for key, value in before.items() if vars(builtins).get(key) is not value and key != "_"]
        vars(builtins).update(before)
        found = explained(error, source, changed)
    faulthandler.cancel_dump_traceback_later()
    if os.getpid() == process:
        for stream in (sys.__stdout__, sys.__stderr__):
            try:
                stream.flush()  # type: ignore[union-attr]
            except BaseException:
                continue
        write(report, encode(found) + b"\n")
    leave(0)


def check(name: str, index: int, source: str, report: int) -> Report:
    """Load the exercise, set limits, run. Whatever the code or the check raises comes out of here."""
    from descend.engine.launch.devices import cpu_threads
    from descend.engine.teaching import catalogue
    from descend.engine.teaching.lesson import CodeExercise

    exercise = catalogue.find(name).exercises[index]
    assert isinstance(exercise, CodeExercise)
    speaks = source + inspect.getsource(exercise.check) + inspect.getsource(exercise.starter)
    for module in PRELOADED:
        if module in speaks:
            importlib.import_module(module)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(cpu_threads())
    limit(exercise.seconds)
    os.write(report, BEGUN)
    faulthandler.enable(file=report, all_threads=False)
    faulthandler.dump_traceback_later(exercise.seconds, exit=True, file=report)
    guard(Path.cwd().resolve())
    function = learner_function(source, exercise.starter.__name__)
    exercise.check(function)
    return Report(True, "Solved.")


def limit(seconds: float) -> None:
    """Bound memory and, in case nobody is left to end this process, processor time."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = int(used.ru_utime + used.ru_stime + (seconds + 5) * (os.cpu_count() or 1)) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + ROOM
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    except (OSError, ValueError):  # not Linux: whoever started this process watches its memory
        pass


def guard(folder: Path) -> None:
    """Refuse to start processes, to send signals, and to remove files outside of ``folder``."""

    def hook(event: str, details: tuple[Any, ...]) -> None:
        if event in STARTS:
            raise Forbidden("starts another process, which a check does not allow")
        if event in ("os.kill", "os.killpg"):
            raise Forbidden("sends a signal, which a check does not allow")
        if event in REMOVES and details and isinstance(details[0], (str, bytes, os.PathLike)):
            place = Path(os.path.realpath(os.fsdecode(details[0])))
            if not place.is_relative_to(folder):
                raise Forbidden(f"removes or moves {place}, which is not its own")

    sys.addaudithook(hook)


class Unfit(Exception):
    """The code does not hold what is asked for; ``line`` is where."""

    def __init__(self, sentence: str, line: int | None = None) -> None:
        super().__init__(sentence)
        self.line = line


def learner_function(source: str, name: str) -> Callable[..., Any]:
    """The function ``name`` that ``source`` defines.

    Raises:
        Unfit: it cannot be compiled, or defines no such function.
        Exception: whatever it raises when it is run.
    """
    linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
    try:
        code = compile(source, FILE, "exec")
    except SyntaxError as error:
        what = type(error).__name__.replace("Error", " error").lower().replace("syntax", "syntax ").replace("  ", " ")
        where = f"Line {error.lineno}: {what}" if error.lineno else what.capitalize()
        raise Unfit(f"{where}: {error.msg}.", error.lineno) from None
    except ValueError as error:
        raise Unfit(f"Python cannot read the code: {error}.") from None
    module = ModuleType("exercise")
    module.__file__ = FILE
    sys.modules["exercise"] = module  # dataclasses and pickle look there
    exec(code, vars(module))
    function = vars(module).get(name)
    if function is None:
        raise Unfit(f"The code defines no function called '{name}'.")
    if not callable(function):
        raise Unfit(f"'{name}' is not a function but {type(function).__name__}.")
    return function


def explained(error: BaseException, source: str, changed: list[str]) -> Report:
    """A sentence on what ended the check, with the learner's line where there is one."""
    from descend.engine.base.errors import DescendError
    from descend.engine.teaching.lesson import Wrong

    line, trace = place(error, source)
    where = f"Line {line}" if line else "The check"
    kind, words = type(error).__name__, " ".join(str(error).split())[:300]
    match error:
        case Unfit():
            return Report(False, str(error), line=error.line)
        case Wrong() | DescendError():
            return Report(False, str(error), line=None)
        case Forbidden():
            return Report(False, f"{where} {words}.", trace, line)
        case SystemExit():
            return Report(False, f"{where} ends the program (sys.exit); let the function return instead.", trace, line)
        case KeyboardInterrupt():
            return Report(False, f"{where} raises KeyboardInterrupt.", trace, line)
        case RecursionError():
            return Report(False, f"{where} calls itself without end (RecursionError).", trace, line)
    if isinstance(error, MemoryError) or "can't allocate memory" in words:
        return Report(False, GROWN, trace, line)
    if changed:
        names = ", ".join(f"'{name}'" for name in changed[:3])
        return Report(False, f"The code replaces Python's own {names}, which the check needs; use another name.")
    if line:
        return Report(False, f"Line {line} raises {kind}{f': {words}' if words else ''}", trace, line)
    return Report(False, f"The check failed with {kind}: {words}; does the function take and return what is asked for?")


def place(error: BaseException, source: str) -> tuple[int | None, str]:
    """The innermost line of the learner's code that ``error`` passed through, and the way there."""
    lines, frames, trace = source.splitlines(), [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == FILE:
            frames.append((trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    if not frames:
        return None, ""
    shown = [
        f"  line {number}, in {name}\n    {lines[number - 1].strip() if number <= len(lines) else ''}"
        for number, name in (frames if len(frames) <= 6 else [*frames[:3], *frames[-3:]])
    ]
    message = " ".join(str(error).split())[:300]
    return frames[-1][0], "\n".join([*shown, f"{type(error).__name__}{f': {message}' if message else ''}"])


if __name__ == "__main__":
    main(sys.argv[1:])
