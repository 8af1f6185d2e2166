"""What is said of a run folder that cannot be read."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    from descend.engine.run.runs import Run


@contextmanager
def tell_damage(run: Run) -> Iterator[None]:
    """Say in one sentence what a damaged folder has led to, whatever that is, so that other runs continue.

    Raises:
        DescendError: anything else was raised inside the block.
    """
    try:
        yield
    except DescendError:
        raise
    except Exception as error:  # what no check foresaw
        raise DescendError(
            f"Run '{run.id}' is damaged ({describe_error(error)}); restore its files, or delete it."
        ) from error


def describe_unreadable(run: Run, file: str, error: Exception) -> DescendError:
    """What to say of a ``file`` of ``run`` that cannot be read; one that may be whole is not to be deleted."""
    whole = isinstance(error, OSError) and error.errno not in (errno.ENOENT, errno.EINVAL, errno.EFBIG)
    remedy = "make it readable" if whole else "restore it, or delete the run"
    return DescendError(f"Run '{run.id}' has no readable {file} ({describe_error(error)}); {remedy}.")


def describe_error(error: Exception) -> str:
    """Why a file could not be read, in a few words."""
    match error:
        case OSError():
            return error.strerror or "it cannot be read"
        case RecursionError():
            return "it is nested too deeply"
        case UnicodeDecodeError():
            return f"the byte at {error.start:,} is not UTF-8"
        case msgspec.MsgspecError() if "UTF-8" in str(error):  # which says so itself from msgspec 0.23 on
            return "it is not UTF-8"
        case msgspec.MsgspecError():
            return str(error)
    return f"{type(error).__name__}: {error}".removesuffix(": ")
