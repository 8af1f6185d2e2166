"""Looks now and then at what ails the run beside a lesson's screen, so rarely that it costs nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from descend.engine.diagnosis.diagnose import Diagnosis
    from descend.engine.diagnosis.finding import Finding
    from descend.tui.run_monitor import RunMonitor

EVERY = 2.0
"""Seconds between two looks, at least."""
SHARE = 0.01
"""Share of the time that looks may take: of a run with a million points one costs milliseconds."""


class Checkup:
    """What ails one run, as far as it has been read.

    Attributes:
        findings: the serious ones first; none of a lesson's run.
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._session: RunMonitor | None = None
        self._diagnosis: Diagnosis | None = None
        self._next = 0.0
        self._pending = False

    def look(self, session: RunMonitor, changed: set[str]) -> bool:
        """Take in that the records called ``changed`` are new; whether what is found is different now.

        Of a run that is read from its beginning, nothing is said before all of it is read.
        """
        from descend.engine.diagnosis.diagnose import Diagnosis

        if session is not self._session or self._diagnosis is None:
            self._session, self._diagnosis = session, Diagnosis(session.run)
            self.findings, self._next, self._pending = [], 0.0, True
        self._pending = self._pending or any(name.endswith("/loss") or name in ("layers", "status") for name in changed)
        now = time.monotonic()
        if not self._pending or session.behind or (session.live and now < self._next) or not self._diagnosis.judges:
            return False
        before, self.findings = self.findings, self._diagnosis.judge(session.history)
        self._pending = False
        self._next = now + max(EVERY, (time.monotonic() - now) / SHARE)
        return self.findings != before
