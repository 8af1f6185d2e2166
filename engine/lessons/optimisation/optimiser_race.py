"""The optimiser race: SGD, momentum, Adam

Three walkers go downhill from one place and feel the same slope. Does the cleverest arrive first, or the one whose step
length somebody tuned?

**The rules.** The gradient g points where the height grows fastest; the *learning rate* lr scales a step against it.
*SGD*, stochastic gradient descent, is named after gradients estimated from a few random examples, as on the
digits below; in the valley nothing is random.

    SGD        w ← w − lr·g
    momentum   v ← 0.9·v + g                      w ← w − lr·v
    Adam       m ← 0.9·m + 0.1·g
               s ← 0.999·s + 0.001·g²             w ← w − lr·m̂/(√ŝ + 10⁻⁸)

m̂ = m/(1 − 0.9ᵗ) and ŝ = s/(1 − 0.999ᵗ) correct for starting at zero. While g hardly changes, momentum adds it up to
g/(1 − 0.9) = 10·g: it steps as SGD does at ten times its rate. Adam divides by the gradient's own size: each weight
moves by about lr, on steep and flat slopes alike.

**The track.** Rosenbrock's valley, (1 − x)² + 100·(y − x²)²: steep walls, an almost flat floor, lowest at (1, 1). Then
a network on digits, alike for all.

**What memory buys.** Across a valley of curvature h SGD swings ever wider once lr > 2/h. Momentum forgets swings and
adds up what persists: it stands up to 2·(1 + 0.9)/h, and each step along the floor counts tenfold (Goh 2017).

**Predict, then run.** Who ends lowest in the valley? Does anyone arrive?

**Watch** the paths: SGD creeps, momentum swings.

**Break it.** Double SGD's rate three times, momentum's four times: who leaps from wall to wall, who arrives? (Each
component of g is held within ±10, or they would leave the picture.)
"""

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

RUNNERS = ("SGD", "momentum", "Adam")


class Knobs(KnobSet):
    sgd: float = knob(0.0004, 1e-5, 0.1, scale="log", live=True, help="SGD's learning rate in the valley")
    momentum: float = knob(0.0002, 1e-5, 0.1, scale="log", live=True, help="momentum's learning rate in the valley")
    adam: float = knob(0.005, 1e-4, 1.0, scale="log", live=True, help="Adam's learning rate in the valley")
    steps: int = knob(1000, 10, 5000, scale="log", help="steps in the valley")
    net_steps: int = knob(300, 0, 2000, help="steps of the network, 32 digits each")
    net_sgd: float = knob(0.1, 1e-3, 10.0, scale="log", help="SGD's rate for the network; momentum gets a tenth of it")
    net_adam: float = knob(0.003, 1e-5, 1.0, scale="log", help="Adam's rate for the network")
    pace: int = pace(250)


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
    paths = {}
    lab.track(**places)
    x, y = torch.linspace(-1, 1.5, 60), torch.linspace(-0.5, 1.5, 40)
    height = rosenbrock(x[None, :], y[:, None]).clamp(1e-3).log10()
    for _ in lab.steps(k.steps):
        rates = {"SGD": k.sgd, "momentum": k.momentum, "Adam": k.adam}
        for name, place in places.items():
            RULES[name](place, slope(place), memories[name], rates[name])  # key: same gradient, other use of it
            paths[name] = [[-0.5, 0.5], *lab.trace(name, place)]
        lab.scalars({f"{name}/height": rosenbrock(*place) for name, place in places.items()})
        if lab.due():
            axes, goal = ("x", "y"), {"goal": (1, 1)}
            lab.field("log₁₀ height", height, (-1, 1.5), (-0.5, 1.5), points=goal, paths=paths, axes=axes)
            m, s = memories["Adam"]["m"], memories["Adam"]["s"]
            lab.bars("Adam's memory", ["x", "y"], "slope", m=m, root_of_s=s.sqrt())
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


def lowest_of(series):
    """A choice for each runner: that it ends lowest, by 2 % or more, as less is a tie."""
    ends = {name: last(f"{name}/{series}") for name in RUNNERS}
    rivals = {name: [ends[other] for other in RUNNERS if other != name] for name in RUNNERS}
    return {name: (ends[name] < 0.98 * one) & (ends[name] < 0.98 * other) for name, (one, other) in rivals.items()}


def from_goal(name, **knobs):
    return last(f"{name}/from goal", net_steps=0, **knobs)


def on_digits(name, **knobs):
    """Adam's cross-entropy as a share of that of ``name``."""
    return last("Adam/cross-entropy", **knobs) / last(f"{name}/cross-entropy", **knobs)


