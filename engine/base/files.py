"""Opens what a run folder holds, whatever is there: regular files only, never through a link, never waiting
for another process, and no more of a file than is asked for."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
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
        found = reader.read(max_bytes + 1)
    if len(found) > max_bytes:
        raise OSError(errno.EFBIG, f"{file.name} is larger than {max_bytes >> 20} MiB", str(file))
    return found


def describe_irregular(file: Path, kind: int = stat.S_IFREG) -> str:
    """What is wrong with ``file`` if it is there and not of that ``kind``, else nothing."""
    try:
        found = stat.S_IFMT(os.lstat(file).st_mode)
    except OSError:
        return ""
    if found == kind:
        return ""
    return f"{file.name} is {KINDS.get(found, 'something else')}, not {KINDS.get(kind, 'a file')}"


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
