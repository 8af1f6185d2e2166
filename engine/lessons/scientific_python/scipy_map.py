"""SciPy's map: ten questions asked twice

NumPy has arrays, and fast arithmetic with them. What is SciPy for, which is built on top?

**One peak.** f is 1 at its top, ½ one *width* off, ⅕ two widths off:

    f(x) = 1 / (1 + ((x − π) / width)²)        x from 0 to 10

Where is its top, how large its area, what lies between samples? Ten questions are answered by NumPy alone, the simple
way, and by a *submodule* of SciPy (`from scipy.integrate import quad`). Counted are right *digits* (3 if the error is a
thousandth) and *work*: calls of f, draws, or numbers held.

**By hand.** NumPy's first try at the area is one trapezoid of 2 calls: 10 · (0.092 + 0.021) / 2 = 0.56. Exact: 2.69.

**Three kinds of gain.**
- *More digits:* `optimize` and `integrate` call where it matters, `interpolate` and `signal` assume smooth curves,
  `stats` and `special` know formulas.
- *Less memory:* `sparse` holds only what is not zero; `spatial` sorts points into a tree and leaves most distances out.
- *Often none:* `linalg` and `fft` are in NumPy too; SciPy has more kinds of them.

**Training.** Both work on NumPy's arrays, and torch's gradients end there. So SciPy stands beside training: in data,
metrics, checks.

**Predict, then run.** With quad's calls, how near do trapezoids come? **Watch** NumPy's digits as it calls more often.
**Break it:** a width of 0.000001: SciPy too knows f only where it calls it.
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

TOP, END = 3.141592653589793, 10.0  # where f is largest; x begins at 0
PARTS = 8  # in which NumPy's work is raised from 2 to all, where more of it helps
WORK = "log₁₀ of calls, draws or numbers held"
COLUMNS = ("question", "SciPy", "digits", "NumPy's", "work", "NumPy's ", "of", "by NumPy")


class Knobs(KnobSet):
    width: float = knob(1.0, 1e-6, 3.0, scale="log", help="of the peak, between its top and half its height, in x")
    patience: int = knob(1, 1, 100, scale="log", help="how many times SciPy's calls and samples NumPy may take")
    size: int = knob(400, 128, 800, help="unknowns of both systems, samples for fft and signal, points for spatial")
    band: int = knob(1, 1, 100, help="how many neighbours on either side a row of the sparse system is tied to")
    pace: int = pace(4)


class Peak:
    """f, which remembers where it was called."""

    def __init__(self, width):
        self.width, self.places = width, []

    def __call__(self, x):
        import numpy as np

        self.places.extend(np.atleast_1d(x).tolist())  # key: a call for each x, alone or in an array
        return 1 / (1 + ((x - TOP) / self.width) ** 2)


def answer(lab, k):
    """For each question: what it is, NumPy's way, SciPy's, the unit of work; the truth, NumPy's answer for work n, the
    most n; SciPy's answer and work; f, which has been called by SciPy alone."""
    from functools import partial

    import numpy as np
    from scipy import fft, integrate, interpolate, linalg, optimize, signal, sparse, spatial, special, stats

    rng, grid, n, w = np.random.default_rng(lab.seed), partial(np.linspace, 0, END), k.size, k.width
    f, g, h = Peak(w), Peak(w), Peak(w)
    top = optimize.minimize_scalar(lambda x: -f(x), bounds=(0, END), method="bounded", options={"xatol": 1e-8}).x
    words, calls = ("where is the top?", "best of a grid", "optimize.minimize_scalar", "calls"), len(f.places)
    yield words, (TOP, lambda n: max(grid(n), key=f), calls * k.patience), (top, calls), f

    fine, joined = grid(401), interpolate.CubicSpline(grid(25), h(grid(25)))
    words = "what lies between samples?", "interp", "interpolate.CubicSpline", "samples"
    ours = Peak(w)(fine), lambda n: np.interp(fine, grid(n), h(grid(n))), 25 * k.patience
    yield words, ours, (joined(fine), 25), h

    area, claimed = integrate.quad(g, 0, END)  # key: halves the piece that seems most wrong, until all seem right
    lab.results(**{"quad/claimed error": claimed})
    words, calls = ("how large is the area?", "trapezoid", "integrate.quad", "calls"), len(g.places)
    exact = w * (np.arctan((END - TOP) / w) + np.arctan(TOP / w))
    yield words, (exact, lambda n: np.trapezoid(g(grid(n)), grid(n)), calls * k.patience), (area, calls), g

    drawn = rng.standard_cauchy(10_000 * k.patience) > 2  # f, scaled to an area of 1, is Cauchy's density
    words = "chance of x over π + 2 widths?", "random draws", "stats.cauchy.sf", "draws"
    yield words, (0.5 - np.arctan(2) / np.pi, lambda n: drawn[:n].mean(), len(drawn)), (stats.cauchy.sf(2), 1), None

    logs, exact = -np.arange(900.0, 905), -900 + np.log(np.exp(-np.arange(5.0)).sum())
    words = "log of e⁻⁹⁰⁰ + … + e⁻⁹⁰⁴?", "log, sum, exp", "special.logsumexp", "terms"
    yield words, (exact, lambda _: np.log(np.exp(logs).sum()), 5), (special.logsumexp(logs), 5), None

    u, window = Peak(w)(grid(n)), n // 6 | 1
    y = u + 0.1 * rng.normal(size=n)
    words = "what lies under noise?", "convolve: a mean", "signal.savgol_filter", "in window"
    mean = np.convolve(y, np.ones(window) / window, "same")
    yield words, (u, lambda _: mean, window), (signal.savgol_filter(y, window, 3), window), None

    entries = {i: -1.0 if i else 2.0 * k.band + 1 for i in range(-k.band, k.band + 1)}  # by diagonal
    a = sparse.diags_array(list(entries.values()), offsets=list(entries), shape=(n, n))
    factors = sparse.linalg.splu(a.tocsc())
    held = factors.L.nnz + factors.U.nnz  # key: numbers in the two triangles whose product is A
    words = "A x = b, most of A zero?", "linalg.solve", "sparse.linalg.splu", "numbers"
    yield words, (u, lambda _: np.linalg.solve(a.toarray(), a @ u), n * n), (factors.solve(a @ u), held), None

    points, places = rng.uniform(size=(n, 2)), rng.uniform(size=(50, 2))
    far, tree = np.linalg.norm(places[:, None] - points, axis=-1), spatial.KDTree(points)
    near, held = tree.query(places)[0], tree.data.size + 50
    words = "how far is the nearest point?", "all distances", "spatial.KDTree", "numbers"
    yield words, (far.min(1), lambda _: far.min(1), far.size), (near, held), None

    b, ones = rng.normal(size=(n, n)), np.ones(n)
    words = "A x = b, A full?", "linalg.solve", "linalg.solve", "numbers"
    yield words, (ones, lambda _: np.linalg.solve(b, b @ ones), n * n), (linalg.solve(b, b @ ones), n * n), None

    words = "which tones? And back", "fft.fft, ifft", "fft.fft, ifft", "samples held"
    yield words, (u, lambda _: np.fft.ifft(np.fft.fft(u)).real, n), (fft.ifft(fft.fft(u)).real, n), None


