"""Linear collapse: ten layers that are one

Layers make a network deep. Stack ten of them, give them hundreds of weights, train them: and they may still be able to
draw nothing but one straight line. What is missing?

**A linear layer** multiplies by a matrix W and adds a *bias* vector b. Two in a row,

    h = W₁x + b₁
    y = W₂h + b₂

are, with the first put into the second,

    y = (W₂W₁)x + (W₂b₁ + b₂),

which is one linear layer. So are three, and ten. The run begins with an example: W₁ = (1 1; 1 −1), b₁ = (0, 1),
W₂ = (2 1), b₂ = −1 collapse to W = (3 1), b = 0.

**A bend between** them stops that. A *ReLU*, max(0, z), treats positive and negative sums differently, and no single
linear layer does. In the example, x = (−1, 1) gives h = (0, −1) and y = −2; with a ReLU h is (0, 0) and y = −1.

**Two networks learn** to tell the points of A from those of B. They have `layers` layers and the same weights to begin
with; one has nothing between, the other a ReLU, with slope `leak` below 0. A positive y means B; the *loss* says how
wrong they are. Both are also multiplied out, biases included, as if nothing were between; the line where that single
layer is 0 is drawn, and its *distance* measured: its largest difference from the stack's outputs, over the largest.

**Predict, then run.** How many points will the linear stack get right?

**Watch** the line: on one map it is the classes' border; on the other it is none, if it is there at all.

**Break it.** Raise `leak` to 1: below 0 as above it. What becomes of the second map?
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


class Knobs(KnobSet):
    layers: int = knob(4, 2, 10, help="linear layers in a row")
    width: int = knob(8, 1, 64, scale="log", help="units between two layers")
    leak: float = knob(0.0, 0.0, 1.0, help="slope below 0 of what stands between the layers of the second network")
    lr: float = knob(0.01, 1e-4, 0.3, scale="log", live=True, help="learning rate of Adam, a gradient descent")
    steps: int = knob(400, 10, 5000, scale="log", help="training steps, each on all training points")
    pace: int = pace(4)


def example(lab):
    """W₂W₁ entry by entry, the bias, and one x sent through two layers, through their product, and past a ReLU."""
    import numpy as np

    w1, b1, w2, b2, x = (np.array(part) for part in ([[1, 1], [1, -1]], [0, 1], [[2, 1]], [-1], [-1, 1]))
    w, b, h = w2 @ w1, w2 @ b1 + b2, w1 @ x + b1
    product, off = ({"W₂": w2, "W₁": w1, "W": w}, {"W₁": "·", "W": "="}), np.maximum(0, h)
    stages = (
        (*product, "2·1 + 1·1 = 3, the first entry of W"),
        (*product, "2·1 + 1·(−1) = 1, the second"),
        ({"W₂": w2, "b₁": b1, "b₂": b2, "b": b}, {"b₁": "·", "b₂": "+", "b": "="},
         "2·0 + 1·1 − 1 = 0: b₁ goes through W₂"),
        ({"x": x, "h = W₁x + b₁": h, "y = W₂h + b₂": w2 @ h + b2}, {}, "two layers: 2·0 + 1·(−1) − 1 = −2"),
        ({"W": w, "x": x, "b": b, "y": w @ x + b}, {"x": "·", "b": "+", "y": "="},
         "one layer: 3·(−1) + 1·1 + 0 = −2, the same"),
        ({"x": x, "h": h, "max(0, h)": off, "y": w2 @ off + b2}, {}, "a ReLU between: 2·0 + 1·0 − 1 = −1, not −2"),
    )  # fmt: skip
    for step in lab.steps(len(stages), unit="stages of the example"):
        arrays, signs, words = stages[step]
        lab.operation("two layers, one layer", arrays, words, signs=signs)


def collapse(theta):
    """The one layer (w, b) that the layers are if nothing stands between them."""
    w, b = theta[0], theta[1]
    for after, bias in zip(theta[2::2], theta[3::2], strict=True):
        w, b = after @ w, after @ b + bias  # key: the bias goes through every later layer too
    return w, b


def run(lab, k):
    import torch
    from torch import nn

    example(lab)
    data = lab.dataset
    train_x, test_x = (torch.as_tensor(part, dtype=torch.float64) for part in (data.train_x, data.test_x))
    train_y, test_y = (torch.as_tensor(part, dtype=torch.float64) for part in (data.train_y, data.test_y))
    sizes = [2, *[k.width] * (k.layers - 1), 1]
    layers = [nn.Linear(*sizes[i : i + 2], dtype=torch.float64) for i in range(k.layers)]
    alike = [part.detach() for layer in layers for part in (layer.weight, layer.bias)]
    stacks = {name: [part.clone().requires_grad_() for part in alike] for name in ("nothing between", "ReLU between")}
    slopes = dict(zip(stacks, (1.0, k.leak), strict=True))
    adam = torch.optim.Adam([part for theta in stacks.values() for part in theta], k.lr)
    lab.track(adam=adam, **{f"{name}{i}": part for name, theta in stacks.items() for i, part in enumerate(theta)})

    def forward(name, h):
        theta = stacks[name]
        for i in range(0, len(theta) - 2, 2):
            h = nn.functional.leaky_relu(h @ theta[i].T + theta[i + 1], slopes[name])  # key: slope 1: nothing happens
        return (h @ theta[-2].T + theta[-1])[:, 0]

    loss_of = nn.functional.binary_cross_entropy_with_logits
    lab.results(**{"numbers of a stack": float(sum(part.numel() for part in alike))})
    for step in lab.steps(k.steps, paced=False):
        losses = {name: loss_of(forward(name, train_x), train_y) for name in stacks}
        adam.zero_grad()
        sum(losses.values()).backward()
        adam.step()
        lab.scalars({f"{name}/train loss": loss for name, loss in losses.items()})
        if lab.due() or step == k.steps - 1:
            judge(lab, stacks, forward, test_x, test_y)
            for name in stacks:
                show_map(lab, name, stacks[name], forward, test_x, data)


def judge(lab, stacks, forward, x, y):
    """How far each stack is from the one layer that its product is, and how many test points each gets right."""
    import torch

    rows = []
    with torch.no_grad():
        for name, theta in stacks.items():
            w, b = collapse(theta)
            scores, single = forward(name, x), x @ w[0] + b
            apart = (scores - single).abs().max() / scores.abs().max()
            right, alone = (((score > 0) == (y > 0.5)).double().mean().item() for score in (scores, single))
            rows += [(name, sum(part.numel() for part in theta), right, apart.item())]
            rows += [("… multiplied out", w.numel() + b.numel(), alone, None)]
            lab.results(**{f"{name}/test accuracy": right, f"{name}/one layer's accuracy": alone})
            lab.results(**{f"{name}/distance": apart.item()})
    lab.table("stack and single layer", ("network", "numbers", "test accuracy", "distance"), rows)


def show_map(lab, name, theta, forward, x, data):
    """The class that the stack says over the plane, and the line where the multiplied-out layer is 0."""
    import torch

    high = 1.3 if x.abs().max() < 1.4 else 2.0
    side = torch.linspace(-high, high, 41, dtype=torch.float64)
    with torch.no_grad():
        says = forward(name, torch.cartesian_prod(side, side)).reshape(41, 41).T > 0
        (w,), (b,) = collapse(theta)
        line = torch.linspace(-3, 3, 601, dtype=torch.float64)[:, None] * torch.stack([-w[1], w[0]]) / w.norm()
        line -= b * w / (w @ w)
    line = line[(line.abs() <= high).all(1)]
    paths = {"one layer is 0": line[[0, -1]]} if len(line) > 1 else None
    some, ends = {kind: x[data.test_y == i][:40] for i, kind in enumerate(data.classes)}, (-high, high)
    lab.field(name, says.int(), ends, ends, classes=data.classes, points=some, paths=paths, axes=("x₁", "x₂"))


def multiply_out(layers):
    """The single pair (W, b) that does what all of ``layers`` do one after the other.

    layers: pairs (W, b), the first applied first, x ↦ W @ x + b.
    """
    w, b = layers[0]
    for after, bias in layers[1:]:
        w, b = after @ w, after @ b + bias
    return w, b


def check_multiply_out(multiply_out):
    """One, two and five layers with vectors of several lengths."""
    from itertools import pairwise

    import numpy as np

    rng = np.random.default_rng(0)
    for sizes in ((3, 2), (2, 4, 3), (4, 6, 5, 2, 7, 3)):
        layers = [(rng.normal(size=(b, a)), rng.normal(size=b)) for a, b in pairwise(sizes)]
        x = rng.normal(size=sizes[0])
        w, b = multiply_out([(w.copy(), b.copy()) for w, b in layers])
        if np.shape(w) != (sizes[-1], sizes[0]) or np.shape(b) != (sizes[-1],):
            raise Wrong(f"From {sizes[0]} to {sizes[-1]} numbers: W has shape {np.shape(w)}, b has {np.shape(b)}.")
        y = x
        for matrix, bias in layers:
            y = matrix @ y + bias
        yield number(np.abs(w @ x + b - y).max(), f"{len(layers)} layers: largest distance from the stack") <= 1e-9


def linear(what, **knobs):
    return last(f"nothing between/{what}", **knobs)


def bent(what, **knobs):
    return last(f"ReLU between/{what}", **knobs)


LINEAR, BENT = linear("test accuracy"), bent("test accuracy")
LOST = BENT - bent("one layer's accuracy")

LESSON = Lesson(
    covers=("D03",),
    after="activations",
    run=run,
    knobs=Knobs,
    data=("circles", "xor", "moons"),
    takeaways=(
        "Linear layers in a row, biases included, are one linear layer, and draw one straight border.",
        "Depth adds weights, not abilities, unless something that bends stands between the layers.",
        "A ReLU between two layers is enough: no single linear layer does what they do.",
    ),
    show=("nothing between", "ReLU between", "stack and single layer"),
    rows=("S4-10",),
    smoke={"steps": 30},
    predictions=(
        Prediction(
            "What share of the test points will the stack of linear layers get right?",
            choices={
                "less than two thirds": LINEAR < 2 / 3,
                "two thirds to 95 %": LINEAR.between(2 / 3, 0.95),
                "more than 95 %": LINEAR > 0.95,
            },
            why="However many layers, it draws one straight line. That gets about half of circles and XOR right, and "
            "more of the moons.",
        ),
        Prediction(
            "The second network is multiplied out as if nothing stood between. How much accuracy does that lose?",
            choices={
                "none, or less than 1 %": LOST < 0.01,
                "1 to 10 %": LOST.between(0.01, 0.1),
                "more than 10 %": LOST > 0.1,
            },
            why="Multiplying out ignores the ReLUs. Wherever one is below 0 the single layer is another map, unless "
            "`leak` is 1; and it draws but one line, which need not be a good one.",
        ),
    ),
    claims=(
        Claim(
            "Multiplied out, four linear layers are the same map, and so are ten",
            linear("distance") < 1e-9,
            linear("distance", layers=10) < 1e-9,
            seeds=5,
        ),
        Claim(
            "On circles linear layers get under two thirds right, four as well as ten",
            linear("test accuracy") < 0.66,
            linear("test accuracy", layers=10) < 0.66,
            seeds=5,
        ),
        Claim(
            "With ReLUs between, over 95 %, and the product gets under 80 %",
            bent("test accuracy") > 0.95,
            bent("one layer's accuracy") < 0.8,
            seeds=5,
        ),
        Claim("With a leak of 1 the second network collapses too", bent("distance", leak=1.0) < 1e-9, seeds=5),
    ),
    quiz=quiz("""
        ? [compute] y = 3h + 1 follows h = 2x − 1. Which single layer is that?
        - y = 5x
        - y = 6x
        + y = 6x − 2
        = 3·(2x − 1) + 1. The first bias is multiplied by 3; adding the two, −1 + 1 = 0, forgets that.

        ? [foresee] A stack of linear layers goes from 10 numbers to 1, then to 10. What can it do at most?
        - Whatever a single layer from 10 to 10 can do
        + Multiples of one fixed vector, shifted
        - Nothing: the sizes do not match
        = All that is left of x in the middle is one number. A product's rank is at most that of its thinnest factor: a
          linear stack can be less than one layer, never more.

        ? [foresee] Between two layers stands h ↦ 2h + 1, for each unit. Do they collapse?
        - No: every function between two layers stops it
        - No: it changes both size and sign
        + Yes
        = 2h + 1 is a linear layer itself. Only what is not of the form W·h + b, such as ReLU or tanh, stops it.
    """),
    exercises=(
        Exercise(
            "With at most 50 numbers to learn, make the second network get more than 95 % of the circles right.",
            last("numbers of a stack") <= 50,
            BENT > 0.95,
            solution={"layers": 2, "width": 12, "lr": 0.05},
            hints=(
                "A network of two layers of width w has 2w + w + w + 1 numbers.",
                "Depth is not needed here, one bend is. A small network may take a larger rate.",
            ),
        ),
        CodeExercise(
            "Multiply a stack out. This adds the biases up as they are.",
            multiply_out,
            check_multiply_out,
            broken={"after @ b + bias": "b + bias"},
            hints=("What happens to b₁ on its way through the second layer?", "y = W₂(W₁x + b₁) + b₂."),
        ),
    ),
    sources=(
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, section 6.1 (XOR)",
        "C. M. Bishop: Pattern Recognition and Machine Learning, Springer 2006, section 5.1 (linear hidden units)",
    ),
)
