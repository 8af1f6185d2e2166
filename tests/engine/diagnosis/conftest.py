"""Trainings have one thread here too, and record every point: which are left out where many come at once depends on how
fast the machine is, and so do means over what is left."""

from __future__ import annotations

import pytest
from tests.engine.train.conftest import _one_thread

__all__ = ["_one_thread"]


@pytest.fixture(autouse=True)
def _all_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("descend.engine.lab.recorder.POINTS", 10_000)
