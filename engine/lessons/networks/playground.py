"""Playground: what every neuron sees

Two moons of points, two classes, no line between them. What does each neuron of a network see of the plane while the
network learns to tell them apart? And when does it need more of them?

**The picture.** On the left stand the *features*, what the network is given: each is a number at every point of the
plane, from blue, negative, to orange, positive. A neuron adds up the pictures to its left, by weight (orange lines
positive, blue ones negative), adds a constant, and bends the sum by its *activation*. The last sum becomes the answer,
from −1, surely class A, to 1, surely B; where it is dark runs the boundary. With weights 2 and −1, x = 1, y = 3 and
constant ½, a neuron's sum is 2 − 3 + ½ = −½; tanh makes it −0.46.

**Learning.** The optimiser Adam turns all weights, looking at a few *training* points a step. *Test* points are never
learned from. *Regularisation* charges for weights: L1 for their sizes, L2 for half their squares, times `rate`.

TensorFlow Playground shows this in a browser (Smilkov et al. 2017). Here you can also *rewind* (`,` and `.`), read
*exact weights* in their table and *gradients by layer*, learn from *your own* table (`own`), and have claims proved.

**Predict, then run.** On which points will the loss be lower?

**Break it.** While it runs, turn `activation` to linear, `noise` to 1. Then try the spirals: what do they take? Then
relu with a high `lr`: how many neurons die, their pictures blank for good?
"""

from itertools import pairwise

from descend.engine.teaching.lesson import (
    Claim,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    Wrong,
    knob,
    knob_value,
    last,
    pace,
    quiz,
)

POINTS, REACH, FINE, WIDE, SHOWN = 300, 3.0, 50, 64, 30
"""Points; where the map ends; pixels of the answer, and of the network beside it; points of a group on the map."""
FEATURES = ("x, y", "xy", "x, y, xy", "x², y²", "sin x, sin y", "x, y, sin x, sin y", "x, y, x², y², xy, sin x, sin y")


class Knobs(KnobSet):
    data: str = knob("moons", choices=("moons", "circles", "xor", "blobs", "spirals"), help="how points are drawn")
    own: str = knob("", help="path of your own CSV instead: two columns of numbers, then one of two classes")
    noise: float = knob(0.2, 0.0, 1.0, live=True, help="standard deviation of what is added to both coordinates")
    share: float = knob(0.5, 0.1, 0.9, live=True, help="share of the points that are learned from")
    features: str = knob(FEATURES[0], choices=FEATURES, help="what the network is given of each point")
    layers: int = knob(2, 0, 6, help="hidden layers")
    units: int = knob(5, 1, 8, help="neurons in each hidden layer")
    activation: str = knob("tanh", choices=("tanh", "relu", "sigmoid", "linear"), live=True, help="how sums are bent")
    regularisation: str = knob("none", choices=("none", "L1", "L2"), live=True, help="what weights are charged for")
    rate: float = knob(0.003, 1e-4, 1.0, scale="log", live=True, help="regularisation rate: the price of a weight of 1")
    lr: float = knob(0.02, 1e-4, 1.0, scale="log", live=True, help="learning rate of Adam")
    batch: int = knob(20, 1, 100, scale="log", live=True, help="training points a step, drawn with replacement")
    steps: int = knob(2000, 10, 20_000, scale="log", help="training steps")
    pace: int = pace(150)


def draw(kind, rng):
    """Places (n, 2) without noise, and classes 0 or 1."""
    import numpy as np

    label, u, v = np.arange(POINTS) % 2, rng.random(POINTS), rng.random(POINTS)
    side, turn = 2 * label - 1, np.pi * u
    if kind == "moons":
        return 1.6 * np.stack([side * (0.5 - np.cos(turn)), side * (0.3 - np.sin(turn))], 1), label
    if kind == "blobs":
        return 1.3 * side[:, None] + rng.normal(0, 0.6, (POINTS, 2)), label
    if kind == "xor":
        x = rng.choice((-1, 1), POINTS)
        return np.stack([x * (0.2 + 2.4 * u), side * x * (0.2 + 2.4 * v)], 1), label
    if kind == "circles":
        radius, angle = np.where(label, 1.2 * np.sqrt(u), 1.9 + 0.8 * u), 2 * np.pi * v
    else:
        radius, angle = 0.2 + 2.6 * u, 3.2 * turn + np.pi * label
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1), label


