"""A training that goes on with data that has changed keeps the preparation it was begun with."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.engine.train.trained import conduct, notes, said, trained

from descend.datasets import catalogue
from descend.engine.base.errors import DescendError
from descend.engine.launch import experiment, launcher
from descend.engine.run.preparation_file import read_preparation
from descend.engine.run.runs import Run
from descend.engine.train.kept_preparation import settle_preparation
from descend.engine.train.predictor import load_predictor
from descend.engine.train.trainer import Trainer

ROWS = [f"{at % 13},{at % 7},{('cook', 'smith', 'clerk')[at % 3]},{('no', 'yes')[at % 2]}" for at in range(60)]
HEAD = "age,hours,job,buy"
Change = Callable[[str], str]


def table(folder: Path, change: Change = str, name: str = "mix.csv") -> Path:
    file = folder / name
    file.write_text(change("\n".join([HEAD, *ROWS]) + "\n"))
    return file


def replace(before: str, after: str, count: int = -1) -> Change:
    def change(text: str) -> str:
        assert before in text
        return text.replace(before, after, count)

    return change


MISFITS: list[tuple[Change, str]] = [
    (replace("cook,no", "baker,no", 1), "its column 'job' has the new category 'baker'"),
    (replace("cook", "baker"), "its column 'job' has the new category 'baker' and lacks the category 'cook'"),
    (replace("5,5,clerk,yes", "5,5,clerk,maybe", 1), "it has the new class 'maybe'"),
    (
        lambda text: text.replace("yes", "maybe").replace("no\n", "never\n"),
        "it has the new classes 'maybe', 'never' and lacks the classes 'no', 'yes'",
    ),
    (replace("age", "years"), "it has the new column 'years' and lacks the column 'age'"),
    (replace("age,hours", "hours,age"), "it has its columns in another order"),
    (
        lambda text: text.replace("\n", ",1\n").replace("buy,1", "buy,more").replace(",1\n", ",2\n", 9),
        "the column to predict is 'more', and was 'buy'",
    ),
    (
        lambda text: "\n".join([HEAD, *(f"{'ab'[at % 2]}{row[row.index(',') :]}" for at, row in enumerate(ROWS))]),
        "its column 'age' holds words, and held numbers",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), MISFITS)
def test_a_table_that_no_longer_fits_is_refused_and_nothing_is_lost(
    change: Change, sentence: str, tmp_path: Path
) -> None:
    file = table(tmp_path)
    run = trained("mlp", str(file), epochs=1, validation=0.2)
    kept = {each: each.read_bytes() for each in (run.preparation_file, run.split_file)}
    x = catalogue.find(str(file)).load().test_x
    before = load_predictor(run).predict(x)
    table(tmp_path, change)
    failure = said(conduct(run)).failure
    assert failure is not None
    assert failure.title.startswith(f"mix.csv no longer fits the run: {sentence}")
    assert failure.title.endswith("restore it to go on with these weights, or begin a new run on what is there now.")
    assert {each: each.read_bytes() for each in kept} == kept
    assert (load_predictor(run).predict(x) == before).all()
    child = launcher.fork_run(run, 99, {"epochs": 2})
    failure = said(conduct(child)).failure
    assert failure is not None
    assert sentence in failure.title
    table(tmp_path)
    assert conduct(child).state() == "done"
    assert child.preparation_file.read_bytes() == kept[run.preparation_file]


def made(kind: str, folder: Path, changed: bool = False) -> Path:
    """Data of a kind, as it is or changed so that it no longer fits."""
    place = folder / kind
    if kind == "d.txt":
        place.write_text("The rain in Spain falls mainly. " * 40 + ("é" if changed else "e"))
    elif kind == "texts.csv":
        texts = [f"{'good' if at % 2 else 'bad'} {at % 9},{at % 2}" for at in range(40)]
        place.write_text("\n".join(["body,kind", *texts, *(["bad !,0"] if changed else [])]))
    elif kind == "x.npz":
        x = np.random.default_rng(0).integers(0, 200, (40, 8, 8))
        np.savez(place, x=x - 50 if changed else x, y=np.arange(40) % 2)
    elif kind == "prices.csv":
        more = ",tax\n" if changed else "\n"
        place.write_text(f"a,price{more}" + "\n".join(f"{at},{at * 1.5}{',2.5' * changed}" for at in range(40)))
    else:
        side = 10 if changed else 8
        for at in range(20):
            (place / "ab"[at % 2]).mkdir(parents=True, exist_ok=True)
            pixels = np.full((side, side), at, np.uint8)
            Image.fromarray(pixels).save(place / "ab"[at % 2] / f"{at}.png")
    return place


@pytest.mark.parametrize(
    ("kind", "options", "model", "sentence"),
    [
        ("d.txt", "", "char-lstm", "d.txt no longer fits the run: it has the new character 'é'"),
        ("texts.csv", "?text=body", "gru", "texts.csv no longer fits the run: it has the new character '!'"),
        ("x.npz", "", "mlp", "x.npz no longer fits the run: its pixels have another range of values"),
        (
            "prices.csv",
            "",
            "mlp",
            "prices.csv no longer fits the run: it has the new number to predict 'tax'",
        ),
        ("pictures", "", "mlp", "pictures no longer fits the run: it is images of 10 × 10 grey pixels in 2 classes"),
    ],
)
def test_data_of_every_kind_that_no_longer_fits_is_refused(
    kind: str, options: str, model: str, sentence: str, tmp_path: Path
) -> None:
    knobs = {"context": 8} if kind == "d.txt" else {}
    run = trained(model, f"{made(kind, tmp_path)}{options}", epochs=1, **knobs)
    kept = run.preparation_file.read_bytes()
    made(kind, tmp_path, changed=True)
    failure = said(conduct(run)).failure
    assert failure is not None
    assert failure.title.startswith(sentence), failure.title
    assert run.preparation_file.read_bytes() == kept


def test_numbers_that_have_changed_mean_the_same_to_the_weights(tmp_path: Path, sessions: list[Trainer]) -> None:
    def gaps(text: str) -> str:
        return text.replace("3,3,cook", ",3,cook", 1).replace("4,4,smith", "4,4,", 1)

    def larger(text: str) -> str:
        lines = gaps(text).split("\n")
        return "\n".join([lines[0], *(f"{100 * float(cells[0])},{cells[2]}" if (cells := row.partition(","))[0] else row
                                      for row in lines[1:])])  # fmt: skip

    address = f"{table(tmp_path, gaps)}?missing=mean"
    run = trained("mlp", address, epochs=1)
    kept, before = run.preparation_file.read_bytes(), catalogue.find(address).load()
    first = sessions[-1]
    table(tmp_path, larger)
    child = launcher.fork_run(run, 99, {"epochs": 2})
    for each in (run, child):
        assert "mix.csv changed since the run was created" in notes(said(conduct(each)))
        assert each.state() == "done"
        assert each.preparation_file.read_bytes() == kept
        session = sessions[-1]
        assert session.prepared == first.prepared
        now, there = session.dataset, before.filled["age"][0]
        assert there.sum() + before.filled["age"][1].sum() == 1
        for part, places in (("train_x", 0), ("test_x", 1)):
            rows, was = getattr(now, part), getattr(before, part)
            age, job = before.filled["age"][places], before.filled["job"][places]
            assert (rows[age, 0] == was[age, 0]).all()
            assert (rows[job] == was[job])[:, 1:].all()
            assert (rows[~age, 0] == 100 * was[~age, 0]).all()


def test_numbers_to_predict_keep_their_scale(tmp_path: Path) -> None:
    file = made("prices.csv", tmp_path)
    run = trained("mlp", str(file), epochs=1)
    kept = read_preparation(run)
    file.write_text("a,price\n" + "\n".join(f"{at},{at * 1500}" for at in range(40)))
    assert conduct(launcher.fork_run(run, 99, {"epochs": 2})).state() == "done"
    assert conduct(run).state() == "done"
    assert read_preparation(run) == kept
    assert kept.target_mean[0] < 60


def test_rows_that_are_held_back_anew_are_told(tmp_path: Path) -> None:
    file = table(tmp_path)
    run = trained("mlp", str(file), epochs=1, validation=0.2)
    told = "other rows are held back or tested than when the run was begun"
    assert told not in notes(said(conduct(run)))
    table(tmp_path, lambda text: text + "".join(f"{row}\n" for row in ROWS[:20]))
    assert told in notes(said(conduct(run)))


def settled(run: Run, dataset: object) -> object:
    """What is settled for ``run`` and that data."""
    chosen = experiment.find("mlp")
    assert isinstance(chosen, experiment.Training)
    return settle_preparation(run, dataset, chosen.knobs(), chosen.model, True, ())  # type: ignore[arg-type]


def test_of_what_stays_on_disk_other_means_for_missing_values_are_refused(tmp_path: Path) -> None:
    def gap(text: str) -> str:
        return text.replace("3,3,cook", ",3,cook", 1)

    address = f"{table(tmp_path, gap)}?missing=mean"
    run = trained("mlp", address, epochs=1)
    for change, refused in ((gap, False), (lambda text: gap(text).replace("\n12,", "\n99,"), True)):
        table(tmp_path, change)
        data = catalogue.find(address).load()
        np.save(tmp_path / "x.npy", data.train_x)
        data = dataclasses.replace(data, train_x=np.load(tmp_path / "x.npy", mmap_mode="r"))
        if not refused:
            settled(run, data)
            continue
        with pytest.raises(DescendError, match="what stands in for missing values of 'age' is another mean or word"):
            settled(run, data)


def test_a_damaged_preparation_is_made_again_of_the_same_data_alone(tmp_path: Path) -> None:
    file = table(tmp_path)
    run = trained("mlp", str(file), epochs=1)
    kept = run.preparation_file.read_bytes()
    run.preparation_file.write_bytes(kept[:40])
    assert conduct(run).state() == "done"
    assert run.preparation_file.read_bytes() == kept
    run.preparation_file.write_bytes(kept[:40])
    table(tmp_path, replace("12,", "13,", 1))
    assert conduct(run).state() == "failed"
    assert run.preparation_file.read_bytes() == kept[:40]


def test_a_fork_may_scale_images_otherwise(tmp_path: Path) -> None:
    run = trained("mlp", str(made("pictures", tmp_path)), epochs=1)
    child = conduct(launcher.fork_run(run, 0, {"normalise": "dataset"}))
    assert child.state() == "done"
    assert read_preparation(child).mean
    assert not read_preparation(run).mean
