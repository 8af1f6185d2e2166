"""Differential equations: the longest step that holds

The road is smooth, the steps are short, and still the walker staggers off. What limits a step, if not the road?

**The problem.** A *differential equation* y′ = f(t, y) gives a slope at every place; wanted is the curve from y(0) that
follows it. Here y runs after cos t, the faster the larger λ is:

    y′ = −λ · (y − cos t)

**Euler's method** walks straight along the slope for a time h, then looks again. **RK4** (Runge–Kutta) looks four times
a step, half way too. Their *order* is 1 and 4: half the step divides the error by 2¹ and by 2⁴ = 16.

**Stability.** By hand, with λ = 10 and h = 0.21: at y = 0 the slope is 10, so the step ends at 2.1, beyond 1 by 1.1.
Each step multiplies the distance from the goal by 1 − hλ = −1.1, so it grows. Euler holds only if

    h < 2 / λ      RK4: h < 2.79 / λ

*Stiff* is what forces steps far shorter than the curve needs. *Implicit* methods take the slope at the step's end, so
each step solves an equation. The best, such as Radau, have no such limit.

**Adaptive** methods such as RK45 compare two results of each step; where they differ too much, it is shortened.

**Training** by gradient descent is Euler's method for w′ = −∇L, the *gradient flow*: h is the learning rate, λ the
curvature of the loss L. The most curved direction sets the limit 2/λ, the flattest decides how long it takes.

**Predict, then run.** Does Euler keep up? **Watch** its first steps. **Break it:** λ = 1000; count the steps of RK45.
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

END = 5.0
EQUATIONS = {
    "follow cos t": (
        lambda np, t, y, c: -c * (y - np.cos(t)),
        lambda np, t, c: (c * c * (np.cos(t) - np.exp(-c * t)) + c * np.sin(t)) / (c * c + 1),
    ),
    "decay": (lambda np, t, y, c: -c * y, lambda np, t, c: np.exp(-c * t)),
    "logistic": (lambda np, t, y, c: c * y * (1 - y), lambda np, t, c: 1 / (1 + 93 / 7 * np.exp(-c * t))),
}
"""The slope f(t, y), and the exact solution; c is λ. Logistic from 0.07, as hλ = 10 would take Euler from 0.1 to 1."""


class Knobs(KnobSet):
    equation: str = knob("follow cos t", choices=tuple(EQUATIONS), help="y′ = −λ(y − cos t), −λy or λy(1 − y)")
    rate: float = knob(10.0, 0.5, 1000.0, scale="log", help="λ, how fast y is drawn to where it belongs, per unit of t")
    step: float = knob(0.21, 0.01, 2.0, scale="log", help="h, the length of a step of Euler and of RK4")
    tolerance: float = knob(1e-3, 1e-8, 0.01, scale="log", help="error allowed in a step of RK45 and Radau")
    pace: int = pace(4)


def euler(f, t, y, h):
    return y + h * f(t, y)  # key: straight along the slope at the start


def rk4(f, t, y, h):
    """y after one step of length h of the classical Runge-Kutta method for y' = f(t, y)."""
    a = f(t, y)
    b = f(t + h / 2, y + h / 2 * a)
    c = f(t + h / 2, y + h / 2 * b)
    d = f(t + h, y + h * c)
    return y + h * (a + 2 * b + 2 * c + d) / 6  # key: a weighted mean of four slopes


METHODS = {"Euler": (euler, 1), "RK4": (rk4, 4)}


def walk(method, f, y, h, steps):
    """All y at the times 0, h … by steps of equal length."""
    import numpy as np

    ys = [y]
    with np.errstate(all="ignore"):
        for i in range(steps):
            ys.append(method(f, i * h, ys[-1], h))
    return np.array(ys)


