"""Which theme the shell begins with: the chosen one, else one that fits the terminal's background."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

AUTO = "auto"
DARK, LIGHT = "textual-dark", "textual-light"


def theme_named(
    chosen: str, known: Collection[str], few_colours: bool = False, environment: Mapping[str, str] = os.environ
) -> str:
    """The theme for what was ``chosen``: ``auto``, ``dark``, ``light`` or the name of a theme. A name that is not
    ``known`` counts as ``auto``, which asks ``$TEXTUAL_THEME`` and then the terminal; where it has ``few_colours``,
    only those of a dark theme can all be distinguished from their background."""
    chosen = {"dark": DARK, "light": LIGHT}.get(chosen, chosen)
    if chosen in known:
        return chosen
    asked = environment.get("TEXTUAL_THEME", "")
    if asked in known:
        return asked
    return LIGHT if light_background(environment) and not few_colours else DARK


def light_background(environment: Mapping[str, str]) -> bool:
    """Whether ``$COLORFGBG``, which many terminals set to such as ``0;15``, names white or light grey as background."""
    return environment.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")
