"""Why a model cannot be trained, with what to do about it."""

from __future__ import annotations

from descend.engine.base.errors import DescendError


class ModelError(DescendError):
    """A model cannot be trained, because of its code, its file or its knobs.

    Attributes:
        advice: what to try, a sentence each.
    """

    def __init__(self, sentence: str, *advice: str) -> None:
        super().__init__(sentence)
        self.advice = [line for line in advice if line]
