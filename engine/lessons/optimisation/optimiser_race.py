"""The optimiser race: SGD, momentum, Adam

Three optimisers stand at the same place and know the same gradients. Does the cleverest arrive first, or the one whose
learning rate somebody tuned?

**The rules**, g being the gradient:

    SGD        w ← w − lr·g
    momentum   v ← 0.9·v + g                      w ← w − lr·v
    Adam       m ← 0.9·m + 0.1·g
               s ← 0.999·s + 0.001·g²             w ← w − lr·m̂/(√ŝ + 10⁻⁸)

m̂ = m/(1 − 0.9ᵗ) and ŝ = s/(1 − 0.999ᵗ) correct for starting at zero. While g hardly changes, momentum adds it up to
g/(1 − 0.9) = 10·g: it takes steps as SGD does with ten times its rate. Adam divides by the gradient's own size, so each
weight moves by about lr a step, be its slope steep or flat.

**The track.** Rosenbrock's valley, (1 − x)² + 100·(y − x²)²: steep walls, an almost flat floor, the least point at
(1, 1). Then a real one: a network on digits, the same first weights and the same batches for all three.

**Predict, then run.** Who ends lowest in the valley after 1,000 steps? Does anyone arrive?

**Watch** the paths: SGD creeps, momentum swings. Then look at the rates they were given.

**Break it.** Double a rate until that runner leaps from wall to wall. (Each component of the gradient is held within
±10; without that it would leave the picture.)
"""

from descend.engine.teaching.lesson import Claim, Exercise, Lesson, Prediction, Question, Wrong, knob, knobs

RUNNERS = ("SGD", "momentum", "Adam")


@knobs
class Knobs:
    sgd: float = knob(0.0004, 1e-5, 0.1, scale="log", live=True, help="SGD's learning rate in the valley")
    momentum: float = knob(0.0002, 1e-5, 0.1, scale="log", live=True, help="momentum's learning rate in the valley")
    adam: float = knob(0.005, 1e-4, 1.0, scale="log", live=True, help="Adam's learning rate in the valley")
    steps: int = knob(1000, 10, 5000, scale="log", help="steps in the valley")
    net_steps: int = knob(300, 0, 2000, help="steps of the network, 32 digits each")
    net_sgd: float = knob(0.1, 1e-3, 10.0, scale="log", help="SGD's rate for the network; momentum gets a tenth of it")
    net_adam: float = knob(0.003, 1e-5, 1.0, scale="log", help="Adam's rate for the network")
    pace: int = knob(250, 0, 10_000, live=True, help="steps a second at most, to watch; 0: as fast as it goes")


def sgd(w, g, memory, lr):
    w -= lr * g


def momentum(w, g, memory, lr):
    v = memory.setdefault("v", 0 * w)
    v.mul_(0.9).add_(g)  # key: a rolling stone keeps its speed
    w -= lr * v


def adam(w, g, memory, lr):
    m, s, t = memory.setdefault("m", 0 * w), memory.setdefault("s", 0 * w), memory.get("t", 0) + 1
    memory["t"] = t
    m.mul_(0.9).add_(0.1 * g)
    s.mul_(0.999).add_(0.001 * g * g)
    w -= lr * (m / (1 - 0.9**t)) / ((s / (1 - 0.999**t)).sqrt() + 1e-8)  # key: divided by the gradient's own size


RULES = {"SGD": sgd, "momentum": momentum, "Adam": adam}


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def slope(place):
    """Gradient of Rosenbrock's function, each component within ±10."""
    import torch

    x, y = place
    g = torch.stack([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])
    return g.clamp(-10, 10)


