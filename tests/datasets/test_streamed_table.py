"""Tables that do not fit into memory: the same numbers as read at once, from disk, in bounded memory."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from descend.datasets import catalogue, csv_reader, csv_stream, table_cache, user_path
from descend.datasets.dataset import Dataset
from descend.datasets.reporting import reporting_to
from descend.engine.base.errors import DescendError
from descend.engine.cli import main
from descend.engine.cli.output import sanitize_streams
from descend.engine.cli.reading_bar import ReadingBar
from tests.engine.train.trained import notes, said, split_of, trained

ROWS = 3000


def rows_of(count: int = ROWS) -> list[str]:
    chance = np.random.default_rng(0)
    found = []
    for i in range(count):
        x = chance.normal()
        gap = "" if i % 97 == 5 else f"{chance.normal():.4f}"
        part = ["train", "test", "val"][i % 10 // 8]
        city = "Atlantis" if i == 1777 else ["Paris", "Rome", "Oslo"][i % 3]
        found.append(
            f"{x:.4f},{gap},{city},2024-{1 + i % 12:02}-{1 + i % 28:02},p{i // 10},{part},{'yes' if x > 0.3 else 'no'}"
        )
    return found


HEAD = "a,b,city,day,patient,part,kind"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table with gaps, dates and a city that is there once."""
    monkeypatch.setenv("DESCEND_HOME", str(tmp_path / "home"))
    (tmp_path / "t.csv").write_text("\n".join([HEAD, *rows_of()]) + "\n")
    return tmp_path / "t.csv"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory for a few cells only."""
    shrink(monkeypatch)


def shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    from descend.datasets import table_sample

    monkeypatch.setattr(csv_reader, "MAX_CELLS", 4000)
    monkeypatch.setattr(table_sample, "CELLS", 3500)
    monkeypatch.setattr(
        csv_stream.stream_csv, "__kwdefaults__", {**csv_stream.stream_csv.__kwdefaults__, "cells": 2500}
    )
    user_path._read_dataset.cache_clear()


@pytest.mark.parametrize(
    "options",
    [
        "missing=mean&dates=parts&group=patient&ignore=part",
        "missing=drop&dates=drop&time=day&ignore=part,patient",
        "missing=mean&dates=drop&split=part&ignore=patient&encode=ordinal",
        "missing=mean&dates=drop&ignore=part,patient&target=a&seed=3&test=0.3",
    ],
)
def test_the_numbers_are_those_of_a_table_read_at_once(
    options: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "time=day" in options:
        options = options.replace("dates=drop&", "")
    whole = catalogue.find(f"{file}?{options}").load()
    shrink(monkeypatch)
    streamed = catalogue.find(f"{file}?{options}").load()
    assert isinstance(streamed.train_x, np.memmap)
    assert not isinstance(whole.train_x, np.memmap)
    for name in ("classes", "features", "targets", "label", "task", "kind", "dates", "train_groups"):
        assert getattr(streamed, name) == getattr(whole, name), name
    for name in ("train_x", "test_x", "train_y", "test_y"):
        assert np.allclose(getattr(streamed, name), getattr(whole, name), atol=1e-6), name
    for name in ("train_held", "train_times"):
        mine, other = getattr(streamed, name), getattr(whole, name)
        assert (mine is None) == (other is None), name
        assert mine is None or np.array_equal(mine, other), name
    assert [each.words for each in streamed.encoders] == [each.words for each in whole.encoders]
    assert np.allclose(streamed.mean, whole.mean, atol=1e-6)
    assert np.allclose(streamed.std, whole.std, atol=1e-6)
    assert {name: streamed.missing[name] for name in whole.missing} == dict(whole.missing)


def load(file: Path, options: str = "missing=mean&dates=parts&ignore=part,patient") -> Dataset:
    return catalogue.find(f"{file}?{options}").load()


@pytest.mark.usefixtures("small")
def test_it_is_made_once_and_told_of(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[tuple[str, float]] = []
    with reporting_to(lambda what, share: told.append((what, share))):
        load(file)
    assert any("3,000 rows become" in what and not share for what, share in told)
    assert [share for what, share in told if "into numbers" in what][-1] == 1.0
    (folder, source, size, _), *more = table_cache.list_tables()
    assert (source, more) == (str(file), [])
    begun = (folder / "table.json").stat().st_mtime_ns
    user_path._read_dataset.cache_clear()
    load(file)
    assert (folder / "table.json").stat().st_mtime_ns == begun
    load(file, "missing=mean&dates=drop&ignore=part,patient")
    assert len(table_cache.list_tables()) == 2
    file.write_text(file.read_text().replace("Oslo", "Bern"))
    load(file)
    assert len(table_cache.list_tables()) == 3
    assert main(["data", "cache"]) == 0
    assert "used today" in capsys.readouterr().out
    os.utime(folder, (0, time.time() - 40 * 86_400))
    assert table_cache.remove_old() == size
    assert main(["data", "cache", "--clear"]) == 0
    assert table_cache.list_tables() == []


@pytest.mark.usefixtures("small")
def test_two_parts_in_files_are_streamed_too(file: Path) -> None:
    folder = file.parent / "set"
    folder.mkdir()
    lines = rows_of()
    for name, part in (("train", lines[:2000]), ("validation", lines[2000:2300]), ("test", lines[2300:])):
        (folder / f"{name}.csv").write_text("\n".join([HEAD, *part]))
    data = load(folder)
    assert (len(data.train_x), len(data.test_x)) == (2300, 700)
    assert data.train_held is not None
    assert np.flatnonzero(data.train_held).tolist() == list(range(2000, 2300))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("line", "text", "options", "sentence"),
    [
        (2000, "oops,1,Rome,2024-01-01,p,train,yes", "", "'oops'"),
        (2000, "1,2,Rome,2024-01-01,p,yes", "", "Line 2,000 of t.csv has 6 cells where line 1 has 7"),
        (2000, "1,2,Rome,2024-77-01,p,train,yes", "", "which is no date"),
        (2000, "1,,Rome,2024-01-01,p,train,yes", "dates=drop&ignore=part,patient", "missing=mean"),
        (2000, "1,2,Rome,2024-01-01,p,,yes", "missing=mean&dates=drop&split=part&ignore=patient", "no value"),
        (
            2000,
            "1,2,,2024-01-01,p,train,yes",
            "text=city&ignore=b",
            "'city' 1; the first in line 2,000",
        ),
    ],
)
def test_what_is_wrong_far_inside_is_a_sentence(line: int, text: str, options: str, sentence: str, file: Path) -> None:
    lines = file.read_text().splitlines()
    lines[line - 1] = text
    file.write_text("\n".join(lines))
    with pytest.raises(DescendError) as caught:
        load(file, options or "missing=mean&dates=parts&ignore=part,patient")
    assert sentence in str(caught.value)
    assert not list((file.parent / "home/cache/tables").glob(".*"))


@pytest.mark.usefixtures("small")
def test_a_disk_that_is_too_small_is_a_sentence(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=9))
    with pytest.raises(DescendError, match=r"on disk while it is made into numbers, and .* has 9 B free"):
        load(file)


@pytest.mark.usefixtures("small")
def test_problems_are_told_and_it_is_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "show", str(file)]) == 1
    printed = capsys.readouterr()
    assert "3,000 rows, 7 columns" in " ".join(printed.out.split())
    assert " of them: ranges and gaps are of those" in " ".join(printed.out.split())
    assert "holds dates" in printed.out
    assert main(["data", "show", f"{file}?missing=mean&dates=parts&ignore=part,patient"]) == 0
    assert "2,400 samples for training, 600 for the test" in capsys.readouterr().out


def test_a_training_is_that_of_the_table_in_memory(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"{file}?dates=drop&missing=drop&ignore=part,patient"
    whole = said(trained("mlp", address, validation=0.1))
    shrink(monkeypatch)
    run = trained("mlp", address, validation=0.1)
    streamed = said(run)
    assert streamed.status is not None
    assert whole.status is not None
    assert streamed.status.metrics == pytest.approx(whole.status.metrics, rel=1e-4, abs=1e-5)
    assert "t.csv stays on disk" in " ".join(catalogue.find(address).load().notes)
    assert len(split_of(run).validation) == 238
    assert "rows" in notes(streamed)
    assert main(["evaluate", run.id, "--json"]) == 0


BOUNDED = """
import resource, sys
import numpy
from descend.datasets import catalogue, csv_reader, csv_stream, table_sample
from descend.datasets.preparation import prepare_dataset
if sys.argv[2] == "streamed":
    import torch
    from descend.engine.train import loader
