"""What other programs read of a run is what the run said."""

from __future__ import annotations

import csv
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.live import finished, history_of, launch

from descend.engine.cli import main
from descend.engine.run import export, runs
from descend.engine.run.history import History
from descend.engine.run.jsonl import JsonlWriter
from descend.engine.run.records import Array, Confusion, Failure, KnobChange, Layers, Note, Scalars, Status
from descend.engine.run.runs import Run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exported")


@pytest.fixture(scope="module")
def real(home: Path) -> Run:
    """A small real run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESCEND_HOME", str(home))
        return finished(launch(epochs=2, pace=0))


@pytest.fixture
def run(real: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DESCEND_HOME", str(home))
    return real


@pytest.fixture
def odd(folders: Path) -> Run:
    """A run that said what is hard to write down."""
    made = runs.create_run(runs.Manifest(id="", name="digits", knobs={"lr": 0.3}, seed=0, device="cpu"))
    values = Array.of(np.array([1.5, np.nan, np.inf]))
    appender = JsonlWriter(made.events_file)
    appender.append(
        [
            Status(state="running", at=1000.0, t=0.5),
            Scalars(steps=Array.of(np.array([0, 5, 6])), values={'train/"loss",\n=1': values}, t=2.0),
            Layers(step=3, names=["a"], gradient=Array.of(np.ones(1)), weight=Array.of(np.array([np.inf]))),
            Confusion(step=3, counts=Array.of(np.eye(2, dtype=int)), classes=["a", "b"]),
            KnobChange(step=4, knob="lr", value=0.1, previous=0.3),
            Note(step=4, text="so so"),
            Failure(step=6, title="It ended."),
            Status(state="failed", metrics={"train/loss": None}),
        ]
    )
    appender.close()
    return made


def points(history: History) -> list[tuple[str, int, float]]:
    return [
        (name, step, value)
        for name, series in sorted(history.series.items())
        for step, value in zip(series.steps.tolist(), series.values.tolist(), strict=True)
    ]


def test_csv_reads_back_exactly(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "out.csv"
    assert main(["export", run.id, "--to", "csv", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    read = [(row["series"], int(row["step"]), float(row["value"])) for row in rows]
    assert read == points(history_of(run))
    assert len(read) > 50


def test_csv_keeps_unusual_names_and_numbers(odd: Run, tmp_path: Path) -> None:
    with open(export.write_csv(odd, tmp_path / "out.csv"), newline="") as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows[1:]] == ['train/"loss",\n=1'] * 3
    assert math.isnan(float(rows[2][2]))
    assert float(rows[3][2]) == math.inf


def test_json_holds_everything(run: Run, odd: Run, tmp_path: Path) -> None:
    whole = json.loads(export.write_json(run, tmp_path / "out.json").read_text())
    history = history_of(run)
    assert whole["manifest"]["id"] == run.id
    assert whole["state"] == "done"
    assert whole["metrics"] == history.metrics
    assert whole["series"]["test/loss"]["values"] == history.series["test/loss"].values.tolist()
    assert whole["failure"] is None
    last = whole["pictures"]["confusion/test"][-1]
    assert np.trace(last["counts"]) / 360 == pytest.approx(history.metrics["test/accuracy"])
    assert len(whole["pictures"]["layers"][0]["gradient"]) == len(whole["pictures"]["layers"][0]["names"]) == 2

    strange = json.loads(export.write_json(odd, tmp_path / "odd.json").read_text())
    assert strange["series"]['train/"loss",\n=1'] == {"steps": [0, 5, 6], "values": [1.5, None, None]}
    assert strange["pictures"]["layers"][0]["weight"] == [None]
    assert strange["changes"][0]["knob"] == "lr"
    assert strange["failure"]["title"] == "It ended."
    assert strange["metrics"] == {"train/loss": None}


def test_tensorboard_reads_its_file(run: Run, odd: Run, tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

    def read(folder: Path):
        events = accumulator.EventAccumulator(str(folder), size_guidance={"scalars": 0})
        events.Reload()
        return events

    export.write_tensorboard(run, tmp_path)
    export.write_tensorboard(odd, tmp_path)
    events = read(tmp_path / run.id)
    history = history_of(run)
    assert set(events.Tags()["scalars"]) == set(history.series)
    for name, series in history.series.items():
        scalars = events.Scalars(name)
        assert [scalar.step for scalar in scalars] == series.steps.tolist()
        assert [scalar.value for scalar in scalars] == series.values.astype(np.float32).tolist()
        times = [scalar.wall_time for scalar in scalars]
        assert times == sorted(times)
    status = next(r for r in run.follow().read() if isinstance(r, Status) and r.state == "running")
    assert abs(times[0] - status.at) < 2
    assert "_hparams_/session_start_info" in events.Tags()["tensors"]

    events = read(tmp_path / odd.id)
    assert [(s.step, s.value) for s in events.Scalars("knob/lr")] == [
        (3, pytest.approx(0.3)),
        (4, pytest.approx(0.1)),
    ]
    (name,) = set(events.Tags()["scalars"]) - {"knob/lr"}
    assert math.isnan(events.Scalars(name)[1].value)
    assert [scalar.wall_time for scalar in events.Scalars(name)][-1] == 1001.5


def test_nothing_is_replaced_without_force(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for to, path in (("csv", tmp_path / "out"), ("json", tmp_path / "out2"), ("tensorboard", tmp_path / "board")):
        words = ["export", run.id, "--to", to, str(path)]
        assert main(words) == 0
        written = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
        assert main(words) == 2
        assert "--force" in capsys.readouterr().err
        assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == written
        assert main([*words, "--force"]) == 0
    assert main(["export", run.id, "--to", "csv", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err
    assert main(["export", run.id, "--to", "excel", str(tmp_path / "x")]) == 2
    assert (
        "--to is one of csv, json, tensorboard, safetensors, onnx, pt2, state-dict, not 'excel'."
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("to", ["csv", "json", "tensorboard"])
def test_an_error_leaves_what_was_there_and_nothing_half_written(
    run: Run, to: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "out"
    assert main(["export", run.id, "--to", to, str(path)]) == 0
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    capsys.readouterr()
    assert main(["export", run.id, "--to", to, str(path), "--force"]) == 1
    assert capsys.readouterr().err.endswith(" (No space left on device); make room on its disk.\n")
    assert main(["export", run.id, "--to", to, str(tmp_path / "new")]) == 1
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_without_tensorboard_one_sentence_says_how_to_get_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    assert main(["export", run.id, "--to", "tensorboard", str(tmp_path / "board")]) == 1
    error = capsys.readouterr().err
    assert "pip install 'descend[tensorboard]'" in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "board").exists()
