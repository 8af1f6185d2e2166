"""Diffusion: from noise to a shape

How do you teach a network to draw, if all it has ever learned is to guess which noise was mixed into a picture?

**Noising** mixes a point x₀ with standard normal noise ε. How much of each there is at time t of T tells ᾱ, which falls
from 1 to nearly 0:

    x = √ᾱ·x₀ + √(1 − ᾱ)·ε

**Training.** Draw a point, a time and a noise; show a network x and t, so how much noise there is, and let it guess ε.
The loss is the mean square of ε − ê, ê the guess. It starts near 1, where the guess is 0, and cannot reach 0: many
points and noises lead to the same place, and the best guess is their mean.

**Reverse.** Start from pure noise. The guess tells the origin o, where x may come from:

    o = (x − √(1 − ᾱ)·ê)/√ᾱ,   with `clamp` kept within ±3, where all data lie

With ᾱ = 0.64, x = 1 and ê = 0.5: o = (1 − 0.6·0.5)/0.8 = 0.875. Then x moves to the next, smaller noise level ᾱ′
around it. `eta` = 0 (DDIM) adds no new noise,

    x ← √ᾱ′·o + √(1 − ᾱ′)·ê

so that where a particle ends is settled by where it began. `eta` = 1 (DDPM) replaces part of ê by fresh noise.

**Predict, then run.** What is lost with 5 reverse steps?

**Watch** the arrows, the noise taken out, then three particles come back. *Energy distance*, 0 for equal
distributions, measures how far the cloud is from points held out.

**Break it.** Few `train_steps`, a tiny `width`, 3 reverse steps; or the cosine schedule without `clamp`: where √ᾱ is
near 0, a slightly wrong guess points far out.
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

SHAPES = {"moons": 0.06, "ring": 0.05, "spiral": 0.02, "letters": 0.06}
"""Name → how far points scatter around its lines, as a standard deviation."""
LETTERS = [((-2, -1.5), (-2, 1.5)), ((-2, 0), (0, 0)), ((0, -1.5), (0, 1.5)), ((1.5, -1.5), (1.5, 1.5))]
"""The strokes of HI."""
COUNT = 1000
"""Points generated, and points held out to compare with; three times as many are learned from."""
FRAMES = 6
TAIL = 15
"""Places of a particle's path that are shown."""
BUDGETS = (2, 5, 10, 20, 50)
"""Reverse steps that are compared."""


class Knobs(KnobSet):
    shape: str = knob("letters", choices=tuple(SHAPES), help="what the points it learns from are drawn from")
    T: int = knob(100, 2, 500, scale="log", help="steps of noising")
    schedule: str = knob("linear", choices=("linear", "cosine"), help="how the noise grows with t")
    width: int = knob(96, 1, 256, scale="log", help="units in each of the three hidden layers")
    train_steps: int = knob(3000, 0, 20_000, help="training steps, 256 points each")
    sampling_steps: int = knob(50, 1, 500, scale="log", help="reverse steps, at most T")
    eta: float = knob(1.0, 0.0, 1.0, help="fresh noise in each reverse step: 1 as in DDPM, 0 none, as in DDIM")
    clamp: bool = knob(True, help="keep the coordinates of each guessed origin within -3 and 3")
    pace: int = pace(20)


def draw(shape, count, rng):
    """(count, 2) points of a shape, centred, with a mean square of 1 in each direction on average."""
    import numpy as np

    u, side = rng.uniform(size=count), rng.integers(0, 2, count)
    if shape == "moons":
        angle = np.pi * (u + side)
        x = np.stack([np.cos(angle) + side - 0.5, np.sin(angle) + 0.5 * side - 0.25], 1)
    elif shape == "ring":
        x = np.stack([np.cos(2 * np.pi * u), np.sin(2 * np.pi * u)], 1)
    elif shape == "spiral":
        angle = 3 * np.pi * np.sqrt(u) + np.pi / 2
        x = (angle / 10)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    else:
        start, end = np.array(LETTERS)[rng.choice(4, count, p=[3 / 11, 2 / 11, 3 / 11, 3 / 11])].transpose(1, 0, 2)
        x = start + u[:, None] * (end - start)
    x = x - x.mean(0) + SHAPES[shape] * rng.normal(size=x.shape)
    return x / np.sqrt((x**2).mean())


