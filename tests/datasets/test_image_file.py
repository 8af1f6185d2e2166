"""Pictures of every kind that Pillow reads: formats, values of more than 8 bits, frames, memory."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from descend.datasets import catalogue, gate, image_file, memory
from descend.datasets.dataset import Dataset
from descend.engine.base.errors import DescendError

RAMP = np.add.outer(np.arange(16) * 8, np.arange(16) * 4).astype(np.uint8)
COLOURS = np.stack([RAMP, RAMP[::-1], 255 - RAMP], 2)
RANDOM = np.random.default_rng(0)


def load(root: Path, options: str = "") -> Dataset:
    return catalogue.find(f"{root}?{options}" if options else str(root)).load()


def refused(root: Path, options: str = "") -> str:
    with pytest.raises(DescendError) as raised:
        load(root, options)
    return str(raised.value)


def two_classes(root: Path, save, classes: tuple[str, str] = ("a", "b"), each: int = 5) -> Path:  # type: ignore[no-untyped-def]
    """A folder in which ``save(file without an ending, class, number)`` has written pictures."""
    for label, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for place in range(each):
            save(root / name / str(place), label, place)
    return root


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png16(file: Path, values: np.ndarray) -> None:
    """Write values of 16 bits, (h, w, channels); Pillow does so for grey ones only."""
    height, width, channels = values.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    head = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    file.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    )


FORMATS = {
    "ppm": "PPM", "pgm": "PPM", "pbm": "PPM", "pnm": "PPM", "jfif": "JPEG", "jpe": "JPEG", "jp2": "JPEG2000",
    "j2k": "JPEG2000", "avif": "AVIF", "webp": "WEBP", "tga": "TGA", "pcx": "PCX", "ico": "ICO",
    "sgi": "SGI", "dds": "DDS", "qoi": "QOI", "apng": "PNG", "dib": "DIB", "mpo": "MPO", "tiff": "TIFF",
}  # fmt: skip


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("upper", [False, True])
def test_pictures_of_every_format_count(ending: str, upper: bool, tmp_path: Path) -> None:
    if f".{ending}" not in image_file.list_extensions():
        pytest.skip("Pillow was built without it")

    def save(to: Path, label: int, place: int) -> None:
        drawn = Image.fromarray(COLOURS if label else COLOURS[::-1])
        if ending in ("pgm", "pbm"):
            drawn = drawn.convert("L")
        if ending == "pbm":
            drawn = drawn.point(lambda value: 255 * (value > 80), "1")
        drawn.save(to.with_suffix(f".{ending.upper() if upper else ending}"), FORMATS[ending])

    data = load(two_classes(tmp_path / "drawn", save))
    assert len(data.train_x) + len(data.test_x) == 10
    assert data.train_x.shape[1:3] == (16, 16)
    one, other = data.train_x[data.train_y == 0][0].astype(int), data.train_x[data.train_y == 1][0].astype(int)
    assert np.abs(one - other[::-1]).mean() < 16
    assert not any("Skipped in" in note for note in data.notes)


@pytest.mark.parametrize("ending", ["eps", "ps", "pdf", "wmf", "emf", "h5", "grib", "bufr", "mpg", "py", ""])
def test_what_pillow_does_not_decode_is_no_picture(ending: str) -> None:
    assert f".{ending}" not in image_file.list_extensions()


def test_a_mixed_folder_says_what_it_passes_over(tmp_path: Path) -> None:
    def save(to: Path, label: int, place: int) -> None:
        Image.fromarray(RAMP).save(to.with_suffix(".png" if place % 2 else ".JPG"))
        to.with_suffix(".xml").write_text("<a/>")
        if not place:
            to.with_suffix(".Dcm").write_bytes(b"x")
            to.with_name("README").write_text("x")

    root = two_classes(tmp_path / "mixed", save)
    (root / "all.csv").write_text("a,b")
    data = load(root)
    assert len(data.train_x) + len(data.test_x) == 10
    assert "Skipped in mixed, not being images: 15 files (.xml 10, .dcm 2, no ending 2, .csv 1)." in data.notes


def test_a_class_without_pictures_is_kept_and_named(tmp_path: Path) -> None:
    root = two_classes(tmp_path / "scans", lambda to, label, place: Image.fromarray(RAMP).save(to.with_suffix(".png")))
    (root / "c").mkdir()
    for place in range(3):
        (root / "c" / f"{place}.dcm").write_bytes(b"x")
    message = refused(root)
    assert "c holds no images that Pillow reads here, only 3 files (.dcm 3); save them as PNG or JPEG" in message
    assert "remove" not in message
    assert "leave it out with ignore=c." in message
    assert load(root, "ignore=c").classes == ("a", "b")
    assert "has no class 'd' to leave out" in refused(root, "ignore=d")


@pytest.mark.parametrize("kind", ["I;16", "I;16B", "tiff", "I", "F", "pgm", "RGB", "RGBA", "LA", "RGB tiff"])
def test_values_of_more_than_8_bits_take_the_range_of_their_own(kind: str, tmp_path: Path) -> None:
    low, high = 600, 855

    def save(to: Path, label: int, place: int) -> None:
        values = RANDOM.integers(low, high + 1, (8, 8))
        values[0, 0], values[7, 7] = low, high
        values[3, 3] = 700
        if kind == "pgm":
            to.with_suffix(".pgm").write_bytes(b"P5 8 8 4095\n" + values.astype(">u2").tobytes())
        elif kind in ("RGB", "RGBA", "LA"):
            channels = [values] * (3 if kind[0] == "R" else 1) + [values * 0 + 65535] * (kind[-1] == "A")
            png16(to.with_suffix(".png"), np.stack(channels, 2))
        elif kind == "RGB tiff":
            tiff16(to.with_suffix(".tif"), np.stack([values] * 3, 2))
        elif kind in ("F", "I"):
            Image.fromarray(values.astype(np.float32 if kind == "F" else np.int32)).save(to.with_suffix(".tif"))
        elif kind == "tiff":
            Image.fromarray(values.astype(np.uint16)).save(to.with_suffix(".tiff"), compression="tiff_lzw")
        else:
            order = {"I;16": "<u2", "I;16B": ">u2"}[kind]
            raw = values.astype(order).tobytes()
            Image.frombytes(kind, (8, 8), raw).save(to.with_suffix(".tif" if kind == "I;16B" else ".png"))

    data = load(two_classes(tmp_path / "scans", save))
    grey = "RGB" not in kind
    assert data.train_x.shape == ((8, 8, 8) if grey else (8, 8, 8, 3))
    assert (data.train_x[:, 0, 0] == 0).all()
    assert (data.train_x[:, 7, 7] == 255).all()
    assert (data.train_x[:, 3, 3] == 100).all()
    (note,) = (note for note in data.notes if "more than 8 bits" in note)
    assert note.startswith("10 images of 10 with more than 8 bits a value")
    if kind != "pgm":  # which tells its own largest value, and so is read as 16 bits
        assert "600 to 855" in note


def tiff16(file: Path, values: np.ndarray) -> None:
    """Write colours of 16 bits, little-endian, uncompressed."""
    height, width, _ = values.shape
    entries = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 3, 8 + 2 + 9 * 12 + 4), (259, 3, 1, 1), (262, 3, 1, 2)]
    start = 8 + 2 + 9 * 12 + 4 + 6
    entries += [(273, 4, 1, start), (277, 3, 1, 3), (278, 3, 1, height), (279, 4, 1, values.size * 2)]
    head = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    file.write_bytes(head + body + struct.pack("<IHHH", 0, 16, 16, 16) + values.astype("<u2").tobytes())


def test_the_range_is_that_of_the_training_part_and_is_the_same_for_all(tmp_path: Path) -> None:
    for part, values in (("train", (1000, 2000)), ("test", (500, 3000))):
        for name in "ab":
            for place in range(3):
                (tmp_path / "s" / part / name).mkdir(parents=True, exist_ok=True)
                pixels = np.full((8, 8), 1500, np.uint16)
                pixels[0, 0], pixels[0, 1] = values
                Image.fromarray(pixels).save(tmp_path / "s" / part / name / f"{place}.png")
    data = load(tmp_path / "s")
    assert data.train_x[0, 0, :3].tolist() == [0, 255, 128]
    assert data.test_x[0, 0, :3].tolist() == [0, 255, 128]
    assert "6 images of the test with values beyond that range, cut off there." in data.notes


def test_wide_pictures_among_others_are_distinguished(tmp_path: Path) -> None:
    def save(to: Path, label: int, place: int) -> None:
        pixels = RAMP if place % 2 else RAMP.astype(np.uint16) * 10 + 600
        Image.fromarray(pixels).save(to.with_suffix(".png"))

    data = load(two_classes(tmp_path / "s", save))
    assert any("The other 4 have 8 bits and stay as they are" in note for note in data.notes)
    assert {int(image.max()) for image in data.train_x} == {255, int(RAMP.max())}


def test_fractions_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    def save(to: Path, label: int, place: int) -> None:
        Image.fromarray(np.full((8, 8), np.nan if place == 3 else place, np.float32)).save(to.with_suffix(".tif"))

    root = two_classes(tmp_path / "s", save)
    assert "3.tif has values that are not finite numbers" in refused(root)
    assert len(load(root, "broken=skip").train_x) == 6


@pytest.mark.parametrize(
    ("mode", "how", "sentence"),
    [
        ("L", {"format": "SGI", "bpc": 2}, "has values of 16 bits in a form that is not read"),
        ("LAB", {"format": "TIFF"}, "is in LAB colours, which are not read"),
        ("I;16", {"format": "TIFF"}, "hold the one value 600; there is nothing to learn from"),
    ],
)
def test_what_would_be_lost_is_refused(mode: str, how: dict[str, object], sentence: str, tmp_path: Path) -> None:
    drawn = Image.new(mode, (8, 8), 600 if mode == "I;16" else 0)
    ending = ".sgi" if mode == "L" else ".tif"
    root = two_classes(tmp_path / "s", lambda to, label, place: drawn.save(to.with_suffix(ending), **how))
    assert sentence in refused(root)


def test_colours_of_16_bits_that_are_stored_apart_are_refused(tmp_path: Path) -> None:
    def save(to: Path, label: int, place: int) -> None:
        file = to.with_suffix(".tif")
        tiff16(file, np.full((8, 8, 3), 600))
        content = bytearray(file.read_bytes())
        content[8 + 2 + 7 * 12 : 8 + 2 + 7 * 12 + 12] = struct.pack("<HHII", 284, 3, 1, 2)  # instead of rows to a strip
        file.write_bytes(content)

    assert "has values of 16 bits in a form that is not read" in refused(two_classes(tmp_path / "s", save))


def test_first_frames_and_pages_are_said(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((8, 8), value, np.uint8)) for value in (200, 40, 80)]

    def save(to: Path, label: int, place: int) -> None:
        ending = (".gif", ".tif", ".png", ".webp", ".bmp")[place]
        more = {} if ending == ".bmp" else {"save_all": True, "append_images": frames[1:]}
        frames[0].save(to.with_suffix(ending), **more)

    data = load(two_classes(tmp_path / "s", save))
    assert "Of several frames or pages the first is used: 8 images, as 0.gif." in data.notes
    assert np.abs(data.train_x.astype(int) - 200).max() <= 3


def test_a_second_frame_that_is_damaged_does_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "x.gif"
    frames = [Image.fromarray(RANDOM.integers(0, 255, (32, 32), np.uint8)) for _ in range(2)]
    frames[0].save(file, save_all=True, append_images=frames[1:])
    file.write_bytes(file.read_bytes()[:-400])
    assert image_file.read_header(file).several
    assert np.array_equal(image_file.read_pixels(file, 32, 32, True), np.asarray(frames[0]))


@pytest.mark.parametrize("parts", [("",), ("train", "test")])
def test_folders_that_are_numbers_are_classes_in_their_order(parts: tuple[str, ...], tmp_path: Path) -> None:
    for part in parts:
        for name in ("10", "9", "2", "1", "-3", "other"):
            (tmp_path / "s" / part / name).mkdir(parents=True)
            for place in range(3):
                Image.fromarray(RAMP).save(tmp_path / "s" / part / name / f"{place}.png")
    assert load(tmp_path / "s").classes == ("-3", "1", "2", "9", "10", "other")


def test_parts_without_classes_are_no_classes(tmp_path: Path) -> None:
    root = two_classes(
        tmp_path / "s", lambda to, label, place: Image.fromarray(RAMP).save(to.with_suffix(".png")), ("train", "test")
    )
    assert "the folders 'test', 'train', which are no classes" in refused(root)


def test_a_test_folder_that_lacks_a_class_says_so(tmp_path: Path) -> None:
    for part, names in (("train", "abc"), ("val", "ab")):
        for name in names:
            (tmp_path / "s" / part / name).mkdir(parents=True)
            for place in range(3):
                Image.fromarray(RAMP).save(tmp_path / "s" / part / name / f"{place}.png")
    (tmp_path / "s" / "val" / "c").mkdir()
    notes = load(tmp_path / "s").notes
    assert "Never tested, for lack of images in val: 'c'." in notes
    assert "Tested with what is in val." in notes


def test_large_pictures_are_decoded_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most, taken = [0], [0]

    class Counted(gate.MemoryGate):
        def passing(self, needed: int):  # type: ignore[no-untyped-def]
            held = super().passing(needed)

            class Held:
                def __enter__(self) -> None:
                    held.__enter__()
                    taken[0] += needed
                    most[0] = max(most[0], taken[0])

                def __exit__(self, *_: object) -> None:
                    taken[0] -= needed
                    held.__exit__(None, None, None)

            return Held()

    save = lambda to, label, place: Image.fromarray(np.zeros((500, 500, 3), np.uint8)).save(to.with_suffix(".png"))  # noqa: E731
    root = two_classes(tmp_path / "s", save)
    each = 500 * 500 * image_file.PER_PIXEL
    monkeypatch.setattr(image_file, "gate", Counted(3 * each))
    load(root, "size=8")
    assert 0 < most[0] <= 3 * each
    monkeypatch.setattr(image_file, "TOGETHER", each - 1)
    monkeypatch.setattr(memory, "free_memory", lambda: each)
    message = refused(root, "size=8")
    assert "a picture of 500 × 500 pixels, takes about 4.0 MB of memory, more than 2.0 MB" in message
    assert message.endswith("or say broken=skip.")
