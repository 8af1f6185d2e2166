"""Matrix products: rows meet columns

NumPy multiplies matrices with `*` and with `@`. How do the two differ, when does one refuse, and what does it cost?

**Element-wise**, `A * B`: each entry times the entry in the same place.

**Matrix product**, `A @ B`: row i of A meets column j of B. Multiply them number by number and add up; that is entry
i, j. For `1 2; 3 4` and `5 6; 7 8` the first entry is

    1 · 5 + 2 · 7 = 19      (element-wise: 1 · 5 = 5)

The sum of products of two vectors is their *dot product*, one number. A matrix product is a table of dot products.
`B @ A` usually gives other numbers.

**Shapes.** (m × k) @ (k × n) gives m × n: a row of A must be as long as a column of B. So 2 × 3 by 2 × 3 is an error.
`*` wants equal shapes, but stretches a side of length 1 or a missing first one: *broadcasting*, even if unwanted.

**Cost.** Each of the m · n entries takes k multiplications: m · k · n in all. Brackets change a chain's cost,
its result only by rounding. For square matrices of n rows and a vector v:

    (A B) v:  n³ + n²          A (B v):  2 n²

**Why it matters.** A network's layer is a matrix product: examples (a row each) by weights (a column per unit).
Training works back from a vector, the gradient of the loss: the cheap order.

**Predict, then run.** What is the last entry of `A @ B`? **Watch** the row and the column in brackets.
**Break it:** `1 2 3; 4 5 6` for both; then `1 2 3` and `4; 5`.
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
    last,
    number,
    pace,
    quiz,
)


class Knobs(KnobSet):
    a: str = knob("1 2; 3 4", help="A, row by row, at most 5 × 5: 1 2; 3 4")
    b: str = knob("5 6; 7 8", help="B, row by row, at most 5 × 5: 5 6; 7 8")
    doublings: int = knob(6, 1, 8, help="how often n is doubled, beginning with 1, to compare (A B) v with A (B v)")
    pace: int = pace(1)


def multiply(a, b):
    """a (m, k) times b (k, n): the product (m, n), and how many multiplications it took."""
    import numpy as np

    product, count = np.zeros((len(a), b.shape[1])), 0
    for i, row in enumerate(a):
        for j, column in enumerate(b.T):
            product[i, j] = np.dot(row, column)  # key: every entry is a dot product of length k
            count += len(row)
    return product, count


def run(lab, k):
    import numpy as np

    a, b = (parse_numbers(name, text, ((1, 5), (1, 5)), most=1e6) for name, text in (("a", k.a), ("b", k.b)))
    fits = a.shape[1] == len(b)
    stretches = all(p == q or 1 in (p, q) for p, q in zip(a.shape, b.shape, strict=True))
    product, count = multiply(a, b) if fits else (None, 0)
    same_place = a * b if stretches else None
    ask_numpy(lab, a, b)
    lab.results(**{"it is an error": float(not fits), "entries": product.size if fits else 0, "multiplications": count})
    if fits:
        lab.results(**{"last entry": round(product[-1, -1], 9), "distance from NumPy": np.abs(product - a @ b).max()})
    if fits and a.shape == b.shape:
        lab.results(**{"|AB − BA|": np.abs(a @ b - b @ a).max(), "|AB − A*B|": np.abs(a @ b - a * b).max()})

    sizes = [found.size for found in (product, same_place) if found is not None]
    for step in lab.steps(max(sizes, default=1), unit="entries"):
        at = find_place(product, step)  # key: entry i, j is made of row i of A and column j of B
        reads = (np.s_[at[0]], np.s_[:, at[1]])
        show_product(lab, "row times column: A @ B", (a, b, product), reads, at, step)
        at = find_place(same_place, step)
        reads = [(at[0] % len(m), at[1] % m.shape[1]) for m in (a, b)]  # key: a side of length 1 is used again
        show_product(lab, "same place: A * B", (a, b, same_place), reads, at, step)
    compare_orders(lab, k.doublings)


def find_place(product, step):
    """Row and column of the entry number ``step``, or of the last one; the first if there is no product."""
    return (0, 0) if product is None else divmod(min(step, product.size - 1), product.shape[1])


def show_product(lab, name, arrays, reads, place, step):
    """What is read of A and B for one entry of the product, and the sum; or that there is no product."""
    import numpy as np

    from descend.engine.lab.formulas import write_dot_product

    (a, b, product), result, sign = arrays, name.partition(": ")[2], name[-3]
    marks = {"A": {"read": reads[0]}, "B": {"read": reads[1]}}
    if product is None:
        why = f"a row of {a.shape[1]} meets a column of {len(b)}" if sign == "@" else "the shapes differ"
        said = f"{write_shape(a)} {sign} {write_shape(b)} is an error: {why}"
        lab.operation(name, {"A": a, "B": b}, said, signs={"B": sign}, marks=marks)
        return
    lab.operation(
        name,
        {"A": a, "B": b, result: product},
        write_dot_product(a[reads[0]], b[reads[1]]),
        signs={"B": sign, result: "="},
        marks={**marks, result: {"written": place}},
        blank={result: np.arange(product.size).reshape(product.shape) > step},
    )


def write_shape(array):
    return " × ".join(map(str, array.shape)) or "one number"


def ask_numpy(lab, a, b):
    """What NumPy makes of A and B in some expressions: a shape, or an error."""
    import numpy as np

    expressions = {
        "A * B": lambda: a * b,
        "A @ B": lambda: a @ b,
        "B @ A": lambda: b @ a,
        "A @ B.T": lambda: a @ b.T,
        "A * B[0]": lambda: a * b[0],
        "A @ B[0]": lambda: a @ b[0],
        "A[0] @ B[0]": lambda: a[0] @ b[0],
    }
    rows = []
    for text, evaluate in expressions.items():
        try:
            found = np.asarray(evaluate())
        except ValueError:
            rows.append((text, "error", "the shapes do not fit"))
            continue
        lines = [" ".join(f"{value:.4g}" for value in line) for line in np.atleast_2d(found)]
        rows.append((text, write_shape(found), "; ".join(lines[:3]) + "; …" * (len(lines) > 3)))
    lab.table("what NumPy says", ("expression", "shape", "entries"), rows)


def compare_orders(lab, doublings):
    """Count the multiplications of (A B) v and of A (B v) for larger and larger n."""
    import numpy as np

    rng = np.random.default_rng(lab.seed)
    counts = lab.state.setdefault("counts", {"(A B) v": [], "A (B v)": []})
    for step in lab.steps(doublings + 1, unit="sizes"):
        n = 2**step
        a, b, v = rng.normal(size=(n, n)), rng.normal(size=(n, n)), rng.normal(size=(n, 1))
        (ab, first), (bv, second) = multiply(a, b), multiply(b, v)
        (left, more), (right, few) = multiply(ab, v), multiply(a, bv)  # key: one vector, two prices
        counts["(A B) v"].append(first + more)
        counts["A (B v)"].append(second + few)
        lines = {name: np.log2(found) for name, found in counts.items()}
        axes = ("log₂ n", "log₂ multiplications")
        lab.curve("brackets decide the cost", np.arange(step + 1), axes=axes, **lines)
        difference = np.abs(left - right).max() / np.abs(left).max()
        lab.results(**{name: found[-1] for name, found in counts.items()}, **{"orders differ by": difference})


def run_layer(x, weight, bias):
    """A layer: x (batch, inputs), weight (units, inputs) as PyTorch keeps it, bias (units,) → (batch, units)."""
    return x @ weight.T + bias


def check_layer(function):
    import numpy as np

    rng = np.random.default_rng(6)
    for batch, inputs, units in ((3, 3, 3), (1, 4, 2), (5, 2, 4)):
        x, weight, bias = rng.normal(size=(batch, inputs)), rng.normal(size=(units, inputs)), rng.normal(size=units)
        found = np.asarray(function(x.copy(), weight.copy(), bias.copy()))
        if found.shape != (batch, units):
            raise Wrong(f"{batch} examples and {units} units: shape ({batch}, {units}), yours has {found.shape}.")
        expected = [[sum(p * q for p, q in zip(row, w, strict=True)) for w in weight] for row in x] + bias
        yield number(float(np.abs(found - expected).max()), f"{batch} × {inputs} → {units}: largest error") <= 1e-9


LESSON = Lesson(
    covers=("A02",),
    run=run,
    knobs=Knobs,
    minutes=10,
    show=("row times column: A @ B", "same place: A * B", "what NumPy says", "brackets decide the cost"),
    takeaways=(
        "Every entry of a matrix product is the dot product of a row of the first and a column of the second matrix.",
        "`*` works entry by entry and stretches sides of length 1 silently; `@` refuses shapes that do not meet.",
        "An m × k by k × n product takes m · k · n multiplications; a chain ending in a vector is cheapest from there.",
    ),
    predictions=(
        Prediction(
            "What is the last entry, at the lower right, of A @ B?",
            computed("the last entry", lambda run: run.history.metrics.get("last entry")),
            "The last row of A times the last column of B, summed. The product of just the two corners is what "
            "A * B would hold. If a row of A is not as long as a column of B, there is no A @ B.",
            within=0.001,
            mistakes=(7,),
        ),
        Prediction(
            "For the largest n: how many times as many multiplications does (A B) v need as A (B v)?",
            last("(A B) v") / last("A (B v)"),
            "n³ + n² against 2 n²: (n + 1)/2 times as many, for the same vector.",
            within=0.1,
        ),
    ),
    claims=(
        Claim(
            "The last entry of 1 2; 3 4 by 5 6; 7 8 is 50, after 8 multiplications, as NumPy has it",
            last("last entry") == 50,
            last("multiplications") == 8,
            last("distance from NumPy") == 0,
            seeds=2,
        ),
        Claim("Neither A * B nor B A is A B", last("|AB − A*B|") == 22, last("|AB − BA|") == 12),
        Claim("2 × 3 by 2 × 3 is an error", last("it is an error", a="1 2 3; 4 5 6", b="1 2 3; 4 5 6") == 1),
        Claim(
            "For n = 64, (A B) v takes 266,240 multiplications and A (B v) 8,192, for the same result",
            last("(A B) v") == 266240,
            last("A (B v)") == 8192,
            last("orders differ by") < 1e-11,
            seeds=10,
        ),
    ),
    exercises=(
        Exercise(
            "Choose shapes for which A @ B has 4 entries and takes exactly 12 multiplications.",
            last("entries") == 4,
            last("multiplications") == 12,
            solution={"a": "1 2 3; 4 5 6", "b": "9 6; 8 5; 7 4"},
        ),
        CodeExercise(
            "This layer is right in shape for 3 examples, 3 inputs and 3 units, and wrong in every number. Fix it.",
            run_layer,
            check_layer,
            broken={"x @ weight.T + bias": "x * weight + bias"},
            hints=("One row of `weight` belongs to one unit. Which way round must it lie to be met by a row of x?",),
        ),
    ),
    quiz=quiz("""
        ? [foresee] A and B both have 2 rows and 3 columns. What does `A @ B` give?
        - 2 × 3: what stands in the same place is multiplied
        - 2 × 2: each row of A with each row of B
        + An error
        = A row of A holds 3 numbers, a column of B 2. `A * B` works, and is not the matrix product; `A @ B.T` is 2 × 2.
        & S3-08, 7

        ? [foresee] `np.dot` gets two 2 × 2 matrices. What comes back?
        - One number: a dot product is a scalar
        + A 2 × 2 matrix
        - The 4 products of the entries in the same place
        = Only two vectors give one number. For matrices `np.dot` makes a dot product of every row with every column,
          which is the matrix product.
        & S3-09, 8

        ? [compute] Predictions have shape (32, 1), targets (32,). How many numbers does `predictions - targets` hold?
        - 32
        - None: it is an error
        + 1,024
        = (32,) counts as (1, 32), and both sides of length 1 are stretched to 32. The mean of these squares is a
          loss that trains the network towards the mean target, without any error.

        ? [compute] x is a column of 100 numbers, y a row of 100, z a column of 100. What does the cheapest way to
          x y z cost?
        - 20,000 multiplications
        + 200 multiplications
        - 10,100 multiplications
        = y z is one number, for 100 multiplications; x times it takes 100 more. (x y) z makes a 100 × 100 matrix
          first: 10,000, and 10,000 more to apply it.
    """),
    sources=(
        "G. H. Golub, C. F. Van Loan: Matrix Computations, 4th ed., Johns Hopkins 2013, chapter 1",
        "T. H. Cormen, C. E. Leiserson, R. L. Rivest, C. Stein: Introduction to Algorithms, 3rd ed., MIT Press 2009, "
        "section 15.2 (matrix-chain multiplication)",
        "C. R. Harris et al.: Array programming with NumPy, Nature 585 (2020), 357-362 (broadcasting)",
    ),
    rows=("S2-88",),
)
