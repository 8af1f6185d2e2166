"""The MNIST family: small copies written here, a local server in place of the publishers, and the real files."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import os
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue, idx
from descend.datasets.mnist import Mnist
from descend.datasets.spec import MissingData
from descend.engine.base.errors import DescendError
from tests.datasets.server import Page, Site

FAMILY = [spec for spec in map(catalogue.find, catalogue.list_names()) if isinstance(spec, Mnist)]
SMALL = dataclasses.replace(FAMILY[0], train_size=20, test_size=10, sample_shape=(3, 4))


def packed(name: str, seed: int = 0) -> bytes:
    """A sound file of `SMALL`, compressed."""
    shape = SMALL.shapes()[name]
    high = 256 if len(shape) > 1 else len(SMALL.classes)
    values = np.random.default_rng(seed).integers(0, high, shape, np.uint8)
    return gzip.compress(bytes((0, 0, 8, len(shape))) + struct.pack(f">{len(shape)}I", *shape) + values.tobytes())


@pytest.fixture
def folder() -> Path:
    """The folder of `SMALL`, with its four files."""
    SMALL.folder().mkdir(parents=True)
    for name in SMALL.shapes():
        (SMALL.folder() / f"{name}.gz").write_bytes(packed(name))
    return SMALL.folder()


def unpack(file: Path) -> None:
    file.with_suffix("").write_bytes(gzip.decompress(file.read_bytes()))
    file.unlink()


def test_plain_files_are_as_good_as_compressed_ones(folder: Path) -> None:
    compressed = SMALL.load()
    for file in sorted(folder.iterdir()):
        unpack(file)
        plain = SMALL.load()  # the first time round, one of four is plain
        for split in ("train_x", "train_y", "test_x", "test_y"):
            assert np.array_equal(getattr(plain, split), getattr(compressed, split))
    assert SMALL.where() == folder
    assert compressed.train_x.shape == (20, 3, 4)
    assert compressed.train_y.dtype == np.int64


@pytest.mark.parametrize("name", SMALL.shapes())
def test_each_missing_file_is_named(name: str, folder: Path) -> None:
    (folder / f"{name}.gz").unlink()
    assert not SMALL.present()
    with pytest.raises(MissingData) as raised:
        SMALL.load()
    assert f"{folder} lacks {name}.gz" in str(raised.value)


def test_a_folder_that_cannot_be_read_is_not_called_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "listdir", refuse)
    assert "Permission denied" in SMALL.missing_message()
    assert "fetch" not in SMALL.missing_message()


@pytest.mark.parametrize("name", SMALL.shapes())
def test_each_damaged_file_is_named_with_its_remedy(name: str, folder: Path) -> None:
    file = folder / f"{name}.gz"
    assert SMALL.present()
    file.write_bytes(file.read_bytes()[:-3])
    assert not SMALL.present()
    with pytest.raises(idx.DamagedFile) as raised:
        SMALL.load()
    assert str(raised.value).startswith(str(file))
    assert f"descend data fetch {SMALL.name}" in str(raised.value)


@pytest.mark.parametrize("kept", [0, 3, 30])
@pytest.mark.parametrize("plain", [False, True])
def test_a_file_that_was_cut_short_is_not_called_found(plain: bool, kept: int, folder: Path) -> None:
    file = folder / "train-images-idx3-ubyte.gz"
    if plain:
        unpack(file)
        file = file.with_suffix("")
    assert SMALL.present()
    file.write_bytes(file.read_bytes()[:kept])
    assert not SMALL.present()
    with pytest.raises(idx.DamagedFile):
        SMALL.load()


def test_a_label_without_a_class_is_damage(folder: Path) -> None:
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(
        gzip.compress(b"\0\0\x08\x01\0\0\0\x0a" + bytes((0, 1, 2, 3, 4, 5, 6, 7, 8, 10)))
    )
    with pytest.raises(idx.DamagedFile, match="a label 10 for 10 classes"):
        SMALL.load()


def test_images_and_labels_of_different_number_are_damage(folder: Path) -> None:
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(packed("t10k-labels-idx1-ubyte"))
    with pytest.raises(idx.DamagedFile, match="10 values instead of 20"):
        SMALL.load()


@pytest.fixture
def published(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The four files of `SMALL` on a local server that torchvision takes for the publisher's second mirror."""
    from torchvision import datasets

    source = getattr(datasets, SMALL.published)
    resources = []
    for name in SMALL.shapes():
        site.put(f"good/{name}.gz", Page(packed(name, seed=1)))
        resources.append((f"{name}.gz", hashlib.md5(packed(name, seed=1)).hexdigest()))
    monkeypatch.setattr(source, "mirrors", [f"{site.url}gone/", f"{site.url}good"])
    monkeypatch.setattr(source, "resources", resources)
    return site


