"""Advice when memory runs out: the largest batch with which a step would fit, found by trying."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import torch

from descend.engine.train.unfit import Unfit

if TYPE_CHECKING:
    from descend.engine.train.session import Session


def out_of_memory(session: Session) -> Unfit:
    """What to say after ``session`` used up the memory of its device."""
    device, batch = session.lab.device, session.batch_size
    what = "The memory of this machine" if device.type == "cpu" else f"The memory of {device}"
    if not hasattr(session, "feed"):
        return Unfit(f"{what} is used up: the model and its data do not fit.", "Choose a smaller model.")
    if session.team.size > 1:
        return Unfit(f"{what} is used up by a batch of {batch}.", f"Halve it: set batch_size={max(1, batch // 2)}.")
    fit = fitting(session)
    advice = (
        f"A batch of {fit} fits: set batch_size={fit}."
        if fit
        else "Not even a batch of 1 fits: choose a smaller model, or images with fewer pixels."
    )
    more = "precision=bf16 needs about half as much." if session.k.precision == "fp32" and device.type == "cuda" else ""
    return Unfit(f"{what} is used up by a batch of {batch} at step {session.lab.step}.", advice, more)


def fitting(session: Session) -> int:
    """The largest half, quarter, … of the batch with which a step fits; 0 if none does."""
    size = session.batch_size // 2
    while size:
        release(session)
        try:
            x, y = session.train_set.first(size)
            session._step(x, y, 0.0)
            return size
        except (torch.OutOfMemoryError, RuntimeError):
            size //= 2
    return 0


def release(session: Session) -> None:
    """Give back what the last attempt left behind."""
    session.optimiser.zero_grad(set_to_none=True)
    gc.collect()
    if session.lab.device.type == "cuda":
        torch.cuda.empty_cache()