def run(lab, k):
    import numpy as np
    from scipy.integrate import solve_ivp

    def f(t, y):
        return EQUATIONS[k.equation][0](np, t, y, k.rate)

    def exact(t):
        return EQUATIONS[k.equation][1](np, np.asarray(t), k.rate)

    start, steps = float(exact(0.0)), int(np.ceil(END / k.step - 1e-9))
    t, fine = k.step * np.arange(steps + 1), np.linspace(0, END, 400)
    ys = {name: walk(method, f, start, k.step, steps) for name, (method, _) in METHODS.items()}
    allowed = {"rtol": k.tolerance, "atol": k.tolerance}  # key: the error that one step may make
    allowed["first_step"] = 0.1 / k.rate  # SciPy would begin with a ten-thousandth here
    adaptive = {name: solve_ivp(f, (0, END), [start], name, **allowed) for name in ("RK45", "Radau")}
    errors = {name: np.nan_to_num(np.abs(y - exact(t)), nan=1e300, posinf=1e300) for name, y in ys.items()}
    rows = [(name, steps, steps * METHODS[name][1], error.max()) for name, error in errors.items()]
    for name, found in adaptive.items():  # SciPy counts apart what Radau needs for the derivative of f
        rows.append((name, len(found.t) - 1, found.nfev + found.njev, np.abs(found.y[0] - exact(found.t)).max()))
    for name, taken, looks, error in rows:
        lab.results(**{f"{name}/steps": taken, f"{name}/evaluations": looks, f"{name}/error": error})
    lab.results(**{f"{name}/final error": error[-5:].max() for name, error in errors.items()})
    lab.results(**{"RK45/last step": float(np.median(np.diff(adaptive["RK45"].t)[-20:]))})

    low, high = exact(fine).min() - 2.2, exact(fine).max() + 2.2  # what is farther off is not drawn
    grid, arrows = draw_slopes(f, low, high)
    for step in lab.steps(steps):
        shown = {"exact": np.stack([fine, exact(fine)], 1)}
        for name, y in ys.items():
            inside = np.append((y[: step + 2] > low) & (y[: step + 2] < high), False)
            shown[name] = np.stack([t, y], 1)[: inside.argmin()]
        lab.points("steps", grid, arrows=arrows, paths=shown, axes=("t", "y"), aspect="auto")
        show_adaptive(lab, k, adaptive, t[step + 1])
        lab.table("methods", ("method", "steps", "evaluations of f", "largest error"), rows)
    measure_orders(lab, f, exact, start)


def draw_slopes(f, low, high):
    import numpy as np

    grid = np.array([(t, y) for t in np.linspace(0.2, END - 0.2, 14) for y in np.linspace(low, high, 7)])
    slopes = np.array([f(t, y) for t, y in grid])
    across = np.stack([np.full(len(grid), 1 / END), slopes / (high - low)], 1)  # as the panel stretches them
    across *= 0.03 / np.linalg.norm(across, axis=1, keepdims=True)
    return grid, across * (END, high - low)


def show_adaptive(lab, k, adaptive, now):
    """How long the steps are that RK45 and Radau have taken up to the time ``now``, and where."""
    import numpy as np

    places, labels = [], []
    for label, found in enumerate(adaptive.values()):
        places += [*np.stack([found.t[:-1], np.log10(np.diff(found.t))], 1)[found.t[:-1] < now]]
        labels += [label] * (len(places) - len(labels))
    limits = {"3.3/λ, RK45's limit": 3.3 / k.rate, "h": k.step}
    paths = {name: [(0, np.log10(h)), (END, np.log10(h))] for name, h in limits.items()}
    axes = ("t", "log₁₀ length of the step")
    lab.points("adaptive steps", places, labels, tuple(adaptive), paths=paths, axes=axes, aspect="auto")


def measure_orders(lab, f, exact, start):
    """The second act: the whole way with ever more steps."""
    import numpy as np

    errors = lab.state.setdefault("errors", {name: [] for name in METHODS})
    for step in lab.steps(9):
        n = 8 * 2**step
        for name, (method, _) in METHODS.items():
            y = walk(method, f, start, END / n, n)
            error = float(np.abs(y - exact(np.linspace(0, END, n + 1))).max())
            errors[name].append(error if error < 10 else None)  # key: beyond 10 it has left the road
            if step and errors[name][-2] and error < errors[name][-2]:
                lab.scalars({f"{name}/order": np.log2(errors[name][-2] / error)})
        heights = {name: np.log10(np.maximum(np.array(e, float), 1e-17)) for name, e in errors.items()}
        h = np.log10(END / 8 / 2.0 ** np.arange(step + 1))
        lab.curve("error by step", h, axes=("log₁₀ h", "log₁₀ largest error"), **heights)


def check_rk4(function):
    import math

    for name, f, y0, exact in (
        ("y' = -2y", lambda t, y: -2 * y, 1.0, math.exp(-4)),
        ("y' = t·y", lambda t, y: t * y, 1.0, math.exp(2)),
    ):
        errors = [abs(walk(function, f, y0, 2 / n, n)[-1] - exact) for n in (20, 40)]
        yield number(errors[0] / max(errors[1], 1e-300), f"{name}: what half the step divides the error by") >= 14


