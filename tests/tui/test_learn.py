"""A person who looks for a lesson."""

from __future__ import annotations

import io
import threading

import pytest

from descend.engine.run.records import Status
from descend.engine.teaching import catalogue, learner_progress
from descend.engine.teaching.curriculum import SYSTEMS
from descend.engine.teaching.learning_path import find_next_lesson
from descend.engine.teaching.lesson import TRACKS
from descend.tui.screens.learn import LearnScreen
from descend.tui.screens.learn.course import Course
from descend.tui.screens.learn.progress_scanner import ProgressScanner
from descend.tui.screens.learn.search import LessonIndex
from descend.tui.screens.learn.tree import LessonTree, key
from descend.tui.screens.lesson import LessonScreen
from tests.engine.own import teach
from tests.tui.driving import SIZES, Shell, opened
from tests.tui.recording import Worker, asked, begin, finished, say, steps


def chosen(shell: Shell) -> str:
    """The name of the lesson under the cursor."""
    entry = shell.app.screen.query_one(LessonTree).entry
    return getattr(entry, "name", str(entry))


@pytest.mark.parametrize("size", SIZES)
async def test_a_newcomer_is_led_to_the_first_lesson(size: tuple[int, int]) -> None:
    lesson = catalogue.find_lesson("digits")
    async with opened(size) as shell:
        assert chosen(shell) == "digits"
        await shell.sees(
            "descend", "enter opens the lesson Digits", lesson.title, "Can a few thousand", "quit", "search"
        )
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        await shell.sees("The network.", "idle")
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
        assert chosen(shell) == "digits"


@pytest.mark.parametrize(("down", "up"), [("down", "up"), ("j", "k")])
async def test_arrows_and_letters_move_through_the_lessons(down: str, up: str) -> None:
    async with opened() as shell:
        first = chosen(shell)
        await shell.press(down, down)
        second = chosen(shell)
        assert second != first
        await shell.sees(catalogue.find_lesson(second).title[:20])
        await shell.press(up, up)
        assert chosen(shell) == first


@pytest.mark.parametrize(("fold", "unfold"), [("h", "l"), ("left", "right")])
async def test_a_track_can_be_left_folded_and_entered(fold: str, unfold: str) -> None:
    async with opened() as shell:
        await shell.press(fold)
        assert chosen(shell) == "D"
        lines = shell.app.screen.query_one(LessonTree).last_line
        await shell.press(fold)
        await shell.until(lambda: shell.app.screen.query_one(LessonTree).last_line < lines)
        await shell.press(unfold, unfold)
        assert chosen(shell) == "digits"


async def test_search_filters_while_typing_and_enter_opens_the_best_match() -> None:
    async with opened() as shell:
        await shell.press("slash")
        await shell.type("fashion")
        await shell.until(lambda: chosen(shell) == "fashion-mnist")
        assert "Eigenpairs" not in shell.text
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        assert shell.app.screen.lesson.name == "fashion-mnist"
        await shell.press("escape")
        await shell.sees("Grid world")


async def test_escape_clears_a_search_that_found_nothing() -> None:
    async with opened() as shell:
        await shell.press("slash")
        await shell.type("[b]zzz q?")
        await shell.sees("Nothing was found for '[b]zzz q?'")
        await shell.press("enter")
        assert isinstance(shell.app.screen, LearnScreen)
        await shell.press("escape")
        await shell.sees("Eigenpairs")
        assert shell.app.screen.focused is shell.app.screen.query_one(LessonTree)


