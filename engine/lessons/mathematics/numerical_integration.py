"""Numerical integration: how many samples does an area need?

Most areas have no formula. How much nearer to the truth does twice the work bring you, and can one rule be trusted with
every curve?

**Rules.** Cut [a, b] into n *panels* of width h. The *midpoint* rule puts a rectangle on each, the *trapezoid* rule a
sloping roof, *Simpson's* a parabola through both ends and the middle, which takes twice the samples. Check the
trapezoid by hand: for x² from 0 to 1 with two panels the heights are 0, 1/4, 1 and the area is

    h · (0/2 + 1/4 + 1/2) = 0.5 · 0.75 = 0.375      exact: 1/3

**Order.** A rule has order p if halving h divides the error by 2ᵖ: 2 for midpoint and trapezoid, 4 for Simpson, if f is
smooth. A vertical tangent, as that of √x at 0, costs all of them their order. A smooth curve that dies out at both
ends, or is taken over a whole period (sin x here over half of one), gives the trapezoid more than any order: its error
falls exponentially.

**Monte Carlo** averages f at n random places. Its typical error falls like 1/√n, for rough curves as for smooth ones
and in any number of dimensions. A mini-batch is a Monte Carlo estimate of the mean gradient.

**Adaptive** rules, such as SciPy's `quad`, compare a coarse value with a finer one and split where they differ.

**Predict, then run.** By what factor does the trapezoid's error change each time the panels are doubled?
**Watch** the slopes. **Break it:** √x.
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    Wrong,
    computed,
    knob,
    knob_value,
    last,
    number,
    pace,
    quiz,
)

FUNCTIONS = {
    "sin x": (lambda np, x: np.sin(x), "0", "π", lambda np: 2.0),
    "x^2": (lambda np, x: x * x, "0", "1", lambda np: 1 / 3),
    "√x": (lambda np, x: np.sqrt(x), "0", "1", lambda np: 2 / 3),
    "|x - 0.3|": (lambda np, x: np.abs(x - 0.3), "0", "1", lambda np: 0.29),
    "e^(-x^2)": (lambda np, x: np.exp(-x * x), "-10", "10", lambda np: np.sqrt(np.pi)),
    "1/(2 + cos x)": (lambda np, x: 1 / (2 + np.cos(x)), "0", "2π", lambda np: 2 * np.pi / np.sqrt(3)),
}
"""f, from where to where, and its exact integral (that of e^(-x^2) beyond ±10 is below 1e-44)."""
PLACES = {"0": 0.0, "1": 1.0, "-10": -10.0, "10": 10.0, "π": 3.141592653589793, "2π": 6.283185307179586}
RULES = ("midpoint", "trapezoid", "simpson", "monte carlo")
FLOOR = 1e-17  # the smallest error shown: 0 has no logarithm
ROUNDING = 1e-12  # below it, times the integral, rounding may hide a rule's order


class Knobs(KnobSet):
    function: str = knob("sin x", choices=tuple(FUNCTIONS), help="f, the curve whose area is wanted")
    doublings: int = knob(10, 2, 16, help="how often the number of panels is doubled, beginning with 1")
    pace: int = pace(2)


def integrate(f, a, b, panels):
    """The area under f from a to b by each rule; Monte Carlo takes as many samples as there are panels."""
    import numpy as np

    h = (b - a) / panels
    ends = f(np.linspace(a, b, panels + 1))
    middles = f(a + h * (np.arange(panels) + 0.5))
    midpoint = h * middles.sum()
    trapezoid = h * (ends.sum() - (ends[0] + ends[-1]) / 2)  # key: each inner point belongs to two panels
    simpson = (2 * midpoint + trapezoid) / 3  # key: their errors have opposite signs, one twice the other
    random = (b - a) * f(np.random.uniform(a, b, panels)).mean()  # key: the mean height times the width
    return dict(zip(RULES, (midpoint, trapezoid, simpson, random), strict=True))


def run(lab, k):
    import numpy as np

    formula, low, high, exact = FUNCTIONS[k.function]
    a, b, exact = PLACES[low], PLACES[high], exact(np)

    def f(x):
        return formula(np, x)

    x = np.linspace(a, b, 400)
    table = {rule: (rule, None, None, None) for rule in RULES}
    table["quad"] = compare_quad(lab, f, a, b, exact)
    errors = lab.state.setdefault("errors", {rule: [] for rule in RULES})
    for step in lab.steps(k.doublings + 1):
        panels = 2**step
        for rule, area in integrate(f, a, b, panels).items():
            errors[rule].append(abs(float(area) - exact))
            taken = panels + (rule == "trapezoid") + (rule == "simpson") * (panels + 1)
            table[rule] = (rule, taken, area, errors[rule][-1])
        nodes = np.linspace(a, b, panels + 1)
        lab.curve("area", x, axes=("x", "f(x)"), f=f(x), trapezoids=np.interp(x, nodes, f(nodes)))
        heights = {rule: np.log10(np.maximum(values, FLOOR)) for rule, values in errors.items()}
        lab.curve("log10 error", np.arange(step + 1), axes=("doublings", "log₁₀ error"), **heights)
        orders = {f"{rule}/order": measure_order(errors[rule], abs(exact)) for rule in ("trapezoid", "simpson")}
        lab.scalars({name: order for name, order in orders.items() if order is not None})
        lab.table("rules", ("rule", "evaluations", "area", "error"), list(table.values()))

    lab.results(**{f"{rule}/final error": values[-1] for rule, values in errors.items()})


def measure_order(errors, scale):
    """log₂ of the last error but one over the last; None unless both are well above rounding."""
    import math

    before, after = errors[-2:] if len(errors) > 1 else (0.0, 0.0)
    return math.log2(before / after) if min(before, after) > ROUNDING * scale else None


def find_factor(run):
    """What the trapezoid's error is divided by at a doubling, once that has settled; else None."""
    orders = run.history.series["trapezoid/order"].values[-2:]
    return 2.0 ** float(orders[-1]) if len(orders) == 2 and abs(orders[1] - orders[0]) < 0.05 else None


