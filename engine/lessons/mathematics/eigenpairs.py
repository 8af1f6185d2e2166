"""Eigenpairs: a vector that stops turning

A matrix turns almost every vector. Which ones does it leave on their line, and how could you find one by doing
nothing but multiplying?

**Eigenpairs.** v ≠ 0 is an *eigenvector* of A, λ its *eigenvalue*, if

    A v = λ v.

A 2 × 2 matrix has two eigenvalues, the roots of λ² − (a + d)λ + (ad − bc) = 0. So, always,

    λ₁ + λ₂ = trace A      λ₁ · λ₂ = det A.

**Power iteration.** Multiply, scale to length 1, repeat. Write the start as c₁v₁ + c₂v₂: after k steps the second
part has shrunk by |λ₂/λ₁|ᵏ against the first. The *Rayleigh quotient* ρ = vᵀA v (‖v‖ = 1) estimates λ, and the
*residual* ‖A v − ρ v‖ shrinks by |λ₂/λ₁| a step. For a symmetric A the error of ρ shrinks by the square of that.

**Shift and inverse.** A − σI has the same eigenvectors and eigenvalues λ − σ; its inverse, 1/(λ − σ). So
`inverse` finds the eigenvalue *nearest* σ, the faster the nearer.

**Predict, then run.** The default has eigenvalues 5 and 2. By what factor does the residual fall each step?

**Watch.** v and its image (drawn shrunk) close up like scissors, on the line of λ₁. `rate` settles at |λ₂/λ₁|.

**Break it.** `0 2; 2 0` has eigenvalues 2 and −2: no winner, v hops between two lines for ever. A shift of 1 breaks
the tie. `0 -1; 1 0` is a quarter turn: its eigenvalues ±i are complex, it has no real eigenvector, and no shift
helps. `1 1; 0 1` has one line only: the residual falls, but like 1/k².
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
    computed,
    knob,
    knob_value,
    last,
    number,
    pace,
    quiz,
)

EPS = 2.0**-52
TIE = 1 - 1e-9
"""Ratio of magnitudes from which on neither eigenvalue wins."""


class Knobs(KnobSet):
    matrix: str = knob("4 2; 1 3", help="the two rows of A: four numbers, such as 1 2; 3 4")
    method: str = knob("power", choices=("power", "inverse"), help="multiply by A - shift, or by its inverse")
    shift: float = knob(0.0, -10.0, 10.0, live=True, help="taken off the diagonal of A before iterating")
    steps: int = knob(40, 5, 200, help="multiplications")
    pace: int = pace(4)


def multiply(matrix, v, method, shift):
    """One step of the iteration, not scaled."""
    import numpy as np

    shifted = matrix - shift * np.eye(2)
    if method == "power":
        return shifted @ v  # key: the direction of the largest |λ − σ| grows most
    try:
        return np.linalg.solve(shifted, v)  # key: the inverse is never formed, only a system is solved
    except np.linalg.LinAlgError:  # σ is an eigenvalue to the last bit
        return np.linalg.solve(shifted + EPS * max(1.0, np.abs(matrix).max()) * np.eye(2), v)


def run(lab, k):
    import numpy as np

    matrix = parse_numbers("matrix", k.matrix, (2, 2), most=1e6)
    values, vectors = np.linalg.eig(matrix)
    rng = np.random.default_rng(lab.seed)
    v = rng.normal(size=2)
    v /= np.linalg.norm(v)
    lab.track(v=v)
    show_eigenpairs(lab, matrix, values, vectors)
    size = np.linalg.norm(matrix, 2) or 1.0
    origin, lines = np.zeros(2), {}
    if np.isrealobj(values):
        for value, vector in zip(values, vectors.T, strict=True):
            lines[f"λ = {value:.4g}"] = np.stack([-1.2 * vector, 1.2 * vector])

    for _ in lab.steps(k.steps):
        image = matrix @ v
        rho = v @ image  # key: the Rayleigh quotient, the best λ for this v
        residual = np.linalg.norm(image - rho * v)
        error = np.abs(values - rho).min()
        lab.scalars({"rayleigh": rho, "log10 residual": np.log10(max(residual, EPS * size))})
        measure_rates(lab, residual / size, error / size)
        ends = {"v": v, f"A v / {size:.3g}": image / size}
        arrows = {name: np.stack([origin, end]) for name, end in ends.items()}
        spots, paths, axes = np.stack(list(ends.values())), {**lines, **arrows}, ("x₁", "x₂")
        lab.points("plane", spots, paths=paths, axes=axes, aspect="equal")
        grown = multiply(matrix, v, k.method, k.shift)
        length = np.linalg.norm(grown)
        if length == 0:
            lab.note("The step gave the zero vector: v is an eigenvector whose eigenvalue is the shift.")
            break
        v[:] = grown / length  # key: without scaling the numbers would overflow or vanish

    image = matrix @ v
    rho = v @ image
    lab.results(rayleigh=float(rho), residual=float(np.linalg.norm(image - rho * v) / size))
    low, high = sorted(np.abs(values - k.shift))
    ratio = float(low / high) if high else 1.0
    lab.results(ratio=ratio, gap=float(abs(values[0] - values[1]) / size), complex=float(np.iscomplexobj(values)))
    before, after = lab.state.get("rates", (0.0, 1.0))
    if np.isrealobj(values) and ratio < TIE and abs(after - before) < 0.01 * after:
        lab.results(**{"settled rate": after})


def measure_rates(lab, residual, error):
    """How much smaller the residual and the Rayleigh quotient's error are than a step before, while that means
    something: near the resolution of the numbers it is noise."""
    before = lab.state.get("before")
    if before is not None and residual > 1e-12:
        rate = float(residual / before[0])
        lab.scalars(rate=rate)
        lab.state["rates"] = (lab.state.get("rates", (0.0, 0.0))[1], rate)
    if before is not None and error > 1e-11 and before[1] > 0:
        lab.results(**{"rayleigh rate": float(error / before[1])})
    lab.state["before"] = (float(residual), float(error)) if residual > 1e-12 else None


def show_eigenpairs(lab, matrix, values, vectors):
    """A table of the eigenpairs, and whether sum and product are trace and determinant."""
    import numpy as np

    def written(number):
        number = complex(number)
        return f"{number.real:.6g}" if abs(number.imag) < 1e-12 else f"{number.real:.4g} {number.imag:+.4g}i"

    rows = [
        (f"λ{sign}", written(value), f"v = ({written(vector[0])}, {written(vector[1])})")
        for sign, value, vector in zip("₁₂", values, vectors.T, strict=True)
    ]
    rows.append(("λ₁ + λ₂", written(values.sum()), f"trace = {written(np.trace(matrix))}"))
    rows.append(("λ₁ · λ₂", written(values.prod()), f"det = {written(np.linalg.det(matrix))}"))
    lab.table("eigenpairs", ("", "value", "check"), rows)


def power(matrix, v, steps):
    """Eigenvalue of largest magnitude, and its eigenvector of length 1, by ``steps`` multiplications of ``v``.

    matrix: (n, n); v: (n,), not 0. Returns a number and (n,).
    """
    import numpy as np

    for _ in range(steps):
        v = matrix @ v
        v = v / np.linalg.norm(v)
    return v @ matrix @ v, v


def check_power(power):
    """A positive eigenvalue, a negative one, one so large that its powers overflow."""
    import numpy as np

    cases = (("4 2; 1 3", 5.0, 60), ("-1 2; 2 -1", -3.0, 60), ("4000 2000; 1000 3000", 5000.0, 120))
    for text, value, steps in cases:
        matrix = np.array([float(entry) for entry in text.replace(";", "").split()]).reshape(2, 2)
        with np.errstate(all="ignore"):
            given = power(matrix.copy(), np.array([1.0, 0.5]), steps)
        if not isinstance(given, tuple) or len(given) != 2:
            raise Wrong(f"It returns an eigenvalue and a vector; yours returns one {type(given).__name__}.")
        found, v = given
        if np.shape(v) != (2,):
            raise Wrong(f"For a matrix of shape (2, 2) the vector has shape (2,); yours has shape {np.shape(v)}.")
        yield number(abs(found / value - 1), f"{text}: relative distance from its eigenvalue {value:g}") <= 1e-9
        length, residual = float(np.linalg.norm(v)), float(np.linalg.norm(matrix @ v - value * v))
        yield number(abs(length - 1), f"{text}: distance of the vector's length from 1") <= 1e-9
        yield number(residual / abs(value), f"{text}: residual ÷ eigenvalue") <= 1e-9


REAL = (last("complex") == 0) & (last("gap") >= 1e-6)
"""There are two lines; with one eigenvalue only nothing is graded."""

LESSON = Lesson(
    covers=("A05",),
    run=run,
    knobs=Knobs,
    minutes=12,
    takeaways=(
        "An eigenvector keeps its line when the matrix acts on it; its eigenvalue says how much it is stretched.",
        "Power iteration finds the eigenvalue largest in magnitude, and gains a factor |λ₂/λ₁| a step.",
        "Shift and inverse finds the eigenvalue nearest the shift.",
        "Rotations have complex eigenvalues, and then no line stays.",
    ),
    show=("plane", "rate", "eigenpairs", "log10 residual", "rayleigh"),
    smoke={"steps": 40},
    predictions=(
        Prediction(
            "By what factor does the residual change at each step, once it has settled?",
            computed("the rate it settled at", lambda run: run.history.metrics.get("settled rate")),
            "The part along the other eigenvector shrinks by |λ₂ − σ| / |λ₁ − σ| a step (`inverse`: the nearer "
            "over the farther), and the residual with it.",
        ),
        Prediction(
            "What becomes of the direction of v?",
            choices={
                "It settles on a line": REAL & (last("ratio") < TIE),
                "It keeps moving, though there are lines": REAL & (last("ratio") >= TIE),
                "It turns for ever: there is no line": last("complex") == 1,
            },
            why="It settles if one eigenvalue of what is iterated is larger in magnitude than the other. Equal "
            "magnitudes leave nothing to win; a complex pair leaves no real line to settle on.",
        ),
    ),
    claims=(
        Claim("For eigenvalues 5 and 2 the residual falls by 2/5 a step", last("rate").between(0.399, 0.401), seeds=5),
        Claim(
            "For the symmetric matrix with eigenvalues −3 and 1 the Rayleigh quotient's error falls by (1/3)² a step",
            last("rayleigh rate", matrix="-1 2; 2 -1").between(0.108, 0.114),
            seeds=5,
        ),
        Claim(
            "`inverse` with a shift of 4 finds 5, and its residual falls by 1/2 a step",
            last("rate", method="inverse", shift=4.0).between(0.499, 0.501),
            abs(last("rayleigh", method="inverse", shift=4.0) - 5) < 1e-9,
            seeds=5,
        ),
        Claim(
            "A quarter turn never settles: the residual stays 1",
            abs(last("residual", matrix="0 -1; 1 0") - 1) < 1e-9,
            seeds=5,
        ),
        Claim(
            "With eigenvalues 2 and −2 the residual never falls",
            abs(last("rate", matrix="0 2; 2 0") - 1) < 1e-9,
            seeds=5,
        ),
        Claim(
            "A shift of 1 breaks that tie: the eigenvalue −2 is found",
            abs(last("rayleigh", matrix="0 2; 2 0", shift=1.0) + 2) < 1e-9,
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? [compute] A 2 × 2 matrix has trace 1 and determinant −6. What are its eigenvalues?
        + 3 and −2
        - 1 and −6
        - 2 and −3
        - That depends on the entries
        = They add up to the trace and multiply to the determinant: 3 + (−2) = 1, 3 · (−2) = −6. Whatever
          the entries are, λ² − λ − 6 = 0.

        ? [foresee] Power iteration is run on a matrix with eigenvalues 4, 1 and −5. What does it find?
        - 4, the largest
        + −5, farthest from 0
        - 1, the smallest
        - Any, depending on the start
        = What is multiplied by −5 outgrows what is multiplied by 4. The sign only flips v at every step.

        ? [compute] The eigenvalues are 5 and 2. `inverse` is run with a shift of 4. Which does it find, and by what
          factor does the residual fall a step?
        - 5, by 2/5
        + 5, by 1/2
        - 2, by 1/2: the smaller of the two
        = Its own eigenvalues are 1/(5 − 4) = 1 and 1/(2 − 4) = −1/2: the one nearest the shift wins, and the factor is
          |5 − 4| / |2 − 4|.

        ? A quarter turn of the plane has no real eigenvector. Why?
        - Its determinant is zero
        - Its eigenvalues are equal
        + It takes every line to another
        - Power iteration is too slow to find it
        = A v lies on the line of v only if v is not turned, or turned by half. Its determinant is 1 and its
          eigenvalues i and −i differ; more steps only turn v further.
    """),
    exercises=(
        Exercise(
            "Power iteration on 4 2; 1 3 ends at 5. Make the run find the other eigenvalue, 2, in at most 10 steps, "
            "with a residual below 1e-10.",
            knob_value("matrix") == "4 2; 1 3",
            knob_value("steps") <= 10,
            abs(last("rayleigh") - 2) < 0.1,
            last("residual") < 1e-10,
            solution={"method": "inverse", "shift": 1.9, "steps": 10},
            hints=(
                "`inverse` finds the eigenvalue nearest the shift.",
                "Each step gains |2 − σ| / |5 − σ|: how near must σ be for ten steps to give 1e-10?",
            ),
        ),
        CodeExercise(
            "This power iteration loses the eigenvalue's sign, and overflows where it is large. Fix both.",
            power,
            check_power,
            broken={
                "        v = v / np.linalg.norm(v)\n": "",
                "v @ matrix @ v, v": "np.linalg.norm(matrix @ v) / np.linalg.norm(v), v",
            },
            hints=(
                "5000¹²⁰ is no float. What may be done to v at every step without turning it?",
                "A length is never negative. For a v of length 1, which number times v is nearest to A v?",
            ),
        ),
    ),
    sources=(
        "L. N. Trefethen, D. Bau: Numerical Linear Algebra, SIAM 1997, lectures 24-27",
        "G. H. Golub, C. F. Van Loan: Matrix Computations, 4th ed., Johns Hopkins 2013, chapters 7 and 8",
    ),
)
