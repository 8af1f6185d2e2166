"""Numbers of bytes in words."""

from __future__ import annotations

GIB = 2**30


def format_size(count: float) -> str:
    """``12 kB``, ``1.2 MB``: bytes of files, in powers of 1000 and at most seven characters."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 9.95 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def format_gib(count: float) -> str:
    """Bytes of a machine's memory or disk in GiB, such as ``12.3``, to stand before the unit."""
    return f"{count / GIB:.1f}"
