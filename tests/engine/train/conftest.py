"""What tests of trainings share. They have one thread, as a run has on a small machine: more would wait for each other
where several tests run at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from descend.engine.train import trainer


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> list[trainer.Trainer]:
    """The sessions of the runs there are."""
    found: list[trainer.Trainer] = []
    prepare = trainer.Trainer.prepare

    def watched(self: trainer.Trainer) -> None:
        found.append(self)
        prepare(self)

    monkeypatch.setattr(trainer.Trainer, "prepare", watched)
    return found
