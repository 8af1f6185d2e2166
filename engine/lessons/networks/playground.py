"""Playground: what every neuron sees

Two moons of points, two classes, no line between them. What does each neuron of a network see of the plane while the
network learns?

**The picture.** On the left stand the *features*, what the network is given: each is a number at every point of the
plane, from blue, negative, to orange, positive. A *neuron* adds up the pictures to its left, each times a *weight*
(lines: orange positive, blue negative), adds a *constant*, and bends the sum by its *activation*. The answer is tanh of
half the last sum, whatever `activation` is: twice the probability of B, less 1; from −1, surely A, to 1, surely B. The
boundary runs where it is dark.

The table's first row is an example: weights 2 and −1, constant −½. At the point (1, 1) the sum is 2 − 1 − ½ = ½, and
tanh makes it 0.46. Below stand your neurons; *in 1* weighs the topmost picture to their left.

**Learning.** Each step, the optimiser Adam turns all weights so that the *loss*, −ln of the probability given to the
right class, falls on a few *training* points; *test* points are never learned from. *Regularisation* charges for
weights: the loss grows by `rate` × the sum of their sizes (L1), or of half their squares (L2).

TensorFlow Playground shows this in a browser (Smilkov et al. 2017); here `,` and `.` rewind.

**Predict, then run.** On which points will the loss be lower?

**Break it.** While it runs, turn `activation` to linear: the boundary becomes straight. Then relu at `lr` 0.3:
neurons die, their pictures are dark wherever there are points.
"""

from itertools import pairwise

from descend.engine.base.errors import UsageError
from descend.engine.teaching.lesson import (
    Claim,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    knob,
    knob_value,
    last,
    pace,
    quiz,
)

POINTS, REACH, FINE, WIDE, HIGH = 300, 3.0, 56, 56, 68
"""Points; where the plane ends; pixels of the answer, of the network to its left, and of the height of both."""
FEATURES = ("x", "y", "xy", "x²", "y²", "sin x", "sin y")


def read_list(text, known):
    """What ``text`` lists, with commas between; all of it is ``known``."""
    found = [part.strip() for part in text.split(",")]
    if wrong := set(found) - set(known):
        raise UsageError(f"'{min(wrong)}' is none of {', '.join(known)}, which are listed with commas between.")
    return found


def read_features(text):
    """Names of features; x2 is x²."""
    return read_list(text.replace("^", "").replace("2", "²"), FEATURES)


def read_shape(text):
    """Neurons of each hidden layer, six at most; none if nothing is said."""
    return list(map(int, read_list(text, "12345678")[:6])) if text else []


class Knobs(KnobSet):
    data: str = knob("moons", choices=("moons", "circles", "xor", "blobs", "spirals"), help="how points are drawn")
    own: str = knob("", help="path of your own CSV instead: two columns of numbers, then one of two classes")
    noise: float = knob(
        0.2, 0.0, 1.0, live=True, help="standard deviation of what is added to drawn coordinates; not to own"
    )
    share: float = knob(0.2, 0.1, 0.9, help="share of the points that are learned from")
    features: str = knob(
        "x, y", check=read_features, help="what the network is given, of: x, y, xy, x2, y2, sin x, sin y"
    )
    layers: int = knob(2, 0, 6, help="hidden layers")
    units: int = knob(5, 1, 8, help="neurons in each hidden layer")
    shape: str = knob("", check=read_shape, help="neurons of each hidden layer instead, such as 8, 4, 2")
    activation: str = knob("tanh", choices=("tanh", "relu", "sigmoid", "linear"), live=True, help="how sums are bent")
    regularisation: str = knob("none", choices=("none", "L1", "L2"), live=True, help="what weights are charged for")
    rate: float = knob(0.003, 1e-4, 1.0, scale="log", live=True, help="regularisation rate: what that is multiplied by")
    lr: float = knob(0.03, 1e-4, 1.0, scale="log", live=True, help="learning rate of Adam")
    batch: int = knob(20, 1, 100, scale="log", live=True, help="training points a step, drawn with replacement")
    neuron: int = knob(0, 0, 48, live=True, help="neuron that the map shows, by its number in the table; 0: the answer")
    x: float = knob(1.0, -REACH, REACH, live=True, help="x of the point for which the table has each neuron's sum")
    y: float = knob(1.0, -REACH, REACH, live=True, help="y of that point")
    steps: int = knob(
        1000, 10, 1_000_000, scale="log", help="training steps; with the most it goes on until you stop it"
    )
    pace: int = pace(50)