def levels(schedule, T):
    """ᾱ₀ = 1 to ᾱ_T: (T + 1,) the share of the data's variance that is left."""
    import torch

    if schedule == "linear":
        betas = torch.linspace(0.1 / T, 20 / T, T).clamp(max=0.999)  # for T = 1000 the values of Ho et al.
        return torch.cat([torch.ones(1), (1 - betas).cumprod(0)])
    angle = (torch.linspace(0, 1, T + 1) + 0.008) / 1.008 * torch.pi / 2
    share = angle.cos() ** 2 / angle[0].cos() ** 2
    betas = (1 - share[1:] / share[:-1]).clamp(max=0.999)
    return torch.cat([torch.ones(1), (1 - betas).cumprod(0)])


def network(width):
    """MLP from what `seen` gives, (n, 26), to the noise, (n, 2)."""
    from torch import nn

    layers, size = [], 26
    for _ in range(3):
        layers += [nn.Linear(size, width), nn.SiLU()]
        size = width
    return nn.Sequential(*layers, nn.Linear(size, 2))


def seen(x, t):
    """What the network sees: places x (n, 2), and waves of them and of the times t (n,) in [0, 1], as bare coordinates
    hide fine detail from it."""
    import torch

    times = t[:, None] * torch.pi * 2.0 ** torch.arange(-1, 7, device=x.device)
    waves = torch.cat([2 * x, 4 * x, times], 1)
    return torch.cat([x, waves.sin(), waves.cos()], 1)


def reverse(x, noise, now, then, eta, clamp=True):
    """From the noise level ᾱ = ``now`` to the smaller noise of ``then``, given the guessed ``noise``."""
    import torch

    origin = (x - (1 - now).sqrt() * noise) / now.sqrt()  # key: where it may come from
    if clamp:
        origin = origin.clamp(-3, 3)
        noise = (x - now.sqrt() * origin) / (1 - now).sqrt()
    sigma = eta * ((1 - then) / (1 - now) * (1 - now / then)).sqrt()
    fresh = torch.randn(x.shape).to(x.device)
    return then.sqrt() * origin + (1 - then - sigma**2).clamp(0).sqrt() * noise + sigma * fresh


def times(T, steps):
    """The times of ``steps`` reverse steps, from T down to 0."""
    import numpy as np

    return np.round(np.linspace(T, 0, min(steps, T) + 1)).astype(int).tolist()


def energy_distance(a, b):
    """2·E|a − b| − E|a − a′| − E|b − b′| between two samples, (n, 2) and (m, 2): 0 if both come from one source."""
    import torch

    n, m = len(a), len(b)
    within = torch.cdist(a, a).sum() / (n * (n - 1)) + torch.cdist(b, b).sum() / (m * (m - 1))
    return (2 * torch.cdist(a, b).mean() - within).item()


def density(x):
    """24 × 24 picture of how many points are where, (-2.4, 2.4) both ways."""
    import torch

    counts = torch.histogramdd(x.cpu(), 24, [-2.4, 2.4, -2.4, 2.4]).hist
    return (counts.T.flip(0) / 4).clamp(max=1)


def train(lab, k, net, data, held_out, alpha_bar):
    """The network learns to guess the noise."""
    import torch

    adam = torch.optim.Adam(net.parameters(), 3e-3)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(adam, max(1, k.train_steps))
    lab.track(net=net, adam=adam, falling=falling)
    for _ in lab.steps(k.train_steps, samples=256, unit="points", paced=False):
        x0 = data[torch.randint(len(data), (256,))]
        t = torch.randint(1, k.T + 1, (256,)).to(lab.device)
        noise = torch.randn(256, 2).to(lab.device)
        left = alpha_bar[t][:, None]
        x = left.sqrt() * x0 + (1 - left).sqrt() * noise  # key: all t steps at once
        loss = (noise - net(seen(x, t / k.T))).square().mean()  # key: guess the noise
        adam.zero_grad()
        loss.backward()
        adam.step()
        falling.step()
        lab.scalars({"train/loss": loss})
        if lab.due():
            arrows(lab, net, 0.2)
    t = torch.randint(1, k.T + 1, (8 * len(held_out),)).to(lab.device)
    noise, left = torch.randn(len(t), 2).to(lab.device), alpha_bar[t][:, None]
    x = left.sqrt() * held_out.repeat(8, 1) + (1 - left).sqrt() * noise
    with torch.no_grad():
        lab.results(**{"test/loss": (noise - net(seen(x, t / k.T))).square().mean()})


