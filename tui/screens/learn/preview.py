"""What Home says about the line under the cursor."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from descend.engine.base.errors import DescendError
from descend.engine.teaching import catalogue
from descend.engine.teaching.curriculum import SYSTEMS
from descend.engine.teaching.learning_path import BUILDS_ON, PATH
from descend.engine.teaching.lesson import TRACKS
from descend.engine.teaching.outline import Outline
from descend.tui.cell_text import plain
from descend.tui.screens.learn.about_lesson import about_knobs, about_lesson, about_path, about_theory
from descend.tui.screens.learn.course import Course, Entry, MissingSystem, MissingSystems
from descend.tui.screens.learn.lines import MISSING, TICKS, draw_bar, tell_why
from descend.tui.screens.learn.progress_scanner import LiveRun, NextStep
from descend.tui.screens.learn.search import Hit

NOTHING_FOUND = (
    "Nothing was found for '{query}': no title, system, knob or theory has it, nor words spelled like it. Try "
    "one word, or its beginning; escape shows all lessons again."
)
BAR = 12


class Preview(VerticalScroll, can_focus=False):
    """A lesson, run or track in short; in two columns where there is room."""

    DEFAULT_CSS = """
    Preview {
        padding: 0 0 0 2; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        & Static { height: auto; margin-bottom: 1; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Static(id="about")
        yield Static(id="beside")

    def show(self, entry: Entry | None, course: Course, hit: Hit | None = None, query: str = "") -> None:
        """Describe ``entry``, and what a search has found of it; None: a search for ``query`` that found nothing."""
        about: RenderableType
        beside: RenderableType = ""
        if isinstance(entry, NextStep):
            about = Text(tell_why(entry), "bold")
            if (outline := course.lessons.get(entry.name)) is not None:
                told, beside = self._describe(outline, course)
                about = Group(about, Text(), told)
        elif isinstance(entry, Outline):
            about, beside = self._describe(entry, course)
        elif isinstance(entry, LiveRun):
            about = about_run(entry, course)
        elif isinstance(entry, str):
            about = about_track(entry, course)
        elif isinstance(entry, MissingSystems):
            about = about_missing(entry, course)
        elif isinstance(entry, MissingSystem):
            about = about_system(entry, course)
        else:
            about = Text(NOTHING_FOUND.format(query=plain(query)))
        if hit is not None:
            about = Group(Text(f"Found in {hit.where}", "bold"), Text(hit.quote, "italic"), Text(), about)
        for id, content in (("#about", about), ("#beside", beside)):
            place = self.query_one(id, Static)
            place.update(self._lay_out(content, place.content_size.width))
        self.scroll_home(animate=False)

    def _lay_out(self, content: RenderableType, width: int) -> RenderableType:
        """``content`` as lines of text: a table would be laid out anew each time that it is measured or drawn."""
        if width < 1 or not content:
            return content
        console = self.app.console
        lines = console.render_lines(content, console.options.update(width=width, height=None), pad=False)
        return Text("\n", no_wrap=True, end="").join(
            Text.assemble(*((segment.text, segment.style or "") for segment in line)) for line in lines
        )

    def _describe(self, outline: Outline, course: Course) -> tuple[RenderableType, RenderableType]:
        """The lesson, with its theory where there is room for it; the path and its knobs."""
        try:
            lesson = catalogue.find_lesson(outline.name)
        except DescendError as error:
            return Text(plain(str(error))), about_path(outline, course)
        about = about_lesson(outline, lesson, course)
        if not self.screen.has_class("-huge"):
            return about, Group(about_path(outline, course), Text(), about_knobs(lesson))
        rows = max(7, self.size.height - 2 * len(lesson.knobs.specs) - 5)
        beside = Group(about_path(outline, course, rows), Text(), about_knobs(lesson, helped=True))
        return Group(about, Text(), about_theory(lesson)), beside


def about_run(live: LiveRun, course: Course) -> Group:
    """Which lesson it is a run of, and since when."""
    lesson = course.lessons.get(live.lesson)
    started = live.created.replace("T", " ")[:16]
    return Group(
        Text(f"This run is {plain(live.state)}", "bold"),
        Text(plain(lesson.title if lesson else live.lesson), "dim"),
        Text(),
        Text(f"It was started {plain(started)} and continues by itself. Open it to watch or control it."),
        Text(),
        Text(plain(live.run.id)),
    )


def about_track(letter: str, course: Course) -> Group:
    """How far the learner is in it, its lessons, and what is missing."""
    lessons, missing = course.tracks[letter], course.missing[letter]
    done = sum(course.state(lesson) == "finished" for lesson in lessons)
    bar = Text.assemble(draw_bar(course.share(*lessons), BAR), f" {done} of {len(lessons)} lessons finished")
    titles = [Text(f"{TICKS[course.state(lesson)]} {plain(lesson.title)}") for lesson in lessons]
    names = [Text(f"{MISSING} {SYSTEMS[system]}", "dim") for system in missing]
    if names:
        names = [Text(), Text(f"{len(names)} not written yet", "bold"), *names]
    return Group(Text(plain(TRACKS[letter]), "bold"), *([bar] if lessons else []), Text(), *titles, *names)


def about_missing(entry: MissingSystems, course: Course) -> Group:
    """What of a track is missing."""
    names = [Text(f"{MISSING} {SYSTEMS[system]}", "dim") for system in course.missing[entry.track]]
    told = f"{len(names)} of {plain(TRACKS[entry.track])} not written yet"
    return Group(Text(told, "bold"), Text("→ shows them in the list.", "dim"), Text(), *names)


def about_system(entry: MissingSystem, course: Course) -> Group:
    """Where a system without a lesson stands."""

    def tell(systems: tuple[str, ...]) -> list[Text]:
        written = {system for lesson in course.path for system in lesson.covers}
        return [Text(f"{' ' if one in written else MISSING} {SYSTEMS[one]}") for one in systems]

    parts = [
        Text(plain(entry.title), "bold"),
        Text(f"{plain(TRACKS[entry.system[0]])} · no lesson yet", "dim"),
        Text(),
        Text(
            "The course needs this, and nobody has written it yet: `descend new lesson NAME` makes one to begin with."
        ),
    ]
    after = tuple(system for system in PATH if entry.system in BUILDS_ON[system])
    for heading, systems in (("Builds on", BUILDS_ON[entry.system]), ("Leads to", after)):
        if systems:
            parts += [Text(), Text(heading, "bold"), *tell(systems)]
    return Group(*parts)
