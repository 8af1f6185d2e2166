"""Where descend keeps things: runs and settings under the home folder, datasets under the data folder."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from descend.engine.base.errors import DescendError, UsageError

SHOWN = 60
"""Characters of a path that a sentence about it repeats."""


def home() -> Path:
    """``$DESCEND_HOME``, else the platform's user data folder. Not created here.

    Raises:
        UsageError: the variable holds no path; `data_home` does the same.
        DescendError: the user has no home folder.
    """
    return choose_folder("DESCEND_HOME", "user_data_dir")


def data_home() -> Path:
    """``$DESCEND_DATA``, else the platform's user cache folder. Not created here.

    Raises:
        DescendError: the user has no home folder.
    """
    return choose_folder("DESCEND_DATA", "user_cache_dir", "data")


def choose_folder(variable: str, platform: str, *below: str) -> Path:
    """The folder that the environment ``variable`` names, else what is ``below`` the one that platformdirs calls
    ``platform``; absolute.

    Raises:
        UsageError: the variable holds no path.
        DescendError: it is not set, and the home folder is unknown.
    """
    if (given := read_variable(variable)) is not None:
        return given
    try:
        import platformdirs  # here, because first paint does not need it

        return Path(getattr(platformdirs, platform)("descend", appauthor=False), *below).expanduser().absolute()
    except (RuntimeError, KeyError):
        raise DescendError(
            f"HOME is not set, and this user has none; set {variable} to a folder you can write to."
        ) from None


def check_environment() -> None:
    """Raise UsageError if one of the variables holds no path, or the working folder has been removed, without which
    torch and other libraries cannot be loaded."""
    try:
        os.getcwd()
    except FileNotFoundError:
        raise UsageError("The folder you are in is gone; change to another.") from None
    for variable in ("DESCEND_HOME", "DESCEND_DATA"):
        read_variable(variable)


def find_working_folder() -> str | None:
    """Where a worker is to work: None for the folder that this process is in, the root if that is gone, as libraries
    do not load in one that is not there."""
    try:
        os.getcwd()
    except OSError:
        return os.sep
    return None


def read_variable(variable: str) -> Path | None:
    """The folder that the environment ``variable`` names, None if it is not set. What is below a file is reported
    by the code that reads or writes there, and by `descend doctor`.

    Raises:
        UsageError: the variable holds no path.
    """
    if not (given := os.environ.get(variable, "")):
        return None
    try:
        return parse_path(given, below_file=True)
    except UsageError as error:
        raise UsageError(f"{variable}: {error}") from None


def runs_home() -> Path:
    """The folder that holds one folder a run."""
    return home() / "runs"


def make_writable(folder: Path, variable: str) -> Path:
    """Create ``folder`` if needed and return it.

    Raises:
        DescendError: it cannot be created or written; the sentence names the environment ``variable``.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DescendError(
            f"Cannot create {folder} ({error.strerror}); set {variable} to a folder you can write to."
        ) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DescendError(f"Cannot write to {folder}; set {variable} to a folder you can write to.")
    return folder


def parse_path(typed: str, kept: bool = False, below_file: bool = False) -> Path:
    """The absolute path that a user typed; ``~`` and ``~user`` are expanded. It need not exist.

    Args:
        kept: whether it will be written down, in a run's manifest say, which is UTF-8.
        below_file: whether not to check for a file above it, or for a folder that may not be searched.

    Raises:
        UsageError: nothing can have that path; the sentence says why.
    """
    shown = typed if len(typed) <= SHOWN else f"{typed[:SHOWN]}…"
    if not typed.strip():
        raise UsageError("The path is empty; name a file or a folder.")
    if "\0" in typed:
        raise UsageError(f"The path '{shown}' contains a zero byte, which no path can have; remove it.")
    try:
        path = Path(typed).expanduser() if typed.startswith("~") else Path(typed)  # not what begins with ./~
    except RuntimeError:
        user = Path(typed).parts[0][1:]
        if not user:
            raise UsageError("Your home folder is not known, so '~' has no meaning; write the path in full.") from None
        raise UsageError(
            f"There is no user '{user[:SHOWN]}'; write it in full, or put ./ before it if its name begins with '~'."
        ) from None
    try:
        path = path.absolute()
    except OSError:
        raise UsageError("The folder you are in is gone; change to another, or write the path from / on.") from None
    try:
        if kept:
            str(path).encode()
        os.stat(path)
    except UnicodeEncodeError as error:
        byte = ord(error.object[error.start]) & 0xFF
        raise UsageError(f"The path '{shown}' has the byte 0x{byte:02X}, which is not UTF-8 text; rename it.") from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            longest = max(len(os.fsencode(part)) for part in path.parts)
            why = f"one of its names has {longest:,} bytes, where 255 fit" if longest > 255 else "folders and all"
            raise UsageError(f"The path '{shown}' is too long, {why}; shorten it.") from None
        if error.errno == errno.ENOTDIR and not below_file:
            file = next((parent for parent in path.parents if parent.exists()), path)  # the nearest is the culprit
            raise UsageError(
                f"'{file.name[:SHOWN]}' is a file, so there is nothing in it; name a folder there."
            ) from None
        if error.errno == errno.ELOOP:
            raise UsageError(f"The links at '{shown}' form a loop; name another path.") from None
        if error.errno not in (errno.ENOENT, errno.ENOTDIR) and not below_file:
            raise UsageError(
                f"'{shown}' cannot be looked up ({error.strerror}); allow it, or name another path."
            ) from None
    return path


def path_exists(typed: str) -> bool:
    """Whether what a user typed is the path of a file or folder that is there; False for what cannot be a path."""
    try:
        return parse_path(typed).exists()
    except (UsageError, OSError):
        return False
