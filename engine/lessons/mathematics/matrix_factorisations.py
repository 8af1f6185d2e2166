"""LU, QR, Cholesky: which factors answer which question?

You solve A x = b for a thousand b, fit a curve, and tell a bowl from a saddle. What of A is worth keeping?

**Triangular is easy.** With zeros above or below the diagonal, unknowns follow one by one, with about n²
multiplications for L and U together. Taking A apart costs n³/3 (LU), once for all b.

**LU**, for square A: take multiples of each row off those below until they have zeros, and keep them in L.
Rows are swapped to divide by the largest number; P records it: P A = L U.

**QR**, for any A with independent columns: make them perpendicular and of length 1 (*Gram-Schmidt*; libraries reflect
instead: less rounding). Q holds them, R what was taken off. The x with R x = Qᵀb makes ‖A x − b‖ least: a fit.

**Cholesky**, for symmetric A where xᵀA x > 0 for every x ≠ 0 (*positive definite*, a bowl): half the cost of LU.

    A = L Lᵀ      4 2; 2 5 = (2 0; 1 2) (2 1; 0 2)

A root of 0 or less on the way means: no bowl. But it trusts symmetry and reads one triangle only.

**Why it matters.** Linear regression solves AᵀA x = Aᵀb, the *normal equations*. If A has the *condition number* κ (the
most it stretches over the least), AᵀA has κ²: in a close fit it loses twice QR's digits. And where a loss is least, its
matrix of second derivatives is a bowl or a valley, not a saddle.

**Predict, then run. Watch** L fill up. **Break it:** `2 0; 5 2` passes SciPy's test and is a saddle.
"""

from descend.engine.base.errors import UsageError
from descend.engine.base.number_text import parse_numbers
from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    knob,
    last,
    number,
    pace,
    quiz,
)

PLANE = ("x₁", "x₂")


class Knobs(KnobSet):
    matrix: str = knob("4 2; 2 5", help="A, four numbers row by row: 4 2; 2 5")
    degree: int = knob(10, 1, 12, help="highest degree of the polynomial that is fitted to 50 exact values")
    pace: int = pace(1)


def run(lab, k):
    import numpy as np

    a = parse_numbers("matrix", k.matrix, (2, 2), least=0.001)
    if abs(np.linalg.det(a)) <= 1e-9 * np.abs(a).max() ** 2:
        raise UsageError("The determinant of matrix is 0; another number in its place makes its columns independent.")
    judge(lab, a)
    for step in lab.steps(3, unit="stages of Cholesky"):
        show_cholesky(lab, a, step)
    stages = eliminate(a)
    for step in lab.steps(len(stages), unit="stages of LU"):
        arrays, said, signs = stages[step]
        lab.operation("P A = L U", arrays, said, signs=signs)
    lab.results(**{"l₂₁": stages[-1][0]["L"][1, 0], "u₂₂": stages[-1][0]["U"][1, 1]})
    make_perpendicular(lab, *a.T)
    fit_polynomials(lab, k.degree)


def make_perpendicular(lab, first, second):
    """Gram-Schmidt on two columns: what is perpendicular to the first is what is left without the part along it."""
    import numpy as np

    q1 = first / np.linalg.norm(first)
    along = (q1 @ second) * q1  # key: the part of the second column that the first one already has
    rest = second - along
    q2 = rest / np.linalg.norm(rest)
    lab.results(**{"r₁₁": np.linalg.norm(first), "r₁₂": q1 @ second, "r₂₂": np.linalg.norm(rest), "q₁ · q₂": q1 @ q2})
    angle = np.linspace(1.7, 3.7, 91) * np.pi
    paths = {"radius 1": np.stack([np.cos(angle), np.sin(angle)], 1), "x₁ = 0": [(0, -1.4), (0, 1.4)]}
    columns = {"a₁": first, "a₂": second}
    shown = columns, {**columns, "a₂ along a₁": along}, {**columns, "a₂ − along": rest}, {"q₁": q1, "q₂": q2}
    for step in lab.steps(4, unit="stages of QR"):
        ends, names = np.stack(list(shown[step].values())), tuple(shown[step])
        middle, labels = 0 * ends, range(len(ends))
        lab.points("Gram-Schmidt", middle, labels, names, arrows=ends, paths=paths, axes=PLANE, aspect="equal")


