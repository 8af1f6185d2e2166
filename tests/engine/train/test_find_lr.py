"""The range test for learning rates, from the command line and resumed in its midst."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from tests.engine.launch.test_resume import final_state, same
from tests.engine.train.test_precision import interrupted
from tests.engine.train.trained import said, trained

from descend.engine.base.errors import UsageError
from descend.engine.cli import main
from descend.engine.cli.find_lr import print_rates
from descend.engine.lab.checkpoints import load_checkpoint
from descend.engine.run.runs import find_run
from descend.engine.train.predictor import load_predictor
from descend.engine.train.rate_finder import HIGHEST, LOWEST, STEPS, compute_rate, is_over, smooth_losses, suggest_rate


def test_it_draws_the_loss_suggests_a_rate_and_leaves_the_model(capfd: pytest.CaptureFixture[str]) -> None:
    asked = ["run", "mlp", "--data", "digits", "--set", "hidden=16", "--device", "cpu", "--find-lr", "--json"]
    assert main(asked) == 0
    *others, final, told = (json.loads(line) for line in capfd.readouterr().out.splitlines())
    assert told["status"] == "done"
    assert 1e-4 < told["suggested_lr"] < 0.3
    assert len(told["rates"]) == len(told["loss"]) == len(told["smoothed"]) <= STEPS
    assert told["rates"][0] == pytest.approx(LOWEST)
    assert told["suggested_lr"] == pytest.approx(suggest_rate(told["rates"], told["loss"]), rel=1e-3)
    assert not any("Two pictures" in line.get("note", "") for line in others)
    assert max(told["loss"]) < 3 * told["loss"][0], "what the eye should see is not lost below what diverged"
    assert final["metrics"]["suggested_lr"] == told["suggested_lr"]
    run = find_run(told["run"])
    begun, ended = (load_checkpoint(run.checkpoint(step)) for step in (0, run.checkpoint_steps()[-1]))
    for name, value in begun["tracked"]["net"].items():
        assert torch.equal(value, ended["tracked"]["net"][name]), name
    assert not ended["tracked"]["optimiser"]["state"]
    assert "range_test" not in ended["state"]
    with pytest.raises(UsageError, match="looked for a learning rate and trained no model"):
        load_predictor(run)
    print_rates(run, as_json=False)
    drawn = capfd.readouterr().out
    assert "loss by learning rate, 10 to the power of" in drawn
    assert f"lr={told['suggested_lr']:.2g}" in drawn


def test_resumed_it_suggests_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    knobs = {"find_lr": True, "hidden": 8, "optimiser": "momentum"}
    whole, other = trained("mlp", "wine", **knobs, validation=0.1), interrupted("mlp", "wine", monkeypatch, **knobs)
    assert same(final_state(other), final_state(whole))
    assert said(other).metrics["suggested_lr"] == said(whole).metrics["suggested_lr"]


def test_the_rule_finds_the_steepest_fall_before_the_lowest_loss() -> None:
    rates = [compute_rate(step) for step in range(STEPS)]
    assert rates[-1] == pytest.approx(HIGHEST)
    exponents = np.log10(rates)
    falling = 2 - np.tanh(3 * (exponents + 3)) + np.exp(6 * (exponents - 0.2))  # steepest at 10^-3
    assert math.log10(suggest_rate(rates, falling.tolist()) or 1) == pytest.approx(-3, abs=0.1)
    noisy = falling + np.random.default_rng(0).normal(0, 0.05, STEPS)
    assert math.log10(suggest_rate(rates, noisy.tolist()) or 1) == pytest.approx(-3, abs=0.3)
    assert suggest_rate(rates, [1.0] * STEPS) is None
    assert suggest_rate(rates[:10], falling[:10].tolist()) is None
    assert suggest_rate(rates, np.linspace(1, 5, STEPS).tolist()) is None
    np.testing.assert_allclose(smooth_losses([2.0] * 30), 2.0)
    assert is_over(falling.tolist())
    assert not is_over(falling[:100].tolist())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run", "digits", "--find-lr"], "--find-lr is for models, and 'digits' is a lesson."),
        (["run", "mlp", "--data", "iris", "--find-lr", "--folds", "3"], "--find-lr trains nothing; leave --save and"),
    ],
)
def test_what_it_is_not_for_is_a_sentence(words: list[str], sentence: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert sentence in capfd.readouterr().err
