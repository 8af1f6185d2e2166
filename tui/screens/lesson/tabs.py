"""The parts of a lesson, theory to code: one at a time, under a line that names them with their keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from descend.tui.focus import take_focus
from descend.tui.panels.tabs import first_shown

if TYPE_CHECKING:
    from descend.tui.screens.lesson.screen import LessonScreen

TITLES = {
    "theory": "Theory",
    "predict": "Predict",
    "quiz": "Quiz",
    "exercises": "Exercises",
    "code": "Code",
    "about": "About",
}
"""The parts in order. The key of each is its initial, as a capital."""
TOLD = {
    "theory": "Show the theory",
    "predict": "Predict what your run will show, and see what it did",
    "quiz": "Answer questions about the lesson",
    "exercises": "Solve exercises with knobs or in Python",
    "code": "Read the lesson's own source file",
    "about": "Read about the model, its data and its knobs",
}


class LessonTab(Widget):
    """One part of a lesson; its ``id`` is a key of `TITLES`."""

    @property
    def lesson_screen(self) -> LessonScreen:
        """The screen it is part of."""
        return self.screen  # type: ignore[return-value]

    def turn_to_open(self) -> None:
        """Show the first thing that is open, where there are several."""

    def state(self) -> str:
        """How far the learner is, in a character or three: ``✓`` when done, ``1/4``, or nothing to say."""
        return ""

    def start_over(self) -> None:
        """Begin again: the learner's progress was forgotten."""

    def take_keys(self) -> None:
        """Focus what the keys are for."""
        take_focus(self)

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Look up its own styles alone: no rule for what is in it asks for the focus, and a theory has many blocks."""
        self.app.stylesheet.update_nodes([self])


class TabLine(Widget):
    """``T Theory  P Predict ✓  Q Quiz 1/4 …``, the chosen one set off; a click chooses."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TabLine { height: 1; width: 1fr; color: $foreground 80%; padding: 0 1; }
    """

    class Chosen(Message):
        """A part was clicked."""

        def __init__(self, part: str) -> None:
            super().__init__()
            self.part = part

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[tuple[str, str]] = []
        self.chosen = ""
        self._places: list[tuple[int, int, str]] = []

    def show(self, parts: Sequence[tuple[str, str]], chosen: str) -> None:
        """Name these parts, each with its state, and set one off."""
        if (list(parts), chosen) != (self.parts, self.chosen):
            self.parts, self.chosen = list(parts), chosen
            self.refresh()

    def render(self) -> Content:
        labels, keyed = self._labels()
        names = [name for name, _ in self.parts]
        chosen = names.index(self.chosen) if self.chosen in names else 0
        first = first_shown([cell_len(label) for label in labels], chosen, self.size.width)
        drawn: list[Content] = [Content("‹")] if first else []
        self._places, at = [], len(drawn)
        for name, label in list(zip(names, labels, strict=True))[first:]:
            content = Content(label)
            content = content.stylize("bold reverse") if name == self.chosen else content
            content = content.stylize("bold" if keyed else "bold underline", 1, 2)
            drawn.append(content)
            self._places.append((at, at + cell_len(label), name))
            at += cell_len(label)
        return Content.assemble(*drawn)

    def _labels(self) -> tuple[list[str], bool]:
        """The labels with their keys in front, or with the initial alone as their key where that is too long."""
        rest = [f"{TITLES[name]}{f' {state}' if state else ''} " for name, state in self.parts]
        full = [f" {TITLES[name][0]} {label}" for (name, _), label in zip(self.parts, rest, strict=True)]
        if sum(map(cell_len, full)) <= self.size.width:
            return full, True
        return [f" {label}" for label in rest], False

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        x = event.x - self.styles.padding.left
        for start, end, name in self._places:
            if start <= x < end:
                self.post_message(self.Chosen(name))


class LessonTabs(Vertical):
    """Shows one part; the line above says which there are.

    Attributes:
        chosen: the part that is shown.
    """

    DEFAULT_CSS = """
    LessonTabs > LessonTab, LessonTabs > VerticalScroll { height: 1fr; width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "screen.beside(-1)", "parts", key_display="← →", tooltip="The parts of this lesson"),
        Binding("right", "screen.beside(1)", "Next part", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.parts: dict[str, LessonTab] = {}
        self.chosen = ""
        self.line = TabLine()

    def fill(self, parts: Sequence[LessonTab]) -> None:
        """Take what the lesson has, before being shown."""
        self.parts = {part.id or "": part for part in parts}
        self.chosen = next(iter(self.parts))

    def compose(self) -> ComposeResult:
        yield self.line
        yield from self.parts.values()

    def on_mount(self) -> None:
        """Show the first."""
        self._arrange()

    def choose(self, name: str) -> None:
        """Show the part called ``name``."""
        self.chosen = name
        self._arrange()

    def beside(self, by: int) -> str:
        """The part ``by`` places on, round the ends."""
        names = list(self.parts)
        return names[(names.index(self.chosen) + by) % len(names)]

    def part(self) -> LessonTab:
        """The one that is shown."""
        return self.parts[self.chosen]

    def show_states(self) -> None:
        """Bring the line up to date."""
        self.line.show([(name, part.state()) for name, part in self.parts.items()], self.chosen)

    def _arrange(self) -> None:
        for name, part in self.parts.items():
            part.display = name == self.chosen
        self.show_states()
