"""Root finding: four methods race

Where does the cosine meet the diagonal? No formula says so. Which of four ways to corner the answer is the cheapest,
and which can you trust?

**The problem.** f(x) = 0 for a continuous f; here cos x − x, whose root is 0.7390851332… What counts is how often f
or its slope f′ is evaluated: f may be a simulation of an hour.

**Bisection** keeps a *bracket* [a, b] whose ends have opposite signs, so that a root lies between, and halves it: one
bit per evaluation, always. 1 → 10⁻¹⁰ takes 34 halvings, as 2³⁴ > 10¹⁰.

**Newton** slides down the tangent, the **secant** method down the chord of its last two points:

    x ← x − f(x) / f′(x)
    x ← x − f(x) · (x − x′) / (f(x) − f(x′))

Near a simple root Newton's error is about *squared* each step (*order* 2, but two evaluations), the secant's raised to
the power 1.618 = (1 + √5)/2 (one evaluation).

**Brent** keeps a bracket, tries the secant, or a parabola through three points laid on its side (inverse quadratic),
and bisects when these disappoint.

**Predict, then run.** How many evaluations will bisection need? Who is first?

**Watch.** The log₁₀ of the error: bisection's jags about a straight line, the others' plunge.

**Break it.** `x^3 - 2x + 2` from start 0: Newton jumps 0, 1, 0, 1 for ever. `atan x` from 1.5: it runs away. `x^3`: a
triple root makes Newton crawl. (For these two move the left end to −1: at 0 it is the root already.)
"""

from functools import reduce
from operator import and_

from descend.engine.teaching.lesson import (
    Claim,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    computed,
    knob,
    knob_value,
    last,
    pace,
    quiz,
)

FUNCTIONS = {
    "cos x - x": (lambda m, x: m.cos(x) - x, lambda m, x: -m.sin(x) - 1, (0.7390851332151607,)),
    "x^2 - 4": (lambda m, x: x * x - 4, lambda m, x: 2 * x, (-2.0, 2.0)),
    "x^3 - 1": (lambda m, x: x**3 - 1, lambda m, x: 3 * x * x, (1.0,)),
    "x^3 - x": (lambda m, x: x**3 - x, lambda m, x: 3 * x * x - 1, (-1.0, 0.0, 1.0)),
    "x^3 - 2x + 2": (lambda m, x: x**3 - 2 * x + 2, lambda m, x: 3 * x * x - 2, (-1.7692923542386314,)),
    "atan x": (lambda m, x: m.atan(x), lambda m, x: 1 / (1 + x * x), (0.0,)),
    "x^3": (lambda m, x: x**3, lambda m, x: 3 * x * x, (0.0,)),
}
"""f, f′ and its real roots; m is the module that has cos, sin and atan: math, numpy or mpmath."""
BUDGET = 100
"""Evaluations a method may take."""
FLOOR = 1e-17
"""Smallest error shown: 0 has no logarithm."""


class Knobs(KnobSet):
    function: str = knob("cos x - x", choices=tuple(FUNCTIONS), help="f, whose root is looked for")
    left: float = knob(0.0, -10.0, 10.0, help="left end of the bracket; also the secant's first point")
    right: float = knob(1.0, -10.0, 10.0, help="right end of the bracket; also the secant's second point")
    start: float = knob(1.0, -10.0, 10.0, help="where Newton begins")
    tolerance: float = knob(1e-10, 1e-14, 0.1, scale="log", help="how narrow a bracket, or how short a step, is enough")
    pace: int = pace(4)


class Lost(Exception):
    """A method cannot go on; the text says why."""


class Watched:
    """A function that remembers where it and its slope were evaluated."""

    def __init__(self, function, m):
        self.f, self.df, _ = FUNCTIONS[function]
        self.m, self.places = m, []

    def asked(self, x):
        if len(self.places) >= BUDGET:
            raise Lost(f"gave up after {BUDGET} evaluations")
        if not abs(x) < 1e8:
            raise Lost("ran away")
        self.places.append(x)

    def __call__(self, x):
        self.asked(x)
        return self.f(self.m, x)

    def slope(self, x):
        self.asked(x)
        return self.df(self.m, x)


