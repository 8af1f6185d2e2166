"""Augmentation: more images than there are

Fifty handwritten digits are all you have. Turn them a little, move them, add noise, and there are fifty others at each
step. Does a network that learns from such copies read new digits better, and which copies harm it?

**Augmentation** trains on images x changed at random by some t, which keep their label y. Training makes the *loss* ℓ,
how wrong the network's answers f are, small on average over images and changes:

    L = mean over i and t of ℓ(f(t(xᵢ)), yᵢ)

This makes sense only if t(x) still *is* a y. A 6 turned by 180° is a 9 labelled 6.

**Shifts.** An array counts its rows first, downwards:

    moved[r, c] = old[r − rows, c − columns]

So (1, 0) moves *down*. What crosses the edge is lost: the first 6 has 1 + 9 + 15 + 11 + 3 = 39 in its lowest row, an
eighth of its 306.

**Noise** of spread 2 takes grey values out of their range, 0 to 16. `clip` cuts them back.

**The test part stays as it is**: it stands for digits to come. Split first, then copy: a copy of a learned image is no
new digit.

**Predict, then run.** Networks of 64 hidden units learn from 20 to 1,437 images: *without* changes, with the *mix*, or
with the mix *flipped* in half of the cases. These three start alike and meet the same images, of several draws.

**Watch** which line is highest where. Turn the mix meanwhile. **Break it:** `flip` = half turn: what becomes of 6? With
`shift` = 1.5, who gains, who loses?
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

SIZES = (20, 50, 100, 300, 1437)
FEW = 1  # place of 50 in SIZES, which the table and the bars are about
ARMS = ("without", "mix", "flipped")
HIDDEN, BATCH, RATE = 64, 32, 0.01
SHOWN = (5, 6)
SIDES = (2, 0, 1, 1), (0, 2, 1, 1), (1, 1, 2, 0), (1, 1, 0, 2)  # zeros left, right, above, below: moved by a pixel


class Knobs(KnobSet):
    turn: float = knob(15.0, 0.0, 180.0, live=True, help="degrees by which copies are turned at most, either way")
    shift: float = knob(0.5, 0.0, 3.0, live=True, help="pixels by which copies are moved at most, in rows and columns")
    noise: float = knob(1.0, 0.0, 8.0, live=True, help="spread of the noise added to copies, in grey values of 0 to 16")
    clip: bool = knob(True, live=True, help="copies are cut to 0 … 16 afterwards")
    flip: str = knob(
        "mirrored", choices=("mirrored", "half turn"), live=True, help="how half of the flipped mix is turned over"
    )
    draws: int = knob(8, 2, 20, help="random draws of the training images, each with its own start")
    steps: int = knob(
        300, 20, 1500, scale="log", help=f"training steps of Adam at a rate of {RATE}, each on {BATCH} images"
    )
    pace: int = pace(60)


def move(image, rows, columns):
    """``image``, (height, width), moved down by ``rows`` and to the right by ``columns`` pixels; what comes in is 0."""
    import numpy as np

    height, width = image.shape
    down, right = abs(rows), abs(columns)
    wide = np.pad(image, ((down, down), (right, right)))
    return wide[down - rows : down - rows + height, right - columns : right - columns + width]


def change(images, k, flip=0.0):
    """A copy of each of ``images``, (n, 8, 8) of 0 to 1, changed at random, a share ``flip`` of them flipped too."""
    import torch
    from torch.nn.functional import affine_grid, grid_sample

    n, device = len(images), images.device
    angle = torch.deg2rad(k.turn * (2 * torch.rand(n, device=device) - 1))
    down, right = k.shift * (2 * torch.rand(2, n, device=device) - 1) / 4  # the image is 2 wide there, 8 pixels here
    cos, sin = torch.cos(angle), torch.sin(angle)
    places = torch.stack([torch.stack([cos, -sin, -right], 1), torch.stack([sin, cos, -down], 1)], 1)
    grid = affine_grid(places, [n, 1, 8, 8], align_corners=False)  # key: (x, y) here, columns first; NumPy: rows first
    copies = grid_sample(images[:, None], grid, align_corners=False)[:, 0]
    if flip:
        flipped = copies.flip(2) if k.flip == "mirrored" else copies.flip(1, 2)
        copies = torch.where(torch.rand(n, 1, 1, device=device) < flip, flipped, copies)  # key: the label stays
    copies = copies + torch.randn_like(copies) * k.noise / 16
    return copies.clamp(0, 1) if k.clip else copies


def run(lab, k):
    import torch
    from torch.nn import functional

    from descend.engine.lab.fit import Tensors

    data = Tensors.of(lab.dataset, lab.device)
    changes = make_changes(lab, lab.dataset.train_x[lab.dataset.train_y == 6][0].astype(float))
    count, each = len(SIZES) * k.draws, lab.device
    order = torch.stack([torch.randperm(len(data.train_x), device=each) for _ in range(k.draws)])
    order = order.repeat(len(SIZES), 1)  # networks: for each size, each draw
    sizes = torch.tensor(SIZES, device=each).repeat_interleave(k.draws)[:, None]
    starts = [2 * torch.rand(count, 65, HIDDEN) - 1, 2 * torch.rand(count, HIDDEN + 1, 10) - 1]
    starts = [(start / start.shape[1] ** 0.5).repeat(3, 1, 1).to(each) for start in starts]  # three arms start alike
    net = torch.nn.ParameterList(starts)
    adam = torch.optim.Adam(net.parameters(), RATE)
    lab.track(net=net, adam=adam)

    def answer(images, chosen=slice(None)):
        """Scores (networks, n, 10) for images of all, (n, 8, 8), or of each, (networks, n, 8, 8)."""
        first, second = (weights[chosen] for weights in net)
        x = images.flatten(-2).expand(len(first), -1, -1)
        hidden = torch.baddbmm(first[:, 64:], x, first[:, :64]).relu()
        return torch.baddbmm(second[:, HIDDEN:], hidden, second[:, :HIDDEN])

    def copies(images):
        """What each arm makes of ``images``, (networks of an arm, n, 8, 8)."""
        flat = images.flatten(0, 1)
        made = [flat, change(flat, k), change(flat, k, flip=0.5)]
        return torch.cat([arm.reshape(images.shape) for arm in made])

    def guess(images, chosen=slice(None)):
        """Digits (arms, sizes or 1, draws, n) that networks take ``images`` for."""
        with torch.no_grad():
            return answer(images, chosen).argmax(2).reshape(3, -1, k.draws, images.shape[-3])

    for step in lab.steps(k.steps):
        picked = (torch.rand(count, BATCH, device=each) * sizes).long()
        rows = order.gather(1, picked)
        images, labels = data.train_x[rows], data.train_y[rows].repeat(3, 1)
        loss = functional.cross_entropy(answer(copies(images)).flatten(0, 1), labels.flatten(), reduction="sum")
        adam.zero_grad()
        (loss / BATCH).backward()
        adam.step()
        if step % 25 == 0 or step == k.steps - 1:
            guessed = guess(data.test_x)  # key: the test part, never changed
            right = (guessed == data.test_y).float()
            lab.scalars({f"{arm}/accuracy": right[i, FEW].mean() for i, arm in enumerate(ARMS)})
            show(lab, k, data, changes, right)
    few = torch.arange(3 * count, device=each).reshape(3, -1, k.draws)[:, FEW].flatten()
    away = torch.cat([functional.pad(data.test_x, side)[:, 1:9, 1:9] for side in SIDES])
    astray = (guess(away, few) == data.test_y.repeat(4)).float()
    seen = order[FEW * k.draws : (FEW + 1) * k.draws, : SIZES[FEW]]
    again = (guess(copies(data.train_x[seen]), few) == data.train_y[seen]).float()
    show(lab, k, data, changes, right, astray, again)
    gains = 100 * right.mean(3).diff(dim=0)  # mix less without, flipped less mix: (2, sizes, draws)
    measured = {f"gain {size}": gains[0, i] for i, size in enumerate(SIZES)}
    measured |= {f"flip gain {size}": gains[1, i] for i, size in enumerate(SIZES)}
    lab.results(**{f"right {SIZES[FEW]}, {arm}": 100 * right[i, FEW].mean() for i, arm in enumerate(ARMS)})
    measured["few over all"] = gains[0, :2].mean(0) - gains[0, -1]
    lab.results(**{name: found.mean() for name, found in measured.items()})
    lab.results(**{f"unsure {name}": 2 * found.std() / k.draws**0.5 for name, found in measured.items()})
    for label in (5, 6):
        there = data.test_y == label
        lab.results(**{f"digit {label}, {arm}": 100 * right[i, FEW][:, there].mean() for i, arm in enumerate(ARMS)})
    nines = 100 * (guessed[:, FEW][:, :, data.test_y == 6] == 9).float().mean((1, 2))
    lab.results(**{f"sixes read as 9, {arm}": nines[i] for i, arm in enumerate(ARMS)})


def make_changes(lab, digit):
    """What each change makes of one digit, by name; and what is measured of it."""
    import numpy as np
    from scipy import ndimage

    turned = {f"{by}°".replace("-", "−"): ndimage.rotate(digit, by, reshape=False, order=1) for by in (15, -15, 30)}
    moved = {"(1, 0) ↓": move(digit, 1, 0), "(0, 1) →": move(digit, 0, 1), "(−1,−1) ↖": move(digit, -1, -1)}
    noisy = digit + np.random.default_rng((lab.seed, 2)).normal(0, 2, digit.shape)
    flips = {"✗ mirror": digit[:, ::-1], "✗ turned": digit[::-1, ::-1]}
    there = [ndimage.center_of_mass(ndimage.shift(digit, by, order=0)) for by in ((0, 0), (1, 0))]
    (down, across), lost = np.subtract(there[1], there[0]), digit.sum() - move(digit, 1, 0).sum()
    lab.results(**{"rows moved": down, "columns moved": across, "lost": lost})
    outside = ((noisy < 0) | (noisy > 16)).mean()
    lab.results(**{"out of range": outside, "lowest": noisy.min(), "highest": noisy.max()})
    lab.note(f"(1, 0) takes {lost:g} of the 6's {digit.sum():g} off its edge. Noise puts {outside:.0%} out of 0 … 16.")
    noise = f"{noisy.min():.0f} to {noisy.max():.0f}".replace("-", "−")
    return {"a 6": digit, **turned, **moved, noise: noisy, **flips}


def show(lab, k, data, changes, right, astray=None, again=None):
    import numpy as np
    import torch

    mean = 100 * right.mean((2, 3)).cpu().numpy()  # (arms, sizes)
    axes = "log₂ of training images", "points more than without"
    lab.curve("gain by log₂ of images", np.log2(SIZES), axes=axes, **dict(zip(ARMS, mean - mean[0], strict=True)))
    rows = [(f"new digits, from {size:,}", *mean[:, i].round(1)) for i, size in enumerate(SIZES)]
    for name, who, part in (
        ("moved", "… moved a pixel, from 50", astray),
        ("copies", "learned copies, from 50", again),
    ):
        shares = [None] * 3 if part is None else (100 * part.flatten(1).mean(1)).tolist()
        rows.append((who, *(share and round(share, 1) for share in shares)))
        if part is not None:
            lab.results(**{f"{name}, {arm}": share for arm, share in zip(ARMS, shares, strict=True)})
    lab.table("who is asked", ("% right", *ARMS), rows)
    labels, digits = data.test_y.cpu().numpy(), 100 * right[:, FEW].mean(1).cpu().numpy()
    cells = [[round(float(digits[i, labels == c].mean())) for c in range(10)] for i in range(3)]
    lab.array(
        f"% right by digit, {SIZES[FEW]} images",
        cells,
        row_names=[f"{arm} " for arm in ARMS],
        column_names=list("0123456789"),
    )
    if lab.due():
        with torch.random.fork_rng():
            shown = torch.stack([data.train_x[data.train_y == label][0] for label in SHOWN])
            made = torch.cat([change(shown, k), change(shown, k, flip=1.0)]).cpu().numpy()
        words = [f"{label} mix" for label in SHOWN] + [f"{label} flipped" for label in SHOWN]
        panes = np.concatenate([list(changes.values()), 16 * made])
        lab.images("what they learn from", 16 - panes, [*changes, *words], low=0, high=16)


STARTER = '''def move(image, rows, columns):
    """``image``, (height, width), moved down by ``rows`` and to the right by ``columns`` pixels; what comes in is 0."""
    import numpy as np

    return np.roll(image, (columns, rows), (0, 1))
'''


def check_move(move):
    """The axes and signs, nothing comes back at the other edge, moves add up, the image stays as it was."""
    import numpy as np

    rng = np.random.default_rng(4)
    dot = np.zeros((4, 6))
    dot[1, 2] = 7
    places = {(1, 0): [(2, 2)], (0, 1): [(1, 3)], (-1, -2): [(0, 0)], (2, 3): [(3, 5)], (-2, 0): []}
    for by, right in places.items():
        found = move(dot.copy(), *by)
        if np.shape(found) != dot.shape:
            raise Wrong(f"The image keeps its shape, {dot.shape}; yours has {np.shape(found)} after {by}.")
        ink = [tuple(map(int, there)) for there in np.argwhere(found)]
        if ink != right:
            there = f"goes to {right[0]}" if right else "leaves the image"
            raise Wrong(f"A dot at row 1, column 2 of {dot.shape}, moved by {by}, {there}; yours has ink at {ink}.")
    image = rng.integers(1, 17, (5, 7)).astype(float)
    kept, off = image.copy(), 0.0
    for rows in range(-6, 7):
        for columns in range(-8, 9):
            right = np.zeros_like(kept)
            for r, c in np.ndindex(*kept.shape):
                if 0 <= r - rows < 5 and 0 <= c - columns < 7:
                    right[r, c] = kept[r - rows, c - columns]
            off = max(off, float(np.abs(move(image, rows, columns) - right).max()))
    yield number(off, "largest difference from moved[r, c] = image[r − rows, c − columns], for 221 moves,") == 0
    yield number(float(np.abs(image - kept).max()), "change of the image that was given") == 0


HALF, TEN = {"flip": "half turn"}, tuple(range(10))
GAINS, FLIPS = ({size: last(f"{name} {size}") for size in SIZES} for name in ("gain", "flip gain"))
FEW_MORE, UNSURE = last("few over all"), last("unsure few over all")


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
        "The test part is never augmented, and copies of learned images are no test.",
        "Shifts are (rows, columns), so (1, 0) moves down; noise leaves the range of values.",
    ),
    show=("what they learn from", "gain by log₂ of images", "% right by digit, 50 images", "who is asked", "accuracy"),
    rows=("S4-26",),
    smoke={"steps": 20, "draws": 2},
    predictions=(
        Prediction(
            "scipy.ndimage.shift(image, (1, 0)) moves a digit by one pixel. Where to?",
            choices={
                "to the right": (last("columns moved") > 0.3) & (abs(last("rows moved")) < 0.3),
                "down": (last("rows moved") > 0.3) & (abs(last("columns moved")) < 0.3),
                "up": (last("rows moved") < -0.3) & (abs(last("columns moved")) < 0.3),
            },
            why="The first number belongs to the first axis, the rows, which are counted downwards. As the 6 loses its "
            "lowest row, the centre of its ink sinks by 0.57 rows and not by 1.",
            mistakes=(41,),
        ),
        Prediction(
            "Where does the mix gain more points: with 20 and 50 images, or with all 1,437?",
            choices={
                "with few": (FEW_MORE > 1) & (FEW_MORE - UNSURE > 0),
                "about the same": (abs(FEW_MORE) < 1) & (UNSURE < 2),
                "with all": (FEW_MORE < -1) & (FEW_MORE + UNSURE < 0),
            },
            why="Many real digits show by themselves how digits differ; few do not. Copies unlike any new digit cost "
            "accuracy at every size, as the network has to fit them too.",
        ),
        Prediction(
            "Half of the mix is flipped too, as knob `flip` says. With 50 images, how does that do against the mix?",
            choices={
                "better: more variety": (FLIPS[50] > 1) & (FLIPS[50] - last("unsure flip gain 50") > 0),
                "about as well": (abs(FLIPS[50]) < 1) & (last("unsure flip gain 50") < 2),
                "worse": (FLIPS[50] < -1) & (FLIPS[50] + last("unsure flip gain 50") < 0),
            },
            why="New digits are not flipped. Mirrored, or turned by 180°, most digits are none or another one, and "
            "their label is then wrong.",
        ),
    ),
    claims=(
        Claim(
            "From 20 and 50 images the mix gains over one point on average, and over 1.5 more than from all",
            ((GAINS[20] + GAINS[50]) / 2 > 1) & (FEW_MORE > 1.5),
            seeds=TEN,
        ),
        Claim(
            "From all 1,437 it gains nothing and costs at most 3.5 points", GAINS[1437].between(-3.5, 0.5), seeds=TEN
        ),
        Claim(
            "Mirroring half of it costs over 2 points at every size, and over 10 for the fives",
            *(FLIPS[size] < -2 for size in SIZES),
            last("digit 5, mix") - last("digit 5, flipped") > 10,
            seeds=TEN,
        ),
        Claim(
            "Copies of learned images are read over 8 points better than new digits",
            last("copies, mix") - last("right 50, mix") > 8,
            seeds=TEN,
        ),
        Claim(
            "(1, 0) moves the centre of ink down by 0.57 rows, and 39 of 306 leave",
            last("rows moved").between(0.56, 0.58) & (last("lost") == 39),
        ),
        Claim(
            "Noise of spread 2 puts over 15 % of the pixels out of 0 … 16",
            (last("out of range") > 0.15) & (last("lowest") < -1),
            seeds=TEN,
        ),
        Claim(
            "Half turns have over 1 % of the sixes read as nines, the mix alone under 1 %, in nine runs of ten or more",
            last("sixes read as 9, flipped", **HALF) > 1,
            last("sixes read as 9, mix", **HALF) < 1,
            last("digit 6, mix", **HALF) - last("digit 6, flipped", **HALF) > 4,
            seeds=TEN,
            needed=9,
        ),
        Claim(
            "Of digits moved by one pixel, over 60 % are read after shifts of up to 1.5, under 43 % without",
            last("moved, mix", shift=1.5) > 60,
            last("moved, without", shift=1.5) < 43,
            seeds=5,
        ),
        Claim(
            "… which costs over 3 points on digits as they are after 50 images, over 12 after all",
            last("gain 50", shift=1.5) < -3,
            last("gain 1437", shift=1.5) < -12,
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

        ? [compute] Half of the pixels of a digit are 0. Noise with mean 0 is added. About how many pixels of the digit
          are then below 0, whatever its spread?
        - None: noise is 0 on average
        + A quarter or more
        - Few, if the spread is small
        = Of the pixels at 0, half go below. A small spread makes them less negative, not fewer.
        & S4-26

        ? [foresee] Each image is copied ten times with small changes; then the whole is split into training and test.
          What does the test say?
        - The truth: no image is in both parts
        - Too little, as changed digits are harder
        + Far too much
        = Nearly every test image has a sister among those learned from. Split first, then copy the training part.

        ? [foresee] A network for street scenes learns from photos mirrored left to right. What may suffer?
        - Recognising pedestrians, who are seen from both sides
        + Telling "turn left" from "turn right"
        - Everything, as mirrored photos are not real
        = A mirrored pedestrian is a pedestrian. A mirrored arrow is the other arrow, and its label did not change.
    """),
    exercises=(
        Exercise(
            "The new scanner moves every digit by one pixel. Read over 60 % of those after 50 images, with the mix.",
            last("moved, mix") > 60,
            solution={"shift": 1.5},
            hints=("Which line of `who is asked` is that?", "Copies have to differ in the way that new digits will."),
        ),
        CodeExercise(
            "Moved by (1, 0), the image goes to the right, and what leaves comes back at the other side. Repair both: "
            "rows go down, columns to the right, and what comes in is 0, for any distance.",
            move,
            check_move,
            starter=STARTER,
            hints=(
                "Which axis of an array comes first?",
                "`np.roll` goes round in a circle. Pad with zeros on all sides, then cut a window of the old size.",
                "The window begins at the padding less the move: content goes down if the window goes up.",
            ),
            mistakes=(41,),
            rows=("S4-26",),
        ),
    ),
    sources=(
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, section 7.4 (dataset augmentation; "
        "flips and half turns that change a character)",
        "P. Y. Simard, D. Steinkraus, J. C. Platt: Best practices for convolutional neural networks applied to visual "
        "document analysis, ICDAR 2003 (a larger training set by distorted digits)",
        "C. Shorten, T. M. Khoshgoftaar: A survey on image data augmentation for deep learning, Journal of Big Data 6 "
        "(2019)",
    ),
)
