"""Floating point: the arithmetic of the lesson against exact fractions and numpy."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from descend.engine.lessons.mathematics import floating_point


@pytest.mark.parametrize("x", [1.0, 0.5, 1e-4, 1e-8])
def test_one_minus_cos_is_right_to_the_last_bit(x: float) -> None:
    assert floating_point.one_minus_cos(x) == pytest.approx(2 * np.sin(x / 2) ** 2, rel=4e-16)


def test_exact_sums_lose_nothing() -> None:
    terms = np.random.default_rng(0).random((1000, 2)) * np.array([1.0, 1e12])
    sums = np.zeros((2, 2))
    for start in range(0, 1000, 100):
        floating_point.add_exactly(sums, terms[start : start + 100])
    for lane in range(2):
        true = sum(map(Fraction, terms[:, lane]))
        found = Fraction(sums[0, lane]) + Fraction(sums[1, lane])
        assert abs(found / true - 1) < Fraction(1, 10**30)


def test_pairwise_adds_any_number_of_terms() -> None:
    for count in (1, 2, 7, 64, 1001):
        terms = torch.arange(2 * count, dtype=torch.float64).reshape(count, 2)
        assert torch.equal(floating_point.pairwise(terms), terms.sum(0))


@pytest.mark.parametrize("pivoting", [True, False])
def test_elimination_solves_a_system(pivoting: bool) -> None:
    matrix, solution = floating_point.system(np.random.default_rng(0), 2)
    assert np.linalg.cond(matrix) == pytest.approx(100)
    found = floating_point.solve(torch.tensor(matrix), torch.tensor(matrix @ solution), pivoting)
    assert np.allclose(found, solution, atol=1e-10)


def test_elimination_needs_its_pivots() -> None:
    matrix, right = torch.tensor([[0.0, 1.0], [1.0, 1.0]]), torch.tensor([1.0, 2.0])
    assert floating_point.solve(matrix, right, True).tolist() == [1, 1]
    assert not floating_point.solve(matrix, right, False).isfinite().all()