def test_search_finds_words_of_titles_systems_knobs_and_theories_and_says_where() -> None:
    index = LessonIndex(Course(catalogue.list_lessons()))

    def first(query: str) -> tuple[str, str]:
        return next(((name, hit.where) for name, hit in index.find(query).items()), ("", ""))

    assert first("digits") == ("digits", "title: digits")
    assert "digits" in index.find("BACKPROPAGATION softmax")
    assert index.find("backpropagation softmax")["digits"].where.startswith("theory: ")
    assert "softmax" in index.find("softmax")["digits"].quote.lower()
    assert first("batch_size")[1] == "knob batch_size"
    assert first("tuned by momentum")[0] == "optimiser-race"
    rates = index.find("rate")
    assert rates["digits"].where == "knob lr: rate"
    assert rates["digits"].quote == "learning rate of gradient descent"
    assert first("dropout") == ("missing F12", "title: dropout")
    assert index.find("backpropagation unicorn") == {}
    assert index.find("") == {}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("bckprop", "backpropagation"),
        ("convlution", "convolution"),
        ("momntum", "optimiser-race"),
        ("bakcpropagation", "backpropagation"),
    ],
)
def test_search_forgives_letters_left_out_and_swapped(typed: str, name: str) -> None:
    assert next(iter(LessonIndex(Course(catalogue.list_lessons())).find(typed))) == name


def test_letters_inside_a_word_do_not_hide_what_was_meant() -> None:
    hits = LessonIndex(Course(catalogue.list_lessons())).find("learning rte")
    assert hits["digits"].quote == "learning rate of gradient descent"


async def test_the_sentence_on_nothing_found_is_seen_where_there_is_one_column() -> None:
    async with opened((50, 16)) as shell:
        await shell.press("slash")
        await shell.type("qqq")
        await shell.sees("Nothing was found for 'qqq'")
        await shell.press("down", "escape")
        await shell.sees("Digits: a first network")


async def test_what_was_found_is_said_in_the_list_and_beside_it() -> None:
    async with opened((120, 40)) as shell:
        await shell.press("slash")
        await shell.type("overshots")
        await shell.sees("theory: overshoot", "Found in theory: overshoot")
        await shell.press("escape")
        await shell.until(lambda: "Found in" not in shell.text)
        await shell.sees("not written yet")


async def test_a_lesson_that_was_run_is_begun_and_one_whose_parts_are_all_done_is_ticked() -> None:
    finished("fashion-mnist", "stopped")
    digits = catalogue.find_lesson("digits")
    async with opened() as shell:
        await shell.sees("0/1")
        assert "✓" not in shell.text
        finished("digits")
        await shell.sees("· Digits", " parts done")
        assert "· Fashion" not in shell.text
        for number in range(len(digits.predictions)):
            learner_progress.record_prediction(digits, number, 0, "run")
        for number, question in enumerate(digits.quiz):
            learner_progress.record_answer(digits, number, question.answer)
        for number in range(len(digits.exercises)):
            learner_progress.record_attempt(digits, number, True)
        await shell.sees("✓ Digits", "✓ finished")
        assert chosen(shell) == "digits"


async def test_a_run_at_work_comes_first_and_opening_it_attaches() -> None:
    run = asked()
    begin(run)
    steps(run, 0, 20)
    worker = Worker(run)
    async with opened() as shell:
        await shell.sees("▶ running: digits")
        assert chosen(shell) == "digits"
        await shell.press("g")
        await shell.sees("This run is running", run.id)
        await shell.press("enter")
        await shell.sees("step 20/60", run.id)
        steps(run, 20, 40)
        await shell.sees("step 40/60")
        await shell.press("escape")
        worker.die()
        await shell.until(lambda: "▶ running" not in shell.text)


async def test_a_damaged_run_folder_is_skipped() -> None:
    finished("digits")
    broken = asked()
    (broken.folder / "run.json").write_text("{")
    async with opened() as shell:
        await shell.sees("· Digits")
        assert broken.id not in shell.text


async def test_a_paused_run_is_marked_as_such() -> None:
    run = asked()
    begin(run)
    say(run, Status(state="paused", device="cpu"))
    worker = Worker(run)
    async with opened((80, 24)) as shell:
        await shell.sees("‖ paused: digits")
    worker.die()


