"""``descend exercise``: a lesson's exercises, without the shell."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.files import read_user_text, write_new
from descend.engine.base.paths import parse_path
from descend.engine.base.sanitize import clean
from descend.engine.cli.arguments import parse_whole

if TYPE_CHECKING:
    from descend.engine.teaching.exercises import Verdict
    from descend.engine.teaching.lesson import CodeExercise, CommandDrill, Lesson


KINDS = {"Exercise": "run", "CodeExercise": "code", "CommandDrill": "commands"}


def add(commands: Any) -> None:
    """Declare ``descend exercise``."""
    command = commands.add_parser(
        "exercise",
        help="show or check a lesson's exercises",
        description="List a lesson's exercises, show one, or check what you have done. Exit status of a check: "
        "0 solved, 1 not yet.",
    )
    command.add_argument("name", metavar="LESSON", help="lesson, see `descend list lessons`")
    command.add_argument("number", metavar="N", nargs="?", type=parse_whole("N"), help="which exercise, from 1")
    does = command.add_mutually_exclusive_group()
    does.add_argument("--write", metavar="FILE", help="write the code to begin with to a new file")
    does.add_argument(
        "--check",
        metavar="FILE|RUN|-",
        help="check your code, or your commands (a line each, - for those that are typed), or a run",
    )
    does.add_argument("--hint", action="store_true", help="reveal one more hint")
    does.add_argument("--solution", action="store_true", help="show the solution")
    command.add_argument("--json", action="store_true", help="print one JSON object a line")
    command.set_defaults(do=practise)


def practise(arguments: argparse.Namespace) -> int:
    """Do what was asked; return 1 if a check is not passed."""
    from descend.engine.teaching import catalogue

    lesson = catalogue.find_lesson(arguments.name)
    if not lesson.exercises:
        raise UsageError(f"Lesson '{lesson.name}' has no exercises.")
    if arguments.number is None:
        if arguments.write or arguments.check or arguments.hint or arguments.solution:
            raise UsageError(f"Which exercise? Lesson '{lesson.name}' has {len(lesson.exercises)}; give its number.")
        return print_list(lesson, arguments.json)
    if not 1 <= arguments.number <= len(lesson.exercises):
        raise UsageError(f"Exercises of '{lesson.name}' are numbered 1 to {len(lesson.exercises)}.")
    index = arguments.number - 1
    if arguments.write is not None:
        return write(lesson, index, parse_path(arguments.write))
    if arguments.check is not None:
        return check(lesson, index, arguments.check, arguments.json)
    if arguments.hint:
        return reveal_hint(lesson, index)
    return print_solution(lesson, index) if arguments.solution else show(lesson, index, arguments.json)


def make_row(lesson: Lesson, index: int) -> dict[str, Any]:
    """What is known of an exercise."""
    from descend.engine.teaching import learner_progress

    exercise = lesson.exercises[index]
    practice = learner_progress.read_entry(lesson.name).exercises.get(exercise.text, learner_progress.ExerciseAttempt())
    return {
        "number": index + 1,
        "kind": KINDS[type(exercise).__name__],
        "solved": practice.solved,
        "attempts": practice.attempts,
        "hints": [practice.hints, len(exercise.hints)],
        "text": exercise.text,
    }


def print_list(lesson: Lesson, as_json: bool) -> int:
    """All exercises of a lesson."""
    rows = [make_row(lesson, index) for index in range(len(lesson.exercises))]
    if as_json:
        for one in rows:
            print(json.dumps(one))
        return 0
    for one in rows:
        print(f"{one['number']}. [{'solved' if one['solved'] else one['kind']}] {clean(one['text'])}")
    print(f"`descend exercise {lesson.name} 1` shows one.")
    return 0


def show(lesson: Lesson, index: int, as_json: bool) -> int:
    """One exercise, the hints revealed so far, and how to go about it."""
    from descend.engine.teaching.exercises import make_starter
    from descend.engine.teaching.lesson import CodeExercise, CommandDrill

    exercise, known = lesson.exercises[index], make_row(lesson, index)
    starter = make_starter(exercise) if isinstance(exercise, CodeExercise) else ""
    if as_json:
        print(json.dumps({**known, "starter": starter}))
        return 0
    print(clean(exercise.text))
    for number, text in enumerate(exercise.hints[: known["hints"][0]], 1):
        print(f"Hint {number}: {clean(text)}")
    command = f"descend exercise {lesson.name} {index + 1}"
    if starter:
        print(f"\n{clean_code(starter)}")
        print(f"`{command} --write FILE` writes this to a file, `{command} --check FILE` checks it.")
    elif isinstance(exercise, CommandDrill):
        print(
            f"`{command} --check -` is a practice shell: type commands, end with ctrl+d; `--check FILE` takes them "
            "from a file. Nothing real is run."
        )
    else:
        print(
            f"`descend run {lesson.name} --set KNOB=VALUE` makes a run, `{command} --check RUN` checks it "
            f"(knobs: {', '.join(lesson.knobs.specs)})."
        )
    return 0


def write(lesson: Lesson, index: int, file: Path) -> int:
    """Write the starter to a new file."""
    from descend.engine.teaching.exercises import make_starter

    text = make_starter(find_code_exercise(lesson, index))
    write_new(file, text.encode())
    name = clean(str(file))
    print(f"Wrote {name}; `descend exercise {lesson.name} {index + 1} --check {name}` checks it.")
    return 0


def check(lesson: Lesson, index: int, given: str, as_json: bool) -> int:
    """Check a file or a run, and note the attempt."""
    from descend.engine.run import runs
    from descend.engine.teaching import learner_progress
    from descend.engine.teaching.exercises import CodeCheck, check_commands, check_run
    from descend.engine.teaching.lesson import CodeExercise, CommandDrill

    source = None
    verdict: Verdict | None
    exercise = lesson.exercises[index]
    if isinstance(exercise, CommandDrill):
        if given == "-" and not as_json:
            source, verdict = practice_shell(exercise)
        else:
            source = sys.stdin.read() if given == "-" else read_text(given)
            verdict = check_commands(lesson, index, source.splitlines())
    elif isinstance(exercise, CodeExercise):
        source = read_text(given)
        if not as_json and sys.stderr.isatty():
            print("Checking …", file=sys.stderr)
        with CodeCheck(lesson.name, index, source) as checking:
            verdict = checking.wait()
    else:
        verdict = check_run(lesson, index, runs.find_run(given))
    assert verdict is not None
    if as_json:
        print(json.dumps(vars(verdict)))
    else:
        if verdict.output.strip():
            print(clean_code(verdict.output))
        print(clean(verdict.sentence))
    try:
        learner_progress.record_attempt(lesson, index, verdict.passed, source)
    except DescendError as error:
        print(f"descend: {clean(str(error))}", file=sys.stderr)
    return 0 if verdict.passed else 1


def practice_shell(drill: CommandDrill) -> tuple[str, Verdict]:
    """Read commands, answer each, and stop at the end of the input or once the drill is solved."""
    from descend.engine.teaching.exercises import Verdict, check_shell, make_shell

    shell = make_shell(drill)
    verdict = check_shell(drill, shell)
    while not verdict.passed:
        print(f"{shell.prompt} ", end="", flush=True)
        line = sys.stdin.readline()
        if not line:
            print()
            break
        if not sys.stdin.isatty():
            print(clean(line.strip()))
        if line.strip():
            if answer := shell.run(line.strip()):
                print(clean_code(answer), end="")
            verdict = check_shell(drill, shell)
    return "\n".join(shell.lines), Verdict(verdict.passed, verdict.sentence)


def read_text(given: str) -> str:
    """The text of a file.

    Raises:
        UsageError: it cannot be read, or is no text.
    """
    try:
        return read_user_text(parse_path(given))
    except UnicodeDecodeError:
        raise UsageError(f"{given} is not a text file in UTF-8.") from None
    except OSError as error:
        raise UsageError(f"Cannot read {given}: {error.strerror}.") from None


def reveal_hint(lesson: Lesson, index: int) -> int:
    """Reveal one more."""
    from descend.engine.teaching import learner_progress

    hints = lesson.exercises[index].hints
    if not hints:
        raise UsageError("This exercise has no hints.")
    shown = learner_progress.record_hint(lesson, index)
    for number, text in enumerate(hints[:shown], 1):
        print(f"Hint {number} of {len(hints)}: {clean(text)}")
    return 0


def print_solution(lesson: Lesson, index: int) -> int:
    """The solution: code, or commands."""
    from descend.engine.teaching.exercises import make_solution
    from descend.engine.teaching.lesson import CodeExercise, CommandDrill

    exercise = lesson.exercises[index]
    if isinstance(exercise, CodeExercise):
        print(make_solution(exercise), end="")
    elif isinstance(exercise, CommandDrill):
        print("\n".join(map(clean, exercise.solution)))
    else:
        knobs = " ".join(f"--set {name}={value}" for name, value in exercise.solution.items())
        print(f"descend run {lesson.name} {knobs}")
    return 0


def find_code_exercise(lesson: Lesson, index: int) -> CodeExercise:
    """Exercise ``index``.

    Raises:
        UsageError: it is solved in another way.
    """
    from descend.engine.teaching.lesson import CodeExercise

    exercise = lesson.exercises[index]
    if not isinstance(exercise, CodeExercise):
        how = {"run": "a run", "commands": "commands"}[KINDS[type(exercise).__name__]]
        raise UsageError(f"Exercise {index + 1} of '{lesson.name}' is solved by {how}; there is no code to begin with.")
    return exercise


def clean_code(text: str) -> str:
    """Several lines, each made safe for the terminal, its indentation kept."""
    return "\n".join(clean(line.expandtabs(4)) for line in text.splitlines()) + "\n"
