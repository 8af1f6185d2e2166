"""Principal components: the view with the most spread

A digit is 64 numbers, and a screen has two axes. From which side is a cloud of rows to be seen, so that most of it is
kept? And what does the best view hide?

**Variance along a line.** Take the mean off, and drop each row straight onto a line through it. The mean square of the
*feet*, measured from the mean, is the variance along the line. For (2, 1), (1, 2), (−1, −2), (−2, −1):

    0°: (4 + 1 + 1 + 4)/4 = 2.5
    45°: feet ±3/√2, so 4.5
    135°: feet ±1/√2, so 0.5

By Pythagoras the line of most variance is also the one nearest to the rows, in mean square. It is the *first principal
component*; the second is the best of those at right angles to it, and so on. Their variances add up to those of the
columns, 4.5 + 0.5 = 2.5 + 2.5, of which the first *holds* 90 %.

**What it does not know.** Spread is not meaning: a loud column that tells nothing comes first, whatever the classes.
Units decide who is loud. *Standardising* divides columns by their standard deviations: then none is loud, not even one
that is because classes differ in it.

**Predict, then run.** A line turns. Then a table of 50 columns, two of which tell three groups apart, is seen from two
columns of noise, and turns to its two components. Then a real table: new rows get the class with the nearest mean.
**Watch** groups come into view. **Break it:** with `loud` 20 the first component is a column that tells nothing;
standardised, the groups blur.
"""

from descend.engine.base.number_text import parse_numbers
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

TURNS, VIEWS, MOST, DRAWS = 36, 40, 30, 5  # angles; views on the way; components tried; random views averaged
GROUPS = ((-8.5, -2.0), (0.0, 5.5), (8.5, -3.5))  # where groups lie in the two columns that tell them apart


class Knobs(KnobSet):
    points: str = knob("2 1; 1 2; -1 -2; -2 -1", help="points of the plane, 2 to 20: x y; x y; …")
    loud: float = knob(1.0, 1.0, 20.0, scale="log", help="standard deviation of one column of noise; 47 others have 1")
    standardise: bool = knob(False, help="both tables: divide each column by its standard deviation")
    colours: str = knob("of these rows", choices=("of these rows", "another sample"), help="of the 50 columns")
    pace: int = pace(8)


def components(x):
    """Directions (as rows) and variances of the components of rows whose mean is 0."""
    import numpy as np

    _, s, vt = np.linalg.svd(x, full_matrices=False)
    return vt * np.sign(vt[np.arange(len(vt)), np.abs(vt).argmax(1)])[:, None], s**2 / len(x)  # key: variance is σ²/n


def right(x, y, new, truth):
    """Share of new rows whose nearest class mean is that of their class."""
    import numpy as np

    means = np.stack([x[y == label].mean(0) for label in np.unique(y)])
    return float((((new[:, None] - means) ** 2).sum(2).argmin(1) == truth).mean())


def run(lab, k):
    import numpy as np

    rng = np.random.default_rng(lab.seed)
    turn_line(lab, parse_numbers("points", k.points, ((2, 20), 2)))
    compare_views(lab, k, rng, turn_table(lab, k, rng))


