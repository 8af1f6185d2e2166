"""What an experiment shows cell by cell: arrays, the steps of an operation, images with boxes and masks, trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from descend.engine.lab.packing import (
    MAX_VALUES,
    Values,
    count_values,
    fetch_values,
    get_shape,
    require,
    scale_to_bytes,
    take_pairs,
    take_values,
)
from descend.engine.lab.picture_base import PictureBase, takes_picture
from descend.engine.run.diagram_records import MARKS, NODES, PARTS, SLICES
from descend.engine.run.records import AnnotatedImage, Array, ArrayView, Grid, Tree

Index = Any
"""Whatever picks cells of a NumPy array: a boolean array, ``(row, column)``, ``np.s_[0:3, 2]``."""
Node = str | float | tuple[Any, ...]
"""A leaf, or a tuple of a node's label and its children."""


class Diagrams(PictureBase):
    """The part of `Pictures` whose values are read one by one."""

    @takes_picture
    def array(
        self,
        name: str,
        values: Values,
        *,
        rows: str = "",
        columns: str = "",
        slices: str = "",
        row_names: Sequence[str] = (),
        column_names: Sequence[str] = (),
        slice_names: Sequence[str] = (),
        marks: Mapping[str, Index] | None = None,
        blank: Index | None = None,
    ) -> None:
        """Show the values of an array in square cells, with the indices of its axes; the first row is at the top.

        Args:
            values: (columns,), (rows, columns) or (slices, rows, columns).
            rows, columns, slices: what the axes are called.
            row_names, column_names, slice_names: names of their indices; by default they are numbered from 0.
            marks: for each of at most four names, which cells stand in brackets.
            blank: which cells are left empty, such as those not yet computed.
        """
        kept = take_values(values)
        first = max(0, 3 - len(get_shape(kept)))
        axes, ticks = (slices, rows, columns)[first:], (slice_names, row_names, column_names)[first:]
        self._show_grids(name, [make_grid(name, kept, axes=axes, ticks=ticks, marks=marks, blank=blank)])

    @takes_picture
    def operation(
        self,
        name: str,
        arrays: Mapping[str, Values],
        formula: str = "",
        *,
        signs: Mapping[str, str] | None = None,
        axes: Mapping[str, Sequence[str]] | None = None,
        ticks: Mapping[str, Sequence[Sequence[str]]] | None = None,
        marks: Mapping[str, Mapping[str, Index]] | None = None,
        blank: Mapping[str, Index] | None = None,
    ) -> None:
        """Show one step of an operation with its numbers: its arrays beside each other, and ``formula`` below them.

        Called once in each step of a loop of at most 200 steps, every step is a frame: in the shell ``s`` takes the
        next one, and ``,`` and ``.`` look back at those that were.

        Args:
            arrays: by name, each of one to three axes, in the order in which they are read.
            formula: the step with its numbers put in, such as what `descend.engine.lab.formulas` writes.
            signs: what stands before an array, such as ``{"kernel": "*", "output": "="}``.
            axes, ticks: for an array's name, names of its axes, and of the indices of each.
            marks: for an array's name, which cells stand in brackets, by name. A name looks the same in all arrays.
            blank: for an array's name, which cells are left empty, such as those not yet computed.
        """
        require(1 <= len(arrays) <= PARTS, f"an operation has at least one array, and at most {PARTS}")
        given: dict[str, Mapping[str, Any]] = {
            word: found or {}
            for word, found in (("sign", signs), ("axes", axes), ("ticks", ticks), ("marks", marks), ("blank", blank))
        }
        for word, found in given.items():
            for array in found:
                require(array in arrays, f"{word} of '{array}' are given, and there is only {', '.join(arrays)}")
        makers = [
            make_grid(
                array, take_values(values), **{word: found[array] for word, found in given.items() if array in found}
            )
            for array, values in arrays.items()
        ]
        kinds = {mark for found in given["marks"].values() for mark in found}
        require(len(kinds) <= MARKS, f"at most {MARKS} kinds of marks can be distinguished, not {len(kinds)}")
        self._show_grids(name, makers, formula)

    @takes_picture
    def annotated_image(
        self,
        name: str,
        image: Values,
        boxes: Values = (),
        labels: Sequence[str] = (),
        scores: Values | None = None,
        *,
        masks: Mapping[str, Values] | None = None,
        low: float | None = None,
        high: float | None = None,
    ) -> None:
        """Show an image with labelled boxes and masks, which differ in letters and lines and not by colour alone.

        Args:
            image: grey (height, width), or RGB (height, width, 3), or as networks have it, (1 or 3, height, width).
            boxes: (n, 4): left, top, right and bottom edge in pixels from the upper left corner of the image.
            labels: one a box; by default they are numbered.
            scores: (n,), how sure each is.
            masks: for each name, which pixels belong to it: (height, width), or the corners (m, 2) of a polygon, x, y.
            low, high: what is black and white; by default 0 and 255 for bytes, else the smallest and largest value.
        """
        kept, where = take_values(image), take_values(boxes)
        form = get_shape(kept)
        channels_first = len(form) == 3 and form[0] in (1, 3) and form[2] not in (1, 3)
        require(len(form) == 2 or (len(form) == 3 and (channels_first or form[2] in (1, 3))), f"no image: shape {form}")
        require(count_values(kept) <= MAX_VALUES and count_values(kept) > 0, "the image is empty or too large")
        count = count_values(where) // 4
        require(count_values(where) == 0 or get_shape(where) == (count, 4), f"boxes are (n, 4), not {get_shape(where)}")
        names = list(map(str, labels)) or [str(index) for index in range(count)]
        require(len(names) == count, f"there are {count} boxes and {len(names)} labels")
        sure = None if scores is None else take_values(scores)
        require(sure is None or count_values(sure) == count, f"there are {count} boxes and not as many scores")
        tall, wide = form[1:] if channels_first else form[:2]
        regions = {
            mask: fill_region(fetch_values(take_values(values)), tall, wide, mask)
            for mask, values in (masks or {}).items()
        }
        require(count + len(regions) <= PARTS, f"at most {PARTS} boxes and masks can be distinguished")
        step = self.step

        def make() -> AnnotatedImage:
            pixels = fetch_values(kept)
            pixels = np.moveaxis(pixels, 0, 2) if channels_first else pixels
            record = AnnotatedImage(
                step=step,
                name=name,
                pixels=Array.of(scale_to_bytes(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels, low, high)),
                boxes=Array.of(fetch_values(where).reshape(count, 4)),
                labels=names,
                scores=None if sure is None else Array.of(fetch_values(sure).ravel()),
                masks={mask: Array.of(region) for mask, region in regions.items()},
            )
            record.check()
            return record

        self._show(f"annotated_image/{name}", make)

    @takes_picture
    def tree(
        self,
        name: str,
        root: Node,
        *,
        values: Mapping[str, Values] | None = None,
        edges: Sequence[str] = (),
        marked: Sequence[int] = (),
    ) -> None:
        """Show a tree, such as that of an expression: ``("+", ("×", "x", "y"), 2)``.

        Nodes are numbered from 0 as they are read there, from left to right.

        Args:
            root: a label, or a tuple of a label and the nodes below it, each of which may be a tuple in its turn.
            values: numbers of the nodes, (nodes,), by name.
            edges: for each node, what stands on the line from the node above it, such as ``yes``; of the root nothing.
            marked: numbers of the nodes set off.
        """
        labels, parents = flatten_tree(root)
        require(len(labels) <= NODES, f"there are {len(labels)} nodes; at most {NODES} can be shown")
        kept = {key: take_values(numbers) for key, numbers in (values or {}).items()}
        for key, numbers in kept.items():
            require(
                count_values(numbers) == len(labels),
                f"'{key}' has {count_values(numbers)} numbers for {len(labels)} nodes",
            )
        require(len(edges) in (0, len(labels)), f"there are {len(labels)} nodes and {len(edges)} texts of edges")
        require(all(0 <= index < len(labels) for index in marked), f"marked nodes have numbers below {len(labels)}")
        step, lines, chosen = self.step, list(map(str, edges)), list(marked)
        self._show(
            f"tree/{name}",
            lambda: Tree(
                step=step,
                name=name,
                labels=labels,
                parents=Array.of(np.array(parents)),
                values={key: Array.of(fetch_values(numbers).ravel()) for key, numbers in kept.items()},
                edges=lines,
                marked=chosen,
            ),
        )

    def _show_grids(self, name: str, makers: Sequence[Callable[[], Grid]], formula: str = "") -> None:
        step = self.step
        self._show(
            f"array/{name}",
            lambda: ArrayView(step=step, name=name, grids=[make() for make in makers], formula=formula),
        )


