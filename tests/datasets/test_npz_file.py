"""Arrays and texts of one's own."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from descend.datasets import catalogue, memory
from descend.datasets.char_text import decode
from descend.datasets.dataset import Dataset
from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean

RANDOM = np.random.default_rng(0)
TABLE = RANDOM.normal(size=(50, 3))
LABELS = np.arange(50) % 3


def load(file: Path, options: str = "") -> Dataset:
    """The dataset at a path; its spec must say what it turns out to be."""
    spec = catalogue.find(f"{file}?{options}" if options else str(file))
    data = spec.load()
    assert spec.shape == data.shape
    assert (spec.train_size, spec.test_size) == (len(data.train_x), len(data.test_x))
    return data


def refused(file: Path, options: str = "") -> str:
    """The sentence with which it is refused."""
    with pytest.raises(DescendError) as raised:
        load(file, options)
    message = str(raised.value)
    assert clean(message) == message
    return message


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data.npz"


@pytest.mark.parametrize("names", [("x", "y"), ("X", "Y"), ("data", "target"), ("images", "labels")])
def test_a_table_with_labels(names: tuple[str, str], file: Path) -> None:
    np.savez(file, **{names[0]: TABLE, names[1]: LABELS})
    data = load(file)
    assert (data.kind, data.task, data.classes) == ("table", "classification", ("0", "1", "2"))
    assert data.train_x.shape == (40, 3)
    assert data.train_x.dtype == np.float32
    assert data.features == ("x1", "x2", "x3")
    rows = {row.tobytes(): label for row, label in zip(TABLE.astype(np.float32), LABELS, strict=True)}
    assert all(rows[row.tobytes()] == label for row, label in zip(data.test_x, data.test_y, strict=True))


@pytest.mark.parametrize(
    "form", ["train_x train_y test_x test_y", "x_train y_train x_test y_test", "x_train y_train x_val y_val"]
)
def test_a_given_split_is_kept(form: str, file: Path) -> None:
    parts = dict(zip(form.split(), (TABLE[:30], LABELS[:30], TABLE[30:], LABELS[30:]), strict=True))
    np.savez_compressed(file, **parts)
    data = load(file)
    assert np.array_equal(data.train_x, TABLE[:30].astype(np.float32))
    assert np.array_equal(data.test_y, LABELS[30:])


@pytest.mark.parametrize(
    ("y", "options", "task", "named"),
    [
        (TABLE[:, 0], "", "regression", ("y",)),
        (TABLE[:, :2], "", "regression", ("y1", "y2")),
        (LABELS[:, None], "", "classification", ("0", "1", "2")),
        (np.eye(3)[LABELS], "", "classification", ("0", "1", "2")),
        (np.array(["no", "yes"])[LABELS % 2], "", "classification", ("no", "yes")),
        (np.array([b"no", b"yes"])[LABELS % 2], "", "classification", ("no", "yes")),
        (LABELS > 0, "", "classification", ("False", "True")),
        (LABELS.astype(float), "", "classification", ("0", "1", "2")),
        (LABELS, "task=regression", "regression", ("y",)),
        (np.arange(50), "", "regression", ("y",)),
    ],
)
def test_the_task_follows_from_y(y: np.ndarray, options: str, task: str, named: tuple[str, ...], file: Path) -> None:
    np.savez(file, x=TABLE, y=y)
    data = load(file, options)
    assert data.task == task
    assert (data.classes or data.targets) == named
    assert data.train_y.dtype == (np.float64 if task == "regression" else np.int64)


SEVERAL = RANDOM.integers(0, 2, (50, 3))


@pytest.mark.parametrize("y", [SEVERAL, SEVERAL > 0, SEVERAL.astype(np.float32), 2 * SEVERAL - 1])
def test_a_matrix_of_yes_and_no_is_labels_unless_told_otherwise(y: np.ndarray, file: Path) -> None:
    np.savez(file, x=np.arange(50.0)[:, None], y=y)
    data = load(file)
    assert (data.task, data.targets, data.train_y.dtype) == ("labels", ("y1", "y2", "y3"), np.uint8)
    for x, labels in ((data.train_x, data.train_y), (data.test_x, data.test_y)):
        assert np.array_equal(labels, SEVERAL[x[:, 0].astype(int)])
    assert abs(data.train_y.mean() - data.test_y.mean()) < 0.15
    assert load(file, "task=regression").task == "regression"


def test_one_hot_is_labels_if_that_is_said(file: Path) -> None:
    np.savez(file, x=TABLE, y=np.eye(3)[LABELS])
    data = load(file, "task=labels")
    assert data.task == "labels"
    assert (data.train_y.sum(1) == 1).all()


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (LABELS, "a single label of yes and no is task=classification"),
        (np.where(SEVERAL, 2, 0), r"has 2 at index \[\d+, \d\]; several labels are 0 and 1"),
        (SEVERAL.astype(str), "holds words; several labels are 0 and 1"),
        (np.ones((50, 3)), "have the same labels, so there is nothing to learn"),
    ],
)
def test_what_is_no_matrix_of_labels_is_refused(y: np.ndarray, said: str, file: Path) -> None:
    np.savez(file, x=TABLE, y=y)
    with pytest.raises(DescendError, match=said):
        load(file, "task=labels")


PIXELS = RANDOM.integers(0, 256, (50, 6, 8, 3), np.uint8)


@pytest.mark.parametrize(
    ("x", "expected", "scale"),
    [
        (PIXELS, PIXELS, 255),
        (PIXELS.transpose(0, 3, 1, 2), PIXELS, 255),
        (PIXELS[..., 0], PIXELS[..., 0], 255),
        (PIXELS[..., :1], PIXELS[..., 0], 255),
        (PIXELS[:, None, :, :, 0], PIXELS[..., 0], 255),
        (PIXELS[..., 0] / 255, PIXELS[..., 0], 255),
        (PIXELS[..., 0].astype(np.float32), PIXELS[..., 0], 255),
        (PIXELS[..., 0].astype(np.int64), PIXELS[..., 0], 255),
        (PIXELS[..., 0] > 99, (PIXELS[..., 0] > 99).astype(np.uint8), 1),
    ],
)
def test_images_in_every_usual_form(x: np.ndarray, expected: np.ndarray, scale: int, file: Path) -> None:
    np.savez(file, train_x=x[:40], train_y=LABELS[:40], test_x=x[40:], test_y=LABELS[40:])
    data = load(file)
    assert (data.kind, data.scale, data.train_x.dtype) == ("image", scale, np.uint8)
    assert np.array_equal(data.train_x, expected[:40])
    assert data.train_x.flags.c_contiguous


def holed() -> np.ndarray:
    x = TABLE.copy()
    x[3, 1] = x[9, 1] = x[9, 2] = np.nan
    return x


def test_nan_is_reported_dropped_or_filled(file: Path) -> None:
    np.savez(file, train_x=holed()[:40], train_y=LABELS[:40], test_x=TABLE[40:], test_y=LABELS[40:])
    assert "3 NaN in 2 columns, the first at index [3, 1]" in refused(file)
    dropped = load(file, "missing=drop")
    assert (len(dropped.train_x), len(dropped.test_x)) == (38, 10)
    filled = load(file, "missing=mean")
    assert filled.missing == dropped.missing == {"x2": 2, "x3": 1}
    assert filled.train_x[3, 1] == pytest.approx(np.nanmean(holed()[:40, 1]), rel=1e-4)
    assert np.isfinite(filled.train_x).all()


def changed(x: np.ndarray, place: Any, value: float) -> np.ndarray:
    x = x.astype(float)
    x[place] = value
    return x


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "holds nothing"),
    "only x": ({"x": TABLE}, "holds 'x'; an .npz must hold x and y"),
    "other names": ({"a": TABLE, "b": LABELS}, "holds 'a', 'b'"),
    "objects": ({"x": TABLE, "y": np.array([object()] * 50)}, "Array 'y' of data.npz holds Python objects"),
    "lengths": ({"x": TABLE, "y": LABELS[:-1]}, "50 samples in 'x' and 49 in 'y'"),
    "empty": ({"x": TABLE[:0], "y": LABELS[:0]}, "the shape (0, 3) and so no samples"),
    "a number": ({"x": np.array(3.0), "y": LABELS}, "the shape ()"),
    "few": ({"x": TABLE[:3], "y": LABELS[:3]}, "has 3 samples"),
    "words": ({"x": TABLE.astype(str), "y": LABELS}, "not numbers"),
    "complex": ({"x": TABLE * 1j, "y": LABELS}, "not numbers"),
    "dates": ({"x": TABLE, "y": LABELS.astype("datetime64[D]")}, "y in data.npz has the shape (50,) of datetime64"),
    "infinite": ({"x": changed(TABLE, (4, 2), np.inf), "y": LABELS}, "infinite at index [4, 2]"),
    "all NaN": ({"x": changed(TABLE, (slice(None), 1), np.nan), "y": LABELS}, "only NaN in column 1"),
    "NaN in y": ({"x": TABLE, "y": changed(LABELS, 7, np.nan)}, "nan at index [7]"),
    "too large a y": ({"x": TABLE, "y": changed(LABELS, 7, 1e39)}, "1e+39 at index [7], not a 32-bit number"),
    "NaN in pixels": ({"x": changed(PIXELS, (1, 2, 3, 0), np.nan), "y": LABELS}, "nan at index [1, 2, 3, 0]"),
    "one value": ({"x": np.full((50, 8, 8), 600), "y": LABELS}, "to train on hold the single value 600"),
    "five axes": ({"x": PIXELS[:, None], "y": LABELS}, "it must be a table (n, columns), or images"),
    "four channels": (
        {"x": np.zeros((50, 6, 8, 4), np.uint8), "y": LABELS},
        "it must be a table (n, columns), or images",
    ),
    "one class": ({"x": TABLE, "y": LABELS * 0}, "y in data.npz has 1 class"),
    "other columns": (
        {"train_x": TABLE, "train_y": LABELS, "test_x": TABLE[:, :2], "test_y": LABELS},
        "x of shape (50, 3) for training and (50, 2) for the test",
    ),
}


@pytest.mark.parametrize("defect", REFUSED)
def test_a_defect_is_a_sentence(defect: str, file: Path) -> None:
    content, sentence = REFUSED[defect]
    np.savez(file, **content)
    assert sentence in refused(file)


def test_what_is_no_npz_is_a_sentence(file: Path) -> None:
    for content in (b"PK\x03\x04 and then nothing", b"x" * 999):
        file.write_bytes(content)
        assert "not a valid .npz" in refused(file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00\x05\x00{1/0}")
        archive.writestr("y.npy", b"nothing")
    assert refused(file)


def test_a_huge_file_is_refused_before_it_is_unpacked(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(file, x=np.zeros((1000, 100)), y=np.zeros(1000))
    monkeypatch.setattr(memory, "free_memory", lambda: 3_000_000)
    assert "data.npz takes about 2.1 MB of memory, more than 1.5 MB" in refused(file)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), flip=st.integers(1, 255), keep=st.integers(1, 3000), packed=st.booleans())
def test_a_changed_file_is_a_dataset_or_a_sentence(
    place: int, flip: int, keep: int, packed: bool, tmp_path: Path
) -> None:
    file = tmp_path / f"{place}-{flip}-{keep}.npz"
    (np.savez_compressed if packed else np.savez)(file, x=TABLE, y=LABELS)
    content = bytearray(file.read_bytes())
    content = content[: max(len(content) - 1500 + keep, 50)]
    content[place % len(content)] ^= flip
    file.write_bytes(content)
    try:
        assert load(file).train_x.shape[1] == 3
    except DescendError as error:
        message = str(error)
    else:
        return
    assert clean(message) == message


STORY = "It was a dark and stormy night; the rain fell in torrents.\r\n" * 40


@pytest.mark.parametrize("name", ["story.txt", "story.md", "STORY.TXT"])
def test_a_text_is_a_stream_of_characters(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(STORY.encode())
    data = load(file)
    text = STORY.replace("\r\n", "\n")
    assert (data.kind, data.task) == ("text", "language")
    assert data.vocabulary == tuple(sorted(set(text)))
    assert decode(np.concatenate([data.train_x, data.test_x]), data.vocabulary) == text
    assert len(data.test_x) == len(text) // 10
    assert len(data.train_y) == len(data.test_y) == 0
    assert len(load(file, "limit=1000&test=0.5").train_x) == 500


def test_texts_that_cannot_be_learned_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "story.txt"
    for content, sentence in {
        b"": "is empty",
        b"short": "5 characters; at least 500",
        b"a" * 600: "one character over and over",
        b"\0" * 600: "zero byte in line 1",
        STORY.replace("dark", "d\u00e5rk").encode("latin-1"): "line 1 has the byte 0xE5",
    }.items():
        file.write_bytes(content)
        assert sentence in refused(file)
    assert "å" in load(file, "encoding=latin-1").vocabulary
    file.write_bytes(STORY.encode() * 2)
    monkeypatch.setattr(memory, "free_memory", lambda: 24_000)
    assert "limit=N takes the first N characters" in refused(file)
    assert len(load(file, "limit=900").train_x) == 810


def test_a_header_that_claims_too_much_is_a_sentence(file: Path) -> None:
    head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000,), }".ljust(117) + b"\n"
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("x.npy", "y.npy"):
            archive.writestr(name, b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head)
    assert "array 'x' says that it has the shape (10000000000000,)" in refused(file)


def test_classes_of_the_test_alone_are_said(file: Path) -> None:
    np.savez(file, train_x=TABLE, train_y=np.arange(50) % 2, test_x=TABLE[:20], test_y=np.arange(20) % 4)
    notes = load(file).notes
    assert "Only in the test set, and so never learned: 2 classes, '2', '3'." in notes


@pytest.mark.parametrize("as_text", [str, str.encode])
def test_classes_that_are_numbers_in_text_come_in_their_order(as_text: Any, file: Path) -> None:
    labels = [as_text(name) for name in ("10", "9", "2", "1", "other") for _ in range(10)]
    np.savez(file, x=TABLE, y=np.array(labels))
    data = load(file)
    assert data.classes == ("1", "2", "9", "10", "other")
    named = {row.tobytes(): label for row, label in zip(TABLE.astype(np.float32), labels, strict=True)}
    for row, label in zip(data.train_x, data.train_y, strict=True):
        assert named[row.tobytes()] == as_text(data.classes[label])


def test_labels_keep_what_distinguishes_them(file: Path) -> None:
    ids = np.array([1234567890123456789, 1234567890123456790, 1234567890123456791])[LABELS]
    np.savez(file, x=TABLE, y=ids)
    assert load(file).classes == tuple(map(str, sorted(set(ids.tolist()))))
    parts = {"train_x": TABLE, "train_y": ids, "test_x": TABLE, "test_y": ids.astype(np.uint64)}
    np.savez(file, **parts)
    assert load(file).classes == tuple(map(str, sorted(set(ids.tolist()))))
    np.savez(file, x=TABLE, y=ids.astype(float) + LABELS * 1024)
    assert any("neighbours became equal" in note for note in load(file).notes)
    np.savez(file, x=TABLE, y=np.array(["v1", "v1.0", "01"])[LABELS])
    assert load(file).classes == ("01", "v1", "v1.0")
    np.savez(file, x=TABLE, y=np.array([b"\xff", b"\xfe", b"a"])[LABELS])
    assert load(file).classes == ("\\xfe", "\\xff", "a")


def test_targets_keep_the_digits_that_distinguish_them(file: Path) -> None:
    seconds = 1.7e9 + np.arange(50)
    np.savez(file, x=TABLE, y=seconds)
    data = load(file)
    assert sorted([*data.train_y, *data.test_y]) == seconds.tolist()
    np.savez(file, x=TABLE, y=10**18 + np.arange(50))
    assert any(note.startswith("Warning: y holds numbers so nearly the same") for note in load(file).notes)


def test_columns_that_lose_digits_are_said(file: Path) -> None:
    np.savez(file, x=np.column_stack([TABLE, 1.7e9 + np.arange(50), np.full(50, 3.0)]), y=LABELS)
    assert "Warning: so nearly the same that 32-bit numbers lose digits: 'x4'." in load(file).notes
    np.savez(file, x=changed(TABLE, (4, 2), 1e39), y=LABELS)
    assert "has 1e+39, more than a 32-bit number can be, at index [4, 2]" in refused(file)


def test_what_is_not_used_is_named(file: Path) -> None:
    parts = {
        f"{part}_{name}": array for part in ("train", "val", "test") for name, array in (("x", TABLE), ("y", LABELS))
    }
    np.savez(file, **parts, ids=np.arange(50), extra=np.array([object()]))
    notes = load(file).notes
    assert "Trained with 'train_x', 'train_y', tested with 'test_x', 'test_y'." in notes
    assert "Left out: 4 arrays, 'val_x', 'val_y', 'ids', 'extra'." in notes
    np.savez(file, x=TABLE, y=LABELS, x_test=TABLE[:9] + 1, y_test=LABELS[:9])
    data = load(file)
    assert (len(data.train_x), len(data.test_x)) == (50, 9)
    assert not any("Left out" in note for note in data.notes)
    np.savez(file, XTrain=TABLE, yTrain=LABELS, **{"valid-x": TABLE[:7], "valid.y": LABELS[:7]})
    assert len(load(file).test_x) == 7
    np.savez(file, X=TABLE, x=TABLE, y=LABELS)
    assert "holds 'X', 'x', which are too similar" in refused(file)
    np.savez(file, train_x=TABLE, train_y=LABELS, test_x=TABLE, test_y=LABELS.astype(str))
    assert "words in one y and numbers in the other" in refused(file)


RANGES: dict[str, tuple[np.ndarray, np.ndarray]] = {
    "12 bits": (PIXELS[..., 0].astype(np.uint16) + 600, PIXELS[..., 0]),
    "less than nought": (PIXELS[..., 0].astype(np.int16) * 8 - 1024, PIXELS[..., 0]),
    "centred": ((PIXELS / 127.5 - 1).astype(np.float32), PIXELS),
    "faint": (PIXELS[..., 0] / 255 / 255, PIXELS[..., 0]),
    "small fractions": (PIXELS[..., 0] / 100, PIXELS[..., 0]),
}


@pytest.mark.parametrize("name", RANGES)
def test_pixels_of_another_range_take_the_range_of_the_training_part(name: str, file: Path) -> None:
    given_x, expected = RANGES[name]
    x, bytes_ = given_x.copy(), expected.copy()
    x[0].flat[:2], bytes_[0].flat[:2] = (given_x.flat[expected.argmin()], given_x.flat[expected.argmax()]), (0, 255)
    x[45].flat[0], bytes_[45].flat[0] = given_x.max() + (given_x.max() - given_x.min()), 255
    np.savez(file, train_x=x[:40], train_y=LABELS[:40], test_x=x[40:], test_y=LABELS[40:])
    data = load(file)
    assert data.scale == 255
    assert np.abs(data.train_x.astype(int) - bytes_[:40]).max() <= 1
    assert np.abs(data.test_x.astype(int) - bytes_[40:]).max() <= 1
    assert any("the range of those to train on, became 0 to 255" in note for note in data.notes)
    assert "1 image of the test with values beyond that range, cut off there." in data.notes
    assert any(note.startswith("Warning: x is taken for images") for note in data.notes) == (x.dtype.kind == "f")


def test_few_steps_of_brightness_are_told(file: Path) -> None:
    np.savez(file, x=PIXELS[..., 0] // 16, y=LABELS)
    data = load(file)
    assert (data.scale, data.train_x.max()) == (15, 15)
    assert "The brightest pixel is 15, which is taken as white." in data.notes
    np.savez(file, train_x=PIXELS, train_y=LABELS, test_x=PIXELS / 255, test_y=LABELS)
    assert "go up to 255 in one part and to 1 in the other" in refused(file)


def test_a_file_that_a_password_protects_is_a_sentence(file: Path) -> None:
    np.savez(file, x=TABLE, y=LABELS)
    content = bytearray(file.read_bytes())
    for at in range(len(content)):
        if content[at : at + 4] in (b"PK\x03\x04", b"PK\x01\x02"):
            content[at + (6 if content[at + 2] == 3 else 8)] |= 1
    file.write_bytes(content)
    assert "not a valid .npz" in refused(file)
