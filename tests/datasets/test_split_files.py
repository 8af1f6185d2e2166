"""Tables that say themselves which rows are for training, validation and test: in files of their own, or a column."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.cli import main
from tests.engine.train.trained import done, notes, said, split_of, trained


def lines(begin: int, count: int, shift: float = 0.0) -> list[str]:
    """Rows whose number says where they come from."""
    chance = np.random.default_rng(begin)
    return [f"{begin + i},{chance.normal() + shift + i % 2:.3f},{'yes' if i % 2 else 'no'}" for i in range(count)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files, of which one has its columns in another order and one is packed."""
    (tmp_path / "set").mkdir()
    (tmp_path / "set/train.csv").write_text("\n".join(["number,a,kind", *lines(1000, 80)]))
    (tmp_path / "set/val.csv.gz").write_bytes(gzip.compress("\n".join(["number,a,kind", *lines(2000, 20)]).encode()))
    turned = [",".join(line.split(",")[::-1]) for line in lines(3000, 30)]
    (tmp_path / "set/Test.csv").write_text("\n".join(["kind,a,number", *turned]))
    (tmp_path / "set/readme.md").write_text("how it was made")
    return tmp_path / "set"


def test_each_file_is_the_part_it_is_called(folder: Path) -> None:
    data = catalogue.find(str(folder)).load()
    assert data.features == ("number", "a")
    assert data.train_held is not None
    assert set(data.train_x[~data.train_held][:, 0].tolist()) == set(range(1000, 1080))
    assert set(data.train_x[data.train_held][:, 0].tolist()) == set(range(2000, 2020))
    assert set(data.test_x[:, 0].tolist()) == set(range(3000, 3030))
    expected = [int(line.rsplit(",", 1)[1] == "yes") for line in lines(3000, 30)]
    assert data.test_y.tolist() == expected
    assert "train.csv, val.csv.gz, Test.csv" in " ".join(data.notes)
    assert len(catalogue.find(str(folder)).files) == 3


def test_a_training_holds_back_what_the_owner_did(folder: Path) -> None:
    run = trained("mlp", str(folder), validation=0.1, epochs=3)
    history = said(run)
    assert "80 training rows" in notes(history)
    assert "validation/loss" in history.series
    split = split_of(run)
    assert len(split.validation) == 20
    assert len(split.test) == 30
    assert "100 training rows" in notes(done("mlp", str(folder), validation=0.0)), "none held back, so all trained on"


def test_without_a_file_for_validation_some_is_held_back_as_ever(folder: Path) -> None:
    (folder / "val.csv.gz").unlink()
    assert "64 training rows" in notes(done("mlp", str(folder), validation=0.2))


def test_a_column_says_it_as_well(tmp_path: Path) -> None:
    words = ["train"] * 60 + ["Valid"] * 20 + ["TESTING"] * 20
    rows = [f"{line},{word}" for line, word in zip(lines(0, 100), words, strict=True)]
    file = tmp_path / "t.csv"
    file.write_text("\n".join(["number,a,kind,part", *rows]))
    data = catalogue.find(f"{file}?split=part&target=kind").load()
    assert data.features == ("number", "a")
    assert data.test_x[:, 0].tolist() == list(range(80, 100))
    assert data.train_held is not None
    assert np.flatnonzero(data.train_held).tolist() == list(range(60, 80))


def spoil(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text) and None


@pytest.mark.parametrize(
    ("change", "options", "sentence"),
    [
        (spoil("test.parquet", "x"), "", "two tables for test: Test.csv and test.parquet; keep one"),
        (spoil("Test.csv", "number,a\n1,2\n3,4\n"), "", "Test.csv has no column 'kind', which the other parts have"),
        (spoil("Test.csv", "number,a,kind\n"), "", "Test.csv"),
        (lambda folder: None, "?group=a", "say which rows are for the test, and so does group=; leave it out"),
        (lambda folder: None, "?missing=maybe", "missing"),
    ],
)
def test_what_does_not_fit_together_is_a_sentence(
    change: Callable[[Path], None], options: str, sentence: str, folder: Path
) -> None:
    change(folder)
    with pytest.raises((DescendError, UsageError)) as caught:
        catalogue.find(f"{folder}{options}").load()
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["train"] * 5 + ["later"] + ["test"] * 4,
            "says 'later' in line 7, which is none of train, validation and test",
        ),
        (["train"] * 5 + [""] + ["test"] * 4, "has no value in 1 row, first in line 7"),
        (["train"] * 10, "leaves no row to train on, or none for the test"),
        (["valid"] * 5 + ["test"] * 5, "leaves no row to train on, or none for the test"),
    ],
)
def test_a_column_that_says_something_else_is_a_sentence(words: list[str], sentence: str, tmp_path: Path) -> None:
    rows = [f"{line},{word}" for line, word in zip(lines(0, 10), words, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["number,a,kind,part", *rows]))
    with pytest.raises(DescendError) as caught:
        catalogue.find(f"{tmp_path / 't.csv'}?split=part&target=kind").load()
    assert sentence in str(caught.value)


def test_it_is_shown_and_its_runs_are_continued(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "show", str(folder)]) == 0
    assert "Lines are counted through" in " ".join(capsys.readouterr().out.split())
    run = trained("mlp", str(folder))
    assert main(["evaluate", run.id, "--json"]) == 0
    assert '"samples": 30' in capsys.readouterr().out


@pytest.mark.parametrize("way", ["split", "group", "time"])
def test_files_and_an_option_are_two_ways_to_split(way: str, folder: Path) -> None:
    with pytest.raises(UsageError, match=f"The files in set say which rows are for the test, and so does {way}="):
        catalogue.find(f"{folder}?{way}=number").load()


def test_a_share_that_the_files_decide_is_warned_of(folder: Path, tmp_path: Path) -> None:
    told = "Warning: test= and seed= changed nothing, as the files already told the test part."
    assert told in catalogue.find(f"{folder}?test=0.5&seed=3").load().notes
    words = ["train"] * 20 + ["test"] * 10
    rows = [f"{line},{word}" for line, word in zip(lines(0, 30), words, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["number,a,kind,part", *rows]))
    data = catalogue.find(f"{tmp_path / 't.csv'}?split=part&target=kind&test=0.5").load()
    assert "Warning: test= changed nothing, as split=part already told the test part." in data.notes


def test_predictions_of_such_a_folder_are_of_its_test_part(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained("mlp", str(folder))
    for command in ("predict", "evaluate"):
        assert main([command, run.id, str(folder)]) == 0
        printed = capsys.readouterr()
        assert "taking Test.csv of" in printed.err
        assert "31" in str(len(printed.out.splitlines())) or "30 samples" in printed.out
        (folder / "Test.csv").rename(folder / "rows.csv")
        assert main([command, run.id, str(folder)]) != 0
        assert "is a folder without a test.csv; name one of its tables, such as" in capsys.readouterr().err
        (folder / "rows.csv").rename(folder / "Test.csv")
