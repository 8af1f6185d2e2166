"""Where descend keeps things: runs and settings under the home folder, datasets under the data folder."""

from __future__ import annotations

import os
from pathlib import Path

from descend.engine.errors import DescendError


def home() -> Path:
    """``$DESCEND_HOME``, else the platform's user data folder. Not created here."""
    if chosen := os.environ.get("DESCEND_HOME"):
        return Path(chosen).expanduser().absolute()
    import platformdirs  # here, because first paint does not need it

    return Path(platformdirs.user_data_dir("descend", appauthor=False))


def data_home() -> Path:
    """``$DESCEND_DATA``, else the platform's user cache folder. Not created here."""
    if chosen := os.environ.get("DESCEND_DATA"):
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_cache_dir("descend", appauthor=False)) / "data"


def runs_home() -> Path:
    """The folder that holds one folder a run."""
    return home() / "runs"


def writable(folder: Path, variable: str) -> Path:
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