def make_grid(
    name: str,
    values: Values,
    *,
    sign: str = "",
    axes: Sequence[str] = (),
    ticks: Sequence[Sequence[str]] = (),
    marks: Mapping[str, Index] | None = None,
    blank: Index | None = None,
) -> Callable[[], Grid]:
    """What makes the `Grid` of an array that was `take_values`, as soon as it may be waited for.

    Raises:
        ValueError: the array has no such shape, or names or indices do not fit it.
    """
    form, names, labels = get_shape(values), list(map(str, axes)), [list(map(str, found)) for found in ticks]
    require(
        1 <= len(form) <= 3 and 0 not in form, f"'{name}' has shape {form}; an array of one to three axes is needed"
    )
    require(count_values(values) <= MAX_VALUES, f"'{name}' is too large")
    require(len(form) < 3 or form[0] <= SLICES, f"'{name}' has {form[0]} slices; at most {SLICES} can be shown")
    require(len(names) in (0, len(form)), f"'{name}' has {len(form)} axes and {len(names)} names of them")
    require(len(labels) in (0, len(form)), f"'{name}' has {len(form)} axes and names of the indices of {len(labels)}")
    for found, count in zip(labels, form, strict=False):
        require(len(found) in (0, count), f"'{name}' has {count} indices along an axis and {len(found)} names of them")
    require(len(marks or {}) <= MARKS, f"at most {MARKS} kinds of marks can be distinguished, not {len(marks or {})}")
    picked = {mark: pick_cells(form, index, name) for mark, index in (marks or {}).items()}
    empty = None if blank is None else pick_cells(form, blank, name)
    return lambda: Grid(
        name=name,
        values=Array.of(fetch_values(values)),
        sign=sign,
        axes=names if any(names) else [],
        ticks=labels if any(labels) else [],
        marks=picked,
        blank=empty,
    )


