"""Vectors and matrices that are written as text."""

from __future__ import annotations

import re

import numpy as np
import pytest

from descend.engine.base.errors import UsageError
from descend.engine.base.number_text import Length, parse_numbers


@pytest.mark.parametrize(
    ("text", "shape", "found"),
    [
        ("1 2; 3 4", (2, 2), [[1, 2], [3, 4]]),
        ("1, 2, 3, 4", (2, 2), [[1, 2], [3, 4]]),
        (" 1e3 ; -1000", (2,), [1000, -1000]),
        ("1 2 3; 4 5 6", ((1, 5), (1, 5)), [[1, 2, 3], [4, 5, 6]]),
        ("7", ((1, 5), (1, 5)), [[7]]),
        ("0 1; 2 3; 4 5", ((2, 20), 2), [[0, 1], [2, 3], [4, 5]]),
    ],
)
def test_what_is_written_becomes_an_array(text: str, shape: tuple[Length, ...], found: list[float]) -> None:
    array = parse_numbers("a", text, shape)
    assert array.dtype == np.float64
    assert array.tolist() == found


FOUR = "a is 4 numbers in 2 rows, such as 1 2; 3 4, 1,000 at most in size, not all 0."
ROWS = "a is 1 to 5 rows of equally many, at most 5, numbers, such as 1 2 3; 4 5 6, 1,000 at most in size, not all 0."


@pytest.mark.parametrize(
    ("text", "shape", "words"),
    [
        *((text, (2, 2), FOUR) for text in ("", ";", "1 2; 3", "1 2 3 4 5", "1 2; 3 x", "0 0; 0 0", "1 2; 3 nan")),
        *((text, (2, 2), FOUR) for text in ("1 2; 3 1001", "inf 1; 1 1")),
        *((text, ((1, 5), (1, 5)), ROWS) for text in ("", "1 2; 3", "1 2 3 4 5 6", "1;" * 6, "0", ";")),
        ("1 2 3", (2,), "a is 2 numbers, such as 1 2, 1,000 at most in size, not all 0."),
        ("1 2", ((2, 20), 2), "a is 2 to 20 rows of 2 numbers, such as 1 2; 3 4, 1,000 at most in size, not all 0."),
    ],
)
def test_anything_else_is_told_in_one_sentence(text: str, shape: tuple[Length, ...], words: str) -> None:
    with pytest.raises(UsageError, match=f"^{re.escape(words)}$"):
        parse_numbers("a", text, shape, least=0.001)


def test_bounds_are_included_and_zeros_allowed_unless_refused() -> None:
    assert parse_numbers("a", "0 0", (2,)).tolist() == [0, 0]
    assert parse_numbers("a", "0 0.001", (2,), least=0.001).tolist() == [0, 0.001]
    with pytest.raises(UsageError, match="1,000,000 at most in size"):
        parse_numbers("a", "1000001 0", (2,), most=1e6)
