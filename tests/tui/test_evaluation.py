"""E on a finished training: what `descend evaluate` measures, in the shell."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from descend.tui.screens import evaluation
from descend.tui.screens.evaluation import EvaluationScreen
from descend.tui.screens.lesson import LessonScreen
from tests.tui.driving import opened
from tests.tui.recording import asked, begin, end, steps

FOUND: dict[str, Any] = {
    "run": "r",
    "data": "the test part of t.csv",
    "samples": 40,
    "unit": "sample",
    "notes": ["1 row without column 'kind': left out."],
    "labelled": False,
    "names": ["ham", "sp\u001b[31mam"],
    "metrics": {"accuracy": {"value": 0.925, "low": 0.8, "high": 0.97, "method": "Wilson"}, "roc_auc": {"value": 0.9}},
    "baselines": {"always 'ham'": {"accuracy": 0.6}},
    "sentences": ["The model is better than always 'ham' by 32.5 % of the samples."],
    "classes": [{"class": "ham", "samples": 24, "precision": None, "recall": 0.5, "f1": 0.5}],
    "confusion": [[23, 1], [2, 14]],
    "worst": [{"sample": "line 7: a [bold] b", "true": "ham", "said": "spam", "sure": 0.987}],
    "slices": [],
    "noise": [],
}


LABELS: dict[str, Any] = {
    **FOUND,
    "labelled": True,
    "metrics": {"subset_accuracy": {"value": 0.625}},
    "baselines": {"always the commonest answers": {"subset_accuracy": 0.5}},
    "classes": [
        {"class": "ad", "samples": 9, "accuracy": 0.9, "commonest": 0.75, "precision": 0.5, "recall": 0.5, "f1": 0.5},
        {"class": "new", "samples": 0, "accuracy": 1, "commonest": 1, "precision": None, "recall": None, "f1": 0},
    ],
    "confusion": None,
}


def saying(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> None:
    """Have ``code`` run in place of the measuring."""
    script = folder / "said.py"
    script.write_text(code)
    monkeypatch.setattr(evaluation, "COMMAND", (sys.executable, "-P", str(script)))


def trained_run() -> Any:
    """A finished training, of which the shell reads the folder only."""
    run = asked("digits")
    begin(run)
    steps(run, 0, 60)
    end(run, "done")
    return run


async def test_a_measured_training_shows_its_numbers_and_its_worst_mistakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saying(monkeypatch, tmp_path, f"print('{{\"progress\": 0.5}}')\nprint({json.dumps(FOUND)!r})")
    async with opened((100, 60), lesson="digits") as shell:
        run = trained_run()
        shell.app.push_screen(EvaluationScreen(run))
        await shell.sees("92.5 %", "80.0 % … 97.0 %", "60.0 %", "The model is better than always 'ham'", run.id)
        await shell.sees("40 samples, the test part of t.csv")
        await shell.sees("line 7: a [bold] b", "98.7 %", "1 row without column 'kind'", "23", "14")
        assert "\x1b" not in shell.text
        await shell.press("r")
        await shell.sees("92.5 %")
        await shell.press("escape")
        await shell.until(lambda: isinstance(shell.app.screen, LessonScreen))


async def test_what_cannot_be_measured_is_a_sentence_and_r_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saying(monkeypatch, tmp_path, "import sys\nsys.exit('descend: t.csv no longer exists.')")
    async with opened(lesson="digits") as shell:
        shell.app.push_screen(EvaluationScreen(trained_run()))
        await shell.sees("✗ t.csv no longer exists.", "r again")
        saying(monkeypatch, tmp_path, f"print({json.dumps({**FOUND, 'worst': []})!r})")
        await shell.press("r")
        await shell.sees("92.5 %", "No sample is judged wrongly.")


async def test_leaving_ends_what_is_being_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saying(monkeypatch, tmp_path, "import time\ntime.sleep(60)")
    async with opened(lesson="digits") as shell:
        screen = EvaluationScreen(trained_run())
        shell.app.push_screen(screen)
        await shell.sees("esc cancels")
        await shell.until(lambda: screen._process is not None)
        process = screen._process
        assert process is not None
        await shell.press("escape")
        await shell.until(lambda: process.returncode is not None)


async def test_only_a_training_can_be_evaluated() -> None:
    async with opened(lesson="digits") as shell:
        run = trained_run()
        shell.app.open_run(run)
        await shell.sees("✓ done")
        assert "E evaluate" not in shell.text
        await shell.press("u")
        await shell.sees("enter open", run.id)
        assert "E evaluate" not in shell.text
        run.preparation_file.write_text("{}")
        await shell.press("j", "k")
        screen: Any = shell.app.screen
        assert screen.check_action("evaluate", ())


def test_several_labels_have_a_line_each_beside_their_commonest_answer() -> None:
    console = Console(width=100, color_system=None)
    with console.capture() as shown:
        console.print(evaluation.draw_findings(LABELS))
    lines = [" ".join(line.split()) for line in shown.get().splitlines()]
    assert "all labels right 62.5 % 50.0 %" in lines
    assert "label samples right commonest precision recall F1 ROC AUC" in lines
    at = lines.index("new 0 100.0 % 100.0 % - - 0.0000 -")
    assert lines[at + 1] == "ad 9 90.0 % 75.0 % 50.0 % 50.0 % 0.5000 -"


def test_a_note_that_begins_with_the_name_of_a_file_begins_as_that_is_written() -> None:
    found = {**FOUND, "notes": ["mix2.csv lacks a column."], "sentences": ["One class is rare."]}
    console = Console(width=100)
    with console.capture() as shown:
        console.print(evaluation.draw_findings(found))
    told = shown.get()
    assert "mix2.csv lacks a column." in told
    assert "One class is rare." in told