def draw(kind, rng):
    """Places (n, 2) without noise, and classes 0 or 1."""
    import numpy as np

    label, (u, v), x = np.arange(POINTS) % 2, rng.random((2, POINTS)), rng.choice((-1, 1), POINTS)
    side, radius, arm = 2 * label - 1, np.where(label, 1.2 * np.sqrt(u), 1.9 + 0.8 * u), np.pi * (3.2 * u + label)
    at = {
        "moons": (1.6 * side * (0.5 - np.cos(np.pi * u)), 1.6 * side * (0.3 - np.sin(np.pi * u))),
        "blobs": 1.3 * side + rng.normal(0, 0.6, (2, POINTS)),
        "xor": (x * (0.2 + 2.4 * u), side * x * (0.2 + 2.4 * v)),
        "circles": (radius * np.cos(2 * np.pi * v), radius * np.sin(2 * np.pi * v)),
        "spirals": ((0.2 + 2.6 * u) * np.cos(arm), (0.2 + 2.6 * u) * np.sin(arm)),
    }
    return np.stack(at[kind], 1), label


def read_own(path):
    """Places, with mean 0 and standard deviation 1.4, and classes of the learner's table."""
    from descend.datasets import catalogue

    table = catalogue.find(path).load()
    if table.kind != "table" or (len(table.features), len(table.classes)) != (2, 2):
        raise UsageError(
            f"'{path}' needs two columns of numbers and two classes (PATH?ignore=NAME leaves a column out)."
        )
    at, label = table.gather()
    return 1.4 * (at - at.mean(0)) / (at.std(0) + 1e-9), label


def compute_features(at, names):
    """(n, 2) places → (n, features)."""
    import torch

    x, y = at.unbind(-1)
    every = dict(zip(FEATURES, (x, y, x * y, x * x, y * y, x.sin(), y.sin()), strict=True))
    return torch.stack([every[name] for name in names], -1)


def forward(net, x, activation):
    """The features ``x``, then what each layer makes of them; the last is the score."""
    said = [x]
    for layer in net[:-1]:
        z = layer(said[-1])
        said.append(z if activation == "linear" else getattr(z, activation)())  # key: the sum, bent
    return [*said, net[-1](said[-1])]


def run(lab, k):
    import numpy as np
    import torch
    from torch.nn import Linear, ModuleList, functional

    names = read_features(k.features)
    hidden = read_shape(k.shape) or [k.units] * k.layers
    rng = np.random.default_rng(lab.seed)
    places, label = read_own(k.own) if k.own else draw(k.data, rng)
    order, noise = rng.permutation(len(label)), rng.normal(size=places.shape) * (not k.own)
    clean, noise = (torch.tensor(one, dtype=torch.float32, device=lab.device) for one in (places[order], noise))
    y, cut = torch.tensor(label[order], dtype=torch.float32, device=lab.device), max(1, round(k.share * len(label)))
    net = ModuleList(Linear(a, b) for a, b in pairwise([len(names), *hidden, 1])).to(lab.device)
    adam = torch.optim.Adam(net.parameters(), k.lr)
    lab.track(net=net, adam=adam)
    for step in lab.steps(k.steps):
        at = clean + k.noise * noise
        x, chosen = compute_features(at, names), torch.randint(cut, (k.batch,), device=lab.device)
        score = forward(net, x[chosen], k.activation)[-1][:, 0]
        loss = functional.binary_cross_entropy_with_logits(score, y[chosen])
        if k.regularisation != "none":
            sizes = [layer.weight.abs() if k.regularisation == "L1" else layer.weight.square() / 2 for layer in net]
            loss = loss + k.rate * sum(size.sum() for size in sizes)  # key: weights cost something
        adam.zero_grad()
        loss.backward()
        adam.step()
        if not (due := lab.due()) and step % 5 and step < k.steps - 1:
            continue
        with torch.no_grad():
            said = forward(net, x, k.activation)
            losses = functional.binary_cross_entropy_with_logits(said[-1][:, 0], y, reduction="none")
        lab.scalars({"train/loss": losses[:cut].mean(), "test/loss": losses[cut:].mean()})  # key: never learned from
        norms = [torch.cat([layer.weight.grad.ravel(), layer.bias.grad]).norm().item() for layer in net]
        lab.scalars({f"layer {i}/log10 gradient": np.log10(norm + 1e-9) for i, norm in enumerate(norms, 1)})
        if due:
            right = ((said[-1][:, 0] > 0) == (y > 0.5)).float()
            shares = right[:cut].mean().item(), right[cut:].mean().item()
            small = (torch.cat([layer.weight.detach().ravel() for layer in net]).abs() < 0.05).float().mean()
            dead = sum((hidden[:cut].std(0) < 1e-6).sum() for hidden in said[1:-1])  # key: the same for every point
            lab.results(**{"test/accuracy": shares[1], "dead neurons": dead, "weights near 0": small})
            words = "right: {:.0%} of training, {:.0%} of test".format(*shares)
            words += f"; {int(dead)} of {sum(hidden)} neurons dead" if hidden else ""
            show(lab, k, net, names, at, y > 0.5, cut, words)