def valley(lab, k):
    """The race on Rosenbrock's function."""
    import torch

    places = {name: torch.tensor([-0.5, 0.5], dtype=torch.float64) for name in RUNNERS}
    memories = lab.state.setdefault("memories", {name: {} for name in RUNNERS})
    paths = lab.state.setdefault("paths", {name: [[-0.5, 0.5]] for name in RUNNERS})
    lab.track(**places)
    x, y = torch.linspace(-1, 1.5, 60), torch.linspace(-0.5, 1.5, 40)
    height = rosenbrock(x[None, :], y[:, None]).clamp(1e-3).log10()
    for _ in lab.steps(k.steps):
        rates = {"SGD": k.sgd, "momentum": k.momentum, "Adam": k.adam}
        for name, place in places.items():
            RULES[name](place, slope(place), memories[name], rates[name])  # key: same gradient, other use of it
            paths[name].append(place.tolist())
        lab.scalars({f"{name}/height": rosenbrock(*place) for name, place in places.items()})
        if lab.due():
            lab.field("log₁₀ height", height, (-1, 1.5), (-0.5, 1.5), points={"goal": (1, 1)}, paths=paths)
            m, s = memories["Adam"]["m"], memories["Adam"]["s"]
            lab.bars("Adam's memory", ["x", "y"], m=m, root_of_s=s.sqrt())
    lab.results(
        **{f"{name}/height": rosenbrock(*place).item() for name, place in places.items()},
        **{f"{name}/from goal": (place - 1).norm().item() for name, place in places.items()},
    )


def network(lab, k):
    """The race of three copies of one network on the same batches of digits."""
    import torch
    from torch import nn
    from torch.nn import functional

    from descend.engine.lab.fit import Tensors, accuracy, evaluate

    data = Tensors.of(lab.dataset, lab.device)
    nets, memories = {}, lab.state.setdefault("net memories", {name: [{}, {}, {}, {}] for name in RUNNERS})
    for name in RUNNERS:
        torch.manual_seed(lab.seed)
        nets[name] = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)).to(lab.device)
    lab.track(**{f"{name} net": net for name, net in nets.items()})
    rates = {"SGD": k.net_sgd, "momentum": k.net_sgd / 10, "Adam": k.net_adam}
    for _ in lab.steps(k.net_steps):
        chosen = torch.randint(len(data.train_y), (32,)).to(lab.device)
        losses = {}
        for name, net in nets.items():
            loss = functional.cross_entropy(net(data.train_x[chosen]), data.train_y[chosen])
            net.zero_grad()
            loss.backward()
            with torch.no_grad():
                for weight, memory in zip(net.parameters(), memories[name], strict=True):
                    RULES[name](weight, weight.grad, memory, rates[name])
            losses[f"{name}/cross-entropy"] = loss
        lab.scalars(losses)
    for name, net in nets.items():
        mean, counts = evaluate(net, data.test_x, data.test_y, 10, functional.cross_entropy)
        lab.results(**{f"{name}/cross-entropy": mean, f"{name}/test accuracy": accuracy(counts)})


def run(lab, k):
    valley(lab, k)
    network(lab, k)


def without_memory(result):
    """SGD as low as momentum, with momentum's rate untouched."""
    if result.state != "done":
        raise Wrong(f"The run is {result.state}; let it come to its end.")
    if result.knobs["momentum"] != 0.0002 or result.knobs["steps"] != 1000:
        raise Wrong("Leave momentum's rate at 0.0002 and the steps at 1,000; turn SGD's rate.")
    sgd, momentum = result.last("SGD/height"), result.last("momentum/height")
    if not abs(sgd - momentum) <= 0.1 * momentum:
        raise Wrong(f"SGD ends at a height of {sgd:.4f}, momentum at {momentum:.4f}; bring them within a tenth.")


def lowest(result, series, names=RUNNERS):
    """Index of the runner that ends lowest."""
    return min(range(len(names)), key=lambda index: result.last(f"{names[index]}/{series}"))


