"""A quiz as text, so that its author reads it as the learner does:

    ? [compute] How many weights join 3 inputs with 4 units?
    - 7
    + 12
    - 16, one for each unit and itself
    = Each unit has a weight for each input: 4 · 3.
    @ another-lesson
    & S2-C05, 26

A question begins with ``?``, and with ``[compute]`` or ``[foresee]`` if it asks for that. Choices follow, ``+`` before
the right one, then ``=`` and why. ``@`` names another lesson that shows it; ``&`` the rows of the curriculum that it
settles, and the numbers of mistakes that it explains. A line that begins with none of these continues the one before.
"""

from __future__ import annotations

import re
from typing import Any

KINDS = ("compute", "foresee")
SIGNS = "?-+=@&"


def parse_quiz(text: str) -> list[dict[str, Any]]:
    """Each question as the arguments of `descend.engine.teaching.lesson.Question`.

    Raises:
        ValueError: a line is out of place, or a question lacks something; the sentence quotes it.
    """
    questions: list[dict[str, Any]] = []
    for sign, line in _join_lines(text):
        if sign == "?":
            kind = re.match(r"\[(\w+)\]\s*", line)
            if kind and kind[1] not in KINDS:
                raise ValueError(f"A question asks to {' or to '.join(KINDS)}, not to '{kind[1]}': {line}")
            asked = line[kind.end() :] if kind else line
            questions.append({"text": asked, "choices": (), "kind": kind[1] if kind else "recall"})
            continue
        if not questions:
            raise ValueError(f"A quiz begins with a question, '? …', not with: {sign} {line}")
        question = questions[-1]
        if sign in "-+":
            if "why" in question:
                raise ValueError(f"Choices come before the reason: {line}")
            if sign == "+" and "answer" in question:
                raise ValueError(f"Two choices of one question are marked right: {line}")
            if sign == "+":
                question["answer"] = len(question["choices"])
            question["choices"] += (line,)
        elif sign == "=":
            question["why"] = line
        elif sign == "@":
            question["lesson"] = line
        else:
            marks = [mark.strip() for mark in line.split(",")]
            question["mistakes"] = tuple(int(mark) for mark in marks if mark.isdigit())
            question["answers"] = tuple(mark for mark in marks if not mark.isdigit())
    for question in questions:
        if "answer" not in question:
            raise ValueError(f"No choice of this question is marked right with '+': {question['text']}")
        if "why" not in question:
            raise ValueError(f"This question gives no reason, '= …': {question['text']}")
        if len(question["choices"]) < 2:
            raise ValueError(f"This question has one choice only: {question['text']}")
    return questions


def _join_lines(text: str) -> list[tuple[str, str]]:
    """Sign and words of each entry, continued lines joined to it."""
    entries: list[tuple[str, str]] = []
    for raw in text.splitlines():
        line = raw.strip()
        if not line:
            continue
        if line[0] in SIGNS and line[1:2] == " ":
            entries.append((line[0], line[2:].strip()))
        elif entries:
            sign, words = entries[-1]
            entries[-1] = sign, f"{words} {line}"
        else:
            raise ValueError(f"A quiz begins with a question, '? …', not with: {line}")
    return entries
