"""Cross-validation: folds that have no sample in common and together all of them, and what is told of them."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import numpy as np
import pytest
from tests.engine.train.trained import failed, notes, said, split_of, trained

from descend.datasets.split import split_groups, split_stratified
from descend.engine.cli import main
from descend.engine.run import runs


@pytest.mark.parametrize("folds", [2, 3, 5, 7, 10])
def test_folds_are_parts_of_all_samples_with_each_class_in_its_share(folds: int) -> None:
    labels = np.random.default_rng(0).choice(3, 203, p=[0.7, 0.2, 0.1])
    parts = [split_stratified(labels, 1 / folds, seed=4, fold=fold) for fold in range(folds)]
    assert np.array_equal(np.sort(np.concatenate([back for _, back in parts])), np.arange(203))
    for kept, back in parts:
        assert len(np.union1d(kept, back)) == len(kept) + len(back) == 203
        assert np.abs(np.bincount(labels[back], minlength=3) - np.bincount(labels) / folds).max() <= 1.01


@pytest.mark.parametrize("folds", [2, 3, 5])
def test_folds_of_groups_share_no_group(folds: int) -> None:
    groups = [str(number) for number in np.random.default_rng(1).integers(0, 40, 300)]
    parts = [split_groups(groups, 1 / folds, seed=2, fold=fold)[1] for fold in range(folds)]
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(300))
    seen = [{groups[row] for row in part} for part in parts]
    assert sum(map(len, seen)) == len(set(groups))


def test_the_command_trains_each_fold_and_tells_mean_and_deviation(capfd: pytest.CaptureFixture[str]) -> None:
    words = ["run", "mlp", "--data", "iris", "--set", "epochs=2", "--folds", "3", "--json"]
    assert main(words) == 0
    last = json.loads(capfd.readouterr().out.splitlines()[-1])
    made = [runs.find_run(name) for name in last["runs"]]
    held = [split_of(run).validation for run in made]
    assert sorted(place for part in held for place in part) == list(range(120)), (
        "each training sample is held back once"
    )
    accuracies = [said(run).metrics["validation/accuracy"] for run in made]
    told = last["metrics"]["validation/accuracy"]
    assert told["folds"] == pytest.approx(accuracies)
    assert told["mean"] == pytest.approx(np.mean(accuracies))
    assert told["std"] == pytest.approx(statistics.stdev(accuracies))
    assert "test/accuracy" in last["metrics"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["digits", "--folds", "3"], "--folds is for models, and 'digits' is a lesson."),
        (["mlp", "--data", "iris", "--folds", "1"], "--folds takes 2 to 20, and here is 1."),
        (["mlp", "--data", "iris", "--folds", "x"], "--folds is a whole number, not 'x'."),
        (["mlp", "--data", "iris", "--folds", "3", "--detach"], "leave --detach and --save out"),
        (["mlp", "--data", "iris", "--folds", "3", "--set", "validation=0.2"], "leave one of them out"),
        (["mlp", "--data", "iris", "--folds", "3", "--set", "epochs=many"], "epochs"),
    ],
)
def test_what_cannot_be_is_a_sentence(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", *words]) == 2
    assert sentence in capsys.readouterr().err
    assert not runs.list_runs()


def test_a_fold_that_there_is_not_is_a_sentence(tmp_path: Path) -> None:
    assert failed("mlp", "digits", validation=0.2, fold=6).startswith("Of validation=0.2 there is no fold 6")
    book = tmp_path / "book.txt"
    book.write_text("round and round the ragged rock " * 200)
    assert failed("rnn", str(book), context=16, validation=0.2, fold=2).startswith("There is one fold where later")
    assert "1,150 training images" in notes(said(trained("mlp", "digits", validation=0.2, fold=5)))


def test_a_fold_that_large_groups_leave_empty_is_a_sentence(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    lines = [f"{'big' if i % 10 else 'small' + str(i)},{chance.normal():.3f},{'ab'[i % 2]}" for i in range(300)]
    (tmp_path / "t.csv").write_text("\n".join(["who,x,kind", *lines]))
    told = {
        fold: said(trained("mlp", f"{tmp_path / 't.csv'}?group=who", validation=0.25, fold=fold))
        for fold in (1, 2, 3, 4)
    }
    failures = [history.failure.title for history in told.values() if history.failure is not None]
    assert failures
    assert all("groups are too large; use fewer folds" in title for title in failures)


@pytest.mark.parametrize(
    ("column", "cells", "options", "sentence"),
    [
        ("t", "i", "?time=t", "There is one fold where later samples are held back; leave --folds out."),
        ("t", "i // 50", "?group=t", "has 1 group, too few for 3 folds"),
        ("t", "('train', 'test', 'dev')[i % 3]", "?split=t", "says which part is for validation, so there is one fold"),
        ("t", "i", "?limit=30", "has 24 samples, and each of 3 folds takes 10"),
    ],
)
def test_data_without_so_many_folds_is_refused_before_anything_is_trained(
    column: str, cells: str, options: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"{eval(cells, {'i': i})},{i * 7 % 11},{'yes' if i % 2 else 'no'}" for i in range(100)]
    (tmp_path / "table.csv").write_text("\n".join([f"{column},a,kind", *lines]))
    assert main(["run", "mlp", "--data", f"{tmp_path / 'table.csv'}{options}", "--folds", "3"]) == 2
    assert sentence in capsys.readouterr().err
    assert not runs.list_runs()
