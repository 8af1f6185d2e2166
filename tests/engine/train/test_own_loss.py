"""The loss that a model of the user's own brings along."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.engine.train.trained import done, failed, notes, written

NET = """
class Net(nn.Module):
    def __init__(self, features, classes):
        super().__init__()
        self.a, self.b, self.again = nn.Linear(features, 16), nn.Linear(16, classes), nn.Linear(16, features)
        self.seen = 0
    def forward(self, x):
        return self.b(torch.relu(self.a(x)))
"""
LOSSES = {
    "double": "def loss(self, output, target): return 2 * F.cross_entropy(output, target)",
    "sum": "def loss(self, output, target): return F.cross_entropy(output, target, reduction='sum')",
    "samples": "def loss(self, x, y): return F.cross_entropy(self(x), y)",
    "three": "def loss(self, output, target, weight): return weight * F.cross_entropy(output, target)",
    "shape": "def loss(self, output, target): return F.mse_loss(output, target)",
    "number": "def loss(self, output, target): return float(F.cross_entropy(output, target))",
    "constant": "def loss(self, output, target): return torch.ones(1)",
    "step": "def training_step(self, batch): ...",
    "late": """def loss(self, output, target):
        self.seen += 1
        if self.seen > 20: raise ValueError("too late")
        return F.cross_entropy(output, target)""",
    "several": """def forward(self, x):
        hidden = torch.relu(self.a(x))
        return self.b(hidden), self.again(hidden), x
    def loss(self, output, target):
        scores, again, x = output
        return F.cross_entropy(scores, target) + F.mse_loss(again, x)""",
}


def net(folder: Path, loss: str) -> str:
    """The address of a model with one of `LOSSES`."""
    return f"{written(folder, f'{NET}    {LOSSES[loss]}')}:Net"


def test_a_models_own_loss_is_what_it_is_trained_and_judged_by(tmp_path: Path) -> None:
    (plain := tmp_path / "plain").mkdir()
    usual = done(f"{written(plain, NET)}:Net", "iris", optimiser="sgd", lr=0.02)
    own = done(net(tmp_path, "double"), "iris", optimiser="sgd", lr=0.01, label_smoothing=0.1)
    assert "The loss is the model's own, Net.loss" in notes(own)
    assert "label_smoothing is for the usual loss, and changes nothing here" in notes(own)
    for part in ("train", "test"):  # half the rate, twice the loss: the same steps
        assert own.metrics[f"{part}/loss"] == pytest.approx(2 * usual.metrics[f"{part}/loss"], rel=1e-4)
        assert own.metrics[f"{part}/accuracy"] == usual.metrics[f"{part}/accuracy"]
    assert "own" not in notes(usual)


@pytest.mark.parametrize(
    ("loss", "sentence"),
    [
        ("samples", "its first argument, x, seems to be samples"),
        ("three", "it takes (output, target, weight)"),
        ("shape", "it fails with"),
        ("number", "it returns no single number that is a tensor"),
        ("constant", "what it returns has no gradient"),
        ("step", "training_step is not called"),
    ],
)
def test_a_loss_that_is_not_used_is_told(tmp_path: Path, loss: str, sentence: str) -> None:
    told = notes(done(net(tmp_path, loss), "iris", epochs=1))
    assert sentence in told
    assert "The loss is the model's own" not in told


def test_a_sum_is_told(tmp_path: Path) -> None:
    assert "adds up the samples" in notes(done(net(tmp_path, "sum"), "iris", epochs=1))


def test_layers_that_only_the_own_loss_takes_are_learned(tmp_path: Path) -> None:
    told = notes(done(net(tmp_path, "several"), "iris", epochs=1))
    assert "The loss is the model's own" in told
    assert "again" not in told


def test_a_loss_that_fails_later_is_told_with_its_line(tmp_path: Path) -> None:
    said = failed(net(tmp_path, "late"), "iris", epochs=4)
    assert "too late" in said
    assert "nets.py, line" in said


@pytest.mark.parametrize("criterion", ["nn.BCEWithLogitsLoss()", "F.binary_cross_entropy_with_logits"])
def test_a_single_score_meets_its_label_in_its_own_shape(tmp_path: Path, criterion: str) -> None:
    code = f"""
class Net(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.a, self.criterion = nn.Linear(features, 1), {criterion}
    def forward(self, x):
        return self.a(x)
"""
    (bare := tmp_path / "bare").mkdir()
    own = done(f"{written(tmp_path, code)}:Net", "breast-cancer")
    usual = done(f"{written(bare, code.replace('criterion', 'unnamed'))}:Net", "breast-cancer")
    assert "The loss is the model's own, Net.criterion" in notes(own)
    assert own.metrics["test/loss"] == pytest.approx(usual.metrics["test/loss"], rel=1e-4)


def test_numbers_to_predict_are_given_in_the_shape_of_the_output(tmp_path: Path) -> None:
    code = """
class Net(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.a = nn.Linear(features, 1)
    def forward(self, x):
        return self.a(x)
    def loss(self, output, target):
        assert output.shape == target.shape
        return F.l1_loss(output, target)
"""
    own = done(f"{written(tmp_path, code)}:Net", "diabetes")
    assert "The loss is the model's own" in notes(own)
    assert torch.tensor(own.metrics["test/loss"]).isfinite()
