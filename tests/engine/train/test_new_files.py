"""New files that are written in another way than the training's, and rows in them that are no samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.engine.train.test_predict import pictures, predicted, table
from tests.engine.train.trained import trained

from descend.datasets import csv_stream
from descend.engine import load
from descend.engine.base.errors import UsageError
from descend.engine.cli import main
from descend.engine.evaluation.samples import judge_rows
from descend.engine.train.predictor import load_predictor


def test_how_a_new_file_is_written_is_said_after_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained("mlp", f"{table(tmp_path)}?target=kind&ignore=price", epochs=1)
    rows = [("51", "red", "0.0004", "Köln"), ("40", "blue", "0.0001", "Łódź")]
    plain = tmp_path / "plain.csv"
    plain.write_text("\n".join(map(",".join, [("size", "colour", "weight", "town"), *rows])) + "\n")
    expected = [row["prediction"] for row in predicted(run, plain, tmp_path)]
    odd = tmp_path / "odd.csv"
    lines = ["A report; of a kind", *map(";".join, [("size", "colour", "weight", "town"), *rows]), "The end; of it"]
    odd.write_bytes("\n".join(lines).replace("Łódź", "Lodz").encode("latin-1"))
    assert main(["predict", run.id, str(odd)]) == 1
    assert "say encoding=latin-1" in capsys.readouterr().err
    address = Path(f"{odd}?encoding=latin-1&skip=1&footer=1&delimiter=semicolon")
    found = predicted(run, address, tmp_path)
    assert [row["prediction"] for row in found] == expected
    assert found[0]["town"] == "Köln"
    assert [row["prediction"] for row in predicted(run, Path(f"{plain}?skip=0"), tmp_path)] == expected
    for said, sentence in (
        ("target=size", "target= is settled by the training"),
        ("decimal=,", "decimal= is settled by the training"),
        ("sep=;", "did you mean 'delimiter'"),
    ):
        assert main(["predict", run.id, f"{odd}?{said}"]) == 2
        assert sentence in capsys.readouterr().err
    (tmp_path / "new.jsonl").write_text('{"size": 51, "colour": "red", "weight": 1}')
    assert main(["predict", run.id, f"{tmp_path}/new.jsonl?encoding=latin-1"]) == 2
    assert "encoding= is for tables written as text" in capsys.readouterr().err


def test_how_a_text_to_continue_is_written_is_said_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "book.txt").write_text("äb c d e f g " * 60)
    run = trained("gru", str(tmp_path / "book.txt"), epochs=1)
    new = tmp_path / "new.txt"
    new.write_bytes(("äb c d e f g " * 20).encode("latin-1"))
    assert main(["predict", run.id, f"{new}?encoding=latin-1", "--length", "3"]) == 0
    assert "äb c" in capsys.readouterr().out
    assert main(["predict", run.id, str(new), "--length", "3"]) == 1
    assert main(["predict", run.id, f"{new}?skip=1", "--length", "3"]) == 2
    assert "skip= is settled" in capsys.readouterr().err


def test_rows_that_are_no_samples_have_no_prediction_and_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained("mlp", f"{table(tmp_path)}?target=kind&ignore=price", epochs=1)
    names, *rows = (tmp_path / "t.csv").read_text().splitlines()
    new = tmp_path / "new.csv"

    def check(lines: list[str], blank: list[int], told: str) -> None:
        new.write_text("\n".join([f"who,{names}", *lines]) + "\n")
        found = predicted(run, new, tmp_path)
        assert len(found) == len(lines)
        assert [place for place, row in enumerate(found) if not row["prediction"]] == blank, told
        err = capsys.readouterr().err
        assert told in err if told else "left out" not in err
        assert "without 'size'" not in err

    people = [f"p{place},{row}" for place, row in enumerate(rows[:30])]
    total = "Total,1500.5,,,,"
    sums = f",{sum(float(row.split(',')[0]) for row in rows[:30]):.3f},,,,"
    check([*people, sums], [30], "1 row with totals")
    check(["name,[cm],x,[kg],kind,price", *people], [0], "1 row with units in line 2")
    for first in (1000, 7):  # in one piece, and in several
        monkeypatch.setattr(csv_stream, "FIRST", first)
        check([*people, total], [30], "1 row with totals in line 32: left out")
        check([*people[:9], f"who,{names}", *people[9:]], [9], "1 row with the names of the columns in line 11")
        check(people, [], "")
    new.write_text("\n".join([f"who,{names}", *people, total]) + "\n")
    kept = predicted(run, Path(f"{new}?totals=keep"), tmp_path)
    assert kept[30]["prediction"]
    judged = judge_rows(load_predictor(run), new, {})
    assert len(judged) == 30
    assert "1 row with totals" in " ".join(judged.notes)


def test_a_category_that_the_model_knows_is_no_total(tmp_path: Path) -> None:
    lines = ["size,fee,kind", *(f"{place},{('total', 'average')[place % 2]},{'ab'[place % 2]}" for place in range(40))]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    run = trained("mlp", f"{tmp_path / 't.csv'}?totals=keep", epochs=1)
    new = tmp_path / "new.csv"
    new.write_text("\n".join(lines[:8]))
    assert all(row["prediction"] for row in predicted(run, Path(f"{new}?totals=drop"), tmp_path))


def test_an_empty_file_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained("mlp", f"{table(tmp_path)}?target=kind&ignore=price", epochs=1)
    (tmp_path / "new.csv").write_text("")
    assert main(["predict", run.id, str(tmp_path / "new.csv")]) == 1
    assert "new.csv is empty; there is nothing to read in it." in capsys.readouterr().err


def test_what_is_no_list_of_samples_is_a_sentence(tmp_path: Path) -> None:
    picture = load(trained("mlp", str(pictures(tmp_path)), epochs=1).id)
    for rows in (np.zeros((2, 8, 8)), np.zeros((2, 3, 8, 8), np.float32), torch.zeros(1, 1, 8, 8), [b"x"], [None]):
        with pytest.raises(UsageError, match="by their paths"):
            picture.prepare(rows)  # type: ignore[arg-type]
    (tmp_path / "book.txt").write_text("a b c d e f g " * 60)
    text = load(trained("gru", str(tmp_path / "book.txt"), epochs=1).id)
    with pytest.raises(UsageError, match="are strings"):
        text.prepare(np.zeros((2, 8)))  # type: ignore[arg-type]
    tabular = load(trained("mlp", "iris", epochs=1).id)
    with pytest.raises(UsageError, match="a dictionary"):
        tabular.prepare(np.zeros((2, 4)))  # type: ignore[arg-type]
    for rows in ({"a": 1}, "a.png", 3, iter([{"a": 1}])):
        with pytest.raises(UsageError, match="a list"):
            tabular.prepare(rows)  # type: ignore[arg-type]