def arrows(lab, net, t):
    """Where the network would take noise out at time t, on a grid."""
    import torch

    axis = torch.linspace(-2.4, 2.4, 9)
    grid = torch.cartesian_prod(axis, axis).to(lab.device)
    with torch.no_grad():
        noise = net(seen(grid, torch.full((len(grid),), t, device=lab.device)))
    lab.points("predicted noise, taken out", grid, arrows=-0.2 * noise, axes=("x₁", "x₂"))


def guess(net, x, t, T):
    """The network's guess of the noise in points x at step t of T."""
    import torch

    with torch.no_grad():
        return net(seen(x, torch.full((len(x),), t / T, device=x.device)))


def sample(lab, k, net, data, held_out, alpha_bar):
    """Bring noise to the shape, a step at a time."""
    import torch

    x = torch.randn(COUNT, 2).to(lab.device)
    lab.track(generated=x)
    way = lab.state.setdefault("way", [])
    film = lab.state.setdefault("film", {})
    stops = times(k.T, k.sampling_steps)
    root = torch.linalg.cholesky(torch.cov(held_out.T))
    normal = torch.randn(COUNT, 2, generator=torch.Generator().manual_seed(lab.seed)).to(x.device)
    normal = held_out.mean(0) + normal @ root.T  # the data's mean and covariance, but no shape
    moments = {round((len(stops) - 2) * frame / (FRAMES - 1)) for frame in range(1, FRAMES)}
    for step in lab.steps(len(stops) - 1, unit="reverse steps"):
        now, then = stops[step], stops[step + 1]
        if not film:
            way.append(x[:3].clone().cpu())
            film[f"t = {now}"] = density(x)
        x.copy_(reverse(x, guess(net, x, now, k.T), alpha_bar[now], alpha_bar[then], k.eta, k.clamp))
        way.append(x[:3].clone().cpu())
        recent = torch.stack(way[-TAIL:])
        paths = {f"particle {index + 1}": recent[:, index] for index in range(3)}
        lab.points("cloud", x, paths=paths, axes=("x₁", "x₂"))
        arrows(lab, net, now / k.T)
        away = {"generated": nearest(x, held_out), "normal": nearest(normal, held_out)}
        lab.histogram("distance to the nearest held-out point", 30, (0.0, 1.0), **away)
        if step in moments:
            film[f"t = {then}"] = density(x)
        lab.images("film", torch.stack(list(film.values())), list(film), low=0, high=1)
    lab.results(
        **{
            "generated/energy distance": energy_distance(x, held_out),
            "generated/mean nearest": nearest(x, held_out).mean(),
            "data/energy distance": energy_distance(data[:COUNT], held_out),
            "normal/energy distance": energy_distance(normal, held_out),
            "normal/mean nearest": nearest(normal, held_out).mean(),
        }
    )


def nearest(x, points):
    """(n,) distances from each of x to the nearest of ``points``."""
    import torch

    return torch.cdist(x, points).min(1).values


def budgets(lab, k, net, held_out, alpha_bar):
    """The same network with few and with many reverse steps, with fresh noise and without."""
    from itertools import pairwise

    import torch

    found = lab.state.setdefault("budgets", {"DDPM": {}, "DDIM": {}})
    rows = sorted({min(steps, k.T) for steps in (*BUDGETS, k.T)})
    start = torch.randn(COUNT, 2).to(lab.device)
    lab.track(start=start)
    for index in lab.steps(len(rows), unit="budgets", paced=False):
        stops = times(k.T, rows[index])
        for name, eta in (("DDPM", 1.0), ("DDIM", 0.0)):
            x = start
            for now, then in pairwise(stops):
                x = reverse(x, guess(net, x, now, k.T), alpha_bar[now], alpha_bar[then], eta, k.clamp)
            found[name][rows[index]] = energy_distance(x, held_out)
        labels = [f"{steps} steps" for steps in found["DDPM"]]
        distances = {name: list(of.values()) for name, of in found.items()}
        lab.bars("energy distance by reverse steps", labels, "energy distance", **distances)
    for name, of in found.items():
        lab.results(**{f"{name}, {steps} steps": distance for steps, distance in of.items()})


