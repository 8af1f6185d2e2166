"""Floating point: where digits go

Why does 0.1 + 0.2 print as 0.30000000000000004, and why can a network's loss turn into NaN though nothing in its
formula is wrong?

**Bits.** Apart from 0, infinity, NaN ("not a number": ∞ − ∞, ∞/∞) and numbers tiny for the format, a float is
±1.fraction · 2ᵉ, in binary. No finite binary fraction is 0.1 = 0.000110011…₂, as no decimal one is 1/3: each of 0.1,
0.2 and their sum is rounded.

    format    exponent  fraction  ε        largest
    float16          5        10  9.8e-4   65504
    bfloat16         8         7  7.8e-3   3.4e38
    float32          8        23  1.2e-7   3.4e38
    float64         11        52  2.2e-16  1.8e308

1 + ε is the next float after 1; each operation rounds, a relative error of at most ε/2.

**What rounding does.** *Cancellation*: 1 − cos x subtracts nearly equal numbers; what is left is rounding. *Sums*:
errors pile up; Kahan's carries along what was lost. *Overflow*: exp z of a large z is infinite; shift first, m
being the largest z:

    log Σ eᶻ = m + log Σ eᶻ⁻ᵐ

**Two words.** *Condition* belongs to the problem: solving A x = b can amplify a relative error by κ = ‖A‖·‖A⁻¹‖,
whatever you do. *Stability* belongs to the algorithm: a stable one leaves a *residual* A x − b of a few ε only.
Elimination is stable in practice if it divides by the largest number left in the column, the *pivot* (Higham, ch. 9).

**Predict, then run.** What is the first whole score z whose eᶻ is infinite?

**Watch.** The error of the solution climbs along κ·ε until no digit is right, for Hilbert's matrices 1/(i + j − 1)
too.

**Break it.** `float16`: the naive sum stops growing. Switch `pivoting` off.
"""

import math

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

STEPS, LANES, ORDER = 200, 16, 8
"""Steps of the run; sums made side by side; unknowns of each linear system."""
LARGEST_SCORE = 1000.0
FORMATS = {"float16": (5, 10), "bfloat16": (8, 7), "float32": (8, 23), "float64": (11, 52)}
"""Bits of exponent and fraction."""


class Knobs(KnobSet):
    precision: str = knob(
        "float32", choices=("float16", "bfloat16", "float32", "float64"), help="the format everything is computed in"
    )
    number: float = knob(0.1, -1000.0, 1000.0, help="the number whose bits are shown")
    terms: int = knob(10_000, 1000, 100_000, scale="log", help="numbers that are added up")
    pivoting: bool = knob(True, help="whether elimination picks the largest pivot")
    pace: int = pace(20)


def solve(a, b, pivoting):
    """Gaussian elimination in the precision of ``a`` (n, n) and ``b`` (n,)."""
    rows = a.clone()
    x = b.clone()
    n = len(b)
    for i in range(n - 1):
        if pivoting:
            pivot = i + int(rows[i:, i].abs().argmax())  # key: a small pivot would blow up the rounding so far
            rows[[i, pivot]], x[[i, pivot]] = rows[[pivot, i]], x[[pivot, i]]
        factors = rows[i + 1 :, i] / rows[i, i]
        rows[i + 1 :] -= factors[:, None] * rows[i]
        x[i + 1 :] -= factors * x[i]
    for i in reversed(range(n)):
        for j in range(i + 1, n):  # one at a time, so that each operation rounds
            x[i] -= rows[i, j] * x[j]
        x[i] /= rows[i, i]
    return x


def pairwise(x):
    """Sums of the rows of ``x`` (terms, lanes): halves, added; each number passes through log₂(terms) additions."""
    import torch

    while len(x) > 1:
        if len(x) % 2:
            x = torch.cat([x, torch.zeros_like(x[:1])])
        x = x[::2] + x[1::2]
    return x[0]


