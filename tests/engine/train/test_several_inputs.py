"""Models whose forward takes several tensors, or a dictionary of them: fed from the columns of a table."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.engine.train.trained import conduct, done, failed, notes, said, trained, written

from descend.datasets import catalogue
from descend.engine import load
from descend.engine.base.errors import UsageError
from descend.engine.cli import main
from descend.engine.launch import launcher
from descend.engine.run.preparation_file import read_preparation
from descend.engine.run.runs import Run

JOBS, CITIES, SEXES = ("baker", "clerk", "cook", "nurse", "smith"), ("Bern", "Oslo", "Rome"), ("f", "m")

NETS = """
class Two(nn.Module):
    def __init__(self, n_num, cardinalities, num_classes, dim=4):
        super().__init__()
        self.embed = nn.ModuleList(nn.Embedding(size, dim) for size in cardinalities)
        self.out = nn.Linear(n_num + dim * len(cardinalities), num_classes)
    def forward(self, x_num, x_cat):
        return self.out(torch.cat([x_num, *(e(x_cat[:, i]) for i, e in enumerate(self.embed))], 1))

class Keyed(Two):
    def forward(self, inputs):
        return super().forward(inputs["num"], inputs["cat"])

class Unnamed(Two):
    def forward(self, a, b):
        return super().forward(a, b)

class Few(Two):
    def __init__(self, n_num, num_classes):
        super().__init__(n_num, [4, 3, 2], num_classes)

