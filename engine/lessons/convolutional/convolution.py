"""Convolution and feature maps

Nine numbers slide over an image, and out comes a picture of its edges. How can so little see anything?

**One place.** The nine numbers w, the *kernel*, lie on a patch x of the image. Pixel by pixel they are multiplied, and
the products are added up, with a number b, the *bias*, if there is one:

    y = Σ wᵢ·xᵢ + b

In the run as it is set, the window's second place holds 0 almost everywhere. Left are 11, 2 and 16, under the weights
2, 0 and 1:

    11·2 + 2·0 + 16·1 = 38

**All places.** The window moves on by `stride` pixels; `padding` puts zeros around the image. The sums, laid out as the
places were, are the *feature map*: large where bright pixels meet large weights. If the weights sum to 0, that is where
the patch is like the kernel; for `blur`, wherever it is bright. A kernel of k pixels has on n of them

    ⌊(n + 2·padding − k)/stride⌋ + 1   places.

Mathematicians flip the kernel first; deep-learning libraries do not: theirs is a *cross-correlation*.

**Channels.** A colour image has three numbers a pixel, so a *filter* has one kernel for each of three *channels* and
one bias. 16 filters of 3 × 3 have 16·(3·9 + 1) = 448 numbers, whatever the image's size. On 32 × 32 pixels, unpadded,
they take 16·30·30·27 = 388,800 multiplications.

**Predict, then run.** What does the map do when the digit moves?

**Watch** one place turn into one number, and the map fill.

**Break it.** Stride 3: what slips through? Then choose `own`, and write nine numbers.
"""

from descend.engine.base.number_text import parse_numbers
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

KERNELS = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "blur": [[1 / 9] * 3] * 3,
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "vertical edge": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "horizontal edge": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
}


class Knobs(KnobSet):
    digit: int = knob(0, 0, 359, help="the test image that the window slides over")
    kernel: str = knob("vertical edge", choices=(*KERNELS, "own"), help="the nine numbers; own: those of the next knob")
    own: str = knob("2 1 0; 1 0 -1; 0 -1 -2", help="nine numbers of yours, row by row, used if kernel is own")
    stride: int = knob(1, 1, 3, help="pixels the window moves by")
    padding: int = knob(1, 0, 2, help="rows and columns of zeros on each side")
    pace: int = pace(8)


