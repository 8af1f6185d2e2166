"""Universal approximation

Can a network with a single hidden layer follow any curve, if it is only wide enough?

**The theorem** says yes: on a closed, bounded interval, for every continuous f and every ε > 0 there are a width n and
weights with

    | f(x) − (c + Σᵢ vᵢ·σ(wᵢx + bᵢ)) | < ε   everywhere,

provided the *activation* σ, what a hidden unit does with its sum, is continuous and *not a polynomial* (Leshno et al.
1993). Each unit adds one bent piece; the output layer scales and sums them. Two `relu` units, σ(z) = max(0, z), make a
ramp: max(0, x) − max(0, x − 1) is 0 up to x = 0, then x, and 1 from x = 1 on.

**What it does not say:** how wide is wide enough, or that training finds those weights. That part
you can only try: here Adam trains all weights on

    f(x) = sin 2x + ½ cos 4x,   −2 ≤ x ≤ 2.

The *mean squared error* says how far the fit is from it.

**Predict, then run.** How well do 5 units do, how well 20? Then think about `square`: with σ(z) = z² every unit is a
parabola, and a sum of parabolas is a parabola, however many there are.

**Watch.** The fit bends towards the target. Below it are the six units that contribute most; the network is the sum of
all, and a constant. With `relu` each is a hinge with one corner.

**Break it.** Raise `lr` until the loss jumps. Compare seeds at width 5: the same network can be lucky or stuck.
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
    knob_value,
    last,
    number,
    pace,
    quiz,
)


class Knobs(KnobSet):
    width: int = knob(20, 1, 512, scale="log", help="hidden units")
    activation: str = knob("tanh", choices=("tanh", "relu", "square"), help="what a hidden unit does with its sum")
    lr: float = knob(0.01, 1e-4, 1.0, scale="log", live=True, help="learning rate of Adam")
    steps: int = knob(3000, 100, 20_000, scale="log", help="training steps, each on all 256 points")
    pace: int = pace(500)


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
            lab.curve("fit", x, target=target, network=fit, axes=("x", "output"))
            shown = {f"unit {int(i)}": units[:, i] for i in strongest}
            lab.curve("strongest units", x, axes=("x", "added to the output"), **shown)

    with torch.no_grad():
        lab.results(**{"train/mse": (net(x) - target).square().mean().item()})


def output_gradient(hidden, weights, target):
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
    off = np.abs(found - true) / (np.abs(true) + 0.01)
    yield number(off.max(), f"weight {off.argmax()}: relative distance from the slope found by nudging it") <= 1e-3
    weights = np.zeros(20)
    for _ in range(10_000):
        weights -= 0.01 * gradient(hidden, weights, target)
    yield number(mse(weights), "error after 10,000 steps") < 0.3


def mse(**knobs):
    return last("train/mse", **knobs)


LESSON = Lesson(
    covers=("D08",),
    after="digits",
    run=run,
    knobs=Knobs,
    minutes=10,
    takeaways=(
        "One hidden layer can come as near as you like to any continuous curve on a closed interval, if the "
        "activation is not a polynomial.",
        "The theorem says neither how wide is wide enough nor that training finds the weights.",
        "Units that square their sum stay a parabola, however many there are.",
    ),
    show=("fit", "strongest units", "mse"),
    rows=("S1-05", "S1-06", "S4-42", "S4-43"),
    mistakes=(58,),
    smoke={"steps": 300},
    predictions=(
        Prediction(
            "The target's mean square is 0.56. What mean squared error will this run end with?",
            choices={
                "above 0.1": mse() > 0.1,
                "0.01 to 0.1": mse().between(0.01, 0.1),
                "0.001 to 0.01": mse().between(0.001, 0.01),
                "below 0.001": mse() < 0.001,
            },
            why="In 3,000 steps at the rate of the start, five tanh units usually end between 0.0002 and 0.01, twenty "
            "below 0.001; squares never leave 0.50.",
        ),
    ),
    claims=(
        Claim("20 tanh units end below 0.001", mse() < 0.001, seeds=5),
        Claim(
            "5 tanh units end between 0.0002 and 0.01, in nine runs of ten or more",
            mse(width=5).between(0.0002, 0.01),
            seeds=tuple(range(10)),
            needed=9,
        ),
        Claim(
            "200 units that square their sum come no closer than the best single parabola, 0.50",
            (mse(activation="square", width=200) / last("parabola/mse", activation="square", width=200)).between(
                0.999, 1.01
            ),
            last("parabola/mse", activation="square", width=200).between(0.495, 0.505),
            seeds=3,
        ),
        Claim(
            "200 hinges, trained with smaller steps, follow the curve to an error below 0.001",
            mse(activation="relu", width=200, lr=0.003) < 0.001,
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? The theorem holds, and a run at width 5 ends with an error of 0.003. How can both be?
        - The theorem needs several hidden layers, as deep learning does
        + It only says that good weights exist, for some width
        - The target is not continuous, so the theorem does not apply here
        = It is about existence. How many units a given error takes, and whether an optimiser finds their
          weights, is left open.
        & S4-42, 58

        ? [foresee] σ(z) = z³, a hundred units, any training. What can the network become?
        - Any continuous curve, nearly
        + A polynomial of degree 3
        - A polynomial of degree 300
        - Nothing: z³ has no usable gradient
        = Scaling and adding cannot raise the degree, whatever the width: hence the condition that σ is no polynomial.
        & S1-05, 97

        ? [compute] What does a network of 20 ReLU units in one hidden layer draw on an interval?
        - A smooth curve with up to 20 bends
        + A line with at most 20 corners
        - A staircase of 20 steps, one for each unit
        = Each unit max(0, wx + b) is straight except for one corner at x = −b/w; so is a sum of them, with
          at most one corner a unit.

        ? A drawing shows "networks" of 5, 10 and 20 units as the target plus less and less noise. What gives it away?
        - The error falls with the width
        + No network of 5 units is that jagged
        - The error should not fall at all, as the theorem says nothing of it
        = Five tanh units make a smooth curve with few bends: it misses in long arcs, as you can see here at width 5.
        & S4-43, 58
    """),
    exercises=(
        Exercise(
            "Follow the curve with hinges: with relu units, reach a mean squared error below 0.001.",
            mse() < 0.001,
            knob_value("activation") == "relu",
            solution={"activation": "relu", "width": 200, "lr": 0.003},
            hints=(
                "Twenty corners are too few, and a unit whose corner lies outside the interval is a straight line.",
                "With many units every step changes many things at once; take smaller steps.",
            ),
        ),
        CodeExercise(
            "This gradient of the output layer is wrong twice: training with it overflows. Fix it. (Nudging each "
            "weight checks it, then 10,000 steps of gradient descent must fit sin x + ½ cos 2x.)",
            output_gradient,
            check_output_gradient,
            broken={
                "2 * (prediction - target) / len(target)": "prediction - target",
                "return hidden.T @ error": "return prediction.T @ error",
            },
            hints=(
                "Look at the shape of what is returned. How many weights are there?",
                "Weight i multiplies the activations of unit i. Whose values belong in the product with the error?",
                "The error is a mean of squares: what do the mean and the square each bring in?",
            ),
            mistakes=(2,),
            rows=("S1-06",),
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
