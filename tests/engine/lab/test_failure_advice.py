"""What a failed run says of a mistake in its lesson."""

from __future__ import annotations

from pathlib import Path

import torch

from descend.engine.lab.failure_advice import explain_failure


def test_a_mistake_in_a_lesson_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "lessons" / "mine.py"
    space: dict[str, object] = {}
    exec(compile("def run(lab, k):\n    x = 1\n    return x / 0\n", str(file), "exec"), space)
    try:
        space["run"](None, None)  # type: ignore[operator]
    except ZeroDivisionError as error:
        failure = explain_failure(error, 0, {}, torch.device("cpu"))
    assert failure.title == "The experiment raised ZeroDivisionError: division by zero"
    assert failure.advice[0] == f"It happened in {file}, line 3."