def run(lab, k):
    import numpy as np
    import torch

    points = draw(k.shape, 4 * COUNT, np.random.default_rng(lab.seed))
    points = torch.as_tensor(points, dtype=torch.float32, device=lab.device)
    data, held_out = points[: 3 * COUNT], points[3 * COUNT :]
    alpha_bar = levels(k.schedule, k.T).to(lab.device)
    net = network(k.width).to(lab.device)
    train(lab, k, net, data, held_out, alpha_bar)
    sample(lab, k, net, data, held_out, alpha_bar)
    budgets(lab, k, net, held_out, alpha_bar)


def step_back(x, noise, now, then):
    """One step of DDIM, from the noise level ᾱ = ``now`` to the smaller noise of ``then``. x, noise: (n, 2)."""
    import numpy as np

    origin = (x - np.sqrt(1 - now) * noise) / np.sqrt(now)
    return np.sqrt(then) * origin + np.sqrt(1 - then) * noise


def check_step_back(step_back):
    """With the true noise it leads straight back; with the best guess it makes a cloud of the right width."""
    from itertools import pairwise

    import numpy as np

    rng = np.random.default_rng(0)
    x0, noise = rng.normal(size=(2, 500, 2))
    for now, then in ((0.64, 1.0), (0.1, 0.5), (0.001, 0.9)):
        found = step_back(np.sqrt(now) * x0 + np.sqrt(1 - now) * noise, noise, now, then)
        off = np.abs(found - np.sqrt(then) * x0 - np.sqrt(1 - then) * noise).max()
        yield number(off, f"true noise, ᾱ from {now} to {then}: largest error") <= 1e-9
    levels, x = np.linspace(0.0005, 1, 1000), rng.normal(size=(20_000, 2))
    for now, then in pairwise(levels):
        guess = np.sqrt(1 - now) * x / (0.09 * now + 1 - now)  # the best one, if x0 is normal, 0.3 wide
        x = step_back(x, guess, now, then)
    yield (
        number(abs(x.std() / 0.3 - 1), "noise led back to a cloud 0.3 wide: its width, away from that by a share of")
        < 0.1
    )


FEW, MANY, CLOUD = last("DDPM, 5 steps"), last("DDPM, 50 steps"), last("normal/energy distance")

