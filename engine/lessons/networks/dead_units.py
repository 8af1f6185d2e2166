"""Dead units: gradients that do not arrive

Some networks learn nothing, though their code has no fault. Where do their gradients end?

**The setting.** Four networks read the same digits of 8 × 8 pixels through `layers` hidden layers of 32 units. They
differ in their *activation*, what a unit makes of its sum z: sigmoid, tanh, ReLU, max(0, z), or leaky ReLU, which has
the slope `leak` below 0. Starting weights are random, spread 1/√inputs, for the two ReLUs √(2/inputs). The loss is the
*cross-entropy*, −ln of the probability given to the right digit: ln 10 ≈ 2.30 for one who guesses.

**What a gradient passes.** Backpropagation goes from the last layer to the first, and each unit on the way multiplies
what comes by the slope of its activation, at the sum it has. A sigmoid's is at most ¼, so six layers leave at most
(¼)⁶ = 1/4096 by that alone: 3.6 down in `gradient by layer`. A unit far from 0 is *saturated*: sigmoid and tanh
are flat there.

**Dead units.** A ReLU whose sum is negative for *every* image has slope 0 for every image. Its own weights get a
gradient of 0, and while its inputs do not change it stays so. A few start so. A leak of 0.1 would pass a tenth. Counted
as dead is a slope below 0.001 for every image.

**Predict, then run.** How many of the networks learn? **Watch** the slopes: every unit is a cell, every layer a row;
dark passes nothing.

**Break it.** `layers` 1, `lr` 0.3, `bias` −5: all start far down. Who wakes up with `leak` 0.2? Then `lr` 1, six
layers: too large steps kill ReLUs or overflow.
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

NAMES = ("sigmoid", "tanh", "ReLU", "leaky")
WIDTH = 32
DEAD = 1e-3
"""A unit whose slope is smaller for every image is counted as dead."""


class Knobs(KnobSet):
    layers: int = knob(6, 1, 12, help="hidden layers, each of 32 units")
    bias: float = knob(0.0, -5.0, 5.0, help="added to the sum of every hidden unit when training begins")
    leak: float = knob(0.01, 0.0, 0.5, help="slope of the leaky ReLU below 0")
    lr: float = knob(0.05, 0.001, 3.0, scale="log", live=True, help="learning rate of gradient descent")
    steps: int = knob(300, 10, 2000, scale="log", help="training steps, each on 64 images")
    pace: int = pace(60)


def activate(name, z, leak):
    """The activation and its slope for each number of the tensor ``z``."""
    import torch

    if name == "sigmoid":
        h = torch.sigmoid(z)
        return h, h * (1 - h)
    if name == "tanh":
        h = torch.tanh(z)
        return h, 1 - h * h
    slope = torch.where(z > 0, 1.0, leak if name == "leaky" else 0.0)
    return z * slope, slope  # key: a ReLU that is off passes nothing, or its leak


def start(name, inputs, outputs, k, seed):
    """Weights and biases, those of the hidden layers spread as suits the activation."""
    import math

    import torch

    theta, before, same = [], inputs, torch.Generator().manual_seed(seed)
    for _ in range(k.layers):
        spread = math.sqrt((2 if name in NAMES[2:] else 1) / before)  # key: sums as large in every layer
        theta += [torch.randn(before, WIDTH, generator=same) * spread, torch.full((WIDTH,), k.bias)]
        before = WIDTH
    return [*theta, torch.randn(WIDTH, outputs, generator=same) / math.sqrt(WIDTH), torch.zeros(outputs)]


def forward(name, theta, h, leak):
    """Scores of the classes, and the slope of every hidden unit for every image, layer by layer."""
    slopes = []
    for weights, bias in zip(theta[:-2:2], theta[1:-2:2], strict=True):
        h, slope = activate(name, h @ weights + bias, leak)
        slopes.append(slope)
    return h @ theta[-2] + theta[-1], slopes


def run(lab, k):
    import torch

    from descend.engine.lab.fit import Tensors

    data = Tensors.of(lab.dataset, lab.device)
    x, y = data.train_x.flatten(1), data.train_y
    loss_of = torch.nn.functional.cross_entropy
    networks = {name: start(name, x.shape[1], len(data.classes), k, lab.seed) for name in NAMES}
    networks = {name: [part.to(lab.device).requires_grad_() for part in theta] for name, theta in networks.items()}
    lab.track(**{f"{name}{i}": part for name, theta in networks.items() for i, part in enumerate(theta)})
    recent = lab.state.setdefault("recent", {name: [] for name in NAMES})
    for step in lab.steps(k.steps, samples=64):
        chosen, norms = torch.randint(len(x), (64,)).to(lab.device), {}
        for name, theta in networks.items():
            loss = loss_of(forward(name, theta, x[chosen], k.leak)[0], y[chosen])
            if loss.isfinite():
                gradients = torch.autograd.grad(loss, theta)
                with torch.no_grad():
                    for part, gradient in zip(theta, gradients, strict=True):
                        part -= k.lr * gradient  # key: no gradient, no step, whatever the rate
                norms[name] = torch.stack([gradient.norm() for gradient in gradients[::2]])
                lab.scalars({f"{name}/cross-entropy": loss})
            elif recent[name][-1:] != [1e6]:
                lab.note(f"{name} has diverged: its loss is no number any more, and it takes no further step.")
            recent[name] = [*recent[name][-49:], min(loss.item(), 1e5) if loss.isfinite() else 1e6]
        if step == 0:
            lab.results(**{f"{name}/first of last": (each[0] / each[-1]).item() for name, each in norms.items()})
        if step == 0 or lab.due():
            logs = {name: each.clamp(min=1e-12).log10() for name, each in norms.items()}
            axes = "layer", "log₁₀ of gradient's norm, −12: or less"
            lab.curve("gradient by layer", range(1, k.layers + 2), axes=axes, **logs)
            look(lab, k, networks, x)
    look(lab, k, networks, x)
    lab.results(**{f"{name}/cross-entropy": sum(losses) / len(losses) for name, losses in recent.items()})


def look(lab, k, networks, x):
    """The mean slope of every unit over all images, and how many units are dead."""
    import torch

    means, dead = [], []
    for name, theta in networks.items():
        with torch.no_grad():
            scores, slopes = forward(name, theta, x, k.leak)
        unknown = 0 if scores.isfinite().all() else torch.nan  # what a network that diverged would have
        means.append(torch.stack(slopes).mean(1) + unknown)
        dead.append(100 * (torch.stack(slopes) < DEAD).all(1).float().mean().item() + unknown)
    rows = [f"{name} {layer}" for name in NAMES for layer in range(1, k.layers + 1)]
    lab.field("slope of every unit", torch.cat(means), rows=rows, low=0, high=1, axes=("unit", "layer"))
    lab.bars("dead units", NAMES, "% of the hidden units", dead=dead)
    lab.results(**{f"{name}/dead": share for name, share in zip(NAMES, dead, strict=True)})


def dead_units(x, w, b):
    """Share of the units of a ReLU layer max(0, x @ w + b) that are off for every image.

    x: (images, inputs); w: (inputs, units); b: (units,). Returns a number from 0 to 1.
    """
    on = x @ w + b > 0
    return 1 - on.any(0).mean()


def check_dead_units(dead_units):
    """Layers in which some units are off for all images, some for all but one, some for none."""
    import numpy as np

    rng = np.random.default_rng(0)
    for units, off in ((8, 2), (5, 0), (4, 4)):
        x, w = rng.random((20, 3)), rng.normal(size=(3, units))
        sums, b = x @ w, np.empty(units)
        for unit in range(units):
            low, high = np.sort(sums[:, unit])[-2:]
            b[unit] = -high - 0.1 if unit < off else -(low + high) / 2  # on for no image, or for a single one
        found = dead_units(x.copy(), w.copy(), b.copy())
        if np.ndim(found) != 0:
            raise Wrong(f"It returns one number; yours has shape {np.shape(found)}.")
        share = off / units
        yield number(abs(found - share), f"{off} of {units} dead: distance from {share:g}") < 1e-9


def loss(name, **knobs):
    """Cross-entropy, mean of the last 50 steps."""
    return last(f"{name}/cross-entropy", **knobs)


def learned(result):
    """How many networks got below 2."""
    return sum(result.last(f"{name}/cross-entropy") < 2 for name in NAMES) if result.state == "done" else None


FLAT = {"layers": 1, "lr": 0.3, "bias": -5.0, "leak": 0.2}
LESSON = Lesson(
    covers=("D03",),
    after="activations",
    run=run,
    knobs=Knobs,
    data=("digits",),
    minutes=12,
    takeaways=(
        "Every unit multiplies the gradient by its slope: the first of many sigmoid layers gets next to none.",
        "A ReLU that is off for every image gets no gradient, and stays off while its inputs stay.",
        "Biases far below 0 and steps that are too large make such units; a leak lets them come back.",
    ),
    show=("slope of every unit", "cross-entropy", "gradient by layer", "dead units"),
    rows=("S2-11",),
    smoke={"steps": 60},
    predictions=(
        Prediction(
            "How many of the four networks learn: have a cross-entropy below 2, as the mean of the last 50 steps?",
            learned,
            choices=("none", "one", "two", "three", "all four"),
            why="Every unit on the way back multiplies the gradient by its slope. Many sigmoids leave next to none; a "
            "bias far from 0 makes sigmoid and tanh flat, one far below 0 turns ReLUs off. Steps may also be too small "
            "to learn in time, or so large that they ruin a network.",
        ),
        Prediction(
            "How many of the ReLU network's hidden units are dead when training ends?",
            choices={
                "none": last("ReLU/dead") == 0,
                "up to a third": last("ReLU/dead").between(0.01, 33),
                "over a third": last("ReLU/dead") > 34,
            },
            why="At a bias of 0 chance turns a few off for every image, and the others can learn without them. Biases "
            "far below 0 turn all off, and steps that are too large kill more.",
        ),
    ),
    claims=(
        Claim(
            "Six sigmoid layers learn nothing in 300 steps, while the other three get below 1",
            loss("sigmoid") > 2.2,
            *(loss(name) < 1 for name in NAMES[1:]),
            seeds=5,
        ),
        Claim(
            "At the first step sigmoid's first layer gets under a thousandth of the last's gradient, others' over 1/20",
            last("sigmoid/first of last") < 1e-3,
            *(last(f"{name}/first of last") > 0.05 for name in NAMES[1:]),
            seeds=5,
        ),
        Claim("One hidden layer of sigmoids learns", loss("sigmoid", layers=1, lr=1.0) < 0.3, seeds=5),
        Claim(
            "Of networks with one layer whose biases are −5 only the leaky one learns; ReLUs stay dead",
            loss("leaky", **FLAT) < 1.5,
            *(loss(name, **FLAT) > 2.2 for name in NAMES[:3]),
            last("ReLU/dead", **FLAT) > 95,
            seeds=5,
        ),
        Claim("Some ReLUs start dead, under a fifth", last("ReLU/dead", steps=10, lr=0.001).between(0.1, 20), seeds=5),
        Claim("At a rate of 1 six layers of ReLUs learn nothing", loss("ReLU", lr=1.0) > 2.2, seeds=5),
        Claim("Usually over a third of them is dead then", last("ReLU/dead", lr=1.0) > 33, seeds=5, needed=3),
    ),
    quiz=quiz("""
        ? [compute] A gradient passes three sigmoid units whose outputs are 0.5, 0.9 and 0.9, with weights of 1. What
          part of it is left?
        - 0.405: 0.5 · 0.9 · 0.9
        + About 0.002
        - About 0.016: (¼)³
        = The slopes are σ(1 − σ): 0.25 · 0.09 · 0.09 ≈ 0.002. Outputs are not slopes, and ¼ is only the largest.

        ? [foresee] The first hidden layer has a ReLU unit that is off for every image. The learning rate is raised
          tenfold. What happens to the unit?
        - It moves ten times as fast, and wakes up sooner
        + Nothing
        - It wakes up, if the loss is still large
        = Its slope is 0 for every image, so its weights and bias get a gradient of exactly 0; ten times 0 is 0. Its
          inputs are pixels, which do not move either.

        ? Half of a layer's ReLUs are off for the image at hand. Is that a fault?
        - Yes: half of the layer is dead
        + No, if other images turn them on
        - Yes: only half of its gradient is right
        = Off for some images is how a ReLU network tells images apart. Dead is off for all of them.

        ? A network of many sigmoid layers stays at ln 10. Which remedy gets at the cause?
        - More training steps
        - More units in each layer
        + Hidden units of another kind
        = Each sigmoid layer costs a factor of at most ¼. More steps follow gradients that are next to nothing, and
          width does not change the slope.
        & S2-11
    """),
    exercises=(
        Exercise(
            "Make all four networks learn: each ends with a cross-entropy below 0.3.",
            *(loss(name) < 0.3 for name in NAMES),
            solution={"layers": 1, "lr": 1.0},
            hints=(
                "How many factors of at most ¼ can a gradient afford?",
                "What little is passed, a rate can enlarge.",
            ),
        ),
        CodeExercise(
            "This counts units that are off for *some* image. Count those that are off for all.",
            dead_units,
            check_dead_units,
            broken={"1 - on.any(0).mean()": "1 - on.all(0).mean()"},
            hints=("A unit is alive if a single image turns it on.", "Which of `any` and `all`, over which axis?"),
        ),
    ),
    sources=(
        "X. Glorot, Y. Bengio: Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010",
        "A. Maas, A. Hannun, A. Ng: Rectifier nonlinearities improve neural network acoustic models, ICML 2013",
        "K. He, X. Zhang, S. Ren, J. Sun: Delving deep into rectifiers, ICCV 2015, section 2.2 (√(2/inputs))",
    ),
)
