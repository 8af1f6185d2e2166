"""`descend verify --form`: each rule with a lesson that breaks it alone, and all lessons."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from descend.engine.cli import main
from descend.engine.teaching import catalogue
from descend.engine.teaching.form import Shortcoming, check_form, check_tracks
from descend.engine.teaching.form.exercises import is_only_blank
from descend.engine.teaching.form.theory import count_words
from descend.engine.teaching.lesson import Lesson
from descend.engine.teaching.template import make_lesson_text

STILL_SHORT = {
    "convolution": "kinds length show",
    "diffusion": "kinds refusal show",
}
"""What lessons still fall short of; an entry that is no longer needed has to go."""


def write(home: Path, *changes: tuple[str, str], name: str = "sound") -> Lesson:
    text = make_lesson_text("Sound", "N01")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (home / "lessons").mkdir(parents=True, exist_ok=True)
    (home / "lessons" / f"{name}.py").write_text(text)
    return catalogue.find_lesson(name)


def find_short(lesson: Lesson) -> list[Shortcoming]:
    return [*check_form(lesson, catalogue.list_lessons()), *check_tracks([lesson])]


def test_what_new_lesson_writes_falls_short_of_nothing(folders: Path) -> None:
    assert find_short(write(folders)) == []


BROKEN = [
    ("length", ("is a bowl over", "word " * 120 + "is a bowl over"), '"""Sound'),
    ("question", ("before it stops arriving?", "before it stops arriving."), "How large may"),
    ("kinds", ("? [foresee] The curv", "? The curv"), "quiz=quiz"),
    ("alike", ("        - There are too few points", "        - the rate is  too small"), "? The loss grows"),
    ("above", ("        - There are too few points", "        - All of the above"), "? The loss grows"),
    (
        "longest",
        ("        + The rate is too large", "        + The rate is much, much too large"),
        "? The loss grows",
    ),
    ("claims", ('last("excess") < 0.001, seeds=5', 'last("excess") < 0.001'), "claims=("),
    ("starter", ('"columns.T @ error"', '"..."'), "This gradient has the right"),
    (
        "refusal",
        ('f"Nudging the line says the gradient is {right.round(3)}, yours is {found.round(3)}."', '"No."'),
        '"No."',
    ),
    ("unused", ("k.noise *", "0.3 *"), "    noise:"),
    ("help", ('help="learning rate η"', 'help="lr"'), "    lr:"),
    ("show", ('    show=("fit", "loss", "distance"),\n', ""), "LESSON ="),
    ("source", (" 2004", ""), "S. Boyd"),
    ("source", ("S. Boyd, L. Vandenberghe: ", ""), "Convex Optimization"),
    ("source", (", Cambridge University Press 2004, section 9.3", " 2004"), "S. Boyd"),
    ("after", ("    run=run,", '    run=run,\n    after="nowhere",'), "after="),
    ("after", ("    run=run,", '    run=run,\n    after="sound",'), "after="),
    ("covers", ("    run=run,", '    run=run,\n    rows=("S9-99",),'), "S9-99"),
    ("allow", ("    run=run,", '    run=run,\n    allow={"legnth": "It is long."},'), "allow="),
    ("allow", ("    run=run,", '    run=run,\n    allow={"length": " "},'), "allow="),
]


@pytest.mark.parametrize(("rule", "change", "place"), BROKEN)
def test_a_lesson_that_breaks_one_rule_is_told_so_with_its_line(
    folders: Path, rule: str, change: tuple[str, str], place: str
) -> None:
    lesson = write(folders, change)
    short = find_short(lesson)
    assert {one.rule for one in short} == {rule}
    assert place in Path(short[0].file).read_text().splitlines()[short[0].line - 1]


@pytest.mark.parametrize(
    ("rule", "start", "end"),
    [("prediction", "    predictions=(", "    claims="), ("exercise", "    exercises=(", "    quiz=")],
)
def test_what_is_missing_as_a_whole_is_told(folders: Path, rule: str, start: str, end: str) -> None:
    text = make_lesson_text("Sound", "N01")
    lesson = write(folders, (text[text.index(start) : text.index(end)], ""))
    assert [one.rule for one in find_short(lesson)] == [rule]


def test_two_questions_are_too_few(folders: Path) -> None:
    text = make_lesson_text("Sound", "N01")
    lesson = write(folders, (text[text.index("        ? The loss grows") : text.index("        ? [compute]")], ""))
    assert [one.rule for one in check_form(lesson, catalogue.list_lessons())] == ["questions"]


def test_a_rule_that_is_allowed_with_a_reason_is_not_told(folders: Path) -> None:
    reason = ("    run=run,", '    run=run,\n    allow={"length": "It has two halves."},')
    assert find_short(write(folders, BROKEN[0][1], reason)) == []


def test_formulas_and_code_are_no_words() -> None:
    assert count_words("Two words `and code`.\n\n    a = b + gradient\n\n5 don't") == 3


def test_a_blank_is_told_from_a_mistake() -> None:
    assert is_only_blank("def f(x):\n    ...\n", "def f(x):\n    return x\n")
    assert is_only_blank("def f(x):\n    pass  # yours\n", "def f(x):\n    y = x\n    return y\n")
    assert not is_only_blank("def f(x):\n    return 2\n", "def f(x):\n    return x\n")


def test_the_command_prints_file_and_line(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folders, ('help="learning rate η"', 'help=""'))
    assert main(["verify", "--form", "sound"]) == 1
    [line] = capsys.readouterr().out.splitlines()
    assert f"{os.sep}sound.py:" in line
    assert line.endswith(": help: The help of knob 'lr' says no more than its name.")
    assert main(["verify", "--form", "sound", "--json"]) == 1
    told, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert (told["lesson"], told["rule"], last) == ("sound", "help", {"status": "short", "lessons": 1, "short": 1})
    write(folders)
    assert main(["verify", "--form", "sound"]) == 0
    assert capsys.readouterr().out == "No problems of form in 1 lessons.\n"


def test_all_lessons_keep_their_form_but_for_what_is_still_open() -> None:
    lessons = {name: one for name, one in catalogue.list_lessons().items() if not one.module.startswith(catalogue.OWN)}
    short = [one for lesson in lessons.values() for one in check_form(lesson, lessons)]
    short += check_tracks(list(lessons.values()))
    assert {(one.lesson, one.rule) for one in short} == {
        (name, rule) for name, rules in STILL_SHORT.items() for rule in rules.split()
    }
