"""Learning paradigms: what a teacher has to say

150 flowers of three species. How much must a teacher say until new flowers are named rightly, and do flowers that
nobody named help?

**One rule, five teachers.** A new row gets the class of the nearest row whose class is known. Ways to know:

- *Supervised*: the teacher names rows; each name is a *label*.
- *Semi-supervised*: few labels spread. Each round, rows without label take the mean of their `near` nearest rows'
  votes.
- *Self-supervised*: each column is hidden in turn and predicted from the others by least squares, without labels.
  Rows, few of them labelled, are then compared by these predictions.
- *Unsupervised*: nobody is asked; k-means finds clusters.
- *Reinforcement*: the learner guesses, and is told its *reward*: 1 if right, else 0. No guess
  changes what comes next.

**Two scales.** Clusters have no names. Classes A A A B B B in clusters 1 1 2 2 2 2: under the best names 5 of 6 are
right. Or count pairs: 4 are together in both, of 6 in classes and 7 in clusters; of all 15, chance expects 6·7/15 =
2.8. The *adjusted Rand index* is 0 for that and 1 for agreement:

    (4 − 2.8) / (6.5 − 2.8) = 0.32,   6.5 = (6 + 7)/2

**Predict, then run.** Splits hold a third of the rows back as new ones. **Watch** which line lies above *supervised*,
for iris and for digits; *alone* says how many plain labels do as well. ≤: the best names need all labels.
Reinforcement is marked from where it reaches the others.

**Break it:** `noise` = 20; `near` = 50.
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

ROUNDS, MOST, TURNS = 30, 1200, 10  # rounds of spreading, rows used at most, splits of the small table a step
FLAT, SEMI, SELF, REWARD = LINES = ("supervised", "semi-supervised", "self-supervised", "reinforcement")


class Knobs(KnobSet):
    each: int = knob(2, 1, 20, help="labels of each class where few are given")
    near: int = knob(5, 1, 50, help="nearest rows whose votes a row takes when labels spread")
    noise: int = knob(0, 0, 50, help="columns of random numbers added to both tables")
    splits: int = knob(10, 2, 30, help="times that digits are split anew, and the other table ten times as often")
    pace: int = pace(5)


def squares(a, b):
    """Squared distance of each row of a from each of b."""
    return (a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * a @ b.T


def answer(x, known, new):
    """For each new row the class of the nearest row of x whose class is known, not −1."""
    import numpy as np

    rows = np.flatnonzero(known >= 0)
    return known[rows[squares(new, x[rows]).argmin(1)]] if len(rows) else np.zeros(len(new), int)


def spread(x, labels, classes, near, rounds):
    """Class of each row, −1 where no label arrives. labels: (n,), −1 where none is given."""
    import numpy as np

    far, told = squares(x, x), labels >= 0
    np.fill_diagonal(far, np.inf)
    nearest = np.argpartition(far, min(near, len(x) - 1) - 1, 1)[:, :near]
    votes = np.where(told[:, None], np.eye(classes)[labels], 0)
    for _ in range(rounds):
        votes[~told] = votes[nearest[~told]].mean(
            1
        )  # key: semi-supervised, rows without label take their nearest's mean
    return np.where(votes.max(1) > 0, votes.argmax(1), -1)


def predict_columns(x, new):
    """Each column as predicted from the others by least squares, slightly damped, learned from x; for x and new."""
    import numpy as np

    covariance = np.cov(x.T)
    precision = np.linalg.inv(covariance + 0.01 * np.trace(covariance) / len(covariance) * np.eye(len(covariance)))
    weights = -precision / np.diag(precision)  # key: self-supervised, the hidden number is the teacher
    np.fill_diagonal(weights, 0)
    return x @ weights, new @ weights


def guess_rows(x, y, classes, rng):
    """The guess at each row, asked in turn, and whether it was right."""
    import numpy as np

    far, guess, right = squares(x, x), np.zeros(len(y), int), np.zeros(len(y), bool)
    for row in range(len(y)):
        like = far[row, :row].argmin() if row else row
        other = 0 if right[like] else rng.integers(1, classes)  # after a 0 nearby, any other class
        guess[row] = (guess[like] + other) % classes
        right[row] = guess[row] == y[row]  # key: reinforcement, this is all that is said
    return guess, right


def adjusted_rand(classes, clusters):
    """1 if rows are together in a cluster exactly where they are in a class; 0 on average if clusters are drawn."""
    import numpy as np

    counts = np.zeros((classes.max() + 1, clusters.max() + 1))
    np.add.at(counts, (classes, clusters), 1)
    both, one, other, every = (
        (sizes * (sizes - 1) / 2).sum() for sizes in (counts, counts.sum(1), counts.sum(0), counts.sum())
    )
    chance, most = one * other / every, (one + other) / 2
    return (both - chance) / (most - chance) if most > chance else 1.0


def name_best(classes, clusters):
    """Share of rows that are right once each cluster has the name that suits most, no name twice."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    counts = np.zeros((max(classes.max(), clusters.max()) + 1,) * 2)
    np.add.at(counts, (classes, clusters), 1)
    return counts[linear_sum_assignment(-counts)].sum() / len(classes)


