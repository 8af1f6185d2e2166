"""When memory runs out: what fits is found by trying, and named."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.engine.train.trained import done, failed, written

from descend.engine.train import loader, out_of_memory, precision

HUNGRY = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Sequential(nn.Linear(4, 8), {middle}, nn.Linear(8, 3))
    def forward(self, x):
        if {when}:
            raise {error}("{words}")
        return self.l(x)
"""


def hungry(folder: Path, when: str, middle: str = "nn.ReLU()", words: str = "no more") -> str:
    error = "torch.OutOfMemoryError" if words == "no more" else "RuntimeError"
    file = written(folder, HUNGRY.format(when=when, middle=middle, error=error, words=words))
    return f"{file}:Net"


@pytest.mark.parametrize(
    "words",
    [
        "no more",
        "CUDA error: out of memory",
        "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9000000000000 bytes. Error code 12",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)",
    ],
)
def test_the_batch_that_fits_is_named(words: str, tmp_path: Path) -> None:
    why = failed(hungry(tmp_path, "len(x) > 20 and self.training", words=words), "iris", batch_size=64)
    assert "is full with a batch of 64 at step 0. A batch of 16 fits: set batch_size=16." in why
    assert "With accumulate=4 a step then has as many samples." in why


def test_batch_normalisation_is_tried_with_no_single_sample(tmp_path: Path) -> None:
    model = hungry(tmp_path, "len(x) > 2 and self.training", "nn.BatchNorm1d(8)")
    assert "A batch of 2 fits: set batch_size=2." in failed(model, "iris", batch_size=64)
    model = hungry(tmp_path, "len(x) > 1 and self.training and n() > 4", "nn.BatchNorm1d(8)")
    file = Path(model.removesuffix(":Net"))
    file.write_text(
        file.read_text().replace("class Net", "import itertools\nn = itertools.count().__next__\nclass Net")
    )
    assert "Not even a batch of 2 fits" in failed(model, "iris", batch_size=64)


def test_an_error_of_another_kind_stays_what_it_is(tmp_path: Path) -> None:
    why = failed(hungry(tmp_path, "len(x) > 20 and self.training", words="something else"), "iris", batch_size=64)
    assert "something else" in why
    assert "memory" not in why


def test_evaluation_takes_fewer_samples_at_once_where_memory_is_short(tmp_path: Path) -> None:
    short = done(hungry(tmp_path, "len(x) > 20 and not self.training"), "iris", batch_size=16)
    ample = done(hungry(tmp_path, "False"), "iris", batch_size=16)
    assert short.metrics == pytest.approx(ample.metrics)


def test_a_scale_that_memory_ran_out_in_the_midst_of_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "HALVES", ("cpu",))
    step = torch.optim.AdamW.step
    first: list[bool] = []

    def runs_out(optimiser: torch.optim.AdamW, closure: None = None) -> None:
        if not first:
            first.append(True)
            raise torch.OutOfMemoryError("no room for what Adam keeps")
        step(optimiser, closure)

    monkeypatch.setattr(torch.optim.AdamW, "step", runs_out)
    assert "A batch of 32 fits" in failed("mlp", "iris", batch_size=64, precision="fp16", optimiser="adamw")


def test_data_that_must_be_on_the_device_may_wait_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("no more")

    monkeypatch.setattr(loader, "make_splits", full)
    assert "do not fit. Choose a smaller model. Or set placement=host" in failed("mlp", "iris", placement="device")
    assert "placement" not in failed("mlp", "iris")


def test_what_means_that_memory_is_used_up() -> None:
    assert out_of_memory.is_out_of_memory(torch.OutOfMemoryError())
    assert not out_of_memory.is_out_of_memory(MemoryError())
    assert not out_of_memory.is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
