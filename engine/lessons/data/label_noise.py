"""Label noise: quality against quantity

A tenth of the labels is wrong. Is that worse than having a tenth of the images? And does a network that learns from
labels of which two fifths are wrong get at most three fifths right?

**Two kinds of wrong.** *Random*: a wrong label is any other digit, drawn at random. *Systematic*: it is always the
next one, as if one person had misread the instructions. In both, a share q of the labels is wrong.

**Why averages help.** Among images that look alike, random errors point in nine directions and the truth in one. The
right digit stays the most frequent label as long as

    1 − q > q/9,   that is q < 0.9.

Systematic errors all point the same way: beyond q = ½ the wrong label is the majority, and the network learns that.

**The price** of noise is paid in images: the more labels are wrong, the more are needed until the majority shows. A
network that goes on training also *memorises* wrong labels one by one; that costs accuracy.

**Predict, then run.** Thirty networks, 64 → 64 → 10, are trained one after the other: five shares of wrong labels, six
numbers of images. All are tested on the same 360 images with right labels.

**Watch** the table fill and the curves rise with the number of images: which of them would reach the others?

**Break it.** Choose `systematic`. Then lower `steps`: stopping early leaves no time to memorise.
"""

from descend.engine.teaching.lesson import Claim, Exercise, Lesson, Prediction, Question, Wrong, knob, knobs

SHARES = (0.0, 0.2, 0.4, 0.6, 0.8)
SIZES = (50, 100, 200, 400, 800, 1437)


@knobs
class Knobs:
    kind: str = knob("random", choices=("random", "systematic"), help="a wrong label is any other digit, or the next")
    steps: int = knob(120, 5, 1000, scale="log", help="training steps of each network, on all its images")
    hidden: int = knob(64, 1, 512, scale="log", help="units in the hidden layer")
    lr: float = knob(0.01, 1e-4, 1.0, scale="log", help="learning rate of Adam")
    decay: float = knob(0.0, 0.0, 10.0, help="weight decay of AdamW")


def run(lab, k):
    import numpy as np
    import torch
    from torch import nn

    from descend.engine.lab.fit import Tensors

    data = Tensors.of(lab.dataset, lab.device)
    train_x, test_x = data.train_x.flatten(1), data.test_x.flatten(1)
    rng = np.random.default_rng(lab.seed)
    order = torch.as_tensor(rng.permutation(len(train_x)), device=lab.device)
    shift = rng.integers(1, 10, len(train_x)) if k.kind == "random" else np.ones(len(train_x), int)
    misread = (data.train_y + torch.as_tensor(shift, device=lab.device)) % 10  # what each label is if it is wrong
    luck = torch.as_tensor(rng.random(len(train_x)), device=lab.device)

    rows, columns = [f"{share:.0%} wrong".replace("%", " %") for share in SHARES], [str(size) for size in SIZES]
    accuracy = lab.state.setdefault("accuracy", [[float("nan")] * len(SIZES) for _ in SHARES])
    memorised = lab.state.setdefault("memorised", [[float("nan")] * len(SIZES) for _ in SHARES])
    hidden, output = nn.Linear(64, k.hidden), nn.Linear(k.hidden, 10)
    net = nn.Sequential(hidden, nn.ReLU(), output).to(lab.device)
    adam = torch.optim.AdamW(net.parameters(), k.lr, weight_decay=k.decay)
    lab.track(net=net, adam=adam)

    for step in lab.steps(len(SHARES) * len(SIZES) * k.steps):
        place, inner = divmod(step, k.steps)
        row, column = divmod(place, len(SIZES))
        chosen = order[: SIZES[column]]
        wrong = luck[chosen] < SHARES[row]
        labels = torch.where(wrong, misread[chosen], data.train_y[chosen])
        if inner == 0:  # a new network
            torch.manual_seed(lab.seed)
            hidden.reset_parameters()
            output.reset_parameters()
            adam.state.clear()
        loss = nn.functional.cross_entropy(net(train_x[chosen]), labels)  # key: it is told that these are the truth
        adam.zero_grad()
        loss.backward()
        adam.step()
        lab.scalars({"train/loss": loss})
        if inner == k.steps - 1:
            with torch.no_grad():
                right = (net(test_x).argmax(1) == data.test_y).float().mean().item()  # key: tested on right labels
                guessed = net(train_x[chosen]).argmax(1)
            accuracy[row][column] = right
            memorised[row][column] = (guessed == labels)[wrong].float().mean().item()
            lab.scalars({"test/accuracy": right})
            done = {noise: accuracy[i] for i, noise in enumerate(rows[: row + 1])}
            lab.curve("test accuracy by log₂ of images", np.log2(SIZES), **done)
            lab.field("test accuracy", accuracy, rows=rows, columns=columns, low=0, high=1)
            lab.field("wrong labels memorised", memorised[1:], rows=rows[1:], columns=columns, low=0, high=1)
    for i, noise in enumerate(rows):
        lab.results(**{f"accuracy, {noise}, {size}": accuracy[i][j] for j, size in enumerate(SIZES)})
        if i:
            lab.results(**{f"memorised, {noise}, {size}": memorised[i][j] for j, size in enumerate(SIZES)})


