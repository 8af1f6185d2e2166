"""Measured expressions: which runs they read, what they find in them, and the words for both."""

from __future__ import annotations

import math
from typing import Any, cast

import pytest

from descend.engine.base.errors import DescendError
from descend.engine.run.result import Result
from descend.engine.teaching.measure import (
    Bound,
    Knobs,
    Measured,
    Reader,
    at,
    computed,
    first,
    highest,
    knob_value,
    last,
    lowest,
    number,
)


class Said:
    """A run that has said a few numbers."""

    def __init__(self, *values: float, **knobs: float | str) -> None:
        self._values, self.knobs = values, knobs

    def last(self, series: str) -> float:
        if series != "loss":
            raise DescendError(f"The run has no series '{series}'.")
        return self._values[-1]

    def first(self, series: str) -> float:
        return self._values[0]

    def lowest(self, series: str) -> float:
        return min(self._values)

    def highest(self, series: str) -> float:
        return max(self._values)

    def at(self, series: str, step: int) -> float:
        return self._values[step]


def reader(runs: dict[Knobs, Said]) -> Reader:
    return lambda knobs: cast(Result, runs[knobs])


RUNS = reader({(): Said(4.0, 1.0, 2.0, width=8, data="moons", own=""), (("width", 20),): Said(3.0, 0.25)})


def found(bound: Bound) -> list[Measured]:
    return bound.check(RUNS)


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        (last("loss"), 2.0),
        (last("loss", width=20), 0.25),
        (first("loss"), 4.0),
        (lowest("loss"), 1.0),
        (highest("loss"), 4.0),
        (at(1, "loss"), 1.0),
        (knob_value("width"), 8.0),
        (abs(last("loss", width=20) - last("loss")), 1.75),
        (2 * last("loss") + 1 - first("loss") / 2, 3.0),
        (10 - last("loss"), 8.0),
        (1 / last("loss", width=20), 4.0),
        (computed("sum", lambda a, b: a.last("loss") + b.last("loss"), a={}, b={"width": 20}), 2.25),
        (computed("only", lambda run: run.first("loss")), 4.0),
    ],
)
def test_a_measure_reads_its_runs(measure: Any, value: float) -> None:
    assert measure.value(RUNS) == value


def test_a_bound_knows_its_runs() -> None:
    bound = last("loss", width=20) < 0.25 * last("loss") + last("loss", width=20)
    assert bound.runs() == {(), (("width", 20),)}
    assert (first("loss", b=1, a=2) > 0).runs() == {(("a", 2), ("b", 1))}


@pytest.mark.parametrize(
    ("bound", "holds"),
    [
        (last("loss") < 2, False),
        (last("loss") <= 2, True),
        (last("loss") > 2, False),
        (last("loss") >= 2, True),
        (last("loss") == 2, True),
        (last("loss") < 3, True),
        (last("loss").between(1, 3), True),
        (last("loss").between(2, 3), False),
        ((last("loss") < 3) & (first("loss") < 3), False),
        (knob_value("data") == "moons", True),
        (knob_value("data") == "xor", False),
        ((knob_value("data") == "moons") & (knob_value("own") == ""), True),
        ((knob_value("own") == "") & (knob_value("data") == "xor"), False),
        ((knob_value("data") == "moons") & (last("loss") < 2), False),
        ((last("loss") < 3) & (first("loss") > 3) & (lowest("loss") == 1), True),
        (computed("nothing", lambda run: None) < 2, False),
        (last("nothing") < 2, False),
    ],
)
def test_a_bound_holds_or_not(bound: Bound, holds: bool) -> None:
    assert bound.holds(RUNS) is holds


def test_a_chained_comparison_is_refused() -> None:
    with pytest.raises(TypeError, match="between"):
        assert 1 < last("loss") < 3


def test_the_words_say_what_was_found_and_what_is_asked_for() -> None:
    assert found(last("loss") <= 1)[0].words == "loss is 2; at most 1 is asked for"
    assert found(last("loss", width=20) > first("loss"))[0].words == (
        "loss with width=20 is 0.25; more than 4 (first loss) is asked for"
    )
    assert found(last("loss") == 2410)[0].words == "loss is 2; exactly 2,410 is asked for"
    assert found(knob_value("data") == "xor")[0].words == "data is moons; xor is asked for"
    assert found(knob_value("own") == "a.csv")[0].words == "own is nothing; a.csv is asked for"
    assert found(knob_value("data") == "moons")[0].brief == "data moons = moons"
    assert (knob_value("data") == "xor").asks == "= xor"
    assert found(number(3e-9, "largest error") <= 1e-6)[0].brief == "largest error 3e-09 ≤ 1e-06"
    assert found(number(4096, "multiplications") <= 512)[0].brief == "multiplications 4,096 is not ≤ 512"


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        (0.25 * last("a", n=4), "0.25 · a with n=4"),
        (2 * (last("a") - last("b")), "2 · (a − b)"),
        (last("a") - (last("b") - last("c")), "a − (b − c)"),
        (last("a") / (last("b") * last("c")), "a / (b · c)"),
        (abs(last("a")) + at(3, "b"), "|a| + b at step 3"),
    ],
)
def test_an_expression_reads_as_it_is_computed(measure: Any, words: str) -> None:
    assert measure.words == words


def test_the_margin_tells_how_near_a_bound_is_to_failing() -> None:
    assert found(last("loss") < 4)[0].margin == 0.5
    assert found(last("loss") > 4)[0].margin == -0.5
    assert found(computed("nothing", lambda run: None) > 4)[0].margin == -math.inf
