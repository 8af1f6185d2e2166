"""Model selection: the best of many looks too good

Of 64 models the one with the best test score is kept. In use it is right less often than in its test. Who lied?

**Choosing is learning.** A score on few rows is skill plus luck. The highest of many is a lucky one, so it is too good:
*optimistic*. The more candidates there are, the more so.

Two guessers face one question; each is right half of the time. Both are wrong in 1 case of 4, so the better one scores

    1 − ½ · ½ = 0.75

on average; its skill is 0.5. The best of m is on average lucky by at most about √(2 ln m) standard errors,
√(p(1 − p)/h) for h rows.

**Validation.** Choose by the *validation* rows, whose score then is too good, and ask the *test* rows once. They had no
part in the choice, so their score is honest. Choosing by the test does not find worse models; it spoils the number.

**Leaks.** Anything fitted on rows that judge later is a choice as well. Each model sees a few of the 20 columns that
differ most between classes. Which 20? If test rows help to say so, even random columns look informative.

**Predict, then run.** Each step splits the tumours of the breast-cancer data anew: 20 % train, `held` validation, as
many test; the *fresh* rest says the truth. A model puts a row into the class whose mean is nearest. **Watch** the lines
part. **Break it:** `labels` = coins, `noise` = 1000, `columns` = 15, `leak` on: what does the test say, what do fresh
rows?
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

POOL = 20  # columns from which the models draw theirs
MOST = 1000  # rows used at most


class Knobs(KnobSet):
    candidates: int = knob(64, 1, 128, scale="log", help="models tried, one of which is chosen")
    held: float = knob(0.1, 0.03, 0.25, help="share of the rows for validation, and again for the test")
    columns: int = knob(3, 1, 20, help="columns that each model sees")
    labels: str = knob("true", choices=("true", "coins"), help="coins: classes drawn at random, nothing to be learned")
    noise: int = knob(0, 0, 1000, help="columns of random numbers added")
    leak: bool = knob(False, help="validation and test rows help to choose the 20 columns")
    repeats: int = knob(100, 20, 200, help="splits tried, one a step")
    pace: int = pace(10)


def rank(x, y):
    """Columns of x, those first whose class means lie farthest apart in units of their spread."""
    import numpy as np

    z = (x - x.mean(0)) / x.std(0).clip(1e-9)
    return np.argsort(-sum((y == c).sum() * z[y == c].mean(0) ** 2 for c in np.unique(y)), kind="stable")


def right(x, y, train):
    """For each row, whether the nearest mean of the training rows is that of its class."""
    import numpy as np

    classes = np.unique(y[train])
    means = np.stack([x[train][y[train] == c].mean(0) for c in classes])
    return classes[((means**2).sum(1) - 2 * x @ means.T).argmin(1)] == y


def run(lab, k):
    import numpy as np

    data, rng = lab.dataset, np.random.default_rng(lab.seed)
    x, y = data.gather()
    some = rng.permutation(len(y))[:MOST]
    n, held = len(some), max(2, round(k.held * len(some)))
    x, y = np.hstack([x[some], rng.normal(size=(n, k.noise))]), y[some]
    sizes = sorted({2**i for i in range(k.candidates.bit_length())} | {k.candidates})
    sums = lab.state.setdefault("sums", np.zeros((len(sizes), 6)))
    lies = lab.state.setdefault("lies", ([], [], []))
    guesses, luck = lab.state.setdefault("guesses", []), np.random.default_rng((lab.seed, 1))

    for step in lab.steps(k.repeats):
        labels = y if k.labels == "true" else rng.integers(0, len(data.classes), n)
        train, validation, test, fresh = np.split(rng.permutation(n), np.cumsum([n // 5, held, held]))
        judges = np.concatenate([train, validation, test]) if k.leak else train  # key: a leak, if judges help to choose
        best = rank(x[judges], labels[judges])[:POOL]
        z = (x - x[train].mean(0)) / x[train].std(0).clip(1e-9)
        scores = np.empty((k.candidates, 3))
        for i in range(k.candidates):
            seen = rng.permutation(best)[: k.columns]
            hits = right(z[:, seen], labels, train)
            scores[i] = [hits[rows].mean() for rows in (validation, test, fresh)]
        for i, m in enumerate(sizes):
            honest, greedy = scores[:m, 0].argmax(), scores[:m, 1].argmax()  # key: chosen by validation, by test
            sums[i] += [*scores[honest], *scores[greedy]]
        lies[0].append(scores[honest, 1] - scores[honest, 2])
        lies[1].append(scores[greedy, 1] - scores[greedy, 2])
        lies[2].append(scores[honest, 2] - scores[greedy, 2])
        guesses.append(luck.integers(0, 2, (500, 2)).max(1).mean())  # 500 questions, the better of two guessers each
        show(lab, sizes, sums / (step + 1), scores[[greedy, honest, 0]], lies, float(np.mean(guesses)))

    mean = sums / k.repeats
    lab.results(**{f"bias {m}": float(mean[i, 4] - mean[i, 5]) for i, m in enumerate(sizes)})
    v, t, f, _, greedy, unseen = map(float, mean[-1])
    lab.results(bias=greedy - unseen, reported=greedy, validation=v - f, honest=t - f, difference=f - unseen)
    doubt = [2 * float(np.std(each)) / k.repeats**0.5 for each in lies[1:]]  # two standard errors
    more = {"unsure difference": doubt[1], "test score": t, "fresh score": f}
    lab.results(guessers=float(np.mean(guesses)), unsure=doubt[0], **more)


def show(lab, sizes, mean, scores, lies, guessed):
    import numpy as np

    lines = {"chosen by test": mean[:, 4], "chosen by validation": mean[:, 1], "fresh rows": mean[:, 2]}
    lab.curve("the winner's test score", np.log2(sizes), axes=("log₂ of candidates", "accuracy"), **lines)
    told = (("test", "test score", 4, 5), ("validation", "validation score", 0, 2), ("validation", "test score", 1, 2))
    pairs = [(by, what, 100 * mean[-1, a], 100 * mean[-1, b]) for by, what, a, b in told]
    pairs.append(("1 question", "better of 2 guessers", 100 * guessed, 50.0))
    rows = [(by, what, f"{says:.1f}", f"{true:.1f}", f"{says - true:+.1f}") for by, what, says, true in pairs]
    lab.table("who tells the truth", ("chosen by", "reported", "says %", "fresh %", "off"), rows)
    names, axes = ("by test", "by validation", "any"), ("accuracy on", "model chosen")
    lab.field("one split", scores, rows=names, columns=("validation", "test", "fresh"), axes=axes)
    gaps = {"chosen by test": lies[1], "chosen by validation": lies[0]}
    ends = min(map(min, lies[:2])) - 0.005, max(map(max, lies[:2])) + 0.005
    lab.histogram("test score less fresh rows", 30, ends, **gaps)
    lab.scalars({"points too good": 100 * float(mean[-1, 4] - mean[-1, 5])})


def cross_validate(x, y, keep, folds):
    """Accuracy on all folds, arrays of rows, each tested once, of the nearest mean on the ``keep`` best columns.

    x: (n, d); y: (n,), each 0 or 1.
    """
    import numpy as np

    hits = 0
    for test in folds:
        train = np.setdiff1d(np.arange(len(y)), test)
        gap = x[train][y[train] == 1].mean(0) - x[train][y[train] == 0].mean(0)
        best = np.argsort(-abs(gap))[:keep]
        means = np.stack([x[train][y[train] == c][:, best].mean(0) for c in (0, 1)])
        distance = ((x[test][:, best][:, None] - means) ** 2).sum(2)
        hits += (distance.argmin(1) == y[test]).sum()
    return hits / len(y)


def check_cross_validate(cross_validate):
    """Pure noise gives chance, separated classes give all, a swap of two folds changes nothing."""
    import numpy as np

    rng = np.random.default_rng(5)
    found = []
    for _ in range(10):
        x, y = rng.normal(size=(50, 2000)), rng.permutation(np.arange(50) % 2)
        found.append(float(cross_validate(x, y, 20, np.array_split(rng.permutation(50), 5))))
    yield number(float(np.mean(found)), "accuracy where nothing can be learned, mean of 10 tables").between(0.35, 0.6)
    x[:, :20] += 2.0 * y[:, None]
    folds = np.array_split(np.arange(50), 5)
    good = float(cross_validate(x, y, 20, folds))
    yield number(good, "accuracy where 20 columns of 2,000 tell the class") >= 0.9
    again = float(cross_validate(x, y, 20, folds[::-1]))
    yield number(abs(again - good), "change when the folds come in another order") <= 1e-12


LEAKY = {"labels": "coins", "noise": 1000, "columns": 15, "leak": True}

LESSON = Lesson(
    covers=("C07",),
    after="data-splits",
    run=run,
    knobs=Knobs,
    data=("breast-cancer", "digits", "wine", "iris"),
    takes_tables=True,
    minutes=12,
    takeaways=(
        "The best of many scores is skill plus luck, so it is too good, and the more candidates the more.",
        "Choose by validation, then ask the test once: only a score that had no part in a choice is honest.",
        "Choosing columns on rows that judge later is a leak: it finds order in random numbers.",
    ),
    show=("the winner's test score", "who tells the truth", "test score less fresh rows", "one split"),
    rows=("S4-71",),
    smoke={"repeats": 20},
    predictions=(
        Prediction(
            "The model with the best test score is reported. By how much is that score better than on fresh rows?",
            choices={
                "at most 1 point": (last("bias") < 0.01) & (last("bias") + last("unsure") < 0.02),
                "2 to 9 points": last("bias").between(0.02, 0.09) & (last("bias") - last("unsure") > 0.01),
                "more than 10 points": (last("bias") > 0.1) & (last("bias") - last("unsure") > 0.09),
            },
            why="The highest of many scores is lucky by up to √(2 ln m) standard errors of a score, which shrink as "
            "the test grows. Models that are alike share their luck; a single one is honest unless columns leak.",
        ),
        Prediction(
            "Which rule finds better models, judged on fresh rows?",
            choices={
                "choosing by validation": last("difference") - 2 * last("unsure difference") > 0.01,
                "neither": abs(last("difference")) < 0.01,
                "choosing by test": last("difference") + 2 * last("unsure difference") < -0.01,
            },
            why="Test and validation rows are drawn alike, so they choose equally well. What differs is what is "
            "reported: after choosing by the test no honest number is left.",
        ),
    ),
    claims=(
        Claim("The better of two guessers scores 0.75 on one question", last("guessers").between(0.74, 0.76), seeds=5),
        Claim("The best test score of 64 is 2.5 to 6.5 points too good", last("bias").between(0.025, 0.065), seeds=5),
        Claim(
            "With one candidate it is honest, with 4 less flattering than with 64",
            (abs(last("bias 1")) < 0.02) & (last("bias 64") - last("bias 4") > 0.01),
            seeds=5,
        ),
        Claim(
            "Chosen by validation: its validation score is too good, its test score within 1.5 points of the truth",
            (last("validation") > 0.02) & (abs(last("honest")) < 0.015),
            seeds=5,
        ),
        Claim("Both rules find equally good models", abs(last("difference")) < 0.01, seeds=5),
        Claim(
            "Of coin flips the best of 64 seems to know over 58 %, and fresh rows say half",
            (last("reported", labels="coins") > 0.58) & last("fresh score", labels="coins").between(0.47, 0.53),
            seeds=5,
        ),
        Claim("A test five times as large flatters less", last("bias", held=0.25) < last("bias", held=0.05), seeds=5),
        Claim(
            "A leak finds order in coin flips: the test says over 65 %, fresh rows half, as does a test without it",
            (last("test score", **LEAKY) > 0.65) & last("fresh score", **LEAKY).between(0.47, 0.53),
            last("test score", **{**LEAKY, "leak": False}).between(0.46, 0.54),
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? [compute] Three models guess, each right half of the time. Each answers one test question; the best is
          reported. What is reported on average?
        - 0.5, as all guess
        - 0.75
        + 0.875
        - 1, as somebody is right
        = All are wrong in one case of eight. In the other seven somebody is right, and looks able. 0.75 is for two.

        ? [compute] Models A to D reach 85, 88, 87, 84 in validation, 83, 86, 85, 82 in the test. What is reported?
        - 88, the best
        + 86
        - 84, the mean test score
        = Validation chooses B. Its 88 was part of that choice; its 86 was not. A bar drawn from 80 upwards would make
          two points look like a landslide.
        & S4-71

        ? [foresee] A team changes its model each day for a year and keeps what raises the test score. What happens?
        - Score and skill rise together, as the test is never trained on
        - The score stays, as the test rows stay
        + The score rises faster than the skill
        = Each kept change fits the test's luck. No gradient came from it, but each decision did.

        ? [foresee] 50 rows, 2,000 random columns, coin flips as labels. The 20 columns most related to the labels are
          kept, then five folds are tested. What accuracy is found?
        - About 50 %: the folds are honest
        - Below 50 %: 20 columns overfit
        + Far above 50 %
        = The test rows had a say in which columns were kept. Choose the columns anew within each fold.
    """),
    exercises=(
        Exercise(
            "Labels are coin flips. Have the test score of the model chosen by validation exceed 65 % on average.",
            knob_value("labels") == "coins",
            last("test score") > 0.65,
            solution=LEAKY,
            hints=(
                "Validation keeps luck out of the test score, but not a leak.",
                "Give the leak many random columns to choose from, and the models many of those chosen.",
            ),
        ),
        CodeExercise(
            "On random numbers and coin flips this cross-validation finds far more than half right. Repair it.",
            cross_validate,
            check_cross_validate,
            broken={
                "x[train][y[train] == 1].mean(0)": "x[y == 1].mean(0)",
                "x[train][y[train] == 0].mean(0)": "x[y == 0].mean(0)",
            },
            hints=("Which rows decide what is kept?", "In each fold, only its training rows may."),
        ),
    ),
    sources=(
        "T. Hastie, R. Tibshirani, J. Friedman: The Elements of Statistical Learning, 2nd ed., Springer 2009, "
        "sections 7.2 and 7.10.2 (the wrong and right way to do cross-validation)",
        "G. C. Cawley, N. L. C. Talbot: On over-fitting in model selection and subsequent selection bias in "
        "performance evaluation, Journal of Machine Learning Research 11 (2010)",
    ),
)
