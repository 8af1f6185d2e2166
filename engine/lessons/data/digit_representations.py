"""Digit representations: one image, four ways to write it

A digit is 64 grey values. The same image can be written as black and white, as a row of numbers, as edges. Which of
them does a simple learner read best, and what does each throw away?

**Grey.** 8 rows of 8 pixels, from 0 (paper) to 16 (ink). There are 1,797 of them; MNIST, with which they are often
confused, has 70,000 of 28 × 28. **Threshold.** Is a pixel above 7? One bit each: faint strokes vanish. **Flat.** The
rows one after the other: pixel (row, column) becomes number 8 · row + column. Nothing is lost, but that two pixels are
neighbours is no longer said.

**Edges.** How fast does grey change here? *Sobel's kernels* weigh the 3 × 3 pixels around, one for changes to the
right, one for changes downwards; outside, border pixels are repeated. The edge is the length of both, as at row 0,
column 6 of the first digit:

    g = √(gₓ² + gᵧ²)
    gₓ = −18, gᵧ = 24 → g = 30

With one direction only, the other's edges are invisible.

**The learner** is linear: for each digit a weighted sum of all numbers, fitted by least squares (large weights cost
extra, times 0.1); the largest sum is the answer. It sees 64 numbers and no picture.

**Predict, then run.** A pixel is marked in the grey image, in its threshold, its edges, and the image with shuffled
pixels. Then the learner is tested in random splits. **Watch** which bar is highest. **Break it:** move the new images
by one pixel.
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

WAYS = ("grey", "flat, shuffled", "threshold", "edges")
PANES, PLACES = ("grey", "threshold", "edges", "shuffled"), ((0, 0), (0, 9), (9, 0), (9, 9))
RIGHT, DOWN = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)), ((-1, -2, -1), (0, 0, 0), (1, 2, 1))


class Knobs(KnobSet):
    sample: int = knob(0, 0, 1436, help="which training image is taken apart")
    threshold: int = knob(7, 0, 15, help="grey value above which a pixel counts as ink")
    direction: str = knob("both", choices=("both", "right", "down"), help="changes of grey that make an edge")
    train: int = knob(1000, 20, 1400, scale="log", help="images the learner sees; others test it")
    darker: int = knob(0, 0, 12, help="grey values added to every pixel of new images, as in weaker light")
    moved: int = knob(0, 0, 3, help="pixels by which new images are moved to the right")
    splits: int = knob(10, 2, 40, help="random splits over which the learner is tested")
    pace: int = pace(8)


def find_edges(images, direction):
    """Sobel's changes of ``images``, (n, 8, 8), to the right and down, and the edges made of them."""
    import numpy as np

    padded = np.pad(images.astype(float), ((0, 0), (1, 1), (1, 1)), "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    right, down = (np.einsum("nrcij,ij->nrc", windows, np.array(kernel, float)) for kernel in (RIGHT, DOWN))
    return right, down, np.hypot(right * (direction != "down"), down * (direction != "right"))  # key: both, as a length


def represent(images, k, order):
    """Each way to write ``images``, (n, 64)."""
    flat = images.reshape(len(images), -1)
    edges = find_edges(images, k.direction)[2].reshape(len(images), -1)
    return dict(zip(WAYS, (flat, flat[:, order], (flat > k.threshold).astype(float), edges), strict=True))


def recognise(x, y, new):
    """What a linear learner, fitted to ``x`` and ``y``, says of ``new``."""
    import numpy as np

    mean, spread = x.mean(0), x.std() + 1e-12
    a, b = (np.insert((part - mean) / spread, 0, 1, axis=1) for part in (x, new))
    w = np.linalg.solve(a.T @ a + 0.1 * len(a) * np.eye(65), a.T @ np.eye(10)[y])
    return (b @ w).argmax(1)


def run(lab, k):
    import numpy as np

    data, rng = lab.dataset, np.random.default_rng(lab.seed)
    image = data.train_x[k.sample].astype(float)
    right, down, edges = (found[0] for found in find_edges(image[None], k.direction))
    order = rng.permutation(64)
    panes = [image / 16, image > k.threshold, edges / max(edges.max(), 1), image.ravel()[order].reshape(8, 8) / 16]
    wall = np.zeros((17, 17))
    for pane, (down_by, right_by) in zip(panes, PLACES, strict=True):
        wall[down_by : down_by + 8, right_by : right_by + 8] = pane
    first = [int(np.argmax(data.train_y == label)) for label in range(10)]
    lab.images("ten digits of 1,797", 16 - data.train_x[first], [str(label) for label in range(10)], low=0, high=16)
    for step in lab.steps(64):
        at = (step + 7) % 64  # ends at the theory's example
        row, column = divmod(at, 8)  # key: the way back from the flat vector
        there = [(row, column)] * 3 + [divmod(int(np.argmax(order == at)), 8)]
        spots = {name: [(c + q, r + p)] for name, (r, c), (p, q) in zip(PANES, there, PLACES, strict=True)}
        axes = ("column", "row")
        lab.field("one digit", wall, (0, 16), (0, 16), down=True, points=spots, low=0, high=1, axes=axes)
        flat, bars = {"same pixel": (at, image[row, column])}, np.outer(image.ravel(), (0, 1, 0)).ravel()
        lab.curve("flat", np.repeat(range(64), 3), flat, axes=("8 · row + column", "grey"), flat=bars)
        patch = np.pad(image, 1, "edge")[row : row + 3, column : column + 3]
        changes = abs(right[row, column]), abs(down[row, column])
        length = f"|{changes[k.direction == 'down']:g}|"
        length = "√({:g}² + {:g}²)".format(*changes) if k.direction == "both" else length
        said = f"→ {right[row, column]:g}, ↓ {down[row, column]:g}: edge {length} = {edges[row, column]:.1f}"
        lab.operation("edge at the pixel", {"patch": patch, "right": RIGHT, "down": DOWN}, said)
    lab.results(**{"largest, both": float(np.hypot(right, down).max()), "largest, right": float(np.abs(right).max())})

    x, y = data.gather()
    scores = []
    x = x.reshape(-1, 8, 8)
    moved = np.pad(x, ((0, 0), (0, 0), (k.moved, 0)))[:, :, :8]  # paper comes in from the left
    seen, new = represent(x, k, order), represent(moved + k.darker, k, order)
    for _ in lab.steps(k.splits):
        train, test = np.split(rng.permutation(len(x)), [k.train])
        scores.append([(recognise(seen[way][train], y[train], new[way][test]) == y[test]).mean() for way in WAYS])
        means = np.mean(scores, 0)
        lab.bars("recognised", WAYS, "share of new digits", linear=means)
    lab.results(**dict(zip(WAYS, means, strict=True)))


def edges_of(image):
    """Length of Sobel's gradient at each pixel of a grey image, (rows, columns), which may hold bytes."""
    import numpy as np
    from scipy.ndimage import sobel

    image = image.astype(float)
    return np.hypot(sobel(image, axis=0), sobel(image, axis=1))


def check_edges(function):
    import numpy as np

    from descend.datasets.catalogue import find

    digit = find("digits").load().train_x[0]
    found = function(digit.copy())
    if np.shape(found) != digit.shape:
        raise Wrong(f"An edge for each pixel has shape {digit.shape}; yours has {np.shape(found)}.")
    stripes = np.repeat(np.array([0, 0, 9, 9], np.uint8), 4).reshape(4, 4)
    yield number(np.max(found), "the digit's largest edge, 60.88,").between(60.87, 60.89)
    yield number(np.abs(function(digit.T.copy()) - found.T).max(), "difference after turning the image over") <= 1e-9
    yield number(np.max(function(stripes)), "edge between dark rows and light ones, 36,").between(35.99, 36.01)
    yield number(np.abs(function(np.full((5, 5), 200, np.uint8))).max(), "edge on even grey") <= 1e-9


GREY, SHUFFLED, THRESHOLD, EDGES = map(last, WAYS)
LESSON = Lesson(
    covers=("C03",),
    after="data-exploration",
    run=run,
    knobs=Knobs,
    data=("digits",),
    show=("one digit", "flat", "edge at the pixel", "recognised", "ten digits of 1,797"),
    takeaways=(
        "An image is numbers with neighbours; unrolled, the numbers stay and the neighbours are not said.",
        "For a linear learner the order of pixels does not matter, and grey tells more than black and white or edges.",
        "An edge is the length of two changes, to the right and down; one direction misses the strokes along it.",
        "Edges do not notice weaker light, and no representation here survives a move by one pixel.",
    ),
    rows=("S4-02", "S4-03", "S2-128"),
    smoke={"splits": 2},
    predictions=(
        Prediction(
            "Grey, threshold, edges: with which does the linear learner recognise most new digits?",
            choices={
                "grey": (GREY - THRESHOLD > 0.005) & (GREY - EDGES > 0.005),
                "threshold": (THRESHOLD - GREY > 0.005) & (THRESHOLD - EDGES > 0.005),
                "edges": (EDGES - GREY > 0.005) & (EDGES - THRESHOLD > 0.005),
            },
            why="A threshold throws grey away, and an edge the sign of each change. Mostly grey is best; "
            "edges win once new images are much darker, as a constant has no edges.",
        ),
        Prediction(
            "All images are unrolled, and the 64 numbers dealt in one random order. Is the learner still as good?",
            choices={
                "exactly": abs(GREY - SHUFFLED) < 0.001,
                "no, some points worse": (GREY - SHUFFLED).between(0.02, 0.3),
                "no, it can only guess": (SHUFFLED < 0.15) & (GREY > 0.3),
            },
            why="A weighted sum does not care which number comes first: each takes its weight along. Only methods that "
            "look at neighbours, as convolutions do, would lose.",
        ),
    ),
    claims=(
        Claim(
            "Grey beats edges by over half a point and the threshold by over three; shuffled pixels change nothing",
            (GREY - EDGES > 0.005) & (GREY - THRESHOLD > 0.03) & (abs(GREY - SHUFFLED) < 1e-9),
            seeds=10,
        ),
        Claim(
            "With new images 8 grey values darker, edges stay as they were and beat grey; the threshold guesses",
            (abs(last("edges", darker=8) - EDGES) < 1e-9) & (last("threshold", darker=8) < 0.15),
            last("edges", darker=8) - last("grey", darker=8) > 0.02,
            seeds=10,
        ),
        Claim(
            "Moved by one pixel, new images are recognised in fewer than half of the cases, in every representation",
            *(last(way, moved=1) < 0.5 for way in WAYS),
            seeds=10,
        ),
        Claim(
            "Of the first digit the largest edge is 60.9 with both directions, 55 with one",
            last("largest, both").between(60.87, 60.89) & (last("largest, right") == 55),
        ),
    ),
    exercises=(
        Exercise(
            "Darken new images until edges beat grey by over 10 points.",
            EDGES - GREY > 0.1,
            solution={"darker": 12},
            hints=("A constant added to all pixels: what becomes of a difference of neighbours?",),
        ),
        CodeExercise(
            "Sobel's edges, in one direction only, and of bytes, which cannot be negative: SciPy's result is bytes too "
            "and wraps around. The digit's largest edge is 60.9. Repair both.",
            edges_of,
            check_edges,
            broken={
                "    image = image.astype(float)\n": "",
                "np.hypot(sobel(image, axis=0), sobel(image, axis=1))": "np.abs(sobel(image))",
            },
            hints=("`sobel` takes changes along one axis, by default the last.", "What is `sobel(image).dtype`?"),
            mistakes=(40,),
            rows=("S4-03",),
        ),
    ),
    quiz=quiz("""
        ? [compute] Which pixel is number 29 of the flat vector? Count rows and columns from 0.
        - Row 5, column 3
        + Row 3, column 5
        - Row 3, column 4
        = 29 = 8 · 3 + 5: three whole rows, then five pixels more.

        ? [compute] Each row of a 3 × 3 patch is 0, 0, 4. What are the changes to the right and down, by Sobel?
        + 16 and 0
        - 12 and 4
        - 16 and 16
        = Right: 4 + 2 · 4 + 4. Down: −4 + 4, as the lower row is like the upper. The edge is √(16² + 0²) = 16.

        ? [foresee] `scipy.ndimage.sobel(image)` is drawn as "edges". What is not to be seen?
        - Weak edges, below its threshold
        - Strokes from top to bottom
        + Strokes from left to right
        = It takes changes along the last axis, to the right. Along a level stroke there are none. With
          both directions the first digit's largest edge is 60.9, with this one 55.

        ? [foresee] New images are moved by one pixel. What does a linear learner on the flat vector do?
        - About as well, as the digits look the same
        + Fail on most
        - Somewhat worse, as with noise
        = Each number has its own weight, and now meets its neighbour's. That is why convolutions share weights.
    """),
    sources=(
        "E. Alpaydin, C. Kaynak: Optical recognition of handwritten digits, UCI Machine Learning Repository, 1998",
        "R. C. Gonzalez, R. E. Woods: Digital Image Processing, 4th ed., Pearson 2018, section 10.2 (Sobel)",
        "T. Hastie, R. Tibshirani, J. Friedman: The Elements of Statistical Learning, 2nd ed., Springer 2009, 4.2",
    ),
)
