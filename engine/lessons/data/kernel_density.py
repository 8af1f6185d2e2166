"""Kernel density: a hill on every point

Do 178 wines come in kinds, if nobody says which is which? Where are measurements frequent, and where rare?

**Density** says how much lies around a place: the share of the points near it per unit of length, or of area in the
plane. All of it adds up to 1.

**A hill on every point.** A *kernel* is a bell-shaped hill K of area 1. Put one, h wide, on each of n points; their
mean is the estimate f:

    K(u) = exp(−u²/2) / √(2π)
    f(x) = mean of K((x − point)/h) / h

For points 1, 2 and 4, with h = 1, at x = 2: K is 0.24 one away, 0.40 at 0, 0.05 two away, so f(2) = 0.69/3 = 0.23. In
the plane a hill is the product of two, one for each column; h counts in standard deviations of the column.

**The bandwidth h** decides. Narrow hills make many a wine a peak of its own, wide ones bury all kinds under one. A peak
counts if it is at least a tenth as high as the highest.

**Choosing h.** The *typical density*, the geometric mean of f over the points, says how well h fits them: one point
where f is 0 makes it 0. But may a point's own hill count? *Leave one out*: at each point, only the others' hills do.

**Predict, then run.** Hills are added point by point; the second half of the run is for turning `bandwidth`. The signs
of the growers are for you, the estimate knows none. **Watch** peaks merge. **Break it:** with `points` = 10 nearly
every wine is a peak, and the best h is wider.
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

COLUMNS = {"wine": ("alcohol", "flavanoids"), "iris": ("petal length", "petal width")}  # else the first two
GRID, STEPS, LOWEST, HIGHEST = 100, 60, 0.07, 2.8


class Knobs(KnobSet):
    bandwidth: float = knob(0.2, LOWEST, HIGHEST, scale="log", live=True, help="h, a hill's width in deviations of x")
    points: int = knob(178, 10, 178, scale="log", help="points used; iris has 150")
    pace: int = pace(6)


def hills(at, points, h):
    """Height at each place of ``at`` (rows) of the hill on each of the numbers ``points`` (columns)."""
    import numpy as np

    return np.exp(-(((at[:, None] - points) / h) ** 2) / 2) / (h * np.sqrt(2 * np.pi))


def estimate(z, h):
    """Density of the points z (n, 2) on a grid, rows along the second column: places of columns and rows, values."""
    import numpy as np

    across, up = (np.linspace(each.min() - 3 * h, each.max() + 3 * h, GRID) for each in z.T)
    return across, up, hills(up, z[:, 1], h) @ hills(across, z[:, 0], h).T / len(z)  # key: the mean of products


def find_peaks(f):
    """Rows and columns of cells higher than their eight neighbours, and than a tenth of the highest."""
    import numpy as np

    near = np.pad(f, 1)
    sides = [near[a : a + len(f), b : b + len(f)] for a in range(3) for b in range(3) if (a, b) != (1, 1)]
    return np.argwhere((f > np.max(sides, 0)) & (f > 0.1 * f.max()))


def typical(z, h):
    """Geometric mean of the density at the points z: with the hill of the point itself, and without it."""
    import numpy as np

    power = -((z[:, None] - z) ** 2).sum(2) / (2 * h * h)
    np.fill_diagonal(power, -np.inf)  # key: a point's own hill says nothing of it
    top = power.max(1)
    left = np.log(np.exp(power - top[:, None]).sum(1)) + top
    means = np.log((np.exp(left) + 1) / len(z)).mean(), (left - np.log(len(z) - 1)).mean()  # the own hill is 1 high
    return tuple(float(np.exp(each) / (2 * np.pi * h * h)) for each in means)


def run(lab, k):
    import numpy as np

    data, rng = lab.dataset, np.random.default_rng(lab.seed)
    names = COLUMNS.get(data.name, data.features[:2])
    x, y = data.gather()
    some = rng.permutation(len(x))[: k.points]
    x, y = x[some][:, [data.features.index(name) for name in names]], y[some]
    middle, spread = units = x.mean(0), x.std(0)
    tried, scores = np.geomspace(LOWEST, HIGHEST, 25), []
    three, axis = np.array([1.0, 2.0, 4.0]), np.linspace(-2, 7, 181)
    example = float(hills(three[1:2], three, 1.0).mean())
    each = {f"on {int(place)}": hill for place, hill in zip(three, hills(axis, three, 1.0).T, strict=True)}
    each, spot = {**each, "f": hills(axis, three, 1.0).mean(1)}, {f"f(2) = {example:.2f}": (2.0, example)}
    for step in lab.steps(STEPS):
        h, n = k.bandwidth, max(2, min(len(x), 2 * len(x) * (step + 1) // STEPS))
        z = ((x - middle) / spread)[:n]
        across, up, f = estimate(z, h)
        peaks, volume = find_peaks(f), float(f.sum() * (across[1] - across[0]) * (up[1] - up[0]))
        means, tops = [z[y[:n] == c].mean(0) for c in np.unique(y[:n])], np.c_[across[peaks[:, 1]], up[peaks[:, 0]]]
        kinds = len(set(((tops[:, None] - means) ** 2).sum(2).argmin(1).tolist()))  # whose mean is nearest to a peak
        ends = [tuple(map(float, line[[0, -1]] * s + m)) for line, m, s in zip((across, up), *units, strict=True)]
        spots = {data.classes[c]: x[:n][y[:n] == c] for c in np.unique(y[:n])}
        lab.field("density", f, *ends, low=0, points=spots, axes=names, aspect="auto")
        lab.curve("hills on three points", axis, spot, axes=("x", "height"), **each)
        line, axes = np.linspace(across[0], across[-1], 400), (names[0], "density per standard deviation")
        slices = {name: hills(line, z[:, 0], w).mean(1) for name, w in (("h/4", h / 4), ("h", h), ("4h", 4 * h))}
        lab.curve("one column, three widths", line * spread[0] + middle[0], axes=axes, **slices)
        scores = np.array([typical(z, w) for w in tried]) if 2 * step < STEPS + 2 or not len(scores) else scores
        best, (own, others) = int(scores[:, 1].argmax()), typical(z, h)
        marks = {"best": (np.log10(tried[best]), scores[best, 1]), "h": (np.log10(h), others)}
        lines = {"itself included": scores[:, 0], "left out": scores[:, 1]}
        lab.curve("which h", np.log10(tried), marks, axes=("log₁₀ of h", "typical density"), **lines)
        rows = [("h, points, volume under f", f"{h:.2f}, {n}, {volume:.3f}")]
        rows += [("peaks, nearest to the means of", f"{len(peaks)}, {kinds} kinds")]
        rows += [("typical density, itself included", f"{own:.4f}"), ("typical density, left out", f"{others:.4f}")]
        rows += [("best h, left out", f"{tried[best]:.2f}"), ("for one bell, n^(−1/6)", f"{n ** (-1 / 6):.2f}")]
        lab.table("numbers", ("what", "value"), rows)
        lab.scalars({"peaks": len(peaks)})

    share, favourite = others / float(scores[best, 1]), int(scores[:, 0].argmax())
    lab.results(example=example, peaks=len(peaks), kinds=kinds, volume=volume, favourite=favourite)
    lab.results(best=float(tried[best]), share=share, **{"left out": others, "itself included": own})


def density(at, points, h):
    """The estimate at each number of ``at``, from the numbers ``points`` with hills ``h`` wide."""
    import numpy as np

    return np.exp(-(((at[:, None] - points) / h) ** 2) / 2).mean(1) / (h * np.sqrt(2 * np.pi))


def check_density(density):
    """The worked example, and area 1 for every width."""
    import numpy as np

    points = np.array([1.0, 2.0, 4.0])
    found = float(density(np.array([2.0]), points, 1.0)[0])
    yield number(abs(found - 0.23163), "error of f(2) for points 1, 2, 4 and h = 1") <= 1e-4
    line = np.linspace(-30, 36, 6601)
    for h in (0.3, 3.0):
        yield number(float(density(line, points, h).sum() * 0.01), f"area for h = {h:g}").between(0.999, 1.001)


def best_bandwidth(points, tried):
    """The width of ``tried`` with the highest mean logarithm of the density at ``points``, each left out."""
    import numpy as np

    scores = []
    for h in tried:
        hills = np.exp(-(((points[:, None] - points) / h) ** 2) / 2) / (h * np.sqrt(2 * np.pi))
        left_out = (hills.sum(1) - np.diag(hills)) / (len(hills) - 1)
        scores.append(np.log(left_out + 1e-300).mean())
    return tried[int(np.argmax(scores))]


def check_best_bandwidth(best_bandwidth):
    """Neither the narrowest nor the widest, the same in other units and orders, and wider for fewer points."""
    import numpy as np

    rng = np.random.default_rng(2)
    points, tried = rng.normal(size=200), np.geomspace(0.01, 10, 31)
    h = float(best_bandwidth(points, tried))
    yield number(h, "width chosen for 200 points of a bell of width 1").between(0.15, 0.7)
    other = float(best_bandwidth(10 * points[::-1], 10 * tried))
    yield number(abs(other - 10 * h), "change in tenths of the unit and in reverse, times 10") <= 1e-9
    few = [float(best_bandwidth(rng.normal(size=12), tried)) for _ in range(20)]
    yield number(float(np.mean(few)), "width chosen for 12 points, mean of 20") >= h


LESSON = Lesson(
    covers=("C12",),
    after="model-selection",
    run=run,
    knobs=Knobs,
    data=("wine", "iris", "breast-cancer"),
    takes_tables=True,
    minutes=12,
    takeaways=(
        "A density estimate is the mean of hills, one on each point; their width, the bandwidth, decides what is seen.",
        "Judged with their own hills, points ask for hills as narrow as can be; leave each out to choose.",
        "How many peaks there are is a statement about the data and about the bandwidth.",
    ),
    show=("density", "which h", "one column, three widths", "hills on three points", "numbers", "peaks"),
    rows=("S4-32",),
    predictions=(
        Prediction(
            "How many peaks has the estimate with this bandwidth, once every point has its hill?",
            choices={
                "1": last("peaks") == 1,
                "2 or 3": last("peaks").between(2, 3),
                "4 to 20": last("peaks").between(4, 20),
                "more than 20": last("peaks") > 20,
            },
            why="Two equal hills have a peak each if they are more than 2h apart, and one together if not. So narrow "
            "hills leave a peak on every small group, and wide ones merge whole kinds.",
        ),
        Prediction(
            f"Of the widths from {LOWEST:g} to {HIGHEST:g}, which gives the points the highest typical density, if the "
            "hill on a point counts for it too?",
            choices={
                "the narrowest": last("favourite") == 0,
                "one between": last("favourite").between(1, 23),
                "the widest": last("favourite") == 24,
            },
            why="A hill half as wide is four times as high in the plane, and each point stands on top of its own. The "
            "score rises without end as h shrinks, and says nothing of new points.",
        ),
    ),
    claims=(
        Claim("Points 1, 2, 4 with h = 1 give f(2) = 0.23", last("example").between(0.231, 0.232)),
        Claim("The volume is 1, for the widest hills too", last("volume", bandwidth=HIGHEST).between(0.998, 1.002)),
        Claim(
            "The wines have over 50 peaks at h = 0.07, 8 to 14 at 0.2, one at 1.1",
            (last("peaks", bandwidth=LOWEST) > 50) & last("peaks").between(8, 14) & (last("peaks", bandwidth=1.1) == 1),
        ),
        Claim(
            "From h = 0.3 to 0.5 they have three, each nearest to another grower's mean",
            *(last(what, bandwidth=h) == 3 for h in (0.3, 0.4, 0.5) for what in ("peaks", "kinds")),
        ),
        Claim("The irises of three kinds have two peaks at h = 0.4", last("peaks", bandwidth=0.4) == 2, data="iris"),
        Claim(
            "Left out, h = 0.36 gives over ten times the typical density of 0.07; itself included, under half",
            last("left out", bandwidth=0.36) > 10 * last("left out", bandwidth=LOWEST),
            last("itself included", bandwidth=0.36) < 0.5 * last("itself included", bandwidth=LOWEST),
        ),
        Claim("The best h, left out, is 0.27 to 0.4", last("best").between(0.27, 0.4)),
        Claim("Of 10 wines it is usually wider", last("best", points=10) > last("best"), seeds=10, needed=8),
        Claim("Of 178 tumours it is 0.29 to 0.61", last("best").between(0.29, 0.61), seeds=5, data="breast-cancer"),
    ),
    quiz=quiz("""
        ? [compute] Points lie at 0 and at 2, and h = 1. K(1) is 0.24. What is f(1)?
        - 0.48
        + 0.24
        - 0.12
        = Both points are 1 away: the mean of 0.24 and 0.24. 0.48 is their sum, whose area would be 2.

        ? [compute] In the plane h is halved. How high is a lone hill now?
        - As high as before
        + Four times as high
        - Twice as high
        = Its volume stays 1, and its base is half as wide in both directions. Twice holds on a line.

        ? [foresee] By mistake every row stands in the table twice. Which h does leaving one out choose now?
        - The same as before
        + The narrowest on offer
        - A little less, as n is twice as large
        = Its twin stays in, at the very same place, and vouches for the point: its hill grows without end as h shrinks.

        ? [foresee] Waiting times are never negative, and many are near 0. What does f say just below 0?
        + More than 0
        - 0, as no point lies there
        - Less than 0, as the curve falls
        = Hills on points near 0 reach across it. What lies beyond is missing on the right side, so f is too low there.

        ? Someone finds 35 peaks in 178 points and announces 35 kinds. What is the objection?
        + With h twice as wide there may be 10
        - Each kind needs as many points as every other
        - A density has one peak
        = The count depends on h. Name the h, why it was chosen, and which peaks stay over a range of it.
    """),
    exercises=(
        Exercise(
            "Find a bandwidth with exactly three peaks, each nearest to another grower's mean, at which the left-out "
            "typical density is at least 90 % of the best. Use at least 150 points.",
            (last("peaks") == 3) & (last("kinds") == 3),
            (last("share") >= 0.9) & (knob_value("points") >= 150),
            solution={"bandwidth": 0.36},
            hints=("Fewer peaks need wider hills.", "Too wide, and the left-out density falls: see which h."),
        ),
        CodeExercise(
            "The area under this density is not 1, unless h is. Repair it.",
            density,
            check_density,
            broken={"/ (h * np.sqrt(2 * np.pi))": "/ np.sqrt(2 * np.pi)"},
            hints=("What is the area under exp(−(x/h)²/2)?", "A wider hill of area 1 has to be lower."),
        ),
        CodeExercise(
            "However many widths it is given, this function picks the narrowest. Repair it.",
            best_bandwidth,
            check_best_bandwidth,
            broken={"(hills.sum(1) - np.diag(hills)) / (len(hills) - 1)": "hills.mean(1)"},
            hints=("Which hill is highest at a point?", "`hills[i, i]` is the height at point i of its own hill."),
        ),
    ),
    sources=(
        "B. W. Silverman: Density Estimation for Statistics and Data Analysis, Chapman & Hall 1986, chapters 2 to 4",
        "E. Parzen: On estimation of a probability density function and mode, Annals of Math. Statistics 33, 1962",
        "D. W. Scott: Multivariate Density Estimation, Wiley 1992, chapter 6 (n^(−1/6), a rule of thumb for one bell)",
    ),
)
