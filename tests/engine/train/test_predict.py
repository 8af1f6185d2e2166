"""`descend predict`: new rows, prepared as the training's were, without its data."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.engine.train.trained import said, trained

from descend.datasets import catalogue
from descend.engine.base.errors import DescendError
from descend.engine.cli import main
from descend.engine.run.preparation_file import read_preparation
from descend.engine.run.runs import Run
from descend.engine.train.predictor import load_predictor

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, in_features):
        super().__init__()
        self.out = nn.Linear(in_features, 1)
        self.register_buffer("shift", torch.zeros((), dtype=torch.float64))

    def forward(self, x):
        return torch.sigmoid(self.out(x) + self.shift)
"""


def table(folder: Path, target: str = "kind", rows: int = 80) -> Path:
    chance = random.Random(1)
    lines = ["size,colour,weight,kind,price"]
    for _ in range(rows):
        size, colour, weight = chance.gauss(50, 9), chance.choice(["red", "green", "blue"]), chance.random() * 1e-3
        kind = "large" if size + 9 * (colour == "red") > 52 else "small"
        lines.append(f"{size:.3f},{colour},{weight:.3g},{kind},{1e6 + 300 * size + chance.random():.2f}")
    file = folder / "t.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def predicted(run: Run, file: Path, folder: Path, *more: str) -> list[dict[str, str]]:
    out = folder / "out.csv"
    assert main(["predict", run.id, str(file), "--to", str(out), "--force", *more]) == 0
    return list(csv.DictReader(io.StringIO(out.read_text())))


def sum_metric(run: Run, name: str) -> float:
    """Over all samples, what the training found to be the mean of its two parts."""
    status, prepared = said(run).status, read_preparation(run)
    assert status is not None
    return sum(
        float(status.metrics[f"{part}/{name}"]) * size  # type: ignore[arg-type]
        for part, size in (("train", prepared.train), ("test", prepared.test))
    )


@pytest.mark.parametrize("model", ["mlp", "own"])
def test_classes_are_those_that_the_training_counted(tmp_path: Path, model: str) -> None:
    """Over all rows: what the training found right of its two parts, each evaluated on its own."""
    file, name = table(tmp_path), model
    if model == "own":
        (tmp_path / "net.py").write_text(NET)
        name = f"{tmp_path}/net.py:Net"
    run = trained(name, f"{file}?target=kind&ignore=price", epochs=4)
    counted = sum_metric(run, "accuracy")
    rows = predicted(run, file, tmp_path)
    assert len(rows) == 80
    assert sum(row["prediction"] == row["kind"] for row in rows) == round(counted)
    for row in rows:
        shares = {name: float(row[f"probability {name}"]) for name in ("large", "small")}
        assert abs(sum(shares.values()) - 1) < 1e-5
        assert max(shares, key=shares.__getitem__) == row["prediction"]


def test_numbers_come_in_the_unit_of_the_target(tmp_path: Path) -> None:
    file = table(tmp_path)
    run = trained("mlp", f"{file}?target=price&ignore=kind", epochs=6)
    expected = sum_metric(run, "mae")
    rows = predicted(run, file, tmp_path)
    found = sum(abs(float(row["predicted price"]) - float(row["price"])) for row in rows)
    assert found == pytest.approx(expected, rel=1e-4)


def test_rows_are_prepared_as_the_training_s_were_and_what_stands_in_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = table(tmp_path)
    run = trained("mlp", f"{file}?target=kind&ignore=price", epochs=2)
    file.unlink()  # the training's data is not needed
    fill = {encoder.name: encoder.fill for encoder in read_preparation(run).encoders}
    usual = tmp_path / "usual.csv"
    usual.write_text(f"size,colour,weight\n51,red,0.0004\n{fill['size']!r},{fill['colour']},0.0004\n")
    other = tmp_path / "other.csv"
    other.write_text("note,weight,colour,size\nx,0.0004,red,51\ny,0.0004,pink,\n")
    one, two = predicted(run, usual, tmp_path), predicted(run, other, tmp_path)
    assert [row["probability large"] for row in one] == [row["probability large"] for row in two]
    assert [row["note"] for row in two] == ["x", "y"]
    told = capsys.readouterr().err
    assert "1 row without 'size'" in told
    assert "1 row with 'pink' in 'colour', which the training did not have" in told


def test_one_row_is_as_good_as_many_and_so_are_none(tmp_path: Path) -> None:
    run = trained("mlp", f"{table(tmp_path)}?target=kind&ignore=price", epochs=2)
    rows = (tmp_path / "t.csv").read_text().splitlines()
    (tmp_path / "one.csv").write_text("\n".join(rows[:2]) + "\n")
    (tmp_path / "none.csv").write_text(rows[0] + "\n")
    many, one = predicted(run, tmp_path / "t.csv", tmp_path), predicted(run, tmp_path / "one.csv", tmp_path)
    assert float(one[0]["probability large"]) == pytest.approx(float(many[0]["probability large"]), abs=1e-5)
    assert predicted(run, tmp_path / "none.csv", tmp_path) == []


