"""Append-only files of JSON lines: written by one process, followed by any number of others.

A torn last line is normal (the writer may be in the middle of it, or was killed there): a reader waits for its end.
Any other line that does not decode costs that line only.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from descend.engine.base.files import find_data, open_regular
from descend.engine.run.records import make_encoder

T = TypeVar("T")
CHUNK = 1 << 20
LONGEST = 1 << 26
"""Bytes of a line; a longer one is not a record, and is skipped."""


class JsonlWriter:
    """Appends records to a file; each ``append`` is one ``write`` call, so other processes never see half a batch
    unless the disk is full or the process is killed inside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open_regular(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")  # end the line a killed writer tore, so that it costs itself only

    def append(self, records: list[msgspec.Struct]) -> None:
        """Write ``records``, a line each.

        Raises:
            OSError: the disk is full, or the file is gone; whole lines that still fitted are there.
        """
        encode = make_encoder().encode
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


class JsonlReader(Generic[T]):
    """Reads the records of a growing file, each once.

    Attributes:
        offset: bytes read so far: the start of a line, or a place in one that is too long.
        skipped: lines that did not decode (unknown kinds, damage).
        behind: whether the file held more than was read the last time.
    """

    def __init__(self, path: Path, decoder: msgspec.json.Decoder[T], offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        self.skipped = 0
        self.behind = False
        self._decode = decoder.decode
        self._too_long = False
        self._unfinished: tuple[int, int] | None = None

    def rest(self) -> Iterator[list[T]]:
        """All records that there are now, in lists as `read` returns them."""
        while True:
            if records := self.read():
                yield records
            if not self.behind:
                return

    def read(self, limit: int = CHUNK) -> list[T]:
        """Return the records of the next complete lines, of about ``limit`` bytes; an empty list if they hold none, or
        if there are none, which `behind` distinguishes.

        A file that does not exist (yet, or any longer), or is not a regular file, reads as empty.
        """
        self.behind = False
        try:
            file = open_regular(self.path)
            try:
                text = self._lines(file, limit)
            finally:
                os.close(file)
        except OSError:
            return []
        records: list[T] = []
        for line in text.splitlines():
            if not line:
                continue
            try:
                records.append(self._decode(line))
            except (msgspec.MsgspecError, ValueError, RecursionError):
                self.skipped += 1
        return records

    def _lines(self, file: int, limit: int) -> bytes:
        """The next complete lines; nothing if there are none, or if so much was skipped that others need a turn."""
        found = os.fstat(file)
        if found.st_size <= self.offset or self._unfinished == (found.st_size, found.st_mtime_ns):
            return b""
        parts: list[bytes] = []
        length = passed = 0
        while passed <= LONGEST:
            part = os.pread(file, limit, self.offset + length)
            if not part:  # of a line that is being written, which is looked at again when it has grown
                self._unfinished = found.st_size, found.st_mtime_ns
                return b""
            if self._too_long:
                end = part.find(b"\n") + 1
                self.offset = self.offset + end if end else find_data(file, self.offset + len(part))
                self._too_long, passed = not end, passed + len(part)
                continue
            parts.append(part)
            length += len(part)
            if end := part.rfind(b"\n") + 1:
                text = b"".join(parts)[: length - len(part) + end]
                self.offset += len(text)
                self.behind = self.offset < found.st_size
                return text
            if length > LONGEST:
                self.offset += length
                self.skipped += 1
                self._too_long, length, passed = True, 0, passed + length
                parts.clear()
        self.behind = True
        return b""
