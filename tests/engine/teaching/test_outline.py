"""Outlines: what is known of lessons without loading them, and when that is made anew."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.engine import own

from descend.engine.teaching import catalogue, outline

PACKAGE = Path(__file__).parents[3] / ".package"
LOOK = """
import sys
from descend.engine.teaching import catalogue
found = catalogue.list_outlines()
loaded = [name for name in sys.modules if name.startswith("descend.engine.lessons.") and name.count(".") == 4]
print(len(found), len(loaded), found["digits"].title if "digits" in found else "-", *catalogue.list_broken())
"""


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., list[str]]:
    """A fresh process in a copy of the package says: how many outlines, how many lessons were loaded for them, the
    title of digits, what is broken."""
    for folder in ("engine", "datasets"):
        shutil.copytree(
            PACKAGE / "descend" / folder,
            tmp_path / "copy/descend" / folder,
            ignore=shutil.ignore_patterns("__pycache__", "*.json"),
        )

    def look(code: str = LOOK, **variables: str) -> list[str]:
        environment = {**os.environ, "PYTHONPATH": str(tmp_path / "copy"), "PYTHONDONTWRITEBYTECODE": "", **variables}
        told = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return told.stdout.split(maxsplit=2)

    return look


def lesson_file(folder: Path, name: str = "networks/digits.py") -> Path:
    """A lesson of the copy."""
    return folder / "copy/descend/engine/lessons" / name


def test_lessons_are_loaded_once_and_then_only_where_something_changed(
    look: Callable[..., list[str]], tmp_path: Path
) -> None:
    count = str(len(catalogue.list_outlines()))
    assert look()[:2] == [count, count]
    assert look()[:2] == [count, "0"], "kept beside the bytecode"
    file = lesson_file(tmp_path)
    file.write_text(file.read_text().replace('"""Digits: a first network', '"""Figures', 1))
    assert look() == [count, count, "Figures\n"], "a changed file"
    assert look() == [count, "0", "Figures\n"]
    file.unlink()
    assert look()[::2] == [str(int(count) - 1), "-\n"], "a file that is gone"


def test_a_broken_lesson_is_looked_at_each_time_and_an_unreadable_index_is_made_anew(
    look: Callable[..., list[str]], tmp_path: Path
) -> None:
    file = lesson_file(tmp_path)
    sound = file.read_text()
    file.write_text(sound + "\n1 / 0\n")
    for _ in range(2):
        assert look()[2] == "- digits\n"
    file.write_text(sound)
    assert look()[2] == "Digits: a first network\n"
    (index,) = lesson_file(tmp_path, "__pycache__").glob("outlines.*.json")
    for damaged in (b"", b"{}", index.read_bytes()[:-40]):
        index.write_bytes(damaged)
        assert look()[1] != "0"
        assert look()[1] == "0"


def test_where_no_bytecode_is_kept_nothing_is_written(look: Callable[..., list[str]], tmp_path: Path) -> None:
    for _ in range(2):
        assert look(PYTHONDONTWRITEBYTECODE="1")[1] != "0"
    assert not list(tmp_path.rglob("*.json"))


def test_to_find_one_lesson_no_other_is_loaded(look: Callable[..., list[str]]) -> None:
    look()
    find = "from descend.engine.teaching import catalogue; catalogue.find_lesson('digits')"
    assert look(LOOK.replace("found =", f"{find}; found ="))[1] == "1"


def test_an_outline_says_of_a_lesson_what_the_lesson_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESCEND_HOME", str(tmp_path))
    halving = own.install(tmp_path)
    found = catalogue.list_outlines()
    assert list(found) == list(catalogue.list_lessons())
    for name, lesson in catalogue.list_lessons().items():
        assert found[name] == outline.make_outline(lesson)
        assert catalogue.find_lesson(name) is lesson
    assert found["halving"].track == halving.track
    assert msgspec.json.decode(msgspec.json.encode(found["digits"]), type=outline.Outline) == found["digits"]
