"""The knobs of a run as they were turned while it ran."""

from __future__ import annotations

from descend.engine.base.knobs import Value
from descend.engine.run.records import KnobChange
from descend.engine.run.runs import Run


def list_turns(run: Run) -> list[KnobChange]:
    """Each turn of a knob, by step. A resumed run takes steps again, which replaces what was turned in them before."""
    found: dict[str, list[KnobChange]] = {}
    for record in run.records():
        if isinstance(record, KnobChange):
            earlier = found.get(record.knob, [])
            found[record.knob] = [turn for turn in earlier if turn.step < record.step] + [record]
    return sorted((turn for of_one in found.values() for turn in of_one), key=lambda turn: turn.step)


def find_knobs_at(run: Run, step: int) -> dict[str, Value]:
    """The values of a run's knobs at ``step``: as asked, then as turned."""
    return dict(run.manifest().knobs) | {turn.knob: turn.value for turn in list_turns(run) if turn.step <= step}