def read_own(path):
    """Places, brought to the size of the map, and classes of the learner's table."""
    import numpy as np

    from descend.datasets import catalogue
    from descend.engine.base.errors import UsageError

    table = catalogue.find(path).load()
    if table.kind != "table" or len(table.features) != 2 or len(table.classes) != 2:
        found = f"{len(table.features)} columns to learn from and {len(table.classes)} classes"
        raise UsageError(f"'{path}' has {found}; two of each are asked for (leave columns out: PATH?ignore=NAME).")
    at = np.concatenate([table.train_x, table.test_x])
    return 1.4 * (at - at.mean(0)) / (at.std(0) + 1e-9), np.concatenate([table.train_y, table.test_y])


def compute_features(at, names):
    """(n, 2) places → (n, features)."""
    import torch

    x, y = at.unbind(-1)
    every = {"x": x, "y": y, "xy": x * y, "x²": x * x, "y²": y * y, "sin x": x.sin(), "sin y": y.sin()}
    return torch.stack([every[name] for name in names], -1)


def forward(net, x, activation):
    """The features ``x``, then what each layer makes of them; the last is the score."""
    import torch

    said = [x]
    for layer in net[:-1]:
        z = layer(said[-1])
        said.append(z if activation == "linear" else getattr(torch, activation)(z))  # key: the sum, bent
    return [*said, net[-1](said[-1])]


def run(lab, k):
    import numpy as np
    import torch
    from torch.nn import Linear, ModuleList, functional

    rng, names = np.random.default_rng(lab.seed), k.features.split(", ")
    places, label = read_own(k.own) if k.own else draw(k.data, rng)
    order, noise = rng.permutation(len(label)), rng.normal(size=places.shape)
    clean, noise = (torch.tensor(one, dtype=torch.float32, device=lab.device) for one in (places[order], noise))
    y = torch.tensor(label[order], dtype=torch.float32, device=lab.device)
    net = ModuleList(Linear(a, b) for a, b in pairwise([len(names), *[k.units] * k.layers, 1])).to(lab.device)
    adam = torch.optim.Adam(net.parameters(), k.lr)
    lab.track(net=net, adam=adam)
    for _ in lab.steps(k.steps):
        at = clean + k.noise * noise
        x, cut = compute_features(at, names), max(2, round(k.share * len(y)))
        chosen = torch.randint(cut, (k.batch,), device=lab.device)
        score = forward(net, x[chosen], k.activation)[-1][:, 0]
        loss = functional.binary_cross_entropy_with_logits(score, y[chosen])
        if k.regularisation != "none":
            sizes = [layer.weight.abs() if k.regularisation == "L1" else layer.weight.square() / 2 for layer in net]
            loss = loss + k.rate * sum(size.sum() for size in sizes)  # key: weights cost something
        adam.zero_grad()
        loss.backward()
        adam.step()
        with torch.no_grad():
            said = forward(net, x, k.activation)
            losses = functional.binary_cross_entropy_with_logits(said[-1][:, 0], y, reduction="none")
        lab.scalars({"train/loss": losses[:cut].mean(), "test/loss": losses[cut:].mean()})  # key: never learned from
        right = ((said[-1][:, 0] > 0) == (y > 0.5)).float()
        lab.scalars({"train/accuracy": right[:cut].mean(), "test/accuracy": right[cut:].mean()})
        norms = [torch.cat([layer.weight.grad.ravel(), layer.bias.grad]).norm().item() for layer in net]
        lab.scalars({f"layer {i}/log10 gradient": np.log10(norm + 1e-9) for i, norm in enumerate(norms, 1)})
        if lab.due():
            show(lab, k, net, names, at, y > 0.5, cut)
            weights = torch.cat([layer.weight.detach().ravel() for layer in net]).abs()
            dead = sum((hidden[:cut].std(0) < 1e-6).sum() for hidden in said[1:-1])  # key: the same for every point
            lab.results(**{"dead neurons": dead, "weights near 0": (weights < 0.05).float().mean()})


