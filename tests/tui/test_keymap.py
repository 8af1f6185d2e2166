"""Every binding has an id, and the settings file gives ids other keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.widgets import Input

from descend.engine.doctor.terminal import check_terminal
from descend.tui import keymap, shell_settings
from descend.tui.app import DescendApp
from descend.tui.keymap import check_keymap, find_id, list_ids, list_kinds, parse_keys, read_checked_keymap, remap
from descend.tui.screens.help import HelpScreen
from descend.tui.screens.learn import LearnScreen
from descend.tui.screens.lesson import LessonScreen
from descend.tui.screens.lesson.quiz import Quiz
from descend.tui.screens.settings import SettingsScreen
from tests.tui.driving import opened

FREE = "f19"
"""A key that nothing has."""


def test_every_key_that_is_shown_has_an_id_of_one_meaning() -> None:
    meanings: dict[str, set[str]] = {}
    for kind in list_kinds():
        for binding in keymap.usual_bindings(kind):
            name = find_id(kind, binding)
            if binding.description:
                assert name, (kind, binding)
            if name:
                action = binding.action.removeprefix("panels(").strip("\"')") if "panels(" in binding.action else ""
                meanings.setdefault(name, set()).add((action or binding.action).rpartition(".")[2].strip("\"')"))
    assert len(meanings) > 200
    several = {name: actions for name, actions in meanings.items() if len(actions) > 1}
    assert not several
    assert {"app.quit", "app.help", "lesson.run", "home.all", "quiz.take", "panels.play", "runs.fork"} <= set(meanings)


def test_names_of_scopes_are_of_one_class_each() -> None:
    declared: dict[str, set[str]] = {}
    for kind in list_kinds():
        if kind.__dict__.get("BINDINGS"):
            declared.setdefault(keymap.name_scope(kind), set()).add(kind.__name__)
    assert {scope: kinds for scope, kinds in declared.items() if len(kinds) > 1} == {"panels": {"Replay", "PanelGrid"}}


def test_each_one_can_have_another_key_and_no_other_loses_its_own() -> None:
    for name, uses in list_ids().items():
        for kind in {kind for kind, _ in uses}:
            usual = keymap.usual_bindings(kind)
            now = remap(kind, usual, {name: (FREE,)})
            assert [find_id(kind, one) for one in now[FREE]] == [name]
            kept = {(one.key, one.action) for one in usual if find_id(kind, one) != name}
            assert {(key, one.action) for key, ones in now.items() for one in ones} - {
                (FREE, now[FREE][0].action)
            } == kept


def test_an_id_that_a_binding_states_is_its_id() -> None:
    stated = Binding("f7", "take", "Take", id="quiz.commit")
    assert find_id(Quiz, stated) == "quiz.commit"
    assert remap(Quiz, [stated], {"quiz.commit": ("f8",)})["f8"] == [stated.with_key("f8")]


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("f7", ("f7",)),
        ("?", ("question_mark",)),
        (",", ("comma",)),
        (" ", ("space",)),
        ("space, ctrl+x", ("space", "ctrl+x")),
        (["a", "B"], ("a", "B")),
        ("Esc", ("escape",)),
        ("shift+g", ("G",)),
        ("shift+ctrl+left", ("ctrl+shift+left",)),
        ("ctrl+?", ("ctrl+question_mark",)),
    ],
)
def test_keys_are_written_as_people_write_them(written: object, keys: tuple[str, ...]) -> None:
    assert parse_keys(written) == keys


WRONG = {
    "no object": (["app.quit"], '"keys" has to be an object'),
    "no such id": ({"lesson.rum": "f7"}, "no key has the id 'lesson.rum'; did you mean 'lesson.run'?"),
    "no such key": ({"app.quit": "crtl+x"}, "app.quit: 'crtl+x' is no key; write one such as ?, f7 or ctrl+x."),
    "no text": ({"app.quit": 7}, "app.quit: a key is a text such as"),
    "empty": ({"app.quit": ""}, "app.quit: '' is no key"),
    "of the app": ({"app.quit": "u"}, "app.quit cannot be 'u', which is app.runs; choose another key."),
    "of the screen": ({"lesson.stop": "u"}, "lesson.stop cannot be 'u', which is app.runs"),
    "of a panel": ({"lesson.run": "l"}, "lesson.run cannot be 'l', which is "),
    "twice": ({"quiz.take": "f7", "quiz.list": "f7"}, "quiz.list cannot be 'f7', which is quiz.take"),
}


@pytest.mark.parametrize(("wished", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_a_sentence_and_costs_that_wish_only(wished: object, said: str, folders: Path) -> None:
    folders.mkdir()
    given = {"keys": {**wished, "runs.fork": "f8"} if isinstance(wished, dict) else wished, "theme": "nord"}
    (folders / "settings.json").write_text(json.dumps(given))
    kept, wrong = read_checked_keymap()
    assert len(wrong) == 1
    assert wrong[0].startswith("settings.json: ")
    assert said in wrong[0]
    assert ("runs.fork" in kept) is isinstance(wished, dict)
    shell_settings.put("seed", 3)
    assert json.loads((folders / "settings.json").read_text()) == {**given, "seed": 3}


@pytest.mark.parametrize(
    "wished",
    [
        {"app.settings": ("f9",), "app.train": ("o",)},
        {"lesson.run": ("f5",), "lesson.pause": ("f5",), "lesson.resume": ("f5",)},
        {"quiz.list": ("a",), "quiz.again": ("i",)},
    ],
    ids=["moved away", "in turns", "swapped"],
)
def test_what_makes_room_for_each_other_is_no_clash(wished: dict[str, tuple[str, ...]]) -> None:
    wished = {name: keys for name, keys in wished.items() if name in list_ids()}
    assert check_keymap(wished) == (wished, [])


async def test_keys_of_the_settings_file_work_and_are_shown(folders: Path) -> None:
    shell_settings.put("keys", {"app.runs": "f9", "app.help": "f2", "lesson.stop": "f7", "app.settings": "nonsense"})
    async with opened() as shell:
        await shell.sees("f9 runs", "f2 help", "'nonsense' is no key")
        await shell.press("slash")
        await shell.until(lambda: isinstance(shell.app.focused, Input))
        await shell.press("f9")
        await shell.until(lambda: type(shell.app.screen).__name__ == "RunsScreen")
        await shell.press("escape", "escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
        await shell.press("u", "question_mark")
        await shell.pilot.pause(0.2)
        assert isinstance(shell.app.screen, LearnScreen)
        shell.app.open_lesson("digits")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        await shell.press("f2")
        await shell.until(lambda: isinstance(shell.app.screen, HelpScreen))
        await shell.sees("Some keys are changed")
        rows = {row.id: row.keys for row in shell.app.screen.rows}
        assert rows["app.runs"] == ["f9"]
        assert rows["lesson.run"] == ["space"]
        await shell.press("i")
        await shell.sees("lesson.run")
        await shell.press("escape", "o")
        await shell.until(lambda: isinstance(shell.app.screen, SettingsScreen))
        await shell.sees("3 keys are changed in", "✗ settings.json: app.settings: 'nonsense' is no key")


async def test_sentences_name_the_keys_there_are(folders: Path) -> None:
    shell_settings.put("keys", {"lesson.run": "f8", "lesson.next(predict)": "f5"})
    async with opened(lesson="digits") as shell:
        await shell.sees("f8 runs the experiment", "f8 runs it with these knobs")
        await shell.press("P")
        await shell.sees("Predict first", "f8 runs without one")
        await shell.press("2", "enter")
        await shell.sees("f8 runs it; this page")


async def test_a_clash_is_told_at_the_start_and_the_usual_key_stays(folders: Path) -> None:
    shell_settings.put("keys", {"app.runs": "q"})
    async with opened() as shell:
        await shell.sees("app.runs cannot be 'q'")
        await shell.press("u")
        await shell.until(lambda: type(shell.app.screen).__name__ == "RunsScreen")


async def test_a_damaged_file_is_told_and_kept(folders: Path) -> None:
    folders.mkdir()
    (folders / "settings.json").write_text('{"keys": {\n"app.runs": "f9",}}')
    async with opened() as shell:
        await shell.sees("settings.json is not a JSON object (line 2)")
        shell_settings.put("seed", 3)
    assert "f9" in (folders / "settings.json.damaged").read_text()


def test_without_wishes_nothing_is_imported_for_them(folders: Path) -> None:
    assert DescendApp().keymap == {}


def test_the_doctor_names_what_is_wished_in_vain(folders: Path) -> None:
    shell_settings.put("keys", {"app.runs": "f9", "lesson.rum": "f7"})
    found = {check.ok: check.found for check in check_terminal({"TERM": "xterm"}, [None] * 3) if check.name == "keys"}
    assert found == {
        True: "changed for app.runs",
        False: "settings.json: no key has the id 'lesson.rum'; did you mean 'lesson.run'?",
    }
