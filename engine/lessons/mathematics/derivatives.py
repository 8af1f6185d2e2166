"""Derivatives: how small should h be?

The slope of a curve is a limit: let a step h go to 0. A computer cannot go there, so which h comes nearest?

**The secant** joins two points of the curve, the *tangent* touches it in one. The secant's slope tends to the
tangent's, the *derivative*:

    forward difference   [f(x + h) − f(x)] / h
    central difference   [f(x + h) − f(x − h)] / 2h

Check it by hand for x² at 3, whose slope is 6. For h = 1, ½, ¼ the forward difference gives 7, 6.5, 6.25, central
ones 6 each time. Choose `x^2` and x = 3, and the table begins with these.

**Truncation.** Cutting the limit off at some h costs an error like h (forward) or h² (central).

**Rounding.** f(x + h) and f(x) agree in ever more digits, and their difference keeps ever fewer. This error is about
ε/h, ε = 2·10⁻¹⁶ being the relative spacing of floats. One error falls, one rises: their sum is a V.

**The complex step** has nothing to subtract, but needs a formula that accepts complex numbers. With i² = −1,

    f(x + ih) ≈ f(x) + ih·f'(x)
    f'(x) ≈ imaginary part of f(x + ih) / h

A network's gradients are checked by central differences. With the wrong h, or across the kink of a `relu`, right code
looks wrong.

**Predict, then run.** Which h suits the forward difference best? **Watch** the zoom, a window as wide as h: it
straightens, then breaks into stairs. **Break it:** `relu` at 0.
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    Wrong,
    knob,
    last,
    number,
    pace,
    quiz,
)

FUNCTIONS = {
    "sin x": (lambda np, x: np.sin(x), lambda np, x: np.cos(x)),
    "e^x": (lambda np, x: np.exp(x), lambda np, x: np.exp(x)),
    "x^2": (lambda np, x: x * x, lambda np, x: 2 * x),
    "sin(x^2)": (lambda np, x: np.sin(x * x), lambda np, x: 2 * x * np.cos(x * x)),
    "sin 20x": (lambda np, x: np.sin(20 * x), lambda np, x: 20 * np.cos(20 * x)),
    "relu": (lambda np, x: x * (np.real(x) > 0), lambda np, x: float(x > 0)),
}
"""f and its exact derivative (that of relu at 0, where there is none, is said to be 0, as PyTorch does)."""
METHODS = ("forward", "central", "complex step")


class Knobs(KnobSet):
    function: str = knob("sin x", choices=tuple(FUNCTIONS), help="f, the curve whose slope is wanted")
    x: float = knob(0.8, -3.0, 3.0, help="where its slope is wanted")
    halvings: int = knob(50, 4, 60, help="how often h is halved, beginning with 1")
    precision: str = knob("float64", choices=("float64", "float32"), help="the format everything is computed in")
    pace: int = pace(3)


def find_slopes(f, x, h):
    """The slope of f at x by each method; x and h are NumPy floats, whose precision is kept."""
    forward = (f(x + h) - f(x)) / h  # key: two numbers nearly equal are subtracted, and the rest is divided by h
    central = (f(x + h) - f(x - h)) / (2 * h)  # key: the error's part in h is the same on both sides and cancels
    complex_step = f(x + 1j * h).imag / h  # key: real and imaginary part are apart, so nothing is subtracted
    return dict(zip(METHODS, (float(forward), float(central), float(complex_step)), strict=True))


def run(lab, k):
    import numpy as np

    formula, derivative = FUNCTIONS[k.function]
    x = np.dtype(k.precision).type(k.x)
    exact = float(derivative(np, float(x)))

    def f(t):
        return formula(np, t)

    found = lab.state.setdefault("found", {method: [] for method in METHODS})
    for step in lab.steps(k.halvings + 1):
        h = x.dtype.type(2.0**-step)
        for method, slope in find_slopes(f, x, h).items():
            found[method].append(slope)
            lab.scalars({f"{method}/slope": slope})
        errors = {method: np.abs(np.array(values) - exact) for method, values in found.items()}
        heights = {method: np.log10(error + 1e-17) for method, error in errors.items()}  # 0 has no logarithm
        shown = np.log10(0.5) * np.arange(step + 1)
        lab.curve("error over h", shown, axes=("log₁₀ h", "log₁₀ error of the slope"), **heights)
        draw(lab, f, x, h, found["forward"][-1], exact)
        rows = [(f"{2.0**-n:.4g}", *(found[method][n] for method in METHODS)) for n in range(step + 1)[-7:]]
        rows = [(h, *(f"{slope:.11g}" for slope in slopes)) for h, *slopes in [("exact", exact, exact, exact), *rows]]
        lab.table("slopes", ("h", *METHODS), rows)

    for method, error in errors.items():
        around = np.pad(error, 1)
        worst = np.max([around[:-2], around[1:-1], around[2:]], axis=0)  # one h may be right by luck, not three
        best = int(worst.argmin())
        lab.results(**{f"{method}/best h": 2.0**-best, f"{method}/least error": float(worst[best])})
        lab.results(**{f"{method}/halved": float(error[3] / (error[4] + 1e-17))})  # from h = 1/8 to 1/16
    lab.results(**{"largest slope": max(found["forward"])})


def draw(lab, f, x, h, slope, exact):
    """The curve with secant and tangent in a window that shrinks with h."""
    import numpy as np

    u = np.linspace(-1.5, 1.5, 181)
    rises = (f(x + h * u.astype(x.dtype)) - f(x)) / h
    lines = {"secant": slope * u, "tangent": exact * u}
    points, axes = [(0.0, 0.0), (1.0, slope)], ("distance from x, in h", "rise from f(x), in h")
    lab.curve("zoom", u, {"two points": points}, axes=axes, f=rises, **lines)


def find_slope(f, x):
    """The slope of f at x; f takes arrays of any shape, and x may be one."""
    from scipy.differentiate import derivative

    return derivative(f, x).df


def check_slope(function):
    import numpy as np

    x = np.linspace(-1, 1, 5)
    cases = {"sin at π/4": (np.sin, np.pi / 4, 0.5**0.5), "cos at 0": (np.cos, 0.0, 0.0), "e^x": (np.exp, x, np.exp(x))}
    for name, (f, place, exact) in cases.items():
        found = np.asarray(function(f, place))
        if found.shape != np.shape(exact):
            raise Wrong(f"{name}: x has shape {np.shape(exact)}, so has the slope; yours has {found.shape}.")
        yield number(np.abs(found - exact).max(), f"{name}: largest error") <= 1e-12


def nudge_gradient(loss, w):
    """The gradient of loss(w) by central differences; w (n,) floats, loss gives one number."""
    import numpy as np

    gradient = np.zeros(len(w))
    for i in range(len(w)):
        h = np.zeros(len(w))
        h[i] = 1e-5
        gradient[i] = (loss(w + h) - loss(w - h)) / 2e-5
    return gradient


def check_gradient(function):
    import numpy as np

    rng = np.random.default_rng(4)
    x, w = rng.normal(size=(6, 5)), rng.normal(size=5)
    calls = []

    def loss(w):
        calls.append(1)
        return float((np.tanh(x @ w) ** 2).mean())

    h = np.tanh(x @ w)
    exact = (2 * h * (1 - h * h)) @ x / 6
    found = np.asarray(function(loss, w.copy()))
    if found.shape != w.shape:
        raise Wrong(f"One number a weight: shape {w.shape}; yours has {found.shape}.")
    yield number(np.abs(found - exact).max(), "largest error of the gradient") <= 1e-9
    yield number(len(calls), "evaluations of the loss for 5 weights") <= 10


BEST = last("forward/best h")
TYPICAL = last("forward/least error").between(1e-13, 0.1)  # a V: neither kink, nor line, nor round numbers
E0 = {"function": "e^x", "x": 0.0}

LESSON = Lesson(
    covers=("A07",),
    after="floating-point",
    run=run,
    knobs=Knobs,
    minutes=12,
    show=("zoom", "error over h", "slopes", "slope"),
    takeaways=(
        "A derivative is the limit of secant slopes; a limit is where they tend, not their largest value.",
        "A smaller h lessens truncation and worsens rounding, so the best h lies between: near 1e-8 for forward, "
        "near 1e-6 for central differences in float64.",
        "The complex step subtracts nothing and keeps all digits, if the formula accepts complex numbers.",
        "A gradient check needs float64, central differences, a middling h, and no kink within h.",
    ),
    predictions=(
        Prediction(
            "Near which h is the forward difference most exact?",
            choices={
                "0.0001": TYPICAL & BEST.between(3e-6, 0.1),
                "0.00000001, that is 10⁻⁸": TYPICAL & BEST.between(1e-11, 1e-6),
                "10⁻¹⁵: the smaller the better": TYPICAL & (BEST < 1e-12),
            },
            why="Truncation is about h, rounding about ε/h; they are equal near √ε: 10⁻⁸ in float64, and some 10⁻⁴ in "
            "float32. If f bends faster, h must be smaller. A run that halves less often has not reached the turn.",
        ),
    ),
    claims=(
        Claim(
            "Halving h halves the error of the forward difference and quarters that of the central one",
            last("forward/halved").between(1.9, 2.1),
            last("central/halved").between(3.95, 4.05),
            seeds=2,
        ),
        *(
            Claim(
                f"For {function} the best forward h is near 10⁻⁸, the best central one near 10⁻⁶; they give about 8 "
                "and 10 digits, the complex step 15 or more",
                last("forward/best h", function=function).between(1e-9, 1e-7),
                last("central/best h", function=function).between(1e-7, 1e-5),
                last("forward/least error", function=function).between(1e-9, 1e-7),
                last("central/least error", function=function) < 2e-10,
                last("complex step/least error", function=function) < 2e-15,
            )
            for function in ("sin x", "e^x", "sin(x^2)")
        ),
        Claim(
            "In float32 even the best central difference errs by over 10⁻⁶, at an h near 0.004",
            last("central/least error", precision="float32").between(1e-6, 1e-4),
            last("central/best h", precision="float32").between(1e-3, 2e-2),
        ),
        Claim(
            "The secants of e^x at 0, (e^h − 1)/h, tend to 1; the largest of them is 1.718",
            last("largest slope", **E0).between(1.718, 1.719),
            last("forward/least error", **E0) < 1e-7,
            seeds=2,
        ),
        Claim(
            "At the kink of relu no h helps: forward gives 1, central ½, always",
            last("forward/least error", function="relu", x=0.0) == 1,
            last("central/least error", function="relu", x=0.0) == 0.5,
        ),
    ),
    exercises=(
        Exercise(
            "Make the central difference fail: off by 0.4 or more even at its best h.",
            last("central/least error") >= 0.4,
            solution={"function": "relu", "x": 0.0},
            hints=("Which curve is not smooth, and where?",),
        ),
        CodeExercise(
            "This no longer runs: SciPy has removed `scipy.misc.derivative`. With h = 1e-6 it erred by "
            "5e-11; the new function finds h itself. Get to 1e-12.",
            find_slope,
            check_slope,
            broken={
                "from scipy.differentiate import derivative": "from scipy.misc import derivative",
                "derivative(f, x).df": "derivative(f, x, dx=1e-6)",
            },
            hints=("`scipy.differentiate` has a function of the same name; the `df` of what it returns is the slope.",),
            mistakes=(18,),
            rows=("S2-78",),
        ),
        CodeExercise(
            "A gradient check that condemns right networks. Find both reasons: use central differences, and an h "
            "that suits them.",
            nudge_gradient,
            check_gradient,
            broken={"h[i] = 1e-5": "h[i] = 1e-14", "loss(w - h)) / 2e-5": "loss(w)) / 1e-14"},
            hints=("Step to both sides of w and divide by the distance between the two.", "See the bottom of the V."),
        ),
    ),
    quiz=quiz("""
        ? [foresee] y = 10x² was measured at x = 0, 1, 2, 3, 4: it is 0, 10, 40, 90, 160. The exact slopes are 0, 20,
          40, 60, 80. What does `np.gradient(y)` print?
        - 0, 20, 40, 60, 80
        + 10, 20, 40, 60, 70
        - 10, 30, 50, 70, as there are four gaps
        - 3, 432, 27, 48, 675
        = Inside it takes central differences, exact for a parabola. At the ends there is a neighbour on one side only:
          (10 − 0)/1 and (160 − 90)/1, off by h·f''/2 = 10. `edge_order=2` repairs that.
        & 3, S3-18

        ? [foresee] To find the limit of (eʰ − 1)/h for h → 0, someone computes it at 1,000 values of h from 0.001 to 1
          and takes the largest. With sin h / h this gave 1.00000. What comes now?
        - 1.00000: the limit
        + 1.71828
        - 1.00050, the value at h = 0.001
        = It is e − 1, the value at h = 1, while the limit is 1. sin h / h happens to grow towards its limit, so the
          largest value is the nearest one; (1 − cos h)/h gives 0.46 instead of 0. A limit is a tendency.
        & 6, S3-17

        ? [compute] Each value of f carries an error of up to 10⁻⁶, and |f''| is about 1. Near which h is the forward
          difference best?
        - 10⁻⁸
        - 10⁻⁶
        + 10⁻³
        = Truncation is about h/2, noise at most 2·10⁻⁶/h. They are equal at h = 2·10⁻³. 10⁻⁸ is right only for values
          that are exact to 16 digits.
        & S2-76
    """),
    sources=(
        "W. Squire, G. Trapp: Using complex variables to estimate derivatives of real functions, SIAM Review 40, 1998",
        "W. H. Press, S. A. Teukolsky, W. T. Vetterling, B. P. Flannery: Numerical Recipes, 3rd ed., Cambridge 2007, "
        "section 5.7",
    ),
    rows=("S3-16", "S0-13", "S0-14", "S2-75"),
)
