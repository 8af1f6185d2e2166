"""Width against depth

Lamps hang in a row, some on, some off. Is the number of those on odd? This *parity* is said to need exponentially many
units in a network with one hidden layer, and few in a deep one. Is it so, and which learns it?

**Counting.** A layer from i numbers to o has i·o weights and o *biases*, numbers added to the sums. Sizes 2, 3, 1 make
2·3 + 3 + 3·1 + 1 = 13 *parameters*. The rule of thumb width²·depth leaves out inputs, output and biases.

**Patterns.** One unit for each odd pattern of n lamps: 2ⁿ⁻¹ units of n weights each. That is exponential, though
for n = 4 it is 32 weights, below the 4n² = 64 quoted for deep networks.

**A staircase.** Only the number s of lit lamps matters. With units max(0, s), max(0, s − 1), … (*ReLU*)

    parity = max(0, s) − 2·max(0, s − 1) + 2·max(0, s − 2) − …

At s = 3: 3 − 4 + 2 = 1. One layer of n units does it, with (n + 1)² parameters.

**Folds.** max(0, s) − 2·max(0, s − h) climbs to h and comes back as 2h − s, odd when s is. For n = 8, layers of two
such units with h = 4, 2, 1 leave 0 or 1; ⌈log₂ n⌉ layers are enough.

**Predict, then run.** All are built and tried on every row. Then ten networks of each depth learn all rows (lamps as −1
and 1), each as wide as `budget` parameters allow. Which depth gets most rows right?

**Watch** what the best of one and five layers draws as one lamp after the other is lit. **Break it:** for 8 `bits` the
staircase has 81 parameters, one over budget, folds only 33. Training finds neither. Then try `budget` 200.
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

MOST, NETWORKS, DEPTHS = 12, 10, (1, 2, 3, 5)
"""Bits of the largest networks that are built; networks trained of each depth; their hidden layers."""


class Knobs(KnobSet):
    bits: int = knob(6, 2, 8, help="lamps n of the trained networks; there are 2ⁿ rows")
    budget: int = knob(80, 30, 400, help="parameters that a trained network may have, all told")
    steps: int = knob(1500, 0, 6000, help="training steps, each on all rows")
    lr: float = knob(0.01, 1e-4, 0.3, scale="log", live=True, help="learning rate of Adam")
    pace: int = pace(300)


def count(sizes):
    """Weights and biases of a fully connected network whose layers, from input to output, have these sizes."""
    import itertools

    return sum(i * o + o for i, o in itertools.pairwise(sizes))


def widest(bits, depth, budget):
    """Sizes of the widest network with ``depth`` equal hidden layers within the budget."""
    width = 1
    while count([bits, *[width + 1] * depth, 1]) <= budget:
        width += 1
    return [bits, *[width] * depth, 1]


def rows_of(bits):
    """All (2ⁿ, n) patterns of 0 and 1, and their parity."""
    import numpy as np

    x = np.arange(2**bits)[:, None] >> np.arange(bits) & 1
    return x.astype(float), x.sum(1) % 2


def build(kind, n):
    """Weights and biases, layer by layer, of a network for the parity of n bits, written down, not learned."""
    import numpy as np

    if kind == "patterns":
        x, odd = rows_of(n)
        signs = 2 * x[odd == 1].T - 1
        return [signs, 1 - x[odd == 1].sum(1), np.ones((2 ** (n - 1), 1)), np.zeros(1)]
    if kind == "staircase":
        v = np.where(np.arange(n) == 0, 1, 2) * (-1.0) ** np.arange(n)
        return [np.ones((n, n)), -np.arange(n), v[:, None], np.zeros(1)]  # key: kinks at 0, 1, … n − 1
    parts, folded = [], np.ones((n, 1))
    for power in reversed(range((n - 1).bit_length())):
        parts += [np.hstack([folded, folded]), np.array([0.0, -(2**power)])]
        folded = np.array([[1.0], [-2.0]])  # key: s up to h = 2ᵖ, and 2h − s beyond: as odd or even as s
    return [*parts, folded, np.zeros(1)]


def evaluate(parts, x):
    for weights, biases in zip(parts[:-2:2], parts[1:-2:2], strict=True):
        x = (x @ weights + biases).clip(0)
    return (x @ parts[-2] + parts[-1])[..., 0]


def run(lab, k):
    import numpy as np

    sizes, wrong = np.arange(2, MOST + 1), 0
    counts = {"4n²": 4 * sizes**2, "patterns": [], "staircase": [], "folds": []}
    for n in sizes:
        x, odd = rows_of(n)
        for kind in list(counts)[1:]:
            parts = build(kind, int(n))
            wrong += int((np.abs(evaluate(parts, x) - odd) > 1e-9).sum())  # key: each is tried on all 2ⁿ rows
            counts[kind].append(sum(part.size for part in parts))
    lines = {name: np.log2(values) for name, values in counts.items()}
    lab.curve("parameters for parity", sizes, axes=("bits n", "log₂ of parameters"), **lines)
    lab.results(wrong=wrong, **{f"{kind} {n}": counts[kind][n - 2] for kind in list(counts)[1:] for n in (4, 6, MOST)})

    s = np.linspace(0, 3, 61)
    units = {name: v * np.maximum(0, s - i) for i, (name, v) in enumerate({"1st": 1, "2nd": -2, "3rd": 2}.items())}
    example = {"3 − 4 + 2 = 1": (3, 1)}
    lab.curve("staircase of 3 bits", s, example, axes=("lit lamps s", "added"), sum=sum(units.values()), **units)
    train(lab, k)


def train(lab, k):
    """Ten networks of each depth, equally many parameters, on all rows."""
    from itertools import pairwise

    import numpy as np
    import torch

    x, odd = (torch.as_tensor(values, dtype=torch.float32) for values in rows_of(k.bits))
    x = 2 * x - 1
    s = torch.linspace(0, k.bits, 20 * k.bits + 1)
    line = 2 * (s[:, None] - torch.arange(k.bits)).clip(0, 1) - 1  # key: one lamp after the other fades in
    wanted = {"parity": [(lit, lit % 2) for lit in range(k.bits + 1)]}
    sizes = {depth: widest(k.bits, depth, k.budget) for depth in DEPTHS}
    tracked = torch.nn.ModuleList(torch.nn.ParameterList() for _ in DEPTHS)
    for depth, net in zip(DEPTHS, tracked, strict=True):
        for i, o in pairwise(sizes[depth]):
            net.append(torch.randn(NETWORKS, i, o) * (2 / i) ** 0.5)
            net.append((2 * torch.rand(NETWORKS, 1, o) - 1) / i**0.5)
    nets = {depth: list(net) for depth, net in zip(DEPTHS, tracked, strict=True)}  # faster than the modules
    adam = torch.optim.Adam(tracked.parameters(), k.lr)
    lab.track(nets=tracked, adam=adam)

    @torch.no_grad()
    def judge():
        return {depth: ((evaluate(net, x) > 0.5) == (odd > 0.5)).float().mean(1).numpy() for depth, net in nets.items()}

    @torch.no_grad()
    def show():
        right, rows = judge(), []
        for depth, share in right.items():
            spread = (f"{100 * value:.0f}" for value in (share.min(), np.median(share), share.max()))
            rows.append((depth, sizes[depth][1], count(sizes[depth]), *spread, int((share == 1).sum())))
            lab.results(**{f"{depth} deep": np.median(share), f"{depth} deep/solved": (share == 1).sum()})
        heads = ("layers", "width", "parameters", "worst %", "median", "best", "solved")
        lab.table("after training", heads, rows)
        drawn = {f"{depth} deep": evaluate(nets[depth], line)[int(right[depth].argmax())] for depth in (1, 5)}
        lab.curve("lamp after lamp", s, wanted, axes=("lit lamps s", "output"), **drawn)

    for step in lab.steps(k.steps):
        adam.zero_grad()
        loss = sum(((evaluate(net, x) - odd) ** 2).mean(1).sum() for net in nets.values())
        loss.backward()  # key: a sum over networks, so that each learns by itself
        adam.step()
        if step % 20 == 0:
            lab.scalars({f"{d}/% right, by layers": 100 * np.median(share) for d, share in judge().items()})
        if lab.due():
            show()
    show()


def check_count(count):
    """The numbers that PyTorch's layers hold."""
    for sizes, true in (([2, 3, 1], 13), ([6, 9, 1], 73), ([10, 20, 20, 1], 661), ([784, 30, 20, 10, 10], 24_490)):
        yield number(count(list(sizes)), f"parameters of {', '.join(map(str, sizes))}") == true


