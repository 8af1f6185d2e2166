"""Command drills: judged by the state that commands lead to, proved by verify, and solved on the command line."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine import own
from tests.engine.teaching import contract

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.cli import main
from descend.engine.teaching import learner_progress
from descend.engine.teaching.exercises import check_commands, check_run, check_shell, make_shell
from descend.engine.teaching.lesson import CommandDrill, Lesson
from descend.engine.teaching.verify.judge import judge_item
from descend.engine.teaching.verify.plan import Outcome, plan_lesson

DRILL = """        CommandDrill(
            "Make an environment called study with Python 3.11.", check_study,
            solution=("conda create -n study python=3.11",), shell=a_shell, hints=("conda create",),
        ),
        Exercise("End"""
CHECK = """def a_shell():
    from descend.engine.teaching.simulated_shell import SimulatedShell

    shell = SimulatedShell({"notes.txt": "hello"})
    shell.run("conda create -n other")
    return shell


def check_study(shell):
    packages = shell.environments.installed.get("study")
    if packages is None:
        raise Wrong(f"There are {', '.join(shell.environments.installed)}; study is missing.")
    yield number(float(packages["python"].partition(".")[2]), "Python's second number") == 11


LESSON = """


@pytest.fixture
def drilled(folders: Path) -> Lesson:
    return own.install(
        folders,
        **{
            '        Exercise("End': DRILL,
            "LESSON = ": CHECK,
            "last, quiz": "last, number, quiz",
            "Claim, CodeExercise": "Claim, CommandDrill, CodeExercise",
        },
    )


def test_the_state_is_judged_with_what_was_found(drilled: Lesson) -> None:
    assert check_commands(drilled, 0, ()).sentence == "There are base, other; study is missing."
    verdict = check_commands(drilled, 0, ["conda create -n study python=3.12", "", "cat notes.txt"])
    assert verdict.sentence == "Python's second number is 12; exactly 11 is asked for."
    assert verdict.output.splitlines() == [
        "(base) ~ $ conda create -n study python=3.12",
        "Made study; conda activate study works in it.",
        "(base) ~ $ cat notes.txt",
        "hello",
    ]
    assert check_commands(drilled, 0, ["conda create -n study python=3.11"]).passed
    with pytest.raises(UsageError, match="is solved by a run, not by typing commands"):
        check_commands(drilled, 1, ())


def test_a_run_does_not_solve_it(drilled: Lesson) -> None:
    with pytest.raises(UsageError, match="is solved by typing commands, not by a run"):
        check_run(drilled, 0, None)  # type: ignore[arg-type]


def test_an_error_in_the_check_is_told(drilled: Lesson) -> None:
    drill = CommandDrill("x", lambda shell: shell.nothing, solution=())
    broken = Lesson(covers=drilled.covers, run=drilled.run, knobs=drilled.knobs, exercises=(drill,))
    assert "cannot be judged: AttributeError" in check_commands(broken, 0, ()).sentence


def test_a_check_changes_nothing(drilled: Lesson) -> None:
    drill = CommandDrill("x", lambda shell: shell.run("touch mine") and None, solution=())
    shell = make_shell(drill)
    check_shell(drill, shell)
    assert (shell.files, shell.lines) == ({}, [])


def test_a_shell_that_cannot_be_made_is_told(drilled: Lesson) -> None:
    drill = CommandDrill("x", lambda shell: None, solution=(), shell=lambda: 1 / 0)  # type: ignore
    with pytest.raises(DescendError, match="cannot make its practice shell: ZeroDivisionError"):
        make_shell(drill)


def test_what_sets_the_shell_up_is_not_what_was_typed(drilled: Lesson) -> None:
    drill = drilled.exercises[0]
    assert isinstance(drill, CommandDrill)
    shell = make_shell(drill)
    assert (shell.lines, "other" in shell.environments.installed) == ([], True)


@pytest.mark.parametrize(
    ("solution", "python", "why"),
    [
        ("study python=3.11", "3.11", ""),
        (
            "study python=3.10",
            "3.11",
            "Its solution does not pass: Python's second number is 10; exactly 11 is asked for.",
        ),
    ],
)
def test_verify_proves_the_solution_and_that_nothing_is_solved_at_first(
    folders: Path, solution: str, python: str, why: str
) -> None:
    lesson = own.install(
        folders,
        **{
            '        Exercise("End': DRILL.replace("study python=3.11", solution),
            "LESSON = ": CHECK,
            "last, quiz": "last, number, quiz",
            "Claim, CodeExercise": "Claim, CommandDrill, CodeExercise",
        },
    )
    (item,) = (item for item in plan_lesson(lesson) if isinstance(item.subject, CommandDrill))
    outcomes = {job.key: Outcome(verdict=job.commands and job.commands()) for job in item.jobs.values()}
    finding = judge_item(item, outcomes)
    assert (finding.holds, finding.why) == (not why, why)


def test_the_contract_of_lessons_holds_it(drilled: Lesson) -> None:
    contract.exercises_can_be_tried(replace(drilled, exercises=drilled.exercises[:1]), None)  # type: ignore[arg-type]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = main(["exercise", "halving", *words])
    return status, capsys.readouterr().out


def test_it_is_shown_hinted_and_solved_on_the_command_line(
    drilled: Lesson, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "1. [commands] Make an environment" in run(capsys)[1]
    assert "--check -` is a practice shell" in run(capsys, "1")[1]
    assert run(capsys, "1", "--hint")[1] == "Hint 1 of 1: conda create\n"
    assert run(capsys, "1", "--solution")[1] == "conda create -n study python=3.11\n"
    commands = tmp_path / "commands.txt"
    commands.write_text("conda create -n study\n")
    status, said = run(capsys, "1", "--check", str(commands), "--json")
    assert (status, json.loads(said)["passed"]) == (1, False)
    monkeypatch.setattr(sys, "stdin", io.StringIO("nonsense\nconda create -n study python=3.11\nnot read\n"))
    status, said = run(capsys, "1", "--check", "-")
    assert status == 0
    assert "nonsense: command not found" in said
    assert said.endswith("Solved.\n")
    practised = learner_progress.read_entry("halving").exercises[drilled.exercises[0].text]
    assert (practised.solved, practised.attempts) == (True, 2)
    assert practised.code == "nonsense\nconda create -n study python=3.11"
