"""Numbers of a training whose table has other marks in them: what is typed is that number by every door, text is read
as the table's was."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest
from tests.engine.serving.test_serve import serving
from tests.engine.train.test_predict import predicted
from tests.engine.train.trained import trained

from descend.datasets import catalogue
from descend.engine import load
from descend.engine.base.errors import DescendError
from descend.engine.run.runs import Run

SWAP = str.maketrans(",.", ".,")
MARKS = {
    "de": ("decimal=,&thousands=.", lambda value: f"{value:,.3f}".translate(SWAP)),
    "us": ("thousands=,", "{:,.3f}".format),
}
VALUES = [1234.5, 15.125, 1.234, 1234.0, -2377.12, 1e-7, 2.5e6]


def learned(folder: Path, marks: str) -> Run:
    options, write = MARKS[marks]
    chance = random.Random(3)
    sizes = [chance.uniform(20, 30000) for _ in range(80)]
    lines = ["size;code;kind", *(f"{write(size)};{write(size // 1e4)};{'ab'[size > 9000]}" for size in sizes)]
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    return trained("mlp", f"{folder / 't.csv'}?{options}&categories=code", epochs=2)


def shares(rows: list[dict[str, Any]]) -> list[float]:
    return [float(row["probability b"] if "probability b" in row else row["probability"]["b"]) for row in rows]


@pytest.mark.parametrize("marks", MARKS)
def test_a_typed_number_is_that_number_and_text_is_as_the_table_s(tmp_path: Path, marks: str) -> None:
    run, write = learned(tmp_path, marks), MARKS[marks][1]
    model = load(run.id)
    texts = [
        {"size": f"{value:.7f}".rstrip("0") if abs(value) < 1e-3 else write(value), "code": write(1)}
        for value in VALUES
    ]
    if marks == "de":
        texts[5]["size"] = texts[5]["size"].replace(".", ",")
    typed = [{"size": value, "code": write(1)} for value in VALUES]
    assert model.prepare(typed)[:, 0].tolist() == pytest.approx(VALUES)
    assert model.prepare(texts)[:, 0].tolist() == pytest.approx(VALUES)
    expected = shares(model.predict(typed))

    def check(name: str, rows: list[dict[str, Any]]) -> None:
        file = tmp_path / name
        if name.endswith(".jsonl"):
            file.write_text("\n".join(map(json.dumps, rows)))
        elif name.endswith(".parquet"):
            pyarrow = pytest.importorskip("pyarrow")
            pytest.importorskip("pyarrow.parquet").write_table(pyarrow.Table.from_pylist(rows), file)
        else:
            with open(file, "w", newline="") as target:
                writer = csv.DictWriter(target, ["size", "code"], delimiter=";")
                writer.writeheader()
                writer.writerows(rows)
        assert shares(predicted(run, file, tmp_path)) == pytest.approx(expected, abs=1e-5), name

    for name, rows in (("a.jsonl", typed), ("b.jsonl", texts), ("c.csv", texts), ("d.parquet", typed)):
        check(name, rows)
    pytest.importorskip("fastapi")
    with serving(run) as client:
        for rows in (typed, texts):
            status, told = client.predict(rows)
            assert status == 200, told
            assert shares(told["predictions"]) == pytest.approx(expected, abs=1e-5)
        for wrong in ("1_000", True, "five", "1.23.4,5"):
            status, told = client.predict([{"size": wrong, "code": write(1)}])
            assert status == 422, wrong
            assert "size" in json.dumps(told)
    with pytest.raises(DescendError, match="'1_000'"):
        model.prepare([{"size": "1_000", "code": write(1)}])


@pytest.mark.parametrize("marks", MARKS)
def test_a_training_takes_typed_numbers_for_what_they_are(tmp_path: Path, marks: str) -> None:
    options, write = MARKS[marks]
    values = [1.125 * place for place in range(1, 41)]
    for name, number in (("typed.jsonl", float), ("text.jsonl", write)):
        rows = [{"size": number(value), "kind": "ab"[place % 2]} for place, value in enumerate(values)]
        (tmp_path / name).write_text("\n".join(map(json.dumps, rows)))
        found = catalogue.find(f"{tmp_path / name}?{options}").load()
        assert sorted([*found.train_x.ravel().tolist(), *found.test_x.ravel().tolist()]) == pytest.approx(values)