class Floats(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.a, self.b = nn.LazyLinear(num_classes), nn.LazyLinear(num_classes)
    def forward(self, a, b):
        return self.a(a) + self.b(b)

class One(nn.Module):
    def __init__(self, in_features, num_classes):
        super().__init__()
        self.out = nn.Linear(in_features, num_classes)
    def forward(self, x):
        return self.out(x)

def make(n_num, cardinalities, num_classes):
    return Two(n_num, cardinalities, num_classes)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chance = random.Random(0)
    lines = ["age,job,hours,city,sex,income"]
    for _ in range(160):
        age, hours = chance.gauss(40, 10), chance.gauss(35, 8)
        job, city, sex = chance.choice(JOBS), chance.choice(CITIES), chance.choice(SEXES)
        high = (age - 40) / 10 + (hours - 35) / 8 + JOBS.index(job) - 2 + (city == "Oslo") > 0
        lines.append(f"{age:.1f},{job},{hours:.0f},{city},{sex},{'high' if high else 'low'}")
    place = tmp_path_factory.mktemp("inputs")
    (place / "adult.csv").write_text("\n".join(lines) + "\n")
    written(place, NETS)
    return place


def predicted(run: Run, file: Path) -> list[float]:
    assert main(["predict", run.id, str(file), "--to", str(file.with_suffix(".out")), "--force"]) == 0
    rows = csv.DictReader(io.StringIO(file.with_suffix(".out").read_text()))
    return [float(row["probability high"]) for row in rows]


@pytest.mark.parametrize(
    ("name", "options"),
    [("Two", ""), ("Two", "?encode=ordinal"), ("Keyed", "?inputs=cat:job,city,sex;num:*"), ("Keyed", "")],
)
def test_predictions_are_those_of_plain_pytorch(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, options: str
) -> None:
    run = trained(f"{folder / 'nets.py'}:{name}", f"{folder / 'adult.csv'}{options}", epochs=2)
    new = folder / "new.csv"
    new.write_text("city,sex,age,job,hours\nOslo,m,51.5,smith,40\nRome,f,20,pilot,12\n")
    found = predicted(run, new)
    assert "'pilot' in 'job'" in capsys.readouterr().err  # and what stands in

    assert main(["export", run.id, "--to", "safetensors", str(folder / "w.st"), "--force"]) == 0
    weights = load_file(folder / "w.st")
    assert sorted(weights) == ["embed.0.weight", "embed.1.weight", "embed.2.weight", "out.bias", "out.weight"]
    prepared = read_preparation(run)
    job = next(encoder for encoder in prepared.encoders if encoder.name == "job")
    scale = {name: (prepared.mean[at], prepared.std[at]) for at, name in enumerate(prepared.features)}
    numbers = torch.tensor(
        [[(value - scale[name][0]) / scale[name][1] for name, value in row] for row in (
            (("age", 51.5), ("hours", 40)), (("age", 20), ("hours", 12)))]
    )  # fmt: skip
    indices = [(JOBS.index("smith"), 1, 1), (JOBS.index(str(job.fill)), 2, 0)]
    embedded = torch.stack(
        [torch.cat([weights[f"embed.{column}.weight"][at] for column, at in enumerate(row)]) for row in indices]
    )
    scores = torch.cat([numbers, embedded], 1) @ weights["out.weight"].T + weights["out.bias"]
    assert np.allclose(found, scores.softmax(1)[:, 0].numpy(), atol=1e-5)


def test_the_graph_and_the_card_of_several_inputs(folder: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    run = trained(f"{folder / 'nets.py'}:Two", str(folder / "adult.csv"), epochs=1)
    model, x = load(run.id), catalogue.find(str(folder / "adult.csv")).load().test_x[:9]
    expected = model(torch.as_tensor(x)).detach().numpy()
    assert main(["export", run.id, "--to", "onnx", str(folder / "m.onnx")]) == 0
    session = onnxruntime.InferenceSession(str(folder / "m.onnx"))
    assert np.allclose(session.run(None, {"input": x})[0], expected, atol=1e-5)
    card = json.loads((folder / "m.onnx.json").read_text())
    assert card["preparation"]["inputs"] == {"x_num": ["age", "hours"], "x_cat": ["job", "city", "sex"]}


def test_a_run_says_how_columns_are_divided_and_forks_as_others_do(folder: Path) -> None:
    history = done(f"{folder / 'nets.py'}:make", f"{folder / 'adult.csv'}?inputs=x_num:hours;x_cat:sex,job", epochs=2)
    told = notes(history)
    assert "n_num=1, cardinalities=[2, 5]" in told
    assert "x_num is given hours: 1 number" in told
    assert "x_cat is given sex (2), job (5): indices" in told
    run = trained(f"{folder / 'nets.py'}:Two", str(folder / "adult.csv"), epochs=2)
    fork = conduct(launcher.fork_run(run, run.checkpoint_steps()[0], {"lr": 0.1}))
    assert read_preparation(fork).inputs == read_preparation(run).inputs
    assert said(fork).series["train/loss"].values[-1] != said(run).series["train/loss"].values[-1]


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("Unnamed", "", "forward takes 'a' and 'b'; say which columns each is given"),
        ("Unnamed", "?inputs=a:numbers;c:*", "no input 'c', which inputs= gives columns; it takes 'a' and 'b'"),
        ("Two", "?inputs=x_num:age,hours", "forward takes 'x_cat', and inputs= gives it no column; add x_cat:"),
        ("Two", "?ignore=job,city,sex", "forward takes 'x_cat', and the table has no column of categories"),
        ("Keyed", "?inputs=num:age;kat:*", "no input 'kat', which inputs= gives columns; it takes a dictionary with"),
        ("One", "?inputs=a:age;b:*", "no input 'a', which inputs= gives columns; it takes 'x'"),
        ("Few", "?inputs=x_num:numbers;x_cat:*", "indices below 4 (num_embeddings), and was given 4"),
        ("Floats", "?inputs=a:age,job;b:city", "and was given a tensor (2, 1) of int64"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(folder: Path, name: str, options: str, sentence: str) -> None:
    assert sentence in failed(f"{folder / 'nets.py'}:{name}", f"{folder / 'adult.csv'}{options}", epochs=1)


def test_images_are_one_input(folder: Path) -> None:
    sentence = failed(f"{folder / 'nets.py'}:Two", "digits", n_num=1, cardinalities="[2]")
    assert "forward takes 'x_num' and 'x_cat', and images are one input" in sentence


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ("x:age;y:age", "'age' is in y and in x"),
        ("x:age,age", "'age' is in x twice"),
        ("x:", "gives x no column"),
        ("x:age,hours,job,city,sex;y:*", "No columns are left for y"),
        ("x:age;y:income", "'income' is to predict or left out"),
        ("x:agee", "did you mean 'age'"),
        ("x:age;x:job", "the group x twice"),
        (":age", "NAME:COLUMN"),
        (";", "names no group"),
    ],
)
def test_groups_that_are_none(folder: Path, inputs: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        catalogue.find(f"{folder / 'adult.csv'}?inputs={inputs}")


def test_groups_by_kind_of_dates_and_what_is_left_out(folder: Path) -> None:
    lines = (folder / "adult.csv").read_text().splitlines()
    dated = [f"{line},{'day' if not at else f'2026-0{at % 9 + 1}-1{at % 7}'}" for at, line in enumerate(lines)]
    (folder / "dated.csv").write_text("\n".join(dated) + "\n")
    found = catalogue.find(f"{folder / 'dated.csv'}?target=income&dates=parts&inputs=a:day;b:categories;c:*").load()
    assert found.inputs["a"] == ("day month", "day weekday", "day days")
    assert found.inputs["b"] == ("job", "city", "sex")
    assert found.inputs["c"] == ("age", "hours")
    less = catalogue.find(f"{folder / 'adult.csv'}?inputs=x:age;y:job").load()
    assert {encoder.name for encoder in less.encoders} == {"age", "job"}
    assert any("Left out, as inputs= does not name it: columns 'hours', 'city', 'sex'" in note for note in less.notes)
