"""Trainings from end to end: tasks, schedules, stopping, resuming, what does not fit."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.engine.launch.test_resume import final_state, same
from tests.engine.train.trained import done, failed, notes, said, trained, written
from tests.live import finished, kill

from descend.engine.launch import launcher
from descend.engine.run.records import Images, Points, SetKnob
from descend.engine.run.run_request import RunRequest
from descend.engine.run.runs import Run
from descend.engine.train.schedules import compute_factor


def test_classification() -> None:
    history = done("mlp", "wine", epochs=10, lr=0.01)
    assert history.metrics["test/accuracy"] > 0.9
    assert history.metrics["train/accuracy"] > 0.95
    counts = history.pictures["confusion/test"][-1].counts.numpy()
    assert counts.trace() / counts.sum() == pytest.approx(history.metrics["test/accuracy"])
    assert len(history.series["test/loss"].steps) == 11, "before the first step and after every epoch"
    assert history.pictures["layers"]


def test_regression_is_measured_in_the_units_of_the_target() -> None:
    history = done("mlp", "diabetes", epochs=40, lr=0.005, weight_decay=0.01)
    metrics = history.metrics
    assert 40 < metrics["test/rmse"] < 70
    assert metrics["test/mae"] < metrics["test/rmse"]
    assert metrics["test/r2"] > 0.3
    points = next(shown[-1] for key, shown in history.pictures.items() if isinstance(shown[-1], Points))
    true, predicted = points.x.numpy(), points.y.numpy()
    assert np.sqrt(np.mean((true - predicted) ** 2)) == pytest.approx(metrics["test/rmse"], rel=1e-4)


def test_reconstruction_shows_input_and_output() -> None:
    history = done("autoencoder", "digits", epochs=8, lr=0.01)
    assert history.metrics["test/loss"] < 0.05
    picture = history.pictures["images/reconstruction"][-1]
    assert isinstance(picture, Images)
    assert picture.captions == ["input"] * 8 + ["output"] * 8
    pixels = picture.pixels.numpy().astype(float) / 255
    assert np.mean((pixels[:8] - pixels[8:]) ** 2) < 0.05


def test_language_has_a_perplexity_and_writes(tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text("round and round the ragged rock the ragged rascal ran. " * 200)
    history = done("gpt", str(book), epochs=4, width=32, layers=1, context=32, batch_size=16, lr=0.01)
    assert history.metrics["test/perplexity"] == pytest.approx(np.exp(history.metrics["test/loss"]))
    assert history.metrics["test/perplexity"] < 3
    assert history.metrics["test/accuracy"] > 0.6
    assert "ragged" in history.pictures["text/sample"][-1].text


def test_mistakes_are_shown_with_what_they_were_taken_for() -> None:
    history = done("mlp", "digits", epochs=1)
    picture = history.pictures["images/mistakes"][-1]
    assert all(" as " in caption for caption in picture.captions)


@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "adam", "adamw", "rmsprop"])
@pytest.mark.parametrize("schedule", ["step", "one-cycle"])
def test_optimisers_learn_and_the_rate_takes_its_course(optimiser: str, schedule: str) -> None:
    rate = 0.1 if optimiser in ("sgd", "momentum") else 0.01
    history = done(
        "mlp", "iris", epochs=12, lr=rate, optimiser=optimiser, schedule=schedule, warmup=0.2, batch_size=16, clip=5
    )
    assert history.metrics["test/accuracy"] > 0.8
    series = history.series["lr"]
    for step, value in zip(series.steps.tolist(), series.values.tolist(), strict=True):
        assert value == pytest.approx(rate * compute_factor(schedule, step, 12 * 8, 0.2), rel=1e-5)


def test_a_live_turn_of_the_rate_moves_the_whole_course() -> None:
    from tests.engine.train.trained import conduct

    run = launcher.prepare(
        RunRequest("mlp", {"epochs": 3, "lr": 0.01, "schedule": "cosine"}, device="cpu", data="iris")
    )
    run.ask(SetKnob(knob="lr", value=0.002))
    history = said(conduct(run))
    assert [change.knob for change in history.changes] == ["lr"]
    assert history.series["lr"].values[-1] == pytest.approx(0.002 * compute_factor("cosine", 5, 6), rel=1e-5)


def test_early_stopping_keeps_the_weights_that_were_best() -> None:
    history = done("mlp", "moons", epochs=200, lr=0.3, patience=3, batch_size=32, validation=0.1)
    losses = history.series["validation/loss"].values
    best = int(np.argmin(losses[1:])) + 1
    assert len(losses) == best + 3 + 1
    assert f"Stopped after epoch {best + 3}" in notes(history)
    assert f"after epoch {best}," in notes(history)
    assert history.metrics["validation/loss"] == pytest.approx(losses[best])
    assert "900 training rows" in notes(history)


KNOBS = {
    "epochs": 20,
    "batch_size": 8,
    "dropout": 0.3,
    "schedule": "one-cycle",
    "optimiser": "momentum",
    "patience": 19,
    "label_smoothing": 0.1,
}


def launched() -> Run:
    run = launcher.prepare(RunRequest("mlp", KNOBS, seed=4, device="cpu", data="moons"))
    process = launcher.launch(run)
    threading.Thread(target=process.wait, daemon=True).start()
    return run


def test_killed_and_resumed_it_ends_in_the_same_bits() -> None:
    whole = finished(launched(), 120)
    assert whole.state() == "done", said(whole).failure
    run, chance, kills = launched(), random.Random(time.time_ns()), 0
    for _ in range(2):
        while run.state() not in ("running", "done"):
            time.sleep(0.01)
        time.sleep(0.2 + 0.3 * chance.random())
        if run.state() == "done":
            break
        kill(run)
        kills += 1
        launcher.resume_run(run)
    finished(run, 120)
    assert run.state() == "done", said(run).failure
    assert kills
    assert same(final_state(run), final_state(whole))
    assert said(run).metrics == said(whole).metrics


def test_a_finished_run_forks_into_more_epochs() -> None:
    from tests.engine.train.trained import conduct

    parent = trained("mlp", "iris", epochs=2)
    child = conduct(launcher.fork_run(parent, 10**6, {"epochs": 4}))
    history = said(child)
    assert history.status is not None
    assert (history.status.state, history.status.step) == ("done", 8)


def test_a_batch_larger_than_the_data_takes_all_of_it() -> None:
    history = done("mlp", "iris", batch_size=5000)
    assert "A batch of 5,000 is more than the 120 training rows there are" in notes(history)
    assert history.status is not None
    assert history.status.step == 2


def test_the_data_may_wait_in_main_memory() -> None:
    assert done("mlp", "iris", placement="host").metrics == done("mlp", "iris", placement="device").metrics


def test_halves_are_enough_for_bf16_and_fp16_needs_a_gpu() -> None:
    assert done("mlp", "wine", precision="bf16", epochs=8, lr=0.01).metrics["test/accuracy"] > 0.85
    assert "fp16 needs an NVIDIA GPU" in failed("mlp", "wine", precision="fp16")


def test_images_change_at_random_only_while_training() -> None:
    history = done("simple-cnn", "digits", augment="shift", lr=0.01, epochs=3, channels_last="yes")
    assert history.metrics["test/accuracy"] > 0.6


def test_text_shorter_than_the_context_is_a_sentence(tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text("so it goes and goes " * 40)
    assert "set is too small for a single sample of 4,097 characters" in failed("char-lstm", str(book), context=4096)


NORM = "def Net(): return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))\n"
HUNGRY = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(4, 3)
    def forward(self, x):
        if len(x) > 20 and self.training:
            raise torch.OutOfMemoryError("no more")
        return self.l(x)
"""


def test_batch_normalisation_is_not_given_single_samples(tmp_path: Path) -> None:
    file = written(tmp_path, NORM)
    assert done(f"{file}:Net", "iris", batch_size=17).status.step == 14  # type: ignore[union-attr]
    assert "cannot be trained with a single sample" in failed(f"{file}:Net", "iris", batch_size=1)


def test_when_memory_runs_out_the_batch_that_fits_is_named(tmp_path: Path) -> None:
    why = failed(f"{written(tmp_path, HUNGRY)}:Net", "iris", batch_size=64)
    assert "is full with a batch of 64 at step 0. A batch of 16 fits: set batch_size=16." in why


def test_a_model_that_cannot_be_compiled_runs_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    class Uncompiled(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("no compiler\nsays the compiler")

    monkeypatch.setattr(torch, "compile", lambda net: Uncompiled())
    history = done("mlp", "iris", compile=True)
    assert "torch.compile failed (no compiler), so the model runs as it is." in notes(history)


def test_a_diverging_training_says_so() -> None:
    why = failed("mlp", "diabetes", optimiser="sgd", lr=10, epochs=20, layers=3)
    assert "Training diverged: train/loss became" in why
    assert "lr is 10, try 1 or less" in why
