"""`descend predict` of models that continue texts."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from tests.engine.train.trained import trained, written

from descend.engine import load
from descend.engine.cli import main

BOOK = "the cat sat on the mat and the dog ran off.\nthe hen, the cock and two mice stayed at home.\n" * 20


@pytest.fixture
def book(tmp_path: Path) -> Path:
    file = tmp_path / "book.txt"
    file.write_text(BOOK)
    return file


def predicted(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[list[dict[str, str]], str]:
    """The rows, and what was said."""
    capsys.readouterr()
    assert main(["predict", *words]) == 0
    found = capsys.readouterr()
    return list(csv.DictReader(io.StringIO(found.out))), found.err


@pytest.mark.parametrize("tokens", ["", "?tokens=bpe&vocabulary=300"])
def test_each_line_goes_on_as_the_model_says(
    tokens: str,
    book: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = trained("gpt", f"{book}{tokens}", epochs=1, context=16, layers=1)
    book.unlink()  # the training's data is not needed
    new = tmp_path / "new.txt"
    new.write_text("the cat sat on the mat, and then \n\nt§o", encoding="utf-8")
    rows, told = predicted(capsys, run.id, str(new), "--length", "20", "--temperature", "0")
    assert [row["text"] for row in rows] == ["the cat sat on the mat, and then ", "t§o"]
    assert ("1 character that the training did not have, '§'" in told) == (not tokens)
    model = load(run.id)
    for row in rows:
        begun = model.prepare([row["text"] if tokens else row["text"].replace("§", " ")])
        read = begun
        for _ in range(20):
            likeliest = model(read[:, -16:])[0, -1].argmax()
            read = torch.cat([read, likeliest.reshape(1, 1)], 1)
        new_ones = read[0, begun.shape[1] :].tolist()
        assert row["continuation"] == model.prepared.tokeniser.decode(new_ones)
    drawn = [predicted(capsys, run.id, str(new), "--seed", seed, "--length", "40")[0] for seed in ("1", "1", "2")]
    assert drawn[0] == drawn[1] != drawn[2]
    cold = predicted(capsys, run.id, str(new), "--length", "20", "--temperature", "1e-9")[0]
    assert [row["continuation"] for row in cold] == [row["continuation"] for row in rows]
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(new.read_bytes())))
    assert predicted(capsys, run.id, "-", "--seed", "1", "--length", "40")[0] == drawn[0]
    assert main(["predict", run.id, str(new), "--length", "3", "--to", str(tmp_path / "out.csv")]) == 0
    assert "Wrote 2 lines" in capsys.readouterr().out


def test_what_cannot_be_continued_is_a_sentence(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*words: str) -> str:
        capsys.readouterr()
        assert main(["predict", *words]) in (1, 2)
        told = capsys.readouterr()
        assert not told.out
        assert told.err.count("\n") == 1
        return told.err

    code = """
class Rigid(nn.Module):
    def __init__(self, vocabulary, context):
        super().__init__()
        self.table, self.places = nn.Embedding(vocabulary, vocabulary), nn.Parameter(torch.zeros(context, vocabulary))
    def forward(self, x):
        return self.table(x) + self.places
"""
    run = trained(f"{written(tmp_path, code)}:Rigid", str(book), epochs=1, context=16)
    new = tmp_path / "new.txt"
    new.write_text("the cat")
    assert "cannot continue a text of 7 characters" in refused(run.id, str(new))
    new.write_text("\n\n\n.\r")
    assert "cannot continue a text of 1 characters" in refused(run.id, str(new))
    new.write_bytes(b"caf\xe9 au lait")
    assert "is not in UTF-8" in refused(run.id, str(new))
    assert "is a folder" in refused(run.id, str(tmp_path))
    for words in (("--length", "0"), ("--temperature", "nan"), ("--seed", "-1"), ("--seed", "9" * 30)):
        assert words[0] in refused(run.id, str(new), *words)
    table = trained("mlp", "iris", epochs=1)
    assert "--length is for texts that continue" in refused(table.id, str(new), "--length", "3")
