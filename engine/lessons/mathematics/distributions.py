"""Distributions: what chance piles up to

Nobody can foretell one waiting time or one noisy gradient. Why can the shape of ten thousand be drawn beforehand? And
when does averaging not help?

**Random variables.** X is a number that chance decides, its *distribution* how often it is what. If X counts
(*discrete*), each value has a probability. If X is measured (*continuous*), any single value has probability 0, and a
*density* f says how thick chance lies per unit of x. Only areas below it are probabilities:

    P(a < X ≤ b) = ∫ f(x) dx from a to b    bar = count / (all · width)

By hand: uniform between 0 and 0.5 means f = 2, so P(X ≤ 0.2) = 2 · 0.2 = 0.4 (set `distribution`, `scale` 0.5, `below`
0.2). A density may exceed 1; in other units it is another.

**Law of large numbers.** If X has a mean μ, the mean of n independent values settles at μ as n grows.

**Central limit theorem.** If the standard deviation σ, how widely X scatters, is finite too, means of n values pile up
to a *normal curve*, the bell, whatever the shape of X, the better the larger n:

    centre μ      standard deviation σ/√n      95 % within μ ± 1.96 σ/√n

**Where both fail.** Cauchy's density, 1/(π(1 + x²)), fades so slowly that there is no mean. What do averages do then?

**Learning.** The gradient of a mini-batch is a mean of n draws: four times the batch halves its noise. Sums of many
random weights, as a fresh network has them, are nearly normal.

**Predict, then run.** A step draws `group` values and takes their mean. **Watch** both piles. **Break it:** Cauchy.
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    computed,
    knob,
    knob_value,
    last,
    number,
    pace,
    quiz,
)

INF, BINS = float("inf"), 30
LAWS = {
    "exponential": (lambda r, n: r.exponential(1, n), lambda s, x: s.gammainc(1, x), 0, 1, 1, (0, 6)),
    "normal": (lambda r, n: r.normal(0, 1, n), lambda s, x: s.ndtr(x), -INF, 0, 1, (-4, 4)),
    "uniform": (lambda r, n: r.uniform(0, 1, n), lambda s, x: x.clip(0, 1), 0, 0.5, 12**-0.5, (-0.25, 1.25)),
    "gamma": (lambda r, n: r.gamma(2, 1, n), lambda s, x: s.gammainc(2, x), 0, 2, 2**0.5, (0, 9)),
    "Bernoulli": (lambda r, n: r.binomial(1, 0.7, n), lambda s, x: s.bdtr(x.clip(0, 1), 1, 0.7), 0, 0.7, 0.21**0.5, 1),
    "binomial": (lambda r, n: r.binomial(10, 0.5, n), lambda s, x: s.bdtr(x.clip(0, 10), 10, 0.5), 0, 5, 2.5**0.5, 10),
    "Poisson": (lambda r, n: r.poisson(5, n), lambda s, x: s.pdtr(x, 5), 0, 5, 5**0.5, 15),
    "Cauchy": (lambda r, n: r.standard_cauchy(n), lambda s, x: s.stdtr(1, x), -INF, 0, INF, (-8, 8)),
}
"""How n are drawn, P(X ≤ x), the least value, mean or middle, σ, and what is shown: an interval, or 0 to a count."""


class Knobs(KnobSet):
    distribution: str = knob("exponential", choices=tuple(LAWS), help="how likely X is to be what")
    group: int = knob(20, 1, 200, help="n, values averaged into one mean")
    scale: float = knob(1.0, 0.1, 10.0, scale="log", help="what every value is multiplied by: X in another unit")
    below: float = knob(1.0, -10.0, 20.0, help="c in P(X ≤ c), in the units of X (after scale)")
    experiments: int = knob(400, 100, 2000, help="groups, one a step")
    pace: int = pace(20)


def find_chance(k, x):
    """P(X ≤ x) for each x of an array."""
    import numpy as np
    from scipy import special

    _, chance, least, _, _, shown = LAWS[k.distribution]
    x = np.asarray(x) / k.scale
    x = np.floor(x + 1e-9) if isinstance(shown, int) else x
    return np.where(x < least, 0.0, chance(special, np.maximum(x, least)))


def run(lab, k):
    import numpy as np

    names = (k.distribution, "normal" if k.distribution == "Cauchy" else "Cauchy")
    drawn, means = (lab.state.setdefault(what, {name: [] for name in names}) for what in ("drawn", "means"))
    for _ in lab.steps(k.experiments):
        for name in names:
            drawn[name].append(k.scale * LAWS[name][0](np.random, k.group))
            means[name].append(float(drawn[name][-1].mean()))  # key: n values give one mean
        if lab.due() or len(means[names[0]]) in (1, k.experiments):
            values, averages = np.concatenate(drawn[names[0]]), np.array(means[names[0]])
            show_values(lab, k, values, averages)
            show_means(lab, k, averages)
            say_numbers(lab, k, values, averages, [np.ravel(of["Cauchy"]) for of in (drawn, means)])
        lab.scalars({f"{name}/mean of all": float(np.mean(means[name])) for name in names})  # key: groups are alike


def pile_up(values, edges, chance):
    """x, and two staircases above it: the values' histogram with an area of 1, and the density chance asks for."""
    import numpy as np

    fine = np.linspace(edges[0], edges[-1], 12 * (len(edges) - 1) + 1)
    heights = np.histogram(values, edges)[0] / (len(values) * np.diff(edges))  # key: the area is the share
    return (fine[1:] + fine[:-1]) / 2, np.repeat(heights, 12), np.diff(chance(fine)) / np.diff(fine)  # key: per unit


