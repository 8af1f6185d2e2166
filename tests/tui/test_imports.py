"""The shell paints before anything heavy is loaded."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import descend.tui.app, descend.tui.panels.grid
from descend.engine.teaching import catalogue
assert catalogue.list_lessons()
print(*sorted({"torch", "torchvision", "numpy", "plotext", "sklearn", "scipy", "sympy", "psutil"} & set(sys.modules)))
"""
WHOLE = """
import sys
import descend.tui.panels.grid, descend.tui.screens.lesson, descend.tui.screens.doctor, descend.tui.screens.leave
import descend.tui.screens.settings, descend.tui.system.panel
import descend.tui.screens.runs, descend.tui.screens.compare, descend.engine.run.summary, descend.engine.run.export
import descend.tui.screens.train.screen, descend.tui.screens.train.augment_preview, descend.tui.screens.train.data_view
import descend.tui.screens.train.layers, descend.engine.train.augment_preview
import descend.engine.launch.launcher, descend.datasets.catalogue, descend.engine.run.history
print(*sorted({"torch", "torchvision", "sklearn", "scipy", "sympy"} & set(sys.modules)))
"""


def loaded(program: str) -> list[str]:
    """What ``program`` prints, in a fresh interpreter."""
    return subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()


def test_the_first_screen_the_catalogue_and_the_grid_of_panels_load_nothing_heavy() -> None:
    assert loaded(PROGRAM) == []


def test_nothing_the_shell_ever_imports_is_torch() -> None:
    assert loaded(WHOLE) == []
