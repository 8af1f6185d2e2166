"""How a line of Home is drawn: sign, title and bar, in the cells that there are."""

from __future__ import annotations

from rich.text import Text

from descend.engine.teaching.lesson import TRACKS
from descend.engine.teaching.outline import Outline
from descend.tui.cell_text import fit, plain
from descend.tui.screens.learn.course import Course, Entry, MissingSystem, MissingSystems
from descend.tui.screens.learn.progress_scanner import LiveRun, NextStep
from descend.tui.state_marks import MARKS

TICKS = {"new": " ", "begun": "·", "finished": "✓"}
NEXT, MISSING = "›", "–"
MEDIUM, WIDE = 56, 73
"""Cells of a line from which the stops of the path are numbered, and from which a bar is long and counted."""


def draw_line(entry: Entry, course: Course, room: int, icon: str, where: str = "") -> Text:
    """``entry`` in ``room`` cells, behind ``icon``; ``where`` is what a search has found of it."""
    if isinstance(entry, Outline):
        return _draw_lesson(entry, course, room, where)
    if isinstance(entry, str):
        return _draw_track(entry, course, room, icon)
    if isinstance(entry, MissingSystems):
        return Text(fit(f"{icon}{MISSING} {len(course.missing[entry.track])} not written yet", room), "dim")
    if isinstance(entry, MissingSystem):
        note = "  not written yet" if where else ""
        return Text(fit(f"{MISSING} {plain(entry.title)}{note}", room), "dim")
    if isinstance(entry, NextStep):
        return _draw_step(entry, room)
    return Text(fit(tell_run(entry), room), "bold")


def find_sign(lesson: Outline, course: Course) -> str:
    """Finished, begun, or the next one on the path."""
    state = course.state(lesson)
    return NEXT if state == "new" and lesson.name == course.following else TICKS[state]


def tell_run(live: LiveRun) -> str:
    """A run at work, in short."""
    return f"{MARKS.get(live.state, MARKS['running'])} {live.state}: {plain(live.lesson)}"


def tell_step(step: NextStep) -> str:
    """What to do next, in full."""
    return f"Next: {plain(step.title)}" if step.words == "new" else f"Go on: {plain(step.title)}, {step.words}"


def tell_why(step: NextStep) -> str:
    """Why that is next, and which key does it."""
    if step.words == "new":
        return "Next on the recommended path; enter opens it."
    return f"{step.words[:1].upper()}{step.words[1:]}; enter opens it there."


def draw_bar(share: float, cells: int) -> Text:
    """A bar of ``cells`` cells; what is begun is never drawn as nothing, and only what is finished as full."""
    halves = int(share * 2 * cells)
    halves = min(max(halves, 1 if share > 0 else 0), 2 * cells - (1 if share < 1 else 0))
    whole, half = divmod(halves, 2)
    return Text.assemble(("━" * whole + "╸" * half, "bold"), ("─" * (cells - whole - half), "dim"))


def _draw_lesson(lesson: Outline, course: Course, room: int, where: str) -> Text:
    sign = find_sign(lesson, course)
    number = f"{course.numbers[lesson.name]:>{len(str(len(course.path)))}} " if room >= MEDIUM else ""
    title = plain(lesson.title)
    if where:
        text = Text.assemble((number, "dim"), f"{sign} {title}", (f"  {where}", "dim"))
        text.truncate(room, overflow="ellipsis", pad=True)
        return text
    progress = course.findings.states.get(lesson.name)
    count = f" {progress.done}/{progress.total}" if progress is not None else ""
    tail = draw_bar(course.share(lesson), 8 if room >= WIDE else 5 if room >= MEDIUM else 3)
    if room >= WIDE:
        tail.append(f"{count:>6}", "dim")
    head = len(number) + 2
    return Text.assemble((number, "dim"), f"{sign} {fit(title, max(0, room - head - tail.cell_len - 1))} ", tail)


def _draw_track(letter: str, course: Course, room: int, icon: str) -> Text:
    lessons = course.tracks[letter]
    if not lessons:
        note = f"{MISSING} {len(course.missing[letter])} not written yet"
        return Text.assemble(
            icon, (fit(plain(TRACKS[letter]), max(0, room - len(icon) - len(note) - 1)), "dim"), f" {note}"
        )
    done = sum(course.state(lesson) == "finished" for lesson in lessons)
    tail = draw_bar(course.share(*lessons), 8 if room >= WIDE else 5 if room >= MEDIUM else 3)
    count = f"{done}/{len(lessons)}"
    tail = Text.assemble(tail, (f"{count:>6}", "dim")) if room >= WIDE else Text.assemble((f"{count} ", "dim"), tail)
    title = fit(plain(TRACKS[letter]), max(0, room - len(icon) - tail.cell_len - 1))
    return Text.assemble(icon, (title, "bold"), " ", tail)


def _draw_step(step: NextStep, room: int) -> Text:
    """The next step, whose words are seen whole where the title has to be cut."""
    told = tell_step(step)
    if len(told) > room and step.words != "new":
        left = max(8, room - len("Go on: , ") - len(step.words))
        told = f"Go on: {fit(plain(step.title), left).rstrip()}, {step.words}"
    return Text(fit(told, room), "bold")
