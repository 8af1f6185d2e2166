"""Root finding: four methods race

Where does the cosine meet the diagonal? No formula says so. Which of four ways to corner the answer needs the fewest
evaluations, and which can you trust?

**The problem.** f(x) = 0 for a continuous f; here cos x − x, whose root is 0.7390851332… What counts is how often f
or f′ is evaluated: f may be a simulation of an hour.

**Bisection** keeps a bracket [a, b] whose ends have opposite signs, so that a root lies between, and halves it: one
bit per evaluation, always. 1 → 10⁻¹⁰ takes 34 halvings, as 2³⁴ > 10¹⁰.

**Newton** slides down the tangent, the **secant** method down the chord of its last two points:

    x ← x − f(x) / f′(x)
    x ← x − f(x) · (x − x′) / (f(x) − f(x′))

Near a simple root Newton's error is about *squared* each step (order 2, but two evaluations), the secant's raised to
the power 1.618 = (1 + √5)/2 (one evaluation). Both may run away.

**Brent** keeps a bracket, tries secant or inverse quadratic steps, and bisects when these disappoint. SciPy's `brentq`
does this.

**Predict, then run.** How many evaluations will bisection need? Who is first?

**Watch.** The log₁₀ of the error: a straight line for bisection, ever steeper for the others.

**Break it.** `x^3 - 2x + 2` from start 0: Newton jumps 0, 1, 0, 1 for ever. `atan x` from 1.5: it runs away. `x^3 - x`
from 0.577: the tangent is almost flat and throws it far off. `x^3`: a triple root makes Newton crawl. A bracket without
a change of sign proves nothing: bisection and Brent refuse it.
"""

from descend.engine.teaching.lesson import Claim, Exercise, Lesson, Prediction, Question, Wrong, knob, knobs

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
"""Least error shown: 0 has no logarithm."""


@knobs
class Knobs:
    function: str = knob("cos x - x", choices=tuple(FUNCTIONS), help="f, whose root is looked for")
    left: float = knob(0.0, -10.0, 10.0, help="left end of the bracket; also the secant's first point")
    right: float = knob(1.0, -10.0, 10.0, help="right end of the bracket; also the secant's second point")
    start: float = knob(1.0, -10.0, 10.0, help="where Newton begins")
    tolerance: float = knob(1e-10, 1e-14, 0.1, scale="log", help="how narrow a bracket, or how short a step, is enough")
    pace: int = knob(4, 0, 1000, live=True, help="evaluations a second at most, to watch; 0: as fast as it goes")


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
    lab.curve("f", x, {"bracket": bracket, **inside}, f=y, zero=0 * x, tangent=tangent)


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
    lab.points("newton steps by start", np.stack([starts, steps], 1), which, names)
    lab.results(**{"newton/arrives": float(arrived.mean()), "newton/mean steps": float(steps.mean())})


def evaluations(result, method):
    """What ``method`` took; None if it found nothing."""
    name = f"{method}/evaluations"
    return result.last(name) if name in result.history.metrics else None


def winner(result):
    """Index of the method that found a root with the fewest evaluations; None for a tie or if none did."""
    counts = [evaluations(result, name) or BUDGET + 1 for name in ("bisection", "newton", "secant", "brent")]
    least = min(counts)
    return counts.index(least) if counts.count(least) == 1 and least <= BUDGET else None


def corners_minus_one(result):
    """x³ − x, bisection to −1 within 1e-10, at most 30 evaluations."""
    if result.state != "done":
        raise Wrong(f"The run is {result.state}; let it come to its end.")
    if result.knobs["function"] != "x^3 - x":
        raise Wrong(f"The function is {result.knobs['function']}; choose x^3 - x.")
    if result.knobs["tolerance"] > 1e-10:
        raise Wrong(f"The tolerance is {result.knobs['tolerance']:g}; 1e-10 is asked for.")
    count = evaluations(result, "bisection")
    if count is None:
        raise Wrong("Bisection refused the bracket: f has the same sign at both ends.")
    if abs(result.last("bisection/root") + 1) > 1e-9:
        raise Wrong(f"Bisection went to {result.last('bisection/root'):.6g}; the root asked for is -1.")
    if result.knobs["right"] - result.knobs["left"] > 2**28 * 1e-10 and count <= 30:
        raise Wrong("An end or a middle fell on -1 exactly, which is luck; choose ends that do not.")
    if count > 30:
        raise Wrong(f"Bisection took {count:.0f} evaluations; at most 30 are allowed.")


