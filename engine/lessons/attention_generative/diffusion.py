"""Diffusion: from noise to shape

How do you teach a network to draw, if all it has ever learned is to guess which noise was mixed into a picture?

**Forward.** In T small steps every point is pulled a little towards 0 and pushed a little at random:

    xₜ = √(1 − βₜ)·xₜ₋₁ + √βₜ·ε

Many steps at once are one: with ᾱₜ the product of all 1 − β so far,

    xₜ = √ᾱₜ·x₀ + √(1 − ᾱₜ)·ε

**Training.** Draw a point, a time and a noise ε; show a small network xₜ and t, so how much noise there is, and let it
guess ε. The loss is the mean square of ε − ê, ê the guess. It starts near 1, the guess 0, and cannot reach 0: many
points and noises lead to the same place, and the best guess is their mean.

**Reverse.** Start from pure noise. At each step the guess tells the origin o, where the point may come from,

    o = (x − √(1 − ᾱ)·ê)/√ᾱ,   with `clamp` kept within ±3, where all data lie,

and the point moves to the next smaller noise level around it. `eta` = 1 adds fresh noise in each step, as DDPM does;
`eta` = 0 adds none, as DDIM does: then where a particle ends is settled by where it began.

**Predict, then run.** What is the cloud at t = T? What is lost with 5 reverse steps?

**Watch** three particles wander out, and three others come back. Two films show both ways: each frame is made from the
one before.

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
    Wrong,
    knob,
    last,
    quiz,
)

SHAPES = ("moons", "ring", "spiral", "letters")
STROKES = [((-2, -1.5), (-2, 1.5)), ((-2, 0), (0, 0)), ((0, -1.5), (0, 1.5)), ((1.5, -1.5), (1.5, 1.5))]
"""The letters HI."""
COUNT = 1000
"""Points generated, and points held out to compare with; twice as many are learned from."""
FRAMES = 6
TAIL = 15
"""Places of a particle's path that are shown."""
BUDGETS = (2, 5, 10, 20, 50)
"""Reverse steps that are compared."""


class Knobs(KnobSet):
    shape: str = knob("letters", choices=SHAPES, help="the data")
    T: int = knob(100, 2, 500, scale="log", help="steps of noising")
    schedule: str = knob("linear", choices=("linear", "cosine"), help="how the noise grows")
    width: int = knob(96, 1, 256, scale="log", help="units in each of the three hidden layers")
    train_steps: int = knob(3000, 0, 20_000, help="training steps, 256 points each")
    sampling_steps: int = knob(50, 1, 500, scale="log", help="reverse steps, at most T")
    eta: float = knob(1.0, 0.0, 1.0, help="fresh noise in each reverse step: 1 as in DDPM, 0 none, as in DDIM")
    clamp: bool = knob(True, help="keep the coordinates of each guessed origin within -3 and 3")
    pace: int = knob(20, 0, 1000, live=True, help="noising and reverse steps a second; 0: as fast as it goes")


def draw(shape, count, rng):
    """(count, 2) points of a shape, centred, with a mean square of 1 in each direction on average."""
    import numpy as np

    u = rng.uniform(size=count)
    if shape == "moons":
        upper = rng.integers(0, 2, count)
        angle = np.pi * (u + upper)
        x = np.stack([np.cos(angle) + upper - 0.5, np.sin(angle) + 0.5 * upper - 0.25], 1)
        x += 0.06 * rng.normal(size=x.shape)
    elif shape == "ring":
        x = np.stack([np.cos(2 * np.pi * u), np.sin(2 * np.pi * u)], 1) + 0.05 * rng.normal(size=(count, 2))
    elif shape == "spiral":
        angle = 3 * np.pi * np.sqrt(u) + np.pi / 2
        x = (angle / 10)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1) + 0.02 * rng.normal(size=(count, 2))
    else:
        strokes = np.array(STROKES, float)
        length = np.linalg.norm(strokes[:, 1] - strokes[:, 0], axis=1)
        start, end = strokes[rng.choice(len(strokes), count, p=length / length.sum())].transpose(1, 0, 2)
        x = start + u[:, None] * (end - start) + 0.06 * rng.normal(size=(count, 2))
    x -= x.mean(0)
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


