"""All panels of a run: a grid where there is room, one panel with tabs where there is not."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Static

from descend.tui import shell_settings
from descend.tui.draw.plotext_chart import prepare
from descend.tui.driver import behind
from descend.tui.focus import take_focus
from descend.tui.panels.arrangement import Arrangement, arrange_panels
from descend.tui.panels.catalogue import Choice, Subject, arranged, by_importance, named, offered, shown_as
from descend.tui.panels.panel import LIVE, Panel
from descend.tui.panels.replay import Replay
from descend.tui.panels.tabs import PanelTabs

if TYPE_CHECKING:
    from textual.geometry import Size

    from descend.engine.run.history import History

TURN = 1 / 15
"""Seconds between two redraws, of whichever panels, at least."""
AGAIN = 0.2
"""Seconds between two redraws of one panel, at least."""
SHARE = 8
"""A redraw is followed by at least this many times its own duration without one."""
EAGER = 1 / 60, 2
"""`TURN` and `SHARE` while panels follow the cursor, which `AGAIN` does not delay."""


class PanelGrid(Replay):
    """The panels of a run, laid out for whatever size there is.

    Args:
        history: the run.
        expected: names of series and pictures the run will record, so that their panels are there from the start.
        lesson: whose panels these are; the user's choice among them lasts for all its runs.
        show: names of panels, most important first: that one is the largest where there is room for several.
    """

    DEFAULT_CSS = """
    PanelGrid { layout: grid; grid-gutter: 0; width: 1fr; height: 1fr; layers: default above; }
    PanelGrid > StepLine { layer: above; }
    PanelGrid > Static { width: 1fr; height: 1fr; content-align: center middle; color: $foreground 70%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "zoom(1)", "Panel", key_display="1-9", tooltip="Show one panel alone, or all again"),
        *(Binding(str(key), f"zoom({key})", f"Panel {key}", show=False) for key in range(2, 10)),
        Binding("v", "choose", "Panels", tooltip="Choose which panels are shown, and their order"),
        Binding("escape", "live", "To the end", tooltip="Leave the replay: back to the newest step"),
        Binding("escape", "unzoom", "All panels"),
        Binding("left", "move(-1)", "Previous panel", show=False),
        Binding("right", "move(1)", "Next panel", show=False),
    ]

    def __init__(
        self,
        history: History,
        expected: Iterable[str] = (),
        lesson: str = "",
        show: Sequence[str] = (),
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.history = history
        self.expected = tuple(expected)
        self.lesson, self.show = lesson, tuple(show)
        self.choice: Choice = remembered(lesson)
        self.panels: list[Panel] = []
        self.zoomed: int | None = None
        self._selected = 0
        self._tabbed = False
        self._numbers: dict[Subject, int] = {}
        self._known: set[str] = set()
        self._offered: list[Subject] = []
        self._tabs = PanelTabs()
        self._empty = Static("waiting for data", markup=False)
        self._timer: Timer | None = None
        self._due = 0.0
        self._eager_due = 0.0
        self._following: set[Panel] = set()
        self._drawn_at: dict[Panel, float] = {}
        self.again = max(AGAIN, shell_settings.get("redraw", AGAIN))

    def compose(self) -> ComposeResult:
        yield self._tabs
        yield self._empty
        yield self.line

    def on_mount(self) -> None:
        self._sync()
        self.call_after_refresh(self.run_worker, prepare, thread=True, exit_on_error=False)

    def on_resize(self) -> None:
        self._arrange()

    def on_panel_tabs_chosen(self, event: PanelTabs.Chosen) -> None:
        event.stop()
        self.zoom(event.index + 1)

    def on_panel_looked(self, event: Panel.Looked) -> None:
        event.stop()
        self.look(event.step)

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2 and isinstance(event.widget, Panel):
            place = self.panels.index(event.widget) + 1
            self.zoom(None if self.zoomed == place and not self._tabbed else place)

    def changed(self, names: set[str]) -> None:
        """Take notice that ``names`` of the history changed; panels that show them are drawn when their turn comes."""
        if not names <= self._known or (not self.panels and self._ended):
            self._sync()
        for panel in self.panels:
            panel.dirty = panel.dirty or panel.touches(names)
        if self.cursor is not None and (ends := self.history.ends) and self.cursor >= ends[1]:
            self.look(None)  # the run was resumed from before the cursor
        self._wake()

    def follow_cursor(self) -> None:
        """Make all panels show the cursor's step, as soon as they can."""
        for panel in self.panels:
            panel.look(self.cursor)
        self._soon(*self.panels)

    def _soon(self, *panels: Panel) -> None:
        """Have ``panels`` drawn before the others, as soon as they can."""
        for panel in panels:
            panel.dirty = True
        self._following.update(panels)
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._due = self._eager_due
        self._wake()

    def reset(self, history: History, expected: Iterable[str] | None = None) -> None:
        """Show another run. Panels that both runs have stay, with their state."""
        self.history = history
        self.expected = self.expected if expected is None else tuple(expected)
        for panel in self.panels:
            panel.follow(history)
        self.look(None)
        self._sync()
        self._wake()

    def zoom(self, place: int | None) -> None:
        """Show the panel at ``place`` (from 1) alone; None shows all again. With tabs, choose the panel."""
        if place is not None and not 1 <= place <= len(self.panels):
            return
        if place is not None:
            self._selected = place - 1
        if not self._tabbed:
            self.zoomed = place
        self._arrange()

    @property
    def shown(self) -> list[Panel]:
        """The panels that are displayed now."""
        return [panel for panel in self.panels if panel.display]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "unzoom":
            return self.zoomed is not None and not self._tabbed
        if action == "zoom":
            return bool(parameters) and any(panel.number == parameters[0] for panel in self.panels)
        if action == "choose":
            return bool(self._offered)
        return super().check_action(action, parameters)

    def action_zoom(self, number: int) -> None:
        """Show the panel of this number alone; all again if it already is."""
        place = next((place for place, panel in enumerate(self.panels, 1) if panel.number == number), None)
        if place is not None:
            self.zoom(None if self.zoomed == place and not self._tabbed else place)

    def action_unzoom(self) -> None:
        """Show all panels again."""
        self.zoom(None)

    def action_choose(self) -> None:
        """Ask which panels to show, and in which order."""
        from descend.tui.panels.dialogs.checklist import Checklist, Item

        items = [
            Item(named(subject), subject[0](self.history, subject[1]).label, shown)
            for subject, shown in arranged(self._offered, self.choice)
        ]

        def chosen(items: Sequence[Item] | None) -> None:
            if items is not None:
                self.choose([(item.name, item.ticked) for item in items])

        self.app.push_screen(Checklist("Panels", items, ordered=True), chosen)

    def choose(self, choice: Choice) -> None:
        """Show the panels of ``choice``, now and in the next runs of the lesson."""
        names = {name for name, _ in choice}
        self.choice = [*choice, *(kept for kept in self.choice if kept[0] not in names)]
        if self.lesson:
            shell_settings.put(f"panels/{self.lesson}", [list(one) for one in self.choice])
        self._numbers.clear()
        self._sync()

    def action_move(self, direction: int) -> None:
        """Go to the next (1) or previous (-1) panel."""
        if not self.panels:
            return
        if self._tabbed or self.zoomed is not None:
            self.zoom((self._selected + direction) % len(self.panels) + 1)
        else:
            here = next((index for index, panel in enumerate(self.panels) if panel.has_focus), -1)
            take_focus(self.panels[(here + direction) % len(self.panels)])

    def _sync(self) -> None:
        """Mount the panels that the run needs, remove those that it does not, keep the order."""
        if not self.is_attached:
            return
        self._known = {*self.history.series, *self.history.pictures, "progress", "status", "knobs", "notes"}
        present = {(type(panel), panel.subject): panel for panel in self.panels}
        self._offered = by_importance(offered(self.history, self.expected), self.show)
        needed = [subject for subject, shown in arranged(self._offered, self.choice) if shown]
        if not needed:
            recorded = self.history.series or self.history.pictures
            missing = "nothing was recorded" if self._ended else "waiting for data"
            if self._empty.content != (told := "no panel is chosen" if recorded else missing):
                self._empty.update(told)
        if list(present) == needed:
            return
        chosen = self.panels[self._selected] if self.panels else None
        self.panels = [present.get(key) or key[0](self.history, key[1]) for key in needed]
        for key, panel in present.items():
            if key not in needed:
                panel.remove()
                self._drawn_at.pop(panel, None)
                self._following.discard(panel)
        number_panels(self._numbers, needed, self._await())
        for subject, panel in zip(needed, self.panels, strict=True):
            number = self._numbers[subject]
            panel.number = number if number < 10 else None
            panel.later = self._soon
        later: Panel | None = None
        for panel in reversed(self.panels):
            if panel not in present.values():
                self.mount(panel, before=later)
            elif later is not None:
                self.move_child(panel, before=later)
            later = panel
        self._selected = self.panels.index(chosen) if chosen in self.panels else 0
        if self.zoomed is not None:
            self.zoomed = self._selected + 1 if chosen in self.panels else None
        for panel in self.panels:
            panel.cursor = self.cursor
            panel.dirty = True  # numbers may have changed
        self._arrange()
        if self.panels and self.screen.focused is None:  # panels come too late for the screen's own choice
            self.panels[self._selected].focus(scroll_visible=False)

    @property
    def _ended(self) -> bool:
        """Whether the run says that it brings no more."""
        status = self.history.status
        return status is not None and status.state not in LIVE

    def _await(self) -> list[str]:
        """The panels that the run may still bring, by the names that `number_panels` knows, most important first."""
        if self._ended:
            return []
        return [name for name, shown in self.choice if shown] or list(self.show)

    def fit(self, size: Size) -> None:
        """Arrange the panels for the ``size`` that the grid is about to have: the screen is then laid out, and every
        panel drawn, once; else they are arranged as soon as it has it, and all is laid out and drawn again."""
        self._arrange(size)

    def _arrange(self, size: Size | None = None) -> None:
        """Choose between grid and tabs for ``size``, the current one if not given, and show what belongs on screen."""
        count, (width, height) = len(self.panels), size or self.outer_size
        self._empty.display = not count
        arrangement = arrange_panels(count, width, height, bool(self.show))
        self._tabbed = arrangement is None
        alone = self._tabbed or self.zoomed is not None
        focused = any(panel.has_focus for panel in self.panels)
        self._tabs.display = alone and count > 1
        self._tabs.show([(panel.number, panel.label) for panel in self.panels], self._selected)
        for index, panel in enumerate(self.panels):
            display = not alone or index == self._selected
            if display and not panel.display:
                self._soon(panel)
            panel.display = display
        places = Arrangement(1, 1) if alone or arrangement is None else arrangement
        self.styles.grid_size_columns = places.columns
        for panel, (across, down) in zip(self.panels, [(1, 1)] * count if alone else places.spans(count), strict=True):
            panel.styles.column_span, panel.styles.row_span = across, down
        if focused and alone:
            take_focus(self.panels[self._selected])
        self.refresh_bindings()
        self._wake()

    def _wake(self) -> None:
        """Schedule a turn, if there is anything to draw."""
        if self._timer is None and self.is_attached and any(panel.dirty and panel.display for panel in self.panels):
            self._due = max(self._due, time.monotonic())
            self._timer = self.set_timer(max(0.001, self._due - time.monotonic()), self._turn)

    def _turn(self) -> None:
        """Redraw one panel, the one that has waited longest, so that keys are answered between any two."""
        now = time.monotonic()
        late, self._timer = now - self._due, None
        waiting = [panel for panel in self.panels if panel.dirty and panel.display]
        if not waiting:
            return
        if behind(self.app):  # what is drawn now would only delay the answer to the next key
            self._due = self._eager_due = now + TURN
            self._wake()
            return
        panel = min(waiting, key=self._turn_of)
        pause = 0.0 if panel in self._following else self._drawn_at.get(panel, 0.0) + self.again - now
        if pause <= 0 and self.screen.is_current and panel.is_on_screen:
            panel.redraw()
            self._drawn_at[panel] = now
            self._following.discard(panel)
            # Late turns and slow drawing mean that the machine or the terminal cannot keep up.
            spent = time.monotonic() - now
            pause = min(1.0, max(TURN, SHARE * spent, 2 * late))
            self._eager_due = now + min(1.0, max(EAGER[0], EAGER[1] * spent, 2 * late))
        elif pause <= 0:
            self._drawn_at[panel] = now  # covered by another screen: let the others have their turn
            pause = TURN
            self._eager_due = now + pause
        following = any(panel.dirty and panel.display for panel in self._following)
        self._due = self._eager_due if following else now + pause
        self._wake()

    def _turn_of(self, panel: Panel) -> tuple[bool, float]:
        """Sorts the panels that wait: those that follow the cursor first, the focused one before the others."""
        following = panel in self._following
        return not following, self._drawn_at.get(panel, 0.0) - (AGAIN if following and panel.has_focus else 0.0)


def number_panels(numbers: dict[Subject, int], subjects: Sequence[Subject], awaited: Sequence[str] = ()) -> None:
    """Give each of ``subjects`` without a number one that no other has, and keep those of the others, so that a panel
    that appears late renumbers none.

    Args:
        awaited: names of panels, as a lesson's ``show`` or a choice has them, which get the numbers from 1 on, whenever
            they appear.
    """
    taken, kept = set(numbers.values()), dict(zip(awaited, range(1, len(awaited) + 1), strict=True))
    free = (number for number in itertools.count(len(awaited) + 1) if number not in taken)
    for subject in subjects:
        if subject not in numbers:
            place = kept.get(shown_as(subject)) or kept.get(named(subject))
            numbers[subject] = place if place and place not in taken else next(free)
            taken.add(numbers[subject])


def remembered(lesson: str) -> Choice:
    """The choice of panels that was made for ``lesson``; empty if none was, or if it cannot be read."""
    nothing: list[object] = []
    found = shell_settings.get(f"panels/{lesson}", nothing) if lesson else nothing
    return [
        (one[0], one[1])
        for one in found
        if isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) and isinstance(one[1], bool)
    ]
