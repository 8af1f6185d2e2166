"""What the doctor's child process found: one struct a stage, written as a JSON line."""

from __future__ import annotations

import msgspec


class NvidiaFacts(msgspec.Struct, tag=True):
    """What the NVIDIA driver says, through NVML."""

    driver: str = ""
    """Empty where there is no driver."""
    cuda: str = ""
    """The newest CUDA the driver supports."""
    devices: list[str] = []
    error: str = ""


class TorchFacts(msgspec.Struct, tag=True):
    """How importing torch went."""

    version: str = ""
    cuda: str = ""
    """The CUDA it was built for, empty for a build without."""
    threads: int = 0
    seconds: float = 0.0
    error: str = ""


class VisionFacts(msgspec.Struct, tag=True):
    """How importing torchvision, and one call of its compiled operators, went."""

    version: str = ""
    error: str = ""


class DeviceFacts(msgspec.Struct):
    """A device torch sees; memory in bytes, 0 if it was not asked."""

    id: str
    name: str = ""
    total: int = 0
    free: int = 0
    error: str = ""
    """Why torch cannot compute on it."""


class DeviceList(msgspec.Struct, tag=True):
    """The devices torch sees, the CPU first, and torch's own words on why CUDA is not among them."""

    devices: list[DeviceFacts] = []
    reason: str = ""
    error: str = ""


Fact = NvidiaFacts | TorchFacts | VisionFacts | DeviceList

STAGES: dict[type[Fact], str] = {
    NvidiaFacts: "asking the NVIDIA driver",
    TorchFacts: "importing torch",
    VisionFacts: "importing torchvision",
    DeviceList: "computing on the devices",
}
"""The stages in the order in which the child goes through them."""
