"""What the machine is said to do, and that nothing the driver does can hold anything up."""

from __future__ import annotations

import os
import threading
import time

import psutil
import pytest

from descend.tui.system import sampler
from descend.tui.system.sampler import Sampler, columns
from tests.live import until
from tests.tui.recording import Worker, asked
from tests.tui.system.nvml import Driver


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sample often, so that stories are short."""
    monkeypatch.setattr(sampler, "EVERY", 0.05)
    monkeypatch.setattr(sampler, "LOOK", 0.1)


def test_the_machine_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    Driver(error=12).install(monkeypatch)
    machine = Sampler()
    machine.start()
    until(lambda: len(machine.hosts) > 2)
    machine.stop()
    now = machine.hosts[-1]
    assert 0 <= now.cpu <= 100
    assert now.total == psutil.virtual_memory().total
    assert 0 < now.used < now.total
    assert machine.problem == "no NVIDIA GPU"
    assert machine.gpus == []


def test_every_gpu_is_sampled_with_what_it_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver("NVIDIA H100", "Tesla K80", lacks=("nvmlDeviceGetEnforcedPowerLimit",))
    driver.install(monkeypatch)
    machine = Sampler()
    machine.start()
    until(lambda: len(machine.gpus) == 2 and len(machine.gpus[1]) > 1)
    machine.stop()
    first, second = (samples[-1] for samples in machine.gpus)
    assert (first.name, first.busy, first.used, first.total) == ("NVIDIA H100", 97.0, 12 * 2**30, 80 * 2**30)
    assert (first.temperature, first.power, first.limit) == (54, 312.4, None)
    assert (second.name, second.busy) == ("Tesla K80", 96.0)


@pytest.mark.parametrize(
    ("driver", "problem"), [(Driver(), "no NVIDIA GPU"), (Driver(error=9), "no NVIDIA GPU"), (Driver(error=15), "15")]
)
def test_why_there_are_no_gpu_figures_is_told(monkeypatch: pytest.MonkeyPatch, driver: Driver, problem: str) -> None:
    driver.install(monkeypatch)
    machine = Sampler()
    machine.start()
    until(lambda: machine.problem)
    machine.stop()
    assert problem in machine.problem


def test_a_driver_that_hangs_holds_nothing_up_and_is_asked_no_more_until_it_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sampler, "LATE", 0.2)
    driver = Driver("NVIDIA H100")
    driver.answers.clear()
    driver.install(monkeypatch)
    machine = Sampler()
    began = time.monotonic()
    machine.start()
    assert time.monotonic() - began < 10, "the driver would hang twenty"
    until(lambda: machine.gpu_hangs)
    threads = threading.active_count()
    for _ in range(20):
        machine.stop()
        machine.start()
    until(lambda: len(machine.hosts) > 2)  # everything else continues
    until(lambda: threading.active_count() <= threads)
    driver.answers.set()
    until(lambda: machine.gpus and machine.gpus[0])
    assert not machine.gpu_hangs
    machine.stop()


def test_what_is_stopped_samples_no_more_and_ends_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver("NVIDIA H100")
    driver.install(monkeypatch)
    machine = Sampler()
    before = threading.active_count()
    machine.start()
    until(lambda: driver.calls > 1 and machine.hosts)
    machine.stop()
    until(lambda: threading.active_count() <= before)
    calls = driver.calls
    time.sleep(0.2)
    assert driver.calls == calls


def test_the_worker_of_the_run_is_sampled_while_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    Driver(error=12).install(monkeypatch)
    run = asked()
    machine = Sampler()
    machine.watch(run)
    machine.start()
    worker = Worker(run)  # signs with this process's pid
    until(lambda: len(machine.works) > 1)
    resident = psutil.Process(os.getpid()).memory_info().rss
    assert abs(machine.works[-1].memory - resident) < resident / 2
    worker.die()
    until(lambda: not machine.works)
    machine.stop()


def test_no_more_is_kept_than_two_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Sampler()
    machine.hosts.extend([sampler.HostSample(1.0, 1, 2)] * (2 * sampler.SPAN))
    assert len(machine.hosts) == sampler.SPAN


def test_columns_are_means_of_equal_spans_the_newest_last() -> None:
    assert columns([1.0, 3.0, 5.0, 7.0], 2, 4) == [2.0, 6.0]
    assert columns([None, None, 5.0, None], 2, 4) == [None, 5.0]
    assert columns([], 5) == []
    assert columns([1.0], 5) == [1.0]
    assert len(columns([0.5] * 240, 7)) <= 7
