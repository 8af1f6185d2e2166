"""Text formats that hold data and are not tables of cells."""

from __future__ import annotations

import re

LINES = 20
"""Lines to check, of those that are not empty."""
STARTS = {
    "<!doctype": "a web page; download the file itself",
    "<html": "a web page; download the file itself",
    "<?xml": "XML; save it as CSV",
    "{\\rtf": "a document in RTF; save the table in it as CSV",
    "%pdf": "a PDF; save the table in it as CSV",
    "@relation": "an ARFF file; save it as CSV",
}
FORMATS = {
    re.compile(r"\s*[{\[].*[}\]],?\s*"): "JSON, a value in each line; save it as CSV",
    re.compile(r"\s*[+-]?[\d.]+(\s+\d+:[+-]?[\d.]+(e[+-]?\d+)?)+\s*(#.*)?", re.IGNORECASE): (
        "in LIBSVM format, with column numbers before the values; save it as CSV"
    ),
    re.compile(r"\s*([|+].*[|+]|[|+][-+=:| ]+)\s*"): (
        "a table drawn with lines, as databases and Markdown do; save it as CSV"
    ),
}


def find_other_format(sample: str) -> str:
    """What the text that begins with ``sample`` is instead of a table, and what to do; "" if it may be a table."""
    begin = sample.lstrip()[:1000].lower()
    if what := next((what for start, what in STARTS.items() if begin.startswith(start)), ""):
        return what
    lines = [line for line in sample.splitlines() if line.strip() and not line.lstrip().startswith(("%", "#"))][:LINES]
    if any(line.lower().startswith("@relation") for line in lines[:1]):
        return STARTS["@relation"]
    if len(lines) > 2 and (what := next((w for form, w in FORMATS.items() if all(map(form.fullmatch, lines))), "")):
        return what
    return "JSON; save it as CSV" if begin.startswith(("{", "[{", "[\n")) else ""
