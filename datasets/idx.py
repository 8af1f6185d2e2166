"""IDX, the file format of MNIST: a short header, then unsigned bytes, often compressed by gzip.

The header is two zero bytes, the type of the values (8: unsigned byte), the number of dimensions, and each dimension
as a 32-bit integer, most significant byte first. Source: Y. LeCun, C. Cortes, C. Burges: The MNIST database, 1998.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNSIGNED_BYTE = 8


class DamagedFile(DescendError):
    """A file does not hold what it should."""


def read_idx(file: Path, shape: tuple[int, ...], remedy: str) -> NDArray[np.uint8]:
    """The values in ``file``, uint8, which must be exactly of ``shape``; compressed if its name ends in ``.gz``.

    Raises:
        Damaged: it is not such a file; the sentence ends in ``remedy``.
        DescendError: it cannot be read.
    """
    import numpy as np

    values = np.empty(shape, np.uint8)
    opened = gzip.open if file.suffix == ".gz" else open
    try:
        with opened(file, "rb") as stream:
            problem = _fill(cast(BinaryIO, stream), values)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        problem = "its compression is broken or it is cut short"
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DescendError(f"{file} cannot be read ({reason}); make it readable, or {remedy}.") from None
    if problem:
        raise DamagedFile(f"{file} is damaged ({problem}); {remedy}.")
    return values


def _fill(stream: BinaryIO, values: NDArray[np.uint8]) -> str:
    """Read ``values`` from ``stream``; return what is wrong, ``""`` if nothing is."""
    start = stream.read(4)
    if len(start) < 4 or start[:2] != b"\0\0":
        return "it is not in the IDX format"
    if start[2] != UNSIGNED_BYTE:
        return "its values are not unsigned bytes"
    if start[3] != values.ndim:
        return f"it has {start[3]} dimensions instead of {values.ndim}"
    sizes = stream.read(4 * values.ndim)
    if len(sizes) < 4 * values.ndim:
        return "it is cut short"
    if (shape := struct.unpack(f">{values.ndim}I", sizes)) != values.shape:
        return f"it holds {_format_shape(shape)} values instead of {_format_shape(values.shape)}"
    # readinto is declared for files and for gzip, but not for what they have in common
    if stream.readinto(values.data.cast("B")) < values.size:  # type: ignore[attr-defined]
        return "it is cut short"
    # reading on to the end also makes gzip compare its checksum
    return "it is longer than its header says" if stream.read(1) else ""


def _format_shape(shape: tuple[int, ...]) -> str:
    return " × ".join(f"{size:,}" for size in shape)
