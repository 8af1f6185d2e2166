"""Columns of dates as numbers."""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec
import numpy as np
import pytest

from descend.datasets import catalogue, csv_reader, table_sample
from descend.datasets.csv_reader import CsvTable
from descend.datasets.dataset import Dataset
from descend.datasets.new_rows import RowEncoder
from descend.datasets.preparation import Preparation, prepare_dataset
from descend.engine import load
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.cli import main
from descend.engine.evaluation.samples import judge_rows
from descend.engine.train.predictor import load_predictor
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


SHAPES = {
    "iso": ("{year}-{month:02d}-{day:02d}", "dates=parts"),
    "day": ("{day:02d}/{month:02d}/{year}", "dates=day-first"),
    "month": ("{month}/{day}/{year}", "dates=month-first"),
    "words": ("{day} Mar {year}", "dates=parts"),
    "times": ("{day:02d}.{month:02d}.{year} {month}:30 pm", "dates=parts"),
}
TAKEN = {
    "iso": {"2024-03-05": (2024, 3, 5), "2024-3-5": (2024, 3, 5), "20240305": (2024, 3, 5)},
    "day": {"05/03/2024": (2024, 3, 5), "25/12/2024": (2024, 12, 25), "2024-03-05T10:00": (2024, 3, 5)},
    "month": {"3/5/2024": (2024, 3, 5), "12/25/2024": (2024, 12, 25), "2024-03-05": (2024, 3, 5)},
    "words": {"5 May 2024": (2024, 5, 5), "2024-03-05": (2024, 3, 5)},
    "times": {"5.3.2024 9:30 am": (2024, 3, 5), "2024-03-05": (2024, 3, 5)},
}
NONSENSE = ["5", "-5", "1.000,5", "5.6", "１２", "٣", "45", "12:30", "2024-13-01", "99999", "soon", "２０２４-03-05"]
REFUSED = {
    "iso": ["01/02/2024", "13/02/2024", "Jan 5, 2024", "2024/03/05", "2024"],
    "day": ["12/25/2024", "5.3.2024", "05/03/24", "Jan 5, 2024"],
    "month": ["25/12/2024", "Jan 5, 2024"],
    "words": ["5.3.2024", "May 5 2024"],
    "times": ["5.3.2024", "5.13.2024 9:30 am"],
}


def fitted(folder: Path, shape: str) -> Preparation:
    form, options = SHAPES[shape]
    dates = [form.format(day=place % 28 + 1, month=place % 12 + 1, year=2020 + place % 5) for place in range(60)]
    return prepare_dataset(read(written(folder, dates), options))


@pytest.mark.parametrize("shape", SHAPES)
def test_new_dates_are_read_as_the_training_s_were_written_or_by_iso_8601(tmp_path: Path, shape: str) -> None:
    how = fitted(tmp_path, shape).dates[0]
    for cell, expected in TAKEN[shape].items():
        date = how.read(cell)
        assert date is not None, cell
        assert (date.year, date.month, date.day) == expected, cell
    for cell in [*NONSENSE, *REFUSED[shape]]:
        assert how.read(cell) is None, cell


def test_a_run_that_did_not_keep_the_form_refuses_what_is_no_date_or_is_turned_around(tmp_path: Path) -> None:
    prepared = fitted(tmp_path, "iso")
    how = msgspec.structs.replace(prepared.dates[0], forms=None, years=None)
    assert how.read("2024-03-05") == how.read("03/05/2024") == how.read("5 Mar 2024")
    for cell in ["5", "-5", "1.000,5", "１２", "45", "13/02/2024"]:
        assert how.read(cell) is None, cell
    far = how.read("9999-12-31")
    assert far is not None
    assert not how.is_far(far)
    encoder = RowEncoder(msgspec.structs.replace(prepared, dates=(how,)), {})
    encoder.encode(CsvTable(tmp_path, ["when", "size"], [["9999-12-31", "2024-03-05"], ["3", "3"]], [1, 2], True))
    assert "1 row with '9999' in 'when year', far from all" in " ".join(encoder.tell())


def test_dates_of_both_orders_in_one_column_are_refused_by_a_training(tmp_path: Path) -> None:
    dates = [f"{place % 28 + 1:02d}/01/2024" for place in range(39)]
    with pytest.raises(DescendError, match="'01/25/2024' in line 41, which is no date with the day first"):
        read(written(tmp_path, [*dates, "01/25/2024"]))


def test_what_is_no_date_counts_as_missing_and_far_dates_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dates = [f"202{place % 5}-0{place % 9 + 1}-{place % 28 + 1:02d}" for place in range(60)]
    run = trained("mlp", f"{written(tmp_path, dates)}?dates=parts", epochs=2)
    new = tmp_path / "new.csv"
    new.write_text(
        "when,size,kind\n2024-01-05,3,a\n5,3,b\n,3,a\n13/02/2024,3,b\n9999-12-31,3,b\n2027-01-01,3,a\n2024-01-05,1e30,a\n"
    )
    assert main(["predict", run.id, str(new), "--to", str(tmp_path / "out.csv")]) == 0
    said = capsys.readouterr().err
    assert "2 rows with '5', '13/02/2024' in 'when', no date as the training's were written" in said
    assert "3 rows without 'when year'" in said
    assert "1 row with '9999-12-31' in 'when', far from all" in said
    assert "1 row with '1e30' in 'size', far from all" in said
    with open(tmp_path / "out.csv") as file:
        told = [row["probability a"] for row in csv.DictReader(file)]
    assert told[1] == told[2] == told[3] != told[0]
    judged = judge_rows(load_predictor(run), new, {})
    assert "2 rows with '5', '13/02/2024' in 'when'" in " ".join(judged.notes)
    model = load(run.id)
    notes: list[str] = []
    model.predict([{"when": "9999-12-31", "size": 3}], notes)
    assert "far from all" in " ".join(notes)
    for cell in ("5", "13/02/2024", "１２"):
        with pytest.raises(DescendError, match="Column 'when' of the rows has"):
            model.predict([{"when": cell, "size": 3}])


def test_a_table_that_stays_on_disk_keeps_the_forms_of_all_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("CELLS", 200), ("EDGE", 5)):
        monkeypatch.setattr(table_sample, name, value)
    dates = [f"2024-01-{place % 28 + 1:02d}" for place in range(1500)]
    dates[777] = "5 Mar 2031"
    file = written(tmp_path, dates)
    whole = read(file)
    monkeypatch.setattr(csv_reader, "MAX_CELLS", 1000)
    streamed = read(written(tmp_path, dates, "again.csv"))
    assert any("stays on disk" in note for note in streamed.notes)
    for found in (whole, streamed):
        assert found.dates[0].years == (2024, 2031)
        assert found.dates[0].forms == ("0 b 0000", "0000-0-0")
