"""A small stand-in for ``pynvml``: a driver with the GPUs, the gaps and the faults that a test needs."""

from __future__ import annotations

import sys
import threading
from types import ModuleType, SimpleNamespace

import pytest


class Driver:
    """What the driver is asked, and answers.

    Attributes:
        names: of the GPUs.
        error: raised by every call, as an error number; 0 for none.
        lacks: names of calls that this kind of GPU does not support.
        answers: cleared, every call hangs until it is set.
        calls: how often a GPU was sampled.
    """

    def __init__(self, *names: str, error: int = 0, lacks: tuple[str, ...] = ()) -> None:
        self.names, self.error, self.lacks = names, error, lacks
        self.answers = threading.Event()
        self.answers.set()
        self.calls = 0

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Stand where ``pynvml`` stands."""
        module = ModuleType("pynvml")

        class NVMLError(Exception):
            def __init__(self, value: int) -> None:
                super().__init__(f"error {value}")
                self.value = value

        def call(name: str, answer):  # type: ignore[no-untyped-def]
            def asked(*given: object) -> object:
                self.answers.wait(20)
                if self.error:
                    raise NVMLError(self.error)
                if name in self.lacks:
                    raise NVMLError(3)
                return answer(*given)

            setattr(module, name, asked)

        def rates(handle: int) -> SimpleNamespace:
            self.calls += 1
            return SimpleNamespace(gpu=97 - handle)

        module.NVMLError = NVMLError  # type: ignore[attr-defined]
        module.NVML_ERROR_LIBRARY_NOT_FOUND, module.NVML_ERROR_DRIVER_NOT_LOADED = 12, 9  # type: ignore[attr-defined]
        module.NVML_TEMPERATURE_GPU = 0  # type: ignore[attr-defined]
        call("nvmlInit", lambda: None)
        call("nvmlShutdown", lambda: None)
        call("nvmlDeviceGetCount", lambda: len(self.names))
        call("nvmlDeviceGetHandleByIndex", lambda index: index)
        call("nvmlDeviceGetName", lambda handle: self.names[handle].encode())
        call("nvmlDeviceGetUtilizationRates", rates)
        call("nvmlDeviceGetMemoryInfo", lambda handle: SimpleNamespace(used=12 * 2**30, total=80 * 2**30))
        call("nvmlDeviceGetTemperature", lambda handle, sensor: 54)
        call("nvmlDeviceGetPowerUsage", lambda handle: 312_400)
        call("nvmlDeviceGetEnforcedPowerLimit", lambda handle: 700_000)
        patch.setitem(sys.modules, "pynvml", module)
