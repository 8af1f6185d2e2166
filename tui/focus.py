"""Where keys go."""

from __future__ import annotations

from textual.widget import Widget


def take_focus(widget: Widget) -> None:
    """Have ``widget`` take the keys from now on: also those that were typed ahead. `Widget.focus` asks the app to do so
    later, behind the keys that are waiting, which then do something else than the user meant."""
    if widget.is_attached:
        widget.screen.set_focus(widget)
