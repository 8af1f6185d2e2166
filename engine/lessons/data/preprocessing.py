"""Preprocessing: same units, same chances

Thirteen chemical measurements of 178 wines from three growers, and 30 columns of random numbers that tell nothing:
whose wine is it? Which steps lie between a raw table and a model, and how can a harmless one falsify the test?

**The pipeline.** *Read*: text becomes numbers; a gap counts as 0 for now. *Fill*: a gap takes its column's mean.
*Transform*: logarithms of columns with a long tail (mean of z³ above 0.65). *Scale* to one unit. *Choose* the 10
columns that tell most about the class. *One-hot*: a word, here the class, becomes a 0/1 column for each value, since
0, 1, 2 for red, green, blue would put green in the middle.

**Standardising**, the usual way to scale, subtracts the mean and divides by the standard deviation:

    z = (x − mean) / std
    2, 4, 6 → −1.22, 0, 1.22; test 8 → 2.45

Two learners show what each step does. *k-NN* takes the most frequent class of the 5 nearest rows; a column with large
numbers decides all distances. *Gradient descent* fits a linear model in 100 steps, from all weights 0 and the
mean answer. Too long steps diverge, and the column with the largest numbers sets the limit: others hardly move.

**Leaks.** Each step is *fitted*: it has means, spreads, a choice. They come from the training rows only. Fitted on all
rows, they carry the test into training, and its score may be too good. How much, the table of leaks measures.

**Predict, then run. Watch** which step helps whom. **Break it:** `labels` = shuffled and `noise` = 1000. Nothing can be
learned now; what does the table of leaks say?
"""

from descend.engine.base.errors import UsageError
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

STEPS, LEARNERS = ("read", "fill", "transform", "scale", "choose", "one-hot"), ("k-NN", "gradient descent")


class Knobs(KnobSet):
    gaps: float = knob(0.05, 0.0, 0.3, help="share of the measurements that are lost before the pipeline begins")
    fill: str = knob("mean", choices=("mean", "zero", "drop"), help="gaps take mean or 0; or training rows with one go")
    keep: int = knob(10, 1, 60, help="columns chosen, those that tell most about the class; at most all")
    transform: bool = knob(True, help="take logarithms of columns with a long tail")
    scale: str = knob("standard", choices=("standard", "min-max", "none"), help="mean 0 and std 1; or 0 to 1; or as is")
    labels: str = knob("true", choices=("true", "shuffled"), help="shuffled: classes dealt anew, nothing to be learned")
    noise: int = knob(30, 0, 1000, help="columns of random numbers added")
    splits: int = knob(10, 2, 40, help="random splits over which accuracy is averaged, a fifth for the test")
    pace: int = pace(1)


def prepare(x, y, fit, k, done):
    """The table after the first ``done`` steps, and names of the columns left; each fitted on the rows ``fit``."""
    import numpy as np

    left = np.arange(x.shape[1])
    if done >= 1:
        x = np.where(np.isnan(x), 0.0 if k.fill == "zero" else np.nanmean(x[fit], 0), x)
    if done >= 2 and k.transform:
        z, least = (x[fit] - x[fit].mean(0)) / (x[fit].std(0) + 1e-12), x[fit].min(0)
        tail = ((z**3).mean(0) > 0.65) & (least > 0)
        x = np.where(tail, np.log(np.where(tail, np.maximum(x, least), 1)), x)
    if done >= 3 and k.scale == "standard":
        x = (x - x[fit].mean(0)) / (x[fit].std(0) + 1e-12)  # key: mean and spread of the rows it is fitted on
    if done >= 3 and k.scale == "min-max":
        x = (x - x[fit].min(0)) / (np.ptp(x[fit], 0) + 1e-12)
    if done >= 4:
        z = (x[fit] - x[fit].mean(0)) / (x[fit].std(0) + 1e-12)
        centred = np.eye(y.max() + 1)[y[fit]] - np.eye(y.max() + 1)[y[fit]].mean(0)
        tells = ((z.T @ centred / len(fit)) ** 2 / (centred.var(0) + 1e-12)).sum(1)
        left = np.sort(np.argsort(-tells, kind="stable")[: k.keep])  # key: a choice is fitted too, and leaks most
        x = x[:, left]
    return x, left


