"""Noising: from a shape to noise

How does a picture turn into noise that looks the same whatever the picture was, and after how many steps is half of it
gone?

**One step.** Every point x is pulled a little towards 0 and pushed a little at random. ε is standard normal noise, two
fresh numbers a point and step; βₜ, small, says how much of it comes in:

    xₜ = √(1 − βₜ)·xₜ₋₁ + √βₜ·ε

If the mean square was 1 before, it is (1 − β)·1 + β·1 = 1 after: the cloud neither shrinks nor grows.

**Many steps at once.** Sums of normal noise are normal. With ᾱₜ the product of all 1 − β so far, t steps have the same
distribution as

    xₜ = √ᾱₜ·x₀ + √(1 − ᾱₜ)·ε

Two steps with β = 0.2: ᾱ = 0.8·0.8 = 0.64, so 0.8·x₀ and 0.6·ε are left. The run, in
smaller steps, is there after about 21 of 100.

**The schedule.** The *linear* one lets β grow evenly, here from 0.1/T to 20/T. The *cosine* one chooses β so that √ᾱ
falls along a quarter of a cosine. ᾱ/(1 − ᾱ) is the *signal-to-noise ratio*: 1 where half of the variance is noise.

**A film** of noising is one *trajectory*: each frame is made from the one before. Frames drawn apart, each with noise
of its own, hold the right amounts, but no point in them goes anywhere.

**Predict, then run.** After which share of the T steps is the ratio 1?

**Watch** three particles wander, and the letters dissolve.

**Break it.** T = 2 steps: what is wrong with the film?
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    Wrong,
    at,
    knob,
    knob_value,
    last,
    number,
    pace,
    quiz,
)

SHAPES = {"moons": 0.06, "ring": 0.05, "spiral": 0.02, "letters": 0.06}
"""Name → how far points scatter around its lines, as a standard deviation."""
COUNT, FRAMES = 1000, 6
TAIL = 15
"""Places of a particle's path that are shown."""


class Knobs(KnobSet):
    shape: str = knob("letters", choices=tuple(SHAPES), help="what the 1,000 points are drawn from")
    T: int = knob(100, 2, 500, scale="log", help="steps of noising")
    schedule: str = knob("linear", choices=("linear", "cosine"), help="how the noise grows from step to step")
    pace: int = pace(15)


def draw(shape, rng):
    """(COUNT, 2) points of a shape, centred, with a mean square of 1 in each direction on average."""
    import numpy as np

    u, side = rng.uniform(size=COUNT), rng.integers(0, 2, COUNT)
    if shape == "moons":
        angle = np.pi * (u + side)
        x = np.stack([np.cos(angle) + side - 0.5, np.sin(angle) + 0.5 * side - 0.25], 1)
    elif shape == "ring":
        x = np.stack([np.cos(2 * np.pi * u), np.sin(2 * np.pi * u)], 1)
    elif shape == "spiral":
        angle = 3 * np.pi * np.sqrt(u) + np.pi / 2
        x = (angle / 10)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    else:  # HI
        strokes = np.array(
            [((-2, -1.5), (-2, 1.5)), ((-2, 0), (0, 0)), ((0, -1.5), (0, 1.5)), ((1.5, -1.5), (1.5, 1.5))]
        )
        start, end = strokes[rng.choice(4, COUNT, p=[3 / 11, 2 / 11, 3 / 11, 3 / 11])].transpose(1, 0, 2)
        x = start + u[:, None] * (end - start)
    x = x - x.mean(0) + SHAPES[shape] * rng.normal(size=x.shape)
    return x / np.sqrt((x**2).mean())


def make_betas(schedule, T):
    """β₁ to β_T."""
    import numpy as np

    if schedule == "linear":
        return np.linspace(0.1 / T, 20 / T, T).clip(max=0.999)  # for T = 1000 the values of Ho et al.
    share = np.cos((np.linspace(0, 1, T + 1) + 0.008) / 1.008 * np.pi / 2) ** 2
    return (1 - share[1:] / share[:-1]).clip(max=0.999)


def count_points(x):
    """24 × 24 picture of how many points are where, from -2.4 to 2.4 both ways."""
    import numpy as np

    counts, *_ = np.histogram2d(x[:, 1], x[:, 0], 24, [(-2.4, 2.4)] * 2)
    return (counts[::-1] / 4).clip(max=1)


def measure_distance(a, b):
    """Energy distance of two samples (n, 2): 2·E|a − b| − E|a − a′| − E|b − b′|, 0 if both come from one source."""
    from scipy.spatial.distance import cdist

    n = len(a)
    return 2 * cdist(a, b).mean() - (cdist(a, a).sum() + cdist(b, b).sum()) / (n * (n - 1))


