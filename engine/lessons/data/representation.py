"""The representation decides: rings

A learner that only draws straight lines meets two rings, one inside the other. Is it too weak, or was it handed the
wrong numbers?

**The learner** is *linear*: it weighs each number of a point, adds up, and the sign of the sum is the answer. Least
squares fits the weights on 200 points, to +1 for the inner ring, of radius `factor`, and −1 for the outer, of radius 1.

(0.6, 0.8) and (−0.6, −0.8) are outer, (0.3, 0.4) between them is inner: the `three points`. A straight line with both
outer points on one side has all between them there too, so it misses one. Write each by its *angle*, clockwise from the
x₂ axis, and its *radius*:

    r = √(x₁² + x₂²)
    √(0.36 + 0.64) = 1, √(0.09 + 0.16) = 0.5

Now the line r = 0.75 is right on all three. Drawn back into the plane it is a ring. Lines are all that the learner can
say, its *hypothesis class*; which shapes they are is decided by the *representation*, the numbers.
*Squares*, x₁² and x₂², do as well: the line x₁² + x₂² = 0.5625 is a ring of radius 0.75.

**A network** gets x₁ and x₂ and makes its own numbers: a layer of *hidden units*, each a bent weighted sum. 600 small
steps downhill, 15 in each step of the run, fit all weights. All are tested on 2,000 new points. Is knowing the right
numbers then worth anything?

**Predict, then run. Watch** the rings unroll, and the network bend its boundary. **Break it:** move the rings by
`shift`. Whose numbers still fit?
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

WAYS = ("x₁, x₂", "angle, radius", "squares")
POINTS, NEW, FRAMES, STEPS, FINE = 200, 2000, 40, 15, 41
"""Points learned from, points that test; pictures of the run, steps of training in each; places of a map's side."""


class Knobs(KnobSet):
    into: str = knob(WAYS[1], choices=WAYS[1:], help="coordinates that the plane is turned into")
    noise: float = knob(0.1, 0.0, 0.4, help="standard deviation of each point about its ring, in radii of the outer")
    factor: float = knob(0.5, 0.1, 0.95, help="radius of the inner ring, in radii of the outer")
    shift: float = knob(0.0, 0.0, 2.0, help="how far right of the origin the rings are centred, in radii of the outer")
    hidden: int = knob(8, 1, 16, help="hidden units of the network")
    pace: int = pace(8)


def draw(rng, count, k):
    """Points (count, 2), every second of the inner ring, and which are."""
    import numpy as np

    inner, angle = np.arange(count) % 2 == 1, rng.uniform(-np.pi, np.pi, count)
    x = np.where(inner, k.factor, 1.0) * [np.sin(angle), np.cos(angle)] + rng.normal(0, k.noise, (2, count))
    x[0] += k.shift
    return x.T, inner


def represent(x, way):
    import numpy as np

    polar = np.stack([np.arctan2(x[:, 0], x[:, 1]), np.hypot(x[:, 0], x[:, 1])], 1)
    return {WAYS[0]: x, WAYS[1]: polar, WAYS[2]: x**2}[way]


def fit(x, y):
    """Weights of the linear learner, the last of which is its constant."""
    import numpy as np

    ones = np.ones((len(x), 1))
    return np.linalg.lstsq(np.hstack([x, ones]), np.where(y, 1.0, -1.0), rcond=None)[0]  # key: one learner for all


def score(x, y, new, truth):
    w = fit(x, y)
    return ((new @ w[:-1] + w[-1] > 0) == truth).mean()


def train(net, x, y):
    """Steps of gradient descent, momentum 0.9, for a layer of tanh units and a sigmoid."""
    import numpy as np

    for _ in range(STEPS):
        h = np.tanh(x @ net["w"])  # key: the representation that the network learns
        delta = (1 / (1 + np.exp(-h @ net["v"])) - y) / len(y)
        for name, slope in (("w", x.T @ (delta[:, None] * net["v"] * (1 - h * h))), ("v", h.T @ delta)):
            net["push " + name] = 0.9 * net["push " + name] - 0.3 * slope
            net[name] = net[name] + net["push " + name]