def judge(x, y, train, test, one_hot):
    """Test accuracy of k-NN and of 100 steps of gradient descent."""
    import numpy as np

    x = np.nan_to_num(x)
    square = (x**2).sum(1)
    near = (square[train] - 2 * x[test] @ x[train].T).argsort(1, kind="stable")[:, :5]
    votes = np.eye(y.max() + 1)[y[train][near]].sum(1)
    a, goal = np.insert(x, 0, 1, axis=1), np.eye(y.max() + 1)[y] if one_hot else y[:, None]
    w, rate = np.zeros((a.shape[1], goal.shape[1])), 1 / np.linalg.norm(a[train], 2) ** 2
    w[0] = goal[train].mean(0)
    for _ in range(100):
        w -= rate * a[train].T @ (a[train] @ w - goal[train])  # key: the steepest direction sets the rate for all
    said = a[test] @ w
    said = said.argmax(1) if one_hot else said[:, 0].round()
    return np.array([(votes.argmax(1) == y[test]).mean(), (said == y[test]).mean()])


def run(lab, k):
    import numpy as np

    data, rng = lab.dataset, np.random.default_rng(lab.seed)
    x, y = data.gather()
    y = rng.permutation(y) if k.labels == "shuffled" else y
    x[rng.random(x.shape) < k.gaps] = np.nan
    x = np.hstack([x, rng.normal(size=(len(x), k.noise))])
    splits = [np.split(rng.permutation(len(x)), [len(x) // 5]) for _ in range(k.splits)]
    if k.fill == "drop":
        splits = [(test, train[~np.isnan(x[train]).any(1)]) for test, train in splits]
    if (least := min(len(train) for _, train in splits)) < 10:
        raise UsageError(f"fill=drop leaves {least} training rows without a gap; lower gaps, or fill with mean.")
    lab.results(**{"rows left": least / (len(x) - len(x) // 5)})
    scores, guess = np.zeros((len(STEPS), 2, 2)), f" (guessing: {np.bincount(y).max() / len(y):.2f})"
    for done in lab.steps(len(STEPS)):
        for test, train in splits:
            for which, fit in enumerate((train, np.concatenate([train, test]))):  # key: only the first is honest
                table = prepare(x, y, fit, k, done)[0]
                scores[done, which] += judge(table, y, train, test, done == 5) / k.splits
        show(lab, k, *prepare(x, y, splits[0][1], k, done), y, splits[0][1], done)
        told = dict(zip(LEARNERS, scores[: done + 1, 0].T, strict=True))
        lab.bars("accuracy after each step", STEPS[: done + 1], f"share of test rows right{guess}", **told)
        heads = ("after", "k-NN", "k-NN leak", "descent", "descent leak")
        honest, leak = scores[: done + 1, 0], scores[: done + 1, 1] - scores[: done + 1, 0]
        cells = [(f"{h:.3f}", f"{more:+.3f}") for h, more in zip(honest.ravel(), leak.ravel(), strict=True)]
        lab.table("leaks", heads, [(STEPS[i], *cells[2 * i], *cells[2 * i + 1]) for i in range(done, -1, -1)])
        for j, name in enumerate(LEARNERS):
            lab.results(**{f"{name}, {STEPS[done]}": scores[done, 0, j], f"{name}, all rows": scores[done, 1, j]})


def show(lab, k, table, left, y, train, done):
    """Six training rows, which columns make the distances between rows, and the example of the theory."""
    import numpy as np

    data, one_hot = lab.dataset, done == len(STEPS) - 1
    names = [data.features[i][:12] if i < len(data.features) else f"noise {i - len(data.features) + 1}" for i in left]
    share = np.nan_to_num(table[train]).var(0) / np.nan_to_num(table[train]).var(0).sum()
    if STEPS[done] == "fill":
        lab.results(**{"largest share": share.max()})
    most = np.argsort(-share.round(9), kind="stable")[:6]
    largest = (100 * share[most]).round(3)
    lab.bars("share of distance", [names[i] for i in most], "% of the mean squared distance", columns=largest)
    shown, rows = sorted({0, max(0, (left < len(data.features)).sum() - 1), len(left) - 1}), []
    for row in train[:6]:
        cells = ["gap" if np.isnan(v) else f"{round(v, 3) + 0.0:g}" for v in table[row, shown]]
        words = [int(y[row] == label) for label in range(len(data.classes))] if one_hot else [data.classes[y[row]]]
        rows.append([*cells, *words])
    lab.table("six rows", [*(names[place] for place in shown), *(data.classes if one_hot else ("class",))], rows)
    x = np.array([[2.0], [4.0], [6.0], [8.0]])
    z = np.hstack([x, *(prepare(x, None, np.arange(n), k, min(done, 3))[0] for n in (3, 4))]).round(2) + 0.0
    heads = ("row", "x", "z by training rows", "z by all rows")
    lab.table("the example", heads, [("test" if row[0] == 8 else "training", *map(str, row)) for row in z])


def standardise(train, test):
    """Both tables, whole numbers (n, d) and (m, d), standardised with mean and spread of the training rows."""
    train, test = train.astype(float), test.astype(float)
    for column in range(train.shape[1]):
        mean, std = train[:, column].mean(), train[:, column].std() or 1.0
        train[:, column] = (train[:, column] - mean) / std
        test[:, column] = (test[:, column] - mean) / std
    return train, test


def check_standardise(function):
    import numpy as np

    prices = np.array([300 + 5 * month for month in range(36)])
    for name, train in (("prices", prices[:, None]), ("two columns, one constant", np.stack([prices, 0 * prices], 1))):
        test = np.full((2, train.shape[1]), 480)
        a, b = function(train.copy(), test.copy())
        goal = (train - train.mean(0)) / np.where(train.std(0) > 0, train.std(0), 1)
        other = (test - train.mean(0)) / np.where(train.std(0) > 0, train.std(0), 1)
        yield number(np.abs(a - goal).max(), f"{name}: largest error in a training row") <= 1e-9
        yield number(np.abs(b - other).max(), f"{name}: largest error in a test row") <= 1e-9


def after(step, learner="k-NN", **knobs):
    """Test accuracy of a learner after a step, everything fitted on training rows."""
    return last(f"{learner}, {step}", **knobs)


GD, NOISE = "gradient descent", {"labels": "shuffled", "noise": 1000, "splits": 4}
LEAK, WHOLE = after("all rows", GD) - after("one-hot", GD), last("rows left", fill="drop")
LESSON = Lesson(
    covers=("C02",),
    run=run,
    knobs=Knobs,
    data=("wine", "breast-cancer", "iris"),
    takes_tables=True,
    after="data-exploration",
    show=("accuracy after each step", "six rows", "share of distance", "leaks", "the example"),
    takeaways=(
        "Read, fill, transform, scale, choose, one-hot: a table becomes numbers in like units, step by step.",
        "k-NN measures with the column of the largest numbers, which also sets the step length of gradient descent.",
        "Every step that is fitted is fitted on training rows only; a choice of columns leaks far more than a scaler.",
        "0, 1, 2 for three words claims an order; one-hot claims none.",
    ),
    rows=("S3-C02", "S3-50", "S2-128"),
    smoke={"splits": 2},
    predictions=(
        Prediction(
            "Filled, not scaled: what share of the mean squared distance between two rows comes from one column, in %?",
            100 * last("largest share"),
            "Distances add squares: a spread that is 100 times another's weighs 10,000 times as much. Proline has 315, "
            "the next of a wine's columns 14. Where all spreads are alike, no column decides alone.",
            within=0.05,
        ),
        Prediction(
            "Every step is fitted on all rows, test included. How much more accurate does gradient descent seem?",
            choices={
                "under 2 points, if at all": LEAK < 0.02,
                "3 to 10 points": LEAK.between(0.03, 0.1),
                "over 12 points": LEAK > 0.12,
            },
            why="A fifth of the rows hardly moves a mean or a spread. But a choice looks at labels: of columns that "
            "tell about the same, as random ones do, it takes those that agree with the test too, if the test had a "
            "say. Columns that tell much more than others stand out anyway.",
        ),
    ),
    claims=(
        Claim(
            "On wine, k-NN gets under 78 % before scaling, measuring with one column, and over 80 % after it",
            (after("fill") < 0.78) & (after("scale") > 0.8) & (last("largest share") > 0.99),
            seeds=10,
        ),
        Claim("Choosing usually gives k-NN a point", after("choose") - after("scale") > 0.01, seeds=10, needed=8),
        Claim(
            "100 steps of gradient descent get under 55 % unscaled, over 75 % scaled; one-hot adds over 3 points",
            (after("fill", GD) < 0.55)
            & (after("scale", GD) > 0.75)
            & (after("one-hot", GD) - after("choose", GD) > 0.03),
            seeds=10,
        ),
        Claim("With the true labels, fitting on all rows leaks under 2 points", abs(LEAK) < 0.02, seeds=10),
        Claim(
            "A choice of 10 among 1,013 columns leaks over 10 points where there is nothing to learn",
            last(f"{GD}, all rows", **NOISE) - after("one-hot", GD, **NOISE) > 0.1,
            after("one-hot", GD, **NOISE) < 0.52,
            seeds=10,
        ),
        Claim("With 5 % gaps in 13 columns about half of all rows are whole", WHOLE.between(0.36, 0.62), seeds=10),
        Claim(
            "Of irises, whose species lie in order along a line, one-hot costs over 3 points",
            after("choose", GD, noise=0) - after("one-hot", GD, noise=0) > 0.03,
            seeds=10,
            data="iris",
        ),
    ),
    exercises=(
        Exercise(
            "Among at least 300 columns of noise, let k-NN get 90 % right after the last step, with true labels.",
            (knob_value("noise") >= 300) & (after("one-hot") > 0.9),
            solution={"noise": 300, "keep": 8, "splits": 20},
            hints=("After which step does k-NN recover? Try its knob at both ends, then between.",),
        ),
        CodeExercise(
            "Two mistakes: NumPy keeps an array's type, so that 25·2^1.1 = 53.59 put into whole numbers is 53; and the "
            "test rows get units of their own. Repair both.",
            standardise,
            check_standardise,
            broken={
                "train.astype(float), test.astype(float)": "train.copy(), test.copy()",
                "(test[:, column] - mean) / std": "(test[:, column] - test[:, column].mean()) / std",
            },
            hints=("What is `train.dtype`, before and after?", "A model knows one unit: that of its training rows."),
            mistakes=(39,),
        ),
    ),
    quiz=quiz("""
        ? [compute] Training rows 1 and 3, test row 5. What is the test row, standardised?
        - 0, as it is the mean of the test
        - 1.22, from mean 3 and std 1.63
        + 3, from mean 2 and std 1
        = Mean and spread belong to the pipeline that was fitted: to the training rows. 1.22 has seen the test row.

        ? [compute] Each of 13 columns lacks 5 % of its cells, anywhere. Which share of the rows has no gap?
        - 95 %
        + 51 %
        - 35 %
        = 0.95¹³ = 0.51. Rows with a gap are many even where gaps are few; leaving them out throws half away.

        ? [foresee] Proline is given in grams instead of milligrams. Do the neighbours that k-NN finds change?
        - No, since the amounts stay the same
        + Only if nothing is standardised
        - Yes, whether standardised or not
        = A unit is a factor of distance; dividing by the standard deviation takes it out again.

        ? Labels are random, yet a test says 58 %, where guessing gets 40 %. What was most likely fitted on all rows?
        - The means that fill gaps
        - The spreads that scale
        + The choice of columns
        = Only the choice looks at labels. Choosing is learning, and who learns from the test can pass it.
    """),
    sources=(
        "T. Hastie, R. Tibshirani, J. Friedman: The Elements of Statistical Learning, 2nd ed., Springer 2009, 7.10.2",
        "M. Kuhn, K. Johnson: Applied Predictive Modeling, Springer 2013, chapter 3",
        "Y. LeCun et al.: Efficient BackProp, in: Neural Networks: Tricks of the Trade, 1998, 9-50, section 4.3",
    ),
)