def show_values(lab, k, values, means):
    import numpy as np

    shown = LAWS[k.distribution][-1]
    if isinstance(shown, int):
        counts = np.arange(shown + 1)
        shares = [np.isclose(values, k.scale * count).mean() for count in counts]
        exact = np.diff(find_chance(k, k.scale * np.arange(-1, shown + 1)))
        lab.bars("values drawn", [f"{k.scale * n:.3g}" for n in counts], "share", drawn=shares, exact=exact)
        return
    edges = k.scale * np.linspace(*shown, BINS + 1)
    x, heights, density = pile_up(values, edges, lambda x: find_chance(k, x))
    thin = np.histogram(means, 3 * BINS, (edges[0], edges[-1]))[0] / (len(means) * (edges[1] - edges[0]) / 3)
    lines = {f"P(X ≤ {k.below:.3g})": np.where(x <= k.below, density, 0), "density": density, "drawn": heights}
    lines[f"means of {k.group}"] = np.repeat(thin, 4)
    lab.curve("values drawn", x, axes=("x", "density (per unit of x)"), **lines)


def show_means(lab, k, means):
    import numpy as np
    from scipy.special import ndtr

    _, _, _, mean, sd, shown = LAWS[k.distribution]
    centre, sigma = k.scale * mean, k.scale * sd / np.sqrt(k.group)
    if k.distribution == "Cauchy":
        edges, chance, name = k.scale * np.linspace(*shown, BINS + 1), lambda x: find_chance(k, x), "single values"
    else:
        width, start = 8 * sigma / BINS, centre - 4 * sigma
        if isinstance(shown, int):  # such means lie on a lattice: every bin gets as many of its places
            grain = k.scale / k.group
            width, start = max(1, round(width / grain)) * grain, (np.floor(start / grain) - 0.5) * grain
        edges = start + width * np.arange(np.ceil((centre + 4 * sigma - start) / width) + 1)
        chance, name = (lambda x: ndtr((x - centre) / sigma)), "normal curve"
    x, heights, density = pile_up(means, edges, chance)
    lab.curve("means", x, axes=(f"mean of {k.group} values", "density"), **{"drawn": heights, name: density})


