"""A column of texts with a class or a number for each."""

from __future__ import annotations

import io
import random
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from descend.datasets import catalogue
from descend.datasets.char_text import decode
from descend.datasets.dataset import Dataset
from descend.datasets.describe import describe, take_excerpt
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.cli.data_view import print_dataset

WORDS = {"good": "a fine and lovely day", "bad": "no end to our troubles"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two hundred sentences of shuffled words, of two kinds, and how many words each has."""
    draw = random.Random(0)
    lines = ["id,message,mood,words"]
    for place in range(200):
        mood = "good" if place % 2 else "bad"
        words = draw.choices(WORDS[mood].split(), k=draw.randrange(3, 7))
        lines.append(f'{place}-x,"{" ".join(words)}, {place}",{mood},{len(words)}')
    file = tmp_path / "mails.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def load(file: Path, options: str) -> Dataset:
    spec = catalogue.find(f"{file}?{options}")
    data = spec.load()
    assert spec.shape == data.shape
    return data


def test_each_text_is_a_sample_with_its_class(file: Path) -> None:
    data = load(file, "text=message&target=mood")
    written = [line.split('"') for line in file.read_text().splitlines()[1:]]
    longest = max(len(text) for _, text, _ in written)
    assert (data.kind, data.task, data.classes) == ("text", "classification", ("bad", "good"))
    assert data.shape.size == data.train_x.shape[1:] == (longest,)
    assert data.train_x.dtype == np.int64
    assert (len(data.train_x), len(data.test_x)) == (160, 40)
    moods = {text: rest.split(",")[1] for _, text, rest in written}
    for x, y in ((data.train_x, data.train_y), (data.test_x, data.test_y)):
        for tokens, label in zip(x, y, strict=True):
            assert moods[decode(tokens, data.vocabulary).lstrip()] == data.classes[label]
    assert "Left out besides the text: columns 'id', 'words'." in data.notes


def test_longer_texts_are_cut_and_shorter_ones_get_blanks_in_front(file: Path) -> None:
    data = load(file, "text=message&target=mood&length=20")
    assert data.train_x.shape == (160, 20)
    texts = {line.split('"')[1] for line in file.read_text().splitlines()[1:]}
    assert {decode(tokens, data.vocabulary) for tokens in data.train_x} <= {text[:20].rjust(20) for text in texts}
    cut = sum(len(line.split('"')[1]) > 20 for line in file.read_text().splitlines()[1:])
    assert any(f"cuts {cut:,} of 200" in note for note in data.notes)


def test_a_number_can_be_learned_of_texts(file: Path) -> None:
    data = load(file, "text=message&target=words&task=regression")
    assert (data.task, data.targets, data.train_y.dtype) == ("regression", ("words",), np.float64)


def test_the_column_of_texts_is_pointed_at_and_what_does_not_fit_is_said(file: Path) -> None:
    with pytest.raises(DescendError, match="or learn from texts alone with text=message"):
        load(file, "target=mood")
    with pytest.raises(UsageError, match="no column 'mesage'; did you mean 'message'"):
        load(file, "text=mesage&target=mood")
    with pytest.raises(UsageError, match="cannot be both learned from and predicted"):
        load(file, "text=message&target=message")
    file.write_text("a,message,y\n" + ",,1\n1,,0\n" * 9)
    with pytest.raises(DescendError, match="no text in column 'message'"):
        load(file, "text=message")


def test_gaps_are_dropped_or_left_blank(file: Path) -> None:
    file.write_text(file.read_text() + "9-x,,good,0\n")
    with pytest.raises(DescendError, match="lacks 1 value in 1 row"):
        load(file, "text=message&target=mood")
    assert len(load(file, "text=message&target=mood&missing=drop").train_x) == 160
    data = load(file, "text=message&target=mood&missing=mean")
    assert sum(not decode(x, data.vocabulary).strip() for x in (*data.train_x, *data.test_x)) == 1


def test_it_can_be_looked_at(file: Path) -> None:
    data = load(file, "text=message&target=mood")
    assert [count.name for count in describe(data).classes] == ["bad", "good"]
    assert take_excerpt(data).count("\n") == 7
    out = io.StringIO()
    print_dataset(data, Console(file=out, width=80))
    assert "160 samples for training, 40 for the test." in out.getvalue()
    assert "bad: " in out.getvalue()


def test_a_recurrent_network_learns_the_mood(file: Path) -> None:
    from tests.engine.train.trained import done

    history = done("gru", f"{file}?text=message&target=mood&length=24", epochs=4, lr=0.02, hidden=32)
    assert (history.metrics["test/accuracy"] or 0) > 0.9
