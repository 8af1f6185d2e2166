"""What Home says about a lesson: why, what there is to see and to do, how far the learner is, and what is around it."""

from __future__ import annotations

import re

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from descend.engine.teaching.lesson import TRACKS, CodeExercise, CommandDrill, Lesson
from descend.engine.teaching.outline import Outline
from descend.tui.cell_text import plain
from descend.tui.screens.learn.course import Course, Neighbour
from descend.tui.screens.learn.lines import MISSING, TICKS, draw_bar, find_sign
from descend.tui.screens.learn.progress_scanner import LastRun
from descend.tui.state_marks import MARKS

EMPHASIS = re.compile(r"(\*\*|\*|`)(?=\S)(.+?)(?<=\S)\1")
LONGEST = 16
"""Cells that a knob's name always gets, if it needs them."""
VALUE = 16
"""Cells of a knob's default that are shown at most."""
STYLES = {"**": "bold", "*": "italic", "`": "bold"}
BAR = 12
AROUND = 3
"""Stops of the path that are shown before and after a lesson where room is short."""


def about_lesson(outline: Outline, lesson: Lesson, course: Course) -> Group:
    """Title, question, what will be seen, what it builds on and what it leads to."""
    progress = course.findings.states.get(lesson.name)
    facts = f"stop {course.numbers[lesson.name]} of {len(course.path)}, about {lesson.minutes} minutes"
    if progress is not None:
        facts += ", ✓ finished" if progress.state == "finished" else f", {progress.done} of {progress.total} parts done"
    parts: list[RenderableType] = [
        Text(plain(lesson.title), "bold"),
        Text(f"{plain(TRACKS[lesson.track])} · {facts}", "dim"),
    ]
    if lesson.name in course.findings.parts:
        parts.append(_tell_parts(outline, course))
    parts += [Text(), emphasised(lesson.question), Text(), _tell_sights(lesson)]
    if lesson.takeaways:
        parts += [Text(), _list_under("You will be able to explain", [f"· {plain(one)}" for one in lesson.takeaways])]
    if last := course.findings.last.get(lesson.name):
        parts += [Text(), _tell_last(last)]
    for heading, around in (("Builds on", course.list_before(outline)), ("Leads to", course.list_after(outline))):
        if around:
            parts += [Text(), _list_under(heading, _tell_neighbours(around, course))]
    return Group(*parts)


def about_knobs(lesson: Lesson, helped: bool = False) -> Group:
    """What can be turned; ``helped`` adds what each knob is."""
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    names, values = [*lesson.knobs.specs, "data"], [str(spec.default) for spec in lesson.knobs.specs.values()]
    table.add_column(no_wrap=True, width=min(LONGEST, max(map(len, names))))
    table.add_column(no_wrap=True, width=min(VALUE, max(map(len, [*values, *lesson.data[:1], ""]))), justify="right")
    table.add_column(no_wrap=not helped, ratio=1)  # where room is short, what is said of a knob is cut
    for name, spec in lesson.knobs.specs.items():
        told = f"{spec.help}: {spec.describe()}" if helped and spec.help else spec.describe()
        table.add_row(Text(plain(name)), Text(plain(str(spec.default)), "bold"), Text(plain(told), "dim"))
    if len(lesson.data) > 1:
        listed = " | ".join([*lesson.data, *(["a table of your own"] if lesson.takes_tables else [])])
        table.add_row(Text("data"), Text(plain(lesson.data[0]), "bold"), Text(plain(listed), "dim"))
    return Group(Text("Knobs you can turn", "bold"), table)


def about_theory(lesson: Lesson) -> Group:
    """The theory after its question; formulas and lists keep their lines."""
    paragraphs = lesson.theory.split("\n\n")[1:]
    parts: list[RenderableType] = [Text("From the theory", "bold")]
    for paragraph in paragraphs:
        kept = paragraph.startswith((" ", "-", "*  ", "|", "1."))
        shown = Text("\n").join(map(_emphasise_line, paragraph.split("\n"))) if kept else emphasised(_join(paragraph))
        parts += [shown, Text()]
    return Group(*parts)


