"""What a run does when it does not take steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Activity:
    """Told by a ``with`` block, read by the thread that records.

    Attributes:
        now: such as ``evaluating``; empty while steps are taken.
    """

    def __init__(self) -> None:
        self.now = ""

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        """Until the block ends, the run does ``what``."""
        before, self.now = self.now, what
        try:
            yield
        finally:
            self.now = before
