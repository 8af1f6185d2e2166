"""A run as claims, predictions and exercises read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import DescendError, suggest_nearest
from descend.engine.base.knobs import Value
from descend.engine.run.history import History

if TYPE_CHECKING:
    import numpy as np

    from descend.engine.run.records import Picture, State
    from descend.engine.run.runs import Run


class MissingResult(DescendError):
    """A run has not said what is asked for."""


class Result:
    """What a run has said, and with which knobs.

    Attributes:
        history: all of it.
        knobs: their values at the end.
    """

    def __init__(self, history: History, knobs: Mapping[str, Value]) -> None:
        self.history = history
        self.knobs = {**knobs, **{change.knob: change.value for change in history.changes}}

    @classmethod
    def of(cls, run: Run) -> Result:
        """What the run in a folder has said so far.

        Raises:
            DescendError: its ``run.json`` cannot be read.
        """
        manifest = run.manifest()
        return cls(History.of(run), manifest.knobs)

    @property
    def state(self) -> State:
        """How it ended; ``starting`` if it has said nothing."""
        return self.history.status.state if self.history.status else "starting"

    def values(self, series: str) -> np.ndarray:
        """(n,) all values of ``series``, as they were kept: a long run keeps the extremes of each stretch.

        Raises:
            Unknown: it has no such series.
        """
        if series not in self.history.series:
            raise MissingResult(
                f"The run has no series '{series}'{suggest_nearest(series, self.history.series) or '.'}"
            )
        return self.history.series[series].values

    def steps(self, series: str) -> np.ndarray:
        """(n,) the steps of `values`."""
        self.values(series)
        return self.history.series[series].steps

    def first(self, series: str) -> float:
        """The first value of ``series``."""
        return float(self.values(series)[0])

    def last(self, series: str) -> float:
        """The final metric called ``series`` if the run stated one, else the last value of the series."""
        if (metric := self.history.metrics.get(series)) is not None:
            return metric
        return float(self.values(series)[-1])

    def lowest(self, series: str) -> float:
        """The smallest value that is a number, of ``series``."""
        return float(min(value for value in self.values(series) if value == value))

    def highest(self, series: str) -> float:
        """The largest value that is a number, of ``series``."""
        return float(max(value for value in self.values(series) if value == value))

    def at(self, series: str, step: int) -> float:
        """The newest value of ``series`` at or before ``step``."""
        self.values(series)
        value = self.history.series[series].at(step)
        if value is None:
            raise MissingResult(f"The series '{series}' has no value before step {step}.")
        return value

    def picture(self, key: str, step: int | None = None) -> Any:
        """The newest picture of ``key``, such as ``curve/fit``, at or before ``step`` if that is given.

        Raises:
            Unknown: it has none.
        """
        picture: Picture | None = self.history.picture_at(key, step)
        if picture is None:
            raise MissingResult(f"The run has no picture '{key}'{suggest_nearest(key, self.history.pictures) or '.'}")
        return picture