LESSON = Lesson(
    covers=("B02",),
    run=run,
    knobs=Knobs,
    minutes=15,
    predictions=(
        Prediction(
            "How many evaluations will bisection need for this bracket and tolerance?",
            lambda result: evaluations(result, "bisection"),
            "Two for the ends, then one for each halving: log₂(width / tolerance), rounded up.",
        ),
        Prediction(
            "Which method finds a root with the fewest evaluations of f and f′?",
            winner,
            "Newton has the fewest steps, but pays two evaluations for each; the secant method's order a step is "
            "lower, yet higher for each evaluation: 1.618 against √2 = 1.414. Far from a root all bets are off.",
            ("bisection", "newton", "secant", "brent"),
        ),
    ),
    claims=(
        Claim(
            "Bisection from a bracket of width 1 takes 34 halvings to 1e-10, and the two ends",
            lambda r: r.run.last("bisection/evaluations"),
            exactly=36,
        ),
        Claim("Newton's order at a simple root is 2", lambda r: r.run.last("newton/order"), above=1.99, below=2.01),
        Claim(
            "The secant method's order at a simple root is 1.618",
            lambda r: r.run.last("secant/order"),
            above=1.61,
            below=1.625,
        ),
        Claim(
            "At a triple root Newton is of order 1 only",
            lambda r: r.run.last("newton/order"),
            above=0.99,
            below=1.01,
            runs={"run": {"function": "x^3", "left": -1.0, "right": 2.0}},
        ),
        Claim(
            "Bisection, Newton and secant end where SciPy's do",
            lambda r: max(r.run.last(f"{name}/from SciPy") for name in ("bisection", "newton", "secant")),
            below=1e-10,
        ),
        Claim(
            "Where Newton goes round in circles, Brent needs fewer than 20 evaluations",
            lambda r: r.run.last("brent/evaluations") if evaluations(r.run, "newton") is None else float("nan"),
            below=20,
            runs={"run": {"function": "x^3 - 2x + 2", "left": -3.0, "right": 1.0, "start": 0.0}},
        ),
    ),
    quiz=(
        Question(
            "f(0) = 3 and f(2) = 5, and f is continuous. What does that say about roots in [0, 2]?",
            (
                "There is none",
                "There is an even number of them",
                "Nothing: none, one or many are possible",
                "Bisection finds one if there is one",
            ),
            2,
            "Equal signs prove nothing: f may stay positive, touch zero, or dip below and come back. Bisection needs "
            "opposite signs, which prove that there is a root.",
        ),
        Question(
            "Bisection has reached an error of 10⁻³ with so many evaluations. How many more for 10⁻⁶?",
            ("About 3", "About 10", "About 1000", "As many again as Newton"),
            1,
            "Each evaluation halves the bracket; a thousandth takes log₂ 1000 ≈ 10 halvings, at any stage.",
        ),
        Question(
            "Near the root Newton's error is 10⁻⁴. What is it about one step later, and when would that fail?",
            (
                "About 10⁻⁸, unless the root is multiple",
                "10⁻⁵, whatever the root",
                "5 · 10⁻⁵, as the step is halved",
                "10⁻⁸ from any start, once the bracket is right",
            ),
            0,
            "e ← c·e² with c = f″/(2f′): at a multiple root f′ = 0 and only a constant share is gained each step. "
            "Newton has no bracket; from afar it may cycle or run away.",
        ),
    ),
    exercises=(
        Exercise(
            "x³ − x has the roots −1, 0 and 1. Choose a bracket with which bisection finds −1 to 1e-10 in at most "
            "30 evaluations.",
            corners_minus_one,
            {"function": "x^3 - x", "left": -1.01, "right": -0.995},
            (
                "The ends must lie on both sides of −1, and hold no other root.",
                "28 halvings shrink a bracket 2²⁸ ≈ 2.7 · 10⁸ times: how wide may it be?",
            ),
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