def one_minus_cos(x):
    """1 − cos x to the last bit, by Taylor's series in exact fractions; |x| ≤ 1."""
    from fractions import Fraction

    square = Fraction(x) ** 2
    term, total = square / 2, Fraction(0)
    for n in range(3, 27, 2):
        total += term
        term *= -square / (n * (n + 1))
    return float(total)


def system(rng, exponent):
    """A random matrix (ORDER, ORDER) whose condition number is 10 to the ``exponent``, and the solution wanted."""
    import numpy as np

    u, _ = np.linalg.qr(rng.normal(size=(ORDER, ORDER)))
    v, _ = np.linalg.qr(rng.normal(size=(ORDER, ORDER)))
    return u * np.logspace(0, -exponent, ORDER) @ v, rng.normal(size=ORDER)


def hilbert(n):
    """Hilbert's matrix (n, n), 1 / (i + j - 1): harmless to look at; κ grows thirtyfold with n."""
    import numpy as np

    return 1 / (np.arange(n)[:, None] + np.arange(n) + 1)


def run(lab, k):
    import numpy as np
    import torch

    dtype = getattr(torch, k.precision)
    eps = torch.finfo(dtype).eps
    rng = np.random.default_rng(lab.seed)
    per_step = k.terms // STEPS
    terms = torch.tensor(rng.random((STEPS * per_step, LANES)), dtype=dtype)
    scores = torch.tensor(rng.normal(size=10))
    scores = (scores - scores.max() + 1).to(dtype)
    naive, kahan, lost = torch.zeros(3, LANES, dtype=dtype)
    exact = np.zeros((2, LANES))  # the true sums, each as a double and what it leaves over
    powers = np.linspace(0, -8, STEPS)
    cosine, solution = np.full((2, STEPS), np.nan), np.full((3, STEPS), np.nan)
    lab.track(naive=naive, kahan=kahan, lost=lost, exact=exact, cosine=cosine, solution=solution)
    famous = np.log10([solved(hilbert(n), np.ones(n), dtype, k.pivoting)[:2] for n in range(2, 9)])
    show_bits(lab, k.number)

    for step in lab.steps(STEPS):
        chunk = terms[step * per_step : (step + 1) * per_step]
        for x in chunk:
            naive += x
            y = x - lost
            total = kahan + y
            lost.copy_((total - kahan) - y)  # key: what the addition has just rounded away
            kahan.copy_(total)
        add_exactly(exact, chunk.double().numpy())
        found = {"naive": naive, "pairwise": pairwise(terms[: (step + 1) * per_step]), "Kahan": kahan}
        for name, total in found.items():
            error = np.sqrt(np.mean((total.double().numpy() / exact[0] - 1) ** 2))
            lab.scalars({f"{name}/log10 sum error": np.log10(max(error, eps / 100))})

        z = scores * (LARGEST_SCORE * (step + 1) / STEPS)
        m = z.max()
        lab.scalars({"naive/log-sum-exp": torch.exp(z).sum().log().item()})
        lab.scalars({"shifted/log-sum-exp": (m + torch.exp(z - m).sum().log()).item()})  # key: no term exceeds 1

        cosine[:, step] = cancel(10 ** powers[step], dtype, eps)
        subtracted, rewritten = cosine[:, : step + 1]
        axes, lines = ("log₁₀ x", "log₁₀ relative error"), {"subtracted": subtracted, "rewritten": rewritten}
        lab.curve("1 - cos x over log10 x", powers[: step + 1], axes=axes, **lines)

        matrix, x = system(np.random.default_rng([lab.seed, step]), 16 * step / (STEPS - 1))
        solution[:, step] = solved(matrix, x, dtype, k.pivoting)
        kappa, error, _ = solution[:, : step + 1][:, solution[0, : step + 1].argsort()]
        lines = {"error": np.log10(error), "κ·ε": np.log10(kappa * eps)}
        axes = "log₁₀ κ", "log₁₀ relative error"
        lab.curve("solving over log10 κ", np.log10(kappa), {"Hilbert": famous}, axes=axes, **lines)

    kappa, error, residual = solution
    solvable = kappa * eps < 0.1  # beyond, not a digit is right
    lab.results(**{"error over κε": float((error / (kappa * eps))[solvable].max())})
    lab.results(**{"residual over ε": float((residual / eps)[solvable].max())})
    tenth, fifth, third = torch.tensor([0.1, 0.2, 0.3], dtype=dtype).unbind()
    lab.results(**{"0.1 + 0.2 − 0.3": (tenth + fifth - third).item()})
    overflow = next(z for z in range(1, 1000) if torch.exp(torch.tensor(z, dtype=dtype)).isinf())
    lab.results(overflow=float(overflow))


