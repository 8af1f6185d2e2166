"""`descend new lesson`: what it writes keeps the contract of all lessons; and the user's own lessons, broken or not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.engine import own
from tests.engine.teaching import contract
from tests.terminal import descend

from descend.engine.base.errors import UsageError
from descend.engine.cli import main
from descend.engine.teaching import catalogue
from descend.engine.teaching.lesson import FOLDERS
from descend.engine.teaching.template import make_lesson_text

REPOSITORY = Path(__file__).parents[3]


def call(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(descend(*words), capture_output=True, text=True, timeout=300, env=dict(os.environ))


def new(folders: Path, name: str = "my-lesson", *more: str) -> int:
    (folders / "lessons").mkdir(parents=True, exist_ok=True)
    return main(["new", "lesson", name, "--path", str(folders / "lessons"), *more])


def test_what_it_writes_keeps_the_contract(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new(folders, "my-lesson", "--covers", "e05") == 0
    assert "`descend verify my-lesson`" in capsys.readouterr().out
    lesson = catalogue.find_lesson("my_lesson")
    assert (lesson.title, lesson.covers) == ("My lesson", ("E05",))
    contract.says_what_it_is(lesson)
    contract.knobs_are_explained(lesson)
    contract.quiz_can_be_answered(lesson)
    contract.claims_can_be_tried(lesson)
    contract.code_exercises_tell_right_from_wrong(lesson)
    _, result = contract.runs_and_repeats_itself(lesson)
    contract.predictions_can_be_graded(lesson, result)
    contract.exercises_can_be_tried(lesson, result)
    assert lesson.predictions
    assert lesson.claims
    assert len(lesson.exercises) == 2


def test_its_claims_and_exercises_hold_and_it_runs_and_is_listed(folders: Path) -> None:
    new(folders)
    result = call("verify", "my-lesson", "--json")
    assert result.returncode == 0, result.stdout
    assert json.loads(result.stdout.splitlines()[-1])["findings"] == 4
    ran = call("run", "my-lesson", "--set", "pace=0", "--json")
    assert json.loads(ran.stdout.splitlines()[-1])["status"] == "done"
    assert "my-lesson" in call("list").stdout


def test_it_is_well_formatted(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(make_lesson_text("Mine", "E01"))
    for words in (("check",), ("format", "--check")):
        command = [sys.executable, "-m", "ruff", *words, "--config", str(REPOSITORY / "pyproject.toml"), str(file)]
        result = subprocess.run(command, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("name", ["My-Lesson", "1st", "a b", "../x", "a--b", "ü", "a" * 41, "class!"])
def test_an_impossible_name_is_refused(folders: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert new(folders, name) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not list((folders / "lessons").iterdir())


def test_nothing_is_overwritten(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new(folders)
    file = folders / "lessons" / "my_lesson.py"
    file.write_text("mine")
    assert new(folders) == 2
    assert new(folders, "digits") == 2
    assert "There is a lesson 'digits' already" in capsys.readouterr().err
    elsewhere = folders / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "fresh.py").write_text("mine")
    assert main(["new", "lesson", "fresh", "--path", str(elsewhere)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert file.read_text() == (elsewhere / "fresh.py").read_text() == "mine"


def test_elsewhere_it_says_where_it_would_be_found(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders.mkdir()
    assert main(["new", "lesson", "fresh", "--path", str(folders)]) == 0
    assert f"It is found once it is in {folders / 'lessons'}" in capsys.readouterr().out
    assert main(["new", "lesson", "fresh", "--path", str(folders / "nowhere")]) == 2
    assert main(["new", "lesson", "fresh", "--covers", "Z99"]) == 2


def test_installed_it_goes_to_the_home_folder(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("descend.engine.cli.new.find_checkout", lambda: None)
    assert main(["new", "lesson", "fresh"]) == 0
    assert (folders / "lessons" / "fresh.py").is_file()
    assert catalogue.find_lesson("fresh").module == f"{catalogue.OWN}.fresh"


def test_a_home_that_is_set_wins_over_a_checkout(folders: Path) -> None:
    assert main(["new", "lesson", "fresh"]) == 0
    assert (folders / "lessons" / "fresh.py").is_file()


def test_in_a_checkout_it_goes_to_the_folder_of_its_track(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DESCEND_HOME")
    monkeypatch.setattr("descend.engine.base.paths.home", lambda: tmp_path / "home")
    monkeypatch.setattr("descend.engine.teaching.catalogue.home", lambda: tmp_path / "home")
    monkeypatch.setattr("descend.engine.cli.new.find_checkout", lambda: tmp_path)
    assert main(["new", "lesson", "fresh", "--covers", "L02"]) == 0
    assert (tmp_path / "efficiency" / "fresh.py").is_file()
    assert (tmp_path / "efficiency" / "__init__.py").is_file()
    out = capsys.readouterr().out
    assert f"Wrote {tmp_path / 'efficiency' / 'fresh.py'}." in out
    assert "`descend run fresh`" in out


def test_every_lesson_lies_in_the_folder_of_its_track() -> None:
    for lesson in catalogue.list_lessons().values():
        assert lesson.module.split(".")[-2] in (FOLDERS[lesson.track], catalogue.OWN)


def test_a_checkout_is_recognised() -> None:
    from descend.engine.cli.new import find_checkout

    assert find_checkout() == REPOSITORY / "engine" / "lessons"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = (", "line 1: '(' was never closed."),
        ("\nx = 1 / 0", "line 2: ZeroDivisionError: division by zero"),
        ("import torch", "it imports torch at the top of the file; import it inside the functions that use it."),
        ("from sklearn.svm import SVC", "it imports sklearn.svm at the top of the file"),
        ("x = 1", "it defines no LESSON"),
        ("LESSON = 3", "it defines no LESSON"),
        ("import sys\nsys.exit(3)", "line 2: SystemExit: 3"),
        ("raise KeyError('\x1b[31m')", "line 1: KeyError: "),
        ("\0", "source code string cannot contain null bytes"),
    ],
)
def test_a_broken_file_harms_no_other_and_says_why(folders: Path, text: str, reason: str) -> None:
    own.install(folders)
    (folders / "lessons" / "odd_one.py").write_text(text)
    assert reason in catalogue.list_broken()["odd-one"]
    assert "\x1b" not in catalogue.list_broken()["odd-one"]
    assert {"halving", "digits"} <= set(catalogue.list_lessons())
    with pytest.raises(UsageError, match="Lesson 'odd-one' cannot be loaded: "):
        catalogue.find_lesson("odd-one")


def test_a_lesson_without_curriculum_id_and_one_named_as_another_are_broken(folders: Path) -> None:
    own.install(folders)
    text = own.TEXT.replace("CLAIMS", "")
    (folders / "lessons" / "no_id.py").write_text(text.replace('covers=("A07",)', "covers=()"))
    (folders / "lessons" / "digits.py").write_text(text)
    (folders / "lessons" / "Upper.py").write_text(text)
    assert catalogue.list_broken()["no-id"].startswith("its covers names no curriculum id")
    assert catalogue.list_broken()["digits"].startswith("there is a lesson of that name already")
    assert catalogue.list_broken()["Upper"].startswith("a lesson's file is named in lower case")
    assert catalogue.find_lesson("digits").title == "Digits: a first network"
    listed = call("list", "lessons", "--json").stdout
    assert {"name": "no-id", "broken": catalogue.list_broken()["no-id"]} in map(json.loads, listed.splitlines())


def test_changed_files_are_seen(folders: Path) -> None:
    first = own.install(folders)
    file = folders / "lessons" / "halving.py"
    file.write_text(file.read_text().replace('"""Halving', '"""Twice as short'))
    os.utime(file, (1, 1))
    assert first.title == "Halving"
    assert catalogue.find_lesson("halving").title == "Twice as short"
    file.unlink()
    with pytest.raises(UsageError):
        catalogue.find_lesson("halving")
