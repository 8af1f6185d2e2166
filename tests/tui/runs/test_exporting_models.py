"""A person who takes the model of a training away, from the table of runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from descend.engine.run.runs import Run
from descend.engine.train import export_forms
from descend.tui.screens.runs import model_export
from descend.tui.screens.runs.export import ExportScreen
from descend.tui.screens.runs.model_export import ModelExportScreen
from tests.tui.recording import finished
from tests.tui.runs.past import all_runs, screen, with_checkpoints

WRITTEN: dict[str, Any] = {
    "bytes": 13208,
    "told": {
        "holds": "weights of the network alone, by name",
        "input": {
            "dtype": "float32",
            "shape": ["batch", 2],
            "columns": ["size", "co\u001b[31mlour"],
            "means": "as they are",
        },
        "output": {"dtype": "float32", "shape": ["batch", 9], "means": "the probability of each class"},
        "classes": list("abcdefghi"),
        "metrics": {"test/accuracy": 0.975, "test/roc_auc": None, "train/accuracy": 1.0},
        "command": "descend run mlp --data 't.csv?target=[b]'",
    },
}
WRITES = f"""
import json, pathlib, sys
place = pathlib.Path(sys.argv[-1])
print(json.dumps({{"progress": 0.5, "doing": "tracing its operations"}}), flush=True)
place.write_text(" ".join(sys.argv[1:]))
print(json.dumps({{**json.loads({json.dumps(json.dumps(WRITTEN))}), "file": str(place), "card": f"{{place}}.json"}}))
"""


def saying(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> None:
    """Have ``code`` run in place of the export."""
    script = folder / "said.py"
    script.write_text(code)
    monkeypatch.setattr(model_export, "COMMAND", (sys.executable, "-P", str(script)))


def trained_run(model: str = "mlp") -> Run:
    """A finished training with a checkpoint, of which the shell reads the folder only."""
    run = with_checkpoints(finished(name=model, knobs={}), 60)
    run.preparation_file.write_text("{}")
    return run


async def test_a_model_is_written_and_its_card_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    saying(monkeypatch, tmp_path, WRITES)
    run = trained_run()
    async with all_runs((80, 24)) as shell:
        await shell.press("x")
        await shell.sees("‹ csv ›", "curves: csv json tensorboard", "model: safetensors onnx pt2 state-dict")
        await shell.press("left")
        await shell.sees("‹ state-dict ›", f"{run.id}.pt", "torch.load")
        await shell.press("enter")
        await shell.sees("written", "13 kB", "card", "batch × 2: as they are", "size, co", "and 1 more")
        await shell.sees("test/accuracy 0.975", "'t.csv?target=[b]'", "enter goes back")
        assert "\x1b" not in shell.text
        assert "roc_auc" not in shell.text
        asked = (tmp_path / f"{run.id}.pt").read_text().split()
        assert asked == [run.id, "--to=state-dict", "--json", "--", str(tmp_path / f"{run.id}.pt")]
        await shell.press("enter")
        assert screen(shell).table.entry.id == run.id


async def test_a_model_that_cannot_be_written_is_a_sentence_and_what_was_typed_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saying(monkeypatch, tmp_path, "import sys\nsys.exit('descend: The model cannot be made a graph.')")
    trained_run()
    async with all_runs((80, 24)) as shell:
        await shell.press("x", "right", "right", "right")
        await shell.sees("‹ safetensors ›")
        shell.app.screen.query_one(Input).value = "mine.st"
        await shell.press("enter")
        await shell.sees("✗ The model cannot be made a graph.", "esc goes back, nothing was written")
        await shell.press("escape", "x")
        await shell.until(lambda: isinstance(shell.app.screen, ExportScreen))
        await shell.sees("mine.st")


async def test_leaving_ends_an_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    saying(monkeypatch, tmp_path, "import time\nprint('{\"progress\": 0.5}', flush=True)\ntime.sleep(60)")
    trained_run()
    async with all_runs((80, 24)) as shell:
        await shell.press("x", "left", "enter")
        await shell.until(lambda: isinstance(shell.app.screen, ModelExportScreen))
        box: Any = shell.app.screen
        await shell.until(lambda: box._process is not None)
        await shell.press("enter")
        assert shell.app.screen is box, "enter once more cancels nothing"
        await shell.press("escape")
        await shell.until(lambda: box._process.returncode is not None)
        assert screen(shell)


async def test_what_a_form_needs_is_said_before_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(export_forms, "find_spec", lambda name: None)
    run = trained_run(f"{tmp_path / 'gone.py'}:Net")
    (tmp_path / f"{run.id}.safetensors.json").write_text("mine")
    async with all_runs((80, 24)) as shell:
        await shell.press("x", "right", "right", "right")
        await shell.sees("✗ Its card would replace", "name another file")
        await shell.press("right")
        await shell.sees("✗ ONNX needs the packages onnx", "'descend[onnx]'`, or export as pt2.")
        await shell.press("enter")
        assert isinstance(shell.app.screen, ExportScreen)
        await shell.press("right")
        await shell.sees("which no longer exists")
        await shell.press("right")
        await shell.sees("torch.load")


async def test_a_lesson_has_no_model_to_take_away() -> None:
    finished()
    async with all_runs((80, 24)) as shell:
        await shell.press("x")
        await shell.sees("‹ csv ›")
        assert "safetensors" not in shell.text
        await shell.press("left")
        await shell.sees("‹ tensorboard ›")
