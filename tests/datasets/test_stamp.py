"""Whether files are still what they were."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from descend.datasets import stamp
from descend.datasets.stamp import describe_difference, make_stamp


def touched(file: Path, seconds: int = 100) -> None:
    """Give ``file`` a later time."""
    os.utime(file, ns=(0, file.stat().st_mtime_ns + seconds * 10**9))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a/1", "a/2", "b/1"):
        (tmp_path / "f" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "f" / name).write_bytes(name.encode() * 100)
    return tmp_path / "f"


def members(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("whole", [True, False])
def test_what_changed_is_said_and_what_did_not_is_not(
    whole: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not whole:
        monkeypatch.setattr(stamp, "WHOLE", 100)
        monkeypatch.setattr(stamp, "BLOCK", 4)
    before = make_stamp(folder, members(folder))
    assert (before.files, before.size, before.whole) == (3, 900, whole)
    assert describe_difference(before, folder, members(folder)) == ""
    moved = folder.with_name("moved")
    shutil.copytree(folder, moved)
    assert describe_difference(before, moved, members(moved)) == ""
    touched(moved / "a/2")
    assert ("samples of it are the same" in describe_difference(before, moved, members(moved))) == (not whole)
    (moved / "a/2").write_bytes(b"x/2" * 100)
    touched(moved / "a/2", 200)
    assert describe_difference(before, moved, members(moved)) == "has the same size and other contents"
    (moved / "a/2").write_bytes(b"x")
    assert describe_difference(before, moved, members(moved)) == "has 601 bytes, not 900"
    (moved / "a/2").unlink()
    assert describe_difference(before, moved, members(moved)) == "has 2 files, not 3"
    shutil.move(folder / "b/1", folder / "a/3")
    assert describe_difference(before, folder, members(folder)) != ""


def test_a_file_that_was_renamed_is_the_same(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("a,b\n1,2\n")
    before = make_stamp(file, [file])
    other = file.rename(tmp_path / "y.csv")
    assert describe_difference(before, other, [other]) == ""


def test_what_is_large_and_was_not_written_to_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = make_stamp(folder, members(folder))

    def never(*_: object) -> str:
        raise AssertionError("it was read")

    monkeypatch.setattr(stamp, "_compute_digest", never)
    assert describe_difference(before, folder, members(folder)) == ""
