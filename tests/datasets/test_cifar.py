"""CIFAR-10: small copies written here, and a local server in place of the publisher."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue
from descend.datasets.cifar import FOLDER, TORCHVISION, Cifar
from descend.datasets.idx import DamagedFile
from descend.datasets.spec import MissingData
from descend.engine.base.errors import DescendError
from tests.datasets.server import Page, Site

REAL = catalogue.find("cifar-10")
assert isinstance(REAL, Cifar)
SMALL = dataclasses.replace(REAL, train_size=50, test_size=10)
IMAGES = np.random.default_rng(0).integers(0, 256, (60, 32, 32, 3), np.uint8)
LABELS = np.arange(60, dtype=np.uint8) * 7 % 10
NAMES = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]


def contents() -> dict[str, bytes]:
    """The six files, made from the published description."""
    records = [bytes([label]) + image.transpose(2, 0, 1).tobytes() for label, image in zip(LABELS, IMAGES, strict=True)]
    return {name: b"".join(records[10 * place : 10 * place + 10]) for place, name in enumerate(NAMES)}


def archive(files: dict[str, bytes], folder: str = FOLDER) -> bytes:
    """A packed archive, with more in it than is wanted."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as packed:
        for name, content in {
            f"{folder}/readme.html": b"hello",
            **{f"{folder}/{n}": c for n, c in files.items()},
        }.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
        for name, target in ((f"{folder}/../../escaped", None), (f"{folder}/data_batch_1.bin", "/etc/passwd")):
            member = tarfile.TarInfo(name)
            if target:
                member.type, member.linkname = tarfile.SYMTYPE, target
            packed.addfile(member, io.BytesIO(b""))
    return out.getvalue()


@pytest.fixture
def folder() -> Path:
    """The folder of `SMALL` with its six files."""
    SMALL.folder().mkdir(parents=True)
    for name, content in contents().items():
        (SMALL.folder() / name).write_bytes(content)
    return SMALL.folder()


def pickled(place: int) -> dict[bytes, object]:
    """What a file of torchvision's holds."""
    part = slice(10 * place, 10 * place + 10)
    pixels = IMAGES[part].transpose(0, 3, 1, 2).reshape(10, -1)
    return {b"batch_label": b"one", b"labels": LABELS[part].tolist(), b"data": pixels, b"filenames": [b"x.png"] * 10}


@pytest.fixture
def theirs() -> Path:
    """The folder that torchvision makes, as Python 2 wrote the files."""
    folder = SMALL.folder().with_name(TORCHVISION)
    folder.mkdir(parents=True)
    for place, name in enumerate(NAMES):
        content = pickle.dumps(pickled(place), protocol=2).replace(b"numpy._core", b"numpy.core")
        (folder / name.removesuffix(".bin")).write_bytes(content)
    return folder


def test_torchvisions_folder_is_used_where_it_is(theirs: Path) -> None:
    assert SMALL.where() == theirs
    data = SMALL.load()
    assert np.array_equal(data.train_x, IMAGES[:50])
    assert np.array_equal(np.concatenate([data.train_y, data.test_y]), LABELS)
    told = []
    SMALL.fetch(lambda file, done, total: told.append(file))
    assert told == NAMES


