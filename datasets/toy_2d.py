"""Points in the plane for a classifier to separate, and a wave for a network to fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from descend.datasets.generated import Generated, Samples, draw_balanced_labels

if TYPE_CHECKING:
    import numpy as np

    Random = np.random.RandomState


def draw_xor(random: Random, count: int) -> Samples:
    """Uniform points of the square [-1, 1]², the class told by whether the signs of x and y differ."""
    import numpy as np

    y = draw_balanced_labels(random, count, 2)
    x = random.uniform(0.04, 1, (count, 2)) * random.choice([-1.0, 1.0], (count, 1))
    x[:, 1] *= np.where(y == 1, -1, 1)
    return (x + random.normal(0, 0.03, x.shape)).astype("float32"), y


def draw_moons(random: Random, count: int) -> Samples:
    """Two half circles that reach into each other, with Gaussian noise of 0.15."""
    import numpy as np

    y = draw_balanced_labels(random, count, 2)
    angle = random.uniform(0, np.pi, count)
    upper = np.stack([np.cos(angle), np.sin(angle)], 1)
    x = np.where(y[:, None] == 0, upper, [1.0, 0.5] - upper) - [0.5, 0.25]
    return (x + random.normal(0, 0.15, x.shape)).astype("float32"), y


def draw_circles(random: Random, count: int) -> Samples:
    """A ring of radius 1 around one of radius 0.5, with Gaussian noise of 0.1."""
    import numpy as np

    y = draw_balanced_labels(random, count, 2)
    angle, radius = random.uniform(0, 2 * np.pi, count), np.where(y == 0, 1.0, 0.5)
    x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return (x + random.normal(0, 0.1, x.shape)).astype("float32"), y


def draw_spirals(random: Random, count: int) -> Samples:
    """Three arms that wind once around the origin, with Gaussian noise of 0.03."""
    import numpy as np

    y = draw_balanced_labels(random, count, 3)
    along = np.sqrt(random.uniform(0.01, 1, count))  # evenly spread over the length of an arm
    angle = 2 * np.pi * (along + y / 3)
    x = along[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    return (x + random.normal(0, 0.03, x.shape)).astype("float32"), y


def draw_blobs(random: Random, count: int) -> Samples:
    """Four round clouds of standard deviation 0.5 about the corners of a square; neighbours touch."""
    import numpy as np

    y = draw_balanced_labels(random, count, 4)
    corners = np.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
    return (corners[y] + random.normal(0, 0.5, (count, 2))).astype("float32"), y


def draw_waves(random: Random, count: int) -> Samples:
    """``sin 2x + cos(4x) / 2`` on [-3, 3], with Gaussian noise of 0.1; the noise leaves a mean square error of 0.01."""
    import numpy as np

    x = random.uniform(-3, 3, (count, 1))
    y = np.sin(2 * x[:, 0]) + np.cos(4 * x[:, 0]) / 2 + random.normal(0, 0.1, count)
    return x.astype("float32"), y.astype("float32")


def _make_spec(name: str, title: str, description: str, classes: int, make: object) -> Generated:
    return Generated(
        name=name,
        title=title,
        description=description,
        kind="table",
        sample_shape=(2,),
        classes=tuple("ABCD"[:classes]),
        features=("x", "y"),
        train_size=1000,
        test_size=500,
        make=make,  # type: ignore[arg-type]
    )


DATASETS = (
    _make_spec(
        "xor", "XOR", "Points in four quadrants, opposite ones alike: no straight line separates them.", 2, draw_xor
    ),
    _make_spec("moons", "Moons", "Two half moons that reach into each other.", 2, draw_moons),
    _make_spec("circles", "Circles", "A noisy ring around another.", 2, draw_circles),
    _make_spec("spirals", "Spirals", "Three arms that wind once around each other.", 3, draw_spirals),
    _make_spec(
        "blobs", "Blobs", "Four round clouds of points that touch; straight lines separate them well.", 4, draw_blobs
    ),
    Generated(
        name="waves",
        title="Waves",
        description="One number x and a noisy sum of two waves of it, y = sin 2x + cos(4x) / 2: a curve to follow.",
        kind="table",
        task="regression",
        sample_shape=(1,),
        features=("x",),
        targets=("y",),
        train_size=1000,
        test_size=500,
        make=draw_waves,
    ),
)
