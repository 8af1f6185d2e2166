"""Arrays in .npy files that do not fit into memory: the same samples as read at once, from disk, in bounded memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from descend.datasets import catalogue, mapped_arrays, npz_file, table_cache, user_path
from descend.datasets.memory import TooLarge
from descend.engine.base.errors import DescendError
from descend.engine.cli import main
from tests.engine.train.trained import said, trained


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESCEND_HOME", str(tmp_path / "home"))


def shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory for nothing at once."""

    def refuse(*given: Any) -> None:
        raise TooLarge("There is no room.")

    monkeypatch.setattr(npz_file, "check_memory", refuse)
    monkeypatch.setattr(mapped_arrays, "NUMBERS", 500)
    user_path._read_npy.cache_clear()


def make_arrays(folder: Path, kind: str) -> None:
    """Files of so many samples."""
    rng, n = np.random.default_rng(0), 400
    rows = rng.normal(5, 2, (n, 6))
    if kind == "gaps":
        rows[rng.random(rows.shape) < 0.02] = np.nan
        rows[:, 3] = 7
    labels = rng.integers(0, 3, n)
    x: Any = {
        "grey": rng.integers(0, 256, (n, 5, 7), dtype=np.uint8),
        "planes": rng.random((n, 3, 8, 9), dtype=np.float32) * 90 - 10,
        "fractions": rng.random((n, 4, 4, 3)),
        "masks": rng.random((n, 4, 5)) < 0.5,
    }.get(kind, rows)
    if kind == "single":
        np.save(folder / "t.npy", np.column_stack([rows[:, :2], labels, rows[:, 2:]]))
    elif kind in ("grey", "parted"):
        for part, at in (("train", slice(0, 300)), ("test", slice(300, n))):
            np.save(folder / f"x_{part}.npy", x[at])
            np.save(folder / f"y_{part}.npy", labels[at])
    else:
        np.save(folder / "x.npy", x)
        np.save(folder / "y.npy", rows[:, :2] if kind == "numbers" else labels)


CASES = [
    ("gaps", "?missing=mean"),
    ("gaps", "?missing=drop&test=0.3&seed=4"),
    ("numbers", "?task=regression"),
    ("parted", ""),
    ("single", "/t.npy?target=3"),
    ("grey", ""),
    ("planes", ""),
    ("fractions", ""),
    ("masks", ""),
]


@pytest.mark.parametrize(("kind", "more"), CASES)
def test_the_samples_are_those_of_arrays_read_at_once(
    kind: str, more: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "arrays"
    folder.mkdir()
    make_arrays(folder, kind)
    whole = catalogue.find(f"{folder}{more}").load()
    shrink(monkeypatch)
    mapped = catalogue.find(f"{folder}{more}").load()
    assert isinstance(mapped.train_x, np.memmap)
    assert not isinstance(whole.train_x, np.memmap)
    for name in ("classes", "features", "targets", "task", "kind", "scale", "values", "missing", "shape"):
        assert getattr(mapped, name) == getattr(whole, name), name
    for name in ("train_x", "test_x", "train_y", "test_y"):
        mine, other = getattr(mapped, name), getattr(whole, name)
        assert mine.dtype == other.dtype, name
        assert np.allclose(mine, other, atol=1e-5, rtol=0), name
    assert [*mapped.notes] == [*whole.notes, *(note for note in mapped.notes if "read from disk" in note)]


def test_it_is_kept_and_a_training_is_that_of_the_arrays_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "arrays"
    folder.mkdir()
    make_arrays(folder, "planes")
    knobs: dict[str, Any] = {"validation": 0.1, "normalise": "dataset", "epochs": 1}
    whole = said(trained("mlp", str(folder), **knobs))
    shrink(monkeypatch)
    run = trained("mlp", str(folder), **knobs)
    assert said(run).metrics == pytest.approx(whole.metrics, rel=1e-4, abs=1e-5)
    [(kept, source, _, _)] = table_cache.list_tables()
    assert source == str(folder)
    begun = (kept / "table.json").stat().st_mtime_ns
    user_path._read_npy.cache_clear()
    assert main(["data", "show", str(folder)]) == 0
    assert "read from disk" in " ".join(capsys.readouterr().out.split())
    assert (kept / "table.json").stat().st_mtime_ns == begun
    assert main(["evaluate", run.id, "--json"]) == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ((333, 2, np.nan), "has 1 NaN in 1 column, the first at index [333, 2]; say missing=drop"),
        ((333, 2, np.inf), "is infinite at index [333, 2]"),
        ((333, 2, 1e300), "has 1e+300, more than a 32-bit number can be, at index [333, 2]"),
    ],
)
def test_what_is_wrong_far_inside_is_a_sentence(
    change: tuple[int, int, float], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_arrays(tmp_path, "numbers")
    x = np.load(tmp_path / "x.npy")
    x[change[:2]] = change[2]
    np.save(tmp_path / "x.npy", x)
    shrink(monkeypatch)
    with pytest.raises(DescendError) as caught:
        catalogue.find(f"{tmp_path / 'x.npy'}?task=regression").load()
    assert sentence in str(caught.value)
    assert not list((tmp_path / "home/cache/tables").glob(".*"))


BOUNDED = """
import resource, sys
import numpy, torch
from descend.datasets import catalogue, memory
from descend.datasets.preparation import prepare_dataset
from descend.engine.train import loader
catalogue.list_specs()
used = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData")) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (used + 64 * 2**20,) * 2)
memory.free_memory = lambda: 2**40 if sys.argv[2] == "whole" else 2**26
data = catalogue.find(sys.argv[1]).load()
form = loader.Preprocessing(prepare_dataset(data), torch.device("cpu"))
train, test, held = loader.make_splits(data, form, context=0, validation=0.1, resident=True, seed=0)
feed = loader.Loader(train, 64, 0)
print(sum(float(feed.batch(step)[0].sum()) for step in range(feed.per_epoch)) > 0, len(train), data.train_x.nbytes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit counts what is mapped elsewhere")
@pytest.mark.parametrize("how", ["mapped", "whole"])
def test_memory_is_bounded(how: str, tmp_path: Path) -> None:
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.uint8, (8000, 100, 100))
    x[:] = np.arange(100, dtype=np.uint8)
    np.save(tmp_path / "y.npy", np.arange(8000) % 2)
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED, str(tmp_path / "x.npy"), how],
        capture_output=True,
        text=True,
        env={**os.environ, "DESCEND_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert (done.returncode == 0) == (how == "mapped"), done.stderr[-2000:]
    if how == "mapped":
        assert done.stdout.split() == ["True", "5760", "64000000"]