def pick_cells(form: tuple[int, ...], index: Index, name: str) -> Array:
    """The cells that ``index`` picks of an array of this shape, as bytes 0 and 1."""
    cells = np.zeros(form, np.uint8)
    try:
        cells[fetch_values(index) if hasattr(index, "is_cpu") else index] = 1
    except (IndexError, TypeError) as error:
        raise ValueError(f"What is marked in '{name}' is not in it: {error}.") from None
    return Array.of(cells)


def fill_region(region: np.ndarray, tall: int, wide: int, name: str) -> np.ndarray:
    """A mask (``tall``, ``wide``) of bytes 0 and 1: ``region`` itself, or the pixels whose middle is in a polygon."""
    if region.shape == (tall, wide):
        whole: np.ndarray = (region != 0).astype(np.uint8)
        return whole
    corners = take_pairs(region).astype(float)
    require(len(corners) > 2, f"mask '{name}' is {tall} × {wide}, or three corners of a polygon or more")
    y, x = np.mgrid[:tall, :wide] + 0.5
    inside = np.zeros((tall, wide), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, 0), strict=True):
        if y0 != y1:  # even-odd rule: each edge that is crossed to the right turns inside out
            inside ^= ((y0 > y) != (y1 > y)) & (x < x0 + (x1 - x0) * (y - y0) / (y1 - y0))
    return inside.astype(np.uint8)


def flatten_tree(root: Node) -> tuple[list[str], list[int]]:
    """The labels of a tree's nodes, each before those below it, and the index of the node above each, -1 at first."""
    labels: list[str] = []
    parents: list[int] = []
    left: list[tuple[Node, int]] = [(root, -1)]
    while left:
        node, parent = left.pop()
        label, *children = node if isinstance(node, tuple) and node else (node,)
        parents.append(parent)
        labels.append(f"{label:.6g}" if isinstance(label, float) else str(label))
        left += [(child, len(labels) - 1) for child in reversed(children)]
    return labels, parents
