"""Data splits: train, validation, test

A program names 98 % of 150 handwritten digits. Would it name 98 % of the next 150? And what if the file was sorted?

**Three parts.** The program learns from *training* items. *Validation* items help to choose between programs (not
here). *Test* items are looked at once, at the end: they stand for the items to come. That works only if all parts are
drawn alike.

**Three ways to cut.** *File order*: here sorted by class, so the last part has classes that the first never saw.
*Shuffled*: every item is equally likely in each part. *Stratified*: shuffled class by class, so that parts have the
same shares of classes.

**A score is a sample.** Of h test items a share p is right. Other splits give other shares, which scatter with about

    standard error = √(p(1 − p)/h)

For p = 0.98 and h = 150 that is √(0.0196/150) = 0.0114: one point, as hundredths are called.

**Folds.** *Cross-validation* cuts the items into 5 folds; each is tested once, by what the other four taught. The mean
tests all 1000: √(0.0196/1000) = 0.0044. Other items would move it by that, new cuts of the same ones by less.

**Leaks.** If an item is there twice, its twin may be in training: the test then asks what was learned by heart.

**Predict, then run.** The learner is the nearest neighbour: an item gets the class of the training item most like it.
Each step is a new split. **Watch** how widely the scores spread. **Break it:** `cut` = file order. Then
shuffled, `labels` = random, `copies` = 1: nothing can be learned, yet most of the test is right.
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

PARTS = ("train", "validation", "test")


class Knobs(KnobSet):
    cut: str = knob("shuffled", choices=("file order", "shuffled", "stratified"), help="how items are dealt to parts")
    items: int = knob(1000, 60, 5000, scale="log", help="items used, at most those that there are")
    held: float = knob(0.15, 0.03, 0.4, help="share held back for validation, and again for the test")
    copies: float = knob(0.0, 0.0, 1.0, help="share of the items that are there twice; copies count as items")
    labels: str = knob("true", choices=("true", "random"), help="random: classes dealt anew, nothing to be learned")
    splits: int = knob(100, 2, 200, help="splits tried, one a step; in file order there is only one")
    pace: int = pace(10)


def deal(y, cut, rng):
    """All items in the order in which they are cut into parts; ``y`` are their classes, sorted."""
    import numpy as np

    order = np.arange(len(y)) if cut == "file order" else rng.permutation(len(y))
    if cut == "stratified":
        place = np.empty(len(y))
        for label in np.unique(y):
            own = np.flatnonzero(y[order] == label)
            place[own] = (np.arange(len(own)) + rng.random()) / len(own)  # key: each class is spread evenly
        order = order[np.argsort(place, kind="stable")]
    return order


def score(x, y, train, test, scaled):
    """Share of ``test`` that gets its class from the most similar item of ``train``."""
    import numpy as np

    z = (x - x[train].mean(0)) / (x[train].std(0).clip(1e-3) if scaled else 1)  # key: by what the training items are
    distance = (z[train] ** 2).sum(1) - 2 * z[test] @ z[train].T
    return float(np.mean(y[train][distance.argmin(1)] == y[test]))


def run(lab, k):
    import numpy as np

    data, rng = lab.dataset, np.random.default_rng(lab.seed)
    table = data.kind == "table"
    x, y = data.gather()
    once = round(min(k.items, len(y)) / (1 + k.copies))
    chosen = rng.permutation(len(y))[:once]
    chosen = chosen[np.argsort(y[chosen], kind="stable")]  # the file is sorted by class
    x, y = x[chosen], y[chosen] if k.labels == "true" else rng.permutation(y[chosen])
    twins = np.sort(np.concatenate([np.arange(once), rng.permutation(once)[: round(k.copies * once)]]))
    x, y = x[twins], y[twins]
    n, held = len(y), max(1, round(k.held * len(y)))
    side, wide = int(np.sqrt(n)), int(np.ceil(np.sqrt(1.6 * n)))
    cells, whole = np.full(-(-n // wide) * wide, 3), np.bincount(y, minlength=len(data.classes)) / n
    legend = PARTS if n % wide == 0 else (*PARTS, "no item")
    tests, means, gaps = (lab.state.setdefault(name, []) for name in ("tests", "means", "gaps"))

    for _ in lab.steps(1 if k.cut == "file order" else k.splits):
        order = deal(y, k.cut, rng)
        parts = np.split(order, [n - 2 * held, n - held])  # key: every item is in exactly one part
        for part, members in enumerate(parts):
            cells[members] = part
        axes = f"item of the file, {wide} in a row", "row"
        lab.field("where each item goes", cells.reshape(-1, wide), classes=legend, axes=axes)
        shares = [np.bincount(y[own], minlength=len(whole)) / len(own) for own in parts]
        axes = "class, and its share of the part", "part"
        lab.field("classes in each part", shares, rows=PARTS, columns=data.classes, low=0, axes=axes)
        gaps.append(float(abs(shares[2] - whole).max()))
        tests.append(score(x, y, parts[0], parts[2], table))
        folds = np.array_split(order, 5)
        each = [score(x, y, np.concatenate([*folds[:i], *folds[i + 1 :]]), folds[i], table) for i in range(5)]
        means.append(float(np.mean(each)))
        lab.bars("five folds", [f"fold {i + 1}" for i in range(5)], "accuracy", accuracy=each)
        low, high = min(tests + means), max(tests + means)
        width = max(1, np.ceil((high - low) * held / 40)) / held  # a score of one test is a multiple of 1/held
        ends = (np.floor(low / width) - 0.5) * width, (np.ceil(high / width) + 0.5) * width
        bins = round((ends[1] - ends[0]) / width)
        lab.histogram("scores of all splits", bins, ends, **{"one test": tests, "five folds": means})
        rows = []
        for name, h, scores in (("one test", held, tests), ("five folds", n, means)):
            p = float(np.mean(scores))
            spread = f"{np.std(scores):.4f}" if len(scores) > 1 else "one split"
            rows.append((name, h, f"{p:.4f}", spread, f"{np.sqrt(p * (1 - p) / h):.4f}"))
        lab.table("scatter", ("score", "h", "p", "scatter", "√(p(1−p)/h)"), rows)
        rows, cells_left = [], side**2
        for name, own in zip(PARTS, parts, strict=True):
            rows.append((name, len(own), f"{len(own) / n:.1%}", min(cells_left, len(own))))
            cells_left -= rows[-1][-1]
        rows.append(("all", n, "100%", side**2))
        lab.table("parts", ("part", "items", "share", f"drawn in {side} × {side} cells"), rows)

    p = float(np.mean(tests))
    lab.results(accuracy=p, folds=float(np.mean(means)), gap=float(np.mean(gaps)), **{"no cell": n - side**2})
    if len(tests) >= 20:
        error = np.sqrt(p * (1 - p) / held) + 1e-9
        steadier = float(np.std(means) / (np.std(tests) + 1e-9))
        lab.results(range=float(np.ptp(tests)), ratio=float(np.std(tests) / error), steadier=steadier)


def folds(n, k, seed):
    """The places 0 … n − 1 cut into ``k`` folds: a list of k arrays whose sizes differ by one at most."""
    import numpy as np

    order = np.random.default_rng(seed).permutation(n)
    return np.array_split(order, k)


def check_folds(folds):
    """Each place once, sizes alike, seeds matter, and curves drawn from sorted data are not extrapolated."""
    import numpy as np

    for n, k in ((200, 5), (23, 4)):
        given = [np.asarray(fold) for fold in folds(n, k, 0)]
        if len(given) != k:
            raise Wrong(f"folds({n}, {k}, 0) returns {k} folds; yours returns {len(given)}.")
        missing = n - len(set(np.concatenate(given).tolist()) & set(range(n)))
        yield number(missing, f"places missing of {n} in {k} folds") == 0
        yield number(sum(map(len, given)), f"places in all folds of {n}") == n
        sizes = [len(fold) for fold in given]
        yield number(max(sizes) - min(sizes), f"largest less smallest fold of {n} in {k}") <= 1
    x = np.linspace(0, 5, 200)
    y = np.sin(x) + np.random.default_rng(1).normal(0, 0.1, 200)
    worst = 1.0
    for test in folds(200, 5, 3):
        train = np.setdiff1d(np.arange(200), test)
        guess = np.polyval(np.polyfit(x[train], y[train], 5), x[test])
        worst = min(worst, 1 - ((guess - y[test]) ** 2).sum() / ((y[test] - y[test].mean()) ** 2).sum())
    yield number(float(worst), "R² of the worst fold, 200 sorted points of a sine") >= 0.8
    same = all(np.array_equal(a, b) for a, b in zip(folds(200, 5, 3), folds(200, 5, 3), strict=True))
    other = all(np.array_equal(a, b) for a, b in zip(folds(200, 5, 3), folds(200, 5, 4), strict=True))
    yield number(float(same), "same folds from the same seed (1: yes)") == 1
    yield number(float(other), "same folds from another seed (0: no)") == 0


LESSON = Lesson(
    covers=("C07",),
    after="label-noise",
    run=run,
    knobs=Knobs,
    data=("digits", "iris", "wine", "breast-cancer"),
    takes_tables=True,
    minutes=12,
    takeaways=(
        "Training, validation and test items must be drawn alike; a sorted file that is cut in its order tests what "
        "was never taught.",
        "A test score is a sample: with h test items it scatters by about √(p(1 − p)/h) from split to split.",
        "Stratifying keeps the classes' shares alike in each part; it does not make a small test exact.",
        "An item whose copy is in training tests memory, so copies belong into the same part.",
    ),
    show=("where each item goes", "scores of all splits", "classes in each part", "scatter", "five folds", "parts"),
    rows=("S4-70",),
    smoke={"splits": 20},
    predictions=(
        Prediction(
            "All items are to be drawn as a square, ⌊√items⌋ cells a side: 31 × 31 for 1,000. How many have no cell?",
            last("no cell"),
            "Only a square number of items fills a square: 31² = 961. The last ones vanish, and if parts are drawn one "
            "after another those are test items. Count what a picture shows.",
            within=0.005,
            mistakes=(43,),
        ),
        Prediction(
            "Same items, same learner; only the split is drawn anew, again and again. How far apart are the best and "
            "the worst score of one test?",
            choices={
                "less than 1 point": last("range") < 0.0099,
                "1 to 3 points": last("range").between(0.0099, 0.0301),
                "more than 3 points": last("range") > 0.0301,
            },
            why="Each score is a share of h items. The best and the worst of many splits lie several standard errors "
            "apart, √(p(1 − p)/h) each.",
        ),
    ),
    claims=(
        Claim(
            "Shuffled, 96 to 99.5 % of the digits are right by one test, 96.5 to 99.7 % by five folds",
            last("accuracy").between(0.96, 0.995) & last("folds").between(0.965, 0.997),
            seeds=5,
        ),
        Claim("In file order none of the test is right", last("accuracy", cut="file order") == 0, seeds=5),
        Claim("… and with folds in file order less than half", last("folds", cut="file order") < 0.5, seeds=5),
        Claim(
            "Scores of one test scatter by 0.65 to 1.35 of the standard error",
            last("ratio").between(0.65, 1.35),
            seeds=5,
        ),
        Claim("The mean of five folds scatters less than half as much", last("steadier") < 0.5, seeds=5),
        Claim(
            "Stratified, a class's share in the test is off by less than 1 point; shuffled, the worst by over 3",
            (last("gap", cut="stratified") < 0.01) & (last("gap") > 0.03),
            seeds=5,
        ),
        Claim(
            "With random labels a tenth is right; with a copy of every item more than three fifths",
            (last("accuracy", labels="random") < 0.14) & (last("accuracy", labels="random", copies=1.0) > 0.6),
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? [compute] 80 % of 400 test items are right. By about how much does that scatter from split to split?
        - 0.04 points
        + 2 points
        - 20 points, the share that is wrong
        = √(0.8 · 0.2/400) = √0.0004 = 0.02. 0.04 points forgets the root. To halve it takes four times as many items.

        ? [foresee] A file of ten classes of 1000 items each is sorted. It is cut in its order: 70 % train, 15 %
          validation, 15 % test. How many of the test are right?
        - Hardly fewer than shuffled: 7000 items teach enough
        - A tenth, as by guessing
        + None
        = Training holds the first seven classes, the test items are of the last two. A class that was never seen is
          never named; guessing among ten would do better.

        ? [foresee] Each photograph of a set is there in three sizes. All are shuffled, then cut. How is the test's
          score, against that of photographs to come?
        - Too low, as sizes confuse the learner
        - About right, as it was shuffled well
        + Too high
        = Most test photographs have a twin in training. Shuffling spreads twins over the parts; cut by photograph.

        ? In one split 96 % of 150 test items are right, but 95 % of the training items. What is the likeliest reason?
        + Chance: these test items are a little easier
        - It has not been trained for long enough, which harms the training score most
        - Some of the test items are in training too
        = The standard error is 1.7 points. Too little training lowers both; a leak draws them together, not past each
          other.
    """),
    exercises=(
        Exercise(
            "Deal random labels: nothing can be learned. Make the test say that over 60 % are right all the same.",
            knob_value("labels") == "random",
            last("accuracy") > 0.6,
            solution={"labels": "random", "copies": 1.0},
            hints=("The nearest neighbour knows every training item by heart.", "What if a test item is one of them?"),
        ),
        CodeExercise(
            "These folds are cut in file order. With sorted points of a sine, the curve for the first or the last fold "
            "is drawn on beyond all training points: R², 1 at best and 0 for guessing the mean, falls far below 0. "
            "Repair the folds.",
            folds,
            check_folds,
            broken={"np.random.default_rng(seed).permutation(n)": "np.arange(n)"},
            hints=("Which points does the first fold leave for training?", "default_rng(seed) has `permutation`."),
            mistakes=(36,),
        ),
    ),
    sources=(
        "T. Hastie, R. Tibshirani, J. Friedman: The Elements of Statistical Learning, 2nd ed., Springer 2009, "
        "sections 7.2 and 7.10",
        "R. Kohavi: A study of cross-validation and bootstrap for accuracy estimation and model selection, IJCAI 1995",
    ),
)