csv_reader.MAX_CELLS, table_sample.CELLS = 100_000, 50_000
csv_stream.stream_csv.__kwdefaults__["cells"] = 50_000
catalogue.list_specs()
used = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData")) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (used + 64 * 2**20,) * 2)
if sys.argv[2] == "whole":
    csv_reader.MAX_CELLS = 10**9
data = catalogue.find(sys.argv[1]).load()
form = loader.Preprocessing(prepare_dataset(data), torch.device("cpu"))
train, test, held = loader.make_splits(data, form, context=0, validation=0.1, resident=True, seed=0)
feed = loader.Loader(train, 256, 0)
print(sum(float(feed.batch(step)[0].sum()) for step in range(feed.per_epoch)) is not None, len(train))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit counts what is mapped elsewhere")
@pytest.mark.parametrize("how", ["streamed", "whole"])
def test_memory_is_bounded(how: str, tmp_path: Path) -> None:
    line = ",".join(f"{i}.{i}" for i in range(30))
    rows = [f"{i},{line},{'ab'[i % 2]}" for i in range(30_000)]
    (tmp_path / "t.csv").write_text("\n".join([",".join(["i", *(f"c{i}" for i in range(30)), "kind"]), *rows]))
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, str(tmp_path / "t.csv"), how],
        capture_output=True,
        text=True,
        env={**os.environ, "DESCEND_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert (done.returncode == 0) == (how == "streamed"), done.stderr[-2000:]
    if how == "streamed":
        assert done.stdout.split() == ["True", "21600"]


class Terminal(io.StringIO):
    """Standard error that is one."""

    def isatty(self) -> bool:
        return True


def test_how_far_it_has_come_is_a_bar_on_a_terminal_else_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (io.StringIO(), Terminal()):
        monkeypatch.setattr(sys, "stderr", stream)
        with sanitize_streams(), ReadingBar() as bar:
            for share in (0.2, 0.7):
                bar("a big\x1bfile", share)
        found = stream.getvalue()
        if isinstance(stream, Terminal):
            assert "\x1b[" in found
            assert "big\x1bfile" not in found
        else:
            assert found.count("descend: a big") == 1
            assert "\x1b" not in found