def _emphasise_line(line: str) -> Text:
    indent = len(line) - len(line.lstrip())
    return Text.assemble(" " * indent, emphasised(line.lstrip()))


def _join(paragraph: str) -> str:
    return " ".join(paragraph.split("\n"))


def about_path(lesson: Outline, course: Course, rows: int = 2 * AROUND + 1) -> Group:
    """``rows`` stops of the recommended path, with ``lesson`` about the middle."""
    here = course.numbers[lesson.name] - 1
    start = max(0, min(here - rows // 2, len(course.path) - rows))
    table = Table.grid(padding=(0, 1, 0, 0))
    for stop in course.path[start : start + rows]:
        sign = find_sign(stop, course)
        title = plain(stop.title) + (" ‹" if stop.name == lesson.name else "")
        style = "bold" if stop.name == lesson.name else "dim"
        table.add_row(*(Text(cell, style) for cell in (f"{course.numbers[stop.name]:>3}", sign, title)))
    return Group(Text("The recommended path", "bold"), table)


def emphasised(markdown: str) -> Text:
    """A paragraph of Markdown with its emphasis as styles, and nothing else interpreted."""
    text, at = Text(), 0
    markdown = plain(markdown)
    for match in EMPHASIS.finditer(markdown):
        text.append(markdown[at : match.start()])
        text.append(match[2], STYLES[match[1]])
        at = match.end()
    text.append(markdown[at:])
    return text


def _tell_parts(lesson: Outline, course: Course) -> Text:
    """The bar, and what of each kind of part is done."""
    told = []
    for kind, done, total in course.findings.parts[lesson.name]:
        sign = TICKS["finished"] if done else MISSING
        told.append(f"{kind} {sign}" if kind in ("read", "run") else f"{kind} {done}/{total}")
    return Text.assemble(draw_bar(course.share(lesson), BAR), " ", ", ".join(told))


def _tell_sights(lesson: Lesson) -> Text:
    """The panels, and how much there is to do."""
    text = Text.assemble(("You will see", "bold"))
    text.append(f"\n{', '.join(map(plain, lesson.show))}" if lesson.show else "")
    solved = [one for one in lesson.exercises if isinstance(one, (CodeExercise, CommandDrill))]
    counts = [
        (len(lesson.predictions), "prediction"),
        (len(lesson.quiz), "question"),
        (len(lesson.exercises), "exercise"),
    ]
    told = [f"{count} {kind}{'s' if count > 1 else ''}" for count, kind in counts if count]
    written = f" ({len(solved)} in code)" if solved else ""
    text.append(f"\n{', '.join(told)}{written}" if told else "", "")
    return text


def _tell_last(last: LastRun) -> Text:
    value = "not finite" if last.value is None else f"{last.value:.4g}"
    result = f", {plain(last.metric)} {value}" if last.metric else ""
    when = plain(last.created.replace("T", " ")[:16])
    return Text.assemble(("Last run", "bold"), f"\n{MARKS.get(last.state, ' ')} {plain(last.state)}{result}, {when}")


def _tell_neighbours(around: list[Neighbour], course: Course) -> list[str]:
    """A line a lesson, and one for all that is missing."""
    lines = [f"{TICKS[course.state(one.lesson)]} {plain(one.title)}" for one in around if one.lesson is not None]
    missing = [plain(one.title) for one in around if one.lesson is None]
    return lines + ([f"{MISSING} not written yet: {'; '.join(missing)}"] if missing else [])


def _list_under(heading: str, lines: list[str]) -> Table:
    """``lines`` below a bold ``heading``; a sign of one character stands before each."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=1)
    table.add_column()
    for line in lines:
        table.add_row(Text(line[:1]), Text(line[2:]))
    outer = Table.grid()
    outer.add_row(Text(heading, "bold"))
    outer.add_row(table)
    return outer
