"""One picture file as pixels, whatever it is stored as."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.datasets.gate import MemoryGate
from descend.datasets.memory import check_memory
from descend.datasets.private_names import set_block_size
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image, ImageFile

UNREAD = ("EPS", "MPEG")
"""Formats that Pillow knows by name and hands to other programs, or does not decode."""
CODECS = {"AVIF": "avif", "JPEG2000": "jpg_2000", "WEBP": "webp"}
"""Formats that Pillow can be built without, and what it calls their decoder."""
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
"""First bytes of PNG, JPEG, GIF and TIFF files."""
GREY = ("1", "L", "LA", "La")
COLOURS = tuple(f"{form};16{order}" for form in ("RGB", "RGBA", "RGBX") for order in "LBN")
OPAQUE_GREY = "LA;16B"
"""How files store values of 16 bits of which Pillow keeps 8; grey ones without opacity it keeps whole."""
SWAPPED = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
FULL = (0.0, 65535.0)
PER_PIXEL, PER_WIDE_PIXEL = 16, 48
"""Bytes that a pixel takes at most while it is decoded, in 8 bits and in more."""
TOGETHER = 2**28
"""Bytes for pictures that are decoded at the same time."""
gate = MemoryGate(TOGETHER)
BLOCK = 2**26
ORIENTATION = 0x0112
"""The Exif tag that says how the camera was held; from 5 on it lay on its side."""
BITS, PLANES, SIGN = 258, 284, 339
"""Tags of a TIFF: bits of each value, whether colours are stored apart (2), whether values have a sign."""


class BrokenImage(DescendError):
    """A file is not a picture, or not a whole one, or one that is not read."""


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a picture's beginning tells.

    Attributes:
        height, width: as the camera was held.
        grey: whether it has no colours.
        wide: whether its values are of more than 8 bits, and so of a range of their own.
        several: whether more frames or pages follow the first.
    """

    height: int
    width: int
    grey: bool
    wide: bool
    several: bool


@functools.cache
def list_extensions() -> frozenset[str]:
    """How names of pictures end that Pillow can read here, in lower case, as ``.png``."""
    from PIL import Image, ImageFile, features

    Image.init()

    def read(form: str) -> bool:
        factory = Image.OPEN[form][0] if form in Image.OPEN else None
        stub = isinstance(factory, type) and issubclass(factory, ImageFile.StubImageFile)
        return factory is not None and not stub and form not in UNREAD and bool(features.check(CODECS.get(form, "pil")))

    known = Image.registered_extensions()
    return frozenset({".mpo", *(ending for ending, form in known.items() if read(form))})  # .mpo is read as a JPEG


def begins_as_picture(file: Path) -> bool:
    """Whether ``file``, whatever its name, begins like a picture of the usual formats."""
    try:
        with open(file, "rb") as stream:
            start = stream.read(12)
    except OSError:
        return False
    return start.startswith(SIGNATURES) or (start[:4] == b"RIFF" and start[8:] == b"WEBP")


def read_header(file: Path) -> ImageHeader:
    """What the beginning of ``file`` tells of the picture in it.

    Raises:
        Broken: it is not a picture.
    """
    with _open_image(file) as picture:
        if why := _describe_loss(picture):
            raise BrokenImage(f"{file} {why}.")
        width, height = picture.size
        # asked for without need, some formats read all of the file
        if ("exif" in picture.info or picture.format == "TIFF") and picture.getexif().get(ORIENTATION, 1) >= 5:
            width, height = height, width  # it lies on its side
        raw, wide = _find_raw_mode(picture), _is_wide(picture)
        grey = picture.mode in GREY or (wide and raw not in COLOURS)
        if picture.mode == "P" and (palette := picture.getpalette()):
            grey = palette[0::3] == palette[1::3] == palette[2::3]
        return ImageHeader(height, width, grey, wide, _has_several_frames(picture))


def measure_range(file: Path) -> tuple[float, float] | None:
    """The smallest and the largest value of a picture that is wide; None of another, which is decoded all the same.

    Raises:
        Broken: it is not a picture, or not a whole one.
    """
    with _open_for_decoding(file) as picture:
        if not _is_wide(picture):
            picture.load()
            return None
        values, _ = _read_values(file, picture)
        return float(values.min()), float(values.max())


