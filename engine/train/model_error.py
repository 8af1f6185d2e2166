"""What stands between a model and its training, with what to do about it."""

from __future__ import annotations

from descend.engine.base.errors import DescendError


class ModelError(DescendError):
    """A model, its file or its settings cannot be trained.

    Attributes:
        advice: what to try, a sentence each.
    """

    def __init__(self, sentence: str, *advice: str) -> None:
        super().__init__(sentence)
        self.advice = [line for line in advice if line]
