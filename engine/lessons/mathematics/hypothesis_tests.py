"""Hypothesis tests: how often would chance do this?

Model B beats model A by a little. Would a mere difference in luck look like that too? And if the difference is real,
how often would you see it?

**The test.** The *null hypothesis* is a claim about the populations: "both have the same mean" (and are normal, of one
spread). Of two samples of size n, with variances s², take how far apart the means are, in units of what chance makes:

    t = (mean of B − mean of A) / √(s²_A / n + s²_B / n)

By hand, A = 1, 3 and B = 5, 7: means 2 and 6, variances 2 and 2, so t = 4/√2 = 2.83; p is 0.11.

**The p-value** is the chance of a t at least this far from 0 *if the null hypothesis is true*. It is not the chance
that the hypothesis is true. Reject below a *level*, mostly 0.05.

**Two errors.** Rejecting what is true: the level says how often. Keeping what is false: a real difference is found
only in a share of all experiments, the *power*. "Cannot reject" does not mean "no difference".

**Chi-square** (χ²) compares counts with those expected if both groups had the same shares: it adds
(seen − expected)²/expected. Here: how many values lie above 0.

**Seeds.** Each training run of a model is one sample. Three seeds of each find a difference of one standard deviation
in 16 % of all attempts.

**Predict, then run.** Every step is two experiments, one without and one with a difference. **Watch** the leftmost
bars, where p is below 0.05. **Break it:** look ten times and report the best p.
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

TESTS = ("two-sample t", "one-sample t", "chi-square")
TRUTHS = ("no difference", "difference")


class Knobs(KnobSet):
    test: str = knob(TESTS[0], choices=TESTS, help="B against A by means, B against 0, or counts above 0 of B and A")
    difference: float = knob(1.0, 0.0, 3.0, help="true mean of B; that of A is 0, the standard deviations are 1")
    samples: int = knob(10, 2, 200, help="n, values in each group")
    level: float = knob(0.05, 0.001, 0.5, scale="log", live=True, help="reject where p is below this")
    looks: int = knob(1, 1, 10, help="how often one looks while samples come in, reporting the smallest p")
    experiments: int = knob(500, 100, 4000, help="experiments of each kind, one a step")
    pace: int = pace(25)


def weigh_means(a, b):
    """t, and p if a and b, both (n,), come from populations of equal mean and spread; without a, if b's mean is 0."""
    import numpy as np
    from scipy.special import stdtr

    n = len(b)
    error = b.var(ddof=1) / n + (0 if a is None else a.var(ddof=1) / n)  # key: how much chance moves the difference
    freedom = n - 1 if a is None else 2 * n - 2
    t = (b.mean() - (0 if a is None else a.mean())) / np.sqrt(error)
    return t, 2 * stdtr(freedom, -abs(t))  # key: both tails, as far out as this or farther


def weigh_counts(a, b):
    """χ², and p if in both populations the same share is above 0; not corrected for continuity."""
    import numpy as np
    from scipy.special import chdtrc

    seen = np.array([[(group > 0).sum(), (group <= 0).sum()] for group in (a, b)])
    expected = seen.sum(1, keepdims=True) * seen.sum(0) / seen.sum()  # key: what proportional rows would hold
    if not expected.all():
        return 0.0, 1.0
    chi2 = ((seen - expected) ** 2 / expected).sum()
    return chi2, chdtrc(1, chi2)


def run(lab, k):
    import numpy as np

    weigh = weigh_counts if k.test == "chi-square" else weigh_means
    looks = sorted({max(2, round(k.samples * look / k.looks)) for look in range(1, k.looks + 1)})
    found = lab.state.setdefault("p", {truth: [] for truth in TRUTHS})
    for _ in lab.steps(k.experiments):
        for truth, shift in zip(TRUTHS, (0.0, k.difference), strict=True):
            a, b = np.random.standard_normal((2, k.samples))
            b += shift
            tried = [weigh(None if k.test == "one-sample t" else a[:n], b[:n]) for n in looks]
            found[truth].append(float(min(p for _, p in tried)))  # key: with several looks the best is reported
        shares = {truth: float(np.mean(np.array(p) < k.level)) for truth, p in found.items()}
        lab.scalars({f"{truth}/share rejected": share for truth, share in shares.items()})
        if lab.due() or len(found[TRUTHS[1]]) in (1, k.experiments):
            show(lab, k, a, b, *tried[-1], found, shares)
    null = np.array(found[TRUTHS[0]])
    middle = float(((null > 0.25) & (null < 0.75)).mean())
    lab.results(**{"p below a half": float((null < 0.5).mean()), "p in the middle": middle})
    lab.results(**{"level reached": shares[TRUTHS[0]], "power": shares[TRUTHS[1]]})


