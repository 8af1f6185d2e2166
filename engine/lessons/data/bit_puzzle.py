"""A puzzle in bits

Some strings of 49 bits are GOOD, the others were drawn at random. Can a machine tell which are which, and what must it
be shown for that?

No single bit tells: each is 0 or 1 equally often in both kinds. **Wrap** a string into rows, as a page wraps its text.
At which width does one see it? A 0 is dim, a 1 bright; bits that differ from their mirror image in the row are red, and
darker.

**One number** for each width: how many pairs of mirrored bits are equal, or *alike*. The row 1011100 is mirrored
0011101. Of its three pairs, 1 and 0, 0 and 0, 1 and 1, two are alike. Below each page: its width, this number, of
how many.

**A linear learner** weighs each number that it gets, adds up, and the sign of the sum is its answer. Least squares fits
its weights on as many strings as `strings` says, to +1 if they are GOOD, else −1. It gets the 49 bits as they are, or
the one number of a width: the same strings in another *representation*.

**A network** gets the 49 bits and makes numbers of its own: a layer of *hidden units*, each a bent weighted sum. 600
small steps downhill, 15 in each step of the run, fit all weights. 2,000 new strings test all. Is knowing the
width still worth anything?

**Predict, then run. Watch** the network learn its strings, and then new ones. **Break it:** `shuffled` deals the bits
of all strings in one random order, which no width survives. Does the network mind?
"""

from descend.engine.teaching.lesson import (
    Claim,
    CodeExercise,
    Exercise,
    KnobSet,
    Lesson,
    Prediction,
    knob,
    knob_value,
    last,
    number,
    pace,
    quiz,
)

WIDTHS, NEW, FRAMES, STEPS = range(5, 11), 2000, 40, 15
"""Widths tried; strings that test; pictures of the run, steps of training in each."""


class Knobs(KnobSet):
    strings: int = knob(300, 20, 3000, scale="log", help="strings learned from, half of them GOOD")
    shuffled: bool = knob(False, help="deal the bits of all strings in one random order")
    hidden: int = knob(32, 1, 64, scale="log", help="hidden units of the network")
    pace: int = pace(8)


def draw(rng, count):
    """Strings (count, 49), every second GOOD, which means that its rows of 7 bits are mirror images; and which are."""
    import numpy as np

    bits, good = rng.integers(0, 2, (count, 49)), np.arange(count) % 2 == 1
    rows = bits.reshape(count, 7, 7)
    rows[good, :, 4:] = rows[good, :, 2::-1]
    return bits, good


