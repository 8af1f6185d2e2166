"""The rules, causes before what they cause."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from descend.engine.diagnosis.data import find_baseline, find_imbalance, find_leak
from descend.engine.diagnosis.evidence import Evidence
from descend.engine.diagnosis.finding import Finding
from descend.engine.diagnosis.fitting import find_overfitting, find_underfitting
from descend.engine.diagnosis.gradients import find_dead_units, find_exploding, find_vanishing
from descend.engine.diagnosis.learning_rate import find_high_rate, find_low_rate, find_plateau


class Rule(NamedTuple):
    """A rule, and the names of the findings that explain its own: beside one of these it is not told, as what would be
    tried for it would not help."""

    find: Callable[[Evidence], Finding | None]
    explained_by: tuple[str, ...] = ()


RATE = ("rate too high", "rate too low")
DEAF = ("dead units", "vanishing gradients", "exploding gradients")

RULES = (
    Rule(find_exploding),
    Rule(find_high_rate, ("exploding gradients",)),
    Rule(find_dead_units),
    Rule(find_vanishing, ("rate too high", "dead units")),
    Rule(find_low_rate, DEAF),
    Rule(find_leak),
    Rule(find_imbalance, (*RATE, *DEAF)),
    Rule(find_baseline, (*RATE, *DEAF, "imbalance")),
    Rule(find_overfitting, (*RATE, "exploding gradients")),
    Rule(find_underfitting, (*RATE, *DEAF)),
    Rule(find_plateau, (*RATE, *DEAF, "overfitting", "underfitting", "no better than guessing")),
)
