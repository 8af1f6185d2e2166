"""A quiz as text: what is read, and what is refused with the line."""

from __future__ import annotations

import pytest

from descend.engine.teaching.lesson import Question, quiz

TEXT = """
    ? [compute] How many weights join
      3 inputs with 4 units?
    - 7
    + 12
    = Each unit has a weight for each input:
      4 · 3.
    @ digits
    & S2-C05, 26

    ? Which is -1?
    + −1, the negative one
    - +1
    = The sign says it.
"""


def test_questions_are_read_as_they_are_written() -> None:
    first, second = quiz(TEXT)
    assert first == Question(
        "How many weights join 3 inputs with 4 units?",
        ("7", "12"),
        1,
        "Each unit has a weight for each input: 4 · 3.",
        lesson="digits",
        kind="compute",
        answers=("S2-C05",),
        mistakes=(26,),
    )
    assert (second.kind, second.answer, second.choices) == ("recall", 0, ("−1, the negative one", "+1"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("+ yes", "A quiz begins with a question"),
        ("what", "A quiz begins with a question"),
        ("? a\n- b\n- c\n= d", "No choice of this question is marked right"),
        ("? a\n+ b\n+ c\n= d", "Two choices of one question are marked right: c"),
        ("? a\n+ b\n- c", "gives no reason"),
        ("? a\n+ b\n= d", "one choice only"),
        ("? a\n+ b\n= d\n- c", "Choices come before the reason: c"),
        ("? [guess] a\n+ b\n- c\n= d", "not to 'guess'"),
    ],
)
def test_what_is_out_of_place_is_named(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        quiz(text)
