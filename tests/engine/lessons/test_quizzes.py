"""The length of a choice does not tell whether it is the right one."""

from __future__ import annotations

import pytest

from descend.engine.teaching import catalogue

LESSONS = (
    "affine-regions",
    "backpropagation",
    "cnn-questions",
    "convolution",
    "diffusion",
    "digits",
    "double-descent",
    "eigenpairs",
    "learned-filters",
    "noising",
)


@pytest.mark.parametrize("name", LESSONS)
def test_the_right_choice_is_seldom_the_longest(name: str) -> None:
    quiz = catalogue.find_lesson(name).quiz
    longest = [
        question.text
        for question in quiz
        if len(question.choices[question.answer]) > max(map(len, question.choices[: question.answer]), default=0)
        and len(question.choices[question.answer]) > max(map(len, question.choices[question.answer + 1 :]), default=0)
    ]
    assert len(longest) <= len(quiz) / 3, longest
