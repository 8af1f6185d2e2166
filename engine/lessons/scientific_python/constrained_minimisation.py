"""Constrained minimisation: walls, and what they cost

The best place is forbidden. Where is the best allowed one, and what is it worth to move a wall?

**The problem.** Minimise f(x, y) = (x − 2)² + (y + 3)², whose lowest place (2, −3) two walls shut off: a *bound*,
y ≥ −2, and a *constraint*, x² + y² ≤ 2.5². What satisfies both is *feasible*.

**Projected gradient.** Go downhill, against the slopes ∇f along x and y, then to the nearest feasible place:

    (x, y) ← project((x, y) − rate · ∇f)

**Multipliers.** At rest, each wall that holds (is *active*) bears a share of the pull downhill, −∇f; how much is its
*multiplier*. At (1.5, −2) the pull is (1, −2). Outward from the disc points (2x, 2y) = (3, −4), from the bound (0, −1):

    (1, −2) = 1/3 · (3, −4) + 2/3 · (0, −1)

A multiplier is a price: f falls by 1/3 of a little that is added to radius², by 2/3 of a little that the bound is
lowered. A wall not touched has price 0.

**Networks.** Max-norm, |w| ≤ r, is such a disc. *Weight decay* adds λ·|w|² to the loss, a *penalty* instead of a
constraint. With λ = the multiplier, both rest at the same place of this bowl.

**Success?** SciPy's `minimize` says so where the slope is zero or the value hardly changes, also on a flat shelf.

**Predict, then run.** Which walls will hold it? **Watch** the path bend. **Break it:** *shelf*, x⁴ − 3x³ + 2 + y², from
x = 0, y = 0.
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    knob,
    knob_value,
    last,
    number,
    pace,
    quiz,
)

FUNCTIONS = {
    "bowl": (lambda x, y: (x - 2) ** 2 + (y + 3) ** 2, lambda x, y: (2 * (x - 2), 2 * (y + 3)), (2, -3)),
    "shelf": (lambda x, y: x**4 - 3 * x**3 + 2 + y**2, lambda x, y: (4 * x**3 - 9 * x**2, 2 * y), (2.25, 0)),
}
"""f, its gradient and lowest place. Along x the shelf is x⁴ − 3x³ + 2: flat at 0, where it is 2; −6.543 at 2.25."""
PLANE, PLANE_NAME = 3.5, "plane √(f − least)"  # the picture reaches from −3.5 to 3.5 on both axes


class Knobs(KnobSet):
    function: str = knob("bowl", choices=tuple(FUNCTIONS), help="f, the function to minimise")
    x: float = knob(-1.5, -3.0, 3.0, help="where x begins")
    y: float = knob(1.0, -3.0, 3.0, help="where y begins")
    radius: float = knob(2.5, 0.5, 5.0, help="of the disc that must not be left")
    bound: float = knob(-2.0, -5.0, 0.0, help="the lowest y allowed")
    decay: float = knob(1.0, 0.0, 5.0, help="λ of the point that has weight decay in place of the disc")
    rate: float = knob(0.05, 0.005, 0.08, scale="log", help="how far along the negative gradient each step goes")
    steps: int = knob(100, 20, 400, help="steps of both points")
    pace: int = pace(10)


def project(p, radius, bound):
    """The nearest place in the disc and above the bound."""
    import numpy as np

    above = np.array([p[0], max(p[1], bound)])
    if above @ above <= radius**2:
        return above
    inside = p * min(1.0, radius / np.linalg.norm(p))  # key: straight towards the centre, onto the circle
    if inside[1] >= bound:
        return inside
    return np.array([np.copysign((radius**2 - bound**2) ** 0.5, p[0]), bound])  # key: the corner: both walls hold


def weigh_walls(p, slope, k):
    """What disc and bound bear of the pull downhill, at least zero, so that least of it is left; what is left."""
    import numpy as np
    from scipy.optimize import nnls

    pushes = np.array([2 * p, [0, -1.0]])
    touched = np.array([p @ p > k.radius**2 - 1e-6, p[1] < k.bound + 1e-6])
    return nnls((pushes * touched[:, None]).T, -slope)  # key: downhill, borne by the walls


def run(lab, k):
    import numpy as np

    f, gradient, lowest = FUNCTIONS[k.function]
    heights = f(*np.meshgrid(*[np.linspace(-PLANE, PLANE, 71)] * 2))
    bands = np.floor(2 * np.sqrt(heights - heights.min())) / 2  # steps in the colour show the contours
    turn, start = np.linspace(0, 2 * np.pi, 90), np.array([k.x, k.y])
    circle = k.radius * np.stack([np.cos(turn), np.sin(turn)], 1)
    walls = {"disc": circle, "bound": [[-PLANE, k.bound], [PLANE, k.bound]]}
    rows = use_scipy(f, gradient, start, k)
    p, q = project(start, k.radius, k.bound), np.array([k.x, max(k.y, k.bound)])
    for step in lab.steps(k.steps + 1):
        if step:
            p = project(p - k.rate * np.array(gradient(*p)), k.radius, k.bound)
            q = q - k.rate * (np.array(gradient(*q)) + 2 * k.decay * q)  # key: λ·|w|² pulls with 2λ·w, disc or no disc
            q = np.clip(q, (-PLANE, max(k.bound, -PLANE)), PLANE)  # the picture's edge stops what would run away
        slope, room = np.array(gradient(*p)), (k.radius**2 - p @ p, p[1] - k.bound)
        (disc, bound), left = weigh_walls(p, slope, k)
        paths = {"projected": lab.trace("projected", p), "decay": lab.trace("decay", q), **walls}
        spot, axes = {"lowest": lowest}, ("x", "y")
        lab.field(PLANE_NAME, bands, *[(-PLANE, PLANE)] * 2, paths=paths, points=spot, axes=axes, aspect="equal")
        arrows = np.array([-slope, disc * 2 * p, [0, -bound]])
        names = ("downhill", "borne by the disc", "borne by the bound")
        lab.points("balance", [p] * 3, range(3), names, arrows=arrows, paths=walls, axes=("x", "y"), aspect="equal")
        lab.scalars({"projected/value": float(f(*p)), "decay/value": float(f(*q)), "slope not borne": float(left)})
        rows["projected gradient"], rows["weight decay"] = (None, f(*p), *p, step), (None, f(*q), *q, step)
        lab.table("methods", METHODS, [(name, KEPT.get(name, "both"), *cells) for name, cells in rows.items()])
        lab.table("walls", WALLS, [("disc", room[0], disc, None), ("bound", room[1], bound, None)])

    prices = measure_prices(f, gradient, p, k)
    lab.table("walls", WALLS, [("disc", room[0], disc, prices[0]), ("bound", room[1], bound, prices[1])])
    lab.results(x=float(p[0]), y=float(p[1]), value=float(f(*p)), disc=float(disc), bound=float(bound))
    lab.results(left=float(left), **{"distance of the two": float(np.linalg.norm(p - q))})
    lab.results(**{"disc/price": prices[0], "bound/price": prices[1]})
    for name in SCIPY:
        success, value, x, y, _ = rows[name]
        lab.results(**{f"{name}/value": value, f"{name}/success": float(success == "yes")})
        lab.results(**{f"{name}/off": float(np.hypot(x - p[0], y - p[1]))})


SCIPY = "BFGS", "L-BFGS-B", "SLSQP"
METHODS = ("method", "keeps to", "success", "value", "x", "y", "evaluations")
KEPT = {"BFGS": "no wall", "L-BFGS-B": "bound", "weight decay": "bound"}  # the others: both
WALLS = ("wall", "room left", "multiplier", "price measured")


def measure_prices(f, gradient, p, k):
    """What f at rest loses for each unit that a wall yields: of radius², and of the bound."""
    import numpy as np

    def rest(square, bound):
        v = p
        for _ in range(300):
            v = project(v - 0.05 * np.array(gradient(*v)), square**0.5, bound)
        return float(f(*v))

    square, d = k.radius**2, 0.01
    disc = rest(square - d, k.bound) - rest(square + d, k.bound)
    return disc / (2 * d), (rest(square, k.bound + d) - rest(square, k.bound - d)) / (2 * d)


def use_scipy(f, gradient, start, k):
    """What three of SciPy's methods make of the start: success, value, x, y, evaluations."""
    import numpy as np
    from scipy.optimize import minimize

    disc = {"type": "ineq", "fun": lambda v: k.radius**2 - v @ v}  # key: SciPy wants what is to be at least 0
    bounds = [(None, None), (k.bound, None)]
    rows, walls = {}, ({}, {"bounds": bounds}, {"bounds": bounds, "constraints": disc})
    for method, given in zip(SCIPY, walls, strict=True):
        found = minimize(lambda v: f(*v), start, jac=lambda v: np.array(gradient(*v)), method=method, **given)
        success = "yes" if found.success else "no"
        rows[method] = (success, float(found.fun), *map(float, found.x), int(found.nfev))
    return rows


