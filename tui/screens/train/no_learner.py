"""Stands for the learner where a model is trained: there is nothing to answer, and no lesson to keep it for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from descend.engine.launch.experiment import Training


class NoLearner:
    """Of a model's screen; see `LessonProgress` for what a lesson keeps."""

    should_predict = False

    def __init__(self, training: Training) -> None:
        self.training = training
        self.skips = False
        self.runs = 0

    def opened(self) -> None:
        """Keep nothing."""

    def forget(self) -> None:
        """There is nothing to forget."""

    def ran(self, run: str) -> None:
        """A run was begun."""
        self.runs += 1
