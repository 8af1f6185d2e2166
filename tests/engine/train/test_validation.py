"""What is held back by default, what it decides, and that the test part decides nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.engine.train.trained import conduct, done, notes, refused, said, split_of, trained

from descend.datasets import catalogue
from descend.datasets.dataset import Dataset
from descend.engine.lab.checkpoints import find_newest
from descend.engine.launch import launcher
from descend.engine.run.records import Confusion
from descend.engine.run.run_request import RunRequest
from descend.engine.run.summary import summarize
from descend.engine.train import trainer
from descend.engine.train.best_epoch import BestEpoch
from descend.engine.train.predictor import load_predictor

OVERFIT = {"epochs": 60, "hidden": 64, "lr": 0.05, "batch_size": 16, "validation": 0.2}
"""A training whose best epoch is not the last."""


def usual(data: str, **knobs: object) -> RunRequest:
    """What a user asks for who names no knob of validation."""
    return RunRequest("mlp", {"epochs": 3, **knobs}, device="cpu", data=data)


def rows(folder: Path, count: int = 300, **columns: str) -> str:
    """A table of ``count`` rows with noisy classes, and what each of ``columns`` has in row ``i``."""
    chance = np.random.default_rng(0)
    with (folder / "table.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow([*columns, "a", "b", "kind"])
        for i in range(count):
            a, b = chance.normal(size=2)
            kind = "yes" if a + chance.normal() > 0.5 else "no"
            out.writerow([*(eval(cell, {"i": i}) for cell in columns.values()), f"{a:.4f}", f"{b:.4f}", kind])
    return str(folder / "table.csv")


def test_by_default_a_tenth_decides_and_the_test_part_is_looked_at_once_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[str] = []
    evaluated = trainer.Trainer._evaluated

    def watched(self: trainer.Trainer, split: object) -> object:
        parts = {id(self.train_set): "train", id(self.test_set): "test", id(self.held): "validation"}
        looked.append(parts[id(split)])
        return evaluated(self, split)

    monkeypatch.setattr(trainer.Trainer, "_evaluated", watched)
    run = conduct(launcher.prepare(usual("digits")))
    history = said(run)
    assert looked == ["validation"] * 5 + ["test", "train"], "before, after each of three epochs, then of what is kept"
    assert "1,293 training images" in notes(history)
    assert "validation/loss" in history.series
    assert "test/loss" not in history.series
    assert {"test/loss", "test/accuracy", "validation/accuracy"} <= history.metrics.keys()
    counts = history.pictures["confusion/validation"][-1]
    assert isinstance(counts, Confusion)
    assert counts.counts.numpy().sum() == 144
    assert "confusion/test" not in history.pictures
    assert summarize(run).key == "validation/accuracy"


def test_the_best_epoch_is_kept_for_whoever_predicts_and_the_last_for_whoever_trains_on() -> None:
    run = trained("mlp", "breast_cancer", **OVERFIT)
    history = said(run)
    losses = history.series["validation/loss"].values
    best = int(np.argmin(losses[1:])) + 1
    assert best < 60, "it overfits"
    assert f"those after epoch {best}, the best by loss on the rows held back" in notes(history)
    assert history.metrics["validation/loss"] == pytest.approx(losses[best])
    checkpoint = find_newest(run)
    assert checkpoint is not None
    assert not torch.equal(
        *(next(iter(w.values())) for w in (checkpoint["state"]["best"], checkpoint["tracked"]["net"]))
    )
    dataset = catalogue.find("breast_cancer").load()
    said_so = load_predictor(run).predict(dataset.test_x).argmax(1)
    assert (said_so == dataset.test_y).mean() == pytest.approx(history.metrics["test/accuracy"])
    longer = said(conduct(launcher.fork_run(run, max(run.checkpoint_steps()), {"epochs": 61})))
    whole = said(trained("mlp", "breast_cancer", **{**OVERFIT, "epochs": 61}))
    assert longer.series["train/loss"].values[-1] == whole.series["train/loss"].values[-1], "as if never interrupted"


def test_a_fork_that_holds_back_other_samples_says_so_and_finds_the_best_anew() -> None:
    run = trained("mlp", "breast_cancer", **{**OVERFIT, "epochs": 10})
    step = max(run.checkpoint_steps())
    for changed, seen in (
        ({"fold": 2}, True),
        ({"validation": 0.15}, True),
        ({"validation": 0.3}, True),
        ({"validation": 0.1}, False),
        ({"focal": 1.0}, False),
    ):
        child = said(conduct(launcher.fork_run(run, step, {"epochs": 12, **changed})))
        assert ("was trained on before the fork" in notes(child)) == seen, changed
        if changed.keys() & {"fold", "validation"}:
            assert "The weights kept are those after epoch 1" in notes(child), changed


def test_a_fork_that_keeps_the_best_keeps_weights_that_are_still_there() -> None:
    run = trained("mlp", "breast_cancer", **OVERFIT, keep="last")
    child = said(conduct(launcher.fork_run(run, max(run.checkpoint_steps()), {"epochs": 62, "keep": "best"})))
    assert "The weights kept are those after epoch 6" in notes(child)


def test_the_confusion_shown_last_is_that_of_the_weights_kept() -> None:
    history = said(trained("mlp", "breast_cancer", **OVERFIT))
    shown = history.pictures["confusion/validation"][-1]
    assert isinstance(shown, Confusion)
    counts = shown.counts.numpy()
    assert counts.trace() / counts.sum() == pytest.approx(history.metrics["validation/accuracy"])


def test_the_last_weights_are_kept_if_asked_for() -> None:
    kept_last = trained("mlp", "breast_cancer", **OVERFIT, keep="last")
    history = said(kept_last)
    assert "weights kept" not in notes(history)
    assert history.metrics["validation/loss"] == pytest.approx(history.series["validation/loss"].values[-1])
    checkpoint = find_newest(kept_last)
    assert checkpoint is not None
    assert "best" not in checkpoint["state"]


def test_another_metric_decides_and_all_of_its_kind_are_recorded(tmp_path: Path) -> None:
    history = done("mlp", rows(tmp_path), epochs=12, lr=0.1, validation=0.3, metric="roc_auc")
    areas = history.series["validation/roc_auc"].values
    assert "the best by roc_auc on the rows held back" in notes(history)
    assert history.metrics["validation/roc_auc"] == pytest.approx(areas[1:].max())
    assert "Two pictures" not in notes(history)
    for name in ("balanced_accuracy", "macro_f1", "average_precision"):
        assert {f"validation/{name}", f"test/{name}"} <= history.metrics.keys()


def test_a_metric_that_is_not_measured_is_a_sentence() -> None:
    found = refused("mlp", "diabetes", metric="macro_f1")
    assert found.startswith("metric=macro_f1 is not measured of a table of 10 columns and 1 number to predict")
    assert found.endswith("it can be loss, mae, rmse, r2.")


def parts_of(run_session: trainer.Trainer) -> tuple[set[float], set[float]]:
    """The first column of what is trained on and of what is held back, as stored."""
    assert run_session.held is not None
    kept, back = run_session.train_set.x[:, 0].tolist(), run_session.held.x[:, 0].tolist()
    return set(kept), set(back)


def test_what_stays_together_for_the_test_stays_together_for_the_validation(
    tmp_path: Path, sessions: list[trainer.Trainer]
) -> None:
    data = rows(tmp_path, patient="i // 10", number="i // 10 + (i % 10) / 100")
    done("mlp", f"{data}?group=patient", validation=0.2)
    kept, back = ({int(value) for value in part} for part in parts_of(sessions[-1]))
    assert back
    assert not kept & back


def test_after_what_is_learned_comes_what_is_validated_then_the_test(
    tmp_path: Path, sessions: list[trainer.Trainer]
) -> None:
    data = rows(tmp_path, day="(i * 7) % 300", number="(i * 7) % 300")
    done("mlp", f"{data}?time=day", validation=0.2)
    kept, back = parts_of(sessions[-1])
    assert max(kept) < min(back)
    assert max(back) < sessions[-1].test_set.x[:, 0].min()


def test_which_samples_were_held_back_is_in_the_folder(tmp_path: Path, sessions: list[trainer.Trainer]) -> None:
    data = rows(tmp_path, number="i + 2")  # the line that a row is in
    run = trained("mlp", data, validation=0.2)
    split = split_of(run)
    kept, back = parts_of(sessions[-1])
    assert (split.counted, set(split.validation)) == ("line", back)
    assert set(split.test) == set(sessions[-1].test_set.x[:, 0].tolist())
    assert kept | back | set(split.test) == set(range(2, 302))
    assert "validation" in run.split_file.read_text()
    of_pictures = split_of(trained("mlp", "digits", validation=0.2))
    assert (of_pictures.counted, of_pictures.test) == ("place", [])
    assert len(of_pictures.validation) == pytest.approx(0.2 * 1437, abs=1)
    assert split_of(trained("mlp", "digits", validation=0.0)).validation == []


def test_few_samples_are_all_trained_on_and_it_is_said(tmp_path: Path) -> None:
    history = done("mlp", rows(tmp_path, 40), validation=0.1)
    assert "The 32 training rows are too few, so none is held back, and the last weights are kept." in notes(history)
    assert "test/loss" in history.series
    assert "validation/loss" not in history.series
    stopping = done("mlp", rows(tmp_path, 40), validation=0.1, patience=1, epochs=40, lr=0.5)
    assert "validation/loss" in stopping.series, "whoever asks to stop by it has it"


def test_of_one_group_nothing_can_be_held_back(tmp_path: Path) -> None:
    data = rows(tmp_path, 120, patient="i // 100")
    history = done("mlp", f"{data}?group=patient", validation=0.1)
    assert "validation/loss" not in history.series
    assert "The training rows are all of one group, so none is held back" in notes(history)


def test_a_run_from_before_goes_on_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """It held nothing back, although its knobs say 0.1, which meant nothing without patience then."""
    run = trained("mlp", "digits", epochs=4, validation=0.1)
    checkpoint = find_newest(run)
    assert checkpoint is not None
    for name in ("share", "best", "best_score", "best_epoch", "best_metric"):
        checkpoint["state"].pop(name)
    torch.save(checkpoint, run.checkpoint(checkpoint["step"]))
    child = said(conduct(launcher.fork_run(run, checkpoint["step"], {"epochs": 5})))
    assert "1,437 training images" in notes(child)
    assert "test/loss" in child.series


def test_the_best_is_what_came_first_of_what_is_equal_and_never_what_is_no_number() -> None:
    net, state = torch.nn.Linear(1, 1), {}
    best = BestEpoch("accuracy", state, 0.1, keep=True)
    for epoch, value in enumerate((float("nan"), 0.5, 0.7, 0.7, 0.6), 1):
        best.judge(epoch, {"accuracy": value}, net)
    assert (state["best_epoch"], best.count_waited(5)) == (3, 2)
    best.judge(6, {"loss": 0.1}, net)
    assert state["best_epoch"] == 3, "a metric that is undefined this time"
    assert "best_epoch" not in BestEpoch("accuracy", state, 0.2, keep=True).state, "judged by other samples"


def test_a_dataset_says_how_its_rows_belong_together(tmp_path: Path) -> None:
    data = rows(tmp_path, patient="i // 10")
    dataset: Dataset = catalogue.find(f"{data}?group=patient").load()
    assert len(dataset.train_groups) == len(dataset.train_x)
    assert catalogue.find(f"{data}?time=patient").load().train_times.max() < 30