def fetched() -> dict[str, tuple[int, int | None]]:
    """Fetch `SMALL`; return the last that was told of each file."""
    told: dict[str, tuple[int, int | None]] = {}
    SMALL.fetch(lambda file, done, total: told.update({file: (done, total)}))
    return told


def test_the_whole_set_is_fetched_once(published: Site) -> None:
    sizes = {f"{name}.gz": len(packed(name, seed=1)) for name in SMALL.shapes()}
    assert fetched() == {name: (size, size) for name, size in sizes.items()}
    assert sorted(os.listdir(SMALL.folder())) == sorted(sizes)
    SMALL.load()
    assert len(published.requests) == 8
    assert fetched() == {name: (size, size) for name, size in sizes.items()}
    assert len(published.requests) == 8


@pytest.mark.parametrize("plain", [False, True])
def test_fetching_again_repairs_what_is_damaged_and_leaves_the_rest(plain: bool, published: Site, folder: Path) -> None:
    damaged = folder / "t10k-images-idx3-ubyte.gz"
    kept = (folder / "train-images-idx3-ubyte.gz").read_bytes()
    if plain:
        unpack(damaged)
        damaged = damaged.with_suffix("")
    damaged.write_bytes(damaged.read_bytes()[:-1])
    fetched()
    assert {path for path, _ in published.requests} == {
        "/gone/t10k-images-idx3-ubyte.gz",
        "/good/t10k-images-idx3-ubyte.gz",
    }
    assert (folder / "train-images-idx3-ubyte.gz").read_bytes() == kept  # sound, though its checksum is not published
    SMALL.load()


def test_what_is_all_here_is_fetched_without_torchvision_or_a_folder_to_write(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    assert set(fetched()) == set(os.listdir(folder))


def test_a_torchvision_that_cannot_be_imported_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(DescendError, match="run `descend doctor`"):
        fetched()


def test_a_data_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DESCEND_DATA", str(tmp_path / "file"))
    with pytest.raises(DescendError, match="set DESCEND_DATA to a folder you can write to"):
        fetched()
    assert not SMALL.present()


@pytest.mark.parametrize("spec", FAMILY, ids=lambda spec: spec.name)
def test_torchvision_publishes_the_files(spec: Mnist) -> None:
    source = spec.source()
    assert source.mirrors
    assert [name for name, _ in source.resources] == [f"{name}.gz" for name in spec.shapes()]
    assert len(source.classes) == len(spec.classes)


def test_fashion_mnist_has_torchvisions_classes() -> None:
    spec = next(spec for spec in FAMILY if spec.name == "fashion-mnist")
    assert spec.classes == tuple(spec.source().classes)


def test_the_real_fashion_mnist_is_balanced(real_data: Path) -> None:
    data = catalogue.find("fashion-mnist").load()
    assert np.bincount(data.train_y).tolist() == [6000] * 10
    assert np.bincount(data.test_y).tolist() == [1000] * 10


def test_the_real_mnist_begins_and_counts_as_published(real_data: Path) -> None:
    spec = next(spec for spec in FAMILY if spec.name == "mnist")
    data = spec.load()
    assert data.train_y[:8].tolist() == [5, 0, 4, 1, 9, 2, 1, 3]
    assert np.bincount(data.test_y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