def forward(lab, k, x0, alpha_bar):
    """Noise the data, a step at a time."""
    import torch

    x = x0.clone()
    lab.track(noised=x)
    paths = lab.state.setdefault("out", [x[:3].clone().cpu()])
    film = lab.state.setdefault("film out", {"t = 0": density(x)})
    share, spread = alpha_bar.sqrt(), (1 - alpha_bar).sqrt()
    moments = {round(k.T * frame / (FRAMES - 1)) for frame in range(FRAMES)}
    lab.results(**{"data/mean square": (x**2).mean().item()})
    for step in lab.steps(k.T, unit="noising steps"):
        t = step + 1
        keep = alpha_bar[t] / alpha_bar[t - 1]
        x.copy_(keep.sqrt() * x + (1 - keep).sqrt() * torch.randn(x.shape).to(x.device))  # key: from the frame before
        paths.append(x[:3].clone().cpu())
        lab.points("cloud", x, paths=traces(paths), axes=("x₁", "x₂"))
        at = {"data now": (t, share[t].item()), "noise now": (t, spread[t].item())}
        lab.curve("schedule", torch.arange(k.T + 1), at, data=share, noise=spread, axes=("t", "factor"))
        if t in moments:
            film[f"t = {t}"] = density(x)
            lab.images("film out", torch.stack(list(film.values())), list(film), low=0, high=1)
    normal = normal_cloud(COUNT, lab.seed).to(x.device)
    lab.results(
        **{
            "at T/mean square": (x**2).mean().item(),
            "at T/distance to normal": energy_distance(x, normal),
            "data/distance to normal": energy_distance(x0, normal),
        }
    )


def traces(paths):
    """The last steps of the first three particles, by name."""
    import torch

    recent = torch.stack(paths[-TAIL:])
    return {f"particle {index + 1}": recent[:, index] for index in range(3)}


def train(lab, k, net, data, alpha_bar):
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
    paths = lab.state.setdefault("back", [])
    film = lab.state.setdefault("film back", {})
    stops = times(k.T, k.sampling_steps)
    root = torch.linalg.cholesky(torch.cov(held_out.T))
    normal = held_out.mean(0) + normal_cloud(COUNT, lab.seed).to(x.device) @ root.T  # its mean and covariance, no shape
    moments = {round((len(stops) - 2) * frame / (FRAMES - 1)) for frame in range(FRAMES)}
    for step in lab.steps(len(stops) - 1, unit="reverse steps"):
        now, then = stops[step], stops[step + 1]
        if not paths:
            paths.append(x[:3].clone().cpu())
        x.copy_(reverse(x, guess(net, x, now, k.T), alpha_bar[now], alpha_bar[then], k.eta, k.clamp))
        paths.append(x[:3].clone().cpu())
        lab.points("cloud", x, paths=traces(paths), axes=("x₁", "x₂"))
        arrows(lab, net, now / k.T)
        away = {"generated": nearest(x, held_out), "normal": nearest(normal, held_out)}
        lab.histogram("distance to the nearest held-out point", 30, (0.0, 1.0), **away)
        if step in moments:
            film[f"t = {then}"] = density(x)
            lab.images("film back", torch.stack(list(film.values())), list(film), low=0, high=1)
    lab.results(
        **{
            "generated/energy distance": energy_distance(x, held_out),
            "generated/mean nearest": nearest(x, held_out).mean().item(),
            "data/mean nearest": nearest(data, held_out).mean().item(),
            "normal/energy distance": energy_distance(normal, held_out),
            "normal/mean nearest": nearest(normal, held_out).mean().item(),
        }
    )


def normal_cloud(count, seed):
    """(count, 2) standard normal points, always the same for a seed."""
    import torch

    return torch.randn(count, 2, generator=torch.Generator().manual_seed(seed))


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
        lab.bars("energy distance by reverse steps", labels, **{n: list(of.values()) for n, of in found.items()})
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
    lab.results(**{"data/energy distance": energy_distance(data[:COUNT], held_out)})
    forward(lab, k, data[:COUNT], alpha_bar)
    train(lab, k, net, data, alpha_bar)
    sample(lab, k, net, data, held_out, alpha_bar)
    budgets(lab, k, net, held_out, alpha_bar)


def film(x0, betas, rng):
    """The film of a noising: a list of frames, ``x0`` first, then one for each β. x0: (n,), rng: NumPy's Generator."""
    import numpy as np

    frames = [x0]
    for beta in betas:
        frames.append(np.sqrt(1 - beta) * frames[-1] + np.sqrt(beta) * rng.normal(size=x0.shape))
    return frames