def run(lab, k):
    import numpy as np

    rng = np.random.default_rng(lab.seed)
    (x, inner), (new, truth) = draw(rng, POINTS, k), draw(rng, NEW, k)
    told = {way: score(represent(x, way), inner, represent(new, way), truth) for way in WAYS}
    ends = [(float(low) - 0.3, float(high) + 0.3) for low, high in zip(x.min(0), x.max(0), strict=True)]
    across, up = (np.linspace(*end, FINE) for end in ends)
    plane = np.stack(np.meshgrid(across, up), 2).reshape(-1, 2)
    seen, unseen, grid = (np.insert((part - x.mean(0)) / (x.std(0) + 1e-12), 0, 1, axis=1) for part in (x, new, plane))
    w = rng.normal(0, 1, (3, k.hidden))
    net = lab.state.setdefault("net", {"w": w, "v": np.zeros(k.hidden), "push w": 0.0, "push v": 0.0})
    spots = {"outer": x[~inner][:40], "inner": x[inner][:40]}
    for frame in lab.steps(FRAMES):
        train(net, seen, inner)
        told["network"] = ((np.tanh(unseen @ net["w"]) @ net["v"] > 0) == truth).mean()
        lab.bars("told apart", [*told], "share of new points", right=[*told.values()])
        show_rings(lab, k, frame / (FRAMES - 1), x, inner)
        says = (np.tanh(grid @ net["w"]) @ net["v"] > 0).reshape(FINE, FINE)
        lab.field("network", says.astype(int), *ends, classes=("outer", "inner"), points=spots, axes=("x₁", "x₂"))
    lab.results(**told)


def show_rings(lab, k, t, x, inner):
    """The plane turned into other coordinates, ``t`` of the way, and where the linear learner changes its answer."""
    import numpy as np

    w, polar, angle = fit(represent(x, k.into), inner), k.into == WAYS[1], np.linspace(-3.13, 3.13, 180)
    rays = np.stack([np.sin(angle), np.cos(angle)], 1)
    with np.errstate(all="ignore"):
        radius = -(w[2] + w[0] * angle) / w[1] if polar else np.sqrt(-w[2] / (rays**2 @ w[:2]))
    edge = (radius[:, None] * rays)[(radius > 0) & (radius < 3)]
    three = np.array([[1], [k.factor], [-1]]) * [0.6, 0.8] + np.array([k.shift, 0])
    now, edge = ((1 - t) * part + t * represent(part, k.into) for part in (np.concatenate([x, three]), edge))
    labels, paths = np.append(1 + inner, [0, 0, 0]), {"boundary": edge} if len(edge) else {}
    axes = ("angle (rad)", "radius") if polar else ("x₁²", "x₂²")
    axes = axes if t == 1 else (f"x₁, turning into {axes[0]}", f"x₂, into {axes[1]}")
    aspect, names = "auto" if polar and t > 0.5 else "equal", ("three points", "outer", "inner")
    lab.points("new coordinates", now, labels, names, paths=paths, axes=axes, aspect=aspect)


def features(x):
    """At most 3 numbers for each point, (n, 2), by which a linear learner tells rings apart, wherever their centre."""
    import numpy as np

    return np.column_stack([x, (x**2).sum(1)])


def check_features(features):
    """Few numbers, by which least squares tells rings about four centres apart."""
    import numpy as np

    rng = np.random.default_rng(3)
    inner, angle = np.arange(300) % 2 == 1, rng.uniform(-np.pi, np.pi, 300)
    rings = np.where(inner, 0.5, 1.0)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    rings += rng.normal(0, 0.05, rings.shape)
    for centre in ((0, 0), (1.5, 0), (-1, 2), (0, -3)):
        made = np.asarray(features(rings + centre), float)
        if made.ndim != 2 or len(made) != 300:
            raise Wrong(f"300 points give 300 rows of numbers; yours have shape {made.shape}.")
        z = np.hstack([made, np.ones((300, 1))])
        w = np.linalg.lstsq(z[:200], np.where(inner[:200], 1.0, -1.0), rcond=None)[0]
        right = ((z[200:] @ w > 0) == inner[200:]).mean()
        yield number(float(right), f"share of new points told apart, rings about {centre},") >= 0.97
    yield number(made.shape[1], "numbers for each point") <= 3


POLAR, SQUARES, NETWORK = last(WAYS[1]), last(WAYS[2]), last("network")
MOVED = {"shift": 1.5}

