"""`descend evaluate`: a finished training on its own held-back part, on new rows, and on folders of pictures."""

from __future__ import annotations

import json
import random
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score
from tests.engine.train.trained import said, trained

from descend.engine.cli import main
from descend.engine.cli.evaluate import judge
from descend.engine.evaluation.trained_on import tell_trained_on
from descend.engine.run.preparation_file import read_preparation
from descend.engine.run.runs import Run
from descend.engine.train.predictor import load_predictor


def table(folder: Path, rows: int = 200, name: str = "t.csv", seed: int = 1) -> Path:
    chance = random.Random(seed)
    lines = ["size,colour,kind,price"]
    for _ in range(rows):
        size, colour = chance.gauss(50, 9), chance.choice(["red", "green", "blue"])
        kind = "large" if size + 9 * (colour == "red") + chance.gauss(0, 4) > 52 else "small"
        lines.append(f"{size:.3f},{colour},{kind},{300 * size + chance.gauss(0, 500):.2f}")
    file = folder / name
    file.write_text("\n".join(lines) + "\n")
    return file


def evaluated(capsys: pytest.CaptureFixture[str], run: Run, *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["evaluate", run.id, *words, "--json"]) == 0
    *progress, found = map(json.loads, capsys.readouterr().out.splitlines())
    shares = [line["progress"] for line in progress]
    assert shares == sorted(shares)
    assert 0.9 < shares[-1] <= 1
    return dict(found)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(["evaluate", *words]) in (1, 2)
    told = capsys.readouterr().err
    assert "Traceback" not in told
    return told


def test_the_held_back_part_is_judged_as_the_training_judged_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained("mlp", f"{table(tmp_path)}?target=kind&ignore=price", epochs=4)
    status = said(run).status
    assert status is not None
    found = evaluated(capsys, run)
    accuracy = found["metrics"]["accuracy"]
    assert found["samples"] == 40
    assert accuracy["value"] == pytest.approx(status.metrics["test/accuracy"])
    assert accuracy["low"] < accuracy["value"] < accuracy["high"]
    assert accuracy["method"] == "Wilson"
    assert sum(map(sum, found["confusion"])) == 40
    blind, linear = found["baselines"]
    assert blind.startswith("always '")
    assert linear == "logistic regression"
    assert found["baselines"][linear]["accuracy"] > found["baselines"][blind]["accuracy"]
    assert {one["word"] for one in found["slices"]} == {"red", "green", "blue"}
    assert sum(one["samples"] for one in found["slices"]) == 40
    assert found["noise"][0]["accuracy"] == accuracy["value"]


def test_new_rows_are_judged_by_what_they_say_themselves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = table(tmp_path)
    run = trained("mlp", f"{file}?target=kind&ignore=price", epochs=4)
    file.unlink()  # the training's data is not needed
    new = table(tmp_path, 90, "new.csv", seed=2)
    lines = new.read_text().splitlines()
    turned = [",".join(reversed(line.split(","))) for line in lines]  # columns in another order
    turned += ["1.0,huge,red,40.5", "1.0,,red,40.5"]
    new.write_text("\n".join(turned) + "\n")
    found = evaluated(capsys, run, str(new))
    out = tmp_path / "out.csv"
    assert main(["predict", run.id, str(new), "--to", str(out)]) == 0
    rows = [dict(zip(turned[0].split(","), line.split(","), strict=False)) for line in turned[1:91]]
    cells = [line.split(",") for line in out.read_text().splitlines()[1:91]]
    expected = roc_auc_score([row["kind"] == "small" for row in rows], [float(cell[-1]) for cell in cells])
    assert found["samples"] == 90
    assert found["metrics"]["roc_auc"]["value"] == pytest.approx(expected, abs=1e-4)
    often = max(("large", "small"), key=[row["kind"] for row in rows].count)
    assert list(found["baselines"]) == [f"always '{often}'"]  # no linear model without the training's data
    assert "1 row without column 'kind'" in " ".join(found["notes"])
    assert "'huge', no class of the training" in " ".join(found["notes"])


def test_numbers_are_judged_in_their_unit_and_two_runs_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = f"{table(tmp_path)}?target=price&ignore=kind"
    run, hasty = trained("mlp", data, epochs=40), trained("mlp", data, epochs=1)
    status = said(run).status
    assert status is not None
    found = evaluated(capsys, run, "--against", hasty.id)
    assert found["metrics"]["mae"]["value"] == pytest.approx(status.metrics["test/mae"], rel=1e-4)
    assert list(found["baselines"]) == ["always the mean", "ridge regression", hasty.id]
    assert found["comparisons"][hasty.id]["p"] < 0.05
    assert found["comparisons"][hasty.id]["words"].startswith("the model is better")
    assert found["confusion"] is None


