"""What data may take of the memory that is free."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from descend.datasets import memory
from descend.engine.base.errors import DescendError


def test_what_takes_more_than_half_of_the_free_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 4_000_000_000)
    memory.check_memory(2_000_000_000, "small.csv", "limit=N takes less")
    with pytest.raises(DescendError) as raised:
        memory.check_memory(3_210_000_000, "large.csv", "limit=N takes less")
    assert str(raised.value) == (
        "large.csv takes about 3.2 GB of memory, more than 2.0 GB, half of what is free here; limit=N takes less."
    )


def test_the_limit_of_a_container_counts_and_its_cache_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "GROUP", tmp_path)
    whole = memory.free_memory()
    assert 0 < whole <= psutil.virtual_memory().total
    for name, text in {"max": "1000\n", "current": "700\n", "stat": "anon 400\ninactive_file 300\n"}.items():
        (tmp_path / f"memory.{name}").write_text(text)
    assert memory.free_memory() == 600
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.free_memory() > 600
