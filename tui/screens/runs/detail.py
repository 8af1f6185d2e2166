"""What there is to say about the run under the cursor: how it came to its state, and what can be done now."""

from __future__ import annotations

import time

from rich.text import Text
from textual.widgets import Static

from descend.tui.cell_text import plain
from descend.tui.screens.runs.columns import MARKS
from descend.tui.screens.runs.run_row import RunRow, brief, shown

LOG = "w shows the end of its log."


class Detail(Static):
    """A few lines below the table; they keep their height, so that the table stays where it is."""

    DEFAULT_CSS = """
    Detail { height: 6; padding: 0 1; background: $surface; }
    """

    def show(self, entry: RunRow | None, otherwise: str) -> None:
        """Describe ``entry``; without one say ``otherwise``."""
        said = about(entry) if entry is not None else Text(otherwise)
        if said != self.content:
            self.update(said, layout=False)


def about(entry: RunRow) -> Text:
    """State and reason first, then what can be done, then what the run was asked for."""
    bad = entry.state in ("failed", "dead", "damaged", "unsaved")
    lines = [Text.assemble((f"{MARKS[entry.state]} {entry.state}  ", "bold"), (entry.why, "bold" if bad else ""))]
    lines += [Text(f"  {sentence}") for sentence in advice(entry)]
    if entry.note:
        lines.append(Text(f"  Note: {entry.note}"))
    lines.append(Text(f"  {facts(entry)}", "dim"))
    return Text("\n").join(lines)


def advice(entry: RunRow) -> list[str]:
    """What can be done now, with the keys of this screen."""
    match entry.state:
        case "failed":
            return [*entry.advice, LOG]
        case "dead" | "stopped" | "unsaved":
            steps = checkpoints(entry)
            way = f"R resumes from step {steps[-1]:,}, f forks it." if steps else "R starts it again."
            return [f"{way} {LOG}" if entry.state != "stopped" else way]
        case "paused":
            return ["R resumes it."]
        case "damaged":
            return ["d deletes it."]
    return []


def facts(entry: RunRow) -> str:
    """The run's name and what it was asked for."""
    parts = [plain(entry.id)]
    if entry.title:
        parts.insert(0, entry.title)
    parts.append(time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.created)))
    if (manifest := entry.manifest) is not None:
        if manifest.parent is not None:
            parts.append(f"forked from {plain(manifest.parent.run)} at step {manifest.parent.step:,}")
        if brief(manifest.name) != manifest.name:
            parts.append(plain(manifest.name))
        parts += [f"{plain(name)} {shown(value)}" for name, value in manifest.knobs.items() if value != ""]
        parts += [f"seed {manifest.seed}", f"device {plain(manifest.device)}"]
        if manifest.data:
            parts.append(f"data {plain(manifest.data)}")
    return " · ".join(parts)


def checkpoints(entry: RunRow) -> list[int]:
    """Steps of the run's checkpoints, ascending; none if they cannot be read."""
    try:
        return entry.run.checkpoint_steps()
    except (OSError, ValueError):
        return []
