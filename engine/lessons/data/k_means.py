"""k-means: assign, update, repeat

300 dots lie in heaps, and nobody says which belongs where. Two rules, applied in turn, sort them. When do they end
with the wrong heaps, and what do the units of a table have to do with it?

**Two half steps.** A dot is a row of x₁, x₂. Begin with k *centres*, here k of the rows. *Assign* each row to its
nearest centre; the rows of one centre are a *cluster*. *Update*: each centre moves to the mean of its rows. Repeat
until no row changes its cluster. Neither half raises the *inertia*:

    inertia = sum over all rows of (distance to its centre)²

So k-means stops, though not always at the lowest there is. By hand, rows 1, 2, 3, 10, 11, centres 1 and 2:

    1 | 2 3 10 11  →  1 and 6.5  →  1 2 3 | 10 11  →  2 and 10.5

**Where to begin.** Two centres that begin in one heap often stay there, and another has none. *k-means++* draws each
further centre among the rows, with a chance proportional to its squared distance to the nearest one there is. Or
begin several times and keep the lowest.

**Units.** The column whose numbers vary most owns the distances. *Standardising* divides each column by its standard
deviation: all have the same say, useless ones too.

**Predict, then run. Watch** centres move and inertia fall: down to the lowest, or not. Then 100 *answers* from either
start. At the end a table's clusters are compared with its *classes*, of wines their growers, which k-means never
saw: each class is given one cluster, so that most rows *agree*.

**Break it.** `unit` = 20: which heaps are mixed up? `groups` = 1: how many clusters does it find in one heap?
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

WAYS = ("random", "k-means++")
ANSWERS, MOST = 100, 10  # compared for each way to begin; largest k of the curve of inertia by k


class Knobs(KnobSet):
    groups: int = knob(5, 1, 8, help="heaps that the 300 dots are drawn in, 5 m from the middle")
    spread: float = knob(0.5, 0.1, 2.0, help="standard deviation of a heap, in m")
    unit: float = knob(1.0, 1.0, 20.0, scale="log", help="x₁ is written in a unit so many times smaller than m")
    clusters: int = knob(5, 1, MOST, help="k, the centres that are sought among the dots")
    start: str = knob("random", choices=WAYS, help="how the centres that you watch begin")
    tries: int = knob(1, 1, 20, help="starts of each of the 100 answers, of which the lowest inertia is kept")
    pace: int = pace(1)


def squares(x, centre):
    """Squared distances (n,) of the rows of x from a centre."""
    return ((x - centre) ** 2).sum(1)


def half_steps(x, centres):
    """After each half step clusters, centres and inertia, until no row changes its cluster."""
    import numpy as np

    mine = None
    while True:
        before, distances = mine, np.stack([squares(x, centre) for centre in centres])
        mine = distances.argmin(0)  # key: assign, each row to its nearest centre
        yield mine, centres, distances.min(0).sum()
        if np.array_equal(mine, before):
            return
        means = [x[mine == j].mean(0) if (mine == j).any() else old for j, old in enumerate(centres)]
        centres = np.array(means)  # key: update, each centre to the mean of its rows; without rows it stays
        yield mine, centres, squares(x, centres[mine]).sum()


def plus_plus(x, k, squares, rng):
    """Indices of k rows of x to begin with. ``squares(x, row)``: squared distances (n,) of all rows from one."""
    import numpy as np

    chosen = [int(rng.integers(len(x)))]
    near = squares(x, x[chosen[0]])
    while len(chosen) < k:
        chosen.append(int(rng.choice(len(x), p=near / near.sum())))  # key: likelier where far, by the square
        near = np.minimum(near, squares(x, x[chosen[-1]]))
    return chosen


def begin(x, k, way, rng):
    return x[plus_plus(x, k, squares, rng) if way == WAYS[1] else rng.permutation(len(x))[:k]]


def settle(x, k, way, rng):
    """Inertia and clusters where one start ends."""
    mine, _, inertia = list(half_steps(x, begin(x, k, way, rng)))[-1]
    return float(inertia), mine


def compare(classes, mine):
    """Rows in each class and cluster, clusters ordered so that most are on the diagonal; and their share."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    counts = np.zeros((max(classes.max(), mine.max()) + 1,) * 2, int)
    np.add.at(counts, (classes, mine), 1)
    counts = counts[:, linear_sum_assignment(-counts)[1]]  # key: no two classes get the same cluster
    return counts, float(counts.trace() / len(classes))


