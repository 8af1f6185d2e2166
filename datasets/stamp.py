"""What files held, to check later whether they are the same: sizes and times first, then contents."""

from __future__ import annotations

import bisect
import hashlib
import itertools
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

WHOLE, MANY = 2**26, 5000
"""Bytes, and files, of which the whole content is read."""
BLOCK, BLOCKS = 2**16, 1000
"""Of more, so many bytes are read at so many places, evenly spaced."""


class Stamp(msgspec.Struct, frozen=True):
    """Files, as they were.

    Attributes:
        files: how many.
        size: bytes of all.
        times: a digest of their names, sizes and times of change.
        digest: SHA-256 of their names, sizes and contents, in hexadecimal.
        whole: whether that is of all their content.
    """

    files: int
    size: int
    times: str
    digest: str
    whole: bool


def make_stamp(place: Path, files: Sequence[Path]) -> Stamp:
    """The stamp of ``files``, which are in the folder ``place``, or are that alone, or that and files beside it.

    Raises:
        OSError: one cannot be read.
    """
    names, sizes, times = _survey(place, files)
    whole = _are_small(sizes)
    return Stamp(len(files), sum(sizes), times, _compute_digest(files, names, sizes, whole), whole)


def describe_difference(before: Stamp, place: Path, files: Sequence[Path]) -> str:
    """What differs from ``before``, as "has 9 bytes, not 8"; nothing if nothing does, of what was checked.

    Times alone make no difference: data that was moved or copied is the same.

    Raises:
        OSError: one cannot be read.
    """
    names, sizes, times = _survey(place, files)
    if len(files) != before.files:
        return f"has {len(files):,} files, not {before.files:,}"
    if sum(sizes) != before.size:
        return f"has {sum(sizes):,} bytes, not {before.size:,}"
    if times == before.times:
        return ""
    if _compute_digest(files, names, sizes, before.whole) != before.digest:
        return "has the same size and other contents"
    return "" if before.whole else "was written again; samples of it are the same, and all of it was not compared"


def _survey(place: Path, files: Sequence[Path]) -> tuple[list[bytes], list[int], str]:
    """Names below ``place`` or beside it, sizes, and a digest of these and the times of change; nothing is opened."""
    names = [
        b"" if file == place else os.fsencode(file.relative_to(place if place in file.parents else place.parent))
        for file in files
    ]
    states = [file.stat() for file in files]
    sizes = [state.st_size for state in states]
    text = b"\0".join(b"%b\0%d\0%d" % (name, s.st_size, s.st_mtime_ns) for name, s in zip(names, states, strict=True))
    return names, sizes, hashlib.sha256(text).hexdigest()


def _are_small(sizes: Sequence[int]) -> bool:
    return sum(sizes) <= WHOLE and len(sizes) <= MANY


def _compute_digest(files: Sequence[Path], names: Sequence[bytes], sizes: Sequence[int], whole: bool) -> str:
    """SHA-256 of names, sizes and contents, or of places of these, evenly spaced."""
    found = hashlib.sha256(b"\0".join(b"%b\0%d" % pair for pair in zip(names, sizes, strict=True)))
    if whole:
        for file in files:
            found.update(file.read_bytes())
        return found.hexdigest()
    ends, total = list(itertools.accumulate(sizes)), sum(sizes)
    for number in range(BLOCKS):
        at = number * total // BLOCKS
        which = bisect.bisect_right(ends, at)
        with open(files[which], "rb") as opened:
            opened.seek(at - (ends[which] - sizes[which]))
            found.update(opened.read(BLOCK))
    return found.hexdigest()
