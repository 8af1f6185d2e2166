"""Drawing with hinges

A network of ReLU units knows nothing but hinges: 0 up to some place, then straight on. How many of them draw a sine so
that nobody sees the corners?

**A hinge** max(0, wx + b) is one unit: it multiplies its input x by a *weight* w, adds a *bias* b, and *ReLU* makes 0
of what is negative. It bends at its *kink*, x = −b/w, where its slope changes by |w|.

**By hand.** max(0, x) + max(0, 1 − x) + max(0, x/2 − 1) has kinks at 0, 1 and 2. Its slopes are −1, 0, 1, 1.5; at 4 it
is 4 + 0 + 1 = 5. Turn `weight` and `bias` of the third.

**By rule.** To go straight from point to point, set a kink on each but the last, and multiply its hinge
max(0, x − kink), whose w is 1, by the change of slope there, from s₁ before it to s₂ after it:

    f(x) = y₀ + s₁·max(0, x − x₀) + (s₂ − s₁)·max(0, x − x₁) + …

Through (0, 0), (1, 2), (2, 1): slopes 2 and −1, so f(x) = 2·max(0, x) − 3·max(0, x − 1). Every unbroken line of
finitely many straight pieces, of one input, is a network with one hidden layer.

**Between the points** a curve leaves the straight piece. If the points are h apart and its second derivative, which
tells how fast the slope changes, is at most M, it does so by at most

    M·h²/8

With n even hinges from 0 to 10, h = 10/n.

**Predict, then run. Watch** one hinge after the other bend the line. **Break it:** near 0 a `root` bends without bound,
and more hinges help little until `crowd` sends kinks there. What becomes of a `jump`? It has a break, and a sum
of hinges has none.
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
    knob_value,
    last,
    number,
    pace,
    quiz,
)

END, JUMP, CLOSE = 10.0, 3.3, 0.01
"""Curves are drawn from 0 to this; where one jumps; which distance is near enough."""
COUNTS = (1, 2, 5, 10, 20, 40, 80, 160)
CURVES = ("sine", "root", "zigzag", "jump")


class Knobs(KnobSet):
    curve: str = knob(
        "sine", choices=CURVES, help="what is drawn: sin x, √x, ten random pieces, or 0 up to 3.3, then 1"
    )
    hinges: int = knob(16, 1, 128, scale="log", help="hinges n, each with a kink of its own")
    crowd: float = knob(1.0, 1.0, 8.0, help="kinks at 10·(i/n) to this power: 1 is even, more is denser towards 0")
    weight: float = knob(0.5, -2.0, 2.0, live=True, help="w of the third hinge of the example by hand")
    bias: float = knob(-1.0, -3.0, 3.0, live=True, help="b of that hinge")
    pace: int = pace(4)


def draw_curve(name, x, heights):
    """The curve at x; ``heights`` (11,) are those of the zigzag at 0, 1 … 10."""
    import numpy as np

    zigzag = np.interp(x, np.arange(len(heights)), heights)
    return {"sine": np.sin(x), "root": np.sqrt(x), "zigzag": zigzag, "jump": 1.0 * (x > JUMP)}[name]


def bend(x, y):
    """c and v such that c + Σ v[i]·max(0, q − x[i]) goes straight from point to point.

    x, y: (n + 1,), x rising. Returns a number and (n,).
    """
    import numpy as np

    slopes = np.diff(y) / np.diff(x)
    return y[0], np.diff(slopes, prepend=0)


def add_hinges(c, v, kinks, q):
    """The sum of the hinges at each q."""
    import numpy as np

    return (
        c + np.maximum(0, np.subtract.outer(q, kinks)) @ v
    )  # key: a hidden layer with w = 1, b = −kink, and its output


def run(lab, k):
    import numpy as np

    heights, fine = np.random.default_rng(lab.seed).uniform(-1, 1, 11), np.linspace(0, END, 5001)

    def fit(name, n, crowd):
        """Kinks, output weights and the largest distance with n hinges."""
        points = END * np.linspace(0, 1, n + 1) ** crowd
        c, v = bend(points, draw_curve(name, points, heights))
        off = np.abs(add_hinges(c, v, points[:-1], fine) - draw_curve(name, fine, heights)).max()
        return points, c, v, float(off)

    points, c, v, off = fit(k.curve, k.hinges, k.crowd)
    truth = draw_curve(k.curve, fine, heights)
    axes = ("log₁₀ of hinges", "log₁₀ of distance (floor −4)")
    far = {name: np.log10([max(fit(name, n, k.crowd)[3], 1e-4) for n in COUNTS]) for name in CURVES}
    for step in lab.steps(k.hinges, unit="hinges"):
        line = add_hinges(c, v[: step + 1], points[: step + 1], fine)
        low, high = truth.min() - 0.5, truth.max() + 0.5  # beyond its last kink the line goes far
        shown = [float(y) if low < y < high else None for y in line[::10]]
        spots = {"kink": np.stack([points, draw_curve(k.curve, points, heights)], 1)[: step + 1]}
        lab.curve("hinge by hinge", fine[::10], spots, axes=("x", "y"), curve=truth[::10], hinges=shown)
        slopes = np.cumsum(v[: step + 1])
        rows = zip(points[: step + 1], v, slopes, strict=False)
        lab.table("hinges", ("kink", "times", "slope then"), [tuple(np.round(row, 4)) for row in rows][::-1])
        lab.curve(
            "how far off", np.log10(COUNTS), {"yours": (np.log10(k.hinges), np.log10(max(off, 1e-4)))}, axes=axes, **far
        )
        show_example(lab, k.weight, k.bias)
    lab.results(off=off, gain=off / max(fit(k.curve, 2 * k.hinges, k.crowd)[3], 1e-12))
    tried = range(1, COUNTS[-1] + 1)
    enough = next((n for n in tried if fit(k.curve, n, k.crowd)[3] <= CLOSE), None)
    if enough is None:
        lab.note(f"No number of hinges up to {COUNTS[-1]} is enough to be within {CLOSE} everywhere.")
    lab.results(**({"enough": enough} if enough else {}), **{"too few": enough - 1 if enough else COUNTS[-1]})


def show_example(lab, weight, bias):
    """The sum of three hinges, with its kinks and slopes."""
    import itertools

    import numpy as np

    w, b = np.array([1, -1, weight]), np.array([0, 1, bias])
    x = np.linspace(-2, 4, 241)
    hinges = np.maximum(0, np.outer(w, x) + b[:, None])
    kinks = sorted(
        float(0 - d / a) for a, d in zip(w, b, strict=True) if a and -2 < -d / a < 4
    )  # key: where wx + b is 0
    corners = np.array([-2, *kinks, 4])
    heights = np.maximum(0, np.outer(corners, w) + b).sum(1)
    third = f"max(0, {weight:g}x {'-' if bias < 0 else '+'} {abs(bias):g})".replace("-", "−")
    names = ("max(0, x)", "max(0, 1 − x)", third)
    lines = dict(zip(names, hinges, strict=True)) | {"sum": hinges.sum(0)}
    lab.curve("three hinges", x, {"kink": np.stack([corners, heights], 1)[1:-1]}, axes=("x", "y"), **lines)
    pieces = [each for each in itertools.pairwise(zip(corners, heights, strict=True)) if each[1][0] > each[0][0]]
    rows = [(f"{a:.3g} … {z:.3g}", *np.round(((d - c) / (z - a), c, d), 3)) for (a, c), (z, d) in pieces]
    lab.table("slopes of the sum", ("piece", "slope", "left", "right"), rows)
    lab.results(**{"first slope": rows[0][1], "last slope": rows[-1][1], "sum at 4": float(heights[-1])})


def check_bend(function):
    """Through all points, straight between them, for few and many, evenly spread or not."""
    import numpy as np

    rng = np.random.default_rng(8)
    for n in (2, 3, 12):
        x, y = np.sort(rng.uniform(-5, 5, n)), rng.normal(size=n)
        c, v = function(x.copy(), y.copy())
        if np.shape(c) != () or np.shape(v) != (n - 1,):
            raise Wrong(f"{n} points: a number and {n - 1}; yours have shapes {np.shape(c)} and {np.shape(v)}.")
        yield number(abs(add_hinges(c, v, x[:-1], x) - y).max(), f"{n} points: largest distance at a point") <= 1e-9
        middle = (x[1:] + x[:-1]) / 2
        off = abs(add_hinges(c, v, x[:-1], middle) - (y[1:] + y[:-1]) / 2).max()
        yield number(off, f"{n} points: largest distance halfway between two") <= 1e-9


OFF, GAIN, FEW, TEN = last("off"), last("gain"), last("too few"), tuple(range(10))
ROOT, JUMPS, ZIGZAG = ({"curve": name} for name in ("root", "jump", "zigzag"))

LESSON = Lesson(
    covers=("D09",),
    after="universal-approximation",
    run=run,
    knobs=Knobs,
    takeaways=(
        "A hinge bends a line at −b/w; the slope changes there by its output weight times |w|.",
        "Every unbroken line of finitely many straight pieces, of one input, is a network with one hidden layer of "
        "ReLU units, and conversely.",
        "Twice as many even hinges come four times nearer to a curve that bends by a bounded amount, and to no jump.",
    ),
    show=("hinge by hinge", "how far off", "three hinges", "slopes of the sum", "hinges"),
    rows=("S1-08",),
    predictions=(
        Prediction(
            "The number of hinges is doubled. By about what is the largest distance divided?",
            choices={
                "by 1.4": GAIN.between(1.19, 1.68),
                "by 2": (GAIN > 1.68) & (GAIN <= 2.83),
                "by 4": (GAIN > 2.83) & (GAIN <= 5.66),
                "by 8 or more": GAIN > 5.66,
                "by 1, or it grows": GAIN < 1.19,
            },
            why="With half the gap, M·h²/8 is a quarter. That is for many hinges and a curve that bends by a bounded "
            "amount. √x is as steep as can be at 0 and gains 1.4, unless kinks crowd there; a zigzag and a jump gain "
            "now more, now less, or nothing, as a zigzag does that is met.",
        ),
        Prediction(
            "How many hinges are enough to be within 0.01 everywhere, with the kinks spread as they are?",
            choices={
                "20 or fewer": FEW < 20,
                "21 to 50": FEW.between(20, 49),
                "51 to 160": FEW.between(50, 159),
                "more, or no number is": FEW == 160,
            },
            why="For sin x, M = 1: h²/8 ≤ 0.01 asks for gaps of 0.28, and 10/0.28 is 36. A zigzag is met by "
            "ten even kinks, and missed again by 11, whose kinks lie elsewhere. √x needs over 6,000 even ones, and 13 "
            "where they crowd to the power 4; for a jump there is no such number.",
        ),
    ),
    claims=(
        Claim(
            "By hand: slopes from −1 to 1.5, and 5 at x = 4",
            (last("first slope") == -1) & (last("last slope") == 1.5) & (last("sum at 4") == 5),
        ),
        Claim(
            "Of sin x 16 hinges are at most h²/8 off, 32 a quarter of it; 36 are the first within 0.01",
            (OFF <= (10 / 16) ** 2 / 8) & GAIN.between(3.8, 4.2) & (last("enough") == 36),
        ),
        Claim(
            "Twice as many hinges come 1.4 times nearer to √x, and 4 times if kinks crowd to the power 4; then 13 do",
            last("gain", **ROOT).between(1.4, 1.43),
            last("gain", crowd=4.0, **ROOT).between(3.9, 4.1) & (last("enough", crowd=4.0, **ROOT) == 13),
        ),
        Claim(
            "To a jump no number comes nearer than half of it",
            *(last("off", hinges=n, **JUMPS) >= 0.5 for n in (8, 16, 64, 128)),
        ),
        Claim("Ten straight pieces are drawn by 10 hinges", last("off", hinges=10, **ZIGZAG) < 1e-9, seeds=TEN),
        Claim("… but not by 16 whose kinks are elsewhere", last("off", hinges=16, **ZIGZAG) > 0.1, seeds=TEN),
    ),
    quiz=quiz("""
        ? [compute] f(x) = max(0, 2x) + max(0, 1 − x) + max(0, 3x − 9). What is its slope between 1 and 3?
        - 1, as the second falls by 1
        + 2
        - 4, the slopes of all three
        = The second is 0 right of x = 1, the third is 0 until x = 3. Only hinges on their sloping side count.
        & S1-08

        ? [compute] A line of straight pieces goes through (0, 1), (2, 5) and (4, 5). By what is the hinge that begins
          at x = 2 multiplied?
        - 0, the slope from there on
        - 2, the slope up to there
        + −2
        = The hinge of x = 0 goes on rising by 2. To be level, 2 has to be taken away: with w = 1 the output
          weight is the change of slope.

        ? [foresee] sin x is drawn with 20 evenly spread hinges, then with 60. What becomes of the largest distance?
        - A third
        + About a ninth
        - About a sixtieth of the curve's height, whatever it was
        = The gap is a third, and the distance goes with its square.

        ? A ReLU unit gives 0 or more. How can a network of them have outputs that fall below 0?
        - It cannot: that takes another activation, such as tanh
        + Output weights may be negative
        - Only where the bias of a unit is negative
        = The output layer multiplies each hinge by a number of either sign, and adds another. A unit's own bias only
          moves its kink.
    """),
    exercises=(
        Exercise(
            "Draw √x within 0.01 with at most 16 hinges.",
            knob_value("curve") == "root",
            knob_value("hinges") <= 16,
            OFF < 0.01,
            solution={"curve": "root", "crowd": 4.0},
            hints=("Where is √x off the most?", "Crowd kinks there, but leave some for the rest."),
        ),
        CodeExercise(
            "This multiplies each hinge by the slope after its kink, and the line shoots away. Repair it.",
            bend,
            check_bend,
            broken={"np.diff(slopes, prepend=0)": "slopes"},
            hints=("Every hinge that has begun goes on with its slope.", "What has to be added to the slope so far?"),
            rows=("S1-08",),
        ),
    ),
    sources=(
        "C. de Boor: A Practical Guide to Splines, revised ed., Springer 2001, chapters II (√x) and III "
        "(straight pieces, good meshes)",
        "I. Daubechies, R. DeVore, S. Foucart, B. Hanin, G. Petrova: Nonlinear approximation and (deep) ReLU networks, "
        "Constructive Approximation 55 (2022)",
    ),
)