def run(lab, k):
    import numpy as np

    rng, heap = np.random.default_rng(lab.seed), np.arange(300) % k.groups
    angle = 2 * np.pi * heap / k.groups
    x = (5 * np.stack([np.cos(angle), np.sin(angle)], 1) + k.spread * rng.normal(size=(300, 2))) * [k.unit, 1]
    watch(lab, k, x, heap, rng)
    compare_starts(lab, k, x, rng)
    compare_units(lab, rng)


def watch(lab, k, x, heap, rng):
    """The example of the theory; then one start, half a step after another, until no dot changes."""
    import numpy as np

    numbers, rows = np.array([[1.0], [2], [3], [10], [11]]), []
    for mine, centres, inertia in half_steps(numbers, numbers[:2]):
        has = (" ".join(f"{value:g}" for value in numbers[mine == j, 0]) for j in (0, 1))
        rows.append((("assign", "update")[len(rows) % 2], *has, *centres[:, 0].tolist(), float(inertia)))
    lab.table("by hand", ("half", "A has", "B has", "centre A", "centre B", "inertia"), rows)
    lab.results(**{"centre A": centres[0, 0], "centre B": centres[1, 0], "inertia by hand": inertia})

    found, been, inertia = zip(*half_steps(x, begin(x, k.clusters, k.start, rng)), strict=True)
    lowest = [min(settle(x, j, WAYS[1], rng)[0] for _ in range(10)) for j in range(1, MOST + 1)]
    lab.results(**{f"lowest, k = {j}": lowest[j - 1] for j in (1, 5, 10)})
    lowest = np.log10(lowest)
    names = "ABCDEFGHIJKL"[: 6 if k.clusters <= 6 else 12]  # colours repeat after six: a centre has that of its cluster
    plane = ("x₁ (m)" if k.unit == 1 else f"x₁ (m ÷ {k.unit:g})", "x₂ (m)")
    for step in lab.steps(len(found), unit="half steps"):
        ways = {f"centre {name}": np.array(been)[: step + 1, j] for j, name in enumerate(names[: k.clusters])}
        lab.points("assign and update", x, found[step], names, paths=ways, axes=plane)
        falls = {"this start": [(k.clusters, value) for value in np.log10(inertia[: step + 1])]}  # a spot a half step
        lab.curve("inertia by k", range(1, MOST + 1), falls, axes=("k", "log₁₀ of inertia"), lowest=lowest)
    lab.results(agreement=compare(heap, found[-1])[1], rise=float(np.diff(inertia).max() / inertia[0]))


def compare_starts(lab, k, x, rng):
    """100 answers for each way to begin, each the best of some tries."""
    import numpy as np

    ends = lab.state.setdefault("ends", {way: [] for way in WAYS})
    for _ in lab.steps(ANSWERS, unit="answers", paced=False):
        for way in WAYS:
            ends[way].append(min(settle(x, k.clusters, way, rng)[0] for _ in range(k.tries)))
        above = {way: np.array(found) / min(map(min, ends.values())) for way, found in ends.items()}
        top = max(1.1, *(float(found.max()) for found in above.values()))
        lab.histogram("inertia ÷ best", 30, (1.0, top), **above)
        lab.results(**{f"{way}, best": float((found < 1.01).mean()) for way, found in above.items()})


