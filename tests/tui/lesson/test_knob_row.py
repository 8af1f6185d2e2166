"""Where a knob's value stands on its slider, and what the next round values are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from descend.engine.base.knobs import Knob
from descend.tui.screens.lesson.knob_row import draw_slider, is_numeric, locate_value, turn_value

LR = Knob(0.3, 1e-4, 100.0, scale="log", name="lr", type=float)
HIDDEN = Knob(32, 1, 512, scale="log", name="hidden", type=int)
EPOCHS = Knob(20, 1, 200, name="epochs", type=int)
SHARE = Knob(0.0, -1.0, 1.0, name="share", type=float)
TINY = Knob(1, 1, 3, name="tiny", type=int)
ALL = [LR, HIDDEN, EPOCHS, SHARE, TINY]


def walk(spec: Knob, value: float, by: int, times: int) -> list[float]:
    """The values on the way."""
    found = []
    for _ in range(times):
        value = turn_value(spec, value, by)
        found.append(value)
    return found


def test_logarithmic_knobs_go_through_round_values() -> None:
    assert walk(LR, 0.3, 1, 6) == [0.5, 0.7, 1, 1.5, 2, 3]
    assert walk(LR, 0.3, -1, 3) == [0.2, 0.15, 0.1]
    assert walk(HIDDEN, 32, 1, 5) == [48, 64, 96, 128, 192]
    assert walk(HIDDEN, 4, -1, 4) == [3, 2, 1, 1]


def test_linear_knobs_go_by_equal_notches() -> None:
    assert walk(EPOCHS, 20, 1, 3) == [22, 24, 26]
    assert walk(EPOCHS, 2, -1, 2) == [1, 1]
    assert walk(SHARE, 0.0, 1, 3) == [0.05, 0.1, 0.15]
    assert walk(TINY, 1, 1, 4) == [2, 3, 3, 3]


def test_a_value_between_the_notches_goes_to_the_nearest() -> None:
    assert turn_value(LR, 0.33, 1) == 0.5
    assert turn_value(LR, 0.33, -1) == 0.3
    assert turn_value(EPOCHS, 21, -1) == 20


@given(st.sampled_from(ALL), st.floats(0, 1), st.integers(-9, 9).filter(bool))
def test_a_turn_moves_the_right_way_and_stays_in_the_range(spec: Knob, share: float, by: int) -> None:
    low, high = float(spec.low or 0), float(spec.high or 0)
    value = spec.type(low + share * (high - low))
    after = turn_value(spec, value, by)
    assert low <= after <= high
    assert isinstance(after, spec.type)
    assert (after - value) * by >= 0
    assert after != value or after in (low, high)
    assert spec.parse(str(after)) == after


@given(st.sampled_from(ALL), st.floats(0, 1), st.integers(3, 80))
def test_a_slider_is_as_wide_as_asked_and_shows_its_value_once(spec: Knob, share: float, width: int) -> None:
    low, high = float(spec.low or 0), float(spec.high or 0)
    text = draw_slider(spec, low + share * (high - low), width).plain
    assert len(text) == width
    assert (text[0], text[-1]) == ("├", "┤")
    assert text.count("●") == 1
    assert draw_slider(spec, None, width).plain.count("●") == 0


def test_the_ends_of_a_range_are_the_ends_of_the_slider() -> None:
    assert draw_slider(LR, 1e-4, 12).plain == "├●────┼────┤"
    assert draw_slider(LR, 100.0, 12).plain.endswith("●┤")
    assert [locate_value(LR, 1e-4), locate_value(LR, 0.1), locate_value(LR, 100.0)] == pytest.approx([0, 0.5, 1])
    assert [locate_value(EPOCHS, -5), locate_value(EPOCHS, 500)] == [0, 1]


def test_choices_and_words_are_no_sliders() -> None:
    assert not is_numeric(Knob("relu", choices=("relu", "tanh"), type=str))
    assert not is_numeric(Knob(1, choices=(1, 2), type=int))
    assert not is_numeric(Knob(True, type=bool))
    assert is_numeric(LR)
