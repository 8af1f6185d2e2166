"""Double descent

A model with as many features as images can fit every label. Is that the best, or the worst, size to choose? And what if
it has twenty times as many?

**The classical picture** is a U: small models cannot follow the data, large ones follow its noise, the best lies
between. Here it is tested on real digits, with a model whose size is one number: p fixed random features

    φⱼ(x) = max(0, wⱼ·x + bⱼ),   j = 1 … p,

and ten outputs, so 10p weights, fitted to n images by least squares. (The wⱼ and bⱼ are normal, with standard
deviations ¼ and ½, x is centred, features are divided by √p.) Where many weights fit equally well, the shortest are
taken:

    A = U S Vᵀ,   weights = V S⁻¹ Uᵀ T      (A: features of the n images, T: their labels)

**The threshold.** At p = n there is just one way to fit all labels, wrong ones included. The smallest singular value
of A is then close to 0, so S⁻¹ is huge: the weights explode, and with them the answers for new images. Beyond it there
are many ways, and the shortest is a tame one. The error descends a second time. (The train error drawn counts wrong
digits. It is 0 before p = n, as the greatest output can be right before all ten are fitted.)

**Predict, then run.** One step is one size, from n/32 to 19n. Where is the test error greatest? Which end is better?

**Watch** error and length of the weights against p/n, and the ten outputs for one test image near the threshold.

**Break it.** `ridge` λ puts s/(s² + λ) in place of 1/s. How little is enough to take the peak away?
"""

from descend.engine.teaching.lesson import Claim, Exercise, KnobSet, Lesson, Prediction, Wrong, knob, last, quiz


class Knobs(KnobSet):
    images: int = knob(200, 50, 400, help="training images n")
    wrong: float = knob(0.1, 0.0, 0.5, help="share of training images whose label is drawn at random")
    ridge: float = knob(0.0, 0.0, 100.0, help="λ: how strongly long weight vectors are held back")
    pace: int = knob(6, 0, 1000, live=True, help="sizes a second at most, to watch; 0: as fast as it goes")


def run(lab, k):
    import numpy as np

    rng = np.random.default_rng(lab.seed)
    data, n = lab.dataset, k.images
    test_x = data.test_x.reshape(len(data.test_x), -1) / data.scale
    train_x = data.train_x.reshape(len(data.train_x), -1) / data.scale
    chosen = rng.permutation(len(train_x))[:n]
    labels = data.train_y[chosen].copy()
    flipped = rng.random(n) < k.wrong
    labels[flipped] = rng.integers(0, 10, flipped.sum())
    targets = np.eye(10)[labels]

    octaves = np.unique(np.concatenate([np.arange(-5, 4.5, 0.25), [-0.125, 0.125]]))  # log2(p / n)
    sizes = np.round(n * 2**octaves).astype(int)
    w, b = rng.normal(size=(64, sizes[-1])) / 4, rng.normal(size=sizes[-1]) / 2
    mean = train_x.mean(0)

    def features(x):
        return np.maximum(0, (x - mean) @ w + b)

    train, test = features(train_x[chosen]), features(test_x)
    curves = lab.state.setdefault("curves", {"test": [], "train": [], "length": []})

    for step in lab.steps(len(sizes), unit="sizes"):
        p = sizes[step]
        u, s, vt = np.linalg.svd(train[:, :p] / np.sqrt(p), full_matrices=False)
        kept = s > 1e-12 * s[0]
        inverse = np.where(kept, s / np.where(kept, s * s + k.ridge, 1), 0)  # key: 1/s, or less with a ridge
        weights = vt.T @ (inverse[:, None] * (u.T @ targets))  # key: of all that fit equally well, the shortest
        fitted, scores = train[:, :p] @ weights / np.sqrt(p), test[:, :p] @ weights / np.sqrt(p)

        errors = {
            "train": float((fitted.argmax(1) != labels).mean()),
            "test": float((scores.argmax(1) != data.test_y).mean()),  # key: images and labels it has never seen
        }
        for name, value in (*errors.items(), ("length", float(np.log10(np.linalg.norm(weights))))):
            curves[name].append(value)
        done = octaves[: step + 1]
        lab.curve("error by log₂(p/n)", done, {"p = n": (0, 0)}, test=curves["test"], train=curves["train"])
        lab.curve("log₁₀ length of weights by log₂(p/n)", done, {"p = n": (0, 0)}, length=curves["length"])
        lab.bars(f"outputs for a {data.test_y[0]} never seen", data.classes, score=scores[0])

    error, share = np.array(curves["test"]), sizes / n
    at_n = int(np.argmin(np.abs(octaves)))
    lab.results(
        **{
            "peak features/images": float(share[error.argmax()]),
            "worst below n/error": float(error[share < 0.8].max()),
            "worst near n/error": float(error[(share >= 0.8) & (share <= 1.25)].max()),
            "worst above n/error": float(error[share > 1.25].max()),
            "best narrow/error": float(error[share <= 0.5].min()),
            "threshold/error": curves["test"][at_n],
            "widest/error": curves["test"][-1],
        }
    )


