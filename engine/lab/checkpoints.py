"""Checkpoints: everything a run needs to resume exactly where it was.

A checkpoint is ``checkpoints/<step, ten digits>.pt``, written next to its final name, synced and renamed, so a file
with that name is whole. It is loaded with ``weights_only=True``: a file from elsewhere can bring numbers, never code.
"""

from __future__ import annotations

import io
import os
import random
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch

from descend.engine.base.errors import DescendError
from descend.engine.base.files import advise, describe_link, make_folder, open_regular, open_replacement
from descend.engine.base.knobs import KnobSet, Value, format_knobs
from descend.engine.run.runs import Run

BESIDE = 10
"""Files kept of a run beside the newest and the best: the first, the rest spread over the logarithm of the step."""


def get_rng_state(device: torch.device) -> dict[str, Any]:
    """The state of Python's, NumPy's and torch's generators, in types that load without pickle's code."""
    version, words, gauss = random.getstate()
    _, keys, position, has_gauss, cached = np.random.get_state()
    state: dict[str, Any] = {
        "python": [version, list(words), gauss],
        "numpy": [torch.from_numpy(np.asarray(keys).astype(np.int64)), int(position), int(has_gauss), float(cached)],
        "torch": torch.get_rng_state(),
    }
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def set_rng_state(state: dict[str, Any], device: torch.device) -> None:
    """Restore what `get_rng_state` returned."""
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state(("MT19937", keys.numpy().astype(np.uint32), position, has_gauss, cached))
    torch.set_rng_state(state["torch"].cpu())
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"].cpu(), device)


def copy_to_cpu(value: Any) -> Any:
    """``value`` with every tensor copied to the CPU, so that training may continue while it is written."""
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy())
    if isinstance(value, dict):
        return {key: copy_to_cpu(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(copy_to_cpu(entry) for entry in value)
    return value


def load_checkpoint(file: Path) -> dict[str, Any]:
    """Load a checkpoint to the CPU.

    Raises:
        DescendError: it is damaged, or is not a checkpoint of this format.
    """
    try:
        with os.fdopen(open_regular(file), "rb") as stream:
            content: dict[str, Any] = torch.load(stream, map_location="cpu", weights_only=True)
        if content["format"] == 1:
            return content
    except Exception:  # torch raises whatever the damage leads to
        pass
    raise DescendError(f"Checkpoint {file} is damaged; resume from an earlier one or start again.")


def find_newest(run: Run) -> dict[str, Any] | None:
    """The newest checkpoint that can be read, None if there is none."""
    for step in reversed(run.checkpoint_steps()):
        with suppress(DescendError):
            return load_checkpoint(run.checkpoint(step))
    return None


def choose_kept(steps: list[int], best: int | None, beside: int = BESIDE) -> set[int]:
    """Which of ``steps`` to keep: newest, best, and ``beside`` them the first and those that leave the smallest gaps in
    log(step)."""
    chosen = {steps[-1]} | ({best} & set(steps) if best is not None else set())
    wanted = min(len(chosen) + beside, len(steps))
    while len(chosen) < wanted:
        logs = {step: np.log1p(step) for step in steps}
        left = set(steps) - chosen
        chosen.add(
            steps[0]
            if steps[0] in left
            else max(left, key=lambda step: min(abs(logs[step] - logs[other]) for other in chosen))
        )
    return chosen


class CheckpointFile(io.FileIO):
    """A file that accepts all it is given, and remembers why it failed: torch says only that a write failed."""

    error: OSError | None = None

    def write(self, content: Any) -> int:
        """Write all of ``content``.

        Raises:
            OSError: there is no room for it.
        """
        left = memoryview(content).cast("B")
        try:
            while left:
                left = left[super().write(left) :]
        except OSError as error:
            self.error = error
            raise
        return memoryview(content).nbytes


class CheckpointWriter:
    """Writes a run's checkpoints in a thread of its own and thins them out.

    Attributes:
        error: why the last one could not be written, such as a full disk; None if it was.

    Args:
        told: called in that thread with a sentence as soon as one cannot be written, once for each cause.
        beside: how many are kept beside the newest and the best.
    """

    def __init__(self, run: Run, told: Callable[[str], None] = lambda sentence: None, beside: int = BESIDE) -> None:
        self.run, self.beside = run, beside
        self.error: Exception | None = None
        self.told = told
        self._content: tuple[int, dict[str, Any]] | None = None
        self._best: tuple[float, int] | None = None
        self._writing: threading.Thread | None = None
        for unfinished in run.checkpoints.glob("*.new") if not describe_link(run.checkpoints) else ():
            with suppress(OSError):  # by a worker that was killed
                unfinished.unlink()

    def save(self, step: int, content: dict[str, Any], score: float | None = None) -> None:
        """Copy ``content`` and write it as the checkpoint of ``step``; ``score`` ranks it, smaller is better."""
        self.wait()
        if score is not None and (self._best is None or score < self._best[0]):
            self._best = score, step
        self._content = step, copy_to_cpu({"format": 1, "step": step, **content})
        self._writing = threading.Thread(target=self._write, args=self._content, name="checkpoint")
        self._writing.start()

    def again(self) -> bool:
        """Try once more to write the last one; whether it is written."""
        self.wait()
        if self.error is not None and self._content is not None:
            self._write(*self._content)
        return self.error is None

    def why(self, what: str = "A checkpoint") -> str:
        """Why the last one could not be written, and what to do, in a sentence."""
        error = self.error
        way = "make {} writable" if isinstance(error, PermissionError) else "look at {}"
        cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error).strip().split("\n")[0]
        steps = self.run.checkpoint_steps()
        kept = f" The newest is that of step {steps[-1]:,}." if steps else " There is no earlier one."
        return f"{what} could not be written ({cause}); {advise(error, way.format(self.run.checkpoints))}.{kept}"

    def wait(self) -> None:
        """Wait until the last one is written."""
        if self._writing is not None:
            self._writing.join()
            self._writing = None

    def _write(self, step: int, content: dict[str, Any]) -> None:
        target = self.run.checkpoint(step)
        try:
            make_folder(self.run.checkpoints)
            with open_replacement(target) as new:
                file = CheckpointFile(new.fileno(), "wb", closefd=False)
                try:
                    torch.save(content, file)
                except RuntimeError as error:
                    raise file.error or error from None
        except (OSError, RuntimeError) as error:
            known, self.error = self.error, error
            if known is None or str(known) != str(error):
                self.told(self.why())
            return
        self.error = None
        steps = self.run.checkpoint_steps()
        for unwanted in set(steps) - choose_kept(steps, self._best[1] if self._best else None, self.beside):
            with suppress(OSError):
                self.run.checkpoint(unwanted).unlink()


def changed(resumed: dict[str, Any] | None, run: str, knobs: KnobSet) -> dict[str, Value]:
    """The knobs of a checkpoint that have other values in ``run``, with those they had; none unless it is a fork."""
    if resumed is None or resumed["run"] == run:
        return {}
    before = resumed["knobs"]
    return {name: before[name] for name, now in knobs.values().items() if before.get(name, now) != now}


def past_the_end(step: int, index: int, count: int, changed: Mapping[str, Value]) -> DescendError:
    """Says that a loop of ``count`` steps cannot continue from a checkpoint after ``index`` of them."""
    with_knobs = f" with {format_knobs(changed)}" if changed else ""
    return DescendError(
        f"Step {step:,} is past the end{with_knobs}: there are {count:,} steps, and {index:,} are taken; "
        "fork from an earlier step, or give the run more."
    )
