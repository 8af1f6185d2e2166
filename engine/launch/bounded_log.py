"""Keeps a log from filling the disk: its beginning and its end stay, and a line between them says what was cut."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from descend.engine.base.files import open_regular

MAX_BYTES = 4 << 20
"""Bytes at which a log is cut."""
KEPT = 1 << 19
"""Bytes kept of its beginning, and of its end."""
EVERY = 0.5
"""Seconds between two looks at its size."""


def keep_bounded(log: Path) -> None:
    """Watch ``log`` from a thread of its own, for as long as this process lives."""

    def look() -> None:
        while True:
            time.sleep(EVERY)
            with suppress(OSError):
                cut_log(log)

    with suppress(RuntimeError):  # no threads are left: the experiment will say so
        threading.Thread(target=look, name="log", daemon=True).start()


def cut_log(log: Path) -> None:
    """Take the middle out of ``log`` if it is too long. Its writers append, so they continue at its new end.

    Raises:
        OSError: it cannot be read or written.
    """
    with os.fdopen(open_regular(log, os.O_RDWR | os.O_APPEND), "r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        if size <= MAX_BYTES:
            return
        file.seek(KEPT)
        head = KEPT + len(file.readline(4096))  # the line being written
        file.seek(size - KEPT)
        tail = file.read()
        file.truncate(head)
        words = f"\n… {size - head - KEPT:,} bytes were cut here, as the log may not fill the disk …\n"
        file.write(words.encode() + tail)
