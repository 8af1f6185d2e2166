"""Affine regions of ReLU networks

A network of ReLU units is flat, piece by piece, and bends only at the creases between. How many pieces can a handful
of units make, and is it better to put the units beside each other or one after the other?

**One layer.** Each unit max(0, w·x + b) is zero on one side of a line and affine on the other. n lines cut the plane
into at most

    1 + n + n(n − 1)/2   pieces;   on an interval, n points make at most n + 1.

**Layers fold.** Two units can fold the interval: t(x) = 2·max(0, x) − 4·max(0, x − ½) climbs from 0 to 1 and back. What
the next layer draws on [0, 1], it draws twice; after d layers there are 2ᵈ pieces from 2d units.

**What that proves.** Depth *can* be exponentially better. Whether networks as we initialise and train them use it has
to be counted.

**Predict, then run.** First the folds. Then random networks whose units are in one layer, or in several (counted on
240 × 240 points, so the smallest pieces are missed). Their biases are normal, with standard deviation `spread`, which
decides where the creases lie, and with it who wins. Finally one is trained to tell a disc from the ring around it: how
much does the number of its pieces grow?

**Watch** the map of active units: crossing a crease switches one, so their number changes by one; inside a piece it
stays.

**Break it.** Take fewer and fewer `units`: how few pieces still enclose the disc? Then set `spread` to 0: all creases
of the first layer meet in the middle.
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

SPAN = 2.0
FINE = 240
NETWORKS = 20
"""Random networks of each depth."""


class Knobs(KnobSet):
    folds: int = knob(5, 1, 8, help="layers of two units that fold the interval")
    units: int = knob(24, 2, 96, help="hidden units, of the random networks and of the trained one")
    layers: int = knob(2, 1, 4, help="hidden layers of the trained network that share them")
    spread: float = knob(1.0, 0.0, 3.0, help="standard deviation of the biases a network begins with")
    steps: int = knob(400, 0, 5000, help="training steps on disc and ring")
    lr: float = knob(0.02, 1e-4, 1.0, scale="log", live=True, help="learning rate of Adam")
    pace: int = pace(60)


def widths(units, layers):
    """``units`` spread over ``layers`` as evenly as can be."""
    return [units // layers + (index < units % layers) for index in range(layers)]


def network(widths, spread):
    """ReLU network from the plane to one number; ``spread``: standard deviation of its biases, which move creases."""
    from torch import nn

    layers, size = [], 2
    for width in widths:
        layer = nn.Linear(size, width)
        nn.init.normal_(layer.weight, std=(2 / size) ** 0.5)
        nn.init.normal_(layer.bias, std=spread)
        layers += [layer, nn.ReLU()]
        size = width
    return nn.Sequential(*layers, nn.Linear(size, 1))


def patterns(net, points):
    """(points, hidden units): which units are active at each point."""
    import torch

    active, values = [], points
    for layer in net:
        values = layer(values)
        if isinstance(layer, torch.nn.ReLU):
            active.append(values > 0)  # key: the pattern of active units names the piece
    return torch.cat(active, 1)


def count(active):
    """Number of different rows, distinguished by a random 64-bit code of each, as comparing whole rows is slow."""
    import torch

    words = torch.randint(2**62, (active.shape[1],), generator=torch.Generator().manual_seed(0)).to(active.device)
    return len(torch.unique((active * words).sum(1)))


def plane(size):
    """(size², 2) points of a grid over the picture, the lowest row first."""
    import torch

    axis = torch.linspace(-SPAN, SPAN, size)
    return torch.cartesian_prod(axis, axis).flip(1)


def pieces(y):
    """Number of straight pieces of a curve sampled evenly, corners lying on samples."""
    slope = y.diff()
    return 1 + int((slope.diff().abs() > 1e-6 * slope.abs().max()).sum())


def fold(lab, k):
    """The tent map, applied again and again: each layer doubles the number of pieces."""
    import torch

    x = torch.linspace(0, 1, 8 * 2**k.folds + 1, dtype=torch.float64)
    y = x.clone()
    lab.track(folded=y)
    made = lab.state.setdefault("made", {"folds": [], "one layer, at most": []})
    for layer in lab.steps(k.folds, unit="folds"):
        y.copy_(2 * y.relu() - 4 * (y - 0.5).relu())  # key: two units that fold
        lab.curve("folded interval", x, output=y, axes=("input", "output"))
        for name, reached in zip(made, (pieces(y), 2 * (layer + 1) + 1), strict=True):
            made[name].append(reached)
        lab.bars("pieces by units", [f"{2 * (index + 1)} units" for index in range(layer + 1)], "pieces", **made)
    lab.results(**{"pieces of the folds": pieces(y), "units of the folds": 2 * k.folds})


def compare(lab, k):
    """Pieces of random networks, the same number of units in one to four layers."""
    import torch

    grid, found = plane(FINE).to(lab.device), lab.state.setdefault("random networks", {})
    for depth in lab.steps(min(4, k.units), unit="depths"):
        counts = []
        for _ in range(NETWORKS):
            net = network(widths(k.units, depth + 1), k.spread).to(lab.device)
            with torch.no_grad():
                counts.append(count(patterns(net, grid)))
        found[f"{depth + 1} × {k.units // (depth + 1)}"] = sum(counts) / len(counts)
        lab.bars("pieces of random networks", list(found), "pieces", **{f"mean of {NETWORKS}": list(found.values())})
    lab.results(**{f"random, {depth} deep": mean for depth, mean in enumerate(found.values(), 1)})
    first, second = sorted(found.values(), reverse=True)[:2]
    lab.results(**{"depth with most pieces": 1 + list(found.values()).index(first), "lead": first / second})


def train(lab, k):
    """A network learns a disc inside a ring; its creases move."""
    import torch
    from torch.nn import functional

    radius = torch.cat([0.8 * torch.rand(200).sqrt(), 1.1 + 0.7 * torch.rand(200)])
    angle = 2 * torch.pi * torch.rand(400)
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], 1).to(lab.device)
    inside = (radius < 1).float().to(lab.device)
    net = network(widths(k.units, min(k.layers, k.units)), k.spread).to(lab.device)
    adam = torch.optim.Adam(net.parameters(), k.lr)
    lab.track(net=net, adam=adam, x=x, inside=inside)
    fine, coarse = plane(FINE).to(lab.device), plane(60).to(lab.device)
    with torch.no_grad():
        before = lab.state.setdefault("before training", count(patterns(net, fine)))
    for _ in lab.steps(k.steps):
        score = net(x)[:, 0]
        loss = functional.binary_cross_entropy_with_logits(score, inside)
        adam.zero_grad()
        loss.backward()
        adam.step()
        lab.scalars({"train/loss": loss})
        if lab.due():
            with torch.no_grad():
                lab.scalars({"trained/pieces": count(patterns(net, fine))})
                active = patterns(net, coarse).sum(1).view(60, 60)
                chance = net(coarse).sigmoid().view(60, 60)
            extent = (-SPAN, SPAN)
            lab.field("active units", active, extent, extent, axes=("x₁", "x₂"))
            spots = {"disc": x[:200:4], "ring": x[200::4]}
            lab.field("inside?", chance, extent, extent, low=0, high=1, points=spots, axes=("x₁", "x₂"))
    with torch.no_grad():
        lab.results(**{"before training": before, "after training": count(patterns(net, fine))})
        right = ((net(x)[:, 0] > 0) == (inside > 0)).float().mean().item()
        lab.results(**{"train/accuracy": right})


def run(lab, k):
    fold(lab, k)
    compare(lab, k)
    train(lab, k)


def tent(x):
    """Two ReLU units that fold [0, 1]: 0 at 0, up to 1 at ½, back to 0 at 1. x: array; returns one of its shape."""
    import numpy as np

    return 2 * np.maximum(0, x) - 4 * np.maximum(0, x - 0.5)


def check_tent(tent):
    """Values at the corners, between and beyond them, and eight pieces after three folds."""
    import numpy as np

    places = np.array([0.0, 0.5, 1.0, 0.25, 0.75, -1.0, 2.0])
    y = tent(places.copy())
    if y is None or np.shape(y) != places.shape:
        what = "nothing" if y is None else f"shape {np.shape(y)}"
        raise Wrong(f"For an array of shape {places.shape} it returns one of that shape; yours returns {what}.")
    for place, height, found in zip(places, (0, 1, 0, 0.5, 0.5, 0, -2), np.asarray(y, float), strict=True):
        yield number(abs(found - height), f"at x = {place:g}, distance from {height:g},") <= 1e-9
    x = np.linspace(0, 1, 65)
    yield number((np.abs(np.diff(tent(tent(tent(x))), 2)) > 1e-6).sum(), "corners of three folds, 8 pieces,") == 7


BEFORE, AFTER, RIGHT = last("before training"), last("after training"), last("train/accuracy")


def richest(depth):
    """That random networks of ``depth`` layers have most pieces, and clearly so."""
    return (last("depth with most pieces") == depth) & (last("lead") > 1.05)


LESSON = Lesson(
    covers=("D10",),
    after="universal-approximation",
    run=run,
    knobs=Knobs,
    minutes=12,
    takeaways=(
        "A ReLU network is affine piece by piece, and n lines cut the plane into at most 1 + n + n(n − 1)/2 pieces.",
        "Layers fold: ten units in five folding layers make 32 pieces where one layer could make 11.",
        "That depth can be better does not mean that random or trained networks use it: the biases decide which "
        "has more pieces.",
    ),
    show=("active units", "pieces of random networks", "pieces by units", "folded interval", "inside?", "pieces"),
    smoke={"folds": 4, "units": 6, "steps": 20},
    predictions=(
        Prediction(
            "Random networks with the same number of units: which have the most pieces?",
            choices={
                "those with one layer": richest(1),
                "two layers": richest(2),
                "three layers": richest(3),
                "four layers": richest(4),
            },
            why="That depends on where creases lie. With a spread of 1 nearly all lines of one layer cross the "
            "picture, while many a deeper unit is on or off in all of it. Smaller biases let more of those switch, and "
            "one layer leads by little or not at all. Random weights do not fold.",
        ),
        Prediction(
            "What will training do to the number of pieces?",
            choices={
                "make it smaller": AFTER < BEFORE,
                "up to twice as many": (AFTER > BEFORE) & (AFTER <= 2 * BEFORE),
                "more than twice as many": AFTER > 2 * BEFORE,
            },
            why="Training asks for a lower loss, not for pieces; their number comes with it. With two layers it mostly "
            "grows, seldom more than twofold. With one it often falls: lines gather along the edge of the disc and "
            "cross less there.",
        ),
    ),
    claims=(
        Claim(
            "10 units in five folding layers make 32 pieces, where one layer could make 11",
            last("pieces of the folds", steps=0) == 32,
        ),
        Claim(
            "24 creases that all meet in the middle, spread 0, make 48 pieces",
            last("random, 1 deep", spread=0.0, steps=0).between(47, 48.01),
            seeds=5,
        ),
        Claim(
            "24 random units with biases of spread 1 make over 1.4 times as many pieces in one layer as in four",
            last("random, 1 deep", steps=0) / last("random, 4 deep", steps=0) > 1.4,
            seeds=5,
        ),
        Claim(
            "… but not with biases of spread 0.1",
            last("random, 1 deep", spread=0.1, steps=0) / last("random, 4 deep", spread=0.1, steps=0) < 1.4,
            seeds=5,
        ),
        Claim(
            "A network of two layers mostly has more pieces after training: in seven runs of ten or more",
            AFTER / BEFORE > 1,
            seeds=tuple(range(10)),
            needed=7,
        ),
        Claim(
            "Five units in one layer, so at most 16 pieces, tell over 97 % of the points right",
            last("train/accuracy", units=5, layers=1) > 0.97,
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? [compute] Three lines in the plane, none parallel, not all through one point: into how many pieces do they
          cut it?
        - 6
        + 7
        - 8
        = 1 + 3 + 3·2/2 = 7. Of the eight patterns of three units not all can occur: one has no place.

        ? [compute] f(x, y) = max(0, x) − 2·max(0, x + y − 4). What is its gradient at (3, 2)?
        - (1, 0): only the first unit bends there
        + (−1, −2)
        - It cannot be told: it changes from point to point
        = Both sums are positive, so f is x − 2·(x + y − 4) there: an affine map, whose gradient is (−1, −2) in the
          whole piece.

        ? [compute] Ten layers of two units each fold an interval again and again. How many pieces do they make?
        - 21, one more than there are units
        - 100
        + 1,024
        = Each layer doubles the number: 2¹⁰. One layer of 20 units makes at most 21.

        ? [foresee] All biases of one layer of 24 units are zero. Into how many pieces do its creases cut the plane?
        - 25, one more than there are units
        + 48
        - 301: 1 + 24 + 24·23/2
        = All 24 lines pass through the origin, and each adds two pieces. 301 needs lines that meet two by two: biases
          decide how much of the bound is used.

        ? Folding shows that depth can give exponentially many pieces. What follows for a network you train?
        + Nothing certain: it may have far fewer
        - It has exponentially many pieces, if it is deep
        - It has as many pieces as the task asks for
        = The folds were built by hand. Random and trained networks stay near what the number of units
          suggests.
    """),
    exercises=(
        Exercise(
            "Tell the disc from the ring, over 97 % of the points right, with no more than 16 pieces.",
            RIGHT > 0.97,
            AFTER <= 16,
            solution={"units": 5, "layers": 1},
            hints=(
                "How many lines does it take to enclose something?",
                "n lines make at most 1 + n + n(n − 1)/2 pieces; solve for 16. With three or four, luck decides.",
            ),
        ),
        CodeExercise(
            "Fix the fold: two ReLU units that climb from 0 to 1 and come back down.",
            tent,
            check_tent,
            broken={"2 * np.maximum(0, x) - 4 *": "np.maximum(0, x) -"},
            hints=(
                "To climb to 1 within half a unit, how steep must it be?",
                "Behind ½ the slope must become −2; the first unit goes on with +2.",
            ),
        ),
    ),
    sources=(
        "G. Montúfar, R. Pascanu, K. Cho, Y. Bengio: On the number of linear regions of deep neural networks, "
        "NIPS 2014",
        "M. Telgarsky: Benefits of depth in neural networks, COLT 2016",
        "B. Hanin, D. Rolnick: Deep ReLU networks have surprisingly few activation patterns, NeurIPS 2019",
    ),
)
