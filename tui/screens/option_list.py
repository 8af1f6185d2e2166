"""The list to choose from that the shell's screens share."""

from __future__ import annotations

from textual.geometry import Size
from textual.widgets import OptionList


class Options(OptionList):
    """Textual's, which would fail where it has no room: by paging through no lines, or wrapping text into no column."""

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Lines of all options in ``width`` cells."""
        return super().get_content_height(container, viewport, max(width, 4))

    def on_resize(self) -> None:
        """Keep the cursor in sight, also where a line below the list takes some of its room."""
        self.scroll_to_highlight()

    def action_page_up(self) -> None:
        """One page up."""
        if self.scrollable_content_region:
            super().action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        """One page down."""
        if self.scrollable_content_region:
            super().action_page_down()  # type: ignore[no-untyped-call]
