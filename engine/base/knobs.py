"""Knobs: the values that a run can be asked for, declared once and used by the command line, the shell and the worker.

::

    class Knobs(KnobSet):
        width: int = knob(20, 1, 256, scale="log", help="hidden units")
        lr: float = knob(1e-2, 1e-4, 1.0, scale="log", live=True, help="Adam learning rate")
        pace: int = pace(500)

``Knobs.parse({"width": "40"})`` checks names, types and ranges and returns an instance with attributes.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from descend.engine.base.errors import UsageError, suggest_nearest

Value = bool | int | float | str
KINDS: dict[type, str] = {bool: "yes | no", int: "a whole number", float: "a number", str: "text"}
TRUE, FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


@dataclass(frozen=True)
class Knob:
    """One knob: its default, its range or choices, and whether it may be turned while the run continues."""

    default: Value
    low: float | None = None
    high: float | None = None
    choices: tuple[Value, ...] = ()
    scale: Literal["linear", "log"] = "linear"
    live: bool = False
    help: str = ""
    name: str = ""
    type: type = float
    check: Callable[[Any], object] | None = None
    """Raises UsageError for a value that the range or the choices let through."""

    def parse(self, given: object) -> Value:
        """Check ``given`` (text or a value) and return it in the knob's type.

        Raises:
            UsageError: it is of the wrong type, out of range, not among the choices, or refused by ``check``.
        """
        value = self._convert(given)
        if self.choices and value not in self.choices:
            raise UsageError(f"{self.name} is one of {', '.join(map(str, self.choices))}, not '{given}'.")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if self.low is not None and value < self.low:
                raise UsageError(f"{self.name} must be at least {self._bound(self.low)}, not {given}.")
            if self.high is not None and value > self.high:
                raise UsageError(f"{self.name} must be at most {self._bound(self.high)}, not {given}.")
        if self.check is not None:
            self.check(value)
        return value

    def _convert(self, given: object) -> Value:
        text = str(given).strip()
        if self.type is bool:
            if text.lower() in TRUE | FALSE:
                return text.lower() in TRUE
            raise UsageError(f"{self.name} is yes or no, not '{given}'.")
        if self.type is str:
            return text
        try:
            number = float(text)
            if math.isfinite(number) and (self.type is float or number == int(number)):
                return int(number) if self.type is int else number
        except ValueError:
            pass
        kind = "a whole number" if self.type is int else "a number"
        raise UsageError(f"{self.name} is {kind}, not '{given}'.")

    def describe(self) -> str:
        """The range or the choices in a few characters, such as ``1 … 256``."""
        if self.choices:
            return " | ".join(map(str, self.choices))
        if self.low is None or self.high is None:
            return KINDS.get(self.type, self.type.__name__)
        return f"{self._bound(self.low)} … {self._bound(self.high)}"

    def _bound(self, value: float) -> str:
        """An end of the range: whole numbers in full, as they are typed."""
        return str(int(value)) if self.type is int else f"{value:g}"


class KnobSet:
    """Base of a class that declares knobs: an instance has their values as attributes, ``specs`` the declarations.

    Raises:
        TypeError: when the class is made, if a declaration is not usable (the author's mistake, so no sentence for
            users).
    """

    specs: ClassVar[dict[str, Knob]] = {}

    def __init_subclass__(cls) -> None:
        declared = {}
        for name, kind in inspect.get_annotations(cls, eval_str=True).items():
            spec = vars(cls).get(name)
            if not isinstance(spec, Knob) or kind not in (bool, int, float, str):
                raise TypeError(f"{name}: {kind} = {spec!r} is not a knob of type bool, int, float or str")
            if kind in (int, float) and not spec.choices and (spec.low is None or spec.high is None):
                raise TypeError(f"{name}: a number needs a range or choices")
            spec = replace(spec, name=name, type=kind)
            try:
                declared[name] = replace(spec, default=spec.parse(spec.default))
            except UsageError as error:
                raise TypeError(f"default of {error}") from None
        if loose := [name for name, value in vars(cls).items() if isinstance(value, Knob) and name not in declared]:
            raise TypeError(f"{loose[0]} is a knob without a type; write {loose[0]}: int = knob(…)")
        cls.specs = {**cls.specs, **declared}

    def __init__(self, **values: Value) -> None:
        for name, spec in self.specs.items():
            setattr(self, name, values.get(name, spec.default))

    @classmethod
    def parse(cls, given: Mapping[str, object]) -> KnobSet:
        """An instance with the ``given`` values checked and the defaults for the rest.

        Raises:
            UsageError: there is no such knob, or a value does not fit.
        """
        values = {}
        for name, value in given.items():
            if name not in cls.specs:
                raise UsageError(f"There is no knob '{name}'{suggest_nearest(name, cls.specs) or ' here.'}")
            values[name] = cls.specs[name].parse(value)
        return cls(**values)

    def values(self) -> dict[str, Value]:
        """The current value of every knob."""
        return {name: getattr(self, name) for name in self.specs}


def format_knobs(values: Mapping[str, Value]) -> str:
    """Knobs with their values in words: ``lr=0.1, epochs=3``."""
    return ", ".join(f"{name}={value}" for name, value in values.items())


def knob(
    default: Value,
    low: float | None = None,
    high: float | None = None,
    *,
    choices: tuple[Value, ...] = (),
    scale: Literal["linear", "log"] = "linear",
    live: bool = False,
    help: str = "",
    check: Callable[[Any], object] | None = None,
) -> Any:
    """Declare a knob inside a `KnobSet`; numbers need ``low`` and ``high``, both inclusive, and ``check`` raises
    UsageError where that does not suffice."""
    return Knob(default, low, high, choices, scale, live, help, check=check)


def pace(default: int) -> Any:
    """The knob that bounds how many steps a second a loop takes, so that a short run can be watched."""
    return knob(default, 0, 10_000, live=True, help="steps a second at most, to watch; 0: as fast as possible")
