"""The curse of dimensionality: all are equally far

To name a thing, look for the most similar one whose name you know. With two measured numbers that works well. Why can
it get worse the more you measure?

**Dimensions.** d numbers measured of a thing make it a point in d *dimensions*. The *distance* of two points is the
root of the sum of their squared differences.

**Distances.** Let all d vary independently and normally (as a bell), with standard deviation 1. A squared difference
is 2 on average, so the sum grows like d; its *scatter* (standard deviation over all pairs) only like √d. After the
root the mean still grows, and the scatter stays. For large d:

    mean ≈ √(2 d)      scatter ≈ 1      scatter ÷ mean ≈ 1 / √(2 d)

For d = 100: mean √200 ≈ 14, scatter 1/14 of it. *Divided by their mean*, distances become equal: they *concentrate*.

**Volume.** A cube with edges 5 % shorter keeps 0.95ᵈ of its volume: 90 % for d = 2, but 0.6 % for d = 100. Nearly all
of it is skin. And the ball that touches all sides fills 0.25 % of the cube for d = 10: the rest is corners.

**For a learner.** A *nearest neighbour* lends a point its class. Here one direction separates two classes, by `gap`;
every other one adds noise to all distances. More examples help little: with 10 cells along each axis there are 10ᵈ to
fill. That networks learn from large pictures is put down to these varying in far fewer directions (here: `inner`).

**Predict, then run.** d grows. **Watch** the hill at 1 get narrow, and the dots in the ball vanish. **Break it:**
`inner` 2, and no curse remains in the distances.
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

DARTS, SHOWN, TESTED = 4000, 200, 500  # darts thrown and drawn in each step; points that get their neighbour's class


class Knobs(KnobSet):
    dimensions: int = knob(100, 2, 1000, scale="log", help="d in the last step, numbers that make a point")
    inner: int = knob(1000, 1, 1000, scale="log", help="directions in which points vary; beyond d it means all")
    points: int = knob(100, 30, 500, help="points whose distances are measured, and neighbours to choose from")
    gap: float = knob(3.0, 0.0, 8.0, help="distance of the two classes, in standard deviations")
    skin: float = knob(0.05, 0.01, 0.5, help="share of the cube's edge that counts as skin, both sides together")
    pace: int = pace(2)


def draw(rng, n, d, inner):
    """Points (n, d) that vary in ``inner`` directions, or in all, with standard deviation 1; the first direction."""
    import numpy as np

    if inner >= d:
        return rng.standard_normal((n, d)), np.eye(1, d)[0]
    directions = np.linalg.qr(rng.standard_normal((d, inner)))[0].T
    return rng.standard_normal((n, inner)) @ directions, directions[0]  # key: d numbers, made of a few


def measure(a, b):
    """Distances (n, m) of points a (n, d) from points b (m, d)."""
    import numpy as np

    squares = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * a @ b.T  # key: one square for each dimension is added
    return np.sqrt(np.maximum(squares, 0))


def compare(k, seed, d):
    """Distances of all pairs, and the mean over all points of nearest ÷ farthest."""
    import numpy as np

    points, _ = draw(np.random.default_rng([seed, d]), k.points, d, k.inner)
    table = measure(points, points)
    np.fill_diagonal(table, np.nan)
    contrast = float((np.nanmin(table, 1) / np.nanmax(table, 1)).mean())
    return table[np.triu_indices(k.points, 1)], contrast


def classify(rng, k, d):
    """Share of new points whose nearest neighbour is of their class."""
    import numpy as np

    points, direction = draw(rng, k.points + TESTED, d, k.inner)
    classes = np.arange(len(points)) % 2
    points += k.gap * np.outer(classes, direction)
    nearest = measure(points[k.points :], points[: k.points]).argmin(1)  # key: noise of all directions has a say
    return float((classes[nearest] == classes[k.points :]).mean())


def fill_cube(d):
    """Share of a cube of side 2 that the ball of radius 1 fills."""
    from math import exp, lgamma, log, pi

    return exp(d / 2 * log(pi / 4) - lgamma(d / 2 + 1))


COLUMNS = ("mean distance", "scatter", "scatter ÷ mean", "nearest ÷ farthest", "skin", "ball", "neighbour right")


def run(lab, k):
    import numpy as np

    sizes = np.unique(np.geomspace(2, k.dimensions, 25).round().astype(int)).tolist()
    (first, _), now = compare(k, lab.seed, 2), f"d → {k.dimensions}"
    widest = 1.3 * np.sqrt(2 * min(k.inner, k.dimensions)) + 3
    rows = lab.state.setdefault("rows", [])
    for step in lab.steps(len(sizes)):
        d = sizes[step]
        rng = np.random.default_rng([lab.seed, d, 1])
        pairs, contrast = compare(k, lab.seed, d)
        mean, scatter = float(pairs.mean()), float(pairs.std())
        skin = 1 - (1 - k.skin) ** d  # key: what is left of d edges, multiplied
        rows.append((d, mean, scatter, scatter / mean, contrast, skin, fill_cube(d), classify(rng, k, d)))
        lab.histogram("distances ÷ mean", 50, (0.0, 2.5), **{"d = 2": first / first.mean(), now: pairs / mean})
        lab.histogram("distances", 50, (0.0, widest), **{"d = 2": first, now: pairs})
        hit = throw(lab, rng, d)
        of = dict(zip(("d", *COLUMNS), np.array(rows).T, strict=True))
        lines = {name: of[name] for name in ("scatter ÷ mean", "skin", "ball", "neighbour right")}
        lab.curve("shares", of["d"], axes=("dimensions d", "share"), **lines)
        lab.table("numbers", ("d", "mean", "scatter", "÷ mean", "near ÷ far", "skin", "ball", "right"), rows)
        if d == 2:
            lab.results(**{"circle in the square": hit, "scatter in 2": scatter, "right in 2": rows[-1][-1]})
    lab.results(**dict(zip(COLUMNS, rows[-1][1:], strict=True)), **{"scatter kept": scatter / float(first.std())})


def throw(lab, rng, d):
    """Throw darts evenly at the cube of side 2, draw the first two coordinates of some; the share inside the ball."""
    import numpy as np

    darts, turn = rng.uniform(-1, 1, (DARTS, d)), np.linspace(0, 2 * np.pi, 100)
    out = (darts**2).sum(1) > 1  # key: all d coordinates count, though two are drawn
    names = ("in the ball", f"outside: {out.mean():.1%}, d = {d}")
    paths = {"the ball": np.stack([np.cos(turn), np.sin(turn)], 1)}
    lab.points("ball in a cube", darts[:SHOWN, :2], out[:SHOWN].astype(int), names, paths=paths, axes=("x₁", "x₂"))
    return float(1 - out.mean())


def spread(points):
    """How much the distances of all pairs of points (n, d) scatter, as a share of their mean."""
    import numpy as np

    squares = ((points[:, None] - points) ** 2).sum(2)
    pairs = np.sqrt(squares[np.triu_indices(len(points), 1)])
    return pairs.std() / pairs.mean()


def check_spread(function):
    import numpy as np
    from scipy.spatial.distance import pdist

    rng = np.random.default_rng(3)
    for n, d in ((10, 2), (40, 10), (60, 200)):
        points = rng.normal(size=(n, d))
        found = function(points.copy())
        if np.ndim(found) != 0:
            raise Wrong(f"One number is asked for; yours has shape {np.shape(found)}.")
        pairs = pdist(points)
        yield number(abs(found - pairs.std() / pairs.mean()), f"{n} points, d = {d}: error") <= 1e-9
        yield number(abs(function(1000 * points) - found), "the same in millimetres: change") <= 1e-9


LESSON = Lesson(
    covers=("A15",),
    run=run,
    knobs=Knobs,
    after="correlation",
    show=("distances ÷ mean", "ball in a cube", "shares", "distances", "numbers"),
    takeaways=(
        "With many independent dimensions all distances are nearly equal, measured by their mean.",
        "Their scatter itself does not shrink: the mean grows away from it, like √d.",
        "Nearly all of a cube's volume is in its skin and its corners; the ball inside fills next to nothing.",
        "What counts is in how many directions the data vary, not how many numbers each example has.",
    ),
    predictions=(
        Prediction(
            "A circle touches all four sides of a square. What share (0 … 1) of the square does it fill?",
            last("circle in the square"),
            "π/4 = 0.785, for radius 1 and side 2. The corners have 21 %; in 3 dimensions 48 %, in 10 nearly all.",
            within=0.05,
            mistakes=(63,),
        ),
        Prediction(
            "From 2 dimensions to the last: what does the standard deviation of the distances themselves do?",
            choices={
                "It shrinks to less than half": last("scatter kept") < 0.5,
                "It stays about the same": last("scatter kept").between(0.7, 1.4),
                "It more than doubles, as the mean grows": last("scatter kept") > 2,
            },
            why="It stays near 1, in any number of dimensions. If all vary, the mean grows like √(2 d): only divided "
            "by it, the scatter vanishes. With few `inner` directions neither changes. Few points measure it roughly.",
            mistakes=(62,),
        ),
    ),
    claims=(
        Claim(
            "Scatter ÷ mean falls: about 0.52 for d = 2, 0.22 for 10, 0.071 for 100, 0.032 for 500",
            last("scatter ÷ mean", dimensions=2).between(0.45, 0.6),
            last("scatter ÷ mean", dimensions=10).between(0.19, 0.26),
            last("scatter ÷ mean").between(0.06, 0.082),
            last("scatter ÷ mean", dimensions=500).between(0.027, 0.037),
            seeds=10,
        ),
        Claim(
            "The scatter stays near 1; the mean distance is near √200 = 14.1 for d = 100",
            last("scatter in 2").between(0.75, 1.13),
            last("scatter").between(0.87, 1.13),
            last("mean distance").between(13.6, 14.6),
            seeds=10,
        ),
        Claim(
            "Darts find 0.785 of the square in the circle; 0.25 % is left for d = 10. The skin has 99.4 % for d = 100",
            last("circle in the square").between(0.755, 0.815),
            last("ball", dimensions=10).between(0.00248, 0.0025),
            last("skin").between(0.9940, 0.9942),
            seeds=10,
        ),
        Claim(
            "Right neighbours: over 80 % for d = 2 or `inner` 2, under 82 % for 100 (500 points: 85 %), 70 % for 500",
            last("right in 2") > 0.8,
            last("neighbour right") < 0.82,
            last("neighbour right", dimensions=500) < 0.7,
            last("neighbour right", points=500) < 0.85,
            last("neighbour right", inner=2) > 0.8,
            last("scatter ÷ mean", inner=2).between(0.45, 0.6),
            seeds=10,
        ),
    ),
    exercises=(
        Exercise(
            "With points of 500 numbers, get the nearest to be less than a third as far as the farthest, on average.",
            knob_value("dimensions") >= 500,
            last("nearest ÷ farthest") < 1 / 3,
            solution={"dimensions": 500, "inner": 4},
        ),
        CodeExercise(
            "For 100 points of 500 numbers this says 3.3 instead of 0.03: nothing concentrates. Repair it.",
            spread,
            check_spread,
            broken={
                "np.sqrt(squares[np.triu_indices(len(points), 1)])": "np.sqrt(squares)",
                "pairs.std() / pairs.mean()": "pairs.std()",
            },
            hints=("How far is a point from itself? And what is 1000 times as long in millimetres as in metres?",),
            mistakes=(62,),
        ),
    ),
    quiz=quiz("""
        ? [compute] The peel of a fruit is 10 % of its radius thick. How much of the volume is peel in 10 dimensions?
        - 10 %
        - 35 %
        + 65 %
        = The pulp has 0.9¹⁰ = 0.35 of it. In 3 dimensions the peel has 27 % already: every dimension multiplies.
        & S4-20

        ? [foresee] Box plots of distances for d = 2 and d = 500 have boxes of one height. Do distances concentrate?
        - No: they scatter as much as before
        - Yes: equal boxes mean equal distances
        + It shows once each is divided by its mean
        = Equal boxes show that the scatter stays, about 1. But that is 0.5 of the mean 1.8, and 0.03 of the mean 31.6.
        & 62, S4-22

        ? [compute] "A ball of radius 1 just fits into the unit cube", and in 10 dimensions has the volume 2.55. What
          share of its cube is that?
        - 255 %, so the numbers must be wrong
        + 0.25 %
        - 78.5 %, as in the plane
        = Radius 1 needs a cube of side 2, not 1, and its volume is 2¹⁰ = 1,024. A circle has 78.5 % of its square,
          and no more: the share falls with every dimension.
        & 63, S4-21

        ? [foresee] To 2 numbers that tell two classes apart you add 498 that say nothing and vary as much. What
          does the nearest neighbour do, with 100 known points?
        - It ignores them, as they are the same noise for all
        - It gets better: more numbers, more information
        + It errs far more often
        = Each number adds its squared difference to every distance, and 498 of chance outweigh 2 that matter. A
          network must learn to give them small weights, from the same few examples.

        ? Two pictures of 150,528 numbers each: nearest neighbours among such pictures still mean something. Why?
        - Their numbers all lie between 0 and 255
        + They vary in far fewer directions
        - There are more pictures than numbers
        = Neighbouring pixels go together, so pictures fill a thin part of that space: 26 to 43 directions were
          estimated for ImageNet. A scale helps nothing, and no number of pictures fills 150,528 dimensions.
    """),
    sources=(
        "R. Bellman: Adaptive Control Processes, Princeton University Press 1961 (curse of dimensionality)",
        "K. Beyer, J. Goldstein, R. Ramakrishnan, U. Shaft: When is “nearest neighbor” meaningful?, ICDT 1999, LNCS "
        "1540, 217-235",
        "T. Hastie, R. Tibshirani, J. Friedman: The Elements of Statistical Learning, 2nd ed., 2009, section 2.5",
        "P. Pope et al.: The Intrinsic Dimension of Images and Its Impact on Learning, ICLR 2021 (ImageNet: 26 to 43)",
    ),
    rows=("S4-20", "S4-21", "S4-22"),
)
