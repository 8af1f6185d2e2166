"""Append-only files of JSON lines: written by one process, followed by any number of others.

A torn last line is normal (the writer may be in the middle of it, or was killed there): a reader waits for its end.
Any other line that does not decode costs that line only.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from descend.engine.records import encoder

T = TypeVar("T")
CHUNK = 1 << 20


class Appender:
    """Appends records to a file; each ``append`` is one ``write`` call, so other processes never see half a batch
    unless the disk is full or the process is killed inside it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")  # end the line a killed writer tore, so that it costs itself only

    def append(self, records: list[msgspec.Struct]) -> None:
        """Write ``records``, a line each.

        Raises:
            OSError: the disk is full, or the folder is gone.
        """
        encode = encoder().encode
        text = memoryview(b"".join(encode(record) + b"\n" for record in records))
        while text:
            text = text[os.write(self._file, text) :]

    def close(self) -> None:
        """Close the file; idempotent."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class Follower(Generic[T]):
    """Reads the records of a growing file, each once.

    Attributes:
        offset: bytes read so far, always the start of a line.
        skipped: lines that did not decode (unknown kinds, damage).
    """

    def __init__(self, path: Path, decoder: msgspec.json.Decoder[T], offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        self.skipped = 0
        self._decode = decoder.decode

    def read(self, limit: int = CHUNK) -> list[T]:
        """Return the records of the next complete lines, of about ``limit`` bytes; an empty list if there are none.

        A file that does not exist (yet, or any more) reads as empty.
        """
        try:
            with open(self.path, "rb", buffering=0) as file:
                if os.fstat(file.fileno()).st_size <= self.offset:
                    return []
                file.seek(self.offset)
                text = file.read(limit)
                while b"\n" not in text:  # a line longer than the limit, or one being written
                    more = file.read(limit)
                    if not more:
                        return []
                    text += more
        except OSError:
            return []
        end = text.rfind(b"\n") + 1
        self.offset += end
        records: list[T] = []
        for line in text[:end].splitlines():
            if not line:
                continue
            try:
                records.append(self._decode(line))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                self.skipped += 1
        return records