def check_film(film):
    """Each frame is the one before, shrunk, and a little noise that is new."""
    import numpy as np

    rng = np.random.default_rng(0)
    x0, betas = rng.choice([-1.5, 0.5], 20_000), np.array([0.05, 0.1, 0.2, 0.4])
    frames = [np.asarray(frame, float) for frame in film(x0.copy(), betas, np.random.default_rng(1))]
    if len(frames) != len(betas) + 1:
        raise Wrong(f"For {len(betas)} values of β there are {len(betas) + 1} frames; yours are {len(frames)}.")
    if frames[0].shape != x0.shape or not np.allclose(frames[0], x0):
        raise Wrong("The first frame should be x0 as it was given.")
    for t, beta in enumerate(betas, 1):
        before, now = frames[t - 1], frames[t]
        if now.shape != x0.shape:
            raise Wrong(f"Frame {t} has shape {now.shape}; x0 has {x0.shape}.")
        added = now - np.sqrt(1 - beta) * before
        if not abs(added.var() / beta - 1) < 0.06:
            raise Wrong(
                f"From frame {t - 1} to frame {t} noise of variance {added.var():.3f} comes in; β is {beta:g}. Is each "
                "frame made from the one before?"
            )
        if abs(np.corrcoef(added, before)[0, 1]) > 0.04:
            raise Wrong(
                f"What is added from frame {t - 1} to frame {t} depends on frame {t - 1}; it should be new noise."
            )


def ten_steps(result):
    """Ten reverse steps, nearer to the data than a cloud without their shape."""
    if result.state != "done":
        raise Wrong(f"The run is {result.state}; let it come to its end.")
    if result.knobs["sampling_steps"] > 10:
        raise Wrong(f"It takes up to {result.knobs['sampling_steps']} reverse steps; 10 are allowed.")
    share = result.last("generated/energy distance") / result.last("normal/energy distance")
    if not share < 1:
        raise Wrong(f"Its energy distance is {share:.2f} times that of a shapeless cloud; get it below that.")


def at_the_end_of_noising(result):
    """Index of the choice: a dot, a round cloud, the shape."""
    if result.last("at T/mean square") < 0.3:
        return 0
    return 1 if result.last("at T/distance to normal") < 0.01 else 2


def with_five_steps(result):
    """Index of the choice: as good, worse, worse than no shape; None if T is about as small."""
    if result.knobs["T"] < 20 or result.knobs["train_steps"] < 500:
        return None
    name = "DDPM" if result.knobs["eta"] >= 0.5 else "DDIM"
    few, many = result.last(f"{name}, 5 steps"), result.last(f"{name}, {result.knobs['T']} steps")
    if few < 2 * max(many, 0.005):
        return 0
    return 1 if few < result.last("normal/energy distance") else 2


