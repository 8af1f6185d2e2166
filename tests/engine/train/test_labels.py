"""Several labels at once, from the table to predictions: trained, judged, taken away."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics
from tests.engine.train.trained import conduct, done, failed, notes, refused, said, split_of, trained, written
from torch.nn import functional

from descend.datasets import catalogue
from descend.engine import load
from descend.engine.cli import main
from descend.engine.evaluation import intervals
from descend.engine.launch import launcher
from descend.engine.run.preparation_file import read_preparation
from descend.engine.run.runs import Run
from descend.engine.train.labels_task import Labels, describe_blind_labels

NAMES = ("spam", "urgent", "ad")
OWN = """
class Net(nn.Module):
    def __init__(self, in_features, num_labels):
        super().__init__()
        self.out = nn.Linear(in_features, num_labels)

    def forward(self, x):
        return {}
"""


def posts(folder: Path, rows: int = 160, name: str = "posts.csv", seed: int = 1) -> Path:
    chance = random.Random(seed)
    lines = ["size,colour,body,spam,urgent,ad"]
    for _ in range(rows):
        size, colour = chance.gauss(50, 9), chance.choice(["red", "green", "blue"])
        spam, urgent, ad = size + chance.gauss(0, 3) > 55, colour == "red" and chance.random() < 0.8, size < 45
        body = f"{'buy now ' if spam else 'hello '}{'quick' if urgent else ''}"
        lines.append(f"{size:.3f},{colour},{body},{int(spam)},{int(urgent)},{int(ad)}")
    file = folder / name
    file.write_text("\n".join(lines) + "\n")
    return file


def address(folder: Path) -> str:
    return f"{posts(folder)}?target=spam,urgent,ad&ignore=body"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run with a validation part."""
    return trained("mlp", address(tmp_path), epochs=25, lr=0.02, validation=0.2, metric="macro_f1")


def predicted(run: Run, file: Path, to: Path) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """What a run says of a file: yes or no as 1 or 0, and probabilities, both (n, k)."""
    assert main(["predict", run.id, str(file), "--to", str(to), "--force"]) == 0
    with open(to, newline="") as text:
        rows = list(csv.DictReader(text))
    yes = [[{"yes": 1, "no": 0}[row[f"predicted {name}"]] for name in NAMES] for row in rows]
    return np.array(yes), np.array([[float(row[f"probability {name}"]) for name in NAMES] for row in rows])


def answers(file: Path) -> np.ndarray[Any, Any]:
    with open(file, newline="") as text:
        return np.array([[int(row[name]) for name in NAMES] for row in csv.DictReader(text)])