def compare_units(lab, rng):
    """Clusters of a table against its classes, in its own units and standardised."""
    import numpy as np

    (x, y), names = lab.dataset.gather(), lab.dataset.classes
    tables = {"as it is": x, "standardised": x / np.where(x.std(0) > 0, x.std(0), 1)}
    kept = lab.state.setdefault("kept", dict.fromkeys(tables, (np.inf, None)))
    for _ in lab.steps(10, unit="starts", paced=False):
        for name, table in tables.items():
            kept[name] = min(kept[name], settle(table, len(names), WAYS[1], rng), key=lambda end: end[0])
        counts, shares = zip(*(compare(y, mine) for _, mine in kept.values()), strict=True)
        panes = [f"{name}: {share:.0%}" for name, share in zip(tables, shares, strict=True)]
        rows = [name.split()[-1] for name in names]  # "grower 1" would be cut before its number
        look = {"rows": rows, "columns": [f"c{j + 1}" for j in range(len(names))], "panes": panes}
        counts, look["texts"] = np.array(counts), np.array(counts).astype(str).tolist()
        lab.field("clusters and classes", counts, axes=("cluster", "class"), **look)
        lab.results(raw=shares[0], gain=shares[1] - shares[0])


def check_plus_plus(function):
    """Chances by counting, and how often distances are measured."""
    import numpy as np

    asked = []

    def squares(x, row):
        asked.append(row)
        return ((x - row) ** 2).sum(1)

    rng, x = np.random.default_rng(4), np.array([[0.0], [1], [3]])
    seconds = [second for first, second in (function(x, 2, squares, rng) for _ in range(6000)) if first == 0]
    share = float(np.mean(np.array(seconds) == 2))
    yield number(share, "rows 0, 1, 3, first centre 0: share of 3 as the second, 0.9,").between(0.87, 0.93)
    asked.clear()
    function(rng.normal(size=(200, 2)), 20, squares, rng)
    yield number(len(asked), "calls of squares for 20 centres") <= 20


