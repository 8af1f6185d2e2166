"""Eigenpairs: the matrices that can be written, and the steps of the iteration."""

from __future__ import annotations

import numpy as np
import pytest

from descend.engine.base.errors import UsageError
from descend.engine.lessons.mathematics import eigenpairs


def test_a_matrix_is_four_numbers() -> None:
    for text in ("4 2; 1 3", "4,2,1,3", " 4 2 1 3 "):
        assert eigenpairs.parsed(text).tolist() == [[4, 2], [1, 3]]


@pytest.mark.parametrize("text", ["", "1 2 3", "1 2 3 4 5", "a b c d", "nan 1 1 1", "1e9 0 0 1"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="matrix"):
        eigenpairs.parsed(text)


def test_the_inverse_with_an_eigenvalue_as_shift_gives_its_vector() -> None:
    matrix = np.array([[4.0, 2.0], [1.0, 3.0]])
    found = eigenpairs.multiply(matrix, np.array([1.0, 0.3]), "inverse", 2.0)
    assert np.allclose(np.abs(found / np.linalg.norm(found)), np.sqrt(0.5))
