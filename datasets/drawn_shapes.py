"""Pictures of drawn shapes, grey and small, or larger and in colour.

Each shape is given by its signed distance: negative inside, in pixels. Clipping that to one pixel about the outline
draws it with soft edges. Source of the distances: J. Hart: Sphere tracing, The Visual Computer 12, 1996.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from descend.datasets.generated import Generated, Samples, draw_balanced_labels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Random = np.random.RandomState
    Floats = NDArray[np.float32]

CLASSES = ("circle", "ring", "square", "triangle", "cross", "star", "bar", "crescent")


def measure_distances(label: int, x: Floats, y: Floats, size: Floats) -> Floats:
    """Signed distance from (x, y) to the outline of a shape about the origin, or a lower bound of it.

    Args:
        label: index into `CLASSES`.
        x, y: (n, h, w) coordinates in pixels, turned into the shape's own frame.
        size: (n, 1, 1) radius of the circle around the shape, in pixels.
    """
    import numpy as np

    def box(width: Floats, height: Floats) -> Floats:
        inside: Floats = np.maximum(np.abs(x) - width, np.abs(y) - height)
        return inside

    radius = np.hypot(x, y)
    distances: Floats
    if CLASSES[label] == "circle":
        distances = radius - 0.9 * size
    elif CLASSES[label] == "ring":
        distances = np.abs(radius - 0.75 * size) - 0.2 * size
    elif CLASSES[label] == "square":
        distances = box(0.71 * size, 0.71 * size)
    elif CLASSES[label] == "triangle":
        # folding the plane into three sectors makes the sides one line, at half the distance of the corners
        angle = np.arctan2(x, -y) % (2 * np.pi / 3) - np.pi / 3
        distances = radius * np.cos(angle) - 0.5 * size
    elif CLASSES[label] == "cross":
        distances = np.minimum(box(size * 0.95, size * 0.28), box(size * 0.28, size * 0.95))
    elif CLASSES[label] == "star":
        half = np.pi / 5
        angle = np.abs((np.arctan2(x, y) + half) % (2 * half) - half)  # from the nearest tip
        # the line from a tip at distance 1 to the notch at 0.4
        notch_x, notch_y = 0.4 * np.sin(half), 0.4 * np.cos(half)
        length = np.hypot(notch_x, 1 - notch_y)
        across, along = radius * np.sin(angle), radius * np.cos(angle)
        distances = (across * (1 - notch_y) + (along - size) * notch_x) / length
    elif CLASSES[label] == "bar":
        distances = box(size * 0.95, size * 0.24)
    else:
        distances = np.maximum(radius - 0.9 * size, 0.75 * size - np.hypot(x - 0.45 * size, y))
    return distances


def measure_coverage(random: Random, labels: NDArray[np.int64], side: int) -> Floats:
    """How much of each pixel a shape covers, 0…1, shape (n, side, side); place, size and angle are random."""
    import numpy as np

    count = len(labels)

    def one_each(low: float, high: float) -> Floats:
        return random.uniform(low, high, (count, 1, 1)).astype(np.float32)

    size = one_each(0.24, 0.40) * side
    middle = side / 2 - 0.5
    left, top = one_each(-0.1, 0.1) * side + middle, one_each(-0.1, 0.1) * side + middle
    turn = one_each(-np.pi, np.pi)
    along = np.arange(side, dtype=np.float32)
    dx, dy = along - left, along[:, None] - top
    x, y = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    covered = np.empty((count, side, side), np.float32)
    for label in range(len(CLASSES)):
        here = labels == label
        covered[here] = np.clip(0.5 - measure_distances(label, x[here], y[here], size[here]), 0, 1)
    return covered


def draw_grey(random: Random, count: int) -> Samples:
    """Bright shapes on dark ground, 28 × 28, uint8, with noise of up to ±24 of 255."""
    import numpy as np

    labels = draw_balanced_labels(random, count, len(CLASSES))
    bright = random.randint(120, 232, (count, 1, 1))
    dark = random.randint(24, 60, (count, 1, 1))
    noise = random.randint(-24, 25, (count, 28, 28), np.int8)
    return (dark + (bright - dark) * measure_coverage(random, labels, 28) + noise).astype(np.uint8), labels


def draw_colour(random: Random, count: int) -> Samples:
    """Shapes of any colour on ground of another, 32 × 32 × 3, uint8, with noise of up to ±24 of 255."""
    import numpy as np

    labels = draw_balanced_labels(random, count, len(CLASSES))
    ground = random.randint(24, 232, (count, 3))
    # far from the ground in each channel, so that no shape is lost in it
    ink = np.where(
        ground < 128, ground + random.randint(60, 104, (count, 3)), ground - random.randint(60, 104, (count, 3))
    )
    covered = measure_coverage(random, labels, 32)[..., None]
    noise = random.randint(-24, 25, (count, 32, 32, 1), np.int8)
    ground, ink = ground[:, None, None, :].astype(np.float32), ink[:, None, None, :].astype(np.float32)
    return (ground + (ink - ground) * covered + noise).astype(np.uint8), labels


DATASETS = (
    Generated(
        name="shapes-28",
        title="Shapes, grey",
        description="5,000 drawn shapes of eight kinds, 28 × 28 grey pixels; place, size, angle and brightness vary.",
        sample_shape=(28, 28),
        classes=CLASSES,
        train_size=4000,
        test_size=1000,
        make=draw_grey,
    ),
    Generated(
        name="shapes-32",
        title="Shapes, colour",
        description="5,000 drawn shapes of eight kinds, 32 × 32 colour pixels; the colours say nothing of the kind.",
        sample_shape=(32, 32, 3),
        classes=CLASSES,
        train_size=4000,
        test_size=1000,
        make=draw_colour,
    ),
)
