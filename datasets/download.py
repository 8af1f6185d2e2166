"""Downloading one file so that a broken connection, a wrong file or a second download can do no harm."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from io import FileIO
from pathlib import Path
from urllib.parse import urlsplit

from descend.engine.base.errors import DescendError
from descend.engine.base.files import advise
from descend.engine.base.sanitize import clean

SILENCE = 30.0
"""Seconds a server may say nothing."""
CHUNK = 2**18
"""Bytes taken at once, at most."""

Progress = Callable[[int, int | None], None]
"""Told the bytes that are here and how many the file has (None: unknown)."""


class _Undelivered(Exception):
    """A server did not deliver; the text says why."""


def download(urls: Sequence[str], target: Path, digest: str, progress: Progress) -> None:
    """Fetch ``target`` from the first of ``urls`` that delivers a file with that ``digest``: its MD5, or ``sha256:``
    and the beginning of its SHA-256.

    Bytes gather in ``<target>.part``, where the next attempt resumes, whether with the next address or another day;
    ``target`` appears, or is replaced, in one move and only by a whole file. Its folder must exist.

    Raises:
        DescendError: no address delivered the file, it could not be stored, or another process is fetching it.
    """
    problems = []
    with _claim(target.with_name(f"{target.name}.part")) as part:
        if not part.has(digest):
            for url in urls:
                try:
                    _receive(url, part, digest, progress)
                    break
                except _Undelivered as error:
                    problems.append(f"{urlsplit(url).netloc} {error}")
            else:
                kept = f" (the {part.size():,} bytes that are here are kept)" if part.size() else ""
                raise DescendError(
                    f"{target.name} could not be downloaded: {', and '.join(problems)}; check the network and try "
                    f"again{kept}."
                )
        progress(part.size(), part.size())
        part.become(target)


class _PartialFile:
    """A file that is filled; failures to store become sentences."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _tell_storage_errors(path):
            self.file = FileIO(path, "a+")  # unbuffered: what has arrived is on disk, however the process ends

    def named(self) -> bool:
        """Whether ``path`` still names this file."""
        try:
            return os.path.samestat(os.fstat(self.file.fileno()), os.stat(self.path))
        except FileNotFoundError:
            return False

    def size(self) -> int:
        return os.fstat(self.file.fileno()).st_size

    def has(self, digest: str) -> bool:
        """Whether its content has that ``digest``, see `download`."""
        kind, _, wanted = digest.rpartition(":")
        with _tell_storage_errors(self.path):
            self.file.seek(0)
            found = hashlib.file_digest(
                self.file, hashlib.sha256 if kind else partial(hashlib.md5, usedforsecurity=False)
            )
        return found.hexdigest().startswith(wanted)

    def append(self, chunk: bytes) -> None:
        with _tell_storage_errors(self.path):
            while chunk:
                chunk = chunk[self.file.write(chunk) :]

    def clear(self) -> None:
        with _tell_storage_errors(self.path):
            self.file.truncate(0)

    def become(self, target: Path) -> None:
        with _tell_storage_errors(target):
            os.fsync(self.file.fileno())
            os.replace(self.path, target)


@contextmanager
def _tell_storage_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DescendError(
            f"{path} cannot be stored ({error.strerror or error}); {advise(error, 'look there')}, or set DESCEND_DATA "
            "to another folder."
        ) from None


@contextmanager
def _claim(path: Path) -> Iterator[_PartialFile]:
    """Open ``path`` and keep other processes from it; at the end it is removed if it is empty."""
    while True:
        part = _PartialFile(path)
        with part.file:
            with _tell_storage_errors(path):  # as for a file system without locks
                try:
                    fcntl.flock(part.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise DescendError(f"{path} is being filled by another process; wait for it to end.") from None
            if not part.named():
                continue  # another process completed it after it was opened and before it was locked
            try:
                yield part
            finally:
                if not part.size() and part.named():
                    with suppress(OSError):
                        path.unlink()
            return


def _receive(url: str, part: _PartialFile, digest: str, progress: Progress) -> None:
    """Complete ``part`` from ``url``; a file with a wrong checksum is not kept.

    Raises:
        _Undelivered: the server did not send it, or not all of it, or another file.
    """
    resumed = part.size() > 0
    _append(url, part, progress)
    if resumed and not part.has(digest):  # its beginning may have come from another file
        part.clear()
        _append(url, part, progress)
    if not part.has(digest):
        part.clear()
        raise _Undelivered("sent a file with a wrong checksum")


def _append(url: str, part: _PartialFile, progress: Progress) -> None:
    """Ask ``url`` for what ``part`` lacks; start again if the server sends only whole files."""
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    done = part.size()
    request = Request(url, headers={"User-Agent": "descend"})
    if done:
        request.add_header("Range", f"bytes={done}-")
    try:
        response = urlopen(request, timeout=SILENCE)
    except HTTPError as error:
        error.close()
        if error.code == 416 and done:  # nothing follows what is here, yet that is not the file
            part.clear()
            _append(url, part, progress)
            return
        raise _Undelivered(f"answered HTTP {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise _Undelivered(f"could not be reached ({_explain(error)})") from None
    with response:
        if response.status == 206:
            sent, _, size = response.headers.get("Content-Range", "").partition("/")
            if not sent.startswith(f"bytes {done}-"):
                raise _Undelivered("sent a different part from the one requested")
            total = int(size) if size.isdecimal() else None
        else:
            part.clear()
            done, total = 0, response.length
        progress(done, total)
        while True:
            try:
                chunk = response.read1(CHUNK)
            except (OSError, HTTPException, ValueError) as error:
                raise _Undelivered(f"broke off after {done:,} bytes ({_explain(error)})") from None
            if not chunk:
                break
            part.append(chunk)
            done += len(chunk)
            progress(done, total)
    if total is not None and done < total:
        raise _Undelivered(f"broke off after {done:,} of {total:,} bytes")


def _explain(error: Exception) -> str:
    """A few words on ``error``, safe to print although it may quote the server."""
    cause = getattr(error, "reason", error)  # urllib wraps what went wrong while connecting
    if isinstance(cause, TimeoutError):
        return f"silent for {SILENCE:.0f} s"
    return clean((isinstance(cause, OSError) and cause.strerror) or str(cause))[:100] or type(cause).__name__
