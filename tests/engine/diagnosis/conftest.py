"""Trainings have one thread here too."""

from tests.engine.train.conftest import _one_thread

__all__ = ["_one_thread"]