def convolve(images, kernels, bias, stride=1, padding=0):
    """What a convolutional layer computes, and the number of multiplications.

    images: (n, channels, height, width); kernels: (filters, channels, k, k); bias: (filters,).
    Returns (n, filters, rows, columns) and a count.
    """
    import numpy as np

    images = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    k = kernels.shape[2]
    rows, columns = ((size - k) // stride + 1 for size in images.shape[2:])  # key: places that the window has
    maps, products = np.zeros((len(images), len(kernels), rows, columns)), 0
    for n, image in enumerate(images):
        for f, kernel in enumerate(kernels):
            for i in range(rows):
                for j in range(columns):
                    top, left = i * stride, j * stride
                    patch = image[:, top : top + k, left : left + k]
                    maps[n, f, i, j] = (patch * kernel).sum() + bias[f]  # key: same weights at every place
                    products += kernel.size
    return maps, products


def run(lab, k):
    import numpy as np

    kernels = {name: np.array(weights, float) for name, weights in KERNELS.items()}
    kernels["own"] = parse_numbers("own", k.own, (3, 3))
    image = lab.dataset.test_x[k.digit].astype(float)
    slide(lab, k, image, kernels, shift(lab, k, image, kernels[k.kernel]))
    compare(lab, image, np.array(list(kernels.values()))[:, None])


def slide(lab, k, image, kernels, shifted):
    """The window goes over one digit, a place a step; all kernels look at each place. Beside it what `shift` found."""
    import numpy as np

    from descend.engine.lab.formulas import write_dot_product

    chosen = list(kernels).index(k.kernel)
    stack = np.array(list(kernels.values()))[:, None]
    maps = convolve(image[None, None], stack, np.zeros(len(stack)), k.stride, k.padding)[0][0]
    grey = maps / np.maximum(np.abs(maps).max((1, 2), keepdims=True), 1e-9)  # 0 is the same grey in all
    captions = [name.replace("vertical edge", "edge │").replace("horizontal edge", "edge ─") for name in kernels]
    padded, across = np.pad(image, k.padding), maps.shape[1]
    size = len(padded)
    for step in lab.steps(across * across, unit="places"):
        top, left = (k.stride * place for place in divmod(step, across))
        window, place = np.s_[top : top + 3, left : left + 3], divmod(step, across)
        reached = np.arange(across * across).reshape(across, across) <= step
        lab.operation(
            "one place: image * kernel = map",
            {"image": padded, "kernel": kernels[k.kernel], "map": maps[chosen]},
            write_dot_product(padded[window], kernels[k.kernel]),
            signs={"kernel": "*", "map": "="},
            marks={"image": {"window": window}, "map": {"place": place}},
            blank={"map": ~reached},
        )
        x, y = left - 0.5, top - 0.5
        frame = [(x, y), (x + 3, y), (x + 3, y + 3), (x, y + 3), (x, y)]
        ends, paths, axes = (0, size - 1), {"window": frame}, ("column", "row")
        lab.field("digit", padded, ends, ends, low=0, high=16, paths=paths, axes=axes, down=True)
        known = [
            [value if seen else None for value, seen in zip(*row, strict=True)]
            for row in zip(maps[chosen], reached, strict=True)
        ]
        texts = [["·" if value is None else f"{value:.3g}" for value in row] for row in known]
        bound = np.abs(maps[chosen]).max() or 1.0
        lab.field(
            "feature map",
            known,
            texts=texts,
            low=-bound,
            high=bound,
            axes=("column", "row"),
        )
        lab.images("the map of each kernel", np.where(reached, grey, np.nan), captions, low=-1.1, high=1)
        bound = np.abs(shifted["map"]).max() or 1.0
        lab.images("the digit moves one pixel", list(shifted.values()), list(shifted), low=-bound, high=bound)
    lab.results(**{"numbers in the map": across * across, "min of the map": maps[chosen].min()})


def shift(lab, k, image, kernel):
    """What the map does when the image moves to the right: four pictures by their captions."""
    import numpy as np

    canvas, one = np.pad(image, 4)[None, None], kernel[None, None]  # room to move without meeting the border
    still, moved, far = (convolve(np.roll(canvas, by, 3), one, [0.0], k.stride)[0][0, 0] for by in (0, 1, k.stride))
    along = np.roll(still, 1, 1)
    in_place = convolve(canvas, one, [0.0], padding=1)[0]
    lab.results(
        **{
            "shifted by 1, map as before": np.abs(moved - still).max(),
            "shifted by 1, map along by 1": np.abs(moved - along)[:, 1:].max(),
            "shifted by stride, map along by 1": np.abs(far - along)[:, 1:].max(),
            "distance from the digit moved right": np.abs(in_place - np.roll(canvas, 1, 3)).max(),
        }
    )
    return {"map": still, "digit moved": moved, "map moved": along, "difference": moved - along}


def compare(lab, image, kernels):
    """The same numbers from PyTorch, and from SciPy, which flips."""
    import numpy as np
    import torch
    from scipy.signal import convolve2d
    from torch.nn import functional

    rng = np.random.default_rng(lab.seed)
    digit, none = image[None, None], np.zeros(len(kernels))
    difference = 0.0
    for stride, padding in ((1, 0), (1, 1), (2, 0), (2, 1), (3, 2)):
        ours, _ = convolve(digit, kernels, none, stride, padding)
        theirs = functional.conv2d(torch.tensor(digit), torch.tensor(kernels), stride=stride, padding=padding)
        difference = max(difference, np.abs(ours - theirs.numpy()).max())
    colour, weight, bias = rng.normal(size=(1, 3, 32, 32)), rng.normal(size=(16, 3, 3, 3)), rng.normal(size=16)
    ours, products = convolve(colour, weight, bias)
    theirs = functional.conv2d(torch.tensor(colour), torch.tensor(weight), torch.tensor(bias))
    difference = max(difference, np.abs(ours - theirs.numpy()).max())
    lopsided = rng.normal(size=(3, 3))
    flipped, _ = convolve(digit, lopsided[None, None, ::-1, ::-1], [0.0])  # key: the mathematicians' convolution
    lab.results(
        **{
            "from PyTorch": difference,
            "flipped, from SciPy": np.abs(flipped[0, 0] - convolve2d(image, lopsided, "valid")).max(),
            "parameters": weight.size + bias.size,
            "multiplications": products,
        }
    )


def correlate(image, kernel, stride):
    """Slide ``kernel`` (k, k) over ``image`` (height, width) by ``stride`` pixels: an array of the sums of products."""
    import numpy as np

    k = len(kernel)
    height, width = image.shape
    return np.array(
        [
            [(image[i : i + k, j : j + k] * kernel).sum() for j in range(0, width - k + 1, stride)]
            for i in range(0, height - k + 1, stride)
        ]
    )


def check_correlate(correlate):
    """Shapes and values are SciPy's, for several sizes, kernels and strides."""
    import numpy as np
    from scipy.signal import correlate2d

    rng = np.random.default_rng(0)
    cases = ((5, 5, 3, 1), (8, 6, 3, 1), (8, 6, 2, 2), (7, 9, 3, 2), (3, 3, 3, 1), (6, 6, 1, 3))
    for height, width, k, stride in cases:
        image, kernel = rng.normal(size=(height, width)), rng.normal(size=(k, k))
        right = correlate2d(image, kernel, "valid")[::stride, ::stride]
        yours = np.asarray(correlate(image, kernel, stride))
        case = f"{height} × {width} pixels, a {k} × {k} kernel and stride {stride}"
        if yours.shape != right.shape:
            raise Wrong(f"For {case} the map has shape {right.shape}; yours has {yours.shape}.")
        yield number(np.abs(yours - right).max(), f"{case}: largest error") <= 1e-9


AS_BEFORE, ALONG = last("shifted by 1, map as before"), last("shifted by 1, map along by 1")
MINIMUM = last("min of the map")

LESSON = Lesson(
    covers=("G01",),
    after="digits",
    run=run,
    knobs=Knobs,
    data=("digits",),
    minutes=10,
    takeaways=(
        "A convolution multiplies a small kernel with a patch, adds the products up, and does the same at every place.",
        "The number of places is ⌊(n + 2·padding − k)/stride⌋ + 1, and the number of weights does not depend on "
        "the image.",
        "At stride 1 a shifted image gives a shifted map; at stride 2 a shift by one pixel gives another map.",
        "What libraries call convolution is a cross-correlation: the kernel is not flipped.",
    ),
    show=(
        "one place: image * kernel = map",
        "feature map",
        "digit",
        "the map of each kernel",
        "the digit moves one pixel",
    ),
    rows=("S2-04", "S3-47", "S4-77a", "S4-77b", "S4-80"),
    smoke={"stride": 3, "padding": 0},
    predictions=(
        Prediction(
            "How many numbers will the feature map have?",
            last("numbers in the map"),
            "⌊(8 + 2·padding − 3)/stride⌋ + 1 in each direction. With one row of zeros around it and stride 1 the map "
            "is as large as the image: 8 × 8.",
            within=0.01,
        ),
        Prediction(
            "Pixels are 0 to 16, never negative. Will the feature map have negative numbers?",
            choices={"no": MINIMUM >= 0, "yes": MINIMUM < 0},
            why="Where weights are negative, sums can be. The sign of an edge kernel says which way: `vertical edge` "
            "counts what is to the right and takes away what is to the left, so where a stroke ends on the right the "
            "sum is negative. `identity` and `blur` have no negative weight.",
        ),
        Prediction(
            "The digit is moved one pixel to the right. What does its feature map do?",
            choices={
                "it stays the same": AS_BEFORE < 1e-9,
                "it moves along by one place": (ALONG < 1e-9) & (AS_BEFORE > 1e-9),
                "it becomes another map": (ALONG > 1e-9) & (AS_BEFORE > 1e-9),
            },
            why="Same weights everywhere: what is found moves with what caused it (equivariance, not invariance). With "
            "a stride of 2 or 3 one pixel falls between two places, and the map is another.",
            mistakes=(74,),
        ),
    ),
    claims=(
        Claim(
            "The loop agrees with PyTorch's conv2d, for six kernels, several strides and paddings, and colour",
            last("from PyTorch") < 1e-6,
            seeds=5,
        ),
        Claim("With its kernel flipped it agrees with SciPy's convolve2d", last("flipped, from SciPy") < 1e-6, seeds=5),
        Claim(
            "8 pixels, a kernel of 3, no padding, stride 2: 3 × 3 places",
            last("numbers in the map", padding=0, stride=2) == 9,
        ),
        Claim(
            "16 filters of 3 × 3 on three channels have 448 parameters and take 388,800 products on 32 × 32 pixels",
            last("parameters") == 448,
            last("multiplications") == 388_800,
        ),
        Claim("At stride 1, shifting the image by one pixel shifts the map by one place", ALONG < 1e-9),
        Claim(
            "At stride 2 it takes two pixels to shift the map by one place …",
            last("shifted by stride, map along by 1", stride=2) < 1e-9,
        ),
        Claim("… and one pixel gives another map", last("shifted by 1, map along by 1", stride=2) > 1),
    ),
    quiz=quiz("""
        ? [compute] A kernel's nine weights sum to zero. What does it give where the image is even, all pixels alike?
        + Zero, however bright
        - The brightness itself
        - Nine times the brightness
        = Σ wᵢ·c = c·Σ wᵢ = 0. Such a kernel sees differences only, which is what an edge is.

        ? nn.Conv2d does not flip its kernel, as the mathematical convolution does. What does a network
          lose?
        - Accuracy, unless images are flipped
        + Nothing: it is learned flipped
        - Equivariance under shifts
        = Training finds the nine numbers; whether one calls them the kernel or the flipped kernel changes
          nothing.

        ? [compute] A layer has 16 filters of 3 × 3 on a colour image of 32 × 32. Now the image is 64 × 64. How many
          parameters does the layer have?
        - 4 × 448
        - About 16 times 388,800
        + 448, as before
        = All places share the weights. The multiplications grow with the image; the parameters do not.
        & S2-C15

        ? A colour image has three channels. How many feature maps does one filter give?
        - Three, one a channel
        + One
        - Nine, one a weight
        = A filter has a kernel for each channel and sums over all of them. Sixteen filters give sixteen
          maps.
        & S2-C20

        ? [foresee] The digit moves two pixels to the right, stride 1. Which is true, away from the border?
        - The map stays, as it is invariant
        - The map moves by one place
        + The map moves by two places
        = Convolution is equivariant: what is found moves along. Pooling over a whole map makes it
          invariant.
        & 74

        ? [compute] 28 × 28 pixels, a kernel of 3, padding 1, called "same", and stride 2. How wide is the map?
        - 28: that is what "same" means
        + 14
        - 13
        = ⌊(28 + 2 − 3)/2⌋ + 1 = 14. One row of zeros keeps the size for a kernel of 3 at stride 1 only.
        & S2-C04, S2-C05, 103
    """),
    exercises=(
        Exercise(
            "Choose stride and padding so that the digit of 8 × 8 pixels gives a map of 4 × 4, 16 numbers.",
            last("numbers in the map") == 16,
            solution={"stride": 2, "padding": 1},
            hints=("⌊(8 + 2·padding − 3)/stride⌋ + 1 = 4.", "So (5 + 2·padding)/stride lies between 3 and 4."),
        ),
        Exercise(
            "Write nine numbers of your own whose map is the digit, moved one pixel to the right.",
            last("distance from the digit moved right") < 1e-9,
            solution={"kernel": "own", "own": "0 0 0; 1 0 0; 0 0 0"},
            hints=(
                "`identity` leaves the digit where it is: each place takes over the pixel in the middle of the window.",
                "If the digit has moved to the right, which neighbour does each place take over?",
            ),
        ),
        CodeExercise(
            "Fix the loop: it leaves out places at the border.",
            correlate,
            check_correlate,
            broken={"width - k + 1": "width - k", "height - k + 1": "height - k"},
            hints=(
                "An image as large as the kernel has one place. How many does the loop visit?",
                "The last place begins k pixels before the end, and range leaves its own end out.",
            ),
        ),
    ),
    sources=(
        "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition, "
        "Proceedings of the IEEE 86 (1998), 2278-2324",
        "V. Dumoulin, F. Visin: A guide to convolution arithmetic for deep learning, arXiv:1603.07285 (2016)",
        "I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, MIT Press 2016, chapter 9",
    ),
)
