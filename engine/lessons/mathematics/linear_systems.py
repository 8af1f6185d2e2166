"""Linear systems: where two lines cross, and how surely

Two equations are two lines, their solution is where they cross. How exactly is that place known if the right-hand side
is slightly wrong?

**Elimination.** Subtract a multiple of one row from the other so that x₁ vanishes there; solve for x₂, then for x₁.
Of x₁ + 2x₂ = 5 and 3x₁ + 4x₂ = 11 take the row with the larger first number, then the other minus a third of it:

    (2 − 4/3) x₂ = 5 − 11/3      so x₂ = 2, x₁ = (11 − 8)/3 = 1

**Determinant.** A carries the unit square to a parallelogram. `det A` = ad − bc is its area, negative if A flips the
plane. At 0 the square is flat, the lines are parallel: there is no inverse.

**Inverse.** `inv(A) @ b` solves n systems where one was asked for, and rounds more: its *residual*, the length of
A x − b, grows with κ (below). Use `solve(A, b)`; NumPy and SciPy hand it to LAPACK, a library for any size.

**Condition number.** If b is wrong by 1%, x may be wrong by up to κ %. κ is the most that A stretches a vector over
the least. It is large if lines are nearly parallel or rows unequal in size. A small determinant says nothing:
`0.001 0; 0 0.001` has κ = 1.

**Why it matters.** Gradient descent on ‖A x − b‖² takes steps in a number that grows like κ²: one reason why inputs are
scaled before training.

**Predict, then run.** How much larger does an error of b get? **Watch** the cloud of solutions.
**Break it:** `1 1; 1 1.01` with b `2 2.01`, then `1 2; 2 4`.
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


class Knobs(KnobSet):
    matrix: str = knob("1 2; 3 4", help="A, four numbers row by row: 1 2; 3 4")
    b: str = knob("5 11", help="the right-hand side, two numbers: 5 11")
    error: float = knob(0.02, 0.0001, 0.5, scale="log", help="how far b is wrong, in parts of its length")
    pace: int = pace(1)


def eliminate(a, b):
    """The stages of solving a x = b: rows (2, 3) of [a | b], the row that changed, and what was done."""
    import numpy as np

    m = np.column_stack([a, b])
    stages = [(m.copy(), [], "two equations, a row each")]
    if abs(m[1, 0]) > abs(m[0, 0]):
        m = m[::-1].copy()  # key: dividing by the larger number keeps rounding errors small
        stages.append((m.copy(), [], "swapped: the larger first number on top"))
    factor = m[1, 0] / m[0, 0] if m[0, 0] else 0.0
    m[1] = 0.0, *(m[1] - factor * m[0])[1:]  # key: x₁ vanishes from the second equation
    stages.append((m.copy(), 1, f"row 2 − {factor:.4g} × row 1"))
    if abs(m[0, 0] * m[1, 1]) <= 1e-14 * np.prod(np.linalg.norm(a, axis=1)):
        return stages  # the lines are parallel, or a row is 0
    pivot = m[1, 1]
    m[1] /= pivot
    stages.append((m.copy(), 1, f"row 2 ÷ {pivot:.4g}: x₂ = {m[1, 2]:.6g}"))
    m[0] = (m[0] - m[0, 1] * m[1]) / m[0, 0]
    stages.append((m.copy(), 0, f"row 1 without x₂: x₁ = {m[0, 2]:.6g}"))
    return stages


def run(lab, k):
    import numpy as np

    a = parse_numbers("matrix", k.matrix, (2, 2), least=1e-6, most=1e6)
    b = parse_numbers("b", k.b, (2,), least=1e-6, most=1e6)
    stages = eliminate(a, b)
    singular = bool((stages[-1][0][:, :2] != np.eye(2)).any())
    x = np.linalg.lstsq(a, b, rcond=None)[0] if singular else stages[-1][0][:, 2]
    condition, det = float("inf") if singular else float(np.linalg.cond(a)), float(np.linalg.det(a))
    inverse = "none" if singular else "; ".join(" ".join(f"{value:.6g}" for value in row) for row in np.linalg.inv(a))
    values = [("det A", repr(det)), ("condition κ", f"{condition:.6g}"), ("inverse", inverse)]
    lab.table("A in numbers", ("", "value"), values)
    lab.results(det=det, x1=float(x[0]), x2=float(x[1]))
    for step in lab.steps(len(stages), unit="stages"):
        m, changed, said = stages[step]
        arrays, marks = {"A": m[:, :2], "b": m[:, 2:]}, {key: {"changed": changed} for key in "Ab"}
        ticks = {"A": ((), ("x₁", "x₂")), "b": ((), ("",))}
        lab.operation("elimination", arrays, said, signs={"b": "="}, marks=marks, ticks=ticks)
        show_lines(lab, stages[0][0] if singular else m, x, np.zeros((0, 2)), "nearest to both" if singular else "x")
        show_grid(lab, a, step / (len(stages) - 1))
    if singular:
        lab.note("Nothing is left to divide by: the lines are parallel or one, and no single place is the solution.")
        return
    lab.results(condition=condition)
    compare_inverse(lab)
    go_downhill(lab, a, x, condition)

    cloud, growths = lab.state.setdefault("cloud", []), lab.state.setdefault("growths", [])
    for _ in lab.steps(20, unit="batches"):
        angle = np.random.uniform(0, 360, 20)
        wrong = k.error * np.linalg.norm(b) * np.stack([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        moved = np.linalg.solve(a, wrong)
        grown = np.linalg.norm(moved, axis=0) / np.linalg.norm(x) / k.error  # key: relative error out ÷ relative in
        cloud.extend((x + moved.T).tolist())
        growths.extend(np.stack([angle, grown], 1).tolist())
        show_lines(lab, np.column_stack([a, b]), x, np.array(cloud))
        level, axes = {"κ": [(0, condition), (360, condition)]}, ("direction of error (°)", "times as large in x")
        lab.points("growth of the error", growths, paths=level, axes=axes)
    lab.results(growth=max(grown for _, grown in growths))


def show_lines(lab, rows, x, cloud, name="x"):
    """The lines of the equations ``rows`` (2, 3), where they cross, and the ``cloud`` of solutions for a wrong b."""
    import numpy as np

    reach = max(1.5 * np.linalg.norm(x), 1.2 * np.abs(cloud - x).max(initial=0.0)) or 1.0
    paths = {}
    for line, (p, q, c) in zip(("first equation", "second equation"), rows, strict=True):
        length = np.hypot(p, q)
        if length > 0:
            normal = np.array([p, q]) / length
            foot = x + (c / length - normal @ x) * normal  # the place on the line that is nearest to x
            along = reach * np.array([-normal[1], normal[0]])
            paths[line] = np.stack([foot - along, foot + along])
    spots, labels = np.concatenate([cloud, x[None]]), [0] * len(cloud) + [1]
    lab.points("crossing lines", spots, labels, ("b in error", name), paths=paths, axes=("x₁", "x₂"), aspect="equal")


def show_grid(lab, a, part):
    """A grid and the unit square, carried ``part`` of the way from where they were to where A takes them."""
    import numpy as np

    now = (1 - part) * np.eye(2) + part * a
    lines = [(tick, end) for tick in range(-1, 2) for end in ((-1, 1) if tick else (1, -1))]
    snake = np.array(lines + [(-x, y) for y, x in lines], float)  # one way through all lines of the grid
    unit = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]) @ now.T
    paths = {"grid": snake @ now.T, f"unit square: area {np.linalg.det(now):.3g}": unit}
    lab.points("turned grid", unit[1:4:2], [0, 1], ("(1, 0)", "(0, 1)"), paths=paths, axes=("x₁", "x₂"), aspect="auto")


def compare_inverse(lab):
    """‖A y − b‖/‖b‖ of both ways, for random systems of 50 equations with larger and larger κ."""
    import numpy as np

    rng, powers, found = np.random.default_rng(lab.seed), np.arange(0, 13, 2), {"solve": [], "inverse": []}
    for power in powers:
        left, right = (np.linalg.qr(rng.normal(size=(50, 50)))[0] for _ in range(2))
        a = left @ np.diag(np.logspace(0, -power, 50)) @ right
        b = a @ rng.normal(size=50)
        for name, y in (("solve", np.linalg.solve(a, b)), ("inverse", np.linalg.inv(a) @ b)):
            found[name].append(np.log10(np.linalg.norm(a @ y - b) / np.linalg.norm(b)))
            lab.results(**{f"{name}/log10 residual at 1e{power}": found[name][-1]})
    lab.curve("solve or invert", powers, axes=("log₁₀ κ", "log₁₀ residual"), **found)


def go_downhill(lab, a, x, condition):
    """Gradient descent on half of ‖a u − a x‖² from u = 0, for a and another matrix: how far from x at each step."""
    import numpy as np

    lines = {}
    for name, matrix in ((f"A, κ = {condition:.3g}", a), ("2 1; 1 3, κ = 2.62", np.array([[2.0, 1.0], [1.0, 3.0]]))):
        square, u, distance = matrix.T @ matrix, np.zeros(2), [1.0]
        rate = 2 / np.trace(square)  # key: the best rate, 2 over the sum of largest and smallest curvature
        while distance[-1] > 0.001 and len(distance) <= 20_000:
            u = u - rate * square @ (u - x)
            distance.append(float(np.linalg.norm(u - x) / np.linalg.norm(x)))
        lines[name] = distance
    mine, other = (len(distance) - 1 for distance in lines.values())
    lab.results(**{"descent/steps": mine, "descent/steps for 2 1; 1 3": other})
    shown = np.unique(np.linspace(0, max(mine, other), 200).astype(int))
    drawn = {name: np.log10([d[min(i, len(d) - 1)] for i in shown]) for name, d in lines.items()}
    lab.curve("gradient descent", shown, axes=("step", "log₁₀ distance ÷ ‖x‖"), **drawn)


def solve_safely(a, b):
    """x with a x = b, a (n, n), b (n,); None if a is singular, or so nearly that fewer than four digits are left."""
    import numpy as np

    if np.linalg.cond(a) > 1e12:
        return None
    return np.linalg.solve(a, b)


def check_solve(function):
    import numpy as np

    rng = np.random.default_rng(4)
    x = function(np.arange(1.0, 10.0).reshape(3, 3) / 10, np.ones(3))
    if x is not None:
        raise Wrong(f"0.1 0.2 0.3; 0.4 0.5 0.6; 0.7 0.8 0.9 is singular: None is expected, and yours gave {x}.")
    left, right = (np.linalg.qr(rng.normal(size=(50, 50)))[0] for _ in range(2))
    steep = left @ np.diag(np.logspace(0, -8, 50)) @ right
    for name, a in (("0.001 · I, n = 120", np.eye(120) / 1000), ("κ = 1e8, n = 50", steep)):
        b = a @ rng.normal(size=len(a))
        x = function(a.copy(), b.copy())
        if np.shape(x) != b.shape:
            raise Wrong(f"{name}: x has shape {b.shape}; yours is {'None' if x is None else np.shape(x)}.")
        yield number(float(np.linalg.norm(a @ x - b) / np.linalg.norm(b)), f"{name}: ‖a x − b‖/‖b‖") <= 1e-13


LESSON = Lesson(
    covers=("A04",),
    run=run,
    knobs=Knobs,
    minutes=12,
    show=("crossing lines", "elimination", "turned grid", "growth of the error", "A in numbers", "solve or invert"),
    takeaways=(
        "The determinant is the signed area of the unit square's image; at 0 the lines are parallel.",
        "The condition number says how many times an error of b can grow in x; a small determinant does not.",
        "`solve(A, b)` leaves a residual at rounding level where `inv(A) @ b` loses digits as κ grows.",
    ),
    predictions=(
        Prediction(
            "b is wrong in 400 random directions. How many times as large, relatively, is the worst error of x?",
            choices={
                "At most twice": last("growth") <= 2,
                "3 to 8 times": last("growth").between(3, 8),
                "10 to 30 times": last("growth").between(10, 30),
                "Over 40 times": last("growth") > 40,
            },
            why="It may reach the condition number, which is large where the lines are nearly parallel or the rows "
            "unequal in size. The length of the error plays no part, as both sides grow with it.",
        ),
    ),
    claims=(
        Claim(
            "1 2; 3 4 with 5 11 has the solution (1, 2), and its determinant comes out a little beyond −2",
            abs(last("x1") - 1) + abs(last("x2") - 2) < 1e-14,
            (last("det") < -2) & (last("det") > -2 - 1e-14),
        ),
        Claim(
            "Errors grow up to the condition number: nearly 15 there, 402 for the nearly parallel lines, never beyond",
            last("growth").between(14, 14.94),
            last("growth", matrix="1 1; 1 1.01", b="2 2.01").between(380, 402.01),
            seeds=10,
        ),
        Claim(
            "At κ = 1e8 the inverse leaves a residual over 10,000 times that of solve, which is at rounding level",
            last("inverse/log10 residual at 1e8") > 4 + last("solve/log10 residual at 1e8"),
            last("solve/log10 residual at 1e8") < -14,
            seeds=10,
        ),
        Claim(
            "Gradient descent takes over 30 times as many steps for κ = 14.9 as for κ = 2.62",
            last("descent/steps") > 30 * last("descent/steps for 2 1; 1 3"),
        ),
    ),
    exercises=(
        Exercise(
            "Find an A with a determinant between 0.99 and 1.01 whose condition number is above 1,000.",
            last("det").between(0.99, 1.01),
            last("condition") > 1000,
            solution={"matrix": "100 100; 100 100.01"},
            hints=("Make the rows nearly parallel, then scale both until the area is 1.",),
        ),
        CodeExercise(
            "This solver takes a harmless matrix for singular, a singular one for harmless, and leaves too large a "
            "residual. Repair all three.",
            solve_safely,
            check_solve,
            broken={"np.linalg.cond(a) > 1e12": "np.linalg.det(a) == 0", "solve(a, b)": "inv(a) @ b"},
            hints=("0.001¹²⁰ is no float. Which number is the same for A and 0.001 · A?",),
        ),
    ),
    quiz=quiz("""
        ? [compute] 2x + 3y = 8 and 5x + 4y = 13. Take 2.5 times the first from the second. What remains?
        - −3.5 y = 5
        + −3.5 y = −7
        - −3.5 y = 13
        = 4 − 2.5 · 3 = −3.5 and 13 − 2.5 · 8 = −7; the right-hand side takes part. So y = 2, and x = 1.
        & S2-99

        ? [compute] What is the inverse of `-1 2; -3 4`?
        - `-1 0.5; -0.333 0.25`
        - `4 -2; 3 -1`
        + `2 -1; 1.5 -0.5`
        = Swap the diagonal, change the other two signs, divide all by the determinant, 2. Entry by entry 1/a is wrong.
        & S3-13

        ? [foresee] The determinant of `-1 2; 3 -4` is −2. What does `np.linalg.det(A) == -2` give?
        - True: the entries are whole numbers
        + False
        - True, as `==` allows for rounding
        = It prints -2.0000000000000004: elimination divides by 3, and 1/3 is no float. So `det(A) == 0` is
          no test for a singular matrix either.
        & S3-14

        ? [foresee] A and b are both multiplied by 0.001. What becomes of κ and of det A?
        - κ grows, as det A comes nearer to 0
        + κ stays, det A shrinks
        - Both shrink by the same factor
        = Every vector is stretched 1,000 times less, so most over least stays; an area shrinks a millionfold.
    """),
    sources=(
        "L. N. Trefethen, D. Bau: Numerical Linear Algebra, SIAM 1997, lectures 12 and 20-22",
        "N. J. Higham: Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002, chapters 7, 9 and 14",
        "E. Anderson et al.: LAPACK Users' Guide, 3rd ed., SIAM 1999",
    ),
    rows=("S2-87", "S2-89", "S2-90", "S2-92"),
)