def alike(bits, width):
    """How many pairs of mirrored bits in full rows of this width are equal.

    bits: (strings, bits), 0 and 1. Returns (strings,).
    """
    rows = bits[:, : bits.shape[1] // width * width].reshape(len(bits), -1, width)
    return (rows == rows[:, :, ::-1])[:, :, : width // 2].sum((1, 2))


def score(x, y, new, truth):
    """Share of new strings that the linear learner, fitted to numbers x (n, d), is right on."""
    import numpy as np

    ones = np.ones((len(x), 1))
    w = np.linalg.lstsq(np.hstack([x, ones]), np.where(y, 1.0, -1.0), rcond=None)[0]  # key: one learner for all
    return float(((new @ w[:-1] + w[-1] > 0) == truth).mean())


def train(net, x, y):
    """Steps of gradient descent, momentum 0.9, for a layer of tanh units and a sigmoid."""
    import numpy as np

    for _ in range(STEPS):
        h = np.tanh(x @ net["w"])  # key: the representation that the network learns
        delta = (1 / (1 + np.exp(-h @ net["v"])) - y) / len(y)
        for name, slope in (("w", x.T @ (delta[:, None] * net["v"] * (1 - h * h))), ("v", h.T @ delta)):
            net["push " + name] = 0.9 * net["push " + name] - 0.3 * slope
            net[name] = net[name] + net["push " + name]


def run(lab, k):
    import numpy as np

    rng = np.random.default_rng(lab.seed)
    (bits, good), (new, truth) = draw(rng, k.strings), draw(rng, NEW)
    if k.shuffled:
        order = rng.permutation(49)
        bits, new = bits[:, order], new[:, order]
    told = {"49 bits": score(bits, good, new, truth)}
    for width in WIDTHS:  # key: 49 numbers become one
        told[f"width {width}"] = score(alike(bits, width)[:, None], good, alike(new, width)[:, None], truth)
    row = np.array([1, 0, 1, 1, 1, 0, 0])
    said = f"1 ≠ 0, 0 = 0, 1 = 1: {alike(row[None], 7)[0]} of 3 pairs are alike"
    seen, unseen = (np.insert(2.0 * part - 1, 0, 1, axis=1) for part in (bits, new))
    w = rng.normal(0, np.sqrt(3 / 50), (50, k.hidden))
    net = lab.state.setdefault("net", {"w": w, "v": np.zeros(k.hidden), "push w": 0.0, "push v": 0.0})
    for frame in lab.steps(FRAMES):
        train(net, seen, good)
        own, told["network"] = (
            float(((np.tanh(x @ net["w"]) @ net["v"] > 0) == y).mean()) for x, y in ((seen, good), (unseen, truth))
        )
        lab.scalars(
            {"its own/% right, by the network": 100 * own, "new/% right, by the network": 100 * told["network"]}
        )
        lab.bars("told apart", [*told], "share of new strings", right=[*told.values()])
        lab.operation("a row of seven", {"row": row, "mirrored": row[::-1]}, said)
        show_widths(lab, bits[1], min(1 + frame // 5, len(WIDTHS)))
    lab.results(**told, **{"learned by heart": own})


def show_widths(lab, string, shown):
    """A string wrapped at the first ``shown`` widths; bits that differ from their mirror image are red, and darker."""
    import numpy as np

    colours = np.array([[[130, 130, 130], [255, 255, 255]], [[140, 35, 30], [255, 150, 120]]], np.uint8)
    pages, words, places = np.full((shown, 10, 10, 3), 20, np.uint8), [], np.arange(49)
    for page, width in zip(pages, WIDTHS, strict=False):
        row, column = places // width, places % width
        mirror = row * width + width - 1 - column
        paired = (row < 49 // width) & (mirror != places)
        differ = paired & (string != string[np.where(paired, mirror, 0)])
        page[row, column] = colours[differ.astype(int), string]
        words.append(f"{width}: {alike(string[None], width)[0]} of {paired.sum() // 2}")
    lab.images("GOOD string, wrapped (dark to bright: 0≠ 0 1≠ 1)", pages, words)


def check_alike(function):
    """Against counting pair by pair, for strings that fill their rows and others that do not."""
    import numpy as np

    rng = np.random.default_rng(5)
    for length, width in ((7, 7), (49, 7), (49, 5), (49, 10), (12, 4)):
        bits = rng.integers(0, 2, (30, length))
        pairs = [(r * width + c, (r + 1) * width - 1 - c) for r in range(length // width) for c in range(width // 2)]
        true = sum((bits[:, a] == bits[:, b]).astype(int) for a, b in pairs)
        off = np.abs(np.asarray(function(bits.copy(), width)) - true)
        yield number(float(off.max()), f"{length} bits, width {width}: pairs too many or too few") == 0
    good = draw(rng, 40)[0][1::2]
    yield number(float(function(good, 7).min()), "alike of the 21 pairs of GOOD strings at width 7") == 21


BITS, SEVEN, NET, HEART = (last(name) for name in ("49 bits", "width 7", "network", "learned by heart"))
LEAD, MANY = SEVEN - NET, {"strings": 3000}

LESSON = Lesson(
    covers=("C04",),
    after="representation",
    run=run,
    knobs=Knobs,
    takeaways=(
        "What counts here are pairs of bits: no weights for single bits can tell, however many strings there are.",
        "One number that fits the problem replaces 49 that do not, and is learned from 20 examples.",
        "A network finds such numbers itself, and pays for it in examples; before that it learns strings by heart.",
    ),
    show=(
        "GOOD string, wrapped (dark to bright: 0≠ 0 1≠ 1)",
        "told apart",
        "% right, by the network",
        "a row of seven",
    ),
    rows=("S4-04", "S4-05"),
    smoke={"strings": 50},
    predictions=(
        Prediction(
            "The linear learner gets a string as 49 numbers, its bits. On how many new strings is it right?",
            choices={"half": BITS < 0.58, "three of four": BITS.between(0.65, 0.85), "nearly all": BITS > 0.9},
            why="Each bit by itself is 0 or 1 equally often, in GOOD strings as in others, so no weight helps, however "
            "many strings there are. What tells them apart are pairs.",
        ),
        Prediction(
            "Who tells more new strings apart: the linear learner, given how many pairs are alike at the best width, "
            "or the network, given the 49 bits?",
            choices={
                "the linear learner": LEAD > 0.055,
                "neither, within 5 %": abs(LEAD) < 0.05,
                "the network": LEAD < -0.055,
            },
            why="Width 7 names the 21 pairs that matter. Right on all new strings it is not: the border lies halfway "
            "between the means, near 16 of 21, and 1 random string in 75 has as many alike. Width 9 shares three of "
            "these pairs and width 5 two, so they get a little more than half. A network "
            "has to find them among 1,176, which takes far more strings. With shuffled bits the width names the wrong "
            "pairs; a network does not care which bit is first.",
        ),
    ),
    claims=(
        Claim(
            "From 20 strings width 7 tells over 97 % of new ones, 49 bits half, even from 3,000",
            (last("width 7", strings=20) > 0.97) & last("49 bits", **MANY).between(0.45, 0.55),
            seeds=5,
        ),
        Claim(
            "Widths 6, 8 and 10 are at chance; 5 shares two pairs with 7, 9 three, and they get 55 to 69 %",
            *(last(f"width {width}").between(0.44, 0.56) for width in (6, 8, 10)),
            *(last(f"width {width}").between(0.55, 0.69) for width in (5, 9)),
            seeds=10,
        ),
        Claim(
            "The network is right on under 68 % after 300 strings, which it knows by heart, over 90 after 3,000",
            (NET < 0.68) & (HEART > 0.99) & (last("network", **MANY) > 0.9),
            seeds=5,
        ),
        Claim(
            "Shuffled, too; width 7 then falls below 68 %",
            (last("network", shuffled=True, **MANY) > 0.9) & (last("width 7", shuffled=True) < 0.68),
            seeds=5,
        ),
    ),
    exercises=(
        Exercise(
            "Turn on `shuffled`, and yet have something tell over 90 % of new strings.",
            knob_value("shuffled") == 1,
            NET > 0.9,
            solution={"shuffled": True, **MANY},
            hints=("Which learner does not care in which order the bits come?", "What does it pay with?"),
            rows=("S4-04",),
        ),
        CodeExercise(
            "This compares each row with the mirror image of another one. Repair it.",
            alike,
            check_alike,
            broken={"rows[:, :, ::-1]": "rows[:, ::-1, ::-1]"},
            hints=("Which axis counts rows, which the bits of a row?",),
            rows=("S4-05",),
        ),
    ),
    quiz=quiz("""
        ? [compute] How many of the pairs of the row 0110100 are alike?
        + 2
        - 3
        - 4
        = Its ends are 0 and 0, then come 1 and 0, then 1 and 1. The middle bit has no partner, and pairs are counted,
          not bits.

        ? [compute] 49 bits are wrapped at width 10. How many pairs are there in full rows?
        - 24
        - 25
        + 20
        = Four rows are full, with five pairs each. The last nine bits have no row of ten.

        ? [foresee] The bits of all strings are dealt in one random order. What changes for the linear learner?
        - All of its inputs become worse, as order is information
        - Nothing, as the same bits are there and weights can follow them
        + Width 7 falls to a guess, 49 bits stay one
        = A weighted sum does not care which bit comes first. A width does: it says which bits are a pair, and after the
          deal these are others.
        & S4-04

        ? A network fails on 49 bits after 300 strings and succeeds after 3,000. Width 7 needed 20. Why?
        - Its hidden units cannot say whether two bits are equal
        + Which pairs matter it has to learn from examples
        - Random strings have no pattern, so it can only learn them by heart
        = The same units succeed later, and GOOD strings do have a pattern. But nobody says that 21 of 1,176 pairs
          count. Deep learning makes representations; knowing one saves data.
        & S4-04, S4-05
    """),
    sources=(
        "D. E. Rumelhart, G. E. Hinton, R. J. Williams: Learning representations by back-propagating errors, Nature "
        "323 (1986), pages 533–536 (a network that detects mirror symmetry)",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, chapter 1",
    ),
)