async def test_where_room_is_short_the_names_of_knobs_stay() -> None:
    from rich.console import Console

    from descend.tui.screens.learn.about_lesson import about_knobs

    for lesson in catalogue.list_lessons().values():
        console = Console(width=41, record=True, file=io.StringIO())
        console.print(about_knobs(lesson))
        drawn = console.export_text().splitlines()
        for name in lesson.knobs.specs:
            assert any(line.startswith(name[:15]) for line in drawn), (lesson.name, name)


async def test_where_there_is_no_room_for_two_columns_the_titles_have_it() -> None:
    async with opened((50, 16)) as shell:
        await shell.sees("Backpropagation on a computational graph", "enter open")
        assert "Can a few thousand" not in shell.text
        await shell.pilot.resize_terminal(80, 16)
        await shell.sees("Can a few thousand")


async def test_leaving_a_lesson_that_was_opened_at_once_leads_to_its_line() -> None:
    async with opened((80, 24), lesson="eigenpairs") as shell:
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LearnScreen))
        assert shell.app.screen.query_one(LessonTree).entry.name == "eigenpairs"


def do_all_but_one_question(name: str) -> None:
    """All of a lesson is done but its last question."""
    lesson = catalogue.find_lesson(name)
    learner_progress.record_opening(lesson)
    learner_progress.record_run(lesson)
    for number in range(len(lesson.predictions)):
        learner_progress.record_prediction(lesson, number, 0, "run")
    for number, question in enumerate(lesson.quiz[:-1]):
        learner_progress.record_answer(lesson, number, question.answer)
    for number in range(len(lesson.exercises)):
        learner_progress.record_attempt(lesson, number, True)


@pytest.mark.parametrize("size", SIZES)
async def test_the_first_line_is_where_to_go_on_and_enter_goes_exactly_there(size: tuple[int, int]) -> None:
    do_all_but_one_question("digits")
    do_all_but_one_question("backpropagation")
    async with opened(size) as shell:
        await shell.sees("Go on: Backpropagation on a", ", 1 question open", "1 question open; enter")
        assert shell.app.screen.query_one(LessonTree).cursor_line == 0
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        assert shell.app.screen.lesson.name == "backpropagation"
        await shell.until(lambda: shell.app.screen.body.parts.chosen == "quiz")


async def test_enter_pressed_before_it_is_known_where_to_go_on_waits_for_it() -> None:
    do_all_but_one_question("convolution")
    async with opened((80, 24)) as shell:
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        assert shell.app.screen.lesson.name == "convolution"


async def test_a_line_chosen_just_before_it_is_known_where_to_go_on_is_the_one_that_takes_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    do_all_but_one_question("convolution")
    released, look = threading.Event(), ProgressScanner.look
    monkeypatch.setattr(ProgressScanner, "look", lambda scanner: (released.wait(10), look(scanner))[1])
    async with opened((80, 24)) as shell:
        tree = shell.app.screen.query_one(LessonTree)
        line = tree.cursor_node
        assert line is not None
        assert key(line.data) == "digits"
        released.set()
        await shell.sees("Go on: Convolution")
        tree.post_message(LessonTree.NodeSelected(line))
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        assert shell.app.screen.lesson.name == "convolution"


async def test_after_a_finished_lesson_the_first_line_is_the_next_on_the_path() -> None:
    do_all_but_one_question("digits")
    digits = catalogue.find_lesson("digits")
    learner_progress.record_answer(digits, len(digits.quiz) - 1, digits.quiz[-1].answer)
    async with opened() as shell:
        following = find_next_lesson(catalogue.list_lessons().values(), {"digits"}, "digits")
        assert following is not None
        count = len(catalogue.list_lessons())
        await shell.sees(f"Next: {following.title}"[:40], f"1 of {count} finished", "Next on the recommended path")