def show(lab, k, net, names, at, label, cut, words):
    """The network as its neurons see the plane, one of them over the points, and its numbers."""
    import numpy as np
    import torch

    from descend.engine.lab.unit_maps import join_maps, mark_points

    axis = torch.linspace(-REACH, REACH, FINE, device=lab.device)
    plane = torch.cartesian_prod(axis.flip(0), axis).flip(1)  # the first row of pixels is the highest
    spot = torch.tensor([[k.x, k.y]], device=lab.device)
    with torch.no_grad():
        said, told = (forward(net, compute_features(place, names), k.activation) for place in (plane, spot))
        example = forward([lambda at: 2 * at[:, 0] - at[:, 1] - 0.5, lambda bent: bent], spot, k.activation)[-1]
        sums = [z for layer, entered in zip(net, told, strict=False) for z in layer(entered)[0].tolist()]
    maps = [layer.T.reshape(-1, FINE, FINE).cpu().numpy() for layer in [*said[:-1], (said[-1] / 2).tanh()]]
    layers = [(layer.weight.detach().cpu().numpy(), layer.bias.tolist()) for layer in net]
    at, label, train = at.cpu().numpy(), label.cpu().numpy(), np.arange(len(at)) < cut
    picture = join_maps(maps, [weight for weight, _ in layers], WIDE, HIGH)
    mark_points(picture[(HIGH - FINE) // 2 :, WIDE:][:FINE], at[train], label[train], REACH)
    lab.images("network", [picture], [words])
    neurons = [maps[-1][0], *[one for layer in maps[1:-1] for one in layer]]
    chosen = neurons[min(k.neuron, len(neurons) - 1)]
    groups = {"A, training": train & ~label, "B, training": train & label, "A, test": ~train & ~label}
    spots = {name: at[which][:30] for name, which in {**groups, "B, test": ~train & label}.items() if which.any()}
    high = max(1.0, float(np.abs(chosen).max()))
    lab.field("map", chosen[::-1], *[(-REACH, REACH)] * 2, low=-high, high=high, points=spots, axes=("x", "y"))
    bent = [value for layer in [*told[1:-1], (told[-1] / 2).tanh()] for value in layer[0].tolist()]
    numbers = [(constant, *row) for weight, bias in layers for row, constant in zip(weight, bias, strict=True)]
    rows = [("example", 2 * k.x - k.y - 0.5, example.item(), -0.5, 2, -1)]  # key: weights × what comes in, + constant
    named = [*range(1, len(neurons)), "answer"]
    rows += [(name, *two, *ins) for name, *two, ins in zip(named, sums, bent, numbers, strict=True)]
    most = max(map(len, rows))
    heads = ("neuron", "sum", "bent", "constant", *[f"in {i}" for i in range(1, most - 3)])
    lab.table("weights", heads, [[*row, *[""] * (most - len(row))] for row in rows])


ACC, TEN, LEAD = "test/accuracy", tuple(range(10)), last("test/loss") / last("train/loss")
HALF = {"share": 0.5}
PLAIN = {**HALF, "layers": 0}
RELU = {**HALF, "activation": "relu", "layers": 3, "lr": 0.3}
L1 = {**HALF, "regularisation": "L1", "rate": 0.01}
ARMS = {**HALF, "data": "spirals", "noise": 0.1, "steps": 2000}
SINES = {**ARMS, "units": 8, "features": "x, y, sin x, sin y"}

LESSON = Lesson(
    covers=("D06",),
    after="xor-network",
    run=run,
    knobs=Knobs,
    takeaways=(
        "A neuron of the first layer sees a slope across its features, a later one a bent sum of what came before it.",
        "Without a bend, any number of layers draws what none draws: from x and y one straight line.",
        "The right features replace hidden layers: xy solves XOR, x² and y² solve circles.",
    ),
    show=("network", "map", "loss", "weights", "log10 gradient"),
    smoke={"steps": 30},
    predictions=(
        Prediction(
            "On which points will the loss be lower in the end?",
            choices={
                "training points: less than half that of the test points": LEAD >= 2,
                "training points, but by less than that": LEAD.between(1.03, 2),
                "about equal, or lower on test points": LEAD <= 1.03,
            },
            why="Weights are fitted to training points, the more closely the fewer there are and the more neurons. A "
            "network too simple or too heavily charged does about as badly on both; chance decides which are easier.",
        ),
    ),
    claims=(
        Claim("Test points have over twice the loss of training points, mostly", LEAD > 2, seeds=TEN, needed=9),
        Claim("From half of the moons: over 94 % of new ones, mostly", last(ACC, **HALF) > 0.94, seeds=TEN, needed=8),
        Claim("Linear neurons stay below 94 %", last(ACC, **HALF, activation="linear") < 0.94, seeds=TEN),
        Claim("XOR without hidden layer: below 75 % …", last(ACC, data="xor", **PLAIN) < 0.75, seeds=TEN),
        Claim("… from xy over 92 %", last(ACC, data="xor", features="xy", **PLAIN) > 0.92, seeds=TEN),
        Claim("Circles, x² and y²: over 94 %", last(ACC, data="circles", features="x2, y2", **PLAIN) > 0.94, seeds=TEN),
        Claim("Spirals: two layers of 5 stay below 90 %, mostly", last(ACC, **ARMS) < 0.9, seeds=TEN, needed=8),
        Claim("… two of 8 and sines gain over 4 %", last(ACC, **SINES) - last(ACC, **ARMS) > 0.04, seeds=TEN, needed=8),
        Claim("With lr 0.3 four or more of 15 relu neurons die", last("dead neurons", **RELU) >= 4, seeds=TEN),
        Claim("L1 at 0.01 brings over 60 % of weights near 0", last("weights near 0", **L1) > 0.6, seeds=TEN),
    ),
    quiz=quiz("""
        ? [compute] Features x and y, two hidden layers of 4 neurons, one answer. How many weights and constants?
        - 28
        + 37
        - 10
        = 2·4 + 4, then 4·4 + 4, then 4 + 1: 12 + 20 + 5. Without the constants it would be 28.

        ? [foresee] Six hidden layers of 8 linear neurons learn the circles from x and y. What is the boundary?
        - A polygon with as many sides as there are neurons
        - A ring, only drawn more slowly than by tanh
        + A straight line, if there is one
        = Sums of sums are sums: without a bend all layers together are one.

        ? A relu neuron is 0 at every training point. What happens to it next?
        + As a rule nothing: no gradient comes to it
        - Its weights grow until it wakes, as long as the loss is high
        - Adam wakes it, dividing by the small size of its gradients
        = Its slope is 0 at every point. A change before it, in the data, or left over in Adam may wake it by chance.
    """),
    exercises=(
        Exercise(
            "Solve XOR without any hidden layer: more than 92 % of new points.",
            (knob_value("data") == "xor") & (knob_value("own") == ""),
            knob_value("layers") == 0,
            last(ACC) > 0.92,
            solution={**PLAIN, "data": "xor", "features": "xy"},
            hints=("Which number is positive in two opposite quadrants and negative in the others?",),
        ),
    ),
    sources=(
        "D. Smilkov, S. Carter, D. Sculley, F. B. Viégas, M. Wattenberg: Direct-manipulation visualization of deep "
        "networks, arXiv:1708.03788 (2017): TensorFlow Playground",
    ),
)
