"""Whether the panels of a lesson fit the terminals that it is seen in: nothing is cut or drawn outside, and the panel
that carries the idea is the largest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len

from descend.engine.run.history import History
from descend.engine.teaching.form.shortcoming import LessonText, Shortcoming
from descend.tui.cell_text import watch_cuts
from descend.tui.draw.rows import Row, length, text
from descend.tui.panels.arrangement import arrange_panels
from descend.tui.panels.bars import BarsPanel
from descend.tui.panels.catalogue import Subject, by_importance, shown_as, wanted
from descend.tui.panels.curve import CurvePanel
from descend.tui.panels.curves import Curves
from descend.tui.panels.histogram import HistogramPanel
from descend.tui.panels.panel import Panel
from descend.tui.panels.points import PointsPanel

STAGES = {(80, 24): (80, 20), (120, 40): (120, 36), (200, 60): (128, 56)}
"""Terminals, and the room that the lesson's screen leaves the panels of a run in each."""
KEYED = (Curves, CurvePanel, PointsPanel, BarsPanel, HistogramPanel)
"""Panels whose legend is a key."""
TABS = 1
"""Rows of the line that names the panels where one is shown at a time."""


def check_drawing(told: LessonText, history: History) -> Iterator[Shortcoming]:
    """Rules ``cut``, ``outside``, ``largest`` and ``axes`` for the run of ``history``, which has ended: each panel is
    drawn as it is at the end, in the middle and at the first step."""
    subjects = by_importance(wanted(history), told.lesson.show)
    cuts: dict[tuple[str, str], list[str]] = {}
    for terminal, (width, height) in STAGES.items():
        where = f"{terminal[0]}×{terminal[1]}"
        arrangement = arrange_panels(len(subjects), width, height, bool(told.lesson.show))
        sizes = [(width, height - TABS)] * len(subjects)
        if arrangement is not None and subjects:
            sizes = arrangement.sizes(len(subjects), width, height)
            areas = [across * down for across, down in sizes]
            if told.lesson.show and len(areas) > 1 and areas[0] <= max(areas[1:]):
                why = f"At {where} panel '{shown_as(subjects[0])}', which carries the idea, is not the largest "
                yield told.report("largest", f"{why}of its {len(subjects)} panels.", "show=")
        for number, (subject, size) in enumerate(zip(subjects, sizes, strict=True), 1):
            for rule, why in check_panel(history, subject, number, *size):
                cuts.setdefault((rule, f"Panel '{shown_as(subject)}' {why}"), []).append(where)
    for (rule, why), places in cuts.items():
        name = why.split("'")[1]
        yield told.report(rule, f"{why} at {', '.join(dict.fromkeys(places))}.", name)


def check_panel(history: History, subject: Subject, number: int, width: int, height: int) -> Iterator[tuple[str, str]]:
    """What is wrong with a panel of this size, each thing once: the rule and the end of a sentence."""
    kind, of = subject
    panel = kind(history, of)
    panel.number, panel.unicode = number if number < 10 else None, True
    first, last = history.ends or (0, 0)
    found: dict[tuple[str, str], None] = {}
    for cursor in (None, (first + last) // 2, first):
        panel.cursor = cursor
        with watch_cuts() as cuts:
            rows = panel.rows(width, height)
        if panel.failed is not None:
            found["outside", f"cannot be drawn ({type(panel.failed).__name__}: {panel.failed})"] = None
            continue
        if len(rows) != height or any(length(row) != width for row in rows):
            found["outside", f"is drawn outside of its {width} × {height} cells"] = None
        drawn = text(rows)
        found |= {("cut", f"cuts '{whole}'"): None for whole in find_visible_cuts(cuts, drawn)}
        if missing := find_missing_names(panel, width, drawn):
            found["cut", f"has no room for its key ({', '.join(missing)})"] = None
        one_axis = isinstance(panel, BarsPanel)  # its labels stand in the place of the other
        if cursor is None and not one_axis and (axes := panel.axes()) is not None and not all(axes):
            found["axes", "has an axis without a name"] = None
    yield from found


def find_visible_cuts(cuts: list[tuple[str, str]], drawn: str) -> Iterator[str]:
    """The texts of which only what is left is on screen: some are tried and not used."""
    for whole, left in dict.fromkeys(cuts):
        kept = left.strip()
        if not kept or whole.strip() in drawn:
            continue
        if kept in drawn if kept.endswith("…") else re.search(rf"(?<!\w){re.escape(kept)}(?!\w)", drawn):
            yield whole.strip()


def find_missing_names(panel: Panel, width: int, drawn: str) -> list[str]:
    """The names of the key that are not on screen; none if a key is at the edge of the frame, or if there is none."""
    keys = [row for row in panel.legends() if row] if isinstance(panel, KEYED) else []
    if not keys or any(_join_text(row) in drawn for row in keys):
        return []
    names = [part.strip().partition(" ")[2] or part.strip() for part, pen in keys[0] if pen != "value"]
    return [name for name in names if cell_len(name) > 1 and name not in drawn]


def _join_text(row: Row) -> str:
    return "".join(part for part, _ in row).strip()
