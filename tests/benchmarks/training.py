"""One epoch of the lesson ``fashion-mnist``, all telemetry on, against the tutorial loop and the bare in-memory loop.

All three train the same network on the same images in one process, by turns. The tutorial loop reads a torchvision
dataset with ``ToTensor`` through ``DataLoader(batch_size=100, shuffle=True)`` and calls ``.item()`` on each step, and
does not test. The bare loop has the images in memory and evaluates the test set before the first step and after each
epoch, as the lesson does, but records nothing. Needs Fashion-MNIST in ``$DESCEND_DATA``.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import torch
import torchvision
from torch import nn
from torch.nn import functional

from descend.datasets import catalogue as datasets
from descend.engine.base.errors import DescendError
from descend.engine.lab.fit import Tensors, evaluate
from descend.engine.lab.lab import Lab
from descend.engine.launch import devices, launcher
from descend.engine.run.run_request import RunRequest
from descend.engine.teaching import catalogue

BATCH = 100


def network(device: torch.device) -> nn.Module:
    """784-128-10, as in the lesson."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)).to(device)


def tutorial_loop(folder: Path, device: torch.device) -> float:
    """Seconds of one epoch of the loop that tutorials show."""
    images = torchvision.datasets.FashionMNIST(folder, transform=torchvision.transforms.ToTensor())
    loader = torch.utils.data.DataLoader(images, batch_size=BATCH, shuffle=True)
    net = network(device)
    adam = torch.optim.Adam(net.parameters(), lr=0.001)
    start, total = time.perf_counter(), 0.0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        adam.zero_grad()
        loss = functional.cross_entropy(net(x), y)
        loss.backward()
        adam.step()
        total += loss.item()
    return time.perf_counter() - start


def bare_loop(data: Tensors, device: torch.device, epochs: int) -> float:
    """Seconds of one epoch with the images in memory and nothing recorded."""
    net = network(device)
    adam = torch.optim.Adam(net.parameters(), lr=0.001, fused=True)
    start = time.perf_counter()
    evaluate(net, data.test_x, data.test_y, len(data.classes), functional.cross_entropy)
    for _ in range(epochs):
        order = torch.randperm(len(data.train_y), device=device)
        for chosen in order.split(BATCH):
            adam.zero_grad()
            functional.cross_entropy(net(data.train_x[chosen]), data.train_y[chosen]).backward()
            adam.step()
        evaluate(net, data.test_x, data.test_y, len(data.classes), functional.cross_entropy)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / epochs


def lesson(device_name: str, epochs: int) -> float:
    """Seconds of one epoch of the lesson, all telemetry on: from before the first step, when the untrained network is
    tested, to the end of the last epoch."""
    run = launcher.prepare(RunRequest("fashion-mnist", {"epochs": epochs}, device=device_name))
    declared = catalogue.find_lesson("fashion-mnist")
    knobs = declared.knobs.parse({"epochs": epochs})
    device = devices.find_device(device_name)
    lab = Lab(run, knobs, device=device, seed=0, dataset=datasets.find("fashion-mnist").load())
    span = SimpleNamespace(start=0.0, end=0.0)
    steps = lab.steps

    def timed(count: int, **settings: int) -> object:
        span.start = time.perf_counter()
        yield from steps(count, **settings)
        if device.type == "cuda":
            torch.cuda.synchronize()
        span.end = time.perf_counter()

    lab.steps = timed  # type: ignore[method-assign, assignment]
    declared.run(lab, knobs)
    lab.finish()
    lab.close()
    return (span.end - span.start) / epochs


def main() -> int:
    """Take turns and print medians and ratios."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--epochs", type=int, default=4, help="epochs a round of the two fast loops")
    arguments.add_argument("--device", default="auto")
    chosen = arguments.parse_args()
    try:
        dataset = datasets.find("fashion-mnist").load()
    except DescendError as error:
        print(error, file=sys.stderr)
        return 1
    device = devices.find_device(devices.check_device(chosen.device))
    data = Tensors.of(dataset, device)
    torch.set_num_threads(devices.count_threads())
    with tempfile.TemporaryDirectory() as home:
        os.environ["DESCEND_HOME"] = home
        unpack(Path(home))
        contestants: dict[str, Callable[[], float]] = {
            "tutorial loop": lambda: tutorial_loop(Path(home), device),
            "bare loop": lambda: bare_loop(data, device, chosen.epochs),
            "lesson": lambda: lesson(chosen.device, chosen.epochs),
        }
        bare_loop(data, device, 1)  # warm up
        times: dict[str, list[float]] = {name: [] for name in contestants}
        for number in range(chosen.rounds):
            for name, contestant in contestants.items():
                if name != "tutorial loop" or number < 3:  # slow, and its ratio is far from its budget
                    times[name].append(contestant())
    medians = {name: statistics.median(found) for name, found in times.items()}
    for name, found in times.items():
        print(f"{name:14} {medians[name]:7.3f} s an epoch  (min {min(found):.3f}, max {max(found):.3f}) on {device}")
    print(f"tutorial ÷ lesson  {medians['tutorial loop'] / medians['lesson']:.2f}   (budget: at least 6 on the CPU)")
    print(f"bare ÷ lesson      {medians['bare loop'] / medians['lesson']:.3f}  (budget: at least 0.95 on the CPU)")
    return 0


def unpack(folder: Path) -> None:
    """Unpack the files that torchvision insists on reading unpacked."""
    from descend.engine.base.paths import data_home

    raw = folder / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for file in (data_home() / "FashionMNIST" / "raw").glob("*"):
        text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        (raw / file.name.removesuffix(".gz")).write_bytes(text)


if __name__ == "__main__":
    sys.exit(main())