def show(lab, k, a, b, statistic, p, found, shares):
    """The p-values so far, what was decided, and the newest experiment in which there is a difference."""
    import numpy as np
    from scipy.special import beta

    lab.histogram("p-values", 20, (0.0, 1.0), **found)
    names = ("false alarm", "right"), ("found", "missed")
    rows = [
        (truth, f"{share:.1%} {no}", f"{1 - share:.1%} {yes}")
        for (truth, share), (no, yes) in zip(shares.items(), names, strict=True)
    ]
    lab.table("decisions", ("truth", "rejected", "kept"), rows)
    dots = np.concatenate([np.stack([a, 0 * a], 1), np.stack([b, 0 * b + 1], 1)])
    means = [(a.mean(), 0), (b.mean(), 1)]
    labels = np.repeat([0, 1], len(a))
    lab.points("experiment", dots, labels, ("A", "B"), paths={"means": means}, axes=("value", "A: 0, B: 1"))
    if k.test == "chi-square":
        x = np.linspace(0.05, max(8.0, 1.1 * statistic), 200)
        height = np.exp(-x / 2) / np.sqrt(2 * np.pi * x)
    else:
        x = np.linspace(-1, 1, 201) * max(5.0, 1.1 * abs(statistic))
        freedom = (1 if k.test == "one-sample t" else 2) * (k.samples - 1)
        height = (1 + x**2 / freedom) ** (-(freedom + 1) / 2) / (np.sqrt(freedom) * beta(0.5, freedom / 2))
    mark = {f"seen, p = {p:.2g}": (float(statistic), 0.0)}
    tail = np.where(np.abs(x) >= abs(statistic), height, 0)
    lab.curve("if chance alone", x, mark, axes=("statistic", "density"), density=height, tail=tail)


def compare_models(a, b):
    """p that models A and B are equally good, from their accuracies a and b, (n,), pair by pair of the same seed."""
    import numpy as np
    from scipy import stats

    gain = b - a
    n = len(gain)
    t = gain.mean() / (gain.std(ddof=1) / np.sqrt(n))
    return 2 * stats.t.sf(abs(t), n - 1)


def check_compare(function):
    import numpy as np

    b = np.array([5.1, 5.3, 5.5, 5.7, 5.9])
    found = function(np.full(5, 5.0), b)
    if np.ndim(found) != 0:
        raise Wrong(f"p is one number; yours has shape {np.shape(found)}.")
    yield number(abs(found - 0.0241101), "5.1, 5.3, 5.5, 5.7, 5.9 against 5: distance from 0.0241101") <= 1e-6
    yield number(abs(function(b, np.full(5, 5.0)) - found), "A and B exchanged: change of p") <= 1e-12
    rng = np.random.default_rng(4)
    seeds = rng.normal(0, 5, (2000, 4))
    p = np.array([function(seed + rng.normal(size=4), seed + rng.normal(size=4)) for seed in seeds])
    yield number(float((p < 0.05).mean()), "2,000 pairs of equal models, 4 seeds: share with p below 0.05") <= 0.065
    yield number(float((p < 0.5).mean()), "the same: share with p below 0.5") >= 0.46


