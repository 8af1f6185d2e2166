"""What the next run of a lesson is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from descend.engine.launch.experiment import Experiment

if TYPE_CHECKING:
    from descend.engine.base.knobs import Value
    from descend.engine.run.history import History
    from descend.engine.run.runs import Manifest


@dataclass(frozen=True)
class RunRequest:
    """Knob values, dataset (empty if the lesson makes its own), device, seed, and processes that train together."""

    knobs: dict[str, Value] = field(default_factory=dict)
    data: str = ""
    device: str = "auto"
    seed: int = 0
    devices: int = 1

    @classmethod
    def of(
        cls,
        lesson: Experiment,
        knobs: dict[str, object] | None = None,
        data: str = "",
        device: str = "auto",
        seed: int = 0,
        devices: int = 1,
    ) -> RunRequest:
        """The lesson's defaults with some values chosen.

        Raises:
            UsageError: a knob is unknown or a value does not fit.
        """
        values = lesson.knobs.parse(knobs or {}).values()
        return cls(values, data or next(iter(lesson.data), ""), device, seed, devices)

    @classmethod
    def from_run(cls, lesson: Experiment, manifest: Manifest) -> RunRequest:
        """What a run was asked for, which need not fit the lesson as it is now.

        Raises:
            UsageError: it does not.
        """
        return cls.of(lesson, dict(manifest.knobs), manifest.data, manifest.device, manifest.seed, manifest.devices)

    def turned(self, history: History) -> RunRequest:
        """These values with the knobs that were turned during the run."""
        turned = {change.knob: change.value for change in history.changes if change.knob in self.knobs}
        return replace(self, knobs={**self.knobs, **turned}) if turned else self
