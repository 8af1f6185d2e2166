"""Folders of images of one's own: every kind of file that a camera or a program leaves, and what is broken."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from descend.datasets import catalogue, image_file, memory
from descend.datasets.dataset import Dataset
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.sanitize import clean

RAMP = np.add.outer(np.arange(16) * 8, np.arange(16) * 4).astype(np.uint8)
"""A grey picture, brighter to the right and more so downwards."""
COLOURS = np.stack([RAMP, RAMP[::-1], 255 - RAMP], 2)


def save(file: Path, pixels: np.ndarray, **how: Any) -> Path:
    """Write a picture."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file, **how)
    return file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes of five grey pictures each, brighter for each class and picture."""
    for label, name in enumerate(("cats", "dogs")):
        for place in range(5):
            save(tmp_path / "pets" / name / f"{place}.png", RAMP // 4 + np.uint8(100 * label + 10 * place))
    return tmp_path / "pets"


def load(root: Path, options: str = "") -> Dataset:
    """The dataset at a path; its spec must say what it turns out to be."""
    spec = catalogue.find(f"{root}?{options}" if options else str(root))
    data = spec.load()
    assert spec.shape == data.shape
    assert spec.where() == root
    assert (data.kind, data.task, data.scale, data.train_x.dtype) == ("image", "classification", 255, np.uint8)
    if "skip" not in options:
        assert (spec.train_size, spec.test_size) == (len(data.train_x), len(data.test_x))
    return data


def refused(root: Path, options: str = "") -> str:
    """The sentence with which it is refused."""
    with pytest.raises(DescendError) as raised:
        load(root, options)
    message = str(raised.value)
    assert clean(message) == message
    return message


def test_a_folder_for_each_class_is_read_and_split(root: Path) -> None:
    data = load(root)
    assert data.classes == ("cats", "dogs")
    assert data.train_x.shape == (8, 16, 16)
    assert np.bincount(data.train_y).tolist() == [4, 4]
    assert np.bincount(data.test_y).tolist() == [1, 1]
    for x, y in ((data.train_x, data.train_y), (data.test_x, data.test_y)):
        for image, label in zip(x, y, strict=True):
            rest = image - RAMP // 4
            assert rest.min() == rest.max()
            assert rest.max() // 100 == label
    assert not np.array_equal(load(root, "seed=1").test_x, load(root, "seed=2").test_x)


@pytest.mark.parametrize(
    "names",
    [
        ("train", "test"),
        ("Train", "val"),
        ("training", "validation"),
        ("training_set", "test_set"),
        ("train2017", "val2017"),
    ],
)
def test_train_and_test_folders_are_kept_apart(names: tuple[str, str], root: Path, tmp_path: Path) -> None:
    os.rename(root, tmp_path / "train_")
    root.mkdir()
    os.rename(tmp_path / "train_", root / names[0])
    save(root / names[1] / "dogs" / "x.png", RAMP * 0)
    data = load(root)
    assert (len(data.train_x), len(data.test_x)) == (10, 1)
    assert data.test_y.tolist() == [1]
    save(root / names[1] / "birds" / "x.png", RAMP)
    assert "has a class 'birds' that" in refused(root)


def test_an_unused_part_is_said(root: Path, tmp_path: Path) -> None:
    for part in ("train", "test", "val"):
        for name in ("a", "b"):
            for place in range(3):
                save(tmp_path / "parts" / part / name / f"{place}.png", RAMP)
    data = load(tmp_path / "parts")
    assert (len(data.train_x), len(data.test_x)) == (6, 6)
    assert any("val" in note for note in data.notes)


KINDS: dict[str, tuple[Callable[[Path], object], np.ndarray]] = {
    "png": (lambda to: save(to / "x.png", RAMP), RAMP),
    "bmp": (lambda to: save(to / "x.bmp", RAMP), RAMP),
    "webp": (lambda to: save(to / "x.webp", COLOURS, lossless=True), COLOURS),
    "upper case": (lambda to: save(to / "X.PNG", RAMP), RAMP),
    "16 bits": (lambda to: save(to / "x.png", RAMP.astype(np.uint16) * 257), RAMP),
    "two colours": (lambda to: save(to / "x.png", RAMP > 80), (RAMP > 80).astype(np.uint8) * 255),
    "palette": (lambda to: Image.fromarray(RAMP).convert("P").save(to / "x.png"), RAMP),
    "grey and opaque": (lambda to: save(to / "x.png", np.dstack([RAMP, RAMP * 0 + 255])), RAMP),
    "transparent": (lambda to: save(to / "x.png", np.dstack([COLOURS, RAMP * 0])), COLOURS * 0 + 255),
    "half transparent": (
        lambda to: save(to / "x.png", np.dstack([COLOURS, RAMP * 0 + 128])),
        (COLOURS * (128 / 255) + 127).astype(np.uint8),
    ),
    "cmyk": (lambda to: Image.fromarray(COLOURS).convert("CMYK").save(to / "x.tif"), COLOURS),
    "wrong name": (lambda to: save(to / "x.jpg", COLOURS, format="PNG"), COLOURS),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_picture_keeps_its_pixels(kind: str, tmp_path: Path) -> None:
    make, expected = KINDS[kind]
    make(tmp_path)
    (file,) = tmp_path.glob("*.*")
    look = image_file.read_header(file)
    assert (look.height, look.width, look.grey) == (16, 16, expected.ndim == 2)
    found = image_file.read_pixels(file, 16, 16, look.grey)
    assert found.dtype == np.uint8
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_a_colour_palette_is_colour(tmp_path: Path) -> None:
    file = tmp_path / "x.png"
    Image.fromarray(COLOURS).convert("P", palette=Image.Palette.ADAPTIVE, colors=256).save(file)
    assert not image_file.read_header(file).grey
    assert np.abs(image_file.read_pixels(file, 16, 16, False).astype(int) - COLOURS).mean() < 4


def test_of_an_animation_the_first_frame_is_taken(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((8, 8), value, np.uint8)) for value in (200, 40, 80)]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:])
    assert image_file.read_pixels(tmp_path / "x.gif", 8, 8, True).tolist() == [[200] * 8] * 8


@pytest.mark.parametrize("turned", range(1, 9))
def test_a_photograph_stands_upright(turned: int, tmp_path: Path) -> None:
    wide = np.zeros((16, 32), np.uint8)
    wide[:8, :16] = 255
    exif = Image.Exif()
    exif[0x0112] = turned
    file = save(tmp_path / "x.png", wide, exif=exif)
    look = image_file.read_header(file)
    assert (look.height, look.width) == ((32, 16) if turned >= 5 else (16, 32))
    found = image_file.read_pixels(file, look.height, look.width, look.grey)
    corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}[turned]
    assert found[corner] == 255
    assert (found == 255).mean() == 0.25


def test_pictures_of_other_proportions_are_cut_to_the_middle(tmp_path: Path) -> None:
    wide = np.zeros((20, 60), np.uint8)
    wide[:, 20:40] = 200
    file = save(tmp_path / "x.png", wide)
    assert image_file.read_pixels(file, 10, 10, True).min() > 180


@pytest.mark.parametrize(
    ("sizes", "options", "expected"),
    [
        ([(16, 16)], "", (16, 16)),
        ([(20, 30)], "", (20, 30)),
        ([(20, 30), (31, 22)], "", (32, 32)),
        ([(300, 200)], "", (64, 64)),
        ([(9, 12), (9, 13)], "", (16, 16)),
        ([(300, 200)], "size=24", (24, 24)),
        ([(300, 200)], "size=24x48", (24, 48)),
    ],
)
def test_the_size_is_what_they_have_or_what_is_told(
    sizes: list[tuple[int, int]], options: str, expected: tuple[int, int], tmp_path: Path
) -> None:
    for place in range(12):
        pixels = np.zeros(sizes[place % len(sizes)], np.uint8)
        save(tmp_path / "sizes" / "ab"[place % 2] / f"{place}.png", pixels)
    assert load(tmp_path / "sizes", options).train_x.shape[1:] == expected


def test_one_picture_in_colour_makes_all_of_them_colour_unless_told(root: Path) -> None:
    save(root / "cats" / "colour.png", COLOURS)
    assert load(root).train_x.shape == (8, 16, 16, 3)
    assert load(root, "colour=grey").train_x.shape == (8, 16, 16)
    assert load(root, "limit=3&test=0.5").train_x.shape == (3, 16, 16)


def png(pixels: np.ndarray = RAMP) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


BROKEN = {
    "zero bytes": b"",
    "text": b"not a picture at all",
    "cut short": png(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))[:4000],
    "cut in the header": png()[:20],
    "a bomb": png(np.zeros((8, 8), np.uint8)).replace(b"\0\0\0\x08\0\0\0\x08", b"\0\xff\xff\xff\0\xff\xff\xff"),
}


@pytest.mark.parametrize("defect", BROKEN)
def test_a_broken_picture_is_named_or_skipped_when_told(defect: str, root: Path) -> None:
    file = root / "cats" / "odd.png"
    file.write_bytes(BROKEN[defect])
    message = refused(root)
    assert str(file) in message
    assert "broken=skip" in message
    data = load(root, "broken=skip")
    assert len(data.train_x) + len(data.test_x) == 10
    assert any("1 broken image skipped, the first odd.png" in note for note in data.notes)


def test_a_class_of_broken_pictures_is_a_sentence(root: Path) -> None:
    for file in (root / "cats").iterdir():
        file.write_bytes(b"")
    assert "no image left" in refused(root, "broken=skip")
    for file in (root / "dogs").iterdir():
        file.write_bytes(b"")
    assert "None of the 10 images" in refused(root, "broken=skip")


def test_what_is_hidden_or_no_picture_is_skipped(root: Path) -> None:
    save(root / ".cache" / "x.png", RAMP)
    save(root / "cats" / ".x.png", RAMP)
    save(root / "__MACOSX" / "x.png", RAMP)
    (root / "cats" / "notes.txt").write_text("mine")
    (root / "labels.csv").write_text("a,b")
    save(root / "cover.png", RAMP)
    data = load(root)
    assert data.classes == ("cats", "dogs")
    assert len(data.train_x) + len(data.test_x) == 10
    assert "Skipped in pets, not being images: 2 files (.csv 1, .txt 1)." in data.notes
    assert any("having no class: 1 image" in note for note in data.notes)


def test_folders_within_a_class_and_links_in_a_circle(root: Path) -> None:
    save(root / "cats" / "more" / "deep" / "x.png", RAMP)
    (root / "cats" / "more" / "up").symlink_to(root / "cats", target_is_directory=True)
    (root / "dogs" / "all").symlink_to(root, target_is_directory=True)
    (root / "dogs" / "gone.png").symlink_to(root / "nothing.png")
    data = load(root)
    assert len(data.train_x) + len(data.test_x) == 11


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda root: None, "has no folders in it"),
        (lambda root: save(root / "x.png", RAMP), "has no folders in it"),
        (lambda root: save(root / "cats" / "x.png", RAMP), "has only the class 'cats'"),
        (lambda root: [save(root / name / "x.png", RAMP) for name in "abcdef"], "6 images in all and 1 of 'a'"),
        (lambda root: [save(root / name / "x.png", RAMP) for name in "ab"], "2 images in all"),
        (lambda root: [save(root / "a" / "x.png", RAMP), (root / "b").mkdir()], "b is an empty folder; put images"),
    ],
)
def test_a_folder_that_cannot_be_learned_from_is_a_sentence(
    make: Callable[[Path], object], sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "pets").mkdir()
    make(tmp_path / "pets")
    assert sentence in refused(tmp_path / "pets")


def test_too_many_pixels_are_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 8000)
    assert "choose a smaller size" in refused(root)
    assert load(root, "size=8").train_x.shape == (8, 8, 8)


@pytest.mark.parametrize("options", ["size=3", "size=axb", "size=9999", "colour=blue", "target=x", "broken=mend"])
def test_a_wrong_option_is_a_usage_error(options: str, root: Path) -> None:
    with pytest.raises(UsageError):
        catalogue.find(f"{root}?{options}")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 400), flip=st.integers(1, 255), keep=st.integers(1, 500))
def test_a_changed_file_is_pixels_or_broken(place: int, flip: int, keep: int, tmp_path: Path) -> None:
    content = bytearray(png(COLOURS)[:keep])
    content[place % len(content)] ^= flip
    file = tmp_path / "x.png"
    file.write_bytes(content)
    try:
        image_file.read_header(file)
        found = image_file.read_pixels(file, 16, 16, False)
    except image_file.BrokenImage as error:
        message = str(error)
    else:
        assert found.shape == (16, 16, 3)
        return
    assert clean(message) == message


def test_a_test_folder_without_classes_leaves_the_split_to_chance(tmp_path: Path) -> None:
    root = tmp_path / "pets"
    for place in range(10):
        save(root / "train" / ("cats" if place % 2 else "dogs") / f"{place}.png", RAMP)
        save(root / "test" / f"{place}.png", RAMP)
    data = load(root)
    assert (len(data.train_x), len(data.test_x)) == (8, 2)
    assert "Left out besides train: 'test'." in data.notes
    for place in range(4):
        save(root / "val" / ("cats" if place % 2 else "dogs") / f"{place}.png", RAMP)
    assert len(load(root).test_x) == 4


def test_what_other_programs_leave_behind_is_no_class(root: Path) -> None:
    for name in ("@eaDir", "$RECYCLE.BIN", "lost+found"):
        (root / name).mkdir()
        (root / "cats" / name).mkdir()
    (root / "cats" / "Thumbs.db").write_bytes(b"x")
    data = load(root)
    assert data.classes == ("cats", "dogs")
    assert not any("Skipped in" in note for note in data.notes)


def test_classes_one_folder_further_in_are_pointed_at(tmp_path: Path) -> None:
    for place in range(10):
        save(tmp_path / "pets" / "data" / ("cats" if place % 2 else "dogs") / f"{place}.png", RAMP)
    with pytest.raises(DescendError, match=r"only the class 'data'.*if the classes are in .*data, name that"):
        load(tmp_path / "pets")
    assert load(tmp_path / "pets" / "data").classes == ("cats", "dogs")


def test_names_that_are_no_text_are_spelled(root: Path, tmp_path: Path) -> None:
    odd = os.path.join(os.fsencode(root), b"cow\xff")
    try:
        os.mkdir(odd)
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    for place in range(4):
        save(Path(os.fsdecode(odd)) / f"{place}.png", RAMP)
    (Path(os.fsdecode(odd)) / os.fsdecode(b"x\xfe.png")).write_bytes(b"")
    data = load(root, "broken=skip")
    assert data.classes == ("cats", "cow\\xff", "dogs")
    assert "1 broken image skipped, the first x\\xfe.png." in data.notes
    with pytest.raises(UsageError, match="has the byte 0xFF, which is not UTF-8 text; rename it"):
        catalogue.find(os.fsdecode(odd))


def test_classes_that_differ_in_capital_letters_are_said(root: Path) -> None:
    save(root / "Cats" / "1.png", RAMP)
    save(root / "Cats" / "2.png", RAMP)
    if "Cats" not in os.listdir(root):
        pytest.skip("this file system does not tell capital letters apart")
    assert any("only in capital letters" in note for note in load(root).notes)
