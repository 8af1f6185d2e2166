"""The systems that descend runs on; imports nothing that another lacks."""

from __future__ import annotations

import sys

from descend.engine.base.errors import UsageError

SUPPORTED = "Linux and macOS, and Windows through WSL"


def check_platform(platform: str = "") -> None:
    """Raise UsageError on native Windows, which lacks the terminals and file locks that descend needs.

    Args:
        platform: as in ``sys.platform``; by default that.
    """
    if (platform or sys.platform) == "win32":
        raise UsageError(
            f"descend runs on {SUPPORTED}: install WSL with `wsl --install`, open its terminal and run descend there."
        )
