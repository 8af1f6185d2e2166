"""Who works on a run, and whether that process still lives: asked of the kernel it runs under; of another machine's, by
how long ago it was last heard of.

No lock is asked: any process that can open a file can hold its lock, and some file systems have none that work.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Annotated

import msgspec

HEARD = 120.0
"""Seconds in which a worker that cannot be asked must be heard of; network file systems may show its signs a minute
late."""
BEAT = 10.0
"""Seconds between two signs of life."""


class Writer(msgspec.Struct):
    """The process that writes a run's events, or was started to."""

    pid: Annotated[int, msgspec.Meta(ge=1, lt=2**31)]
    started: float
    """Unix time at which it signed."""
    host: str
    boot: str = ""
    """The kernel's id of the boot it runs under; empty where the system has none."""
    memory_kills: int | None = None
    """Processes the kernel had killed for lack of memory when it started; None where the kernel does not say."""
    space: str = ""
    """The kernel's name of the process's pid namespace: a pid means nothing in another. Empty where there is none."""
    birth: float = 0.0
    """What distinguishes the process from a later one with its pid, see `find_birth`; 0 if an older version signed."""

    @classmethod
    def this_process(cls) -> Writer:
        """This process."""
        return cls.process(os.getpid())

    @classmethod
    def process(cls, pid: int) -> Writer:
        """The process ``pid`` of this machine."""
        return cls(
            pid,
            time.time(),
            socket.gethostname(),
            read_boot_id(),
            count_memory_kills(),
            find_pid_namespace(),
            find_birth(pid) or 0.0,
        )

    @property
    def here(self) -> bool:
        """Whether it can be asked for here: it runs, or ran, under this kernel, where pids mean the same.

        The name of the host does not count: it may be shared by two machines, or changed.
        """
        if not self.boot:
            return self.host == socket.gethostname() and not read_boot_id()
        return self.boot == read_boot_id() and self.space in ("", find_pid_namespace())

    def lives(self) -> bool:
        """Whether that very process is there, of a writer that is `here`."""
        born = find_birth(self.pid)
        if self.birth or born is None:
            return born == self.birth
        import psutil  # an older version signed

        try:
            return float(psutil.Process(self.pid).create_time()) <= self.started + 1
        except psutil.Error:
            return False


def find_birth(pid: int) -> float | None:
    """When process ``pid`` began: in clock ticks since the machine started, which no change of the clock moves, or in
    Unix time where the kernel does not tell. None if there is no such process, or only a zombie."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return None if state in "ZX" else float(rest[18])  # of proc_pid_stat(5): fields 3 and 22
    except (OSError, ValueError, IndexError):
        if os.path.exists("/proc/self/stat"):
            return None
    import psutil  # here, because first paint does not need it

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except (psutil.Error, ValueError, OverflowError):
        return None


def find_pid_namespace() -> str:
    """The kernel's name of this process's pid namespace, empty where there is none."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def read_boot_id() -> str:
    """The kernel's id of this boot, empty where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def count_memory_kills() -> int | None:
    """Processes the kernel has killed for lack of memory since it booted; None where it does not say."""
    try:
        counters = dict(line.split() for line in Path("/proc/vmstat").read_text().splitlines())
        return int(counters["oom_kill"])
    except (OSError, KeyError, ValueError):
        return None
