"""Splines against ReLU hinges

A curve is flat, rises steeply, and is flat again. Which follows noisy measurements of it better, a spline or a network,
if both may adjust 25 numbers?

**A spline** is made of pieces that meet at *knots*: straight ones, or cubic ones joined without a jump in slope or
curvature. You place the knots, here evenly; least squares finds the rest at once.

**A hinge** is a hidden unit max(0, wx + b), called *ReLU*. It is 0 on one side of its *kink*, x = −b/w, and straight on
the other. A network with one hidden layer adds hinges up:

    f(x) = c + Σ vᵢ·max(0, wᵢx + bᵢ)

So it is a spline of straight pieces, too. At kink i its slope changes by vᵢ·|wᵢ|. But training moves kinks. The curve
is the `switch`: −1, from 4.3 to 4.6 up to 1, then 1. It takes two hinges, its slope between being 2/0.3:
−1 + 20/3·max(0, x − 4.3) − 20/3·max(0, x − 4.6).

**Predict, then run.** 8 hinges have 25 parameters. 20 networks learn (Adam, all measurements in each step); you watch
the first. Splines get as many parameters; the one `through all` has one for each measurement, and meets it with its
noise. *RMSE*, the root of the mean squared distance, says how far each is from the measurements and from the truth.

**Watch** the kinks gather where the slope changes. **Break it:** a `sine` bends nearly everywhere; 0 `steps` judge
networks that nobody trained; PyTorch's `start` draws w and b in ±1, and leaves half of the kinks outside 0 … 10.
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

NETWORKS, END = 20, 10.0
"""Networks trained; measurements lie between 0 and this."""
CURVES = {"switch": lambda np, x: 2 * np.clip((x - 4.3) / 0.3, 0, 1) - 1, "sine": lambda np, x: np.sin(x)}


class Knobs(KnobSet):
    curve: str = knob("switch", choices=tuple(CURVES), help="the truth: −1, from 4.3 to 4.6 up to 1, then 1; or sin x")
    units: int = knob(8, 1, 64, help="hinges n of a network; it and the splines get 3n + 1 parameters")
    points: int = knob(100, 20, 400, help="measurements between 0 and 10; splines get no more parameters than these")
    noise: float = knob(0.1, 0.0, 0.5, help="standard deviation of the noise of each measurement")
    start: str = knob("spread", choices=("spread", "PyTorch's"), help="kinks anywhere in 0 … 10; or w and b in ±1")
    steps: int = knob(2500, 0, 8000, help="training steps; 0: the networks stay as they were drawn")
    lr: float = knob(0.03, 1e-4, 1.0, scale="log", live=True, help="learning rate of Adam")
    pace: int = pace(300)


def fit_spline(x, y, parameters, degree):
    """Least-squares spline of degree 1 or 3 with so many coefficients, and its knots, evenly spread from end to end."""
    import numpy as np
    from scipy.interpolate import make_lsq_spline

    gap = END / (parameters - 1)
    margin = (degree + 1) / 2 * gap  # a cubic one has a knot fewer at either end: with all points it is "not-a-knot"
    knots = np.linspace(margin, END - margin, parameters - degree - 1)
    ends = np.ones(degree + 1)
    return make_lsq_spline(x, y, np.concatenate([0 * ends, knots, END * ends]), degree), knots


def rms(values):
    return (values**2).mean(-1) ** 0.5


def draw_networks(k):
    """w, b, v of every hinge, (networks, units), and c, (networks, 1)."""
    import torch

    w, b, v = (2 * torch.rand(3, NETWORKS, k.units) - 1).unbind()
    c = 2 * torch.rand(NETWORKS, 1) - 1
    if k.start == "PyTorch's":
        return [w, b, v / k.units**0.5, c / k.units**0.5]
    w, kinks = w.sign(), END * torch.rand(NETWORKS, k.units)
    return [w, -w * kinks, 0.2 * v, 0 * c]  # key: b = −w·kink puts each kink where something was measured


def run(lab, k):
    import numpy as np
    import torch

    at, grid = np.linspace(0, END, k.points), np.linspace(0, END, 401)
    truth = CURVES[k.curve](np, grid)
    y = CURVES[k.curve](np, at) + k.noise * np.random.default_rng(lab.seed).normal(size=k.points)
    most = min(3 * k.units + 1, k.points)
    counts = {"straight": (most, 1), "cubic": (most, 3), "through all": (k.points, 3)}
    splines = {name: fit_spline(at, y, *how)[0] for name, how in counts.items()}
    off, missed = ({n: rms(f(x) - z) for n, f in splines.items()} for x, z in ((grid, truth), (at, y)))
    lab.results(**off, missed=missed["through all"])
    knots = fit_spline(at, y, most, 1)[1]

    net = torch.nn.ParameterList(draw_networks(k))
    adam = torch.optim.Adam(net.parameters(), k.lr)
    lab.track(net=net, adam=adam)
    measured, wanted, fine = (torch.as_tensor(values, dtype=torch.float32) for values in (at, y, grid))

    def outputs(x):
        w, b, v, c = net
        hinges = torch.relu(x[:, None] * w[:, None] + b[:, None])  # key: (networks, points, units), each with one kink
        return (hinges @ v[:, :, None])[..., 0] + c

    @torch.no_grad()
    def judge():
        """Distances of the networks from the truth, their kinks, and what the first one says."""
        w, b = net[0].numpy(), net[1].numpy()
        kinks = np.nan_to_num(-b / np.where(w == 0, 1e-9, w))  # key: where a hinge's sum is 0, its kink
        found = outputs(fine).numpy()
        return rms(found - truth), kinks, found[0]

    def show():  # costly, so only when a picture is due
        far, kinks, first = judge()
        mine = np.sort(kinks[0][(kinks[0] >= 0) & (kinks[0] <= END)])
        marks = {"knot": np.stack([knots, np.full(len(knots), min(truth) - 0.3)], 1)}
        marks |= {"kink": np.stack([mine, np.interp(mine, grid, first)], 1)}
        lines = {"truth": truth, "cubic": splines["cubic"](grid), "network": first}
        lab.curve("kinks and knots", grid, marks, axes=("x", "y"), **lines)
        rows = [(name, how[0], f"{missed[name]:.3f}", f"{off[name]:.3f}") for name, how in counts.items()]
        hit = np.median(rms(outputs(measured).detach().numpy() - y))
        rows.append(("network, median", 3 * k.units + 1, f"{hit:.3f}", f"{np.median(far):.3f}"))
        lab.table("how far off (RMSE)", ("method", "parameters", "off measured", "off truth"), rows)
        inside, gathered = (kinks > 0) & (kinks < END), (kinks > 4) & (kinks < 5)
        lab.results(network=np.median(far), inside=inside.mean(), gathered=gathered.mean())

    for step in lab.steps(k.steps):
        adam.zero_grad()
        ((outputs(measured) - wanted) ** 2).mean(1).sum().backward()  # key: the sum trains each network by itself
        adam.step()
        if step % 20 == 0:
            far, kinks, _ = judge()
            lab.scalars({"network/log₁₀ RMSE": np.log10(far[0]), "median/log₁₀ RMSE": np.log10(np.median(far))})
            lab.scalars({"cubic/log₁₀ RMSE": np.log10(off["cubic"])})
            spots = [(min(max(kink, -0.5), END + 0.5), step) for kink in kinks[0, :16]]
            ways = {f"kink {i + 1}": lab.trace(f"kink {i + 1}", spot) for i, spot in enumerate(spots)}
            axes = ("kink at x, at the edge if outside", "step")
            lab.points("kinks move", spots, paths=ways, axes=axes, aspect="auto")
        if lab.due():
            show()
    show()


def compare(x, y, query, w, b):
    """A cubic spline through the points (x, y), and hinges max(0, w·x + b) with trained output weights, at ``query``.

    x, y: (n,); query: (m,); w, b: (units,). Returns two arrays (m,).
    """
    import numpy as np
    from scipy.interpolate import CubicSpline

    def hidden(at):
        return np.hstack([np.maximum(0, np.outer(at, w) + b), np.ones((len(at), 1))])

    weights = np.linalg.lstsq(hidden(x), y)[0]
    return CubicSpline(x, y)(query), hidden(query) @ weights


def check_compare(compare):
    """At the measured points the network comes as near as its hinges can; between them it is near the sine."""
    import numpy as np

    x, query = np.linspace(0, 10, 20), np.linspace(0, 10, 200)
    y = np.sin(x) + 0.1 * np.random.default_rng(1).normal(size=20)
    w = np.where(np.arange(12) % 3 == 0, -1.0, 1.0)
    b = -w * np.linspace(0.4, 9.6, 12)
    hidden = np.hstack([np.maximum(0, np.outer(x, w) + b), np.ones((20, 1))])
    least = np.square(hidden @ np.linalg.lstsq(hidden, y)[0] - y).mean()
    hit, net = compare(x, y, x, w, b)[1], compare(x, y, query, w, b)[1]
    yield number(float(np.square(hit - y).mean() / least), "mean squared error over the least possible") <= 1.02
    yield number(float(np.sqrt(np.mean((net - np.sin(query)) ** 2))), "RMSE from the sine, in between") <= 0.2


NETWORK, STRAIGHT, CUBIC = last("network"), last("straight"), last("cubic")
TORCH, SINE = {"start": "PyTorch's"}, {"curve": "sine"}

LESSON = Lesson(
    covers=("D09",),
    after="hinges",
    run=run,
    knobs=Knobs,
    minutes=12,
    takeaways=(
        "One hidden layer of ReLU units is a spline of straight pieces whose knots, the kinks −b/w, learn too.",
        "Evenly spread knots suit curves that bend everywhere; moving kinks suit curves that bend at few places.",
        "Where kinks begin decides much: a hinge that is 0 on all measurements learns nothing.",
    ),
    show=("kinks and knots", "kinks move", "how far off (RMSE)", "log₁₀ RMSE"),
    rows=("S1-07",),
    smoke={"steps": 60},
    predictions=(
        Prediction(
            "With as many parameters each: which will be nearest to the truth, everywhere from x = 0 to 10?",
            choices={
                "the spline of straight pieces": (STRAIGHT < 0.95 * CUBIC) & (STRAIGHT < 0.95 * NETWORK),
                "the cubic spline": (CUBIC < 0.95 * STRAIGHT) & (CUBIC < 0.95 * NETWORK),
                "the network, in the median": (NETWORK < 0.95 * STRAIGHT) & (NETWORK < 0.95 * CUBIC),
            },
            why="It depends on the curve. At the switch few of the evenly spread knots are of use, while trained kinks "
            "gather there. A sine bends nearly everywhere, so splines are hard to beat. With nearly as many parameters "
            "as measurements a spline learns the noise; networks lose with too few kinks inside, or badly trained.",
        ),
        Prediction(
            "Spread evenly, one kink in ten lies between x = 4 and 5. What share of all 20 trained networks' will?",
            choices={
                "under 30 %": last("gathered") < 0.3,
                "30 to 45 %": last("gathered").between(0.3, 0.45),
                "over 45 %": last("gathered") > 0.45,
            },
            why="Kinks are pulled to where the slope changes, 4.3 and 4.6, more than the two that would do. A sine has "
            "no such place; and with few steps, one or two hinges or PyTorch's start, far from there, fewer arrive.",
        ),
    ),
    claims=(
        Claim(
            "At the switch the median network is less than 0.85 times as far off as either spline, and over 45 % "
            "of the kinks end between 4 and 5",
            (NETWORK / STRAIGHT < 0.85) & (NETWORK / CUBIC < 0.85),
            last("gathered") > 0.45,
            seeds=5,
        ),
        Claim(
            "Of a sine the median network is not a tenth nearer than the cubic spline; under 35 % of kinks end there",
            last("network", **SINE) / last("cubic", **SINE) > 0.9,
            last("gathered", **SINE) < 0.35,
            seeds=5,
        ),
        Claim(
            "From PyTorch's start 30 to 65 % of the kinks end within the measurements, and the median network is more "
            "than 1.15 times as far off as either spline",
            last("inside", **TORCH).between(0.3, 0.65),
            (last("network", **TORCH) / STRAIGHT > 1.15) & (last("network", **TORCH) / CUBIC > 1.15),
            seeds=5,
        ),
        Claim(
            "The spline through all points keeps 70 % of a noise of 0.1 or more; an untrained network is over 0.5 off",
            last("missed", steps=0) < 1e-9,
            last("through all", steps=0).between(0.07, 0.13),
            last("network", steps=0) > 0.5,
            seeds=10,
        ),
    ),
    quiz=quiz("""
        ? [compute] A hinge max(0, 3x − 6) has the output weight −2. What does it do to the network's slope?
        - Changes it by −2 at x = 6
        + Changes it by −6 at x = 2
        - Changes it by −2 at x = 2
        - Changes it by 3 at x = −2
        = The kink lies where 3x − 6 = 0. Right of it the hinge rises by 3, and the output takes that −2 times.

        ? [compute] 8 hinges have 25 parameters. How many numbers say where the sum bends, how much, and what c is?
        - 25, one for each parameter
        + 17
        - 9, as kinks cannot be chosen
        = 8 kinks, 8 changes and c. Doubling w and b and halving v changes nothing: a parameter of each hinge is spare.

        ? [foresee] A cubic spline goes through 100 points, measured with noise of 0.1. How far is it from the truth?
        - 0, at the points at least
        - About 0.01, as the noise averages out
        + About 0.09
        = It meets what was measured, which is the truth plus noise. Nothing is averaged.

        ? A report draws 20 points, a cubic spline through them, and a network of 20 units whose weights were just drawn
          at random. It concludes that splines fit better. What is wrong?
        - Nothing: the picture shows which one is nearer
        + Only the spline was fitted
        - The spline should have as many knots as the network has kinks
        = Fitting a network means training it. And passing through noisy points is no proof of being near the truth.
        & S1-07
    """),
    exercises=(
        Exercise(
            "`start` as PyTorch does, and yet have the median network nearer to the switch than both splines.",
            (knob_value("start") == "PyTorch's") & (knob_value("curve") == "switch"),
            NETWORK / STRAIGHT < 0.9,
            NETWORK / CUBIC < 0.9,
            solution={**TORCH, "units": 32},
            hints=("Half of the kinks are lost.", "Splines get more parameters as well. What do they learn with them?"),
        ),
        CodeExercise(
            "This comparison draws the network's output weights at random and never trains them. Repair it: the "
            "hinges stay, their output weights are to bring the least squared error at the points.",
            compare,
            check_compare,
            broken={"np.linalg.lstsq(hidden(x), y)[0]": "np.random.default_rng(0).normal(size=len(w) + 1)"},
            hints=("With w and b fixed, the network is linear in what is sought.", "np.linalg has least squares."),
            mistakes=(83,),
            rows=("S1-07",),
        ),
    ),
    sources=(
        "C. de Boor: A Practical Guide to Splines, revised ed., Springer 2001, chapters III and IV",
        "I. Daubechies, R. DeVore, S. Foucart, B. Hanin, G. Petrova: Nonlinear approximation and (deep) ReLU networks, "
        "Constructive Approximation 55 (2022)",
    ),
)
