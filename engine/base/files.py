"""Opens files, whatever is there in their place: regular ones only, never waiting for another process, and no more
of one than is asked for. What a run folder holds is never reached through a link. Writes files whole or not at all."""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from descend.engine.base.errors import DescendError, UsageError

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
MAX_TEXT = 1 << 22
"""Bytes of a file that holds text of a user's own (code, settings), at most."""
REMEDIES = {
    errno.ENOSPC: "make room on its disk",
    errno.EDQUOT: "make room within the quota",
    errno.EFBIG: "raise the limit on the size of files (`ulimit -f`)",
    errno.EROFS: "make its disk writable",
}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC


def open_regular(file: Path, flags: int = os.O_RDONLY, mode: int = 0o644) -> int:
    """A descriptor of the regular file ``file``; one to be written is in no folder that is a link.

    Args:
        mode: of a file that is made.

    Raises:
        OSError: it cannot be opened, or is something else; ``strerror`` says what.
    """
    if wrong := describe_irregular(file) or (describe_link(file.parent) if flags & WRITES else ""):
        raise OSError(errno.EINVAL, wrong, str(file))
    descriptor = os.open(file, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # put there meanwhile
        os.close(descriptor)
        raise OSError(errno.EINVAL, describe_irregular(file) or "it is not a file", str(file))
    return descriptor


def read_file(file: Path, max_bytes: int) -> bytes:
    """All of ``file``.

    Raises:
        OSError: as `open_regular`, or it holds more than ``max_bytes`` bytes.
    """
    with os.fdopen(open_regular(file), "rb") as reader:
        return _read_whole(reader, file, max_bytes)


def read_user_file(file: Path, max_bytes: int = MAX_TEXT) -> bytes:
    """All of ``file``, which a user has named or keeps in the home folder: it may be a link to a regular file.

    Raises:
        OSError: it cannot be read, is something else, or holds more than ``max_bytes`` bytes; ``strerror`` says what.
    """
    if wrong := describe_irregular(file, through_links=True):
        raise OSError(errno.EINVAL, wrong, str(file))
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as reader:
        return _read_whole(reader, file, max_bytes)


def read_user_text(file: Path) -> str:
    """The text of a small ``file`` of a user's own, with or without a byte order mark; lines end in ``\\n``.

    Raises:
        OSError: as `read_user_file`.
        UnicodeDecodeError: it is not in UTF-8.
    """
    return io.TextIOWrapper(io.BytesIO(read_user_file(file)), encoding="utf-8-sig").read()


def _read_whole(reader: BinaryIO, file: Path, max_bytes: int) -> bytes:
    found = reader.read(max_bytes + 1)
    if len(found) > max_bytes:
        raise OSError(errno.EFBIG, f"{file.name} is larger than {max_bytes >> 20} MiB", str(file))
    return found


@contextmanager
def open_replacement(file: Path) -> Iterator[IO[bytes]]:
    """A new file, to be written, that takes the place of ``file`` when the block ends, and vanishes if it fails.

    Whoever reads ``file`` meanwhile sees all of the old one or all of the new.

    Raises:
        OSError: it cannot be written.
    """
    beside = file.with_name(f".{secrets.token_hex(6)}.new")  # short, as the name of `file` may be as long as names can
    try:
        with open(beside, "xb") as new:
            yield new
            new.flush()
            os.fsync(new.fileno())
        beside.replace(file)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def replace_file(file: Path, content: bytes) -> None:
    """Write ``content`` to ``file``, all of it or nothing.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    with open_replacement(file) as new:
        new.write(content)


def measure_file(file: Path) -> int:
    """Bytes in ``file``, 0 if it is not there."""
    try:
        return file.stat().st_size
    except OSError:
        return 0


def describe_irregular(file: Path, kind: int = stat.S_IFREG, through_links: bool = False) -> str:
    """What is wrong with ``file`` if it is there and not of that ``kind``, else nothing."""
    try:
        found = stat.S_IFMT(os.stat(file, follow_symlinks=through_links).st_mode)
    except OSError:
        return ""
    if found == kind:
        return ""
    return f"{file.name} is {KINDS.get(found, 'something else')}, not {KINDS.get(kind, 'a file')}"


def write_new(file: Path, text: bytes) -> None:
    """Write ``text`` to a new ``file``: all of it, or there is none.

    Raises:
        UsageError: the name is taken.
        DescendError: it cannot be written.
    """
    try:
        with open(file, "xb") as new:
            try:
                new.write(text)
                new.flush()
            except OSError:
                file.unlink()
                raise
    except FileExistsError:
        raise UsageError(f"{file} exists already; choose another name.") from None
    except OSError as error:
        raise DescendError(f"Cannot write {file} ({error.strerror}); {advise(error, 'choose another name')}.") from None


def advise(error: BaseException | None, otherwise: str) -> str:
    """What helps against ``error``, which something could not be written for, in an imperative; ``otherwise`` where
    the cause does not tell."""
    code = error.errno if isinstance(error, OSError) else None
    return REMEDIES.get(code or 0, otherwise)


def require_replaceable(file: Path) -> None:
    """See whether a new file may take the place of ``file``: a device, a FIFO or a link such as ``/dev/stdout`` would
    be gone for every program.

    Raises:
        UsageError: there is something else than a file.
    """
    if wrong := describe_irregular(file):
        raise UsageError(f"{file} cannot be replaced: {wrong}; name a file.")


def describe_shared(file: Path) -> str:
    """What is wrong with ``file`` if what is written into it would change a file elsewhere, else nothing."""
    if wrong := describe_irregular(file):
        return wrong
    try:
        names = os.lstat(file).st_nlink
    except OSError:
        return ""
    return f"{file.name} is also a file elsewhere (a hard link), which would change with it" if names > 1 else ""


def describe_link(folder: Path) -> str:
    """What is wrong with ``folder`` if what is written into it would land elsewhere, else nothing."""
    return describe_irregular(folder, stat.S_IFDIR)


def make_folder(folder: Path) -> None:
    """Make ``folder`` unless it is there.

    Raises:
        OSError: it cannot be made, or something else has its name, such as a link.
    """
    if wrong := describe_link(folder) or describe_link(folder.parent):
        raise OSError(errno.EINVAL, wrong, str(folder))
    folder.mkdir(exist_ok=True)


def find_data(descriptor: int, position: int) -> int:
    """The first byte from ``position`` on that is not in a hole of a sparse file."""
    try:
        return os.lseek(descriptor, position, os.SEEK_DATA)
    except OSError as error:
        return os.fstat(descriptor).st_size if error.errno == errno.ENXIO else position
