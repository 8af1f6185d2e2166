"""Backpropagation on a computational graph

Four weights, one error. To find out what each weight did to it, you could nudge them one by one, and compute everything
anew each time. How can *one* pass give all four answers, exactly?

**The graph.** A network with one hidden unit, taken apart into steps that each do one thing:

    z = w·x + b      h = tanh z      p = v·h + c      L = (p − y)²

**Forward**, each node computes its value, and on each incoming edge how fast it reacts to what comes along it, a number
known on the spot: a product reacts to one factor at the rate of the other, tanh z at 1 − h².

**Backward**, the chain rule multiplies along the edges, from L to the left, and adds where ways meet:

    ∂L/∂(node) = Σ over edges out of it:  ∂L/∂(next) · (number on the edge)

b and, by way of w·x, w and x feed z: their gradients come from ∂L/∂z, none from another's. One pass back costs only a
few times what one forward does, with four weights or four billion.

**Check it.** A weight is nudged both ways: [L(w + ε) − L(w − ε)]/2ε, the *central difference*, must agree. Its error
first falls as ε², then rises as 1/ε, when rounding wins.

**Use it.** Gradient descent then fits a curve, 1.5·tanh(2x − ½) − 0.3, one of eight points a step.

**Predict, then run.** Which step ε will be the best?

**Break it.** Build in a `bug`: which weights does the check convict? `chained w to b` makes (∂L/∂b)² of ∂L/∂w, so w can
only fall, and it still learns: −w, −b, −v draw the same curve as w, b, v.
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
    quiz,
)

WEIGHTS = ("w", "b", "v", "c")
PLACES = {
    "x": (0.0, 0.8),
    "w": (0.0, 0.2),
    "w·x": (0.2, 0.5),
    "b": (0.2, 0.05),
    "z": (0.38, 0.3),
    "h": (0.52, 0.55),
    "v": (0.48, 0.95),
    "v·h": (0.68, 0.75),
    "c": (0.68, 0.2),
    "p": (0.84, 0.45),
    "y": (1.0, 0.95),
    "L": (1.0, 0.7),
}
INPUTS = {"w·x": ("w", "x"), "z": ("w·x", "b"), "h": ("z",), "v·h": ("v", "h"), "p": ("v·h", "c"), "L": ("p", "y")}
EDGES = [(source, node) for node, sources in INPUTS.items() for source in sources]


class Knobs(KnobSet):
    x: float = knob(1.5, -3.0, 3.0, help="the input whose way through the graph is shown")
    bug: str = knob("none", choices=("none", "slope of tanh forgotten", "chained w to b"), help="a mistake built in")
    lr: float = knob(0.05, 1e-4, 1.0, scale="log", live=True, help="learning rate of the training at the end")
    steps: int = knob(1500, 0, 20_000, help="training steps, one of eight points each")
    pace: int = knob(4, 0, 1000, live=True, help="nodes a second at most, to watch; 0: as fast as it goes")


def target(x):
    """The curve to learn, one that a single hidden unit can be."""
    import math

    return 1.5 * math.tanh(2 * x - 0.5) - 0.3


def compute(node, values):
    """Value of ``node`` and, for each of its inputs, the derivative on that edge."""
    import math

    a, b = (*(values[source] for source in INPUTS[node]), 0.0)[:2]
    if "·" in node:
        return a * b, (b, a)  # key: a product reacts to one factor at the rate of the other
    if node == "h":
        h = math.tanh(a)
        return h, (1 - h * h,)
    if node == "L":
        return (a - b) ** 2, (2 * (a - b), -2 * (a - b))
    return a + b, (1.0, 1.0)


def forward(values, upto=None):
    """Fill in the values of the nodes after the inputs and weights; return the derivatives on all edges."""
    local = {}
    for node in list(INPUTS)[:upto]:
        values[node], slopes = compute(node, values)
        local.update({(source, node): slope for source, slope in zip(INPUTS[node], slopes, strict=True)})
    return local


def backward(local, bug="none", nodes=None):
    """Gradient of L with respect to each of the last ``nodes`` nodes, all by default, from right to left."""
    gradient = {"L": 1.0}
    for node in list(PLACES)[-2::-1][: None if nodes is None else nodes - 1]:
        gradient[node] = sum(
            gradient[later] * slope for (source, later), slope in local.items() if source == node
        )  # key: the chain rule, added up over the edges that leave the node
        if bug == "slope of tanh forgotten" and node == "z":
            gradient[node] = gradient["h"]
    if bug == "chained w to b" and "w" in gradient:
        gradient["w"] = gradient["b"] * gradient["w·x"]
    return gradient


def inputs(weights, x):
    """Values the graph starts from."""
    return {**weights, "x": x, "y": target(x)}


def loss_at(weights, x):
    """L for these weights."""
    values = inputs(weights, x)
    forward(values)
    return values["L"]


def show(lab, values, local, gradient):
    """The graph with the numbers that are known so far."""
    numbers = {"value": [values.get(node) for node in PLACES], "gradient": [gradient.get(node) for node in PLACES]}
    slopes = {"slope": [local.get(edge) for edge in EDGES]}
    lab.graph("graph", PLACES, EDGES, values=numbers, weights=slopes)


def run(lab, k):
    import math

    import torch

    start = torch.randn(4, dtype=torch.float64) * 0.7
    weights = dict(zip(WEIGHTS, start.tolist(), strict=True))
    values, local, gradient = inputs(weights, k.x), dict[tuple[str, str], float](), dict[str, float]()
    for step in lab.steps(len(INPUTS), unit="nodes forward"):
        local = forward(values, step + 1)
        show(lab, values, local, gradient)
    local = forward(values)
    for step in lab.steps(len(PLACES), unit="nodes backward"):
        gradient = backward(local, k.bug, step + 1)
        show(lab, values, local, gradient)
    gradient = backward(local, k.bug)

    sizes = [10 ** (-power / 2) for power in range(2, 25)]
    check = lab.state.setdefault("check", {"worst": [], "convicted": 0})
    worst = check["worst"]
    for step in lab.steps(len(sizes), unit="step sizes"):
        found = {}
        for name in WEIGHTS:
            more, less = ({**weights, name: weights[name] + sign * sizes[step]} for sign in (1, -1))
            found[name] = (loss_at(more, k.x) - loss_at(less, k.x)) / (2 * sizes[step])  # key: what a nudge really does
        worst.append(max(abs(found[name] - gradient[name]) for name in WEIGHTS))
        lab.curve(
            "log₁₀ of largest difference by log₁₀ ε",
            [math.log10(size) for size in sizes[: step + 1]],
            difference=[math.log10(max(error, 1e-17)) for error in worst],
            axes=("log₁₀ ε", "log₁₀ of largest difference"),
        )
        rows = [
            [name, gradient[name], found[name], "agrees" if abs(found[name] - gradient[name]) < 1e-4 else "differs"]
            for name in WEIGHTS
        ]
        if sizes[step] >= 1e-5:
            lab.table("gradient check", ["weight", "backward", "nudged", "verdict"], rows)
            check["convicted"] = sum(row[3] == "differs" for row in rows)
    best = min(range(len(sizes)), key=worst.__getitem__)
    lab.results(**{"best step": sizes[best], "least difference": worst[best], "convicted": check["convicted"]})
    lab.results(**{f"difference at {size:g}": worst[sizes.index(size)] for size in (1e-2, 1e-3, 1e-12)})
    train(lab, k, torch.tensor(list(weights.values()), dtype=torch.float64))


def train(lab, k, theta):
    """Gradient descent with the gradients that backward gives, right or wrong."""
    import random

    lab.track(theta=theta)
    points = [-1.5 + 3 * index / 7 for index in range(8)]
    for _ in lab.steps(k.steps, paced=False):
        values = inputs(dict(zip(WEIGHTS, theta.tolist(), strict=True)), random.choice(points))
        local = forward(values)
        gradient = backward(local, k.bug)
        for index, name in enumerate(WEIGHTS):
            theta[index] -= k.lr * gradient[name]
        lab.scalars({"train/loss": values["L"]})
        if lab.due():
            show(lab, values, local, gradient)
            fit = [-2 + 4 * index / 80 for index in range(81)]
            weights = dict(zip(WEIGHTS, theta.tolist(), strict=True))
            outputs = [inputs(weights, x) for x in fit]
            for one in outputs:
                forward(one)
            found = [one["p"] for one in outputs]
            lab.curve("fit", fit, target=[target(x) for x in fit], network=found, axes=("x", "output p"))
    weights = dict(zip(WEIGHTS, theta.tolist(), strict=True))
    lab.results(**{"train/loss": sum(loss_at(weights, x) for x in points) / len(points)})


def backward_of_layer(x, w, h, grad_h):
    """Backward pass of h = tanh(x @ w + b).

    x: (n, inputs); w: (inputs, units); h: (n, units); grad_h: ∂L/∂h, (n, units).
    Returns ∂L/∂w (inputs, units), ∂L/∂b (units,), ∂L/∂x (n, inputs).
    """
    grad_z = grad_h * (1 - h * h)
    return x.T @ grad_z, grad_z.sum(0), grad_z @ w.T


def check_backward_of_layer(backward):
    """Shapes, then every number against central differences."""
    import numpy as np

    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(5, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    grad_h = rng.normal(size=(5, 2))

    def loss():
        return (np.tanh(x @ w + b) * grad_h).sum()

    found = backward(x.copy(), w.copy(), np.tanh(x @ w + b), grad_h.copy())
    if not isinstance(found, tuple) or len(found) != 3:
        what = f"{len(found)}" if isinstance(found, tuple) else f"one {type(found).__name__}"
        raise Wrong(f"It returns three arrays, ∂L/∂w, ∂L/∂b and ∂L/∂x; yours returns {what}.")
    for name, array, mine in zip(("w", "b", "x"), (w, b, x), found, strict=True):
        if np.shape(mine) != array.shape:
            raise Wrong(f"∂L/∂{name} has the shape of {name}, {array.shape}; yours has {np.shape(mine)}.")
        nudged = np.empty_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + 1e-6
            more = loss()
            array[place] = kept - 1e-6
            nudged[place], array[place] = (more - loss()) / 2e-6, kept
        off = np.abs(nudged - mine)
        where = ", ".join(map(str, np.unravel_index(off.argmax(), off.shape)))
        yield number(off.max(), f"∂L/∂{name}[{where}], distance from its central difference,") <= 1e-6


BEST, CONVICTED, LOSS = last("best step"), last("convicted"), last("train/loss")
RIGHT = last("least difference") < 1e-7
"""The gradients are right, so that there is a best ε."""

LESSON = Lesson(
    covers=("D05",),
    after="digits",
    run=run,
    knobs=Knobs,
    minutes=15,
    takeaways=(
        "Every node knows how fast it reacts to its inputs; the chain rule multiplies these numbers along the "
        "edges and adds where ways meet.",
        "One pass backwards gives the gradient of every weight, for a few times the cost of one forward.",
        "Central differences check a gradient, best with a step near 10⁻⁵.",
        "A wrong gradient can still lower the loss, so learning is no proof that it is right.",
    ),
    show=("graph", "gradient check", "log₁₀ of largest difference by log₁₀ ε", "fit", "loss"),
    smoke={"steps": 50},
    predictions=(
        Prediction(
            "Which step ε will make the central difference agree best?",
            choices={
                "0.1": RIGHT & (BEST > 0.02),
                "about 0.001": RIGHT & BEST.between(2e-4, 0.02),
                "about 0.00001": RIGHT & BEST.between(2e-7, 2e-4),
                "the smallest, 10⁻¹²": RIGHT & (BEST < 2e-7),
            },
            why="Numbers have 16 digits. The formula errs by ε², rounding by 10⁻¹⁶/ε; they are equal near 10⁻⁵.",
        ),
        Prediction(
            "How many of the four weights will the check convict?",
            choices={
                name: CONVICTED.between(count - 0.5, count + 0.5)
                for count, name in enumerate(("none", "one", "two", "three", "all"))
            },
            why="Without a bug none. If the slope of tanh is forgotten, z is wrong, and b and w with it, but w too "
            "little to be seen where x is near 0; v and c come before it on the way back and are right.",
        ),
    ),
    claims=(
        Claim(
            "Backward agrees with central differences to eight digits",
            last("least difference", steps=0) < 1e-8,
            seeds=5,
        ),
        Claim("The best ε is near 10⁻⁵", last("best step", steps=0).between(5e-7, 5e-4), seeds=5),
        Claim(
            "Its error falls as ε²: a tenth of the step, a hundredth of the error …",
            (last("difference at 0.01", steps=0) / last("difference at 0.001", steps=0)).between(98, 102),
            seeds=5,
        ),
        Claim(
            "… and rises again when rounding wins: over 100,000 times the smallest at 10⁻¹²",
            last("difference at 1e-12", steps=0) / last("least difference", steps=0) > 1e5,
            seeds=5,
        ),
        Claim(
            "Forgetting the slope of tanh convicts two weights, w and b",
            last("convicted", bug="slope of tanh forgotten", steps=0) == 2,
            seeds=5,
        ),
        Claim(
            "With w chained to b it usually ends with more than five times the loss: in eight runs of ten or more",
            last("train/loss", bug="chained w to b") / last("train/loss") > 5,
            seeds=tuple(range(10)),
            needed=8,
        ),
    ),
    quiz=quiz("""
        ? [compute] a = 2 goes two ways: b = a + 3 and c = 2·a, which meet in L = b·c. What is ∂L/∂a?
        - 4: what comes back by way of b
        - 40: what comes back by each way, multiplied
        + 14
        = By way of b comes c·1 = 4, by way of c comes b·2 = 10. Moving a moves L along both ways, and small changes
          add.

        ? [compute] The forward pass found h = tanh z = 0.6, and ∂L/∂h = 2 has come back. What is ∂L/∂z?
        - 1.2: 2·0.6
        + 1.28
        - That cannot be told without z
        = The slope on that edge is 1 − h² = 0.64. It needs only h, which was kept from the forward pass; storing such
          values is one reason why training takes more memory.

        ? [compute] A network has a million weights. How many forward passes does a check of all by central
          differences take?
        - Two
        + Two million
        - A million and one
        = Two a weight; one-sided ones take a million and one. So one checks a few weights, or a small
          network.

        ? [foresee] ε is made smaller, from 0.01 to 0.0001. What does the central difference's error become?
        - A hundredth of what it was
        + A ten-thousandth
        - Larger, as rounding grows when ε shrinks
        = It falls as ε²: a hundredth, squared. Rounding wins only below about 10⁻⁵.

        ? [foresee] `chained w to b` gives three right gradients and one wrong one. What will the loss do in training?
        - Rise, as a wrong gradient points uphill
        - Stay where it is
        + Fall all the same
        = Three weights still go downhill, and w, which can only fall, finds the mirror image −w, −b, −v. So a loss that
          falls does not prove that the gradients are right.

        ? A text says: "Backpropagation uses gradient descent to find the gradients." What is wrong?
        + It is the other way round
        - Nothing: the two words mean the same
        - It uses central differences to find them
        = Backpropagation computes gradients, by the chain rule; gradient descent is one of many rules that use them.
        & 95
    """),
    exercises=(
        Exercise(
            "Find the bug that convicts a single weight, and train below a loss of 0.05 in spite of it.",
            CONVICTED == 1,
            LOSS < 0.05,
            solution={"bug": "chained w to b"},
            hints=(
                "Try both bugs.",
                "Which bug leaves three of the four gradients right? Training copes with that one.",
            ),
        ),
        CodeExercise(
            "A whole layer, h = tanh(x·w + b), for a batch. Its backward pass forgets something; fix it.",
            backward_of_layer,
            check_backward_of_layer,
            broken={
                "    grad_z = grad_h * (1 - h * h)\n": "",
                "return x.T @ grad_z, grad_z.sum(0), grad_z @ w.T": "return x.T @ grad_h, grad_h.sum(0), grad_h @ w.T",
            },
            hints=(
                "Which node lies between h and the three that are asked for?",
                "∂L/∂z = ∂L/∂h · (1 − h²). All three gradients start from it.",
            ),
        ),
    ),
    sources=(
        "D. Rumelhart, G. Hinton, R. Williams: Learning representations by back-propagating errors, Nature 323 (1986)",
        "A. Griewank, A. Walther: Evaluating Derivatives, 2nd edition, SIAM 2008",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, section 6.5",
    ),
)
