"""Which parts of the curriculum have a lesson."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace

from tests.terminal import descend

from descend.engine.teaching import catalogue
from descend.engine.teaching.curriculum import SYSTEMS, coverage
from descend.engine.teaching.lesson import TRACKS


def call(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(descend(*words), capture_output=True, text=True, timeout=60, env=dict(os.environ))


def test_the_curriculum_is_complete() -> None:
    counts = {track: sum(system[0] == track for system in SYSTEMS) for track in TRACKS}
    assert counts == dict(zip("ABCDEFGHIJKLMNO", (15, 9, 13, 11, 7, 18, 14, 10, 8, 2, 7, 7, 3, 3, 4), strict=True))
    assert len(SYSTEMS) == 131
    assert len(set(SYSTEMS.values())) == 131
    assert list(SYSTEMS) == sorted(SYSTEMS)
    assert all(0 < len(name) <= 48 for name in SYSTEMS.values())


def test_a_system_lists_all_lessons_that_cover_it() -> None:
    digits = catalogue.find("digits")
    one, two = (replace(digits, name=name, covers=("E01", "E02")) for name in ("one", "two"))
    covered = coverage([one, replace(two, covers=("E02",))])
    assert covered["E01"] == ["one"]
    assert covered["E02"] == ["one", "two"]
    assert covered["A01"] == []


def test_the_command_says_it_track_by_track_and_as_json() -> None:
    rows = [json.loads(line) for line in call("list", "lessons", "--coverage", "--json").stdout.splitlines()]
    assert [row["id"] for row in rows] == list(SYSTEMS)
    assert next(row for row in rows if row["id"] == "D08")["lessons"] == ["universal-approximation"]
    taught = sum(bool(row["lessons"]) for row in rows)
    text = call("list", "lessons", "--coverage").stdout
    assert f"{taught} of 131 have a lesson." in text
    assert "D  Neurons and networks: " in text
    assert "+ D08 Universal approximation" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80


def test_only_lessons_cover_anything() -> None:
    result = call("list", "runs", "--coverage")
    assert result.returncode == 2
    assert result.stderr == "descend: --coverage goes with `descend list lessons`.\n"
