"""Singular values: a turn, a stretch, a turn

What does a matrix do to a circle, and what of a photograph is left if you keep 5 of its 71 singular values?

**SVD.** Every matrix, of any shape, makes an ellipse of a circle, in three motions: turn, stretch along the axes, turn
again. That is the *singular value decomposition*

    A = U Σ Vᵀ

Vᵀ turns, Σ stretches by the *singular values* σ₁ ≥ σ₂ ≥ … ≥ 0, U turns. (A flip, if there is one, is part of a turn.)
They are the half axes of the ellipse. For 2 × 2, σ₁σ₂ = |det A|, and σ₁² + σ₂² = ‖A‖², the sum of squared entries.
For `3 0; 4 5` these are 15 and 50: σ₁ = √45, σ₂ = √5. σ₁/σ₂ = 3 is the condition number.

**Low rank.** A is a sum of layers σᵢ uᵢ vᵢᵀ, a column times a row each. No other k layers are nearer to A than the
first k (in the sum of squared errors), and how much is missing is known:

    ‖A − Aₖ‖² = σₖ₊₁² + σₖ₊₂² + …

**SVD is PCA.** Let the rows of X be examples. *Principal components* are the directions in which they vary most:
eigenvectors of the covariance. They are the columns of V, variances σ²/(n − 1), if the mean is taken off first. Left
in, a mean that is farther off than the data spread draws the first direction to itself.

**Why it matters.** Low rank fine-tunes large networks: a change to m × n weights is stored as k (m + n) numbers. σ₁
says how much a layer can magnify a gradient.

**Predict, then run. Watch** the circle. **Break it:** `1 2; 2 4` flattens it, `1 0; 0 -1` flips it.
"""

from descend.engine.base.number_text import parse_numbers
from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    Wrong,
    knob,
    last,
    number,
    pace,
    quiz,
)

FRAMES = 8
"""Pictures of each of the three motions."""
PLANE, AXES = ("x₁", "x₂"), ("k, layers", "log₁₀ of the part of ‖A‖")


class Knobs(KnobSet):
    matrix: str = knob("3 0; 4 5", help="A, four numbers row by row: 3 0; 4 5")
    rank: int = knob(20, 5, 71, help="how many layers of the photograph are added")
    offset: float = knob(4.0, 0.0, 20.0, help="how far the cloud is moved off the origin, sideways; its spread is 2")
    pace: int = pace(4)


def turn(angle):
    """The matrix (2, 2) that turns by ``angle``."""
    import numpy as np

    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def run(lab, k):
    turn_stretch_turn(lab, parse_numbers("matrix", k.matrix, (2, 2), least=0.001))
    add_layers(lab, k.rank)
    find_directions(lab, k.offset)


