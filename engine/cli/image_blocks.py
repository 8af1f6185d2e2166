"""Small pictures in a terminal: two pixels a cell in colour, or a ramp of characters without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.text import Text

RAMP = " .:-=+*#%@"
"""From dark to bright."""
GAP = 2
"""Columns between pictures."""


def draw_mosaic(
    images: NDArray[np.uint8], captions: Sequence[str], scale: int, width: int, *, colour: bool
) -> list[Text]:
    """Lines that show ``images`` side by side, four or more in a row, each over its caption.

    Args:
        images: (n, h, w) or (n, h, w, 3).
        captions: one an image.
        scale: the brightest value.
        width: columns there are.
        colour: whether half-block characters in colour can be shown; else brightness becomes a ramp of characters.
    """
    import numpy as np
    from rich.text import Text

    small = np.stack([_reduce(image, _find_max_side(width), scale) for image in images])
    columns = small.shape[2]
    a_row = max(1, (width + GAP) // (columns + GAP))
    lines = []
    for start in range(0, len(small), a_row):
        drawn = [_draw(image, colour) for image in small[start : start + a_row]]
        lines += [Text(" " * GAP).join(parts) for parts in zip(*drawn, strict=True)]
        labels = [caption[:columns].ljust(columns) for caption in captions[start : start + a_row]]
        lines += [Text((" " * GAP).join(labels).rstrip()), Text("")]
    return lines[:-1]


def count_in_row(image: NDArray[np.uint8], scale: int, width: int) -> int:
    """How many pictures like ``image`` (h, w) or (h, w, 3) stand side by side, at least one."""
    columns: int = _reduce(image, _find_max_side(width), scale).shape[1]
    return max(1, (width + GAP) // (columns + GAP))


def _find_max_side(width: int) -> int:
    """Pixels of the longer side of a picture."""
    return max(8, (width + GAP) // 4 - GAP)


def _reduce(image: NDArray[np.uint8], most: int, scale: int) -> NDArray[np.uint8]:
    """As bytes (h, w, 3), each side an even number of at most ``most`` pixels."""
    import numpy as np
    from PIL import Image

    bright = (image.astype(np.uint16) * 255 // scale).astype(np.uint8)
    height, width = image.shape[:2]
    share = min(1.0, most / max(height, width))
    height, width = max(2, round(height * share / 2) * 2), max(1, round(width * share))
    return np.asarray(Image.fromarray(bright).convert("RGB").resize((width, height), Image.Resampling.BOX))


def _draw(image: NDArray[np.uint8], colour: bool) -> list[Text]:
    """Lines of a picture (h, w, 3), h even."""
    from rich.text import Text

    lines = []
    for upper, lower in zip(image[::2].tolist(), image[1::2].tolist(), strict=True):
        line = Text()
        for above, below in zip(upper, lower, strict=True):
            if colour:
                line.append("▀", "rgb({},{},{}) on rgb({},{},{})".format(*above, *below))
            else:
                line.append(RAMP[round(sum(above + below) / 6 / 255 * (len(RAMP) - 1))])
        lines.append(line)
    return lines
