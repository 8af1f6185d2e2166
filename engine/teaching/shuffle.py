"""The order in which the choices of a question are shown."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from descend.engine.teaching.lesson import Question


def order_choices(question: Question) -> list[int]:
    """Indices of the choices as they are shown, always the same for a question: a number keeps its meaning, and what is
    kept of the learner are the author's own indices."""
    order = list(range(len(question.choices)))
    random.Random(question.text).shuffle(order)
    return order
