"""Checking exercises and predictions: runs judged here, code in processes that end whatever the code does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.engine import own
from tests.engine.teaching.contract import smoke_run
from tests.terminal import descend

from descend.engine.base.errors import UsageError
from descend.engine.run.records import Status
from descend.engine.run.result import Result
from descend.engine.run.runs import Manifest, create_run
from descend.engine.teaching import catalogue, learner_progress
from descend.engine.teaching.exercises import (
    CodeCheck,
    Verdict,
    check_result,
    check_run,
    code,
    grade_prediction,
    make_solution,
    make_starter,
)
from descend.engine.teaching.lesson import CodeExercise, Lesson, Prediction

RUN, CODE = 0, 1


@pytest.fixture
def halving(folders: Path) -> Lesson:
    return own.install(folders)


def checked(source: str, lesson: str = "halving") -> Verdict:
    verdict = CodeCheck(lesson, CODE, source).wait(60)
    assert verdict is not None
    return verdict


def marked(word: str) -> list[int]:
    """Processes whose command line holds ``word``."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if word in " ".join(process.info["cmdline"] or []) and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def test_the_texts_are_the_functions_sources(halving: Lesson) -> None:
    exercise = halving.exercises[CODE]
    assert isinstance(exercise, CodeExercise)
    assert make_starter(exercise) == "def triple(x):\n    return x + x\n"
    assert make_solution(exercise) == "def triple(x):\n    return 3 * x\n"


def test_a_text_is_dedented_and_loses_its_decorator() -> None:
    def plain(function):
        return function

    @plain
    @pytest.mark.filterwarnings("ignore")
    def begun(x):
        if x:
            return begun(x - 1)
        return 0

    exercise = CodeExercise("", begun, lambda function: None)
    assert make_starter(exercise) == ("def begun(x):\n    if x:\n        return begun(x - 1)\n    return 0\n")


def test_the_starter_fails_and_the_solution_passes(halving: Lesson) -> None:
    exercise = halving.exercises[CODE]
    assert isinstance(exercise, CodeExercise)
    failed = checked(make_starter(exercise))
    assert not failed.passed
    assert failed.sentence == "Three times 2 is 6, not 4."
    assert failed.line is None
    passed = checked(make_solution(exercise))
    assert passed.passed
    assert passed.sentence == "Solved."
    assert 0 < passed.seconds < 60


