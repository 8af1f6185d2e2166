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
layer is pushed; the confusion matrix, which digit was taken for which.

**Break it.** With `lr` = 3 the first large steps push most hidden units below zero for every image, the next ones the
rest. A ReLU that is never positive passes no gradient, so it cannot come back: the loss stays near ln 10. With
`activation` = none nothing holds the same steps back, the numbers overflow, and the run ends and says why.
"""

from descend.engine.teaching.lesson import (
    Claim,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    Wrong,
    first,
    knob,
    last,
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
    fit(lab, net, sgd, data, epochs=k.epochs, batch_size=k.batch_size, evaluate_every=10)


def small_and_good(result):
    """A quarter of the numbers, and still nine digits in ten."""
    if result.state != "done":
        raise Wrong(f"The run is {result.state}; let it come to its end.")
    if result.last("parameters") > 700:
        raise Wrong(f"It learns {result.last('parameters'):,.0f} numbers; at most 700 are allowed.")
    if not result.last("test/accuracy") > 0.9:
        raise Wrong(f"It recognises {result.last('test/accuracy'):.1%} of the test digits; get it above 90 %.")


def lower(result):
    """Index of the lower loss; None where nothing was learned, or the numbers overflowed."""
    train, test = result.last("train/loss"), result.last("test/loss")
    return int(test < train) if result.state == "done" and abs(test - train) > 0.01 * train else None


LESSON = Lesson(
    covers=("D04",),
    run=run,
    knobs=Knobs,
    data=("digits",),
    minutes=5,
    predictions=(
        Prediction(
            "Which loss will be lower in the end?",
            choices=("that on the images it learns from", "that on the images it never sees"),
            truth=lower,
            why="It is fitted to the first, also to what is peculiar to them. Before it learns, the two hardly differ.",
        ),
    ),
    claims=(
        Claim("64 → 32 → 10 has 2,410 numbers to learn", last("parameters", epochs=1) == 2410),
        Claim("Untrained, its loss is near ln 10 ≈ 2.30", first("test/loss", epochs=1).between(2.2, 2.45), seeds=5),
        Claim("After 20 epochs it recognises over 93 % of digits it never saw", last("test/accuracy") > 0.93, seeds=5),
        Claim(
            "With lr = 3 it learns nothing: the loss ends near ln 10",
            last("test/loss", lr=3.0).between(2.25, 2.45),
            seeds=3,
        ),
    ),
    exercises=(
        Exercise(
            "How small may it be? With at most 700 numbers to learn, recognise over 90 % of the test digits.",
            small_and_good,
            solution={"hidden": 9, "activation": "tanh"},
            hints=(
                "With n hidden units it has 64n + n + 10n + 10 numbers.",
                "n is at most 9. Can each unit be kept alive?",
            ),
        ),
    ),
    quiz=quiz("""
        ? Before any training, the loss on ten classes is about 2.3. Why?
        - The weights are too large
        + Each class gets about 1/10
        - A batch has too few images of each class
        = Cross-entropy is −log of the probability given to the true class, and −log(1/10) = ln 10 ≈ 2.30.

        ? Why is the training curve jagged while the test curve is smooth?
        + A training point is 32 images, others each time
        - Only training images change the network, never test images
        - The test images are easier
        = Each test point is the mean over the same 360 images. That there are more of them and that they
          stay the same both make the curve smoother.
    """),
    sources=(
        "E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, chapter 6",
    ),
)