def split(data, k, rng):
    """Two thirds of the rows to learn from, so ordered that classes take turns, and the rest; numbers of labels."""
    import numpy as np

    x = np.concatenate([data.train_x, data.test_x]).astype(float).reshape(-1, data.train_x[0].size)
    y = np.concatenate([data.train_y, data.test_y])
    rows, classes = rng.permutation(len(y))[:MOST], len(data.classes)
    x, y, n = x[rows], y[rows], 2 * len(rows) // 3
    spreads = x[:n].std(0) if data.kind == "table" else x[:n].std()
    x = (x - x[:n].mean(0)) / np.where(spreads > 0, spreads, 1)
    x = np.hstack([x, rng.normal(size=(len(x), k.noise))]).astype("float32")
    order = np.argsort([(y[:i] == y[i]).sum() for i in range(n)], kind="stable")
    few = min(k.each * classes, n - 1)
    sizes = sorted({few, n} | {classes * 2**i for i in range(12) if classes * 2**i < 0.8 * n})
    return (x[:n][order], y[:n][order], x[n:], y[n:]), sizes, sizes.index(few)


def try_all(data, k, rng):
    """By way and number of labels share right, adjusted Rand and milliseconds, (4, sizes, 3); of clusters (3,)."""
    from time import perf_counter

    import numpy as np
    from scipy.cluster.vq import kmeans

    (x, y, new, truth), sizes, few = split(data, k, rng)
    classes, order = len(data.classes), rng.permutation(len(y))

    def tell(size):
        return np.where(np.arange(len(y)) < size, y, -1)

    def predict(size):
        seen, unseen = predict_columns(x, new)
        return answer(seen, tell(size), unseen)

    def reinforce(size):
        asked = order[:size]
        guess, right = guess_rows(x[asked], y[asked], classes, rng)
        return answer(x[asked], np.where(right, guess, -1), new)

    def judge(way, size, score=lambda truth, said: (said == truth).mean()):
        start = perf_counter()
        said = way(size)
        took = 1000 * (perf_counter() - start)
        return score(truth, said), adjusted_rand(truth, said), took

    ways = (
        lambda size: answer(x, tell(size), new),
        lambda size: answer(x, spread(x, tell(size), classes, k.near, ROUNDS), new),
        predict,
        reinforce,
    )
    clusters = judge(lambda _: squares(new, kmeans(x, classes, 5, rng=rng)[0]).argmin(1), 0, name_best)
    return np.array([[judge(way, size) for size in sizes] for way in ways]), np.array(clusters), sizes, few


def run(lab, k):
    import numpy as np

    from descend.datasets.catalogue import find

    tables = {"this table": lab.dataset, "digits": find("digits").load()}
    sums = lab.state.setdefault("sums", {name: [0, 0] for name in tables})
    classes, clusters = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 1, 1])
    hand, rand = name_best(classes, clusters), adjusted_rand(classes, clusters)
    lab.results(**{"by hand, right": hand, "by hand, Rand": rand})
    for step in lab.steps(k.splits, unit="splits"):
        teach(lab, k, step)
        rng, rows = np.random.default_rng((lab.seed, 1, step)), {}
        for (name, data), repeats in zip(tables.items(), (TURNS, 1), strict=True):
            for _ in range(repeats):
                *found, sizes, few = try_all(data, k, rng)
                sums[name] = [total + one / repeats for total, one in zip(sums[name], found, strict=True)]
            rows[name] = show(lab, name, *(total / (step + 1) for total in sums[name]), sizes, few)
        lines, more = rows.values()
        lines[3:3], lines[6:6] = [("└ digits", *more[2][1:])], [("└ digits", *more[4][1:])]
        lines.append(("A A A B B B", 0, "", f"≤ {100 * hand:.1f}", f"{rand:.2f}", ""))
        lab.table("measured", ("way", "asked", "alone", "right %", "adj. Rand", "ms"), lines)


