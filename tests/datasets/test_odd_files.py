"""Files that are nearly tables, or none: delimiters, repeated names, sums, other forms of data, options of others."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from descend.datasets import catalogue
from descend.datasets.dataset import WARNING, Dataset
from descend.datasets.delimiters import find_delimiter
from descend.engine.base.errors import DescendError, UsageError

ROWS = [(f"{row * 0.37 % 1:.3f}", str(row % 7), "pq"[row % 2]) for row in range(40)]


def lines(mark: str = ",", rows: list[tuple[str, ...]] = ROWS) -> str:
    return "".join(mark.join(row) + "\n" for row in rows)


def load(file: Path, content: str | bytes, options: str = "") -> Dataset:
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return catalogue.find(f"{file}?{options}" if options else str(file)).load()


def refused(file: Path, content: str | bytes, options: str = "") -> str:
    with pytest.raises(DescendError) as raised:
        load(file, content, options)
    return str(raised.value)


@pytest.mark.parametrize("mark", ["~|~", "&&", "$$", "|@|", "<>", "//", "^", "¦", "~", "\x01"])
def test_a_delimiter_that_stands_equally_often_in_every_line_is_found(mark: str, tmp_path: Path) -> None:
    for name in ("data.dat", "data.txt"):
        data = load(tmp_path / name, f"a{mark}b{mark}y\n{lines(mark)}")
        assert (data.features, data.classes) == (("a", "b"), ("p", "q"))


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("url\nhttp://a/1\nhttp://b/2\n", ","),
        ("http://a/1,2\nhttp://b/2,3\nhttp://c/2,3\n", ","),
        ("a,b\n1,x$$y\n2,z\n", ","),
        ("one (two), three\nfour (five), six\nseven (eight), nine\n", ","),
    ],
)
def test_marks_within_cells_are_no_delimiters(text: str, mark: str) -> None:
    assert find_delimiter(text.splitlines(keepends=True), "") == mark


def test_repeated_names_of_columns_are_not_samples(tmp_path: Path) -> None:
    data = load(tmp_path / "data.csv", f"a,b,y\n{lines()}a,b,y\n{lines()}")
    assert len(data.train_x) + len(data.test_x) == 80
    assert any(
        note.startswith(f"{WARNING}the names of the columns are repeated in 1 line, the first 42")
        for note in data.notes
    )
    words = [("red", "old", "p"), ("blue", "new", "q")] * 20
    data = load(tmp_path / "data.csv", f"a,b,y\n{lines(rows=words)}a,b,y\n{lines(rows=words)}")
    assert (data.classes, len(data.train_x) + len(data.test_x)) == (("p", "q"), 80)


def test_two_lines_of_names_and_a_comment_among_rows_are_told(tmp_path: Path) -> None:
    twice = "x,x,y\nmean,std,kind\n" + lines()
    assert "or say skip=1 if line 2 names them" in refused(tmp_path / "data.csv", twice)
    assert load(tmp_path / "data.csv", twice, "skip=1").features == ("mean", "std")
    commented = f"a,b,y\n{lines()}# note, with, commas\n"
    assert "comment=# if that line is a comment" in refused(tmp_path / "data.csv", commented)
    assert len(load(tmp_path / "data.csv", commented, "comment=#").train_x) == 32


@pytest.mark.parametrize("name", ["", "All regions"])
def test_a_row_of_sums_without_a_word_for_them_is_left_out(name: str, tmp_path: Path) -> None:
    rows = [(f"r{row % 4}", str(row % 5 + 1), str(row * 2.5 + 1)) for row in range(40)]
    sums = f"{name},{sum(int(row[1]) for row in rows)},{sum(float(row[2]) for row in rows)}\n"
    table = f"region,n,y\n{lines(rows=rows)}{sums}"
    data = load(tmp_path / "data.csv", table)
    assert max(*data.train_y, *data.test_y) == 98.5
    assert any(note.startswith(f"{WARNING}line 42 holds the sums") for note in data.notes)
    if name:
        kept = load(tmp_path / "data.csv", table, "totals=keep")
        assert len(kept.train_x) + len(kept.test_x) == 41


def test_numbers_that_grow_are_no_sums(tmp_path: Path) -> None:
    rows = [(str(row), str(2.0**row), str(row * 0.37 % 1)) for row in range(30)]
    data = load(tmp_path / "data.csv", f"t,x,y\n{lines(rows=rows)}")
    assert len(data.train_x) + len(data.test_x) == 30
    assert not any("sums" in note for note in data.notes)


def test_characters_that_nobody_sees_are_no_part_of_a_cell(tmp_path: Path) -> None:
    rows = [(f"{a}\u200b", f"\u00a0{b}", f"\ufeff{c}" if place % 3 else c) for place, (a, b, c) in enumerate(ROWS)]
    data = load(tmp_path / "data.csv", f"a,b,y\n{lines(rows=rows)}")
    assert (data.features, data.classes) == (("a", "b"), ("p", "q"))


OTHERS = {
    "JSON, a value in each line": "".join(f'{{"a": {a}, "y": "{y}"}}\n' for a, _, y in ROWS),
    "LIBSVM": "".join(f"{'+1' if y == 'p' else '-1'} 1:{a} 3:{b}\n" for a, b, y in ROWS),
    "drawn with lines": "| a | b | y |\n|---|---|---|\n" + "".join(f"| {a} | {b} | {y} |\n" for a, b, y in ROWS),
    "XML": '<?xml version="1.0"?>\n' + "".join(f"<a>{a}</a>\n" for a, _, _ in ROWS) + " " * 300,
    "ARFF": "% of a colleague\n@relation x\n@attribute a numeric\n@attribute y {p,q}\n@data\n" + lines() * 2,
}


@pytest.mark.parametrize("what", OTHERS)
def test_data_in_another_form_is_named(what: str, tmp_path: Path) -> None:
    assert what in refused(tmp_path / "data.csv", OTHERS[what])
    if what == "ARFF":  # whose lines are cut as those of a table
        assert what in refused(tmp_path / "data.txt", OTHERS[what])
        return
    data = load(tmp_path / "data.txt", OTHERS[what])
    assert any(note.startswith(WARNING) and what in note for note in data.notes)
    assert not any(note.startswith(WARNING) for note in load(tmp_path / "data.txt", OTHERS[what], "kind=text").notes)


def test_prose_is_in_no_other_form(tmp_path: Path) -> None:
    data = load(tmp_path / "data.txt", "It was a dark night. [He said]\nAnd {so} it | goes on.\n" * 20)
    assert not any(note.startswith(WARNING) for note in data.notes)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (pickle.dumps([1, 2], protocol=4), "pickle"),
        (b"\x89HDF\r\n\x1a\n" + bytes(99), "HDF5"),
        (b"SQLite format 3\0" + bytes(99), "database"),
    ],
)
def test_binary_files_are_named_whatever_they_are_called(content: bytes, what: str, tmp_path: Path) -> None:
    for name in ("data.csv", "data.txt", "data.bin", "data"):
        assert what in refused(tmp_path / name, content)


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("data.csv", "sep=;", "did you mean 'delimiter'?"),
        ("data.csv", "nrows=3", "did you mean 'limit'?"),
        ("data.csv", "label=y", "did you mean 'target'?"),
        ("data.csv", "size=32", "The option size is for a folder of images, and data.csv is read as a table"),
        ("data.md", "delimiter=,", "is for a table, and data.md is read as a text file; kind=table reads it as one"),
    ],
)
def test_an_option_of_another_program_or_family_is_told(name: str, options: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("a,b,y\n" + lines())
    with pytest.raises(UsageError) as raised:
        catalogue.find(f"{tmp_path / name}?{options}")
    assert sentence in str(raised.value)
