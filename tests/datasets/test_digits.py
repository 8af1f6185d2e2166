"""The embedded digits."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue, digits
from descend.engine.base.errors import DescendError

SPEC = catalogue.find("digits")


def test_they_are_scikit_learns() -> None:
    from sklearn.datasets import load_digits

    theirs = load_digits()
    train, test = digits.split(theirs.target)
    ours = SPEC.load()
    assert np.array_equal(ours.train_x, theirs.images[train])
    assert np.array_equal(ours.train_y, theirs.target[train])
    assert np.array_equal(ours.test_x, theirs.images[test])
    assert np.array_equal(ours.test_y, theirs.target[test])
    assert [str(name) for name in theirs.target_names] == list(ours.classes)


def test_all_of_it_is_gathered_in_rows() -> None:
    data = SPEC.load()
    x, y = data.gather()
    assert (x.shape, x.dtype, y.shape) == ((1797, 64), np.float64, (1797,))
    assert np.array_equal(x[1437].reshape(8, 8), data.test_x[0])
    assert np.array_equal(y, [*data.train_y, *data.test_y])


def test_the_split_is_a_stratified_fifth() -> None:
    x, y = digits.read_digits(SPEC.require())
    train, test = digits.split(y)
    assert sorted([*train, *test]) == list(range(1797))
    assert (len(train), len(test)) == (1437, 360)
    assert np.abs(np.bincount(y[test]) - np.bincount(y) / 5).max() <= 1
    assert len(x) == len(y)


def test_the_split_is_everyones() -> None:
    _, y = digits.read_digits(SPEC.require())
    np.random.seed(1)
    first = digits.split(y)[1]
    np.random.seed(2)
    assert np.array_equal(first, digits.split(y)[1])
    assert first[:8].tolist() == [9, 12, 15, 27, 34, 39, 52, 59]


@pytest.mark.filterwarnings("ignore:loadtxt")  # of an empty file
@pytest.mark.parametrize("keep", [0, 1, 30, 5000, -9, -1])
def test_a_file_cut_short_is_an_error(keep: int, tmp_path: Path) -> None:
    cut = tmp_path / "digits.csv.gz"
    cut.write_bytes(SPEC.require().read_bytes()[:keep])
    with pytest.raises(DescendError, match="reinstall scikit-learn"):
        digits.read_digits(cut)


@pytest.mark.parametrize(
    "old_new", [(b"0,0,5", b"0,0,17"), (b"0,0,5", b"0,x,5"), (b"0,0,5", b"0,5"), (b",0\n", b",10\n")]
)
def test_a_file_of_other_values_is_an_error(old_new: tuple[bytes, bytes], tmp_path: Path) -> None:
    table = gzip.decompress(SPEC.require().read_bytes())
    assert old_new[0] in table
    other = tmp_path / "digits.csv.gz"
    other.write_bytes(gzip.compress(table.replace(*old_new, 1)))
    with pytest.raises(DescendError, match="reinstall scikit-learn"):
        digits.read_digits(other)


def test_without_scikit_learn_they_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert not SPEC.present()
    with pytest.raises(DescendError, match="reinstall scikit-learn"):
        SPEC.load()