def run(lab, k):
    import numpy as np

    x0, betas = draw(k.shape, np.random.default_rng(lab.seed)), make_betas(k.schedule, k.T)
    left = np.concatenate([[1.0], (1 - betas).cumprod()])  # ᾱ
    signal, noise = np.sqrt(left), np.sqrt(1 - left)
    normal = np.random.default_rng(lab.seed + 1).normal(size=x0.shape)
    now = lab.state  # a resumed run continues with what is in it
    now.setdefault("x", x0)
    now.setdefault("apart", x0)
    now.setdefault("way", [x0[:3]])
    now.setdefault("film", {"t = 0": count_points(x0)})
    now.setdefault("moves", [])
    now.setdefault("unlike", 0.0)
    moments = {round(k.T * frame / (FRAMES - 1)) for frame in range(FRAMES)}
    for step in lab.steps(k.T, unit="noising steps"):
        t, beta = step + 1, betas[step]
        fresh, other = np.random.normal(size=(2, *x0.shape))
        x = np.sqrt(1 - beta) * now["x"] + np.sqrt(beta) * fresh  # key: from the frame before
        apart = signal[t] * x0 + noise[t] * other  # key: all t steps at once
        now["moves"].append([np.hypot(*(x - now["x"]).T).mean(), np.hypot(*(apart - now["apart"]).T).mean()])
        now["x"], now["apart"], now["way"] = x, apart, [*now["way"][-TAIL:], x[:3]]
        paths = {f"particle {i + 1}": np.array(now["way"])[:, i] for i in range(3)}
        lab.points("cloud", x, paths=paths, axes=("x₁", "x₂"))
        marks = {"signal now": (t, signal[t]), "noise now": (t, noise[t])}
        lab.curve("schedule", np.arange(k.T + 1), marks, signal=signal, noise=noise, axes=("t", "factor"))
        lab.scalars({"log₁₀ signal-to-noise": np.log10(left[t] / (1 - left[t]))})
        if t in moments:
            now["film"][f"t = {t}"] = count_points(x)
            now["unlike"] = max(now["unlike"], measure_distance(x, apart))
        lab.images("film", np.stack(list(now["film"].values())), list(now["film"]), low=0, high=1)
    one_by_one, drawn_apart = np.mean(now["moves"], 0)
    lab.results(
        **{
            "largest β": betas.max(),
            "steps to a ratio of 1": (left > 0.5).sum(),
            "at T/signal": signal[-1],
            "at T/mean square": (now["x"] ** 2).mean(),
            "at T/distance to normal": measure_distance(now["x"], normal),
            "data/distance to normal": measure_distance(x0, normal),
            "step by step and at once/distance": now["unlike"],
            "one by one/mean move": one_by_one,
            "drawn apart/mean move": drawn_apart,
        }
    )


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
    shapes = [frame.shape for frame in frames]
    if shapes != [x0.shape] * 5:
        raise Wrong(f"For 4 values of β and {x0.shape} points 5 frames of that shape are expected; yours: {shapes}.")
    yield number(np.abs(frames[0] - x0).max(), "frame 0, largest distance from x0") <= 1e-12
    for t, beta in enumerate(betas, 1):
        added = frames[t] - np.sqrt(1 - beta) * frames[t - 1]
        yield (
            number(abs(added.var() / beta - 1), f"frame {t}, noise that is new: its variance / β, away from 1,") < 0.06
        )
        shared = abs(np.corrcoef(added, frames[t - 1])[0, 1])
        yield number(shared, f"frame {t}, correlation of what is new with frame {t - 1},") < 0.04


SHARE = last("steps to a ratio of 1") / knob_value("T")
SQUARE, REST = last("at T/mean square"), last("at T/distance to normal")

