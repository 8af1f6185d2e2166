"""Pictures of what units see."""

from __future__ import annotations

import numpy as np

from descend.engine.lab.unit_maps import GROUND, NEGATIVE, NOTHING, POSITIVE, join_maps, mark_points, tint


def test_colours_tell_signs_and_sizes() -> None:
    colours = tint(np.array([[-4.0, -1.0, 0.0, 4.0]]))
    assert colours.shape == (1, 4, 3)
    assert colours[0, 0].tolist() == list(NEGATIVE)
    assert colours[0, 3].tolist() == list(POSITIVE)
    assert colours[0, 2].tolist() == [NOTHING] * 3
    assert NOTHING < colours[0, 1, 2] < NEGATIVE[2]
    assert (tint(np.array([0.5])) < POSITIVE).all(), "small numbers are not stretched to full colours"


def test_a_network_is_its_pictures_joined_by_its_weights() -> None:
    fine, wide, high = 20, 60, 40
    maps = [np.stack([np.full((fine, fine), 1.0), np.full((fine, fine), -1.0)]), np.ones((1, fine, fine))]
    image = join_maps(maps, [np.array([[3.0, -1.0]])], wide, high)
    assert image.shape == (high, wide + fine, 3)
    assert (image[10:30, wide:] == POSITIVE).all(), "the output, in the middle"
    assert (image[:10, wide:] == GROUND).all()
    seen = [[tuple(image[row, column]) for column in range(wide)] for row in (10, 30)]
    assert POSITIVE in seen[0]
    assert NEGATIVE in seen[1]
    line = image[:, wide - 1].astype(int)
    assert (abs(line - POSITIVE) <= 1).all(1).any(), "the larger weight is drawn last, in full"


def test_as_many_units_as_fit_are_drawn_apart() -> None:
    maps = [np.ones((8, 10, 10)), np.ones((8, 10, 10)), np.ones((1, 10, 10))]
    image = join_maps(maps, [np.zeros((8, 8)), np.zeros((1, 8))], 56, 68)
    column = (image == POSITIVE).all(2)[:, :56].any(1)
    assert np.diff(column.astype(int)).clip(0).sum() + column[0] == 8


def test_points_lie_where_they_are_and_others_are_left_out() -> None:
    picture = np.zeros((21, 21, 3), np.uint8)
    mark_points(picture, [(0, 0), (-1, 1), (3, 0)], [True, False, True], 1.0)
    assert picture[10, 10].tolist() == [255, 235, 200]
    assert picture[0, 0].tolist() == [200, 230, 255]
    assert (picture.any(2)).sum() == 8
