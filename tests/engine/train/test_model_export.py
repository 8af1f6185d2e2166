"""Models for other programs give the numbers that descend gives."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.engine.train.trained import trained

from descend.datasets import catalogue
from descend.engine import load
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.cli import main
from descend.engine.run.runs import Run
from descend.engine.train import export_forms, model_export
from descend.engine.train.export_forms import require_exportable
from descend.engine.train.loaded_model import LoadedModel
from descend.engine.train.predictor import load_predictor
from descend.tui.screens.runs.model_export import list_card

OWN = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, in_features):
        super().__init__()
        self.norm = nn.BatchNorm1d(in_features)
        self.out = nn.Linear(in_features, 1)

    def forward(self, x):
        return torch.sigmoid(self.out(self.norm(x))).squeeze(1)
"""
BRANCHING = """
from torch import nn

class Net(nn.Module):
    def __init__(self, in_features):
        super().__init__()
        self.out = nn.Linear(in_features, 3)

    def forward(self, x):
        return self.out(x) if float(x.sum()) > 0 else self.out(-x)
"""


def texts(folder: Path) -> str:
    rows = [f"{'good day' if n % 2 else 'bad night'} {n},{'up' if n % 2 else 'down'}" for n in range(40)]
    (folder / "texts.csv").write_text("\n".join(["said,way", *rows]) + "\n")
    return f"{folder / 'texts.csv'}?text=said"


def text(folder: Path) -> str:
    (folder / "book.txt").write_text("the cat sat on the mat and the dog ran off. " * 30)
    return str(folder / "book.txt")


def samples(model: LoadedModel, address: str, context: int) -> torch.Tensor:
    """Samples of the test part as ``forward`` takes them."""
    x = torch.as_tensor(catalogue.find(address).load().test_x)
    if model.prepared.task == "language":
        return x[: 3 * context].reshape(3, context)
    if model.prepared.kind == "image":
        return (x[:9].float() / model.prepared.scale).unsqueeze(1)
    return x[:9]


def prices(folder: Path) -> str:
    """A table with a target in hundreds of thousands, one in thousandths, and one that varies little."""
    chance = np.random.default_rng(0)
    lines = ["area,price,rate,year"]
    for area in chance.normal(90, 25, 80):
        rate, year = 0.002 + 1e-5 * area, 2000 + area / 50 + chance.normal()
        lines.append(f"{area:.3f},{2500 * area + chance.normal(0, 9000):.2f},{rate:.8f},{year:.3f}")
    (folder / "prices.csv").write_text("\n".join(lines) + "\n")
    return f"{folder / 'prices.csv'}?target=price,rate,year"


CASES = {
    "classes of a table": ("mlp", lambda folder: "iris", {}),
    "numbers": ("mlp", prices, {}),
    "images": ("mlp", lambda folder: "digits", {}),
    "the input again": ("autoencoder", lambda folder: "digits", {}),
    "classes of texts": ("gru", texts, {}),
    "the next character": ("gpt", text, {"context": 16, "layers": 1}),
    "recurrent characters": ("char-lstm", text, {"context": 12}),
}


@pytest.mark.parametrize("case", CASES)
def test_exported_graphs_give_the_numbers_that_descend_gives(tmp_path: Path, case: str) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    name, data, knobs = CASES[case]
    address = data(tmp_path)
    run = trained(name, address, epochs=1, **knobs)
    model = load(run.id)
    x = samples(model, address, int(knobs.get("context", 0)))
    with torch.no_grad():
        expected = model(x)
    for form in ("pt2", "onnx"):
        assert main(["export", run.id, "--to", form, str(tmp_path / f"m.{form}")]) == 0
    card = json.loads((tmp_path / "m.onnx.json").read_text())
    units = {"probability": np.float64(1), "the largest absolute number that is given": expected.abs().max().numpy()}
    targets = np.array(model.prepared.target_std)
    least = card["tolerance"]["largest"] * units.get(card["tolerance"]["unit"], targets)
    assert (card["tolerance"]["unit"] in units) is (case != "numbers")
    program = torch.export.load(tmp_path / "m.pt2").module()
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"))
    for count in (len(x), 1):
        assert (np.abs(program(x[:count]).detach().numpy() - expected[:count].numpy()) <= least).all()
        [found] = session.run(None, {"input": x[:count].numpy()})
        assert found.shape == tuple(expected[:count].shape)
        assert (np.abs(found - expected[:count].numpy()) <= least).all()
    for said, there in ((card["input"]["shape"], x.shape), (card["output"]["shape"], expected.shape)):
        assert len(said) == len(there)
        assert all(isinstance(size, str) or size == actual for size, actual in zip(said, there, strict=True))
    assert card["input"]["dtype"] == str(x.dtype).removeprefix("torch.")
    assert card["output"]["dtype"] == str(expected.dtype).removeprefix("torch.")


