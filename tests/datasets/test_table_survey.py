"""All problems of a table at once, and the line that settles them."""

from __future__ import annotations

import csv
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue, user_path
from descend.datasets.options import split_address
from descend.datasets.table_survey import Survey
from descend.engine import load
from descend.engine.cli import main
from tests.engine.train.trained import trained

HEAD = ["customer_id", "joined", "tier", "income", "age", "city", "region", "status", "visits", "zip", "churned"]


def write(file: Path, names: list[str], rows: list[list[object]]) -> Path:
    with open(file, "w", newline="") as stream:
        csv.writer(stream).writerows([names, *rows])
    return file


@pytest.fixture
def churn(tmp_path: Path) -> Path:
    """A table with nearly everything that can be wrong with one."""
    chance, rows = np.random.default_rng(1), list[list[object]]()
    for i in range(400):
        gone = int(chance.random() < 0.25)
        rows.append(
            [
                100000 + 7 * i,
                f"2024-0{chance.integers(1, 9)}-{chance.integers(10, 28)}",
                chance.choice(["Gold", "gold ", "Silver"]),
                f"{chance.integers(1, 9)},{chance.integers(100, 999)}.50",
                "" if i % 20 == 3 else round(chance.normal(40, 9), 1),
                "n/a" if i % 9 == 2 else chance.choice(["Paris", "Rome"]),
                "EU",
                ["active", "cancelled"][gone],
                chance.choice(["12", "7", "unknown"]),
                f"0{chance.integers(1000, 9999)}",
                [["No", "Yes"], ["NO", "YES"]][i % 10 == 0][gone],
            ]
        )
    ages = sum(float(row[4] or 0) for row in rows)  # type: ignore[arg-type]
    return write(tmp_path / "churn.csv", HEAD, [*rows, ["Total", "", "", "", ages, *[""] * 6]])


def look(address: object) -> Survey:
    found = user_path.survey(str(address))
    assert found is not None
    return found


def test_all_problems_are_told_at_once_with_what_settles_them(churn: Path) -> None:
    found = look(churn)
    told = {problem.sentence: dict(problem.options) for problem in found.problems}
    for begin, options in {
        "Column 'income' groups the digits": {"thousands": ","},
        "1 row of totals left out": {"totals": "drop"},
        "Column 'customer_id' has a unique whole number": {"ignore": "customer_id"},
        "Column 'joined' holds dates": {"dates": "parts"},
        "Column 'tier': 'Gold' and 'gold' differ": {"case": "fold"},
        "Column 'city' has 'n/a' in ": {"gaps": "n/a"},
        "Column 'region' has the same value": {"ignore": "region"},
        "Column 'visits' holds numbers, but 'unknown'": {"gaps": "unknown"},
        "Column 'zip' has codes that would be numbers": {"ignore": "zip"},
        "Column 'churned', the target: ": {"case": "fold"},
        "20 values missing: 'age' 20": {"missing": "mean"},
        "Column 'status' tells the class all by itself": {"ignore": "status"},
    }.items():
        assert [o for sentence, o in told.items() if sentence.startswith(begin)] == [options], begin
    assert len(told) == 12
    assert found.sound
    data = catalogue.find(found.address).load()
    assert data.classes == ("no", "yes")
    assert len(data.train_x) + len(data.test_x) == 400
    assert not any("status" in name or "customer_id" in name for name in data.features)
    assert not look(found.address).problems


