"""Devices a run can train on. Looking them up needs no torch; turning one into a ``torch.device`` does."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from descend.engine.base.errors import UsageError
from descend.engine.launch import launcher_variables

if TYPE_CHECKING:
    import torch


def count_cuda() -> int:
    """Number of NVIDIA devices the driver offers to this process, 0 without a driver."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return 0
    try:
        count = pynvml.nvmlDeviceGetCount()
    except pynvml.NVMLError:
        return 0
    finally:
        pynvml.nvmlShutdown()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return int(count)
    return min(int(count), len([entry for entry in visible.split(",") if entry.strip() not in ("", "-1")]))


def count_threads() -> int:
    """CPU threads a run computes with: ``$OMP_NUM_THREADS``, else the cores this process may use less one, which is
    left to the shell. Threads that have to wait for a core another process is using cost far more than they
    bring: two trainings of two threads each on two cores were 30 times slower than of one thread each."""
    import psutil

    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdigit() and int(given):
        return int(given)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(psutil.cpu_count(logical=False) or usable, usable) - 1)


def check_device(name: str) -> str:
    """Return ``name`` if a run can ask for it here: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises:
        UsageError: it is not a device, or it does not exist here.
    """
    name = name.strip().lower()
    if name in ("auto", "cpu"):
        return name
    if name == "mps":
        if sys.platform == "darwin":
            return name
        raise UsageError("There is no Apple GPU (mps) on this machine; use --device cpu or --device auto.")
    if match := re.fullmatch(r"cuda(?::(\d+))?", name):
        count, index = count_cuda(), int(match[1] or 0)
        if index < count:
            return name
        found = (
            f"only {count} NVIDIA GPU{'s' if count > 1 else ''}, cuda:0 to cuda:{count - 1},"
            if count
            else "no NVIDIA GPU"
        )
        raise UsageError(f"There is {found} on this machine, so no {name}; use --device cpu or --device auto.")
    raise UsageError(f"'{name}' is not a device; use auto, cpu, cuda, cuda:N or mps.")


def check_devices(count: int, device: str) -> int:
    """Return ``count`` if so many processes can train together on devices of the kind of ``device``.

    Raises:
        UsageError: they cannot.
        DescendError: they could not reach one another.
    """
    if count == 1:
        return 1
    if count < 1:
        raise UsageError(f"--devices is a whole number from 1 on, not {count}.")
    launcher_variables.require_loopback()
    found = count_cuda()
    if device == "cuda" or (device == "auto" and found):
        if count > found:
            raise UsageError(f"There are not {count} NVIDIA GPUs on this machine, only {found}.")
        return count
    if device not in ("auto", "cpu"):
        raise UsageError(f"Several devices need --device cuda, or processes on the CPU; {device} is a single one.")
    if count > (os.cpu_count() or 1):
        raise UsageError(f"{count} processes are too many for {os.cpu_count() or 1} processor cores.")
    return count


def find_device(name: str) -> torch.device:
    """The torch device for ``name``; ``auto`` prefers CUDA, then MPS, then the CPU.

    A GPU becomes the current one, so that pinned memory and what processes exchange take no room on the first.

    Raises:
        UsageError: torch cannot use it, although the machine may have it.
    """
    import torch

    if name in ("auto", "cuda") and torch.cuda.is_available():
        name = f"cuda:{launcher_variables.find_rank()[0]}"
    if name == "auto":
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    usable = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    kind, _, index = name.partition(":")
    if not usable.get(kind) or (kind == "cuda" and int(index or 0) >= torch.cuda.device_count()):
        raise UsageError(f"torch {torch.__version__} cannot use {name} here; run `descend doctor` to see why.")
    if kind == "cuda":
        torch.cuda.set_device(int(index or 0))
    return torch.device(name)