def show(lab, k, net, names, at, label, cut):
    """The network as its neurons see the plane, its answer over the points, and its numbers."""
    import numpy as np
    import torch

    axis = torch.linspace(-REACH, REACH, FINE, device=lab.device)
    plane = torch.cartesian_prod(axis.flip(0), axis).flip(1)  # the first row of pixels is the highest
    with torch.no_grad():
        said = forward(net, compute_features(plane, names), k.activation)
    maps = [layer.T.reshape(-1, FINE, FINE).cpu().numpy() for layer in [*said[:-1], (said[-1] / 2).tanh()]]
    layers = [(layer.weight.detach().cpu().numpy(), layer.bias.tolist()) for layer in net]
    at, label, train = at.cpu().numpy(), label.cpu().numpy(), np.arange(len(at)) < cut
    lab.images("network", [paint(maps, [weight for weight, _ in layers], at[train], label[train])])
    groups = {"A, training": train & ~label, "B, training": train & label, "A, test": ~train & ~label}
    spots = {name: at[which][:SHOWN] for name, which in {**groups, "B, test": ~train & label}.items() if which.any()}
    lab.field("answer", maps[-1][0, ::-1], *[(-REACH, REACH)] * 2, low=-1, high=1, points=spots, axes=("x", "y"))
    neurons = [f"{depth}·{i}" for depth in range(1, k.layers + 1) for i in range(1, k.units + 1)]
    numbers = [[constant, *row] for weight, bias in layers for row, constant in zip(weight, bias, strict=True)]
    most = max(map(len, numbers))
    rows = [[name, *n, *[""] * (most - len(n))] for name, n in zip([*neurons, "answer"], numbers, strict=True)]
    lab.table("weights", ("neuron", "constant", *[f"from {i}" for i in range(1, most)]), rows)
    if neurons:
        lab.images("each neuron", [tint(one[::3, ::3]) for layer in maps[1:-1] for one in layer], neurons)


def tint(values):
    """Colours of numbers around 0: blue, dark, orange."""
    import numpy as np

    share = values / max(1.0, np.abs(values).max())
    ends = np.where(share[..., None] < 0, [95, 175, 255], [255, 165, 60])
    return (28 + (ends - 28) * np.abs(share)[..., None]).astype(np.uint8)


