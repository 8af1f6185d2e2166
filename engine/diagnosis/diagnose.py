"""Applies the rules to a run, at work or over."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from descend.engine.base.errors import DescendError
from descend.engine.diagnosis.evidence import Evidence
from descend.engine.diagnosis.finding import Finding
from descend.engine.diagnosis.rules import RULES
from descend.engine.run.history import History
from descend.engine.run.preparation_file import read_preparation
from descend.engine.run.result import Result
from descend.engine.teaching import catalogue

if TYPE_CHECKING:
    from descend.datasets.preparation import Preparation
    from descend.engine.run.runs import Run


def apply_rules(evidence: Evidence) -> list[Finding]:
    """What ails a training, the serious first; what another finding explains is left out."""
    found: list[Finding] = []
    with np.errstate(all="ignore"):  # a training that goes wrong has infinite numbers
        for rule in RULES:
            told = {finding.name for finding in found}
            if told.isdisjoint(rule.explained_by) and (finding := rule.find(evidence)) is not None:
                found.append(finding)
    return sorted(found, key=lambda finding: finding.severity != "serious")


class Diagnosis:
    """What ails one run, told anew as it goes on.

    A lesson's run is never judged: lessons fail on purpose, and to say why would answer what they ask.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.judges = False
        with suppress(DescendError):
            self._manifest = run.manifest()
            self.judges = self._manifest.name not in catalogue.list_outlines()
        self._prepared: Preparation | None = None

    def judge(self, history: History) -> list[Finding]:
        """What ails the run, of which ``history`` is what it has said so far; costs a few sums over its curves."""
        if not self.judges:
            return []
        if self._prepared is None:
            with suppress(DescendError):  # an older run has none, a new one not yet
                self._prepared = read_preparation(self.run)
        knobs = Result(history, self._manifest.knobs).knobs
        return apply_rules(Evidence(history, knobs, self._manifest.data, self._prepared))


def diagnose(run: Run, history: History | None = None) -> list[Finding]:
    """What ails ``run``, of which ``history`` is all it has said, read here if not given; nothing of a lesson's run.

    The serious findings come first.
    """
    return Diagnosis(run).judge(History.of(run) if history is None else history)
