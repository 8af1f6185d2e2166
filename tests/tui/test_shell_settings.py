"""What the user has chosen is kept, whatever happens to the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from descend.tui import shell_settings


def test_a_choice_lasts(folders: Path) -> None:
    assert shell_settings.get("theme", "auto") == "auto"
    assert shell_settings.put("theme", "nord")
    assert shell_settings.put("seed", 3)
    assert shell_settings.get("theme", "auto") == "nord"
    assert json.loads((folders / "settings.json").read_text()) == {"theme": "nord", "seed": 3}
    assert [file.name for file in folders.iterdir()] == ["settings.json"]


def test_none_forgets(folders: Path) -> None:
    shell_settings.put("theme", "nord")
    shell_settings.put("theme", None)
    assert shell_settings.get("theme", "auto") == "auto"
    assert shell_settings.get("theme", None) is None


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\x00", b"[1, 2]", b'"nord"', b"[" * 100_000])
def test_a_damaged_file_means_defaults_and_is_repaired_by_the_next_choice(folders: Path, damage: bytes) -> None:
    folders.mkdir()
    (folders / "settings.json").write_bytes(damage)
    assert shell_settings.get("theme", "auto") == "auto"
    assert shell_settings.put("theme", "nord")
    assert shell_settings.get("theme", "auto") == "nord"


@pytest.mark.parametrize(
    ("value", "default", "expected"),
    [
        (7, "auto", "auto"),
        (True, 0, 0),
        ("yes", False, False),
        (2, 0.5, 2.0),
        ([1], None, [1]),
        ({"a": 1}, {}, {"a": 1}),
    ],
)
def test_a_value_of_another_type_is_the_default(value: object, default: object, expected: object) -> None:
    shell_settings.put("key", value)
    assert shell_settings.get("key", default) == expected
    assert type(shell_settings.get("key", default)) is type(expected)


def test_where_it_cannot_be_written_a_choice_holds_for_this_process(folders: Path) -> None:
    folders.write_text("a file where the folder should be")
    assert not shell_settings.put("theme", "nord")
    assert not shell_settings.put("seed", 3)
    assert shell_settings.get("theme", "auto") == "nord"
    folders.unlink()
    assert shell_settings.put("device", "cpu")
    assert json.loads((folders / "settings.json").read_text()) == {"theme": "nord", "seed": 3, "device": "cpu"}


def test_a_folder_in_place_of_the_file(folders: Path) -> None:
    (folders / "settings.json").mkdir(parents=True)
    assert shell_settings.get("theme", "auto") == "auto"
    assert not shell_settings.put("theme", "nord")
    assert shell_settings.get("theme", "auto") == "nord"
    assert [file.name for file in folders.iterdir()] == ["settings.json"]
