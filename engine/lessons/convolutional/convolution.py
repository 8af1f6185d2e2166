"""Convolution and feature maps

Nine numbers slide over an image, and out comes a picture of its edges. How can so little see anything, and who chooses
the nine numbers?

**One place.** The kernel w lies on a patch x of the image. Nine products are summed, the dot product of two vectors:

    y = Σ wᵢ·xᵢ + b

**All places.** The window moves on by `stride` pixels; `padding` puts zeros around the image. The sums, laid out as the
places were, are the *feature map*: large where bright pixels meet large weights. If the weights sum to 0, that is where
the patch is like the kernel; for `blur`, wherever it is bright. A kernel of k pixels has on n of them

    ⌊(n + 2·padding − k)/stride⌋ + 1   places.

Mathematicians flip the kernel first; deep-learning libraries do not, so strictly theirs is a *cross-correlation*.

**Many filters.** Each has a kernel for every input channel and one bias: 16 filters of 3 × 3 on a colour image have
16·(3·9 + 1) = 448 parameters, whatever its size. On 32 × 32 pixels, unpadded, they take 16·30·30·27 = 388,800
multiplications.

**A network.** Convolution, ReLU, pooling (the greatest of each 2 × 2 block), a second convolution of 16 filters, ReLU,
and a dense layer that scores the classes. Nobody chooses its kernels: they start at random and follow the gradient.

**Predict, then run.** First a kernel of yours goes over a digit; then a small network learns digits.

**Watch** the sum grow, product by product, and the map fill. Later the film shows the learned filters at six moments.

**Break it.** Move on by 3 pixels: what slips through? Then set `frozen`: the first filters stay random. How much worse
is the network?
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
    quiz,
)

KERNELS = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "blur": [[1 / 9] * 3] * 3,
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "vertical edge": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "horizontal edge": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
}
FRAMES = 6
DARK = -1.5
"""Shade of the gaps in the film of the filters, whose weights stay between -1 and 1."""


class Knobs(KnobSet):
    digit: int = knob(0, 0, 359, help="the test image that the window slides over")
    kernel: str = knob("vertical edge", choices=tuple(KERNELS), help="the nine numbers")
    stride: int = knob(1, 1, 3, help="pixels the window moves on by")
    padding: int = knob(1, 0, 2, help="rows and columns of zeros on each side")
    filters: int = knob(8, 1, 16, help="filters of the network's first layer")
    epochs: int = knob(15, 0, 100, help="times the network sees every training image")
    frozen: bool = knob(False, help="leave the network's first filters as random as they began")
    pace: int = knob(8, 0, 1000, live=True, help="places of the window a second, to watch; 0: as fast as it goes")


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


def slide(lab, k):
    """The window goes over one digit, a place a step."""
    import numpy as np
    import torch

    kernel = np.array(KERNELS[k.kernel], float)
    image = np.pad(lab.dataset.test_x[k.digit].astype(float), k.padding)
    size = len(image)
    across = (size - 3) // k.stride + 1
    filled = torch.zeros(across, across)
    lab.track(filled=filled)
    for step in lab.steps(across * across, unit="places"):
        i, j = divmod(step, across)
        top, left = i * k.stride, j * k.stride
        patch = image[top : top + 3, left : left + 3]
        products = patch * kernel
        filled[i, j] = products.sum()
        low, right = size - 3.5 - top, left - 0.5  # rows are counted from above, a map's y from below
        frame = [(right, low), (right + 3, low), (right + 3, low + 3), (right, low + 3), (right, low)]
        across_image, window, axes = (0, size - 1), {"window": frame}, ("column", "row, from below")
        lab.field("digit", image[::-1].copy(), across_image, across_image, low=0, high=16, paths=window, axes=axes)
        texts = [f"{y:.3g}" if place <= step else "" for place, y in enumerate(filled.ravel().tolist())]
        lab.field("feature map", filled, texts=np.reshape(texts, (across, across)).tolist(), axes=("column", "row"))
        cells = zip(patch.ravel(), kernel.ravel(), products.ravel(), products.cumsum(), strict=True)
        rows = [[round(number, 3) for number in row] for row in cells]
        lab.table("sum at this place", ["pixel", "weight", "product", "sum so far"], rows)
    lab.results(**{"numbers in the map": across * across, "least of the map": filled.min().item()})


def compare(lab, k):
    """All kernels at once; the same with PyTorch; and what a shift of the image does."""
    import numpy as np
    import torch
    from scipy.signal import convolve2d
    from torch.nn import functional

    rng = np.random.default_rng(lab.seed)
    kernels = np.array(list(KERNELS.values()), float)[:, None]
    digit = lab.dataset.test_x[None, None, k.digit].astype(float)
    none = np.zeros(len(kernels))
    maps, _ = convolve(digit, kernels, none, 1, 1)
    scaled = [(one - one.min()) / max(np.ptp(one), 1e-9) for one in maps[0]]
    lab.images("the map of each kernel", np.array(scaled), list(KERNELS), low=0, high=1)

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
    flipped = np.abs(flipped[0, 0] - convolve2d(digit[0, 0], lopsided, "valid")).max()

    canvas = np.pad(digit, ((0, 0), (0, 0), (4, 4), (4, 4)))  # room to move without meeting the border
    own = kernels[[list(KERNELS).index(k.kernel)]]
    still, moved, far = (convolve(np.roll(canvas, by, 3), own, [0.0], k.stride)[0] for by in (0, 1, k.stride))
    lab.results(
        **{
            "from PyTorch": difference,
            "flipped, from SciPy": flipped,
            "parameters": weight.size + bias.size,
            "multiplications": products,
            "shifted by 1, map as before": np.abs(moved - still).max(),
            "shifted by 1, map along by 1": np.abs(moved[..., 1:] - still[..., :-1]).max(),
            "shifted by stride, map along by 1": np.abs(far[..., 1:] - still[..., :-1]).max(),
        }
    )


def in_two_rows(filters):
    """One picture of all filters (n, 3, 3), between them gaps that are darker than any weight."""
    from torch.nn import functional

    framed = functional.pad(filters, (0, 1, 0, 1, 0, len(filters) % 2), value=DARK)
    across = len(framed) // 2
    return framed.view(2, across, 4, 4).transpose(1, 2).reshape(8, 4 * across)[:-1, :-1]


def learn(lab, k):
    """A small network learns digits; its first filters are filmed."""
    import torch
    from torch import nn
    from torch.nn import functional

    from descend.engine.lab.fit import Tensors, accuracy, evaluate

    data = Tensors.of(lab.dataset, lab.device)
    first = nn.Conv2d(1, k.filters, 3, padding=1)
    net = nn.Sequential(
        first,
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(k.filters, 16, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(16 * 4 * 4, 10),
    ).to(lab.device)
    first.requires_grad_(not k.frozen)
    adam = torch.optim.Adam([weights for weights in net.parameters() if weights.requires_grad], 0.003)
    lab.track(net=net, adam=adam)
    train_x, test_x = data.train_x[:, None], data.test_x[:, None]
    begun = first.weight.detach().clone()
    film = lab.state.setdefault("film", {})
    per_epoch = -(-len(train_x) // 32)
    last = k.epochs * per_epoch - 1
    moments = {round(last * frame / (FRAMES - 1)) for frame in range(FRAMES)}
    for step in lab.steps(k.epochs * per_epoch, samples=32, unit="images", paced=False):
        chosen = torch.randint(len(train_x), (32,)).to(lab.device)
        loss = functional.cross_entropy(net(train_x[chosen]), data.train_y[chosen])
        adam.zero_grad()
        loss.backward()
        adam.step()
        lab.scalars({"train/loss": loss})
        if step in moments:
            film[f"step {step + 1}"] = in_two_rows(first.weight.detach()[:, 0].cpu())
            lab.images("film of the filters", torch.stack(list(film.values())), list(film))
        if step % 15 == 14 or step == last:
            mean, counts = evaluate(net, test_x, data.test_y, 10, functional.cross_entropy)
            lab.scalars({"test/loss": mean, "test/accuracy": accuracy(counts)})
        if lab.due():
            with torch.no_grad():
                maps = first(test_x[k.digit : k.digit + 1])[0].relu()
            lab.images("feature maps", maps, [f"map {index}" for index in range(1, k.filters + 1)], low=0)
    mean, counts = evaluate(net, test_x, data.test_y, 10, functional.cross_entropy)
    change = (first.weight - begun).norm() / begun.norm()
    lab.results(**{"test/loss": mean, "test/accuracy": accuracy(counts), "change of the filters": change.item()})


def run(lab, k):
    slide(lab, k)
    compare(lab, k)
    learn(lab, k)


def build():
    """A network for grey images of 28 × 28 pixels, shape (n, 1, 28, 28), that scores 10 classes."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 12 * 12, 10),
    )


