"""The order of classes."""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import normalize

from descend.datasets.forms import is_number
from descend.engine.base.sanitize import clean


def sort_classes(names: Iterable[str]) -> list[str]:
    """Names of classes: those that are numbers by their value, so that 10 comes after 9, then words by the alphabet."""
    return sorted(names, key=lambda name: (0, float(name), name) if is_number(name) else (1, 0.0, name))


def find_lookalikes(names: Iterable[str]) -> str:
    """How two of ``names`` differ that probably mean the same, as "'Oak' and 'oak' differ only in capital
    letters"; "" if no two are."""
    seen: dict[str, str] = {}
    for name in names:
        plain = " ".join(normalize("NFC", name).split())
        other = seen.setdefault(plain.casefold(), name)
        if other == name:
            continue
        how = (
            "blanks or the encoding of accents"
            if " ".join(normalize("NFC", other).split()) == plain
            else "capital letters"
        )
        return f"{clean(other)[:40]!r} and {clean(name)[:40]!r} differ only in {how}"
    return ""
