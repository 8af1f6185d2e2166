"""Samples processor, memory, NVIDIA GPUs and a run's worker in threads of their own; knows nothing of the screen.

A driver can hang in any call. The GPUs therefore have a thread to themselves, nobody waits for it, and while one call
hangs no other is made.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from descend.engine.run.runs import Run

EVERY = 0.5
"""Seconds between two samples."""
SPAN = 240
"""Samples kept: two minutes."""
LATE = 3.0
"""Seconds after which a call counts as hanging."""
NO_GPU = "no NVIDIA GPU"
LOOK = 2.0
"""Seconds between two looks at which process works on the run."""


class HostSample(NamedTuple):
    """The machine: ``cpu`` in percent of all its cores, memory in bytes."""

    cpu: float
    used: int
    total: int


class WorkerSample(NamedTuple):
    """The worker's process: ``cpu`` in percent of one core, resident memory in bytes."""

    cpu: float
    memory: int


class GpuSample(NamedTuple):
    """An NVIDIA GPU; None where its driver does not say. Percent, bytes, °C and watts."""

    name: str
    busy: float | None = None
    used: int | None = None
    total: int | None = None
    temperature: float | None = None
    power: float | None = None
    limit: float | None = None


class Watch:
    """Calls ``look`` every `EVERY` seconds in a thread that never keeps the program from ending.

    Attributes:
        looks: how many calls have ended.
    """

    def __init__(self, look: Callable[[], bool]) -> None:
        self._look = look
        self._thread: threading.Thread | None = None
        self._on = False
        self._since: float | None = None
        self.looks = 0

    @property
    def hangs(self) -> bool:
        """Whether a call has lasted longer than `LATE`."""
        since = self._since
        return since is not None and time.monotonic() - since > LATE

    @property
    def on(self) -> bool:
        """Whether it continues calling; not after ``look`` has returned False."""
        return self._on

    def start(self) -> None:
        """Begin, or resume. A call that still hangs is waited for, in its thread."""
        if not self._on:
            self._on = True
            if not self.hangs:
                self._thread = threading.Thread(target=self._run, daemon=True, name="machine")
                self._thread.start()

    def stop(self) -> None:
        """Make no further call; does not wait for one in progress."""
        self._on = False

    def _run(self) -> None:
        me = threading.current_thread()
        while self._on and self._thread is me:
            self._since = time.monotonic()
            try:
                more = self._look()
            finally:
                self._since = None
                self.looks += 1
            if not more and self._thread is me:
                self._on = False
            time.sleep(EVERY)


class Sampler:
    """What this machine did in the last two minutes.

    Attributes:
        hosts, works: the newest samples last; each kept `SPAN` times at most.
        gpus: for each GPU its samples.
        problem: why there are no GPU samples: there is no GPU, or its driver reports an error; else empty.
    """

    def __init__(self) -> None:
        self.hosts: deque[HostSample] = deque(maxlen=SPAN)
        self.works: deque[WorkerSample] = deque(maxlen=SPAN)
        self.gpus: list[deque[GpuSample]] = []
        self.problem = ""
        self._host_watch, self._gpu_watch = Watch(self._look_at_host), Watch(self._look_at_gpus)
        self._run: Run | None = None
        self._process: Any = None
        self._next_look = 0.0
        self._handles: list[Any] | None = None

    @property
    def on(self) -> bool:
        """Whether it samples."""
        return self._host_watch.on

    @property
    def gpu_hangs(self) -> bool:
        """Whether the GPUs' driver does not respond."""
        return self._gpu_watch.hangs

    def start(self) -> None:
        """Sample from now on; returns at once. What was sampled before a break is forgotten."""
        if not self.on:
            self.hosts.clear()
            self.works.clear()
            for samples in self.gpus:
                samples.clear()
            self._host_watch.start()
            self._gpu_watch.start()

    def stop(self) -> None:
        """Stop sampling; returns at once."""
        self._host_watch.stop()
        self._gpu_watch.stop()

    def watch(self, run: Run | None) -> None:
        """Sample the worker of ``run`` as well, whenever there is one on this machine."""
        self._run, self._next_look = run, 0.0

    def _look_at_host(self) -> bool:
        import psutil

        cpu = psutil.cpu_percent(None)  # since the last call, so that the first says nothing
        memory = psutil.virtual_memory()
        if self._host_watch.looks:
            self.hosts.append(HostSample(cpu, memory.total - memory.available, memory.total))
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + LOOK
            self._find_worker()
        if self._process is not None:
            try:
                work = WorkerSample(self._process.cpu_percent(None), self._process.memory_info().rss)
            except psutil.Error:  # it has ended
                self._process = None
                self.works.clear()
            else:
                self.works.append(work)
        return True

    def _find_worker(self) -> None:
        """The process that works on the run now, if it is one of this machine's."""
        import psutil

        run = self._run
        writer = run.writer() if run is not None and run.alive() else None
        pid = writer.pid if writer is not None and writer.host == socket.gethostname() else None
        if self._process is not None and self._process.pid == pid:
            return
        self._process = None
        self.works.clear()
        if pid is not None:
            try:
                self._process = psutil.Process(pid)
                self._process.cpu_percent(None)
            except psutil.Error:
                self._process = None

    def _look_at_gpus(self) -> bool:
        import pynvml

        try:
            if self._handles is None:
                pynvml.nvmlInit()
                self._handles = [pynvml.nvmlDeviceGetHandleByIndex(n) for n in range(pynvml.nvmlDeviceGetCount())]
                self.gpus = [deque(maxlen=SPAN) for _ in self._handles]
            for handle, samples in zip(self._handles, self.gpus, strict=True):
                samples.append(gpu(pynvml, handle))
            self.problem = "" if self._handles else NO_GPU
        except pynvml.NVMLError as error:
            self._handles, self.gpus = None, []
            absent = (pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, pynvml.NVML_ERROR_DRIVER_NOT_LOADED)
            none = getattr(error, "value", None) in absent
            self.problem = NO_GPU if none else f"the NVIDIA driver says: {error}"
        return not self.problem


def gpu(nvml: Any, handle: Any) -> GpuSample:
    """One sample of a GPU.

    Raises:
        NVMLError: the driver cannot even name it.
    """

    def ask(read: Callable[[], Any]) -> Any:
        try:
            return read()
        except nvml.NVMLError:
            return None

    name = nvml.nvmlDeviceGetName(handle)
    rates, memory = (
        ask(lambda: nvml.nvmlDeviceGetUtilizationRates(handle)),
        ask(lambda: nvml.nvmlDeviceGetMemoryInfo(handle)),
    )
    power, limit = (
        ask(lambda: nvml.nvmlDeviceGetPowerUsage(handle)),
        ask(lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle)),
    )
    return GpuSample(
        name.decode(errors="replace") if isinstance(name, bytes) else str(name),
        None if rates is None else float(rates.gpu),
        None if memory is None else int(memory.used),
        None if memory is None else int(memory.total),
        ask(lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU)),
        None if power is None else power / 1000,
        None if limit is None else limit / 1000,
    )


def columns(values: Sequence[float | None], width: int, count: int = SPAN) -> list[float | None]:
    """The newest of up to ``count`` values in at most ``width`` columns: the mean of each column's known values."""
    each = max(1, -(-count // max(1, width)))
    found: list[float | None] = []
    for end in range(len(values), max(0, len(values) - each * width), -each):
        known = [value for value in values[max(0, end - each) : end] if value is not None]
        found.append(sum(known) / len(known) if known else None)
    return found[::-1]
