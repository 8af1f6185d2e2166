"""Output layers and their losses

A network ends in scores: 7.1 for a three, 4.0 for an eight. How do they become probabilities, and which does training
raise?

**One answer of several.** *Softmax* makes of an image's scores s numbers that are positive and add up to 1:

    p_k = e^(s_k) / Σ e^(s_j)

Scores (0, ln 3) give (¼, ¾), the table's first row. Adding one number to all scores changes nothing, so the largest is
subtracted first: then no e^s overflows. Each image has its own sum. Dividing the scores by a *temperature* above 1
makes probabilities more alike, below 1 more different; their order stays.

**Several answers at once.** An eight is even, at least 5, and has a loop. Such labels do not compete, so each score has
its own *sigmoid*, 1/(1 + e^(−s)). The sum may be anything.

**The loss** is large for a surprise: −ln p of the true class (*cross-entropy*); for several labels, the sum of −ln p of
each that holds, −ln(1 − p) of each that does not (*binary cross-entropy*). With y = 1 for what is true, 0 for what is
not, both have the same slope at a score:

    ∂loss/∂s = p − y

(with n true labels, softmax: n·p − y). At first ten digits have about 1/10, so the slopes are about 1/10, and
−9/10 at the true one. Training goes against the slope, so it raises that one.

**Predict, then run.** A network, 64 pixels → 32 units → outputs, learns digits. What do an image's slopes add up to?

**Watch** the slopes of one test image die out.

**Break it.** `labels` properties with `output` softmax: where three hold, what can each get?
"""

import math

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    Wrong,
    first,
    knob,
    knob_value,
    last,
    number,
    pace,
    quiz,
)

PROPERTIES = {"even": (0, 2, 4, 6, 8), "at least 5": (5, 6, 7, 8, 9), "prime": (2, 3, 5, 7), "loop": (0, 6, 8, 9)}


class Knobs(KnobSet):
    labels: str = knob("digit", choices=("digit", "properties"), help="one of ten digits, or four yes-or-no labels")
    output: str = knob("softmax", choices=("softmax", "sigmoid"), help="what makes probabilities of the scores")
    temperature: float = knob(1.0, 0.1, 10.0, scale="log", live=True, help="scores are divided by it where shown")
    image: int = knob(0, 0, 359, live=True, help="which of the test images is shown")
    lr: float = knob(0.01, 1e-4, 1.0, scale="log", live=True, help="learning rate of Adam")
    steps: int = knob(200, 5, 2000, scale="log", help="training steps, each on all 1,437 images")
    pace: int = pace(30)


def probabilities(scores, output, temperature=1.0):
    """Probabilities (images, outputs) of such scores."""
    import torch

    scores = scores / temperature
    if output == "sigmoid":
        return torch.sigmoid(scores)
    grown = torch.exp(scores - scores.amax(1, keepdim=True))  # key: largest exponent 0, so nothing overflows
    return grown / grown.sum(1, keepdim=True)  # key: each row has its own sum


def losses(scores, y, output):
    """The loss of every image, from its scores: the logarithm is taken before anything is rounded to 0."""
    from torch.nn import functional

    if output == "sigmoid":
        return functional.binary_cross_entropy_with_logits(scores, y, reduction="none").sum(1)
    return -(y * functional.log_softmax(scores, 1)).sum(1)


def run(lab, k):
    import torch
    from torch import nn

    from descend.engine.lab.fit import Tensors

    data = Tensors.of(lab.dataset, lab.device)
    names = tuple(PROPERTIES) if k.labels == "properties" else data.classes
    meaning = torch.eye(10)
    if k.labels == "properties":
        meaning = torch.tensor([[float(digit in those) for those in PROPERTIES.values()] for digit in range(10)])
    meaning = meaning.to(lab.device)
    x, test_x, y, truth = data.train_x.flatten(1), data.test_x.flatten(1), meaning[data.train_y], meaning[data.test_y]
    net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, len(names))).to(lab.device)
    adam = torch.optim.Adam(net.parameters(), k.lr)
    lab.track(net=net, adam=adam)

    for step in lab.steps(k.steps, samples=len(x)):
        scores = net(x)
        scores.retain_grad()
        loss = losses(scores, y, k.output).mean()
        adam.zero_grad()
        loss.backward()
        if step == 0:
            slopes = find_slopes(scores.detach(), y, k.output)
            off = (scores.grad * len(y) - slopes).abs().max().item()  # key: backpropagation finds the same
            lab.results(**{"slope off": off, "sum of slopes": slopes.sum(1).mean().item()})
        adam.step()
        lab.scalars({"train/loss": loss})
        if lab.due() or step == k.steps - 1:
            with torch.no_grad():
                scores = net(test_x)
                lab.scalars({"test/loss": losses(scores, truth, k.output).mean()})
            p = probabilities(scores, k.output)
            right = p.argmax(1) == data.test_y if k.labels == "digit" else ((p > 0.5) == (truth > 0.5)).all(1)
            lab.results(**{"test/accuracy": right.float().mean().item()})
            show(lab, k, names, scores, truth, data)


