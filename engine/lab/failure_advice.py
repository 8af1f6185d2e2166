"""Turns what ended an experiment into a sentence on what likely happened and what to try."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path

import torch

from descend.engine.base.errors import DescendError
from descend.engine.base.knobs import Value
from descend.engine.lab.diverged import Diverged
from descend.engine.run.records import Failure

LIBRARY = {"site-packages", "dist-packages"}


def explain_failure(error: Exception, step: int, knobs: Mapping[str, Value], device: torch.device) -> Failure:
    """The record of a run that ended with ``error``."""
    if isinstance(error, Diverged):
        return explain_divergence(error, knobs)
    if isinstance(error, DescendError):
        return Failure(step=step, title=str(error), advice=list(getattr(error, "advice", [])))
    if isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate" in str(error)
    ):
        return Failure(step=step, title=f"{device} is out of memory.", advice=suggest_smaller(knobs))
    if isinstance(error, MemoryError):
        return Failure(step=step, title="This machine is out of memory.", advice=suggest_smaller(knobs))
    if isinstance(error, OSError) and error.strerror:
        where = f" ({error.filename})" if error.filename else ""
        return Failure(step=step, title=f"The experiment could not continue: {error.strerror}{where}.")
    first = (str(error).strip().splitlines() or [""])[0]
    return Failure(
        step=step,
        title=f"The experiment raised {type(error).__name__}: {first}",
        advice=[*describe_origin(error), "The traceback is in the run's worker.log."],
    )


def describe_origin(error: BaseException) -> list[str]:
    """A sentence on the last line of the author's own code, not of the engine or a library, that led here."""
    own = [
        f"It happened in {frame.filename}, line {frame.lineno}."
        for frame in traceback.extract_tb(error.__traceback__)
        if not LIBRARY & set(Path(frame.filename).parts) and is_lesson(Path(frame.filename))
    ]
    return own[-1:]


def is_lesson(file: Path) -> bool:
    """Whether ``file`` is a lesson, in ``engine/lessons`` or the user's own."""
    return "lessons" in file.parts[:-1]


def explain_divergence(error: Diverged, knobs: Mapping[str, Value]) -> Failure:
    """Why a loss most often stops being finite, the likeliest cause first."""
    advice = []
    rate = knobs.get("lr")
    if isinstance(rate, float):
        advice.append(
            f"The usual cause is steps so large that the weights diverge: lr is {rate:g}, try {rate / 10:g} or less."
        )
    advice.append("Watch the gradient panel: magnitudes that grow from step to step before the end confirm it.")
    if error.step == 0:
        advice.insert(0, "It happened before any step was taken, so look at the data first: is every input finite?")
    return Failure(step=error.step, title=f"Training diverged: {error}.", advice=advice, diverged=True)


def suggest_smaller(knobs: Mapping[str, Value]) -> list[str]:
    """What to try when memory is short."""
    advice = []
    batch = knobs.get("batch_size")
    if isinstance(batch, int) and batch > 1:
        advice.append(f"Halve the batch: batch_size is {batch}, try {batch // 2}.")
    advice.append("Close other programs that use the memory, or choose another device.")
    return advice
