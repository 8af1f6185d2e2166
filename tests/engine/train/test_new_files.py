"""New files that are written in another way than the training's, and rows in them that are no samples."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engine.train.test_predict import predicted, table
from tests.engine.train.trained import trained

from descend.engine.cli import main


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