def test_what_is_said_of_labels_is_what_scikit_learn_measures(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = said(run)
    assert history.status is not None
    assert history.status.state == "done"
    yes, share = predicted(run, tmp_path / "posts.csv", tmp_path / "out.csv")
    truth, split = answers(tmp_path / "posts.csv"), split_of(run)
    for part, lines in (("validation", split.validation), ("test", split.test)):
        at = np.array(lines) - 2
        expected = {
            "macro_f1": metrics.f1_score(truth[at], yes[at], average="macro"),
            "micro_f1": metrics.f1_score(truth[at], yes[at], average="micro"),
            "subset_accuracy": metrics.accuracy_score(truth[at], yes[at]),
            "label_accuracy": 1 - metrics.hamming_loss(truth[at], yes[at]),
            "loss": metrics.log_loss(truth[at].ravel(), share[at].ravel()),
        }
        found = {name: history.metrics[f"{part}/{name}"] for name in expected}
        assert found == pytest.approx(expected, abs=1e-4)
    assert history.metrics["test/macro_f1"] > 0.6
    assert "the best by macro_f1" in notes(history)
    assert describe_blind_labels(catalogue.find(address(tmp_path)).load()) in notes(history)
    [table] = [pictures[-1] for key, pictures in history.pictures.items() if key == "table/labels (validation)"]
    assert [row[0] for row in table.rows] != []  # type: ignore[attr-defined]
    capsys.readouterr()
    assert main(["show", run.id]) == 0
    assert "labels (validation) at step" in capsys.readouterr().out


def test_labels_are_judged_beside_the_commonest_answers_and_linear_models(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intervals, "RESAMPLES", 100)
    new = posts(tmp_path, 90, "new.csv", seed=2)
    yes, share = predicted(run, new, tmp_path / "out.csv")
    new.write_text(new.read_text() + "50,red,x,,1,0\n")  # which cannot be judged
    truth = answers_of(new)
    capsys.readouterr()
    assert main(["evaluate", run.id, str(new), "--report", str(tmp_path / "report"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    values = {name: one["value"] for name, one in found["metrics"].items()}
    assert values == pytest.approx(
        {
            "balanced_accuracy": np.mean(
                [metrics.balanced_accuracy_score(*two) for two in zip(truth.T, yes.T, strict=True)]
            ),
            "subset_accuracy": metrics.accuracy_score(truth, yes),
            "label_accuracy": 1 - metrics.hamming_loss(truth, yes),
            "macro_f1": metrics.f1_score(truth, yes, average="macro"),
            "micro_f1": metrics.f1_score(truth, yes, average="micro"),
            "roc_auc": metrics.roc_auc_score(truth, share, average="macro"),
            "average_precision": metrics.average_precision_score(truth, share, average="macro"),
            "log_loss": metrics.log_loss(truth.ravel(), share.ravel()),
            "calibration_error": np.mean([expected_error(*two) for two in zip(truth.T, share.T, strict=True)]),
        },
        abs=1e-4,
    )
    assert all(one["low"] <= one["value"] <= one["high"] for one in found["metrics"].values())
    assert found["metrics"]["subset_accuracy"]["method"] == "Wilson"
    blind, linear = found["baselines"].values()
    often = truth.mean(0) >= 0.5
    assert blind["label_accuracy"] == pytest.approx((truth == often).mean())
    assert list(found["baselines"]) == ["always the commonest answers", "logistic regression by label"]
    assert linear["roc_auc"] > 0.8
    assert found["comparisons"]["always the commonest answers"]["words"].startswith("the model is better")
    each = {one["class"]: one for one in found["classes"]}
    assert each["spam"]["samples"] == truth[:, 0].sum()
    assert each["spam"]["recall"] == pytest.approx(metrics.recall_score(truth[:, 0], yes[:, 0]))
    assert found["samples"] == 90
    assert "1 row without columns 'spam', 'urgent', 'ad': left out." in found["notes"]
    assert found["confusion"] is None
    report = (tmp_path / "report" / "report.md").read_text()
    assert "## Each label" in report
    names = {file.stem for file in (tmp_path / "report").glob("*.svg")}
    assert names == {"reliability", "roc", "precision-recall", "noise"}
    assert main(["evaluate", run.id]) == 0
    assert "label " in capsys.readouterr().out


def expected_error(truth: np.ndarray[Any, Any], share: np.ndarray[Any, Any]) -> float:
    """The calibration error of one label, both (n,), bin by bin."""
    bins = np.minimum((share * 10).astype(int), 9)
    off = [abs((truth - share)[bins == at].sum()) for at in range(10)]
    return float(np.sum(off) / len(truth))


def answers_of(file: Path) -> np.ndarray[Any, Any]:
    """The answers of all rows that have them."""
    lines = file.read_text().splitlines()
    whole = file.with_name("whole.csv")
    whole.write_text("\n".join(line for line in lines if ",," not in line) + "\n")
    return answers(whole)


def test_a_run_of_labels_is_taken_away_and_served(run: Run, tmp_path: Path) -> None:
    model, rows = load(run.id), [{"size": 61, "colour": "red"}, {"size": 35.5, "colour": "blue"}]
    first, second = model.predict(rows)
    assert "spam" in first["prediction"]
    assert second["prediction"] == ["ad"]
    assert list(first["probability"]) == list(NAMES)
    assert main(["export", run.id, "--to", "pt2", str(tmp_path / "m.pt2")]) == 0
    program = torch.export.load(tmp_path / "m.pt2").module()
    x = model.prepare(rows)
    torch.testing.assert_close(program(x), model(x))
    card = json.loads((tmp_path / "m.pt2.json").read_text())
    assert card["targets"] == list(NAMES)
    assert card["output"]["shape"] == ["batch", 3]
    assert "of each label" in card["output"]["means"]
    assert card["preparation"]["task"] == "labels"

    pytest.importorskip("fastapi")
    from descend.engine.serving.app import make_app

    form = make_app(model, run.id, 10, 1000).openapi()["components"]["schemas"]["Prediction"]["properties"]
    assert form["prediction"]["items"] == {"type": "string"}
    assert "spam" in form["prediction"]["description"]


def test_resumed_labels_are_those_of_a_run_that_went_on(tmp_path: Path) -> None:
    data = address(tmp_path)
    whole = trained("mlp", data, epochs=4, validation=0.2, dropout=0.2)
    half = trained("mlp", data, epochs=2, validation=0.2, dropout=0.2)
    forked = conduct(launcher.fork_run(half, 10**6, {"epochs": 4}))
    assert said(forked).metrics == said(whole).metrics


def test_a_run_that_learned_numbers_from_such_columns_goes_on_with_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intervals, "RESAMPLES", 100)
    data = address(tmp_path)
    run = trained("mlp", f"{data}&task=regression", epochs=1)
    file = run.folder / "run.json"
    manifest = json.loads(file.read_text())
    file.write_text(json.dumps(manifest | {"data": data}))  # as it was before there were labels
    capsys.readouterr()
    assert main(["evaluate", run.id, "--json"]) == 0  # on the rows that it did not train on
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["metrics"]["mae"]["value"] == pytest.approx(said(run).metrics["test/mae"], rel=1e-4)
    forked = conduct(launcher.fork_run(run, 10**6, {"epochs": 2, "huber": 1.0}))
    history = said(forked)
    assert history.failure is None
    assert "test/mae" in history.metrics
    assert read_preparation(forked).task == "regression"


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("self.out(x).sigmoid()", "the loss is that of its log-odds"),
        ("self.out(x).softmax(1)", "sum to 1, and a sample can have several labels"),
        ("self.out(x).relu()", "no label gets a probability below 50 %"),
    ],
)
def test_what_an_own_model_ends_with_is_undone_and_told(tmp_path: Path, end: str, told: str) -> None:
    run = trained(f"{written(tmp_path, OWN.format(end))}:Net", address(tmp_path), epochs=1)
    assert told in notes(said(run))
    model = load(run.id)
    x = model.prepare([{"size": 61, "colour": "red"}, {"size": 30, "colour": "blue"}])
    raw = model.net((x - model.shift) / model.scale)
    torch.testing.assert_close(model(x), raw.sigmoid() if "relu" in end else raw)


def test_the_loss_of_an_own_model_takes_labels(tmp_path: Path) -> None:
    code = (
        OWN.format("self.out(x).sigmoid()")
        + """
    def loss(self, output, target):
        return F.binary_cross_entropy(output, target)
"""
    )
    data = address(tmp_path)
    own = done(f"{written(tmp_path, code)}:Net", data, epochs=1)
    usual = done(f"{written(tmp_path, OWN.format('self.out(x).sigmoid()'), 'usual.py')}:Net", data, epochs=1)
    assert "The loss is the model's own" in notes(own)
    assert own.metrics["test/loss"] == pytest.approx(usual.metrics["test/loss"], rel=1e-4)


def test_an_own_model_with_another_number_of_scores_is_refused(tmp_path: Path) -> None:
    net = written(tmp_path, OWN.format("self.out(x)[:, :2]"))
    assert "3 scores, one for each label" in failed(f"{net}:Net", address(tmp_path))


def test_the_loss_is_that_of_pytorch(tmp_path: Path) -> None:
    task, draw = Labels(NAMES), torch.Generator().manual_seed(0)
    scores, labels = torch.randn(8, 3, generator=draw), (torch.rand(8, 3, generator=draw) < 0.3).to(torch.uint8)
    target = task.target(scores, labels)

    class Knobs:
        focal = 0.0
        label_smoothing = 0.0

    plain = functional.binary_cross_entropy_with_logits(scores, target)
    torch.testing.assert_close(task.loss(scores, target), plain)
    torch.testing.assert_close(task.training_loss(scores, target, Knobs), plain)
    Knobs.focal = 2.0
    right = torch.where(labels.bool(), scores.sigmoid(), 1 - scores.sigmoid())
    torch.testing.assert_close(task.training_loss(scores, target, Knobs), -((1 - right) ** 2 * right.log()).mean())
    Knobs.focal, Knobs.label_smoothing = 0.0, 0.2
    smooth = functional.binary_cross_entropy(scores.sigmoid(), 0.8 * target + 0.1)
    torch.testing.assert_close(task.training_loss(scores, target, Knobs), smooth)
    torch.testing.assert_close(task.loss(scores, target), plain)
    task.weigh("balanced", labels)
    assert task.weights is not None
    there = target.sum(0)
    torch.testing.assert_close(task.weights, (8 - there) / there.clamp(min=1))


def test_texts_have_labels_too_and_other_words_count_for_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["body\ttags"]
    for spam, quick in [(0, 0), (0, 1), (1, 0), (1, 1)] * 20:
        words = [word for word, has in (("spam", spam), ("quick", quick)) if has]
        lines.append(f"{'buy now' if spam else 'hello'} {'at once' if quick else ''}\t{'|'.join(words)}")
    file = tmp_path / "t.tsv"
    file.write_text("\n".join(lines) + "\n")
    run = trained("gru", f"{file}?text=body&task=labels&empty=none", epochs=1)
    assert read_preparation(run).mark == "|"
    new = tmp_path / "new.tsv"
    new.write_text("tags\tbody\nquick|other\tbuy\n\thello\n")
    capsys.readouterr()
    assert main(["evaluate", run.id, str(new), "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["samples"] == 2
    assert "1 row with 'other', no label of the training" in found["notes"][0]
    assert [one["samples"] for one in found["classes"]] == [1, 0]


def test_what_does_not_measure_labels_is_refused(tmp_path: Path) -> None:
    assert "metric=accuracy is not measured of a table of 4 columns with 3 labels" in refused(
        "mlp", address(tmp_path), metric="accuracy"
    )
    history = done(
        "mlp", address(tmp_path), epochs=1, class_weights="balanced", focal=1.0, validation=0.2, metric="roc_auc"
    )
    assert 0 <= history.metrics["test/roc_auc"] <= 1
