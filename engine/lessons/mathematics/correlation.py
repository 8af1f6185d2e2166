"""Correlation: rectangles with a sign

Two things are measured together, again and again. How do you say in one number that they rise together, and when does
that number lie?

**Centre and spread.** The *mean* is where the dots balance, the *median* the value in the middle. The *variance* is the
mean square distance from the mean. Of a sample, its own mean lies nearer than the true one, so divide by n − 1 instead
of n. Its root is the *standard deviation*.

**Covariance.** Draw a rectangle from the mean to each dot. Its area counts as plus if the dot is right and above or
left and below, else as minus:

    cov = Σ (xᵢ − x̄)(yᵢ − ȳ) / (n − 1)      r = cov / (sₓ · sᵧ)

By hand, for (1, 2), (2, 3), (3, 7) (`data`: three dots): means 2 and 4; areas 2, 0 and 3; cov = 5/2.

**Correlation.** cov has units; Pearson's r has none and lies in −1 … 1. It measures how near the dots are to a *line*.
Spearman's ρ is the r of the ranks, 1 for the smallest value, 2 for the next: it cares only about the order.

**For a linear learner** the matrix of its inputs' covariances tells how its squared error curves. The *condition*, the
largest curvature over the smallest (here with x and y as inputs), tells how slow gradient descent gets. *Standardising*
(mean 0, standard deviation 1) mends unlike scales, not inputs that rise together: *multicollinearity*.

**Predict, then run.** Dots arrive; then the one farthest right is pulled down. Which numbers follow it? **Watch** its
rectangle change sign. **Break it:** the parabola without noise.
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

FIXED = {"three dots": ((1, 2), (2, 3), (3, 7)), "five pairs": ((1, 2), (2, 4), (4, 18), (5, 10), (30, 60))}
PULLS, SHOWN = 40, 8
"""Steps over which the last dot is pulled; rectangles drawn, the newest, as more hide one another."""


class Knobs(KnobSet):
    data: str = knob("line", choices=("line", "parabola", *FIXED), help="x + noise, x² + noise, or fixed dots")
    points: int = knob(20, 6, 200, help="dots that arrive (line and parabola)")
    noise: float = knob(0.5, 0.0, 5.0, help="standard deviation of the noise on y (line and parabola)")
    pull: float = knob(-40.0, -150.0, 150.0, live=True, help="how far the dot farthest right is moved up (y, scale 1)")
    scale: float = knob(1.0, 0.01, 1000.0, scale="log", help="what every y is multiplied by, as metres to millimetres")
    pace: int = pace(4)


def make(k):
    """x and y, shape (n,), in the order of arrival; the dot farthest right comes last."""
    import numpy as np

    if k.data in FIXED:
        return np.array(FIXED[k.data], float).T
    x = np.random.permutation(np.linspace(-3, 3, k.points).round(9))
    last_one = np.argmax(x)
    x = np.append(np.delete(x, last_one), x[last_one])
    return x, (x if k.data == "line" else x * x) + k.noise * np.random.standard_normal(k.points)


def describe(x, y):
    """What is said about n pairs, and the signed area that each brings."""
    import numpy as np
    from scipy.stats import rankdata

    n = len(x)
    dx, dy = x - x.mean(), y - y.mean()
    areas = dx * dy  # key: positive in two of the four quadrants around the mean
    covariance = areas.sum() / (n - 1)
    sx, sy = np.sqrt((dx**2).sum() / (n - 1)), np.sqrt((dy**2).sum() / (n - 1))
    pearson = covariance / (sx * sy)  # key: the units cancel
    ranks = rankdata(x), rankdata(y)
    said = {
        "mean of y": y.mean(),
        "median of y": np.median(y),
        "variance of x, by n": sx**2 * (n - 1) / n,
        "variance of x, by n − 1": sx**2,
        "covariance": covariance,
        "Pearson": pearson,
        "Spearman": np.corrcoef(*ranks)[0, 1],  # key: the same formula, fed with ranks
        "condition": min(np.linalg.cond(np.cov(x, y)), 1e15),
        "condition, standardised": (1 + abs(pearson)) / max(1 - abs(pearson), 1e-15),
    }
    return {name: float(value) for name, value in said.items()}, areas


def run(lab, k):
    import numpy as np

    x, y = make(k)
    for n in lab.steps(len(x)):
        said, areas = (None, np.zeros(n + 1)) if n < 2 else describe(x[: n + 1], k.scale * y[: n + 1])
        show(lab, x[: n + 1], k.scale * y[: n + 1], said, areas, None)
    whole, _ = describe(x, k.scale * y)
    lab.results(**{f"{name} before": value for name, value in whole.items()})
    for pull in lab.steps(PULLS):
        pulled = y.copy()
        pulled[-1] += k.pull * (pull + 1) / PULLS
        said, areas = describe(x, k.scale * pulled)
        show(lab, x, k.scale * pulled, said, areas, whole)
    moved = {f"{name} moved": said[f"{name} of y"] - whole[f"{name} of y"] for name in ("mean", "median")}
    lab.results(**said, **moved)


def show(lab, x, y, said, areas, whole):
    """The rectangles, and the numbers once there are three dots."""
    import numpy as np

    cx, cy = x.mean(), y.mean()
    paths = {}
    for name, sign in (("plus", 1), ("minus", -1)):
        corners = [
            corner
            for px, py, area in list(zip(x, y, areas, strict=False))[-SHOWN:]
            if area * sign > 0
            for corner in ((cx, cy), (px, cy), (px, py), (cx, py), (cx, cy))
        ]
        if corners:
            paths[f"{name} areas: {abs(areas[areas * sign > 0].sum()):.4g}"] = corners
    lab.points("rectangles", np.stack([x, y], 1), paths=paths, axes=("x", "y"), aspect="auto")
    if said is None:
        return
    lab.scalars({"Pearson/correlation": said["Pearson"], "Spearman/correlation": said["Spearman"]})
    lab.scalars({"mean/centre of y": said["mean of y"], "median/centre of y": said["median of y"]})
    rows = [(name, (whole or {}).get(name), value) for name, value in said.items()]
    lab.table("numbers", ("", "before the pull", "now"), rows)


def correlate_ranks(x, y):
    """Spearman's ρ of x and y, both (n,), equal values sharing the mean of their ranks."""
    import numpy as np
    from scipy.stats import rankdata

    return np.corrcoef(rankdata(x), rankdata(y))[0, 1]


