"""Checking the learner's own code: this side starts the process that runs it, watches it and ends it."""

from __future__ import annotations

import atexit
import os
import re
import secrets
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec

from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean
from descend.engine.teaching import catalogue
from descend.engine.teaching.exercises.fence import end_descendants
from descend.engine.teaching.exercises.judging import find_exercise
from descend.engine.teaching.exercises.report import BEGUN, FILE, GROWN, TOKEN, Report
from descend.engine.teaching.exercises.verdict import Verdict
from descend.engine.teaching.lesson import CodeExercise

if TYPE_CHECKING:
    import psutil

COMMAND = [sys.executable, "-P", "-B", "-u", "-m", "descend.engine.teaching.exercises.child"]
START = 120.0
"""Seconds until the check has begun, at most: importing torch takes long where the disk is slow."""
GRACE = 2.0
"""Seconds that the process is given to end itself when its time is up."""
RESIDENT = 3 << 30
"""Bytes of memory in use at which the process is ended."""
OUTPUT = 20_000
"""Characters kept of what was printed."""


class CodeCheck:
    """A check of ``source``, the learner's text, against exercise ``index`` of a lesson; it starts at once.

    The code runs in a fresh interpreter and session of its own, in an empty folder, without input. As a context
    manager, it is cancelled when the block is left.

    Raises:
        UsageError: there is no such lesson or exercise, or the exercise is solved by a run.
        DescendError: the process cannot be started.
    """

    def __init__(self, lesson: str, index: int, source: str) -> None:
        found = catalogue.find_lesson(lesson)
        self._seconds = find_exercise(found, index, CodeExercise).seconds
        self._verdict: Verdict | None = None
        self._ended = threading.Event()
        self._why = ""
        report, to_report = os.pipe()
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="descend-exercise-", ignore_cleanup_errors=True)
            work = Path(self._folder.name, "work")
            work.mkdir()
            file = Path(self._folder.name, "source.py")
            file.write_text(source, encoding="utf-8", errors="replace")
            self._process = subprocess.Popen(
                [*COMMAND, found.name, str(index), str(file), str(to_report)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=work,
                pass_fds=(to_report,),
                start_new_session=True,
                env={
                    **os.environ,
                    "TMPDIR": str(work),
                    "PYTHONIOENCODING": "utf-8:replace",
                    "PYTHONHASHSEED": "0",
                    "GOMP_SPINCOUNT": "1000",
                    "CUDA_VISIBLE_DEVICES": "",
                },
            )
        except OSError as error:
            os.close(report)
            raise DescendError(f"The check could not be started: {error.strerror or error}.") from None
        finally:
            os.close(to_report)
        assert self._process.stdin is not None
        self._token = secrets.token_hex(TOKEN // 2).encode()
        with suppress(OSError):  # it has ended already
            os.write(self._process.stdin.fileno(), self._token)  # open as long as the check may continue
        self._inner: list[psutil.Process] = []
        self._looked = 0.0
        self._began, self._clock = time.monotonic(), False
        atexit.register(self.cancel)
        threading.Thread(target=self._watch, args=(report,), name="exercise", daemon=True).start()

    def __enter__(self) -> CodeCheck:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()

    def poll(self) -> Verdict | None:
        """The verdict, or None while it is being reached."""
        return self._verdict

    def wait(self, timeout: float | None = None) -> Verdict | None:
        """Wait for the verdict, at most ``timeout`` seconds."""
        self._ended.wait(timeout)
        return self._verdict

    def cancel(self) -> None:
        """End the check if it is still running, and wait until it is gone."""
        if not self._ended.is_set():
            self._end("The check was cancelled.")
            self._ended.wait(5)

    def _end(self, why: str) -> None:
        """Kill the process and whatever it started."""
        self._why = self._why or why
        if self._process.poll() is None:  # else the process has seen to it
            end_descendants(self._process.pid)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _watch(self, report: int) -> None:
        """Collect what the process says until it has ended; in a thread of its own."""
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        said: dict[int, bytearray] = {output: bytearray(), report: bytearray()}
        with selectors.DefaultSelector() as selector:
            for file in said:
                os.set_blocking(file, False)
                selector.register(file, selectors.EVENT_READ)
            while True:
                over = self._process.poll() is not None  # before reading, so that nothing is missed
                heard = self._read(selector, said, 0 if over else 0.05)
                if over and not heard:
                    break
                if not over:
                    self._judge(bytes(said[report][: len(BEGUN)]) == BEGUN)
                elif len(said[output]) > 4 * OUTPUT:  # something it started continues printing
                    break
        self._end("")  # what it started ends with it
        self._process.wait()
        self._process.stdout.close()
        if self._process.stdin is not None:
            self._process.stdin.close()
        os.close(report)
        self._folder.cleanup()
        atexit.unregister(self.cancel)
        self._verdict = self._concluded(bytes(said[report]), bytes(said[output]))
        self._ended.set()

    def _read(self, selector: selectors.BaseSelector, said: dict[int, bytearray], patience: float) -> bool:
        """Take in what is there; whether anything was."""
        heard = False
        for key, _ in selector.select(patience):
            try:
                text = os.read(key.fd, 1 << 16)
            except BlockingIOError:
                continue
            if not text:
                selector.unregister(key.fd)
                continue
            heard = True
            room = 5 * OUTPUT - len(said[key.fd])
            said[key.fd] += text[: max(0, room)]
        if not selector.get_map() and patience:
            time.sleep(patience)
        return heard

    def _judge(self, begun: bool) -> None:
        """End the process if it takes too long or too much."""
        if begun and not self._clock:
            self._began, self._clock = time.monotonic(), True
        spent = time.monotonic() - self._began
        if spent > (self._seconds + GRACE if begun else START):
            self._end(describe_timeout(self._seconds, None) if begun else "The check did not begin within two minutes.")
        import psutil

        with suppress(psutil.Error):
            if time.monotonic() > self._looked + 0.5:
                self._looked = time.monotonic()
                self._inner = psutil.Process(self._process.pid).children(recursive=True)
            if sum(one.memory_info().rss for one in self._inner) > RESIDENT:
                self._end(GROWN)

    def _concluded(self, report: bytes, printed: bytes) -> Verdict:
        """The verdict on a process that has ended."""
        seconds = round(time.monotonic() - self._began, 2)
        text = printed.decode(errors="replace")
        output = text if len(text) <= OUTPUT else f"{text[:OUTPUT]}…"
        if self._why:
            return Verdict(False, self._why, output, seconds)
        for words in reversed(report.removeprefix(BEGUN).splitlines()):
            if not words.startswith(self._token):
                continue
            try:
                found = msgspec.json.decode(words[TOKEN:], type=Report)
            except msgspec.MsgspecError:
                continue
            return Verdict(
                found.passed,
                clean(found.sentence),
                "\n".join(part for part in (output.rstrip("\n"), found.trace) if part),
                seconds,
                found.line,
            )
        place = re.search(rf'File "{re.escape(FILE)}", line (\d+)', report.decode(errors="replace"))
        line = int(place[1]) if place else None
        if b"Timeout (" in report or self._process.returncode == -signal.SIGXCPU:
            return Verdict(False, describe_timeout(self._seconds, line), output, seconds, line)
        if fatal := re.search(rb"Fatal Python error: (.*)", report):
            what = clean(fatal[1].decode(errors="replace"))
            where = f" in line {line}" if line else ""
            return Verdict(False, f"The interpreter crashed{where}: {what}.", output, seconds, line)
        if self._process.returncode < 0:
            name = signal.Signals(-self._process.returncode).name
            return Verdict(False, f"The check was killed ({name}); is this machine short of memory?", output, seconds)
        return Verdict(
            False,
            f"The code ended the program (exit status {self._process.returncode}) before the check was over.",
            output,
            seconds,
        )


def describe_timeout(seconds: float, line: int | None) -> str:
    """What to say when the time is up."""
    where = f" (it was in line {line})" if line else ""
    return f"It did not end within {seconds:g} s{where}; is there an infinite loop?"
