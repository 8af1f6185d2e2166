"""A person who types paths: tab completes them, and what is wrong is said beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from textual.widgets import Input

from descend.engine.base.errors import UsageError
from descend.tui.path_completion import complete_path
from descend.tui.screens.runs import RunsScreen
from tests.tui.driving import opened
from tests.tui.recording import finished
from tests.tui.runs.past import all_runs


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in, which is the home folder too; its path is short enough for a line."""
    with TemporaryDirectory() as made:
        yield furnish(Path(made).resolve(), monkeypatch)


def furnish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("data", "docs", ".cache"):
        (tmp_path / "at" / folder).mkdir(parents=True)
    for file in ("data/houses.csv", "data/horses.csv", "data/Zoo.csv", ".hidden", "data/odd\tname.csv"):
        (tmp_path / "at" / file).write_text("a,b\n1,2\n")
    monkeypatch.chdir(tmp_path / "at")
    monkeypatch.setenv("HOME", str(tmp_path / "at"))
    return tmp_path / "at"


@pytest.mark.parametrize(
    ("typed", "text", "names"),
    [
        ("da", "data/", ("data/",)),
        ("d", "d", ("data/", "docs/")),
        ("", "d", ("data/", "docs/")),
        (".", ".", (".cache/", ".hidden")),
        (".h", ".hidden", (".hidden",)),
        ("data/h", "data/ho", ("horses.csv", "houses.csv")),
        ("data/hou", "data/houses.csv", ("houses.csv",)),
        ("data/z", "data/Zoo.csv", ("Zoo.csv",)),
        ("data/o", "data/o", ()),
        ("~", "~/d", ("data/", "docs/")),
        ("~/do", "~/docs/", ("docs/",)),
        ("data/nothing", "data/nothing", ()),
    ],
)
def test_what_is_certain_is_completed(place: Path, typed: str, text: str, names: tuple[str, ...]) -> None:
    found = complete_path(typed)
    assert (found.text, found.names) == (text, names) if names else found.names == ()
    assert found.folder == str(place / "data" if typed.startswith("data/") else place)


def test_where_nothing_can_be_is_said(place: Path) -> None:
    with pytest.raises(UsageError, match="no user"):
        complete_path("~nobody-of-that-name/x")
    with pytest.raises(NotADirectoryError):
        complete_path("data/Zoo.csv/x")
    with pytest.raises(FileNotFoundError):
        complete_path("nowhere/x")


async def test_own_data_is_completed_before_its_options(place: Path) -> None:
    async with opened() as shell:
        await shell.press("n", "d")
        await shell.until(lambda: isinstance(shell.app.focused, Input))
        field = shell.app.focused
        assert isinstance(field, Input)
        await shell.type("da")
        await shell.sees(f"→ {place}/da")
        await shell.press("tab")
        await shell.until(lambda: field.value == "data/")
        await shell.type("h?target=b")
        await shell.press("tab")
        await shell.until(lambda: field.value == "data/ho?target=b")
        await shell.sees("horses.csv  houses.csv")
        await shell.type("u")  # where the cursor is: behind the path
        await shell.press("tab")
        await shell.until(lambda: field.value == "data/houses.csv?target=b")
        await shell.sees(f"→ {place}/data/houses.csv")
        await shell.press("home", "ctrl+k")
        await shell.type("x")
        await shell.press("tab")
        await shell.sees(f"✗ Nothing in {place} begins so.")
        assert field.value == "x"
        assert shell.app.focused is field


async def test_an_export_says_where_it_goes_and_why_it_cannot(place: Path) -> None:
    finished()
    async with all_runs((100, 30)) as shell:
        await shell.press("x")
        await shell.sees("Export", f"→ {place}/")
        await shell.type("da")  # takes the place of what was suggested
        await shell.press("tab")
        await shell.sees("✗ That is a folder; name a file in it.", f"→ {place}/data")
        await shell.press("enter")
        await shell.sees("✗ That is a folder")
        await shell.type("out.csv")
        await shell.sees(f"→ {place}/data/out.csv")
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, RunsScreen))
        await shell.press("x")
        await shell.sees("data/out.csv")
        await shell.press("enter")
        await shell.until(lambda: (place / "data/out.csv").exists())
