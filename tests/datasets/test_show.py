"""A dataset in numbers, and ``descend data`` as it is typed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from descend.datasets import catalogue
from descend.datasets.describe import choose_samples, describe
from descend.datasets.listing import walk_files
from descend.engine.base import trees
from descend.engine.cli import main
from descend.engine.cli.data_view import print_dataset
from descend.engine.cli.image_blocks import RAMP, draw_mosaic

EMBEDDED = [name for name in catalogue.list_names() if catalogue.find(name).embedded]


@pytest.mark.parametrize("name", EMBEDDED)
def test_the_numbers_are_those_of_the_data(name: str) -> None:
    data = catalogue.find(name).load()
    found = describe(data)
    assert (found.train, found.test) == (len(data.train_x), len(data.test_x))
    if data.classes:
        assert [count.train for count in found.classes] == np.bincount(data.train_y).tolist()
        assert sum(count.test for count in found.classes) == len(data.test_y)
    if data.kind == "table":
        for column, values in zip(found.features, data.train_x.T, strict=True):
            assert (column.min, column.max) == (values.min(), values.max())
            assert column.mean == pytest.approx(values.mean(), rel=1e-3, abs=1e-5)
            assert column.std == pytest.approx(values.std(), rel=1e-3)
    elif data.kind == "image":
        (bright,) = found.features
        assert (bright.min, bright.max) == (data.train_x.min(), data.train_x.max())
        assert bright.mean == pytest.approx(data.train_x.mean(), rel=1e-6)
        assert bright.std == pytest.approx(data.train_x.std(), rel=1e-6)
    else:
        assert sum(count.train for count in found.characters) == len(data.train_x)
    if data.targets:
        assert found.targets[0].mean == pytest.approx(data.train_y.mean(), rel=1e-3)


def test_samples_are_of_each_class_in_turn() -> None:
    data = catalogue.find("iris").load()
    assert data.train_y[choose_samples(data)].tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    assert len(set(choose_samples(data).tolist())) == 8


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("name", EMBEDDED)
def test_every_dataset_can_be_looked_at_in_any_terminal(name: str, width: int, encoding: str, tmp_path: Path) -> None:
    with open(tmp_path / "screen", "w", encoding=encoding, errors="replace") as screen:
        console = Console(file=screen, width=width, force_terminal=True, color_system="truecolor")
        print_dataset(catalogue.find(name).load(), console)
    text = (tmp_path / "screen").read_text(encoding)
    assert f"{catalogue.find(name).train_size:,} " in text
    if encoding == "ascii":
        assert "?" not in text


def test_without_colour_brightness_becomes_characters() -> None:
    ramp = np.repeat(np.linspace(0, 16, 8).astype(np.uint8)[None], 8, 0)
    lines = draw_mosaic(ramp[None], ["a long caption"], 16, 80, colour=False)
    assert [line.plain for line in lines[:4]] == [lines[0].plain] * 4
    assert [RAMP.index(character) for character in lines[0].plain] == sorted(map(RAMP.index, lines[0].plain))
    assert lines[0].plain[0] == RAMP[0]
    assert lines[0].plain[-1] == RAMP[-1]
    assert lines[4].plain == "a long c"


def test_in_colour_a_cell_is_two_pixels() -> None:
    image = np.zeros((1, 8, 8, 3), np.uint8)
    image[0, 0, :] = (255, 0, 9)
    (first, *_) = draw_mosaic(image, ["x"], 255, 80, colour=True)
    assert first.plain == "▀" * 8
    assert {str(span.style) for span in first.spans} == {"rgb(255,0,9) on rgb(0,0,0)"}


def test_large_pictures_are_made_to_fit() -> None:
    images = np.zeros((8, 64, 64, 3), np.uint8)
    for width in (30, 80, 200):
        assert max(len(line.plain) for line in draw_mosaic(images, ["x"] * 8, 255, width, colour=True)) <= width


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(list(words))
    out, err = capsys.readouterr()
    return status, out, err


def test_data_show_prints_a_table_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"{place},{'' if place == 3 else place / 4},{'ab'[place % 2]}\n" for place in range(40))
    (tmp_path / "own.csv").write_text("first,\x1b[31msecond,kind\n" + rows)
    status, out, err = shown(capsys, "data", "show", f"{tmp_path / 'own.csv'}?missing=mean")
    assert (status, err) == (0, "")
    assert "\x1b" not in out
    for words in ("32 samples for training, 8 for the test", "first", "missing", "std", "last column, 'kind'"):
        assert words in " ".join(out.split())
    status, out, err = shown(capsys, "data", "show", str(tmp_path / "own.csv"))
    assert status == 1
    assert "missing=mean" in out
    assert err.startswith("descend: own.csv lacks 1 value in 1 row")
    assert err.count("\n") == 1


def test_data_show_prints_a_folder_of_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for place in range(20):
        (tmp_path / "pets" / "ab"[place % 2]).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (200, 100), (place, 0, 0)).save(tmp_path / "pets" / "ab"[place % 2] / f"{place}.jpg")
    status, out, err = shown(capsys, "data", "show", str(tmp_path / "pets"))
    assert (status, err) == (0, "")
    assert "images of 64 × 64 colour pixels in 2 classes" in " ".join(out.split())


def test_data_show_json_is_the_description(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = shown(capsys, "data", "show", "diabetes", "--json")
    assert status == 0
    found = json.loads(out)
    assert (found["kind"], found["task"], found["train"], found["test"]) == ("table", "regression", 353, 89)
    assert len(found["features"]) == 10
    assert found["targets"][0]["max"] == 346


def test_data_list_tells_kind_task_and_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = shown(capsys, "data", "list", "--json")
    assert status == 0
    rows = {row["name"]: row for row in map(json.loads, out.splitlines())}
    assert set(rows) == set(catalogue.list_names())
    wine = rows["wine"]
    assert (wine["kind"], wine["task"], wine["train"], wine["outputs"]) == ("table", "classification", 142, 3)
    status, out, _ = shown(capsys, "data", "list")
    assert "regression" in out


@pytest.mark.parametrize(("words", "sentence"), [
    (["irsi"], "did you mean 'iris'?"),
    (["nowhere.csv"], "There is no file or folder 'nowhere.csv'."),
    (["iris?target=x"], "takes no options"),
    (["cifar-10"], "descend data fetch cifar-10"),
])  # fmt: skip
def test_data_show_of_nothing_is_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = shown(capsys, "data", "show", *words)
    assert status in (1, 2)
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1


def test_the_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = shown(capsys, "data", "show", "--help")
    assert (status, err) == (0, "")
    for word in ("missing", "thousands", "broken", "limit", "encode"):
        assert f"  {word} " in out


def test_folders_deeper_than_the_recursion_limit_are_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(1100):
        os.mkdir("d")
        os.chdir("d")
    Path("last").touch()
    os.symlink(tmp_path, "around")
    os.chdir(tmp_path)
    files = list(walk_files(tmp_path, set()))
    trees.remove(tmp_path / "d")
    assert [file.name for file in files] == ["last"]
