"""Live panels: what a run shows while it trains, one module per kind of panel.

Importing this package needs neither NumPy nor plotext: modules of single panels, which import NumPy, are loaded by
`catalogue.kinds` when a run has something to show.
"""

from descend.tui.panels.grid import PanelGrid
from descend.tui.panels.panel import Panel

__all__ = ["Panel", "PanelGrid"]
