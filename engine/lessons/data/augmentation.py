"""Augmentation: more images than there are

Fifty handwritten digits are all you have. Turn them a little, move them, add noise, and no step sees the same images
twice. Does a network that learns from such copies read new digits better? With how many images is that over?

**Augmentation** trains on images x changed at random by some t, which keep their label y. Training makes the *loss* ℓ,
how wrong the network's answers f are, small on average over images and changes:

    L = mean over i and t of ℓ(f(t(xᵢ)), yᵢ)

This makes sense only if t(x) still *is* a y. A 6 turned by 180° is a 9 labelled 6.

**Shifts.** An array counts its rows first, downwards:

    moved[r, c] = old[r − rows, c − columns]

So (1, 0) moves *down*. What crosses the edge is lost: the first 6 has 1 + 9 + 15 + 11 + 3 = 39 in its lowest row, an
eighth of its 306. **Noise** of spread 2 takes grey values out of their range, 0 to 16. Copies are cut back to it.

**The test part stays as it is**: it stands for digits to come. Split first: a copy of a learned image is no new digit.

**Predict, then run.** Networks of 64 hidden units learn from 20 to 1,437 images: *without* changes, from a *mix* of
turns, shifts and noise, or from that mix with half of it *mirrored*. They start alike and meet the same images, each
changed in its own way; each number is a mean over 8 draws of images.

**Watch** from how many images on the mix loses: its line falls below *without*. Turn its knobs meanwhile. **Break it:**
`turn` = 180: which digits suffer? With `shift` = 1.5, who gains, who loses?
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

SIZES, FEW = (20, 50, 100, 300, 1437), 1  # FEW: the place of 50, which the table is about
ARMS = ("without", "mix", "mirrored")
DRAWS, HIDDEN, BATCH, RATE = 8, 64, 32, 0.01
SIDES = (1, -1, 0, 0), (-1, 1, 0, 0), (0, 0, 1, -1), (0, 0, -1, 1)  # pixels added left, right, above, below


class Knobs(KnobSet):
    turn: float = knob(15.0, 0.0, 180.0, live=True, help="degrees by which copies are turned at most, either way")
    shift: float = knob(0.5, 0.0, 3.0, live=True, help="pixels by which copies are moved at most, in rows and columns")
    noise: float = knob(1.0, 0.0, 8.0, live=True, help="spread of the noise added to copies, in grey values of 0 to 16")
    steps: int = knob(300, 20, 1500, scale="log", help=f"steps of Adam at a rate of {RATE}, each on {BATCH} images")
    pace: int = pace(60)


def move(image, rows, columns):
    """``image``, (height, width), moved down by ``rows`` and to the right by ``columns`` pixels; what comes in is 0."""
    import numpy as np

    (height, width), top, left = image.shape, abs(rows) - rows, abs(columns) - columns
    wide = np.pad(image, ((abs(rows), abs(rows)), (abs(columns), abs(columns))))
    return wide[top : top + height, left : left + width]


def change(images, k, mirror=0.0):
    """A copy of each of ``images``, (n, 8, 8) of 0 to 1, changed at random, a share ``mirror`` of them mirrored too."""
    import torch
    from torch.nn.functional import affine_grid, grid_sample

    n, device = len(images), images.device
    turn, right, down = 2 * torch.rand(3, n, device=device) - 1
    turn, right, down = torch.deg2rad(k.turn * turn), k.shift * right / 4, k.shift * down / 4  # 8 pixels are 2 wide
    cos, sin = turn.cos(), turn.sin()
    places = torch.stack([cos, -sin, -right, sin, cos, -down], 1).reshape(n, 2, 3)
    grid = affine_grid(places, [n, 1, 8, 8], align_corners=False)  # key: (x, y) here, columns first; NumPy: rows first
    copies = grid_sample(images[:, None], grid, align_corners=False)[:, 0]
    mirrored = torch.rand(n, 1, 1, device=device) < mirror
    copies = torch.where(mirrored, copies.flip(2), copies)  # key: the label stays
    return (copies + k.noise / 16 * torch.randn_like(copies)).clamp(0, 1)


def run(lab, k):
    import numpy as np
    import torch
    from torch.nn import functional

    from descend.engine.lab.fit import Tensors

    data = Tensors.of(lab.dataset, lab.device)
    six = lab.dataset.train_x[lab.dataset.train_y == 6][0].astype(float)
    noisy = six + np.random.default_rng((lab.seed, 2)).normal(0, 2, six.shape)
    lost, outside = six.sum() - move(six, 1, 0).sum(), ((noisy < 0) | (noisy > 16)).mean()
    lab.results(**{"lost": lost, "out of range": outside})
    edge = " + ".join(f"{value:g}" for value in six[-1] if value)
    lab.note(f"(1, 0) takes {edge} = {lost:g} of the 6's {six.sum():g}. Noise puts {outside:.0%} out of 0 … 16.")
    nets = len(SIZES) * DRAWS  # of each arm: for each size, each draw
    order = torch.stack([torch.randperm(len(data.train_x)) for _ in range(DRAWS)]).repeat(len(SIZES), 1)
    sizes = torch.tensor(SIZES).repeat_interleave(DRAWS)[:, None]
    starts = [(2 * torch.rand(nets, n + 1, m) - 1) / (n + 1) ** 0.5 for n, m in ((64, HIDDEN), (HIDDEN, 10))]
    net = torch.nn.ParameterList([start.repeat(3, 1, 1).to(lab.device) for start in starts])  # key: arms start alike
    adam = torch.optim.Adam(net.parameters(), RATE)
    lab.track(net=net, adam=adam)
    away = torch.cat([functional.pad(data.test_x[i::4], side) for i, side in enumerate(SIDES)])

    def answer(images):
        """Scores (networks, n, 10) for images of all, (n, 8, 8), or of each, (networks, n, 8, 8)."""
        first, second = net
        x = images.flatten(-2).expand(len(first), -1, -1)
        hidden = torch.baddbmm(first[:, 64:], x, first[:, :64]).relu()
        return torch.baddbmm(second[:, HIDDEN:], hidden, second[:, :HIDDEN])

    def right(images, labels):
        """Which images are read rightly, as 100 or 0: (arms, sizes, draws, n)."""
        with torch.no_grad():
            return 100.0 * (answer(images).argmax(2) == labels).reshape(3, len(SIZES), DRAWS, -1)

    for step in lab.steps(k.steps):
        rows = order.gather(1, (torch.rand(nets, BATCH) * sizes).long()).to(lab.device)
        images, labels = data.train_x[rows].flatten(0, 1), data.train_y[rows].repeat(3, 1)
        images = torch.cat([images, change(images, k), change(images, k, mirror=0.5)]).reshape(3 * nets, BATCH, 8, 8)
        loss = functional.cross_entropy(answer(images).flatten(0, 1), labels.flatten(), reduction="sum")
        adam.zero_grad()
        (loss / BATCH).backward()
        adam.step()
        if step % 30 == 0 or step == k.steps - 1:
            new = right(data.test_x, data.test_y)  # key: the test part, never changed
            asked = {f"new digits, from {size:,}": new[:, i] for i, size in enumerate(SIZES)}
            asked["… moved a pixel, from 50"] = right(away, torch.cat([data.test_y[i::4] for i in range(4)]))[:, FEW]
            asked |= {f"… {c}s, from 50": new[:, FEW][:, :, data.test_y == c] for c in range(10)}
            asked = {name: each.mean((1, 2)).tolist() for name, each in asked.items()}
            show(lab, k, six, noisy, asked)
    gains = new.mean(3).diff(dim=0)  # mix less without, mirrored less mix: (2, sizes, draws)
    names = [f"{name} {size}" for name in ("gain", "mirrored") for size in SIZES]
    found = dict(zip(names, gains.flatten(0, 1), strict=True))
    found["few over all"] = gains[0, :2].mean(0) - gains[0, -1]
    lab.results(**{name: each.mean() for name, each in found.items()})
    lab.results(**{f"unsure {name}": 2 * each.std() / DRAWS**0.5 for name, each in found.items()})
    lab.results(**{f"{name}, {arm}": each[i] for name, each in asked.items() for i, arm in enumerate(ARMS)})


def show(lab, k, six, noisy, asked):
    import numpy as np
    import torch
    from scipy import ndimage

    new = np.array(list(asked.values()))[: len(SIZES)].T
    axes = "log₁₀ of images: 3 is 1,000", "points gained"
    lab.curve("accuracy gained, by images", np.log10(SIZES), axes=axes, **dict(zip(ARMS, new - new[0], strict=True)))
    rows = [(name, *(f"{share:.1f}" for share in shares)) for name, shares in asked.items()]
    rows[-10:] = sorted(rows[-10:], key=lambda row: float(row[2]) - float(row[1]))  # first whom the mix costs most
    lab.table("who is asked", ("% right", *ARMS), rows)
    angles = ("15°", 15), ("−15°", -15), ("✗ 180°", 180)
    panes = {"a 6": six} | {name: ndimage.rotate(six, by, reshape=False, order=1) for name, by in angles}
    noise = f"{noisy.min():.0f} to {noisy.max():.0f}".replace("-", "−")
    panes |= {"(1, 0) ↓": move(six, 1, 0), "(0, 1) →": move(six, 0, 1), noise: noisy}
    one = torch.tensor(six / 16).float()[None]
    panes |= {name: 16 * change(one, k, name == "✗ mirrored")[0].numpy() for name in ("mix", "mix ", "✗ mirrored")}
    lab.images("what they learn from", 16 - np.stack(list(panes.values())), list(panes), low=0, high=16)


def check_move(move):
    """The axes and signs, nothing comes back at the other edge, the image stays as it was, no loop over pixels."""
    import sys

    import numpy as np

    if (found := np.argwhere(move(np.outer([0, 1, 0], [0, 0, 7, 0]), 1, 0)).tolist()) != [[2, 2]]:
        raise Wrong(f"A dot at row 1, column 2, moved by (1, 0), goes to [[2, 2]]; yours has ink at {found}.")
    image = np.random.default_rng(4).integers(1, 17, (5, 7)).astype(float)
    kept, wide = image.copy(), np.pad(image, 10)
    for rows, columns in ((0, 1), (-2, 3), (4, -6), (0, -9)):
        found, right = move(image, rows, columns), wide[10 - rows : 15 - rows, 10 - columns : 17 - columns]
        yield number(np.abs(found - right).max(), f"moved by {rows, columns}: largest error of a pixel") == 0
    yield number(np.abs(image - kept).max(), "change of the image that was given") == 0
    lines, file = [], getattr(move, "__wrapped__", move).__code__.co_filename

    def trace(frame, event, _):
        lines.append(event == "line" and frame.f_code.co_filename == file)
        return trace

    sys.settrace(trace)
    move(np.ones((40, 60)), 30, -50)
    sys.settrace(None)
    yield number(sum(lines), "lines of Python run for 40 × 60 pixels") <= 30


FEW_MORE, UNSURE = last("few over all"), last("unsure few over all")
MIRRORED, DOUBT = last("mirrored 50"), last("unsure mirrored 50")
MOVED = "… moved a pixel, from 50, "
FIVES = last("… 5s, from 50, mix") - last("… 5s, from 50, mirrored")
SIXES = last("… 6s, from 50, without", turn=180) - last("… 6s, from 50, mix", turn=180)

LESSON = Lesson(
    covers=("C06",),
    after="digit-representations",
    run=run,
    knobs=Knobs,
    data=("digits",),
    minutes=12,
    takeaways=(
        "Augmentation trains on changed copies that keep their label; it helps most where images are few.",
        "A change helps if new images differ in that way, and harms where it makes another class of them.",
        "Split first, then copy; shifts are (rows, columns), so (1, 0) moves down; noise leaves the range of values.",
    ),
    show=("accuracy gained, by images", "what they learn from", "who is asked"),
    rows=("S4-26",),
    smoke={"steps": 20},
    predictions=(
        Prediction(
            "Where does the mix gain more points, or lose fewer: with 20 and 50 images, or with all 1,437?",
            choices={
                "with few": (FEW_MORE > 1) & (FEW_MORE - UNSURE > 0),
                "about the same": (abs(FEW_MORE) < 1) & (UNSURE < 2),
                "with all": (FEW_MORE < -1) & (FEW_MORE + UNSURE < 0),
            },
            why="Among 1,437 most turns and places occur already: copies add little, those unlike any new digit cost.",
        ),
        Prediction(
            "Half of the mix is mirrored. With 50 images, how does that do against the mix alone?",
            choices={
                "better: more variety": (MIRRORED > 1) & (MIRRORED - DOUBT > 0),
                "about as well": (abs(MIRRORED) < 1) & (DOUBT < 2),
                "worse": (MIRRORED < -1) & (MIRRORED + DOUBT < 0),
            },
            why="New digits are not mirrored; a mirrored 5 is none, its label misleads. A bad mix has little to lose.",
        ),
    ),
    claims=(
        Claim("20 and 50 images gain over a point", FEW_MORE + last("gain 1437") > 1, seeds=10),
        Claim("… and over 1.5 more than all 1,437", FEW_MORE > 1.5, seeds=10),
        Claim("From all 1,437 it costs up to 3.5 points, or nothing", last("gain 1437").between(-3.5, 0.5), seeds=10),
        Claim(
            "Mirroring half of it costs over 2 points at every size, and over 10 for the fives",
            *(last(f"mirrored {size}") < -2 for size in SIZES),
            FIVES > 10,
            seeds=10,
        ),
        Claim("39 of 306 leave; over 15 % go past 0 or 16", (last("lost") == 39) & (last("out of range") > 0.15)),
        Claim("Turns of up to 180° cost the sixes over 25 points after 50 images", SIXES > 25, seeds=5),
        Claim(
            "Shifts of up to 1.5: over 60 % of digits moved by a pixel are read, under 43 % without; others lose",
            (last(MOVED + "mix", shift=1.5) > 60) & (last(MOVED + "without", shift=1.5) < 43),
            (last("gain 50", shift=1.5) < -3) & (last("gain 1437", shift=1.5) < -12),
            seeds=5,
        ),
    ),
    quiz=quiz("""
        ? [compute] The only ink of an image is at row 2, column 5. Where does ndimage.shift(image, (1, −2)) put it?
        - Row 0, column 6
        - Row 3, column 7
        + Row 3, column 3
        = Rows first: down by 1, then columns: left by 2. Row 0, column 6 takes the first number for columns.
        & 41

        ? [compute] Half of a digit's pixels are 0. Faint normal noise of mean 0 is added. How many are then below 0?
        + A quarter
        - None: noise is 0 on average
        - Few, as the spread is small
        = Of the pixels at 0, half go below. A small spread makes them less negative, not fewer.
        & S4-26

        ? [foresee] Fifty images are copied ten times with small changes, then all are split. What does the test show?
        + A higher accuracy than on new images
        - A lower accuracy, as copies are harder to read
        - The accuracy on new images, as no image is in both parts
        = Nearly every test copy has a sister among those learned from: of few images, that tells. Split, then copy.
        @ data-splits

        ? [foresee] A network for street scenes learns from photos mirrored left to right. What may suffer?
        + Telling "turn left" from "turn right"
        - Recognising pedestrians, who are seen from both sides
        - Everything, as mirrored photos are not real
        = A mirrored pedestrian is a pedestrian. A mirrored arrow is the other arrow, and its label did not change.
    """),
    exercises=(
        Exercise(
            "The new scanner moves every digit by one pixel. Read over 60 % of those after 50 images, with the mix.",
            last(MOVED + "mix") > 60,
            solution={"shift": 1.5},
            hints=("Which line of `who is asked` is that?", "Copies have to differ in the way that new digits will."),
        ),
        CodeExercise(
            "The first number moves to the right, and what leaves comes back. Repair both, without a loop.",
            move,
            check_move,
            broken={"wide[top : top + height, left : left + width]": "np.roll(image, (columns, rows), (0, 1))"},
            hints=("Pad with zeros on all sides, then cut a window: the content goes down if the window goes up.",),
            mistakes=(41,),
            rows=("S4-26",),
        ),
    ),
    sources=(
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, section 7.4 (6 against 9)",
        "P. Y. Simard, D. Steinkraus, J. C. Platt: Best practices for convolutional neural networks applied to visual "
        "document analysis, ICDAR 2003 (a larger training set by distorted digits)",
    ),
)