RANDOM, SEEDED, RAW, GAIN, FIVE = map(last, ("random, best", "k-means++, best", "raw", "gain", "lowest, k = 5"))
SMALL_UNIT = last("agreement", unit=20.0, start="k-means++")
LESSON = Lesson(
    covers=("C10",),
    after="preprocessing",
    run=run,
    knobs=Knobs,
    data=("wine", "iris", "breast-cancer", "digits"),
    takes_tables=True,
    takeaways=(
        "Assign to the nearest centre, move the centre to its rows' mean: inertia never rises, so it stops.",
        "Where it stops depends on the start; k-means++ and several tries make a bad end rare.",
        "Inertia falls with every further cluster, so it cannot say how many there are.",
        "The column that varies most decides who is near. Standardising helps if it tells little, else it can harm.",
    ),
    show=("assign and update", "inertia by k", "inertia ÷ best", "clusters and classes", "by hand"),
    rows=("S4-30", "S4-36"),
    predictions=(
        Prediction(
            "100 answers, each the best of `tries` random starts: how many reach the lowest inertia found, within 1 %?",
            choices={"under 60": RANDOM < 0.6, "65 to 85": RANDOM.between(0.65, 0.85), "90 or more": RANDOM >= 0.9},
            why="Each half step only goes downhill. Clear heaps: two centres that begin in one often stay there, and "
            "another heap has none. No heaps: there are many ends. One cluster has one end; several tries help.",
        ),
        Prediction(
            "The table (wine, iris …) is standardised. What becomes of the share of rows that agree with their class?",
            choices={"up over 3 points": GAIN > 0.03, "±2 at most": abs(GAIN) < 0.02, "down over 3": GAIN < -0.03},
            why="Of wine one column, proline, decided alone; of breast cancer, areas. Of iris, standardising gives "
            "sepals, which tell species worse, as much say as petals; of digits, the border, where little is drawn.",
        ),
    ),
    claims=(
        Claim("By hand: centres 2 and 10.5", (last("centre A") == 2) & (last("centre B") == 10.5)),
        Claim("Inertia never rises in a half step", last("rise") <= 1e-12, seeds=10),
        Claim("Random starts: under 60 of 100 best, k-means++: over 75", (RANDOM < 0.6) & (SEEDED > 0.75), seeds=10),
        Claim("5 heaps, 5 clusters: under 4 % of the inertia of one", FIVE / last("lowest, k = 1") < 0.04, seeds=10),
        Claim("10 clusters: under three quarters of that", last("lowest, k = 10") / FIVE < 0.75, seeds=10),
        Claim("x₁ in a unit 20 times smaller: under 90 % agree", SMALL_UNIT < 0.9, seeds=10),
        Claim("Standardising wine: 72 % at most before, over 95 % after", (RAW < 0.72) & (RAW + GAIN > 0.95), seeds=10),
        Claim("Of iris, agreement falls by over 4 points", GAIN < -0.04, seeds=10, data="iris"),
    ),
    quiz=quiz("""
        ? [compute] Rows 0, 1, 5, 12, centres 0 and 5. Where are the centres after assigning and updating once?
        - 2 and 12
        + 0.5 and 8.5
        - 0.5 and 5
        = 0 and 1 are nearer to 0; 5 and 12 nearer to 5. The means are 0.5 and 8.5, and no row would change after that.

        ? [compute] k-means++ has its first centre at 0. Rows are 0, 1, 3. How likely is 3 the second?
        - 0.75, as it is three times as far
        + 0.9
        - 1, as it is the farthest
        = Squares are 0, 1 and 9: 9/10. It is drawn, not taken for certain, so that an outlier is not always a centre.

        ? [foresee] Three clear heaps, and k is raised from 3 to 6. What happens to the lowest inertia?
        - It rises, as heaps are torn apart
        + It falls
        - It stays, as three centres are enough
        = More centres are nearer to all rows. Inertia falls until each row is a centre; it does not know the truth.

        ? [foresee] All dots are drawn in one round heap; k = 4. What does k-means return?
        - One cluster, and three without rows
        + Four slices of the heap
        - No clusters, as there are none
        = It always returns k. That there are clusters is an assumption, not a finding.

        ? In iris, standardising lowers agreement with species. What follows?
        - There is an error: like units are always fairer
        - More starts are needed: it ended too high
        + Equal say is a choice too, and here a worse one
        = Sepals tell species worse than petals; 100 starts end no better. k-means saw no species, so cannot warn.
        & S4-36
    """),
    exercises=(
        Exercise(
            "5 groups or more, spread at most 0.5, as many clusters: let 97 of 100 answers from random starts be best.",
            (knob_value("groups") >= 5) & (knob_value("spread") <= 0.5),
            (knob_value("clusters") == knob_value("groups")) & (RANDOM >= 0.97),
            solution={"tries": 15},
            hints=("If one start in three is good, how often are ten all bad?",),
        ),
        CodeExercise(
            "This is to be k-means++, but all rows are equally likely, and it knows only the newest centre. Repair it, "
            "measuring each centre's distances once.",
            plus_plus,
            check_plus_plus,
            broken={
                "len(x), p=near / near.sum()": "len(x)",
                "np.minimum(near, squares(x, x[chosen[-1]]))": "squares(x, x[chosen[-1]])",
            },
            hints=("`rng.choice` takes probabilities `p` that add up to 1.", "Which centre is the nearest may change."),
        ),
    ),
    sources=(
        "S. P. Lloyd: Least squares quantization in PCM, IEEE Transactions on Information Theory 28 (1982), 129-137",
        "D. Arthur, S. Vassilvitskii: k-means++: the advantages of careful seeding, SODA 2007, 1027-1035",
        "T. Hastie, R. Tibshirani, J. Friedman: The Elements of Statistical Learning, 2nd ed., Springer 2009, 14.3.6",
    ),
)
