"""Arrays in ``.npy`` files: which belong together, what is refused, and new ones for a training."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue
from descend.datasets.dataset import Dataset
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.cli import main
from tests.engine.train.trained import trained

RANDOM = np.random.default_rng(0)
Y = np.arange(60) % 3
X = RANDOM.normal(size=(60, 4)) + Y[:, None]


def save(folder: Path, **arrays: np.ndarray) -> Path:
    folder.mkdir(exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return folder


def load(address: object) -> Dataset:
    spec = catalogue.find(str(address))
    data = spec.load()
    assert spec.shape == data.shape
    assert spec.where() is not None
    return data


@pytest.mark.parametrize(
    "names",
    ["X_train y_train X_test y_test", "train-x train-y test-x test-y", "train_data train_label val_data val_label"],
)
def test_two_parts_in_a_folder(names: str, tmp_path: Path) -> None:
    words = names.split()
    save(tmp_path / "a", **dict(zip(words, (X[:40], Y[:40], X[40:], Y[40:]), strict=True)))
    for address in (tmp_path / "a", tmp_path / f"a/{words[0]}.npy", tmp_path / f"a/{words[3]}.npy"):
        data = load(address)
        assert np.array_equal(data.train_x, X[:40].astype(np.float32))
        assert np.array_equal(data.test_y, Y[40:])


def test_one_part_by_its_folder_a_file_or_how_the_names_begin(tmp_path: Path) -> None:
    save(tmp_path / "b", toy_x=X, toy_y=Y, other_x=X[:9])
    for end in ("toy", "toy_x.npy", "toy_y.npy"):
        data = load(tmp_path / "b" / end)
        assert (len(data.train_x), data.classes) == (48, ("0", "1", "2"))
    assert len(load(save(tmp_path / "c", x=X, y=X[:, :2])).targets) == 2
    with pytest.raises(UsageError, match=r"of other names; there must be x.npy and y.npy"):
        catalogue.find(str(tmp_path / "b"))


@pytest.mark.parametrize(("target", "column"), [("", 4), ("?target=2", 1), ("?target=-5", 0)])
def test_a_single_array_has_its_target_in_a_column(target: str, column: int, tmp_path: Path) -> None:
    whole = np.c_[X, X.sum(1)]
    data = load(f"{save(tmp_path / 'd', table=whole) / 'table.npy'}{target}")
    rows = {row.tobytes(): row for row in whole.astype(np.float32)}
    for x, y in zip(data.train_x, data.train_y, strict=True):
        assert np.insert(x, column, np.float32(y)).tobytes() in rows
    assert data.features == tuple(f"x{at + 1}" for at in range(5) if at != column)


class Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        raise AssertionError


@pytest.mark.parametrize(
    ("files", "options", "sentence"),
    [
        ({"x": X, "y": Y[:9]}, "", "60 samples in 'x' and 9 in 'y'"),
        ({"x": X}, "/x.npy", "x.npy has no y beside it"),
        ({"table": X}, "/table.npy?target=9", "from 1 to 4, not '9'"),
        ({"x": X, "y": Y}, "?target=1", "target= is for a single array"),
        ({"table": Y}, "/table.npy", "has the shape (60,), and no y beside it"),
        ({"x": X, "y": np.array([{}] * 60, object)}, "", "holds Python objects"),
        ({"x": X, "y": Y}, "?size=3", "The option size is for a folder of images"),
    ],
)
def test_what_does_not_fit_is_a_sentence(
    files: dict[str, np.ndarray], options: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises((DescendError, UsageError)) as caught:
        load(f"{save(tmp_path / 'e', **files)}{options}")
    assert sentence in str(caught.value)


@pytest.mark.parametrize("content", [b"x" * 99, b"\x93NUMPY\x01\x00", pickle.dumps([1])])
def test_what_is_no_array_is_a_sentence(content: bytes, tmp_path: Path) -> None:
    folder = save(tmp_path / "f", x=X, y=Y)
    (folder / "x.npy").write_bytes(content)
    with pytest.raises(DescendError, match=r"x.npy is not a valid .npy file"):
        catalogue.find(str(folder))
    np.save(folder / "x.npy", X)
    (folder / "x.npy").write_bytes((folder / "x.npy").read_bytes()[:-9])
    with pytest.raises(DescendError, match="damaged: it says that it has the shape"):
        catalogue.find(str(folder))


def test_new_arrays_are_predicted_and_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = save(tmp_path / "g", X_train=X[:40], y_train=Y[:40], X_test=X[40:], y_test=Y[40:])
    run = trained("mlp", str(folder), epochs=30)
    gap = X[:7].copy()
    gap[2, 1] = np.nan
    np.save(tmp_path / "new.npy", gap)
    assert main(["predict", run.id, str(tmp_path / "new.npy")]) == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 8
    assert printed.out.startswith("index,prediction,probability 0")
    assert "1 sample with NaN" in printed.err
    np.savez(tmp_path / "new.npz", x=X[40:], y=np.where(np.arange(20) < 2, 7, Y[40:]))
    assert main(["evaluate", run.id, str(tmp_path / "new.npz"), "--json"]) == 0
    assert '"samples": 18' in (of_file := capsys.readouterr().out)
    assert "2 samples of '7', no class of the training" in of_file
    for place in (folder, folder / "X_test.npy"):
        assert main(["evaluate", run.id, str(place), "--json"]) == 0
        assert '"samples": 20' in capsys.readouterr().out
    np.save(tmp_path / "new.npy", X[:, :2])
    assert main(["predict", run.id, str(tmp_path / "new.npy")]) != 0
    assert "samples of shape (2,), and the training's had (4,)" in capsys.readouterr().err
    assert main(["evaluate", run.id, str(tmp_path / "none.npy")]) != 0
    assert "There is no file or folder" in capsys.readouterr().err


@pytest.mark.parametrize("low", [0.0, -3.0])
def test_new_pictures_become_bytes_as_those_of_the_training_did(low: float, tmp_path: Path) -> None:
    from descend.datasets.new_arrays import ArrayEncoder, open_arrays
    from descend.datasets.preparation import prepare_dataset

    pixels = np.linspace(low, 1, 60 * 16).reshape(60, 4, 4)
    data = load(save(tmp_path / "h", x=pixels, y=np.arange(60) % 2))
    prepared = prepare_dataset(data)
    whole = np.concatenate(list(ArrayEncoder(prepared).encode(open_arrays(tmp_path / "h", prepared))))
    assert {part.tobytes() for part in whole} == {part.tobytes() for part in (*data.train_x, *data.test_x)}


def test_changes_of_either_file_are_told(tmp_path: Path) -> None:
    from descend.engine.launch.changes import check_data

    folder = save(tmp_path / "i", toy_x=X, toy_y=Y)
    run = trained("mlp", str(folder / "toy_x.npy"))
    assert check_data(run.manifest()) is None
    np.save(folder / "toy_y.npy", 2 - Y)
    changed = check_data(run.manifest())
    assert changed is not None
    assert "changed since the run was created" in changed.what
