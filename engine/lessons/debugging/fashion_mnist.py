"""Fashion-MNIST: 101,770 parameters and ten kinds of clothing

How well can a program tell a shirt from a coat if it sees nothing but 784 grey values? Fashion-MNIST holds 70,000
pictures of 28 × 28 pixels from a shop's catalogue, in ten equally common classes. 60,000 train, 10,000 test.

**The network** is 784 → 128 → 10: every pixel is wired to each of 128 hidden units, which pass on what is positive of
their sum (ReLU), and those to ten scores. Count its *parameters*, weights and biases, before you run it:

    784·128 + 128 = 100,480
    128·10 + 10   =   1,290
    together        101,770

**Training.** An *epoch* shows every image once, in batches of 100: 600 steps an epoch, 2,400 in four. After each batch
*Adam* moves each weight w against its gradient g, the slope of the loss along w, divided by a running estimate of the
gradients' size, so that all weights move at a similar speed:

    m ← β₁m + (1−β₁)g            β₁ = 0.9, β₂ = 0.999: shares of the past that are kept
    v ← β₂v + (1−β₂)g²
    w ← w − lr · m̂ / (√v̂ + ε)    ε = 10⁻⁸ keeps it from dividing by 0

with m̂, v̂ corrected for having started at zero (Kingma & Ba 2015).

**Choosing.** Who tries many settings and keeps the best on the test images has fitted these too. `validation` keeps
a sixth of the training images back to choose by.

**Predict, then run.** The loss starts near ln 10 ≈ 2.30, that of guessing. Where will accuracy end?

**Watch** the confusion matrix: each row is a true class, each column what was said. As grey silhouettes, shirts,
pullovers, coats and T-shirts overlap.

**Break it.** `lr` = 0.1: Adam's steps become too long.
"""

from dataclasses import replace

from descend.engine.teaching.lesson import (
    Claim,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    Wrong,
    computed,
    first,
    knob,
    knob_value,
    last,
    quiz,
)

CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


class Knobs(KnobSet):
    epochs: int = knob(4, 1, 100, help="times every training image is shown")
    hidden: int = knob(128, 1, 4096, scale="log", help="units in the hidden layer")
    lr: float = knob(0.001, 1e-6, 10.0, scale="log", live=True, help="learning rate of Adam")
    batch_size: int = knob(100, 1, 10_000, scale="log", help="images a step")
    validation: bool = knob(False, help="judge by a sixth of the training images, kept back, not by the test images")


def run(lab, k):
    import torch
    from torch import nn

    from descend.engine.lab.fit import Tensors, fit
    from descend.engine.lab.minibatches import count_parameters

    data = Tensors.of(lab.dataset, lab.device)
    if k.validation:
        kept = len(data.train_y) // 6
        data = replace(
            data,
            train_x=data.train_x[:-kept],
            train_y=data.train_y[:-kept],
            test_x=data.train_x[-kept:],  # key: choose by these, and touch the test images once, at the end
            test_y=data.train_y[-kept:],
        )
        lab.note(f"What is called test are {kept:,} training images kept back for validation")
    pixels = data.train_x[0].numel()
    net = nn.Sequential(nn.Flatten(), nn.Linear(pixels, k.hidden), nn.ReLU(), nn.Linear(k.hidden, 10)).to(lab.device)
    parameters = count_parameters(net)
    lab.note(f"{parameters:,} parameters")
    lab.results(parameters=parameters)
    adam = torch.optim.Adam(net.parameters(), lr=k.lr, fused=True)
    fit(lab, net, adam, data, epochs=k.epochs, batch_size=k.batch_size)


def worst(result):
    """Index of the class that is recognised worst; None if it is a tie, or the classes are not those of clothes."""
    picture = result.picture("confusion/test")
    if "Shirt" not in picture.classes:
        return None
    counts = picture.counts.numpy()
    recognised = counts.diagonal() / counts.sum(1).clip(1)
    lowest, second = sorted(recognised)[:2]
    return float(recognised.argmin()) if second - lowest > 0.005 else None


def of_clothes(result):
    classes = result.picture("confusion/test").classes
    if "Shirt" not in classes:
        raise Wrong(f"The run is to learn from Fashion-MNIST; the classes of this one are {', '.join(classes)}.")


