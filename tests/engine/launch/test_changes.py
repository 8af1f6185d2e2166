"""Data that changed since a run began."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.engine.train.trained import conduct, notes, said

from descend.engine.cli import main
from descend.engine.launch import changes, launcher
from descend.engine.run import runs
from descend.engine.run.run_request import RunRequest

ROWS = "a,b,y\n" + "".join(f"{place},{place % 7},{'xy'[place % 2]}\n" for place in range(40))


def made(name: str, folder: Path) -> Path:
    """Data of the user's own, of a kind."""
    place = folder / name
    if name == "d.csv":
        place.write_text(ROWS)
    elif name == "d.npz":
        np.savez(place, x=np.arange(80.0).reshape(40, 2), y=np.arange(40) % 2)
    elif name == "d.txt":
        place.write_text("The rain in Spain falls mainly. " * 40)
    else:
        for at in range(8):
            (place / "ab"[at % 2]).mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((8, 8), at, np.uint8)).save(place / "ab"[at % 2] / f"{at}.png")
    return place


@pytest.mark.parametrize("name", ["d.csv", "d.npz", "d.txt", "pictures"])
def test_a_change_of_data_of_every_kind_is_told(name: str, folders: Path, tmp_path: Path) -> None:
    place = made(name, tmp_path)
    model = "char-lstm" if name == "d.txt" else "mlp"
    run = launcher.prepare(RunRequest(model, device="cpu", data=str(place)))
    manifest = run.manifest()
    assert manifest.stamp is not None
    assert changes.find_changes(manifest) == []
    file = place / "a" / "0.png" if place.is_dir() else place
    file.rename(file.with_suffix(".bak"))
    (warning,) = changes.find_changes(manifest)
    assert "no longer exists" in warning or "has 7 files, not 8" in warning
    file.write_bytes(file.with_suffix(".bak").read_bytes())
    os.utime(file, (5, 5))
    assert changes.find_changes(manifest) == []
    file.write_bytes(file.read_bytes() + b"\n")
    (warning,) = changes.find_changes(manifest)
    assert warning.startswith(f"Warning: {name} changed since the run was created: it has ")
    assert "bytes, not" in warning


def test_what_the_folder_holds_besides_its_pictures_is_no_change(folders: Path, tmp_path: Path) -> None:
    place = made("pictures", tmp_path)
    manifest = launcher.prepare(RunRequest("mlp", device="cpu", data=str(place))).manifest()
    (place / "a" / "notes.txt").write_text("mine")
    (place / ".DS_Store").write_bytes(b"x")
    assert changes.find_changes(manifest) == []


def test_a_dataset_of_the_catalogue_has_no_stamp(folders: Path) -> None:
    manifest = launcher.prepare(RunRequest("mlp", device="cpu", data="iris")).manifest()
    assert manifest.stamp is None
    assert changes.find_changes(manifest) == []


def test_resume_fork_and_show_say_it(folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = made("d.csv", tmp_path)
    run = conduct(launcher.prepare(RunRequest("mlp", {"epochs": 1}, device="cpu", data=str(file))))
    assert "changed since" not in notes(said(run))
    file.write_text(ROWS.replace("39,4", "38,4"))
    os.utime(file, (5, 5))
    sentence = (
        "Warning: d.csv changed since the run was created: it has the same size and other contents; "
        "what continues the run uses what is there now, prepared as before."
    )
    capsys.readouterr()
    assert main(["show", run.id]) == 0
    assert sentence in capsys.readouterr().out.replace("\n", " ")
    assert main(["show", run.id, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] == [sentence]
    assert sentence in notes(said(conduct(run)))
    child = launcher.fork_run(run, 0, {"epochs": 2})
    assert sentence in notes(said(conduct(child)))
    assert child.manifest().stamp == run.manifest().stamp
    runs.amend_manifest(run, note="mine")
    assert run.manifest().stamp is not None


def test_data_that_a_fork_no_longer_fits_is_named(folders: Path, tmp_path: Path) -> None:
    file = made("d.csv", tmp_path)
    run = conduct(launcher.prepare(RunRequest("mlp", {"epochs": 1}, device="cpu", data=str(file))))
    file.write_text("\n".join(",".join(row.split(",")[1:]) for row in ROWS.splitlines()))
    for knobs in ({}, {"epochs": 2}):
        failure = said(conduct(launcher.fork_run(run, 0, knobs))).failure
        assert failure is not None
        assert failure.title.startswith("d.csv no longer fits the run: it lacks the column 'a'; restore it")