def find_slopes(scores, y, output):
    """Slopes of the losses at the scores: p − y, where a softmax has one label."""
    labels = y.sum(1, keepdim=True) if output == "softmax" else 1
    return probabilities(scores, output) * labels - y  # key: of several labels, each pulls at all of a softmax's scores


def show(lab, k, names, scores, truth, data):
    """One test image: its probabilities, slopes and losses; then five images, row by row."""
    import torch

    shown, y = probabilities(scores, k.output, k.temperature), truth[k.image].cpu()
    marked = [f"{name} ✓" if true else name for name, true in zip(names, y, strict=True)]
    plain, slopes = probabilities(scores, k.output)[k.image].cpu(), find_slopes(scores, truth, k.output)[k.image].cpu()
    lab.bars("probability and slope", marked, "✓ is true", probability=shown[k.image].cpu(), slope=slopes)
    digit = data.classes[int(data.test_y[k.image])]
    lab.images("image", data.test_x[k.image : k.image + 1], (f"a {digit}",), low=0, high=1)
    at = torch.linspace(0.01, 0.99, 99)
    here = {"true": [(float(one), -float(torch.log(one))) for one in plain[y > 0.5].clamp(0.01, 0.99)]}
    marks = here if here["true"] else None
    lab.curve("loss by probability", at, marks, axes=("p", "loss"), holds=-at.log(), **{"does not": -(1 - at).log()})
    example = probabilities(torch.tensor([[0, math.log(3)]]), k.output, k.temperature)[0].tolist()
    lines = [("0, ln 3", round(sum(example), 3), *[round(p, 3) for p in example], *[None] * (len(names) - 2))]
    for i in range(k.image, min(k.image + 5, len(shown))):
        row = [round(p, 3) for p in shown[i].tolist()]
        lines.append((data.classes[int(data.test_y[i])], round(shown[i].sum().item(), 3), *row))
    lab.table("row by row", ("scores of", "sum", *names), lines)
    lab.results(**{"largest probability": shown.amax(1).mean().item()})


def loss_of_labels(scores, y):
    """Mean binary cross-entropy of raw scores, any number, against labels y of 0 and 1; tensors of one shape."""
    from torch.nn import functional

    return functional.binary_cross_entropy_with_logits(scores, y)


def check_loss_of_labels(loss):
    """Known values, one of them so large that a probability has been rounded to 0."""
    import torch

    for score, label, true in ((0.0, 1.0, 0.6931472), (2.0, 0.0, 2.1269280), (-200.0, 1.0, 200.0), (300.0, 0.0, 300.0)):
        try:
            found = float(loss(torch.tensor([[score]]), torch.tensor([[label]])))
        except RuntimeError as error:
            raise Wrong(f"For a score of {score:g} it raises: {str(error).splitlines()[0]}") from None
        yield number(abs(found / true - 1), f"score {score:g}, label {label:g}: relative error of {true:g}") <= 1e-5


def accuracy(labels, output):
    return last("test/accuracy", labels=labels, output=output)


RIGHT, SUM = last("test/accuracy"), last("sum of slopes")

