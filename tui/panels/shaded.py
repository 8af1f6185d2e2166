"""What panels share that tell values by colour."""

from __future__ import annotations

from rich.color import Color
from rich.style import Style

from descend.tui.draw.colours import RGB, Palette
from descend.tui.panels.panel import Panel


class Shaded(Panel):
    """A panel whose cells may also have the pens ``shade …`` of `descend.tui.draw.colours`."""

    @property
    def in_colour(self) -> bool:
        """Whether values can be told by colour: half blocks and more than sixteen colours are available and enabled."""
        if not self.is_attached or not self.draws_unicode:
            return self.draws_unicode
        return not self.app.no_color and self.app.console.color_system not in (None, "standard", "windows")

    @property
    def is_dark(self) -> bool:
        """Whether the theme has a dark background."""
        return not self.is_attached or self.app.current_theme.dark

    @property
    def palette(self) -> Palette:
        """What shades look like here."""
        few = self.is_attached and self.app.console.color_system == "256"
        return Palette(self.is_dark, few, self._series)

    def _series(self, index: int) -> RGB:
        return self.get_component_styles(f"panel--series-{index + 1}").color.rgb

    def style(self, pen: str) -> Style:
        if not pen.startswith("shade "):
            return super().style(pen)
        ink, ground = self.palette.shade(pen)
        below = Color.from_rgb(*ground) if ground is not None else super().style("text").bgcolor
        return Style(color=Color.from_rgb(*ink), bgcolor=below)