LESSON = Lesson(
    covers=("C04",),
    after="digit-representations",
    run=run,
    knobs=Knobs,
    takeaways=(
        "A linear learner draws straight lines in the numbers it gets; which shapes these are in the plane is decided "
        "by the representation.",
        "A good representation is knowledge of the problem. Move the rings, and it fits less.",
        "A network of enough units finds numbers that fit by itself, wherever the rings are.",
    ),
    show=("new coordinates", "told apart", "network"),
    rows=("S4-04", "S4-19"),
    predictions=(
        Prediction(
            "The line gets x₁² and x₂², the network only x₁ and x₂. Which tells more new points apart?",
            choices={
                "the line in squares": SQUARES - NETWORK > 0.03,
                "neither, within 2.5 %": abs(SQUARES - NETWORK) < 0.025,
                "the network": SQUARES - NETWORK < -0.03,
            },
            why="About the origin squares are the very numbers that matter, and eight units get as far by themselves. "
            "Of moved rings squares know less than of centred ones, while the network only shifts its boundary. Two or "
            "three units are mostly too few to close it; noise or rings close to each other leave both with errors.",
        ),
    ),
    claims=(
        Claim(
            "A line in x₁, x₂ is right on about half of new points; one in angle and radius or squares on over 97 %",
            last(WAYS[0]).between(0.44, 0.57) & (POLAR > 0.97) & (SQUARES > 0.97),
            seeds=10,
        ),
        Claim(
            "With rings moved by 1.5, angle and radius fall below 62 %, squares to 70–87 %, the network stays over 95",
            (last(WAYS[1], **MOVED) < 0.62) & last(WAYS[2], **MOVED).between(0.7, 0.87),
            (last("network", **MOVED) > 0.95) & (NETWORK > 0.95),
            seeds=10,
        ),
        Claim("A network of two units is right on under 85 %", last("network", hidden=2) < 0.85, seeds=10),
        Claim(
            "No representation brings back what noise took: with 0.4 all are right on under 76 %",
            *(last(name, noise=0.4) < 0.76 for name in (*WAYS, "network")),
            seeds=10,
        ),
    ),
    exercises=(
        Exercise(
            "Have squares tell at least 12 % more of the new points apart than angle and radius do.",
            SQUARES - POLAR >= 0.12,
            solution={"shift": 1.0},
            hints=("Centred rings are easy in both.", "Seen from outside, what are the angles of a ring?"),
        ),
        CodeExercise(
            "This feature tells rings apart only if they are centred at the origin. Write features that work anywhere.",
            features,
            check_features,
            broken={"np.column_stack([x, (x**2).sum(1)])": "np.hypot(x[:, 0], x[:, 1])[:, None]"},
            hints=(
                "Multiply out (x₁ − a)² + (x₂ − b)². Which terms contain x₁ or x₂?",
                "a and b may end up in the learner's weights: you need not know them.",
            ),
            rows=("S4-19",),
        ),
    ),
    quiz=quiz("""
        ? [compute] In the squares x₁² and x₂² a learner has weights −1 and −1 and the constant 0.5. Which ring is its
          boundary in the plane?
        - That of radius 0.5
        - That of radius 0.25
        + That of radius 0.71
        = x₁² + x₂² = 0.5, and the radius is the root of it. It lies between the rings of 0.5 and 1.
        & S4-19

        ? [foresee] Rings are centred at (3, 0), angle and radius measured from (0, 0). On how many new points is a line
          in angle and radius right?
        - Nearly all, for the rings have kept their shape
        + Little more than half
        - Nearly all, once the angle gets another weight
        = Seen from far away an angle and a radius are much like x₁ and x₂: outer points surround the inner ones, and no
          line parts them.

        ? [compute] Where does the point with angle π/2, clockwise from the x₂ axis, and radius 2 lie?
        - At (0, 2)
        + At (2, 0)
        - At (−2, 0)
        = A quarter turn clockwise from (0, 2), which has angle 0.

        ? A linear learner fails on x₁ and x₂ and succeeds on x₁² and x₂². What has become of the learner?
        - It is stronger now: its weights can bend lines
        + It is the same, and draws straight lines still
        - It is weaker, which is why it no longer overfits
        = Its lines are straight in x₁² and x₂². Drawn back into the plane the same lines are curves. The numbers have
          changed, and with them what a line means.
        & S4-04
    """),
    sources=(
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, chapter 1, figure 1.1",
        "T. Hastie, R. Tibshirani, J. Friedman: The Elements of Statistical Learning, 2nd ed., Springer 2009, section "
        "5.1 (linear in derived numbers)",
    ),
)
