"""What memory data may take: estimated before it is read, and bounded by a share of what is free."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from descend.engine.base.errors import DescendError
from descend.engine.base.units import format_size

SHARE = 0.5
"""Of the free memory, for data that is read."""
GROUP = Path("/sys/fs/cgroup")
"""Where Linux says what the control group of this process, such as a container's, may use and uses."""


class TooLarge(DescendError):
    """Data does not fit into memory as a whole."""


def check_memory(needed: float, what: str, remedy: str) -> None:
    """Check, before it is read, that there is room for data.

    Args:
        needed: bytes of main memory that it will take at most, while it is read and after.
        what: the data, for the sentence, as "houses.csv".
        remedy: what to do, for the sentence, as "limit=N takes the first N rows".

    Raises:
        TooLarge: it would take more than a share of what is free.
    """
    if needed > (room := SHARE * free_memory()):
        raise TooLarge(
            f"{what} takes about {format_size(needed)} of memory, more than {format_size(room)}, half of what is free "
            f"here; {remedy}."
        )


def free_memory() -> int:
    """Bytes of main memory that this process can still have, within the limits of its control group and its own."""
    import psutil

    rooms: list[int] = [psutil.virtual_memory().available]
    with suppress(OSError, ValueError):  # no such file, or "max"
        cached = re.search(r"^inactive_file (\d+)$", (GROUP / "memory.stat").read_text(), re.MULTILINE)  # is given up
        used = int((GROUP / "memory.current").read_text()) - int(cached[1] if cached else 0)
        rooms.append(int((GROUP / "memory.max").read_text()) - used)
    with suppress(ImportError):
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            rooms.append(limit - psutil.Process().memory_info().vms)
    return max(0, min(rooms))