def cancel(x, dtype, eps):
    """log₁₀ of the relative errors of 1 − cos x and of 2 sin²(x/2), in ``dtype``."""
    import numpy as np
    import torch

    x = torch.tensor(x, dtype=dtype)
    true = one_minus_cos(x.item())
    found = np.array([(1 - torch.cos(x)).item(), (2 * torch.sin(x / 2) ** 2).item()])  # key: the same in exact numbers
    error = np.abs(found - true) / true if true else np.full(2, np.nan)
    return np.log10(np.maximum(error, eps / 100))


def solved(matrix, x, dtype, pivoting):
    """Condition number of ``matrix`` as ``dtype`` stores it, relative error and residual of the solution found."""
    import numpy as np
    import torch

    a = torch.tensor(matrix, dtype=dtype)
    exact = a.double().numpy()
    b = torch.tensor(exact @ x, dtype=dtype)
    found = solve(a, b, pivoting).double().numpy()
    error = np.linalg.norm(found - x) / np.linalg.norm(x)
    residual = np.linalg.norm(exact @ found - b.double().numpy())
    return np.linalg.cond(exact), error, residual / (np.linalg.norm(exact, 2) * np.linalg.norm(found))


def add_exactly(exact, chunk):
    """Add ``chunk`` (terms, lanes) to the sums ``exact`` (2, lanes): a double, and a second for what it leaves over."""
    from math import fsum

    for lane, column in enumerate(chunk.T):
        parts = [*column, *exact[:, lane]]
        high = fsum(parts)
        exact[:, lane] = high, fsum([*parts, -high])


def show_bits(lab, number):
    """How each format stores ``number``, and what adding it up ten times makes of it."""
    import torch

    rows = []
    for name, (exponents, fractions) in FORMATS.items():
        stored = torch.tensor(number, dtype=getattr(torch, name))
        count = 1 + exponents + fractions
        whole = stored.view({16: torch.int16, 32: torch.int32, 64: torch.int64}[count]).item()
        bits = f"{whole % 2**count:0{count}b}"
        sign, exponent, fraction = bits[0], bits[1 : 1 + exponents], bits[1 + exponents :]
        bias = 2 ** (exponents - 1) - 1
        power = max(int(exponent, 2), 1) - bias  # all zeros: a number below the smallest power, without the leading 1
        total = torch.zeros_like(stored)
        for _ in range(10):
            total += stored
        written = fraction if fractions < 24 else f"{fraction[:11]}...{fraction[-5:]}"
        cells = (f"{sign} {exponent} {written}", f"{stored.item():.17g}", f"{total.item():.16g}", power)
        rows.append((name, *cells))
    columns = ("format", "sign exponent fraction", "stored", "added 10 times", "power of 2")
    lab.table(f"bits of {number:g}", columns, rows)


def softmax(z):
    """exp(z) / Σ exp(z) over the last axis of ``z``: (rows, classes) scores; −inf stands for a masked class."""
    import numpy as np

    grown = np.exp(z - z.max(-1, keepdims=True))
    return grown / grown.sum(-1, keepdims=True)


