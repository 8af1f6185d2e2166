"""What the user chooses for good: how the shell looks, and what every lesson begins with."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from descend.engine.base.knobs import Knob, Value
from descend.engine.train.settings import RunKnobs
from descend.tui import shell_settings
from descend.tui.cell_text import characters_changed, plain, shows_unicode
from descend.tui.focus import take_focus
from descend.tui.panels.grid import AGAIN, PanelGrid
from descend.tui.screens.app_access import InShell
from descend.tui.screens.choice import Choice
from descend.tui.screens.dialog import Dialog, Hint
from descend.tui.screens.lesson.knob_editor import devices
from descend.tui.screens.lesson.knob_row import KnobRow, KnobRows
from descend.tui.theme import AUTO

CHARACTERS = (AUTO, "Unicode", "ASCII")
REDRAWS = {"5 a second": AGAIN, "1 a second": 1.0, "every 5 s": 5.0}
"""How often a panel is redrawn at most, and the seconds between two redraws of one."""
THEME = Knob(AUTO, name="theme", type=str, help="auto follows the terminal: light where $COLORFGBG says so, else dark")
SIGNS = Knob(AUTO, name="characters", type=str, help="auto follows the locale; ASCII where characters show as boxes")
REDRAW = Knob("5 a second", name="redraw", type=str, help="how often a panel is redrawn; rarely, for a slow connection")
DEVICE = Knob(AUTO, name="device", type=str, help="where runs train unless told otherwise; auto takes a GPU if any")
SEED = RunKnobs.specs["seed"]


class SettingsScreen(InShell, Dialog[None]):
    """Every change counts, and is kept, at once."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-wide")]  # noqa: RUF012
    heading = "Settings of the shell"
    HELP = (
        "What you choose here takes effect at once and is kept. Up and down move between the settings, left and right "
        "change one. Device and seed are those a lesson begins with when it is next opened; e changes them there."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "leave", "back", tooltip="Back to the previous screen"),
        Binding("q", "leave", "back", priority=True, tooltip="Back to the previous screen"),
        Binding("down,j", "app.focus_next", "Next setting"),
        Binding("up,k", "app.focus_previous", "Previous setting"),
        Binding("ctrl+d", "defaults", "Reset", priority=True, tooltip="Reset all settings to their defaults"),
    ]
    DEFAULT_CSS = """
    SettingsScreen {
        & KnobRows { height: auto; max-height: 60vh; }
        & #keys { margin-top: 1; height: auto; max-height: 8; color: $text-muted; }
        & #keys.-line { text-wrap: nowrap; text-overflow: ellipsis; }
        & #told { margin-top: 1; height: 2; }
        & .hint { margin-top: 0; }
        &.-narrow Choice, &.-narrow Input { width: 20; }
    }
    """

    def body(self) -> ComposeResult:
        themes = (AUTO, "dark", "light", *self.app.available_themes)
        redraw, places = shell_settings.get(REDRAW.name, AGAIN), devices()
        written = next((words for words, seconds in REDRAWS.items() if seconds == redraw), "5 a second")
        with KnobRows():
            yield _row(THEME, shell_settings.get("theme", AUTO), "auto | dark | light | …", themes)
            yield _row(SIGNS, shell_settings.get("characters", AUTO), " | ".join(CHARACTERS), CHARACTERS)
            yield _row(REDRAW, written, "of each panel", tuple(REDRAWS))
            yield _row(DEVICE, shell_settings.get("device", AUTO), " | ".join(places), places)
            yield _row(SEED, str(shell_settings.get("seed", 0)), f"0 … {SEED.high}")
        yield Static(Text(self._tell_keys()), id="keys", classes="" if self._wrong else "-line")
        yield Static(id="told")
        yield Hint("esc goes back", "←→ change", "changes are saved at once", "ctrl+d resets")

    def _tell_keys(self) -> str:
        """Where keys are changed, how many are, and what is wrong with the others."""
        place = plain(str(shell_settings.file()))
        count = len(self.shell.keymap)
        changed = f"{count} keys are changed" if count > 1 else "1 key is changed" if count else "keys can be changed"
        return "\n".join([f"{changed} in {place}", *(f"✗ {plain(one)}" for one in self._wrong)])

    @property
    def _wrong(self) -> list[str]:
        return [*shell_settings.find_damage(), *self.shell.wrong_keys]

    def on_mount(self) -> None:
        """Start at the first knob."""
        take_focus(self.query(KnobRow).first().field)

    def on_descendant_focus(self) -> None:
        """Explain the knob that has focus."""
        for row in self.query(KnobRow):
            if row.field.has_focus:
                self._say(row.told)

    @on(Choice.Changed)
    @on(Input.Changed)
    def changed(self) -> None:
        """Take over what is right."""
        lasts = True
        for row in self.query(KnobRow):
            value = row.check()
            if value is not None and value != self._kept(row.spec):
                lasts = self._keep(row.spec, value) and lasts
        if not lasts:
            self._say(f"{plain(str(shell_settings.file()))} cannot be written: this lasts until you quit.")

    def action_defaults(self) -> None:
        """Forget every choice."""
        for row in self.query(KnobRow):
            row.field.value = str(row.spec.default)
        self.changed()

    def action_leave(self) -> None:
        """Go back; what was typed in haste counts too."""
        self.changed()
        self.dismiss()

    def _kept(self, spec: Knob) -> Value:
        kept = shell_settings.get(spec.name, AGAIN if spec is REDRAW else spec.default)
        return next((words for words, seconds in REDRAWS.items() if seconds == kept), kept) if spec is REDRAW else kept

    def _keep(self, spec: Knob, value: Value) -> bool:
        """Keep a choice and act on it; whether it lasts."""
        kept = REDRAWS[str(value)] if spec is REDRAW else value
        lasts = shell_settings.put(spec.name, None if value == spec.default else kept)
        if spec is THEME:
            self.shell.use_theme()
        elif spec is REDRAW:
            for screen in self.app.screen_stack:
                for grid in screen.query(PanelGrid):
                    grid.again = REDRAWS[str(value)]
        elif spec is SIGNS:
            characters_changed()
            if value == "Unicode" and not shows_unicode():
                self._say("Python does not write UTF-8 here, so ASCII is used; `export PYTHONUTF8=1` changes that.")
            for screen in self.app.screen_stack:
                screen.refresh(layout=True)
                for grid in screen.query(PanelGrid):
                    grid.follow_cursor()  # which redraws every panel
        return lasts

    def _say(self, sentence: str) -> None:
        self.query_one("#told", Static).update(Text(sentence))


def _row(spec: Knob, value: str, range: str, choices: tuple[str, ...] = ()) -> KnobRow:
    return KnobRow(spec, value, range, f"{spec.name}: {spec.help}.", choices)
