"""What a run says: the typed records of ``events.jsonl`` and ``control.jsonl``, one JSON object a line.

Every record carries ``kind`` (its type) and, in ``events.jsonl``, ``t``: seconds of training since the run first
started, counted by a monotonic clock and continued over resumes. Readers skip kinds and fields they do not know,
so older and newer versions read each other's files.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    import numpy as np

FORMAT = 1
"""Version of the run folder, written in each run's first record; raised when an old reader would misread."""

State = Literal["starting", "running", "paused", "done", "stopped", "failed"]


class Array(msgspec.Struct, array_like=True):
    """A NumPy array of at most a few hundred thousand numbers: little-endian bytes, base64 in JSON."""

    dtype: Literal["f4", "f8", "u1", "i4", "i8"]
    shape: tuple[int, ...]
    data: bytes

    @classmethod
    def of(cls, values: np.ndarray) -> Array:
        """Pack ``values`` without losing a bit: float64 becomes float32 only where that is exact."""
        import numpy as np

        values = np.asarray(values)
        if values.dtype == np.float64:
            with np.errstate(over="ignore"):
                narrow = values.astype(np.float32)
            if np.array_equal(narrow, values, equal_nan=True):
                values = narrow
        elif values.dtype.kind in "bui" and values.dtype != np.uint8:
            small = values.size == 0 or (values.min() >= -(2**31) and values.max() < 2**31)
            values = values.astype(np.int32 if small else np.int64)
        elif values.dtype.kind == "f" and values.dtype != np.float32:
            values = values.astype(np.float32)
        code = f"{values.dtype.kind}{values.dtype.itemsize}"
        return cls(code, values.shape, values.astype(f"<{code}", copy=False).tobytes())  # type: ignore[arg-type]

    def numpy(self) -> np.ndarray:
        """The values as a read-only array.

        Raises:
            ValueError: ``data`` does not hold ``shape`` numbers (a damaged file).
        """
        import numpy as np

        return np.frombuffer(self.data, f"<{self.dtype}").reshape(self.shape)


class Record(msgspec.Struct, tag_field="kind", omit_defaults=True, kw_only=True):
    """What every event has in common."""

    t: float = 0.0


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


class Layers(Record, tag="layers"):
    """Euclidean norms per layer after a step: (n,) each. ``update`` is what the optimiser changed in that step."""

    step: int
    names: list[str]
    gradient: Array
    weight: Array
    update: Array | None = None


class Confusion(Record, tag="confusion"):
    """Counts of (true class, predicted class), shape (classes, classes), for ``split``."""

    step: int
    counts: Array
    classes: list[str]
    split: str = "test"


class Progress(Record, tag="progress"):
    """Where a run is: ``step`` of ``steps``; ``rate`` in ``unit`` a second of running time (pauses excluded)."""

    step: int
    steps: int
    rate: float = 0.0
    unit: str = "steps"
    epoch: int | None = None
    epochs: int | None = None
    remaining: float | None = None


class KnobChange(Record, tag="knob"):
    """A live knob was turned; the new value holds from ``step`` on."""

    step: int
    knob: str
    value: bool | int | float | str
    previous: bool | int | float | str


class Note(Record, tag="note"):
    """A sentence for the person watching, such as a warning of the experiment."""

    step: int
    text: str


class Checkpoint(Record, tag="checkpoint"):
    """A checkpoint of ``step`` was begun; ``checkpoints/`` tells which are kept."""

    step: int


class Status(Record, tag="status"):
    """The run changed state. The last one of a finished run carries its final ``metrics``."""

    state: State
    step: int = 0
    at: float = 0.0
    """Unix time."""
    message: str = ""
    device: str = ""
    metrics: dict[str, float | None] = {}
    """Last value of every series; None where that value is not finite."""


class Failure(Record, tag="failure"):
    """Why a run ended early: what happened in a sentence, what to try, and the traceback's place in worker.log."""

    step: int
    title: str
    advice: list[str] = []
    diverged: bool = False


Event = Header | Scalars | Layers | Confusion | Progress | KnobChange | Note | Checkpoint | Status | Failure


class Command(msgspec.Struct, tag_field="kind", omit_defaults=True, kw_only=True):
    """What the user asks of a running worker; a line of ``control.jsonl``."""

    at: float = 0.0


class Pause(Command, tag="pause"):
    """Hold before the next step."""


class Resume(Command, tag="resume"):
    """Go on."""


class Step(Command, tag="step"):
    """Take ``count`` steps, then hold."""

    count: int = 1


class Stop(Command, tag="stop"):
    """End after the current step, keeping everything."""


class SetKnob(Command, tag="set"):
    """Turn a live knob."""

    knob: str
    value: bool | int | float | str


Control = Pause | Resume | Step | Stop | SetKnob


@functools.cache
def encoder() -> msgspec.json.Encoder:
    """The one encoder of records."""
    return msgspec.json.Encoder()


@functools.cache
def event_decoder() -> msgspec.json.Decoder[Event]:
    """Decoder of one line of ``events.jsonl``."""
    return msgspec.json.Decoder(Event)


@functools.cache
def control_decoder() -> msgspec.json.Decoder[Control]:
    """Decoder of one line of ``control.jsonl``."""
    return msgspec.json.Decoder(Control)