def bisection(f, a, b, tolerance):
    fa, fb = f(a), f(b)
    if fa == 0 or fb == 0:
        return a if fa == 0 else b
    if (fa > 0) == (fb > 0):
        raise Lost("refused: no change of sign")
    while b - a > tolerance:
        middle = a + (b - a) / 2
        value = f(middle)
        if value == 0:
            return middle
        if (value > 0) == (fa > 0):
            a = middle
        else:
            b = middle  # key: the half whose ends differ in sign still holds a root
    return a + (b - a) / 2


def newton(f, x, tolerance):
    while True:
        value, slope = f(x), f.slope(x)
        if value == 0:
            return x
        if slope == 0:
            raise Lost("stopped: the tangent is flat")
        step = value / slope
        x = x - step  # key: where the tangent crosses zero
        if abs(step) < tolerance:
            return x


def secant(f, before, x, tolerance):
    value_before, value = f(before), f(x)
    while value != 0:
        if value == value_before:
            raise Lost("stopped: the chord is flat")
        step = value * (x - before) / (value - value_before)
        before, value_before = x, value
        x = x - step  # key: the chord of the last two points stands in for the tangent
        if abs(step) < tolerance:
            return x
        value = f(x)
    return x


def brent(f, a, b, tolerance):
    from scipy.optimize import brentq

    try:
        return brentq(f, a, b, xtol=tolerance)  # key: a bracket for safety, interpolation for speed
    except ValueError:
        raise Lost("refused: no change of sign") from None


def race(k):
    """Run the methods. Returns for each what it found (None: nothing), its trouble, and where it evaluated."""
    import math

    methods = {
        "bisection": lambda f: bisection(f, k.left, k.right, k.tolerance),
        "newton": lambda f: newton(f, k.start, k.tolerance),
        "secant": lambda f: secant(f, k.left, k.right, k.tolerance),
        "brent": lambda f: brent(f, k.left, k.right, k.tolerance),
    }
    found, trouble, places = {}, {}, {}
    for name, method in methods.items():
        f = Watched(k.function, math)
        try:
            found[name], trouble[name] = method(f), ""
            if min(abs(found[name] - root) for root in FUNCTIONS[k.function][2]) > 1e-3 + 2 * k.tolerance:
                raise Lost(f"stopped at {found[name]:.4g}: a short step, but no root")
        except Lost as why:
            found[name], trouble[name] = None, str(why)
        places[name] = f.places
    return found, trouble, places


def order(places):
    """The p with which each distance between iterates is about the p-th power of the one before; None if they did not
    close in."""
    from itertools import pairwise

    from mpmath import log

    d = [abs(b - a) for a, b in pairwise(places) if a != b][-3:]
    if len(d) < 3 or not d[2] < d[1] < d[0] < 0.1:
        return None
    return float(log(d[2] / d[1]) / log(d[1] / d[0]))


def orders(k, places):
    """The measured order of each method: doubles hold too few of Newton's steps, so it gets 700 digits."""
    from mpmath import mp, mpf, workdps

    measured = {"bisection": order(places["bisection"][2:])}
    with workdps(700):
        for name in ("newton", "secant"):
            f = Watched(k.function, mp)
            try:
                if name == "newton":
                    newton(f, mpf(k.start), mpf(10) ** -300)
                else:
                    secant(f, mpf(k.left), mpf(k.right), mpf(10) ** -300)
            except Lost:
                pass
            measured[name] = order(f.places[::2] if name == "newton" else f.places)
    return measured