def read_pixels(
    file: Path, height: int, width: int, grey: bool, spread: tuple[float, float] = FULL
) -> NDArray[np.uint8]:
    """The picture as bytes, (height, width) or (height, width, 3).

    It is turned as its camera says, put on white where it is transparent, cut at the longer sides to the wanted
    proportions and made smaller or larger. Of several frames or pages the first is taken.

    Args:
        spread: the values that become 0 and 255 if it is wide; what lies beyond is as dark or as bright as can be.

    Raises:
        Broken: it is not a picture, or not a whole one.
    """
    import numpy as np
    from PIL import Image, ImageOps

    with _open_for_decoding(file, (2 * width, 2 * height)) as opened:
        picture: Image.Image = opened
        if _is_wide(opened):
            picture = _scale_to_8_bits(file, opened, spread)
        else:
            opened.load()
        ImageOps.exif_transpose(picture, in_place=True)
        if picture.has_transparency_data:
            ground = Image.new("RGBA", picture.size, "white")
            picture = Image.alpha_composite(ground, picture.convert("RGBA"))
        mode = "L" if grey else "RGB"
        if picture.mode != mode:
            picture = picture.convert(mode)
        if picture.size != (width, height):
            picture = ImageOps.fit(picture, (width, height), Image.Resampling.BICUBIC)
        return np.array(picture, np.uint8)


def _scale_to_8_bits(file: Path, opened: ImageFile.ImageFile, spread: tuple[float, float]) -> Image.Image:
    """A wide picture in 8 bits."""
    import numpy as np
    from PIL import Image

    values, alpha = _read_values(file, opened)
    low, high = spread
    scaled = np.subtract(values, low, dtype=np.float32 if values.dtype.itemsize == 2 else np.float64)
    scaled *= 255 / ((high - low) or 1)
    picture = Image.fromarray(np.rint(scaled.clip(0, 255, out=scaled), out=scaled).astype(np.uint8))
    if alpha is not None:
        picture.putalpha(Image.fromarray(alpha))
    picture.getexif()[ORIENTATION] = opened.getexif().get(ORIENTATION, 1)
    return picture


def _read_values(file: Path, picture: ImageFile.ImageFile) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """The values of a wide picture, (h, w) or (h, w, 3), and how opaque it is, (h, w), if it says so.

    Of colours in 16 bits Pillow keeps the higher byte of each. Told that their bytes stand in the other order, it keeps
    the lower; told that grey and opacity are four bytes, it keeps all of them.
    """
    import numpy as np

    raw = _find_raw_mode(picture)
    if raw not in COLOURS and raw != OPAQUE_GREY:
        picture.load()
        values = np.asarray(picture)
        if values.dtype == np.int32 and getattr(picture, "tag_v2", {}).get(SIGN) == (1,):
            values = values.view(np.uint32)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise BrokenImage(f"{file} has values that are not finite numbers.")
        return values, None
    if raw == OPAQUE_GREY:
        _set_raw_mode(picture, "RGBA")
        picture.load()
        four = np.asarray(picture).astype(np.uint16)
        return four[..., 0] << 8 | four[..., 1], four[..., 2].astype(np.uint8)
    with _open_image(file) as again:
        _set_raw_mode(again, raw[:-1] + SWAPPED[raw[-1]])
        again.load()
        picture.load()
        high, low = np.asarray(picture), np.asarray(again)
    values = high[..., :3].astype(np.uint16) << 8 | low[..., :3]
    return values, high[..., 3] if high.shape[2] == 4 else None


def _is_wide(picture: ImageFile.ImageFile) -> bool:
    """Whether the values of a picture that is not loaded yet have more than 8 bits."""
    return picture.mode[0] in "IF" or _find_raw_mode(picture) in (*COLOURS, OPAQUE_GREY)


def _find_raw_mode(picture: ImageFile.ImageFile) -> str:
    """How the file stores values, as Pillow's decoders call it; "" if that is not told before it is loaded."""
    first = picture.tile[0].args if picture.tile else ""
    return str((first[0] if first else "") if isinstance(first, tuple) else first)


