"""Norms: which of two points is nearer?

A lies 4 east and 3 north of you, B 6 north. Which is nearer? It depends on what a length is.

**A norm** is a rule for a vector's length. In streets you walk 4 + 3; a bird flies √(16 + 9); for a crane that moves
both ways at once the longer part counts:

    L1: |x₁| + |x₂|      L2: √(x₁² + x₂²)      L∞: max(|x₁|, |x₂|)

A is 7, 5 or 4 from you, B always 6. All three are one rule, with p = 1, 2 and ∞:

    ‖x‖ₚ = (|x₁|ᵖ + |x₂|ᵖ)^(1/p)

The places at most 1 away are the *unit ball*: a diamond, a disc, a square. For p below 1 it is a star, and a detour may
be shorter than the straight way: that is no norm. The more numbers a point has, the more often its nearest neighbour
is another by another p.

**A matrix** has norms too. Frobenius: square all entries, add, take the root.

**Normalising** is dividing by a norm. A whole matrix divided by one number keeps its shape, and its *condition number*
κ, the most it stretches a vector over the least. Dividing each column by its own norm changes κ.

**Why it matters.** Rows are examples, columns a network's inputs. Gradient descent needs a number of steps that grows
like κ², so scale each input by itself. Weight decay pulls weights towards 0: measured by L1 it takes the same amount
off each, so small ones become exactly 0; by squared L2 the same share, so none does.

**Predict, then run. Watch** the ball about you that just reaches the nearer point: which is it?
**Break it:** let p begin at 0.4.
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

NAMES = {1.0: "L1", 2.0: "L2", float("inf"): "L∞"}
AXES = ("x₁", "x₂")


class Knobs(KnobSet):
    a: str = knob("4 3", help="A, a point or a pair of weights: two numbers")
    b: str = knob("0 6", help="B, the other point: two numbers")
    begin: float = knob(1.0, 0.3, 2.0, help="the first p; below 1 it makes no norm")
    matrix: str = knob("1 7; -1 7", help="two examples (rows) of two inputs (columns), in different units")
    decay: float = knob(0.1, 0.02, 0.9, help="L1 takes so much off each weight a step, squared L2 such a share of it")
    steps: int = knob(30, 5, 200, help="steps of gradient descent, and of decay")
    pace: int = pace(3)


def length(x, p):
    """‖x‖ₚ of each x (…, n)."""
    import numpy as np

    if p == np.inf:
        return np.abs(x).max(axis=-1)
    return (np.abs(x) ** p).sum(axis=-1) ** (1 / p)  # key: a large p lets the largest entry decide


def run(lab, k):
    import numpy as np

    a, b = (parse_numbers(name, text, (2,), least=0.001) for name, text in (("a", k.a), ("b", k.b)))
    matrix = parse_numbers("matrix", k.matrix, (2, 2), least=0.001)
    grow_ball(lab, a, b, k.begin)
    compare_neighbours(lab)
    add_cells(lab, matrix)
    scaled = {
        "as it is": matrix,
        "÷ its norm": matrix / np.linalg.norm(matrix),  # key: one number for all, so κ stays
        "columns ÷ theirs": matrix / np.maximum(np.linalg.norm(matrix, axis=0), 1e-9),  # key: a number for each input
    }
    rows = []
    for name, m in scaled.items():
        stretch = np.linalg.svd(m, compute_uv=False)
        kappa = stretch[0] / stretch[1] if stretch[1] > 1e-12 * stretch[0] else np.inf
        rate = 2 / (stretch @ stretch) if kappa < np.inf else stretch[0] ** -2.0  # the best, by both curvatures
        goal = np.linalg.lstsq(m, matrix @ [1, 1 / 3], rcond=None)[0]
        u = np.zeros(2)
        for _ in range(k.steps):
            u = u - rate * m.T @ (m @ (u - goal))  # gradient of half the squared distance of m u from m goal
        left = float(np.linalg.norm(u - goal) / np.linalg.norm(goal))
        rows.append((name, f"{np.linalg.norm(m):.4g}", f"{kappa:.6g}", f"{100 * left:.3g} %"))
        lab.results(**{f"κ {name}": float(kappa), f"distance {name}": left})
    lab.table("normalising", ("matrix", "Frobenius", "κ", f"way left, {k.steps} steps"), rows)
    for step in lab.steps(k.steps, unit="steps of decay"):
        time = np.arange(step + 2)
        weights = {
            "L1": np.sign(a) * np.maximum(np.abs(a) - k.decay * time[:, None], 0),  # key: the same amount off each
            "squared L2": a * (1 - k.decay) ** time[:, None],
        }
        spots, axes = [a, (0, 0)], ("weight 1", "weight 2")
        lab.points("weight decay from A", spots, [0, 1], ("A", "0 0"), paths=weights, axes=axes, aspect="equal")
        lab.results(**{f"zeros/{name}": int((places[-1] == 0).sum()) for name, places in weights.items()})


def grow_ball(lab, a, b, begin):
    """For larger and larger p: the ball about the origin that just reaches the nearer of a and b."""
    import numpy as np

    angle, here = np.linspace(-0.75, 1.25, 361) * np.pi, (0, 0)
    circle = np.stack([np.cos(angle), np.sin(angle)], 1)
    ps = np.unique([*np.geomspace(begin, 32, 11), 1.0, 2.0, np.inf])
    ps = ps[ps >= begin]
    away = {name: np.array([length(x, p) for p in ps]) for name, x in (("A", a), ("B", b), ("A + B", a + b))}
    lab.results(**{"shortest detour": float(((away["A"] + away["B"]) / np.maximum(away["A + B"], 1e-9)).min())})
    for step in lab.steps(len(ps), unit="norms"):
        p, to_a, to_b = ps[step], away["A"][step], away["B"][step]
        ball = min(to_a, to_b) * circle / length(circle, p)[:, None]
        nearer = "A and B" if np.isclose(to_a, to_b) else "A" if to_a < to_b else "B"
        path = {f"p = {p:.3g}: {nearer}, {min(to_a, to_b):.3g} away".replace("inf", "∞"): ball}
        names = (f"A, {to_a:.3g} away", f"B, {to_b:.3g} away", "you")
        lab.points("ball to the nearer point", [a, b, here], range(3), names, paths=path, axes=AXES, aspect="equal")
        if p in NAMES:
            lab.results(**{f"A {NAMES[p]}": to_a, f"B {NAMES[p]}": to_b})


def compare_neighbours(lab):
    """How often the nearest of 200 random points is another by L1, and by L∞, than by L2."""
    import numpy as np

    rng, labels, changed = np.random.default_rng(lab.seed), [], {"L1": [], "L∞": []}
    for count in (2, 8, 32):
        x = rng.normal(size=(200, count))
        nearest = {name: length(x[:, None] - x, p).argsort(axis=1)[:, 1] for p, name in NAMES.items()}  # 0 is itself
        labels.append(f"{count} numbers a point")
        for name, shares in changed.items():
            shares.append(100 * float((nearest[name] != nearest["L2"]).mean()))
            lab.results(**{f"changed by {name} in {count}": shares[-1]})
    lab.bars("another is nearest than by L2", labels, "% of the points", **changed)


def add_cells(lab, matrix):
    """The Frobenius norm, one entry after another."""
    import numpy as np

    for step in lab.steps(4, unit="entries"):
        total, at = (matrix.ravel()[: step + 1] ** 2).sum(), {"read": divmod(step, 2)}
        said = f"sum so far {total:.6g}" if step < 3 else f"√{total:.6g} = {np.sqrt(total):.6g}"
        arrays, blank = {"M": matrix, "mᵢⱼ²": matrix**2}, {"mᵢⱼ²": np.arange(4).reshape(2, 2) > step}
        marks = dict.fromkeys(arrays, at)
        lab.operation("Frobenius norm", arrays, said, signs={"mᵢⱼ²": "→"}, marks=marks, blank=blank)


def unit_rows(x):
    """x (examples, numbers) with each row divided by its own L2 norm; a row of zeros stays."""
    import numpy as np

    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    return x / np.where(lengths > 0, lengths, 1)


def check_unit_rows(function):
    import numpy as np

    rng = np.random.default_rng(3)
    for x in (np.array([[3.0, 4.0], [0.0, 0.0], [0.0, -2.0]]), rng.normal(size=(4, 4)) * [[1], [10], [100], [1e-20]]):
        with np.errstate(all="ignore"):
            found = np.asarray(function(x.copy()))
        if found.shape != x.shape:
            raise Wrong(f"x has shape {x.shape}, and so has the result; yours has {found.shape}.")
        lengths = np.linalg.norm(x, axis=1)
        wrong = np.nan_to_num(np.abs(np.linalg.norm(found, axis=1) - (lengths > 0)).max(), nan=np.inf)
        yield number(float(wrong), f"{x.shape}: a row's length is off by at most") <= 1e-12
        turned = (lengths - (found * x).sum(axis=1))[lengths > 0] / lengths[lengths > 0]
        yield number(float(np.abs(turned).max()), f"{x.shape}: 1 - cosine of a row, before and after") <= 1e-12


CHANGED = last("changed by L∞ in 32")

LESSON = Lesson(
    covers=("A03",),
    run=run,
    knobs=Knobs,
    minutes=10,
    show=("ball to the nearer point", "another is nearest than by L2", "normalising", "weight decay from A"),
    takeaways=(
        "L1 adds the sizes of the entries, L2 is the straight line, L∞ the largest; the choice decides what is near.",
        "Dividing a whole matrix by a norm leaves its condition number; scaling each column by itself changes it.",
        "L1 decay makes small weights exactly zero, squared L2 shrinks all by the same share.",
    ),
    predictions=(
        Prediction(
            "200 points of 32 random numbers each. For how many is the nearest of the others by L∞ another than by L2?",
            choices={
                "Hardly any: what is near by one norm is by the other": CHANGED < 15,
                "About a third": CHANGED.between(20, 50),
                "More than half": CHANGED > 55,
            },
            why="L∞ sees only the largest of 32 differences, L2 adds all their squares. In two dimensions both seldom "
            "disagree; in many, all points are about equally far, and little decides which is nearest.",
        ),
    ),
    claims=(
        Claim(
            "(4, 3) is 7, 5 and 4 long by L1, L2 and L∞, and (0, 6) always 6",
            abs(last("A L1") - 7) + abs(last("A L2") - 5) + abs(last("A L∞") - 4) < 1e-9,
            abs(last("B L1") - 6) + abs(last("B L2") - 6) + abs(last("B L∞") - 6) < 1e-9,
        ),
        Claim(
            "From p = 1 on no detour is shorter than the straight way; for p = 0.4 one takes less than 0.8 of it",
            last("shortest detour") >= 1 - 1e-12,
            last("shortest detour", begin=0.4) < 0.8,
        ),
        Claim(
            "Of points of 32 random numbers, over a third have another nearest by L1 than by L2, over 60% by L∞",
            last("changed by L1 in 32") > 34,
            last("changed by L∞ in 32") > 60,
            seeds=10,
        ),
        Claim(
            "1 7; -1 7 has κ = 7, also divided by its norm, and with each column divided by its own 1; after 30 steps "
            "descent has 29% of the way left, divided or not, and with scaled columns nothing after 5",
            abs(last("κ ÷ its norm") - 7) + abs(last("κ as it is") - 7) + abs(last("κ columns ÷ theirs") - 1) < 1e-9,
            last("distance as it is").between(0.29, 0.3),
            abs(last("distance ÷ its norm") - last("distance as it is")) < 1e-9,
            last("distance columns ÷ theirs", steps=5) < 1e-9,
        ),
        Claim(
            "31 steps of L1 decay make one of the weights 4 and 3 exactly 0, 41 make both, and of squared L2 none",
            (last("zeros/L1", steps=31) == 1) & (last("zeros/L1", steps=41) == 2),
            last("zeros/squared L2", steps=41) == 0,
            seeds=2,
        ),
    ),
    exercises=(
        Exercise(
            "Find a matrix that scaling its columns does not help: κ is over 50 before and after.",
            last("κ as it is") > 50,
            last("κ columns ÷ theirs") > 50,
            solution={"matrix": "1 1; 1 1.02"},
            hints=("Two inputs that say nearly the same.",),
        ),
        CodeExercise(
            "This is to give each example length 1. Repair it; a row of zeros must stay.",
            unit_rows,
            check_unit_rows,
            broken={"x, axis=1, keepdims=True": "x", "np.where(lengths > 0, lengths, 1)": "lengths"},
            hints=("Without an axis, one number comes back: the Frobenius norm of them all.",),
        ),
    ),
    quiz=quiz("""
        ? [foresee] What does `np.linalg.norm` give for the matrix `1 2 3; -1 -2 -3`?
        - 12, the sizes of all entries added
        - Two numbers, one for each row
        + √28, as if it were one vector of 6
        = Without `axis` it is the Frobenius norm. With `axis=1` it gives one number a row.

        ? Someone divides an ill-conditioned matrix by its Frobenius norm "to improve its conditioning". What happens?
        - κ falls by the factor of the norm
        - κ becomes 1, as the norm does
        + κ stays as it was
        = The most and the least stretch shrink alike. κ changes if rows or columns get factors of their own.
        & S3-38, 93

        ? [foresee] Weights 0.01 and 2 decay without data: a step of L1 takes 0.1, of squared L2 10%. After 10?
        - Both ways the small one is exactly 0
        + L1 has 0 and 1; squared L2 keeps 1 : 200
        - L1 has made both 0, squared L2 neither
        = L1 stops at 0, and takes 10 · 0.1 off the other. Squared L2 multiplies both by 0.9¹⁰ = 0.35.

        ? [compute] Softmax is to be safe from overflow for logits 1000 and 1001. Which keeps the probabilities?
        - Dividing both by their norm
        + Taking 1001 off both
        - Either of the two
        = A common shift cancels, as eˣ⁻ᶜ = eˣ/eᶜ. Dividing shrinks the gap from 1 to 0.0007, and both get nearly ½.
    """),
    sources=(
        "C. C. Aggarwal, A. Hinneburg, D. A. Keim: On the surprising behavior of distance metrics in high dimensional "
        "space, ICDT 2001, LNCS 1973, 420-434",
        "G. H. Golub, C. F. Van Loan: Matrix Computations, 4th ed., Johns Hopkins 2013, sections 2.2 and 2.3",
        "N. J. Higham: Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002, chapter 6 and section 7.3",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, sections 2.5 and 7.1",
    ),
    rows=("S3-10", "S3-11", "S3-12", "S2-96"),
)
