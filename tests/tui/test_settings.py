"""A person who changes the shell's settings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual import events
from textual.keys import key_to_character
from textual.widgets import Input

from descend.engine.run.run_request import RunRequest
from descend.tui import cell_text, shell_settings
from descend.tui.screens.learn import LearnScreen
from descend.tui.screens.lesson import LessonScreen
from descend.tui.screens.settings import SettingsScreen
from descend.tui.theme import theme_named
from tests.tui.driving import SIZES, Shell, opened
from tests.tui.test_everywhere import choose


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """Which characters to draw with is remembered by the process."""
    yield
    cell_text.shows_unicode.cache_clear()


async def settings(shell: Shell) -> SettingsScreen:
    """Open the settings."""
    await shell.press("o")
    await shell.until(lambda: isinstance(shell.app.screen, SettingsScreen))
    await shell.sees("Settings of the shell")
    return shell.app.screen  # type: ignore[return-value]


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_chosen_counts_at_once_and_lasts(size: tuple[int, int]) -> None:
    async with opened(size) as shell:
        await settings(shell)
        await shell.sees("‹ auto ›", "characters", "device", "seed")
        await shell.press("right", "right")
        await shell.until(lambda: shell.app.theme == "textual-light")
        await shell.press("down", "down", "right", "down", "right", "down")
        await shell.until(lambda: isinstance(shell.app.focused, Input))
        await shell.press("7")
        await shell.sees("‹ 1 a second ›", "‹ cpu ›")
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
    async with opened(size) as shell:
        assert shell.app.theme == "textual-light"
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        assert (shell.app.screen.settings.device, shell.app.screen.settings.seed) == ("cpu", 7)
        await shell.press("space")
        await shell.until(lambda: shell.app.screen.grid is not None)
        assert shell.app.screen.grid.again == 1.0
        assert shell.workers.launched[0].manifest().seed == 7


async def test_a_theme_from_the_menu_lasts() -> None:
    async with opened((80, 24)) as shell:
        await choose(shell, "turn light")
        await shell.until(lambda: shell_settings.get("theme", "") == "textual-light")
    async with opened((80, 24)) as shell:
        assert shell.app.theme == "textual-light"
        shell.app.theme = "nord"  # as the list of all themes does
        await shell.until(lambda: shell_settings.get("theme", "") == "nord")


async def test_a_lesson_asked_for_with_a_seed_gets_that_seed() -> None:
    shell_settings.put("seed", 7)
    async with opened(lesson="digits", seed=3, device="cpu") as shell:
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        assert shell.app.screen.settings.seed == 3


async def test_ascii_is_chosen_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell_text.sys, "__stdout__", type("Utf8", (), {"encoding": "utf-8"}))
    cell_text.shows_unicode.cache_clear()
    async with opened((80, 24)) as shell:
        await settings(shell)
        await shell.sees("╭─")
        await shell.press("down", "right", "right")
        await shell.sees("+- Settings")
        await shell.until(lambda: shell.text.isascii())
        await shell.press("ctrl+d")
        await shell.sees("╭─ Settings")
        assert shell_settings.get("characters", None) is None


async def test_an_invalid_seed_is_explained_and_not_kept() -> None:
    async with opened((80, 24)) as shell:
        await settings(shell)
        await shell.press("up", "9", "9", "9", "9", "9", "9", "9", "9", "9", "9", "9")
        await shell.sees("✗ seed must be at most")
        assert shell_settings.get("seed", 0) < 2**31
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))


async def test_a_home_that_cannot_be_written_is_told_once_it_matters(folders, monkeypatch) -> None:
    (folders.parent / "file").write_text("")
    monkeypatch.setenv("DESCEND_HOME", str(folders.parent / "file"))
    async with opened((80, 24)) as shell:
        await settings(shell)
        await shell.press("right", "right")
        await shell.sees("cannot be written", "until you quit")
        assert shell.app.theme == "textual-light"


@pytest.mark.parametrize("theme", ["no-such-theme", "", "auto"])
async def test_an_unknown_theme_is_the_automatic_one(theme: str) -> None:
    shell_settings.put("theme", theme)
    async with opened((80, 24)) as shell:
        assert shell.app.theme == "textual-dark"


@pytest.mark.parametrize(
    ("chosen", "environment", "theme"),
    [
        ("auto", {}, "textual-dark"),
        ("auto", {"COLORFGBG": "0;15"}, "textual-light"),
        ("auto", {"COLORFGBG": "0;default;7"}, "textual-light"),
        ("auto", {"COLORFGBG": "15;0"}, "textual-dark"),
        ("auto", {"COLORFGBG": "nonsense"}, "textual-dark"),
        ("auto", {"TEXTUAL_THEME": "nord", "COLORFGBG": "0;15"}, "nord"),
        ("dark", {"COLORFGBG": "0;15"}, "textual-dark"),
        ("nord", {"COLORFGBG": "0;15"}, "nord"),
    ],
)
def test_the_terminals_background_decides_unless_a_theme_is_chosen(
    chosen: str, environment: dict[str, str], theme: str
) -> None:
    assert theme_named(chosen, {"textual-dark", "textual-light", "nord"}, environment=environment) == theme


def test_with_few_colours_the_dark_theme_is_the_readable_one() -> None:
    known = {"textual-dark", "textual-light"}
    assert theme_named("auto", known, True, {"COLORFGBG": "0;15"}) == "textual-dark"
    assert theme_named("light", known, True, {}) == "textual-light"


@pytest.mark.parametrize(
    ("environment", "plain"),
    [
        ({}, False),
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "en_GB.UTF-8", "LC_CTYPE": "C"}, True),
        ({"LANG": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "C", "LC_CTYPE": "de_DE.UTF-8"}, False),
        ({"LC_ALL": "POSIX", "LANG": "en_GB.UTF-8"}, True),
        ({"LC_ALL": "C", "PYTHONUTF8": "1"}, False),
    ],
)
def test_the_plain_locale_is_recognised_though_python_speaks_utf_8(environment: dict[str, str], plain: bool) -> None:
    assert cell_text.plain_locale(environment) is plain


@pytest.mark.parametrize(("given", "seed", "device"), [([], 5, "auto"), (["--seed", "0", "--device", "cpu"], 0, "cpu")])
def test_the_command_line_leaves_what_it_does_not_say_to_the_settings(
    given: list[str], seed: int, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from descend.engine.cli import main, shell

    shell_settings.put("seed", 5)
    started: list[RunRequest] = []
    monkeypatch.setattr(shell, "open_shell", lambda request, autorun: started.append(request) or 0)
    assert main(["open", "digits", "--set", "epochs=3", *given]) == 0
    (request,) = started
    assert (request.name, request.data, request.knobs) == ("digits", "digits", {"epochs": "3"})
    assert (request.seed, request.device) == (seed, device)


async def test_a_seed_typed_in_haste_is_kept() -> None:
    async with opened((80, 24)) as shell:
        await settings(shell)
        await shell.press("up")
        await shell.until(lambda: isinstance(shell.app.focused, Input))
        for key in ("4", "2", "escape"):
            shell.app.post_message(events.Key(key, key_to_character(key)))
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
        assert shell_settings.get("seed", 0) == 42
