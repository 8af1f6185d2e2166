"""What a run says: the typed records of ``events.jsonl`` and ``control.jsonl``, one JSON object a line.

Every record carries ``kind`` (its type) and, in ``events.jsonl``, ``t``: seconds of training since the run first
started, counted by a monotonic clock and continued over resumes. Readers skip kinds and fields they do not know,
so older and newer versions read each other's files.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Literal

import msgspec

from descend.engine.run.diagram_records import AnnotatedImage, ArrayView, Grid, Tree
from descend.engine.run.packed_array import Array, Count, Seconds, Setting
from descend.engine.run.picture_records import (
    Bars,
    Confusion,
    Curve,
    Field,
    Graph,
    Histogram,
    Images,
    Layers,
    Named,
    Picture,
    Points,
    Record,
    Table,
    Text,
)

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "FORMAT",
    "AnnotatedImage",
    "Array",
    "ArrayView",
    "Bars",
    "Checkpoint",
    "Command",
    "Confusion",
    "Control",
    "Count",
    "Curve",
    "Event",
    "Failure",
    "Field",
    "Graph",
    "Grid",
    "Header",
    "Histogram",
    "Images",
    "KnobChange",
    "Layers",
    "Named",
    "Note",
    "Pause",
    "Picture",
    "Points",
    "Progress",
    "Record",
    "Resume",
    "Scalars",
    "Seconds",
    "SetKnob",
    "Setting",
    "State",
    "Status",
    "Step",
    "Stop",
    "Table",
    "Text",
    "Tree",
    "make_control_decoder",
    "make_encoder",
    "make_event_decoder",
]

FORMAT = 1
"""Version of the run folder, written in each run's first record; raised when an old reader would misread."""

State = Literal["starting", "running", "paused", "done", "stopped", "failed", "unsaved"]
"""``unsaved``: it ended, but its last checkpoint could not be written; the worker may still be trying."""


class Header(Record, tag="header"):
    """First record of every run."""

    format: int
    run: str


class Scalars(Record, tag="scalars"):
    """Points of one or more series that share their steps.

    ``steps``: (n,) integers, ascending. ``values``: for each series name, (n,) floats. A name reads ``split/metric``
    (``train/loss``); series of one metric share a panel.
    """

    steps: Array
    values: dict[str, Array]

    def points(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The steps (n,), int64, and the values (n,) of each series.

        Raises:
            ValueError: they do not fit together, or are not steps.
        """
        import numpy as np

        steps = self.steps.numpy()
        values = {name: array.numpy() for name, array in self.values.items()}
        if steps.ndim != 1 or any(found.shape != steps.shape for found in values.values()):
            raise ValueError("steps and values differ in length")
        if steps.dtype.kind not in "iu" or (steps.size and (steps[0] < 0 or (steps[1:] < steps[:-1]).any())):
            raise ValueError("steps are whole numbers from 0 on, ascending")
        return steps.astype(np.int64, copy=False), values


class Progress(Record, tag="progress"):
    """Where a run is: ``step`` of ``steps``; ``rate`` in ``unit`` a second of running time (pauses excluded);
    ``doing`` what it does instead of taking steps, such as ``evaluating`` or ``saving``, empty while it does."""

    step: Count
    steps: Count
    rate: float = 0.0
    unit: str = "steps"
    epoch: Count | None = None
    epochs: Count | None = None
    remaining: Seconds | None = None
    doing: str = ""


class KnobChange(Record, tag="knob"):
    """A live knob was turned; the new value holds from ``step`` on."""

    step: Count
    knob: str
    value: Setting
    previous: Setting


class Note(Record, tag="note"):
    """A sentence for the person watching, such as a warning of the experiment."""

    step: Count
    text: str


class Checkpoint(Record, tag="checkpoint"):
    """A checkpoint of ``step`` was begun; ``checkpoints/`` tells which are kept."""

    step: Count


class Status(Record, tag="status"):
    """The run changed state. The last one of a finished run carries its final ``metrics``."""

    state: State
    step: Count = 0
    at: Seconds = 0.0
    """Unix time."""
    message: str = ""
    device: str = ""
    metrics: dict[str, float | None] = {}
    """Last value of every series; None where that value is not finite."""


class Failure(Record, tag="failure"):
    """Why a run ended early: what happened in a sentence, what to try, and the traceback's place in worker.log."""

    step: Count
    title: str
    advice: list[str] = []
    diverged: bool = False


Event = (
    Header
    | Scalars
    | Layers
    | Confusion
    | Curve
    | Points
    | Field
    | Bars
    | Histogram
    | Images
    | Table
    | Text
    | Graph
    | ArrayView
    | AnnotatedImage
    | Tree
    | Progress
    | KnobChange
    | Note
    | Checkpoint
    | Status
    | Failure
)


class Command(msgspec.Struct, tag_field="kind", omit_defaults=True, kw_only=True):
    """What the user asks of a running worker; a line of ``control.jsonl``."""

    at: float = 0.0


class Pause(Command, tag="pause"):
    """Pause before the next step."""


class Resume(Command, tag="resume"):
    """Resume."""


class Step(Command, tag="step"):
    """Take ``count`` steps, then pause."""

    count: Count = 1


class Stop(Command, tag="stop"):
    """End after the current step, keeping everything."""


class SetKnob(Command, tag="set"):
    """Turn a live knob."""

    knob: str
    value: Setting


Control = Pause | Resume | Step | Stop | SetKnob


@functools.cache
def make_encoder() -> msgspec.json.Encoder:
    """The one encoder of records."""
    return msgspec.json.Encoder()


@functools.cache
def make_event_decoder() -> msgspec.json.Decoder[Event]:
    """Decoder of one line of ``events.jsonl``."""
    return msgspec.json.Decoder(Event)


@functools.cache
def make_control_decoder() -> msgspec.json.Decoder[Control]:
    """Decoder of one line of ``control.jsonl``."""
    return msgspec.json.Decoder(Control)
