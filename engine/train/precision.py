"""With how many bits the model computes; its weights stay in 32."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from descend.engine.base.errors import UsageError

HALVES = ("cuda",)
"""Kinds of devices that compute with fp16; the CPU lacks recurrent layers, and is slow at it."""
TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


class MixedPrecision:
    """Mixed precision on ``device``: fp32, bf16, or fp16, whose loss is scaled so that gradients do not vanish.

    Attributes:
        scaler: scales the loss; None unless fp16.

    Raises:
        UsageError: the device does not support it.
    """

    def __init__(self, name: str, device: torch.device) -> None:
        if name == "fp16" and device.type not in HALVES:
            raise UsageError(f"fp16 needs an NVIDIA GPU, and this run is on {device}; use precision=bf16 or fp32.")
        if name == "bf16" and device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
            raise UsageError("This GPU does not compute with bf16; use precision=fp16 or fp32.")
        self._type = TYPES.get(name)
        self._device = device.type
        self.scaler: torch.amp.GradScaler | None = None
        self.renew()

    def renew(self) -> None:
        """Begin again with a scale that is not yet fitted to the gradients."""
        self.scaler = torch.amp.GradScaler(self._device) if self._type is torch.float16 else None

    def autocast(self) -> AbstractContextManager[object]:
        """The context in which the model computes."""
        return torch.autocast(self._device, self._type) if self._type is not None else nullcontext()
