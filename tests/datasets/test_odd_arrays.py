"""Pictures and arrays that hold less than they seem to, or have a different layout: each is read right or reported."""

from __future__ import annotations

import functools
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from descend.datasets import catalogue, npz, npz_file
from descend.datasets.dataset import WARNING, Dataset
from descend.engine.base.errors import DescendError

CHANCE = np.random.default_rng(3)


def pictures(root: Path, *folders: str, high: int = 256, ending: str = ".png") -> Path:
    """Six grey PNG files in each of the ``folders``."""
    for folder in folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
        for place in range(6):
            picture = Image.fromarray(CHANCE.integers(0, high, (8, 8), np.uint8))
            picture.save(root / folder / f"{place}{ending}", "PNG")
    return root


def load(place: Path) -> Dataset:
    return catalogue.find(str(place)).load()


def warnings(data: Dataset) -> str:
    return " ".join(note for note in data.notes if note.startswith(WARNING))


@pytest.mark.parametrize("ending", ["", ".jpg_large", ".0001"])
def test_pictures_whose_names_do_not_say_so_are_read(ending: str, tmp_path: Path) -> None:
    data = load(pictures(tmp_path / "seen", "a", "b", ending=ending))
    assert len(data.train_x) + len(data.test_x) == 12
    said = f"Read in seen, being images despite their names: 12 files ({ending or 'no ending'} 12)."
    assert said in data.notes
    for folder in ("a", "b"):
        (tmp_path / "seen" / folder / "notes.txt").write_text("GIF is a format")
    assert any("Skipped" in note and ".txt 2" in note for note in load(tmp_path / "seen").notes)


@pytest.mark.parametrize("ending", [".bak", ".png.bak", ".png~", ".jpg.part"])
def test_copies_of_pictures_are_not_read(ending: str, tmp_path: Path) -> None:
    pictures(tmp_path / "seen", "a", "b", ending=ending)
    data = load(pictures(tmp_path / "seen", "a", "b"))
    assert len(data.train_x) + len(data.test_x) == 12
    assert any("Skipped in seen, not being images: 12 files" in note for note in data.notes)


def test_nearly_black_pictures_are_scaled_by_their_brightest_value(tmp_path: Path) -> None:
    data = load(pictures(tmp_path / "seen", "a", "b", high=3))
    assert (data.scale, data.train_x.max()) == (2, 2)
    assert "the brightest pixel is 2" in warnings(data)
    bright = load(pictures(tmp_path / "bright", "a", "b"))
    assert (bright.scale, warnings(bright)) == (255, "")


def test_pictures_of_one_value_are_counted(tmp_path: Path) -> None:
    root = pictures(tmp_path / "seen", "a", "b")
    clear = Image.fromarray(np.zeros((8, 8, 4), np.uint8))
    for place in range(2):
        clear.save(root / "a" / f"{place}.png")
    assert any(note == "Blank, with a single value: 2 images." for note in load(root).notes)
    for file in root.glob("*/*.png"):
        clear.save(file)
    assert "all images hold the single value 255, as wholly transparent ones do" in warnings(load(root))


def test_folders_repeated_in_every_class_are_warned_of(tmp_path: Path) -> None:
    inner = pictures(tmp_path / "inner", "a/train", "a/test", "b/train", "b/test")
    assert "each class, as 'a', has the folders 'test', 'train', whose images are merged" in warnings(load(inner))
    assert not warnings(load(pictures(tmp_path / "outer", "train/a", "train/b", "test/a", "test/b")))
    assert not warnings(load(pictures(tmp_path / "deep", "a/one", "b/two")))


def test_a_class_of_the_test_in_other_letters_is_told(tmp_path: Path) -> None:
    if (tmp_path / "x").mkdir() or (tmp_path / "X").exists():
        pytest.skip("this file system does not distinguish capital letters")
    with pytest.raises(DescendError, match=r"has a class 'Oak' that .* does not have; call it 'oak' as there"):
        load(pictures(tmp_path / "seen", "train/oak", "train/elm", "test/Oak", "test/elm"))


def arrays(folder: Path, **parts: np.ndarray) -> Dataset:
    np.savez(folder / "data.npz", **parts)  # type: ignore[arg-type]
    return load(folder / "data.npz")


