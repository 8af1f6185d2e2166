"""The records of what is read cell by cell: arrays and operations on them, images with boxes and masks, trees."""

from __future__ import annotations

import msgspec

from descend.engine.run.packed_array import Array, require_shape, require_sizes
from descend.engine.run.picture_records import Named

MARKS = 4
"""Kinds of marked cells in one record at most: as many as there are brackets."""
SLICES = 1000
"""Slices of an array at most."""
NODES = 5000
"""Nodes of a tree at most."""
PARTS = 26
"""Boxes and masks in one image at most, as many as there are letters; and arrays beside each other."""


class Grid(msgspec.Struct, omit_defaults=True, kw_only=True):
    """An array of one, two or three axes whose values are written in cells; a third axis, which is the first one, is
    that of slices.

    ``sign`` stands before it, as in ``* kernel``. ``axes``: a name for each axis. ``ticks``: for each axis, names of
    its indices, or none. ``marks``: for each name, the cells in brackets; ``blank``: those whose value is not shown;
    both bytes 0 or 1 in the array's shape."""

    name: str
    values: Array
    sign: str = ""
    axes: list[str] = []
    ticks: list[list[str]] = []
    marks: dict[str, Array] = {}
    blank: Array | None = None

    def check(self) -> None:
        """See whether the parts fit together.

        Raises:
            ValueError: they do not.
        """
        shape = self.values.numpy().shape
        if not 1 <= len(shape) <= 3 or 0 in shape:
            raise ValueError(f"an array in cells has one to three axes and at least one value, not shape {shape}")
        if len(shape) == 3 and shape[0] > SLICES:
            raise ValueError(f"at most {SLICES} slices can be shown")
        if self.axes and len(self.axes) != len(shape):
            raise ValueError("one name an axis is needed")
        if self.ticks and len(self.ticks) != len(shape):
            raise ValueError("one list of names an axis is needed")
        if any(names and len(names) != size for names, size in zip(self.ticks, shape, strict=False)):
            raise ValueError("one name an index is needed")
        require_shape(shape, self.blank, *self.marks.values())


class ArrayView(Named, tag="array"):
    """Arrays beside each other, their values in cells, such as those of one step of an operation.

    ``formula``: the step with its numbers put in. Marks of one name look the same in all of them."""

    grids: list[Grid]
    formula: str = ""

    def check(self) -> None:
        if not 1 <= len(self.grids) <= PARTS:
            raise ValueError(f"one to {PARTS} arrays are needed")
        for grid in self.grids:
            grid.check()
        if len({name for grid in self.grids for name in grid.marks}) > MARKS:
            raise ValueError(f"at most {MARKS} kinds of marks can be distinguished")


class AnnotatedImage(Named, tag="annotated_image"):
    """An image with labelled boxes and masks drawn on it.

    ``pixels``: bytes, grey (height, width) or RGB (height, width, 3). ``boxes`` (n, 4): left, top, right and bottom
    edge in pixels from the upper left corner, (0, 0, width, height) being the whole. ``labels``: one a box. ``scores``
    (n,). ``masks``: for each name, bytes 0 or 1 (height, width)."""

    pixels: Array
    boxes: Array
    labels: list[str]
    scores: Array | None = None
    masks: dict[str, Array] = {}

    def check(self) -> None:
        import numpy as np

        shape = self.pixels.numpy().shape
        if self.pixels.dtype != "u1" or len(shape) not in (2, 3) or shape[2:] not in ((), (3,)) or 0 in shape:
            raise ValueError("an image is bytes, (height, width) or (height, width, 3)")
        require_shape((len(self.labels), 4), self.boxes)
        require_sizes(len(self.labels), self.scores)
        require_shape(shape[:2], *self.masks.values())
        if len(self.labels) + len(self.masks) > PARTS:
            raise ValueError(f"at most {PARTS} boxes and masks can be distinguished")
        boxes = self.boxes.numpy()
        if not (np.isfinite(boxes).all() and (boxes[:, :2] <= boxes[:, 2:]).all()):
            raise ValueError("a box is left, top, right, bottom, in this order")


class Tree(Named, tag="tree"):
    """A tree, such as that of an expression or of decisions.

    ``labels``: of each node, before those of its children. ``parents`` (n,): index of the node above each; -1 for the
    root, which is the first. ``values``: numbers of the nodes (n,) by name. ``edges``: for each node, what stands on
    the line from its parent; or none. ``marked``: indices of the nodes set off."""

    labels: list[str]
    parents: Array
    values: dict[str, Array] = {}
    edges: list[str] = []
    marked: list[int] = []

    def check(self) -> None:
        import numpy as np

        count = len(self.labels)
        require_sizes(count, self.parents, *self.values.values())
        parents = self.parents.numpy()
        if count > NODES:
            raise ValueError(f"at most {NODES} nodes can be shown")
        if not count or parents.dtype.kind != "i" or parents[0] != -1:
            raise ValueError("a tree has a root, which is its first node")
        if not ((parents[1:] >= 0) & (parents[1:] < np.arange(1, count))).all():
            raise ValueError("the node above another comes before it")
        if self.edges and len(self.edges) != count:
            raise ValueError("one text an edge is needed")
        if any(not 0 <= index < count for index in self.marked):
            raise ValueError(f"indices are whole numbers below {count}")
