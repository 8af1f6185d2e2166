"""The data that comes with descend: scikit-learn's tables, points in the plane, drawn shapes and the corpus."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue, corpus, sklearn_files
from descend.datasets.char_text import decode, encode
from descend.datasets.split import split_shuffled, split_stratified
from descend.engine.base.errors import DescendError

TABLES = {"iris": "load_iris", "wine": "load_wine", "breast-cancer": "load_breast_cancer", "diabetes": "load_diabetes"}


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_are_scikit_learns(name: str) -> None:
    from sklearn import datasets

    raw = {"scaled": False} if name == "diabetes" else {}
    theirs = getattr(datasets, TABLES[name])(**raw)
    train, test = split_shuffled(len(theirs.target)) if name == "diabetes" else split_stratified(theirs.target)
    ours = catalogue.find(name).load()
    for x, y, rows in ((ours.train_x, ours.train_y, train), (ours.test_x, ours.test_y, test)):
        assert np.array_equal(x, theirs.data[rows].astype(np.float32))
        assert np.array_equal(y, theirs.target[rows].astype(y.dtype))
    if name in ("iris", "breast-cancer"):
        assert [str(label) for label in theirs.target_names] == list(ours.classes)
    assert len(theirs.feature_names) == len(ours.features)


@pytest.mark.parametrize("damage", ["cut short", "another mark", "empty", "a label too many"])
@pytest.mark.parametrize("name", ["iris", "wine", "breast-cancer"])
def test_a_damaged_table_is_a_sentence(name: str, damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = catalogue.find(name)
    text = spec.require().read_text().strip()
    file = tmp_path / "table.csv"
    file.write_text(
        {
            "cut short": text[:-40],
            "another mark": text[:-8] + text[-8:].replace(",", ";"),
            "empty": "",
            "a label too many": text[:-1] + "7",
        }[damage]
    )
    monkeypatch.setattr(sklearn_files.SklearnFile, "where", lambda self: file)
    with pytest.raises(DescendError, match="reinstall scikit-learn"):
        spec.load()


def test_half_of_the_diabetes_files_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = catalogue.find("diabetes")
    shutil.copy(spec.require(), file := tmp_path / "diabetes_data_raw.csv.gz")
    monkeypatch.setattr(sklearn_files.SklearnFile, "where", lambda self: file)
    with pytest.raises(DescendError, match=r"diabetes_target.*reinstall scikit-learn"):
        spec.load()


@pytest.mark.parametrize(("name", "low", "high"), [("iris", 0.9, 1), ("wine", 0.9, 1), ("breast-cancer", 0.955, 1)])
def test_logistic_regression_learns_the_tables(name: str, low: float, high: float) -> None:
    from sklearn.linear_model import LogisticRegression

    data = catalogue.find(name).load()
    model = LogisticRegression(max_iter=1000).fit((data.train_x - data.mean) / data.std, data.train_y)
    assert low <= model.score((data.test_x - data.mean) / data.std, data.test_y) <= high


@pytest.mark.parametrize(("name", "straight"), [("xor", 0.6), ("circles", 0.62), ("spirals", 0.6), ("moons", 0.92)])
def test_straight_lines_do_not_part_the_points_but_neighbours_do(name: str, straight: float) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    data = catalogue.find(name).load()
    assert LogisticRegression().fit(data.train_x, data.train_y).score(data.test_x, data.test_y) < straight
    assert KNeighborsClassifier(5).fit(data.train_x, data.train_y).score(data.test_x, data.test_y) > 0.95


def test_the_blobs_touch_and_the_waves_have_the_noise_they_say() -> None:
    from sklearn.linear_model import LogisticRegression

    blobs = catalogue.find("blobs").load()
    assert 0.9 < LogisticRegression().fit(blobs.train_x, blobs.train_y).score(blobs.test_x, blobs.test_y) < 0.99
    waves = catalogue.find("waves").load()
    x = waves.test_x[:, 0]
    assert np.square(waves.test_y - np.sin(2 * x) - np.cos(4 * x) / 2).mean() == pytest.approx(0.01, rel=0.2)


@pytest.mark.parametrize("name", ["xor", "moons", "spirals", "blobs", "shapes-28", "shapes-32"])
def test_generated_classes_are_balanced_and_the_test_set_is_other_data(name: str) -> None:
    data = catalogue.find(name).load()
    for y in (data.train_y, data.test_y):
        counts = np.bincount(y)
        assert counts.max() - counts.min() <= 1
    seen = {x.tobytes() for x in data.train_x}
    assert not any(x.tobytes() in seen for x in data.test_x)


@pytest.mark.parametrize("name", ["shapes-28", "shapes-32"])
def test_the_shapes_are_drawn_quickly_and_fill_as_much_as_they_should(name: str) -> None:
    spec = catalogue.find(name)
    start = time.process_time()
    data = spec.load()
    assert time.process_time() - start < 2
    grey = data.train_x if data.train_x.ndim == 3 else data.train_x.astype(float).mean(3)
    corners = grey[:, [0, 0, -1, -1], [0, -1, 0, -1]].mean(1)
    filled = (np.abs(grey - corners[:, None, None]) > 48).mean((1, 2))
    share = {name: filled[data.train_y == label].mean() for label, name in enumerate(data.classes)}
    if name == "shapes-28":
        assert share["circle"] > share["square"] > share["triangle"] > share["bar"] > 0.02
        assert share["circle"] > share["ring"] > 0.05
        assert share["circle"] > share["crescent"] > 0.02


def test_the_colours_of_the_shapes_say_nothing_of_their_kind() -> None:
    from sklearn.linear_model import LogisticRegression

    data = catalogue.find("shapes-32").load()
    means = data.train_x[:, :3, :3].mean((1, 2)) / 255
    assert LogisticRegression().fit(means[:3000], data.train_y[:3000]).score(means[3000:], data.train_y[3000:]) < 0.2


def test_the_corpus_is_true() -> None:
    text = corpus.write_corpus()
    assert len(text) == 200_000
    words = {corpus.spell_number(number): number for number in range(50)}
    sums = re.findall(r"^([a-z ]+) and ([a-z ]+) make ([a-z ]+)\.$", text, re.MULTILINE)
    sums = [tuple(words[word] for word in one) for one in sums]
    assert len(sums) > 300
    assert all(a + b == c for a, b, c in sums)
    differences = re.findall(r"^([a-z ]+) less ([a-z ]+) leaves ([a-z ]+)\.$", text, re.MULTILINE)
    assert len(differences) > 300
    assert all(words[a] - words[b] == words[c] for a, b, c in differences)
    spelt = re.findall(r"^([a-z]+) backwards: ([a-z]+)\.$", text, re.MULTILINE)
    assert len(spelt) > 500
    assert all(word == other[::-1] for word, other in spelt)
    nested = re.findall(r"^([(){}\[\]]+);$", text, re.MULTILINE)
    assert len(nested) > 500
    for line in nested:
        while line != (line := line.replace("()", "").replace("[]", "").replace("{}", "")):
            pass
        assert line == ""


def test_the_corpus_is_split_without_loss() -> None:
    data = catalogue.find("corpus").load()
    assert decode(np.concatenate([data.train_x, data.test_x]), data.vocabulary) == corpus.write_corpus()
    assert data.vocabulary == tuple(sorted(set(corpus.write_corpus())))


def test_any_character_is_encoded_and_decoded() -> None:
    text = "naïve 🜚 \udcff\n"
    vocabulary = sorted(set(text))
    assert decode(encode(text, vocabulary), vocabulary) == text


@pytest.mark.parametrize("share", [0.01, 0.1, 0.2, 0.25, 0.3, 0.5, 0.9])
def test_a_split_is_even_over_the_classes(share: float) -> None:
    y = np.random.default_rng(0).integers(0, 4, 1001)
    train, test = split_stratified(y, share, seed=3)
    assert sorted([*train, *test]) == list(range(1001))
    assert np.abs(np.bincount(y[test], minlength=4) - np.bincount(y) * share).max() <= 1.01
    assert not np.array_equal(test, split_stratified(y, share, seed=4)[1])
