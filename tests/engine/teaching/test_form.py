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
from descend.engine.teaching.form.quiz import find_right_place
from descend.engine.teaching.form.shortcoming import LessonText
from descend.engine.teaching.form.theory import count_words
from descend.engine.teaching.lesson import Lesson, Question
from descend.engine.teaching.shuffle import order_choices
from descend.engine.teaching.template import make_lesson_text

STILL_SHORT: dict[str, str] = {}
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
    ("takeaways", ("further than the last, and the loss explodes.", "further than the last"), "LESSON ="),
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
    ("taken", ("noise", "seed"), "    seed:"),
    ("show", ('    show=("fit", "loss", "distance"),\n', ""), "LESSON ="),
    ("source", (" 2004", ""), "S. Boyd"),
    ("source", ("S. Boyd, L. Vandenberghe: ", ""), "Convex Optimization"),
    ("source", (", Cambridge University Press 2004, section 9.3", " 2004"), "S. Boyd"),
    ("after", ("    run=run,", '    run=run,\n    after="nowhere",'), "after="),
    ("after", ("    run=run,", '    run=run,\n    after="sound",'), "after="),
    ("axes", (', axes=("x", "y"), line', ", line"), "lab.curve"),
    ("axes", ('axes=("x", "y")', 'axes=("x", "")'), "lab.curve"),
    ("result", ("the loss falls fast", "the loss falls to 0.137 fast"), "The line turns"),
    ("result", ("the loss falls fast", "half of the runs gain 12.5 % fast"), "The line turns"),
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


def test_the_name_of_a_panel_is_found_where_it_is_given_and_not_in_the_theory(folders: Path) -> None:
    text = LessonText(write(folders, ("The line turns", "The line does fit and turns")))
    lines = text.text.splitlines()
    assert "does fit" in next(line for line in lines if "fit" in line)
    assert '"fit"' in lines[text.find_line("fit") - 1]


@pytest.mark.parametrize(
    ("rule", "start", "end"),
    [("prediction", "    predictions=(", "    claims="), ("exercise", "    exercises=(", "    quiz=")],
)
def test_what_is_missing_as_a_whole_is_told(folders: Path, rule: str, start: str, end: str) -> None:
    text = make_lesson_text("Sound", "N01")
    lesson = write(folders, (text[text.index(start) : text.index(end)], ""))
    assert [one.rule for one in find_short(lesson)] == [rule]


def test_results_are_told_from_what_is_computed_claimed_or_cited(folders: Path) -> None:
    for said in (
        "it ends at 0.4",  # a number of the code
        "it reaches 40 %",  # the same, as a share
        "it took 17 steps, since 2·8 + 1 = 17",
        "the error falls to 0.137 (Cauchy 1847)",
        "it arrives 3 times",
        "it needs 60 steps",  # a knob's default, and in a claim
        "there are 1,234 of them",
        "of 5,000 points it takes 250 batches of 20",
    ):
        lesson = write(folders, ("the loss falls fast", f"{said}, so the loss falls fast"))
        assert [one.why for one in find_short(lesson)] == [], said
    lesson = write(
        folders,
        ("the loss falls fast", "it reaches 93 %"),
        ('last("excess") < 0.001, seeds=5', 'last("excess").between(0.92, 0.94), seeds=5'),
    )
    assert find_short(lesson) == []


def test_a_knob_counts_as_read_only_where_run_hands_it_to(folders: Path) -> None:
    """An attribute of the same name of something else is no reading."""
    other = ("    line = torch.zeros(2)", "    line = torch.zeros(2).data\n    lab.noise = 0.3")
    lesson = write(folders, ("k.noise *", "lab.noise *"), other)
    assert [one.rule for one in find_short(lesson)] == ["unused"]
    handed = (
        ("k.noise *", "spread(lab, knobs=k) *"),
        ("def gradient(columns", "def spread(lab, knobs):\n    return knobs.noise\n\n\ndef gradient(columns"),
    )
    assert find_short(write(folders, *handed)) == []
    assert find_short(write(folders, ("k.noise *", 'getattr(k, "noise") *'))) == []  # cannot be told


def test_right_choices_stand_in_even_places_over_a_track(folders: Path) -> None:
    """Each question has its right choice where the shuffle puts it first."""
    questions = []
    for number in range(8):
        text = f"[compute] How much is {number} and 1?"
        choices = [f"+ {number + 1}", f"- {number + 12}", f"- {number + 13}"]
        first = order_choices(Question(text.partition("] ")[2], ("", "", ""), 0, ""))[0]
        choices.insert(first, choices.pop(0))
        questions.append("\n        ".join([f"? {text}", *choices, "= Count on."]))
    text = make_lesson_text("Sound", "N01")
    start, end = text.index("        ? [foresee]"), text.index('    """),\n    sources')
    lesson = write(folders, (text[start:end], "        " + "\n\n        ".join(questions) + "\n"))
    assert [find_right_place(question) for question in lesson.quiz] == [0] * 8
    [short] = find_short(lesson)
    assert short.rule == "place"
    assert "number 1 in 8 of the track's 8 questions; at most 5 is asked for" in short.why
    moved = [one.replace("+ ", "~ ").replace("- ", "+ ", 1).replace("~ ", "- ") for one in questions[4:]]
    half = [*questions[:4], *moved]
    lesson = write(folders, (text[start:end], "        " + "\n\n        ".join(half) + "\n"), name="half")
    assert [one.rule for one in find_short(lesson)] == []


def test_own_lessons_make_tracks_of_their_own(folders: Path) -> None:
    """A bad quiz of mine is not told of the lessons of the same track that descend brings."""
    text = make_lesson_text("Mine", "A01")
    longer = ("        + The rate is too large", "        + The rate is much, much too large")
    (folders / "lessons").mkdir(parents=True)
    (folders / "lessons" / "mine.py").write_text(text.replace(*longer))
    short = check_tracks(list(catalogue.list_lessons().values()))
    assert [
        one.lesson for one in short if one.rule == "longest" and catalogue.find_lesson(one.lesson).track == "A"
    ] == ["mine"]


@pytest.mark.parametrize("choice", ["None of the above", "Both of these", "All are right", "Neither of them is true"])
def test_choices_that_speak_of_others_are_told(folders: Path, choice: str) -> None:
    lesson = write(folders, ("        - There are too few points", f"        - {choice}"))
    assert [one.rule for one in find_short(lesson)] == ["above"]


@pytest.mark.parametrize("choice", ["None", "All weights", "Both weights and biases"])
def test_choices_that_only_begin_so_are_not(folders: Path, choice: str) -> None:
    assert find_short(write(folders, ("        - There are too few points", f"        - {choice}"))) == []


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
