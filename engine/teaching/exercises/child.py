"""The process that runs a learner's code: this module as a program, with the words LESSON INDEX SOURCE REPORT.

It loads the exercise, compiles the file SOURCE, and calls the exercise's check with the function found there. What it
finds goes to the file descriptor REPORT: a line when the clock starts, then either a word that only this process was
told, on standard input, and a JSON object, or what faulthandler writes when the time is up or the interpreter crashes.
Everything printed goes to standard output.
"""

from __future__ import annotations

import builtins
import errno
import faulthandler
import importlib
import inspect
import linecache
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from descend.engine.teaching.exercises.fence import FILE_SIZE, confine, enter_fence, set_limits
from descend.engine.teaching.exercises.guard import Forbidden, Replaced, Seal, guard, hide_lessons
from descend.engine.teaching.exercises.report import BEGUN, FILE, GROWN, TOKEN, Report

PRELOADED = ("numpy", "torch", "scipy", "sklearn", "sympy")
"""Imported before the clock starts where the exercise speaks of them."""


def main(words: list[str]) -> None:
    """Check, report, and exit at once."""
    enter_fence()
    token = os.read(0, TOKEN)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    name, index, file, descriptor = words
    report, encode, write, leave = int(descriptor), msgspec.json.encode, os.write, os._exit
    os.set_inheritable(report, False)
    source = Path(file).read_text(encoding="utf-8")
    before = dict(vars(builtins))
    process = os.getpid()
    try:
        found = run_check(name, int(index), source, report)
    except BaseException as error:
        changed = [key for key, value in before.items() if vars(builtins).get(key) is not value and key != "_"]
        vars(builtins).update(before)
        found = explain_error(error, source, changed)
    faulthandler.cancel_dump_traceback_later()
    if os.getpid() == process:
        for stream in (sys.__stdout__, sys.__stderr__):
            try:
                stream.flush()  # type: ignore[union-attr]
            except BaseException:
                continue
        write(report, b"\n" + token + encode(found) + b"\n")
    leave(0)


def run_check(name: str, index: int, source: str, report: int) -> Report:
    """Load the exercise, set limits, run. Whatever the code or the check raises comes out of here."""
    from descend.engine.launch.devices import count_threads
    from descend.engine.teaching import catalogue, measure, measured  # noqa: F401 - what `judge` uses is known to the seal
    from descend.engine.teaching.lesson import CodeExercise

    exercise = catalogue.find_lesson(name).exercises[index]
    assert isinstance(exercise, CodeExercise)
    speaks = source + inspect.getsource(exercise.check) + inspect.getsource(exercise.solution)
    for module in PRELOADED:
        if module in speaks:
            importlib.import_module(module)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(count_threads())
    set_limits(exercise.seconds)
    os.write(report, BEGUN)
    faulthandler.enable(file=report, all_threads=False)
    faulthandler.dump_traceback_later(exercise.seconds, exit=True, file=report)
    folder = Path.cwd().resolve()
    confine(folder)
    guard(folder, hide_lessons())
    seal = Seal(exercise.check)
    sys.modules["__main__"] = ModuleType("__main__")  # this module is no concern of the code's
    name, makes_classes = exercise.solution.__name__, "class " in speaks[len(source) :]
    function = load_function(source, name)
    if not isinstance(function, type):
        function = seal.watch(function, makes_classes=makes_classes)
    found = judge(exercise.check(function))
    if found.passed and (names := seal.replaced()):
        raise Replaced(names)
    return found


def judge(properties: Any) -> Report:
    """What a check found that came to its end: solved, unless it has yielded a bound that does not hold."""
    from descend.engine.teaching.measure import refuse_runs
    from descend.engine.teaching.measured import Measured

    found: list[Measured] = []
    for bound in properties or ():
        found += bound.check(refuse_runs)
        if not found[-1].holds:  # what follows may rest on it
            break
    lines = "\n".join(f"{one.brief} {'✓' if one.holds else '✗'}" for one in found)
    failed = [one for one in found if not one.holds]
    if failed:
        words = failed[0].words
        return Report(False, f"{words[:1].upper()}{words[1:]}.", lines)
    return Report(True, "Solved.", lines)


class UnfitCode(Exception):
    """The code does not hold what is asked for; ``line`` is where."""

    def __init__(self, sentence: str, line: int | None = None) -> None:
        super().__init__(sentence)
        self.line = line


def load_function(source: str, name: str) -> Callable[..., Any]:
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
        raise UnfitCode(f"{where}: {error.msg}.", error.lineno) from None
    except ValueError as error:
        raise UnfitCode(f"Python cannot read the code: {error}.") from None
    module = ModuleType("exercise")
    module.__file__ = FILE
    sys.modules["exercise"] = module  # dataclasses and pickle look there
    exec(code, vars(module))
    function: object = vars(module).get(name)
    if function is None:
        raise UnfitCode(f"The code defines no function called '{name}'.")
    if not callable(function):
        raise UnfitCode(f"'{name}' is not a function but {type(function).__name__}.")
    return function


def explain_error(error: BaseException, source: str, changed: list[str]) -> Report:
    """A sentence on what ended the check, with the learner's line where there is one."""
    from descend.engine.base.errors import DescendError
    from descend.engine.teaching.lesson import Wrong

    line, trace = find_line(error, source)
    where = f"Line {line}" if line else "The code" if isinstance(error, Forbidden) else "The check"
    kind, words = type(error).__name__, " ".join(str(error).split())[:300]
    match error:
        case UnfitCode():
            return Report(False, str(error), line=error.line)
        case Wrong() | DescendError():
            return Report(False, str(error), line=None)
        case Replaced():
            return Report(False, f"The code replaces {error}, which the check needs; use another name.")
        case Forbidden():
            return Report(False, f"{where} {words}.", trace, line)
        case SystemExit():
            return Report(False, f"{where} ends the program (sys.exit); let the function return instead.", trace, line)
        case KeyboardInterrupt():
            return Report(False, f"{where} raises KeyboardInterrupt.", trace, line)
        case RecursionError():
            return Report(False, f"{where} calls itself endlessly (RecursionError).", trace, line)
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return Report(False, f"{where} writes a file of more than {FILE_SIZE >> 20} MB.", trace, line)
    if isinstance(error, MemoryError) or "can't allocate memory" in words:
        return Report(False, GROWN, trace, line)
    if changed:
        names = ", ".join(f"'{name}'" for name in changed[:3])
        return Report(False, f"The code replaces Python's own {names}, which the check needs; use another name.")
    if line:
        return Report(False, f"Line {line} raises {kind}{f': {words}' if words else ''}", trace, line)
    return Report(False, f"The check failed with {kind}: {words}; does the function take and return what is asked for?")


def find_line(error: BaseException, source: str) -> tuple[int | None, str]:
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
