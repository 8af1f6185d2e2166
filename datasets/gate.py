"""Memory that threads take together, bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class MemoryGate:
    """Lets threads take memory together up to a bound; what is larger passes alone."""

    def __init__(self, limit: int) -> None:
        self._limit, self._taken, self._changed = limit, 0, Condition()

    @contextmanager
    def passing(self, needed: int) -> Iterator[None]:
        """Wait until ``needed`` bytes are free below the bound, or nothing else is taken."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken or self._taken + needed <= self._limit)
            self._taken += needed
        try:
            yield
        finally:
            with self._changed:
                self._taken -= needed
                self._changed.notify_all()