@pytest.mark.parametrize(
    ("source", "sentence", "line"),
    [
        ("def triple(x:\n    return x\n", "Line 1: syntax error: '(' was never closed.", 1),
        ("def triple(x):\nreturn x\n", "Line 2: indentation error: expected an indented block", 2),
        ("def triple(x):\0", "Syntax error: source code string cannot contain null bytes.", None),
        ("", "The code defines no function called 'triple'.", None),
        ("triple = 3", "'triple' is not a function but int.", None),
        ("import nothing_such\n", "Line 1 raises ModuleNotFoundError: No module named 'nothing_such'", 1),
        ("def triple(x):\n    return 1 / x", "Line 2 raises ZeroDivisionError: division by zero", 2),
        ("def triple(x, y):\n    return 1", "The check failed with TypeError: triple() missing 1 required", None),
        ("def triple(x):\n    return triple(x)", "Line 2 calls itself endlessly (RecursionError).", 2),
        ("import sys\ndef triple(x):\n    sys.exit(0)", "Line 3 ends the program (sys.exit); let the function", 3),
        ("import os\ndef triple(x):\n    os._exit(0)", "The code ended the program (exit status 0) before", None),
        ("import os\ndef triple(x):\n    os.fork()", "Line 3 starts another process, which a check does not", 3),
        ("import os\nos.system('true')", "Line 2 starts another process, which a check does not", 2),
        ("import subprocess\nsubprocess.run(['true'])", "Line 2 starts another process, which a check does not", 2),
        ("import os\nos.kill(os.getppid(), 15)", "Line 2 sends a signal, which a check does not allow.", 2),
        ("import builtins\nbuiltins.isinstance = builtins.len = None\ndef triple(x):\n    return len(x)",
         "The code replaces Python's own 'isinstance', 'len', which", None),
        ("def triple(x):\n    return input()", "Line 2 raises EOFError: EOF when reading a line", 2),
        ("def triple(x):\n    raise KeyboardInterrupt", "Line 2 raises KeyboardInterrupt.", 2),
        ("import ctypes\ndef triple(x):\n    ctypes.string_at(0)", "The interpreter crashed in line 3: Segm", 3),
        ("import os\ndef triple(x):\n    os.closerange(0, 99)\n    return 3 * x", "The code ended the program", None),
        ("def triple(x):\n    return bytes(10 ** 11)", "The check used more than 2 GB of memory and was ended", 2),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said_precisely(halving: Lesson, source: str, sentence: str, line: int | None) -> None:
    verdict = checked(source)
    assert not verdict.passed
    assert sentence in verdict.sentence
    assert verdict.line == line
    assert "\n" not in verdict.sentence


def test_an_endless_loop_is_ended_and_its_line_named(halving: Lesson) -> None:
    loop = "def triple(x):\n while True:\n  try:\n   x += 1\n  except BaseException:\n   x = 0\n"
    verdict = checked(loop)
    assert not verdict.passed
    assert verdict.sentence.startswith("It did not end within 2 s (it was in line ")
    assert verdict.line in (2, 3, 4)


def test_waiting_where_nothing_can_be_interrupted_is_ended_too(halving: Lesson) -> None:
    verdict = checked("import time\ndef triple(x):\n    time.sleep(1000)\n")
    assert "did not end within 2 s (it was in line 3)" in verdict.sentence


def test_growing_memory_is_ended(halving: Lesson) -> None:
    verdict = checked("def triple(x):\n    kept = []\n    while True:\n        kept.append(bytearray(50_000_000))\n")
    assert "memory" in verdict.sentence or "did not end" in verdict.sentence  # a slow machine gets there later
    assert not verdict.passed


def test_what_is_printed_is_kept_up_to_a_bound(halving: Lesson) -> None:
    verdict = checked("def triple(x):\n    print('x is', x)\n    return 3 * x\n")
    assert verdict.passed
    assert verdict.output == "x is 0\nx is 2\nx is -1.5"
    verdict = checked("def triple(x):\n    for _ in range(300):\n        print('a' * 10_000)\n    return 3 * x\n")
    assert verdict.passed
    assert 20_000 <= len(verdict.output) <= 20_010
    assert verdict.output.endswith("…")


def test_an_errors_way_through_the_code_is_in_the_output(halving: Lesson) -> None:
    verdict = checked("def inner(x):\n    return x.nothing\n\ndef triple(x):\n    return inner(x)\n")
    assert verdict.line == 2
    assert verdict.output == (
        "  line 5, in triple\n    return inner(x)\n  line 2, in inner\n    return x.nothing\n"
        "AttributeError: 'int' object has no attribute 'nothing'"
    )


def test_the_code_works_in_an_empty_folder_of_its_own_and_may_delete_it(halving: Lesson, tmp_path: Path) -> None:
    source = (
        "import os, shutil\ndef triple(x):\n    if os.path.exists(os.getcwd()):\n        print(os.listdir())\n"
        "        shutil.rmtree(os.getcwd())\n    return 3 * x\n"
    )
    verdict = checked(source.replace("os.path.exists(os.getcwd())", "x == 0"))
    assert verdict.passed, verdict
    assert verdict.output == "[]"


def test_files_elsewhere_cannot_be_removed_by_mistake(halving: Lesson, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("dear")
    for removal in (f"os.remove({str(mine)!r})", f"shutil.rmtree({str(tmp_path)!r})", f"os.rename({str(mine)!r}, 'x')"):
        verdict = checked(f"import os, shutil\ndef triple(x):\n    {removal}\n    return 3 * x\n")
        assert "which is not its own" in verdict.sentence
    assert mine.read_text() == "dear"


HARM = """
import ctypes, io, os, pathlib, resource, shutil, signal, _posixsubprocess
other = {other!r}
folder, parent = os.path.dirname(other), {parent}

def linked():
    os.symlink(other, "link")
    open("link", "w")

def moved():
    open("mine", "w").close()
    os.replace("mine", other)

tries = {{
    "open": lambda: open(other, "w"),
    "append": lambda: open(other, "a"),
    "cut": lambda: os.open(other, os.O_RDONLY | os.O_TRUNC),
    "raw": lambda: io.FileIO(other, "w"),
    "path": lambda: pathlib.Path(other).write_text(""),
    "replace": moved,
    "through a link": linked,
    "folder": lambda: os.open(folder, os.O_RDONLY),
    "remove by folder": lambda: os.remove("mine", dir_fd=os.open(folder, os.O_PATH)),
    "mode": lambda: os.chmod(other, 0),
    "time": lambda: os.utime(other, (0, 0)),
    "new folder": lambda: os.mkdir(other + "-2"),
    "bytes": lambda: open(os.fsencode(other), "wb"),
    "memory": lambda: open(f"/proc/{{parent}}/mem", "r+b"),
    "limits": lambda: resource.prlimit(parent, resource.RLIMIT_CPU, (1, 1)),
    "pidfd": lambda: signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9),
    "ctypes": lambda: ctypes.CDLL(None).kill(os.getppid(), 9),
    "pythonapi": lambda: ctypes.pythonapi.kill(os.getppid(), 9),
    "fork": lambda: _posixsubprocess.fork_exec(),
}}

def triple(x):
    for name, attempt in tries.items() if x == 0 else ():
        try:
            attempt()
        except PermissionError as error:
            print(name, type(error).__name__)
        else:
            print(name, "DONE")
    return 3 * x
"""


@pytest.mark.parametrize("plain", [False, True], ids=["with all the system has", "without"])
def test_nothing_elsewhere_is_written_or_signalled(
    halving: Lesson, tmp_path: Path, plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.write_text("dear")
    if plain:
        monkeypatch.setattr(code, "COMMAND", [*code.COMMAND[:4], "-c", PLAIN])
    verdict = checked(HARM.format(other=str(other), parent=os.getpid()))
    assert verdict.passed, verdict
    lines = verdict.output.splitlines()
    assert len(lines) == 19
    assert all(line.endswith(" Forbidden") for line in lines), lines
    assert other.read_text() == "dear"
    assert other.stat().st_mode & 0o600 == 0o600
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("other")] == ["other"]


BARE = "fence._enter_namespace, fence._call = lambda: False, lambda *given: -1\n"
START = """
import sys
from descend.engine.teaching.exercises import child, fence, guard
sys.modules["__main__"] = child
child.main(sys.argv[1:])
"""
PLAIN = START.replace("sys.modules", f"{BARE}sys.modules")
"""The process as it is on a system without namespaces and Landlock."""


@pytest.mark.parametrize("program", [START, PLAIN], ids=["with all the system has", "without"])
@pytest.mark.parametrize("last", ["return 3 * x", "time.sleep(1000)"], ids=["at its end", "when cancelled"])
def test_what_the_code_leaves_behind_in_a_session_of_its_own_is_ended(
    halving: Lesson, program: str, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hole = program.replace("sys.modules", "guard.STARTS = set()\nsys.modules")  # what a hole in the guard would be
    monkeypatch.setattr(code, "COMMAND", [*code.COMMAND[:4], "-c", hole])
    source = (
        "import os, time\ndef triple(x):\n    if x == 0 and os.fork() == 0:\n        os.setsid()\n"
        "        if os.fork():\n            os._exit(0)\n"
        f"        print('away', flush=True)\n        time.sleep(1000)\n    time.sleep(0.2)\n    {last}\n"
    )
    check = CodeCheck("halving", CODE, source)
    if "sleep" in last:
        deadline = time.monotonic() + 60
        while len(marked(check._folder.name)) < (4 if program == START else 3) and time.monotonic() < deadline:
            time.sleep(0.02)
        check.cancel()
    verdict = check.wait(60)
    assert verdict is not None
    assert verdict.passed is ("return" in last)
    assert verdict.output.strip() == "away"
    assert not marked(check._folder.name)


def test_a_file_has_a_largest_size(halving: Lesson) -> None:
    verdict = checked(
        "def triple(x):\n    with open('big', 'wb') as file:\n        for _ in range(100):\n"
        "            file.write(bytes(1 << 20))\n    return 3 * x\n"
    )
    assert verdict.sentence == "Line 4 writes a file of more than 64 MB."


LOOKS = """
import gc, importlib, inspect, linecache, runpy, sys, traceback

def own():
    import descend_own_lessons.halving

def through(frame):
    while frame is not None:
        if "check_triple" in frame.f_globals:
            return frame.f_globals["triple"]
        frame = frame.f_back
    raise PermissionError

def traced(take):
    try:
        1 / 0
    except ZeroDivisionError as error:
        return through(take(error.__traceback__))

def kept():
    if any(name.endswith("halving") or hasattr(module, "catalogue") for name, module in list(sys.modules.items())):
        return
    raise PermissionError

def remembered():
    if not linecache.getlines({file!r}):
        raise PermissionError

tries = [
    own,
    lambda: importlib.import_module("descend.engine.lessons.mathematics.eigenpairs"),
    lambda: importlib.import_module("descend.engine.teaching.catalogue").find("halving"),
    lambda: importlib.import_module("descend.engine.teaching.exercises").CodeCheck,
    lambda: open({file!r}).read(),
    lambda: runpy.run_path({file!r}),
    lambda: through(sys._getframe()),
    lambda: through(inspect.currentframe()),
    lambda: through(inspect.stack()[0].frame),
    lambda: traced(lambda trace: trace.tb_frame),
    lambda: traced(lambda trace: next(traceback.walk_tb(trace))[0]),
    gc.get_objects,
    lambda: sys.setprofile(print),
    kept,
    remembered,
]

def triple(x):
    for number, attempt in enumerate(tries):
        try:
            attempt()
        except PermissionError:
            continue
        print(number, "SEEN")
    return 3 * x
"""


def test_the_solution_is_out_of_the_codes_sight(halving: Lesson, folders: Path) -> None:
    verdict = checked(LOOKS.format(file=str(folders / "lessons" / "halving.py")))
    assert verdict.passed, verdict
    assert verdict.output == ""


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("import os\nfor file in range(3, 60):\n  try: os.write(file, b'\\n{\"passed\":true,\"sentence\":\"\"}\\n')\n"
         "  except OSError: pass\nos._exit(0)\n", "The code ended the program (exit status 0) before"),
        ("Any = type('float', (), {'__ne__': lambda one, other: False, '__module__': 'builtins'})\n"
         "def triple(x):\n    return Any()\n", "The code returns a float of its own making, which could claim"),
        ("import numpy as np\nnp.allclose = lambda *given: True\ndef triple(x):\n    return x\n",
         "The code replaces 'numpy.allclose', which the check needs; use another name."),
        ("import numpy as np\nright = np.allclose\ndef once(*given):\n    np.allclose = right\n    return True\n"
         "def triple(x):\n    np.allclose = once\n    return x\n", "The code replaces 'numpy.allclose', which"),
        ("from descend.engine.teaching import measured\nmeasured.Measured.holds = property(lambda one: True)\n"
         "def triple(x):\n    return x\n", "The code replaces 'descend.engine.teaching.measured.Measured.holds', "),
        ("import __main__\n__main__.judged = lambda found: __main__.Report(True, '')\ndef triple(x):\n    return x\n",
         "Error at 1 is 2; at most 1e-06 is asked for."),
    ],
)  # fmt: skip
def test_plain_ways_to_cheat_pass_nothing(folders: Path, source: str, sentence: str) -> None:
    own.install(folders, name="close", **BOUNDED)
    verdict = checked(source, "close")
    assert not verdict.passed
    assert sentence in verdict.sentence


BOUNDED = {
    "    for x in (0, 2, -1.5):\n        if function(x) != 3 * x:\n"
    '            raise Wrong(f"Three times {x} is {3 * x}, not {function(x)}.")\n': (
        "    import numpy as np\n    from descend.engine.teaching.measure import number\n"
        "    for x in (1.0, 2.0):\n        yield number(abs(function(x) - 3 * x), f'error at {x:g}') <= 1e-6\n"
        "    if not np.allclose(function(1.0), 3.0):\n        raise Wrong('Not close.')\n"
    ),
    "triple(x):\n    return 3 * x": "triple(x):\n    return 3 * x + 3e-9",
}
"""Changes that make the check of the lesson one that yields bounds."""


def test_each_bound_is_shown_with_what_was_found(folders: Path, tmp_path: Path) -> None:
    lesson = own.install(folders, name="close", **BOUNDED)
    solved = checked(make_solution(lesson.exercises[CODE]), "close")  # type: ignore[arg-type]
    assert (solved.passed, solved.sentence) == (True, "Solved.")
    assert solved.output == "error at 1 3e-09 ≤ 1e-06 ✓\nerror at 2 3e-09 ≤ 1e-06 ✓"
    wrong = checked("def triple(x):\n    return 3 * min(x, 1.5)\n", "close")
    assert wrong.sentence == "Error at 2 is 1.5; at most 1e-06 is asked for."
    assert wrong.output == "error at 1 0 ≤ 1e-06 ✓\nerror at 2 1.5 is not ≤ 1e-06 ✗"
    file = tmp_path / "mine.py"
    for text, status in (("3 * x + 3e-9", 0), ("3 * min(x, 1.5)", 1)):
        file.write_text(f"def triple(x):\n    return {text}\n")
        told = call("exercise", "close", "2", "--check", str(file))
        assert told.returncode == status
        assert ("error at 2 3e-09 ≤ 1e-06 ✓" if not status else "error at 2 1.5 is not ≤ 1e-06 ✗") in told.stdout
        assert told.stdout.endswith("Solved.\n" if not status else "Error at 2 is 1.5; at most 1e-06 is asked for.\n")


def test_cancelling_leaves_no_process_and_no_folder(halving: Lesson) -> None:
    check = CodeCheck("halving", CODE, "import time\ndef triple(x):\n    time.sleep(1000)\n")
    assert check.poll() is None
    folder = Path(check._folder.name)
    assert marked(str(folder))
    check.cancel()
    check.cancel()
    verdict = check.poll()
    assert verdict == check.wait()
    assert verdict is not None
    assert verdict.sentence == "The check was cancelled."
    assert not marked(str(folder))
    assert not folder.exists()


def test_the_code_ends_even_if_its_parent_is_killed(halving: Lesson, tmp_path: Path) -> None:
    source = "import time\ndef triple(x):\n    time.sleep(1000)\n"
    script = (
        f"from descend.engine.teaching.exercises import CodeCheck\ncheck = CodeCheck('halving', 1, {source!r})\n"
        "print(check._folder.name, flush=True)\ncheck.wait()\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    ) as starter:
        assert starter.stdout is not None
        folder = starter.stdout.readline().strip()
        while not marked(folder):
            time.sleep(0.02)
        starter.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while marked(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not marked(folder)


def test_only_code_exercises_take_code(halving: Lesson) -> None:
    with pytest.raises(UsageError, match="Exercise 1 of 'halving' is solved by a run, not by writing code"):
        CodeCheck("halving", RUN, "")
    with pytest.raises(UsageError, match="has 2 exercises, so there is no number 8"):
        CodeCheck("halving", 7, "")
    with pytest.raises(UsageError, match="is solved by writing code, not by a run"):
        check_run(halving, CODE, create_run(Manifest(id="", name="halving", knobs={}, seed=0, device="cpu")))


def test_a_run_is_judged_when_it_has_ended(halving: Lesson) -> None:
    assert check_run(halving, RUN, smoke_run(halving)) == Verdict(False, "Value is 0.5; less than 0.3 is asked for.")


def ended(halving: Lesson, **knobs: float) -> Result:
    return Result.of(smoke_run(replace(halving, smoke=knobs)))


def test_runs_that_cannot_be_judged_are_distinguished(halving: Lesson) -> None:
    asked = create_run(Manifest(id="", name="halving", knobs={}, seed=0, device="cpu"))
    assert "still starting" in check_run(halving, RUN, asked).sentence
    other = create_run(Manifest(id="", name="digits", knobs={}, seed=0, device="cpu"))
    assert "is one of 'digits'" in check_run(halving, RUN, other).sentence
    os.utime(asked.folder, (0, 0))
    assert "is dead before its end" in check_run(halving, RUN, asked).sentence
    (asked.folder / "run.json").unlink()
    assert "no readable run.json" in check_run(halving, RUN, asked).sentence
    empty = Result.of(other)
    empty.history.feed([Status(state="done")])
    assert "no series 'value'" in check_result(halving, RUN, empty).sentence


def test_knob_exercises_distinguish_solved_from_not_yet(halving: Lesson) -> None:
    assert check_result(halving, RUN, ended(halving, steps=2)) == Verdict(
        False, "Value is 2; less than 0.3 is asked for."
    )
    assert check_result(halving, RUN, ended(halving, steps=5)) == Verdict(True, "Solved.")


def test_predictions_are_graded(halving: Lesson) -> None:
    two = ended(halving, steps=2)  # 8 → 2
    right = grade_prediction(halving, 0, 1, two)
    assert (right.right, right.truth, right.sentence) == (True, 1.0, "Right: no.")
    wrong = grade_prediction(halving, 0, 0, two)
    assert (wrong.right, wrong.sentence) == (False, "It was no; you said yes.")
    near = grade_prediction(halving, 1, 2.1, two)
    assert (near.right, near.sentence) == (True, "Right: it was 2; you said 2.1.")
    assert grade_prediction(halving, 1, 2.3, two).sentence == "It was 2; you said 2.3."
    unknown = grade_prediction(halving, 2, 0, two)
    assert unknown.right is None
    assert "no series 'nothing'" in unknown.sentence
    going = Result.of(create_run(Manifest(id="", name="halving", knobs={}, seed=0, device="cpu")))
    assert grade_prediction(halving, 0, 0, going).right is None


def test_a_grade_by_a_number_of_numpy_is_kept_in_the_logbook(halving: Lesson) -> None:
    counted = Prediction("How many points has the curve?", lambda result: result.steps("value")[-1] + 1)
    lesson = replace(halving, predictions=(counted,))
    learner_progress.record_prediction(lesson, 0, 9.0, "run")
    graded = grade_prediction(lesson, 0, 9.0, ended(halving, steps=2))
    assert graded.right is False
    learner_progress.record_grade(lesson, 0, "run", graded.right)
    assert learner_progress.read_entry(lesson.name).predictions[counted.text][-1].right is False


def call(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(descend(*words), capture_output=True, text=True, timeout=120, env=dict(os.environ))


def test_the_command_writes_checks_and_remembers(halving: Lesson, tmp_path: Path) -> None:
    listed = call("exercise", "halving", "--json")
    assert [json.loads(line)["kind"] for line in listed.stdout.splitlines()] == ["run", "code"]
    file = tmp_path / "mine.py"
    assert call("exercise", "halving", "2", "--write", str(file)).returncode == 0
    assert file.read_text() == "def triple(x):\n    return x + x\n"
    again = call("exercise", "halving", "2", "--write", str(file))
    assert again.returncode == 2
    assert "exists already" in again.stderr
    failed = call("exercise", "halving", "2", "--check", str(file))
    assert failed.returncode == 1
    assert failed.stdout == "Three times 2 is 6, not 4.\n"
    file.write_text("def triple(x):\n    print('\\x1b[31m')\n    return 3 * x\n")
    passed = call("exercise", "halving", "2", "--check", str(file), "--json")
    assert passed.returncode == 0
    assert json.loads(passed.stdout)["passed"] is True
    practice = learner_progress.read_entry("halving").exercises["Triple a number."]
    assert (practice.attempts, practice.solved) == (2, True)
    assert practice.code == file.read_text()
    assert "\x1b" not in call("exercise", "halving", "2", "--check", str(file)).stdout
    assert "Hint 1 of 2: More often." in call("exercise", "halving", "1", "--hint").stdout
    assert "--set steps=5" in call("exercise", "halving", "1", "--solution").stdout
    assert call("exercise", "halving", "2", "--solution").stdout == "def triple(x):\n    return 3 * x\n"


def test_the_command_checks_runs(halving: Lesson) -> None:
    run = json.loads(call("run", "halving", "--set", "pace=0", "--set", "steps=5", "--json").stdout.splitlines()[-1])[
        "run"
    ]
    solved = call("exercise", "halving", "1", "--check", run)
    assert (solved.returncode, solved.stdout) == (0, "Solved.\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nothing",), "There is no lesson 'nothing'"),
        (("halving", "3"), "Exercises of 'halving' are numbered 1 to 2."),
        (("halving", "x"), "N is a whole number, not 'x'."),
        (("halving", "--hint"), "Which exercise? Lesson 'halving' has 2; give its number."),
        (("halving", "1", "--write", "x"), "Exercise 1 of 'halving' is solved by a run; there is no code"),
        (("halving", "2", "--check", "nothing.py"), "Cannot read nothing.py: No such file or directory."),
        (("halving", "1", "--check", "nothing"), "There is no run 'nothing'"),
        (("halving", "2", "--hint"), "This exercise has no hints."),
    ],
)
def test_bad_usage_is_told(halving: Lesson, words: tuple[str, ...], sentence: str) -> None:
    result = call("exercise", *words)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_catalogue_knows_it(halving: Lesson) -> None:
    assert catalogue.find_lesson("halving") == halving
