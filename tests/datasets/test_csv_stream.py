"""A table in pieces is the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from descend.datasets.csv_reader import read_csv
from descend.datasets.csv_stream import stream_csv
from descend.engine.base.errors import DescendError

TABLES = {
    "plain": ("a,b,c\n" + "".join(f"{n},x{n},{n / 7}\n" for n in range(50)), {}),
    "semicolons": ("a;b;c\n" + "".join(f"{n};x{n};{n}\n" for n in range(50)), {}),
    "quotes": ("a,b,c\n" + "".join(f'{n},"x, ""{n}""\nsecond line",{n}\n' for n in range(50)), {}),
    "blank lines": ("a,b,c\n\n" + "".join(f"{n},x{n},{n}\n\n" for n in range(50)), {}),
    "comments": ("# made\na,b,c\n" + "".join(f"{n},x{n},{n}\n" for n in range(50)) + "# end\n", {}),
    "footer": ("a,b,c\n" + "".join(f"{n},x{n},{n}\n" for n in range(50)) + "sum,,99\n", {"footer": 1}),
    "skip": ("A title\na,b,c\n" + "".join(f"{n},x{n},{n}\n" for n in range(50)), {"skip": 1}),
    "latin-1": ("a,b,c\n" + "".join(f"{n},é{n},{n}\n" for n in range(50)), {"encoding": "latin-1"}),
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("cells", [3, 40, 10_000])
def test_pieces_hold_what_the_whole_holds(tmp_path: Path, name: str, cells: int) -> None:
    text, options = TABLES[name]
    file = tmp_path / "t.csv"
    file.write_text(text, encoding=options.get("encoding", "utf-8"), newline="")
    whole = read_csv(file, header="yes", **options)
    pieces = list(stream_csv(file, cells=cells, **options))
    assert all(piece.names == whole.names for piece in pieces)
    assert len(pieces) == (1 if cells > 150 else -(-50 // max(1, cells // 3)))
    for place in range(3):
        assert [cell for piece in pieces for cell in piece.columns[place]] == whole.columns[place]
    assert [line for piece in pieces for line in piece.lines] == whole.lines


def test_without_names_columns_are_numbered(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("1,2\n3,4\n")
    [piece] = stream_csv(tmp_path / "t.csv", named=False)
    assert piece.names == ["column 1", "column 2"]
    assert piece.columns == [["1", "3"], ["2", "4"]]


def test_names_alone_are_a_table_without_rows(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n")
    [piece] = stream_csv(tmp_path / "t.csv")
    assert (piece.names, piece.columns, piece.lines) == (["a", "b"], [[], []], [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n3\n", "Line 3 of t.csv has 1 cell where line 1 has 2"),
        ('a,b\n1,"2\n', "never closed"),
        ("a,a\n1,2\n", "'a'"),
    ],
)
def test_what_is_no_table_is_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DescendError, match=said):
        list(stream_csv(tmp_path / "t.csv"))
