"""Processes that train together, each with a share of every batch: one a device, started by torchrun.

Rank 0 is the run's worker: it alone records, evaluates and hears the user. Before every step it tells the others what
to do; DistributedDataParallel then averages their gradients. Where one of them ends, the others cannot continue.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import timedelta
from typing import Any

import torch
from torch import distributed, nn

from descend.engine.launch import launcher_variables
from descend.engine.train.model_error import ModelError

PATIENCE = timedelta(days=30)
"""The others wait as long while the run is paused."""
WORDS = 8
"""Numbers that one message has room for, after their count."""


class ProcessGroup:
    """The processes; a single one where torchrun was not asked for several.

    Attributes:
        rank: which of them this is.
        size: how many there are.

    Raises:
        Unfit: they cannot reach one another.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.rank, self.size = launcher_variables.find_rank()
        self._words: Any = None
        if self.size > 1:
            try:
                if not distributed.is_initialized():
                    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
                self._words = distributed.new_group(backend="gloo", timeout=PATIENCE)  # which no GPU waits for
            except (RuntimeError, ValueError) as error:
                why = (str(error).strip().splitlines() or [""])[0].rstrip(".")
                raise ModelError(f"The {self.size} processes could not reach one another: {why}.") from None

    def wrapped(self, net: Any, unused: bool) -> Any:
        """``net`` with gradients that are averaged over all processes; ``unused``: some weights may take no part."""
        if self.size == 1:
            return net
        devices = [self.device.index] if self.device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(net, device_ids=devices, find_unused_parameters=unused)

    def gather(self, net: Any, last: bool) -> AbstractContextManager[object]:
        """The context of a forward and backward of what `wrapped` returned. Gradients are averaged with the ``last``
        batch of a step; those before it are only added, by each process for itself."""
        context: AbstractContextManager[object] = nullcontext() if last or self.size == 1 else net.no_sync()
        return context

    def ready(self) -> None:
        """Wait until all have come to this point."""
        if self._words is not None:
            distributed.barrier(self._words)

    def tell(self, *numbers: float) -> None:
        """Tell the others the numbers of the next step; none: it is over.

        Raises:
            RuntimeError: one of them is gone.
        """
        if self._words is not None:
            message = torch.zeros(1 + WORDS, dtype=torch.float64)
            message[: 1 + len(numbers)] = torch.tensor([len(numbers), *numbers], dtype=torch.float64)
            distributed.broadcast(message, 0, self._words)

    def hear(self) -> list[float]:
        """What rank 0 tells; nothing if it is over, or rank 0 is gone."""
        message = torch.zeros(1 + WORDS, dtype=torch.float64)
        with suppress(RuntimeError):
            distributed.broadcast(message, 0, self._words)
        count, *numbers = message.tolist()
        return numbers[: int(count)]

    def lost(self, error: RuntimeError) -> ModelError | None:
        """What to say if ``error`` means that another process is gone; None if it means something else.

        What the device still waits for is given up, so that what was recorded before can be read.
        """
        if self.size == 1 or not (isinstance(error, distributed.DistError) or "gloo" in str(error)):
            return None
        with suppress(RuntimeError, AttributeError):
            distributed.group.WORLD.abort()  # type: ignore[union-attr]
        return ModelError(
            f"One of the {self.size} processes has ended, so the others cannot continue.",
            "The run's worker.log may say why.",
            "Resume the run: it continues from its newest checkpoint.",
        )