worst_class = computed("the class recognised worst", worst)
accuracy = last("test/accuracy")

LESSON = Lesson(
    covers=("K05",),
    run=run,
    knobs=Knobs,
    data=("fashion-mnist", "digits"),
    after="digits",
    minutes=10,
    takeaways=(
        "A 784 → 128 → 10 network has 101,770 parameters, almost all of them between pixels and hidden units.",
        "Its loss starts near ln 10 ≈ 2.30, because ten classes that get equal probability cost that much.",
        "Four epochs bring it to about 87 %, and shirts are the class most often mistaken.",
        "Settings are chosen on images held back from training, never on those of the test.",
    ),
    show=("test", "accuracy", "loss"),
    rows=("S4-124", "S4-125", "S4-126", "S4-127", "S4-130"),
    mistakes=(69, 71),
    predictions=(
        Prediction(
            "Which kind of clothing will it recognise worst?",
            choices={name: worst_class == index for index, name in enumerate(CLASSES)},
            why="As a rule shirts: their images differ little from T-shirts, pullovers and coats. See the confusion "
            "matrix.",
            mistakes=(71,),
        ),
        Prediction(
            "What share of the test images will it recognise?",
            choices={
                "below 80 %": accuracy < 0.8,
                "80 to 85 %": accuracy.between(0.8, 0.85),
                "86 to 90 %": accuracy.between(0.86, 0.9),
                "above 95 %": accuracy > 0.95,
            },
            why="The classes overlap more than handwritten digits do: four epochs end near 87 %.",
        ),
    ),
    claims=(
        Claim("784 → 128 → 10 has 101,770 parameters", last("parameters") == 101_770),
        Claim("The loss starts near ln 10 = 2.30", first("train/loss").between(2.1, 2.5), seeds=5),
        Claim("After four epochs it recognises about 87 %", accuracy.between(0.86, 0.885), seeds=5),
        Claim(
            "Shirts are recognised worst, in four runs of five or more",
            worst_class == CLASSES.index("Shirt"),
            seeds=5,
            needed=4,
        ),
        Claim(
            "At a rate of 0.1 Adam's steps are too long: it stays below 75 %",
            last("test/accuracy", lr=0.1) < 0.75,
            seeds=3,
        ),
    ),
    exercises=(
        Exercise(
            "Choose settings that recognise more than 87.5 % of the 10,000 validation images.",
            knob_value("validation") == 1,
            accuracy > 0.875,
            of_clothes,
            solution={"epochs": 8, "hidden": 256, "validation": True},
            hints=("Is the test curve still rising at the end?", "More epochs, and more hidden units."),
        ),
    ),
    quiz=quiz("""
        ? [compute] How many weights and biases does 784 → 128 → 10 have?
        - 100,480: 784·128 + 128
        - 101,632: 784·128 + 128·10
        + 101,770
        = 784·128 + 128 = 100,480 in the hidden layer and 128·10 + 10 = 1,290 in the output: 101,770.
        & S4-125

        ? [compute] 60,000 images, batches of 100, four epochs: how many optimiser steps?
        + 2,400
        - 240, 60 an epoch
        - 600, one for each batch
        = 600 batches an epoch, four times. A published drawing of this training has 60 an epoch.
        & S4-124, 69

        ? [foresee] Ten equally common classes, an untrained network. Where does its loss, cross-entropy, start?
        + Near 2.3
        - Near 0.9, the share that is wrong
        - Near 10, one for each class
        = It gives each class about a tenth: −ln 0.1 = ln 10 ≈ 2.303.
        & S4-127, 69

        ? Of thirty settings you keep the one with the best accuracy on the test images. What is that accuracy?
        - An honest estimate, as no test image was trained on
        + Too high
        - Too low, as the other settings wasted training
        = The best of thirty is partly luck with these images. Choose by validation images; test once.
    """),
    sources=(
        "H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, a novel image dataset for benchmarking machine learning "
        "algorithms, arXiv:1708.07747, 2017",
        "D. P. Kingma, J. Ba: Adam: a method for stochastic optimization, ICLR 2015",
    ),
)