LESSON = Lesson(
    covers=("B06",),
    run=run,
    knobs=Knobs,
    minutes=12,
    after="numerical-integration",
    show=("steps", "error by step", "adaptive steps", "methods"),
    takeaways=(
        "Half the step divides Euler's error by 2 and that of RK4 by 16, once the steps are short enough.",
        "However smooth the solution is, an explicit step may not be longer than a few 1/λ: 2/λ for Euler.",
        "On a stiff equation an adaptive explicit method is held to that limit; an implicit one takes long steps.",
        "Gradient descent is Euler's method: the largest curvature λ limits the learning rate to 2/λ.",
    ),
    predictions=(
        Prediction(
            "Does Euler keep up with the exact solution? How far off is it at most in its last five steps?",
            choices={
                "Within 0.1": last("Euler/final error") < 0.095,
                "Between 0.1 and 1": last("Euler/final error").between(0.105, 0.95),
                "Farther than 1": last("Euler/final error") > 1.05,
            },
            why="With h below 2/λ an error shrinks from step to step, though each step adds its own, the more the "
            "longer it is. Above, it grows and changes sides each time, however smooth the solution is. The logistic "
            "equation bends the growth into swings about 1, until hλ is 3 or so.",
        ),
        Prediction(
            "Which of SciPy's two adaptive methods evaluates f less often, RK45 or Radau?",
            choices={
                "RK45": last("RK45/evaluations") < 0.9 * last("Radau/evaluations"),
                "Radau": last("Radau/evaluations") < 0.9 * last("RK45/evaluations"),
            },
            why="A step of Radau costs more, and a tight tolerance takes more of its steps. Yet it is free of "
            "RK45's limit 3.3/λ, which makes up for it once λ is large.",
        ),
    ),
    claims=(
        Claim(
            "Euler and RK4 have the orders 1 and 4",
            last("Euler/order").between(0.97, 1.05) & last("RK4/order").between(3.9, 4.1),
            seeds=2,
        ),
        Claim(
            "λ = 10: Euler holds with h = 0.18 and is off by over 5 with 0.21; RK4 with 0.27 and with 0.29",
            (last("Euler/final error", step=0.18) < 0.02) & (last("Euler/final error") > 5),
            (last("RK4/final error", step=0.27) < 0.2) & (last("RK4/final error", step=0.29) > 5),
            seeds=2,
        ),
        Claim(
            "λ = 1000: RK45 takes over 1500 steps of 3.3/λ, Radau under 20; λ = 1: RK45 under 12",
            (last("RK45/steps", rate=1e3) > 1500) & (last("Radau/steps", rate=1e3) < 20),
            last("RK45/last step", rate=1e3).between(0.0032, 0.0034) & (last("RK45/steps", rate=1.0) < 12),
        ),
        Claim(
            "A thousand times the tolerance changes the number of those steps by less than 1 %",
            last("RK45/steps", rate=1e3, tolerance=1e-2).between(1502, 1523),
            last("RK45/steps", rate=1e3, tolerance=1e-5).between(1502, 1523),
        ),
    ),
    exercises=(
        Exercise(
            "With λ = 40 or more, have Euler within 0.1 of the exact solution in its last 5 steps, of 130 at most.",
            knob_value("rate") >= 40,
            last("Euler/final error") < 0.1,
            last("Euler/steps") <= 130,
            solution={"rate": 40.0, "step": 0.04},
            hints=("What is the longest step that holds?",),
            rows=("S0-08",),
        ),
        CodeExercise(
            "This calls itself Runge-Kutta 4, but half the step does not divide its error by 16. Two things are wrong.",
            rk4,
            check_rk4,
            broken={
                "c = f(t + h / 2, y + h / 2 * b)": "c = f(t + h / 2, y + h / 2 * a)",
                "(a + 2 * b + 2 * c + d) / 6": "(a + b + c + d) / 4",
            },
            hints=(
                "Each slope is found with the one before it.",
                "Simpson's rule has weights 1, 4, 1: who shares the 4?",
            ),
        ),
    ),
    quiz=quiz("""
        ? [compute] Euler with 100 steps errs by 0.02. About how many steps bring it to 0.0002?
        - 200
        - 1,000
        + 10,000
        = Its order is 1: a hundredth of the error takes a hundredth of the step. With order 4, about 320 would do.

        ? [compute] y′ = −50y is to be solved by Euler's method. Which is the longest step that does not blow up?
        - 0.02
        + 0.04
        - As long as you like: the solution only decays
        = |1 − 50h| ≤ 1 up to h = 2/50. Beyond 0.02 the values change sign at each step, but they still shrink.

        ? [foresee] y follows cos t with λ = 1000. With a tolerance of 1e-5 RK45 takes 1,510 steps. And with 1e-2?
        - About 4 times fewer, as its order is 5
        + About as many
        - About 1,000 times fewer
        = Not accuracy holds the step at 3.3/λ but stability: whatever is longer is refused soon. Radau, which has no
          such limit, takes 31 and then 10.

        ? [compute] A loss has curvature 100 along one weight and 1 along another. With a rate of 0.01, how many steps
          of gradient descent until the second error is a hundredth?
        - 1
        - About 46
        + About 460
        = Each step leaves 1 − 0.01 · 1 = 0.99 of it, and 0.99⁴⁶⁰ ≈ 0.01. The other weight is there after one, and
          allows no rate above 0.02. That is stiffness; Adam gives each weight a step of its own.
    """),
    sources=(
        "E. Hairer, S. P. Nørsett, G. Wanner: Solving Ordinary Differential Equations I, 2nd ed., Springer 1993, "
        "chapter II",
        "E. Hairer, G. Wanner: Solving Ordinary Differential Equations II, 2nd ed., Springer 1996, chapter IV",
        "J. R. Dormand, P. J. Prince: A family of embedded Runge-Kutta formulae, Journal of Computational and Applied "
        "Mathematics 6 (1980), 19-26",
    ),
)
