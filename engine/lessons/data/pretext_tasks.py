"""Pretext tasks: what a prediction is worth

Over a thousand digits have no label, ten have one. Does it help to name digits if a network first learns to draw the
lower half of each from the upper?

**The task.** Columns of a table, here pixels, are split into *seen* and *hidden* ones. A network, seen → 64 → 64 →
hidden, learns to predict the hidden from the seen: a *pretext task*, which needs no labels.

**Its score**, R², is the share of the spread that is predicted; t are the true values, p the predicted ones:

    R² = 1 − Σ (t − p)² / Σ (t − mean)²

With t = 1, 2, 3 and p = 1, 2, 2, R² = 1 − 1/2 = 0.5. The mean alone scores 0, worse is negative (drawn to −1). Rows
that were learned from can be known by heart, so *held-out* rows decide, three in ten. A straight *line* is the rival.

**Its worth.** Later only the seen columns are measured, and a few rows of each class have labels. A row gets the class
whose mean is nearest. Compared are the `seen` columns, the units of the network's last hidden `layer`, or the seen
columns `with predicted` ones. Predictions are computed from what is seen, so they tell nothing new about *this* row.
Beside them: the layer `untrained`, and `all` columns as if measured.

**Predict, then run.** **Watch** the curves of R² part, and accuracy by number of labels. **Break it:** `unlabelled` =
0.03. Of iris (`data`), with `seen` = 0.25, petals are predicted from sepal length alone. Do labels go further?
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    knob,
    last,
    number,
    pace,
    quiz,
)

LABELS = (1, 2, 5, 10, 20)  # labelled rows of each class
SCORES = "training", "held-out", "line train", "line held"
SEEN, LAYER, BOTH, UNTRAINED, ALL = "seen", "layer", "with predicted", "untrained", "all"


class Knobs(KnobSet):
    seen: float = knob(0.5, 0.1, 0.9, help="share of the columns, the first ones, that is seen")
    unlabelled: float = knob(1.0, 0.02, 1.0, scale="log", help="share of the training rows that it learns from")
    units: int = knob(64, 1, 256, scale="log", help="units in each hidden layer")
    steps: int = knob(400, 5, 2000, scale="log", help="training steps, each on 128 rows at most")
    lr: float = knob(0.01, 1e-4, 0.1, scale="log", live=True, help="learning rate of Adam")
    splits: int = knob(4, 1, 20, help="ways to hold out 30 % of the rows, each with a network of its own")
    draws: int = knob(20, 2, 100, help="times that labelled rows are drawn, in each split")
    pace: int = pace(60)


def r2(predicted, true):
    """R² of each column and of all, averaged over the splits; (splits, rows, columns)."""
    left, spread = ((true - predicted) ** 2).sum(1), ((true - true.mean(1, keepdim=True)) ** 2).sum(1)
    return (1 - left / spread.clamp(min=1e-9)).mean(0), float((1 - left.sum(1) / spread.sum(1)).mean())


def run(lab, k):
    import numpy as np
    import torch
    from torch import nn

    data, rng = lab.dataset, np.random.default_rng(lab.seed)
    x = np.concatenate([data.train_x, data.test_x]).astype("float32")
    y = torch.as_tensor(np.concatenate([data.train_y, data.test_y]))
    names = data.features or [f"pixel {at}" for at in range(x[0].size)]
    cut = min(max(1, round(k.seen * len(names))), len(names) - 1)
    some = len(x) * 7 // 10
    train, test = np.split(np.stack([rng.permutation(len(x)) for _ in range(k.splits)]), [some], axis=1)
    flat = x.reshape(len(x), -1)
    mean = flat[train].mean(1, keepdims=True)
    spread = flat[train].std(1, keepdims=True).clip(1e-6)
    if data.kind == "image":
        spread[:] = flat.std()  # a pixel that is hardly ever lit is not to count like others
    known, fresh = (torch.as_tensor((flat[rows] - mean) / spread, device=lab.device) for rows in (train, test))
    few = max(4, round(k.unlabelled * some))
    net = nn.ParameterList()
    for i, o in ((cut, k.units), (k.units, k.units), (k.units, len(names) - cut)):
        net.extend([(torch.rand(k.splits, i, o) * 2 - 1) * i**-0.5, torch.zeros(k.splits, 1, o)])
    net.to(lab.device)
    start = [weights.detach().clone() for weights in net]
    adam = torch.optim.Adam(net.parameters(), k.lr)
    lab.track(net=net, adam=adam)

    def layer(rows, net=net):
        return torch.tanh(torch.tanh(rows[..., :cut] @ net[0] + net[1]) @ net[2] + net[3])

    def predict(rows):
        return layer(rows) @ net[4] + net[5]

    def ones(rows):
        return torch.cat([rows[..., :cut], torch.ones_like(rows[..., :1])], 2)

    example = r2(torch.tensor([[[1.0], [2], [2]]]), torch.tensor([[[1.0], [2], [3]]]))[1]
    learned, line = known[:, :few], torch.linalg.pinv(ones(known[:, :few]), rtol=1e-5) @ known[:, :few, cut:]

    def judge():
        with torch.no_grad():
            guessed = [predict(learned), predict(fresh), ones(learned) @ line, ones(fresh) @ line]
        true = [learned[..., cut:], fresh[..., cut:]] * 2  # key: held-out rows were never learned from
        return (guessed[1][0], guessed[3][0]), dict(zip(SCORES, map(r2, guessed, true), strict=True))

    for step in lab.steps(k.steps):
        adam.param_groups[0]["lr"] = k.lr
        rows = known[:, torch.randint(few, (min(few, 128),), device=lab.device)]
        loss = ((predict(rows) - rows[..., cut:]) ** 2).mean((1, 2)).sum()  # key: the answers are columns, not labels
        adam.zero_grad()
        loss.backward()
        adam.step()
        if step % 10 == 0 or step == k.steps - 1:
            guessed, scores = judge()
            lab.scalars({f"{name}/R²": max(scores[name][1], -1) for name in SCORES if name != "line train"})
            if lab.due():
                rows = [("all hidden", *(scores[by][1] for by in SCORES))]
                rows += [(name, *(scores[by][0][j] for by in SCORES)) for j, name in enumerate(data.features[cut:])]
                rows = [(name, *(round(float(score), 3) for score in values)) for name, *values in rows]
                lab.table("scores by column", ("R² of", *SCORES), [*rows, ("1 2 3: 1 2 2", example, None, None, None)])
                show(lab, x.shape[1:], names, fresh[0], guessed, mean[0], spread[0], scores)

    with torch.no_grad():
        made = {SEEN: lambda rows: rows[..., :cut], LAYER: layer, UNTRAINED: lambda rows: layer(rows, start)}
        made |= {BOTH: lambda rows: torch.cat([rows[..., :cut], predict(rows)], 2), ALL: lambda rows: rows}
        sides = {name: (make(known).cpu(), make(fresh).cpu()) for name, make in made.items()}
    right = lab.state.setdefault("right", {name: np.zeros(len(LABELS)) for name in sides})
    for draw in lab.steps(k.draws):
        luck = np.random.default_rng((lab.seed, draw))
        for i in range(k.splits):
            labels = y[train[i]].numpy()
            drawn = [luck.permutation(np.flatnonzero(labels == c)) for c in range(len(data.classes))]
            for name, (rows, others) in sides.items():
                for at, count in enumerate(LABELS):
                    means = torch.stack([rows[i][each[:count]].mean(0) for each in drawn])  # key: all that labels do
                    right[name][at] += float((torch.cdist(others[i], means).argmin(1) == y[test[i]]).float().mean())
        shares = {name: sums / (draw + 1) / k.splits for name, sums in right.items()}
        lab.curve("few labels", np.log2(LABELS), axes=("log₂ of labels in each class", "held-out accuracy"), **shares)
    for name, share in shares.items():
        lab.results(**{f"{name}, {count}": float(share[at]) for at, count in enumerate(LABELS)})
    for name, (by, total) in judge()[1].items():
        parts = dict(zip(data.features[cut:], by.tolist(), strict=False))
        lab.results(**{name: total}, **{f"{column}, {name}": score for column, score in parts.items()})


def show(lab, shape, names, rows, guesses, mean, spread, scores):
    """Held-out images beside what was made of them, guesses in orange; of a table the column best predicted."""
    import numpy as np

    cut, true = len(names) - guesses[0].shape[1], rows.cpu().numpy() * spread + mean
    guessed = [each.cpu().numpy() * spread[:, cut:] + mean[:, cut:] for each in guesses]
    if len(shape) > 1:
        made = np.repeat(true[:21, :, None], 3, 2)
        made[:, cut:] = guessed[0][:21, :, None] * np.array([1, 0.65, 0.2])
        made, real = (each.reshape(-1, *shape[:2], 3) for each in (made, np.repeat(true[:21, :, None], 3, 2)))
        sides = np.concatenate([made, np.full_like(made[:, :, :1], true.max() / 3), real], 2)
        lab.images("predicted and true", (255 * (sides / true.max()).clip(0, 1)).astype("uint8"))
    else:
        best = int(scores["line held"][0].argmax())
        values = [true[:, cut + best], *(each[:, best] for each in guessed)]
        at = np.stack([np.tile(true[:, 0], 3), np.concatenate(values)], 1)
        kinds, axes = np.repeat(range(3), len(true)), (names[0], names[cut + best])
        lab.points("predicted and true", at, kinds, ("true", "network", "line"), axes=axes)


def held_out_r2(x, column, train, test):
    """R² on the rows ``test`` of a line that predicts a column from all others, fitted to the rows ``train``."""
    import numpy as np

    seen = np.column_stack([np.delete(x, column, axis=1), np.ones(len(x))])
    weights = np.linalg.lstsq(seen[train], x[train, column])[0]
    true, predicted = x[test, column], seen[test] @ weights
    return 1 - ((true - predicted) ** 2).sum() / ((true - true.mean()) ** 2).sum()


def check_held_out_r2(held_out_r2):
    """Noise cannot be predicted, an exact relation can, and one with noise partly."""
    import numpy as np

    rng = np.random.default_rng(3)
    train, test = np.arange(40), np.arange(40, 140)
    tables = [x := rng.normal(size=(140, 20)) for _ in range(10)]
    found = [float(held_out_r2(each.copy(), 4, train, test)) for each in tables]
    yield number(max(found), "largest R² of 10 tables of pure noise, held out,") <= 0.1
    x[:, 4] = 3 * x[:, 0] - x[:, 19] + 7
    yield number(abs(1 - float(held_out_r2(x, 4, train, test))), "distance from R² = 1 of a sum of columns") <= 1e-9
    x[:, 4] += rng.normal(size=140)
    seen = np.column_stack([np.delete(x, 4, 1), np.ones(140)])
    off = x[test, 4] - seen[test] @ np.linalg.lstsq(seen[train], x[train, 4], rcond=None)[0]
    due = 1 - (off**2).sum() / ((x[test, 4] - x[test, 4].mean()) ** 2).sum()
    yield number(abs(float(held_out_r2(x, 4, train, test) - due)), f"distance from R² = {due:.3f} with noise") <= 1e-9


def gain(labels, what=BOTH, **knobs):
    """Held-out accuracy beyond that of the seen columns, with so many labels in each class."""
    return last(f"{what}, {labels}", **knobs) - last(f"{SEEN}, {labels}", **knobs)


LEARNED, HELD = last("training"), last("held-out")
HEART, STRANGE = last("training", unlabelled=0.03), last("held-out", unlabelled=0.03)
ONE = {"seen": 0.25, "units": 10, "splits": 20}  # of iris: sepal length alone
OVER_LINE = last("petal length, training", **ONE) - last("petal length, line train", **ONE)
HELD_OVER_LINE = last("petal length, held-out", **ONE) - last("petal length, line held", **ONE)

LESSON = Lesson(
    covers=("C13",),
    after="masked-prediction",
    run=run,
    knobs=Knobs,
    data=("digits", "iris", "wine", "breast-cancer"),
    takeaways=(
        "Columns of unlabelled rows can be questions and answers: predict some from the others.",
        "R² on rows that were learned from flatters; held-out rows, and a line to beat, tell what was learned.",
        "What the network found in many unlabelled rows makes few labels go further; rows known by heart do harm.",
    ),
    show=("predicted and true", "few labels", "scores by column", "R²"),
    rows=("S4-37",),
    smoke={"steps": 5, "draws": 2, "splits": 2},
    predictions=(
        Prediction(
            "One label in each class. Predictions, made from the seen columns, are added to them. Held-out accuracy?",
            choices={
                "better by 2 points or more": gain(1) > 0.02,
                "the same: nothing new is known of the row": abs(gain(1)) < 0.012,
                "worse by 2 points or more: errors are added": gain(1) < -0.02,
            },
            why="Nothing new is known of the row itself, but the predictions carry what many other rows say about how "
            "columns go together; from one column they can only bend it. Of too few rows they carry the accidents.",
        ),
        Prediction(
            "How does the network's R² on held-out rows compare with that on the rows it learned from?",
            choices={"lower by over 0.1": LEARNED - HELD > 0.1, "within 0.06 of it": abs(LEARNED - HELD) < 0.06},
            why="Many units and steps for few rows learn rows by heart. Stopped early, or small, it scores much alike.",
        ),
    ),
    claims=(
        Claim("R² is over 0.1 higher on learned rows than on held-out ones …", LEARNED - HELD > 0.1, seeds=5),
        Claim("… where it beats the line by over 0.1", HELD - last("line held") > 0.1, seeds=5),
        Claim("One label a digit: predictions add over 6 points …", gain(1) > 0.06, seeds=5),
        Claim("… the hidden layer over 3; at 20 over 2", gain(1, LAYER) > 0.03, gain(20, LAYER) > 0.02, seeds=5),
        Claim("An untrained layer costs over a point", gain(1, UNTRAINED) < -0.01, seeds=5),
        Claim("Learned from 3 % of the rows they cost over 2 points", gain(1, unlabelled=0.03) < -0.02, seeds=5),
        Claim("… known by heart: R² 0.99, held-out under 0", HEART > 0.99, STRANGE < 0, seeds=5),
        Claim("Petals by sepal length: over the line on learned rows …", OVER_LINE > 0.03, seeds=5, data="iris"),
        Claim("… usually less so on held-out", OVER_LINE > HELD_OVER_LINE, seeds=10, needed=7, data="iris"),
        Claim("… and at one label it adds under 4 points", abs(gain(1, **ONE)) < 0.04, seeds=5, data="iris"),
        Claim("Both sepal columns: over 2 points", gain(1, **{**ONE, "seen": 0.5}) > 0.02, seeds=5, data="iris"),
    ),
    quiz=quiz("""
        ? [compute] True values are 2, 4, 6; predicted are 2, 4, 4. What is R²?
        - 0.67: two of three are right
        + 0.5
        - −0.33
        = The mean is 4; squared distances from it are 4 + 0 + 4 = 8, squared errors 4: R² = 1 − 4/8.

        ? R² of petal length from sepal length: 0.81 for a network, 0.76 for a line, on the rows fitted. What follows?
        + Which of them is better is open
        - Petal length is 81 % predictable
        - The network predicts better by 0.05
        = On the rows fitted the more flexible one nearly always wins. Here the network keeps part of its lead on
          held-out rows; without them nobody could say so.
        & S4-37

        ? [foresee] Column B is predicted from A alone, nearly by a rising line. What do nearest means gain by it?
        + Next to nothing
        - Much, as B tells more about the classes than A does
        - The more, the higher R² is
        = The prediction is A, bent. It may shift borders between the means, no more.

        ? [foresee] It learns from 38 digits, until R² is 1.00 there. What do its predictions do at one label a class?
        - As much as before, as R² is higher
        + They do harm
        - Nothing, neither good nor bad
        = On held-out digits R² is negative: the guessed halves are worse than the mean. As columns they are noise.
    """),
    exercises=(
        CodeExercise(
            "Score a pretext task. This function lets the answer be seen, and judges on rows that it was fitted to.",
            held_out_r2,
            check_held_out_r2,
            broken={
                "np.delete(x, column, axis=1)": "x",
                "x[test, column], seen[test] @ weights": "x[train, column], seen[train] @ weights",
            },
            hints=("Look at what `seen` holds: `np.delete`.", "Fit on `train`; `true` and `predicted` are of `test`."),
        ),
        Exercise(
            "Lose at most 0.1 of R² from learned rows to held-out ones, and beat the line by over 0.1 there.",
            LEARNED - HELD <= 0.1,
            HELD - last("line held") > 0.1,
            solution={"steps": 120},
            hints=("What lets a network know rows by heart? Stop earlier, or give it fewer units.",),
        ),
    ),
    sources=(
        "D. Pathak et al.: Context encoders: feature learning by inpainting, CVPR 2016",
        "K. He et al.: Masked autoencoders are scalable vision learners, CVPR 2022",
        "R. A. Fisher: The use of multiple measurements in taxonomic problems, Annals of Eugenics 7 (1936) (iris)",
    ),
)