def tame(result):
    """No peak, and the widest model still good."""
    if result.state != "done":
        raise Wrong(f"The run is {result.state}; let it come to its end.")
    if result.knobs["wrong"] < 0.1:
        raise Wrong("Draw at least a tenth of the labels at random (`wrong`); without noise it would be too easy.")
    ratio = result.last("threshold/error") / result.last("widest/error")
    if not ratio < 1.6:
        raise Wrong(f"At p = n the error is {ratio:.1f} times that of the widest model; get it below 1.6 times.")
    if not result.last("widest/error") < 0.2:
        raise Wrong(f"The widest model errs on {result.last('widest/error'):.0%}; keep that below 20 %.")


TIE = 0.01
"""Errors that differ by less, three images of 360, are not told apart."""


def place_of_peak(result):
    """Which of three regions of p/n holds the greatest test error; None for a tie."""
    worst = [result.last(f"worst {region} n/error") for region in ("below", "near", "above")]
    _, middle, greatest = sorted(worst)
    return worst.index(greatest) if greatest - middle > TIE else None


def better_end(result):
    """0 if the widest model errs less than the best narrow one, 1 if more; None for a tie."""
    more = result.last("widest/error") - result.last("best narrow/error")
    return int(more > 0) if abs(more) > TIE else None


LESSON = Lesson(
    covers=("F03",),
    after="digits",
    run=run,
    knobs=Knobs,
    data=("digits",),
    minutes=12,
    smoke={"images": 50},
    predictions=(
        Prediction(
            "Where will the error on new images be greatest?",
            choices=("at few features", "where features and images are equally many", "at many features"),
            truth=place_of_peak,
            why="At p = n the only way to fit every label needs enormous weights. A ridge forbids them; then the "
            "smallest models are the worst, as they cannot follow the data. Without one they are so, too, with 50 "
            "images, mostly, and about as often as not where no label is wrong.",
        ),
        Prediction(
            "Which errs less on new images: the widest model, or the best of those with at most n/2 features?",
            choices=("the widest", "the best small one"),
            truth=better_end,
            why="With 200 images and a tenth of the labels drawn at random the widest one wins. With 400 images the "
            "two are mostly about equal, and with half of the labels drawn at random the small one wins, as the widest "
            "fits those too. Double descent says that errors fall again, not that they end below the first minimum.",
        ),
    ),
    claims=(
        Claim(
            "The greatest test error is usually where features and images are equally many: in eight runs of ten",
            last("peak features/images").between(0.9, 1.1),
            seeds=tuple(range(10)),
            needed=8,
        ),
        Claim(
            "There, test error is at least twice that of the best model with at most n/2 features",
            last("threshold/error") / last("best narrow/error") > 2,
            seeds=5,
        ),
        Claim(
            "With 200 images, the widest model beats every one with at most n/2 features",
            last("widest/error") / last("best narrow/error") < 1,
            seeds=5,
        ),
        Claim(
            "A ridge of 0.01 takes the peak away: at p = n the error is less than a third of that without",
            last("threshold/error", ridge=0.01) / last("threshold/error") < 1 / 3,
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? Why is the model with p = n so much worse than those with fewer or with more features?
        - It has too few features
        + The one fit needs huge weights
        - Least squares has no solution there
        = A square, nearly singular A is inverted: directions in which the images hardly differ are blown
          up, and with them the noise.

        ? Beyond the threshold, endlessly many weights fit all training labels. What decides that new images
          are answered well?
        - Nothing: it is luck
        - That the training error is 0
        + Which of them is chosen
        = The pseudo-inverse takes the solution of least norm. Another solution that fits as well can be as
          bad as one likes.

        ? A colleague sees test error rise with model size and concludes that every larger model would be
          worse still. What is missing?
        - Nothing: that is overfitting
        + The sizes beyond the threshold
        - A larger test set, with no such rise
        = A rise up to the threshold, where all labels can just be fitted, says nothing about what comes
          after. A regulariser tuned well usually makes the curve fall throughout.
    """),
    exercises=(
        Exercise(
            "Take the peak away without hurting the widest model: with a tenth of the labels drawn at random, the "
            "error at p = n below 1.6 times that of the widest, and the widest below 20 %.",
            tame,
            solution={"ridge": 0.3},
            hints=(
                "The weights explode because 1/s explodes. Which knob bounds it?",
                "Too strong a ridge flattens everything: at 10 the widest model errs on more than a fifth.",
            ),
        ),
    ),
    sources=(
        "M. Belkin, D. Hsu, S. Ma, S. Mandal: Reconciling modern machine-learning practice and the classical "
        "bias-variance trade-off, PNAS 116 (2019)",
        "P. Nakkiran, P. Venkat, S. Kakade, T. Ma: Optimal regularization can mitigate double descent, ICLR 2021",
        "A. Rahimi, B. Recht: Random features for large-scale kernel machines, NIPS 2007",
    ),
)
