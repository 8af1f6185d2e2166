"""Softmax twice: a loss that cannot reach zero

A network learns slowly, and its loss never goes below 1.46, not even once it reads every digit. Nothing crashes, no
line looks wrong. What has happened?

**Two ways to compute one loss.** *Softmax* turns scores s into probabilities, p_k = e^(s_k) / Σ e^(s_j), and
*cross-entropy* is −ln p of the true class. Libraries offer both in one: PyTorch's `cross_entropy` takes raw scores and
does the softmax itself. Whoever applies softmax first, "as classification needs probabilities", has it done twice.

**The floor.** The second softmax takes probabilities for scores. The best it can get is 1 for the truth and 0 for the
others, of C classes, and makes of them

    e / (e + C − 1), so that the loss is at least ln(1 + (C − 1)/e)

For ten classes that is 0.232 and 1.461: a perfect network looks bad.

**The brake.** The slope at a score passes the first softmax on its way back. At the start all p are about 1/10, and the
push on the true score, minus its slope, is 0.09 instead of 0.9. Where the network is surely wrong, p near 0, the push
is nearly 0 too: the worst mistakes teach nothing.

**Two networks**, 64 → 32 → C, start alike and see the same batches of 64 digits, only the first C of them. Both
losses are drawn as each computes it.

**Predict, then run.** How near does the second loss come to its floor?

**Watch** the floor, and one test image: its p, and the second softmax of it.

**Break it.** `optimiser` Adam, `steps` 2000. It makes up for small slopes. What is left to betray the mistake?
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
    last,
    number,
    pace,
    quiz,
)

NAMES = ("softmax once", "softmax twice")


class Knobs(KnobSet):
    classes: int = knob(10, 2, 10, help="C: only the first so many digits are used")
    optimiser: str = knob("SGD", choices=("SGD", "Adam"), help="Adam divides each step by the usual size of the slope")
    lr: float = knob(0.3, 0.001, 1.0, scale="log", help="learning rate; of Adam a thirtieth is used")
    steps: int = knob(300, 10, 5000, scale="log", help="training steps, each on 64 images")
    pace: int = pace(60)


def run(lab, k):
    import torch
    from torch import nn

    from descend.engine.lab.fit import Tensors

    data = Tensors.of(lab.dataset, lab.device)
    known, asked = data.train_y < k.classes, data.test_y < k.classes
    x, y = data.train_x[known].flatten(1), data.train_y[known]
    test_x, test_y = data.test_x[asked].flatten(1), data.test_y[asked]
    networks = {name: nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, k.classes)) for name in NAMES}
    networks[NAMES[1]].load_state_dict(networks[NAMES[0]].state_dict())
    parts = [part for net in networks.values() for part in net.to(lab.device).parameters()]
    optimiser = getattr(torch.optim, k.optimiser)(parts, k.lr if k.optimiser == "SGD" else k.lr / 30)
    lab.track(optimiser=optimiser, once=networks[NAMES[0]], twice=networks[NAMES[1]])
    show_pushes(lab, k.classes)
    floor = torch.tensor(1 + (k.classes - 1) / torch.e).log().item()

    def loss_of(name, images, labels):
        scores = networks[name](images)
        if name == NAMES[1]:
            scores = scores.softmax(1)  # key: the mistake, a single line
        return nn.functional.cross_entropy(scores, labels)  # key: does a softmax itself

    recent = lab.state.setdefault("recent", {name: [] for name in NAMES})
    for step in lab.steps(k.steps, samples=64):
        chosen = torch.randint(len(x), (64,)).to(lab.device)
        losses = {name: loss_of(name, x[chosen], y[chosen]) for name in NAMES}
        optimiser.zero_grad()
        sum(losses.values()).backward()
        if step == 0:
            once, twice = (networks[name][2].bias.grad.norm().item() for name in NAMES)
            lab.results(**{"first push, twice of once": twice / once})
        optimiser.step()
        lab.scalars({f"{name}/train loss": part for name, part in {**losses, "floor": floor}.items()})
        for name in NAMES:
            recent[name] = [*recent[name][-49:], losses[name].item()]
        if lab.due() or step == k.steps - 1:
            with torch.no_grad():
                right = {name: (networks[name](test_x).argmax(1) == test_y).float().mean() for name in NAMES}
                p = networks[NAMES[1]](test_x[:1]).softmax(1)
            lab.scalars({f"{name}/test accuracy": share for name, share in right.items()})
            lab.results(**{f"{name}/test accuracy": share.item() for name, share in right.items()})
            marked = [f"{name} ✓" if i == test_y[0] else name for i, name in enumerate(data.classes[: k.classes])]
            pair = {"first": p[0].cpu(), "second": p.softmax(1)[0].cpu()}
            lab.bars("one image, softmax once and again", marked, "probability; ✓ is true", **pair)
    once, twice = (sum(losses) / len(losses) for losses in recent.values())
    lab.results(**{f"{NAMES[0]}/train loss": once, f"{NAMES[1]}/train loss": twice, "above floor": twice - floor})


def show_pushes(lab, classes):
    """How hard the true score is pushed up, by the probability p it has, when the others share the rest."""
    import torch

    share = torch.linspace(0.001, 0.999, 200, dtype=torch.float64)
    p = torch.cat([share[:, None], ((1 - share) / (classes - 1))[:, None].expand(-1, classes - 1)], 1)
    scores = p.log().requires_grad_()
    torch.nn.functional.cross_entropy(scores.softmax(1), torch.zeros(200, dtype=torch.long), reduction="sum").backward()
    lines = {"once": 1 - share, "twice": -scores.grad[:, 0]}
    start = {"at the start": [(1 / classes, 1 - 1 / classes), (1 / classes, (1 - 1 / classes) / classes)]}
    lab.curve("push on the true score", share, start, axes=("p of the true class", "push upwards"), **lines)
    lab.results(**{"push at p = 0.001": lines["twice"][0].item()})


def scores_gradient(scores, labels):
    """Gradient of the mean cross-entropy of a batch with respect to its scores.

    scores: (images, classes), of any size; labels: (images,) integers. Returns (images, classes).
    """
    import numpy as np

    grown = np.exp(scores - scores.max(1, keepdims=True))
    p = grown / grown.sum(1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


def check_scores_gradient(gradient):
    """Against the slope found by nudging; huge scores; row sums."""
    import numpy as np

    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(4, 3)) * 2, np.array([0, 2, 1, 1])

    def loss(s):
        s = s - s.max(1, keepdims=True)
        return (np.log(np.exp(s).sum(1)) - s[np.arange(4), labels]).mean()

    found = np.asarray(gradient(scores.copy(), labels.copy()))
    if found.shape != (4, 3):
        raise Wrong(f"Four images of three classes have a gradient of shape (4, 3); yours has {found.shape}.")
    for place in np.ndindex(4, 3):
        nudge = np.zeros((4, 3))
        nudge[place] = 1e-6
        slope = (loss(scores + nudge) - loss(scores - nudge)) / 2e-6
        yield number(abs(found[place] - slope), f"image {place[0]}, class {place[1]}: distance from the slope") <= 1e-7
    with np.errstate(all="ignore"):
        huge = np.asarray(gradient(np.array([[1000.0, 1001.0]]), np.array([0])))
    yield number(abs(huge[0, 0] + 0.7310585786300049), "scores 1000, 1001: distance of the first from −0.73106") <= 1e-9


def probabilities_and_loss(scores, labels):
    """Probabilities (images, classes) to show, and the mean loss to train with; scores and labels are tensors."""
    from torch.nn import functional

    p = functional.softmax(scores, dim=1)
    return p, functional.cross_entropy(scores, labels)


def check_probabilities_and_loss(function):
    """Row sums, and the loss of two images of which the network is sure, and right."""
    import torch

    scores = torch.full((2, 10), -10.0, dtype=torch.float64)
    scores[0, 3], scores[1, 8] = 10.0, 10.0
    p, loss = function(scores, torch.tensor([3, 8]))
    yield number(float((p.sum(1) - 1).abs().max()), "largest distance of a row's sum from 1") <= 1e-9
    yield number(float(loss), "loss where the network is sure, and right") <= 1e-6
    loss = float(function(scores, torch.tensor([0, 0]))[1])
    yield number(abs(loss - 20), "distance from 20 of the loss where it is sure, and wrong") <= 1e-6


def loss(which, **knobs):
    """Mean training loss of the last 50 steps, as the network computes it."""
    return last(f"softmax {which}/train loss", **knobs)


def accuracy(which, **knobs):
    return last(f"softmax {which}/test accuracy", **knobs)


TWICE, AHEAD, ABOVE = loss("twice"), accuracy("once") - accuracy("twice"), last("above floor")
PATIENT = {"optimiser": "Adam", "steps": 2000}

LESSON = Lesson(
    covers=("D07",),
    after="output-layers",
    run=run,
    knobs=Knobs,
    data=("digits",),
    takeaways=(
        "A cross-entropy that takes scores does the softmax itself; a softmax before it is one too many.",
        "The loss then stays above ln(1 + (C − 1)/e), 1.461 for ten classes, however good the network is.",
        "Slopes shrink, most where the network is surely wrong, so that it learns late.",
    ),
    show=("train loss", "push on the true score", "one image, softmax once and again", "test accuracy"),
    rows=("S2-23", "S3-44"),
    smoke={"steps": 20},
    predictions=(
        Prediction(
            "How far above its floor does the training loss of the network with two softmaxes end?",
            choices={"under 0.1": ABOVE < 0.1, "0.1 to 0.3": ABOVE.between(0.1, 0.3), "over 0.3": ABOVE > 0.3},
            why="It can only come down to the floor where every p is 0 or 1, and the way there leads through the first "
            "softmax, which shrinks the slopes. Fewer classes, more steps, a larger rate or Adam bring it nearer.",
            mistakes=(26,),
        ),
        Prediction(
            "Which of the two reads more of the test digits rightly?",
            choices={
                "once, by over 3 points": AHEAD > 0.03,
                "neither by over 3 points": AHEAD.between(-0.03, 0.03),
                "twice, by over 3 points": AHEAD < -0.03,
            },
            why="The second softmax leaves the order of the scores alone, but makes slopes smaller: it learns later. "
            "With enough steps, a larger rate or Adam it catches up.",
            mistakes=(26,),
        ),
    ),
    claims=(
        Claim("Twice, the loss stays over 1.461, once it gets under 0.3", TWICE > 1.461, loss("once") < 0.3, seeds=5),
        Claim(
            "The first push is about a tenth, and that where p is 0.001 below 0.002 instead of 0.999",
            last("first push, twice of once").between(0.05, 0.2),
            last("push at p = 0.001") < 0.002,
            seeds=5,
        ),
        Claim("After 300 steps twice reads over ten points fewer test digits", AHEAD > 0.1, seeds=5),
        Claim(
            "With Adam and 2000 steps it reads as many within three points, and its loss still tells: over 1.461",
            abs(accuracy("once", **PATIENT) - accuracy("twice", **PATIENT)) < 0.03,
            loss("twice", **PATIENT) > 1.461,
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? [compute] A classifier of two classes has softmax before a cross-entropy that takes scores. How low can its
          loss go?
        - 0
        + 0.313
        - 0.693
        = ln(1 + 1/e). ln 2 = 0.693 is what guessing costs: no score at all, not the best one.
        & 26

        ? [foresee] A network surely takes a 4 for a 9: p of the 4 is nearly 0. How hard do the two losses push the
          score of the 4 up?
        - Both hard, as the mistake is large
        - Twice harder than once
        + Once hard, twice hardly
        = The first softmax is flat there: its slope is p(1 − p). Once, the logarithm makes up for
          it, and 1 − p is left.

        ? Predictions must be shown as probabilities. Where does the softmax go?
        - Into the network's last layer, before the loss
        - Nowhere, as scores are probabilities
        + After the network, beside the loss
        = The loss takes scores, people take probabilities. If the network must end in softmax, its loss is −ln p, the
          logarithm of its output, without another softmax.
        & S2-23
    """),
    exercises=(
        Exercise(
            "Leave the mistake in, and get the loss of the network with two softmaxes below 0.5.",
            TWICE < 0.5,
            solution={"classes": 2, "lr": 1.0},
            hints=("What does the floor depend on?", "ln(1 + (C − 1)/e) is 0.31 for C = 2. It is no remedy!"),
        ),
        CodeExercise(
            "Gradient of the cross-entropy at the scores of a batch. This mixes the rows and overflows.",
            scores_gradient,
            check_scores_gradient,
            broken={
                "np.exp(scores - scores.max(1, keepdims=True))": "np.exp(scores)",
                "grown.sum(1, keepdims=True)": "grown.sum()",
            },
            hints=("Each image has a sum of its own.", "Which number may be taken off a row without changing its p?"),
        ),
        CodeExercise(
            "Probabilities for the reader, a loss for training. It is over 1.46 for a network that is sure and right.",
            probabilities_and_loss,
            check_probabilities_and_loss,
            broken={"cross_entropy(scores, labels)": "cross_entropy(p, labels)"},
            hints=("What does `cross_entropy` take?",),
            seconds=60,
            mistakes=(26,),
        ),
    ),
    sources=(
        "C. M. Bishop: Pattern Recognition and Machine Learning, Springer 2006, section 4.3.4 (the slope, p − 1)",
        "PyTorch contributors: PyTorch documentation, pytorch.org 2025, torch.nn.CrossEntropyLoss (it expects logits)",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, section 6.2.2.3",
    ),
)
