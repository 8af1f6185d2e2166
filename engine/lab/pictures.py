"""The pictures an experiment can show: the part of the lab that turns arrays and tensors into records.

Every method may be called at every step. What is shown is taken at once, in a fast loop at most a hundred times a
second, and drawn when a picture is due, which is at most five times a second, at every step of a short loop, whenever
the run is held, and at the run's end. Making what is shown may itself be costly, such as evaluating a net on a grid:
then ask `Lab.due` first.

Arrays are NumPy arrays, tensors on any device, or sequences of numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from descend.engine.lab.diagrams import Diagrams
from descend.engine.lab.layer_norms import LayerWatch
from descend.engine.lab.packing import (
    MAX_VALUES,
    Cell,
    Values,
    count_values,
    fetch_values,
    get_shape,
    make_plain,
    pack_places,
    require,
    scale_to_bytes,
    take_pairs,
    take_places,
    take_values,
)
from descend.engine.lab.picture_base import takes_picture
from descend.engine.run.picture_records import Aspect
from descend.engine.run.records import (
    Array,
    Bars,
    Confusion,
    Curve,
    Field,
    Graph,
    Histogram,
    Images,
    Points,
    Table,
    Text,
)


class Pictures(Diagrams):
    """What `Lab` shows. Each method raises ValueError where arrays do not fit together, on the experiment's thread."""

    def __init__(self) -> None:
        self._layers = LayerWatch()

    def layers(self, net: torch.nn.Module) -> None:
        """Show each layer's gradient, weight and update norms. Call it at every step, after the optimiser.

        Of many layers they are shown less often, so that they take a few percent of the time at most.
        """
        if self._layers.remembers:
            self._draw(self._layers.picture(net, self.step))
        if self._are_layers_due():
            self._layers.remember(net)

    def confusion(self, counts: Values, classes: Sequence[str], split: str = "test") -> None:
        """Show counts of (true, predicted), shape (classes, classes)."""
        step, counts, names = self.step, take_values(counts), list(classes)
        require(get_shape(counts) == (len(names),) * 2, f"counts are classes × classes, not {get_shape(counts)}")
        self._show(
            f"confusion/{split}",
            lambda: Confusion(step=step, counts=Array.of(fetch_values(counts)), classes=names, split=split),
        )

    @takes_picture
    def curve(
        self,
        name: str,
        x: Values,
        marks: Mapping[str, Values] | None = None,
        /,
        *,
        axes: tuple[str, str] = ("", ""),
        **lines: Values,
    ) -> None:
        """Show functions y(x): ``x`` and each of ``lines`` have n numbers, in any shape.

        ``marks``: for each name, one place (2,) or several (m, 2) marked on the picture. ``axes``: what stands along x
        and y, with units.
        """
        step, x = self.step, take_values(x)
        kept, spots = {line: take_values(values) for line, values in lines.items()}, take_places(marks)
        for line, values in kept.items():
            require(
                count_values(values) == count_values(x),
                f"line '{line}' has {count_values(values)} values for {count_values(x)} of x",
            )
        require(count_values(x) * (1 + len(kept)) <= MAX_VALUES, "the curve is too long")
        self._show(
            f"curve/{name}",
            lambda: Curve(
                step=step,
                name=name,
                x=Array.of(fetch_values(x).ravel()),
                lines={line: Array.of(fetch_values(values).ravel()) for line, values in kept.items()},
                marks=pack_places(spots),
                axes=axes,
            ),
        )

    @takes_picture
    def points(
        self,
        name: str,
        at: Values,
        labels: Values | None = None,
        classes: Sequence[str] = (),
        *,
        arrows: Values | None = None,
        paths: Mapping[str, Values] | None = None,
        axes: tuple[str, str] = ("", ""),
        aspect: Aspect = "",
    ) -> None:
        """Show points in the plane.

        Args:
            at: (n, 2) coordinates.
            labels: (n,) indices into ``classes``, which are numbered if none are named.
            arrows: (n, 2), an arrow from each point.
            paths: for each name, (m, 2) places joined by a line.
            axes: what stands along x and y, with units.
            aspect: "equal" draws a unit as long on both axes, "auto" does not; by default it is where both axes have
                one unit, as in ``x (m)``, or none, and neither range is more than four times the other.
        """
        step, spots, heads = self.step, take_pairs(at), None if arrows is None else take_pairs(arrows)
        count, tracks = len(spots), take_places(paths)
        kept = None if labels is None else take_values(labels)
        require(kept is None or count_values(kept) == count, f"there are {count} points and not as many labels")
        require(heads is None or len(heads) == count, f"there are {count} points and not as many arrows")
        require(4 * count <= MAX_VALUES, "too many points")

        def make() -> Points:
            where = fetch_values(spots)
            ends = None if heads is None else fetch_values(heads)
            what = None if kept is None else fetch_values(kept).ravel().astype(np.int32)
            names = list(classes)
            if what is not None and not names:
                names = [str(index) for index in range(int(what.max(initial=-1)) + 1)]
            return Points(
                step=step,
                name=name,
                x=Array.of(where[:, 0]),
                y=Array.of(where[:, 1]),
                labels=None if what is None else Array.of(what),
                classes=names,
                dx=None if ends is None else Array.of(ends[:, 0]),
                dy=None if ends is None else Array.of(ends[:, 1]),
                paths=pack_places(tracks),
                axes=axes,
                aspect=aspect,
            )

        self._show(f"points/{name}", make)

    @takes_picture
    def field(
        self,
        name: str,
        values: Values,
        x: tuple[float, float] | None = None,
        y: tuple[float, float] | None = None,
        *,
        rows: Sequence[str] = (),
        columns: Sequence[str] = (),
        classes: Sequence[str] = (),
        low: float | None = None,
        high: float | None = None,
        texts: Sequence[Sequence[Any]] = (),
        points: Mapping[str, Values] | None = None,
        paths: Mapping[str, Values] | None = None,
        axes: tuple[str, str] = ("", ""),
        aspect: Aspect = "",
        down: bool = False,
        panes: Sequence[str] = (),
    ) -> None:
        """Show values over a rectangle, shape (rows, columns): a heat map.

        Args:
            x, y: coordinates of the centres of the first and the last column, and of the first and the last row: the
                field is a map, y upwards. Without them it is a matrix, its first row at the top.
            down: y of a map grows downwards, as the rows of an image do.
            panes: names of several matrices that are shown side by side with one scale: ``values`` are then (panes,
                rows, columns), and so are ``texts``.
            aspect: as that of `points`; a map without it keeps its proportions by the same rule.
            rows, columns: names of a matrix's lines.
            classes: values are indices into them.
            low, high: ends of the colours; by default the minimum and the maximum.
            texts: a few characters for each cell.
            points, paths: for each name, (m, 2) places on the map, marked, or joined by a line.
            axes: what stands along x and y, with units; of a matrix, along a row and down a column.
        """
        step, values = self.step, take_values(values)
        if panes:
            form = get_shape(values)
            require(
                len(form) == 3 and form[0] == len(panes) and len(texts) in (0, len(panes)),
                f"{len(panes)} matrices side by side are (panes, rows, columns), not shape {form}",
            )
            texts = [[text for line in lines for text in line] for lines in zip(*texts, strict=True)]
        else:
            require(len(get_shape(values)) == 2, f"a field has rows and columns, not shape {get_shape(values)}")
        require(count_values(values) <= MAX_VALUES, "the field is too large")
        low, high = (None if end is None else float(end) for end in (low, high))
        spots, tracks = take_places(points), take_places(paths)
        written = [[str(text) for text in line] for line in texts]
        names, above, labels, sides = list(rows), list(columns), list(classes), list(panes)

        def make() -> Field:
            field = Field(
                step=step,
                name=name,
                values=Array.of(np.hstack([*fetch_values(values)]) if sides else fetch_values(values)),
                x=x,
                y=y,
                rows=names,
                columns=above,
                classes=labels,
                low=low,
                high=high,
                texts=written,
                points=pack_places(spots),
                paths=pack_places(tracks),
                axes=axes,
                aspect=aspect,
                down=down,
                panes=sides,
            )
            field.check()
            return field

        self._show(f"field/{name}", make)

    @takes_picture
    def bars(self, name: str, labels: Sequence[str], axis: str = "", /, **groups: Values) -> None:
        """Show a value for each of the n ``labels``; several ``groups`` of n values are drawn side by side.

        ``axis``: what the bars measure, with its unit.
        """
        step, names, kept = self.step, list(labels), {group: take_values(values) for group, values in groups.items()}
        for group, values in kept.items():
            require(
                count_values(values) == len(names),
                f"group '{group}' has {count_values(values)} values for {len(names)} labels",
            )
        self._show(
            f"bars/{name}",
            lambda: Bars(
                step=step,
                name=name,
                labels=names,
                axis=axis,
                groups={group: Array.of(fetch_values(values).ravel()) for group, values in kept.items()},
            ),
        )

    @takes_picture
    def histogram(
        self, name: str, bins: int = 40, range: tuple[float, float] | None = None, /, **samples: Values
    ) -> None:
        """Show how the numbers of each of ``samples``, of any shape, are distributed over common ``bins``.

        Numbers that are not finite, or not in ``range``, are left out.
        """
        step, kept = self.step, {group: take_values(values) for group, values in samples.items()}

        def make() -> Histogram:
            found = {group: fetch_values(values).ravel() for group, values in kept.items()}
            found = {group: values[np.isfinite(values)] for group, values in found.items()}
            edges = np.histogram_bin_edges(np.concatenate(list(found.values())), bins, range)
            counts = {group: Array.of(np.histogram(values, edges)[0]) for group, values in found.items()}
            return Histogram(step=step, name=name, edges=Array.of(edges), counts=counts)

        self._show(f"histogram/{name}", make)

    @takes_picture
    def images(
        self,
        name: str,
        pixels: Values,
        captions: Sequence[str] = (),
        *,
        low: float | None = None,
        high: float | None = None,
    ) -> None:
        """Show images of one size.

        Args:
            pixels: grey (n, height, width), or RGB (n, height, width, 3), or as networks have them, (n, 1, height,
                width) or (n, 3, height, width).
            captions: one an image.
            low, high: what is black and white; by default 0 and 255 for bytes, else the minimum and maximum.
        """
        step, kept, words = self.step, take_values(pixels), list(captions)
        form = get_shape(kept)
        channels_first = len(form) == 4 and form[1] in (1, 3) and form[3] not in (1, 3)
        require(
            len(form) == 3 or (len(form) == 4 and (channels_first or form[3] in (1, 3))), f"no images: shape {form}"
        )
        require(not words or len(words) == form[0], f"there are {form[0]} images and {len(words)} captions")
        require(count_values(kept) <= MAX_VALUES, "the images are too many or too large")

        def make() -> Images:
            values = fetch_values(kept)
            if channels_first:
                values = np.moveaxis(values, 1, 3)
            if values.ndim == 4 and values.shape[3] == 1:
                values = values[..., 0]
            return Images(step=step, name=name, pixels=Array.of(scale_to_bytes(values, low, high)), captions=words)

        self._show(f"images/{name}", make)

    @takes_picture
    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """Show a table; each row has a cell a column."""
        cells = [[make_plain(cell) for cell in row] for row in rows]
        table = Table(step=self.step, name=name, columns=list(columns), rows=cells)
        table.check()
        self._show(f"table/{name}", lambda: table)

    @takes_picture
    def text(self, name: str, text: str) -> None:
        """Show words."""
        shown = Text(step=self.step, name=name, text=str(text))
        self._show(f"text/{name}", lambda: shown)

    @takes_picture
    def graph(
        self,
        name: str,
        nodes: Mapping[str, tuple[float, float]],
        edges: Sequence[tuple[str, str]],
        *,
        values: Mapping[str, Values] | None = None,
        weights: Mapping[str, Values] | None = None,
    ) -> None:
        """Show a small network.

        Args:
            nodes: for each node's label, its place in the unit square, y upwards.
            edges: labels of the nodes that each joins, from and to.
            values: numbers of the nodes, (nodes,), by name; the first shows as their shade.
            weights: numbers of the edges, (edges,), by name, likewise.
        """
        step, labels = self.step, list(nodes)
        where = np.array(list(nodes.values()), float).reshape(-1, 2)
        ends = np.array([[labels.index(label) for label in edge] for edge in edges], np.int32).reshape(-1, 2)
        of_nodes = {key: take_values(numbers) for key, numbers in (values or {}).items()}
        of_edges = {key: take_values(numbers) for key, numbers in (weights or {}).items()}
        for count, kept in ((len(labels), of_nodes), (len(ends), of_edges)):
            for key, numbers in kept.items():
                require(count_values(numbers) == count, f"'{key}' has {count_values(numbers)} numbers for {count}")
        self._show(
            f"graph/{name}",
            lambda: Graph(
                step=step,
                name=name,
                labels=labels,
                x=Array.of(where[:, 0]),
                y=Array.of(where[:, 1]),
                sources=Array.of(ends[:, 0]),
                targets=Array.of(ends[:, 1]),
                values={key: Array.of(fetch_values(numbers).ravel()) for key, numbers in of_nodes.items()},
                weights={key: Array.of(fetch_values(numbers).ravel()) for key, numbers in of_edges.items()},
            ),
        )
