"""Small run folders of real runs, which tests of the shell replay; ``python -m tests.recordings`` makes them anew."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from descend.engine.base.paths import runs_home
from descend.engine.run.runs import Run

HERE = Path(__file__).parent
NAMES = sorted(file.parent.name for file in HERE.glob("*/run.json"))


def laid_out(*names: str) -> list[Run]:
    """Copies of the recordings ``names``, by default of all, below ``DESCEND_HOME``."""
    found = []
    for name in names or NAMES:
        folder = runs_home() / name
        shutil.copytree(HERE / name, folder, copy_function=shutil.copyfile)
        os.utime(folder, (0, 0))  # nobody has been heard of lately
        found.append(Run(folder))
    return found
