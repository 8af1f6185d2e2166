"""The lesson that ``descend new lesson`` writes: small, whole, and true, so that its author replaces what works."""

from __future__ import annotations

TEMPLATE = '''"""{title}

How large may the steps of gradient descent be before it stops arriving?

**The problem.** Points (x, y) lie about a line, y ≈ a·x + b. The mean squared error

    E(a, b) = 1/n Σᵢ (a·xᵢ + b − yᵢ)²

is a bowl over the plane of all (a, b); its lowest place is the best line.

**Gradient descent** walks there: each step goes against the gradient,

    a ← a − η·∂E/∂a          b ← b − η·∂E/∂b.

Along a direction in which the bowl has curvature h, a step multiplies the distance to the lowest place by 1 − η·h. It
shrinks as long as η < 2/h: below that it arrives, above it each step overshoots further than the last.

**Predict, then run.** Will these steps arrive?

**Watch.** The line turns towards the points; the loss falls fast at first, then slowly.

**Break it.** Raise `lr` bit by bit: at first it helps, then the line swings, then the loss explodes.
"""

from descend.engine.teaching.lesson import Claim, CodeExercise, Exercise, Lesson, Prediction, Question, Wrong, knob, knobs


@knobs
class Knobs:
    lr: float = knob(0.05, 0.001, 1.0, scale="log", live=True, help="learning rate η")
    noise: float = knob(0.3, 0.0, 2.0, help="how far the points lie from the line")
    steps: int = knob(60, 10, 1000, scale="log", help="steps of gradient descent")
    pace: int = knob(20, 0, 1000, live=True, help="steps a second at most, to watch; 0: as fast as it goes")


def run(lab, k):
    import torch

    x = torch.linspace(-2, 2, 40)
    y = 1.5 * x + 0.5 + k.noise * torch.randn(40)
    columns = torch.stack([x, torch.ones(40)], 1)
    best = torch.linalg.lstsq(columns, y[:, None]).solution[:, 0]
    least = (columns @ best - y).square().mean()
    line = torch.zeros(2)  # a and b
    lab.track(line=line)

    for _ in lab.steps(k.steps):
        error = columns @ line - y
        gradient = 2 * columns.T @ error / len(y)  # key: the direction in which the error grows fastest
        line -= k.lr * gradient  # key: so go the other way
        lab.scalars({{"train/loss": (columns @ line - y).square().mean(), "distance": (line - best).norm()}})
        lab.curve("fit", x, {{"points": torch.stack([x, y], 1)}}, line=columns @ line, best=columns @ best)

    lab.results(excess=float((columns @ line - y).square().mean() - least))


def arrives(result):
    """0: within 0.01 of the least loss, 1: not yet, 2: it ran away."""
    if result.state == "failed":
        return 2
    return 0 if result.last("excess") < 0.01 else 1


def within_15_steps(result):
    """At most 15 steps, and all but there."""
    if result.state != "done":
        raise Wrong(f"The run is {{result.state}}; let it come to its end.")
    if result.knobs["steps"] > 15:
        raise Wrong(f"It took {{result.knobs['steps']}} steps; 15 are allowed.")
    if not result.last("distance") < 0.01:
        raise Wrong(f"The line is {{result.last('distance'):.3f}} away from the best one; get it below 0.01.")


def gradient(columns, line, y):
    """Gradient of the mean squared error of ``columns @ line`` with respect to ``line``.

    columns: (n, 2); line: (2,); y: (n,). Returns (2,).
    """
    error = columns @ line - y
    return columns.T @ error


def gradient_solved(columns, line, y):
    """Gradient of the mean squared error of ``columns @ line`` with respect to ``line``.

    columns: (n, 2); line: (2,); y: (n,). Returns (2,).
    """
    error = columns @ line - y
    return 2 * columns.T @ error / len(y)


def check_gradient(function):
    """Against finite differences."""
    import numpy as np

    rng = np.random.default_rng(0)
    columns, y = rng.normal(size=(8, 2)), rng.normal(size=8)
    for line in rng.normal(size=(3, 2)):
        nudges = 1e-5 * np.eye(2)
        true = np.array([np.square(columns @ (line + e) - y).mean() for e in nudges])
        true = (true - [np.square(columns @ (line - e) - y).mean() for e in nudges]) / 2e-5
        found = np.asarray(function(columns.copy(), line.copy(), y.copy()))
        if found.shape != (2,):
            raise Wrong(f"The gradient has shape (2,), as the line has; yours has shape {{found.shape}}.")
        if not np.allclose(found, true, rtol=1e-4):
            raise Wrong(f"Nudging the line says the gradient is {{true.round(3)}}, yours is {{found.round(3)}}.")


LESSON = Lesson(
    covers=("{covers}",),
    run=run,
    knobs=Knobs,
    minutes=5,
    smoke={{"steps": 30}},
    predictions=(
        Prediction(
            "Will the line be as good as the best one, up to 0.01 in the loss?",
            choices=("Yes", "Not yet", "It runs away"),
            truth=arrives,
            why="With curvatures of about 2.8 and 2, rates below 0.7 arrive; small ones need more steps.",
        ),
    ),
    claims=(
        Claim(
            "60 steps at a rate of 0.05 come within 0.001 of the least loss",
            measure=lambda r: r.run.last("excess"),
            below=0.001,
            seeds=(0, 1, 2),
        ),
        Claim(
            "At a rate of 0.8 the line ends further away than it began",
            measure=lambda r: r.fast.last("distance") / r.fast.first("distance"),
            above=1,
            runs={{"fast": {{"lr": 0.8}}}},
            seeds=(0, 1, 2),
        ),
    ),
    quiz=(
        Question(
            "The loss grows from step to step. What is the likeliest cause?",
            ("The rate is too small", "The rate is too large", "There are too few points"),
            1,
            "Steps that overshoot by more than they began with lead ever further away.",
        ),
        Question(
            "What does gradient descent on this bowl end at, if it arrives?",
            ("The best line", "One of several good lines", "A line through all points"),
            0,
            "The error has one lowest place only, so every path that arrives ends there.",
        ),
    ),
    exercises=(
        Exercise(
            "Get the line within 0.01 of the best one in 15 steps or fewer.",
            check=within_15_steps,
            solution={{"lr": 0.4, "steps": 15}},
            hints=("Larger steps arrive sooner, up to a point.",),
        ),
        CodeExercise(
            "This gradient has the right direction and the wrong length. Mend it.",
            starter=gradient,
            solution=gradient_solved,
            check=check_gradient,
            hints=("The error is a mean of squares: what do the mean and the square each bring in?",),
        ),
    ),
    sources=("S. Boyd, L. Vandenberghe: Convex Optimization, Cambridge 2004, section 9.3",),
)
'''


def lesson_text(title: str, covers: str) -> str:
    """The text of a new lesson."""
    return TEMPLATE.format(title=title, covers=covers)