class Evil:
    """Would leave a file behind if it were unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.file),)


@pytest.mark.parametrize("where", ["whole", "label", "after"])
def test_a_pickle_that_runs_a_program_is_damage_and_does_not_run_it(where: str, theirs: Path, tmp_path: Path) -> None:
    evil = Evil(tmp_path / "ran")
    content = {"whole": evil, "label": {**pickled(0), b"labels": evil}, "after": {**pickled(0), b"x": evil}}[where]
    (theirs / "data_batch_1").write_bytes(pickle.dumps(content))
    with pytest.raises(DamagedFile, match="data_batch_1 is damaged"):
        SMALL.load()
    assert not (tmp_path / "ran").exists()
    pickle.loads((theirs / "data_batch_1").read_bytes())
    assert (tmp_path / "ran").exists(), "the test itself must be able to fail"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        pickle.dumps([1, 2]),
        pickle.dumps({**pickled(0), b"labels": [1]}),
        pickle.dumps({**pickled(0), b"labels": [300] * 10}),
        pickle.dumps({**pickled(0), b"data": IMAGES[:3].reshape(3, -1)}),
        pickle.dumps({**pickled(0), b"data": np.array([object()])}),
        pickle.dumps(pickled(0))[:-100],
    ],
)
def test_a_pickle_of_other_things_is_damage(content: bytes, theirs: Path) -> None:
    (theirs / "test_batch").write_bytes(content)
    with pytest.raises(DamagedFile, match="test_batch is damaged"):
        SMALL.load()


def test_a_pickle_that_was_cut_short_is_not_called_found(theirs: Path) -> None:
    assert SMALL.present()
    file = theirs / "test_batch"
    file.write_bytes(file.read_bytes()[:20_000])
    assert not SMALL.present()


def published(site: Site, content: bytes, **page: object) -> Cifar:
    """`SMALL` with its archive on a local server."""
    url = site.put("cifar-10-binary.tar.gz", Page(content, **page))  # type: ignore[arg-type]
    return dataclasses.replace(SMALL, url=url, md5=hashlib.md5(content).hexdigest())


def test_records_become_images_and_labels(folder: Path) -> None:
    data = SMALL.load()
    assert np.array_equal(data.train_x, IMAGES[:50])
    assert np.array_equal(data.test_x, IMAGES[50:])
    assert np.array_equal(np.concatenate([data.train_y, data.test_y]), LABELS)
    assert data.train_y.dtype == np.int64
    assert data.shape == SMALL.shape
    assert data.shape.size == (3, 32, 32)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(name: str, folder: Path) -> None:
    (folder / name).unlink()
    with pytest.raises(MissingData, match=f"lacks {name}.*descend data fetch cifar-10.*'shapes-32'"):
        SMALL.load()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "0 bytes instead of 30,730"),
        (contents()["test_batch.bin"][:-1], "30,729 bytes"),
        (b"\x0a" + contents()["test_batch.bin"][1:], "a label 10 for 10 classes"),
    ],
)
def test_a_damaged_file_is_named_with_its_remedy(content: bytes, reason: str, folder: Path) -> None:
    assert SMALL.present()
    (folder / "test_batch.bin").write_bytes(content)
    assert SMALL.present() == ("label" in reason)  # its length tells of the others
    with pytest.raises(DamagedFile, match=f"test_batch.bin is damaged.*{reason}.*descend data fetch cifar-10"):
        SMALL.load()


def test_the_archive_is_fetched_checked_taken_apart_and_removed(site: Site, tmp_path: Path) -> None:
    spec = published(site, archive(contents()))
    told: dict[str, tuple[int, int | None]] = {}
    spec.fetch(lambda file, done, total: told.update({file: (done, total)}))
    size = len(archive(contents()))
    assert told == {"cifar-10-binary.tar.gz": (size, size)}
    assert sorted(os.listdir(spec.folder())) == sorted(NAMES)
    assert os.listdir(spec.folder().parent) == [FOLDER]
    assert not list(tmp_path.rglob("escaped"))
    assert np.array_equal(spec.load().train_x, IMAGES[:50])
    spec.fetch(lambda file, done, total: told.update({file: (done, total)}))
    assert len(site.requests) == 1
    assert set(told) == {"cifar-10-binary.tar.gz", *NAMES}


def test_fetching_again_repairs_what_is_damaged(site: Site, folder: Path) -> None:
    (folder / "data_batch_3.bin").write_bytes(b"x")
    published(site, archive(contents())).fetch(lambda *_: None)
    assert np.array_equal(SMALL.load().train_x, IMAGES[:50])


def test_an_archive_that_is_here_already_is_used(site: Site) -> None:
    content = archive(contents())  # made once: it holds the time
    spec = published(site, content)
    spec.folder().mkdir(parents=True)
    (spec.folder().parent / "cifar-10-binary.tar.gz").write_bytes(content)
    spec.fetch(lambda *_: None)
    assert site.requests == []
    spec.load()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (archive({"data_batch_1.bin": b"x"}), "does not hold data_batch_2.bin"),
        (archive(contents(), "elsewhere"), "does not hold data_batch_1.bin"),
        (archive(contents())[:-5000], "cannot be unpacked"),
        (b"nothing", "cannot be unpacked"),
    ],
    ids=["a file is missing", "another folder", "cut off", "no archive"],
)
def test_an_archive_of_other_things_is_a_sentence(content: bytes, sentence: str, site: Site) -> None:
    with pytest.raises(DescendError, match=sentence):
        published(site, content).fetch(lambda *_: None)
    assert not SMALL.present()


def test_a_wrong_checksum_is_refused_and_nothing_is_unpacked(site: Site) -> None:
    spec = dataclasses.replace(published(site, archive(contents())), md5="0" * 32)
    with pytest.raises(DescendError, match="wrong checksum"):
        spec.fetch(lambda *_: None)
    assert os.listdir(spec.folder()) == []


def test_torchvision_agrees_about_publisher_and_classes() -> None:
    from torchvision.datasets import CIFAR10

    assert isinstance(REAL, Cifar)
    assert CIFAR10.url.rpartition("/")[0] == REAL.url.rpartition("/")[0]