def show_cholesky(lab, a, step):
    """The entries of L so far, from the lower triangle of a, and how the newest was found."""
    import numpy as np

    lower = np.zeros((2, 2))
    lower[0, 0] = np.sqrt(a[0, 0]) if a[0, 0] > 0 else np.nan
    lower[1, 0] = a[1, 0] / lower[0, 0]
    left = a[1, 1] - lower[1, 0] ** 2  # key: what the first column has not explained
    lower[1, 1] = np.sqrt(left) if left > 0 else np.nan
    said = (
        f"√{a[0, 0]:.4g} = {lower[0, 0]:.4g}",
        f"{a[1, 0]:.4g} ÷ {lower[0, 0]:.4g} = {lower[1, 0]:.4g}",
        f"√({a[1, 1]:.4g} − {lower[1, 0]:.4g}²) = √{left:.4g} = {lower[1, 1]:.4g}",
    )
    words = said[step].replace("= nan", "does not exist: no bowl").replace("nan", "?")
    at = ((0, 0), (1, 0), (1, 1))[step]
    blank, full = np.array([[False, True], [step < 1, step < 2]]) | np.isnan(lower), np.nan_to_num(lower)
    arrays, signs = {"A": a, "L": full, "Lᵀ": full.T}, {"L": "=" if np.allclose(lower @ lower.T, a) else "≠", "Lᵀ": "×"}
    marks = {"A": {"read": at}, "L": {"written": at}}
    lab.operation("Cholesky: A = L Lᵀ", arrays, words, signs=signs, marks=marks, blank={"L": blank, "Lᵀ": blank.T})
    lab.results(**{"l₂₂": float(lower[1, 1])})


def judge(lab, a):
    """A picture of xᵀ a x, its least value on the circle, and what tests by Cholesky say that read one triangle."""
    import numpy as np
    import scipy.linalg

    x, y = np.meshgrid(np.linspace(-1, 1, 61), np.linspace(-1, 1, 61))
    heights = a[0, 0] * x * x + (a[0, 1] + a[1, 0]) * x * y + a[1, 1] * y * y
    lab.field("bowl or saddle: xᵀA x", heights, (-1, 1), (-1, 1), axes=PLANE)
    passed = {}
    for name, test in (("NumPy", np.linalg.cholesky), ("SciPy", scipy.linalg.cholesky)):
        try:
            passed[name] = test(a) is not None
        except np.linalg.LinAlgError:
            passed[name] = False
    least = float(np.linalg.eigvalsh((a + a.T) / 2)[0])
    rows = [(f"{name}: cholesky(A)", "passes" if found else "fails") for name, found in passed.items()]
    lab.table("is it a bowl?", ("test", "answer"), [*rows, ("least xᵀA x for ‖x‖ = 1", f"{least:.4g}")])
    lab.results(**{f"{name} passes": float(found) for name, found in passed.items()}, least=least, smallest=a.min())


def eliminate(a):
    """The stages of P a = L U: arrays, what was done, and signs between them."""
    import numpy as np

    rows = a[::-1].copy() if abs(a[1, 0]) > abs(a[0, 0]) else a  # key: the larger first number on top
    factor = rows[1, 0] / rows[0, 0]
    upper = np.stack([rows[0], [0.0, rows[1, 1] - factor * rows[0, 1]]])
    said = "the larger first number is on top" + ": rows swapped" * (rows is not a)
    done = f"row 2 − {factor:.4g} × row 1; the {factor:.4g} is kept in L"
    lower = np.array([[1.0, 0.0], [factor, 1.0]])
    signs = {"L": "=", "U": "×"}
    begun, ended = {"P A": rows, "L": np.eye(2), "U": rows}, {"P A": rows, "L": lower, "U": upper}
    return [(begun, said, signs), (ended, done, signs)]


