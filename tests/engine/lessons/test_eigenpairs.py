"""Eigenpairs: the steps of the iteration."""

from __future__ import annotations

import numpy as np

from descend.engine.lessons.mathematics import eigenpairs


def test_the_inverse_with_an_eigenvalue_as_shift_gives_its_vector() -> None:
    matrix = np.array([[4.0, 2.0], [1.0, 3.0]])
    found = eigenpairs.multiply(matrix, np.array([1.0, 0.3]), "inverse", 2.0)
    assert np.allclose(np.abs(found / np.linalg.norm(found)), np.sqrt(0.5))
