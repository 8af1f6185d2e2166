"""The confusion matrix of a split: which classes are taken for which.

Drawn with cells of our own: plotext's matrix takes single cases instead of counts, needs 20 ms for ten thousand of
them and shows six of ten classes in 74 × 16 cells; shaded counts are exact and can be read without colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from textual.binding import Binding, BindingType

from descend.engine.run.records import Confusion
from descend.tui.cell_text import fit, plain
from descend.tui.draw.rows import Row, sized
from descend.tui.panels.scrollable import Scrolled

if TYPE_CHECKING:
    import numpy as np
    from textual.color import Color

LABEL = 5
"""Cells a row's name has at least."""
SCORE = 7
"""Cells of a column of scores."""
LEVELS = 10
MISSES = 0.3
"""Share of a row at which the shade of a mistake is at its fullest."""


VIEWS = ("all", "matrix", "scores", "pairs")
"""What there is to see: what fits best, or one of the three alone."""


class ConfusionPanel(Scrolled):
    """Rows are true classes, columns predicted ones; each row is shaded by its shares.

    Attributes:
        view: one of `VIEWS`.
    """

    order: ClassVar[int] = 30
    HELP = (
        "Which classes are taken for which: a row for each true class, a column for each predicted one, and counts of "
        "cases, shaded by their share of the row. Precision: of what was called so, how much was right. Recall: of "
        "what is so, how much was found. F1: their harmonic mean. Enter goes on to the matrix, the scores and the most "
        "confused pairs, each alone."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "view", "View", tooltip="Matrix, scores or most confused pairs alone, or what fits of all"),
    ]
    view = VIEWS[0]

    @classmethod
    def subjects(cls, series: Sequence[str], pictures: Sequence[str]) -> list[str]:
        return [name for name in pictures if name.startswith("confusion/")]

    @property
    def label(self) -> str:
        return f"confusion {plain(self.subject.partition('/')[2])}"

    def content(self, width: int, height: int) -> list[Row]:
        newest = self._newest()
        if newest is None:
            return []
        counts, classes = _counts(newest), [plain(name) for name in newest.classes]
        self._lines = 0
        match self.view:
            case "matrix":
                return largest(counts, classes, width, height)
            case "scores":
                top = self.fits(len(classes), height - 1)
                return scores(counts, classes, width, height, top)
            case "pairs":
                found = pairs(counts, classes, len(classes) ** 2, width)
                top = self.fits(len(found), height - 1)
                head: Row = [("most often confused, true → predicted" if found else "nothing is confused", "muted")]
                return [sized(row, width) for row in [head, *found[top : top + height - 1], *([[]] * height)][:height]]
        return matrix(counts, classes, width, height)

    def action_view(self) -> None:
        """Show the next of `VIEWS`."""
        self.view, self.top = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)], 0
        self.redraw()

    def legends(self) -> list[Row]:
        newest = self._newest()
        if newest is None or not (counts := _counts(newest)).sum():
            return []
        share: Row = [(f"{counts.trace() / counts.sum():.1%}", "value")]
        return [[*share, (f" of {counts.sum()} right", "muted")], share]

    def notes(self) -> list[Row]:
        newest = self._newest()
        if newest is None:
            return [self.past()]
        fullest, *shorter = self.when(newest.step)
        if self.view in ("scores", "pairs"):
            place = self.place(self.view)
            told: Row = [(f"{place}  " if place else "", "value"), ("enter: next view  ", "muted")]
            return [[*told, *fullest], *([[(place, "value")]] if place else []), fullest, *shorter]
        sides = "rows: true class  columns: predicted"
        full: Row = [(f"{sides}  ", "muted"), *fullest]
        if self.cursor is not None:
            return [full, fullest, *shorter]
        return [full, [(sides, "muted")], [("rows: true", "muted")]]

    def style(self, pen: str) -> Style:
        """Also ``hit-0`` … ``hit-10`` and ``miss-0`` … ``miss-10``: counts on a shade of their share."""
        kind, _, level = pen.partition("-")
        if kind not in ("hit", "miss"):
            return super().style(pen)
        background = self.background_colors[1]
        if background.ansi is not None:  # the terminal's own background, whose colour is not known
            return super().style("value" if kind == "hit" else "text")
        shade = self.get_component_styles("panel--series-1" if kind == "hit" else "panel--series-2").color
        mixed = background.blend(shade, 0.12 + 0.78 * int(level) / LEVELS)
        return Style(color=_ink(mixed), bgcolor=mixed.rich_color, bold=kind == "hit")

    def _newest(self) -> Confusion | None:
        newest = self.picture()
        return newest if isinstance(newest, Confusion) and len(newest.classes) else None


