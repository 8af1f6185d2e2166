"""Trainings on texts cut into byte pairs: measured, kept, and used on new texts."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
from tests.engine.train.trained import conduct, said, trained

from descend.datasets import catalogue
from descend.engine import load
from descend.engine.base.errors import UsageError
from descend.engine.cli import main
from descend.engine.launch import launcher
from descend.engine.train.predictor import load_predictor

LINES = "the cat sat on the mat and the dog ran off.\nthe hen, the cock and two mice stayed at home.\n"


def test_perplexity_is_by_token_and_bits_are_by_character(tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text(LINES * 40)
    address = f"{book}?tokens=bpe&vocabulary=300"
    run = trained("gpt", address, epochs=1, context=16, layers=1)
    history, data = said(run), catalogue.find(address).load()
    loss, bits = history.metrics["test/loss"], history.metrics["test/bits_per_character"]
    assert history.metrics["test/perplexity"] == pytest.approx(math.exp(loss))
    windows = (len(data.test_x) - 1) // 16
    judged = data.test_x[1 : windows * 16 + 1].tolist()  # what was to be predicted
    characters = len(load(run.id).prepared.tokeniser.decode(judged))
    assert bits == pytest.approx(loss / math.log(2) * len(judged) / characters)
    sample = history.pictures["text/sample"][-1].text
    begun = load(run.id).prepared.tokeniser.decode(data.test_x[:16].tolist())
    assert sample.startswith(begun[:20])
    assert len(sample) > 200
    assert any("bits_per_character compares" in note.text for note in history.notes)

    model = load(run.id)
    assert model(model.prepare(["the cat"])).shape[2] == len(data.vocabulary)
    with pytest.raises(UsageError, match="tokens"):
        model.prepare(["the cat", "mice stayed at home"])
    plain = said(trained("gpt", str(book), epochs=1, context=16, layers=1)).metrics
    assert plain["test/bits_per_character"] == pytest.approx(plain["test/loss"] / math.log(2))

    book.write_text((LINES + "And the fox was there too.\n") * 40)
    fork = conduct(launcher.fork_run(run, 0, {"lr": 0.1}))
    failure = said(fork).failure
    assert failure is not None
    assert "no longer consists of the tokens" in failure.title


def test_new_texts_are_cut_as_those_of_the_training_were(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    file = tmp_path / "texts.csv"
    rows = [f"{'good warm day' if at % 2 else 'bad cold night'} {at},{'up' if at % 2 else 'down'}" for at in range(60)]
    file.write_text("\n".join(["said,way", *rows]) + "\n")
    run = trained("gru", f"{file}?text=said&tokens=bpe&vocabulary=320&length=4", epochs=3)
    file.unlink()
    texts = ["good night ☕ 中文", "bad", "", "cold " * 20]
    new = tmp_path / "new.csv"
    new.write_text("n,said\n" + "".join(f'0,"{text}"\n' for text in texts))
    assert main(["predict", run.id, str(new), "--to", str(tmp_path / "out.csv")]) == 0
    found = [float(row["probability up"]) for row in csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text()))]

    prepared = json.loads(run.preparation_file.read_text())  # enough for another program
    places = {token: at for at, token in enumerate(prepared["vocabulary"])}
    cutter = tokenizers.Tokenizer(tokenizers.models.BPE(places, [tuple(pair) for pair in prepared["merges"]]))
    cutter.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    [length] = prepared["sample_shape"]
    x = np.full((len(texts), length), places["Ġ"])
    for row, text in zip(x, texts, strict=True):
        tokens = cutter.encode(text).ids[:length]
        row[length - len(tokens) :] = tokens
    assert np.allclose(found, load_predictor(run).predict(x)[:, prepared["classes"].index("up")], atol=1e-5)
    model = load(run.id)
    assert np.allclose(
        [each["probability"]["up"] for each in model.predict([{"said": t} for t in texts])], found, atol=1e-5
    )
    assert main(["export", run.id, "--to", "state-dict", str(tmp_path / "w.pt")]) == 0
    card = json.loads((tmp_path / "w.pt.json").read_text())
    assert card["preparation"]["merges"] == prepared["merges"]
    assert "BPE" in card["input"]["means"]