LESSON = Lesson(
    covers=("A13",),
    run=run,
    knobs=Knobs,
    after="correlation",
    minutes=12,
    show=("p-values", "if chance alone", "decisions", "share rejected", "experiment"),
    takeaways=(
        "A p-value is the chance of data at least this far out if the null hypothesis is true.",
        "Without a difference every p-value is as likely as any other, so the level is the share of false alarms.",
        "Power is the share of experiments that find a real difference; few samples miss most of them.",
        "Reporting the best p of ten looks makes false alarms about four times as frequent.",
    ),
    predictions=(
        Prediction(
            "10 values in each group, means 0 and 1 (or as your knobs say): in what share (0 … 1) of such experiments "
            "is the difference found?",
            last("power"),
            "The power. 10 values in each group, a difference of one standard deviation, the two-sample t-test, one "
            "look and a level of 0.05 give 0.56: even so large a difference is missed nearly every second time.",
            within=0.15,
        ),
        Prediction(
            "How do the p-values lie where there is no difference?",
            choices={
                "Most of them near 1": last("p below a half") < 0.25,
                "Evenly from 0 to 1": last("p below a half").between(0.42, 0.58)
                & last("p in the middle").between(0.42, 0.58),
                "As a hill around 0.5": last("p in the middle") > 0.75,
                "Most of them near 0": last("p below a half") > 0.75,
            },
            why="p below 0.05 happens in 5 %, below 0.5 in half: that is what p means, so one look gives an even "
            "spread. The smallest of several looks is smaller. Counts allow few χ²: clumps, often not graded.",
        ),
    ),
    claims=(
        Claim(
            "With 10 values a group, a difference of one standard deviation is found in 56 % of the experiments",
            last("power", experiments=2000).between(0.525, 0.6),
            last("level reached", experiments=2000).between(0.032, 0.068),
            seeds=10,
        ),
        Claim("With 3 it is found in 16 %", last("power", experiments=2000, samples=3).between(0.125, 0.195), seeds=10),
        Claim(
            "Ten looks make more than 13 % false alarms at a level of 5 %",
            last("level reached", looks=10, samples=50) > 0.13,
            seeds=10,
        ),
        Claim(
            "Without a difference half of the p-values lie below 0.5 and half between 0.25 and 0.75",
            last("p below a half", experiments=2000).between(0.455, 0.545),
            last("p in the middle", experiments=2000).between(0.455, 0.545),
            seeds=10,
        ),
        Claim(
            "Counting who is above 0 finds less often what the means find",
            last("power", test="chi-square", samples=20) < last("power", samples=20) - 0.1,
            seeds=10,
        ),
    ),
    exercises=(
        Exercise(
            "Find the difference of 1 in at least 80 % of the experiments, at a level of 0.05, with one look, by the "
            "two-sample t-test, with at most 22 values a group.",
            (knob_value("test") == TESTS[0]) & (knob_value("difference") == 1) & (knob_value("level") == 0.05),
            knob_value("looks") == 1,
            knob_value("samples") <= 22,
            last("power") >= 0.8,
            solution={"samples": 22},
            hints=("t grows with √n. 10 values give 0.56.",),
        ),
        CodeExercise(
            "Two models were trained with the same seeds. This p is too small, and depends on which is called A.",
            compare_models,
            check_compare,
            broken={"gain.std(ddof=1)": "gain.std()", "2 * stats.t.sf(abs(t), n - 1)": "stats.norm.sf(t)"},
            hints=(
                "The gains are a sample: their variance is by n − 1.",
                "Both tails count, and with few seeds t has wider tails than the normal curve: n − 1 degrees.",
            ),
        ),
    ),
    quiz=quiz("""
        ? [compute] `chi2_contingency([[10, 20], [20, 40]])`: 10 of 30 in one group, 20 of 60 in the other. What is χ²?
        - 10
        + 0
        - It depends on the level
        - About 1, as there is one degree of freedom
        = Both shares are a third, so the counts expected are those seen: χ² is 0 and p is 1 by construction. A table
          with proportional rows can show nothing else. (For 2 × 2 SciPy also corrects for continuity by default.)
        & 105, S2-106

        ? Which of these is a null hypothesis?
        - The two sample means are equal
        - There is no relation between the statistic and the parameter
        + The two population means are equal
        - The difference is not significant
        = It claims something about the populations, which nobody sees. The sample means can be compared at once and
          are hardly ever equal; significance is what the test says afterwards.
        & 90, S3-33

        ? [foresee] Ten values each from normal populations with means 0 and 1, t-test at 0.05; it prints "cannot
          reject". What happened?
        - The random numbers were faulty
        - The means turned out to be equal
        + What happens in 44 % of such experiments
        - The level was too high
        = The difference is real, and the power only 0.56. This is an error of the second kind: missed, not absent.
          A lower level misses even more.
        & 91, S3-34

        ? [compute] 5.1, 5.3, 5.5, 5.7, 5.9 have the mean 5.5 and s = 0.316. What is t against 5.0?
        - 1.58
        - 0.71
        + 3.54
        = 0.5/(0.316/√5) = 3.54. 1.58 forgets √5: the mean of five scatters less than one value. With 4 degrees of
          freedom p is 0.024.
        & S2-104, S2-111

        ? [foresee] 20 variants that change nothing are each tested against the baseline at 0.05. How likely is at least
          one "significant" gain or loss, if the tests are independent?
        - 5 %
        + 64 %
        - 100 %, as 20 · 0.05 = 1
        = 1 − 0.95²⁰ = 0.64. Test fewer, ask for a lower level, or test the winner again with new seeds.
    """),
    sources=(
        "Student: The probable error of a mean, Biometrika 6 (1908), 1-25",
        "P. Armitage, C. K. McPherson, B. C. Rowe: Repeated significance tests on accumulating data, Journal of the "
        "Royal Statistical Society A 132 (1969), 235-244",
        "R. L. Wasserstein, N. A. Lazar: The ASA statement on p-values: context, process, and purpose, The American "
        "Statistician 70 (2016), 129-133",
    ),
    rows=("S2-105",),
)