def _counts(record: Confusion) -> np.ndarray:
    """The counts as whole numbers, also from a damaged file."""
    import numpy as np

    return np.nan_to_num(record.counts.numpy().astype(float), posinf=0, neginf=0).clip(0, 1e15).astype(np.int64)


class _Plan(NamedTuple):
    """How a matrix fits: cells of a label and of a column, whether counts are given as shares, whether classes are
    numbered, and what stands at the right."""

    label: int
    cell: int
    percent: bool
    numbered: bool
    scores: tuple[str, ...]


def matrix(counts: np.ndarray, classes: Sequence[str], width: int, height: int) -> list[Row]:
    """The matrix with what else has room: precision, recall and F1 beside it, the most confused pairs below it; or
    only those pairs if the matrix does not fit."""
    plan = _plan(counts, classes, width, height)
    if plan is None:
        rows = pairs(counts, classes, height - 1, width)
        total = int(counts.sum())
        summary = f"{counts.trace() / total:.1%} right, most often confused:" if total else "no cases yet"
        return [sized(row, width) for row in [[(summary, "muted")], *rows, *([[]] * (height - 1 - len(rows)))]][:height]
    rows = _body(counts, classes, range(len(classes)), plan)
    below = height - len(rows)
    if below >= 3:
        rows += [[], [("most often confused, true → predicted", "muted")], *pairs(counts, classes, below - 2, width)]
    return [sized(row, width) for row in [*rows, *([[]] * (height - len(rows)))]]


def _body(counts: np.ndarray, classes: Sequence[str], chosen: Sequence[int], plan: _Plan) -> list[Row]:
    """Header and rows of the matrix of the ``chosen`` classes; shares and scores are of all cases."""
    shares, scored = counts / counts.sum(1, keepdims=True).clip(1), _scores(counts)
    names = [classes[index] for index in chosen]
    rows = [_header(names, plan)]
    for index, name in zip(chosen, _labels(names, plan.numbered), strict=True):
        row: Row = [(fit(name, plan.label) + " ", "text")]
        row += [_cell(counts, shares, index, column, plan) for column in chosen]
        row += [(fit(_share(scored[score][index]), SCORE, right=True), "muted") for score in plan.scores]
        rows.append(row)
    return rows


def largest(counts: np.ndarray, classes: Sequence[str], width: int, height: int) -> list[Row]:
    """The matrix alone; of as many classes as fit if not all do: those with the most mistakes."""
    import numpy as np

    if _plan(counts, classes, width, height) is not None:
        return matrix(counts, classes, width, height)[: len(classes) + 1] + [
            sized([], width) for _ in range(height - len(classes) - 1)
        ]
    wrong = counts.sum(0) + counts.sum(1) - 2 * np.diagonal(counts)
    order = np.argsort(-wrong, kind="stable")
    for count in range(min(len(classes) - 1, height - 2), 1, -1):
        chosen = np.sort(order[:count])
        names = [classes[index] for index in chosen]
        if (plan := _plan(counts[np.ix_(chosen, chosen)], names, width, height - 1)) is not None:
            rows = _body(counts, classes, chosen.tolist(), plan)
            head: Row = [(f"{count} of {len(classes)} classes: those with the most mistakes", "muted")]
            return [sized(row, width) for row in [head, *rows, *([[]] * height)][:height]]
    return matrix(counts, classes, width, height)


def scores(counts: np.ndarray, classes: Sequence[str], width: int, height: int, top: int = 0) -> list[Row]:
    """A row for each class from number ``top`` on: precision, recall, F1 and how many cases there are of it."""
    found, cases = _scores(counts), counts.sum(1).tolist()
    digits = max(len(f"{max(cases):,}") + 1, SCORE)
    columns = [*found]
    while columns and width < LABEL + 1 + SCORE * len(columns) + digits:
        columns.pop(0)
    label = max(0, min(max(map(cell_len, [*classes, "class"])), width - 1 - SCORE * len(columns) - digits))
    heads = {"precision": "prec.", "recall": "recall", "F1": "F1"}
    header: Row = [(fit("class", label) + " ", "muted")]
    header += [(fit(heads[name], SCORE, right=True), "muted") for name in columns]
    rows = [[*header, (fit("cases", digits, right=True), "muted")]]
    for index, name in list(enumerate(classes))[top : top + height - 1]:
        row: Row = [(fit(name, label) + " ", "text")]
        row += [(fit(_share(found[score][index]), SCORE, right=True), "value") for score in columns]
        rows.append([*row, (fit(f"{cases[index]:,}", digits, right=True), "muted")])
    return [sized(row, width) for row in [*rows, *([[]] * height)][:height]]


