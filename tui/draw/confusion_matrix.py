"""The confusion matrix, scores of its classes and the pairs most often confused.

Drawn with cells of our own: plotext's matrix takes single cases instead of counts, needs 20 ms for ten thousand of
them and shows six of ten classes in 74 × 16 cells; shaded counts are exact and can be read without colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len, set_cell_size

from descend.engine.run.records import Confusion
from descend.tui.cell_text import fit
from descend.tui.draw.rows import Row, sized

LABEL = 5
"""Cells a row's name has at least."""
SCORE = 7
"""Cells of a column of scores."""
LEVELS = 10
MISSES = 0.3
"""Share of a row at which the shade of a mistake is at its fullest."""


def counts_of(record: Confusion) -> np.ndarray:
    """The counts as whole numbers, also from a damaged file."""
    counts: np.ndarray = np.nan_to_num(record.counts.numpy().astype(float), posinf=0, neginf=0).clip(0, 1e15)
    return counts.astype(np.int64)


class _Plan(NamedTuple):
    """How a matrix fits: cells of a label and of a column, whether counts are given as shares, whether classes are
    numbered, and what stands at the right."""

    label: int
    cell: int
    percent: bool
    numbered: bool
    scores: tuple[str, ...]


def draw_matrix(counts: np.ndarray, classes: Sequence[str], width: int, height: int) -> list[Row]:
    """The matrix with what else has room: precision, recall and F1 next to it, the most confused pairs below it; or
    only those pairs if the matrix does not fit."""
    plan = _plan(counts, classes, width, height)
    if plan is None:
        rows = draw_pairs(counts, classes, height - 1, width)
        total = int(counts.sum())
        summary = f"{counts.trace() / total:.1%} right, most often confused:" if total else "no cases yet"
        return [sized(row, width) for row in [[(summary, "muted")], *rows, *([[]] * (height - 1 - len(rows)))]][:height]
    rows = _body(counts, classes, range(len(classes)), plan)
    below = height - len(rows)
    if below >= 3:
        rows += [
            [],
            [("most often confused, true → predicted", "muted")],
            *draw_pairs(counts, classes, below - 2, width),
        ]
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


def draw_largest_matrix(counts: np.ndarray, classes: Sequence[str], width: int, height: int) -> list[Row]:
    """The matrix alone; of as many classes as fit if not all do: those with the most mistakes."""
    if _plan(counts, classes, width, height) is not None:
        return draw_matrix(counts, classes, width, height)[: len(classes) + 1] + [
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
    return draw_matrix(counts, classes, width, height)


def draw_scores(counts: np.ndarray, classes: Sequence[str], width: int, height: int, top: int = 0) -> list[Row]:
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


def draw_pairs(counts: np.ndarray, classes: Sequence[str], count: int, width: int) -> list[Row]:
    """The most frequent mistakes, one a row: true class → predicted class, cases, share of the true class."""
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
        min_cell = max(3, 0 if percent else digits) + 1
        numbered = len(set(_cut(classes, min_cell))) < count
        longest = max(map(cell_len, _labels(classes, numbered)))
        spare = width - count * min_cell - 1
        if spare < min(longest, LABEL):
            continue
        label = min(longest, spare)
        for scores in (("precision", "recall", "F1"), ("recall",), ()):
            room = width - label - 1 - SCORE * len(scores)
            if room >= count * (max(min_cell, 5) if scores else min_cell):  # names of four letters before scores
                cell = max(min_cell, min(room // count, 10, max(map(cell_len, classes)) + 1))
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
        return fit("0", plan.cell, right=True), "muted"
    written = f"{share:.0%}" if plan.percent else str(count)
    if true == guess:
        return fit(written, plan.cell, right=True), f"hit-{round(share * LEVELS)}"
    return fit(written, plan.cell, right=True), f"miss-{round(min(1.0, share / MISSES) * LEVELS)}"


def _scores(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Precision, recall and F1 of each class; NaN where there is no case."""
    right = np.diagonal(counts).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = right / counts.sum(0), right / counts.sum(1)
        f1 = 2 * right / (counts.sum(0) + counts.sum(1))
    return {"precision": precision, "recall": recall, "F1": f1}


def _share(value: float) -> str:
    return "–" if value != value else f"{value:.0%}"
