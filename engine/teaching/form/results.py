"""Results that the theory states: each stands in a claim, or beside a source.

What is measured cannot be told from what is computed by a program for sure, so only this counts as a result: a share in
percent, or a number of 10 and more or with a decimal point, in a sentence that says what something reached, took or
beat. A sentence that computes, asks, or names a source states none; nor does a number that the lesson's own code holds,
such as a knob's default, a size, or the bound of a claim, or one that is a product or quotient of such sizes.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator

from descend.engine.teaching.form.shortcoming import LessonText, Shortcoming
from descend.engine.teaching.lesson import Lesson

NUMBER = re.compile(r"(?<![\w.,^⁰¹²³⁴-⁹₀-₉])\d[\d,]*(?:\.\d+)?(?![\w⁰¹²³⁴-⁹₀-₉])(\s?%| per ?cent)?")
OUTCOME = re.compile(
    r"\b(reach(es|ed)?|arriv(es|ed)|achiev(es|ed)|end(s|ed)? (up )?(at|with|near|within)|beat(s|en)?|win(s)?|"
    r"scor(es|ed)|(falls?|drops?|climbs?|rises?|grows?|shrinks?|settles?) (to|at|by|from)|tak(es|ing)|took|need(s|ed)|"
    r"cost(s)?|times (as|faster|slower|fewer|more|less|smaller|larger)|accurate|(accuracy|error|loss) of|"
    r"(right|wrong) in)\b"
)
COMPUTES = re.compile(r"[=≈≤≥<>→·×√²³ⁿ]|\d\s?/\s?\d|[⁰¹⁴-⁹]")
YEAR = re.compile(r"\b(1[4-9]|20)\d\d\b")
SMALL = 10
"""Whole numbers below are too common to tell a result from a count."""


def check_results(text: LessonText) -> Iterator[Shortcoming]:
    """Rule ``result``."""
    held, ranges = _list_constants(text.tree), _list_ranges(text.tree)
    for claim in text.lesson.claims:
        held |= {value for value, _ in _find_numbers(claim.text)}
    sizes = {value for value, _ in _find_numbers(text.lesson.theory)} | _list_defaults(text.lesson)
    for sentence in _split_sentences(text.lesson.theory):
        if sentence.endswith("?") or COMPUTES.search(sentence) or _cites(sentence, text.lesson.sources):
            continue
        states = bool(OUTCOME.search(sentence))
        for value, told in _find_numbers(sentence):
            share = told.endswith(("%", "cent"))
            if not share and (not states or (value < SMALL and value == int(value)) or YEAR.fullmatch(told)):
                continue
            forms = (value, value / 100) if share else (value,)
            if any(_are_close(form, one) for form in forms for one in held):
                continue
            if any(low <= form <= high for form in forms for low, high in ranges):
                continue
            if not share and _is_computed(value, sizes):
                continue
            why = f"The theory states a result, {told}, that no claim holds and beside which no source stands."
            yield text.report("result", why, sentence[:25])


def _split_sentences(theory: str) -> Iterator[str]:
    """The sentences of the prose; formulas are indented, code stands between backquotes."""
    prose = "\n".join(line for line in theory.splitlines() if not line.startswith("    "))
    for paragraph in re.sub(r"`[^`]*`", "", prose).split("\n\n"):
        yield from re.split(r"(?<=[.?!:;])\s+", " ".join(paragraph.split()))


def _find_numbers(sentence: str) -> list[tuple[float, str]]:
    """The numbers of a sentence, and how they are written there."""
    found = []
    for match in NUMBER.finditer(sentence):
        written = match[0].rstrip(",")
        digits = re.match(r"[\d,]*(?:\.\d+)?", written)
        assert digits is not None
        found.append((float(digits[0].replace(",", "") or "nan"), written))
    return found


def _cites(sentence: str, sources: tuple[str, ...]) -> bool:
    """Whether a sentence names a year and an author, or an author of the lesson's ``sources``."""
    if re.search(r"[A-Z][^\W\d_]+[^.]{0,30} (1[4-9]|20)\d\d\b", sentence):
        return True
    authors = {name for source in sources for name in re.findall(r"[A-Z][^\W\d_]{2,}", source.partition(": ")[0])}
    return any(re.search(rf"\b{re.escape(name)}\b", sentence) for name in authors)


def _list_constants(tree: ast.Module) -> set[float]:
    """The numbers that the code holds."""
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {float(one) for one in constants if isinstance(one, (int, float)) and not isinstance(one, bool)}


def _list_defaults(lesson: Lesson) -> set[float]:
    """The numbers among the defaults of the knobs."""
    values = (spec.default for spec in lesson.knobs.specs.values())
    return {float(one) for one in values if isinstance(one, (int, float)) and not isinstance(one, bool)}


def _is_computed(value: float, sizes: set[float]) -> bool:
    """Whether ``value`` is a product or a quotient of two other ``sizes``: 600 steps are 60,000 images by 100."""
    others = [one for one in sizes if one not in (0.0, 1.0, value)]
    return any(_are_close(a * b, value) or _are_close(a / b, value) for a in others for b in others)


def _list_ranges(tree: ast.Module) -> list[tuple[float, float]]:
    """The bounds of every ``….between(low, high)`` of a claim."""
    found = []
    claims = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _find_called_name(node) == "Claim"]
    for node in (inner for claim in claims for inner in ast.walk(claim)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "between":
            ends = [one.value for one in node.args if isinstance(one, ast.Constant)]
            if len(ends) == 2 and all(isinstance(end, (int, float)) for end in ends):
                found.append((float(ends[0]), float(ends[1])))  # type: ignore[arg-type]
    return found


def _find_called_name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _are_close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9)
