"""Looks that follow each other fast, so that stories are short."""

from __future__ import annotations

import pytest

from descend.tui import run_monitor
from descend.tui.screens.runs import screen


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the runs folder, and after silent workers, ten times a second."""
    monkeypatch.setattr(screen, "EVERY", 0.1)
    monkeypatch.setattr(screen, "SHARE", 2)
    monkeypatch.setattr(run_monitor, "LOOK", 0.1)
