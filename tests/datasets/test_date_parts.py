"""Columns of dates as numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue
from descend.datasets.dataset import Dataset
from descend.engine import load
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.cli import main
from tests.engine.train.trained import trained


def written(folder: Path, dates: list[str], name: str = "t.csv") -> Path:
    file = folder / name
    lines = [f"{date},{place},{'ab'[place % 2]}" for place, date in enumerate(dates)]
    file.write_text("\n".join(["when,size,kind", *lines]) + "\n")
    return file


def read(file: Path, options: str = "dates=parts") -> Dataset:
    return catalogue.find(f"{file}?{options}").load()


def column(found: Dataset, name: str) -> list[float]:
    """Values of a feature in the order of the file, which ``size`` tells."""
    x = np.concatenate([found.train_x, found.test_x])
    order = np.argsort(x[:, found.features.index("size")])
    values: list[float] = x[order, found.features.index(name)].tolist()
    return values


def test_parts_are_those_of_the_calendar(tmp_path: Path) -> None:
    dates = [f"2026-{place % 12 + 1:02d}-{place % 28 + 1:02d}" for place in range(40)]
    dates[3], dates[4] = "1970-01-01", "2026-11-29"  # a Thursday and a Sunday
    found = read(written(tmp_path, dates))
    assert found.features == ("when year", "when month", "when weekday", "when days", "size")
    for name, first, second in (("year", 1970, 2026), ("month", 1, 11), ("weekday", 3, 6), ("days", 0, 20786)):
        assert column(found, f"when {name}")[3:5] == [first, second]
    assert any("became year, month, weekday, days" in note for note in found.notes)


def test_what_never_differs_is_left_out_and_hours_have_their_minutes(tmp_path: Path) -> None:
    found = read(written(tmp_path, [f"2026-03-31 {place % 24:02d}:30" for place in range(40)]))
    assert found.features == ("when hour", "when days", "size")
    assert column(found, "when hour")[:3] == [0.5, 1.5, 2.5]
    times = read(written(tmp_path, [f"{place % 12 + 1}:15 pm" for place in range(40)]))
    assert column(times, "when hour")[:2] == [13.25, 14.25]


@pytest.mark.parametrize(
    ("shape", "options", "months"),
    [
        ("{day:02d}/{month:02d}/2026", "dates=parts", (1, 2)),
        ("{month:02d}/{day:02d}/2026", "dates=parts", (1, 2)),
        ("{day}.{month}.2026", "dates=parts", (1, 2)),
        ("{day} Mar 202{month}", "dates=parts", None),
    ],
)
def test_the_order_of_day_and_month_is_found(tmp_path: Path, shape: str, options: str, months: tuple[int, ...]) -> None:
    dates = [shape.format(day=place % 28 + 1, month=place % 4 + 1) for place in range(40)]
    found = read(written(tmp_path, dates), options)
    if months:
        assert tuple(column(found, "when month")[:2]) == months
    else:
        assert column(found, "when year")[:2] == [2021, 2022]


def test_dates_that_can_be_read_in_two_ways_are_asked_about(tmp_path: Path) -> None:
    file = written(tmp_path, [f"{place % 12 + 1}/{(place * 5) % 12 + 1}/2026" for place in range(40)])
    with pytest.raises(UsageError, match="day-first or dates=month-first"):
        read(file)
    assert column(read(file, "dates=day-first"), "when month")[1] == 6
    assert column(read(file, "dates=month-first"), "when month")[1] == 2


def test_dates_are_dropped_as_told_and_else_asked_about(tmp_path: Path) -> None:
    file = written(tmp_path, [f"2026-01-{place % 28 + 1:02d}" for place in range(40)])
    assert read(file, "dates=drop").features == ("size",)
    with pytest.raises(DescendError, match="dates=parts"):
        read(file, "")
    broken = written(tmp_path, [f"2026-01-{place % 28 + 1:02d}" if place != 7 else "2026-02-30" for place in range(40)])
    with pytest.raises(DescendError, match="has '2026-02-30' in line 9, which is no date"):
        read(broken)


def test_new_rows_and_those_of_load_have_the_date_itself(tmp_path: Path) -> None:
    dates = [f"{place % 28 + 1}.{place % 12 + 1}.2025" for place in range(60)]
    dates[5] = ""
    run = trained("mlp", f"{written(tmp_path, dates)}?dates=parts&missing=mean", epochs=2)
    new = tmp_path / "new.csv"
    new.write_text("size,when\n3,4.5.2026\n9,\n")
    assert main(["predict", run.id, str(new), "--to", str(tmp_path / "out.csv")]) == 0
    with open(tmp_path / "out.csv") as file:
        told = list(csv.DictReader(file))
    found = load(run.id).predict([{"size": 3, "when": "4.5.2026"}, {"size": 9, "when": None}])
    assert [one["prediction"] for one in found] == [row["prediction"] for row in told]
    assert list(told[0])[:2] == ["size", "when"]
    x = load(run.id).prepare([{"size": 3, "when": "4.5.2026"}])
    names = load(run.id).prepared.features
    assert x[0, names.index("when month")] == 5
    with pytest.raises(DescendError, match="lacks column 'when'"):
        load(run.id).predict([{"size": 3}])
    with pytest.raises(DescendError, match="is no date"):
        load(run.id).predict([{"size": 3, "when": "soon"}])
