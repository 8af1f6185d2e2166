"""Interpolation: more points, a worse curve

A curve is known at a few places only. What belongs in between, and do more places help?

**Interpolating** means drawing a curve through all known points, the *nodes*. n of them fix one *polynomial* of degree
n − 1: two a line, three a parabola. By hand, for f = 1/(1 + 25x²) and the nodes −1, 0, 1:

    p(x) = 1 − 25/26 · x²      p(0.5) = 0.76      f(0.5) = 0.14

**Runge's phenomenon.** With more nodes, equally far apart, this polynomial swings ever wider near the ends, although no
node is wrong. *Chebyshev's* nodes, which crowd there, prevent it.

**A spline** is made of cubic pieces, one between two nodes, joined without a jump in slope or curvature. Half the
distance leaves a sixteenth of its error on a smooth curve; straight pieces keep a quarter of theirs.

**Smoothing.** Noisy measurements should not be met exactly. A *smoothing spline* s makes this least:

    Σ (y − s(x))² + λ · ∫ s″(x)² dx

λ near 0 meets every point, a huge λ leaves a straight line. A network that learns the noise in its labels by heart
*overfits* in the same way, and weight decay is its λ. Which λ is right cannot be seen at the points it was fitted to,
only at points left out (*cross-validation*; *GCV* is a short cut to it).

**In two dimensions** SciPy first joins scattered nodes to triangles. Four corners of heights 0, 1, 1, 0 can be cut
along either diagonal, which leaves the middle at 0.34 or 0.66; on a grid, *bilinear* pieces need no cut.

**Predict, then run.** How far off is the polynomial in the end? **Watch** its ends. **Break it:** sin, 60 nodes.
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
    "1/(1 + 25x^2)": lambda np, x: 1 / (1 + 25 * x * x),
    "sin(5x + 5)": lambda np, x: np.sin(5 * x + 5),
    "|x|": lambda np, x: np.abs(x),
}
METHODS = ("polynomial", "straight", "spline")
FLOOR = 1e-16  # the smallest error shown: 0 has no logarithm
SINE, CROWDED = {"function": "sin(5x + 5)"}, {"spacing": "Chebyshev", "nodes": 41}  # knobs of claims


class Knobs(KnobSet):
    function: str = knob("1/(1 + 25x^2)", choices=tuple(FUNCTIONS), help="f, the curve between −1 and 1")
    spacing: str = knob("equal", choices=("equal", "Chebyshev"), help="nodes equally far apart, or crowded at the ends")
    nodes: int = knob(21, 3, 60, help="the run adds one node after the other, up to this many")
    samples: int = knob(60, 10, 300, help="how many noisy measurements are smoothed afterwards")
    noise: float = knob(0.2, 0.0, 1.0, help="standard deviation of the noise of each measurement")
    smoothing: float = knob(1e-6, 1e-8, 100.0, scale="log", help="your λ for the smoothing spline, drawn at the end")
    pace: int = pace(3)


def run(lab, k):
    import numpy as np
    from scipy.interpolate import BarycentricInterpolator, CubicSpline, make_interp_spline

    x = np.linspace(-1, 1, 1001)
    y = FUNCTIONS[k.function](np, x)
    show_corners(lab)
    errors = lab.state.setdefault("errors", {method: [] for method in METHODS})
    for step in lab.steps(k.nodes - 1):
        n = step + 2
        circle = -np.cos(np.pi * (np.arange(n) + 0.5) / n)  # key: equal steps around a half circle, seen from the side
        nodes = np.linspace(-1, 1, n) if k.spacing == "equal" else circle
        known = FUNCTIONS[k.function](np, nodes)
        polynomial = BarycentricInterpolator(nodes, known, rng=0)(x)  # key: one, of degree n − 1, through all nodes
        curves = polynomial, make_interp_spline(nodes, known, k=1)(x), CubicSpline(nodes, known)(x)
        for method, curve in zip(METHODS, curves, strict=True):
            errors[method].append(float(np.abs(curve - y).max()))  # key: between the nodes, where nothing was known
        drawn = polynomial.clip(y.min() - 0.7, y.max() + 0.7)  # what swings out of the picture stays at its edge
        worst = np.abs(polynomial - y).argmax()
        marks = {"node": np.stack([nodes, known], 1), f"{errors['polynomial'][-1]:.2g} off": (x[worst], drawn[worst])}
        lab.curve("through the nodes", x, marks, axes=("x", "y, cut off"), f=y, polynomial=drawn, spline=curves[2])
        heights = {method: np.log10(np.maximum(values, FLOOR)) for method, values in errors.items()}
        lab.curve("largest error", np.arange(2, n + 1), axes=("nodes", "log₁₀ largest error"), **heights)
    lab.results(**{f"{method}/error": values[-1] for method, values in errors.items()})
    smooth(lab, k, x, y)


def smooth(lab, k, x, truth):
    """The second act: noisy measurements of f, and smoothing splines from hardly smooth to straight."""
    import numpy as np
    from scipy.interpolate import make_smoothing_spline

    at = np.linspace(-1, 1, k.samples)
    y = FUNCTIONS[k.function](np, at) + k.noise * np.random.default_rng(lab.seed).normal(size=k.samples)
    exponents, dots = np.arange(-8, 2.25, 0.5), {"measured": np.stack([at, y], 1)}
    rmse = lab.state.setdefault("rmse", {"from the measured": [], "from the truth": []})
    for step in lab.steps(len(exponents)):
        spline = make_smoothing_spline(at, y, lam=10.0 ** exponents[step])  # key: the larger λ, the less it may bend
        rmse["from the measured"].append(float(np.sqrt(np.mean((spline(at) - y) ** 2))))
        rmse["from the truth"].append(float(np.sqrt(np.mean((spline(x) - truth) ** 2))))
        lab.curve("smoothed", x, dots, axes=("x", "y"), f=truth, smoothed=spline(x))
        lab.curve("how much smoothing", exponents[: step + 1], axes=("log₁₀ λ", "distance (RMSE)"), **rmse)

    yours, gcv = (make_smoothing_spline(at, y, lam=lam)(x) for lam in (k.smoothing, None))
    lab.curve("smoothed", x, dots, axes=("x", "y"), f=truth, yours=yours, gcv=gcv)
    missed, off = map(np.array, rmse.values())
    best = off.argmin()
    errors = {"met": off[0], "line": off[-1], "yours": np.sqrt(np.mean((yours - truth) ** 2))}
    errors["gcv"] = np.sqrt(np.mean((gcv - truth) ** 2))
    lab.results(**{f"{name}/times the least error": error / off[best] for name, error in errors.items()})
    lab.results(missed=missed[best], exponent=exponents[best], rises=float((np.diff(missed) >= 0).all()))


def show_corners(lab):
    """A smooth surface through four corners, which are given to SciPy in one order, and in another."""
    import numpy as np
    from scipy.interpolate import CloughTocher2DInterpolator, RegularGridInterpolator

    corners, values = np.array([(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]), np.array([0.0, 1.0, 1.0, 0.0])
    at = tuple(np.meshgrid(np.linspace(0, 1, 21), np.linspace(1, 0, 21)))
    orders = [0, 1, 2, 3], [1, 0, 3, 2]  # key: the same corners; the square is cut along another diagonal
    surfaces = [CloughTocher2DInterpolator(corners[order], values[order])(*at) for order in orders]
    surfaces.append(RegularGridInterpolator(([0, 1], [0, 1]), values.reshape(2, 2))(at))
    panes = ("one order", "another", "bilinear")
    lab.field("four corners", surfaces, panes=panes, axes=("x", "y"))
    lab.results(**{f"centre/{pane}": float(surface[10, 10]) for pane, surface in zip(panes, surfaces, strict=True)})


def choose_smoothing(x, y, candidates):
    """That of the candidates for λ which best foretells measurements that its spline has not seen."""
    import numpy as np
    from scipy.interpolate import make_smoothing_spline

    def miss(lam, fold):
        held = np.arange(len(x)) % 5 == fold
        spline = make_smoothing_spline(x[~held], y[~held], lam=lam)
        return np.sum((spline(x[held]) - y[held]) ** 2)

    return min(candidates, key=lambda lam: sum(miss(lam, fold) for fold in range(5)))


def check_choice(function):
    import numpy as np
    from scipy.interpolate import make_smoothing_spline

    x, candidates, rng = np.linspace(-1, 1, 120), [10.0**e for e in range(-8, 3)], np.random.default_rng(8)
    for name, truth in (("x²", x * x), ("sin 9x", np.sin(9 * x)), ("1/(1 + 25x²)", 1 / (1 + 25 * x * x))):
        y = truth + 0.3 * rng.normal(size=120)
        off = {lam: np.sqrt(np.mean((make_smoothing_spline(x, y, lam=lam)(x) - truth) ** 2)) for lam in candidates}
        chosen = function(x.copy(), y.copy(), list(candidates))
        if chosen not in off:
            raise Wrong(f"Return one of the candidates; yours is {chosen!r}.")
        yield number(off[chosen] / min(off.values()), f"{name}: error of your λ = {chosen:g} over the least") <= 1.5


MISSED = computed("what the best misses, over the noise", lambda run: run.last("missed") / (run.knobs["noise"] or 1))
ENOUGH = knob_value("samples") >= 30

LESSON = Lesson(
    covers=("B04",),
    run=run,
    knobs=Knobs,
    minutes=12,
    show=("through the nodes", "largest error", "how much smoothing", "smoothed", "four corners"),
    takeaways=(
        "One polynomial through many equally spaced nodes swings wildly near the ends; nodes that crowd there cure it.",
        "Cubic splines are safe, and 16 times as exact when the nodes are twice as dense, if the curve is smooth.",
        "Interpolation meets every point, noise included; smoothing misses them by about the noise.",
        "How much to smooth is seen only at points that were left out, as with weight decay.",
    ),
    predictions=(
        Prediction(
            "Once all nodes are in, how far is the polynomial from f where it is farthest?",
            choices={
                "Less than 0.01: more nodes, a better curve": last("polynomial/error") < 0.0095,
                "Between 0.01 and 1": last("polynomial/error").between(0.0105, 0.95),
                "More than 1": last("polynomial/error") > 1.05,
            },
            why="Equally spaced nodes let it swing near the ends, unless f is as smooth as the sine; even then some 50 "
            "nodes magnify rounding errors until they are seen. Chebyshev's nodes bring the error down, at a kink only "
            "slowly. A handful of nodes is too few for any of it.",
        ),
        Prediction(
            "How far (root of the mean square) is the smoothed curve nearest to the truth from the measured values?",
            choices={
                "By hardly anything": (MISSED < 0.2) & ENOUGH,
                "By about the noise": MISSED.between(0.5, 1.4) & ENOUGH,
                "By twice the noise or more": (MISSED > 1.7) & ENOUGH,
            },
            why="The truth itself misses them by just the noise. A curve that comes closer has begun to follow the "
            "noise. Without noise there is nothing to average away; fewer than 30 measurements are not graded.",
        ),
    ),
    claims=(
        Claim(
            "The polynomial errs by 0.65 with 3 nodes, 60 with 21 (a spline by 0.003), 0.0003 with 41 crowded ones",
            last("polynomial/error", nodes=3).between(0.64, 0.65),
            last("polynomial/error").between(58, 61) & last("spline/error").between(0.003, 0.0034),
            last("polynomial/error", **CROWDED).between(0.00025, 0.00035),
        ),
        Claim(
            "For the sine 21 nodes are exact to 1e-8, yet 60 magnify rounding to over 0.01; Chebyshev's do not",
            last("polynomial/error", **SINE) < 1e-8,
            last("polynomial/error", nodes=60, **SINE) > 0.01,
            last("polynomial/error", nodes=60, spacing="Chebyshev", **SINE) < 1e-13,
        ),
        Claim(
            "Ten nodes of the sine: cubic off by 0.0387, straight pieces by 0.15; half the distance: 1/16, 1/4",
            last("spline/error", nodes=10, **SINE).between(0.0385, 0.039),
            last("straight/error", nodes=10, **SINE).between(0.148, 0.152),
            (last("spline/error", nodes=30, **SINE) / last("spline/error", nodes=59, **SINE)).between(13.5, 17),
            (last("straight/error", nodes=30, **SINE) / last("straight/error", nodes=59, **SINE)).between(3.7, 4.3),
        ),
        Claim(
            "More smoothing, farther from the measured; nearest to the truth lies between, about the noise away",
            (last("rises") == 1) & last("exponent").between(-4, -2) & last("missed").between(0.1, 0.26),
            (last("met/times the least error") > 1.25) & (last("line/times the least error") > 1.5),
            seeds=10,
        ),
        Claim("GCV usually errs below 1.4 × the best λ", last("gcv/times the least error") < 1.4, seeds=10, needed=8),
        Claim(
            "A surface through the corners 0, 1, 1, 0 is 0.34 in the middle, in another order 0.66; bilinear 0.5",
            last("centre/one order").between(0.339, 0.341) & last("centre/another").between(0.659, 0.661),
            abs(last("centre/bilinear") - 0.5) < 1e-12,
        ),
    ),
    exercises=(
        Exercise(
            "With 41 nodes or more, have the polynomial err less than half as much as the spline through them.",
            knob_value("nodes") >= 41,
            last("polynomial/error") < last("spline/error") / 2,
            solution=CROWDED,
            hints=("Where does it swing? Put more nodes there.",),
        ),
        Exercise(
            "The noise is 0.2. Choose λ so that your curve is at most 1.3 times as far from the truth as the best one.",
            knob_value("noise") == 0.2,
            last("yours/times the least error") <= 1.3,
            solution={"smoothing": 1e-3},
            hints=("Where is the curve *from the truth* lowest?",),
            rows=("S0-06",),
        ),
        CodeExercise(
            "This always takes the smallest λ, whose spline misses the points it was fitted to least. Judge each λ by "
            "points that its spline has not seen.",
            choose_smoothing,
            check_choice,
            broken={"make_smoothing_spline(x[~held], y[~held], lam=lam)": "make_smoothing_spline(x, y, lam=lam)"},
            hints=("Fit to the points that are not held out, and add up what it misses of those that are.",),
        ),
    ),
    quiz=quiz("""
        ? [foresee] 1/(1 + 25x²) is known exactly at 21 equally spaced places, then at 41. What becomes of the error of
          the polynomial through all of them?
        - It falls, as twice as much is known about the same curve
        - It stays: no node is wrong
        + It grows a thousandfold
        = It was 60 and becomes 100,000. Between the outer nodes the swings double with every two nodes more.

        ? [compute] The cubic spline through a smooth curve is off by 3.2e-4. What is left if the nodes are twice as
          dense?
        - 1.6e-4
        - 8e-5
        + 2e-5
        = Its error goes with the fourth power of the distance: 2⁴ = 16. For straight pieces it would be a quarter.

        ? [foresee] Of 20 values for λ that one is taken whose spline misses the measured points least. Which is it?
        + The smallest
        - The one nearest the truth, if there are enough points
        - One near the middle, where neither term of the sum wins
        = Less smoothing always comes closer to the points it was fitted to. In the same way the training loss
          cannot choose a weight decay; points left out can.
        & S0-06

        ? SciPy draws a smooth surface through the corners of a square, whose heights are 0, 1 on one side and 1, 0 on
          the other. In the middle it is 0.34 instead of 0.5. Why?
        - Cubic pieces overshoot wherever a surface is steep
        + The square was cut into two triangles, along the diagonal of the zeros
        - Four points are too few for a cubic, so SciPy takes the nearest corner
        - The estimated slopes at the corners are rounded
        = Both diagonals are equally good, and the one that is taken may depend on the order of the corners: in another
          order the middle is 0.66. On a grid of rows and columns nothing need be cut.
        & S2-118, 22
    """),
    sources=(
        "C. Runge: Über empirische Funktionen und die Interpolation zwischen äquidistanten Ordinaten, Zeitschrift für "
        "Mathematik und Physik 46 (1901), 224-243",
        "C. H. Reinsch: Smoothing by spline functions, Numerische Mathematik 10 (1967), 177-183",
        "P. Craven, G. Wahba: Smoothing noisy data with spline functions, Numerische Mathematik 31 (1979), 377-403",
        "L. N. Trefethen: Approximation Theory and Approximation Practice, SIAM 2013, chapters 5 and 13",
    ),
    rows=("S0-05", "S2-117"),
)