def teach(lab, k, step):
    """One more row and what each teacher says of it; one more round in which few labels spread."""
    import numpy as np
    from scipy.cluster.vq import kmeans

    rng, data = np.random.default_rng((lab.seed, 0)), lab.dataset
    (x, y, _, _), sizes, few = split(data, k, rng)
    names, order = list(data.classes), rng.permutation(len(y))[: step + 1]
    guess, right = guess_rows(x[order], y[order], len(names), np.random.default_rng(lab.seed))
    mine = squares(x, kmeans(x, len(names), 5, rng=rng)[0]).argmin(1)[order] + 1
    told = (names[y[row]] for row in order)
    guesses = (f"{names[one]}? {reward:d}" for one, reward in zip(guess, right, strict=True))
    rows = list(zip(told, (f"cluster {one}" for one in mine), guesses, strict=True))
    lab.table("row by row", ("supervised", "unsupervised", "reinforcement"), rows[-8:])
    columns = [max(x.shape[1] - k.noise - 2, 0), x.shape[1] - k.noise - 1]
    axes = tuple(f"{data.features[column]} (sd)" if data.features else "" for column in columns)
    now = spread(x, np.where(np.arange(len(y)) < sizes[few], y, -1), len(names), k.near, step)
    lab.points("labels spread", x[:, columns], now % (len(names) + 1), [*names, "no label"], axes=axes, aspect="auto")


def show(lab, name, found, clusters, sizes, few):
    """A line a way; returns rows of the table."""
    import numpy as np

    right, rows, axes = found[..., 0], [], ("log₂ of labels or guesses", "new rows right (%)")
    prefix, rising = "digits, " * (name == "digits"), np.maximum.accumulate(right[0])
    x, lines = np.log2(sizes), dict(zip(LINES, 100 * right, strict=True))
    rewards = [(at, score) for at, score in zip(x, lines.pop(REWARD), strict=True) if score >= 100 * right[:3].min()]
    lab.curve(f"right by labels: {name}", x, {REWARD: rewards} if rewards else {}, axes=axes, **lines)
    for way, i in ((0, -1), (0, few), (1, few), (2, few), (3, -1)):
        score, rand, took = found[way, i].tolist()
        alone = float(2 ** np.interp(score, rising, np.log2(sizes))) if way else sizes[i]
        told = f"< {sizes[0]}" if score < rising[0] else f"> {sizes[-1]}" if score > rising[-1] else f"{alone:.0f}"
        rows.append((LINES[way], sizes[i], told, f"{100 * score:.1f}", f"{rand:.2f}", f"{took:.1f}"))
        lab.results(**{f"{prefix}{LINES[way]}, {'all' if i < 0 else 'few'}": score})
        if way:
            lab.results(**{f"{prefix}{LINES[way]}, worth": alone / sizes[i]})
    lab.results(
        **{f"{prefix}spread gain, {word}": right[1, i] - right[0, i] for i, word in ((0, "fewest"), (-2, "most"))}
    )
    score, rand, took = clusters.tolist()
    rows.append(("unsupervised", 0, "", f"≤ {100 * score:.1f}", f"{rand:.2f}", f"{took:.1f}"))
    lab.results(**{f"{prefix}clusters": score, f"{prefix}rand": rand})
    return rows