def count_digits(answer, truth):
    """How many digits of the worst number are right, measured against the largest; from 0 to 16."""
    import numpy as np

    error = np.abs(answer - truth).max() / np.abs(truth).max()
    return -float(np.log10(np.clip(error, 1e-16, 1))) + 0.0 if np.isfinite(error) else 0.0


def run(lab, k):
    import numpy as np

    lab.note("SciPy answers at once. NumPy, where more calls or draws help, is given more and more of them.")
    plan, rows = [], lab.state.setdefault("rows", {})
    for at, (words, ours, theirs, f) in enumerate(answer(lab, k)):
        grows, asked = f or "draws" in words, [*f.places] if f else []
        budgets = np.geomspace(2, ours[-1], PARTS).round().astype(int) if grows else ours[-1:]
        plan += [(at, words, ours, theirs, f, asked, int(n)) for n in budgets]
    x = np.unique(np.clip([*np.linspace(0, END, 401), *(TOP + k.width * np.linspace(-3, 3, 101))], 0, END))
    path = np.stack([x, Peak(k.width)(x)], 1)
    for step in lab.steps(len(plan)):
        at, (question, way, method, unit), (truth, by_hand, _), (found, taken), f, asked, n = plan[step]
        if f:
            f.places.clear()
        with np.errstate(divide="ignore"):
            mine, its = count_digits(by_hand(n), truth), count_digits(found, truth)
        rows[at] = question, method, round(its, 1), round(mine, 1), taken, n, unit, way
        _, methods, its_digits, digits, its_work, work, *_ = zip(*rows.values(), strict=True)
        names = [name.split(".")[0] for name in methods]
        lab.bars("digits", names, "right digits", NumPy=digits, SciPy=its_digits)
        lab.bars("work", names, WORK, NumPy=np.log10(work).round(2), SciPy=np.log10(its_work).round(2))
        lab.table("map", COLUMNS, list(rows.values()))
        if f:
            spots = [(place, Peak(k.width)(place)) for place in [*f.places, *asked]]
            which = [0] * len(f.places) + [1] * len(asked)
            lab.points("calls", spots, which, ("NumPy", "SciPy"), paths={f"f: {names[-1]}": path}, axes=("x", "f(x)"))
        lab.results(**{f"{names[-1]}/NumPy": mine, f"{names[-1]}/SciPy": its, f"{names[-1]}/ratio": n / taken})