def check_ranks(function):
    import numpy as np

    x = np.random.default_rng(5).normal(size=50)
    for name, a, b, rho in (
        ("y = eˣ", x, np.exp(x), 1.0),
        ("y = −x³", x, -(x**3), -1.0),
        ("the five pairs", (1, 2, 30, 4, 5), (2, 4, 60, 18, 10), 0.9),
        ("(1, 2, 2, 3), (2, 4, 6, 8)", (1, 2, 2, 3), (2, 4, 6, 8), 4.5 / np.sqrt(22.5)),
    ):
        found = function(np.array(a, float), np.array(b, float))
        if np.ndim(found) != 0:
            raise Wrong(f"ρ is one number; yours has shape {np.shape(found)}.")
        yield number(abs(found - rho), f"{name}: distance from {rho:.4g}") <= 1e-9


MOVED = {name: abs(last(name) - last(f"{name} before")) for name in ("Pearson", "Spearman")}

LESSON = Lesson(
    covers=("A12",),
    run=run,
    knobs=Knobs,
    minutes=12,
    show=("rectangles", "numbers", "correlation", "centre of y"),
    takeaways=(
        "The covariance adds rectangles from the mean to each dot, with a sign; the correlation takes its units away.",
        "One far dot moves the mean without limit and can turn the sign of Pearson's r; median and ranks resist.",
        "A correlation of 0 excludes a line, not a dependence.",
        "Standardising inputs removes differences of scale and leaves correlated inputs as hard to tell apart.",
    ),
    predictions=(
        Prediction(
            "20 dots, one pulled by −40 (or as your knobs say): by how much does the mean of y move? Minus is down.",
            computed("how far the mean moved", lambda run: run.history.metrics["mean moved"] or None),
            "By the pull over n, times `scale`, however far: each dot has the same share of the mean. −40/20 is −2.",
            within=0.05,
        ),
        Prediction(
            "Which correlation does the pull change more?",
            choices={
                "Pearson's r": MOVED["Pearson"] > MOVED["Spearman"] + 0.05,
                "Spearman's ρ": MOVED["Spearman"] > MOVED["Pearson"] + 0.05,
            },
            why="An area grows with the distance; a rank ends at 1 or n. So a far dot usually moves Pearson's r more. "
            "A small pull among few dots can pass many ranks and be the other way round. Ties are not graded.",
        ),
    ),
    claims=(
        Claim(
            "The three dots have cov 2.5. The five pairs have variance of x 148.3 by n − 1 and 118.64 by n, cov 285.6, "
            "r 0.983, ρ 0.9",
            abs(last("covariance before", data="three dots") - 2.5) < 1e-9,
            abs(last("variance of x, by n − 1", data="five pairs") - 148.3) < 1e-9,
            abs(last("variance of x, by n", data="five pairs") - 118.64) < 1e-9,
            abs(last("covariance before", data="five pairs") - 285.6) < 1e-9,
            last("Pearson before", data="five pairs").between(0.9829, 0.9831),
            abs(last("Spearman before", data="five pairs") - 0.9) < 1e-9,
        ),
        Claim(
            "One of 20 dots, pulled down by 40, takes r from over 0.9 to below 0; ρ stays above 0.55. The mean of y "
            "moves by 2, the median by less than 1",
            last("Pearson before") > 0.9,
            last("Pearson") < -0.05,
            last("Spearman") > 0.55,
            abs(last("mean moved") + 2) < 1e-9,
            abs(last("median moved")) < 1,
            seeds=10,
        ),
        Claim(
            "On the parabola without noise r and ρ are 0",
            abs(last("Pearson before", data="parabola", noise=0.0)) < 1e-9,
            abs(last("Spearman before", data="parabola", noise=0.0)) < 1e-9,
            seeds=10,
        ),
        Claim(
            "A thousandfold unit multiplies cov by 1,000, leaves r, and spoils the condition of the covariance matrix; "
            "standardising gives (1 + |r|)/(1 − |r|), still over 20 here",
            abs(last("covariance before", scale=1000.0) / last("covariance before") - 1000) < 1e-6,
            abs(last("Pearson before", scale=1000.0) - last("Pearson before")) < 1e-9,
            last("condition before", scale=1000.0) > 1e5,
            last("condition, standardised before", scale=1000.0) > 20,
            seeds=10,
        ),
    ),
    exercises=(
        Exercise(
            "The five pairs, one of them far off, have r = 0.98. Bring r within 0.05 of 0 by the pull alone.",
            knob_value("data") == "five pairs",
            abs(last("Pearson")) < 0.05,
            solution={"data": "five pairs", "pull": -52.9},
            hints=("The areas must cancel. They add up to 4 · 285.6, and a pull of p adds 21.6 p (30 − 8.4 = 21.6).",),
        ),
        CodeExercise(
            "This Spearman's ρ gives 0.16 for y = eˣ, whose ranks agree with those of x. Repair it.",
            correlate_ranks,
            check_ranks,
            broken={
                "    from scipy.stats import rankdata\n": "",
                "rankdata(x), rankdata(y)": "np.argsort(x), y",
            },
            hints=("`argsort` says which value comes first, not which rank a value has; `rankdata` does. And y?",),
        ),
    ),
    quiz=quiz("""
        ? [compute] What does `np.cov([1, 2, 30, 4, 5], [2, 4, 60, 18, 10])` show at the top left?
        - 145.3
        - 118.64
        + 148.3
        - 285.6
        = The squares of −7.4, −6.4, 21.6, −4.4 and −3.4 add up to 593.2, and `np.cov` divides by n − 1 = 4. 118.64
          comes from dividing by 5, 285.6 is the covariance; 145.3 was once printed, a slip.
        & 9, S3-28

        ? [foresee] x = 2, 4, 4, 4, 5, 5, 7, 9: the squares around its mean add up to 32. What does `np.std(x)` give?
        - 2.14, the spread of a sample
        + 2.0
        - 4.0
        = NumPy's `std` and `var` divide by n unless told `ddof=1`: √(32/8) = 2, against √(32/7) = 2.14. For 1 … 5 the
          variance is 2 or 2.5 likewise. `np.cov` divides by n − 1: say which one you used.

        ? [foresee] 1,000 samples of a normal distribution are drawn. What does `scipy.stats.mode` say about them?
        - Where the density is highest, near the mean
        - Nothing: it raises an error for floats
        + The smallest sample
        = All 1,000 differ, so each is there once; of equally frequent values the smallest is returned. Counting needs
          repeated values; for floats take the tallest bar of a histogram.
        & 49, S2-110

        ? r is 0 between an input and what you want to predict. May you drop the input?
        - Yes: it carries no information
        + Not for that reason
        - Yes, if there are thousands of samples
        = r = 0 says that no line through the dots helps. On a parabola around 0 x tells y and r is 0, however many
          samples there are. A network can use such an input.

        ? Two inputs of a linear model have r = 0.99. What does standardising them mend?
        - It makes them uncorrelated
        + Only what came from unlike scales
        - Nothing, as r is the same before and after
        = The loss is curved by the matrix of covariances. Standardised, its largest curvature is still
          (1 + r)/(1 − r) = 199 times its smallest, and the two weights trade against each other.
    """),
    sources=(
        "C. Spearman: The proof and measurement of association between two things, Am. J. Psychol. 15 (1904), 72-101",
        "J. L. Rodgers, W. A. Nicewander: Thirteen ways to look at the correlation coefficient, The American "
        "Statistician 42 (1988), 59-66",
        "Y. LeCun et al.: Efficient BackProp, in: Neural Networks: Tricks of the Trade, 1998, 9-50, sections 4.3 and 5",
    ),
    rows=("S3-26", "S3-27", "S3-29", "S2-102", "S2-107"),
)