LESSON = Lesson(
    covers=("I06",),
    after="noising",
    run=run,
    knobs=Knobs,
    minutes=15,
    takeaways=(
        "A diffusion model learns one thing only: to guess the noise that was mixed into a point.",
        "Drawing runs that backwards: start from noise, take a little of the guessed noise out, again and again.",
        "Too few reverse steps lose the shape, and DDIM, which adds no new noise, bears few steps better than DDPM.",
        "The loss cannot reach zero, because many points and noises lead to the same place.",
    ),
    show=("cloud", "film", "predicted noise, taken out", "loss", "energy distance by reverse steps"),
    rows=("S3-C10", "S4-79b"),
    smoke={"T": 10, "train_steps": 30, "sampling_steps": 5, "width": 16},
    predictions=(
        Prediction(
            "The loss begins near 1. Where will it be after training, on points held out?",
            choices={
                "below 0.1: it can guess the noise": last("test/loss") < 0.1,
                "between 0.1 and 0.6": last("test/loss").between(0.12, 0.6),
                "above 0.7: noise cannot be guessed": last("test/loss") > 0.7,
            },
            why="Near t = T almost all of x is noise, which is easy to tell; near t = 0 a little noise cannot be told "
            "from the spread of the data, and the loss there stays near 1. The loss is the mean over all t.",
        ),
        Prediction(
            "The same network, but 5 reverse steps instead of 50, with fresh noise (DDPM). The points will be …",
            choices={
                "as near to the data": FEW < MANY + 0.005,
                "further away, yet nearer than a shapeless cloud, normal, as wide and high as the data": (
                    (FEW > 2 * MANY + 0.01) & (FEW < 0.8 * CLOUD)
                ),
                "further away than such a cloud": (
                    (FEW > 2 * MANY + 0.01) & (FEW > 1.2 * CLOUD) & (knob_value("train_steps") >= 500)
                ),
            },
            why="A step is exact only if it is small: the guess is the mean of all noises that may have led here. Of "
            "five steps through 100 times of the linear schedule, two begin where √ᾱ is below 0.05: next to nothing of "
            "the data is left there.",
        ),
    ),
    claims=(
        Claim(
            "What was noise is less than half as far from the data, in energy distance, as a shapeless cloud (normal, "
            "with their mean and covariance)",
            last("generated/energy distance") / CLOUD < 0.5,
            seeds=5,
        ),
        Claim(
            "… and its points are on average less than 0.3 times as far from the nearest held-out point",
            last("generated/mean nearest") / last("normal/mean nearest") < 0.3,
            seeds=5,
        ),
        Claim(
            "With 5 reverse steps of the linear schedule they are further off than that cloud",
            FEW / CLOUD > 1.3,
            seeds=5,
        ),
        Claim(
            "… DDIM's, without fresh noise, by less than DDPM's",
            last("DDIM, 5 steps") / FEW < 0.9,
            seeds=5,
        ),
        Claim("The loss ends between 0.15 and 0.4 on points held out", last("test/loss").between(0.15, 0.4), seeds=5),
    ),
    quiz=quiz("""
        ? Trained for long, the loss stays far above zero. Why?
        - The network is too small
        + Many noises lead to one place
        - The learning rate falls to 0 too early
        = Near t = T almost all of x is noise, and guessing it is easy; near t = 0 a little noise cannot be
          told from the spread of the data. The best loss possible lies in between.

        ? [foresee] Two reverse processes begin with the same noise and take the same steps. When do they end alike?
        - Always: it is one network
        - With eta = 1, DDPM
        + With eta = 0, DDIM
        = DDIM makes a map from noise to points. DDPM keeps drawing; only the cloud as a whole stays the
          same.

        ? [compute] ᾱ = 0.36, x = 2, and the network guesses ê = 1. Where does it see the origin of x?
        - 2 − 1 = 1
        - 2 − 0.8 = 1.2
        + (2 − 0.8)/0.6 = 2
        = o = (x − √(1 − ᾱ)·ê)/√ᾱ. What is left after taking out the noise was shrunk by √ᾱ, and has to grow again.

        ? [compute] At t = T, √ᾱ = 0.01. The guess ê is wrong by 0.05. By about how much is the origin wrong?
        - 0.0005
        - 0.05
        + 5
        = The error is divided by √ᾱ. Hence small steps, and `clamp`: all data lie within ±3.
    """),
    exercises=(
        Exercise(
            "Eight reverse steps have to do. With the schedule and eta it begins with they end about twice as far from "
            "the data, in energy distance, as a normal cloud with their mean and covariance. Get below 1.5 times.",
            knob_value("sampling_steps") <= 8,
            last("generated/energy distance") < 1.5 * CLOUD,
            solution={"sampling_steps": 8, "schedule": "cosine", "eta": 0.9},
            hints=(
                "Look at the films of the lesson before: over which part of the times does the shape come into being?",
                "The cosine schedule lets the data fade evenly over the steps. At its far end it needs `clamp`; an eta "
                "a little below 1 makes it safer.",
            ),
        ),
        CodeExercise(
            "This reverse step finds the wrong origin, and puts back noise of the wrong level. Fix it.",
            step_back,
            check_step_back,
            broken={
                "x - np.sqrt(1 - now) * noise": "x - noise",
                "np.sqrt(1 - then) * noise": "np.sqrt(1 - now) * noise",
            },
            hints=(
                "Solve x = √ᾱ·o + √(1 − ᾱ)·ê for o.",
                "At the new level the noise is smaller: which ᾱ tells its size?",
            ),
        ),
    ),
    sources=(
        "J. Ho, A. Jain, P. Abbeel: Denoising diffusion probabilistic models, NeurIPS 2020",
        "J. Song, C. Meng, S. Ermon: Denoising diffusion implicit models, ICLR 2021",
        "A. Nichol, P. Dhariwal: Improved denoising diffusion probabilistic models, ICML 2021",
        "M. Tancik et al.: Fourier features let networks learn high frequency functions in low dimensional domains, "
        "NeurIPS 2020",
        "G. Székely, M. Rizzo: Energy statistics: a class of statistics based on distances, Journal of Statistical "
        "Planning and Inference 143 (2013), 1249-1272",
    ),
)
