"""The catalogue, and what every dataset in it promises."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue
from descend.datasets.spec import MissingData
from descend.engine.errors import UsageError


def test_embedded_datasets_come_first() -> None:
    assert set(catalogue.names()) >= {"digits", "mnist", "fashion-mnist"}
    embedded = [catalogue.find(name).embedded for name in catalogue.names()]
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


@pytest.mark.parametrize("name", catalogue.names())
def test_a_spec_is_complete(name: str) -> None:
    spec = catalogue.find(name)
    assert spec.name == name
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert spec.title
    assert spec.description.endswith(".")
    assert len(set(spec.classes)) == len(spec.classes) > 1
    message = spec.missing_message()
    assert message.endswith(".")
    assert "\n" not in message


@pytest.mark.parametrize("name", catalogue.names())
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


@pytest.mark.parametrize("name", catalogue.names())
def test_a_loaded_dataset_is_what_its_spec_says(name: str, request: pytest.FixtureRequest) -> None:
    spec = catalogue.find(name)
    if not spec.embedded:
        request.getfixturevalue("real_data")
    data = spec.load()
    assert (data.name, data.classes) == (spec.name, spec.classes)
    for x, y, size in ((data.train_x, data.train_y, spec.train_size), (data.test_x, data.test_y, spec.test_size)):
        assert x.shape == (size, *spec.sample_shape)
        assert y.shape == (size,)
        assert (x.dtype, y.dtype) == (np.uint8, np.int64)
        assert x.flags.writeable
        assert x.flags.c_contiguous
        assert x.max() == data.scale
        assert set(y.tolist()) == set(range(len(spec.classes)))


WATCHED = "torch torchvision sklearn scipy sympy pandas"


@pytest.mark.parametrize(
    ("action", "heavy"),
    [
        ("[(s.present(), s.missing_message()) for s in map(catalogue.find, catalogue.names())]", f"{WATCHED} numpy"),
        ("catalogue.find('digits').load()", WATCHED),
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
