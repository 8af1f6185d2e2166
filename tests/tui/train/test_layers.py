"""The layers of a model on its page, counted by a process that may import torch."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from descend.engine.cli import main
from descend.engine.launch import experiment
from descend.engine.launch.experiment import complete
from descend.engine.run.run_request import RunRequest
from descend.tui.screens.train import layers
from tests.tui.driving import opened

NET = """from torch import nn

print("a file may say something")


class Net(nn.Module):
    def __init__(self, features, classes, hidden=8):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, classes))

    def forward(self, x):
        return self.layers(x)
"""


async def test_the_page_lists_the_layers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    training = experiment.find("mlp")
    assert isinstance(training, experiment.Training)
    words = layers.asked(training, complete(training, RunRequest(knobs={"hidden": 16, "epochs": 3}, data="iris")))
    assert main(["show", *words]) == 0
    (tmp_path / "printed").write_text(capsys.readouterr().out, encoding="utf-8")
    says = "import pathlib, sys; assert sys.argv[2:] == {!r}; print(pathlib.Path(sys.argv[1]).read_text())"
    monkeypatch.setattr(layers, "COMMAND", (sys.executable, "-c", says.format(words), str(tmp_path / "printed")))
    async with opened((80, 24), lesson="mlp", data="iris", knobs={"hidden": 16, "epochs": 3}) as shell:
        await shell.sees("L layers")
        await shell.press("L")
        await shell.sees("1 × 16", "Linear", " 80", "parameters;")
        await shell.press("e")
        await shell.sees("esc leaves")
        box: Any = shell.app.screen
        rows = {row.setting: row for row in box.rows}
        for wrong, sentence in (
            ("dense", "✗ No parameter is called 'dense'; there are '1'"),
            ("1,3", "✗ freeze=1,3"),
        ):
            rows["freeze"].field.value = wrong
            await shell.press("enter")
            await shell.sees(sentence)
            assert rows["freeze"].field.has_focus
        rows["hidden"].field.value = "17"  # other layers, of which nothing is known yet
        await shell.press("enter")
        await shell.until(lambda: shell.app.screen is not box)


def test_layers_of_a_file_are_asked_for_with_its_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "net.py").write_text(NET)
    training = experiment.find(f"{tmp_path}/net.py:Net")
    assert isinstance(training, experiment.Training)
    asked = layers.asked(training, complete(training, RunRequest(knobs={"hidden": "16", "lr": 1}, data="iris")))
    assert main(["show", *asked]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert found["parameters"] == 4 * 16 + 16 + 16 * 3 + 3
    assert found["names"] == [f"layers.{place}.{kind}" for place in (0, 2) for kind in ("weight", "bias")]
    assert "a file may say something" in captured.err


async def test_other_knobs_are_counted_again_and_failures_told(monkeypatch: pytest.MonkeyPatch) -> None:
    fails = (sys.executable, "-c", "import sys; sys.exit('descend: It cannot \\x1b[31mbe done.')")
    monkeypatch.setattr(layers, "COMMAND", fails)
    async with opened((120, 60), lesson="mlp", data="iris") as shell:
        await shell.sees("L lists them")
        await shell.press("L")
        await shell.sees("✗ It cannot [31mbe done.")
        await shell.press("e")
        await shell.sees("Knobs")
        await shell.press("right", "enter")
        await shell.sees("L lists them")


async def test_a_page_of_the_zoo_tells_the_size_for_its_data(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"layers": [], "names": [], "parameters": 9_610}
    counts = (sys.executable, "-c", f"import json; print(json.dumps({found!r}))")
    monkeypatch.setattr(layers, "COMMAND", counts)
    async with opened((120, 60), lesson="mlp", data="digits") as shell:
        await shell.sees("The multi-layer perceptron", "9,610 parameters")
        assert "101,770" not in shell.text
        assert "784" not in shell.text
