"""Digits: a first network

Can a few thousand multiplications learn to read handwriting? Here are 1,797 digits that people wrote, each
shrunk to 8 × 8 grey values (scikit-learn's embedded set; it is *not* MNIST, whose images are 28 × 28 and number
70,000).

**The network.** 64 pixels enter, `hidden` units each take a weighted sum of all of them and keep it only if it
is positive, and 10 outputs score the ten digits:

    h = max(0, W₁x + b₁)
    scores = W₂h + b₂

With 32 hidden units that is 64·32 + 32 + 32·10 + 10 = 2,410 numbers to learn.

**Learning.** *Softmax* turns scores into probabilities; the *cross-entropy* loss is −log of the one given to the
true digit. Untrained, each digit gets about 1/10, so the loss starts near ln 10 ≈ 2.30. *Backpropagation* finds
how the loss changes with every weight, and each step, on a small random batch, moves all weights against that:

    w ← w − lr · ∂loss/∂w

An *epoch* has shown every training image once.

**Predict, then run.** The network learns from 1,437 images and is tested on 360 it never sees. Which of the two
losses ends lower? Which digits will it mix up?

**Watch.** Each point of a training curve is one batch, so it is jagged. The gradient panel shows how hard each
layer is pushed; the confusion matrix and ten digits, which is taken for which.

**Break it.** With `lr` = 3 the first large steps push most hidden units below zero for every image, the next ones the
rest. A ReLU that is never positive passes no gradient, so it cannot come back: the loss stays near ln 10. With
`activation` = none nothing holds the same steps back, the numbers overflow, and the run ends and says why.
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
    last,
    number,
    pace,
    quiz,
)


class Knobs(KnobSet):
    epochs: int = knob(20, 1, 200, help="times every training image is shown")
    hidden: int = knob(32, 1, 512, scale="log", help="units in the hidden layer")
    lr: float = knob(0.3, 1e-4, 100.0, scale="log", live=True, help="learning rate of gradient descent")
    activation: str = knob("relu", choices=("relu", "tanh", "none"), help="what a hidden unit does with its sum")
    batch_size: int = knob(32, 1, 1437, scale="log", help="images a step")
    pace: int = pace(200)


def run(lab, k):
    import torch
    from torch import nn

    from descend.engine.lab.fit import Tensors, fit

    data = Tensors.of(lab.dataset, lab.device)
    activation = {"relu": nn.ReLU, "tanh": nn.Tanh, "none": nn.Identity}[k.activation]
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, k.hidden), activation(), nn.Linear(k.hidden, 10)).to(lab.device)
    lab.results(parameters=sum(weights.numel() for weights in net.parameters()))
    sgd = torch.optim.SGD(net.parameters(), lr=k.lr)  # key: w ← w − lr · gradient
    chosen = choose_ten(data)
    images, truth = data.test_x[chosen], data.test_y[chosen].tolist()

    def show_ten():
        """What the network takes each of ten test images for, and how sure it is."""
        with torch.no_grad():
            chance, guess = net(images).softmax(1).max(1)  # key: the guess is the digit with the highest score
        lab.images("ten test digits", images, describe_guesses(guess.tolist(), chance.tolist(), truth), low=0, high=1)

    fit(lab, net, sgd, data, epochs=k.epochs, batch_size=k.batch_size, evaluate_every=10, evaluated=show_ten)


def choose_ten(data):
    """Places of ten test images, one of each digit: the first, and of odd digits that which looks most like another
    digit, as its nearest training images tell."""
    import torch

    apart = torch.cdist(data.test_x.flatten(1), data.train_x.flatten(1))
    same = data.test_y[:, None] == data.train_y
    own, other = apart.masked_fill(~same, torch.inf).amin(1), apart.masked_fill(same, torch.inf).amin(1)
    places = [torch.nonzero(data.test_y == digit)[:, 0] for digit in range(10)]
    return [(at[(own / other)[at].argmax()] if digit % 2 else at[0]).item() for digit, at in enumerate(places)]


def describe_guesses(guesses, chances, truth):
    """A caption for each image, which says the guess, its probability, and of a mistake what it is."""
    return [
        f"✓ {guess}, {chance:.0%}" if guess == digit else f"✗ {guess}, {chance:.0%}, is {digit}"
        for guess, chance, digit in zip(guesses, chances, truth, strict=True)
    ]


def forward(x, w1, b1, w2, b2):
    """Probabilities that the network gives to the ten digits.

    x: (images, 64); w1: (64, hidden); b1: (hidden,); w2: (hidden, 10); b2: (10,). Returns (images, 10).
    """
    import numpy as np

    h = np.maximum(0, x @ w1 + b1)
    scores = h @ w2 + b2
    grown = np.exp(scores - scores.max(1, keepdims=True))
    return grown / grown.sum(1, keepdims=True)


def check_forward(forward):
    """Shape, sums, then each probability against sums written out one by one."""
    import math

    import numpy as np

    rng = np.random.default_rng(0)
    x, w1, b1 = rng.random((5, 64)), rng.normal(size=(64, 3)) / 4, rng.normal(size=3) - 1
    w2, b2 = rng.normal(size=(3, 10)), rng.normal(size=10)
    found = np.asarray(forward(x.copy(), w1.copy(), b1.copy(), w2.copy(), b2.copy()))
    if found.shape != (5, 10):
        raise Wrong(f"Five images have probabilities of shape (5, 10); yours have shape {found.shape}.")
    yield number(np.abs(found.sum(1) - 1).max(), "largest distance of an image's sum from 1") <= 1e-9
    for image, mine in zip(x, found, strict=True):
        h = [max(0.0, sum(a * b for a, b in zip(image, w1[:, unit], strict=True)) + b1[unit]) for unit in range(3)]
        grown = [math.exp(sum(h[unit] * w2[unit, k] for unit in range(3)) + b2[k]) for k in range(10)]
        off = np.abs(mine - np.array(grown) / sum(grown)).max()
        yield number(off, "largest distance of a probability from exp(score)/Σ exp(scores)") <= 1e-9


TRAIN, TEST, RIGHT = last("train/loss"), last("test/loss"), last("test/accuracy")

LESSON = Lesson(
    covers=("D04",),
    run=run,
    knobs=Knobs,
    data=("digits",),
    minutes=8,
    takeaways=(
        "A network of one hidden layer is two matrix products with a ReLU between them.",
        "The loss starts near ln 10 ≈ 2.30, because untrained scores give each of ten digits about the same "
        "probability.",
        "It ends lower on the images it learns from than on those it never saw.",
        "A rate that is too large leaves ReLU units that pass no gradient: nothing is learned any more.",
    ),
    show=("loss", "accuracy", "test", "ten test digits"),
    mistakes=(84,),
    predictions=(
        Prediction(
            "Which loss will be lower in the end?",
            choices={
                "that on the images it learns from": TEST > 1.01 * TRAIN,
                "that on the images it never sees": TEST < 0.99 * TRAIN,
            },
            why="It is fitted to the first, also to what is peculiar to them. Before it learns, the two hardly differ.",
        ),
    ),
    claims=(
        Claim("64 → 32 → 10 has 2,410 numbers to learn", last("parameters", epochs=1) == 2410),
        Claim("Untrained, its loss is near ln 10 ≈ 2.30", first("test/loss", epochs=1).between(2.2, 2.45), seeds=5),
        Claim("After 20 epochs it recognises over 93 % of digits it never saw", RIGHT > 0.93, seeds=5),
        Claim("The loss ends lower on the images it learns from", TEST > 1.5 * TRAIN, seeds=5),
        Claim("Without activation over 90 % all the same", last("test/accuracy", activation="none") > 0.9, seeds=5),
        Claim(
            "With lr = 3 it learns nothing: the loss ends near ln 10",
            last("test/loss", lr=3.0).between(2.25, 2.45),
            seeds=3,
        ),
        Claim("… and without activation its numbers overflow", diverged(lr=3.0, activation="none"), seeds=3),
    ),
    exercises=(
        Exercise(
            "How small may it be? With at most 700 numbers to learn, recognise over 90 % of the test digits.",
            last("parameters") <= 700,
            RIGHT > 0.9,
            solution={"hidden": 9, "activation": "tanh"},
            hints=(
                "With n hidden units it has 64n + n + 10n + 10 numbers.",
                "n is at most 9. Can each unit be kept alive?",
            ),
        ),
        CodeExercise(
            "This forward pass takes its maximum too early, and shares one image's probability with all. Fix both.",
            forward,
            check_forward,
            broken={
                "np.maximum(0, x @ w1 + b1)": "np.maximum(0, x @ w1) + b1",
                "grown / grown.sum(1, keepdims=True)": "grown / grown.sum()",
            },
            hints=(
                "A unit's sum is W₁x + b₁; what is not positive of that, bias and all, becomes 0.",
                "Each row is one image, and its ten probabilities sum to 1 by themselves.",
            ),
        ),
    ),
    quiz=quiz("""
        ? [compute] How many numbers has 64 → 16 → 10 to learn?
        - 90: 64 + 16 + 10
        - 1,184: 64·16 + 16·10
        + 1,210
        = 64·16 + 16·10 = 1,184 weights, and a bias for each of the 16 hidden units and 10 outputs.

        ? [foresee] A network is to tell two digits apart. Untrained, where does its loss start?
        - Near 2.30, as any cross-entropy does
        + Near 0.69
        - Near 0.5, the share that it gets wrong
        = Each of two classes gets about ½, and −ln ½ = ln 2 ≈ 0.69. With ten it is ln 10 ≈ 2.30.

        ? [compute] The loss of one image is 0.01. Which probability did its true digit get?
        - 1 %
        - 10 %
        + 99 %
        = The loss is −ln p, so p = e^−0.01 ≈ 0.99. A low loss is a high probability of the truth.

        ? [foresee] With `activation` = none each hidden unit passes on its sum as it is. What will the trained network
          recognise?
        - A tenth of the test digits: without a bend nothing can be learned
        - About half of them, those that differ most
        + Over nine tenths
        = W₂(W₁x + b₁) + b₂ is a single linear map, and a linear map learns these digits about as well: flat
          boundaries between them are enough. Where they are not, only units that bend help.

        ? Why is the training curve jagged while the test curve is smooth?
        + A training point is 32 images, others each time
        - Only training images change the network, never test images
        - The test images are easier
        = Each test point is the mean over the same 360 images. That there are more of them and that they
          stay the same both make the curve smoother.

        ? [compute] A ReLU unit's sum is −2 for an image, and ∂loss/∂h = 0.5 comes back to it. What gradient does its
          bias get?
        - 0.5, as the bias is added
        - −1: 0.5 times −2
        + 0
        = Below zero max(0, ·) is flat, so nothing passes back. A unit that is below zero for every image never changes
          again: that is how the run with `lr` = 3 dies.
    """),
    sources=(
        "E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, chapter 6",
    ),
)