LESSON = Lesson(
    covers=("I06",),
    after="digits",
    run=run,
    knobs=Knobs,
    minutes=15,
    smoke={"T": 10, "train_steps": 30, "sampling_steps": 5, "width": 16},
    predictions=(
        Prediction(
            "What is the cloud of points at t = T?",
            choices=("a dot at 0, as everything was shrunk", "a round cloud, whatever the data", "the shape, blurred"),
            truth=at_the_end_of_noising,
            why="Each step shrinks just so much as its noise adds: the mean square stays 1, and what is left of the "
            "data, √ᾱ, goes to nothing. A standard normal cloud is left, and that anyone can draw.",
        ),
        Prediction(
            "The same network, but 5 reverse steps instead of all T. The points will be …",
            choices=(
                "as near to the data",
                "further away, yet nearer than a shapeless cloud, normal, as wide and high as the data",
                "further away than such a cloud",
            ),
            truth=with_five_steps,
            why="A step is exact only if it is small: the guess is the mean of all noises that may have led here. Of "
            "five steps through 100 times of the linear schedule, two begin where √ᾱ is below 0.05: next to nothing of "
            "the data is left there.",
        ),
    ),
    claims=(
        Claim(
            "What was noise is less than half as far from the data, in energy distance, as a shapeless cloud (normal, "
            "with their mean and covariance)",
            last("generated/energy distance") / last("normal/energy distance") < 0.5,
            seeds=5,
        ),
        Claim(
            "… and its points are on average less than 0.3 times as far from the nearest held-out point",
            last("generated/mean nearest") / last("normal/mean nearest") < 0.3,
            seeds=5,
        ),
        Claim(
            "With 5 reverse steps of the linear schedule they are further off than that cloud",
            last("DDPM, 5 steps") / last("normal/energy distance") > 1.3,
            seeds=5,
        ),
        Claim("With 10 of them, DDIM beats DDPM", last("DDIM, 10 steps") / last("DDPM, 10 steps") < 0.8, seeds=5),
        Claim(
            "At t = T less than a fifth of the data's energy distance to the standard normal is left",
            last("at T/distance to normal", train_steps=0, sampling_steps=1)
            / last("data/distance to normal", train_steps=0, sampling_steps=1)
            < 0.2,
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? Trained for long, the loss stays far above zero. Why?
        - The network is too small
        + Many noises lead to one place
        - The learning rate falls to 0 too early
        = Near t = T almost all of x is noise, and guessing it is easy; near t = 0 a little noise cannot be
          told from the spread of the data. The best loss possible lies in between.

        ? Frame 3 of a film is x₀ with noise drawn for frame 3 alone, frame 4 x₀ with noise drawn for frame
          4 alone. What is wrong with it?
        + No particle moves from one frame to the next
        - Nothing: that is what noising is
        - The frames have too much noise, and more the later they are
        = Each frame has the right amount of noise: one may jump to any t at once, and training does. But a
          trajectory goes on from where it was, and its noise adds up.

        ? Two reverse processes begin with the same noise and take the same steps. When do they end alike?
        - Always: it is one network
        - With eta = 1, DDPM
        + With eta = 0, DDIM
        = DDIM makes a map from noise to points. DDPM goes on drawing; only the cloud as a whole stays the
          same.

        ? Why does training not walk through all t steps for each point?
        - It would need much memory
        + Sums of normal noise are normal
        - It could learn the steps by heart
        = So xₜ = √ᾱₜ·x₀ + √(1 − ᾱₜ)·ε, drawn at once, has the same distribution as t small steps.
    """),
    exercises=(
        Exercise(
            "Ten reverse steps have to do. With the schedule and eta it begins with they end further from the data, in "
            "energy distance, than a normal cloud with the data's mean and covariance. Choose others, so that they end "
            "nearer.",
            ten_steps,
            solution={"sampling_steps": 10, "schedule": "cosine", "eta": 0.8},
            hints=(
                "Look at the schedule: over which part of the times does the shape come into being?",
                "The cosine schedule lets the data fade evenly over the steps. At its far end it needs `clamp`; an eta "
                "a little below 1 makes it safer.",
            ),
        ),
        CodeExercise(
            "Fix the film: each frame has the right amount of noise, but it is no trajectory.",
            film,
            check_film,
            broken={
                "frames = [x0]": "frames, left = [x0], 1.0",
                "        frames.append(np.sqrt(1 - beta) * frames[-1] + np.sqrt(beta) *": (
                    "        left = left * (1 - beta)\n        frames.append(np.sqrt(left) * x0 + np.sqrt(1 - left) *"
                ),
            },
            hints=(
                "The starter draws all the noise anew for every frame. What should frame 4 be made from?",
                "xₜ = √(1 − βₜ)·xₜ₋₁ + √βₜ·ε.",
            ),
        ),
    ),
    sources=(
        "J. Sohl-Dickstein, E. Weiss, N. Maheswaranathan, S. Ganguli: Deep unsupervised learning using nonequilibrium "
        "thermodynamics, ICML 2015",
        "J. Ho, A. Jain, P. Abbeel: Denoising diffusion probabilistic models, NeurIPS 2020",
        "J. Song, C. Meng, S. Ermon: Denoising diffusion implicit models, ICLR 2021",
        "A. Nichol, P. Dhariwal: Improved denoising diffusion probabilistic models, ICML 2021",
        "M. Tancik et al.: Fourier features let networks learn high frequency functions in low dimensional domains, "
        "NeurIPS 2020",
        "G. Székely, M. Rizzo: Energy statistics: a class of statistics based on distances, Journal of Statistical "
        "Planning and Inference 143 (2013), 1249-1272",
    ),
)