def pictures(folder: Path, wide: bool = False) -> Path:
    """Dark and bright pictures with noise, 12 × 12, in two folders."""
    chance = np.random.default_rng(0)
    for name, level in (("dark", 80), ("bright", 120)):
        place = folder / "pictures" / name
        place.mkdir(parents=True)
        for number in range(30):
            pixels = np.clip(chance.normal(level, 30, (12, 12)), 0, 255)
            kept = (pixels * 200).astype(np.uint16) if wide else pixels.astype(np.uint8)
            Image.fromarray(kept).save(place / f"{number}.png")
    return folder / "pictures"


@pytest.mark.parametrize("wide", [False, True])
def test_classes_of_pictures_are_those_that_the_training_counted(tmp_path: Path, wide: bool) -> None:
    place = pictures(tmp_path, wide)
    run = trained("mlp", str(place), epochs=3)
    counted = sum_metric(run, "accuracy")
    rows = predicted(run, place, tmp_path)
    assert len(rows) == 60
    assert sum(row["prediction"] == Path(row["image"]).parent.name for row in rows) == round(counted)
    one = predicted(run, place / "dark" / "7.png", tmp_path)
    [same] = [row for row in rows if row["image"] == one[0]["image"]]
    assert float(one[0]["probability dark"]) == pytest.approx(float(same["probability dark"]), abs=1e-5)


def test_pictures_have_the_scale_of_the_training_s(tmp_path: Path) -> None:
    """The digits are stored with 16 for white; a picture of one has 255 there."""
    run = trained("mlp", "digits", epochs=1)
    x = catalogue.find("digits").load().test_x[:20]
    expected = load_predictor(run).predict(x).argmax(1)
    (tmp_path / "some").mkdir()
    for number, pixels in enumerate(x):
        Image.fromarray(np.rint(pixels * (255 / 16)).astype(np.uint8)).save(tmp_path / "some" / f"{number:02}.png")
    rows = predicted(run, tmp_path / "some", tmp_path)
    assert [row["prediction"] for row in rows] == [str(label) for label in expected]


def test_a_training_on_arrays_predicts_rows_of_a_table(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    np.savez(tmp_path / "a.npz", x=chance.normal(size=(60, 2)), y=chance.integers(0, 2, 60))
    run = trained("mlp", f"{tmp_path}/a.npz?seed=1", epochs=1)
    names = [encoder.name for encoder in read_preparation(run).encoders]
    (tmp_path / "rows.csv").write_text(",".join(names) + "\n0.5,-1\n")
    [row] = predicted(run, tmp_path / "rows.csv", tmp_path)
    assert row["prediction"] in ("0", "1")


def test_what_cannot_be_predicted_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = table(tmp_path)
    run = trained("mlp", f"{file}?target=kind&ignore=price", epochs=1)
    images, repeats = trained("mlp", "digits", epochs=1), trained("autoencoder", "iris", epochs=1)
    (tmp_path / "empty").mkdir()
    rows = file.read_text().splitlines()
    for name, text in {
        "lacks.csv": "size,weight\n1,2\n",
        "word.csv": "\n".join([rows[0], rows[1].replace(rows[1].split(",")[0], "tall")]),
        "ragged.csv": rows[0] + "\n1,2\n",
        "picture.png": "\x89PNG\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="latin-1")
    for words, expected in [
        ([run.id, f"{tmp_path}/lacks.csv"], "lacks.csv lacks column 'colour'"),
        ([run.id, f"{tmp_path}/word.csv"], "has 'tall' in line 2, where the training had numbers"),
        ([run.id, f"{tmp_path}/ragged.csv"], "Line 2 of ragged.csv"),
        ([run.id, f"{tmp_path}/gone.csv"], "gone.csv"),
        ([run.id, f"{tmp_path}/picture.png"], "picture.png"),
        ([images.id, str(file)], "t.csv"),
        ([images.id, str(tmp_path / "empty")], "no images"),
        ([images.id, str(tmp_path / "gone")], "no file or folder"),
        ([repeats.id, str(file)], "continue or repeat"),
        ([run.id, str(file), "--to", str(file)], "exists already"),
        (["nothing", str(file)], "There is no run 'nothing'"),
    ]:
        assert main(["predict", *words]) != 0
        told = capsys.readouterr()
        assert expected in told.err, told.err
        assert "Traceback" not in told.err
    assert file.read_text().splitlines() == rows


def test_without_weights_there_is_nothing_to_predict_with(tmp_path: Path) -> None:
    run = trained("mlp", "iris", epochs=1)
    load_predictor(run)
    for checkpoint in run.checkpoints.iterdir():
        checkpoint.write_bytes(b"damaged")
    with pytest.raises(DescendError, match="no checkpoint that can be read"):
        load_predictor(run)


def test_a_damaged_newest_checkpoint_is_not_replaced_by_an_older_one(tmp_path: Path) -> None:
    run = trained("mlp", "iris", epochs=1)
    first, *_, last = run.checkpoint_steps()
    run.checkpoint(last).write_bytes(b"")
    with pytest.raises(DescendError, match=rf"{run.checkpoint(last).name}.* cannot be read.* after step {first}"):
        load_predictor(run)