def fit_polynomials(lab, degree):
    """Digits to which coefficients come back from 50 exact values, by QR and by Cholesky of the normal equations."""
    import numpy as np
    import scipy.linalg

    rng, x = np.random.default_rng(lab.seed), np.linspace(0, 1, 50)
    digits = {"QR": [], "normal equations": []}
    for step in lab.steps(degree, unit="degrees"):
        a, true = np.vander(x, step + 2, increasing=True), rng.normal(size=step + 2)
        y = a @ true
        q, r = np.linalg.qr(a)
        found = {"QR": scipy.linalg.solve_triangular(r, q.T @ y)}  # key: its errors grow like κ
        found["normal equations"] = scipy.linalg.cho_solve(scipy.linalg.cho_factor(a.T @ a), a.T @ y)  # key: like κ²
        for name, kept in digits.items():
            wrong = np.linalg.norm(found[name] - true) / np.linalg.norm(true)
            kept.append(float(-np.log10(np.clip(wrong, 1e-16, 1))))
        lab.curve("digits of a fit", range(1, step + 2), axes=("degree", "right digits"), **digits)
    lab.results(**{f"digits by {name}": kept[-1] for name, kept in digits.items()})


def is_bowl(a):
    """Whether xᵀ a x > 0 for every x ≠ 0, for any square a."""
    import numpy as np

    try:
        np.linalg.cholesky((a + a.T) / 2)
    except np.linalg.LinAlgError:
        return False
    return True


def check_bowl(function):
    import numpy as np

    angle = np.linspace(0, np.pi, 181)
    x = np.stack([np.cos(angle), np.sin(angle)])
    for text in ("4 2; 2 5", "1 2; 3 4", "2 0; 5 2", "2 5; 0 2", "2 0; 1 2", "2 -3; 1 2", "-1 0; 0 -2"):
        a = np.array([float(entry) for entry in text.replace(";", "").split()]).reshape(2, 2)
        least = float((x * (a @ x)).sum(axis=0).min())
        said = f"{text}, least xᵀA x on the circle {least:.3g}: your answer, 1 for a bowl"
        yield number(float(bool(function(a.copy()))), said) == float(least > 0)


MORE_DIGITS = last("digits by QR") - last("digits by normal equations")

