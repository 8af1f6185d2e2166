"""What ends a run whose loss is no number any more."""

from __future__ import annotations

import math


class Diverged(Exception):
    """A loss became NaN or infinite."""

    def __init__(self, series: str, step: int, value: float) -> None:
        super().__init__(f"{series} became {'NaN' if math.isnan(value) else 'infinite'} at step {step}")
        self.series, self.step = series, step

    @property
    def rank(self) -> tuple[int, bool]:
        """Orders what is found: the earliest step first, the training loss before another loss that it spoils."""
        return self.step, self.series.startswith(("test/", "validation/"))
