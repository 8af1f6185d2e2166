"""Curves of one metric, noisy and smooth: what is smoothed, what says so, and what is exact all the same."""

from __future__ import annotations

import numpy as np
import pytest

from descend.engine.run.history import History
from descend.engine.run.records import Array, Layers, Scalars
from descend.tui.draw.rows import text
from descend.tui.draw.ticks import number
from descend.tui.panels.curves import Curves
from descend.tui.panels.layers import LayerPanel
from descend.tui.panels.panel import Panel

from .conftest import history_of
from .test_grid import Host

ONE = np.ones(1)
STEPS = np.arange(400)
FALL = np.exp(-STEPS / 80)
NOISY = FALL + 0.1 * np.random.default_rng(0).normal(size=400)


@pytest.fixture(autouse=True)
def _unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "unicode", True)


def losses(**splits: np.ndarray) -> History:
    values = {f"{split}/loss": Array.of(values) for split, values in splits.items()}
    return history_of([Scalars(steps=Array.of(STEPS), values=values)])


def pens(panel: Curves) -> set[str]:
    return {pen for row in panel.rows(90, 20) for part, pen in row if any("⠀" < c < "⤀" for c in part)}


def test_the_key_says_which_curve_is_smoothed() -> None:
    panel = Curves(losses(train=NOISY, test=FALL), "loss")
    assert pens(panel) == {"series-1", "faint-series-1", "series-2"}
    first, *_, last = text(panel.rows(90, 20)).splitlines()
    assert "━ train smoothed" in first
    assert "test smoothed" not in first
    assert "smoothing 0.6 where noisy" in last
    smooth = Curves(losses(train=FALL), "loss")
    assert pens(smooth) == {"series-1"}
    assert "smooth" not in text(smooth.rows(90, 20))


def test_in_ascii_the_key_has_the_sign_that_draws_the_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "unicode", False)
    first, *inside = text(Curves(losses(train=FALL), "loss").rows(90, 20)).splitlines()
    assert "o train" in first
    assert "o" in "".join(inside[1:-3])


def test_values_read_are_exact() -> None:
    panel = Curves(losses(train=NOISY), "loss")
    panel.rows(90, 20)
    for cursor in (None, 200, 17):
        panel.cursor = cursor
        assert number(float(NOISY[399 if cursor is None else cursor])) in text(panel.rows(90, 20)).splitlines()[0]


async def test_brackets_smooth_more_and_less() -> None:
    app = Host(losses(train=NOISY, test=FALL))
    async with app.run_test(size=(90, 24)) as pilot:
        panel = app.grid.panels[0]
        assert isinstance(panel, Curves)
        panel.focus()
        seen = [panel.smoothing]
        for key in ["right_square_bracket"] * 4 + ["left_square_bracket"] * 5 + ["right_square_bracket"]:
            await pilot.press(key)
            seen.append(panel.smoothing)
        assert seen == [None, 0.8, 0.9, 0.95, 0.95, 0.9, 0.8, None, 0.0, 0.0, None]
        panel.smoothing = 0.0
        assert "smooth" not in text(panel.rows(90, 20))
        panel.smoothing = 0.8
        assert "smoothing 0.8 " in text(panel.rows(90, 20))
    app = Host(losses(train=FALL))
    async with app.run_test(size=(90, 24)) as pilot:
        panel = app.grid.panels[0]
        assert isinstance(panel, Curves)
        panel.focus()
        await pilot.press("right_square_bracket")
        assert panel.smoothing == 0.6
        assert "train smoothed" in text(panel.rows(90, 20))


def layer_curves(noise: float) -> LayerPanel:
    """The gradient of a layer that falls over 300 steps, with as much noise in its logarithm."""
    size = np.exp(-STEPS[:300] / 80 + noise * np.random.default_rng(1).normal(size=300))
    panel = LayerPanel(
        history_of(
            [
                Layers(step=step, names=["1 Linear"], gradient=Array.of(size[step : step + 1]), weight=Array.of(ONE))
                for step in range(300)
            ]
        ),
        "layers",
    )
    panel.number = 1
    return panel


def test_gradients_over_the_steps_are_smoothed_by_the_same_rule() -> None:
    noisy, smooth = layer_curves(0.5), layer_curves(0.0)
    assert "faint-series-1" in {pen for row in noisy.rows(90, 24) for _, pen in row}
    assert "smoothing 0.6 where noisy" in text(noisy.rows(90, 24)).splitlines()[-1]
    assert "faint-series-1" not in {pen for row in smooth.rows(90, 24) for _, pen in row}
    assert "smooth" not in text(smooth.rows(90, 24))
    assert "smooth" not in text(noisy.rows(29, 24)), "there, no curve has room"


async def test_gradients_answer_the_brackets() -> None:
    app = Host(layer_curves(0.5).history)
    async with app.run_test(size=(90, 24)) as pilot:
        panel = next(panel for panel in app.grid.panels if isinstance(panel, LayerPanel))
        panel.focus()
        await pilot.pause()
        await pilot.press("right_square_bracket")
        assert panel.smoothing == 0.8
        await pilot.press("left_square_bracket", "left_square_bracket")
        assert panel.smoothing == 0.0
        assert "faint-series-1" not in {pen for row in panel.rows(90, 24) for _, pen in row}