def say_numbers(lab, k, values, means, cauchy):
    import numpy as np

    _, _, _, mean, sd, shown = LAWS[k.distribution]
    centre, sigma, near = k.scale * mean, k.scale * sd, 0.1 * k.scale
    low, chance, high = find_chance(k, k.below + near * np.array([-1, 0, 1]))
    share, strip = np.mean(values <= k.below + 1e-9), np.mean(np.abs(values - k.below) <= near)
    inside = np.mean(np.abs(means - centre) <= 1.96 * sigma / np.sqrt(k.group))
    rows = [("mean", centre, values.mean()), ("σ", sigma, values.std()), ("means in μ ± 1.96 σ/√n", 0.95, inside)]
    rows = [(name, "none", value) for name, _, value in rows[:2]] if k.distribution == "Cauchy" else rows
    rows += [(f"P(X ≤ {k.below:.4g})", chance, share), (f"P({k.below:.4g} ± {near:.2g})", high - low, strip)]
    density = [(f"the same ÷ {2 * near:.2g}: density", (high - low) / (2 * near), strip / (2 * near))]
    rows += density * (not isinstance(shown, int))
    if len(means) > 30:  # before, all may be equal
        if k.distribution != "Cauchy":
            rows.append(("σ ÷ that of the means", k.group**0.5, ratio := float(values.std() / means.std())))
            lab.results(narrower=ratio)
        ratio = np.divide(*(np.subtract(*np.quantile(of, (0.75, 0.25))) for of in cauchy))
        rows.append(("Cauchy: middle half, likewise", 1, ratio))
        lab.results(**{"Cauchy narrower": float(ratio)})
    lab.table("numbers", ("", "theory", "drawn"), rows)
    lab.results(share=float(share), chance=float(chance), density=float((high - low) / (2 * near)))
    lab.results(inside=float(inside), miss=float(abs(values.mean() - centre) / k.scale))


def draw_density(values, edges):
    """Density of values in each bin between edges (m + 1,), and of the fitted normal curve amid it; both (m,)."""
    import numpy as np

    heights = np.histogram(values, edges)[0] / (len(values) * np.diff(edges))
    mean, sd = values.mean(), values.std()
    z = ((edges[1:] + edges[:-1]) / 2 - mean) / sd
    return heights, np.exp(-(z**2) / 2) / (sd * np.sqrt(2 * np.pi))


def check_density(function):
    import numpy as np

    values = np.random.default_rng(8).normal(50, 10, 20_000)
    edges = np.array([-20, 30, 35, 38, 40, 42, 44, 46, 48, 50, 52, 54, 56, 58, 60, 65, 70, 120.0])
    for unit in (1.0, 0.01):
        heights, fitted = function(unit * values, unit * edges)
        where, peak = f"20,000 values of N({50 * unit:g}, {10 * unit:g}²)", 0.3989423 / (10 * unit)
        yield number(abs(heights @ np.diff(unit * edges) - 1), f"{where}: distance of the bars' area from 1") <= 1e-9
        gap = np.abs(heights - fitted)[3:-3].max() / peak
        yield number(gap, f"{where}: largest gap of bars and curve near the peak, as a share of it") <= 0.08


