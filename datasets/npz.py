"""An ``.npz`` file, the arrays that NumPy writes into a zip: looked at before anything is unpacked, never unpickled."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORM = "an .npz must hold x and y, as np.savez(file, x=x, y=y) writes them, or train_x, train_y, test_x and test_y"

MAX_ARRAYS, MAX_HEADER = 10_000, 2**16
"""Arrays in a file, and bytes of an array's header."""


@dataclass(frozen=True)
class ArrayHeader:
    """What an array says of itself.

    Attributes:
        key: its name in the file.
        bytes: that it takes in memory.
    """

    key: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def read_headers(file: Path) -> list[ArrayHeader]:
    """What the arrays in ``file`` say of themselves, in their order there; no array is unpacked.

    Raises:
        DescendError: it is no such file, or an array says that it is larger than it is.
    """
    found = []
    with _open_zip(file) as archive:
        if len(archive.infolist()) > MAX_ARRAYS:
            raise DescendError(
                f"{file.name} holds {len(archive.infolist()):,} arrays, more than {MAX_ARRAYS:,}; {FORM}."
            )
        for member in archive.infolist():
            if not member.filename.endswith(".npy"):
                continue
            with archive.open(member) as stream:
                header = ArrayHeader(member.filename.removesuffix(".npy"), *read_header(stream))
            if header.bytes > member.file_size and not header.dtype.hasobject:
                raise DescendError(
                    f"{file.name} is damaged: array '{clean(header.key)}' says that it has the shape {header.shape}, "
                    f"and there are only {member.file_size:,} bytes of it."
                )
            found.append(header)
    return found


def read_array(file: Path, header: ArrayHeader) -> NDArray[Any]:
    """The array of that ``header``.

    Raises:
        DescendError: it holds Python objects, it cannot be read, or it does not fit into memory.
    """
    import numpy as np

    refuse_objects(header, file)
    with _open_zip(file) as archive, archive.open(f"{header.key}.npy") as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


def refuse_objects(header: ArrayHeader, file: Path) -> None:
    """Raise DescendError if an array holds Python objects."""
    if header.dtype.hasobject:
        raise DescendError(
            f"Array '{clean(header.key)}' of {file.name} holds Python objects, which could run any program when they "
            "are read; save it with a type of numbers or text."
        )


def read_header(stream: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type, of which the first bytes of an array tell."""
    from numpy.lib import format as npy

    version = npy.read_magic(stream)
    read, wide = {(1, 0): (npy.read_array_header_1_0, 2), (2, 0): (npy.read_array_header_2_0, 4)}[version]
    length = stream.read(wide)
    if (size := int.from_bytes(length, "little")) > MAX_HEADER:
        raise ValueError("a header that is too long")  # NumPy says so only after unpacking it
    shape, _, dtype = read(io.BytesIO(length + stream.read(size)))
    if any(side < 0 for side in shape):
        raise ValueError("a side of less than none")
    return shape, dtype


@contextmanager
def _open_zip(file: Path) -> Iterator[zipfile.ZipFile]:
    """The zip; whatever fails while it is open becomes a sentence."""
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except DescendError:
        raise
    except MemoryError:
        raise DescendError(f"{file.name} takes more memory than there is; save fewer samples.") from None
    except OSError as error:
        raise DescendError(f"{file} cannot be read ({error.strerror or 'it is damaged'}).") from None
    except Exception as error:  # a made-up or damaged file can fail in any way
        raise DescendError(f"{file.name} is not a valid .npz file ({type(error).__name__}); {FORM}.") from None