LESSON = Lesson(
    covers=("E02",),
    after="digits",
    run=run,
    knobs=Knobs,
    data=("digits",),
    minutes=12,
    smoke={"steps": 60, "net_steps": 10},
    predictions=(
        Prediction(
            "Who ends lowest in the valley?",
            choices=RUNNERS,
            truth=lambda r: lowest(r, "height"),
            why="With the rates it starts with, Adam does, just ahead of momentum. SGD had a fifth of the rate that "
            "momentum's memory amounts to.",
        ),
        Prediction(
            "And who ends lowest on the digits it was not trained on?",
            choices=RUNNERS,
            truth=lambda r: lowest(r, "cross-entropy") if r.knobs["net_steps"] else None,
            why="At the start Adam does. Set net_sgd to 1 and both others pass it: a race is as fair as its rates.",
        ),
    ),
    claims=(
        Claim(
            "1,000 steps of SGD at 0.0004 end at a height of 0.85",
            measure=lambda r: r.run.last("SGD/height"),
            above=0.845,
            below=0.85,
            runs={"run": {"net_steps": 0}},
        ),
        Claim(
            "Momentum at 0.0002 and SGD at ten times that rate end within 2 % of the same height",
            measure=lambda r: r.run.last("SGD/height") / r.run.last("momentum/height"),
            above=0.98,
            below=1.02,
            runs={"run": {"sgd": 0.002, "net_steps": 0}},
        ),
        Claim(
            "Nobody arrives: after 1,000 steps the nearest, Adam, is still 0.43 from the goal",
            measure=lambda r: r.run.last("Adam/from goal"),
            above=0.42,
            below=0.44,
            runs={"run": {"net_steps": 0}},
        ),
        Claim(
            "On digits, Adam at 0.003 beats SGD at 0.1 …",
            measure=lambda r: r.run.last("Adam/cross-entropy") / r.run.last("SGD/cross-entropy"),
            below=0.8,
            seeds=(0, 1, 2, 3, 4),
        ),
        Claim(
            "… and loses to SGD at 1, in eight runs of ten or more",
            measure=lambda r: r.run.last("Adam/cross-entropy") / r.run.last("SGD/cross-entropy"),
            above=1.05,
            runs={"run": {"net_sgd": 1.0}},
            seeds=tuple(range(10)),
            needed=8,
        ),
    ),
    quiz=(
        Question(
            "The gradient stays the same for many steps. How long do momentum's steps become, with a factor of 0.9?",
            ("lr·g, as SGD's", "0.9·lr·g", "10·lr·g"),
            2,
            "g·(1 + 0.9 + 0.9² + …) = g/(1 − 0.9). So compare it with SGD at ten times its rate.",
        ),
        Question(
            "A gradient is multiplied by 1,000, always. What does Adam do?",
            ("Nearly the same steps as before", "Steps a thousand times as long", "It diverges"),
            0,
            "m̂ and √ŝ grow alike, and the factor cancels, but for the 10⁻⁸.",
        ),
        Question(
            "A paper says its optimiser beats SGD. What would you look for first?",
            (
                "Whether the loss curve is smooth",
                "Whether SGD's learning rate was tuned as carefully as the other's",
                "How many steps were taken",
            ),
            1,
            "In this lesson the order of the runners can be chosen by choosing their rates.",
        ),
        Question(
            "Why does Adam divide m by 1 − 0.9ᵗ?",
            (
                "To make the learning rate fall",
                "Because m starts at zero and would be too small at first",
                "To shorten long gradients",
            ),
            1,
            "After the first step m is 0.1·g; divided by 1 − 0.9 it is g.",
        ),
    ),
    exercises=(
        Exercise(
            "Momentum looks like the better runner. Show that it is not the memory but the rate: bring SGD within a "
            "tenth of momentum's final height, turning SGD's rate alone.",
            check=without_memory,
            solution={"sgd": 0.002},
            hints=(
                "How long are momentum's steps once its v has built up?",
                "1/(1 − 0.9) = 10.",
            ),
        ),
    ),
    sources=(
        "H. Rosenbrock: An automatic method for finding the greatest or least value of a function, "
        "The Computer Journal 3 (1960)",
        "D. Kingma, J. Ba: Adam: a method for stochastic optimization, ICLR 2015",
        "I. Sutskever, J. Martens, G. Dahl, G. Hinton: On the importance of initialization and momentum in deep "
        "learning, ICML 2013",
        "D. Choi et al.: On empirical comparisons of optimizers for deep learning, arXiv:1910.05446 (2019)",
    ),
)
