"""A web server of one's own, and the real data where it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.datasets.server import Site, serving


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty site on this machine, reached without any proxy."""
    monkeypatch.setenv("no_proxy", "*")
    with serving() as site:
        yield site


@pytest.fixture
def real_data(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use the MNIST and Fashion-MNIST kept next to this folder; skip where they are not."""
    folder = Path(__file__).parents[3] / "shared" / "data"
    if not (folder / "MNIST").is_dir() or not (folder / "FashionMNIST").is_dir():
        pytest.skip("MNIST and Fashion-MNIST are not in ../shared/data")
    monkeypatch.setenv("DESCEND_DATA", str(folder))
    return folder
