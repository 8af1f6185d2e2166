"""Fashion-MNIST: 101,770 parameters and ten kinds of clothing

How far does one hidden layer get on real photographs? Fashion-MNIST holds 70,000 grey images of 28 × 28 pixels
from a shop's catalogue: T-shirts, trousers, pullovers, dresses, coats, sandals, shirts, sneakers, bags, ankle
boots. 60,000 train the network, 10,000 test it.

**The network** is 784 → 128 → 10: every pixel is wired to each of 128 hidden units with a ReLU, and those to
ten scores. Count its parameters before you run it:

    784·128 + 128 = 100,480
    128·10 + 10   =   1,290
    together        101,770

**Training.** Batches of 100 make 600 steps an epoch and 2,400 in four. The optimiser is *Adam*: it divides each
weight's step by a running estimate of how large that weight's gradients are, so that all weights move at a
similar speed:

    m ← β₁m + (1−β₁)g
    v ← β₂v + (1−β₂)g²
    w ← w − lr · m̂ / (√v̂ + ε)

with m̂, v̂ corrected for having started at zero.

**Predict, then run.** Ten equally common classes: what accuracy has guessing? The loss starts near ln 10 ≈
2.30. Where will accuracy be after the first epoch, and after the fourth? Which two classes will be mixed up
most?

**Watch.** Most of the progress comes within the first few hundred steps; the test accuracy ends near 87 %. In
the confusion matrix, look at the row *Shirt*: seen as grey silhouettes, shirts, pullovers, coats and T-shirts
overlap, and the network says so.
"""

from descend.engine.teaching.lesson import Claim, Exercise, Lesson, Prediction, Question, Wrong, knob, knobs

CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


@knobs
class Knobs:
    epochs: int = knob(4, 1, 100, help="times every training image is shown")
    hidden: int = knob(128, 1, 4096, scale="log", help="units in the hidden layer")
    lr: float = knob(0.001, 1e-6, 10.0, scale="log", live=True, help="learning rate of Adam")
    batch_size: int = knob(100, 1, 10_000, scale="log", help="images a step")


def run(lab, k):
    import torch
    from torch import nn

    from descend.engine.lab.fit import Tensors, fit

    data = Tensors.of(lab.dataset, lab.device)
    pixels = data.train_x[0].numel()
    net = nn.Sequential(nn.Flatten(), nn.Linear(pixels, k.hidden), nn.ReLU(), nn.Linear(k.hidden, 10)).to(lab.device)
    parameters = sum(p.numel() for p in net.parameters())
    lab.note(f"{parameters:,} parameters")
    lab.results(parameters=parameters)
    adam = torch.optim.Adam(net.parameters(), lr=k.lr, fused=True)
    fit(lab, net, adam, data, epochs=k.epochs, batch_size=k.batch_size)


def worst(result):
    """Index of the class of which the smallest share is recognised; None if the classes are not those of clothes."""
    picture = result.picture("confusion/test")
    if "Shirt" not in picture.classes:
        return None
    counts = picture.counts.numpy()
    return float((counts.diagonal() / counts.sum(1).clip(1)).argmin())


def better(result):
    """Above 88 % of Fashion-MNIST."""
    if result.state != "done":
        raise Wrong(f"The run is {result.state}; let it come to its end.")
    if "Shirt" not in result.picture("confusion/test").classes:
        raise Wrong("The run was to learn from Fashion-MNIST; this one used other data.")
    if not result.last("test/accuracy") > 0.88:
        raise Wrong(f"It recognises {result.last('test/accuracy'):.2%} of the test images; get it above 88 %.")


LESSON = Lesson(
    covers=("K05",),
    run=run,
    knobs=Knobs,
    data=("fashion-mnist", "digits"),
    after="digits",
    minutes=10,
    predictions=(
        Prediction(
            "Which kind of clothing will it recognise worst?",
            choices=CLASSES,
            truth=worst,
            why="Shirts: their images differ little from T-shirts, pullovers and coats. See the confusion matrix.",
        ),
    ),
    claims=(
        Claim(
            "784 → 128 → 10 has 101,770 parameters",
            measure=lambda r: r.run.last("parameters"),
            exactly=101_770,
        ),
        Claim(
            "After four epochs it recognises about 87 %",
            measure=lambda r: r.run.last("test/accuracy"),
            above=0.86,
            below=0.885,
            seeds=(0, 1, 2),
        ),
        Claim(
            "Shirts are recognised worst",
            measure=lambda r: worst(r.run),
            exactly=CLASSES.index("Shirt"),
            seeds=(0, 1, 2),
        ),
    ),
    exercises=(
        Exercise(
            "Get above 88 % on the 10,000 test images.",
            check=better,
            solution={"epochs": 8, "hidden": 256},
            hints=("Is the test curve still rising at the end?", "More epochs, and more hidden units."),
        ),
    ),
    quiz=(
        Question(
            "How many weights and biases does 784 → 128 → 10 have?",
            ("100,480", "101,632", "101,770"),
            2,
            "784·128 + 128 = 100,480 in the hidden layer and 128·10 + 10 = 1,290 in the output: 101,770.",
        ),
        Question(
            "60,000 images, batches of 100, four epochs: how many optimiser steps?",
            ("240", "600", "2,400"),
            2,
            "600 batches an epoch, four times.",
        ),
    ),
    sources=(
        "H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, a novel image dataset for benchmarking machine learning "
        "algorithms, arXiv:1708.07747, 2017",
        "D. P. Kingma, J. Ba: Adam: a method for stochastic optimization, ICLR 2015",
    ),
)
