"""What a column became is enough to make the same numbers of the same cells later."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import numpy as np
import pytest

from descend.datasets import catalogue, user_path
from descend.datasets.column_encoder import ColumnEncoder
from descend.datasets.columns import Column


def column(name: str, *cells: str) -> Column:
    return Column(name, cells, range(2, len(cells) + 2))


def everything(one: Column) -> np.ndarray:
    return np.ones(len(one.cells), bool)


@pytest.mark.parametrize("encode", ["onehot", "ordinal"])
def test_encoders_alone_make_the_numbers_of_a_dataset_again(tmp_path: Path, encode: str) -> None:
    chance = random.Random(encode)
    rows = [
        (chance.choice(["1.5", "2", "", "-7e3"]), chance.choice(["red", "green", "blue", ""]), chance.choice("ab"))
        for _ in range(60)
    ]
    classes = [chance.choice(["yes", "no"]) for _ in rows]
    lines = [",".join((*row, kind)) for row, kind in zip(rows, classes, strict=True)]
    (tmp_path / "t.csv").write_text("size,colour,letter,kind\n" + "\n".join(lines) + "\n")
    dataset = catalogue.find(f"{tmp_path}/t.csv?missing=mean&encode={encode}").load()
    encoders = msgspec.json.decode(msgspec.json.encode(dataset.encoders), type=tuple[ColumnEncoder, ...])
    assert [encoder.name for encoder in encoders] == ["size", "colour", "letter"]
    columns = [column(encoder.name, *(row[place] for row in rows)) for place, encoder in enumerate(encoders)]
    again = np.concatenate([e.encode(c, everything(c)) for e, c in zip(encoders, columns, strict=True)], 1)
    both = np.concatenate([dataset.train_x, dataset.test_x])
    assert sorted(map(tuple, again.tolist())) == sorted(map(tuple, both.tolist()))
    assert [feature for encoder in encoders for feature in encoder.features] == list(dataset.features)


def test_what_was_not_trained_on_counts_as_missing_and_is_found() -> None:
    encoder = ColumnEncoder("colour", ("blue", "green", "red"), "green")
    later = column("colour", "red", "pink", "", "pink")
    assert encoder.encode(later, everything(later)).tolist() == [[0, 0, 1], [0, 1, 0], [0, 1, 0], [0, 1, 0]]
    assert encoder.find_unseen(later) == {"pink": 2}


def test_of_two_categories_the_second_tells_both() -> None:
    encoder = ColumnEncoder("letter", ("a", "b"), "a")
    assert encoder.features == ["letter=b"]
    later = column("letter", "b", "a")
    assert encoder.encode(later, everything(later)).tolist() == [[1], [0]]


def test_a_missing_number_is_the_mean_of_the_training_rows() -> None:
    encoder = ColumnEncoder("size", fill=2.5)
    later = column("size", "1", "", "4")
    assert encoder.encode(later, everything(later)).tolist() == [[1], [2.5], [4]]


@pytest.mark.parametrize("word", ["", "none"])
def test_what_most_rows_have_is_a_category_even_if_it_says_that_there_is_none(tmp_path: Path, word: str) -> None:
    reasons = [["price", "move"][i // 10 % 2] if i % 10 == 0 else word for i in range(200)]
    lines = [f"{i % 7},{reason},{'yn'[i % 3 > 0]}" for i, reason in enumerate(reasons)]
    (tmp_path / "t.csv").write_text("a,reason,kind\n" + "\n".join(lines) + "\n")
    survey = user_path.survey(f"{tmp_path}/t.csv")
    assert survey is not None
    assert survey.settled == ({"target": "kind", "missing": "mean"} if not word else {})
    data = catalogue.find(survey.address).load()
    names = data.encoders[1].words
    assert names == (("move", "price", "(missing)") if not word else ("move", "none", "price"))
    x = np.concatenate([data.train_x, data.test_x])
    assert x.sum(0)[1:].tolist() == [180 if name in ("none", "(missing)") else 10 for name in names]
