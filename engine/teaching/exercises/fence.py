"""What the system itself allows a learner's code, where it can be limited: processes, signals, files, sizes.

All of it is asked for from the kernel by number, since no kept library does: a process namespace (user_namespaces(7)),
Landlock (landlock(7), Linux 5.13; signals since 6.12), prctl(2). Where one is missing the others still work.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import struct
import sys
from contextlib import suppress
from pathlib import Path

MEMORY = 2 << 30
"""Bytes that may be allocated beyond what the check needs to begin."""
FILE_SIZE = 64 << 20
"""Bytes of a file at most."""
FILES, PROCESSES = 256, 256
"""Open files, and threads where they can be counted for a check alone, at most."""

_NEWUSER, _NEWPID = 0x10000000, 0x20000000
_PDEATHSIG, _SUBREAPER, _NO_NEW_PRIVS = 1, 36, 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READS, _REMOVE_DIR = 1 << 0, 1 << 1, 1 << 2 | 1 << 3, 1 << 4


def enter_fence() -> None:
    """Return in a new process, which ends with this one, with all that it starts; this one ends as that one does.

    Standard input is a pipe that the process that started this one holds open: when it closes, all end.
    """
    alone = sys.platform == "linux" and _enter_namespace()
    _prctl(_SUBREAPER, 1)
    inner = os.fork()
    if inner:
        _watch_child(inner, alone)
    if alone:  # process 1 of its namespace: the kernel ends the others with it, and gives it those left behind
        _prctl(_PDEATHSIG, signal.SIGKILL)
        inner = os.fork()
        if inner:
            while True:
                ended, status = os.wait()
                if ended == inner:
                    code = os.waitstatus_to_exitcode(status)
                    os._exit(code if code >= 0 else 128 - code)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))
    _prctl(_PDEATHSIG, signal.SIGKILL)


def _watch_child(inner: int, alone: bool) -> None:
    """Wait for ``inner``, end what it left behind, and end as it did; end it when standard input closes."""
    with suppress(OSError, AttributeError):
        descriptor = os.pidfd_open(inner)
        poll = select.poll()
        poll.register(0, 0)
        poll.register(descriptor, select.POLLIN)
        if any(file == 0 for file, _ in poll.poll()):
            os.kill(inner, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
    if not alone:
        end_descendants(os.getpid())
    if alone and code > 128:  # how process 1 tells of a signal
        code = 128 - code
    if code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with suppress(OSError, ValueError):
            signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else None
            os.kill(os.getpid(), -code)
        code += 128
    os._exit(code % 256)


def end_descendants(process: int) -> None:
    """Kill what ``process`` has started, and what that has, in whatever session it is."""
    import psutil

    for _ in range(100):  # some may start others meanwhile
        with suppress(psutil.Error):
            living = [one for one in psutil.Process(process).children(recursive=True) if not _is_over(one)]
            for one in living:
                with suppress(psutil.Error):
                    one.kill()
            if living:
                continue
        return


def _is_over(process: object) -> bool:
    import psutil

    assert isinstance(process, psutil.Process)
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return True


def set_limits(seconds: float) -> None:
    """Bound memory, the size of a file, and, in case nothing is left to end this process, processor time."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = int(used.ru_utime + used.ru_stime + (seconds + 5) * (os.cpu_count() or 1)) + 1
    bounds = {resource.RLIMIT_CPU: cpu, resource.RLIMIT_FSIZE: FILE_SIZE, resource.RLIMIT_NOFILE: FILES}
    with suppress(OSError, ValueError):  # not Linux: the process that started this one watches its memory
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        bounds[resource.RLIMIT_AS] = pages * resource.getpagesize() + MEMORY
    for bound, most in bounds.items():
        hard = resource.getrlimit(bound)[1]
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(bound, (most, most))


def confine(folder: Path) -> None:
    """Let this thread, and what it starts, write below ``folder`` only, run no program, connect nowhere and signal
    nobody else, where Landlock can enforce it."""
    _prctl(_NO_NEW_PRIVS, 1)
    if sys.platform != "linux":
        return
    version = _call(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return
    files = (1 << 13) - 1 - _READS
    files |= 1 << 13 if version >= 2 else 0  # moves between folders
    files |= 1 << 14 if version >= 3 else 0  # truncation
    network, scopes = 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0
    rules = struct.pack("QQQ", files, network, scopes)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = _call(_CREATE_RULESET, rules, len(rules), 0)
    if ruleset < 0:
        return
    own = (folder, files & ~_EXECUTE), (folder.parent, _REMOVE_DIR)  # it may go, too
    for place, allowed in (*own, (Path(os.devnull), _WRITE_FILE)):
        descriptor = os.open(place, os.O_PATH | os.O_CLOEXEC)
        _call(_ADD_RULE, ruleset, 1, struct.pack("=Qi", allowed, descriptor), 0)
        os.close(descriptor)
    _call(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _enter_namespace() -> bool:
    """Have the processes started from here be in a namespace of their own, if that is allowed."""
    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None).unshare(_NEWUSER | _NEWPID):
        return False
    with suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), 0, 0, 0)


def _call(number: int, *given: int | bytes | None) -> int:
    words = [ctypes.c_long(one) if isinstance(one, int) else one for one in given]
    return int(ctypes.CDLL(None).syscall(ctypes.c_long(number), *words))