def run(lab, k):
    import numpy as np

    from descend.engine.base.errors import UsageError

    if k.left >= k.right:
        raise UsageError(f"The bracket's left end, {k.left:g}, must lie left of its right end, {k.right:g}.")
    roots = np.array(FUNCTIONS[k.function][2])
    found, trouble, places = race(k)  # takes a millisecond; what follows replays it, an evaluation of each a step
    rows = summary(k, found, trouble, places)

    for step in lab.steps(max(map(len, places.values()))):
        for name, at in places.items():
            if step < len(at):
                error = np.abs(at[step] - roots).min()  # key: to the nearest root, wherever a method is heading
                lab.scalars({f"{name}/log10 error": np.log10(max(error, FLOOR))})
        show_curve(lab, k, places, step)
        over = [row if step >= len(places[name]) - 1 else (name, *[None] * 4) for name, row in rows.items()]
        lab.table("race", ("method", "evaluations", "order", "root", "from SciPy"), over)

    from_random_starts(lab, k, roots)
    for name, root in found.items():
        if root is not None:
            lab.results(**{f"{name}/evaluations": float(len(places[name])), f"{name}/root": float(root)})
            lab.results(**{f"{name}/error": float(np.abs(root - roots).min())})
        for what, value in (("order", rows[name][2]), ("from SciPy", rows[name][4])):
            if isinstance(value, float):
                lab.results(**{f"{name}/{what}": value})


def summary(k, found, trouble, places):
    """A row of the table for each method: what it took, what it found, how far that is from SciPy's own, its order."""
    import math
    from contextlib import suppress

    from scipy import optimize

    f, df, _ = FUNCTIONS[k.function]
    own = {
        "bisection": lambda: optimize.bisect(lambda x: f(math, x), k.left, k.right, xtol=k.tolerance),
        "newton": lambda: optimize.newton(lambda x: f(math, x), k.start, lambda x: df(math, x), tol=k.tolerance),
        "secant": lambda: optimize.newton(lambda x: f(math, x), k.left, x1=k.right, tol=k.tolerance),
    }
    measured = orders(k, places)
    rows = {}
    for name, root in found.items():
        off = None
        if root is not None and name in own:
            with suppress(RuntimeError):  # SciPy gives up sooner
                off = float(abs(own[name]() - root))
        power = measured.get(name)
        order_shown = round(power, 4) if power else None
        rows[name] = (name, len(places[name]), order_shown, trouble[name] or f"{root:.10g}", off)
    return rows


def show_curve(lab, k, places, step):
    """The function, bisection's bracket, Newton's tangent, and where each method evaluates now."""
    import numpy as np

    f, df, _ = FUNCTIONS[k.function]
    low, high = min(k.left, k.start), max(k.right, k.start)
    low, high = low - 0.1 * (high - low), high + 0.1 * (high - low)
    x = np.linspace(low, high, 201)
    y = f(np, x)
    newest = {name: at[min(step, len(at) - 1)] for name, at in places.items()}
    tangent = f(np, newest["newton"]) + df(np, newest["newton"]) * (x - newest["newton"])
    tangent[(tangent < y.min()) | (tangent > y.max())] = np.nan
    inside = {name: (at, f(np, at)) for name, at in newest.items() if low <= at <= high and name != "bisection"}
    asked = np.array(places["bisection"][: step + 1])
    left_sign = np.sign(f(np, k.left))
    bracket = np.array([[k.left, 0], [k.right, 0]])
    if f(np, k.left) * f(np, k.right) < 0:
        same = np.sign(f(np, asked)) == left_sign
        bracket[:, 0] = asked[same].max(initial=k.left), asked[~same].min(initial=k.right)
    lab.curve("f", x, {"bracket": bracket, **inside}, f=y, zero=0 * x, tangent=tangent, axes=("x", "f(x)"))


