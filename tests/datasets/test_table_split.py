"""Rows kept for the test by group or by time."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue
from descend.datasets.dataset import Dataset
from descend.datasets.split import split_by_time, split_groups
from descend.engine.base.errors import DescendError, UsageError


def written(folder: Path, rows: list[str], head: str = "patient,day,size,kind") -> Path:
    file = folder / "visits.csv"
    file.write_text("\n".join([head, *rows]) + "\n")
    return file


def visits(folder: Path, day: str = "2024-{month:02d}-{day:02d}") -> Path:
    """Each row's size tells which patient and which row it is."""
    chance = random.Random(0)
    rows = []
    for number in range(200):
        patient, month = chance.randrange(23), number % 12 + 1
        when = day.format(month=month, day=number % 28 + 1)
        rows.append(f"p{patient},{when},{1000 * patient + number},{chance.choice(['a', 'b'])}")
    return written(folder, rows)


def read(file: Path, options: str) -> Dataset:
    return catalogue.find(f"{file}?{options}").load()


def test_a_group_is_trained_on_or_tested_never_both(tmp_path: Path) -> None:
    file = visits(tmp_path)
    found = read(file, "group=patient&ignore=day")
    train, test = ({int(size) // 1000 for size in part[:, 0]} for part in (found.train_x, found.test_x))
    assert not train & test
    assert train | test == set(range(23))
    assert 0.1 < len(found.test_x) / 200 <= 0.2
    assert found.features == ("size",)
    assert any("23 groups" in note for note in found.notes)
    other = read(file, "group=patient&ignore=day&seed=1")
    assert set(other.test_x[:, 0]) != set(found.test_x[:, 0])


def test_the_latest_rows_are_the_test(tmp_path: Path) -> None:
    for day in ("2024-{month:02d}-{day:02d}", "2024-{month:02d}-{day:02d}T13:00+02:00", "{month}.5"):
        found = read(visits(tmp_path, day), "time=day&ignore=patient&test=0.25")
        months = [{int(size) % 1000 % 12 for size in part[:, 0]} for part in (found.train_x, found.test_x)]
        assert max(months[0]) <= min(months[1])
        assert len(found.test_x) == pytest.approx(50, abs=17)  # a month's rows stay together where it has no days
        assert found.features == ("size",)


def test_rows_of_one_time_or_group_stay_together_and_both_parts_have_some() -> None:
    train, test = split_by_time(np.array([1.0] * 90 + [2.0] * 10))
    assert (len(train), len(test)) == (90, 10)
    train, test = split_by_time(np.array([2.0, 1.0]))
    assert (train.tolist(), test.tolist()) == ([1], [0])
    train, test = split_groups(["a"] * 90 + ["b"] * 10, 0.05, 3)
    assert sorted((len(train), len(test))) == [10, 90]
    parts = split_groups([str(n) for n in range(100)], 0.2, 0)
    assert [len(part) for part in parts] == [80, 20]
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(100))


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ("group=patient&time=day", UsageError, "two ways"),
        ("group=nobody", UsageError, "nobody"),
        ("time=patient", DescendError, "has 'p0' in line 2, which is no date"),
        ("group=one", DescendError, "of one group"),
        ("time=one", DescendError, "have one 'one'"),
        ("group=gap", DescendError, "no value in 1 row, first in line 5"),
        ("group=kind&target=kind", UsageError, "'kind' of visits.csv is left out"),
    ],
)
def test_what_cannot_split_is_a_sentence(
    tmp_path: Path, options: str, error: type[DescendError], sentence: str
) -> None:
    rows = [f"p{n},{n},1,{'' if n == 3 else n % 5},{n * 7 % 13},{'ab'[n % 2]}" for n in range(30)]
    file = written(tmp_path, rows, "patient,day,one,gap,size,kind")
    with pytest.raises(error, match=sentence):
        read(file, f"{options}&ignore=gap,patient")


def test_a_class_that_only_the_test_has_is_warned_of(tmp_path: Path) -> None:
    rows = [f"p{n},{n},{n * 7 % 13},{'late' if n > 90 else 'ab'[n % 2]}" for n in range(100)]
    found = read(written(tmp_path, rows), "time=day&ignore=patient")
    assert any(note.startswith("Warning") and "'late'" in note for note in found.notes)