@pytest.mark.parametrize(("name", "address"), [("mlp", "iris"), ("mlp", "diabetes"), ("mlp", "digits")])
def test_a_loaded_model_gives_what_predict_gives(name: str, address: str) -> None:
    run = trained(name, address, epochs=1)
    model, x = load(run.id), catalogue.find(address).load().test_x[:20]
    with torch.no_grad():
        found = model(samples(model, address, 0)[:9]).double().numpy()
    assert np.allclose(found, load_predictor(run).predict(x)[:9], rtol=1e-5, atol=1e-7)


def table(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    lines = ["size,colour,code,kind"]
    for _ in range(60):
        size, colour = rng.normal(50, 9), rng.choice(["red", "green", "blue"])
        lines.append(f"{size:.3f},{colour},{rng.integers(1, 4)},{'large' if size > 50 else 'small'}")
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    return folder / "t.csv"


def test_rows_are_dictionaries_of_values(tmp_path: Path) -> None:
    file = table(tmp_path)
    run = trained("mlp", f"{file}?categories=code", epochs=3)
    new = tmp_path / "new.csv"
    new.write_text("colour,code,size\nred,2,51.5\n,3,\npink,1,40\n")
    out = tmp_path / "out.csv"
    assert main(["predict", run.id, str(new), "--to", str(out)]) == 0
    told = list(csv.DictReader(io.StringIO(out.read_text())))
    file.unlink()
    rows: list[dict[str, Any]] = [
        {"size": 51.5, "colour": "red", "code": 2.0},
        {"code": 3, "colour": None, "size": float("nan")},
        {"size": 40, "colour": "pink", "code": "1", "more": "left out"},
    ]
    found = load(run.id[-9:]).predict(rows)
    for one, row in zip(found, told, strict=True):
        assert one["prediction"] == row["prediction"]
        assert one["probability"]["large"] == pytest.approx(float(row["probability large"]), abs=1e-5)
    with pytest.raises(DescendError, match="lacks column 'size'"):
        load(run.id).predict([{"colour": "red", "code": 1}])
    with pytest.raises(DescendError, match="has 'tall' in line 1"):
        load(run.id).predict([{"size": "tall", "colour": "red", "code": 1}])
    for wrong in ([], ["red"]):
        with pytest.raises(UsageError):
            load(run.id).predict(wrong)


def test_a_text_continues_by_its_characters_only(tmp_path: Path) -> None:
    model = load(trained("gpt", text(tmp_path), epochs=1, context=16, layers=1).id)
    assert model(model.prepare(["the cat", "the dog"])).shape == (2, 7, len(model.prepared.vocabulary))
    for wrong in (["the", "a"], [""], ["THE"]):
        with pytest.raises(UsageError):
            model.prepare(wrong)
    with pytest.raises(UsageError, match="continue or repeat"):
        model.predict(["the"])


def own(folder: Path, code: str = OWN) -> Run:
    file = folder / "net.py"
    file.write_text(code)
    return trained(f"{file}:Net", "breast-cancer" if code is OWN else "iris", epochs=1)


def test_weights_are_those_of_the_network_and_need_its_code_only_later(tmp_path: Path) -> None:
    run = own(tmp_path)
    expected = load(run.id).net.state_dict()
    (tmp_path / "net.py").unlink()
    for form in ("safetensors", "state-dict"):
        assert main(["export", run.id, "--to", form, str(tmp_path / form)]) == 0
    kept = {
        "safetensors": load_file(tmp_path / "safetensors"),
        "state-dict": torch.load(tmp_path / "state-dict", weights_only=True),
    }
    for weights in kept.values():
        assert weights.keys() == expected.keys()
        assert all(torch.equal(weights[name], expected[name]) for name in expected)
    card = json.loads((tmp_path / "safetensors.json").read_text())
    assert card["classes"] == ["malignant", "benign"]
    assert card["command"].startswith("descend run ")
    assert card["preparation"]["mean"]
    assert "test/accuracy" in card["metrics"]


def test_what_cannot_be_exported_is_a_sentence_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = own(tmp_path, BRANCHING)
    target = tmp_path / "m.pt2"
    assert main(["export", run.id, "--to", "pt2", str(target)]) == 1
    assert "cannot be made a graph" in (said := capsys.readouterr().err)
    assert "safetensors" in said
    assert "Traceback" not in said
    assert {file.name for file in tmp_path.iterdir()} <= {"net.py", "__pycache__", "home"}
    target.write_text("mine")
    assert main(["export", run.id, "--to", "safetensors", str(target)]) == 2
    assert target.read_text() == "mine"
    (tmp_path / "m2.json").write_text("mine")
    assert main(["export", run.id, "--to", "safetensors", str(tmp_path / "m2")]) == 2
    assert not (tmp_path / "m2").exists()
    assert main(["export", run.id, "--to", "safetensors", str(target), "--force"]) == 0
    assert load_file(target)
    assert main(["export", run.id, "--to", "safetensors", str(tmp_path / "none" / "m")]) == 1
    capsys.readouterr()


def test_json_tells_how_far_it_is_and_last_where_the_model_and_its_card_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained("mlp", "iris", epochs=1)
    assert main(["export", run.id, "--to", "safetensors", "--json", str(tmp_path / "m")]) == 0
    *going, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert [one["doing"] for one in going] == ["reading the weights", "writing"]
    assert [one["progress"] for one in going] == sorted(one["progress"] for one in going)
    assert last["file"] == str(tmp_path / "m")
    assert last["bytes"] == (tmp_path / "m").stat().st_size
    card = json.loads(Path(last["card"]).read_text())
    assert last["told"] == {name: card[name] for name in last["told"]}
    told = dict(list_card(last["told"]))
    assert told["input"].startswith("float32 batch × 4: numbers in their own units")
    assert told["classes"] == "setosa, versicolor, virginica"
    assert "test/accuracy" in told["metrics"]


def test_an_export_that_is_ended_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, before = trained("mlp", "iris", epochs=1), signal.getsignal(signal.SIGTERM)

    def ended(run: Run, file: Any, tell: Any) -> None:
        file.write(b"half")
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setitem(model_export.FORMATS, "safetensors", ended)
    folder = tmp_path / "out"
    folder.mkdir()
    assert main(["export", run.id, "--to", "safetensors", str(folder / "m")]) == 130
    assert not [*folder.iterdir()]
    assert signal.getsignal(signal.SIGTERM) == before


def test_what_is_missing_for_a_form_is_known_without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = own(tmp_path)
    monkeypatch.setattr(export_forms, "find_spec", lambda name: None)
    with pytest.raises(DescendError, match=r"pip install 'descend\[onnx\]'"):
        require_exportable(run, "onnx")
    require_exportable(run, "pt2")
    (tmp_path / "net.py").unlink()
    with pytest.raises(DescendError, match="no longer exists"):
        require_exportable(run, "pt2")
    require_exportable(run, "safetensors")
    shutil.rmtree(run.checkpoints)
    with pytest.raises(DescendError, match="has no checkpoint that can be read, so it has no weights"):
        require_exportable(run, "safetensors")


def test_a_run_that_looked_for_a_rate_has_no_model_to_export(tmp_path: Path) -> None:
    run = trained("mlp", "iris", find_lr=True, validation=0.1)
    assert main(["export", run.id, "--to", "safetensors", str(tmp_path / "m")]) == 2
    assert not (tmp_path / "m").exists()
