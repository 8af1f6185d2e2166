"""A training's ``preparation.json``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.engine.train.trained import trained

from descend.datasets import catalogue
from descend.datasets.preparation import prepare_dataset
from descend.engine.base.errors import DescendError
from descend.engine.run.preparation_file import read_preparation


def test_a_training_keeps_how_its_data_was_prepared(tmp_path: Path) -> None:
    rows = [f"{n},{n % 3},{'cold' if n % 2 else 'warm'},{n * 1.25e9 + 0.1}" for n in range(40)]
    file = tmp_path / "t.csv"
    file.write_text("size,rest,air,price\n" + "\n".join(rows) + "\n")
    run = trained("mlp", str(file))
    expected = prepare_dataset(catalogue.find(str(file)).load())
    file.unlink()
    kept = read_preparation(run)
    assert kept == expected
    assert (kept.task, kept.targets, kept.features) == ("regression", ("price",), ("size", "rest", "air=warm"))
    assert [encoder.name for encoder in kept.encoders] == ["size", "rest", "air"]
    assert kept.train + kept.test == 40
    assert len(kept.mean) == len(kept.std) == 3
    assert np.isclose(kept.target_mean[0], 1.25e9 * 19.5, rtol=0.2)


def test_every_kind_of_data_is_told_by_its_preparation(tmp_path: Path) -> None:
    for name in ("digits", "iris", "diabetes", "corpus"):
        dataset = catalogue.find(name).load()
        prepared = prepare_dataset(dataset)
        assert prepared.shape == dataset.shape
        assert [encoder.name for encoder in prepared.encoders] == list(dataset.features)


def test_what_is_not_there_or_damaged_is_a_sentence(tmp_path: Path) -> None:
    run = trained("mlp", "iris", epochs=1)
    run.preparation_file.write_text('{"kind": "table", "task": 3}')
    with pytest.raises(DescendError, match=r"preparation\.json"):
        read_preparation(run)
    run.preparation_file.unlink()
    with pytest.raises(DescendError, match="does not say how its data was prepared"):
        read_preparation(run)
