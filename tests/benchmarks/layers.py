"""Training of many small layers with all telemetry on, against the same loop that records nothing, by turns.

Both train the same network on the same batches in one process: a stack of small linear layers. The recorded loop says
two series and the layers' magnitudes at each step; the ratio of each pair is taken, and the median of the ratios told,
with what the log grew by. A short loop (at most 200 steps) shows every picture it can, a long one five a second.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time

import torch
from torch import nn

from descend.engine.base.knobs import KnobSet
from descend.engine.lab.lab import Lab
from descend.engine.run import runs
from descend.engine.run.manifest import Manifest
from descend.engine.run.runs import Run

WIDTH, BATCH = 8, 32


def network(layers: int) -> nn.Module:
    """So many layers of `WIDTH` units."""
    torch.manual_seed(0)
    return nn.Sequential(*(nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh()) for _ in range(layers)))


def bare(layers: int, steps: int) -> float:
    """Seconds a step of the loop alone."""
    net = network(layers)
    adam = torch.optim.Adam(net.parameters(), 1e-3, fused=True)
    x = torch.randn(BATCH, WIDTH)
    start = time.perf_counter()
    for _ in range(steps):
        loss = (net(x) - x).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    return (time.perf_counter() - start) / steps


def recorded(layers: int, steps: int) -> tuple[float, Run]:
    """Seconds a step of the loop with telemetry, and its run."""
    run = runs.create_run(Manifest(id="", name="layers", knobs={}, seed=0, device="cpu"))
    lab = Lab(run, KnobSet(), device=torch.device("cpu"), seed=0)
    net = network(layers)
    adam = torch.optim.Adam(net.parameters(), 1e-3, fused=True)
    lab.track(net=net, adam=adam)
    x = torch.randn(BATCH, WIDTH)
    start = time.perf_counter()
    for step in lab.steps(steps):
        loss = (net(x) - x).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        lab.scalars({"train/loss": loss, "step": step})
        lab.layers(net)
    taken = time.perf_counter() - start
    lab.finish()
    lab.close()
    return taken / steps, run


def main() -> None:
    """Take turns and print medians of ratios."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--layers", type=int, nargs="+", default=[4, 400])
    arguments.add_argument("--steps", type=int, nargs="+", default=[60, 200, 600])
    chosen = arguments.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as home:
        os.environ["DESCEND_HOME"] = home
        for layers in chosen.layers:
            bare(layers, 20)  # warm up
            for steps in chosen.steps:
                ratios, sizes, pictures, alone = [], [], [], []
                for _ in range(chosen.rounds):
                    alone.append(bare(layers, steps))
                    taken, run = recorded(layers, steps)
                    ratios.append(taken / alone[-1])
                    text = run.events_file.read_bytes()
                    sizes.append(len(text) / (taken * steps))
                    pictures.append(text.count(b'"layers"'))
                print(
                    f"{layers:4} layers, {steps:4} steps: recorded ÷ bare {statistics.median(ratios):.2f} "
                    f"(min {min(ratios):.2f}, max {max(ratios):.2f}; budget: at most 1.3), bare step "
                    f"{1000 * statistics.median(alone):.2f} ms, {statistics.median(pictures)} pictures, "
                    f"log {60 * statistics.median(sizes) / 1e6:.2f} MB a minute at that rate"
                )


if __name__ == "__main__":
    main()