def check_build(build):
    """Every layer fits the one before, 50,890 parameters, and it learns."""
    import torch
    from torch import nn
    from torch.nn import functional

    from descend.datasets import catalogue

    net = build()
    if not isinstance(net, nn.Module):
        raise Wrong(f"build() should return a torch.nn.Module; yours returns {type(net).__name__}.")

    def fits(name):
        def look(layer, given):
            got = given[0].shape[-1]
            if got != layer.in_features:
                raise Wrong(
                    f"Layer '{name}' is built for {layer.in_features:,} numbers an image and gets {got:,}: what comes "
                    "before it ends with another size than you think."
                )

        return look

    for name, layer in net.named_modules():
        if isinstance(layer, nn.Linear):
            layer.register_forward_pre_hook(fits(name))
    shape = tuple(net(torch.zeros(2, 1, 28, 28)).shape)
    if shape != (2, 10):
        raise Wrong(f"For two images it returns shape {shape}; ten scores each are asked for, (2, 10).")
    count = sum(weights.numel() for weights in net.parameters())
    if count != 50_890:
        raise Wrong(f"It has {count:,} parameters; with both convolutions left as they are it has 50,890.")
    digits = catalogue.find("digits").load()
    x = torch.as_tensor(digits.train_x[:128]).float()[:, None] / digits.scale
    x, y = functional.interpolate(x, 28, mode="bilinear"), torch.as_tensor(digits.train_y[:128])
    adam = torch.optim.Adam(net.parameters(), 0.003)
    losses = []
    for _ in range(15):
        loss = functional.cross_entropy(net(x), y)
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    if not losses[-1] < 0.7 * losses[0]:
        raise Wrong(f"It fits, but does not learn: the loss goes from {losses[0]:.2f} to {losses[-1]:.2f} in 15 steps.")


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
    for height, width, k, stride in (
        (5, 5, 3, 1),
        (8, 6, 3, 1),
        (8, 6, 2, 2),
        (7, 9, 3, 2),
        (3, 3, 3, 1),
        (6, 6, 1, 3),
    ):
        image, kernel = rng.normal(size=(height, width)), rng.normal(size=(k, k))
        right = correlate2d(image, kernel, "valid")[::stride, ::stride]
        yours = np.asarray(correlate(image, kernel, stride))
        case = f"For {height} × {width} pixels, a {k} × {k} kernel and stride {stride}"
        if yours.shape != right.shape:
            raise Wrong(f"{case} the map has shape {right.shape}; yours has {yours.shape}.")
        if not np.allclose(yours, right):
            at = tuple(int(index) for index in np.argwhere(~np.isclose(yours, right))[0])
            raise Wrong(f"{case} the value at {at} should be {right[at]:.4f}; yours is {yours[at]:.4f}.")