def turn_line(lab, points):
    """A line through the mean, at every angle; at last along the first component."""
    import numpy as np

    x = points - points.mean(0)
    variances, directions = np.linalg.eigh(x.T @ x / len(x))
    best = np.degrees(np.arctan2(*directions[::-1, 1])) % 180
    degrees = np.append(np.arange(TURNS) * 180 / TURNS, best)
    lines = np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    along = ((x @ lines) ** 2).mean(0)
    away = variances.sum() - along  # key: Pythagoras, so the most along is the least away
    reach, axes = 1.2 * np.sqrt((x**2).sum(1).max()) or 1.0, ("x₁ from the mean", "x₂ from the mean")
    order = np.argsort(degrees, kind="stable")
    curves = {"along the line": along[order], "away from it": away[order]}
    for step in lab.steps(TURNS + 1, unit="angles"):
        line = lines[:, step]
        feet = np.outer(x @ line, line)  # key: of all places on the line the nearest to each row
        drops = np.stack([feet, x, feet, np.full_like(x, np.nan)], 1).reshape(-1, 2)
        ways = {f"{degrees[step]:.0f}°": np.outer([-reach, reach], line), "distance": drops}
        spots, which = np.concatenate([x, feet]), np.repeat([0, 1], len(x))
        lab.points("feet on a line", spots, which, ("rows", "feet"), paths=ways, axes=axes, aspect="equal")
        now = {"now": (degrees[step], along[step])}
        lab.curve("mean square", degrees[order], now, axes=("angle (°)", "mean square"), **curves)
    off, share = np.abs(along[[0, 9, 27, -1]] - [2.5, 4.5, 0.5, 4.5]).max(), variances[1] / max(variances.sum(), 1e-12)
    lab.results(**{"first holds": share, "total": variances.sum(), "off by hand": off + abs(share - 0.9)})
    lab.results(**{"beaten by": float(along.max() - along[-1])})


def turn_table(lab, k, rng):
    """200 rows of 50 columns, of which two tell three groups apart, seen from two columns and then its components."""
    import numpy as np

    y = rng.permutation(np.arange(200) % 3)
    x = rng.normal(size=(200, 50))
    x[:, :2] += np.array(GROUPS)[y]
    x[:, 2] *= k.loud
    x -= x.mean(0)
    x = x / x.std(0) if k.standardise else x
    directions, variances = components(x)
    other = rng.permutation(np.arange(300) % 3)[:200]
    shown = other if k.colours == "another sample" else y  # key: a colour belongs to a row
    begin, end, axes = np.eye(50)[3:5].T, directions[:2].T, ("across the view", "up the view")
    for step in lab.steps(VIEWS + 1, unit="views"):
        part = step / VIEWS
        view, corner = np.linalg.qr((1 - part) * begin + part * end)  # key: two directions at right angles
        seen = x @ (view * np.sign(np.diag(corner)))
        lab.points("50 columns", seen, shown, ("group 1", "group 2", "group 3"), axes=axes, aspect="auto")
    shares = variances / variances.sum()
    lab.results(**{"made, 1": shares[0], "made, 2": shares[1], "same colours": float((other == y).mean())})
    lab.results(**{"groups right": right(x @ end, y, x @ end, y), "loud in first": directions[0, 2] ** 2})
    return shares


