"""The author's page: its blocks, put together, are a lesson that keeps what the page says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
import torch
from tests.engine.teaching import contract

from descend.engine.cli.parser import make_parser
from descend.engine.run.records import Event, Picture
from descend.engine.run.result import Result
from descend.engine.teaching import catalogue
from descend.engine.teaching.lesson import Lesson
from descend.engine.teaching.verify import Proof

PAGE = (Path(__file__).parents[3] / "engine" / "teaching" / "AUTHORS.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def heron(folders: Path) -> Lesson:
    (folders / "lessons").mkdir(parents=True)
    (folders / "lessons" / "heron.py").write_text("\n\n".join(blocks("python")))
    return catalogue.find_lesson("heron")


def test_its_lesson_keeps_the_contract(heron: Lesson) -> None:
    contract.knobs_are_explained(heron)
    contract.quiz_can_be_answered(heron)
    contract.claims_can_be_tried(heron)
    contract.code_exercises_tell_right_from_wrong(heron)
    _, result = contract.runs_and_repeats_itself(heron)
    contract.predictions_can_be_graded(heron, result)
    contract.exercises_can_be_tried(heron, result)
    assert "?" in heron.question


def test_its_claims_and_exercises_hold(heron: Lesson) -> None:
    findings = list(Proof([heron]))
    assert len(findings) == 4
    assert not [(finding.text, finding.values, finding.why) for finding in findings if not finding.holds]


def test_its_pictures_are_all_there_are(heron: Lesson) -> None:
    pictures = vars(sys.modules[heron.module])["pictures"]

    def run(lab: object, knobs: object) -> None:
        net, x = torch.nn.Linear(1, 1), torch.linspace(0, 1, 5)[:, None]
        for _ in lab.steps(3):  # type: ignore[attr-defined]
            net(x).sum().backward()
            pictures(lab, net, x, net(x))

    history = Result.of(contract.smoke_run(replace(heron, run=run))).history
    shown = {type(found[-1]) for found in history.pictures.values()}
    assert shown == {kind for kind in get_args(Event) if issubclass(kind, Picture)}
    assert {key: [picture.step for picture in found] for key, found in history.pictures.items()} == {
        key: [1, 2] if key == "layers" else [0, 1, 2] for key in history.pictures
    }


def test_its_code_is_as_tidy_as_the_lessons(tmp_path: Path) -> None:
    file = tmp_path / "heron.py"
    file.write_text("\n\n".join(blocks("python")))
    config = str(Path(__file__).parents[3] / "pyproject.toml")
    result = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--config", config, str(file)], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout


def test_its_commands_are_commands() -> None:
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    commands += re.findall(r"`(descend [^`]*)`", PAGE)
    assert len(commands) >= 6
    for command in commands:
        assert make_parser().parse_args(shlex.split(command)[1:]), command


def test_it_is_one_read() -> None:
    assert len(PAGE.splitlines()) < 200
    assert max(map(len, PAGE.splitlines())) <= 130
    assert "AUTHORS.md" in (Path(__file__).parents[3] / "README.md").read_text()
