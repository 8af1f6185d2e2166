"""The product rule and the chain rule: how rates combine

One wheel turns three times as fast as the one before it, the next twice as fast as that. How fast does the last one
turn? And if both sides of a rectangle grow, how fast does its area?

**Chain rule.** In f(g(x)) a small change h of x moves g by about g'(x)·h, and what moves g moves f in turn. Rates
multiply, as gears do (3 · 2 = 6):

    slope of f(g(x))  =  f'(g) · g'(x)

f' is the slope with respect to *g*: how fast f would change if g were the input. Check it by hand for sin(g²) with
g = x³, at x = 1: g = 1, f' = 2g·cos g² = 1.081, g' = 3. So the slope is 3.242.

**Product rule.** A rectangle with sides u and v has the area u·v. If both grow, it gains two strips and a corner:

    new area − old area  =  v·Δu  +  u·Δv  +  Δu·Δv

The corner shrinks with h², the strips with h. Divide by h and let h go to 0: the strips stay, the corner goes.

    slope of u·v  =  v·u' + u·v'

A network is a chain of layers, and training needs the slope of its end with respect to its beginning: a product of
slopes. Many small ones leave next to nothing: gradients *vanish*.

**Predict, then run.** How wrong is a slope in which g' is counted twice?
**Watch** the corner vanish as h is halved, while the strips stay.
**Break it:** `count g' twice`, and see the tangent leave the curve.
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

HALVINGS = 16


class Knobs(KnobSet):
    x: float = knob(1.0, -2.0, 2.0, help="where the slopes are wanted; below 0 the side v is negative")
    rule: str = knob("right", choices=("right", "count g' twice"), help="how the slope of sin(g^2) is put together")
    start: float = knob(0.5, 0.01, 1.0, scale="log", help="h at the first step, a change of x; each step halves it")
    pace: int = pace(2)


def run(lab, k):
    import numpy as np

    x = k.x
    g, u, v = x**3, x**2, np.sin(x)
    outer, inner = 2 * g * np.cos(g * g), 3 * x**2  # key: the slope of f with respect to g, that of g with respect to x
    chain = outer * inner * (inner if k.rule != "right" else 1.0)  # key: rates multiply, each counted once
    strips = v * 2 * x, u * np.cos(x)  # key: each side grows while the other stays as long as it is
    product = sum(strips)
    t = x + np.linspace(-0.5, 0.5, 201) / (1 + x**6)  # where f wiggles fast, a narrow window
    errors = lab.state.setdefault("errors", [])
    for step in lab.steps(HALVINGS):
        h = k.start / 2**step
        moved_g, moved_f = (x + h) ** 3 - g, np.sin((x + h) ** 6) - np.sin(g * g)
        du, dv = (x + h) ** 2 - u, np.sin(x + h) - v
        parts = [("v·Δu", v * du / h), ("u·Δv", u * dv / h), ("corner Δu·Δv", du * dv / h)]
        if step < 4:  # later the strips are too thin to be seen
            show_rectangle(lab, u, v, du, dv)
        lab.bars("strips over h", [name for name, _ in parts], gain=[part for _, part in parts], rule=[*strips, 0.0])
        gain = (u * dv + v * du + du * dv) / h
        rows = [
            ("x → g", h, moved_g, moved_g / h, inner),
            ("g → f", moved_g, moved_f, moved_f / moved_g if moved_g else outer, outer),
            ("x → f", h, moved_f, moved_f / h, chain),
            ("x → u·v", h, gain * h, gain, product),
        ]
        lab.table("gears", ("", "in", "out", "out / in", "rule"), rows)
        errors.append([abs(moved_f / h - chain), abs(gain - product), abs(du * dv / h)])
        heights = dict(zip(("chain", "product", "corner"), np.log10(np.array(errors).T + 1e-17), strict=True))
        shown = np.log10(k.start) - np.log10(2) * np.arange(step + 1)
        lab.curve("distance from the rule over h", shown, axes=("log₁₀ h", "log₁₀ distance"), **heights)
        secant = np.sin(g * g) + moved_f / h * (t - x)
        lines = {"f": np.sin(t**6), "secant": secant, "slope by the rule": np.sin(g * g) + chain * (t - x)}
        lab.curve("sin(g²), g = x³", t, {"x": (x, np.sin(g * g))}, axes=("x", "f(g(x))"), **lines)
    lab.results(**{"chain/slope": chain, "chain/off": errors[-1][0]})
    if outer * inner:
        lab.results(**{"chain/twice over true": outer * inner * inner / (outer * inner)})
    lab.results(
        twice=int(k.rule != "right"),
        **{"product/off": errors[-1][1], "corner halved": errors[-2][2] / (errors[-1][2] + 1e-30)},
    )


def show_rectangle(lab, u, v, du, dv):
    """The sides u and v, and what is added when both grow."""

    def box(left, low, right, top):
        return [(left, low), (right, low), (right, top), (left, top), (left, low)]

    paths = {
        "u·v": box(0, 0, u, v),
        "v·Δu": box(u, 0, u + du, v),
        "u·Δv": box(0, v, u, v + dv),
        "corner": box(u, v, u + du, v + dv),
    }
    lab.points("rectangle", [(u + du, v + dv)], paths=paths, axes=("u = x²", "v = sin x"))


def product_slope(x):
    """The slope of x² · sin x at each of the places x (n,)."""
    import numpy as np

    u, v = x**2, np.sin(x)
    du, dv = 2 * x, np.cos(x)
    return du * v + u * dv


def check_product(function):
    import numpy as np

    yield from check_slopes(function, lambda x: x**2 * np.sin(x), np.array([2.0, 3.0, 1.0]))


def chain_slope(x):
    """The slope of f(g) = sin(g²) with g = x³, with respect to x, at each of the places x (n,)."""
    import numpy as np

    g = x**3
    outer = np.cos(g**2) * 2 * g
    return outer * 3 * x**2


def check_chain(function):
    import numpy as np

    yield from check_slopes(function, lambda x: np.sin(x**6), np.array([1.0, 2.0, 3.0]))


def check_slopes(function, formula, places):
    """The slope at these places and others, against a complex step."""
    import numpy as np

    for x in (places, np.linspace(-1, 1, 7)):
        found = np.asarray(function(x.copy()))
        if found.shape != x.shape:
            raise Wrong(f"{len(x)} places have {len(x)} slopes; yours has shape {found.shape}.")
        for place, mine, true in zip(x, found, formula(x + 1e-30j).imag / 1e-30, strict=True):
            yield number(abs(mine - true), f"at x = {place:.4g}, distance from {true:.6g}") <= 1e-9


LESSON = Lesson(
    covers=("A08",),
    after="derivatives",
    run=run,
    knobs=Knobs,
    minutes=10,
    show=("rectangle", "strips over h", "sin(g²), g = x³", "gears", "distance from the rule over h"),
    takeaways=(
        "Through a chain rates multiply, each one taken with respect to what comes right before it.",
        "A product gains one strip for each factor; the corner shrinks faster than h and leaves nothing.",
        "A slope through many layers is a product of slopes, which is why gradients vanish or explode.",
    ),
    predictions=(
        Prediction(
            "Someone counts g' twice. How many times the true slope of sin(g²), g = x³, is the result at this x?",
            last("chain/twice over true"),
            "The factor too many is g' = 3x² itself: 3 at x = 1. Where g' is 1, the mistake is not seen; nearer to 0 "
            "it makes the slope too small.",
            within=0.03,
        ),
        Prediction(
            "h is halved. What happens to the corner, counted for each unit of h as in the bars?",
            choices={
                "It stays as it is": last("corner halved").between(0.9, 1.1),
                "It is halved": last("corner halved").between(1.9, 2.1),
                "It is quartered": last("corner halved").between(3.8, 4.2),
            },
            why="Δu and Δv are both about proportional to h, so the corner's area is quartered; divided by h, half of "
            "it is left. Where u or v stands still, as x² at 0, it falls even faster.",
        ),
    ),
    claims=(
        Claim(
            "At x = 1 the slope of sin(g²) is 3.2418",
            last("chain/slope").between(3.2418, 3.2419),
            last("chain/off") < 1e-3,
            seeds=2,
        ),
        Claim(
            "The corner over h is halved when h is, and the product's change over h nears v·u' + u·v'",
            last("corner halved").between(1.99, 2.01),
            last("product/off") < 1e-4,
            seeds=2,
        ),
        Claim(
            "Counting g' twice makes 9.73, 3 times as much, of 3.24 at x = 1, and does no harm where g' is 1",
            last("chain/slope", rule="count g' twice").between(9.725, 9.726),
            last("chain/twice over true").between(2.999, 3.001),
            last("chain/off", rule="count g' twice", x=0.57735027, start=0.01) < 1e-4,
        ),
    ),
    exercises=(
        Exercise(
            "Find an x, other than 0, at which `count g' twice` is off by less than 0.01.",
            last("twice") == 1,
            last("chain/off") < 0.01,
            abs(last("chain/slope")) > 0.01,
            solution={"rule": "count g' twice", "x": 0.577},
            hints=("A factor too many does no harm if it is 1. Where is 3x² = 1?",),
        ),
        CodeExercise(
            "The product rule for x²·sin x, but its slopes are wrong: `np.gradient` takes the numbers for samples in "
            "order, 1 apart. They are neither. Use what you know about x² and sin x.",
            product_slope,
            check_product,
            broken={"du, dv = 2 * x, np.cos(x)": "du, dv = np.gradient(u), np.gradient(v)"},
            hints=("The slope of x² is 2x, that of sin x is cos x.",),
            mistakes=(5,),
            rows=("S3-19",),
        ),
        CodeExercise(
            "The chain rule for sin(g²) with g = x³. This multiplies by the slope of g a second time, and its samples "
            "are too far apart. Repair both.",
            chain_slope,
            check_chain,
            broken={"outer = np.cos(g**2) * 2 * g": "outer = np.gradient(np.sin(g**2), x)"},
            hints=("`outer` is to be the slope with respect to g: that of sin(g²), as if g were the input.",),
            mistakes=(4,),
            rows=("S3-20",),
        ),
    ),
    quiz=quiz("""
        ? To get the slope of f(g(x)), f being sin(g²), g = x³, someone computes `np.gradient(np.sin(x**6), x)` on a
          very fine grid and multiplies it by 3x². What comes out?
        - The slope of f(g(x)): the chain rule asks for that factor
        - The slope of f with respect to g
        + A slope with 3x² in it twice
        = `np.sin(x**6)` is the whole composition; its slope with respect to x contains g' already. The chain rule
          multiplies by the slope of f with respect to *g*.
        & 4

        ? [compute] At some x, u = 3, u' = 2, v = 5, v' = −1. What is the slope of u·v?
        - −2: u'·v'
        - 13
        + 7
        - 1
        = v·u' + u·v' = 10 − 3. The product of the slopes would be the corner, which vanishes.

        ? [foresee] A chain of 20 layers, each with a slope of about 0.5 here. How does the end react to the beginning?
        - Half as fast: each layer has the slope 0.5
        - Ten times as fast: 20 · 0.5
        + About a millionth as fast
        = Slopes multiply: 0.5²⁰ ≈ 10⁻⁶. So the first layers hardly learn, unless slopes are kept near 1.
        @ backpropagation
    """),
    sources=(
        "G. Strang: Calculus, Wellesley-Cambridge 1991, sections 2.5 (product) and 4.1 (chain rule)",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, sections 6.5.2 and 8.2.5",
    ),
)