def check_softmax(softmax):
    """Each row sums to one, then large, small, far apart and masked scores, in float32, against float64."""
    import numpy as np

    rng = np.random.default_rng(0)
    scores = rng.normal(size=(4, 6)).astype(np.float32)
    spread = np.array([[0, 1, 2], [-300, 0, 300]], np.float32)
    masked = np.array([[1, 2, -np.inf], [-np.inf, 0, -np.inf]], np.float32)
    cases = {
        "ordinary scores": scores,
        "scores near 1000": scores + 1000,
        "scores near -1000": scores - 1000,
        "scores far apart": spread,
        "masked scores (-inf)": masked,
    }
    for what, z in cases.items():
        given = z.copy()
        with np.errstate(all="ignore"):
            found = np.asarray(softmax(given))
        if found.shape != z.shape:
            raise Wrong(f"{what}: the scores have shape {z.shape}, so have the probabilities; yours: {found.shape}.")
        if not np.array_equal(given, z):
            raise Wrong(f"{what}: the function has changed the scores it was given.")
        top = z.astype(np.float64).max(-1, keepdims=True)
        true = np.exp(z.astype(np.float64) - top)
        true /= true.sum(-1, keepdims=True)
        yield number((~np.isfinite(found)).sum(), f"{what}: probabilities that are NaN or infinite") == 0
        yield number(np.abs(found.sum(-1) - 1).max(), f"{what}: largest distance of a row's sum from 1") <= 1e-5
        yield number((np.abs(found - true) / (true + 1e-3)).max(), f"{what}: largest relative error") <= 1e-4


SUMS = {
    "naive: one by one": "naive",
    "pairwise: halves, added": "pairwise",
    "Kahan: with the loss carried along": "Kahan",
}


def sum_error(name, **knobs):
    """log₁₀ of the relative error that the sum ``name`` ends with."""
    return last(f"{name}/log10 sum error", **knobs)


def worst_sum(name):
    """That the sum ``name`` ends with the largest error, at least a fifth larger than each other."""
    first, second = (sum_error(other) for other in SUMS.values() if other != name)
    return (sum_error(name) - first > 0.08) & (sum_error(name) - second > 0.08)