def _has_several_frames(picture: ImageFile.ImageFile) -> bool:
    """Whether frames or pages follow the first; the layers of a PSD, which is one picture of them all, do not count."""
    try:
        return picture.format != "PSD" and bool(getattr(picture, "is_animated", False))
    except Exception:  # what follows is damaged, and not needed
        return True


def _describe_loss(picture: ImageFile.ImageFile) -> str:
    """What of a picture that is not loaded yet would be lost or made up, as "is …"; "" if nothing."""
    if picture.mode == "LAB":
        return "is in LAB colours, which are not read"
    tags = getattr(picture, "tag_v2", {})
    bits, apart = max(tags.get(BITS, (8,))), tags.get(PLANES) == 2
    fine = bits > 8 or ";16" in _find_raw_mode(picture) or (picture.format == "SGI" and _has_two_bytes(picture))
    if fine and (not _is_wide(picture) or (apart and picture.mode[0] not in "IF")):
        return f"has values of {max(bits, 16)} bits in a form that is not read"
    return ""


def _has_two_bytes(picture: ImageFile.ImageFile) -> bool:
    """Whether an SGI picture has two bytes for each value."""
    return any(tile.codec_name == "SGI16" or (isinstance(tile.args, tuple) and 2 in tile.args) for tile in picture.tile)


def _set_raw_mode(picture: ImageFile.ImageFile, raw: str) -> None:
    """Have the decoders take the file's values for ``raw``."""
    picture.tile = [
        tile._replace(args=(raw, *tile.args[1:]) if isinstance(tile.args, tuple) else raw) for tile in picture.tile
    ]


def _estimate_memory(file: Path, picture: ImageFile.ImageFile) -> int:
    """Bytes that it takes at most to decode the picture.

    Raises:
        Broken: they are more than there is room for.
    """
    width, height = picture.size
    needed = width * height * (PER_WIDE_PIXEL if _is_wide(picture) else PER_PIXEL)
    if needed > TOGETHER:
        try:
            check_memory(needed, f"{file}, a picture of {width:,} × {height:,} pixels,", "save it smaller")
        except DescendError as error:
            raise BrokenImage(str(error)) from None
    return needed


@functools.cache
def _ask_for_large_blocks() -> None:
    """Have Pillow keep pixels in blocks so large that the system takes each back when it is freed; of smaller ones each
    thread keeps what it once had."""
    set_block_size(BLOCK)


@contextmanager
def _open_for_decoding(file: Path, size: tuple[int, int] | None = None) -> Iterator[ImageFile.ImageFile]:
    """The picture in ``file``, decoded when there is memory for it among those of other threads.

    Args:
        size: the required width and height; a large JPEG is read at a fraction of its size.
    """
    _ask_for_large_blocks()
    with _open_image(file) as picture:
        if size is not None:
            picture.draft(None, size)
        with gate.passing(_estimate_memory(file, picture)):
            try:
                yield picture
            finally:
                picture.close()  # gives its memory back before another is let in


@contextmanager
def _open_image(file: Path) -> Iterator[ImageFile.ImageFile]:
    """The picture in ``file``; whatever fails while it is open makes it `BrokenImage`."""
    from PIL import Image, UnidentifiedImageError

    try:
        if not file.stat().st_size:
            raise BrokenImage(f"{file} is an empty file.")
        with Image.open(file) as picture:
            if picture.width * picture.height > (Image.MAX_IMAGE_PIXELS or sys.maxsize):
                raise Image.DecompressionBombError
            yield picture
    except BrokenImage:
        raise
    except UnidentifiedImageError:
        raise BrokenImage(f"{file} is not an image that Pillow reads here, despite its name.") from None
    except Image.DecompressionBombError:
        raise BrokenImage(f"{file} has more than {Image.MAX_IMAGE_PIXELS:,} pixels.") from None
    except Exception as error:  # decoders fail in many ways on files that are cut short or made up
        raise BrokenImage(f"{file} is a broken picture ({_explain(error)}).") from None


def _explain(error: Any) -> str:
    from descend.engine.base.sanitize import clean

    return clean(getattr(error, "strerror", None) or str(error))[:80] or type(error).__name__