LESSON = Lesson(
    covers=("A06",),
    after="singular-values",
    run=run,
    knobs=Knobs,
    minutes=10,
    show=("Cholesky: A = L Lᵀ", "bowl or saddle: xᵀA x", "P A = L U", "Gram-Schmidt", "digits of a fit"),
    takeaways=(
        "LU solves square systems, QR fits, Cholesky does symmetric bowls at half the cost; parts are used again.",
        "The normal equations square the condition number and lose about twice the digits that QR loses.",
        "Cholesky reads one triangle: as a test for a bowl it needs the symmetric part of A.",
    ),
    predictions=(
        Prediction(
            "Exact values of a polynomial, degree 10 (or your knob's), are fitted by QR and by normal equations. How "
            "many more digits of its coefficients has QR right?",
            choices={
                "At most 1": MORE_DIGITS <= 1,
                "2 to 4": MORE_DIGITS.between(1.5, 4.3),
                "5 or more": MORE_DIGITS > 4.6,
            },
            why="Powers of x resemble each other: each degree makes κ about 5 times as large. QR loses about log₁₀ κ "
            "digits, the normal equations twice as many.",
        ),
    ),
    claims=(
        Claim(
            "The L of 4 2; 2 5 ends in 2; LU of 1 2; 3 4 swaps rows, keeps 1/3 and leaves 2/3; its R is "
            "3.1623 4.4272; 0 0.6325, and the columns of its Q are perpendicular",
            abs(last("l₂₂") - 2) < 1e-12,
            abs(last("l₂₁", matrix="1 2; 3 4") - 1 / 3) + abs(last("u₂₂", matrix="1 2; 3 4") - 2 / 3) < 1e-12,
            abs(last("r₁₁", matrix="1 2; 3 4") - 3.1623) + abs(last("r₁₂", matrix="1 2; 3 4") - 4.4272) < 1e-4,
            abs(last("r₂₂", matrix="1 2; 3 4") - 0.6325) < 1e-4,
            abs(last("q₁ · q₂", matrix="1 2; 3 4")) < 1e-12,
            seeds=2,
        ),
        Claim(
            "2 0; 5 2 passes SciPy's Cholesky, not NumPy's, and xᵀA x gets down to −0.5 on the unit circle",
            last("SciPy passes", matrix="2 0; 5 2") == 1,
            last("NumPy passes", matrix="2 0; 5 2") == 0,
            abs(last("least", matrix="2 0; 5 2") + 0.5) < 1e-9,
        ),
        Claim(
            "Of degree 10 QR has over 8 digits right and the normal equations fewer than 5; of degree 1 both over 13",
            (last("digits by QR") > 8) & (last("digits by normal equations") < 5),
            (last("digits by QR", degree=1) > 13) & (last("digits by normal equations", degree=1) > 13),
            seeds=10,
        ),
    ),
    exercises=(
        Exercise(
            "Find a matrix with positive entries that passes NumPy's test and is a saddle, below −0.1 where ‖x‖ = 1.",
            last("smallest") > 0,
            last("NumPy passes") == 1,
            last("least") < -0.1,
            solution={"matrix": "2 9; 1 2"},
            hints=("NumPy reads the lower triangle. What does the other one do to xᵀA x?",),
            mistakes=(19,),
        ),
        CodeExercise(
            "This test for a bowl believes that every matrix is symmetric. Repair it.",
            is_bowl,
            check_bowl,
            broken={"(a + a.T) / 2": "a"},
            hints=("xᵀA x is the same for A and for Aᵀ. For which symmetric matrix is it the same again?",),
            mistakes=(19,),
        ),
    ),
    quiz=quiz("""
        ? [compute] `scipy.linalg.cholesky` accepts `3 0; 8 3`. Is xᵀA x positive for every x ≠ 0?
        - Yes: Cholesky is the test for that
        - Yes: both eigenvalues are 3
        + No: x = (1, −1) gives −2
        = Only the upper triangle was read, as if A were 3 0; 0 3. Without symmetry positive eigenvalues prove nothing
          either: those of (A + Aᵀ)/2 = 3 4; 4 3 are 7 and −1.
        & S2-97, 19

        ? [compute] LU of `1 2; 3 4`, rows swapped for the larger first number. What is the last entry of U?
        - −2
        + 2/3
        - 4
        = 2 − (1/3) · 4. Without the swap it is 4 − 3 · 2 = −2: then L U = A, not P A.

        ? [compute] 1,000 equations, 1,000 right-hand sides. By what factor does LU anew for each cost more than once?
        - 1,000
        + About 250
        - About 3
        = Anew: 1,000 · (n³/3 + n²). Once: n³/3 + 1,000 n², where the triangles cost three times as much as the LU.

        ? [foresee] A fit has κ = 10⁶ and exact targets. About how many of 16 digits are left by normal equations?
        - 16: no noise, no loss
        - 10
        + 4
        = κ² = 10¹². QR works with κ and keeps about 10; rounding alone does that, not noise.
    """),
    sources=(
        "L. N. Trefethen, D. Bau: Numerical Linear Algebra, SIAM 1997, lectures 7, 8, 11, 19-21 and 23",
        "G. H. Golub, C. F. Van Loan: Matrix Computations, 4th ed., Johns Hopkins 2013, chapters 3 to 5",
    ),
    rows=("S2-94", "S2-95"),
)
