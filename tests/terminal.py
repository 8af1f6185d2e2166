"""A program in a real pseudo-terminal, its screen read by a terminal emulator."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import pyte


class Terminal:
    """Runs ``command`` in a pseudo-terminal of ``columns`` × ``lines``; use as a context manager.

    Attributes:
        bytes_written: what the program wrote to the terminal so far.
    """

    def __init__(
        self, command: list[str], columns: int = 80, lines: int = 24, environment: Mapping[str, str] | None = None
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.bytes_written = 0
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        surroundings = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(environment or {})}
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=surroundings,
            preexec_fn=_own_terminal,
        )
        os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        self.process.kill()
        self.process.wait()

    def read(self, seconds: float = 0.0) -> bool:
        """Take in what the program writes within ``seconds``; whether there was anything."""
        text = self.take(seconds)
        self.feed(text)
        return bool(text)

    def take(self, seconds: float = 0.0, size: int = 1 << 16) -> bytes:
        """What the program writes within ``seconds``, not shown yet; the terminal answers where its cursor is."""
        if self._master < 0 or not select.select([self._master], [], [], seconds)[0]:
            return b""
        try:
            text = os.read(self._master, size)
        except OSError:  # the program has ended
            return b""
        self.bytes_written += len(text)
        if b"\x1b[6n" in text:
            self.answer()
        return text

    def answer(self) -> None:
        """Say where the cursor is."""
        self.press("\x1b[1;1R")

    def feed(self, text: bytes) -> None:
        """Show what the program wrote."""
        # pyte takes the private form of SGR (keyboard protocols) for colours, so leave such sequences out
        self._stream.feed(text.replace(b"\x1b[>1u", b"").replace(b"\x1b[<u", b""))

    def text(self) -> str:
        """The screen as it is now."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait(self, reached: str | Callable[[str], bool], seconds: float = 60.0) -> float:
        """Wait until the screen shows ``reached`` and return the seconds since the program started.

        Raises:
            TimeoutError: it did not; the message holds the screen.
        """
        shown = reached if callable(reached) else lambda text: reached in text
        deadline = time.monotonic() + seconds
        while not shown(self.text()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not reached: {reached!r}\n{self.text()}")
            if not self.read(0.05) and self.process.poll() is not None and not self.read(0.05):
                if shown(self.text()):
                    break
                raise TimeoutError(f"the program ended before {reached!r}\n{self.text()}")
        return time.monotonic() - self.started

    def press(self, keys: str) -> None:
        """Type ``keys`` (``\\r`` is enter, ``\\x1b`` escape)."""
        with suppress(OSError):  # the program may have ended
            os.write(self._master, keys.encode())

    def hang_up(self) -> None:
        """Close the terminal, as a lost connection does."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def end(self, seconds: float = 10.0) -> int:
        """Wait for the program to end and return its exit status."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read(0.05)
        with suppress(OSError):
            while self.read(0.05):
                pass
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            raise TimeoutError(f"the program did not end\n{self.text()}")
        return self.process.returncode


def _own_terminal() -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def descend(*words: str) -> list[str]:
    """The command line that runs descend with this interpreter."""
    return [sys.executable, "-P", "-m", "descend.engine.cli", *words]