def check_adjusted_rand(function):
    """A known case, names that do not matter, chance, and memory."""
    import tracemalloc

    import numpy as np

    classes, clusters = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 1, 1])
    yield number(abs(function(classes, 1 - clusters) - 12 / 37), "A A A B B B in 2 2 1 1 1 1: error") < 1e-9
    yield number(function(classes, 1 - classes), "classes as clusters, renamed") == 1
    yield number(abs(function(classes, 0 * classes)), "all rows in one cluster") < 1e-9
    rng = np.random.default_rng(3)
    drawn = [function(*rng.integers(0, 3, (2, 60))) for _ in range(200)]
    yield number(float(np.mean(drawn)), "clusters drawn at random, mean of 200").between(-0.01, 0.01)
    tracemalloc.start()
    function(*rng.integers(0, 3, (2, 3000)))
    yield number(tracemalloc.get_traced_memory()[1] / 2**20, "MB of memory for 3,000 rows") <= 4
    tracemalloc.stop()


SEMI_GAIN, SELF_GAIN = (last(f"{way}, few") - last("supervised, few") for way in (SEMI, SELF))
D_SEMI, D_SELF = (last(f"digits, {way}, few") - last("digits, supervised, few") for way in (SEMI, SELF))
D_WORTH, TEN = last("digits, semi-supervised, worth"), tuple(range(10))

