"""Files that may be compressed, read as what they hold."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from descend.engine.base.errors import DescendError

OPENERS: dict[bytes, Callable[..., BinaryIO]] = {
    b"\x1f\x8b": gzip.open,  # type: ignore[dict-item]
    b"BZh": bz2.open,  # type: ignore[dict-item]
    b"\xfd7zXZ\0": lzma.open,  # type: ignore[dict-item]
}
"""By how a compressed file begins."""
ENDINGS = (".gz", ".bz2", ".xz")
DAMAGE = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)
"""What is raised while a damaged one is read."""


def open_bytes(file: Path) -> BinaryIO:
    """The content of ``file``, unpacked if it is compressed.

    Raises:
        OSError: it cannot be read.
    """
    with open(file, "rb") as stream:
        start = stream.read(6)
    opener = next((opener for mark, opener in OPENERS.items() if start.startswith(mark)), None)
    return open(file, "rb") if opener is None else opener(file, "rb")


def open_text(file: Path, encoding: str, newline: str | None = None) -> TextIO:
    """The text of ``file``, unpacked if it is compressed; the arguments are those of `open`.

    Raises:
        OSError: it cannot be read.
    """
    return io.TextIOWrapper(open_bytes(file), encoding=encoding, newline=newline)


@contextmanager
def tell_unreadable(file: Path) -> Iterator[None]:
    """What fails while ``file`` is read within the block is one sentence.

    Raises:
        DescendError: it cannot be read or unpacked.
    """
    try:
        yield
    except DAMAGE:
        raise DescendError(f"{file.name} is damaged, or its end is missing: it cannot be unpacked.") from None
    except OSError as error:
        raise DescendError(f"{file} cannot be read ({error.strerror or error}).") from None


def find_suffix(file: Path) -> str:
    """How the name of ``file`` ends, in lower case, without what says that it is compressed."""
    suffix = file.suffix.lower()
    return Path(file.stem).suffix.lower() if suffix in ENDINGS else suffix


def find_size(file: Path) -> int:
    """Bytes that ``file`` holds once unpacked; of a compressed one at least, as gzip counts them up to 4 GiB and the
    others not at all.

    Raises:
        OSError: it cannot be read.
    """
    size = file.stat().st_size
    with open(file, "rb") as stream:
        if stream.read(2) != b"\x1f\x8b" or size < 8:
            return size
        stream.seek(-4, io.SEEK_END)
        return max(size, int.from_bytes(stream.read(4), "little"))
