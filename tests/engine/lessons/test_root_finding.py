"""Root finding: the lesson's own methods on functions whose roots are known, and against SciPy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize

from descend.engine.lessons.scientific_python import root_finding
from descend.engine.lessons.scientific_python.root_finding import FUNCTIONS, Lost, Watched


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_roots_given_are_roots_and_the_slopes_are_slopes(name: str) -> None:
    f, slope, roots = FUNCTIONS[name]
    for root in roots:
        assert abs(f(math, root)) < 1e-14
    x = np.linspace(-3, 3, 101)
    assert np.allclose(slope(np, x), (f(np, x + 1e-5) - f(np, x - 1e-5)) / 2e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [("cos x - x", 0.0, 1.0), ("x^2 - 4", 0.0, 3.0), ("x^3 - 1", 0.0, 3.0), ("x^3 - x", 0.5, 2.0)],
)
def test_the_methods_agree_with_scipy(name: str, left: float, right: float) -> None:
    f = Watched(name, math)
    root = optimize.brentq(lambda x: FUNCTIONS[name][0](math, x), left, right, xtol=1e-14)
    for found in (
        root_finding.bisection(f, left, right, 1e-12),
        root_finding.newton(Watched(name, math), right, 1e-12),
        root_finding.secant(Watched(name, math), left, right, 1e-12),
        root_finding.brent(Watched(name, math), left, right, 1e-12),
    ):
        assert found == pytest.approx(root, abs=2e-12)


def test_a_bracket_without_a_change_of_sign_is_refused() -> None:
    for method in (root_finding.bisection, root_finding.brent):
        with pytest.raises(Lost, match="change of sign"):
            method(Watched("x^2 - 4", math), 3.0, 4.0, 1e-10)


def test_newton_runs_in_circles_runs_away_and_stops_where_it_is_flat() -> None:
    circling = Watched("x^3 - 2x + 2", math)
    with pytest.raises(Lost, match="gave up"):
        root_finding.newton(circling, 0.0, 1e-10)
    assert set(circling.places) == {0.0, 1.0}
    with pytest.raises(Lost, match="ran away"):
        root_finding.newton(Watched("atan x", math), 1.5, 1e-10)
    with pytest.raises(Lost, match="flat"):
        root_finding.newton(Watched("x^2 - 4", math), 0.0, 1e-10)


def test_the_order_of_a_known_sequence_is_measured() -> None:
    assert root_finding.order([2.0**-n for n in range(4, 10)]) == pytest.approx(1)
    assert root_finding.order([10.0 ** -(3**n) for n in range(1, 5)]) == pytest.approx(3, rel=1e-3)
    assert root_finding.order([0.0, 1.0, 0.0, 1.0]) is None
