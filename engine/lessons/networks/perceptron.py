"""Linear functions and the perceptron

A rule that learns only from its mistakes: does it ever stop making them, and can one say beforehand after how many?

**A linear function** of x₁ and x₂ is f = w₁x₁ + w₂x₂ + b. Where f = 0 runs a straight *boundary*. The *weights*, drawn
as an arrow (w₁, w₂), stand at a right angle to it and point to where f > 0; a point lies f divided by the arrow's
length from it. The *bias* b is the weight of a third input that is always 1. Below, w and x hold all three.

**The perceptron** answers h = 1 where f > 0, else −1. It meets one point after another, whose right answer y is 1 or
−1. Unless f has the sign of y, that is a *mistake*, and

    w ← w + y·x

Begin with w = 0. x = (2, 1, 1), y = 1: f = 0, a mistake, so w = (2, 1, 1). x = (1, −1, 1), y = −1: f = 2 − 1 + 1 = 2,
a mistake, so w = (2, 1, 1) − (1, −1, 1) = (1, 2, 0). Now the first gets f = 4, the second −1: it is at *rest*.

**The mistake bound.** |w| is the length of w. If no x is longer than R and some boundary leaves a gap γ > 0 to all,
both with the third input, then from w = 0 after k mistakes

    k·γ ≤ |w| ≤ R·√k,  so  k ≤ (R/γ)²

Each mistake takes w at least γ farther towards that boundary's weights, and adds at most R² to |w|².

**Predict, then run.** First comes the example, then 100 irises, one mistake a step. **Watch** the arrows: y·x is put to
the tip of w, and the boundary turns with w. **Break it:** take the constant input away. Try sepals, then centre them.
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
    last,
    number,
    pace,
    quiz,
)

PETALS, SEPALS, HARD = "petals of setosa, versicolor", "sepals of setosa, versicolor", "petals of versicolor, virginica"
FIRST = 20  # mistakes that `pace` slows down


class Knobs(KnobSet):
    points: str = knob(PETALS, choices=(PETALS, SEPALS, HARD), help="what is told apart; the second should get 1")
    constant: bool = knob(True, help="whether the third input is 1; otherwise it is 0, as if it were not there")
    centred: bool = knob(False, help="subtract from each column its mean before the first step")
    w1: float = knob(0.0, -10.0, 10.0, help="weight of x₁ before the first step")
    w2: float = knob(0.0, -10.0, 10.0, help="weight of x₂ before the first step")
    b: float = knob(0.0, -30.0, 30.0, help="weight of the constant input before the first step")
    rate: float = knob(1.0, 0.01, 100.0, scale="log", help="learning rate: y·x is multiplied by this")
    most: int = knob(5000, 1, 20_000, scale="log", help="mistakes after which it is given up")
    pace: int = pace(1)


def load(points):
    """Points (n, 2), answers −1 or 1 (n,), names of the classes and of the axes."""
    import numpy as np

    from descend.datasets import catalogue

    irises, (part, names) = catalogue.find("iris").load(), points.split("s of ")
    names, columns = names.split(", "), [0, 1] if part == "sepal" else [2, 3]
    x, y = irises.gather()
    label = np.array(irises.classes)[y]
    two = np.isin(label, names)
    axes = f"{part} length x₁ (cm)", f"{part} width x₂ (cm)"
    return x[two][:, columns], np.where(label[two] == names[1], 1, -1), names, axes


def measure_gap(signed):
    """The best direction and γ: the place nearest to 0 in the hull of all y·x, and how far it is; 0 if 0 is inside."""
    import numpy as np
    from scipy.optimize import nnls

    share, _ = nnls(np.vstack([signed.T, np.ones(len(signed))]), np.array([0, 0, 0, 1.0]))
    nearest = signed.T @ share / share.sum()
    gap = np.linalg.norm(nearest)
    return (nearest / gap, gap) if gap > 1e-6 else (np.zeros(3), 0.0)


def run(lab, k):
    import numpy as np

    small = np.array([[2, 1, 1], [1, -1, 1.0]]), np.array([1, -1]), ("y = −1", "y = 1"), ("x₁", "x₂")
    walk(lab, "example", small, np.zeros(3), 1.0, ((2, True),))
    x, y, *names = load(k.points)
    rows = np.random.default_rng(lab.seed).permutation(len(y))
    x = np.column_stack([x - x.mean(0) * k.centred, np.full(len(y), float(k.constant))])
    loops = ((min(k.most, FIRST), True), (max(0, k.most - FIRST), False))
    start = np.array([k.w1, k.w2, k.b * k.constant])
    now, bound = walk(lab, "irises", (x[rows], y[rows], *names), start, k.rate, loops)
    wrong, count = int((y * (x @ now["w"]) <= 0).sum()), len(now["lengths"])
    lab.results(mistakes=count, bound=bound, rest=wrong == 0, length=np.linalg.norm(now["w"]))
    lab.results(**{"points wrong": wrong}, **({"cured": now["cured"] / count} if count else {}))


def walk(lab, key, data, start, rate, loops):
    """Go through the points in turn until none is told wrong. One step is one mistake."""
    import numpy as np

    x, y, *_ = data
    (best, gap), reach, bound = measure_gap(y[:, None] * x), np.linalg.norm(x, axis=1).max(), np.inf
    if gap:  # the largest k with start·best + k·rate·γ ≤ √(|start|² + k·rate²·R²)
        half, ahead = (reach / gap) ** 2 / 2 - start @ best / (rate * gap), start @ best
        bound = half + np.sqrt(max(0.0, half**2 + (start @ start - ahead**2) / (rate * gap) ** 2))
    now = lab.state.setdefault(key, {"w": start, "place": 0, "cured": 0, "lengths": [], "shown": (start, start, 0)})
    for count, paced in loops:
        for step in lab.steps(count, unit="mistakes", paced=paced):
            turn = (now["place"] + np.arange(len(y))) % len(y)
            wrong = turn[y[turn] * (x[turn] @ now["w"]) <= 0]  # key: f = 0 is wrong too, or w = 0 would be at rest
            if len(wrong):
                i, w = wrong[0], now["w"]
                now["w"] = w + rate * y[i] * x[i]  # key: x is added if it should get 1, else subtracted
                now["place"], now["cured"] = i + 1, now["cured"] + (y[i] * (x[i] @ now["w"]) > 0)
                now["lengths"].append(np.linalg.norm(now["w"]))
                now["shown"] = w, now["w"], i
            if not len(wrong) or paced or step == count - 1 or lab.due():
                show(lab, data, *now["shown"])
                squeeze(lab, now["lengths"], best * gap, rate * reach, bound, start, rate)
            if not len(wrong):
                return now, bound
    return now, bound


def squeeze(lab, lengths, ahead, longest, bound, start, rate):
    """The length of w between what it is at least and at most."""
    import numpy as np

    gap = np.linalg.norm(ahead)
    k = np.geomspace(1, max(10, min(1e5, 2 * bound) if gap else 1e3), 80)
    lines = {"at most": np.log10(start @ start + k * longest**2) / 2}  # key: no mistake adds more than R² to |w|²
    if gap:
        lines["at least"] = np.log10(np.maximum(start @ ahead / gap + k * rate * gap, 1e-3 * longest))
    counts = np.unique(np.geomspace(1, len(lengths) or 1, 40).astype(int))
    spots = {"measured": np.log10([(j, lengths[j - 1] + 1e-9) for j in counts])} if lengths else {}
    lab.curve("length of w", np.log10(k), spots, axes=("log₁₀ of mistakes", "log₁₀ of |w|"), **lines)


def show(lab, data, w, new, i):
    """One step: the sum of two arrows, the boundary that belongs to it, its numbers, and the neuron."""
    import numpy as np

    x, y, names, axes = data
    places = np.vstack([x[:, :2], [0, 0], [0, 0], w[:2], [0, 0]])
    arrows = np.vstack([np.zeros((len(y), 2)), w[:2], new[:2], new[:2] - w[:2], x[i, :2]])
    label, kinds = [*(y > 0), 2, 3, 4, 5], [*names, "w before", "w after", "y·x, added", "this x"]
    lines, far = {}, 0.6 * np.ptp(places + arrows, axis=0).max()
    for name, (*v, b) in (("boundary before", w), ("boundary after", new)):
        if abs(b) < 2 * far * (size := np.hypot(*v)):  # the foot of 0 on the line, and as far to both sides
            lines[name] = np.array([[v[1], -v[0]], [-v[1], v[0]]]) * far / size - b * np.array(v) / size**2
    lab.points("w + y·x", places, label, kinds, arrows=arrows, paths=lines, axes=axes, aspect="equal")
    low, high = np.array([[1.15, -0.15], [-0.15, 1.15]]) @ [x[:, :2].min(0), x[:, :2].max(0)]
    across, up = np.linspace(low, high, 41).T
    above = new[0] * across + new[1] * up[:, None] + new[2] * x[0, 2] > 0
    spots = {names[0]: x[y < 0, :2], names[1]: x[y > 0, :2], "this x": x[[i], :2]}
    ends = zip(low.tolist(), high.tolist(), strict=True)
    lab.field("the boundary", above.astype(int), *ends, classes=names, points=spots, axes=axes, aspect="auto")
    before, after = ((y * (x @ v) <= 0).sum() for v in (w, new))
    rows = {f"w, {before} wrong": w, f"{'+' if y[i] > 0 else '−'} x": new - w, f"then, {after} wrong": new}
    cells = [(name, *(f"{v:.4g}".replace("-", "−") for v in (*row, row @ x[i]))) for name, row in rows.items()]
    lab.table("one mistake", ("", "x₁", "x₂", "bias", f"f, should be {'>' if y[i] > 0 else '<'} 0"), cells)
    nodes = {"x₁": (0, 0.9), "x₂": (0, 0.5), "1": (0, 0.1), "Σ": (0.5, 0.5), "h": (1, 0.5)}
    edges, values = [("x₁", "Σ"), ("x₂", "Σ"), ("1", "Σ"), ("Σ", "h")], [*x[i], w @ x[i], 1 if w @ x[i] > 0 else -1]
    lab.graph("the neuron", nodes, edges, values={"value": values}, weights={"weight": [*w, 1]})


def learn(x, y, passes):
    """From w = 0 until a pass without mistake, at most ``passes``: w, mistakes, passes. x: (n, d); y: (n,), −1 or 1."""
    import numpy as np

    w, mistakes = np.zeros(x.shape[1]), 0
    for done in range(passes):
        before = mistakes
        for point, answer in zip(x, y, strict=True):
            if answer * (w @ point) <= 0:
                w, mistakes = w + answer * point, mistakes + 1
        if mistakes == before:
            return w, mistakes, done + 1
    return w, mistakes, passes


def check_learn(learn):
    """The example, then points with a gap: none wrong, the bound, the passes."""
    import numpy as np

    w, mistakes, _ = learn(np.array([[2, 1, 1], [1, -1, 1.0]]), np.array([1, -1]), 9)
    if np.shape(w) != (3,):
        raise Wrong(f"For three inputs w has shape (3,); yours has {np.shape(w)}.")
    yield number(np.abs(w - [1, 2, 0]).max(), "example: distance of w from (1, 2, 0)") <= 1e-9
    yield number(mistakes, "example: mistakes") == 2
    best = np.array([2, -1, 2, 0.5]) / np.sqrt(9.25)
    x = np.column_stack([np.random.default_rng(3).uniform(-1, 1, (400, 3)), np.ones(400)])
    x = x[abs(x @ best) > 0.1]
    y = np.where(x @ best > 0, 1, -1)
    w, mistakes, passes = learn(x, y, 1000)
    yield number((y * (x @ w) <= 0).sum(), f"told wrong at rest, of {len(y)}") == 0
    yield number(mistakes, "mistakes, at most (R/γ)²,") <= (x**2).sum(1).max() / abs(x @ best).min() ** 2
    yield number(passes, "passes, the last without mistake,") <= 40


MISTAKES, REST, CURED, BOUND = map(last, ("mistakes", "rest", "cured", "bound"))
SLOW, FAST = (last("mistakes", rate=rate, w1=-10.0, w2=-10.0, b=30.0) for rate in (0.1, 100.0))
ALWAYS, OFTEN = CURED == 1, CURED.between(0.333, 1)
FEW, SOME, MANY = ((REST == 1) & part for part in (MISTAKES < 31, MISTAKES.between(30, 501), MISTAKES > 500))

LESSON = Lesson(
    covers=("D01",),
    run=run,
    knobs=Knobs,
    takeaways=(
        "(w₁, w₂) is an arrow at a right angle to the boundary; a point lies f divided by its length from it.",
        "A perceptron adds y·x to its weights where it is wrong, and does nothing where it is right.",
        "From 0, a gap γ allows at most (R/γ)² mistakes, however many points there are; without one it never rests.",
    ),
    show=("w + y·x", "the boundary", "length of w", "the neuron", "one mistake"),
    rows=("S4-06", "S4-08"),
    smoke={"most": 60},
    predictions=(
        Prediction(
            "How many mistakes does the perceptron make before it tells every point right?",
            choices={"0 to 30": FEW, "31 to 500": SOME, "more than 500": MANY, "it is given up at `most`": REST == 0},
            why="From w = 0 petals take few mistakes, far fewer than the 410 allowed; a narrow gap far from (0, 0), as "
            "of sepals, 800 or more. Opposite first weights and a small rate add many. Without a gap there is no end.",
        ),
        Prediction(
            "Is a point told right after the step that it caused?",
            choices={"every time": ALWAYS, "a third or more, not all": OFTEN, "less": CURED < 0.333},
            why="A step moves f at its point by rate·|x|², third input included, towards the right side. If f was more "
            "than that on the wrong side, it stays there: often so if first weights are large and the rate small.",
        ),
    ),
    claims=(
        Claim("Petals: 2 to 40 mistakes, bound 410", MISTAKES.between(1, 41), BOUND.between(409, 411), seeds=10),
        Claim("Sepals: 800 to 3,000 mistakes", last("mistakes", points=SEPALS).between(800, 3000), seeds=10),
        Claim("… fewer than 40 once centred", last("mistakes", points=SEPALS, centred=True) < 40, seeds=10),
        Claim("Petals: no rest in 5,000 mistakes without constant input", last("rest", constant=False) == 0, seeds=3),
        Claim("… nor for versicolor and virginica", last("rest", points=HARD) == 0, seeds=3),
        Claim("… where |w| is below 700 even after 20,000", last("length", points=HARD, most=20_000) < 700, seeds=3),
        Claim("From w = 0 a rate of 0.1 makes as many mistakes", last("mistakes", rate=0.1) - MISTAKES == 0, seeds=10),
        Claim("… from weights that say the opposite, over 20 times those of a rate of 100", SLOW > 20 * FAST, seeds=10),
        Claim("A step does not always put its own point right", CURED < 0.95, seeds=10),
    ),
    quiz=quiz("""
        ? [compute] w₁ = 1, w₂ = −2, b = 1. The point (3, 1) has y = −1. What are they next?
        - 4, −1, 2
        + −2, −3, 0
        - −2, −3, 1
        = f = 3 − 2 + 1 = 2 > 0 is a mistake. x is subtracted; b is the weight of an input 1, so it falls by 1.
        & S4-08

        ? [compute] w₁ = 3, w₂ = 4, b = −5. How far is the point (3, 4) from the boundary?
        - 20
        + 4
        - 5
        = f = 9 + 16 − 5 = 20, the arrow is 5 long, and 20/5 = 4. All weights doubled, f doubles; the boundary stays.
        & S4-06

        ? [foresee] From w = 0, the rate is 0.1 instead of 1. How many mistakes are made?
        - About ten times as many, as steps are smaller
        - Fewer, as steps are more careful
        + As many, at the same points
        = All weights are a tenth, every sign of f is the same. A rate matters only next to first weights other than 0.

        ? [foresee] One setosa is labelled versicolor, deep among the setosas. What does the perceptron do?
        - It comes to rest with that one point wrong
        - Its weights grow without limit
        + It goes on making mistakes
        = No boundary parts these points, so a mistake is always left. Steps undo each other: w stays bounded.
    """),
    exercises=(
        Exercise(
            "Be the perceptron: choose w1, w2 and b so that it has no mistake to make on the petals.",
            MISTAKES == 0,
            solution={"w1": 1.0, "w2": 1.0, "b": -3.25},
            hints=("The arrow w is to point from setosas to versicolors.", "With w = (1, 1), f is length + width + b."),
        ),
        CodeExercise(
            "This perceptron never makes a mistake, and never learns. Repair it; there are three faults.",
            learn,
            check_learn,
            broken={
                "* (w @ point) <= 0": "* (w @ point) < 0",
                "w + answer * point": "w + point",
                "        if mistakes == before:\n            return w, mistakes, done + 1\n": "",
            },
            hints=("What is f at the first point?", "Which way does y = −1 push w?", "When is it at rest?"),
        ),
    ),
    sources=(
        "F. Rosenblatt: The perceptron: a probabilistic model for information storage and organization in the brain, "
        "Psychological Review 65 (1958), 386-408",
        "A. B. J. Novikoff: On convergence proofs on perceptrons, Proceedings of the Symposium on the Mathematical "
        "Theory of Automata, Polytechnic Institute of Brooklyn 1962, 615-622",
        "C. M. Bishop: Pattern Recognition and Machine Learning, Springer 2006, sections 4.1.1 and 4.1.7",
    ),
)
