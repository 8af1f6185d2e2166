"""One ``lab.scalars`` call with one value, with a Python number and with a tensor, in a loop that does nothing else."""

from __future__ import annotations

import os
import statistics
import tempfile
import time

import torch

from descend.engine.lab.lab import Lab
from descend.engine.launch import launcher
from descend.engine.run.run_request import RunRequest
from descend.engine.teaching import catalogue

ROUNDS, CALLS = 9, 20_000


def microseconds(lab: Lab, value: float | torch.Tensor) -> float:
    """What one call costs the loop that makes it."""
    start = time.perf_counter()
    for step in range(CALLS):
        lab.step = step
        lab.scalars(loss=value)
    taken = time.perf_counter() - start
    lab._recorder.flush()  # what is written is not part of the call, and must not pile up
    return taken / CALLS * 1e6


def main() -> None:
    """Take turns and print medians."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["DESCEND_HOME"] = home
        run = launcher.prepare(RunRequest("digits", {}))
        lab = Lab(run, catalogue.find_lesson("digits").knobs(), device=torch.device("cpu"), seed=0)
        kinds = {"number": 0.25, "tensor": torch.tensor(0.25)}
        times: dict[str, list[float]] = {kind: [] for kind in kinds}
        for _ in range(ROUNDS):
            for kind, value in kinds.items():
                times[kind].append(microseconds(lab, value))
        lab.close()
    for kind, found in times.items():
        print(f"lab.scalars with a {kind}  {statistics.median(found):.2f} µs  (min {min(found):.2f}; budget 5)")


if __name__ == "__main__":
    main()
