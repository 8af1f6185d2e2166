"""Numbers that are written, or are so large, that reading them as usual would lose something: it is said or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from descend.datasets import catalogue
from descend.datasets.dataset import WARNING, Dataset
from descend.datasets.order import find_lookalikes
from descend.datasets.precision import SINGLE, is_merged, is_narrow
from descend.datasets.target import find_equal_numbers
from descend.engine.base.errors import DescendError, UsageError

Cell = Callable[[int], str]


def load(folder: Path, cell: Cell, options: str = "", *, target: bool = False) -> Dataset:
    """A table of sixty rows with a column ``m`` of ``cell``, which is the ``target`` or not."""
    file = folder / "data.csv"
    names = ("a", "b", "m") if target else ("m", "a", "b")
    rows = [(str(row / 7), str(row * 0.37 % 1)) for row in range(60)]
    cells = [(*row, f'"{cell(place)}"') if target else (f'"{cell(place)}"', *row) for place, row in enumerate(rows)]
    file.write_text("\n".join(map(",".join, [names, *cells])) + "\n", encoding="utf-8")
    return catalogue.find(f"{file}?{options}" if options else str(file)).load()


def warnings(data: Dataset) -> str:
    return " ".join(note for note in data.notes if note.startswith(WARNING))


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        (lambda row: f"−{row}.5" if row % 3 else f"{row}.5", "numbers below zero, as '−1.5' in line 3"),
        (lambda row: f"({row}.5)" if row % 3 else f"{row}.5", "numbers below zero, as '(1.5)' in line 3"),
        (lambda row: f"{row}.25-", "numbers below zero, as '0.25-' in line 2"),
        (lambda row: f"{row * 1.5} kg", "more than numbers in its cells, as '0.0 kg' in line 2"),
        (lambda row: f"USD {row}", "a sign next to its numbers, as 'USD 0' in line 2; say signs=USD"),
        (lambda row: f"1.{row}D+03", "more than numbers in its cells, as '1.0D+03' in line 2"),
        (lambda row: f"{row}.5 m/s", "more than numbers in its cells"),
    ],
)
def test_numbers_in_a_form_that_is_not_read_are_told_from_words(cell: Cell, sentence: str, tmp_path: Path) -> None:
    for target in (False, True):
        with pytest.raises(DescendError) as raised:
            load(tmp_path, cell, target=target)
        assert sentence in str(raised.value)
        assert ("choose another with target=" if target else "ignore=m") in str(raised.value)


def test_sizes_and_hexadecimal_codes_are_words(tmp_path: Path) -> None:
    assert "m=10 kg" in load(tmp_path, lambda row: f"{row % 4}0 kg").features
    with pytest.raises(DescendError, match="60 unique words in column 'm'"):
        load(tmp_path, lambda row: f"0x{row:x}")


def test_a_mark_between_digits_groups_them_in_threes(tmp_path: Path) -> None:
    data = load(tmp_path, lambda row: f"{row + 1},{row:03}", "thousands=,")
    assert sorted(np.concatenate([data.train_x, data.test_x])[:, 0]) == [(row + 1) * 1000 + row for row in range(60)]
    assert load(tmp_path, lambda row: f"{row + 1},00,000", "thousands=,").train_x[0, 0] in np.arange(1, 61) * 1e5
    with pytest.raises(DescendError, match="numbers with a comma, as '1,00' in line 2"):
        load(tmp_path, lambda row: f"{row + 1},{row:02}", "thousands=,")
    with pytest.raises(UsageError, match=r"both '\.'"):
        load(tmp_path, str, "thousands=.")


@pytest.mark.parametrize(
    ("names", "same"),
    [
        (["1234567890123456700.0", "1234567890123456701.0"], []),
        (["0.1", "0.10000000000000000001"], []),
        (["007", "7"], ["007", "7"]),
        (["1E5", "100000", "3"], ["1E5", "100000"]),
        (["nan", "inf", "x", "1_0", "10"], []),
    ],
)
def test_numbers_are_compared_to_the_last_digit(names: list[str], same: list[str]) -> None:
    assert find_equal_numbers(names) == same


def test_codes_among_numbers_are_said(tmp_path: Path) -> None:
    assert "has '1E5' in line 3" in warnings(load(tmp_path, lambda row: ["100000", "1E5", "77"][row % 3]))
    assert not warnings(load(tmp_path, lambda row: f"{row}.5e3"))
    said = "'1.1' and '1.10', one number written in two ways; categories=m"
    assert any(said in note for note in load(tmp_path, lambda row: f"1.{row % 12}").notes)
    assert "'1.1' and '1.10', which are one number" in warnings(
        load(tmp_path, lambda row: f"1.{row % 12}", target=True)
    )
    assert not warnings(load(tmp_path, lambda row: f"{row / 2:.2f}", target=True))


def test_prices_and_times_to_predict_are_no_identifiers(tmp_path: Path) -> None:
    assert not warnings(load(tmp_path, lambda row: str(100_003 + row * 7919), target=True))
    assert "as identifiers do" in warnings(load(tmp_path, lambda row: str(5000 + row), target=True))


def test_numbers_that_become_one_beside_an_outlier_are_said(tmp_path: Path) -> None:
    times = np.r_[0.0, 1.7e9 + np.arange(500) * 7]
    assert is_merged(times, times.astype(np.float32))
    assert not is_merged(times[1:] - 1.7e9, (times[1:] - 1.7e9).astype(np.float32))
    assert is_narrow(1e-42 * np.arange(60.0), SINGLE)
    assert not is_narrow(1e-30 * np.arange(60.0), SINGLE)
    data = load(tmp_path, lambda row: str(1_700_000_000 + 7 * row if row else 0))
    assert "lose digits: column 'm'" in warnings(data)


def test_single_precision_targets_of_an_npz_that_lost_digits_are_said(tmp_path: Path) -> None:
    x, times = np.random.default_rng(0).normal(size=(60, 3)), 1_700_000_000 + 7 * np.arange(60)
    said = {}
    for kind in (np.float32, np.float64, np.int64):
        np.savez(tmp_path / "data.npz", x=x, y=times.astype(kind))
        said[kind] = warnings(catalogue.find(str(tmp_path / "data.npz")).load())
    assert "so large that neighbours became equal" in said[np.float32]
    assert not said[np.float64]
    assert not said[np.int64]


@pytest.mark.parametrize(
    ("names", "how"),
    [
        (["oak", "Oak"], "capital letters"),
        (["caf\u00e9", "cafe\u0301"], "blanks or the encoding of accents"),
        (["new  york", "new\u00a0york"], "blanks or the encoding of accents"),
        (["x2", "x\u00b2"], ""),
        (["1", "10", "oak"], ""),
    ],
)
def test_names_that_look_alike_are_said(names: list[str], how: str) -> None:
    said = find_lookalikes(names)
    assert said.endswith(f"differ only in {how}") if how else not said
