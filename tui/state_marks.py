"""The sign and the style of each state of a run, everywhere in the shell."""

from __future__ import annotations

MARKS = {
    "idle": "○",
    "replay": "◂",
    "starting": "◌",
    "running": "▶",
    "paused": "‖",
    "done": "✓",
    "failed": "✗",
    "stopped": "■",
    "dead": "✗",
    "unsaved": "✗",
}
STYLES = {
    "replay": "warning",
    "running": "good",
    "done": "good",
    "paused": "warning",
    "failed": "bad",
    "dead": "bad",
    "unsaved": "bad",
}
