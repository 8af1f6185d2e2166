"""Does torch work here, and on what? A child process finds out; this module reads its facts."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping

import msgspec
import psutil

from descend.engine.base.units import format_gib
from descend.engine.doctor.check import Check
from descend.engine.doctor.facts import STAGES, DeviceFacts, DeviceList, Fact, NvidiaFacts, TorchFacts, VisionFacts

GROUP = "Devices"
LITTLE = 2**30
COMMANDS = "`uv sync --reinstall`, or `pip install --force-reinstall torch torchvision`"
REINSTALL = f"Reinstall torch and torchvision from one package index: {COMMANDS}."


@contextlib.contextmanager
def start_probe() -> Iterator[subprocess.Popen[bytes]]:
    """Start the child at once, so that it imports torch while other checks run; end it on leaving."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "descend.engine.doctor.probe"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        _kill(child)
        child.communicate()


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Kill the child with whatever it started."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def check_devices(child: subprocess.Popen[bytes], timeout: float) -> Iterator[Check]:
    """Yield the CPU with its memory and, once the child has answered, torch, torchvision and each device."""
    yield check_cpu(psutil.virtual_memory().available, psutil.virtual_memory().total)
    ending = ""
    try:
        out, log = child.communicate(timeout=timeout)
        if child.returncode < 0:
            ending = f"Python was ended by {signal.Signals(-child.returncode).name}"
        elif child.returncode:
            ending = f"Python ended with exit status {child.returncode}"
    except subprocess.TimeoutExpired:
        ending = f"there was no response within {timeout:g} s"
        _kill(child)
        out, log = child.communicate()
    decoder = msgspec.json.Decoder(Fact)
    facts = [decoder.decode(line) for line in out.splitlines(keepends=True) if line.endswith(b"\n")]
    yield from report_facts(facts, os.environ)
    if ending:
        yield report_crash(ending, facts, log.decode(errors="replace"))


def check_cpu(free: int, total: int) -> Check:
    """Report cores and memory (bytes) of the machine."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    cores = "1 core" if usable == 1 else f"{usable} cores"
    found = f"{cores}, {format_gib(free)} GiB of {format_gib(total)} GiB memory free"
    if free < LITTLE:
        advice = "Close other programs: training may be ended by the system for lack of memory."
        return Check(GROUP, "cpu", None, found, advice)
    return Check(GROUP, "cpu", True, found)


def report_crash(ending: str, facts: list[Fact], log: str) -> Check:
    """Report a child that crashed or hung: ``facts`` has one entry for each stage it finished."""
    if len(facts) == len(STAGES):
        found = f"every device responded, then {ending} on leaving"
        return Check(GROUP, "devices", None, found, "Training is not affected; a newer torch may end cleanly.")
    stage = list(STAGES.values())[len(facts)]
    last = next((line for line in reversed(log.splitlines()) if line.strip()), "")
    found = f"{ending} while {stage}" + (f" (it said: {last})" if last else "")
    if "driver" in stage:
        advice = "See whether `nvidia-smi` responds; restart the machine if it does not."
    elif "devices" in stage:
        advice = "Train with `--device cpu` until the device responds; `nvidia-smi` shows what holds a GPU."
    else:
        advice = f"Try once more, as a first import from a slow disk takes long; then reinstall: {COMMANDS}."
    return Check(GROUP, "torch" if "torch" in stage else "devices", False, found, advice)


def report_facts(facts: list[Fact], environment: Mapping[str, str]) -> Iterator[Check]:
    """Turn the child's facts into checks; ``environment`` explains why a GPU may be hidden."""
    nvidia, torch = NvidiaFacts(), TorchFacts()
    for fact in facts:
        if isinstance(fact, NvidiaFacts):
            nvidia = fact
        elif isinstance(fact, TorchFacts):
            torch = fact
            yield report_torch(torch)
        elif isinstance(fact, VisionFacts):
            yield report_vision(fact, torch)
        else:
            yield from report_devices(fact, torch, nvidia, environment)


def report_torch(torch: TorchFacts) -> Check:
    """Say which torch was imported, or why it was not."""
    if torch.error:
        return Check(GROUP, "torch", False, f"cannot be imported: {torch.error}", REINSTALL)
    build = f"built for CUDA {torch.cuda}" if torch.cuda else "built without CUDA"
    found = f"{torch.version}, {build}, {torch.threads} threads, imported in {torch.seconds:.1f} s"
    return Check(GROUP, "torch", True, found)


