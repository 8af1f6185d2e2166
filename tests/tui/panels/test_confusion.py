"""The confusion matrix, read as text."""

from __future__ import annotations

import numpy as np
import pytest

from descend.tui.draw.confusion_matrix import draw_largest_matrix, draw_matrix, draw_pairs, draw_scores
from descend.tui.draw.rows import length, text

from .conftest import FASHION

COUNTS = np.diag(np.arange(820, 1000, 18))
COUNTS[2, 6], COUNTS[6, 0], COUNTS[4, 2], COUNTS[9, 7] = 169, 120, 97, 4


def test_ten_classes_fit_in_78_by_18() -> None:
    drawn = text(draw_matrix(COUNTS, FASHION, 74, 16))
    lines = drawn.splitlines()
    assert lines[0].split()[:10] == ["T-sh", "Trou", "Pull", "Dres", "Coat", "Sand", "Shir", "Snea", "Bag", "Ankl"]
    assert lines[0].split()[10:] == ["recall"]
    assert lines[3].split() == ["Pullover", "0", "0", "856", "0", "0", "0", "169", "0", "0", "0", "84%"]
    for row, name in zip(lines[1:11], FASHION, strict=True):
        assert row.startswith(name)
    assert "Pullover → Shirt       169  16%" in drawn


def test_columns_are_aligned() -> None:
    lines = text(draw_matrix(COUNTS, FASHION, 74, 16)).splitlines()
    ends = [lines[0].index(name) + len(name) for name in ("T-sh", "Pull", "Ankl")]
    assert [lines[row][end - 3 : end] for row, end in zip((1, 3, 10), ends, strict=True)] == ["820", "856", "982"]


def test_scores() -> None:
    counts = np.array([[8, 2], [1, 9]])
    lines = text(draw_matrix(counts, ["cat", "dog"], 60, 3)).splitlines()
    assert lines[0].split()[-3:] == ["prec.", "recall", "F1"]
    assert lines[1].split()[-3:] == ["89%", "80%", "84%"]
    assert lines[2].split()[-3:] == ["82%", "90%", "86%"]


def test_shades_follow_the_share_of_the_row() -> None:
    row = draw_matrix(np.array([[5, 5], [0, 1000]]), ["cat", "dog"], 40, 3)
    pens = [pen for part, pen in row[1] if part.strip().isdigit()]
    assert pens == ["hit-5", "miss-10"]
    assert [pen for part, pen in row[2] if part.strip() in ("0", "1000")] == ["muted", "hit-10"]


def test_percent_of_row_where_counts_do_not_fit() -> None:
    lines = text(draw_matrix(COUNTS * 20, FASHION, 48, 11)).splitlines()
    assert lines[0].startswith("%")
    assert "16%" in lines[3]
    assert "84%" in lines[3]


def test_most_confused_pairs_where_nothing_else_fits() -> None:
    drawn = text(draw_matrix(COUNTS, FASHION, 44, 6))
    assert drawn.splitlines()[0].startswith("95.9% right")
    assert drawn.splitlines()[1].split() == ["Pullover", "→", "Shirt", "169", "16%"]
    assert drawn.splitlines()[4].split() == ["Ankle", "boot", "→", "Sneaker", "4", "0%"]


def test_names_that_look_alike_are_numbered() -> None:
    names = [f"category {index}" for index in range(10)]
    lines = text(draw_matrix(COUNTS, names, 74, 11)).splitlines()
    assert lines[0].split()[:10] == list("0123456789")
    assert lines[4].startswith("3 category 3")


def test_wide_names_keep_the_columns() -> None:
    rows = draw_matrix(np.eye(3, dtype=int) * 5, ["猫", "いぬ", "a bird"], 40, 8)
    assert {length(row) for row in rows} == {40}
    lines = text(rows).splitlines()
    assert lines[1].startswith("猫     ")
    assert lines[2].startswith("いぬ   ")


@pytest.mark.parametrize("classes", [1, 2, 10, 40, 120])
def test_every_size_is_filled_exactly(classes: int) -> None:
    rng = np.random.default_rng(classes)
    counts = rng.integers(0, 3000, (classes, classes))
    names = [f"{'猫' if index % 3 else 'class'} {index}" for index in range(classes)]
    for width in range(1, 200, 7):
        for height in range(1, 60, 5):
            for draw in (draw_matrix, draw_largest_matrix, draw_scores):
                rows = draw(counts, names, width, height)
                assert [length(row) for row in rows] == [width] * height


def test_no_cases_and_no_mistakes() -> None:
    nothing = np.zeros((2, 2), int)
    assert "no cases yet" in text(draw_matrix(nothing, ["a", "b"], 20, 2))
    assert text(draw_matrix(nothing, ["a", "b"], 60, 3)).splitlines()[1].split()[-3:] == ["–", "–", "–"]
    assert draw_pairs(np.eye(3, dtype=int), ["a", "b", "c"], 5, 40) == []


def confused(classes: int) -> np.ndarray:
    """Counts of a classifier that only confuses each class of the last ten with the one before it."""
    counts = np.diag(np.full(classes, 50))
    for index in range(max(1, classes - 9), classes):
        counts[index, index - 1] = index
    return counts


@pytest.mark.parametrize("classes", [2, 10, 26, 100])
def test_the_matrix_alone_shows_the_most_confused_classes_where_not_all_fit(classes: int) -> None:
    names = [f"c{index}" for index in range(classes)]
    lines = text(draw_largest_matrix(confused(classes), names, 74, 19)).splitlines()
    if classes <= 10:
        assert [line.split()[0] for line in lines[1 : classes + 1]] == names
        return
    told, _, rest = lines[0].partition(" of ")
    assert rest.rstrip() == f"{classes} classes: those with the most mistakes"
    rows = [line.split()[0] for line in lines[2:] if line.strip()]
    assert len(rows) == int(told) >= 14
    assert set(names[-10:]) <= set(rows)
    assert rows == sorted(rows, key=names.index)


def test_scores_of_many_classes_are_scrolled() -> None:
    counts = confused(100)
    lines = text(draw_scores(counts, [f"c{index}" for index in range(100)], 60, 11, 90)).splitlines()
    assert lines[0].split() == ["class", "prec.", "recall", "F1", "cases"]
    assert [line.split()[0] for line in lines[1:]] == [f"c{index}" for index in range(90, 100)]
    assert lines[2].split() == ["c91", "35%", "35%", "35%", "141"]