LESSON = Lesson(
    covers=("E02",),
    after="digits",
    run=run,
    knobs=Knobs,
    data=("digits",),
    minutes=12,
    takeaways=(
        "Momentum at a tenth of SGD's rate takes steps of the same size, as it adds up ten gradients.",
        "Adam divides by the gradient's own size, so each weight moves by about the rate.",
        "Momentum stands larger rates than SGD, and tuned it reaches a goal that tuned SGD does not.",
        "Which optimiser wins depends on how well each was tuned.",
    ),
    show=("log₁₀ height", "height", "cross-entropy", "Adam's memory"),
    rows=("S4-50", "S4-51", "S2-29"),
    mistakes=(65,),
    smoke={"steps": 60, "net_steps": 10},
    predictions=(
        Prediction(
            "Who ends lowest in the valley?",
            choices=lowest_of("height"),
            why="With the rates it starts with, Adam does, just ahead of momentum. SGD then has a fifth of the rate "
            "that momentum's memory amounts to.",
        ),
        Prediction(
            "And who ends lowest on the digits it was not trained on?",
            choices=lowest_of("cross-entropy"),
            why="With the rates it starts with, Adam does. Set net_sgd to 1 and both others pass it.",
        ),
    ),
    claims=(
        Claim(
            "At the rates of the start nobody arrives: Adam ends 0.43, momentum 0.45, SGD 1.36 from the goal",
            from_goal("Adam").between(0.425, 0.435) & from_goal("momentum").between(0.44, 0.45),
            from_goal("SGD").between(1.35, 1.36),
        ),
        Claim(
            "Momentum at 0.0002 and SGD at ten times that rate end within 2 % of the same distance",
            (from_goal("SGD", sgd=0.002) / from_goal("momentum")).between(0.98, 1.02),
        ),
        Claim(
            "Tuned, momentum arrives: rates from 0.0016 to 0.0036 end within 0.001 of the goal",
            *(from_goal("momentum", momentum=rate) < 0.001 for rate in (0.0016, 0.0024, 0.0032, 0.0036)),
        ),
        Claim(
            "Tuned, SGD does not: rates from 0.0016 to 0.0048 all end more than 0.25 from the goal",
            *(from_goal("SGD", sgd=rate) > 0.25 for rate in (0.0016, 0.0024, 0.0028, 0.0032, 0.0048)),
        ),
        Claim("On digits, Adam at 0.003 beats SGD at 0.1 …", on_digits("SGD") < 0.8, seeds=5),
        Claim(
            "… loses to SGD at 1 and momentum at 0.1, in nine runs of ten or more",
            on_digits("SGD", net_sgd=1.0) > 1.05,
            on_digits("momentum", net_sgd=1.0) > 1.05,
            seeds=tuple(range(10)),
            needed=9,
        ),
        Claim(
            "… and tuned as well, to 0.01, ends within a third of SGD at 1",
            on_digits("SGD", net_sgd=1.0, net_adam=0.01).between(0.67, 1.5),
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? [compute] The gradient stays the same for many steps. How long do momentum's steps become, with a factor
          of 0.9?
        - lr·g, as SGD's
        - 1.9·lr·g: this gradient and the last
        + 10·lr·g
        - They grow for ever
        = g·(1 + 0.9 + 0.9² + …) = g/(1 − 0.9). So compare it with SGD at ten times its rate.
        & S4-50

        ? [foresee] A gradient is multiplied by 1,000, always. What does Adam do?
        + Nearly the same steps
        - Steps a thousand times as long
        - Steps a thousand times as short
        = m̂ and √ŝ grow alike, and the factor cancels, but for the 10⁻⁸.

        ? A new optimiser, the best of 50 rates, beats SGD at one rate. What does that show?
        - That the new one is better, at least on this problem
        - That the new one needs less tuning
        + Nothing yet: SGD deserves 50 rates as well
        = The order of the runners can be chosen by choosing their rates. Choi et al. tuned all: Adam then never did
          worse than momentum or SGD.
        & 65

        ? [foresee] At equal heights momentum's rate is a tenth of SGD's. Then both rates are raised to what each can
          bear. Who ends lower?
        + Momentum
        - Neither: memory is worth a factor in the rate, and no more
        - SGD, which does not swing
        = Tuned, momentum arrives within 1,000 steps and SGD does not: memory is what makes the longer steps bearable.
        & 65
    """),
    exercises=(
        Exercise(
            "At the rates of the start momentum is ahead. Bring SGD within a tenth of momentum's final height, turning "
            "SGD's rate alone.",
            knob_value("momentum") == 0.0002,
            knob_value("steps") == 1000,
            abs(last("SGD/height") / last("momentum/height") - 1) <= 0.1,
            solution={"sgd": 0.002},
            hints=("How long are momentum's steps once its v has built up?", "1/(1 − 0.9) = 10."),
        ),
        Exercise(
            "Now tune both. In 1,000 steps, bring momentum to 0.001 of the goal, and SGD to 0.4.",
            knob_value("steps") <= 1000,
            last("momentum/from goal") < 0.001,
            last("SGD/from goal") < 0.4,
            solution={"sgd": 0.0024, "momentum": 0.003},
            hints=(
                "Double a rate as long as that helps; then go half the way back.",
                "Momentum bears steps that are more than ten times as long as those it starts with.",
            ),
        ),
    ),
    sources=(
        "H. Rosenbrock: An automatic method for finding the greatest or least value of a function, "
        "The Computer Journal 3 (1960)",
        "D. Kingma, J. Ba: Adam: a method for stochastic optimization, ICLR 2015",
        "G. Goh: Why momentum really works, Distill 2017, doi:10.23915/distill.00006",
        "D. Choi et al.: On empirical comparisons of optimizers for deep learning, arXiv:1910.05446 (2019)",
    ),
)
