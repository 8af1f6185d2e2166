"""What is asked of a run: one type for its manifest, the settings file, the shell, the command line and `verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from descend.engine.run.records import Setting

if TYPE_CHECKING:
    from descend.engine.run.history import History

SEEDS = 2**31
"""Seeds are whole numbers from 0 to one less than this."""
Processes = Annotated[int, msgspec.Meta(ge=1, le=2**16)]


class RunRequest(msgspec.Struct, frozen=True):
    """What to run and how; what is left out is as ``descend run`` takes it. `descend.engine.launch.launcher` checks it.

    Attributes:
        name: a lesson, a model, or a model of the user's own as ``path.py:Name``.
        knobs: values by name; those that are missing have their defaults.
        data: a dataset, or the path of the user's own; empty if the lesson makes its data.
        seed: of every random choice.
        device: auto, cpu, cuda, cuda:N or mps.
        devices: processes that train together, one a device.
    """

    name: str = ""
    knobs: dict[str, Setting] = {}
    data: str = ""
    seed: Annotated[int, msgspec.Meta(ge=0, lt=SEEDS)] = 0
    device: str = "auto"
    devices: Processes = 1

    def override(self, **given: Any) -> RunRequest:
        """This request with what is ``given``; None and empty text leave a field as it is, knobs are added."""
        chosen = {name: value for name, value in given.items() if value is not None and value != ""}
        if "knobs" in chosen:
            chosen["knobs"] = {**self.knobs, **chosen["knobs"]}
        return msgspec.structs.replace(self, **chosen)

    def with_turns(self, history: History) -> RunRequest:
        """This request with the knobs that were turned during its run."""
        turned = {change.knob: change.value for change in history.changes if change.knob in self.knobs}
        return self.override(knobs=turned) if turned else self


USUAL = RunRequest()
"""What a run is asked for where nothing is said."""