def turn_stretch_turn(lab, a):
    """The unit circle on its way to the ellipse, one motion after another."""
    import numpy as np

    from descend.engine.lab.formulas import write_number

    _, s, vt = np.linalg.svd(a)  # key: three factors; the third is V already transposed
    v = vt[0] if vt[0, 0] >= 0 else -vt[0]
    begin, end = np.arctan2(v[1], v[0]), np.arctan2(*(a @ v)[::-1])
    flip = -1 if np.linalg.det(a) < 0 else 1
    u, right = turn(end) @ np.diag([1, flip]), turn(-begin)
    lab.results(**{"σ₁": s[0], "σ₂": s[1], "least entry": np.abs(a).min()})
    lab.results(**{"U Σ Vᵀ − A": np.abs(u @ np.diag(s) @ right - a).max()})
    angle = np.linspace(begin - np.pi / 2, begin + 1.5 * np.pi, 181)
    circle, signed = np.stack([np.cos(angle), np.sin(angle)]), s * [1, flip]
    motions = (
        f"Vᵀ turns by {-np.degrees(begin):.3g}°",
        f"Σ stretches by {s[0]:.3g} and {s[1]:.3g}" + ", with the flip" * (flip < 0),
        f"U turns by {np.degrees(end):.3g}°",
    )
    for step in lab.steps(3 * FRAMES + 1, unit="pictures"):
        done = np.clip(step / FRAMES - np.arange(3), 0, 1)  # how much of each motion
        now = turn(done[2] * end) @ np.diag(1 + done[1] * (signed - 1)) @ turn(-done[0] * begin)
        doing = min(step // FRAMES, 2)
        axes = now @ turn(begin)  # its columns: where v₁ and v₂ are now
        paths = {"circle": circle.T, motions[doing]: (now @ circle).T}
        where, names = np.zeros((2, 2)), ("v₁", "v₂")
        lab.points("circle to ellipse", where, [0, 1], names, arrows=axes.T, paths=paths, axes=PLANE, aspect="equal")
        said = f"= {'; '.join(' '.join(map(write_number, row)) for row in a)}. {motions[doing]}"
        lab.operation("A = U Σ Vᵀ", {"U": u, "Σ": np.diag(s), "Vᵀ": right}, said, signs={"Σ": "×", "Vᵀ": "×"})


def add_layers(lab, rank):
    """A photograph, rebuilt from more and more layers of its SVD."""
    from importlib.util import find_spec

    import numpy as np
    from PIL import Image

    file = find_spec("sklearn").origin.replace("__init__.py", "datasets/images/china.jpg")  # its import takes seconds
    photo = np.asarray(Image.open(file), float).mean(axis=2)[:426, :636].reshape(71, 6, 106, 6).mean(axis=(1, 3))
    u, s, vt = np.linalg.svd(photo, full_matrices=False)
    missing = np.sqrt(np.append(np.cumsum(s[::-1] ** 2)[::-1], 0) / (s @ s))
    for step in lab.steps(rank, unit="layers"):
        built = (u[:, : step + 1] * s[: step + 1]) @ vt[: step + 1]  # key: a column times a row, weighted by σ
        errors = missing[1 : step + 2]
        kept = (step + 1) * (71 + 106 + 1) / photo.size
        said = f"rank {step + 1}: {kept:.0%} size, {errors[-1]:.0%} error"
        lab.images("photograph", [photo, built.clip(0, 255)], ("71 × 106", said))
        left, part = np.log10(np.where(errors > 0, errors, np.nan)), np.log10(s[: step + 1] / np.linalg.norm(s))
        lab.curve("what is missing", np.arange(1, step + 2), axes=AXES, **{"‖A − Aₖ‖": left, "σₖ": part})
        wrong = float(np.linalg.norm(photo - built) / np.linalg.norm(photo))
        lab.results(**{"error": wrong, "error − its formula": abs(errors[-1] - wrong), "share of the numbers": kept})
        if step == 4:
            lab.results(**{"error of 5 layers": wrong})


def find_directions(lab, offset):
    """A cloud that is moved away from the origin, and its first direction with and without taking off the mean."""
    import numpy as np

    rng = np.random.default_rng(lab.seed)
    cloud = rng.normal(size=(80, 2)) * [2, 0.5] @ turn(np.pi / 6).T
    for step in lab.steps(11, unit="moves"):
        x = cloud + offset * step / 10 * turn(np.pi / 6)[:, 1]
        mean = x.mean(axis=0)
        _, s, vt = np.linalg.svd(x - mean, full_matrices=False)  # key: centred, V holds the principal components
        raw = np.linalg.svd(x, full_matrices=False)[2][0]
        variances, vectors = np.linalg.eigh(np.cov(x.T))
        paths = {"mean taken off": np.stack([mean - 6 * vt[0], mean + 6 * vt[0]])}
        paths["mean left in"] = np.stack([-6 * raw, 6 * raw]) * np.sign(raw @ mean)
        lab.points("SVD is PCA", x, paths=paths, axes=PLANE, aspect="equal")
    lab.results(**{"σ²/(n − 1) − variance": float(np.abs(s**2 / 79 - variances[::-1]).max())})
    lab.results(**{"off PCA, centred": find_angle(vt[0], vectors[:, 1])})
    lab.results(**{"off PCA, mean left in": find_angle(raw, vectors[:, 1])})


def find_angle(v, w):
    """Degrees between the lines of two vectors of length 1."""
    import numpy as np

    return float(np.degrees(np.arctan2(abs(v[0] * w[1] - v[1] * w[0]), abs(v @ w))))


def low_rank(a, k):
    """The matrix of rank k that is nearest to a (m, n), and its relative error, from the singular values alone."""
    import numpy as np

    u, s, vt = np.linalg.svd(a, full_matrices=False)
    near = (u[:, :k] * s[:k]) @ vt[:k]
    return near, np.sqrt((s[k:] ** 2).sum() / (s**2).sum())


def check_low_rank(function):
    import numpy as np

    rng = np.random.default_rng(8)
    for shape, k in (((4, 4), 2), ((6, 3), 1), ((3, 5), 2)):
        a = rng.normal(size=shape)
        given = function(a.copy(), k)
        if not isinstance(given, tuple) or np.shape(given[0]) != shape:
            raise Wrong(f"A matrix of shape {shape} and a number are expected.")
        near, told = given
        least = float(np.sqrt(np.linalg.eigvalsh(a @ a.T)[::-1][k:].clip(0).sum()) / np.linalg.norm(a))
        found = float(np.linalg.norm(a - near) / np.linalg.norm(a))
        name = f"{shape[0]} × {shape[1]}, rank {k}"
        yield number(found - least, f"{name}: error above the least possible") <= 1e-9
        yield number(float(np.linalg.matrix_rank(near, tol=1e-9)), f"{name}: rank") <= k
        yield number(abs(float(told) - found), f"{name}: distance of the error you say from yours") <= 1e-9


LESSON = Lesson(
    covers=("A06",),
    run=run,
    knobs=Knobs,
    minutes=10,
    show=("circle to ellipse", "A = U Σ Vᵀ", "photograph", "what is missing", "SVD is PCA"),
    takeaways=(
        "Every matrix is a turn, a stretch by its singular values, and a turn: it makes an ellipse of a circle.",
        "The first k layers of the SVD are the nearest matrix of rank k, and the other σ say what is missing.",
        "PCA is the SVD of the data after the mean is taken off; left in, a mean far off takes the first direction.",
    ),
    predictions=(
        Prediction(
            "A photograph A is rebuilt from 5 of its 71 layers. How large is what is missing, ‖A − A₅‖ / ‖A‖?",
            choices={
                "Under 6%": last("error of 5 layers") < 0.06,
                "8 to 20%": last("error of 5 layers").between(0.08, 0.2),
                "40 to 60%": last("error of 5 layers").between(0.4, 0.6),
                "Over 80%": last("error of 5 layers") > 0.8,
            },
            why="Rows of a photograph resemble each other: one layer leaves 27%, five leave 12%. That is detail: "
            "little in numbers, and what the eye looks for.",
        ),
    ),
    claims=(
        Claim(
            "The singular values of 3 0; 4 5 are √45 and √5, those of 1 0; 0 -1 are 1 and 1",
            abs(last("σ₁") * last("σ₁") - 45) + abs(last("σ₂") * last("σ₂") - 5) < 1e-9,
            abs(last("σ₁", matrix="1 0; 0 -1") - 1) + abs(last("σ₂", matrix="1 0; 0 -1") - 1) < 1e-9,
        ),
        Claim(
            "U Σ Vᵀ is A, also with a flip and of rank 1",
            last("U Σ Vᵀ − A") < 1e-12,
            last("U Σ Vᵀ − A", matrix="1 0; 0 -1") < 1e-12,
            last("U Σ Vᵀ − A", matrix="1 2; 2 4") < 1e-12,
        ),
        Claim(
            "5 layers miss 12% of the photograph, 20 layers 5%, for 47% of its numbers; the other σ tell the error",
            last("error of 5 layers").between(0.11, 0.125),
            last("error").between(0.048, 0.053),
            last("share of the numbers").between(0.465, 0.48),
            last("error − its formula") < 1e-9,
            seeds=2,
        ),
        Claim(
            "Centred, SVD and covariance agree in variances and direction; with the mean left in, 4 away and across "
            "the cloud, the first direction is over 70° off, with the mean 1 away (half the spread) under 20°",
            last("σ²/(n − 1) − variance") < 1e-12,
            last("off PCA, centred") < 1e-6,
            last("off PCA, mean left in") > 70,
            last("off PCA, mean left in", offset=1.0) < 20,
            seeds=10,
        ),
    ),
    exercises=(
        Exercise(
            "Find a matrix without a zero whose singular values are 2 and 1.",
            abs(last("σ₁") - 2) < 1e-3,
            abs(last("σ₂") - 1) < 1e-3,
            last("least entry") > 0.1,
            solution={"matrix": "1.2 -0.8; 1.6 0.6"},
            hints=("Stretch first, with 2 0; 0 1, then turn: 0.6 -0.8; 0.8 0.6 is a turn.",),
        ),
        CodeExercise(
            "This is to give the nearest matrix of rank k. It fails for some shapes, and is wrong for the others.",
            low_rank,
            check_low_rank,
            broken={"* s[:k]) @ vt[:k]": "* s[:k]) @ vt.T[:k]", "(s[k:] ** 2).sum() / (s**2)": "s[k:].sum() / s"},
            hints=("NumPy's third array is Vᵀ, a row for each v.", "Squares add up, lengths do not."),
        ),
    ),
    quiz=quiz("""
        ? [compute] What are the singular values of `1 0; 0 -1`?
        - 1 and −1, like its eigenvalues
        + 1 and 1
        - √2 and 0
        = A half axis has no sign: the circle stays a circle, flipped. The sign goes into U or V.
        & S2-100

        ? [compute] An update of 1,000 × 1,000 weights is stored as two factors of rank 8. How many numbers is that?
        + 16,000
        - 8,000
        - 64
        - 1,000,000: the product is as large
        = 8 columns and 8 rows of 1,000 each. The product has a million entries, and need not be stored.

        ? Someone writes `u, s, v = np.linalg.svd(a)` and `u @ np.diag(s) @ v.T`. For most square `a` this gives?
        - `a`: that is the definition
        - An exception, as the shapes differ
        + Another matrix, and no warning
        = The third array is Vᵀ already. Shapes fit, so nothing warns. Only if V is symmetric does it come out right.

        ? [foresee] Heights and weights of people (mean 170 cm, 70 kg) go into an SVD as they are. What does v₁ show?
        - How the weight grows with height
        + Roughly 170 : 70
        - The direction in which people differ most
        = The mean is far larger than the spread, so the first direction points at it. Take the mean off first.
    """),
    sources=(
        "L. N. Trefethen, D. Bau: Numerical Linear Algebra, SIAM 1997, lectures 4 and 5",
        "C. Eckart, G. Young: The approximation of one matrix by another of lower rank, Psychometrika 1 (1936)",
        "I. T. Jolliffe: Principal Component Analysis, 2nd ed., Springer 2002, section 3.5",
        "E. J. Hu et al.: LoRA: Low-Rank Adaptation of Large Language Models, arXiv:2106.09685 (2021), section 4.1",
    ),
    rows=("S2-93",),
)
