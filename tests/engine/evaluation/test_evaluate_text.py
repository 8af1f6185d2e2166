"""`descend evaluate` of models that continue texts: on what their training held back, and on texts of the user's."""

from __future__ import annotations

import io
import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import special
from tests.engine.evaluation.test_evaluate import evaluated, refused
from tests.engine.train.trained import said, trained, written

from descend.engine import load
from descend.engine.cli import main
from descend.engine.cli.evaluate_text import tell_of_file
from descend.engine.run.runs import Run
from descend.engine.train.predictor import restore_training

BOOK = "the cat sat on the mat and the dog ran off.\nthe hen, the cock and two mice stayed at home.\n" * 20
NEW = "the dog sat on the cat, and two mice ran home.\nthe cock stayed on the mat.\n" * 6


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("text") / "book.txt"
    file.write_text(BOOK)
    return file


def continues(book: Path, tokens: str = "", **knobs: object) -> Run:
    return trained("gpt", f"{book}{tokens}", **{"epochs": 2, "context": 16, "layers": 1, **knobs})


def test_what_was_held_back_is_judged_as_the_training_judged_it(
    book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for tokens, unit in (("", "character"), ("?tokens=bpe&vocabulary=300", "token")):
        run = continues(book, tokens)
        found, told = evaluated(capsys, run), said(run).metrics
        for name in ("loss", "perplexity", "accuracy", "bits_per_character"):
            one = found["metrics"][name]
            assert one["value"] == pytest.approx(told[f"test/{name}"], rel=1e-4)
            assert one["low"] <= one["value"] <= one["high"]
            assert one["method"].startswith("block bootstrap of 1,000, ")
        assert found["unit"] == unit
        [blind] = found["baselines"]
        assert blind == f"guessing by {unit} frequencies"
        tokeniser = load(run.id).prepared.tokeniser
        cut = len(BOOK) - len(BOOK) // 10
        train, test = (tokeniser.encode(part) for part in (BOOK[:cut], BOOK[cut:]))
        counts = np.bincount(train, minlength=len(tokeniser.vocabulary)) + 1
        truth = test[1 : (len(test) - 1) // 16 * 16 + 1]
        assert found["samples"] == len(truth)
        assert found["baselines"][blind]["loss"] == pytest.approx(-np.log(counts / counts.sum())[truth].mean())


def test_a_new_text_is_judged_without_the_training_s_and_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    book, new = tmp_path / "book.txt", tmp_path / "new.txt"
    book.write_text(BOOK)
    run = continues(book)
    assert tell_of_file(run, restore_training(run), str(book)).startswith(
        "Most of these places were trained on, as book"
    )
    book.unlink()  # the training's data is not needed
    new.write_text(NEW.replace("dog", "d<g"))
    folder = tmp_path / "report"
    assert main(["evaluate", run.id, str(new), "--report", str(folder)]) == 0
    assert "characters" in capsys.readouterr().out
    kept, text = json.loads((folder / "report.json").read_text()), (folder / "report.md").read_text()
    model = load(run.id)
    tokens = model.prepare([NEW.replace("dog", "d g")])[0]  # a blank stands in
    count = (len(tokens) - 1) // 16
    scores = model(tokens[: count * 16].reshape(count, 16)).detach().double().numpy().reshape(count * 16, -1)
    logs, truth = special.log_softmax(scores, 1), tokens[1 : count * 16 + 1].numpy()
    known = np.array([sign != "<" for sign in NEW.replace("dog", "d<g")[1 : count * 16 + 1]])
    loss = -logs[np.arange(len(truth)), truth][known].mean()
    assert kept["metrics"]["loss"]["value"] == pytest.approx(loss, rel=1e-4)
    assert kept["metrics"]["accuracy"]["value"] == pytest.approx((logs.argmax(1) == truth)[known].mean())
    assert kept["samples"] == known.sum() < count * 16
    assert "1 character that the training did not have, '<'" in kept["notes"][0]
    assert "6 places with such a character not judged" in kept["notes"][1]
    assert "block bootstrap of" in text
    names = {file.stem for file in folder.glob("*.svg")}
    assert names == {"reliability", "by-context", "along-the-text"}
    for name in names:
        assert f"![{name}]({name}.svg)" in text
        assert ElementTree.parse(folder / f"{name}.svg").getroot().tag.endswith("svg")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(new.read_bytes())))
    assert evaluated(capsys, run, "-")["metrics"] == kept["metrics"]


def test_two_that_cut_the_text_in_different_ways_are_compared(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = continues(book), continues(book, "?tokens=bpe&vocabulary=300", lr=0.01, epochs=8)
    found = evaluated(capsys, one, "--against", other.id)
    bits = [of["bits_per_character"] for of in (found["metrics"], found["baselines"][other.id])]
    assert bits[0]["value"] > bits[1]
    compared = found["comparisons"][other.id]
    assert compared["better"] == pytest.approx(bits[1] - bits[0]["value"], rel=0.1)  # on what both read
    assert compared["words"].startswith(f"{other.id} is better than the model by")
    assert "bits per character (paired block bootstrap of " in compared["words"]
    less = continues(Path(f"{book}?test=0.3"), lr=0.01)
    assert "held another part of its text back" in refused(capsys, one.id, "--against", less.id)
    table = trained("mlp", "iris", epochs=1)
    assert "does not learn to continue a text" in refused(capsys, one.id, "--against", table.id)


def test_what_cannot_be_judged_is_a_sentence(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, new = continues(book), tmp_path / "new.txt"
    for text, sentence in (("x", "at least 2 are needed"), ("中文字", "nothing that can be judged"), ("", "is empty")):
        new.write_text(text)
        assert sentence in refused(capsys, run.id, str(new))
    new.write_bytes(b"caf\xe9 au lait")
    assert "is not in UTF-8" in refused(capsys, run.id, str(new))
    assert "is a folder" in refused(capsys, run.id, str(tmp_path))
    assert "cannot be read" in refused(capsys, run.id, str(tmp_path / "gone.txt"))
    new.write_text("the cat")
    assert evaluated(capsys, run, str(new))["metrics"]["loss"].keys() == {"value"}
    code = """
class Rigid(nn.Module):
    def __init__(self, vocabulary, context):
        super().__init__()
        self.table, self.places = nn.Embedding(vocabulary, vocabulary), nn.Parameter(torch.zeros(context, vocabulary))
    def forward(self, x):
        return self.table(x) + self.places
"""
    rigid = trained(f"{written(tmp_path, code)}:Rigid", str(book), epochs=1, context=16)
    assert "reads 16 characters at once" in refused(capsys, rigid.id, str(new))
    assert evaluated(capsys, rigid)["metrics"]["loss"]["value"] > 0
