"""What is asked of a run: one type, from the command line to the run folder and back."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

import msgspec
import pytest

from descend.engine.base.errors import DescendError
from descend.engine.launch import launcher, run_config
from descend.engine.run import runs
from descend.engine.run.history import History
from descend.engine.run.records import KnobChange
from descend.engine.run.run_request import USUAL, RunRequest

OLD = """{
  "id": "20260101-120000-mlp-abcd",
  "name": "mlp",
  "knobs": {"hidden": 8, "lr": 0.01, "optimiser": "sgd", "compile": false},
  "seed": 7,
  "device": "cpu",
  "data": "iris",
  "threads": 1,
  "devices": 2,
  "parent": {"run": "20260101-110000-mlp-dcba", "step": 12},
  "created": "2026-01-01T12:00:00+0000",
  "versions": {"torch": "2.9.0"},
  "git": "",
  "source": "",
  "stamp": null,
  "title": "old",
  "note": "",
  "format": 1
}"""
"""As a run folder of before the request was a type of its own has it."""


def test_what_is_given_overrides_and_what_is_not_given_stays() -> None:
    asked = RunRequest("mlp", {"lr": 0.1, "epochs": 3}, "iris", seed=4, device="cpu")
    changed = asked.override(knobs={"epochs": 5}, data="", seed=0, device=None, devices=2)
    assert changed == RunRequest("mlp", {"lr": 0.1, "epochs": 5}, "iris", 0, "cpu", 2)
    assert asked.knobs == {"lr": 0.1, "epochs": 3}
    with pytest.raises(AttributeError):
        asked.seed = 5  # type: ignore[misc]


def test_knobs_that_were_turned_are_part_of_it() -> None:
    history = History()
    turns = [("lr", 0.1, 0.01, 3), ("gone", 1, 2, 4), ("lr", 0.01, 0.5, 9)]
    history.feed(KnobChange(knob=knob, previous=before, value=now, step=step) for knob, before, now, step in turns)
    assert RunRequest("mlp", {"lr": 0.1}, seed=3).with_turns(history) == RunRequest("mlp", {"lr": 0.5}, seed=3)


def test_a_request_survives_the_run_folder_and_the_file_of_settings(tmp_path: Path) -> None:
    asked = launcher.check_request(
        RunRequest("mlp", {"lr": "0.02", "hidden": "8"}, "iris", seed=6, device="cpu", devices=1)
    )
    assert (asked.request.knobs["hidden"], asked.request.knobs["epochs"]) == (8, 10), "checked and complete"
    assert list(asked.knobs)[:5] == ["hidden", "layers", "activation", "dropout", "epochs"], "in the declared order"
    assert runs.create_run(asked).manifest().request == asked.request
    run_config.save_config(asked.request, tmp_path / "mine.toml")
    kept = run_config.load_config(tmp_path / "mine.toml")
    assert kept == RunRequest("mlp", {"hidden": 8, "lr": 0.02}, "iris", seed=6, device="cpu")
    assert launcher.check_request(kept).request == asked.request
    (tmp_path / "little.toml").write_text('name = "mlp"\n')
    assert run_config.load_config(tmp_path / "little.toml") == USUAL.override(name="mlp")


def test_two_runs_that_draw_the_same_id_are_both_made(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "strftime", lambda pattern: "20260101-000000")
    asked = runs.Manifest(id="", name="digits", knobs={}, seed=0, device="cpu")
    drawn = iter(["aaaa", "aaaa", "bbbb", "cccc"])
    monkeypatch.setattr(secrets, "token_hex", lambda size: next(drawn) if size == 2 else "0" * 2 * size)
    first = runs.create_run(asked)
    (unfinished := runs.runs_home() / ".20260101-000000-digits-bbbb.new").mkdir()
    assert [first.id, runs.create_run(asked).id] == ["20260101-000000-digits-aaaa", "20260101-000000-digits-cccc"]
    assert unfinished.is_dir(), "what another process makes there is its own"


def test_a_run_folder_of_before_opens(folders: Path) -> None:
    run = runs.Run(folders / "runs" / "20260101-120000-mlp-abcd")
    run.folder.mkdir(parents=True)
    (run.folder / "run.json").write_text(OLD)
    manifest = run.manifest()
    knobs = {"hidden": 8, "lr": 0.01, "optimiser": "sgd", "compile": False}
    assert manifest.request == RunRequest("mlp", knobs, "iris", 7, "cpu", 2)
    assert (manifest.parent, manifest.title) == (runs.Parent("20260101-110000-mlp-dcba", 12), "old")
    assert set(msgspec.to_builtins(manifest)) == set(msgspec.json.decode(OLD)), "and is written with the same words"


def test_a_run_folder_that_names_nothing_is_damaged(folders: Path) -> None:
    run = runs.Run(folders / "runs" / "nameless")
    run.folder.mkdir(parents=True)
    (run.folder / "run.json").write_text('{"id": "nameless", "knobs": {}, "seed": 0, "device": "cpu"}')
    with pytest.raises(DescendError, match="it names no lesson and no model"):
        run.manifest()
