"""Fashion-MNIST: the images to choose by are kept back from training, and the test images stay untouched."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from descend.datasets import catalogue as datasets
from descend.engine.lab import fit as loop
from descend.engine.lessons.debugging import fashion_mnist


@pytest.mark.parametrize("validation", [False, True])
def test_validation_takes_the_last_sixth_of_the_training_images(
    monkeypatch: pytest.MonkeyPatch, validation: bool
) -> None:
    given: list[Any] = []
    monkeypatch.setattr(loop, "fit", lambda lab, net, adam, data, **more: given.append(data))
    dataset = datasets.find("digits").load()
    nothing = SimpleNamespace(note=lambda text: None, results=lambda **found: None)
    lab = SimpleNamespace(dataset=dataset, device=torch.device("cpu"), **vars(nothing))
    fashion_mnist.run(lab, fashion_mnist.Knobs.parse({"validation": validation}))
    every, [data] = loop.Tensors.of(dataset, torch.device("cpu")), given
    kept = len(every.train_y) // 6 if validation else 0
    assert torch.equal(data.train_x, every.train_x[: len(every.train_x) - kept])
    assert torch.equal(data.test_x, every.train_x[-kept:] if validation else every.test_x)
    assert torch.equal(data.test_y, every.train_y[-kept:] if validation else every.test_y)
