"""Append-only files of JSON lines: written by one process, followed by any number of others.

A torn last line is normal (the writer may be in the middle of it, or was killed there): a reader waits for its end.
Any other line that does not decode costs that line only.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
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
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")  # end the line a killed writer tore, so that it costs itself only

    def append(self, records: list[msgspec.Struct]) -> None:
        """Write ``records``, a line each.

        Raises:
            OSError: the disk is full, or the file is gone; whole lines that still fitted are there.
        """
        encode = encoder().encode
        text = b"".join(encode(record) + b"\n" for record in records)
        before, written = self.check(), 0
        try:
            while written < len(text):
                written += os.write(self._file, text[written:])
        except OSError:
            torn = written - (text.rfind(b"\n", 0, written) + 1)
            with suppress(OSError):  # take a torn line back, which makes room for last words
                if os.fstat(self._file).st_size == before + written:
                    os.ftruncate(self._file, before + written - torn)
            raise

    def check(self) -> int:
        """The size of the file.

        Raises:
            FileNotFoundError: it is no longer where it was: the folder has been deleted or moved.
        """
        file = os.fstat(self._file)
        if not os.path.samestat(file, os.stat(self._path)):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self._path))
        return file.st_size

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
