"""Tables in JSON and Parquet, and compressed ones: each is the table that the same CSV file is."""

from __future__ import annotations

import bz2
import datetime
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue
from descend.datasets.csv_reader import read_csv
from descend.datasets.new_rows import RowEncoder, read_rows
from descend.datasets.preparation import prepare_dataset
from descend.datasets.records import read_records, stream_records
from descend.engine.base.errors import DescendError, UsageError

ROWS = 400
Writer = Callable[[Path], Path]


def make_rows() -> list[dict[str, object]]:
    """Rows with numbers, words, dates, truth values and gaps."""
    chance = np.random.default_rng(5)
    day = datetime.date(2024, 1, 1)
    return [
        {
            "size": float(chance.normal()),
            "count": int(chance.integers(0, 10**12)),
            "colour": str(chance.choice(["red", "blue", "green"])) if (i + 1) % 9 else None,
            "member": bool(chance.integers(2)),
            "day": day + datetime.timedelta(int(chance.integers(400))),
            "price": round(float(chance.normal(50, 9)), 2),
        }
        for i in range(ROWS)
    ]


DATA = make_rows()


def as_text(value: object) -> str:
    """A value as CSV has it."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def write_csv(folder: Path) -> Path:
    lines = [",".join(DATA[0]), *(",".join(map(as_text, row.values())) for row in DATA)]
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    return folder / "t.csv"


def compressed(ending: str, opener: Callable[..., object]) -> Writer:
    def write(folder: Path) -> Path:
        text = write_csv(folder).read_bytes()
        with opener(folder / f"t.csv.{ending}", "wb") as stream:  # type: ignore[attr-defined]
            stream.write(text)
        return folder / f"t.csv.{ending}"

    return write


def write_json_lines(folder: Path) -> Path:
    lines = [json.dumps({k: v for k, v in row.items() if v is not None}, default=str) for row in DATA]
    (folder / "t.jsonl").write_text("\n".join(lines) + "\n\n")
    return folder / "t.jsonl"


def write_json_list(folder: Path) -> Path:
    (folder / "t.json").write_text(json.dumps(DATA, default=str, indent=1))
    return folder / "t.json"


def write_zipped_json_lines(folder: Path) -> Path:
    (folder / "t.jsonl.gz").write_bytes(gzip.compress(write_json_lines(folder).read_bytes()))
    return folder / "t.jsonl.gz"


def write_parquet(folder: Path) -> Path:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.Table.from_pylist(DATA), folder / "t.parquet", row_group_size=70)
    return folder / "t.parquet"


WRITERS = [
    compressed("gz", gzip.open),
    compressed("bz2", bz2.open),
    compressed("xz", lzma.open),
    write_json_lines,
    write_json_list,
    write_zipped_json_lines,
    write_parquet,
]
NAMES = ["gz", "bz2", "xz", "json lines", "json list", "json lines, gz", "parquet"]


@pytest.mark.parametrize("write", WRITERS, ids=NAMES)
def test_every_form_of_a_table_is_the_same_dataset(write: Writer, tmp_path: Path) -> None:
    options = "?target=price&dates=parts&missing=mean"
    expected = catalogue.find(f"{write_csv(tmp_path)}{options}").load()
    found = catalogue.find(f"{write(tmp_path)}{options}").load()
    assert found.features == expected.features
    assert [encoder.words for encoder in found.encoders] == [encoder.words for encoder in expected.encoders]
    for name in ("train_x", "train_y", "test_x", "test_y"):
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name


@pytest.mark.parametrize("write", WRITERS[3:], ids=NAMES[3:])
def test_a_table_comes_in_pieces_with_the_same_cells(write: Writer, tmp_path: Path) -> None:
    file = write(tmp_path)
    pieces = list(stream_records(file, cells=300))
    assert len(pieces) > 4
    whole = read_records(file)
    assert [sum((piece.columns[at] for piece in pieces), []) for at in range(6)] == whole.columns  # noqa: RUF017
    assert whole.columns[:2] == read_csv(write_csv(tmp_path)).columns[:2], "no digit is lost"
    assert len(read_records(file, limit=70).lines) == 70


def test_numbers_are_as_they_are_written_and_rows_may_lack_columns(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    file.write_text('{"a": 1.10, "b": NaN}\n\n{"b": 12345678901234567890, "c": " x "}\n')
    table = read_records(file)
    assert (table.names, table.lines) == (["a", "b", "c"], [1, 3])
    assert table.columns == [["1.10", ""], ["", "12345678901234567890"], ["", "x"]]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("t.jsonl", b'{"a": 1}\n{"a": 1,}\n', "Line 2 of t.jsonl is no JSON"),
        ("t.jsonl", b'{"a": 1}\n{"a":\n{"a": 1}\n', "Line 2 of t.jsonl is no JSON: Expecting value at character 6"),
        ("t.jsonl", b'\n\n{"a": 1}\n{"a": "x\n', "Line 4 of t.jsonl is no JSON: Unterminated string starting at char"),
        ("t.jsonl", b'{"a": 1}\n{"a": 1, "a": 2}\n', "Line 2 of t.jsonl has an object with two values called 'a'"),
        ("t.jsonl", b'{"a": 1}\n5\n', "Line 2 of t.jsonl holds no object"),
        ("t.jsonl", b'{"a": [1, 2], "b": 1}\n', "Line 1 of t.jsonl has a list in 'a'"),
        ("t.jsonl", b'{"a": {"b": 1}}\n', "Line 1 of t.jsonl has an object in 'a'"),
        ("t.jsonl", b'{"a": "\xff"}\n', "is not in UTF-8"),
        ("t.jsonl", b"\n\n", "has no row"),
        ("t.json", b'[{"a": 1}, 7]', "Line 2 of t.json holds no object"),
        ("t.json", b'[{"a": 1},', "is no JSON"),
        ("t.json", b"[" * 100_000, "is no JSON"),
        ("t.parquet", b"PAR1 and no more", "is no Parquet file that can be read"),
        ("t.parquet", b"", "is empty"),
        ("t.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 999)[:-12], "its end is missing"),
        ("t.csv.gz", b"\x1f\x8bnothing like it", "damaged"),
        ("t.csv.xz", lzma.compress(b"a,b\n" + b"1,2\n" * 999)[:-20], "its end is missing"),
        ("t.csv", b"PAR1....", "give it a name that ends in .parquet"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(name: str, content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises((DescendError, UsageError), match=sentence) as caught:
        catalogue.find(str(tmp_path / name)).load()
    assert "\n" not in str(caught.value)


def test_nested_and_binary_columns_of_parquet_are_a_sentence(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    for value, kind in (([1], "a list"), ({"x": 1}, "an object"), (b"x", "bytes")):
        parquet.write_table(arrow.table({"a": [value], "b": [1]}), tmp_path / "t.parquet")
        with pytest.raises(DescendError, match=f"Line 1 of t.parquet has {kind} in 'a'"):
            read_records(tmp_path / "t.parquet")


def test_options_of_written_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="delimiter= is for tables written as text"):
        catalogue.find(f"{write_json_lines(tmp_path)}?delimiter=tab").load()


@pytest.mark.parametrize("write", [write_json_lines, write_parquet], ids=["json lines", "parquet"])
def test_a_training_on_one_form_predicts_another(
    write: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from descend.engine.cli import main
    from tests.engine.train.trained import trained

    monkeypatch.setenv("DESCEND_HOME", str(tmp_path / "home"))
    run = trained("mlp", f"{write(tmp_path)}?target=price&ignore=day&missing=mean", epochs=1)
    told = []
    for file in (write(tmp_path), write_csv(tmp_path)):
        assert main(["predict", run.id, str(file)]) == 0
        told.append([line.split(",")[-1] for line in capsys.readouterr().out.splitlines()])
    assert told[0] == told[1]
    assert len(told[0]) == ROWS + 1


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_nested_columns_can_be_left_out_and_come_again_in_new_rows(ending: str, tmp_path: Path) -> None:
    rows = [{"a": i, "tags": [i], "more": {"x": i}, "y": f"{i % 2}"} for i in range(40)]
    file = tmp_path / f"t.{ending}"
    if ending == "parquet":
        arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        parquet.write_table(arrow.Table.from_pylist(rows), file)
    else:
        file.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(DescendError, match=r"has a list in 'tags'.* or leave it out with ignore=tags"):
        catalogue.find(f"{file}?target=y").load()
    dataset = catalogue.find(f"{file}?target=y&ignore=tags,more").load()
    assert dataset.features == ("a",)
    (table,) = read_rows(file, prepare_dataset(dataset), {})
    assert RowEncoder(prepare_dataset(dataset), {}).encode(table).ravel().tolist() == list(range(40))
    assert table.columns[1][3] in ("[3]", '["3"]')


def test_times_of_parquet_that_are_more_exact_than_pythons(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    kinds = {"at": arrow.timestamp("ns"), "zone": arrow.timestamp("ns", "UTC")}
    kinds |= {"of day": arrow.time64("ns"), "long": arrow.duration("ns")}
    parquet.write_table(
        arrow.table({name: arrow.array([1_001, None], kind) for name, kind in kinds.items()}), tmp_path / "t.parquet"
    )
    table = read_records(tmp_path / "t.parquet")
    assert [column[0] for column in table.columns[:2]] == [
        "1970-01-01 00:00:00.000001",
        "1970-01-01 00:00:00.000001+00:00",
    ]
    assert [column[1] for column in table.columns] == [""] * 4


def test_names_of_json_are_those_that_csv_has(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{" a ": 1, "": 2}\n')
    assert read_records(tmp_path / "t.jsonl").names == ["a", "column 2"]
    (tmp_path / "t.jsonl").write_text('{"a ": 1}\n{"a": 2}\n')
    with pytest.raises(DescendError, match=r"Columns 1 and 2 of t.jsonl are both called 'a'"):
        read_records(tmp_path / "t.jsonl")
