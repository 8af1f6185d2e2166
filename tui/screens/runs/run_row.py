"""A run as the table of runs shows it."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from descend.engine.base.errors import DescendError
from descend.engine.launch import experiment
from descend.engine.run.records import State
from descend.engine.train.model_source import is_address
from descend.tui.cell_text import plain
from descend.tui.run_monitor import LIVE

if TYPE_CHECKING:
    from descend.engine.launch.experiment import Experiment
    from descend.engine.run.manifest import Manifest
    from descend.engine.run.runs import Run
    from descend.engine.run.summary import Summary

Condition = State | Literal["dead", "damaged"]
Signature = tuple[tuple[int, int] | None, ...]
LONGEST = 500
"""Characters of a text that are shown here, where there is room for fewer."""


@dataclass(frozen=True)
class RunRow:
    """What is known of a run; all text is safe to draw.

    Attributes:
        label: the user's title, else the knobs that are not at their defaults, such as ``lr=1 seed=3``.
        metric, value: the metric that says most; None where it is not finite.
        metrics: all of them; None where one is not finite.
        knobs: their values as text, with seed and data.
        created: Unix time.
        elapsed: seconds of training.
        size: bytes of its folder.
        why: a sentence on how it came to its state.
        advice: what can be done now, if the run itself says so.
        signature: changes when its files do.
    """

    run: Run = field(compare=False)
    state: Condition
    signature: Signature
    lesson: str = ""
    title: str = ""
    label: str = ""
    note: str = ""
    metric: str = ""
    value: float | None = None
    created: float = 0.0
    elapsed: float = 0.0
    size: int = 0
    why: str = ""
    advice: tuple[str, ...] = ()
    manifest: Manifest | None = None
    metrics: dict[str, float | None] = field(default_factory=dict)
    knobs: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, summary: Summary, signature: Signature, created: float) -> RunRow:
        """The entry of a run that can be read."""
        manifest = summary.manifest
        title = plain(manifest.title[:LONGEST]).strip()
        return cls(
            run=summary.run,
            state=summary.state,
            signature=signature,
            lesson=plain(brief(manifest.name)[:LONGEST]),
            title=title,
            label=title or " ".join(changed(manifest))[:LONGEST],
            note=plain(manifest.note[:LONGEST]).strip(),
            metric=plain(summary.key),
            value=summary.metrics.get(summary.key),
            created=created,
            elapsed=summary.elapsed,
            size=summary.size,
            why=plain(summary.why),
            advice=tuple(map(plain, summary.advice)),
            manifest=manifest,
            metrics={
                plain(name[:LONGEST]): value if value is not None and math.isfinite(value) else None
                for name, value in summary.metrics.items()
            },
            knobs={
                **{plain(name[:LONGEST]): shown(value)[:LONGEST] for name, value in manifest.knobs.items()},
                "seed": str(manifest.seed),
                **({} if "data" in manifest.knobs else {"data": plain(brief(manifest.data)[:LONGEST])}),
            },
        )

    def show_metric(self, name: str) -> RunRow:
        """The same run with metric ``name`` in the place of the one that says most; none if it has no such metric."""
        return replace(self, metric=name if name in self.metrics else "", value=self.metrics.get(name))

    @property
    def live(self) -> bool:
        """Whether a worker is at work on it."""
        return self.state in LIVE

    @property
    def id(self) -> str:
        """Its name, which may hold anything a folder's name may; see `plain`."""
        return self.run.id

    def matches(self, words: list[str]) -> bool:
        """Whether every one of the lower-case ``words`` occurs in its id, lesson, data, title or state."""
        asked = plain(f"{self.manifest.name} {self.manifest.data}") if self.manifest is not None else self.lesson
        text = f"{plain(self.id)} {asked} {self.label} {self.note} {self.state}".lower()
        return all(word in text for word in words)


def changed(manifest: Manifest) -> list[str]:
    """The knobs of a run that are not at its lesson's defaults, as ``name=value``."""
    lesson: Experiment
    try:
        lesson = experiment.find(manifest.name)
    except DescendError:
        if not is_address(manifest.name):
            return [f"{plain(name)}={plain(str(value))}" for name, value in manifest.knobs.items()]
        lesson = experiment.make_missing_training(manifest.name, manifest.knobs)
    own = lesson.knobs.specs
    found = [
        f"{plain(name)}={shown(value)}"
        for name, value in manifest.knobs.items()
        if value != (own[name].default if name in own else "")
    ]
    if manifest.seed:
        found.append(f"seed={manifest.seed}")
    if manifest.data and manifest.data != next(iter(lesson.data), ""):
        found.append(f"data={plain(brief(manifest.data))}")
    return found


def brief(address: str) -> str:
    """A model or data of the user's own without the folders it is in; any other name as it is."""
    path, mark, options = address.partition("?")
    return f"{path.rpartition(os.sep)[2]}{mark}{options}"


def shown(value: object) -> str:
    """A knob's value."""
    return f"{value:g}" if isinstance(value, float) else plain(str(value))
