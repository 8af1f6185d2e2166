"""What the datasets take of Pillow that Pillow does not promise."""

from __future__ import annotations

from descend.engine.base.private_names import PrivateName

NAMES = (
    PrivateName(
        "pillow",
        "PIL.Image:core.set_block_size",
        "memory of decoded images goes back to the system",
        "each thread keeps the memory that its largest image had",
    ),
)


def set_block_size(size: int) -> None:
    """Have Pillow keep pixels in blocks of ``size`` bytes, where it can be told so."""
    from PIL import Image

    set_size = getattr(getattr(Image, "core", None), "set_block_size", None)
    if set_size is not None:
        set_size(size)
