"""Columns that give the answer away are warned of, and good ones are not."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets
from sklearn.metrics import balanced_accuracy_score
from sklearn.tree import DecisionTreeClassifier

from descend.datasets import catalogue, user_path
from descend.datasets.columns import Column
from descend.datasets.data_shape import Task
from descend.datasets.leaks import find_leaks, measure_split


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


NEAR: dict[str, tuple[Callable[[bool, random.Random], object], str]] = {
    "a fee with gaps": (
        lambda yes, chance: "" if chance.random() < 0.1 else round(chance.gauss(100 * yes, 2), 1),
        "where it has a value, in 8",
    ),
    "a fee with many gaps": (
        lambda yes, chance: "" if chance.random() < 0.5 else round(chance.gauss(100 * yes, 2), 1),
        "where it has a value",
    ),
    "a fee of nearly all": (
        lambda yes, chance: round(chance.gauss(100, 5), 1) if yes and chance.random() < 0.95 else 0,
        "one cut gives a balanced accuracy of 0.9",
    ),
    "a reason of most": (
        lambda yes, chance: chance.choice(["price", "move"]) if yes and chance.random() < 0.9 else "none",
        "its words give a balanced accuracy of 0.9",
    ),
    "a word that is nearly always right": (
        lambda yes, chance: "AB"[yes == (chance.random() < 0.98)],
        "its words give a balanced accuracy of 0.9",
    ),
    "a value that most of them have": (
        lambda yes, chance: chance.randint(1, 9) if yes == (chance.random() < 0.985) else "",
        "by where it has a value",
    ),
}


@pytest.mark.parametrize("case", NEAR)
def test_a_column_that_nearly_tells_all_is_warned_of_with_what_was_measured(tmp_path: Path, case: str) -> None:
    column, how = NEAR[case]
    said = warnings(tmp_path, column, 3000, 0.06)
    assert "column 'extra' alone nearly tells the class" in said
    assert how in said
    assert "chance 0.50" in said
    assert "'age'" not in said
    survey = user_path.survey(str(tmp_path / "t.csv"))
    assert survey is not None
    (told,) = [problem for problem in survey.problems if "'extra' alone nearly" in problem.sentence]
    assert "yours to decide" in told.sentence
    assert not told.options
    assert survey.sound
    assert "ignore" not in survey.settled


def columns_of(x: np.ndarray) -> list[Column]:
    cells = [["" if value != value else f"{value:.6g}" for value in column] for column in x.T.tolist()]
    return [Column(f"c{place}", column, range(2, len(x) + 2)) for place, column in enumerate(cells)]


def count_alarms(x: np.ndarray, y: np.ndarray, task: Task = "classification") -> int:
    return len(find_leaks(columns_of(x), np.ones(len(y), bool), y, task))


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits", "diabetes"])
def test_real_tables_are_no_leaks(name: str) -> None:
    x, y = getattr(sklearn.datasets, f"load_{name}")(return_X_y=True)
    assert not count_alarms(x[:700], y[:700], "regression" if name == "diabetes" else "classification")


@pytest.mark.parametrize("apart", [1.0, 2.0, 3.0])
def test_strong_and_honest_columns_are_no_leaks(apart: float) -> None:
    """Two normal distributions, some values missing, and one of them skewed."""
    rng, alarms = np.random.default_rng(0), 0
    for share in (0.03, 0.1, 0.3, 0.5):
        y = (rng.random(2000) < share).astype(int)
        x = rng.normal(size=(2000, 3)) + apart * y[:, None]
        x[rng.random(2000) < 0.3, 1] = np.nan
        x[:, 2] = np.exp(x[:, 2])
        alarms += count_alarms(x, y)
    assert not alarms


def test_numbers_nearly_made_of_the_target_are_told_and_good_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    y = np.exp(rng.normal(size=2000))
    noise = rng.normal(size=2000)
    x = np.stack([np.log(y) + 0.3 * noise, (y + 0.01 * noise) ** 2, np.where(noise > 0.5, np.nan, 2.0 - y), noise], 1)
    found = find_leaks(columns_of(x), np.ones(2000, bool), y, "regression")
    assert [(leak.column.name, leak.near) for leak in found] == [("c1", True), ("c2", False)]
    assert "of how the ranks of the target differ" in found[0].how
    three = np.repeat([0, 1, 2], 300)
    x = np.stack([three + 0.05 * noise[:900], three + 0.5 * noise[:900]], 1)
    (leak,) = find_leaks(columns_of(x), np.ones(900, bool), three, "classification")
    assert "chance 0.33" in leak.how
