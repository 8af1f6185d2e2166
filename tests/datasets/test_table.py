"""Tables of one's own: what is found in them, what is assumed, and each defect as a sentence that says where."""

from __future__ import annotations

import codecs
import csv
import io
import os
import random
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from descend.datasets import catalogue, csv_reader
from descend.datasets.dataset import Dataset
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.sanitize import clean

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file and return its path."""

    def write(content: str | bytes, name: str = "data.csv", encoding: str = "utf-8") -> Path:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return file

    return write


def load(file: Path, options: str = "") -> Dataset:
    """The dataset at a path; its spec must say what it turns out to be."""
    spec = catalogue.find(f"{file}?{options}" if options else str(file))
    data = spec.load()
    assert spec.shape == data.shape
    assert (spec.train_size, spec.test_size) == (len(data.train_x), len(data.test_x))
    assert data.train_x.dtype == data.test_x.dtype == np.float32
    assert np.isfinite(data.train_x).all()
    assert np.isfinite(data.test_x).all()
    assert data.train_x.shape[1:] == (len(data.features),)
    return data


def refused(file: Path, options: str = "") -> str:
    """The sentence with which it is refused."""
    with pytest.raises(DescendError) as raised:
        load(file, options)
    message = str(raised.value)
    assert clean(message) == message
    return message


def everything(data: Dataset) -> np.ndarray:
    """Features and target of all rows, sorted."""
    y = np.concatenate([data.train_y, data.test_y])
    whole = np.column_stack([np.concatenate([data.train_x, data.test_x]), y])
    return whole[np.lexsort(whole.T[::-1])]


ROWS = [(1.5 * place, place % 7, "red" if place % 3 else "blue") for place in range(40)]
PLAIN = "length,count,colour\n" + "".join(f"{a},{b},{c}\n" for a, b, c in ROWS)


def test_a_plain_table_is_read_and_what_was_assumed_is_said(write: Write) -> None:
    file = write(PLAIN)
    data = load(file)
    assert data.features == ("length", "count")
    assert data.classes == ("blue", "red")
    assert (len(data.train_x), len(data.test_x)) == (32, 8)
    expected = np.array([(a, b, c == "red") for a, b, c in ROWS], float)
    assert np.allclose(everything(data), expected[np.lexsort(expected.T[::-1])])
    assert any("last column, 'colour'" in note for note in data.notes)
    assert any("classification" in note for note in data.notes)
    assert data.name == str(file)


def test_the_address_names_the_same_data_from_any_folder(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(PLAIN)
    monkeypatch.chdir(file.parent)
    spec = catalogue.find("data.csv?target=length&ignore=colour, count", ignore="colour")
    assert spec.name == "data.csv?target=length&ignore=colour"
    monkeypatch.chdir("/")
    again = catalogue.find(spec.address)
    assert again.shape == spec.shape
    assert np.array_equal(again.load().train_x, spec.load().train_x)
    assert spec.where() == file
    os.remove(file)
    with pytest.raises(DescendError, match="is gone"):
        spec.load()


def test_a_changed_file_is_read_again(write: Write) -> None:
    assert load(write(PLAIN)).features == ("length", "count")
    assert load(write(PLAIN.replace("count", "number"))).features == ("length", "number")


@pytest.mark.parametrize("mark", [";", "\t", "|", " "])
def test_other_delimiters_are_found(mark: str, write: Write) -> None:
    data = load(write(PLAIN.replace(",", mark)))
    assert np.array_equal(everything(data), everything(load(write(PLAIN, "comma.csv"))))
    assert any("separated by" in note for note in data.notes)


@pytest.mark.parametrize(
    ("start", "encoding"),
    [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")],
)
def test_a_byte_order_mark_is_not_part_of_the_first_name(start: bytes, encoding: str, write: Write) -> None:
    data = load(write(start + PLAIN.replace("length", "längd").encode(encoding)))
    assert data.features == ("längd", "count")


def test_another_encoding_is_refused_with_the_line_and_read_when_told(write: Write) -> None:
    text = PLAIN.replace("blue", "blå")
    file = write(text, encoding="latin-1")
    message = refused(file)
    assert "line 2 " in message
    assert "0xE5" in message
    assert "'0.0,0,blå'" in message
    assert "encoding=latin-1" in message
    assert load(file, "encoding=latin-1").classes == ("blå", "red")
    assert "is not in ascii" in refused(file, "encoding=ascii")
    assert "There is no encoding 'klingon'" in refused(file, "encoding=klingon")
    assert "There is no encoding 'base64'" in refused(file, "encoding=base64")


def test_quoted_commas_newlines_and_quotes_are_read_and_lines_still_counted(write: Write) -> None:
    words = ['a "b"', "c,d", "e\nf"]
    out = io.StringIO()
    csv.writer(out).writerows([["x", "word", "y"], *([place, words[place % 3], place % 2] for place in range(30))])
    data = load(write(out.getvalue()))
    assert data.features == ("x", 'word=a "b"', "word=c,d", "word=e\nf")
    assert "Line 42 of data.csv has 2 cells" in refused(write(out.getvalue() + "1,2\n"))


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_line_ends_of_other_systems(ends: str, write: Write) -> None:
    data = load(write(PLAIN.replace("\n", ends).encode()))
    assert np.array_equal(everything(data), everything(load(write(PLAIN, "unix.csv"))))


DEFECTS = {
    "zero bytes": (b"", "is empty"),
    "blank": (b" \n\n\n", "is empty"),
    "only commas": (b",,\n,,\n", "is empty"),
    "only a header": (b"a,b\n", "0 rows of data"),
    "two rows": (b"a,b\n1,2\n3,4\n", "2 rows of data; a training and a test set take at least 5"),
    "ragged": (PLAIN.encode() + b"1,2\n", "Line 42 of data.csv has 2 cells where line 1 has 3"),
    "one cell": (PLAIN.encode() + b"1\n", "Line 42 of data.csv has 1 cell where line 1 has 3"),
    "too many": (b"a,b\n1,2,3\n" + b"1,2\n" * 9, "Line 2 of data.csv has 3 cells where line 1 has 2"),
    "one column": (b"a\n1\n2\n3\n4\n5\n6\n", "has a single column ('a' in line 1)"),
    "open quote": (PLAIN.encode() + b'"1,2,red\n3,4,blue\n', "opened in line 42 of data.csv is never closed"),
    "after a quote": (PLAIN.encode() + b'"1"5,2,red\n', "Line 42 of data.csv has text after a closing quote"),
    "same name": (PLAIN.replace("count", "length").encode(), "Columns 1 and 2 of data.csv are both called 'length'"),
    "a word": (PLAIN.encode() + b"twelve,3,red\n", "'twelve' in line 42"),
    "a thousand": (PLAIN.encode() + b'"1,000",3,red\n', "'1,000' in line 42"),
    "infinite": (PLAIN.encode() + b"inf,3,red\n", "'inf' in line 42, more than a 32-bit number"),
    "too many digits": (PLAIN.encode() + b"9" * 5000 + b",3,red\n", "in line 42, more than a 32-bit number"),
    "too large": (PLAIN.encode() + b"1e39,3,red\n", "'1e39' in line 42, more than a 32-bit number"),
    "zero byte": (PLAIN.encode() + b"1,\0,red\n", "zero byte in line 42"),
    "spreadsheet": (b"PK\x03\x04" + PLAIN.encode(), "save the sheet as CSV"),
    "a web page": (b"\n<!DOCTYPE html><html>" + PLAIN.encode(), "is not a table but a web page"),
    "json": (b'{"a": 1, "b": 2}\n' * 9, "is not a table but JSON"),
    "packed": (b"\x1f\x8b" + PLAIN.encode(), "it cannot be unpacked"),
    "a gap": (PLAIN.encode() + b",3,red\n", "lacks 1 value in 1 row ('length' 1; the first in line 42)"),
    "one class": (PLAIN.replace("blue", "red").encode(), "has the single value 'red'"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_a_sentence_that_says_where(defect: str, write: Write) -> None:
    content, sentence = DEFECTS[defect]
    assert sentence in refused(write(content))


def column(name: str, cell: Callable[[int], str], rows: int = 60) -> str:
    """A table whose middle column is made by ``cell``."""
    return f"x,{name},y\n" + "".join(f'{place},"{cell(place)}",{place * 3}\n' for place in range(rows))


@pytest.mark.parametrize(
    ("cell", "sentence", "remedy"),
    [
        (lambda place: f"2024-03-{place % 28 + 1:02d}", "holds dates or times, as '2024-03-01' in line 2", "ignore=m"),
        (lambda place: f"{place % 28 + 1}/3/2024 12:30", "holds dates or times", "ignore=m"),
        (lambda place: f"{place % 24}:05", "holds dates or times", "ignore=m"),
        (lambda place: f"{place * 1371:,}", "groups the digits of numbers, as '1,371' in line 3", "thousands=,"),
        (lambda place: f"{place * 1371:,}".replace(",", " "), "groups the digits", "thousands=%20"),
        (lambda place: f"{place},5", "has numbers with a comma, as '0,5' in line 2", "decimal=,"),
        (lambda place: f"€{place}.50", "has a sign next to its numbers, as '€0.50'", "ignore=m"),
        (lambda place: f"{place}%", "has a sign next to its numbers", "ignore=m"),
        (lambda place: f"customer {place}", "60 unique words in column 'm', too many", "ignore=m"),
        (lambda place: "", "no values in column 'm'", "ignore=m"),
        (lambda place: "NA", "no values in column 'm'", "ignore=m"),
        (lambda place: "?" if place == 9 else str(place), "lacks 1 value in 1 row ('m' 1; the first", "missing=drop"),
        (lambda place: "bad" if place == 9 else str(place), "holds numbers, but 'bad' in line 11", "categories=m"),
    ],
)  # fmt: skip
def test_a_column_that_cannot_be_learned_from_names_its_remedy_and_the_remedy_works(
    cell: Callable[[int], str], sentence: str, remedy: str, write: Write
) -> None:
    file = write(column("m", cell))
    message = refused(file)
    assert sentence in message
    assert f"{remedy}" in message
    data = load(file, remedy)
    assert len(data.train_x) + len(data.test_x) in (59, 60)
    if remedy.startswith(("thousands", "decimal")):
        mark = unquote(remedy.partition("=")[2])
        expected = [float(cell(place).replace(mark, "." if remedy[0] == "d" else "")) for place in range(60)]
        at = data.features.index("m")
        assert sorted(np.concatenate([data.train_x, data.test_x])[:, at].tolist()) == pytest.approx(sorted(expected))


def test_several_columns_of_free_text_are_named_together(write: Write) -> None:
    rows = "".join(f"name {place},ticket {place},{place},{place % 2}\n" for place in range(60))
    message = refused(write("name,ticket,x,y\n" + rows))
    assert "ignore=name,ticket" in message
    assert load(write("name,ticket,x,y\n" + rows), "ignore=name,ticket").features == ("x",)


def gaps(where: dict[int, str]) -> str:
    """Forty rows; of some, one cell is missing."""
    lines = []
    for place in range(40):
        row = {"a": str(place), "b": "xyyz"[place % 4], "y": str(place % 2)}
        row.update({where[place]: ["", "NA", "NaN", "?", "null"][place % 5]} if place in where else {})
        lines.append(",".join(row.values()))
    return "a,b,y\n" + "\n".join(lines)


def test_missing_values_are_dropped_when_told(write: Write) -> None:
    data = load(write(gaps({3: "a", 4: "b", 5: "y", 11: "a"})), "missing=drop&gaps=null")
    assert data.missing == {"a": 2, "b": 1, "y": 1}
    assert len(data.train_x) + len(data.test_x) == 36
    assert any("4 rows of 40" in note for note in data.notes)


def test_missing_values_are_filled_from_the_training_set_when_told(write: Write) -> None:
    data = load(write(gaps({3: "a", 4: "b", 5: "y", 11: "a"})), "missing=mean&gaps=null")
    assert data.missing == {"a": 2, "b": 1, "y": 1}
    assert data.features == ("a", "b=x", "b=y", "b=z")
    assert len(data.train_x) + len(data.test_x) == 39  # the row without a target is gone
    x = np.concatenate([data.train_x, data.test_x])
    filled = x[x[:, 0] % 1 != 0]
    known = data.train_x[data.train_x[:, 0] % 1 == 0][:, 0]
    if len(filled):
        assert filled[:, 0] == pytest.approx(known.mean(), rel=1e-6)
    assert len(set(x[:, 0].tolist())) == 38
    assert (x[:, 1:].sum(1) == 1).all()
    assert x[x[:, 0] == 4][0, 1:].tolist() == [0, 1, 0]


def test_when_nothing_is_left_after_dropping_the_columns_are_named(write: Write) -> None:
    message = refused(write(gaps(dict.fromkeys(range(36), "a"))), "missing=drop")
    assert "4 rows without a gap in column 'a', and 5 are needed" in message
    assert "ignore=a" in message
    message = refused(write(gaps(dict.fromkeys(range(36), "y"))), "missing=mean&task=regression")
    assert "4 rows without a gap in column 'y', and 5 are needed; choose another target" in message


def test_rows_that_are_each_a_class_leave_nothing_for_the_test(write: Write) -> None:
    assert "none for the test" in refused(write("x,y\n1,a\n2,b\n3,c\n4,d\n5,e\n"))


def test_dropping_may_leave_one_class(write: Write) -> None:
    message = refused(write(gaps(dict.fromkeys(range(1, 40, 2), "a"))), "missing=drop")
    assert "single class '0' in the rows that are left" in message


def test_categories_become_columns_of_0_and_1_or_ranks(write: Write) -> None:
    rows = "".join(f"{'ab'[place % 2]},{'uvw'[place % 3]},{place % 4},{place}.5\n" for place in range(36))
    file = write("two,three,code,y\n" + rows)
    data = load(file, "categories=code")
    assert data.features == ("two=b", "three=u", "three=v", "three=w", "code=0", "code=1", "code=2", "code=3")
    assert set(np.unique(data.train_x).tolist()) == {0, 1}
    ranks = load(file, "encode=ordinal")
    assert ranks.features == ("two", "three", "code")
    assert ranks.train_x.max(0).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("values", "options", "task", "classes"),
    [
        ("0 1", "", "classification", ("0", "1")),
        ("1.0 2.0 10.0", "", "classification", ("1", "2", "10")),
        ("no yes", "", "classification", ("no", "yes")),
        ("1 2 10 b", "task=classification", "classification", ("1", "2", "10", "b")),
        ("0.5 1.5", "", "regression", ()),
        ("0.5 1.5", "task=classification", "classification", ("0.5", "1.5")),
        ("0 1", "task=regression", "regression", ()),
        (" ".join(map(str, range(30))), "", "regression", ()),
        (" ".join(map(str, range(15))), "", "classification", tuple(map(str, range(15)))),
    ],
)
def test_the_task_follows_from_the_target_unless_told(
    values: str, options: str, task: str, classes: tuple[str, ...], write: Write
) -> None:
    words = values.split()
    rows = "".join(f"{place / 3:.2f},{words[place % len(words)]}\n" for place in range(60))
    data = load(write("x,y\n" + rows), options)
    assert (data.task, data.classes) == (task, classes)
    assert data.targets == (("y",) if task == "regression" else ())
    assert data.train_y.dtype == (np.float64 if task == "regression" else np.int64)
    assert any("so the task is" in note for note in data.notes) == (not options)


def test_a_target_that_does_not_fit_its_task_is_a_sentence(write: Write) -> None:
    assert "'blue' in line 2; say task=classification" in refused(write(PLAIN), "task=regression")
    rows = "".join(f"{place % 5},{place}.5\n" for place in range(60))
    assert "60 unique values in 60 rows, too many" in refused(write("x,y\n" + rows), "task=classification")
    mixed = "x,y\n" + "".join(f"{place},{place if place else 'none at all'}\n" for place in range(60))
    assert "'none at all' in line 2; fix it" in refused(write(mixed))
    assert "say task=classification" in refused(write(mixed))
    dates = "x,y\n" + "".join(f"{place},2024-01-{place % 28 + 1:02d}\n" for place in range(60))
    assert "choose another with target=…" in refused(write(dates))
    points = "x;y\n" + "".join(f"{place},5;{place}.5\n" for place in range(60))
    assert "'0.5' in line 2, against decimal=," in refused(write(points), "decimal=,")
    words = "".join(f"{place % 5},word {place}\n" for place in range(60))
    assert "60 unique values in 60 rows, too many" in refused(write("x,y\n" + words))


@pytest.mark.parametrize(
    ("target", "named"), [("length", "length"), ("LENGTH", "length"), ("1", "length"), ("-2", "count")]
)
def test_the_target_is_named_or_numbered(target: str, named: str, write: Write) -> None:
    data = load(write(PLAIN), f"target={target}&ignore=colour&task=regression")
    assert data.targets == (named,)
    assert named not in data.features


def test_several_targets_are_predicted_together(write: Write) -> None:
    data = load(write(PLAIN), "target=count,length")
    assert data.targets == ("count", "length")
    assert data.train_y.shape == (32, 2)
    assert data.shape.outputs == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("targt=count", "did you mean 'target'?"),
        ("target=cuont", "did you mean 'count'?"),
        ("target=9", "has no column 9, only 3"),
        ("ignore=size", "has no column 'size'"),
        ("missing=median", "missing is one of error, drop, mean, not 'median'"),
        ("test=2", "from 0.01 to 0.9, not 2"),
        ("test=nan", "from 0.01 to 0.9"),
        ("limit=x", "limit is a whole number from 0 on"),
        ("seed", "NAME=VALUE"),
        ("seed=1&seed=2", "given twice"),
        ("delimiter=ab", "A delimiter is one character"),
        ("target=count,count", "The target column 'count' is named twice"),
        ("ignore=length,count", "has 1 column left"),
        ("ignore=length&target=length", "column 'length' of data.csv is left out"),
    ],
)
def test_a_wrong_option_is_a_sentence(options: str, sentence: str, write: Write) -> None:
    assert sentence in refused(write(PLAIN), options)


def test_a_column_of_row_numbers_and_an_empty_one_without_names_are_left_out(write: Write) -> None:
    text = ",a,b,\n" + "".join(f"{place},{place / 7:.3f},{place % 2},\n" for place in range(30))
    data = load(write(text))
    assert data.features == ("a",)
    assert sum("was left out" in note for note in data.notes) == 2


def test_without_a_header_columns_are_numbered(write: Write) -> None:
    data = load(write(PLAIN.partition("\n")[2]))
    assert data.features == ("column 1", "column 2")
    assert len(data.train_x) + len(data.test_x) == 40
    words = "".join(f"{'ab'[place % 2]},{'uv'[place // 2 % 2]}\n" for place in range(40))
    assert len(load(write(words)).train_x) == 32
    assert len(load(write("p,q\n" + words)).train_x) == 32
    years = "2019,2020\n" + "".join(f"{place},{place % 2}\n" for place in range(40))
    assert load(write(years), "header=yes").features == ("2019",)


def test_names_that_programs_give_are_names(write: Write) -> None:
    rows = "".join(f"{place},{place / 3},{place % 2}\n" for place in range(40))
    assert load(write("0,1,2\n" + rows)).features == ("0", "1")
    assert load(write(",0,1\n" + rows)).features == ("0",)
    assert load(write("sep=;\n" + PLAIN.replace(",", ";"))).features == ("length", "count")


def test_a_constant_column_is_kept_and_named(write: Write) -> None:
    text = "a,b,y\n" + "".join(f"{place},7,{place % 2}\n" for place in range(30))
    data = load(write(text))
    assert data.features == ("a", "b")
    assert data.std[1] == 1
    assert any("same in every row" in note and "'b'" in note for note in data.notes)


def test_what_is_irregular_but_can_be_learned_from_is_said(write: Write) -> None:
    rows = "".join(f"{1_700_000_000 + place},{['Yes', 'yes', 'no'][place % 3]}\n" for place in range(60))
    data = load(write("time,y\n" + rows))
    assert any("lose digits: column 'time'" in note for note in data.notes)
    assert any("capital letters" in note for note in data.notes)
    assert not any("lose digits" in note for note in load(write(PLAIN)).notes)


def test_a_class_of_one_sample_is_said(write: Write) -> None:
    data = load(write(PLAIN + "1,2,green\n"), "test=0.9")
    assert data.classes == ("blue", "green", "red")
    assert 1 in data.train_y
    assert 1 not in data.test_y
    assert any("'green'" in note for note in data.notes)


def test_a_huge_file_is_refused_with_the_rows_that_can_be_had(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "MAX_CELLS", 60)
    message = refused(write(PLAIN))
    assert "more than 60 cells (reached in line 21)" in message
    assert "at most 20" in message
    assert len(load(write(PLAIN), "limit=19").train_x) == 15


def test_the_split_follows_the_seed_and_the_share(write: Write) -> None:
    file = write(PLAIN)
    first, same, other = (load(file, f"seed={seed}&test=0.5") for seed in (1, 1, 2))
    assert len(first.test_x) == 20
    assert np.array_equal(first.test_x, same.test_x)
    assert not np.array_equal(first.test_x, other.test_x)


def test_control_characters_never_reach_a_sentence(write: Write) -> None:
    evil = "\x1b[31mred\x07"
    assert "\x1b" not in refused(write(PLAIN + f"{evil},3,red\n"))
    assert "\x1b" not in refused(write(PLAIN.replace("count", evil).replace("length", evil)))


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("gone.csv", "There is no file or folder"),
        ("./gone", "There is no file or folder"),
        ("data.xlsx", "is of a kind that cannot be read"),
        ("iris?target=x", "takes no options"),
    ],
)
def test_a_path_that_leads_nowhere_is_a_usage_error(
    path: str, sentence: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write(PLAIN, "data.xlsx").parent)
    with pytest.raises(UsageError, match=sentence):
        catalogue.find(path)


def test_a_name_may_have_a_question_mark(write: Write) -> None:
    file = write(PLAIN, "what?.csv")
    assert catalogue.find(str(file)).load().features == ("length", "count")
    assert load(file, "target=count&task=regression&ignore=colour").targets == ("count",)
    inner = write(PLAIN, "data.csv").rename(file.parent / "a?b=c.csv")
    assert load(inner).features == ("length", "count")
    assert load(inner, "target=count&gaps=?&task=regression&ignore=colour").targets == ("count",)
    folder = file.parent / "who? me"
    folder.mkdir()
    assert load(write(PLAIN, "who? me/data.csv"), "seed=1").features == ("length", "count")


def test_options_that_are_longer_than_a_file_name_are_options(write: Write) -> None:
    names = [f"a column of many words {place}" for place in range(60)]
    rows = "".join(",".join(str(place * column % 7) for column in range(60)) + f",{place / 7}\n" for place in range(20))
    file = write(",".join(names) + ",y\n" + rows)
    assert load(file, f"ignore={','.join(names[:40])}").features == tuple(names[40:])
    with pytest.raises(UsageError, match="There is no file or folder"):
        catalogue.find(f"{file.parent}/gone.csv?ignore={','.join(names)}")
    with pytest.raises(UsageError, match="one of its names has 304 bytes, where 255 fit; shorten it"):
        catalogue.find(f"{file.parent}/{'x' * 300}.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_a_sentence(write: Write) -> None:
    file = write(PLAIN)
    file.chmod(0)
    assert "Permission denied" in refused(file)


def loaded_or_refused(file: Path, options: str = "") -> Dataset | None:
    """The dataset, or None if a sentence refuses it."""
    try:
        return load(file, options)
    except DescendError as error:
        message = str(error)
    assert clean(message) == message
    return None


quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(content=st.binary(max_size=300), start=st.sampled_from([b"", PLAIN.encode(), PLAIN[:-9].encode()]))
def test_any_bytes_are_a_dataset_or_a_sentence(content: bytes, start: bytes, write: Write) -> None:
    file = write(start + content, f"{random.getrandbits(60)}.csv")
    data = loaded_or_refused(file)
    assert data is None or len(data.test_x) > 0


CELLS = st.sampled_from(["", "1", "-2.5", "1e3", "1_0", "٣", "nan", "a", 'b"c', "1,5", "2024-01-02", "∞", "inf", " x "])
OPTIONS = st.sampled_from(["", "missing=drop", "missing=mean", "missing=mean&encode=ordinal", "task=regression"])


@quick
@given(rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=30), options=OPTIONS)
def test_any_cells_are_a_dataset_or_a_sentence(rows: list[list[str]], options: str, write: Write) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["p", "q", "r"], *rows])
    file = write(out.getvalue(), f"{random.getrandbits(60)}.csv")
    if data := loaded_or_refused(file, options):
        assert 5 <= len(data.train_x) + len(data.test_x) <= len(rows) + 1  # the names may look like data
        assert len(data.test_x) > 0