LESSON = Lesson(
    covers=("A10",),
    run=run,
    knobs=Knobs,
    after="correlation",
    show=("values drawn", "means", "mean of all", "numbers"),
    takeaways=(
        "A density is chance per unit of x: it may exceed 1 and changes with the unit; areas below it do neither.",
        "More values smooth a histogram; only means of n pile up to a bell, of σ/√n, whatever the values' shape.",
        "Averaging Cauchy's values, which have no mean, makes nothing narrower.",
    ),
    predictions=(
        Prediction(
            "20 values a group (or as your knob says): how many times narrower is the pile of means than the values'?",
            computed("how many times narrower it was", lambda run: run.history.metrics.get("narrower")),
            "√n times, √20 = 4.5: independent deviations partly cancel. Cauchy values, without a σ, are not graded.",
            within=0.2,
        ),
        Prediction(
            "Cauchy values, symmetric around 0, are averaged too. How far from 0 is a mean, against one value?",
            choices={
                "About as far": last("Cauchy narrower").between(0.6, 1.55) & (knob_value("group") >= 4),
                "Nearer, by about √n": (last("Cauchy narrower") > 1.7) & (knob_value("group") >= 4),
                "Farther": (last("Cauchy narrower") < 0.55) & (knob_value("group") >= 4),
            },
            why="One huge value in a group outweighs all others, and larger groups meet larger ones. The mean of n has "
            "exactly the distribution of a single value. Groups below 4 are not graded.",
        ),
    ),
    claims=(
        Claim(
            "Means of 20 exponential values scatter √20 = 4.47 times less than single ones, and 95 % of them lie "
            "within 1.96 σ/√n, the same with Poisson values; of Cauchy values 200 still make as wide a pile as one",
            last("narrower", experiments=2000).between(4.2, 4.75),
            last("inside", experiments=2000).between(0.93, 0.975),
            last("narrower", distribution="Poisson", experiments=2000).between(4.2, 4.75),
            last("inside", distribution="Poisson", experiments=2000).between(0.925, 0.97),
            last("Cauchy narrower", group=200).between(0.65, 1.5),
            seeds=10,
        ),
        Claim(
            "8,000 normal values have a mean within 0.05 of the centre, 8,000 Cauchy values usually not within 0.15",
            last("miss", distribution="normal") < 0.05,
            last("miss", distribution="Cauchy") > 0.15,
            seeds=10,
            needed=7,
        ),
        Claim(
            "In a unit ten times as large the density is ten times as high, and the probability as it was. Uniform "
            "between 0 and 0.5: density 2, 40 % below 0.2",
            abs(last("density", scale=0.1, below=0.1) / last("density") - 10) < 1e-6,
            abs(last("chance", scale=0.1, below=0.1) - last("chance")) < 1e-9,
            abs(last("density", distribution="uniform", scale=0.5, below=0.2) - 2) < 1e-9,
            last("share", distribution="uniform", scale=0.5, below=0.2).between(0.375, 0.425),
            seeds=10,
        ),
    ),
    exercises=(
        Exercise(
            "Make the means at least 9 times narrower than the values, with at most 105 values a group.",
            knob_value("group") <= 105,
            last("narrower") >= 9,
            solution={"group": 102, "experiments": 1000},
        ),
        CodeExercise(
            "Bars of your own data and a fitted normal curve do not meet: neither is a density. Repair both.",
            draw_density,
            check_density,
            broken={"(len(values) * np.diff(edges))": "len(values)", "(sd * np.sqrt(2 * np.pi))": "np.sqrt(2 * np.pi)"},
            hints=("The area of a bar, its height times its width, is the share of values in it.",),
            rows=("S2-112", "S2-108"),
        ),
    ),
    quiz=quiz("""
        ? A script says `# 1000 samples`, and prints 0.5 for `np.random.binomial(1, 0.7, size=10).mean()`. Why?
        - The generator is faulty: 0.7 was asked for
        + Ten values scatter that much
        - Of 1,000 values the mean is seldom nearer
        = Only `size` counts: 10 were drawn. Their mean scatters by √(0.7 · 0.3/10) = 0.14; that of 1,000 by 0.014.
        & 13, S3-31

        ? Which of these is Poisson distributed, if all comes independently and at a steady rate?
        - Which one of k classes an image has
        + How many messages come in an hour
        - How many of 10 coins show heads
        = Poisson counts events in an interval: 0, 1, 2 and on without limit. One of k outcomes is categorical, the
          time to the next event exponential, and a count out of 10 binomial.
        & 89, S3-32

        ? [compute] The standard normal density is 0.399 at 0. What is it at the centre if σ is 0.1?
        - 0.0399
        + 3.99
        - At most 1, as it is a probability
        = Ten times narrower with the same area 1: ten times higher. A strip 0.01 wide there has a probability of 0.04.
        & S2-103, S3-30

        ? [foresee] A histogram of 100 waiting times is ragged, with a long tail to the right. What will 100,000 show?
        - A bell, by the central limit theorem
        - A pile 30 times narrower around the mean
        + Smoother bars, with the same tail
        = The theorem is about means of many values. Single values keep their distribution however many there are.
        & S3-23
    """),
    sources=(
        "W. Feller: An Introduction to Probability Theory and Its Applications I, 3rd ed., Wiley 1968, ch. VI, VII, X",
        "S. M. Stigler: Cauchy and the witch of Agnesi, Biometrika 61 (1974), 375-380",
        "R. M. Neal: Bayesian Learning for Neural Networks, Springer 1996, chapter 2 (sums of random weights)",
    ),
    rows=("S3-24", "S2-101", "S2-109"),
)
