"""The lesson that ``descend new lesson`` writes: small, whole, and true, so that its author replaces what works."""

from __future__ import annotations

TEMPLATE = '''"""{title}

How large may the steps of gradient descent be before it stops arriving?

**The problem.** Points (x, y) lie about a line, y ≈ a·x + b. The mean squared error

    E(a, b) = 1/n Σᵢ (a·xᵢ + b − yᵢ)²

is a bowl over the plane of all (a, b); its lowest point is the best line.

**Gradient descent** starts at a = b = 0. Each step goes against the gradient, the direction in which the error grows
fastest:

    a ← a − η·∂E/∂a          b ← b − η·∂E/∂b.

The *learning rate* η says how far. Along a direction in which the bowl has curvature h, a step multiplies the distance
to the lowest point by 1 − η·h. That shrinks as long as η < 2/h: below it the steps arrive, above it each overshoots
further than the last. With h = 2 and η = 0.4 the factor is 0.2; with η = 1.1 it is −1.2.

**Predict, then run.** Will these steps arrive?

**Watch.** The line turns towards the points; the loss falls fast at first, then slowly, since the bowl is flatter in
one direction than in the other.

**Break it.** Raise `lr` bit by bit: at first that helps, then the line swings from side to side, then the loss
explodes. At which rate does that begin, and what does 2/h say?
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    Wrong,
    diverged,
    first,
    knob,
    knob_value,
    last,
    number,
    pace,
    quiz,
)


class Knobs(KnobSet):
    lr: float = knob(0.05, 0.001, 1.0, scale="log", live=True, help="learning rate η")
    noise: float = knob(0.3, 0.0, 2.0, help="standard deviation of the points about the line")
    steps: int = knob(60, 10, 1000, scale="log", help="steps of gradient descent")
    pace: int = pace(20)


def run(lab, k):
    import torch

    x = torch.linspace(-2, 2, 40)
    y = 1.5 * x + 0.5 + k.noise * torch.randn(40)
    columns = torch.stack([x, torch.ones(40)], 1)
    best = torch.linalg.lstsq(columns, y[:, None]).solution[:, 0]
    lowest = (columns @ best - y).square().mean()
    line = torch.zeros(2)  # a and b
    lab.track(line=line)

    for _ in lab.steps(k.steps):
        error = columns @ line - y
        gradient = 2 * columns.T @ error / len(y)  # key: the direction in which the error grows fastest
        line -= k.lr * gradient  # key: so go the other way
        loss = (columns @ line - y).square().mean()
        lab.scalars({{"train/loss": loss, "distance": (line - best).norm(), "excess": loss - lowest}})
        points = {{"points": torch.stack([x, y], 1)}}
        lab.curve("fit", x, points, axes=("x", "y"), line=columns @ line, best=columns @ best)


def gradient(columns, line, y):
    """Gradient of the mean squared error of ``columns @ line`` with respect to ``line``.

    columns: (n, 2); line: (2,); y: (n,). Returns (2,).
    """
    error = columns @ line - y
    return 2 * columns.T @ error / len(y)


def check_gradient(function):
    """Its shape, then finite differences at three places."""
    import numpy as np

    rng = np.random.default_rng(0)
    columns, y = rng.normal(size=(8, 2)), rng.normal(size=8)
    for line in rng.normal(size=(3, 2)):
        nudges = 1e-5 * np.eye(2)
        right = np.array([np.square(columns @ (line + e) - y).mean() for e in nudges])
        right = (right - [np.square(columns @ (line - e) - y).mean() for e in nudges]) / 2e-5
        found = np.asarray(function(columns.copy(), line.copy(), y.copy()))
        if found.shape != (2,):
            raise Wrong(f"The gradient has shape (2,), as the line has; yours has shape {{found.shape}}.")
        if not np.allclose(found, right, rtol=1e-4):
            raise Wrong(f"Nudging the line says the gradient is {{right.round(3)}}, yours is {{found.round(3)}}.")
        yield number(np.abs(found - right).max(), "largest difference from nudging") <= 1e-4


LESSON = Lesson(
    covers=("{covers}",),
    run=run,
    knobs=Knobs,
    minutes=5,
    takeaways=(
        "Gradient descent arrives as long as the rate is below 2/h, h being the largest curvature.",
        "Above that each step overshoots further than the last, and the loss explodes.",
    ),
    show=("fit", "loss", "distance"),
    smoke={{"steps": 30}},
    predictions=(
        Prediction(
            "Will the line be as good as the best one, up to 0.01 in the loss?",
            choices={{
                "Yes": last("excess") < 0.01,
                "Not yet": last("excess").between(0.01, 4),
                "It runs away": (last("excess") > 4, diverged()),
            }},
            why="It begins about 3.5 above the best line. With curvatures of about 2.8 and 2, rates below 0.7 arrive; "
            "small ones need more steps.",
        ),
    ),
    claims=(
        Claim("60 steps at a rate of 0.05 come within 0.001 of the best loss", last("excess") < 0.001, seeds=5),
        Claim(
            "At a rate of 0.8 the line ends further away than it began",
            last("distance", lr=0.8) > first("distance", lr=0.8),
            seeds=5,
        ),
    ),
    exercises=(
        Exercise(
            "Get the line within 0.01 of the best one in 15 steps or fewer.",
            knob_value("steps") <= 15,
            last("distance") < 0.01,
            solution={{"lr": 0.4, "steps": 15}},
            hints=("Larger steps arrive sooner, up to a point.",),
        ),
        CodeExercise(
            "This gradient has the right direction and the wrong length. Fix it.",
            gradient,
            check_gradient,
            broken={{"2 * columns.T @ error / len(y)": "columns.T @ error"}},
            hints=("The error is a mean of squares: what do the mean and the square each bring in?",),
        ),
    ),
    quiz=quiz("""
        ? [foresee] The curvature is 4 and the rate 0.6. What happens to the distance from the lowest point?
        - It shrinks, because the rate is still below 1
        + It grows, and changes sign at every step
        - It stays as it is
        = 1 − 0.6·4 = −1.4: every step multiplies the distance by 1.4 and lands on the other side.

        ? The loss grows from step to step. What is the likeliest cause?
        - The rate is too small
        + The rate is too large
        - There are too few points
        = Steps that overshoot by more than they began with lead ever further away.

        ? [compute] The curvature is 2. Which rate arrives in a single step?
        - 2
        - 1
        + 0.5
        = 1 − η·2 = 0 for η = 1/2. Along the other direction, with another curvature, that rate need not arrive at once.
    """),
    sources=("S. Boyd, L. Vandenberghe: Convex Optimization, Cambridge University Press 2004, section 9.3",),
)
'''


def make_lesson_text(title: str, covers: str) -> str:
    """The text of a new lesson."""
    return TEMPLATE.format(title=title, covers=covers)
