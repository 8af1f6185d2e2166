"""Which pictures keep their proportions: where round is to look round, at any size.

The rule, which is that of maps: the axes have one unit, and neither range is more than `ELONGATED` times the other. An
author who knows better says so, as with matplotlib's ``set_aspect``: "equal" or "auto".
"""

from __future__ import annotations

import re

ELONGATED = 4.0
"""Times that one axis may reach further than the other where both have one unit and are drawn to one scale."""
_UNIT = re.compile(r"\(([^()]*)\)\s*$")


def find_unit(name: str) -> str:
    """What stands in brackets at the end of an axis's name, as in ``height (m)``; empty if nothing does."""
    found = _UNIT.search(name)
    return found[1].strip() if found else ""


def keeps_aspect(axes: tuple[str, str], across: float, up: float, aspect: str = "") -> bool:
    """Whether a unit is to be as long on both axes.

    Args:
        axes: the names of both, with units.
        across, up: how far they reach.
        aspect: "equal" or "auto" if the author says it, else empty.
    """
    if aspect:
        return aspect == "equal"
    return find_unit(axes[0]) == find_unit(axes[1]) and 0 < across <= ELONGATED * up and up <= ELONGATED * across
