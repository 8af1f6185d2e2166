"""The records that a panel draws: charts, maps, tables and small networks as they were at a step."""

from __future__ import annotations

from typing import Literal

import msgspec

from descend.engine.run.packed_array import (
    Array,
    Count,
    Seconds,
    require_indices,
    require_pairs,
    require_shape,
    require_sizes,
)

Aspect = Literal["", "equal", "auto"]
"""Whether a unit is as long on both axes: always, never, or by `descend.tui.draw.aspect`'s rule."""


class Record(msgspec.Struct, tag_field="kind", omit_defaults=True, kw_only=True):
    """What every event has in common."""

    t: Seconds = 0.0


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
        require_sizes(len(self.names), self.gradient, self.weight, self.update)


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

        require_shape((len(self.classes),) * 2, self.counts)
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

    ``marks``: for each name, places (m, 2) of single points drawn on the curves, such as the end of a bracket.
    ``axes``: what stands along x and y, with units."""

    x: Array
    lines: dict[str, Array]
    marks: dict[str, Array] = {}
    axes: tuple[str, str] = ("", "")

    def check(self) -> None:
        (count,) = self.x.numpy().shape
        require_sizes(count, *self.lines.values())
        require_pairs(*self.marks.values())


class Points(Named, tag="points"):
    """Points in the plane: ``x``, ``y`` (n,). ``labels`` (n,) are indices into ``classes``.

    ``dx``, ``dy`` (n,): an arrow from each point. ``paths``: for each name, places (m, 2) joined by a line.
    ``axes``: what stands along x and y, with units. ``aspect``: "equal", "auto", or empty where a rule decides."""

    x: Array
    y: Array
    labels: Array | None = None
    classes: list[str] = []
    dx: Array | None = None
    dy: Array | None = None
    paths: dict[str, Array] = {}
    axes: tuple[str, str] = ("", "")
    aspect: Aspect = ""

    def check(self) -> None:
        (count,) = self.x.numpy().shape
        require_sizes(count, self.y, self.labels, self.dx, self.dy)
        if (self.dx is None) != (self.dy is None):
            raise ValueError("an arrow has two components")
        if self.labels is not None:
            require_indices(self.labels, len(self.classes))
        require_pairs(*self.paths.values())


class Field(Named, tag="field"):
    """Values over a rectangle, shape (rows, columns).

    With extents ``x`` and ``y`` (coordinates of the centres of the first and of the last column and row) it is a map,
    whose ``y`` grows upwards, or ``down`` as an image's rows do; without them a matrix, first row at the top, whose
    lines ``rows`` and ``columns`` name. ``panes``: names of matrices side by side, whose columns follow each other.
    ``classes``: values are indices into them, as in a map of decision regions. ``low``, ``high``: ends of the colours.
    ``texts``: a few characters for each cell, such as an arrow. ``points``: for each name, places (m, 2) on the map;
    ``paths``: likewise, joined by a line. ``axes``: what stands along x and y, or along a row and down a column.
    ``aspect``: "equal", "auto", or empty where a rule decides."""

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
    axes: tuple[str, str] = ("", "")
    aspect: Aspect = ""
    down: bool = False
    panes: list[str] = []

    def check(self) -> None:
        rows, columns = self.values.numpy().shape
        if not rows or not columns:
            raise ValueError("a field has at least one value")
        if (self.x is None) != (self.y is None):
            raise ValueError("a map has two extents")
        each, left = divmod(columns, max(1, len(self.panes)))
        if left or (self.panes and self.x is not None):
            raise ValueError("matrices side by side have as many columns each")
        if (self.rows and len(self.rows) != rows) or (self.columns and len(self.columns) != each):
            raise ValueError("one name a line is needed")
        if self.texts and [len(line) for line in self.texts] != [columns] * rows:
            raise ValueError("one text a cell is needed")
        require_pairs(*self.points.values(), *self.paths.values())


class Bars(Named, tag="bars"):
    """A value for each of ``labels``: (n,) for each of ``groups``, drawn side by side. ``axis``: what they measure."""

    labels: list[str]
    groups: dict[str, Array]
    axis: str = ""

    def check(self) -> None:
        require_sizes(len(self.labels), *self.groups.values())


class Histogram(Named, tag="histogram"):
    """How often values fall between ``edges`` (n + 1,): ``counts`` (n,) for each name."""

    edges: Array
    counts: dict[str, Array]

    def check(self) -> None:
        (edges,) = self.edges.numpy().shape
        require_sizes(edges - 1, *self.counts.values())


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
        require_sizes(len(self.labels), self.x, self.y, *self.values.values())
        (edges,) = self.sources.numpy().shape
        require_sizes(edges, self.targets, *self.weights.values())
        for ends in (self.sources, self.targets):
            require_indices(ends, len(self.labels))
