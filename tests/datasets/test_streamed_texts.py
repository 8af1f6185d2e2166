"""Texts in tables that do not fit into memory: the same indices as read at once, from disk, in bounded memory."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue
from descend.engine.cli import main
from tests.datasets.test_streamed_table import shrink
from tests.engine.train.trained import said, trained

ROWS = 2400
WORDS = ["good", "warm", "sunny", "day", "bad", "cold", "rainy", "night", "☕", "straße", "the", "a", "of"]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Texts of a few words with a class and a number, some missing; one character is there once."""
    monkeypatch.setenv("DESCEND_HOME", str(tmp_path / "home"))
    chance = np.random.default_rng(0)
    with open(tmp_path / "t.csv", "w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["said", "n", "part", "who", "mood"])
        for row in range(ROWS):
            words = chance.choice(WORDS, chance.integers(1, 9)).tolist()
            text = "" if row % 97 == 5 else "Ω, is it?" if row == 1777 else " ".join(words)
            part = ["train", "test", "val"][row % 10 // 8]
            writer.writerow([text, row % 7, part, f"p{row // 10}", "glad" if "good" in words else "sad"])
    return tmp_path / "t.csv"


@pytest.mark.parametrize(
    "options",
    [
        "missing=drop&text=said&target=mood",
        "missing=mean&text=said&target=mood&length=20&group=who",
        "missing=drop&text=said&target=n&task=regression&split=part&tokens=bpe&vocabulary=300",
        "missing=drop&text=said&target=mood&tokens=bpe&vocabulary=400&length=5&case=fold",
    ],
)
def test_the_indices_are_those_of_a_table_read_at_once(
    options: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = catalogue.find(f"{file}?{options}").load()
    shrink(monkeypatch)
    streamed = catalogue.find(f"{file}?{options}").load()
    assert isinstance(streamed.train_x, np.memmap)
    assert not isinstance(whole.train_x, np.memmap)
    assert streamed.train_x.dtype == (np.uint8 if "bpe" not in options else np.int16)
    for name in ("classes", "targets", "label", "task", "kind", "text", "vocabulary", "merges", "train_groups"):
        assert getattr(streamed, name) == getattr(whole, name), name
    for name in ("train_x", "test_x", "train_y", "test_y"):
        assert np.array_equal(getattr(streamed, name), getattr(whole, name)), name
    assert (streamed.train_held is None) == (whole.train_held is None)
    assert streamed.missing == whole.missing
    assert {note for note in whole.notes if "of each text" in note or "token" in note} <= set(streamed.notes)


def test_a_training_is_that_of_the_table_in_memory(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"{file}?missing=drop&text=said&target=mood&length=24"
    whole = said(trained("rnn", address, epochs=1, validation=0.1))
    shrink(monkeypatch)
    run = trained("rnn", address, epochs=1, validation=0.1)
    assert said(run).metrics == pytest.approx(whole.metrics, rel=1e-4, abs=1e-5)
    assert main(["evaluate", run.id, "--json"]) == 0
    assert main(["data", "show", address]) == 0
    assert "t.csv stays on disk" in " ".join(capsys.readouterr().out.split())
    new = file.with_name("new.csv")
    new.write_text("said\ngood day\n")
    assert main(["predict", run.id, str(new)]) == 0
    assert "good day,glad," in capsys.readouterr().out


BOUNDED = """
import resource, sys
import torch, tokenizers
from descend.datasets import catalogue, csv_reader, csv_stream, table_sample, text_rows
from descend.datasets.preparation import prepare_dataset
from descend.engine.train import loader
csv_reader.MAX_CELLS = 1000
csv_stream.CHARACTERS = table_sample.CHARACTERS = 1 << 21
text_rows.NUMBERS = 1 << 19
catalogue.list_specs()
used = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData")) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (used + int(sys.argv[2]) * 2**20,) * 2)
if sys.argv[3] == "whole":
    csv_reader.MAX_CELLS = 10**9
data = catalogue.find(sys.argv[1]).load()
form = loader.Preprocessing(prepare_dataset(data), torch.device("cpu"))
train, test, held = loader.make_splits(data, form, context=0, validation=0.1, resident=True, seed=0)
feed = loader.Loader(train, 256, 0)
print(sum(float(feed.batch(step)[0].sum()) for step in range(feed.per_epoch)) > 0, len(train), data.train_x.nbytes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit counts what is mapped elsewhere")
@pytest.mark.parametrize("how", ["streamed", "whole"])
def test_memory_is_bounded(how: str, tmp_path: Path) -> None:
    text = "nine words of which none is very long, and " * 45  # 1,900 characters
    with open(tmp_path / "t.csv", "w") as target:
        target.write("said,mood\n" + "".join(f'"{row} {text}",{"ab"[row % 2]}\n' for row in range(12_000)))
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, f"{tmp_path}/t.csv?text=said&length=1000", "64", how],
        capture_output=True,
        text=True,
        env={**os.environ, "DESCEND_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert (done.returncode == 0) == (how == "streamed"), done.stderr[-2000:]
    if how == "streamed":
        assert done.stdout.split() == ["True", "8640", "9600000"]