def minimise(low, high, most):
    """The x from low to high with x² at most ``most`` for which (x − 3)² is least, and that least value."""
    from scipy.optimize import minimize

    def f(v):
        return (v[0] - 3) ** 2

    disc = {"type": "ineq", "fun": lambda v: most - v[0] ** 2}
    found = minimize(f, [(low + high) / 2], bounds=[(low, high)], constraints=disc)
    return found.x[0], found.fun


def check_minimise(function):
    for low, high, most, best in ((0, 5, 100, 3), (0, 2, 100, 2), (4, 6, 100, 4), (-2, 5, 2.25, 1.5)):
        x, value = function(low, high, most)
        error = max(abs(x - best), abs(value - (best - 3) ** 2))
        yield (
            number(error, f"from {low:g} to {high:g}, x² at most {most:g}: error of x = {best:g} or its value") <= 1e-4
        )


RESTS = last("left") < 0.01
LESSON = Lesson(
    covers=("B03",),
    run=run,
    knobs=Knobs,
    show=(PLANE_NAME, "balance", "walls", "value", "methods"),
    takeaways=(
        "At a constrained minimum the slope is not zero: the active walls balance it.",
        "A multiplier is a price: how fast the value falls as its wall yields.",
        "Success of a minimiser means that it has come to rest, not that the lowest place was found.",
    ),
    predictions=(
        Prediction(
            "Which walls will bear the pull downhill once the projected gradient rests?",
            choices={
                "neither": RESTS & (last("disc") < 1e-4) & (last("bound") < 1e-4),
                "the bound alone": RESTS & (last("disc") < 1e-4) & (last("bound") > 0.01),
                "the disc alone": RESTS & (last("disc") > 0.01) & (last("bound") < 1e-4),
                "both": RESTS & (last("disc") > 0.01) & (last("bound") > 0.01),
            },
            why="Try each wall alone. Only if each alone leads to a place that the other forbids must both hold.",
        ),
    ),
    claims=(
        Claim(
            "Projected gradient rests at (1.5, −2); multipliers and prices are 1/3 and 2/3; SLSQP agrees",
            last("x").between(1.4999, 1.5001) & last("value").between(1.2499, 1.2501),
            last("disc").between(0.333, 0.3337) & last("bound").between(0.666, 0.6674),
            abs(last("disc") - last("disc/price")) < 0.005,
            abs(last("bound") - last("bound/price")) < 0.005,
            last("SLSQP/off") < 1e-4,
            seeds=2,
        ),
        Claim(
            "Weight decay of 1/3 rests where the disc does; of 1 it does not",
            last("distance of the two", decay=1 / 3) < 0.001,
            last("distance of the two") > 0.5,
            seeds=2,
        ),
        Claim(
            "On the shelf from (0, 0) all of SciPy's three report success at 2; from (1, 1) SLSQP finds −6.543",
            *(last(f"{m}/value", function="shelf", x=0.0, y=0.0) == 2 for m in SCIPY),
            *(last(f"{m}/success", function="shelf", x=0.0, y=0.0) == 1 for m in SCIPY),
            last("SLSQP/value", function="shelf", x=1.0).between(-6.544, -6.542),
        ),
    ),
    exercises=(
        Exercise(
            "Turn the decay until weight decay rests within 0.01 of the place at which the disc holds the other point.",
            knob_value("radius") == 2.5,
            last("disc") > 0.1,
            last("distance of the two") < 0.01,
            solution={"decay": 0.333},
            hints=("What is the price of the disc?",),
        ),
        CodeExercise(
            "Minimise (x − 3)² from low to high, with x² at most `most`. This fails: f is still that of the plane, the "
            "bound is always the same, and there is no constraint.",
            minimise,
            check_minimise,
            broken={
                "        return (v[0] - 3) ** 2": "        x, y = v\n        return (x - 2) ** 2 + (y + 3) ** 2",
                '    disc = {"type": "ineq", "fun": lambda v: most - v[0] ** 2}\n': "",
                "bounds=[(low, high)], constraints=disc": "bounds=[(0, 5)]",
            },
            hints=(
                "SciPy passes one array; with one unknown it has one entry.",
                '`constraints={"type": "ineq", "fun": g}` asks for g(v) ≥ 0, not ≤ 0.',
            ),
            mistakes=(14,),
        ),
    ),
    quiz=quiz("""
        ? [foresee] `minimize` is started at x = 0 on x⁴ − 3x³ + 2. What does it report?
        - The minimum at 2.25, as the only one there is
        - Failure, since the slope there is zero
        + Success, with value 2
        - A warning that 0 is no minimum
        = The slope 4x³ − 9x² is zero at 0, and that is all the method asks. The minimum is −6.543 at 2.25: 0 is an
          inflection. Start from several places, and compare the values.
        & 15, S2-85

        ? [compute] (x − 3)² is minimised on [0, 5]. What is the price of the bound x ≤ 5?
        + 0
        - 2
        - 4
        = The minimum, 3, is inside: the bound is not touched, and moving it changes nothing. A test with an inactive
          bound does not show that bounds work. At x ≤ 2 the price would be 2 · (3 − 2) = 2.
        & 14, S2-83

        ? [compute] (x − 2)² + (y + 3)² under y ≥ −1 alone: where is the minimum, and what is the multiplier?
        - (2, −3), multiplier 0
        - (2, −1), multiplier 2
        + (2, −1), multiplier 4
        = x is free, y stops at the bound, and the slope there is 2 · (−1 + 3) = 4.
        & S2-82

        ? [foresee] x² + y² + z² is minimised by BFGS from (1, 22, 30). SciPy prints a value of 1.3e-12. What is that?
        - A second minimum close to the first
        + The minimum, as exactly as was asked for
        - A sign that the method failed
        = The true value is 0. A method stops once the slope is small enough; x of about 1e-6 has squares of 1e-12.
        & S3-40, S2-81

        ? A network is trained with weight decay λ, another with max-norm r. When do both rest at the same weights?
        - Always: they are the same thing
        - Never: one is a penalty, the other a constraint
        + If λ is the multiplier of the max-norm
        = On the disc the slope is balanced by 2λ·w; weight decay pulls with just that. Which λ belongs to an r
          depends on the data. (If the loss has several minima: in the same basin.)
    """),
    sources=(
        "J. Nocedal, S. J. Wright: Numerical Optimization, 2nd ed., Springer 2006, chapters 12 and 16-18",
        "S. Boyd, L. Vandenberghe: Convex Optimization, Cambridge 2004, sections 5.5 and 5.6",
    ),
    rows=("S2-80", "S2-81", "S2-82", "S2-83", "S2-85", "S3-40"),
)