def from_random_starts(lab, k, roots):
    """Newton from 300 random starts: how many steps, and to which root."""
    import numpy as np

    f, df, _ = FUNCTIONS[k.function]
    rng = np.random.default_rng(lab.seed)
    width = k.right - k.left
    starts = rng.uniform(k.left - width, k.right + width, 300)
    x, steps, most = starts.copy(), np.zeros(300), 50
    with np.errstate(all="ignore"):
        for _ in range(most):
            moving = ~(np.abs(x[:, None] - roots).min(1) < k.tolerance)
            steps += moving
            x = np.where(moving, x - f(np, x) / df(np, x), x)
    distance = np.abs(x[:, None] - roots)
    arrived = distance.min(1) < k.tolerance
    which = np.where(arrived, distance.argmin(1), len(roots))
    names = [f"to {root:.4g}" for root in roots] + ["nowhere"]
    at, axes = np.stack([starts, steps], 1), ("start x", "steps")
    lab.points("newton steps by start", at, which, names, axes=axes, aspect="auto")
    lab.results(**{"newton/arrives": float(arrived.mean()), "newton/mean steps": float(steps.mean())})
    if arrived.any():
        lab.results(**{"newton/farthest start that arrives": float(np.abs(starts[arrived]).max())})
    if not arrived.all():
        lab.results(**{"newton/nearest start that is lost": float(np.abs(starts[~arrived]).min())})


def evaluations(result, method):
    """What ``method`` took; None if it found nothing."""
    name = f"{method}/evaluations"
    return result.last(name) if name in result.history.metrics else None


METHODS = ("bisection", "newton", "secant", "brent")
COST = {
    name: computed(f"evaluations of {name}", lambda run, name=name: evaluations(run, name) or BUDGET + 1)
    for name in METHODS
}
BISECTED = computed(
    "bisection's root (none if the bracket is refused)", lambda run: run.history.metrics.get("bisection/root")
)


def cheapest(name):
    """That ``name`` found a root with fewer evaluations than each other method."""
    return reduce(and_, (COST[name] < COST[other] for other in METHODS if other != name))


def brent_alone(words, **run):
    """Evaluations of Brent in a run in which Newton finds nothing."""
    return computed(
        f"evaluations of Brent where Newton {words}",
        lambda run: run.last("brent/evaluations") if evaluations(run, "newton") is None else None,
        run=run,
    )


