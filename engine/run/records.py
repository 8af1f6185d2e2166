"""What a run says: the typed records of ``events.jsonl`` and ``control.jsonl``, one JSON object a line.

Every record carries ``kind`` (its type) and, in ``events.jsonl``, ``t``: seconds of training since the run first
started, counted by a monotonic clock and continued over resumes. Readers skip kinds and fields they do not know,
so older and newer versions read each other's files.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

if TYPE_CHECKING:
    import numpy as np

FORMAT = 1
"""Version of the run folder, written in each run's first record; raised when an old reader would misread."""

State = Literal["starting", "running", "paused", "done", "stopped", "failed", "unsaved"]
"""``unsaved``: it ended, but its last checkpoint could not be written; the worker may still be trying."""

Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""A step, or how many there are."""
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
Length = Annotated[int, msgspec.Meta(ge=0, le=2**24)]
Setting = bool | Whole | float | str
"""A knob's value."""


class Array(msgspec.Struct, array_like=True):
    """A NumPy array of at most a few hundred thousand numbers: little-endian bytes, base64 in JSON."""

    dtype: Literal["f4", "f8", "u1", "i4", "i8"]
    shape: tuple[Length, ...]
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

        values = np.frombuffer(self.data, f"<{self.dtype}").reshape(self.shape)
        if not values.size and self.shape[0]:
            raise ValueError("an array of nothing has no first axis")
        return values


class Record(msgspec.Struct, tag_field="kind", omit_defaults=True, kw_only=True):
    """What every event has in common."""

    t: Seconds = 0.0


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


class Picture(Record):
    """A record that shows something as it was at ``step``; a later one of the same `key` takes its place on screen."""

    step: Count

    @property
    def key(self) -> str:
        """What it is a picture of: its kind and its name, such as ``curve/fit``."""
        raise NotImplementedError

    def check(self) -> None:
        """See whether the arrays fit together.

        Raises:
            ValueError: they do not (a damaged file, or another version's).
        """


class Layers(Picture, tag="layers"):
    """Euclidean norms per layer after a step: (n,) each. ``update`` is what the optimiser changed in that step."""

    names: list[str]
    gradient: Array
    weight: Array
    update: Array | None = None

    @property
    def key(self) -> str:
        return "layers"

    def check(self) -> None:
        _check_sizes(len(self.names), self.gradient, self.weight, self.update)


class Confusion(Picture, tag="confusion"):
    """Counts of (true class, predicted class), shape (classes, classes), for ``split``."""

    counts: Array
    classes: list[str]
    split: str = "test"

    @property
    def key(self) -> str:
        return f"confusion/{self.split}"

    def check(self) -> None:
        import numpy as np

        _declare_shape((len(self.classes),) * 2, self.counts)
        counts = self.counts.numpy()
        if not (np.isfinite(counts) & (counts >= 0)).all():
            raise ValueError("counts are numbers from 0 on")


class Named(Picture):
    """A picture with a name of the author's choosing; it distinguishes pictures of one kind."""

    name: str

    @property
    def key(self) -> str:
        return f"{self.__struct_config__.tag}/{self.name}"


class Curve(Named, tag="curve"):
    """Functions of one variable: ``x`` (n,), and for each of ``lines`` its values (n,). NaN breaks a line.

    ``marks``: for each name, places (m, 2) of single points drawn on the curves, such as the end of a bracket."""

    x: Array
    lines: dict[str, Array]
    marks: dict[str, Array] = {}

    def check(self) -> None:
        (count,) = self.x.numpy().shape
        _check_sizes(count, *self.lines.values())
        _declare_pairs(*self.marks.values())


class Points(Named, tag="points"):
    """Points in the plane: ``x``, ``y`` (n,). ``labels`` (n,) are indices into ``classes``.

    ``dx``, ``dy`` (n,): an arrow from each point. ``paths``: for each name, places (m, 2) joined by a line."""

    x: Array
    y: Array
    labels: Array | None = None
    classes: list[str] = []
    dx: Array | None = None
    dy: Array | None = None
    paths: dict[str, Array] = {}

    def check(self) -> None:
        (count,) = self.x.numpy().shape
        _check_sizes(count, self.y, self.labels, self.dx, self.dy)
        if (self.dx is None) != (self.dy is None):
            raise ValueError("an arrow has two components")
        if self.labels is not None:
            _check_indices(self.labels, len(self.classes))
        _declare_pairs(*self.paths.values())


