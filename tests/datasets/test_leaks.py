"""Columns that give the answer away are warned of, and good ones are not."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score
from sklearn.tree import DecisionTreeClassifier

from descend.datasets import catalogue
from descend.datasets.leaks import measure_split


def warnings(folder: Path, column: Callable[[bool, random.Random], object], rows: int = 400, share: float = 0.1) -> str:
    chance = random.Random(0)
    lines = ["age,extra,churned"]
    for _ in range(rows):
        yes = chance.random() < share
        lines.append(f"{chance.randint(18, 80) + 5 * yes},{column(yes, chance)},{'yes' if yes else 'no'}")
    file = folder / "t.csv"
    file.write_text("\n".join(lines) + "\n")
    notes = catalogue.find(f"{file}?missing=mean").load().notes
    return " ".join(note for note in notes if note.startswith("Warning"))


LEAKS: dict[str, tuple[Callable[[bool, random.Random], object], str]] = {
    "a date only those have": (lambda yes, chance: chance.randint(1, 28) if yes else "", "by where it has a value"),
    "the answer in another word": (
        lambda yes, chance: "closed" if yes else chance.choice(["open", "new"]),
        "by itself",
    ),
    "a score made of it": (lambda yes, chance: 0.7 * yes + chance.random() * 0.6, "by itself"),
}
FINE: dict[str, Callable[[bool, random.Random], object]] = {
    "a good predictor": lambda yes, chance: chance.gauss(3 * yes, 1),
    "a word that is often right": lambda yes, chance: "x" if chance.random() < (0.9 if yes else 0.1) else "y",
    "gaps by chance": lambda yes, chance: "" if chance.random() < 0.3 else chance.randint(0, 9),
    "nothing": lambda yes, chance: chance.randint(0, 9),
}


@pytest.mark.parametrize("case", LEAKS)
def test_a_column_that_tells_all_is_warned_of(tmp_path: Path, case: str) -> None:
    column, how = LEAKS[case]
    said = warnings(tmp_path, column)
    assert "column 'extra'" in said
    assert how in said
    assert "ignore=extra" in said
    assert "'age'" not in said


@pytest.mark.parametrize("case", FINE)
def test_a_good_column_is_not(tmp_path: Path, case: str) -> None:
    assert "afterwards" not in warnings(tmp_path, FINE[case])


def test_a_date_is_told_by_its_own_name(tmp_path: Path) -> None:
    chance = random.Random(0)
    rows = [(chance.random() < 0.1, chance.randint(1, 28)) for _ in range(300)]
    lines = [f"{day},{f'2026-03-{day:02d}' if yes else ''},{'yes' if yes else 'no'}" for yes, day in rows]
    (tmp_path / "t.csv").write_text("\n".join(["size,closed on,churned", *lines]) + "\n")
    notes = " ".join(catalogue.find(f"{tmp_path / 't.csv'}?dates=parts&missing=mean").load().notes)
    assert notes.count("afterwards") == 1
    assert "ignore=closed on leaves" in notes


def test_a_few_rows_prove_nothing(tmp_path: Path) -> None:
    assert "afterwards" not in warnings(tmp_path, LEAKS["the answer in another word"][0], rows=60, share=0.5)


def test_a_copy_of_a_number_is_warned_of(tmp_path: Path) -> None:
    chance = random.Random(1)
    lines = ["size,dollars,price"]
    for _ in range(300):
        price = chance.uniform(100, 900)
        lines.append(f"{price / 9 + chance.gauss(0, 5):.3f},{price * 1.08:.4f},{price:.4f}")
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    notes = " ".join(catalogue.find(str(tmp_path / "t.csv")).load().notes)
    assert "column 'dollars' is nearly a copy of the target" in notes
    assert "column 'size'" not in notes


def test_the_measure_is_the_balanced_accuracy_of_a_tree() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300)
    places = np.where(rng.random(300) < 0.6, y, rng.integers(0, 4, 300))
    tree = DecisionTreeClassifier(class_weight="balanced").fit(np.eye(4)[places], y)
    expected = balanced_accuracy_score(y, tree.predict(np.eye(4)[places]))
    assert measure_split(places, y) == pytest.approx(expected)