def smooth(y, strength):
    """The x with least Σ (x − y)² + strength · Σ (step from one x to the next)²; y is (n,)."""
    from scipy import sparse

    n = len(y)
    steps = sparse.diags_array([-1.0, 1.0], offsets=[0, 1], shape=(n - 1, n))
    system = sparse.eye_array(n) + strength * steps.T @ steps
    return sparse.linalg.spsolve(system.tocsc(), y)


def check_smooth(function):
    import tracemalloc

    import numpy as np

    for n, strength in ((3, 1.0), (60, 4.0), (1500, 30.0)):
        y = np.random.default_rng(n).normal(size=n)
        tracemalloc.start()
        x = np.asarray(function(y.copy(), strength))
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        pull = strength * np.diff(np.diff(x, prepend=x[0], append=x[-1]))
        yield number(np.abs(x - y - pull).max(), f"{n} numbers: slope left at the minimum, halved") <= 1e-9
        if n > 1000:
            yield number(peak, f"{n} numbers: most memory at once, in MB (a full matrix: 18)") <= 4


SHARE, GRADED = last("integrate/NumPy") / last("integrate/SciPy"), last("integrate/SciPy") > 2
LESSON = Lesson(
    covers=("B01",),
    run=run,
    knobs=Knobs,
    show=("digits", "map", "calls", "work"),
    takeaways=(
        "NumPy has arrays and arithmetic; SciPy has methods on them, a submodule for each kind of question.",
        "A method brings digits for the same calls, or saves memory; linalg and fft often bring neither.",
        "SciPy knows f only where it calls it, and can claim a tiny error while all of its answer is wrong.",
    ),
    predictions=(
        Prediction(
            "Trapezoids may call f as often as quad, times patience. How many of quad's right digits do they get?",
            choices={
                "nearly all": GRADED & (SHARE > 0.8),
                "a quarter to three quarters": GRADED & SHARE.between(0.25, 0.75),
                "hardly any": GRADED & (SHARE < 0.2),
            },
            why="Ten times the calls bring trapezoids 2 digits, once some fall on the peak; quad calls where it must.",
        ),
        Prediction(
            "400 unknowns, or your `size`, are each tied to one neighbour, or your `band`, on either side. How many "
            "times as many numbers does the full matrix hold as its sparse factors?",
            last("sparse/ratio"),
            "size² against about 2 · (band + 1) · size, in two triangles; fewer if `band` comes near `size`.",
            within=0.2,
        ),
    ),
    claims=(
        Claim(
            "Trapezoids get 4 to 6 digits for quad's calls, below 10 for 100 times as many; quad over 12. A grid gets "
            "one of the top, the minimiser 8. Splines gain half a digit on lines. quad misses a width of 0.000001",
            last("integrate/NumPy").between(4, 6) & (last("integrate/NumPy", patience=100) < 10),
            (last("integrate/SciPy") > 12) & (last("interpolate/SciPy") - last("interpolate/NumPy") > 0.5),
            (last("optimize/NumPy") < 1.5) & (last("optimize/SciPy") > 8),
            (last("integrate/SciPy", width=1e-6) < 0.1) & (last("quad/claimed error", width=1e-6) < 1e-9),
            seeds=2,
        ),
        Claim(
            "linalg, fft and sparse agree within 2 of 12 digits; sparse factors hold a hundredth, a tree a twentieth",
            *(abs(last(f"{name}/SciPy") - last(f"{name}/NumPy")) < 2 for name in ("linalg", "fft", "sparse")),
            last("sparse/ratio").between(99, 101) & (last("spatial/ratio") > 20),
            seeds=10,
        ),
        Claim(
            "Usually 10,000 draws give 1 to 3 digits of a chance, its formula over 14; a savgol_filter beats the mean",
            last("stats/NumPy").between(1, 3) & (last("signal/SciPy") > last("signal/NumPy")),
            (last("stats/SciPy") > 14) & (last("special/SciPy") > 14) & (last("special/NumPy") == 0),
            seeds=10,
            needed=8,
        ),
    ),
    exercises=(
        Exercise(
            "Make quad claim an error below 10⁻⁷ with no digit of the area right and a width of 0.000005 or more.",
            (last("integrate/SciPy") < 1) & (last("quad/claimed error") < 1e-7) & (knob_value("width") >= 5e-6),
            solution={"width": 8e-6},
            hints=("Where does f hide from 63 calls? Halve or double the width.",),
        ),
        CodeExercise(
            "A curve of losses is smoothed by a linear system that ties each number to its neighbours. A full matrix "
            "takes 18 MB for 1,500 numbers, 80 GB for 100,000. Hold only what is not zero.",
            smooth,
            check_smooth,
            broken={
                "    from scipy import sparse": "    import numpy as np",
                "sparse.diags_array([-1.0, 1.0], offsets=[0, 1], shape=(n - 1, n))": "np.diff(np.eye(n), axis=0)",
                "sparse.linalg.spsolve(system.tocsc(), y)": "np.linalg.solve(system, y)",
                "sparse.eye_array": "np.eye",
            },
            hints=("`sparse.diags_array([-1, 1], offsets=[0, 1], shape=…)`", "`spsolve` wants `.tocsc()`."),
        ),
    ),
    quiz=quiz("""
        ? [foresee] quad misses a peak of width 0.000001, and claims an error below a billionth. Why?
        - 64 bits cannot hold so narrow a peak
        + None of its calls came near the peak
        - It ran out of the calls that it is allowed
        = Area and error are both made of f where it was called: nearly 0. Cut around the peak first.

        ? [foresee] SciPy's `linalg.solve` replaces NumPy's for a full 400 × 400 system. What becomes of the error?
        + It stays about as it was
        - It shrinks: SciPy's methods have more digits
        - It grows: SciPy iterates until it is good enough
        = Both call LAPACK's direct method. SciPy pays where more is known of A, or another decomposition is wanted.

        ? [foresee] A loss is `scipy.special.logsumexp(logits.detach().numpy())`. How far does its gradient go?
        - To the weights: torch has the same formula
        - To the weights, by finite differences
        + Nowhere
        = Outside torch no operation is recorded. In training, take torch.logsumexp.

        ? A loss was measured exactly at 12 learning rates. Which submodule draws a smooth curve through all of them?
        - optimize
        + interpolate
        - stats
        = `optimize.curve_fit` wants a formula, and passes by the points; `stats` asks what chance could have made.
        & S2-65, S2-68
    """),
    sources=(
        "P. Virtanen et al.: SciPy 1.0, fundamental algorithms for scientific computing in Python, Nature Methods 2020",
        "R. Piessens, E. de Doncker-Kapenga, C. W. Überhuber, D. K. Kahaner: QUADPACK, Springer 1983 (quad)",
    ),
    rows=("S0-02", "S2-63", "S2-64", "S2-65", "S2-68", "S2-113"),
)