def with_patience(result):
    """Two fifths wrong, nine tenths right."""
    if result.state != "done":
        raise Wrong(f"The run is {result.state}; let it come to its end.")
    if result.knobs["kind"] != "random":
        raise Wrong("The wrong labels are to be random ones.")
    reached = result.last("accuracy, 40 % wrong, 1437")
    if not reached > 0.88:
        raise Wrong(f"With 40 % wrong labels and all 1,437 images it reaches {reached:.1%}; get it above 88 %.")


LESSON = Lesson(
    covers=("C05",),
    after="digits",
    run=run,
    knobs=Knobs,
    data=("digits",),
    minutes=12,
    smoke={"steps": 5},
    predictions=(
        Prediction(
            "Two fifths of 1,437 labels are wrong. Which share of new images will be recognised?",
            choices=("less than 55 %", "about 60 %, as many as labels are right", "clearly more, above 70 %"),
            truth=lambda r: sum(r.last("accuracy, 40 % wrong, 1437") > bound for bound in (0.55, 0.7)),
            why="Random errors do not agree with each other, so the truth is still the majority among similar images. "
            "Systematic ones do agree, and much training learns even random ones by heart.",
        ),
        Prediction(
            "Which does better: 50 images, all right, or 1,437 images of which three fifths are wrong?",
            choices=("the 50 right ones", "the 1,437"),
            truth=lambda r: int(r.last("accuracy, 60 % wrong, 1437") > r.last("accuracy, 0 % wrong, 50")),
            why="By default the 50 usually win. With 30 steps, too few to memorise much, the 1,437 usually do.",
        ),
    ),
    claims=(
        Claim(
            "From labels of which 40 % are wrong at random a network gets well over 60 % right",
            measure=lambda r: r.run.last("accuracy, 40 % wrong, 1437"),
            above=0.75,
            seeds=(0, 1, 2, 3, 4),
        ),
        Claim(
            "Quantity pays for quality: all images with 20 % wrong labels beat 100 images without any",
            measure=lambda r: r.run.last("accuracy, 20 % wrong, 1437") - r.run.last("accuracy, 0 % wrong, 100"),
            above=0,
            seeds=(0, 1, 2, 3, 4),
        ),
        Claim(
            "Memorising costs accuracy: at 40 % wrong, 400 steps do worse than 30",
            measure=lambda r: r.long.last("accuracy, 40 % wrong, 1437") - r.short.last("accuracy, 40 % wrong, 1437"),
            below=-0.1,
            runs={"short": {"steps": 30}, "long": {"steps": 400}},
            seeds=(0, 1, 2),
        ),
        Claim(
            "Beyond one half, systematic errors are learned: with 60 % of them most answers are wrong",
            measure=lambda r: r.run.last("accuracy, 60 % wrong, 1437"),
            below=0.45,
            runs={"run": {"kind": "systematic"}},
            seeds=(0, 1, 2, 3, 4),
        ),
    ),
    quiz=(
        Question(
            "Trained on labels of which 40 % are wrong at random, a network recognises over 80 % of new images. How?",
            (
                "The test labels are wrong in the same way",
                "It memorised the training set",
                "Wrong labels disagree with each other, so among similar images the right one is the most frequent",
            ),
            2,
            "Each of nine wrong digits gets a ninth of 40 %, the right one keeps 60 %.",
        ),
        Question(
            "Training accuracy on the wrong labels rises towards 100 % while you go on training. What does test "
            "accuracy do?",
            ("It falls: the network bends to fit errors", "It rises too", "It stays, as the test labels are right"),
            0,
            "To give one image its wrong label, the answer for its neighbours is bent as well.",
        ),
        Question(
            "Half of your labels come from one annotator who always confuses two classes. What helps?",
            (
                "More labels by the same annotator",
                "Labels by others, since more of the same error only makes it surer",
                "A larger network",
            ),
            1,
            "Systematic errors do not average out with quantity.",
        ),
    ),
    exercises=(
        Exercise(
            "Two fifths of the labels are wrong at random. Reach more than 88 % on new images with all 1,437 images.",
            check=with_patience,
            solution={"steps": 30},
            hints=(
                "Look at the panel of memorised labels: what has happened by the end of training?",
                "A network that stops early has learned what many images agree on, and not yet the exceptions.",
            ),
        ),
    ),
    sources=(
        "D. Rolnick, A. Veit, S. Belongie, N. Shavit: Deep learning is robust to massive label noise, "
        "arXiv:1705.10694 (2017)",
        "C. Zhang, S. Bengio, M. Hardt, B. Recht, O. Vinyals: Understanding deep learning requires rethinking "
        "generalization, ICLR 2017",
        "D. Arpit et al.: A closer look at memorization in deep networks, ICML 2017",
    ),
)