def pairs(counts: np.ndarray, classes: Sequence[str], count: int, width: int) -> list[Row]:
    """The most frequent mistakes, one a row: true class → predicted class, cases, share of the true class."""
    import numpy as np

    wrong = np.array(counts)
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[: max(0, count)]
    found = [(*divmod(int(place), len(classes)), int(wrong.flat[place])) for place in order if wrong.flat[place] > 0]
    totals = counts.sum(1)
    room = max(3, (width - 18) // 2)
    name = min(room, max((cell_len(classes[i]) for pair in found for i in pair[:2]), default=0))
    digits = len(str(found[0][2])) if found else 1
    return [
        [
            (f"{fit(classes[true], name, right=True)} → {fit(classes[guess], name)} ", "text"),
            (f"{cases:{digits}d}", "value"),
            (f"  {cases / totals[true]:.0%}", "muted"),
        ]
        for true, guess, cases in found
    ]


def _plan(counts: np.ndarray, classes: Sequence[str], width: int, height: int) -> _Plan | None:
    """The fullest way to show the matrix in ``width`` × ``height``; None if there is none."""
    count = len(classes)
    if height < count + 1:
        return None
    digits = max(len(str(int(counts.max()))), len(str(count - 1)))
    for percent in (False, True):
        least = max(3, 0 if percent else digits) + 1
        numbered = len(set(_cut(classes, least))) < count
        longest = max(map(cell_len, _labels(classes, numbered)))
        spare = width - count * least - 1
        if spare < min(longest, LABEL):
            continue
        label = min(longest, spare)
        for scores in (("precision", "recall", "F1"), ("recall",), ()):
            room = width - label - 1 - SCORE * len(scores)
            if room >= count * (max(least, 5) if scores else least):  # names of four letters before scores
                cell = max(least, min(room // count, 10, max(map(cell_len, classes)) + 1))
                return _Plan(label, cell, percent, numbered, scores)
    return None


def _header(classes: Sequence[str], plan: _Plan) -> Row:
    """Abbreviated names above the columns; numbers instead where abbreviations are not distinct."""
    names = [str(index) for index in range(len(classes))] if plan.numbered else _cut(classes, plan.cell)
    corner = fit(("% of row" if plan.label >= 8 else "%") if plan.percent else "", plan.label)
    row: Row = [(corner + " ", "muted"), *((fit(name, plan.cell, right=True), "muted") for name in names)]
    short = {"precision": "prec.", "recall": "recall", "F1": "F1"}
    return [*row, *((fit(short[score], SCORE, right=True), "muted") for score in plan.scores)]


def _cut(classes: Sequence[str], cell: int) -> list[str]:
    return [set_cell_size(name, min(cell_len(name), cell - 1)) for name in classes]


def _labels(classes: Sequence[str], numbered: bool) -> list[str]:
    """Names of the rows, with their numbers if those stand above the columns."""
    return [f"{index} {name}" for index, name in enumerate(classes)] if numbered else list(classes)


def _cell(counts: np.ndarray, shares: np.ndarray, true: int, guess: int, plan: _Plan) -> tuple[str, str]:
    count, share = int(counts[true, guess]), float(shares[true, guess])
    if not count:
        return fit("·", plan.cell, right=True), "muted"
    written = f"{share:.0%}" if plan.percent else str(count)
    if true == guess:
        return fit(written, plan.cell, right=True), f"hit-{round(share * LEVELS)}"
    return fit(written, plan.cell, right=True), f"miss-{round(min(1.0, share / MISSES) * LEVELS)}"


def _scores(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Precision, recall and F1 of each class; NaN where there is no case."""
    import numpy as np

    right = np.diagonal(counts).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = right / counts.sum(0), right / counts.sum(1)
        f1 = 2 * right / (counts.sum(0) + counts.sum(1))
    return {"precision": precision, "recall": recall, "F1": f1}


def _ink(ground: Color) -> str:
    """Black or white, whichever has more contrast on ``ground`` by WCAG's relative luminance."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in ground.normalized]
    return "#000000" if 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.179 else "#ffffff"


def _share(value: float) -> str:
    return "–" if value != value else f"{value:.0%}"