def compare_quad(lab, f, a, b, exact):
    """What SciPy's adaptive rule takes: a row of the table, and a picture of where it looked."""
    from scipy.integrate import quad

    places = []

    def watched(x):
        places.append(x)
        return float(f(x))

    area, estimate = quad(watched, a, b)
    lab.points("where quad looks", [(x, float(f(x))) for x in places], axes=("x", "f(x)"))
    lab.results(**{"quad/evaluations": len(places), "quad/error": abs(area - exact), "quad/its estimate": estimate})
    return "quad", len(places), area, abs(area - exact)


def integrate_samples(x, y):
    """The area under measured points, x (n,) in any order, y (n,), by the trapezoid rule."""
    import numpy as np
    from scipy.integrate import trapezoid

    order = np.argsort(x)
    return trapezoid(y[order], x[order])


def check_samples(function):
    import numpy as np

    rng = np.random.default_rng(3)
    for name, n, f, area in (
        ("x²", 400, np.square, 1 / 3),
        ("√x", 4000, np.sqrt, 2 / 3),
        ("3", 2, lambda x: 3 + 0 * x, 3),
    ):
        x = rng.permutation(np.concatenate([[0, 1], rng.uniform(size=n - 2)]))
        found = function(x.copy(), f(x))
        if np.ndim(found) != 0:
            raise Wrong(f"An area is one number; yours has shape {np.shape(found)}.")
        yield number(abs(found - area), f"{name} at {n} unordered places from 0 to 1: distance from {area:.4g}") <= 1e-3


def is_best(rule):
    """The bound: this rule's last error is at most two thirds of every other's, and theirs are not mere rounding."""
    from functools import reduce
    from operator import and_

    mine, rest = last(f"{rule}/final error"), [other for other in RULES if other != rule]
    others = [last(f"{other}/final error") for other in rest]
    return reduce(and_, [(mine < error / 1.5) & (error > ROUNDING) for error in others])


