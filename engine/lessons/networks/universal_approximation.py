"""Universal approximation

Can a network with a single hidden layer follow any curve, if it is only wide enough?

**The theorem** says yes: on a bounded interval, for every continuous f and every ε > 0 there are a width n and
weights with

    | f(x) − (c + Σᵢ vᵢ·σ(wᵢx + bᵢ)) | < ε   everywhere,

provided the activation σ is continuous and *not a polynomial*. Each hidden unit adds one bent piece; the output
layer scales and sums them.

**What it does not say:** how wide is wide enough, or that training finds those weights. "There is a network" is
not "gradient descent gets there". That part you can only try, so try it: here Adam trains all weights on

    f(x) = sin 2x + ½ cos 4x,   −2 ≤ x ≤ 2.

**Predict, then run.** How well do 5 units do, how well 20? Then think about `square`: with σ(z) = z² every unit is
a parabola, and a sum of parabolas is a parabola, however many there are.

**Watch.** The fit bends towards the target where the error is largest. Below it, the six units that contribute most:
the network is their sum. With `relu` each is a hinge with one corner.

**Break it.** Raise `lr` until the loss jumps. Compare seeds at width 5: the same network can be lucky or stuck.
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    Lesson,
    Prediction,
    Question,
    Wrong,
    knob,
    knobs,
)


@knobs
class Knobs:
    width: int = knob(20, 1, 512, scale="log", help="hidden units")
    activation: str = knob("tanh", choices=("tanh", "relu", "square"), help="what a hidden unit does with its sum")
    lr: float = knob(0.01, 1e-4, 1.0, scale="log", live=True, help="learning rate of Adam")
    steps: int = knob(3000, 100, 20_000, scale="log", help="training steps, each on all 256 points")
    pace: int = knob(500, 0, 10_000, live=True, help="steps a second at most, to watch; 0: as fast as it goes")


def run(lab, k):
    import torch
    from torch import nn

    class Square(nn.Module):
        def forward(self, z):
            return z * z

    x = torch.linspace(-2, 2, 256, device=lab.device)[:, None]
    target = torch.sin(2 * x) + 0.5 * torch.cos(4 * x)
    sigma = {"tanh": nn.Tanh, "relu": nn.ReLU, "square": Square}[k.activation]()
    hidden, output = nn.Linear(1, k.width), nn.Linear(k.width, 1)
    net = nn.Sequential(hidden, sigma, output).to(lab.device)  # key: one hidden layer, that is all
    adam = torch.optim.Adam(net.parameters(), k.lr)
    lab.track(net=net, adam=adam)
    parabola = torch.cat([x**0, x, x**2], 1)
    best = torch.linalg.lstsq(parabola, target).solution  # what any number of squares can reach at best
    lab.results(**{"parabola/mse": (parabola @ best - target).square().mean().item()})

    for _ in lab.steps(k.steps):
        fit = net(x)
        mse = (fit - target).square().mean()  # key: how far the sum of units is from the target
        adam.zero_grad()
        mse.backward()
        adam.step()
        lab.scalars({"train/mse": mse})
        lab.layers(net)
        if lab.due():
            with torch.no_grad():
                units = sigma(hidden(x)) * output.weight  # key: what each unit adds to the output
                strongest = (units - units.mean(0)).abs().mean(0).topk(min(6, k.width)).indices
                fit = net(x)
            lab.curve("fit", x, target=target, network=fit)
            lab.curve("strongest units", x, **{f"unit {int(i)}": units[:, i] for i in strongest})

    with torch.no_grad():
        lab.results(**{"train/mse": (net(x) - target).square().mean().item()})


def output_gradient(hidden, weights, target):
    """Gradient of the mean squared error of ``hidden @ weights`` with respect to ``weights``.

    hidden: (samples, units) activations; weights: (units,); target: (samples,). Returns (units,).
    """
    prediction = hidden @ weights
    error = 2 * (prediction - target) / len(target)
    return prediction.T @ error


def output_gradient_solved(hidden, weights, target):
    """Gradient of the mean squared error of ``hidden @ weights`` with respect to ``weights``.

    hidden: (samples, units) activations; weights: (units,); target: (samples,). Returns (units,).
    """
    prediction = hidden @ weights
    error = 2 * (prediction - target) / len(target)
    return hidden.T @ error


def check_output_gradient(gradient):
    """Shape, finite differences, then training to a target."""
    import numpy as np

    rng = np.random.default_rng(0)
    x = np.linspace(-5, 5, 200)
    hidden = np.maximum(0, x[:, None] * rng.normal(size=20) + rng.normal(size=20))
    target, weights = np.sin(x) + 0.5 * np.cos(2 * x), rng.normal(size=20)

    def mse(w):
        return np.square(hidden @ w - target).mean()

    found = np.asarray(gradient(hidden.copy(), weights.copy(), target.copy()))
    if found.shape != (20,):
        raise Wrong(f"There are 20 weights, so the gradient has shape (20,); yours has shape {found.shape}.")
    steps = 1e-5 * np.eye(20)
    true = np.array([(mse(weights + step) - mse(weights - step)) / 2e-5 for step in steps])
    if not np.allclose(found, true, rtol=1e-4, atol=1e-6):
        worst = int(np.argmax(np.abs(found - true)))
        raise Wrong(
            f"Weight {worst}: nudging it changes the error at a rate of {true[worst]:.4g}, "
            f"your gradient says {found[worst]:.4g}."
        )
    weights = np.zeros(20)
    for _ in range(10_000):
        weights -= 0.01 * gradient(hidden, weights, target)
    if not mse(weights) < 0.3:
        raise Wrong(
            f"The gradient is right here and there, yet 10,000 steps of it end at an error of {mse(weights):.3g}."
        )


def fits_with_hinges(result):
    """ReLU units, error below 0.001."""
    if result.state != "done":
        raise Wrong(f"The run is {result.state}; let it come to its end.")
    if result.knobs["activation"] != "relu":
        raise Wrong(f"Its units are {result.knobs['activation']}, not relu.")
    if not result.last("train/mse") < 0.001:
        raise Wrong(f"Its mean squared error is {result.last('train/mse'):.4f}; get it below 0.001.")


def closeness(result):
    """Which of four ranges the final error is in."""
    return sum(result.last("train/mse") < bound for bound in (0.1, 0.01, 0.001))


LESSON = Lesson(
    covers=("D08",),
    after="digits",
    run=run,
    knobs=Knobs,
    minutes=10,
    smoke={"steps": 300},
    predictions=(
        Prediction(
            "The target's mean square is 0.56. What mean squared error will this run end with?",
            choices=("above 0.1", "0.01 to 0.1", "0.001 to 0.01", "below 0.001"),
            truth=closeness,
            why="Five tanh units usually end between 0.0004 and 0.005, twenty below 0.001; squares never leave 0.50.",
        ),
    ),
    claims=(
        Claim(
            "20 tanh units end with less than a quarter of the error of 4",
            measure=lambda r: r.wide.last("train/mse") / r.narrow.last("train/mse"),
            below=0.25,
            runs={"narrow": {"width": 4}, "wide": {"width": 20}},
            seeds=(0, 1, 2, 3, 4),
        ),
        Claim(
            "200 units that square their sum come no closer than the best single parabola",
            measure=lambda r: r.squares.last("train/mse") / r.squares.last("parabola/mse"),
            above=0.999,
            below=1.01,
            runs={"squares": {"activation": "square", "width": 200}},
            seeds=(0, 1, 2),
        ),
        Claim(
            "200 hinges, trained with smaller steps, follow the curve to an error below 0.001",
            measure=lambda r: r.hinges.last("train/mse"),
            below=0.001,
            runs={"hinges": {"activation": "relu", "width": 200, "lr": 0.003}},
            seeds=(0, 1, 2, 3, 4),
        ),
    ),
    quiz=(
        Question(
            "The theorem holds, and a run at width 20 still ends with a visible error. How can both be?",
            (
                "The theorem needs several hidden layers",
                "It says that good weights exist, not that training finds them, nor that 20 units are enough",
                "The target is not continuous",
            ),
            1,
            "It is about existence. How many units a given error takes, and whether an optimiser finds their weights, "
            "is left open.",
        ),
        Question(
            "Why must the activation not be a polynomial?",
            (
                "Polynomials have no gradient",
                "Polynomials grow too fast to be computed",
                "Sums of a polynomial of degree d are polynomials of degree d, whatever the width",
            ),
            2,
            "Scaling and adding units cannot raise the degree, so only polynomials of degree d can be reached; with "
            "z² that is parabolas.",
        ),
        Question(
            "What does a network of 20 ReLU units in one hidden layer draw on an interval?",
            ("A smooth curve", "A line with at most 20 corners", "20 separate steps"),
            1,
            "Each unit max(0, wx + b) is straight except for one corner at x = −b/w; so is a sum of them, with at most "
            "one corner a unit.",
        ),
    ),
    exercises=(
        Exercise(
            "Follow the curve with hinges: with relu units, reach a mean squared error below 0.001.",
            check=fits_with_hinges,
            solution={"activation": "relu", "width": 200, "lr": 0.003},
            hints=(
                "Twenty corners are too few, and a unit whose corner lies outside the interval is a straight line.",
                "With many units every step changes many things at once; take smaller steps.",
            ),
        ),
        CodeExercise(
            "The gradient of the output layer is wrong: training with it overflows. Mend it. (Finite differences will "
            "check each weight, then 10,000 steps of gradient descent must fit sin x + ½ cos 2x.)",
            starter=output_gradient,
            solution=output_gradient_solved,
            check=check_output_gradient,
            hints=(
                "Look at the shape of what is returned. How many weights are there?",
                "Weight i multiplies the activations of unit i. Whose values belong in the product with the error?",
            ),
        ),
    ),
    sources=(
        "G. Cybenko: Approximation by superpositions of a sigmoidal function, "
        "Mathematics of Control, Signals and Systems 2 (1989)",
        "M. Leshno, V. Lin, A. Pinkus, S. Schocken: Multilayer feedforward networks with a nonpolynomial activation "
        "function can approximate any function, Neural Networks 6 (1993)",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, section 6.4.1",
    ),
)