def test_runs_that_held_other_samples_back_are_compared_on_data_that_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, new = table(tmp_path), table(tmp_path, name="new.csv", seed=2)
    renamed = tmp_path / "renamed.csv"
    renamed.write_text(data.read_text().replace("size", "weight", 1))
    copy = tmp_path / "copy.csv"
    copy.write_text(data.read_text())
    run, same, split, columns = (
        trained("mlp", f"{file}?target=kind&ignore=price{more}", epochs=1)
        for file, more in ((data, ""), (copy, ""), (data, "&test=0.4"), (renamed, ""))
    )
    for other in (split, columns):
        assert "name data to compare them on" in refused(capsys, run.id, "--against", other.id)
    assert same.id in evaluated(capsys, run, "--against", same.id)["baselines"]
    assert split.id in evaluated(capsys, run, str(new), "--against", split.id)["baselines"]


def pictures(folder: Path) -> Path:
    chance = np.random.default_rng(0)
    for name, level in (("dark", 80), ("bright", 150)):
        place = folder / "pictures" / name
        place.mkdir(parents=True)
        for number in range(24):
            pixels = np.clip(chance.normal(level, 30, (10, 10)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(place / f"{number}.png")
    return folder / "pictures"


def test_pictures_are_judged_by_the_folders_they_are_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = pictures(tmp_path)
    run = trained("mlp", str(place), epochs=25, lr=0.01)
    (place / "dark" / "0.png").rename(place / "bright" / "wrong.png")
    (place / "other").mkdir()
    (place / "bright" / "1.png").rename(place / "other" / "1.png")
    found = evaluated(capsys, run, str(place))
    assert found["samples"] == 47
    [mistake] = [one for one in found["worst"] if one["sample"] == "bright/wrong.png"]
    assert (mistake["true"], mistake["said"]) == ("bright", "dark")
    assert "1 picture of 'other', no class of the training" in found["notes"][0]
    assert "changed since the run was created" in refused(capsys, run.id)


def test_the_verdict_is_by_the_metric_of_the_run_and_categories_are_folded_as_in_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = np.random.default_rng(3)
    lines = ["a,plan,kind"]
    for place in range(900):
        plan = chance.choice(["Basic", "BASIC", " plus"])
        kind = "yes" if place % 15 == 0 else "no"
        lines.append(f"{chance.normal(1.5 * (kind == 'yes'), 1):.4f},{plan},{kind}")
    file, new = tmp_path / "rare.csv", tmp_path / "new.csv"
    file.write_text("\n".join(lines) + "\n")
    new.write_text("\n".join([*lines, "0.1,,no"]) + "\n")
    knobs = {"epochs": 3, "validation": 0.2, "lr": 0.01, "metric": "roc_auc", "class_weights": "balanced"}
    run = trained("mlp", f"{file}?target=kind&case=fold", **knobs)
    found = evaluated(capsys, run, str(new))
    blind = found["comparisons"]["always 'no'"]
    assert blind["metric"] == "roc_auc"
    assert blind["words"].startswith("the model is better than always 'no' by")
    assert found["besides"]["always 'no'"]["method"] == "McNemar's exact test"
    assert {one["word"]: one["samples"] for one in found["slices"]}.keys() == {"basic", "plus", "(missing)"}
    assert {name for one in found["slices"][:2] for name in one["values"]} == {"roc_auc", "accuracy"}
    assert list(found["slices"][-1]["values"]) == ["accuracy"], "one class alone has no area"
    assert set(found["noise"][0]) == {"deviation", "roc_auc", "accuracy"}
    assert found["noise_samples"] == found["samples"] == 901
    assert any("by class_weights=balanced: they rank" in sentence for sentence in found["sentences"])
    assert found["metrics"]["calibration_error"]["value"] > 0.2


def test_texts_are_judged_and_predicted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(0)
    lines = ["said,mood"]
    for _ in range(120):
        good = chance.random() < 0.5
        words = ["great", "lovely"] if good else ["awful", "poor"]
        lines.append(f"{chance.choice(words)} {chance.choice(words)},{'glad' if good else 'sad'}")
    file = tmp_path / "texts.csv"
    file.write_text("\n".join(lines) + "\n")
    run = trained("gru", f"{file}?text=said", epochs=6)
    status = said(run).status
    assert status is not None
    found = evaluated(capsys, run)
    assert found["metrics"]["accuracy"]["value"] == pytest.approx(status.metrics["test/accuracy"])
    whole = evaluated(capsys, run, str(file))
    assert whole["samples"] == 120
    new = tmp_path / "new.csv"
    new.write_text("n,said\n1,poor aw§ful\n2,\n")
    assert main(["predict", run.id, str(new)]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[0] == "n,said,prediction,probability glad,probability sad"
    assert captured.out.splitlines()[1].startswith("1,poor aw§ful,sad,")
    assert "1 row without a text" in captured.err
    assert "'§': blanks stand in" in captured.err


def test_a_report_has_every_number_and_pictures_that_any_viewer_draws(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = table(tmp_path)
    file.write_text(file.read_text().replace("small", "sm<b>a|ll"))
    run = trained("mlp", f"{file}?target=kind&ignore=price", epochs=2)
    folder = tmp_path / "report"
    assert main(["evaluate", run.id, "--report", str(folder)]) == 0
    text = (folder / "report.md").read_text()
    kept = json.loads((folder / "report.json").read_text())
    assert f"{100 * kept['metrics']['accuracy']['value']:.1f} %" in text
    assert "sm&lt;b&gt;a\\|ll" in text
    names = {file.stem for file in folder.glob("*.svg")}
    assert names == {"reliability", "roc", "precision-recall", "confusion", "noise"}
    for name in names:
        assert f"![{name}]({name}.svg)" in text
        assert ElementTree.parse(folder / f"{name}.svg").getroot().tag.endswith("svg")
    assert "not empty" in refused(capsys, run.id, "--report", str(folder))
    assert not kept["trained_on"]
    capsys.readouterr()
    assert main(["evaluate", run.id, str(file), "--report", str(folder), "--force"]) == 0
    assert "Most of these samples were trained on, as t.csv is data that" in capsys.readouterr().out
    kept = json.loads((folder / "report.json").read_text())
    assert kept["trained_on"]
    assert kept["notes"][0].startswith("Most of these samples were trained on")
    assert "Most of these samples were trained on" in (folder / "report.md").read_text()
    assert "is a file" in refused(capsys, run.id, "--report", str(file))


def test_what_cannot_be_judged_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = table(tmp_path)
    run = trained("mlp", f"{file}?target=kind&ignore=price", epochs=1)
    other = tmp_path / "other.csv"
    other.write_text("size,colour\n1,red\n")
    assert "lacks column 'kind', which is what to predict" in refused(capsys, run.id, str(other))
    other.write_text("size,colour,kind\n1,red,huge\n")
    assert "no row that can be judged" in refused(capsys, run.id, str(other))
    other.write_text("size,colour,kind\n")
    assert "no row that can be judged" in refused(capsys, run.id, str(other))
    assert "gone.csv cannot be read" in refused(capsys, run.id, str(tmp_path / "gone.csv"))
    with open(file, "a") as more:
        more.write("50,red,small,3\n")
    assert "changed since the run was created" in refused(capsys, run.id)
    file.unlink()
    assert "no longer exists" in refused(capsys, run.id)


def tell(run: Run, place: Path) -> str:
    """What is said of data that ``run`` may have learned from."""
    return tell_trained_on(run, read_preparation(run), place)


def test_data_that_was_trained_on_is_said_to_flatter(tmp_path: Path) -> None:
    file = table(tmp_path, 60)
    run = trained("mlp", f"{file}?target=kind&ignore=price", epochs=1)
    copy = tmp_path / "copy.csv"
    copy.write_bytes(file.read_bytes())
    for each in (file, copy):
        assert tell(run, each).startswith(
            f"Most of these samples were trained on, as {each.name} is data that {run.id} learned from, so its figures "
            "flatter;"
        )
    assert not tell(run, table(tmp_path, 60, "other.csv", seed=3))
    file.unlink()
    assert tell(run, copy)
    copy.write_text(copy.read_text().replace("red", "blue", 1))
    assert not tell(run, copy)


def test_of_several_files_those_that_were_trained_on_flatter(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    table(folder, 60, "train.csv", seed=1)
    table(folder, 30, "test.csv", seed=2)
    run = trained("mlp", f"{folder}?target=kind&ignore=price", epochs=1)
    assert tell(run, folder / "train.csv")
    assert not tell(run, folder / "test.csv")
    for at in range(24):
        place = tmp_path / "pictures" / ("train", "test")[at % 4 == 0] / "ab"[at // 2 % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), at, np.uint8)).save(place / f"{at}.png")
    seen = trained("mlp", str(tmp_path / "pictures"), epochs=1)
    for name, flatters in (("", True), ("train", True), ("test", False)):
        assert bool(tell(seen, tmp_path / "pictures" / name)) == flatters


def test_of_arrays_the_part_for_the_test_does_not_flatter(tmp_path: Path) -> None:
    x, y = np.random.default_rng(0).random((40, 3)), np.arange(40) % 2
    np.savez(tmp_path / "whole.npz", x=x, y=y)
    np.savez(tmp_path / "split.npz", x_train=x, y_train=y, x_test=x[:9], y_test=y[:9])
    for name, flatters in (("whole.npz", True), ("split.npz", False)):
        run = trained("mlp", str(tmp_path / name), epochs=1)
        judged = judge(load_predictor(run), run, str(tmp_path / name), None)
        assert judged.trained_on == flatters


def test_own_data_that_is_gone_or_changed_is_told_in_the_words_of_evaluation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = table(tmp_path)
    run = trained("mlp", f"{file}?target=kind&ignore=price", epochs=1)
    file.write_text(file.read_text() + "50,red,small,1.5\n")
    told = refused(capsys, run.id)
    assert "t.csv changed since the run was created: it has" in told
    assert "T.csv" not in told
    assert told.endswith("; restore it, or name other data to evaluate on.\n")
    file.unlink()
    assert refused(capsys, run.id) == (
        f"descend: {file} no longer exists; restore it, or name other data to evaluate on.\n"
    )