LESSON = Lesson(
    covers=("A14",),
    run=run,
    knobs=Knobs,
    minutes=15,
    takeaways=(
        "A float is a binary fraction times a power of two, so 0.1 is rounded before anything is computed.",
        "Subtracting nearly equal numbers leaves rounding, and long naive sums pile it up.",
        "Condition belongs to the problem and bounds what any algorithm can do; stability belongs to the algorithm.",
        "Exponentials overflow early; subtracting the largest score first makes log-sum-exp safe.",
    ),
    show=("solving over log10 κ", "bits of 0.1", "log10 sum error", "log-sum-exp", "1 - cos x over log10 x"),
    rows=("S3-35", "S3-36", "S3-37"),
    mistakes=(92,),
    smoke={"terms": 1000},
    predictions=(
        Prediction(
            "What is the smallest whole score z for which exp z is infinite?",
            last("overflow"),
            "It is the first above ln of the format's largest number: 12 in float16, 89 in bfloat16 and float32, "
            "710 in float64. Exponent bits decide, not the fraction.",
            within=0.005,
        ),
        Prediction(
            "Which sum ends with the largest error?",
            choices={words: worst_sum(name) for words, name in SUMS.items()},
            why="The naive sum rounds a large total once for every small number; pairwise, each passes through only "
            "log₂ n additions; Kahan returns what was lost.",
        ),
    ),
    claims=(
        Claim(
            "In float64 0.1 + 0.2 − 0.3 is 5.6e-17: not zero",
            last("0.1 + 0.2 − 0.3", precision="float64", terms=1000).between(5.5e-17, 5.6e-17),
        ),
        Claim(
            "Kahan's sum of 10,000 float32 numbers is over ten times as exact as the naive one",
            sum_error("naive") - sum_error("Kahan") > 1,
            seeds=5,
        ),
        Claim(
            "In float16 the naive sum stalls: it is more than half wrong",
            sum_error("naive", precision="float16") > math.log10(0.5),
            seeds=5,
        ),
        Claim(
            "With pivoting the solution's error stays below 4 κε wherever κε < 0.1, and the residual below 4 ε: stable",
            last("error over κε") < 4,
            last("residual over ε") < 4,
            seeds=5,
        ),
        Claim(
            "Without pivoting the residual of some of the same systems exceeds 6 ε",
            last("residual over ε", pivoting=False) > 6,
            seeds=5,
        ),
        Claim(
            "exp overflows float16 at 12, float32 and bfloat16 at 89, float64 at 710",
            *(
                last("overflow", precision=name, terms=1000) == first
                for name, first in (("float16", 12), ("bfloat16", 89), ("float32", 89), ("float64", 710))
            ),
        ),
        Claim(
            "The shifted log-sum-exp is right where the naive one is infinite: about 1000 for a score of 1000",
            last("shifted/log-sum-exp").between(999.9, 1002.5),
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? [compute] A x = b is solved with κ = 10⁶ in float32 (ε ≈ 10⁻⁷). How many digits of x can you trust?
        - About 7, as float32 has
        + About 1
        - 6, as κ is 10⁶
        - All 7, if pivoting is on
        = The relative error is about κ·ε = 0.1. Pivoting keeps the algorithm stable; it cannot improve the problem.
        & S3-36, 92

        ? [foresee] 1 − cos x is computed for x = 10⁻⁴ in float32. What comes out?
        - 5 · 10⁻⁹, to seven digits
        + 0, as cos x rounds to 1
        - 0, as 5 · 10⁻⁹ is too small for float32
        - 5 · 10⁻⁹ with an error of 10 %, as digits cancel
        = cos x = 1 − 5 · 10⁻⁹ lies nearer to 1 than to the next float below. float32 reaches 10⁻³⁸, so 5 · 10⁻⁹ would
          fit, and 2 sin²(x/2) computes it to full precision: the problem was well-conditioned.

        ? [compute] float16 has ε ≈ 0.001. Ones are added to a total of 2048, one by one. Where does it end?
        + At 2048
        - At infinity, after some 63,000 ones
        - It grows, each step being off by a thousandth at most
        = From 2048 on floats are 2048·ε = 2 apart: 2049 lies half-way and is rounded back to the even one, 2048.
        & S3-37

        ? Why is bfloat16 liked for training although it has fewer fraction bits than float16?
        - Its sums are more exact, as there are more exponents
        + Its range is that of float32
        - It takes less memory, and so less time
        = Both take 16 bits. bfloat16 spends 8 on the exponent: it reaches 3.4 · 10³⁸, where float16 ends at
          65504; its sums are less exact, so they are kept in float32.
        & S3-35
    """),
    exercises=(
        CodeExercise(
            "This softmax overflows to NaN, and it mixes the rows. Write one that is right for any scores: large, "
            "small, far apart, or masked with -inf (no row is masked whole).",
            softmax,
            check_softmax,
            broken={"z - z.max(-1, keepdims=True)": "z", "grown.sum(-1, keepdims=True)": "grown.sum()"},
            hints=(
                "softmax(z) = softmax(z − c) for every number c: which c makes the largest exponent 0?",
                "`keepdims=True` lets a maximum or a sum over the last axis broadcast back over the row.",
            ),
            mistakes=(12,),
        ),
        Exercise(
            "Find a format in which the naive sum is wrong by over a tenth (log₁₀ of the error above −1), Kahan's by "
            "less than a thousandth.",
            sum_error("naive") > -1,
            sum_error("Kahan") < -3,
            solution={"precision": "float16"},
            hints=(
                "Few fraction bits make a sum stall.",
                "Even an exact sum must be rounded to the format at the end.",
            ),
        ),
    ),
    sources=(
        "N. J. Higham: Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002, chapters 1, 2, 4 and 9",
        "D. Goldberg: What every computer scientist should know about floating-point arithmetic, "
        "ACM Computing Surveys 23(1), 1991, 5-48",
        "W. Kahan: Further remarks on reducing truncation errors, Communications of the ACM 8(1), 1965, 40",
    ),
)
