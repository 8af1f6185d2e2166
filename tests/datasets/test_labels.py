"""Several labels at once: how a table tells them, and what is said where it does not."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue
from descend.datasets.dataset import Dataset
from descend.datasets.labels import find_rarest, read_answer, split_words
from descend.datasets.split import split_stratified
from descend.datasets.streamed_table import read_streamed
from descend.datasets.table import TableOptions
from descend.engine.base.errors import DescendError

NAMES = ("spam", "urgent", "ad")
WORDS = (("0", "1"), ("no", "yes"), ("False", "TRUE"), ("n", "Y"), ("-1", "1"), ("0.0", "1.0"))


def rows(count: int = 60) -> list[tuple[float, tuple[bool, bool, bool]]]:
    chance = random.Random(3)
    return [(chance.gauss(0, 1), tuple(chance.random() < p for p in (0.5, 0.3, 0.1))) for _ in range(count)]  # type: ignore[misc]


def columns(folder: Path, no: str = "0", yes: str = "1", change: Callable[[list[str]], None] | None = None) -> str:
    lines = ["size,spam,urgent,ad", *(",".join([f"{x:.4f}", *(yes if has else no for has in y)]) for x, y in rows())]
    if change:
        change(lines)
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    return f"{folder / 't.csv'}?target=spam,urgent,ad"


def tags(folder: Path, mark: str = "|", form: str = "{}") -> str:
    lines = ["size\ttags"]
    for x, y in rows():
        words = mark.join(name for name, has in zip(NAMES, y, strict=True) if has)
        lines.append(f"{x:.4f}\t{form.format(words) if words else ''}")
    (folder / "t.tsv").write_text("\n".join(lines) + "\n")
    return f"{folder / 't.tsv'}?task=labels"


def whole(dataset: Dataset) -> list[list[int]]:
    """The labels of all rows, by their lines."""
    assert dataset.train_lines is not None
    assert dataset.test_lines is not None
    order = np.argsort(np.concatenate([dataset.train_lines, dataset.test_lines]))
    found: list[list[int]] = np.concatenate([dataset.train_y, dataset.test_y])[order].tolist()
    return found


def refused(address: str) -> str:
    with pytest.raises(DescendError) as error:
        catalogue.find(address).load()
    return str(error.value)


@pytest.mark.parametrize(("no", "yes"), WORDS)
def test_columns_of_yes_and_no_are_labels_unless_told_otherwise(tmp_path: Path, no: str, yes: str) -> None:
    dataset = catalogue.find(columns(tmp_path, no, yes)).load()
    assert (dataset.task, dataset.targets, dataset.classes) == ("labels", NAMES, ())
    assert str(dataset.shape) == "a table of 1 column with 3 labels"
    assert whole(dataset) == [[int(has) for has in y] for _, y in rows()]
    assert "so the task is labels" in " ".join(dataset.notes)
    if no in ("0", "-1", "0.0"):
        assert "task=regression predicts them as numbers" in " ".join(dataset.notes)
        numbers = catalogue.find(f"{columns(tmp_path, no, yes)}&task=regression").load()
        assert (numbers.task, numbers.train_y.dtype) == ("regression", np.float64)


@pytest.mark.parametrize(("mark", "form"), [("|", "{}"), (";", "{}"), ("', '", "['{}']"), (" ", "{}"), ("+", "{}")])
def test_words_with_a_mark_between_them_are_labels(tmp_path: Path, mark: str, form: str) -> None:
    dataset = catalogue.find(f"{tags(tmp_path, mark, form)}&empty=none").load()
    assert (dataset.task, dataset.label, dataset.mark) == (
        "labels",
        "tags",
        "," if "[" in form else mark.strip() or " ",
    )
    assert dataset.targets == ("ad", "spam", "urgent")
    assert whole(dataset) == [[int(y[NAMES.index(name)]) for name in dataset.targets] for _, y in rows()]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("['red', \"round\", 'red']", ["red", "round"]),
        ("[]", []),
        ('["sci, fi", " two words ", "\\u00e4", null, 1.50, 7]', ["sci, fi", "two words", "ä", "1.50", "7"]),
        ('["it\'s", None, 3]', ["it's", "3"]),
        ("[red, round]", ["red", "round"]),
        ('[{"id": 1}]', ['{"id": 1}']),
        ("[" * 5000 + "]", ["[" * 4999]),
    ],
)
def test_a_list_as_json_or_python_writes_it_is_words(cell: str, words: list[str]) -> None:
    assert split_words(cell, ",") == words


def lists(folder: Path, file: str = "t.jsonl") -> str:
    """A file whose rows have lists, in one of which a word has a comma."""
    found = [
        {"size": round(x, 4), "tags": [name for name, has in zip(LISTED, y, strict=True) if has]} for x, y in rows()
    ]
    if file.endswith(".parquet"):
        arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        parquet.write_table(arrow.Table.from_pylist(found), folder / file)
    elif file.endswith(".tsv"):
        lines = (f"{row['size']}\t{row['tags']}" for row in found)
        (folder / file).write_text("\n".join(["size\ttags", *lines]) + "\n")
    else:
        (folder / file).write_text("\n".join(map(json.dumps, found)) + "\n")
    return str(folder / file)


LISTED = ("sci, fi", "drama", "ärger")


@pytest.mark.parametrize("file", ["t.jsonl", "t.parquet", "t.tsv"])
def test_lists_of_words_are_labels(tmp_path: Path, file: str) -> None:
    dataset = catalogue.find(lists(tmp_path, file)).load()
    assert (dataset.task, dataset.label, dataset.mark) == ("labels", "tags", ",")
    assert dataset.targets == ("drama", "sci, fi", "ärger")
    assert whole(dataset) == [[int(y[at]) for at in (1, 0, 2)] for _, y in rows()]
    assert "'tags' lists 3 labels, of which a row can have several." in dataset.notes


def test_a_list_is_labels_only_where_it_is_to_be_predicted(tmp_path: Path) -> None:
    address = lists(tmp_path)
    assert "has a list in 'tags'" in refused(f"{address}?target=size")
    assert refused(f"{address}?target=size").endswith("or say target=tags if it lists labels to predict.")
    assert "holds lists" in refused(f"{address}?mark=;")
    for target in ("tags", "2", "-1", "TAGS"):
        assert catalogue.find(f"{address}?target={target}").load().task == "labels"
    text = Path(address).read_text()
    Path(address).write_text(text.replace('["drama"]', "null"))
    gone = sum(y == (False, True, False) for _, y in rows())
    assert f"lacks {gone} values" in refused(address)
    assert len(whole(catalogue.find(f"{address}?missing=drop").load())) == 60 - gone
    assert len(whole(catalogue.find(f"{address}?empty=none").load())) == 60
    Path(address).write_text(text.replace('["drama"]', '[["drama"]]'))
    assert "has a list in 'tags'" in refused(address)


def test_lists_of_a_table_that_stays_on_disk_are_the_same_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESCEND_HOME", str(tmp_path / "home"))
    place = Path(lists(tmp_path))
    text = place.read_text().replace('"tags"', '"more": {"x": [1]}, "tags"')
    place.write_text(text)
    found = read_streamed(place, "t", TableOptions(ignore=("more",)))
    assert found.targets == ("drama", "sci, fi", "ärger")
    order = np.argsort(np.concatenate([found.train_x, found.test_x])[:, 0])
    expected = sorted((round(x, 4), [int(y[at]) for at in (1, 0, 2)]) for x, y in rows())
    assert np.concatenate([found.train_y, found.test_y])[order].tolist() == [y for _, y in expected]


def test_labels_that_are_missing_are_refused_with_the_ways_out(tmp_path: Path) -> None:
    gone = sum(not any(y) for _, y in rows())
    said = refused(tags(tmp_path))
    assert f"lacks {gone} values" in said
    assert "missing=drop" in said
    assert "empty=none if an empty cell in column 'tags' says that there is none" in said
    dropped = catalogue.find(f"{tags(tmp_path)}&missing=drop").load()
    assert len(whole(dropped)) == 60 - gone

    def empty(lines: list[str]) -> None:
        lines[5] = lines[5].rpartition(",")[0] + ","

    address = columns(tmp_path, change=empty)
    assert "'ad' 1" in refused(address)
    assert len(whole(catalogue.find(f"{address}&missing=drop").load())) == 59
    assert whole(catalogue.find(f"{address}&empty=none").load())[4][2] == 0


def test_labels_that_never_or_always_occur_are_told(tmp_path: Path) -> None:
    def constant(lines: list[str]) -> None:
        lines[0] += ",never,always"
        lines[1:] = [f"{line},0,1" for line in lines[1:]]

    address = columns(tmp_path, change=constant) + ",never,always"
    said = " ".join(catalogue.find(address).load().notes)
    assert "Warning: no row has the label 'never'" in said
    assert "Warning: every row has the label 'always'" in said
    assert "nothing to learn" in refused(f"{tmp_path / 't.csv'}?target=never,always")


def test_what_is_no_label_is_refused_in_a_sentence(tmp_path: Path) -> None:
    def strange(lines: list[str]) -> None:
        lines[7] = lines[7].rpartition(",")[0] + ",maybe"

    def uncertain(lines: list[str]) -> None:
        lines[7] = lines[7].rpartition(",")[0] + ",-1"

    said = refused(columns(tmp_path, change=strange) + "&task=labels")
    assert "Column 'ad' of t.csv has 'maybe' in line 8" in said
    assert "task=labels if each is yes or no" in refused(columns(tmp_path, change=strange))
    assert "has '-1' in line 8" in refused(columns(tmp_path, change=uncertain) + "&task=labels")
    assert "is one label of yes and no, which is classification" in refused(
        columns(tmp_path).replace("=spam,urgent,ad", "=spam&task=labels")
    )
    assert "say what stands between words with mark=" in refused(tags(tmp_path, "_"))
    assert "mark= is for task=labels" in refused(columns(tmp_path) + "&task=regression&mark=;")
    assert "mark= is for one target column" in refused(columns(tmp_path) + "&mark=;")
    alone = catalogue.find(tags(tmp_path).replace("task=labels", "missing=drop")).load()
    assert alone.task == "classification"
    assert "task=labels learns each of the 3" in " ".join(alone.notes)


def test_answers_are_read_in_any_case_and_as_numbers() -> None:
    assert [read_answer(cell) for cell in ("YES", "1.00", "On", "no", "0.", "-1.0", "2", "", "ja")] == [
        *(1, 1, 1, 0, 0, 0),
        *(-1, -1, -1),
    ]


def test_every_part_has_its_share_of_a_rare_label() -> None:
    chance = np.random.default_rng(0)
    y = (chance.random((1000, 6)) < [0.5, 0.3, 0.1, 0.02, 0.01, 0.005]).astype(np.uint8)
    _, test = split_stratified(find_rarest(y), 0.2)
    for count, tested in zip(y.sum(0, dtype=int), y[test].sum(0, dtype=int), strict=True):
        assert abs(tested - 0.2 * count) <= max(1.2, 0.25 * 0.2 * count)


def test_a_column_that_tells_a_label_is_warned_of(tmp_path: Path) -> None:
    chance = random.Random(0)
    lines = ["size,extra,spam,ad"]
    for _ in range(300):
        spam, ad = chance.random() < 0.2, chance.random() < 0.3
        lines.append(f"{chance.random():.3f},{'closed' if ad else 'open'},{int(spam)},{int(ad)}")
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    said = " ".join(catalogue.find(f"{tmp_path / 't.csv'}?target=spam,ad").load().notes)
    assert "column 'extra' tells the label 'ad' all by itself" in said
    assert "'size'" not in said
