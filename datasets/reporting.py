"""How far long reading has come, for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Report = Callable[[str, float], None]
"""Told what is being done, and which share of it is done, from 0 to 1."""

_told: ContextVar[Report | None] = ContextVar("told", default=None)


@contextmanager
def reporting_to(report: Report) -> Iterator[None]:
    """Have ``report`` told of what is read within the block, in this thread."""
    token = _told.set(report)
    try:
        yield
    finally:
        _told.reset(token)


def tell(what: str, share: float) -> None:
    """Say how far ``what`` has come."""
    if (report := _told.get()) is not None:
        report(what, min(1.0, share))