def test_columns_come_first_then_problems_then_a_line_to_copy(churn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "show", str(churn)]) == 1
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    heads = next(at for at, line in enumerate(lines) if line.startswith("name"))
    assert lines[heads].split() == ["name", "kind", "missing", "unique", "holds"]
    assert lines[heads + 1].split()[:2] == ["customer_id", "numbers"]
    assert "holds dates or times" in printed.err
    assert (
        printed.out.index("customer_id  numbers") < printed.out.index("12 problems") < printed.out.index("settle them")
    )
    line = next(line for line in lines if line.startswith("descend run"))
    command, run, model, option, address = shlex.split(line)
    assert (command, run, model, option) == ("descend", "run", "mlp", "--data")
    assert main(["data", "show", address]) == 0
    again = capsys.readouterr().out
    assert "No problems were found." in again
    assert again.index("No problems") < again.index("Columns, over the training set")
    assert main(["data", "show", str(churn), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert len(found["survey"]["problems"]) == 12
    assert found["survey"]["settled"] == split_address(address)[1]


@pytest.mark.parametrize("name", ["iris", "wine", "breast-cancer", "diabetes"])
def test_sound_tables_have_no_problem(name: str, tmp_path: Path) -> None:
    data = catalogue.find(name).load()
    x, y = np.concatenate([data.train_x, data.test_x]), np.concatenate([data.train_y, data.test_y])
    answers = [data.classes[label] if data.classes else label for label in y.tolist()]
    rows = [[*(f"{value:.6g}" for value in row), answer] for row, answer in zip(x.tolist(), answers, strict=True)]
    found = look(write(tmp_path / "t.csv", [*data.features, "answer"], rows))
    assert found.problems == ()
    assert found.sound
    assert found.target == "answer"


def rows_of(**columns: Callable[[int], object]) -> tuple[list[str], list[list[object]]]:
    chance = np.random.default_rng(0)
    usual: dict[str, Callable[[int], object]] = {
        "a": lambda i: round(chance.normal(), 3),
        "b": lambda i: round(chance.normal(), 3),
        "kind": lambda i: ["x", "y", "z"][i % 3],
    }
    every = {**usual, **columns, "kind": columns.get("kind", usual["kind"])}
    every["kind"] = every.pop("kind")
    return list(every), [[make(i) for make in every.values()] for i in range(150)]


@pytest.mark.parametrize(
    ("column", "sentence", "options"),
    [
        (lambda i: i % 3 * 10, "Column 'c' tells the class all by itself: a leak", {"ignore": "c"}),
        (lambda i: f"{1 + i % 5} March 2024"[-12:], "Column 'c' holds dates", {"dates": "parts"}),
        (lambda i: f"{1 + i % 5}/3/2024", "day and month in either order", {"dates": "day-first"}),
        (lambda i: f"2024Q{1 + i % 4} 1 Jan", "Column 'c'", {}),
        (lambda i: 20240101 + i % 20, "Column 'c' has dates that would be numbers, as '20240101'", {"ignore": "c"}),
        (
            lambda i: f"{i % 7},5",
            "has numbers with a comma, as '0,5', and other columns are written",
            {"ignore": "c"},
        ),
        (lambda i: "", "Column 'c' has no values", {"ignore": "c"}),
        (lambda i: f"${i * 37 % 150}", "Column 'c' has signs next to its numbers", {"signs": "$"}),
        (lambda i: f"{i} {'kg' if i % 2 else 'lb'}", "'0 lb' in line 2, in 2 units; mend the file", {"ignore": "c"}),
        (lambda i: f"some words {i % 120}", "120 unique words, too many for categories", {"ignore": "c"}),
        (lambda i: f"{i % 2}e39", "more than a 32-bit number", {"ignore": "c"}),
        (lambda i: f"word{i}", "a unique word in every row", {"ignore": "c"}),
    ],
)
def test_each_problem_is_settled(
    column: Callable[[int], object], sentence: str, options: dict[str, str], tmp_path: Path
) -> None:
    found = look(write(tmp_path / "t.csv", *rows_of(c=column)))
    if not options:
        assert not found.problems
        return
    assert [(sentence in problem.sentence, dict(problem.options)) for problem in found.problems] == [(True, options)]
    assert found.sound
    catalogue.find(found.address).load()
    assert not look(found.address).problems


def test_decimal_commas_are_settled_with_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("\n".join(["a;b;kind", *(f"{i % 7},5;{1 + i % 4}.{100 + i},25;{'xyz'[i % 3]}" for i in range(60))]))
    found = look(file)
    assert found.settled == {"target": "kind", "thousands": ".", "decimal": ","}
    assert catalogue.find(found.address).load().train_x.max() > 4100


@pytest.mark.parametrize(
    ("cell", "options", "lowest"),
    [
        (lambda n: f"{n:,.2f}".translate({44: ".", 46: ","}), {"thousands": ".", "decimal": ","}, 600.13),
        (lambda n: f"{n:,.2f}".translate({44: " ", 46: ","}), {"thousands": " ", "decimal": ","}, 600.13),
        (lambda n: f"CHF {n:,.2f}".replace(",", "'"), {"signs": "CHF", "thousands": "'"}, 600.13),
        (lambda n: f"{n:,.2f}\u00a0€".translate({44: "\u202f", 46: ","}), "€", 600.13),
        (lambda n: f"{n:.1f}%", {"signs": "%"}, 600.1),
        (lambda n: f"−{n:.2f}" if n > 900 else f"{n:.2f}", {"signs": "−"}, -1400.13),
        (lambda n: f"(${n:,.2f})" if n > 900 else f"${n:,.2f}", {"signs": "$,()", "thousands": ","}, -1400.13),
        (lambda n: f"{n:.2f} kg", {"signs": "kg"}, 600.13),
    ],
)
def test_numbers_are_read_however_they_are_written(
    cell: Callable[[float], str], options: object, lowest: float, tmp_path: Path
) -> None:
    """Small and large ones beside one another, so that not all of them have a mark between digits."""
    rows: list[list[object]] = [[cell(600.13 + i * 37 % 101 * 8), "yn"[i % 7 > 2]] for i in range(101)]
    found = look(write(tmp_path / "t.csv", ["amount", "kind"], rows))
    expected = {"signs": "€", "thousands": "\u202f", "decimal": ","} if options == "€" else options
    assert {name: value for name, value in found.settled.items() if name != "target"} == expected
    data = catalogue.find(found.address).load()
    assert data.features == ("amount",)
    assert min(data.train_x.min(), data.test_x.min()) == pytest.approx(lowest)


def test_new_rows_are_read_with_the_same_signs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[list[object]] = [[f"€{i * 37 % 101}.5", f"{i % 9} kg", "yn"[i % 7 > 2]] for i in range(101)]
    run = trained("mlp", f"{write(tmp_path / 't.csv', ['fee', 'size', 'kind'], rows)}?signs=€,kg")
    (tmp_path / "new.csv").write_text("fee,size\n€7.5,3 kg\n9,4\n")
    assert main(["predict", run.id, str(tmp_path / "new.csv")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_texts_of_their_own_in_each_row_are_no_identifiers(tmp_path: Path) -> None:
    rows: list[list[object]] = [[f"it was the {i}. of all days", i % 7, "yn"[i % 3 > 0]] for i in range(60)]
    (problem,) = look(write(tmp_path / "t.csv", ["review", "a", "kind"], rows)).problems
    assert "text=review learns from it" in problem.sentence


def test_another_target_is_proposed_where_the_last_column_is_none(tmp_path: Path) -> None:
    names, rows = rows_of(note=lambda i: f"some text of its own {i}")
    order = [0, 1, 3, 2]
    found = look(write(tmp_path / "t.csv", [names[at] for at in order], [[row[at] for at in order] for row in rows]))
    assert found.target == "kind"
    assert found.problems[0].sentence == "Column 'note' is the last, and no column to predict."
    assert found.sound
    assert catalogue.find(found.address).load().classes == ("x", "y", "z")


@pytest.mark.parametrize("wrong", ["target=nope", "ignore=nope,3", "group=nope", "categories=99", "time=-20"])
def test_options_for_columns_that_are_not_there_are_problems_like_others(wrong: str, tmp_path: Path) -> None:
    names, rows = rows_of(c=lambda i: f"{1 + i % 5} March 2024"[-12:])
    found = look(f"{write(tmp_path / 't.csv', names, rows)}?{wrong}")
    assert len(found.columns) == 4
    assert "has no column" in found.problems[0].sentence
    assert found.sound
    assert "nope" not in found.address
    catalogue.find(found.address).load()


def test_what_no_option_settles_is_said_to_be(tmp_path: Path) -> None:
    names, rows = rows_of(kind=lambda i: f"answer {i}")
    found = look(write(tmp_path / "t.csv", names, rows))
    assert found.target == "b"
    same = look(f"{write(tmp_path / 's.csv', names, rows)}?target=kind")
    assert not same.sound
    assert "too many for classes" in same.problems[0].sentence


def test_folded_words_are_one_in_training_and_for_predictions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names, rows = rows_of(c=lambda i: ["Red", "red ", "BLUE"][i % 3], kind=lambda i: ["Yes", "no", "yes", "NO"][i % 4])
    data = catalogue.find(f"{write(tmp_path / 't.csv', names, rows)}?case=fold").load()
    assert data.classes == ("no", "yes")
    assert data.encoders[2].words == ("blue", "red")
    run = trained("mlp", f"{tmp_path / 't.csv'}?case=fold")
    (tmp_path / "new.csv").write_text("c,a,b,kind\nRED,1,2,YES\n blue,0,1,No\n")
    assert main(["predict", run.id, str(tmp_path / "new.csv")]) == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 3
    assert "did not have" not in printed.err
    assert main(["evaluate", run.id, str(tmp_path / "new.csv"), "--json"]) == 0
    assert '"samples": 2' in capsys.readouterr().out
    notes: list[str] = []
    load(run.id).prepare([{"a": 1, "b": 2, "c": "RED"}], notes)
    assert not notes


def test_what_no_option_settles_is_not_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "labels.csv", ["a", "b", "spam"], [[i * i % 7, i * 3 % 5, "yn"[i % 2]] for i in range(40)])
    assert main(["data", "show", f"{file}?target=spam,a"]) != 0
    shown = capsys.readouterr().out
    assert "These options settle" not in shown
    assert "in the file" not in shown
    assert "As it is, this cannot be trained on" in shown


def test_empty_cells_of_labels_may_say_that_there_is_none(tmp_path: Path) -> None:
    rows: list[list[object]] = [[i * i % 7, i * 3 % 5, ["", "x|y", "x", "y"][i % 4]] for i in range(40)]
    file = write(tmp_path / "films.csv", ["a", "b", "genres"], rows)
    (said,) = [p.sentence for p in look(f"{file}?target=genres&task=labels").problems if "missing" in p.sentence]
    assert "empty=none instead takes an empty cell as no label" in said
    assert not look(f"{file}?target=genres&task=labels&empty=none").problems


def test_what_holds_for_more_columns_warns_only_if_it_is_a_warning(tmp_path: Path) -> None:
    names = [f"v{i}" for i in range(30)]
    rows: list[list[object]] = [[*["1.1" if i % 2 else "1.10"] * 30, "yn"[i % 3 > 0]] for i in range(40)]
    file = write(tmp_path / "versions.csv", [*names, "y"], rows)
    notes = catalogue.find(str(file)).load().notes
    assert next(note for note in notes if "same holds for" in note).startswith("The same")


def test_minus_zero_is_no_second_way_to_write_zero(tmp_path: Path) -> None:
    rows: list[list[object]] = [[["-0.0", "0.0", "1.5", "2.5"][i % 4], "yn"[i % 3 > 0]] for i in range(40)]
    file = write(tmp_path / "rounded.csv", ["a", "y"], rows)
    assert not [note for note in catalogue.find(str(file)).load().notes if "two ways" in note]
