"""The catalogue, and what every dataset in it promises."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue
from descend.datasets.data_shape import DataShape
from descend.datasets.spec import MissingData
from descend.engine.base.errors import DescendError, UsageError


def test_embedded_datasets_come_first() -> None:
    assert set(catalogue.list_names()) >= {"digits", "mnist", "fashion-mnist"}
    embedded = [catalogue.find(name).embedded for name in catalogue.list_names()]
    assert embedded == sorted(embedded, reverse=True)


@pytest.mark.parametrize("name", ["fashion-mnist", "fashion_mnist", "Fashion-MNIST"])
def test_a_name_may_be_written_freely(name: str) -> None:
    assert catalogue.find(name).title == "Fashion-MNIST"


@pytest.mark.parametrize("name", ["fashon-mnist", "", "\x1b[31m"])
def test_an_unknown_name_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError, match="There is no dataset") as raised:
        catalogue.find(name)
    assert ("did you mean 'fashion-mnist'?" in str(raised.value)) == (name == "fashon-mnist")


def test_digits_says_that_it_is_not_mnist() -> None:
    assert "not MNIST" in catalogue.find("digits").description


@pytest.mark.parametrize("name", catalogue.list_names())
def test_a_spec_is_complete(name: str) -> None:
    spec = catalogue.find(name)
    assert spec.name == name
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert spec.title
    assert spec.description.endswith(".")
    assert len(set(spec.classes)) == len(spec.classes) != 1
    assert spec.address == name
    assert (spec.task == "classification", spec.task == "regression") == (bool(spec.classes), bool(spec.targets))
    if spec.kind == "table":
        assert (len(set(spec.features)),) == spec.sample_shape
    assert len(set(spec.vocabulary)) == len(spec.vocabulary)
    assert str(spec.shape)
    message = spec.missing_message()
    assert message.endswith(".")
    assert "\n" not in message


@pytest.mark.parametrize("name", catalogue.list_names())
def test_a_dataset_that_is_not_embedded_is_missing_from_an_empty_folder(name: str, tmp_path: Path) -> None:
    spec = catalogue.find(name)
    if spec.embedded:
        assert spec.present()
        assert spec.require() == spec.where()
        spec.fetch(lambda file, done, total: pytest.fail("an embedded dataset was downloaded"))
        return
    assert not spec.present()
    assert spec.where() is None
    for action in (spec.require, spec.load):
        with pytest.raises(MissingData) as raised:
            action()
        message = str(raised.value)
        assert str(tmp_path / "data") in message
        assert f"descend data fetch {name}" in message
        assert "'digits'" in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", catalogue.list_names())
def test_a_loaded_dataset_is_what_its_spec_says(name: str, request: pytest.FixtureRequest) -> None:
    spec = catalogue.find(name)
    if not spec.embedded:
        request.getfixturevalue("real_data")
        if not spec.present():
            pytest.skip(spec.missing_message())
    data = spec.load()
    for what in ("name", "classes", "kind", "task", "features", "targets", "vocabulary", "shape"):
        assert getattr(data, what) == getattr(spec, what), what
    for x, y, size in ((data.train_x, data.train_y, spec.train_size), (data.test_x, data.test_y, spec.test_size)):
        assert x.shape == (size, *spec.sample_shape)
        assert x.flags.writeable
        assert x.flags.c_contiguous
        assert x.dtype == {"image": np.uint8, "table": np.float32, "text": np.int64}[spec.kind]
        if spec.kind == "image":
            assert x.max() == data.scale
        elif spec.kind == "table":
            assert data.scale == 1
            assert np.isfinite(x).all()
        else:
            assert set(x.tolist()) <= set(range(len(spec.vocabulary)))
        if spec.task == "classification":
            assert (y.shape, y.dtype) == ((size,), np.int64)
            assert set(y.tolist()) == set(range(len(spec.classes)))
        elif spec.task == "regression":
            assert (y.shape, y.dtype) == ((size,), np.float32)
            assert np.isfinite(y).all()
        else:
            assert y.shape == (0,)


@pytest.mark.parametrize("name", [name for name in catalogue.list_names() if catalogue.find(name).embedded])
def test_an_embedded_dataset_is_always_the_same(name: str) -> None:
    spec = catalogue.find(name)
    np.random.seed(1)
    first = spec.load()
    np.random.seed(2)
    second = spec.load()
    for part in ("train_x", "train_y", "test_x", "test_y"):
        assert np.array_equal(getattr(first, part), getattr(second, part))


def test_a_tables_columns_are_standardised_by_its_training_set_and_a_constant_one_stays_finite() -> None:
    data = catalogue.find("wine").load()
    scaled = (data.train_x - data.mean) / data.std
    assert data.mean.dtype == data.std.dtype == np.float32
    assert np.abs(scaled.mean(0)).max() < 1e-4
    assert np.abs(scaled.std(0) - 1).max() < 1e-4
    for value in (0.0, 0.1, 1e9):
        data.train_x[:, 2] = value
        constant = dataclasses.replace(data)
        assert constant.std[2] == 1


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (DataShape("image", (1, 8, 8), "classification", 10), "images of 8 × 8 grey pixels in 10 classes"),
        (DataShape("image", (3, 32, 48), "classification", 2), "images of 32 × 48 colour pixels in 2 classes"),
        (DataShape("table", (1,), "regression", 1), "a table of 1 column and 1 number to predict"),
        (DataShape("text", (), "language", 38, 38), "text of 38 unique characters"),
    ],
)
def test_a_shape_in_words(shape: DataShape, words: str) -> None:
    assert str(shape) == words


WATCHED = "torch torchvision sklearn scipy sympy pandas"


@pytest.mark.parametrize(
    ("action", "heavy"),
    [
        (
            "[(s.present(), s.missing_message()) for s in map(catalogue.find, catalogue.list_names())]",
            f"{WATCHED} numpy",
        ),
        ("[catalogue.find(n).load() for n in catalogue.list_names() if catalogue.find(n).embedded]", WATCHED),
    ],
    ids=["listing", "loading"],
)
def test_the_catalogue_imports_nothing_heavy(action: str, heavy: str) -> None:
    program = f"import sys; from descend.datasets import catalogue; {action}; print(*sys.modules)"
    imported = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.split()
    assert "descend.datasets.mnist" in imported
    assert set(imported) & set(heavy.split()) == set()


def test_data_of_ones_own_and_what_comes_with_descend_cannot_be_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.csv"
    file.write_text("a,y\n" + "1,2.5\n3,4.5\n" * 9)
    spec = catalogue.find(str(file))
    with pytest.raises(UsageError, match="is data of your own; there is nothing to fetch"):
        spec.fetch(lambda *_: None)
    file.unlink()
    with pytest.raises(DescendError, match="is gone") as raised:
        spec.require()
    assert not isinstance(raised.value, MissingData)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DescendError, match="reinstall scikit-learn") as raised:
        catalogue.find("iris").load()
    assert not isinstance(raised.value, MissingData)
