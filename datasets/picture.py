"""One picture file as pixels, whatever it is stored as."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.engine.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff")
GREY = ("1", "L", "LA", "La", "I;16", "I;16B", "I;16L", "I;16N", "I")
ORIENTATION = 0x0112
"""The Exif tag that says how the camera was held; from 5 on it lay on its side."""


class Broken(DescendError):
    """A file is no picture, or not a whole one."""


def looked_at(file: Path) -> tuple[int, int, bool]:
    """Height and width, as it is held, and whether it is grey; only the file's beginning is read.

    Raises:
        Broken: it is no picture.
    """
    with _opened(file) as picture:
        try:
            width, height = picture.size
            # asked for without need, some formats read all of the file
            if ("exif" in picture.info or picture.format == "TIFF") and picture.getexif().get(ORIENTATION, 1) >= 5:
                width, height = height, width  # it lies on its side
            grey = picture.mode in GREY
            if picture.mode == "P" and (palette := picture.getpalette()):
                grey = palette[0::3] == palette[1::3] == palette[2::3]
            return height, width, grey
        except Exception as error:  # decoders fail in many ways on files that are cut short or made up
            raise Broken(f"{file} is a broken picture ({_why(error)}).") from None


def pixels(file: Path, height: int, width: int, grey: bool) -> NDArray[np.uint8]:
    """The picture as bytes, (height, width) or (height, width, 3).

    It is turned as its camera says, laid on white where it is transparent, cut at the longer sides to the wanted
    proportions and made smaller or larger. 16-bit values keep their 8 highest bits; of an animation the first frame
    is taken.

    Raises:
        Broken: it is no picture, or not a whole one.
    """
    import numpy as np
    from PIL import Image, ImageOps

    with _opened(file) as picture:
        try:
            picture.draft(None, (2 * width, 2 * height))  # a large JPEG is read at a fraction of its size
            picture.load()
            picture = ImageOps.exif_transpose(picture)
            if picture.mode.startswith("I"):
                values = np.asarray(picture).astype(np.int64)
                picture = Image.fromarray((values.clip(0, 65535) >> 8).astype(np.uint8))
            elif picture.mode == "F":
                raise Broken(f"{file} holds fractions, not pixels of 8 or 16 bits; save it as PNG.")
            if picture.has_transparency_data:
                ground = Image.new("RGBA", picture.size, "white")
                picture = Image.alpha_composite(ground, picture.convert("RGBA"))
            picture = picture.convert("L" if grey else "RGB")
            if picture.size != (width, height):
                picture = ImageOps.fit(picture, (width, height), Image.Resampling.BICUBIC)
            return np.array(picture, np.uint8)
        except Broken:
            raise
        except Exception as error:
            raise Broken(f"{file} is a broken picture ({_why(error)}).") from None


def _opened(file: Path) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    try:
        if not file.stat().st_size:
            raise Broken(f"{file} is an empty file.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(file)
    except Broken:
        raise
    except UnidentifiedImageError:
        raise Broken(f"{file} is no picture, whatever its name says.") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Broken(f"{file} has more than {Image.MAX_IMAGE_PIXELS:,} pixels.") from None
    except Exception as error:
        raise Broken(f"{file} is a broken picture ({_why(error)}).") from None


def _why(error: Any) -> str:
    from descend.engine.text import clean

    return clean(getattr(error, "strerror", None) or str(error))[:80] or type(error).__name__
