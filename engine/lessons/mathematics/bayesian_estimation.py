"""Bayesian estimation: a belief that sharpens

Five of five test images are right. Is the model's accuracy 100 %? That depends on what you held likely before, and on
what an error costs you.

**Bayes' theorem.** The *prior* says how likely each value θ of an unknown is before there are data, the *likelihood*
how likely the data are if θ is true. Multiply both, divide by the sum over all θ: the *posterior*.

    P(θ | data) = P(data | θ) · P(θ) / P(data)

By hand: 1 % of the people are ill, and a test is right for 90 % of the ill and of the healthy. Of 1,000 people 10 are
ill, 9 of them positive; of 990 healthy ones 99 are. A positive is ill with a chance of 9/108 = 8 %. Who forgets the
*base rate*, 1 %, says 90 %.

**Estimates.** Here θ is the share of right answers; r of n were right. The prior is worth w imagined answers, a share b
of them right. For 5 of 5, w = 4 and b = 0.5:

    ML = r / n                              5/5
    MAP = (r + w·b) / (n + w)               7/9
    mean = (r + w·b + 1) / (n + w + 2)      8/11

*Maximum likelihood* (ML) is the likelihood's peak, *maximum a posteriori* (MAP) the posterior's. The posterior's mean
has the *minimum mean square error* (MMSE), if truths are spread as the prior says.

**Learning.** Cross-entropy is −log of the likelihood: minimising it is ML. A normal prior on a network's weights v,
around 0 with standard deviation τ, adds ‖v‖²/(2τ²) to its sum: *weight decay* is MAP.

**Predict, then run.** A step is one answer. **Watch** the posterior leave the prior. **Break it:** `belief` 0.2,
`weight` 500: 100 answers hardly move it.
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

WORLDS = ("as the prior says", "all at truth")
GRID, COUNT, EARLY = 400, 4000, 5
"""Values of θ; worlds in which the same is estimated; answers after which their errors are first compared."""


class Knobs(KnobSet):
    truth: float = knob(0.9, 0.0, 1.0, help="θ, the share of right answers that is to be found out")
    belief: float = knob(0.5, 0.0, 1.0, help="b, the share of right answers at which the prior peaks")
    weight: float = knob(4.0, 0.0, 1000.0, help="w, how many answers the prior is worth; 0 is flat")
    answers: int = knob(100, EARLY, 1000, help="n, answers that come in, one a step")
    worlds: str = knob(WORLDS[0], choices=WORLDS, help="truths of the 4,000 worlds whose errors are averaged")
    base_rate: float = knob(0.01, 1e-4, 0.5, scale="log", help="share of ill people; the test is right for 90 %")
    pace: int = pace(5)


def estimate(k, right, n):
    """Each estimate and how it is computed; right answers among n, a number or an array."""
    imagined = k.weight * k.belief
    parts = {
        "ML": (right, n),
        "MAP": (right + imagined, n + k.weight),  # key: a prior acts like data seen before
        "mean": (right + imagined + 1, n + k.weight + 2),
    }
    return {name: above / below for name, (above, below) in parts.items()}, parts


def normalise(log):
    """The density on the grid, of mean 1, whose logarithm is log and a constant."""
    import numpy as np

    density = np.exp(log - log.max())
    return density / density.mean()  # key: the evidence, P(data), only scales


def run(lab, k):
    import numpy as np

    theta = (np.arange(GRID) + 0.5) / GRID
    log_prior = k.weight * (k.belief * np.log(theta) + (1 - k.belief) * np.log(1 - theta))
    log_likelihood, right = np.zeros(GRID), np.zeros(1 + COUNT)
    truths = np.random.beta(1 + k.weight * k.belief, 1 + k.weight * (1 - k.belief), 1 + COUNT)
    truths[: 1 if k.worlds == WORLDS[0] else None] = k.truth
    lab.track(log_likelihood=log_likelihood, right=right, truths=truths)
    errors = lab.state.setdefault("errors", {name: [] for name in ("ML", "MAP", "mean")})
    test_again(lab, k.base_rate)
    for step in lab.steps(k.answers):
        answers = np.random.uniform(size=1 + COUNT) < truths
        right += answers
        log_likelihood += np.log(theta if answers[0] else 1 - theta)  # key: independent answers multiply
        logs = {"prior": log_prior, "likelihood, scaled": log_likelihood, "posterior": log_prior + log_likelihood}
        densities = {name: normalise(log) for name, log in logs.items()}
        found, _ = estimate(k, right, step + 1)
        mine = {name: float(values[0]) for name, values in found.items()}
        for name, values in found.items():
            errors[name].append(float(np.mean((values[1:] - truths[1:]) ** 2)))  # key: over worlds, not over answers
        show(lab, k, theta, densities, mine, int(right[0]), errors)
        lab.scalars({f"{name}/estimate": value for name, value in {**mine, "truth": k.truth}.items()})
    posterior = densities["posterior"] / GRID
    mean = posterior @ theta
    lab.results(**mine, spread=float(np.sqrt(posterior @ (theta - mean) ** 2)), off=float(abs(mean - mine["mean"])))
    for name, values in errors.items():
        lab.results(**{f"{name} early": values[EARLY - 1], f"{name} late": values[-1]})


def show(lab, k, theta, densities, mine, right, errors):
    """Prior, likelihood (scaled to the same area) and posterior; the estimates, and their mean square errors."""
    import numpy as np

    n = len(errors["ML"])
    marks = {f"{name} {value:.3f}": (value, 0.0) for name, value in mine.items()}
    lab.curve("prior to posterior", theta, marks, axes=("θ, share of right answers", "density"), **densities)
    _, parts = estimate(k, right, n)
    five, by_hand = estimate(k, 5, 5)  # the theory's example
    rows = [
        (name, f"{above:.4g} / {below:.4g}", mine[name], "{:.4g} / {:.4g}".format(*by_hand[name]), five[name])
        for name, (above, below) in parts.items()
    ]
    columns = ("", "right / all", f"after {n}", "for 5 of 5", "gives")
    lab.table("estimates", columns, [*rows, ("truth", "", k.truth, "", "")])
    lines = {name: np.log10(np.array(values) + 1e-9) for name, values in errors.items()}
    x = np.log10(np.arange(1, n + 1))
    lab.curve("mean square error", x, axes=("log₁₀ answers", "log₁₀ mean square error"), **lines)


def test_again(lab, base_rate):
    """How likely a person is ill after 0 … 5 positive tests, each right for 90 % of the ill and of the healthy."""
    odds = [base_rate / (1 - base_rate) * (0.9 / 0.1) ** tests for tests in range(6)]
    ill = [odd / (1 + odd) for odd in odds]
    lab.bars("ill after positive tests", [f"{tests} positive" for tests in range(6)], "probability", ill=ill)
    lab.results(**{f"ill after {tests}": ill[tests] for tests in (1, 2, 3)})


def find_weights(x, y, sigma, tau):
    """The most probable weights (d,), if y = x @ weights + noise; x (n, d), y (n,).

    The noise has the standard deviation sigma; before the data each weight is normal around 0 with tau.
    """
    import numpy as np

    decay = sigma**2 / tau**2
    return np.linalg.solve(x.T @ x + decay * np.eye(x.shape[1]), x.T @ y)


def check_weights(function):
    import numpy as np

    rng = np.random.default_rng(6)
    x = rng.normal(size=(20, 3))
    y = x @ [1.0, -2.0, 0.5] + 0.5 * rng.normal(size=20)
    for sigma, tau in ((0.5, 1.0), (0.5, 0.1), (2.0, 0.5)):
        w = function(x, y, sigma, tau)
        slope = x.T @ (x @ w - y) / sigma**2 + w / tau**2
        yield number(float(abs(slope).max()), f"σ = {sigma}, τ = {tau}: slope of −log posterior at its peak") <= 1e-9
    free = np.linalg.lstsq(x, y, rcond=None)[0]
    yield number(float(abs(function(x, y, 0.5, 1e5) - free).max()), "τ = 100,000: distance from least squares") <= 1e-6


def is_best(name):
    """The bound: this estimate's mean square error after five answers is at least 2 % below the others'."""
    one, other = (last(f"{rival} early") for rival in ("ML", "MAP", "mean") if rival != name)
    mine = last(f"{name} early")
    return (mine < 0.98 * one) & (mine < 0.98 * other)


STUBBORN = {"belief": 0.2, "weight": 50.0, "worlds": WORLDS[1]}
LESSON = Lesson(
    covers=("A11",),
    run=run,
    knobs=Knobs,
    after="distributions",
    show=("prior to posterior", "estimates", "ill after positive tests", "mean square error", "estimate"),
    takeaways=(
        "The posterior is prior times likelihood, scaled; of many data, four times as many make it about half as wide.",
        "With few data the prior decides, with many it is washed out, unless it excluded the truth.",
        "A rare thing stays improbable after one good test: the base rate is a prior.",
        "Weight decay is a normal prior on the weights, and the loss with it is least at a MAP estimate.",
    ),
    predictions=(
        Prediction(
            "1 % are ill (or as your knob says), the test is right for 90 % of the ill and of the healthy. One person "
            "is positive twice, independently. With what probability (0 … 1) is this person ill?",
            last("ill after 2"),
            "Each positive multiplies the odds, ill : healthy, by 0.9/0.1 = 9. With 1 % ill, from 1 : 99 come 9 : 99 "
            "and 81 : 99, which is 0.45, and by a third one 0.88.",
        ),
        Prediction(
            "4,000 worlds have truths of their own, spread as the prior says (or as `worlds` is set). Which estimate "
            "has the smallest mean square error after five answers?",
            choices={
                "ML, as it believes only the data": is_best("ML"),
                "MAP, the most probable value": is_best("MAP"),
                "The posterior's mean": is_best("mean"),
            },
            why="If truths are spread as the prior says, nothing beats the posterior's mean. If all worlds have one "
            "truth far from the belief, ML can win. Less than 2 % apart is not graded.",
        ),
    ),
    claims=(
        Claim(
            "With 1 % ill, one, two and three positive tests give 8 %, 45 % and 88 %",
            last("ill after 1").between(0.0833, 0.0834),
            last("ill after 2").between(0.4499, 0.4501),
            last("ill after 3").between(0.88, 0.881),
        ),
        Claim(
            "After 5 answers the mean errs less than MAP, and MAP about half as much as ML; after 100 they are near",
            last("mean early") < 0.98 * last("MAP early"),
            last("MAP early") < 0.55 * last("ML early"),
            last("MAP late") > 0.9 * last("ML late"),
            last("mean late") < last("MAP late"),
            seeds=10,
        ),
        Claim(
            "A wrong prior, 0.2 with a weight of 50 against 0.9, makes the mean's square error over 20 times ML's",
            last("mean late", **STUBBORN) > 20 * last("ML late", **STUBBORN),
            seeds=10,
        ),
        Claim(
            "With a weight of 500 on 0.2, MAP is still below 0.35 after 100 answers",
            last("MAP", belief=0.2, weight=500.0) < 0.35,
            seeds=10,
        ),
        Claim(
            "Four times the answers make the posterior half as wide; its mean is that of the formula",
            (last("spread", truth=0.5, answers=400) / last("spread", truth=0.5)).between(0.48, 0.56),
            last("off") < 1e-8,
            seeds=10,
        ),
    ),
    exercises=(
        Exercise(
            "The prior is wrong: belief 0.2, weight 20, truth 0.9. Wash it out: MAP within 0.05 of ML.",
            knob_value("belief") == 0.2,
            knob_value("weight") == 20,
            knob_value("truth") == 0.9,
            abs(last("ML") - last("MAP")) <= 0.05,
            solution={"belief": 0.2, "weight": 20.0, "answers": 320},
            hints=("MAP is off ML by w/(n + w) of the distance from ML to the belief, about 0.7.",),
        ),
        CodeExercise(
            "The most probable weights of a linear model, by weight decay. A wide prior should decay less, and each "
            "weight only itself. Repair both.",
            find_weights,
            check_weights,
            broken={"sigma**2 / tau**2": "tau**2 / sigma**2", "decay * np.eye(x.shape[1])": "decay"},
            hints=("−log posterior = ‖y − x v‖²/(2σ²) + ‖v‖²/(2τ²), v the weights. Where is its slope 0?",),
        ),
    ),
    quiz=quiz("""
        ? [foresee] 0.1 % of the parts are broken. A detector raises the alarm for 99 % of the broken and for 1 % of the
          good ones. Which share of its alarms is true?
        - 99 %
        - 98 %
        + 9 %
        = Of 100,000 parts 100 are broken, which gives 99 alarms; 99,900 good ones give 999. 99/1,098 = 9 %. A high
          accuracy says little where the classes are unlike in size.
        & S3-25

        ? [compute] All 6 answers were right. The prior is worth 6 answers, half of them right. What is MAP?
        - 1
        + 0.75
        - 0.5
        = (6 + 3)/(6 + 6). With as many answers as the prior is worth, MAP lies midway between ML, 1, and the belief.

        ? [foresee] The prior gives exactly 0 to every θ above 0.8, the truth is 0.9. What do a million answers do?
        - They wash the prior out
        - They bring the posterior to 0.9, only slower
        + They pile it up just below 0.8
        = Prior times likelihood is 0 wherever the prior is. Of what is left 0.8 explains the data best. Zero is the
          one belief that data cannot change.

        ? When do MAP and ML agree, whatever the data are?
        - Whenever the model is right
        + When the prior is flat in θ
        - When the noise is normal
        = A flat prior leaves the likelihood's peak where it is. A right model and normal noise do not remove the
          prior; many data make it weak, and seldom exactly void.

        ? [compute] The loss is ‖y − x v‖² + λ‖v‖², with λ = σ²/τ², noise σ, prior τ. You take λ four times as large.
          Which belief fits that?
        - The weights' τ is a quarter of what it was
        + The weights' τ is half of what it was
        - The noise's σ is half of what it was
        = λ goes with 1/τ²: half of τ makes it four times as large, a quarter 16 times, and weaker noise smaller.
    """),
    sources=(
        "T. Bayes: An essay towards solving a problem in the doctrine of chances, Phil. Trans. 53 (1763), 370-418",
        "D. M. Eddy: Probabilistic reasoning in clinical medicine: problems and opportunities, in: "
        "D. Kahneman, P. Slovic, A. Tversky (eds.): Judgment under Uncertainty, Cambridge 1982, 249-267",
        "C. M. Bishop: Pattern Recognition and Machine Learning, Springer 2006, sections 1.2.5, 1.5.5 and 2.1",
    ),
)
