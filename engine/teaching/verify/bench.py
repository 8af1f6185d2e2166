"""Where verified runs are done: a process that is started when first needed, and again when it is gone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import msgspec

from descend.engine.base.errors import DescendError
from descend.engine.launch.launcher import make_environment
from descend.engine.run.manifest import Manifest
from descend.engine.run.runs import Run, write_manifest

COMMAND = [sys.executable, "-P", "-m", "descend.engine.teaching.verify.child"]
LONGEST = 900.0
"""Seconds a run may take."""


class RunBench:
    """Does one run at a time, below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def run(self, manifest: Manifest, name: str, seconds: float = LONGEST, checkpoints: bool = False) -> Run:
        """Do the run that ``manifest`` asks for, to its end, however it ends, and return its folder.

        Args:
            seconds: how long it may take.
            checkpoints: whether those are kept.

        Raises:
            DescendError: it cannot be started, or takes too long.
            OSError: the folder cannot be written.
        """
        run = Run(self._folder / name)
        run.folder.mkdir(parents=True)
        write_manifest(run, msgspec.structs.replace(manifest, id=run.id))
        self.start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def expire() -> None:
            late.set()
            self._kill()

        alarm = threading.Timer(seconds, expire)
        alarm.daemon = True
        alarm.start()
        try:
            process.stdin.write(os.fsencode(run.folder) + b"\n")
            process.stdin.flush()
            ended = process.stdout.readline() == b"ended\n"
        except OSError:  # it is gone
            ended = False
        finally:
            alarm.cancel()
        if not ended and late.is_set():
            limit = f"{seconds / 60:g} minutes" if seconds >= 60 else f"{seconds:g} seconds"
            raise DescendError(f"The run did not end within {limit}.")
        if not checkpoints:
            shutil.rmtree(run.checkpoints, ignore_errors=True)
        return run

    def close(self) -> None:
        """End it, and a run it is doing; no other is begun."""
        self._closed = True
        self._kill()

    def start(self) -> None:
        """Start the process if there is none, and wait until it is ready.

        Raises:
            DescendError: it cannot be started, or the bench was closed.
        """
        if self._closed:
            raise DescendError("The verification was ended.")
        if self._process is not None and self._process.poll() is None:
            return
        try:
            self._process = subprocess.Popen(
                COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env=make_environment(),
            )
        except OSError as error:
            raise DescendError(f"No process could be started: {error.strerror or error}.") from None
        if self._closed:  # meanwhile
            self._kill()
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            raise DescendError("The process for runs ended before it was ready; `descend doctor` may say why.")

    def _kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
