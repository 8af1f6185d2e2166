"""The doctor's child process: asks the NVIDIA driver, imports torch and torchvision, computes on each device.

``python -m descend.engine.doctor.probe`` writes one JSON line a stage (`descend.engine.doctor.facts`); the stage
it did not reach is the one that crashed or hung.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable

import msgspec

from descend.engine.doctor.facts import STAGES, DeviceFacts, DeviceList, Fact, NvidiaFacts, TorchFacts, VisionFacts


def ask_nvidia() -> NvidiaFacts:
    """Ask NVML; no driver is not an error."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        absent = error.value == pynvml.NVML_ERROR_LIBRARY_NOT_FOUND
        return NvidiaFacts(error="" if absent else str(error))
    version = pynvml.nvmlSystemGetCudaDriverVersion()
    handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
    return NvidiaFacts(
        driver=pynvml.nvmlSystemGetDriverVersion(),
        cuda=f"{version // 1000}.{version % 1000 // 10}",
        devices=[pynvml.nvmlDeviceGetName(handle) for handle in handles],
    )


def import_torch() -> TorchFacts:
    """Import torch, timed."""
    began = time.perf_counter()
    import torch

    return TorchFacts(
        version=str(torch.__version__),
        cuda=torch.version.cuda or "",
        threads=torch.get_num_threads(),
        seconds=time.perf_counter() - began,
    )


def import_torchvision() -> VisionFacts:
    """Import torchvision and call an operator of its compiled half, which has to fit torch's."""
    import torch
    import torchvision

    boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 2.0]])
    kept = torchvision.ops.nms(boxes, torch.tensor([0.5, 0.9]), 0.5).tolist()
    return VisionFacts(str(torchvision.__version__), "" if kept == [1] else f"nms kept boxes {kept} where [1] is right")


def try_devices() -> DeviceList:
    """Compute on the CPU and on each accelerator torch sees."""
    import torch

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    found = [DeviceFacts("cpu")]
    found += [DeviceFacts(f"cuda:{index}", torch.cuda.get_device_name(index)) for index in range(count)]
    if torch.backends.mps.is_available():
        found.append(DeviceFacts("mps", "Apple GPU"))
    for device in found:
        try:
            _compute(device)
        except Exception as error:
            device.error = f"{type(error).__name__}: {error}"
    return DeviceList(found, reason=" ".join(str(warning.message) for warning in said))


def _compute(device: DeviceFacts) -> None:
    import torch

    if device.id.startswith("cuda"):
        device.free, device.total = torch.cuda.mem_get_info(device.id)
    elif device.id == "mps":
        device.total = torch.mps.recommended_max_memory()
        device.free = device.total - torch.mps.driver_allocated_memory()
    weight = torch.ones(8, 8, device=device.id, requires_grad=True)
    (weight @ weight).sum().backward()
    # The gradient of ΣW·W at W = 1 is 8 + 8 everywhere; it comes back through numpy, as metrics do.
    gradient = weight.grad
    if gradient is None or not (gradient.cpu().numpy() == 16.0).all():
        raise ArithmeticError(f"a gradient that must be 16 came out as {gradient}")


RUN: dict[type[Fact], Callable[[], Fact]] = {
    NvidiaFacts: ask_nvidia,
    TorchFacts: import_torch,
    VisionFacts: import_torchvision,
    DeviceList: try_devices,
}


def main() -> None:
    """Run the stages; without torch the later ones have nothing to say."""
    out = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints must not mix with the facts
    for kind in STAGES:
        try:
            fact = RUN[kind]()
            said = msgspec.json.encode(fact)
        except Exception as error:
            fact = kind(error=f"{type(error).__name__}: {error}")
            said = msgspec.json.encode(fact)
        os.write(out, said + b"\n")
        if kind is TorchFacts and fact.error:
            return


if __name__ == "__main__":
    main()