async def test_who_comes_back_from_a_finished_lesson_is_led_on() -> None:
    do_all_but_one_question("digits")
    digits = catalogue.find_lesson("digits")
    async with opened() as shell:
        tree = shell.app.screen.query_one(LessonTree)
        await shell.sees("Go on: Digits")
        tree.go_to("digits")
        await shell.press("enter")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))
        learner_progress.record_answer(digits, len(digits.quiz) - 1, digits.quiz[-1].answer)
        await shell.press("escape")
        await shell.sees(f"Next: {tree.course.path[1].title.partition(':')[0]}")
        await shell.until(lambda: tree.cursor_line == 0)


@pytest.mark.parametrize("size", SIZES)
async def test_home_starts_at_the_top_with_the_first_heading_and_a_bar_for_each_lesson(size: tuple[int, int]) -> None:
    async with opened(size) as shell:
        await shell.sees("Neurons and networks   ", "───")
        tree = shell.app.screen.query_one(LessonTree)
        assert tree.scroll_offset.y == 0
        for lesson in tree.course.tracks["D"][: tree.size.height - 2]:
            assert (lesson.title if size[0] > 80 else lesson.title[:36]) in shell.text
        if tree.course.missing["D"] and tree.size.height > len(tree.course.tracks["D"]) + 1:
            await shell.sees(f"– {len(tree.course.missing['D'])} not written yet")
        assert not any(line.strip().startswith(("A  ", "D  ")) for line in shell.text.splitlines())


async def test_tracks_come_in_teaching_order_without_a_gap() -> None:
    async with opened((200, 100)) as shell:
        await shell.sees("Case studies")
        titles = [line[3:] for line in shell.text.splitlines() if line[1:2] in "▼▶"]
        starts = ("Neurons", "Mathematics", "Optimisation", "Data", "Generalisation", "Convolutional", "Recurrent")
        for line, start in zip(titles, starts, strict=False):
            assert line.startswith(start)
        assert len(titles) == 15


async def test_what_is_missing_unfolds_and_stays_so() -> None:
    async with opened((200, 60)) as shell:
        tree = shell.app.screen.query_one(LessonTree)
        track = next(letter for letter, found in tree.course.missing.items() if found and tree.course.tracks[letter])
        missing = tree.course.missing[track]
        tree.go_to(f"missing {track}")
        await shell.sees(f"{len(missing)} of {TRACKS[track]} not written yet")
        await shell.press("right")
        await shell.sees(f"– {SYSTEMS[missing[0]]}")
        await shell.press("right")
        await shell.sees("no lesson yet", "Leads to")
        finished("eigenpairs")
        await shell.sees("· Eigenpairs")
        assert chosen(shell) == f"MissingSystem(system='{missing[0]}')"


async def test_one_key_follows_the_path_across_tracks() -> None:
    async with opened() as shell:
        tree = shell.app.screen.query_one(LessonTree)
        path = [lesson.name for lesson in tree.course.path]
        for name in (*path[1:], path[0]):
            await shell.press("p")
            assert chosen(shell) == name


async def test_the_right_half_says_why_what_is_seen_and_what_came_of_the_last_run() -> None:
    finished("convolution")
    async with opened((200, 60)) as shell:
        await shell.sees("· Convolution")
        await shell.press("p")
        tree = shell.app.screen.query_one(LessonTree)
        tree.go_to("convolution")
        lesson = catalogue.find_lesson("convolution")
        await shell.sees(lesson.question[:25], "You will see", "feature map", "3 predictions, 6 questions, 3 exercises")
        await shell.sees("Last run", "✓ done", "Builds on", "Leads to", "Learned filters", "The recommended path")
        await shell.sees("read ✓, run ✓", "questions 0/6", "From the theory")


async def test_takeaways_are_what_one_will_be_able_to_explain(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    lessons = catalogue.list_lessons()
    taught = {**lessons, "digits": replace(lessons["digits"], takeaways=("why the loss starts at ln 10",))}
    teach(monkeypatch, *taught.values())
    async with opened() as shell:
        await shell.sees("You will be able to explain", "why the loss starts at ln 10")