LESSON = Lesson(
    covers=("I06",),
    after="digits",
    run=run,
    knobs=Knobs,
    minutes=8,
    takeaways=(
        "A step of noising shrinks what is there and adds fresh noise so that the variance stays 1.",
        "Because sums of normal noise are normal, any number of steps can be done in one.",
        "The schedule decides when half of the variance is noise: after 27 of 100 linear steps, after 50 of the "
        "cosine one.",
        "A film of noising is one trajectory; frames drawn apart have the right amounts of noise but nothing "
        "moves in them.",
    ),
    show=("cloud", "film", "schedule", "log₁₀ signal-to-noise"),
    rows=("S4-79b",),
    mistakes=(76,),
    smoke={"T": 10},
    predictions=(
        Prediction(
            "What is the cloud of points at t = T?",
            choices={
                "a dot at 0, as everything was shrunk": SQUARE < 0.3,
                "a round cloud, whatever the data": (SQUARE > 0.3) & (REST < 0.01),
                "the shape, blurred": (SQUARE > 0.3) & (REST > 0.015),
            },
            why="Each step shrinks just so much as its noise adds: the mean square stays 1, and what is left of the "
            "data, √ᾱ, goes to nothing. A standard normal cloud is left, and that anyone can draw.",
        ),
        Prediction(
            "After which share of the T steps is half of the variance noise?",
            choices={
                "about a quarter": SHARE.between(0.2, 0.32),
                "about half": SHARE.between(0.45, 0.55),
                "three quarters or more": SHARE >= 0.75,
            },
            why="The linear schedule adds up: β grows evenly, so ᾱ falls as exp(−t²), roughly, and the second half of "
            "its steps noises what is noise already. The cosine schedule is built to be there at half of the time.",
        ),
    ),
    claims=(
        Claim(
            "After 21 of 100 linear steps about 0.8·x₀ and 0.6·ε are left",
            at(20, "log₁₀ signal-to-noise").between(0.2, 0.3),
        ),
        Claim(
            "At t = T less than a fifth of the data's energy distance to the standard normal is left",
            REST / last("data/distance to normal") < 0.2,
            seeds=5,
        ),
        Claim(
            "Whether drawn step by step or at once, the clouds have the same distribution: their energy distance stays "
            "below 0.01",
            last("step by step and at once/distance") < 0.01,
            seeds=5,
        ),
        Claim(
            "Step by step a point moves by less than 0.5 a frame, in frames drawn apart by more than 1",
            last("one by one/mean move") < 0.5,
            last("drawn apart/mean move") > 1,
            seeds=5,
        ),
        Claim(
            "Half of the variance is noise after 27 of 100 linear steps, and after 50 of the cosine schedule",
            last("steps to a ratio of 1") == 27,
            last("steps to a ratio of 1", schedule="cosine") == 50,
        ),
    ),
    quiz=quiz("""
        ? Frame 3 of a film is x₀ with noise drawn for frame 3 alone, frame 4 x₀ with noise drawn for frame
          4 alone. What is wrong with it?
        + No particle moves from one frame to the next
        - Nothing: that is what noising is
        - The frames have too much noise, and more the later they are
        = Each frame has the right amount of noise: one may jump to any t at once, and training does. But a
          trajectory continues from where it was, and its noise adds up.
        & 76

        ? [compute] Three steps, each with β = 0.19. By which factor is x₀ multiplied in x₃?
        - 1 − 3·0.19 = 0.43
        - 0.81·0.81·0.81 ≈ 0.53
        + 0.9·0.9·0.9 ≈ 0.73
        = Each step multiplies by √(1 − β) = √0.81 = 0.9. ᾱ, here 0.53, is the share of the variance.

        ? [compute] The data have mean square 1. Noise is added, β = 0.1 a step, but nothing is shrunk. What is
          the mean square after 100 steps?
        - 1: noise has mean 0
        + 11
        - 1.1 to the power of 100, about 14,000
        = Variances of independent noises add up: 1 + 100·0.1. The factor √(1 − β) is there to keep it at 1.

        ? Why does training not walk through all t steps for each point?
        - It would need much memory
        + Sums of normal noise are normal
        - It could learn the steps by heart
        = So xₜ = √ᾱₜ·x₀ + √(1 − ᾱₜ)·ε, drawn at once, has the same distribution as t small steps.

        ? [foresee] T becomes 200, and the linear β go from 0.1/200 to 20/200. What becomes of the noise at t = T?
        - There is about twice as much of it
        + About as much as before, as each step adds half
        - About half as much, as β is halved
        = ᾱ_T is about exp(−Σβ), and Σβ is about 10 for each T: the steps get finer, the way is the same.
    """),
    exercises=(
        Exercise(
            "Small steps can be undone, large ones cannot. Noise so that no step has a β above 0.1 and yet, at t = T, "
            "less than 0.05 of the signal is left.",
            last("largest β") <= 0.1,
            last("at T/signal") < 0.05,
            solution={"T": 250},
            hints=(
                "Where is β largest: at the beginning or at the end?",
                "The linear schedule ends with β = 20/T; the cosine one with a leap, whatever T is.",
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
            mistakes=(76,),
        ),
    ),
    sources=(
        "J. Sohl-Dickstein, E. Weiss, N. Maheswaranathan, S. Ganguli: Deep unsupervised learning using nonequilibrium "
        "thermodynamics, ICML 2015",
        "J. Ho, A. Jain, P. Abbeel: Denoising diffusion probabilistic models, NeurIPS 2020",
        "A. Nichol, P. Dhariwal: Improved denoising diffusion probabilistic models, ICML 2021",
        "G. Székely, M. Rizzo: Energy statistics: a class of statistics based on distances, Journal of Statistical "
        "Planning and Inference 143 (2013), 1249-1272",
    ),
)