def test_sequences_are_tables_and_keep_their_digits(tmp_path: Path) -> None:
    values, labels = CHANCE.random((60, 20)), np.arange(60) % 3
    for x in (values[:, :, None], values[:, None, :]):
        data = arrays(tmp_path, x=x, y=labels)
        assert (data.kind, data.train_x.shape) == ("table", (48, 20))
        assert set(data.train_x[:, 0].tolist()) <= set(values[:, 0].astype(np.float32).tolist())
    assert arrays(tmp_path, x=values.reshape(60, 4, 5), y=labels).kind == "image"


def test_archives_of_many_arrays_or_a_long_header_are_refused_at_once(tmp_path: Path) -> None:
    many, long = tmp_path / "many.npz", tmp_path / "long.npz"
    with zipfile.ZipFile(many, "w") as archive:
        for place in range(10_001):
            archive.writestr(f"k{place}.npy", b"")
    with pytest.raises(DescendError, match="holds 10,001 arrays"):
        load(many)
    with zipfile.ZipFile(long, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x02\x00" + (2**26).to_bytes(4, "little") + bytes(2**26))
    tracemalloc.start()
    with pytest.raises(DescendError, match=r"not a valid \.npz file"):
        load(long)
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()


def test_what_y_is_taken_for_is_said(tmp_path: Path) -> None:
    x, labels = CHANCE.random((60, 4)), np.arange(60) % 3
    assert "no sample of 2 classes, '3', '4'" in warnings(arrays(tmp_path, x=x, y=np.eye(5)[labels]))
    assert not warnings(arrays(tmp_path, x=x, y=np.eye(3)[labels]))
    several = arrays(tmp_path, x=x, y=CHANCE.integers(0, 2, (60, 3)))
    assert several.targets == ("y1", "y2", "y3")
    assert several.task == "labels"
    assert any("so the task is labels" in note for note in several.notes)
    assert not warnings(arrays(tmp_path, x=x, y=CHANCE.random((60, 3))))
    constant = arrays(tmp_path, x=np.column_stack([x, np.ones(60)]), y=labels)
    assert any(note == "The same in every row, so useless: 'x5'." for note in constant.notes)


@pytest.mark.parametrize(("shapes", "name"), [({"y": (6, 10_001)}, "y"), ({"x": (6, 1_000_001), "y": (6,)}, "x")])
def test_samples_of_very_many_numbers_are_refused_before_they_are_unpacked(
    shapes: dict[str, tuple[int, ...]], name: str, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "data.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for key, shape in {"x": (6, 2), **shapes}.items():
            with archive.open(f"{key}.npy", "w") as stream:
                np.save(stream, np.zeros(shape, np.uint8))
    tracemalloc.start()
    with pytest.raises(DescendError, match=rf"Array '{name}' of data\.npz has [\d,]*1 numbers a sample, more than"):
        load(tmp_path / "data.npz")
    assert tracemalloc.get_traced_memory()[1] < 2**18
    tracemalloc.stop()


@pytest.mark.parametrize(
    "y",
    [
        np.arange(40_000) / 7,
        np.arange(40_000, dtype=np.float32) / 7,
        (np.arange(40_000) % 5).astype(np.uint8),
        np.array(["a", "brown", "fox"])[np.arange(40_000) % 3],
        np.arange(80_000).reshape(8, -1) / 7,
        np.arange(80_000, dtype=np.uint8).reshape(8, -1),
        np.eye(100)[np.arange(2000) % 100],
    ],
    ids=lambda y: f"{y.dtype}-{y.ndim}",
)
def test_what_y_takes_of_memory_is_estimated(y: np.ndarray, tmp_path: Path) -> None:
    file = tmp_path / "data.npz"
    np.savez(file, x=np.arange(len(y), dtype=np.float32), y=y)
    read = functools.partial(npz_file.read_npz, file, "data", npz_file.ArrayOptions())
    read()  # what is imported for it is not counted
    needed = npz_file.estimate_memory(npz_file.choose_arrays(npz.read_headers(file), file.name, []))
    tracemalloc.start()
    read()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < needed + 2**19