def median(depth, **knobs):
    return last(f"{depth} deep", **knobs)


def ahead(depth):
    """That the networks of this depth get more rows right than those of any other, in the median, and over 80 %."""
    a, b, c = (median(depth) - median(other) > 0.005 for other in DEPTHS if other != depth)
    return a & b & c & (median(depth) > 0.8)  # below, too little has been learned to tell


WIDE, NAMES = {"budget": 200}, ("one layer", "two layers", "three layers", "five layers")

LESSON = Lesson(
    covers=("D11",),
    after="affine-regions",
    run=run,
    knobs=Knobs,
    minutes=12,
    takeaways=(
        "A layer has inputs × outputs weights and a bias for each output; width²·depth counts neither biases nor ends.",
        "Parity needs 2ⁿ⁻¹ units only if each knows one pattern; one layer of n ReLU units does it as well.",
        "Depth can save units: ⌈log₂ n⌉ folds of two units each are enough.",
        "That a small deep network exists does not mean that training finds it: here one wide layer learns best.",
    ),
    show=("parameters for parity", "% right, by layers", "after training", "lamp after lamp", "staircase of 3 bits"),
    rows=("S4-44", "S4-47"),
    smoke={"steps": 60},
    predictions=(
        Prediction(
            "No network has more parameters than the budget. Which get most rows right, in the median?",
            choices={name: ahead(depth) for depth, name in zip(DEPTHS, NAMES, strict=True)},
            why="At equal counts deeper means narrower, and narrow deep networks often get stuck, while one layer is "
            "enough: n units in it can do it. After short training two or three layers may lead.",
        ),
    ),
    claims=(
        Claim(
            "Every network that is built gets every row right, from 2 to 12 bits; for 12 bits patterns have 28,673 "
            "parameters, the staircase 169, folds 47; for 4 bits patterns have fewer than 4n² = 64",
            last("wrong", steps=0) == 0,
            last("patterns 12", steps=0) == 28_673,
            (last("staircase 12", steps=0) == 169) & (last("folds 12", steps=0) == 47),
            (last("patterns 4", steps=0) < 64) & (last("patterns 6", steps=0) > 144),
        ),
        Claim(
            "One layer gets over 93 % of the rows right in the median, at least 2 points more than three layers and 10 "
            "more than five",
            median(1) > 0.93,
            median(1) - median(3) > 0.02,
            median(1) - median(5) > 0.1,
            seeds=5,
        ),
        Claim(
            "With 200 parameters all ten networks of one layer solve it, of those with five layers at most seven",
            last("1 deep/solved", **WIDE) == NETWORKS,
            last("5 deep/solved", **WIDE) <= 7,
            seeds=3,
        ),
        Claim(
            "With 8 bits and 80 parameters no network of one or three layers solves it",
            last("1 deep/solved", bits=8) + last("3 deep/solved", bits=8) == 0,
            seeds=2,
        ),
    ),
    quiz=quiz("""
        ? [compute] Sizes 10, 20, 20, 1, all with biases. How many parameters are there?
        - 800, which is 20²·2
        - 620
        + 661
        = 10·20 + 20 = 220, 20·20 + 20 = 420, 20 + 1 = 21. Without biases it would be 620; the rule of thumb counts two
          square matrices where there is one.
        & S4-47

        ? [compute] max(0, s) − 2·max(0, s − 1) + 2·max(0, s − 2) − 2·max(0, s − 3): what is it for s = 4?
        + 0
        - 1
        - 4
        = 4 − 6 + 4 − 2 = 0, the parity of 4. The weights begin with 1 and go on with −2, 2, −2.

        ? A figure sets 2ⁿ⁻¹·n for a shallow parity network against 4n² for a deep one and concludes that the shallow
          one always needs exponentially more. What is wrong?
        - The deep one needs 2ⁿ units as well, spread over its layers
        + It counts one way of building
        - Nothing: parity cannot be had with fewer units in one layer
        = It counts a unit for each odd pattern. Even so its own numbers are 32 < 64 for n = 4, 80 < 100 for n = 5. One
          layer of n ReLU units does it with (n + 1)² parameters: 169 for n = 12. The exponential holds for two layers
          of AND and OR gates.
        & S4-44, 61

        ? [foresee] 256 lamps. How many hidden layers of two units fold their number down to odd or even?
        - 128
        - 16
        + 8
        = Each halves the range: 256, 128, … 1, so log₂ 256. 16 is the number of their units.
    """),
    exercises=(
        Exercise(
            "Have all ten networks of one hidden layer get every row of seven bits right.",
            knob_value("bits") == 7,
            last("1 deep/solved") == NETWORKS,
            solution={"bits": 7, "budget": 300},
            hints=("What does a wider layer cost?", "The staircase has 64 parameters; training wants many to spare."),
        ),
        CodeExercise(
            "This counter squares the width. Count each layer's weights and biases instead.",
            count,
            check_count,
            broken={"sum(i * o + o for i, o in itertools.pairwise(sizes))": "max(sizes[1:-1]) ** 2 * (len(sizes) - 2)"},
            hints=("A layer lies between each size and the next.", "itertools.pairwise(sizes) gives the two ends."),
            rows=("S4-47",),
        ),
    ),
    sources=(
        "Y. Bengio, Y. LeCun: Scaling learning algorithms towards AI, in: Large-Scale Kernel Machines, MIT Press 2007 "
        "(parity as an argument for depth)",
        "J. Håstad: On the correlation of parity and small-depth circuits, SIAM Journal on Computing 43 (2014), "
        "section 1 (circuits of AND and OR gates)",
        "M. Telgarsky: Benefits of depth in neural networks, COLT 2016 (folding)",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, section 6.4.1",
    ),
)