LESSON = Lesson(
    covers=("B02",),
    run=run,
    knobs=Knobs,
    minutes=15,
    takeaways=(
        "Bisection gains one bit per evaluation and never fails once it has a change of sign.",
        "Near a simple root Newton squares its error a step; the secant needs one evaluation instead of two.",
        "Newton can go in circles or run away; Brent keeps a bracket for safety and interpolates for speed.",
    ),
    show=("log10 error", "f", "race", "newton steps by start"),
    rows=("S0-03", "S0-04", "S2-67", "S2-70", "S2-84", "S2-86"),
    predictions=(
        Prediction(
            "How many evaluations will bisection need for this bracket and tolerance?",
            last("bisection/evaluations"),
            "Two for the ends, then one for each halving, log₂(width / tolerance), rounded up; fewer only if an end or "
            "a middle is the root.",
            within=0.03,
        ),
        Prediction(
            "Which method finds a root with the fewest evaluations of f and f′?",
            choices={name: cheapest(name) for name in METHODS},
            why="Newton has the fewest steps, but pays two evaluations for each; the secant method's order a step is "
            "lower, yet higher for each evaluation: 1.618 against √2 = 1.414. Far from a root all bets are off.",
        ),
    ),
    claims=(
        Claim(
            "Bisection from a bracket of width 1 takes 34 halvings to 1e-10, and the two ends",
            last("bisection/evaluations") == 36,
        ),
        Claim("Newton's order at a simple root is 2", last("newton/order").between(1.99, 2.01)),
        Claim("The secant method's order at a simple root is 1.618", last("secant/order").between(1.61, 1.625)),
        Claim(
            "At a triple root Newton is of order 1 only",
            last("newton/order", function="x^3", left=-1.0, right=2.0).between(0.99, 1.01),
        ),
        Claim(
            "Bisection, Newton and secant end where SciPy's do",
            *(last(f"{name}/from SciPy") < 1e-10 for name in ("bisection", "newton", "secant")),
        ),
        Claim(
            "From the start the secant method needs 7 evaluations, Brent 8, Newton 10",
            *(last(f"{name}/evaluations") == count for name, count in (("secant", 7), ("brent", 8), ("newton", 10))),
        ),
        Claim(
            "Where Newton goes round in circles or runs away, Brent needs fewer than 20 evaluations",
            brent_alone("circles", function="x^3 - 2x + 2", left=-3.0, right=1.0, start=0.0) < 20,
            brent_alone("runs away", function="atan x", left=-1.0, right=2.0, start=1.5) < 20,
        ),
        Claim(
            "On atan x Newton arrives from the random starts nearer to the root than 1.3917, and from no other",
            last("newton/farthest start that arrives", function="atan x", left=-1.0, right=2.0) < 1.3918,
            last("newton/nearest start that is lost", function="atan x", left=-1.0, right=2.0) > 1.3917,
            seeds=5,
        ),
        Claim(
            "On x³ − 2x + 2 the circle catches it from about a fifth of random starts between −7 and 5",
            (1 - last("newton/arrives", function="x^3 - 2x + 2", left=-3.0, right=1.0)).between(0.1, 0.28),
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? f(0) = 3 and f(2) = 5, and f is continuous. How many roots are in [0, 2]?
        - None, as f is positive at both ends
        - An even number: it must come back
        + Any number, or none
        - One, if bisection ends
        = Equal signs prove nothing: f may stay positive, touch zero once, or dip below and come back. Bisection
          needs opposite signs, which prove that there is a root.
        & S0-04

        ? [compute] Bisection has reached an error of 10⁻³ with so many evaluations. How many more for 10⁻⁶?
        - About 3, one a digit
        + About 10
        - About 1000
        - As many again as Newton
        = Each evaluation halves the bracket; a thousandth takes log₂ 1000 ≈ 10 halvings, at any stage.
        & S0-03

        ? [compute] Near a simple root Newton's error is 10⁻⁴. What is it about one step later?
        + About 10⁻⁸
        - 10⁻⁵: a digit a step
        - 5 · 10⁻⁵, as the step is halved
        = e ← c·e² with c = f″/(2f′). At a multiple root f′ = 0 and only a constant share is gained each step.

        ? [foresee] Newton solves x³ = 0 from 1. What are its first steps?
        - 1, 0: the tangent hits the triple root
        + 1, 0.67, 0.44
        - 1, 0.5, 0.06: the error is squared, halved
        = x − x³/(3x²) = ⅔·x: order 1, as the slope vanishes at the root too.
    """),
    exercises=(
        Exercise(
            "x³ − x has the roots −1, 0 and 1. Choose a bracket narrower than 0.027 with which bisection finds −1 to "
            "1e-10 in at most 30 evaluations.",
            knob_value("function") == "x^3 - x",
            knob_value("tolerance") <= 1e-10,
            knob_value("right") - knob_value("left") < 0.027,
            abs(BISECTED + 1) < 1e-9,
            COST["bisection"] <= 30,
            solution={"function": "x^3 - x", "left": -1.01, "right": -0.995},
            hints=(
                "The ends must lie on both sides of −1, and hold no other root.",
                "28 halvings shrink a bracket 2²⁸ ≈ 2.7 · 10⁸ times: how wide may it be?",
            ),
            rows=("S0-04",),
        ),
    ),
    sources=(
        "R. P. Brent: Algorithms for Minimization without Derivatives, Prentice-Hall 1973, chapter 4",
        "W. H. Press, S. A. Teukolsky, W. T. Vetterling, B. P. Flannery: Numerical Recipes, 3rd ed., "
        "Cambridge University Press 2007, chapter 9",
        "P. Virtanen et al.: SciPy 1.0: fundamental algorithms for scientific computing in Python, "
        "Nature Methods 17, 2020, 261-272",
    ),
)
