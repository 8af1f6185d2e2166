"""Tables as other programs write them: names of rows, titles above, marks for gaps; and remedies that add up."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue
from descend.datasets.dataset import Dataset
from descend.engine.base.errors import DescendError

ROWS = [(f"state {place}", 1.5 * place, place % 7, place * 3.5) for place in range(40)]


def written(folder: Path, text: str) -> Path:
    file = folder / "data.csv"
    file.write_text(text, encoding="utf-8")
    return file


def load(file: Path, options: str = "") -> Dataset:
    data = catalogue.find(f"{file}?{options}" if options else str(file)).load()
    assert np.isfinite(data.train_x).all()
    assert np.isfinite(data.test_x).all()
    return data


def refused(file: Path, options: str = "") -> str:
    with pytest.raises(DescendError) as raised:
        load(file, options)
    return str(raised.value)


def rows(mark: str = ",", end: str = "") -> str:
    return "".join(f'"{name}"{mark}{a}{mark}{b}{mark}{c}{end}\n' for name, a, b, c in ROWS)


@pytest.mark.parametrize(
    "text",
    ['"","a","b","c"\n' + rows(), '"a","b","c"\n' + rows(), '"a" "b" "c"\n' + rows(" ")],
    ids=["unnamed", "shorter", "blanks"],
)
def test_names_of_rows_are_left_out(text: str, tmp_path: Path) -> None:
    data = load(written(tmp_path, text))
    assert (data.features, data.targets) == (("a", "b"), ("c",))
    assert len(data.train_x) + len(data.test_x) == 40
    assert "Column 1 has no name and a unique word in every row, and was left out." in data.notes


def test_cells_between_any_blanks(tmp_path: Path) -> None:
    text = "a  b c   name\n" + "".join(f" {a}   {b}\t{c:.1f}  \t'{b}'\t \n" for _, a, b, c in ROWS)
    data = load(written(tmp_path, text))
    assert data.features == ("a", "b", "c")
    assert len(data.classes) == 7


def test_the_cell_that_is_shown_is_of_the_form_that_is_named(tmp_path: Path) -> None:
    text = "day,a,y\ntime,7,8\n" + "".join(f"2024-03-{b + 1},{a},{c}\n" for _, a, b, c in ROWS)
    assert "holds dates or times, as '2024-03-1' in line 3" in refused(written(tmp_path, text))


def test_lines_that_end_in_a_delimiter(tmp_path: Path) -> None:
    text = "a,b,c\n" + "".join(f"{a},{b},{c},\n" for _, a, b, c in ROWS)
    data = load(written(tmp_path, text))
    assert (data.features, data.targets) == (("a", "b"), ("c",))
    assert sorted(np.concatenate([data.train_y, data.test_y]).tolist()) == [row[3] for row in ROWS]


def test_a_first_cell_that_comes_again_is_no_name_of_a_row(tmp_path: Path) -> None:
    text = "a,b,c\n" + "".join(f"{place % 7},1,2,{place}\n" for place in range(40))
    assert "Line 2 of data.csv has 4 cells where line 1 has 3" in refused(written(tmp_path, text))
    later = "a,b,c\n" + "".join(f"{place},1,2,{place}\n" for place in range(40)) + "1,2\n"
    assert "Line 42 of data.csv has 2 cells where line 2 has 4" in refused(written(tmp_path, later))


def test_a_title_above_the_table_is_skipped_when_told(tmp_path: Path) -> None:
    table = "a,b,c\n" + "".join(f"{a},{b},{c}\n" for _, a, b, c in ROWS)
    file = written(tmp_path, 'Rainfall by "state"\nSource: the office\n\n' + table + "1,2\n")
    message = refused(file)
    assert "Line 4 of data.csv has 3 cells where line 1 has 1" in message
    assert "say skip=3 if the table begins there" in message
    assert "Line 45 of data.csv has 2 cells where line 4 has 3" in refused(file, "skip=3")
    data = load(written(tmp_path, "Rainfall\n" + table), "skip=1")
    assert (data.features, data.targets) == (("a", "b"), ("c",))
    assert "is empty" in refused(file, "skip=100")


def test_years_that_follow_one_another_are_names(tmp_path: Path) -> None:
    text = "land,1960,1961,1962\n" + "".join(f"{'xyz'[place % 3]},{a},{a + 1},{a + 2}\n" for place, a, *_ in numbered())
    data = load(written(tmp_path, text))
    assert data.features == ("land=x", "land=y", "land=z", "1960", "1961")
    assert data.targets == ("1962",)
    text = "".join(f"{'xyz'[place % 3]},{5 + place},{6 + place},{7 + place}\n" for place in range(30))
    assert any("no names" in note for note in load(written(tmp_path, text)).notes)


def test_numbers_above_the_names_of_rows_are_names(tmp_path: Path) -> None:
    text = ",142.2,144.8,147.3\n" + "".join(f"{9 + place / 10},{a},{place % 4},{a * 3}\n" for place, a in numbered())
    data = load(written(tmp_path, text))
    assert data.features == ("column 1", "142.2", "144.8")
    again = ",142.2,144.8,147.3\n" + "".join(f"{place % 9},{a},{place % 4},{a * 3}\n" for place, a in numbered())
    assert "lacks 1 value in 1 row ('column 1' 1; the first in line 1)" in refused(written(tmp_path, again))


def numbered() -> list[tuple[int, float]]:
    return [(place, place * 0.75) for place in range(30)]


def test_marks_for_gaps_are_told(tmp_path: Path) -> None:
    text = "a,b\n" + "".join(
        f"{'-200' if place == 3 else '-' if place == 5 else place},{place}\n" for place in range(40)
    )
    file = written(tmp_path, text)
    assert "the first, '-', in line 7); say missing=drop to leave out 1 row of 40" in refused(file)
    data = load(file, "gaps=-,-200&missing=drop")
    assert data.missing == {"a": 2}
    assert data.train_x.min() >= 0


def test_a_column_with_values_only_where_the_target_is_missing_is_refused(tmp_path: Path) -> None:
    lines = [f"{place},7,red," if place < 9 else f"{place},,,{place}" for place in range(40)]
    file = written(tmp_path, "a,b,c,y\n" + "\n".join(lines))
    message = refused(file, "missing=mean")
    assert "values in columns 'b', 'c' only where the target is missing; leave them out with ignore=b,c" in message
    assert load(file, "missing=mean&ignore=b,c").features == ("a",)


def test_what_to_leave_out_is_named_at_once_and_adds_to_what_is_left_out_already(tmp_path: Path) -> None:
    lines = [f"{p},2024-01-{p % 28 + 1:02d},customer {p},,€{p}.5,Mar-{p + 1900},{p},{p * 2}" for p in range(60)]
    file = written(tmp_path, 'n,day,"name, first",none,fee,month,x,y\n' + "\n".join(lines))
    options = "ignore=n"
    message = refused(file, options)
    assert "leave what cannot be learned from out with ignore=n,day,3,none,month." in message
    found = re.search(r"(ignore=.*)\.$", message)
    assert found
    assert "say signs=€" in refused(file, found[1])
    assert load(file, f"{found[1]}&signs=€").features == ("fee", "x")


@pytest.mark.parametrize("name", ["a&b", "50%", "a=b", "größe", "x?", "a b"])
def test_the_remedy_works_whatever_the_name_of_the_column(name: str, tmp_path: Path) -> None:
    file = written(tmp_path, f"{name},x,y\n" + "".join(f"text {place},{place},{place * 2}\n" for place in range(60)))
    found = re.search(r"(ignore=.*)\.$", refused(file))
    assert found
    assert load(file, found[1]).features == ("x",)


def test_categories_add_up_too(tmp_path: Path) -> None:
    lines = [f"{'A1' if p == 50 else p % 9},{'B2' if p == 50 else p % 8},{p}" for p in range(60)]
    file = written(tmp_path, "a,b,y\n" + "\n".join(lines))
    assert "say categories=a for codes" in refused(file)
    assert "say categories=a,b for codes" in refused(file, "categories=a")
    assert "b=B2" in load(file, "categories=a,b").features


def test_a_target_that_is_told_is_not_left_out(tmp_path: Path) -> None:
    file = written(tmp_path, ",a,b\n" + "".join(f"{place},{place / 3},{place % 5}.5\n" for place in range(40)))
    assert load(file).features == ("a",)
    assert load(file, "target=1").targets == ("column 1",)


def test_a_named_column_that_numbers_the_rows_is_kept_and_said(tmp_path: Path) -> None:
    file = written(tmp_path, "Id,a,y\n" + "".join(f"{place + 1},{place / 3},{place % 5}.5\n" for place in range(40)))
    data = load(file)
    assert data.features == ("Id", "a")
    assert "Column 'Id' only numbers the rows, as identifiers do; ignore=Id leaves it out." in data.notes


def test_a_class_for_every_row_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, "x,y\n" + "".join(f"{place},{word}\n" for place, word in enumerate("abcdefg")))
    assert "has one row of each class of 'y', and so none for the test; choose another with target=…." in refused(file)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_other_encodings_are_read_or_named(encoding: str, tmp_path: Path) -> None:
    text = "city,x,y\n" + "".join(f"{'“Köln”' if place % 2 else 'Bonn'},{place},{place * 2}\n" for place in range(40))
    file = tmp_path / "data.csv"
    file.write_bytes(text.encode(encoding))
    remedy = ""
    if encoding != "utf-32":  # which begins with a mark
        message = refused(file)
        remedy = f"encoding={encoding}"
        assert remedy in message
        assert ("'“Köln”,1,2' reads well there" in message) == (encoding == "cp1252")
    assert load(file, remedy).features == ("city=“Köln”", "x")


def test_a_cell_that_never_ends_is_told_from_a_quote_that_is_not_closed(tmp_path: Path) -> None:
    start = "a,b\n" + "1,2\n" * 9
    assert "Line 11 of data.csv has a cell of more than 131,072" in refused(
        written(tmp_path, start + f"1,{'x' * 200_000}\n")
    )
    assert "opened in line 11 of data.csv is never closed" in refused(
        written(tmp_path, start + '1,"2\n' + start * 9000)
    )


def test_a_gap_in_the_target_alone_cannot_be_filled(tmp_path: Path) -> None:
    file = written(tmp_path, "a,y\n" + "".join(f"{place},{place if place % 3 else ''}\n" for place in range(40)))
    message = refused(file)
    assert message.endswith("say missing=drop to leave out 14 rows of 40.")
    data = load(file, "missing=drop")
    assert len(data.train_x) + len(data.test_x) == 26