class Field(Named, tag="field"):
    """Values over a rectangle, shape (rows, columns).

    With extents ``x`` and ``y`` (coordinates of the centres of the first and of the last column and row) it is a map,
    whose ``y`` grows upwards; without them a matrix, first row at the top, whose lines ``rows`` and ``columns`` name.
    ``classes``: values are indices into them, as in a map of decision regions. ``low``, ``high``: ends of the colours.
    ``texts``: a few characters for each cell, such as an arrow. ``points``: for each name, places (m, 2) on the map;
    ``paths``: likewise, joined by a line."""

    values: Array
    x: tuple[float, float] | None = None
    y: tuple[float, float] | None = None
    rows: list[str] = []
    columns: list[str] = []
    classes: list[str] = []
    low: float | None = None
    high: float | None = None
    texts: list[list[str]] = []
    points: dict[str, Array] = {}
    paths: dict[str, Array] = {}

    def check(self) -> None:
        rows, columns = self.values.numpy().shape
        if not rows or not columns:
            raise ValueError("a field has at least one value")
        if (self.x is None) != (self.y is None):
            raise ValueError("a map has two extents")
        if (self.rows and len(self.rows) != rows) or (self.columns and len(self.columns) != columns):
            raise ValueError("one name a line is needed")
        if self.texts and [len(line) for line in self.texts] != [columns] * rows:
            raise ValueError("one text a cell is needed")
        _declare_pairs(*self.points.values(), *self.paths.values())


class Bars(Named, tag="bars"):
    """A value for each of ``labels``: (n,) for each of ``groups``, drawn side by side."""

    labels: list[str]
    groups: dict[str, Array]

    def check(self) -> None:
        _check_sizes(len(self.labels), *self.groups.values())


class Histogram(Named, tag="histogram"):
    """How often values fall between ``edges`` (n + 1,): ``counts`` (n,) for each name."""

    edges: Array
    counts: dict[str, Array]

    def check(self) -> None:
        (edges,) = self.edges.numpy().shape
        _check_sizes(edges - 1, *self.counts.values())


class Images(Named, tag="images"):
    """Images of one size, unsigned bytes: grey (n, height, width), or RGB (n, height, width, 3)."""

    pixels: Array
    captions: list[str] = []

    def check(self) -> None:
        shape = self.pixels.numpy().shape
        if self.pixels.dtype != "u1" or len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] != 3):
            raise ValueError("images are bytes, (n, height, width) or (n, height, width, 3)")
        if self.captions and len(self.captions) != shape[0]:
            raise ValueError("one caption an image is needed")


class Table(Named, tag="table"):
    """Rows of cells: text, numbers, or nothing."""

    columns: list[str]
    rows: list[list[str | int | float | bool | None]]

    def check(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("one cell a column is needed")


class Text(Named, tag="text"):
    """Words, such as a sample of a language model. Not Markdown."""

    text: str


class Graph(Named, tag="graph"):
    """Nodes and directed edges of a small network, with live values.

    ``labels``: of each node; ``x``, ``y`` (n,): its place in the unit square, y upwards. ``values``: numbers of each
    node (n,) by name, the first of which is shown as its shade. ``sources``, ``targets`` (m,): indices of the nodes an
    edge joins. ``weights``: numbers of each edge (m,) by name, likewise."""

    labels: list[str]
    x: Array
    y: Array
    sources: Array
    targets: Array
    values: dict[str, Array] = {}
    weights: dict[str, Array] = {}

    def check(self) -> None:
        _check_sizes(len(self.labels), self.x, self.y, *self.values.values())
        (edges,) = self.sources.numpy().shape
        _check_sizes(edges, self.targets, *self.weights.values())
        for ends in (self.sources, self.targets):
            _check_indices(ends, len(self.labels))


def _declare_shape(shape: tuple[int, ...], *arrays: Array | None) -> None:
    for array in arrays:
        if array is not None and array.numpy().shape != shape:
            raise ValueError(f"an array of shape {shape} is needed, not {array.shape}")


def _check_sizes(count: int, *arrays: Array | None) -> None:
    _declare_shape((count,), *arrays)


def _declare_pairs(*arrays: Array) -> None:
    for array in arrays:
        if array.numpy().shape[1:] != (2,):
            raise ValueError(f"places are (n, 2), not {array.shape}")


def _check_indices(array: Array, count: int) -> None:
    values = array.numpy()
    if values.dtype.kind not in "iu" or (values.size and not (values.min() >= 0 and values.max() < count)):
        raise ValueError(f"indices are whole numbers below {count}")


class Progress(Record, tag="progress"):
    """Where a run is: ``step`` of ``steps``; ``rate`` in ``unit`` a second of running time (pauses excluded)."""

    step: Count
    steps: Count
    rate: float = 0.0
    unit: str = "steps"
    epoch: Count | None = None
    epochs: Count | None = None
    remaining: Seconds | None = None


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
