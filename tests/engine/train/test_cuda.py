"""What only a GPU can show; skipped without one.

``pytest tests/engine/train/test_cuda.py`` on a machine with a GPU says whether training is ready for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.engine.launch.test_resume import final_state, same
from tests.engine.train.trained import conduct, notes, said, written

from descend.engine.lab.lab import Lab
from descend.engine.launch import launcher
from descend.engine.run.history import History
from descend.engine.run.run_request import RunRequest
from descend.engine.run.runs import Run
from descend.engine.train import loader, trainer

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")

IMAGES = {"batch_size": 128, "lr": 0.01, "epochs": 3}


def trained(name: str, data: str, seed: int = 0, device: str = "cuda", **knobs: object) -> Run:
    """A run on the GPU that has come to its end."""
    return conduct(launcher.prepare(RunRequest(name, knobs, seed=seed, device=device, data=data)))


def done(name: str, data: str, **knobs: Any) -> History:
    history = said(trained(name, data, **knobs))
    assert history.status is not None
    assert history.status.state == "done", history.failure
    return history


@contextmanager
def nothing_waits(recording: Any) -> Iterator[None]:
    """Whatever waits for the GPU raises, while the recorder's thread, which may wait, is held."""
    with recording:
        torch.cuda.set_sync_debug_mode("error")
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_every_precision_learns(precision: str) -> None:
    if precision == "bf16" and not torch.cuda.is_bf16_supported(including_emulation=False):
        pytest.skip("this GPU does not compute with bf16")
    history = done("simple-cnn", "digits", precision=precision, **{**IMAGES, "epochs": 8})
    assert history.metrics["test/accuracy"] > 0.85
    assert history.status is not None
    assert history.status.device.startswith("cuda")


def test_a_gpu_learns_what_the_cpu_does() -> None:
    on_gpu, on_cpu = (done("mlp", "wine", device=device, epochs=4, lr=0.01) for device in ("cuda", "cpu"))
    assert on_gpu.metrics["test/loss"] == pytest.approx(on_cpu.metrics["test/loss"], rel=0.02)


@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "adam", "adamw", "rmsprop"])
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_no_step_waits_for_the_gpu(optimiser: str, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    step, scalars, layers = trainer.Trainer._step, Lab.scalars, Lab.layers
    seen: list[int] = []

    def quick(lab: Lab) -> bool:
        return lab.step % 4 > 0  # the first step of an epoch brings the order of its samples

    def stepped(training: trainer.Trainer, *given: Any, **more: Any) -> Any:
        if not quick(training.lab):
            return step(training, *given, **more)
        seen.append(training.lab.step)
        with nothing_waits(training.lab._recorder._writing):
            training.feed.batch(training.lab.step)
            return step(training, *given, **more)

    def told(lab: Lab, *given: Any, **more: Any) -> None:
        if "lr" not in given[0] or not quick(lab):
            return scalars(lab, *given, **more)
        with nothing_waits(lab._recorder._writing):
            return scalars(lab, *given, **more)

    def watched(lab: Lab, net: torch.nn.Module) -> None:
        with nothing_waits(lab._recorder._writing):
            layers(lab, net)

    monkeypatch.setattr(trainer.Trainer, "_step", stepped)
    monkeypatch.setattr(Lab, "scalars", told)
    monkeypatch.setattr(Lab, "layers", watched)
    settings = {"epochs": 3, "batch_size": 400, "clip": 1.0, "augment": "both"}  # 1,437 images: 4 steps an epoch
    history = done("simple-cnn", "digits", optimiser=optimiser, precision=precision, **settings)
    assert len(seen) == 9
    assert history.pictures["layers"]


def test_what_waits_is_noticed() -> None:
    with (
        pytest.raises(RuntimeError, match="synchroniz"),
        nothing_waits(threading.Lock()),
    ):
        torch.ones(3, device="cuda").sum().item()


@pytest.mark.parametrize("knobs", [{}, {"precision": "fp16", "optimiser": "momentum"}, {"placement": "host"}])
def test_resumed_it_continues_as_it_would_have(knobs: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)
    knobs = {"epochs": 3, "batch_size": 64, "dropout": 0.3, **knobs}
    whole, run = trained("mlp", "wine", **knobs), launcher.prepare(RunRequest("mlp", knobs, device="cuda", data="wine"))
    due = Lab._keep_when_due

    def stopping(lab: Lab, index: int) -> None:
        due(lab, index)
        if index == 4:
            lab.stop()
            lab._controls.obey()

    with monkeypatch.context() as patch:
        patch.setattr(Lab, "_keep_when_due", stopping)
        assert conduct(run).state() == "stopped"
    assert same(final_state(conduct(run)), final_state(whole))


def test_convolutions_have_their_channels_last() -> None:
    orders = [done("simple-cnn", "digits", channels_last=order, **IMAGES).metrics for order in ("auto", "no")]
    assert orders[0]["test/loss"] == pytest.approx(orders[1]["test/loss"], rel=0.05)


@pytest.mark.parametrize("order", ["yes", "no"])
def test_a_fork_may_change_the_memory_order(order: str) -> None:
    parent = trained("simple-cnn", "digits", channels_last="yes" if order == "no" else "no", **IMAGES)
    child = said(conduct(launcher.fork_run(parent, 10**6, {"epochs": 4, "channels_last": order})))
    assert child.status is not None
    assert child.status.state == "done", child.failure


def test_deep_nets_compile_and_train() -> None:
    history = done("simple-cnn", "digits", compile=True, precision="bf16", **IMAGES)
    assert "compile failed" not in notes(history)
    assert history.metrics["test/accuracy"] > 0.5


def test_what_does_not_fit_streams_through_pinned_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    here = done("mlp", "digits", epochs=2)
    monkeypatch.setattr(loader, "SHARE", 0.0)
    elsewhere = done("mlp", "digits", epochs=2)
    assert "waits in main memory" in notes(elsewhere)
    assert elsewhere.metrics["test/loss"] == pytest.approx(here.metrics["test/loss"], rel=1e-3)


WIDE = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(4, 1_000_000), nn.Linear(1_000_000, 3)
    def forward(self, x):
        return self.last(self.first(x).relu())
"""
"""4 MB for each sample and layer."""
ROOM = 768 << 20


@pytest.fixture
def little_memory() -> Iterator[None]:
    """A GPU with 768 MiB."""
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(ROOM / torch.cuda.get_device_properties("cuda").total_memory)
    yield
    torch.cuda.set_per_process_memory_fraction(1.0)


@pytest.mark.usefixtures("little_memory")
def test_when_memory_runs_out_the_batch_that_fits_is_named(tmp_path: Path) -> None:
    model = f"{written(tmp_path, WIDE)}:Net"
    failure = said(trained(model, "iris", batch_size=64, optimiser="sgd", epochs=1)).failure
    assert failure is not None
    told = " ".join([failure.title, *failure.advice])
    assert "is full with a batch of 64 at step 0" in told
    fits = next(size for size in (32, 16, 8, 4, 2, 1) if f"A batch of {size} fits" in told)
    assert done(model, "iris", batch_size=fits, optimiser="sgd", epochs=1)


def test_the_chosen_gpu_is_the_current_one() -> None:
    last = torch.cuda.device_count() - 1
    history = done("mlp", "iris", device=f"cuda:{last}")
    assert history.status is not None
    assert history.status.device == f"cuda:{last}"
    assert torch.cuda.current_device() == last