def report_vision(vision: VisionFacts, torch: TorchFacts) -> Check:
    """Say whether torchvision's compiled half fits torch's."""
    if not vision.error:
        return Check(GROUP, "torchvision", True, f"{vision.version}, fits torch {torch.version}")
    if "torchvision::" in vision.error:
        found = f"was not built for torch {torch.version}: {vision.error}"
        return Check(GROUP, "torchvision", False, found, REINSTALL)
    return Check(GROUP, "torchvision", False, f"cannot be used: {vision.error}", REINSTALL)


def report_devices(
    seen: DeviceList, torch: TorchFacts, nvidia: NvidiaFacts, environment: Mapping[str, str]
) -> Iterator[Check]:
    """Report each device torch sees, and GPUs that it does not see although they are there."""
    if seen.error:
        yield Check(GROUP, "devices", False, f"torch cannot list them: {seen.error}", REINSTALL)
        return
    for device in seen.devices:
        if device.id != "cpu" or device.error:
            yield report_device(device)
    if any(device.id.startswith("cuda") for device in seen.devices):
        return
    if nvidia.devices:
        yield report_unused(seen, torch, nvidia, environment)
    elif nvidia.error:
        advice = "If this machine has an NVIDIA GPU, reload its driver or restart; if not, nothing is wrong."
        yield Check(GROUP, "GPU", None, f"the NVIDIA driver does not answer: {nvidia.error}", advice)
    elif len(seen.devices) == 1:
        yield Check(GROUP, "GPU", True, "none found; training runs on the CPU")


def report_device(device: DeviceFacts) -> Check:
    """Report one device that torch sees."""
    if device.error:
        advice = "Install a torch built for this device, or train with `--device cpu`."
        if device.id == "cpu":
            advice = REINSTALL
        elif "out of memory" in device.error.lower():
            advice = "Another process holds its memory: choose another device with `--device`, or wait."
        found = f"{device.name}: torch cannot compute on it: {device.error}".removeprefix(": ")
        return Check(GROUP, device.id, False, found, advice)
    found = f"{device.name}, {format_gib(device.free)} GiB of {format_gib(device.total)} GiB memory free"
    if device.free < LITTLE:
        advice = "Another process holds its memory: choose another device with `--device`, or wait."
        return Check(GROUP, device.id, None, found, advice)
    return Check(GROUP, device.id, True, found)


def report_unused(seen: DeviceList, torch: TorchFacts, nvidia: NvidiaFacts, environment: Mapping[str, str]) -> Check:
    """Explain why torch does not see the GPUs that the NVIDIA driver sees."""
    there = f"the NVIDIA driver {nvidia.driver} sees {', '.join(nvidia.devices)}"
    hidden = environment.get("CUDA_VISIBLE_DEVICES")
    if not torch.cuda:
        found = f"{there}, but torch {torch.version} was built without CUDA"
        advice = "Install torch and torchvision built for CUDA, by `uv sync --reinstall` or with pip."
        return Check(GROUP, "GPU", False, found, advice)
    if hidden is not None and hidden.strip() in ("", "-1"):
        advice = "Unset CUDA_VISIBLE_DEVICES to train on the GPU."
        return Check(GROUP, "GPU", None, f"{there}; CUDA_VISIBLE_DEVICES hides it from torch", advice)
    found = f"{there}, but torch cannot use it" + (f": {seen.reason}" if seen.reason else "")
    if int(nvidia.cuda.partition(".")[0] or 0) < int(torch.cuda.partition(".")[0]):
        advice = (
            f"Update the driver, which supports CUDA {nvidia.cuda} while torch needs {torch.cuda}, "
            f"or install a torch built for CUDA {nvidia.cuda}."
        )
    elif hidden is not None:
        advice = f"CUDA_VISIBLE_DEVICES is '{hidden}': name GPUs that `nvidia-smi -L` lists, or unset it."
    else:
        advice = "See what `nvidia-smi` reports; after an update of the driver restart the machine."
    return Check(GROUP, "GPU", False, found, advice)
