"""Images in arrays, whatever the range of their values, as bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from descend.datasets.data_shape import format_count, format_value
from descend.datasets.dataset import WARNING
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHUNK = 2**22
"""Values that are looked at or turned into bytes at once, about."""
FEW = 64
"""Steps of brightness that are too few for fractions to become whole numbers without loss."""
FAR = 16
"""How many times brighter the images of one part can be than those of the other, and still be of one kind."""


def arrange_axes(x: NDArray[Any], file: str) -> NDArray[Any]:
    """``x`` as (n, h, w) or (n, h, w, 3), no copy.

    Raises:
        DescendError: it has another shape.
    """
    import numpy as np

    if x.ndim == 4 and x.shape[1] in (1, 3) and x.shape[3] not in (1, 3):
        x = np.moveaxis(x, 1, 3)
    if x.ndim == 4 and x.shape[3] == 1:
        x = x[..., 0]
    if x.ndim not in (3, 4) or (x.ndim == 4 and x.shape[3] != 3):
        raise DescendError(
            f"x in {file} has the shape {x.shape}; it must be a table (n, columns), or images (n, h, w), "
            "(n, h, w, 3) or (n, 3, h, w)."
        )
    return x


def convert_to_bytes(
    x: NDArray[Any], train: NDArray[np.intp], test: NDArray[np.intp], file: str, notes: list[str]
) -> tuple[NDArray[np.uint8], int, tuple[float, float]]:
    """Images (n, h, w) or (n, h, w, 3) as bytes of the same shape, their brightest value, and which value became 0 and
    by what the difference from it was multiplied.

    Whole numbers from 0 to 255 stay as they are, fractions from 0 to 1 become 0 to 255. Of any other range, the
    minimum over the training images becomes 0 and the maximum 255, for all images alike.

    Args:
        train, test: indices of the parts.

    Raises:
        DescendError: a pixel is not a finite number, all are the same, or one part is far brighter than the other.
    """
    low, factor, scale = find_scale(x, train, test, file, notes)
    return scale_to_bytes(x, low, factor), scale, (low, factor)


def find_scale(
    x: Any, train: NDArray[np.intp], test: NDArray[np.intp], file: str, notes: list[str]
) -> tuple[float, float, int]:
    """Of images as `convert_to_bytes` takes them, of which a piece at a time is looked at: which value becomes 0, by
    what the difference from it is multiplied, and the brightest value then; raises as that does."""
    import numpy as np

    if x.dtype.kind == "b":
        return 0.0, 1.0, 1
    fractions, spans = False, np.empty((len(x), 2))
    for at, images in split_chunks(x):
        if x.dtype.kind == "f":
            if not np.isfinite(images).all():
                place = np.argwhere(~np.isfinite(images))[0].tolist()
                where = [at.start + place[0], *place[1:]]
                raise DescendError(
                    f"x in {file} has {images[tuple(place)]} at index {where}; pixels cannot have this value."
                )
            fractions = fractions or bool((images % 1).any())
        sides = tuple(range(1, x.ndim))
        spans[at, 0], spans[at, 1] = images.min(sides), images.max(sides)
    low, high = float(spans[:, 0].min()), float(spans[:, 1].max())
    brightest = sorted(float(np.abs(spans[part]).max()) for part in (train, test))
    if brightest[0] * FAR < brightest[1]:
        raise DescendError(
            f"The images of {file} go up to {brightest[1]:,.6g} in one part and to {brightest[0]:,.6g} in the other, "
            "training or test; save both alike."
        )
    if low >= 0 and high <= 1 and (x.dtype.kind == "f" and 256 * (high - low) >= FEW):
        notes.append("Pixels from 0 to 1 are kept as bytes, in 256 steps.")
        return 0.0, 255.0, 255
    if low >= 0 and high <= 255 and (not fractions or high - low >= FEW):
        if fractions:
            notes.append("Pixels are rounded to whole numbers.")
        if 1 < high < FEW:
            notes.append(f"The brightest pixel is {high:.0f}, which is taken as white.")
        return 0.0, 1.0, max(1, int(high)) if high < FEW else 255
    low, high = float(spans[train, 0].min()), float(spans[train, 1].max())
    if low == high:
        raise DescendError(
            f"The images of {file} to train on hold the single value {format_value(low)}; they are blank."
        )
    if x.dtype.kind == "f":
        notes.append(
            f"{WARNING}x is taken for images of {' × '.join(map(str, x.shape[1:]))}, and kept in 256 steps; save it as "
            "(n, columns) if it is not."
        )
    notes.append(
        f"Pixels from {format_value(low)} to {format_value(high)}, the range of those to train on, became 0 to 255."
    )
    beyond = (spans[:, 0] < low) | (spans[:, 1] > high)
    if beyond.any():
        notes.append(
            f"{format_count(int(beyond.sum()), 'image')} of the test with values beyond that range, cut off there."
        )
    return low, 255 / (high - low), 255


def scale_to_bytes(x: NDArray[Any], low: float, factor: float) -> NDArray[np.uint8]:
    """``(x - low) * factor`` in bytes."""
    import numpy as np

    if x.dtype in (np.uint8, np.bool_) and (low, factor) == (0, 1):
        return np.ascontiguousarray(x).view(np.uint8)
    found = np.empty(x.shape, np.uint8)
    for at, images in split_chunks(x):
        found[at] = np.rint((images.astype(np.float64) - low) * factor).clip(0, 255)
    return found


def split_chunks(x: Any) -> Iterator[tuple[slice, NDArray[Any]]]:
    """A few images at a time, and where they are."""
    step = max(1, CHUNK * len(x) // max(1, x.size))
    for start in range(0, len(x), step):
        yield slice(start, start + step), x[start : start + step]
