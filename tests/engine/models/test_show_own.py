"""`descend show path.py:Name`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.engine.train.trained import written

from descend.engine.cli import main

CODE = '''
print("hello")

class Net(nn.Module):
    """Reads \x1b[31mimages.

    And more."""
    def __init__(self, num_classes, width: int = 4):
        super().__init__()
        self.conv = nn.Conv2d(1, width, 3)
        self.head = nn.Linear(width, num_classes)
        self.unused = nn.Linear(2, 2)
    def forward(self, x):
        return self.head(self.conv(x).mean((2, 3)))

class Lazy(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.LazyLinear(10)
    def forward(self, x):
        return self.head(x.flatten(1))

class Pairs(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(4, 3)
    def forward(self, x):
        assert len(x) == 2
        return self.l(x)

def Script():
    return torch.jit.script(nn.Sequential(nn.Linear(4, 3)))

class Quits(Lazy):
    def forward(self, x):
        raise SystemExit(4)

class Trains(Lazy):
    def train(self, loader): pass
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of models."""
    return written(tmp_path, CODE)


def test_layers_for_data(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", f"{file}:Net", "--data", "digits"]) == 0
    text = capsys.readouterr().out
    for words in ("Net of nets.py", "images.", "Taken from the data: num_classes=10.", "one sample of 1 × 8 × 8"):
        assert words in text
    for words in ("1 × 4 × 6 × 6", "not passed", "96 parameters", "1,336 multiply-adds a sample", "4 unless given"):
        assert words in text
    assert "\x1b" not in text
    assert "hello" not in text


def test_as_json_without_data(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", f"{file}:Net", "--set", "num_classes=2", "--set", "width=2", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["parameters"] == 20 + 6 + 6
    assert shown["description"].startswith("Reads")
    assert [layer["path"] for layer in shown["layers"]] == ["conv", "head", "unused"]
    assert shown["arguments"] == {"num_classes": "2", "width": "2"}


def test_layers_that_need_data_or_two_samples(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", f"{file}:Lazy"]) == 2
    assert "take their shapes from the data; say --data" in capsys.readouterr().err
    assert main(["show", f"{file}:Lazy", "--data", "digits", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == 650
    assert main(["show", f"{file}:Pairs", "--data", "iris", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["input"], shown["multiply_adds"]) == ([2, 4], 12)


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (":Net", 1, "needs num_classes, which --data NAME may determine; or say --set num_classes=VALUE"),
        (":Net --data iris", 1, "failed at the layer conv (Conv2d) (nets.py, line 17)"),
        (":Quits --data digits", 1, "failed at Quits.forward (nets.py, line 39): SystemExit: 4."),
        (":Trains --data digits", 1, "Trains defines a method train (nets.py, line 42)"),
        (":Nett", 2, "defines no 'Nett'; did you mean 'Net'?"),
        (":Net --data nothing", 2, "There is no dataset 'nothing'"),
        (":Net --set depth=3", 2, "There is no knob 'depth'"),
        ("", 2, "Which model of nets.py?"),
    ],
)
def test_a_sentence_says_what_is_wrong(
    file: Path, words: str, status: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    address, *options = f"{file}{words}".split()
    assert main(["show", address, *options]) == status
    told = capsys.readouterr()
    assert not told.out
    assert sentence in told.err
    assert "Traceback" not in told.err


def test_a_script_of_torch(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", f"{file}:Script", "--data", "iris"]) == 0
    text = capsys.readouterr().out
    assert "15 parameters" in text
    assert "not passed" not in text
    assert "multiply-adds" not in text
