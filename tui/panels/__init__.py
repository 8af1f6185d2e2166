"""Live panels: what a run shows while it trains, one module per kind of panel.

Importing this package needs neither NumPy nor plotext: both are imported when the first chart is drawn.
"""

from descend.tui.panels.grid import PanelGrid
from descend.tui.panels.panel import Panel

__all__ = ["Panel", "PanelGrid"]
