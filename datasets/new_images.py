"""New pictures, prepared as those of a training were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from descend.datasets import image_file
from descend.datasets.listing import find_pictures
from descend.datasets.preparation import Preparation
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TOGETHER = 256
"""Pictures in memory at once."""


def list_pictures(place: Path) -> list[Path]:
    """The picture ``place``, or all in that folder and below, by name.

    Raises:
        DescendError: there is none.
    """
    if place.is_dir():
        if not (found := find_pictures(place)):
            raise DescendError(f"There are no images in {place} or its folders.")
        return found
    if not place.exists():
        raise DescendError(f"There is no file or folder {place}.")
    return [place]


def read_pictures(files: list[Path], prepared: Preparation) -> Iterator[tuple[list[Path], NDArray[np.uint8]]]:
    """The pictures as the training's were stored, (n, h, w) or (n, h, w, 3), some at a time.

    Each is turned, cut and resized as those of a folder are. Where the training's were no files of pictures, their
    brightest value stands for white.

    Raises:
        DescendError: one is no picture, or not a whole one.
    """
    import numpy as np

    height, width, *colours = prepared.sample_shape
    spread = prepared.spread or image_file.FULL
    for start in range(0, len(files), TOGETHER):
        some = files[start : start + TOGETHER]
        pixels = np.stack([image_file.read_pixels(file, height, width, not colours, spread) for file in some])
        if prepared.spread is None:
            pixels = np.rint(pixels * (prepared.scale / 255)).astype(np.uint8)
        yield some, pixels
