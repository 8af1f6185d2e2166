"""What a panel shows, taken out of the shell: its table to the clipboard, its table or picture to a file."""

from __future__ import annotations

import io
import itertools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from descend.engine.base import paths
from descend.tui.cell_text import plain
from descend.tui.panels.panel_data import write_table

if TYPE_CHECKING:
    from descend.tui.panels.panel import Panel

MAX_BYTES = 100_000
"""Bytes that are copied at most: terminals refuse much more."""
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def copy_table(panel: Panel) -> None:
    """Put the panel's table into the terminal's clipboard (OSC 52), tab-separated, and say how much of it."""
    data = panel.table()
    if data is None:
        panel.notify("There is nothing to copy yet.", severity="warning")
        return
    text, rows = write_table(data, "\t", MAX_BYTES)
    panel.app.copy_to_clipboard(text)
    told = f"Copied {plain(panel.label)}: {rows:,} rows of {len(data.header)} columns."
    if rows < data.total:
        told = f"Copied the first {rows:,} of {data.total:,} rows of {plain(panel.label)}; S saves them all."
    if "TMUX" in os.environ:
        told += " In tmux this needs `set -g set-clipboard on`."
    panel.notify(told, markup=False)


def save_panel(panel: Panel) -> None:
    """Ask in which format and where to save the panel, and do so."""
    from descend.tui.panels.dialogs.save import SaveScreen

    if panel.table() is None:
        panel.notify("There is nothing to save yet.", severity="warning")
        return
    stem = paths.home() / "exports" / suggest_stem(panel)
    contents = {"csv": lambda: export_csv(panel), "svg": lambda: export_svg(panel)}

    def saved(path: Path | None) -> None:
        if path is not None:
            panel.notify(f"Saved {plain(panel.label)} to {plain(str(path))}.", markup=False)

    panel.app.push_screen(SaveScreen(plain(panel.label), stem, contents), saved)


def suggest_stem(panel: Panel) -> str:
    """A file's name for the panel, without its ending: run and panel, in characters that every file system accepts."""
    words = [part for part in (panel.history.run or "runs", panel.label) if part]
    return "-".join(re.sub(r"[^\w.=+]+", "-", word).strip("-.") or "panel" for word in words)[:120]


def export_csv(panel: Panel) -> str:
    """The panel's whole table as CSV; empty if there is nothing to show."""
    data = panel.table()
    return write_table(data)[0] if data is not None else ""


def export_svg(panel: Panel) -> str:
    """The panel as it is on the screen, as a picture that needs nothing from anywhere else."""
    from rich.console import Console
    from rich.segment import Segment, Segments

    width, height = panel.size
    console = Console(
        width=width,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
    )
    lines = [[*strip, Segment.line()] for strip in panel.draw(width, height)]
    console.print(Segments(itertools.chain.from_iterable(lines)), end="")
    return _FONTS.sub("", console.export_svg(title=plain(panel.label)))  # text on the panel has no such space
