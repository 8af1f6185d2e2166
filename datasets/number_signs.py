"""Signs next to numbers: currencies, units, percent signs, which can be left out; and other ways to write a minus."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

SYMBOL = r"[$€£¥₹₩₽₺₫₴₪₱฿¢]"
CODE = r"(?:USD|EUR|GBP|CHF|JPY|INR|CNY|SEK|NOK|DKK|PLN|CZK|CAD|AUD|Fr\.|Rs\.)"
DIGITS = r"(?:\d(?:[\d.,'’ \u00a0\u202f]*\d)?[.,]?|[.,]\d+)"
AMOUNT = re.compile(rf"[-+−–]?(?:{SYMBOL}|{CODE})\s?[-+−–]?{DIGITS}|[-+−–]?{DIGITS}\s?(?:{SYMBOL}|{CODE}|[%‰])")
"""A number with a currency or a percent sign: never a word."""
MINUS = re.compile(rf"[−–]\s?{DIGITS}|{DIGITS}-|\({SYMBOL}?{DIGITS}\)")
"""A number below zero as people write it."""
SIGNED = re.compile(
    rf"(?P<open>\()?(?P<first>[-+−–]?)\s?(?P<before>(?:[A-Z]{{1,2}})?{SYMBOL}|{CODE}|[A-Z]{{3}}(?=\s))?\s?"
    rf"(?P<second>[-+−–]?)\s?(?P<number>{DIGITS}(?:[eE][-+]?\d+)?)\s?"
    rf"(?P<after>{SYMBOL}|[%‰]|°[CF]?|[^\W\d_]{{1,3}}[²³23]?|[A-Za-z]+\.?(?:/[A-Za-z]+)?)?(?P<last>-)?(?P<close>\))?"
)
"""A number with a unit, a currency or a minus next to it."""
DASHES, TRAILING, BRACKETS = "−–", "-", "()"
MINUSES = frozenset((*DASHES, TRAILING, BRACKETS))
"""How `signs=` names the ways to write a minus: another dash, one behind the number, brackets around it."""


def split_signs(cell: str) -> tuple[str, tuple[str, ...]] | None:
    """The number in ``cell``, with a plain minus, and the signs next to it, () for none; None if it is no number."""
    found = SIGNED.fullmatch(cell)
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    minuses = [mark for mark in (found["first"], found["second"]) if mark]
    minuses += [BRACKETS] if found["open"] else []
    minuses += [TRAILING] if found["last"] else []
    if len(minuses) > 1 or (found["before"] and found["after"]):
        return None
    sign = found["before"] or found["after"] or ""
    below = [mark for mark in minuses if mark != "+"]
    named = [mark for mark in below if mark in MINUSES and (mark != "-" or found["last"])]
    return "-" * len(below) + found["number"], (*filter(None, (sign,)), *named)


def drop_signs(cells: Sequence[str], signs: Collection[str]) -> list[str]:
    """``cells`` where of numbers with ``signs`` next to them only the numbers are left."""
    left = {}
    for cell in set(cells):
        found = split_signs(cell)
        if found is not None and found[1] and set(found[1]) <= set(signs):
            left[cell] = found[0]
    return [left.get(cell, cell) for cell in cells] if left else list(cells)
