"""Label noise: quality against quantity

A fifth of the labels is wrong. Is that worse than having only fifty images, all labelled rightly? And does a network
that learns from labels of which two fifths are wrong get at most three fifths right?

**Two kinds of wrong.** *Random*: a wrong label is any other digit, drawn at random. *Systematic*: it is always the
next one. In both, a share q of the labels is wrong.

**Why averages help.** Among images that look alike, random errors point in nine directions and the truth in one. The
right digit stays the most frequent label as long as

    1 − q > q/9,   that is q < 0.9.

Of ten such images with q = 0.4, six say the truth, and each wrong digit is said by 4/9 of one. Systematic errors all
point the same way: beyond q = ½ they are the majority, and the network learns that.

**The price** is paid in images: the more labels are wrong, the more are needed until the majority shows. A network that
goes on training also *memorises* wrong labels one by one (Arpit et al. 2017), which bends the answers for their
neighbours.

**Predict, then run.** 30 networks, 64 → 64 → 10, are trained on five shares of wrong labels and six numbers of
images. All are tested on 360 images with right labels.

**Watch** the table fill and the curves rise with the number of images: which of them would reach the others?

**Break it.** Choose `systematic`. Then raise `steps` to 400: what does memorising cost?
"""

from descend.engine.teaching.lesson import Claim, Exercise, KnobSet, Lesson, Prediction, knob, knob_value, last, quiz

SHARES = (0.0, 0.2, 0.4, 0.6, 0.8)
SIZES = (50, 100, 200, 400, 800, 1437)


class Knobs(KnobSet):
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
    accuracy = lab.state.setdefault("accuracy", [[None] * len(SIZES) for _ in SHARES])
    memorised = lab.state.setdefault("memorised", [[None] * len(SIZES) for _ in SHARES])
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
            axes = "log₂ of training images", "test accuracy"
            lab.curve("test accuracy by log₂ of images", np.log2(SIZES), axes=axes, **done)
            axes = "training images", "share of labels that are wrong"
            lab.field("test accuracy", accuracy, rows=rows, columns=columns, low=0, high=1, axes=axes)
            lab.field("wrong labels memorised", memorised[1:], rows=rows[1:], columns=columns, low=0, high=1, axes=axes)
    for i, noise in enumerate(rows):
        lab.results(**{f"accuracy, {noise}, {size}": accuracy[i][j] for j, size in enumerate(SIZES)})
        if i:
            lab.results(**{f"memorised, {noise}, {size}": memorised[i][j] for j, size in enumerate(SIZES)})


def share(wrong, images, **knobs):
    """Test accuracy after learning from ``images`` of which ``wrong`` % are labelled wrongly."""
    return last(f"accuracy, {wrong} % wrong, {images}", **knobs)


MANY_WRONG, FEW_RIGHT = share(60, 1437), share(0, 50)

LESSON = Lesson(
    covers=("C05",),
    after="digits",
    run=run,
    knobs=Knobs,
    data=("digits",),
    minutes=12,
    takeaways=(
        "Random label errors point in many directions, so the true class stays the most frequent up to nine "
        "tenths of errors.",
        "Systematic errors point one way: beyond one half the network learns them.",
        "Many images with some wrong labels can beat few clean ones.",
        "Training on memorises wrong labels, and that costs accuracy on new images.",
    ),
    show=("test accuracy", "test accuracy by log₂ of images", "wrong labels memorised"),
    rows=("S4-18", "S4-23"),
    mistakes=(56,),
    smoke={"steps": 5},
    predictions=(
        Prediction(
            "Two fifths of 1,437 labels are wrong. Which share of new images will be recognised?",
            choices={
                "less than 55 %": share(40, 1437) < 0.55,
                "about 60 %, as many as labels are right": share(40, 1437).between(0.55, 0.65),
                "more than 70 %": share(40, 1437) > 0.7,
            },
            why="Random errors do not agree with each other, so the truth is still the majority among similar images. "
            "Systematic ones do agree, and much training learns even random ones by heart.",
        ),
        Prediction(
            "Which does better: 50 images, all right, or 1,437 images of which three fifths are wrong?",
            choices={"the 50 right ones": FEW_RIGHT - MANY_WRONG > 0.01, "the 1,437": MANY_WRONG - FEW_RIGHT > 0.01},
            why="By default the 50 usually win. With 20 steps, too few to memorise much, the 1,437 do.",
        ),
    ),
    claims=(
        Claim(
            "From labels of which 40 % are wrong at random it gets well over 60 % right",
            share(40, 1437) > 0.75,
            seeds=5,
        ),
        Claim(
            "Quantity pays for quality: all images with 20 % wrong labels beat 50 images without any",
            share(20, 1437) - share(0, 50) > 0.02,
            seeds=5,
        ),
        Claim(
            "50 right ones beat all with 60 % wrong labels, in eight runs of ten or more …",
            MANY_WRONG - FEW_RIGHT < -0.01,
            seeds=tuple(range(10)),
            needed=8,
        ),
        Claim("… but not after 20 steps", share(60, 1437, steps=20) - share(0, 50, steps=20) > 0.02, seeds=5),
        Claim(
            "Memorising costs accuracy: at 40 % wrong, 400 steps do worse than 30",
            share(40, 1437, steps=400) - share(40, 1437, steps=30) < -0.1,
            seeds=3,
        ),
        Claim(
            "Beyond one half, systematic errors are learned: with 60 % of them most answers are wrong",
            share(60, 1437, kind="systematic") < 0.45,
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? [compute] 70 % of the labels are wrong, each wrong one being any of the nine other digits. How often is
          the right digit said, compared with any one of the others?
        - Less than half as often: 0.3 against 0.7
        + Four times as often
        - As often: nothing is left to learn
        = Each wrong digit gets 0.7/9 ≈ 0.08, the right one keeps 0.3. Wrong labels disagree with each other.

        ? [foresee] You go on training until nearly all wrong labels are fitted. What does test accuracy do?
        + It falls
        - It rises too, as any training does
        - It stays, as the test labels are right
        = To give one image its wrong label, the answer for its neighbours is bent as well.

        ? Half of your labels come from one annotator who always confuses two classes. What helps?
        - More labels by the same annotator, as errors average out
        + Labels by others
        - A larger network, which sees finer differences
        = Systematic errors do not average out with quantity: more of the same makes the error surer.

        ? [compute] A slide draws accuracy as 100·(1 − e^(−n/10,000)) % of n clean samples, and says 3,000 reach
          90 %. How many does its own formula ask for?
        - 3,000, as said
        - 9,000: 90 % of 10,000
        + About 23,000
        = e^(−n/10,000) = 0.1 gives n = 10,000·ln 10 = 23,026; 3,000 reach 26 %. Nor was the curve measured.
        & S4-23, 56
    """),
    exercises=(
        Exercise(
            "Three fifths of the labels are wrong at random. Reach more than 77 % on new images with all 1,437 images.",
            MANY_WRONG > 0.77,
            knob_value("kind") == "random",
            solution={"steps": 20},
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
