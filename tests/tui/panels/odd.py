"""Values, names and sizes that panels must bear, for hypothesis, and what every panel's rows must keep to."""

from __future__ import annotations

import time
import warnings

import numpy as np
from hypothesis import strategies as st

from descend.engine.run.history import History
from descend.engine.run.records import Picture
from descend.tui.draw.rows import length, text
from descend.tui.panels.panel import Panel

NUMBERS = st.one_of(
    st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, 1e300, -1e300, 1e308, -1e308, 1e-300, 5e-324, 1e16]),
    st.floats(),
    st.floats(-3, 3),
)
NAMES = st.one_of(
    st.sampled_from(
        [
            "",
            "target",
            "[red]x[/red]",
            "\x1b[31mred",
            "猫がいる",
            "👩‍🔬",
            "👍🏽",
            "e\u0301",
            "a\nb\t",
            "🇩🇪",
            "\u202eabc",
            "n" * 90,
        ]
    ),
    st.text(max_size=12),
)
SIZES = st.tuples(st.integers(1, 120), st.integers(1, 34))


def arrays(size: int) -> st.SearchStrategy[np.ndarray]:
    """(size,) floats of any kind."""
    return st.lists(NUMBERS, min_size=size, max_size=size).map(lambda values: np.array(values, float))


def shown(kind: type[Panel], *records: Picture, unicode: bool = True) -> Panel:
    """The panel of the last of ``records``."""
    history = History()
    history.feed(records)  # type: ignore[arg-type]
    assert records[-1].key in history.pictures, "the record is no valid one"
    panel = kind(history, records[-1].key)
    panel.unicode = unicode
    return panel


def fills(panel: Panel, size: tuple[int, int]) -> None:
    """What is inside the frame, and the panel as a whole, must be exactly ``size`` cells, with nothing in it that a
    terminal would obey, and ASCII where that is asked for."""
    width, height = size
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inside = panel.content(width, height)
        panel.legends()
        panel.notes()
        whole = panel.rows(max(8, width), max(3, height))
    assert [length(row) for row in inside] == [width] * height
    assert [length(row) for row in whole] == [max(8, width)] * max(3, height)
    drawn = text(whole)
    assert "\x1b" not in drawn
    assert panel.draws_unicode or drawn.isascii()


def inside(panel: Panel, width: int, height: int) -> list[str]:
    """The rows inside the frame as text."""
    return text(panel.content(width, height)).splitlines()


def time_drawing(panel: Panel) -> float:
    """Seconds of processor time that drawing ``panel`` on a large screen takes once it has been drawn: best of five."""
    panel.content(198, 58)
    spent = []
    for _ in range(5):
        began = time.process_time()
        panel.content(198, 58)
        spent.append(time.process_time() - began)
    return min(spent)
