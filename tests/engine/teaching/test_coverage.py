"""Which parts of the curriculum have a lesson."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from tests.terminal import descend

from descend.engine.cli import main
from descend.engine.teaching import catalogue
from descend.engine.teaching.coverage import KINDS, CoverageEntry, count_coverage, find_unknown
from descend.engine.teaching.curriculum import SYSTEMS
from descend.engine.teaching.curriculum_rows import FIGURES, ROWS
from descend.engine.teaching.lesson import TRACKS, Exercise, Prediction, last, quiz


def call(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(descend(*words), capture_output=True, text=True, timeout=60, env=dict(os.environ))


def test_the_curriculum_is_complete() -> None:
    counts = {track: sum(system[0] == track for system in SYSTEMS) for track in TRACKS}
    assert counts == dict(zip("ABCDEFGHIJKLMNO", (15, 9, 13, 11, 7, 18, 14, 10, 8, 2, 7, 7, 3, 3, 4), strict=True))
    assert len(SYSTEMS) == 131
    assert len(set(SYSTEMS.values())) == 131
    assert list(SYSTEMS) == sorted(SYSTEMS)
    assert all(0 < len(name) <= 48 for name in SYSTEMS.values())


def found(entries: list[CoverageEntry], kind: str, id: str) -> list[str]:
    return next(entry.lessons for entry in entries if (entry.kind, entry.id) == (kind, id))


def test_the_sources_are_complete() -> None:
    entries = count_coverage([])
    counts = {kind: sum(entry.kind == kind for entry in entries) for kind in KINDS}
    assert counts == {"system": 131, "mistake": 112, "question": 57, "exercise": 29, "figure": 49}
    assert len(ROWS) == 442
    assert {entry.id for entry in entries if entry.kind in ("question", "exercise")} | set(FIGURES) <= ROWS
    assert all(entry.name and not entry.lessons for entry in entries)


def test_a_system_lists_all_lessons_that_cover_it() -> None:
    digits = catalogue.find_lesson("digits")
    one, two = (replace(digits, name=name, covers=("E01", "E02")) for name in ("one", "two"))
    covered = count_coverage([one, replace(two, covers=("E02",))])
    assert found(covered, "system", "E01") == ["one"]
    assert found(covered, "system", "E02") == ["one", "two"]
    assert found(covered, "system", "A01") == []


def test_each_part_of_a_lesson_settles_what_it_names() -> None:
    asked = quiz("? Why?\n- a\n+ b\n= c\n& S2-C05, 26")
    turned = Exercise("Do", last("x") < 1, solution={}, mistakes=(3,), rows=("S2-08",))
    lesson = replace(
        catalogue.find_lesson("digits"),
        name="one",
        quiz=asked,
        exercises=(turned,),
        predictions=(Prediction("Will it?", mistakes=(4,)),),
        mistakes=(5,),
        rows=("S4-02", "S4-30"),
    )
    covered = count_coverage([lesson])
    for number in (26, 3, 4, 5):
        assert found(covered, "mistake", str(number)) == ["one"]
    assert found(covered, "question", "S2-C05") == found(covered, "exercise", "S2-08") == ["one"]
    assert found(covered, "figure", "1") == ["one"]
    assert found(covered, "figure", "17") == [], "two of its three parts are missing"
    assert find_unknown(lesson) == []


def test_what_the_curriculum_does_not_have_is_told_with_its_place() -> None:
    asked = quiz("? Why?\n- a\n+ b\n= c\n& S2-C05, 113\n? How?\n- a\n+ b\n= c\n& S9-C05")
    lesson = replace(catalogue.find_lesson("digits"), name="one", covers=("D04", "D99"), quiz=asked, rows=("D04",))
    assert [str(one) for one in find_unknown(lesson)] == [
        "Lesson 'one', covers: the curriculum has no D99.",
        "Lesson 'one', lesson: the curriculum has no D04.",
        "Lesson 'one', quiz 1: the curriculum has no mistake 113.",
        "Lesson 'one', quiz 2: the curriculum has no S9-C05.",
    ]


def test_the_command_says_it_track_by_track_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "lessons", "--coverage", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    systems = [row for row in rows if row["kind"] == "system"]
    assert [row["id"] for row in systems] == list(SYSTEMS)
    assert len(rows) == 131 + 112 + 57 + 29 + 49
    assert next(row for row in systems if row["id"] == "D08")["lessons"] == ["universal-approximation"]
    result = call("list", "lessons", "--coverage")
    text = result.stdout
    for kind in KINDS:
        mine = [bool(row["lessons"]) for row in rows if row["kind"] == kind]
        assert f"{sum(mine)} of {len(mine)} {kind}s have a lesson." in text
    assert "D  Neurons and networks: " in text
    assert "+ D08 Universal approximation" in " ".join(text.split())
    assert "Open questions" in text
    assert max(map(len, text.splitlines())) <= 80


def test_coverage_needs_no_torch() -> None:
    code = "import sys; from descend.engine.cli import main; main(['list', '--coverage']); "
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code], stdout=subprocess.DEVNULL).returncode == 0


def test_only_lessons_cover_anything() -> None:
    result = call("list", "runs", "--coverage")
    assert result.returncode == 2
    assert result.stderr == "descend: --coverage works only with `descend list lessons`.\n"
