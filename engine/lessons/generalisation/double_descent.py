"""Double descent

A model with as many features as images can fit every label. Is that the best, or the worst, size to choose? And what if
it has twenty times as many?

**The classical picture** is a U: small models cannot follow the data, large ones follow its noise, the best lies
between. Here it is tested on real digits, with a model whose size is one number: p fixed random features

    φⱼ(x) = max(0, wⱼ·x + bⱼ),   j = 1 … p,

and ten outputs, so 10p weights, fitted to n images by least squares. (wⱼ and bⱼ are normal, with standard deviations ¼
and ½, x is centred, features are divided by √p.) Where many weights fit equally well, the shortest are taken:

    A = U S Vᵀ,   weights = V S⁻¹ Uᵀ T      (A: features of the n images, T: their labels)

**The threshold.** At p = n just one way fits all labels, wrong ones included. The smallest singular value
of A is then close to 0, so S⁻¹ is huge: the weights explode, and new answers with them. Beyond it there are many ways,
and the shortest is a tame one: the error descends a second time. (The train error is 0 before p = n, as
the largest output can be right before all ten are fitted.)

**Predict, then run.** One step is one size, from n/32 to 19n. Where is the test error largest? Which end wins?

**Watch** error and length of the weights against p/n, and the ten outputs for one test image near the threshold.

**Break it.** `ridge` λ puts s/(s² + λ) in place of 1/s. How little takes the peak away?
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
    quiz,
)


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
        narrow, new = train[:, :p] / np.sqrt(p), test[:, :p] / np.sqrt(p)  # key: the model's size is how many it uses
        weights = solve(narrow, targets, k.ridge)  # key: of all that fit equally well, the shortest
        fitted, scores = narrow @ weights, new @ weights

        errors = {
            "train": float((fitted.argmax(1) != labels).mean()),
            "test": float((scores.argmax(1) != data.test_y).mean()),  # key: images and labels it has never seen
        }
        for name, value in (*errors.items(), ("length", float(np.log10(np.linalg.norm(weights))))):
            curves[name].append(value)
        done = octaves[: step + 1]
        shown, axes = {name: curves[name] for name in ("test", "train")}, ("log₂(p/n)", "share wrong")
        lab.curve("error by log₂(p/n)", done, {"p = n": (0, 0)}, axes=axes, **shown)
        axes = "log₂(p/n)", "log₁₀ of the length"
        lab.curve("log₁₀ length of weights by log₂(p/n)", done, {"p = n": (0, 0)}, axes=axes, length=curves["length"])
        wanted = np.eye(10)[data.test_y[0]]
        lab.bars("outputs for an image never seen", data.classes, "output", wanted=wanted, found=scores[0])

    error, share = np.array(curves["test"]), sizes / n
    at_n, at_2n = np.searchsorted(octaves, (0, 1))
    lab.results(
        **{
            "peak features/images": float(share[error.argmax()]),
            "worst below n/error": float(error[share < 0.8].max()),
            "worst near n/error": float(error[(share >= 0.8) & (share <= 1.25)].max()),
            "worst above n/error": float(error[share > 1.25].max()),
            "best narrow/error": float(error[share <= 0.5].min()),
            "threshold/error": curves["test"][at_n],
            "twice n/error": curves["test"][at_2n],
            "widest/error": curves["test"][-1],
        }
    )


def solve(features, targets, ridge):
    """Weights W that minimise ‖features @ W − targets‖² + ridge·‖W‖²; for ridge 0 the shortest that fit best.

    features: (images, p); targets: (images, classes). Returns (p, classes).
    """
    import numpy as np

    u, s, vt = np.linalg.svd(features, full_matrices=False)
    kept = s > 1e-12 * s[0]
    inverse = np.where(kept, s / np.where(kept, s * s + ridge, 1), 0)
    return vt.T @ (inverse[:, None] * (u.T @ targets))


def check_solve(solve):
    """More images than features, fewer, and features that repeat; each with and without a ridge."""
    import numpy as np

    rng = np.random.default_rng(0)
    tall, wide = rng.normal(size=(12, 4)), rng.normal(size=(4, 12))
    cases = {"12 images, 4 features": tall, "4 images, 12 features": wide, "a feature twice": tall[:, [0, 1, 2, 2]]}
    for what, features in cases.items():
        images, p = features.shape
        targets = rng.normal(size=(images, 3))
        for ridge in (0.0, 0.5):
            found = np.asarray(solve(features.copy(), targets.copy(), ridge))
            if found.shape != (p, 3):
                raise Wrong(f"{what}: the weights have shape {(p, 3)}; yours have {found.shape}.")
            if ridge:
                right = np.linalg.solve(features.T @ features + ridge * np.eye(p), features.T @ targets)
            else:
                right = np.linalg.pinv(features) @ targets
            yield number(np.abs(found - right).max(), f"{what}, ridge {ridge:g}: largest error of a weight") <= 1e-9


TIE = 0.01
"""Errors that differ by less, three images of 360, are not distinguished."""
WIDEST, NARROW, THRESHOLD = last("widest/error"), last("best narrow/error"), last("threshold/error")


def largest(region, *others):
    """That the test error is largest for p ``region`` n, by more than a tie."""
    here, first, second = (last(f"worst {one} n/error") for one in (region, *others))
    return (here - first > TIE) & (here - second > TIE)


LESSON = Lesson(
    covers=("F03",),
    after="digits",
    run=run,
    knobs=Knobs,
    data=("digits",),
    minutes=12,
    takeaways=(
        "The test error peaks where features and images are about equally many, because only one, wild, way fits "
        "all labels.",
        "With many more features than images the shortest solution is tame again, and can beat every small model.",
        "A little ridge takes the peak away.",
        "At a fixed size more images can hurt, if they bring the model to its threshold.",
    ),
    show=("error by log₂(p/n)", "log₁₀ length of weights by log₂(p/n)", "outputs for an image never seen"),
    smoke={"images": 50},
    predictions=(
        Prediction(
            "Where will the error on new images be largest?",
            choices={
                "at few features": largest("below", "near", "above"),
                "where features and images are equally many": largest("near", "below", "above"),
                "at many features": largest("above", "below", "near"),
            },
            why="At p = n the only way to fit every label needs enormous weights. A ridge forbids them; then the "
            "smallest models are the worst, as they cannot follow the data. Without one they are so, too, with 50 "
            "images, mostly, and about as often as not where no label is wrong.",
        ),
        Prediction(
            "Which errs less on new images: the widest model, or the best of those with at most n/2 features?",
            choices={"the widest": NARROW - WIDEST > TIE, "the best small one": WIDEST - NARROW > TIE},
            why="With 200 images and a tenth of the labels drawn at random the widest one wins. With 400 images the "
            "two are mostly about equal, and with half of the labels drawn at random the small one wins, as the widest "
            "fits those too. Double descent says that errors fall again, not that they end below the first minimum.",
        ),
    ),
    claims=(
        Claim(
            "The largest test error is usually where features and images are equally many: in eight runs of ten",
            last("peak features/images").between(0.9, 1.1),
            seeds=tuple(range(10)),
            needed=8,
        ),
        Claim(
            "There, test error is over three times that of the best model with at most n/2 features",
            THRESHOLD / NARROW > 3,
            seeds=5,
        ),
        Claim(
            "With 200 images, the widest model beats every one with at most n/2 features",
            WIDEST / NARROW < 1,
            seeds=5,
        ),
        Claim(
            "A ridge of 0.01 takes the peak away: at p = n the error is less than a third of that without",
            last("threshold/error", ridge=0.01) / THRESHOLD < 1 / 3,
            seeds=5,
        ),
        Claim(
            "More data can hurt: 200 features err over 1.5 times as often after 200 images as after 100",
            last("threshold/error", images=200) / last("twice n/error", images=100) > 1.5,
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? [compute] There are 200 images and ten outputs. How many weights does the model have where its error peaks?
        - 200, as many as images
        + 2,000
        - 12,800: 64 pixels for each image
        = The peak is at p = n = 200 features, and each of the ten outputs has a weight for each: 200 equations for 200
          unknowns, ten times over.

        ? [compute] A has a singular value of 0.001. By what does the fit multiply the labels along it, without a ridge
          and with λ = 0.01?
        - 1,000 and 990: λ is tiny
        - 1,000 and 100, which is 1/λ
        + 1,000 and 0.1
        = 1/0.001 = 1,000, but 0.001/(0.001² + 0.01) ≈ 0.1. What the images hardly determine is shrunk, not blown up.

        ? [foresee] A model of 200 features has learned from 100 images. Another 100 are added, and it is fitted anew,
          without a ridge. What does its test error do?
        - It falls, as more data never hurts
        - It stays, as both times it fits every label
        + It rises
        = With 100 images it was beyond the threshold, p = 2n; with 200 it stands on it. Here the error then more than
          doubles as a rule; a ridge prevents it.

        ? [foresee] A colleague sees test error rise as p nears n, and stops there. What would sizes of up to 19n have
          shown her on these data?
        - The error keeps rising: that is overfitting
        + The error falls again
        - The error stays at its top
        = A rise up to the threshold says nothing about what comes after. A regulariser tuned well usually makes the
          curve fall throughout.

        ? Beyond the threshold, endlessly many weights fit all training labels. What decides that new images
          are answered well?
        - Nothing: it is luck
        - That the training error is 0
        + Which of them is chosen
        = The pseudo-inverse takes the solution of least norm. Another solution that fits as well can be as
          bad as one likes.
    """),
    exercises=(
        Exercise(
            "Take the peak away without hurting the widest model: with a tenth of the labels drawn at random, the "
            "error at p = n below 1.6 times that of the widest, and the widest below 20 %.",
            knob_value("wrong") >= 0.1,
            THRESHOLD / WIDEST < 1.6,
            WIDEST < 0.2,
            solution={"ridge": 0.3},
            hints=(
                "The weights explode because 1/s explodes. Which knob bounds it?",
                "Too strong a ridge flattens everything: at 10 the widest model errs on more than a fifth.",
            ),
        ),
        CodeExercise(
            "This least squares inverts singular values that are 0 but for rounding, and adds the ridge in the wrong "
            "place. Fix both.",
            solve,
            check_solve,
            broken={
                "    kept = s > 1e-12 * s[0]\n": "",
                "np.where(kept, s / np.where(kept, s * s + ridge, 1), 0)": "1 / (s + ridge)",
            },
            hints=(
                "Setting the gradient of ‖A W − T‖² + λ‖W‖² to 0 gives (Aᵀ A + λ) W = Aᵀ T. What is that along one "
                "singular vector?",
                "A feature that is there twice makes a singular value 0 or 1e-17: no weight belongs to it.",
            ),
        ),
    ),
    sources=(
        "M. Belkin, D. Hsu, S. Ma, S. Mandal: Reconciling modern machine-learning practice and the classical "
        "bias-variance trade-off, PNAS 116 (2019)",
        "P. Nakkiran: More data can hurt for linear regression: sample-wise double descent, arXiv:1912.07242 (2019)",
        "P. Nakkiran, P. Venkat, S. Kakade, T. Ma: Optimal regularization can mitigate double descent, ICLR 2021",
        "A. Rahimi, B. Recht: Random features for large-scale kernel machines, NIPS 2007",
    ),
)