LESSON = Lesson(
    covers=("C08",),
    after="k-means",
    run=run,
    knobs=Knobs,
    data=("iris", "wine", "breast-cancer"),
    minutes=12,
    takeaways=(
        "Paradigms differ in what a teacher says: a class, a class of few rows, nothing, or whether a guess was right.",
        "Rows without labels help if nearness, or what columns say of each other, tells about classes; else they harm.",
        "'So many times fewer labels' holds for one data set, learner and accuracy, and shrinks with more labels.",
        "Accuracy and the Rand index are two scales. Naming clusters takes labels as well.",
    ),
    show=("right by labels: this table", "right by labels: digits", "measured", "labels spread", "row by row"),
    rows=("S4-27", "S4-38", "S4-39"),
    smoke={"splits": 2},
    predictions=(
        Prediction(
            "A few rows of this table have labels (`each` of a class). They spread over the others. How many more new "
            "rows are right than with those labels alone?",
            choices={
                "over 1 point more": SEMI_GAIN > 0.01,
                "no more, or a little fewer": SEMI_GAIN.between(-0.05, 0.005),
                "over 6 points fewer": SEMI_GAIN < -0.06,
            },
            why="Spreading trusts that near rows share a class. Of iris two species touch, and few labels run across. "
            "Random columns, or 50 nearest rows, make neighbours of rows that are not alike.",
        ),
        Prediction(
            "On digits, few labels that spread reach the accuracy of how many labels alone?",
            choices={
                "under 1.2 times as many": D_WORTH < 1.2,
                "1.4 to 5 times": D_WORTH.between(1.4, 5),
                "over 10 times": D_WORTH > 10,
            },
            why="Digits of a class lie close together, so labels find their way: two to three times. With many labels "
            "there is nothing left to find.",
        ),
    ),
    claims=(
        Claim(
            "By hand: 5 of 6 right, adjusted Rand 0.32",
            abs(last("by hand, right") - 5 / 6) < 1e-9,
            last("by hand, Rand").between(0.324, 0.325),
        ),
        Claim("Iris, all labels: over 92 % right", last("supervised, all") > 0.92, seeds=TEN),
        Claim("Iris, six labels: spreading gains under 1.5 points …", SEMI_GAIN < 0.015, seeds=TEN),
        Claim("… of three labels it loses", last("spread gain, fewest") < 0, seeds=TEN),
        Claim("… and with `near` = 50 under half are right", last(f"{SEMI}, few", near=50) < 0.5, seeds=3),
        Claim(
            "Iris, six labels: columns predicted gain over 1 point, worth 1.2 to 4 times the labels",
            SELF_GAIN > 0.01,
            last("self-supervised, worth").between(1.2, 4),
            seeds=TEN,
        ),
        Claim(
            "Digits, 20 labels: spreading gains over 5 points, worth 1.5 to 4.5 times the labels, not 50",
            D_SEMI > 0.05,
            D_WORTH.between(1.5, 4.5),
            seeds=TEN,
        ),
        Claim("… with 320 labels under 2 points", last("digits, spread gain, most") < 0.02, seeds=TEN),
        Claim("Digits, 20 labels: columns predicted change under 3 points", abs(D_SELF) < 0.03, seeds=TEN),
        Claim(
            "Iris, 100 rewards: within 3 points of 100 labels. Digits, 800 rewards: worth under a sixth as many labels",
            last("supervised, all") - last("reinforcement, all") < 0.03,
            last("digits, reinforcement, worth") < 1 / 6,
            seeds=TEN,
        ),
        Claim(
            "The same clusters: 80 to 87 % right at best, adjusted Rand 0.55 to 0.7",
            last("clusters").between(0.8, 0.87) & last("rand").between(0.55, 0.7),
            seeds=TEN,
        ),
    ),
    quiz=quiz("""
        ? [compute] Classes A A A B B B, all in one cluster. What is right under its best name, and the adjusted Rand?
        - 0.5 and 0.5
        + 0.5 and 0
        - 0 and 0
        = One name is right of 3 rows in 6. Together in both: 6 pairs; chance expects 6·15/15 = 6: nothing is beyond it.

        ? [compute] Ten classes, equally likely. The teacher says only whether a guess is right; you may guess at the
          same row until you know its class. How many answers does that take on average?
        - 10, one a class
        + 5.4
        - 9, as the last is clear
        = (1 + 2 + … + 9 + 9)/10: after nine times no the tenth needs no asking. With three classes it is 5/3.

        ? [foresee] `near` is 50 of 100 flowers, two flowers of each species have labels. What becomes of spreading?
        - It gets surer, as more rows vote
        - It stays: labels that are given are kept
        + Near a third is right
        = Everybody takes nearly the same mean, so nearly all rows get one class. Neighbours have to be alike.

        ? On a slide, bars for three paradigms stand on one axis: 0.95, 0.75, 0.65. Two are accuracies, one is a Rand
          index, and behind 0.75 is no run. What makes it right?
        - A footnote that says the numbers are illustrative
        - Rescaling the Rand index, so that chance is 0 and the best is 1
        + Running all three on the same test rows, an axis a measure
        = A bar that nobody measured is an opinion. In the run, clusters with an index of 0.62 are 83 % right.
        & S4-38, 88

        ? [foresee] Of 20 labelled digits spreading makes what 50 labels reach alone. What will it make of 400?
        - What 1,000 reach: the factor belongs to the method
        + Hardly more than 400
        - More than 1,000: more labels spread farther
        = With many labels, a labelled row is near anyway. "50 times fewer labels" says nothing without data, learner
          and target.
        & S4-39

        ? k-means puts 83 % of iris into the right class "without labels". What is hidden in that?
        + Names, chosen by all test labels
        - Nothing: k-means saw no label, so none were used
        - Luck: with another start it would be a third
        = Which cluster is which species was decided by the answers. It is the most that any naming gets.
        & S4-27
    """),
    exercises=(
        Exercise(
            "Two labels of each class of this table: let predicting columns gain over 10 points over labels alone.",
            (knob_value("each") == 2) & (SELF_GAIN > 0.1),
            solution={"noise": 20},
            hints=(
                "What is lost by comparing rows by predictions, and what is left out?",
                "A column that no other tells anything about is predicted as its mean.",
            ),
        ),
        CodeExercise(
            "This is to be the adjusted Rand index, but it praises clusters drawn at random. Repair it, and do not "
            "list the pairs: counts are enough.",
            adjusted_rand,
            check_adjusted_rand,
            broken={"(both - chance) / (most - chance) if most > chance else 1.0": "both / most"},
            hints=("Both ends move: chance becomes 0, and `most` 1.", "One class in one cluster is agreement: 1."),
            mistakes=(88,),
        ),
    ),
    sources=(
        "X. Zhu, Z. Ghahramani: Learning from labeled and unlabeled data with label propagation, Technical report "
        "CMU-CALD-02-107, Carnegie Mellon University 2002",
        "L. Hubert, P. Arabie: Comparing partitions, Journal of Classification 2 (1985), 193-218",
        "A. Oliver, A. Odena, C. Raffel, E. D. Cubuk, I. Goodfellow: Realistic evaluation of deep semi-supervised "
        "learning algorithms, NeurIPS 2018",
        "R. S. Sutton, A. G. Barto: Reinforcement Learning, 2nd ed., MIT Press 2018, section 2.9 (contextual bandits)",
    ),
)
