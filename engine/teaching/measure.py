"""Measured expressions: what claims, exercises and predictions say of runs, such as

    last("train/mse", width=20) < 0.25 * last("train/mse", width=4)

An expression knows the runs it reads (by the knobs that they change), what is asked of them, and how to say both in
words. Nothing is computed while it is written down; `Bound.check` does that once the runs are there.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from descend.engine.base.errors import DescendError
from descend.engine.base.knobs import Value
from descend.engine.teaching.measured import Measured, MeasuredChoice, Sign, format_number

if TYPE_CHECKING:
    from descend.engine.run.result import Result

__all__ = [
    "Bound",
    "Knobs",
    "Measure",
    "Reader",
    "Reading",
    "at",
    "computed",
    "diverged",
    "first",
    "highest",
    "knob_value",
    "last",
    "lowest",
    "number",
]

Knobs = tuple[tuple[str, Value], ...]
"""Which knobs a run changes, sorted by name; () is the lesson's default run, or the learner's own."""
Reader = Callable[[Knobs], "Result"]
"""Gives the result of the run with these knobs."""

MIRRORED: dict[Sign, Sign] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}


class Measure:
    """A number that is read from runs. Arithmetic makes further measures, comparison makes a `Bound`."""

    @property
    def words(self) -> str:
        """What it is, as in ``test/accuracy with hidden=8``; nothing for a bare number."""
        raise NotImplementedError

    def value(self, read: Reader) -> float:
        """The number.

        Raises:
            DescendError: a run has not said what is asked for.
        """
        raise NotImplementedError

    def runs(self) -> Iterator[Knobs]:
        """The runs that it reads; some may come twice."""
        raise NotImplementedError

    def between(self, low: float, high: float) -> Bound:
        """That it is between ``low`` and ``high``, neither included."""
        return Bound(self, ">", number(low), more=Bound(self, "<", number(high)))

    def __add__(self, other: Measure | float) -> Measure:
        return _Arithmetic("+", self, _make_measure(other))

    def __radd__(self, other: float) -> Measure:
        return _Arithmetic("+", _make_measure(other), self)

    def __sub__(self, other: Measure | float) -> Measure:
        return _Arithmetic("−", self, _make_measure(other))

    def __rsub__(self, other: float) -> Measure:
        return _Arithmetic("−", _make_measure(other), self)

    def __mul__(self, other: Measure | float) -> Measure:
        return _Arithmetic("·", self, _make_measure(other))

    def __rmul__(self, other: float) -> Measure:
        return _Arithmetic("·", _make_measure(other), self)

    def __truediv__(self, other: Measure | float) -> Measure:
        return _Arithmetic("/", self, _make_measure(other))

    def __rtruediv__(self, other: float) -> Measure:
        return _Arithmetic("/", _make_measure(other), self)

    def __abs__(self) -> Measure:
        return _Absolute(self)

    def __lt__(self, other: Measure | float) -> Bound:
        return Bound(self, "<", _make_measure(other))

    def __le__(self, other: Measure | float) -> Bound:
        return Bound(self, "<=", _make_measure(other))

    def __gt__(self, other: Measure | float) -> Bound:
        return Bound(self, ">", _make_measure(other))

    def __ge__(self, other: Measure | float) -> Bound:
        return Bound(self, ">=", _make_measure(other))

    def __eq__(self, other: object) -> Bound:  # type: ignore[override]
        if isinstance(other, str) and isinstance(self, Reading) and self.how == "knob":
            return Chosen(self, other)
        if not isinstance(other, (Measure, int, float)):
            return NotImplemented
        return Bound(self, "==", _make_measure(other))

    __hash__ = object.__hash__


@dataclass(frozen=True, eq=False)
class Reading(Measure):
    """One number of one run: ``how`` it is read from a ``series`` (or, for ``knob``, from the run's knobs)."""

    how: Literal["last", "first", "lowest", "highest", "at", "knob"]
    series: str
    knobs: Knobs = ()
    step: int = 0

    @property
    def words(self) -> str:
        said = f"{self.how} " if self.how in ("first", "lowest", "highest") else ""
        when = f" at step {self.step}" if self.how == "at" else ""
        changed = " ".join(f"{name}={value}" for name, value in self.knobs)
        return f"{said}{self.series}{when}{f' with {changed}' if changed else ''}"

    def value(self, read: Reader) -> float:
        result = read(self.knobs)
        match self.how:
            case "knob":
                return float(result.knobs[self.series])
            case "at":
                return result.at(self.series, self.step)
            case "lowest":
                return result.lowest(self.series)
            case "highest":
                return result.highest(self.series)
            case "first":
                return result.first(self.series)
        return result.last(self.series)

    def runs(self) -> Iterator[Knobs]:
        yield self.knobs


@dataclass(frozen=True, eq=False)
class _Computed(Measure):
    name: str
    function: Callable[..., float | None]
    named: Mapping[str, Knobs]

    @property
    def words(self) -> str:
        return self.name

    def value(self, read: Reader) -> float:
        if self.named:
            found = self.function(**{name: read(knobs) for name, knobs in self.named.items()})
        else:
            found = self.function(read(()))
        return math.nan if found is None else float(found)

    def runs(self) -> Iterator[Knobs]:
        yield from self.named.values() if self.named else ((),)


@dataclass(frozen=True, eq=False)
class _Number(Measure):
    constant: float
    name: str = ""

    @property
    def words(self) -> str:
        return self.name

    def value(self, read: Reader) -> float:
        return self.constant

    def runs(self) -> Iterator[Knobs]:
        return iter(())


@dataclass(frozen=True, eq=False)
class _Arithmetic(Measure):
    sign: Literal["+", "−", "·", "/"]
    left: Measure
    right: Measure

    @property
    def words(self) -> str:
        return f"{_bracket(self.left, self.sign)} {self.sign} {_bracket(self.right, self.sign, second=True)}"

    def value(self, read: Reader) -> float:
        left, right = self.left.value(read), self.right.value(read)
        match self.sign:
            case "+":
                return left + right
            case "−":
                return left - right
            case "·":
                return left * right
        return left / right if right else math.copysign(math.inf, left) if left else math.nan

    def runs(self) -> Iterator[Knobs]:
        yield from self.left.runs()
        yield from self.right.runs()


@dataclass(frozen=True, eq=False)
class _Absolute(Measure):
    inner: Measure

    @property
    def words(self) -> str:
        return f"|{self.inner.words}|"

    def value(self, read: Reader) -> float:
        return abs(self.inner.value(read))

    def runs(self) -> Iterator[Knobs]:
        return self.inner.runs()


@dataclass(frozen=True, eq=False)
class Bound:
    """A comparison of two measures, of which ``more`` may have to hold as well."""

    left: Measure
    sign: Sign
    right: Measure
    more: Bound | None = None

    def __post_init__(self) -> None:
        if isinstance(self.left, _Number) and not self.left.words:  # 0.5 < x reads x > 0.5
            left, right = self.right, self.left
            object.__setattr__(self, "left", left)
            object.__setattr__(self, "right", right)
            object.__setattr__(self, "sign", MIRRORED[self.sign])

    def __and__(self, other: Bound) -> Bound:
        both = copy.copy(self)
        object.__setattr__(both, "more", other if self.more is None else self.more & other)
        return both

    def __bool__(self) -> bool:
        raise TypeError(
            "A bound is known only after its runs: write x.between(low, high) for low < x < high, a & b for both"
        )

    def each(self) -> Iterator[Bound]:
        """Itself, and all that has to hold as well."""
        yield self
        if self.more is not None:
            yield from self.more.each()

    def runs(self) -> set[Knobs]:
        """The runs that it reads."""
        return {knobs for bound in self.each() for side in (bound.left, bound.right) for knobs in side.runs()}

    def check(self, read: Reader) -> list[Measured]:
        """What each of its comparisons finds.

        Raises:
            DescendError: a run has not said what is asked for.
        """
        return [bound.measure(read) for bound in self.each()]

    def measure(self, read: Reader) -> Measured:
        """What its own comparison finds."""
        return Measured(self, self.left.value(read), self.right.value(read))

    def holds(self, read: Reader) -> bool:
        """Whether all of its comparisons hold; not if a run has not said what they read."""
        try:
            return all(found.holds for found in self.check(read))
        except DescendError:
            return False

    @property
    def asks(self) -> str:
        """What is asked for, in a few characters, such as ``< 0.25 · train/mse with width=4``."""
        right = self.right.words or format_number(self.right.value(refuse_runs))
        return f"{self.sign if self.sign != '==' else '='} {right}".replace("<=", "≤").replace(">=", "≥")


class Chosen(Bound):
    """That a knob whose values are words is set to one of them."""

    wanted: str

    def __init__(self, knob: Reading, wanted: str) -> None:
        super().__init__(knob, "==", _Number(1.0, wanted or "nothing"))
        object.__setattr__(self, "wanted", wanted)

    def measure(self, read: Reader) -> Measured:
        given = str(read(()).knobs[self.left.words])
        return MeasuredChoice(self, float(given == self.wanted), 1.0, given)


class Diverged(Bound):
    """That a run failed because a number was no longer finite."""

    def __init__(self, knobs: Knobs) -> None:
        super().__init__(_Computed("diverged", _has_diverged, {"run": knobs} if knobs else {}), "==", _Number(1.0))


def last(series: str, **knobs: Value) -> Measure:
    """The final metric called ``series`` of the run with ``knobs`` changed, or the last value of that series."""
    return Reading("last", series, _sort_knobs(knobs))


def first(series: str, **knobs: Value) -> Measure:
    """The first value of ``series``."""
    return Reading("first", series, _sort_knobs(knobs))


def lowest(series: str, **knobs: Value) -> Measure:
    """The smallest value of ``series`` that is a number."""
    return Reading("lowest", series, _sort_knobs(knobs))


def highest(series: str, **knobs: Value) -> Measure:
    """The largest value of ``series`` that is a number."""
    return Reading("highest", series, _sort_knobs(knobs))


def at(step: int, series: str, **knobs: Value) -> Measure:
    """The newest value of ``series`` at or before ``step``."""
    return Reading("at", series, _sort_knobs(knobs), step)


def knob_value(name: str) -> Measure:
    """The value of the knob ``name`` of the learner's run: a number, or a word, which only ``==`` compares."""
    return Reading("knob", name)


def number(value: float, words: str = "") -> Measure:
    """A number that is known already, such as one that a check of code has counted; ``words`` name it."""
    return _Number(value, words)


def computed(words: str, function: Callable[..., float | None], **runs: Mapping[str, Value]) -> Measure:
    """What ``function`` makes of runs. It is called with the result of each of ``runs`` by name, or with that of the
    only run if none are named; None means that this run cannot answer this."""
    return _Computed(words, function, {name: _sort_knobs(knobs) for name, knobs in runs.items()})


def diverged(**knobs: Value) -> Bound:
    """That the run failed because a number was no longer finite."""
    return Diverged(_sort_knobs(knobs))


def _has_diverged(run: Result) -> float:
    failure = run.history.failure
    return float(run.state == "failed" and failure is not None and failure.diverged)


def refuse_runs(knobs: Knobs) -> Result:
    """The reader of bounds that read no run."""
    raise DescendError("There is no run to read.")


def _make_measure(given: Measure | float) -> Measure:
    return given if isinstance(given, Measure) else _Number(float(given))


def _sort_knobs(knobs: Mapping[str, Value]) -> Knobs:
    return tuple(sorted(knobs.items()))


def _bracket(measure: Measure, sign: str, second: bool = False) -> str:
    """The words of a part, in brackets where the sign around it binds more tightly."""
    if isinstance(measure, _Number):
        return measure.words or format_number(measure.constant)
    if not isinstance(measure, _Arithmetic):
        return measure.words
    loose = measure.sign in "+−" and (sign in "·/" or (second and sign == "−"))
    loose = loose or (second and measure.sign in "·/" and sign in "·/")
    return f"({measure.words})" if loose else measure.words
