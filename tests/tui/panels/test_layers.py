"""Magnitudes per layer, read as text."""

from __future__ import annotations

import numpy as np
import pytest

from descend.engine.run.history import History
from descend.engine.run.records import Array, Layers
from descend.tui.draw.rows import length, text
from descend.tui.panels.layers import Layer, LayerCurves, LayerPanel, layers_of, table

LAYERS = [
    Layer("conv1", 1.0, 10.0, 1e-3),
    Layer("conv2", 0.1, 10.0, 5e-5),
    Layer("head", 0.01, 10.0, 0.2),
    Layer("dead", 0.0, 3.0, 0.0),
    Layer("blown", float("nan"), 3.0, None),
]


def record(step: int, gradients: dict[str, float]) -> Layers:
    values = np.array(list(gradients.values()))
    return Layers(step=step, names=list(gradients), gradient=Array.of(values), weight=Array.of(np.ones(len(values))))


def test_every_layer_has_its_numbers_and_a_verdict_in_words() -> None:
    lines = text(table(LAYERS, 76, 6)).splitlines()
    assert lines[0].split() == ["layer", "0.01", "1", "gradient", "weight", "upd./weight"]
    assert lines[1].split()[-5:] == ["1", "10", "1.0e-3", "✓", "ok"]
    assert lines[2].endswith("↓ slow".ljust(13))
    assert "↑ fast" in lines[3]
    assert "× no gradient" in lines[4]
    assert "× not finite" in lines[5]


def test_bars_are_logarithmic() -> None:
    bars = [line.count("━") for line in text(table(LAYERS[:3], 76, 4)).splitlines()[1:]]
    assert bars[0] > bars[1] > bars[2] == 0
    assert abs(bars[0] - 2 * bars[1]) <= 1
    assert "╸" in text(table(LAYERS[:3], 76, 4)).splitlines()[3]  # the smallest gradient can still be told from zero


def test_little_room_leaves_names_bars_and_values() -> None:
    lines = text(table(LAYERS, 36, 6)).splitlines()
    assert lines[1].split()[0] == "conv1"
    assert "━" in lines[1]
    assert lines[1].rstrip().endswith("1")


def test_layers_in_trouble_are_shown_first() -> None:
    many = [Layer(f"layer{i}", 1.0, 1.0, 1e-3) for i in range(30)]
    many[20] = Layer("layer20", 0.0, 1.0, 0.0)
    drawn = text(table(many, 70, 6))
    assert "layer20" in drawn
    assert "… 26 more layers" in drawn


def test_the_largest_gradient_and_the_output_layer_are_always_shown() -> None:
    many = [Layer(f"conv{i}", 0.01 * i, 1.0, 1.0) for i in range(9)]  # all leap
    many[3] = Layer("dense", 5.0, 1.0, 1e-3)
    many.append(Layer("output", 0.001, 1.0, 1e-3))
    for height in (4, 5, 8):
        drawn = text(table(many, 70, height))
        assert "dense" in drawn
        assert "output" in drawn


@pytest.mark.parametrize("count", [1, 3, 40])
def test_every_size_is_filled_exactly(count: int) -> None:
    history = History()
    for step in range(0, 50, 5):
        history.feed([record(step, {f"層 {i}": 10.0 ** (i % 7 - step / 10) for i in range(count)})])
    panel = LayerPanel(history, "layers")
    for width in range(1, 130, 6):
        for height in range(1, 50, 4):
            assert [length(row) for row in panel.content(width, height)] == [width] * height


def test_curves_show_every_layer_over_the_steps() -> None:
    history = History()
    for step in range(0, 1000, 10):
        history.feed([record(step, {"first": 10 ** (-step / 250), "second": 1.0})])
    panel = LayerPanel(history, "layers")
    rows = panel.content(70, 20)
    drawn = text(rows).splitlines()
    assert drawn[1].startswith("━ first")
    assert drawn[2].startswith("▲ second")
    assert any("▲" in line for line in drawn[3:])
    assert {"series-1", "series-2"} <= {pen for row in rows[3:] for _, pen in row}


def test_curves_follow_a_run_that_takes_steps_again() -> None:
    history, curves = History(), LayerCurves()
    for step in range(10):
        history.feed([record(step, {"a": 1.0})])
    (before,) = curves.traces(history.pictures["layers"], ["a"])
    assert before.series.size == 10
    for step in range(5, 12):
        history.feed([record(step, {"a": 2.0})])
    (after,) = curves.traces(history.pictures["layers"], ["a"])
    assert after.series.steps.tolist() == list(range(12))
    assert after.series.values.tolist() == [1.0] * 5 + [2.0] * 7


def test_ratios_are_update_over_weight() -> None:
    weight, update = np.array([2.0, 0.0]), np.array([0.01, 0.3])
    row = Layers(step=1, names=["a", "b"], gradient=Array.of(weight), weight=Array.of(weight), update=Array.of(update))
    assert [layer.ratio for layer in layers_of(row)] == [pytest.approx(0.005), None]
