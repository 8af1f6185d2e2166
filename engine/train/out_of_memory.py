"""Advice when memory runs out: the largest batch with which a step would fit, found by trying."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import torch

from descend.engine.train.loader import Part
from descend.engine.train.model_error import ModelError

if TYPE_CHECKING:
    from descend.engine.train.trainer import Trainer


SIGNS = ("out of memory", "can't allocate", "ALLOC_FAILED")
"""What errors say that are not `torch.OutOfMemoryError`: of the CPU's allocator, the driver, cuBLAS and cuDNN."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` means that a device is out of memory."""
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(sign in str(error) for sign in SIGNS)
    )


def describe_out_of_memory(session: Trainer) -> ModelError:
    """What to say after ``session`` ran out of its device's memory."""
    device, batch = session.lab.device, session.batch_size
    what = "The memory of this machine" if device.type == "cpu" else f"The memory of {device}"
    if not hasattr(session, "feed"):
        waits = "Or set placement=host: the data then waits in main memory." if session.k.placement == "device" else ""
        return ModelError(f"{what} is full: the model and its data do not fit.", "Choose a smaller model.", waits)
    if session.team.size > 1:
        return ModelError(f"{what} is full with a batch of {batch}.", f"Halve it: set batch_size={max(1, batch // 2)}.")
    fit = find_fitting_batch(session)
    advice = (
        f"A batch of {fit} fits: set batch_size={fit}."
        if fit
        else f"Not even a batch of {session.min_batch} fits: choose a smaller model, or images with fewer pixels."
    )
    more = "precision=bf16 needs about half as much." if session.k.precision == "fp32" and device.type == "cuda" else ""
    same = f"With accumulate={-(-batch // fit) * session.k.accumulate} a step then has as many samples." if fit else ""
    return ModelError(f"{what} is full with a batch of {batch} at step {session.lab.step}.", advice, same, more)


def find_fitting_batch(session: Trainer) -> int:
    """The largest half, quarter, … of the batch with which a step fits; 0 if none does."""
    size = session.batch_size // 2
    while size >= session.min_batch:
        release_memory(session)
        try:
            x, y = session.train_set.first(size)
            session._step([Part(x, y)], 0.0)
            return size
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            size //= 2
    return 0


def release_memory(session: Trainer) -> None:
    """Give back what the last attempt left behind, wherever it stopped."""
    session.optimiser.zero_grad(set_to_none=True)
    session.precision.renew()
    empty_cache(session.lab.device)


def empty_cache(device: torch.device) -> None:
    """Give unused memory back to the device."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