def paint(maps, weights, at, label):
    """One image: a picture for each feature and neuron, joined by lines for the weights; on the right the answer."""
    import numpy as np

    columns, most = len(maps) - 1, max(map(len, maps))
    size = max(4, min(18, FINE // most - 1, WIDE // columns * 2 // 3))
    left = [round(WIDE * (i + 0.35) / columns - size / 2) for i in range(columns)] + [WIDE + 2]
    middle = [[round(FINE * (i + 0.5) / len(layer)) for i in range(len(layer))] for layer in maps]
    image = np.hstack([np.full((FINE, WIDE + 2, 3), 12, np.uint8), tint(maps[-1][0])])
    for depth, weight in enumerate(weights):
        across = np.arange(left[depth] + size, left[depth + 1])
        bend = np.linspace(0, 1, len(across)) ** 2 * (3 - 2 * np.linspace(0, 1, len(across)))
        for target, source in sorted(np.ndindex(weight.shape), key=lambda edge, w=weight: abs(w[edge])):
            start, end = middle[depth][source], middle[depth + 1][target]
            down = np.round(start + (end - start) * bend).astype(int).clip(0, FINE - 1)
            image[down, across] = tint(weight[target, source] / (np.abs(weight).max() + 1e-9))
    for layer, x, centres in zip(maps, left[:-1], middle, strict=False):
        for one, centre in zip(layer, centres, strict=True):
            pick, top = np.linspace(0, FINE - 1, size).astype(int), centre - size // 2
            image[top : top + size, x : x + size] = tint(one[np.ix_(pick, pick)])
    spots = np.round((at * (1, -1) + REACH) / (2 * REACH) * (FINE - 1)).astype(int)
    for (column, row), which in zip(spots, label, strict=True):
        if 0 <= row < FINE and 0 <= column < FINE:
            image[row : row + 2, WIDE + 2 + column : WIDE + 4 + column] = (255, 235, 200) if which else (200, 230, 255)
    return image


def of_xor(result):
    if result.knobs["data"] != "xor" or result.knobs["own"]:
        raise Wrong(f"The data are to be xor, not {result.knobs['own'] or result.knobs['data']}.")


def new(**knobs):
    """Share of test points told right."""
    return last("test/accuracy", **knobs)


TEN, PLAIN, ARMS = tuple(range(10)), {"layers": 0, "steps": 1000}, {"data": "spirals", "noise": 0.1}
RELU, L1 = {"activation": "relu", "layers": 3, "lr": 0.3}, {"regularisation": "L1", "rate": 0.01}
LEAD = last("test/loss") / last("train/loss")

LESSON = Lesson(
    covers=("D06",),
    after="xor-network",
    run=run,
    knobs=Knobs,
    takeaways=(
        "A neuron of the first layer sees a slope across the plane, a later one a bent sum of the pictures before it.",
        "Without a bend, any number of layers draws one straight line.",
        "The right features replace hidden layers: xy solves XOR, x² and y² solve circles.",
    ),
    show=("network", "answer", "loss", "each neuron", "log10 gradient", "weights", "accuracy"),
    smoke={"steps": 30},
    predictions=(
        Prediction(
            "On which points will the loss be lower in the end?",
            choices={
                "training points: less than half that of the test points": LEAD > 2.1,
                "training points, but by less than that": LEAD.between(1.05, 1.9),
                "about equal, or lower on test points": LEAD < 1.02,
            },
            why="Weights are fitted to training points, the better the fewer there are and the more neurons. A network "
            "that is too simple, or charged, does about as badly on both, and chance decides which points are easier.",
        ),
    ),
    claims=(
        Claim("Moons by default: over 94 % of new points, mostly", new() > 0.94, seeds=TEN, needed=8),
        Claim("Linear neurons stay below 94 %", new(activation="linear") < 0.94, seeds=TEN),
        Claim("XOR without hidden layer: below 75 % in 10 of 10 …", new(data="xor", **PLAIN) < 0.75, seeds=TEN),
        Claim("… from xy over 92 % in 10 of 10", new(data="xor", features="xy", **PLAIN) > 0.92, seeds=TEN),
        Claim("Circles from x², y²: over 94 %", new(data="circles", features="x², y²", **PLAIN) > 0.94, seeds=TEN),
        Claim("Spirals: two layers of 5 stay below 90 %, mostly", new(**ARMS) < 0.9, seeds=TEN, needed=8),
        Claim("… 8 with sines gain 2 %", new(units=8, features=FEATURES[5], **ARMS) - new(**ARMS) > 0.02, seeds=TEN),
        Claim("With lr 0.3 three or more of 15 relu neurons die", last("dead neurons", **RELU) >= 3, seeds=TEN),
        Claim("L1 at 0.01 brings over 60 % of weights near 0", last("weights near 0", **L1) > 0.6, seeds=TEN),
    ),
    quiz=quiz("""
        ? [compute] Features x and y, two hidden layers of 4 neurons, one answer. How many weights and constants?
        - 28
        + 37
        - 10
        = 2·4 + 4, then 4·4 + 4, then 4 + 1: 12 + 20 + 5. Without the constants it would be 28.

        ? [foresee] Six hidden layers of 8 linear neurons learn the circles. What is the boundary?
        - A polygon with as many sides as there are neurons
        - A ring, only drawn more slowly than by tanh
        + A straight line, if there is one
        = Sums of sums are sums: without a bend all layers together are one.

        ? A relu neuron is 0 at every training point. What happens to it next?
        + As a rule nothing: no gradient comes to it
        - Its weights grow until it wakes, as long as the loss is high
        - Adam wakes it, dividing by the small size of its gradients
        = Its slope is 0 at every point. Only a change in the layers before it, or in the data, can wake it.
    """),
    exercises=(
        Exercise(
            "Solve XOR without any hidden layer: more than 92 % of new points.",
            of_xor,
            knob_value("layers") == 0,
            new() > 0.92,
            solution={"data": "xor", "layers": 0, "features": "xy"},
            hints=("Which number is positive in two opposite quadrants and negative in the others?",),
        ),
    ),
    sources=(
        "D. Smilkov, S. Carter, D. Sculley, F. B. Viégas, M. Wattenberg: Direct-manipulation visualization of deep "
        "networks, arXiv:1708.03788 (2017): TensorFlow Playground",
    ),
)