def half_as_wide(result):
    """A map of 4 × 4."""
    if result.state != "done":
        raise Wrong(f"The run is {result.state}; let it come to its end.")
    across = round(result.last("numbers in the map") ** 0.5)
    if across != 4:
        raise Wrong(f"The map is {across} × {across}; 4 × 4 is asked for.")


def what_a_shift_does(result):
    """Index of the choice: the map stays, moves along, or becomes another."""
    if result.last("shifted by 1, map as before") < 1e-9:
        return 0
    return 1 if result.last("shifted by 1, map along by 1") < 1e-9 else 2


LESSON = Lesson(
    covers=("G01",),
    after="digits",
    run=run,
    knobs=Knobs,
    data=("digits",),
    minutes=15,
    smoke={"stride": 3, "padding": 0, "filters": 3},
    predictions=(
        Prediction(
            "How many numbers will the feature map have?",
            lambda r: r.last("numbers in the map"),
            "⌊(8 + 2·padding − 3)/stride⌋ + 1 in each direction. With one row of zeros around it and stride 1 the map "
            "is as large as the image: 8 × 8.",
        ),
        Prediction(
            "Pixels are 0 to 16, never negative. Will the feature map have negative numbers?",
            choices=("no", "yes"),
            truth=lambda r: int(r.last("least of the map") < 0),
            why="Where weights are negative, sums can be. The sign of an edge kernel says which way: `vertical edge` "
            "counts what is to the right and takes away what is to the left, so where a stroke ends on the right the "
            "sum is negative. ReLU then drops it. `identity` and `blur` have no negative weight.",
        ),
        Prediction(
            "The digit is moved one pixel to the right. What does its feature map do?",
            choices=("it stays the same", "it moves along by one place", "it becomes another map"),
            truth=what_a_shift_does,
            why="Same weights everywhere: what is found moves with what caused it (equivariance, not invariance). With "
            "a stride of 2 or 3 one pixel falls between two places, and the map is another.",
        ),
    ),
    claims=(
        Claim(
            "The loop agrees with PyTorch's conv2d, for five kernels, several strides and paddings, and colour",
            last("from PyTorch", epochs=0) < 1e-6,
            seeds=3,
        ),
        Claim(
            "With its kernel flipped it agrees with SciPy's convolve2d",
            last("flipped, from SciPy", epochs=0) < 1e-6,
            seeds=3,
        ),
        Claim(
            "8 pixels, a kernel of 3, no padding, stride 2: 3 × 3 places",
            last("numbers in the map", epochs=0, padding=0, stride=2) == 9,
        ),
        Claim(
            "16 filters of 3 × 3 on three channels have 448 parameters and take 388,800 products on 32 × 32 pixels",
            last("parameters", epochs=0) == 448,
            last("multiplications", epochs=0) == 388_800,
        ),
        Claim("The small network recognises over 94 % of new digits", last("test/accuracy") > 0.94, seeds=5),
        Claim("… and over 90 % with first filters that stay random", last("test/accuracy", frozen=True) > 0.9, seeds=5),
        Claim(
            "… which mostly costs errors: in three runs of five or more",
            (1 - last("test/accuracy", frozen=True)) / (1 - last("test/accuracy")) > 1,
            seeds=5,
            needed=3,
        ),
        Claim(
            "At stride 1, shifting the image by one pixel shifts the map by one place",
            last("shifted by 1, map along by 1", epochs=0) < 1e-9,
        ),
        Claim(
            "At stride 2 it takes two pixels to shift the map by one place",
            last("shifted by stride, map along by 1", epochs=0, stride=2) < 1e-9,
        ),
        Claim("… and one pixel gives another map", last("shifted by 1, map along by 1", epochs=0, stride=2) > 1),
    ),
    quiz=quiz("""
        ? A kernel's nine weights sum to zero. What does it give where the image is even, all pixels alike?
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

        ? A layer has 16 filters of 3 × 3 on a colour image of 32 × 32. Now the image is 64 × 64. How many
          parameters does the layer have?
        - 4 × 448
        - About 16 times 388,800
        + 448, as before
        = All places share the weights. The multiplications grow with the image; the parameters do not.

        ? A colour image has three channels. How many feature maps does one filter give?
        - Three, one a channel
        + One
        - Nine, one a weight
        = A filter has a kernel for each channel and sums over all of them. Sixteen filters give sixteen
          maps.

        ? With `frozen` the first filters stay random. The network still recognises over 90 % of new digits,
          though it mostly errs more often than one that learns them. What does that show?
        - The first layer does nothing here, and can be left out
        + Later layers can learn to read eight random views
        - It has learned its first filters nevertheless
        = They hold enough of so small an image. That a network is right so often does not prove that each
          of its layers has learned something fine.

        ? The digit moves two pixels to the right, stride 1. Which is true, away from the border?
        - The map stays, as it is invariant
        - The map moves by one place
        + The map moves by two places
        = Convolution is equivariant: what is found moves along. Pooling over a whole map makes it
          invariant.
    """),
    exercises=(
        CodeExercise(
            "Fix the network: its dense layer does not fit what the convolutions give it. Leave both convolutions "
            "as they are.",
            build,
            check_build,
            broken={"12 * 12": "13 * 13"},
            hints=(
                "Follow the width of the image: 28, with padding 1 still 28, pooled 14, and then?",
                "The second convolution has no padding: 14 − 3 + 1.",
            ),
            seconds=60,
        ),
        Exercise(
            "Choose stride and padding so that the digit of 8 × 8 pixels gives a map of 4 × 4.",
            half_as_wide,
            solution={"stride": 2, "padding": 1},
            hints=("⌊(8 + 2·padding − 3)/stride⌋ + 1 = 4.", "So (5 + 2·padding)/stride lies between 3 and 4."),
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