def compare_views(lab, k, rng, made):
    """A real table in its first components and in random directions: what they hold, and what can be told from them."""
    import numpy as np

    data = lab.dataset
    x, y = data.gather()
    new, train = np.split(rng.permutation(len(y)), [len(y) // 5])
    x, new, y, truth = x[train], x[new], y[train], y[new]
    mean, std = x.mean(0), np.where(x.std(0) > 0, x.std(0), 1) if k.standardise else 1.0
    x, new = (x - mean) / std, (new - mean) / std  # key: mean and spread of the training rows, for both
    size = x.shape[1]
    directions, variances = components(x)
    shares = variances / variances.sum()
    draws = [np.linalg.qr(rng.normal(size=(size, size)))[0] for _ in range(DRAWS)]
    seen, some, axes = x @ directions[:2].T, rng.permutation(len(x))[:500], ("component 1", "component 2")
    lab.points("two components", seen[some], y[some], data.classes, axes=axes, aspect="auto")
    bars = {"50 columns": 100 * made[: min(8, size)], data.name: 100 * shares[:8]}
    lab.bars("held by each", "12345678"[:size], "% of the variance", **bars)
    told = lab.state.setdefault("told", ([], []))
    for step in lab.steps(min(MOST, size), unit="components"):
        views = [directions[: step + 1].T, *(draw[:, : step + 1] for draw in draws)]
        found = [right(x @ view, y, new @ view, truth) for view in views]
        told[0].append(found[0])
        told[1].append(float(np.mean(found[1:])))
        lines = {"told right": told[0], "in a random view": told[1], "variance held": shares.cumsum()[: step + 1]}
        lab.curve("how many components", range(1, step + 2), axes=("components", "share"), **lines)
        if step + 1 in (2, 10):
            lab.results(**{f"right with {step + 1}": found[0], f"random {step + 1}": told[1][-1]})
    lab.results(**{"one holds": shares[0], "two hold": shares[:2].sum(), "for 90 %": (shares.cumsum() < 0.9).sum() + 1})


def draw_view(x, y, rows):
    """The ``rows`` of x in their first two components, (n, 2); their labels, (n,); the shares of variance held."""
    import numpy as np

    chosen = x[rows] - x[rows].mean(0)
    _, s, vt = np.linalg.svd(chosen, full_matrices=False)
    return chosen @ vt[:2].T, y[rows], (s**2 / (s**2).sum())[:2]


def check_draw_view(function):
    import numpy as np

    rng = np.random.default_rng(6)
    y, rows = rng.permutation(np.arange(300) % 3), rng.permutation(300)[:200]
    x = 6 + rng.normal(size=(300, 50))
    x[:, :2] += np.array([(-8.5, -2.0), (0.0, 5.5), (8.5, -3.5)])[y]
    seen, labels, shares = (np.asarray(part) for part in function(x.copy(), y.copy(), rows.copy()))
    if seen.shape != (200, 2) or labels.shape != (200,):
        raise Wrong(f"Of 200 rows, places are (200, 2), labels (200,); yours are {seen.shape}, {labels.shape}.")
    yield number(float((labels == y[rows]).mean()), "share of the rows that have their own label") >= 1
    total = (x[rows] - x[rows].mean(0)).var(0).sum()
    yield number(float(seen.var(0).sum() / total), "share of the variance in the picture") >= 0.57
    off = float(np.abs(shares - seen.var(0) / total).max())
    yield number(off, "largest error of a share, against the variance of the places,") <= 1e-9


TWO, TEN, MANY, HOLD, ALONE = map(last, ("right with 2", "right with 10", "for 90 %", "two hold", "one holds"))
ONE, SECOND, BY_HAND = map(last, ("made, 1", "made, 2", "off by hand"))
FLAT, NEAR, MORE = (last(name, standardise=True) for name in ("made, 1", "groups right", "right with 2"))
LESSON = Lesson(
    covers=("C11",),
    after="singular-values",
    run=run,
    knobs=Knobs,
    data=("digits", "wine", "iris", "breast-cancer"),
    takes_tables=True,
    takeaways=(
        "The first component is the line along which rows vary most, and to which they are nearest.",
        "Components share out the variance of the columns; how fast they use it up says how many are worth a look.",
        "Spread is not meaning: a loud column comes first, and classes may differ where rows vary little.",
        "In two components real classes overlap; tidy ones in a drawing, or colours that mix, are to be checked.",
    ),
    show=("feet on a line", "50 columns", "two components", "mean square", "how many components", "held by each"),
    rows=("S4-31",),
    predictions=(
        Prediction(
            "What share of new rows of the real table is nearest to the mean of its class, in two components?",
            choices={"under 40 %": TWO < 0.4, "40 to 80 %": TWO.between(0.4, 0.8), "over 80 %": TWO > 0.8},
            why="Ten digits overlap in a plane that holds under a third of their variance; two or three classes have "
            "more room. Of wine, unless it is standardised, the plane shows little but one column, proline.",
            mistakes=(70,),
        ),
        Prediction(
            "How many components hold 90 % of the table's variance?",
            MANY,
            "Neighbouring pixels vary together, so of 64 about 21 hold nine tenths; standardised, about 31. If one "
            "column is loud, as in wine, one component is enough, and says little else.",
            within=0.25,
        ),
    ),
    claims=(
        Claim("Four points: 4.5 along 45°, 0.5 along 135°, 2.5 level, 90 % held", BY_HAND < 1e-9),
        Claim("No angle beats the first component", last("beaten by", points="3 1; 0 2; -1 -1; 4 4; 2 0") < 1e-12),
        Claim("Made table: 42 to 46, 12 to 16 % held", ONE.between(0.42, 0.46) & SECOND.between(0.12, 0.16), seeds=10),
        Claim("… and over 98 % of rows nearest to their group", last("groups right") > 0.98, seeds=10),
        Claim("Standardised: under 6 % held, under 70 % near", (FLAT < 0.06) & (NEAR < 0.7), seeds=10),
        Claim("At 20 the loud column is over 90 % of the first", last("loud in first", loud=20.0) > 0.9, seeds=10),
        Claim("Labels of another sample agree by chance", last("same colours").between(0.2, 0.48), seeds=10),
        Claim("Digits: 55 to 70 % right with two, over 80 with ten", TWO.between(0.55, 0.7) & (TEN > 0.8), seeds=10),
        Claim("A random view of ten: over 5 points less", TEN - last("random 10") > 0.05, seeds=10),
        Claim("Two hold 27 to 30 %, 20 to 22 hold 90 %", HOLD.between(0.27, 0.3) & MANY.between(20, 22), seeds=10),
        Claim("… standardised, 29 to 33", last("for 90 %", standardise=True).between(29, 33), seeds=10),
        Claim("Wine as it is: one holds over 99 %", ALONE > 0.99, seeds=10, data="wine"),
        Claim("… standardised: over 4 points more right with two", MORE - TWO > 0.04, seeds=10, data="wine"),
    ),
    quiz=quiz("""
        ? [compute] Points (3, 3), (−3, −3), (1, −1), (−1, 1). What share of the variance does the first component hold?
        + 90 %
        - 75 %, as 3 : 1
        - 50 %, as both columns vary alike
        = Along 45° squares are 18, 18, 0, 0, mean 9; along 135° they are 0, 0, 2, 2, mean 1. Variances are squares.

        ? [foresee] Two classes are long parallel stripes, side by side. One component is kept. What is left?
        + One heap of both classes
        - Two heaps, one for each class
        - Two stripes
        = The most spread is along the stripes; what tells them apart is across them, in the second component.

        ? A PCA of three groups shows three clear heaps, each of all colours: 34 % have that of their group. Why?
        - Two components hold too little of 50 columns
        + Labels came from another sample
        - The mean was not taken off
        = A third is what chance gives with three groups. A colour must come from the row that was drawn.
        & S4-31, 37

        ? A slide shows "PCA of 500 handwritten digits": ten round heaps, far apart, one for each digit. What is odd?
        - 500 rows are too few for PCA
        + Real classes overlap in two components
        - Heaps cannot be round, as components differ in variance
        = Drawn blobs are no PCA. Of digits two components hold 28 %, and the nearest mean is right for six in ten.
        & 70
    """),
    exercises=(
        Exercise(
            "Find points that vary, and vary alike along every line: the first component holds half.",
            last("first holds") < 0.505,
            last("total") > 0.1,
            solution={"points": "1 0; 0 1; -1 0; 0 -1"},
            hints=("The variance along x₁ and x₂ is to be the same, and that along 45° too.",),
        ),
        CodeExercise(
            "The picture shows 200 of 300 rows. Its colours are those of others, its shares are wrong. Repair both.",
            draw_view,
            check_draw_view,
            broken={"y[rows], (s**2 / (s**2).sum())": "y[: len(rows)], (s / s.sum())"},
            hints=("Which label has row `rows[0]`?", "s grows with the length of the rows, variance with its square."),
            mistakes=(37,),
        ),
    ),
    sources=(
        "K. Pearson: On lines and planes of closest fit to systems of points in space, Philosophical Magazine 2 (1901)",
        "I. T. Jolliffe: Principal Component Analysis, 2nd ed., Springer 2002, section 2.3 and chapter 6",
        "T. Hastie, R. Tibshirani, J. Friedman: The Elements of Statistical Learning, 2nd ed., Springer 2009, 14.5.1",
    ),
)