LESSON = Lesson(
    covers=("D07",),
    after="digits",
    run=run,
    knobs=Knobs,
    data=("digits",),
    takeaways=(
        "Softmax shares a probability of 1 among classes that exclude each other; sigmoids judge each label alone.",
        "With the loss that belongs to it, either output has the slope p − y at its scores.",
        "A temperature changes how sure the probabilities are, not their order.",
        "Losses are computed from raw scores, so that nothing overflows or is rounded to 0.",
    ),
    show=("probability and slope", "loss by probability", "row by row", "image", "loss"),
    rows=("S2-23", "S2-28", "S3-44"),
    smoke={"steps": 20},
    predictions=(
        Prediction(
            "The slopes at an image's scores, before training: what do they add up to, on average over all images?",
            choices={"0": abs(SUM) < 1e-4, "less than 0": SUM < -0.01, "more than 0": SUM > 0.01},
            why="Softmax's probabilities add up to 1: what one score gains, others lose. Sigmoids all begin near ½; "
            "most labels do not hold, so most slopes are positive: these scores are pushed down.",
        ),
        Prediction(
            "Of what share of test images will every label be right? (digit: the largest p is the right one)",
            choices={"under 50 %": RIGHT < 0.5, "50 to 85 %": RIGHT.between(0.5, 0.85), "over 85 %": RIGHT > 0.85},
            why="Given steps enough, both outputs learn the digits. Of properties up to three hold at once, and a "
            "softmax, whose sum is 1, can give more than ½ to one only.",
        ),
    ),
    claims=(
        Claim(
            "Backpropagation finds p − y at the scores, for softmax and for sigmoids",
            last("slope off") < 1e-5,
            last("slope off", output="sigmoid") < 1e-5,
            seeds=5,
        ),
        Claim(
            "Untrained, the loss of ten classes is near ln 10 = 2.30", first("train/loss").between(2.2, 2.5), seeds=5
        ),
        Claim(
            "Softmax and sigmoids both read over 90 % of the digits",
            accuracy("digit", "softmax") > 0.9,
            accuracy("digit", "sigmoid") > 0.9,
            seeds=5,
        ),
        Claim(
            "All four properties: sigmoids get over 80 % of the images, softmax under 45 %",
            accuracy("properties", "sigmoid") > 0.8,
            accuracy("properties", "softmax") < 0.45,
            seeds=5,
        ),
        Claim(
            "At temperature 10 the largest probability averages under 0.5, at 0.1 over 0.99",
            last("largest probability", temperature=10.0) < 0.5,
            last("largest probability", temperature=0.1) > 0.99,
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? [compute] Three classes have probabilities 0.2, 0.5 and 0.3; the first is true. What are the slopes of the
          cross-entropy at the three scores?
        - −1.61, 0 and 0
        - 0.8, −0.5 and −0.3
        + −0.8, 0.5 and 0.3
        = p − y. A negative slope raises the score, as descent goes against it. −ln 0.2 = 1.61 is the loss.

        ? [foresee] The scores of a trained network are divided by 2 before softmax. What becomes of its accuracy?
        - It falls, as the network is less sure
        + It stays
        - It rises, as mistakes get less certain
        = The largest score is still the largest. Only the probabilities are nearer to each other.

        ? [foresee] A photo may show a cat, a dog, both or neither. A softmax of two outputs is trained on it. What does
          it say for neither?
        - Two small numbers
        + Two that add up to 1
        - An error
        = It has no way to say neither, nor both. Two sigmoids have.
        & S2-23

        ? Several labels may hold at once, and `nn.BCELoss` is given raw scores such as 3.2. What is the remedy?
        - Clip them to between 0 and 1
        - Softmax before it
        + Its form with logits
        = It takes probabilities, and 3.2 is none: an error. Clipping makes everything above 1 the same and stops its
          gradient. `BCEWithLogitsLoss` does sigmoid and logarithm in one, and keeps what a sigmoid rounds to 0.
        & S2-28, 27
    """),
    exercises=(
        Exercise(
            "Make the network say the four properties, all of them right for more than 80 % of the test images.",
            knob_value("labels") == "properties",
            RIGHT > 0.8,
            solution={"labels": "properties", "output": "sigmoid"},
            hints=("Which output lets several labels hold at once?",),
        ),
        CodeExercise(
            "Four yes-or-no labels. This loss raises an error for raw scores. Repair it, for scores of any size.",
            loss_of_labels,
            check_loss_of_labels,
            broken={"binary_cross_entropy_with_logits": "binary_cross_entropy"},
            hints=(
                "A sigmoid before it stops the error, but where it is rounded to 0, the logarithm is cut off at −100.",
                "torch.nn.functional has a form of it that takes logits, which is another word for scores.",
            ),
            seconds=60,
            mistakes=(27,),
        ),
    ),
    sources=(
        "C. M. Bishop: Pattern Recognition and Machine Learning, Springer 2006, sections 4.3.4 and 5.2",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, section 6.2.2",
        "G. Hinton, O. Vinyals, J. Dean: Distilling the knowledge in a neural network, arXiv:1503.02531 (2015), "
        "section 2 (temperature)",
    ),
)
