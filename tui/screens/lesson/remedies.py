"""From what ails a run to what helps: its findings, and what is done with the one that is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from descend.engine.train.settings import TrainKnobs
from descend.tui.screens.findings import Choice, FindingsScreen

if TYPE_CHECKING:
    from descend.engine.diagnosis.finding import Finding
    from descend.tui.run_monitor import RunMonitor
    from descend.tui.screens.lesson.screen import LessonScreen
    from descend.tui.screens.runs.fork import Fork


FORKS = {*TrainKnobs.specs, "dropout", "activation"}
"""Knobs that leave the shapes of the weights as they are, so that a fork can begin with a checkpoint's."""


def show_findings(screen: LessonScreen, session: RunMonitor, findings: list[Finding]) -> None:
    """Show what ails the run of ``session``; then open the box in which the chosen value can be tried."""

    def answered(choice: Choice | None) -> None:
        if choice is None:
            return
        if choice.forks:
            ask_fork(screen, session, choice.finding)
        elif session.live:
            screen.edit_knobs(choice.finding.knobs)
        else:
            screen.try_knobs(choice.finding.knobs)

    steps = [] if session.live else session.run.checkpoint_steps()
    forkable = [one for one in findings if steps and one.knobs and one.knobs.keys() <= FORKS]
    screen.shell.push_screen(FindingsScreen(session.run.id, findings, forkable), answered)


def ask_fork(screen: LessonScreen, session: RunMonitor, finding: Finding) -> None:
    """Ask from which checkpoint a fork with the proposed values begins."""
    from descend.tui.screens.runs.fork import ForkScreen

    def asked(chosen: Fork | None) -> None:
        if chosen is not None:
            box.forget()
            screen.launcher.fork(session, chosen)

    steps = session.run.checkpoint_steps()
    screen.shell.warm_up()
    box = ForkScreen(session.run.id, screen.lesson, steps, steps[-1] if session.phase == "done" else None)
    screen.shell.drafts[box.draft] = finding.proposal
    screen.shell.push_screen(box, asked)