LESSON = Lesson(
    covers=("A09",),
    run=run,
    knobs=Knobs,
    minutes=12,
    show=("log10 error", "area", "rules", "where quad looks"),
    takeaways=(
        "On a smooth curve, halving the panels divides the trapezoid's error by 4 and Simpson's by 16.",
        "A kink or a vertical tangent spoils that; fading ends, or a whole period, are the trapezoid's best case.",
        "Monte Carlo needs a hundred times the samples for one more digit, in any number of dimensions.",
    ),
    predictions=(
        Prediction(
            "Each time the panels are doubled, the trapezoid's error is divided by about …?",
            computed("two to the order it measured", find_factor),
            "By 2ᵖ: 4 for a smooth curve, 2.8 for √x. Where the curve dies out or repeats there is no such number, as "
            "every doubling gains more than the one before; at a kink it jumps about. Neither is graded.",
            within=0.15,
        ),
        Prediction(
            "Which of the four is the most exact in the end, all with the same number of panels?",
            choices={rule: is_best(rule) for rule in RULES},
            why="Simpson's order of 4 wins clearly on smooth curves, and little is left of that at a kink or a "
            "vertical tangent. Where the curve dies out at both ends or repeats, all but Monte Carlo soon err only by "
            "rounding. Such ties are not graded.",
        ),
    ),
    claims=(
        Claim(
            "For sin x trapezoid and Simpson have the orders 2 and 4",
            last("trapezoid/order").between(1.98, 2.02),
            last("simpson/order", doublings=7).between(3.9, 4.1),
            seeds=2,
        ),
        Claim(
            "For √x trapezoid and Simpson have the order 1.5",
            last("trapezoid/order", function="√x").between(1.45, 1.55),
            last("simpson/order", function="√x").between(1.45, 1.55),
        ),
        Claim(
            "64 panels give the trapezoid all digits of the integral of e^(-x²), and of 1/(2 + cos x)",
            last("trapezoid/final error", function="e^(-x^2)", doublings=6) < 1e-14,
            last("trapezoid/final error", function="1/(2 + cos x)", doublings=6) < 1e-14,
        ),
        Claim(
            "With 1,024 samples Monte Carlo is over a hundred times farther off than the trapezoid with 1,024 panels",
            last("monte carlo/final error") > 100 * last("trapezoid/final error"),
            seeds=10,
            needed=9,
        ),
        Claim(
            "quad needs 21 evaluations for sin x, at least ten times as many for √x and |x − 0.3|, and is right in all",
            last("quad/evaluations") == 21,
            last("quad/evaluations", function="√x") >= 210,
            last("quad/evaluations", function="|x - 0.3|") >= 210,
            last("quad/error") < 1e-9,
            last("quad/error", function="√x") < 1e-9,
            last("quad/error", function="|x - 0.3|") < 1e-9,
        ),
    ),
    exercises=(
        Exercise(
            "Bring the trapezoid's error below 1e-12 with at most 64 panels.",
            knob_value("doublings") <= 6,
            last("trapezoid/final error") < 1e-12,
            solution={"function": "e^(-x^2)", "doublings": 6},
            hints=("No curve with order 2 can do it. For which is every doubling worth more than the one before?",),
        ),
        CodeExercise(
            "Points were measured in no order, at unequal distances. This fails: the function's old name is gone, and "
            "it would be wrong even so. Return their area.",
            integrate_samples,
            check_samples,
            broken={
                "import trapezoid": "import trapz",
                "    order = np.argsort(x)\n": "",
                "trapezoid(y[order], x[order])": "trapz(y)",
            },
            hints=(
                "SciPy and NumPy call it `trapezoid` now; `trapz` was removed.",
                "Without x the points are taken to be 1 apart, and a step back counts as a negative width.",
            ),
            mistakes=(17,),
        ),
    ),
    quiz=quiz("""
        ? [compute] Simpson's error is 8e-5 with 10 panels, on a smooth curve. What is it with 20?
        - 4e-5
        - 2e-5
        + 5e-6
        = Its order is 4: twice the panels, an error 2⁴ = 16 times smaller.

        ? [foresee] `np.trapezoid` adds up e^(−x²) at 100 points from −10 to 10. How many digits of √π = 1.77245385…
          are right?
        - About 2, as h is 0.2 and the error goes with h²
        - About 5, as the rule needs many more points for a peak that is so narrow
        + All that a float holds
        = At both ends the curve is flat in every derivative, so all the terms of the error's expansion in h² vanish.
          The result is 1.7724538509055159; a printed 1.772453850955159 has lost the 0 behind 8509.
        & 10

        ? [compute] `dblquad(f, 0, 1, 0, 2)` with `def f(x, y): return x`: x is meant to run from 0 to 1, y from 0 to 2.
          What comes out?
        - 1
        + 2
        - 0.5
        - An error: the names are swapped
        = SciPy calls f(y, x), the inner variable first. So `x` gets the values from 0 to 2, and the integral of that
          is 2 instead of 1. With f = xy nobody would notice.
        & 16

        ? Why is Monte Carlo used at all, if its error falls so slowly?
        - With enough samples it overtakes Simpson's rule on any curve
        + 10 points along each of 20 dimensions would be 10²⁰
        - Random places find narrow peaks that a grid would always miss
        - Errors at random places cancel, while those of a grid add up
        = A grid's points are a power of the dimension, while 1/√n holds in any. Random places miss a narrow peak as
          a grid does, and in one dimension a smooth curve is better left to Simpson.
    """),
    sources=(
        "P. J. Davis, P. Rabinowitz: Methods of Numerical Integration, 2nd ed., Academic Press 1984, chapters 2 and 5",
        "L. N. Trefethen, J. A. C. Weideman: The exponentially convergent trapezoidal rule, SIAM Review 56 (2014), "
        "385-458",
        "R. Piessens, E. de Doncker-Kapenga, C. W. Überhuber, D. K. Kahaner: QUADPACK, Springer 1983",
    ),
    rows=("S2-69", "S2-77", "S2-79"),
)
