"""SIGTERM to a worker, heard at once even while a call of its experiment does not return."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

AGAIN = 5.0
"""Seconds after which a second signal is one: torchrun passes on what its processes have got already."""


class TerminationSignal:
    """Hears SIGTERM in a thread, as Python's own handlers wait until the main one is back from what it calls.

    Attributes:
        orderly: asked to end the run in order; if it cannot, or the user insists, the process ends at once.

    Args:
        last_words: says that the process ends at once.
    """

    def __init__(self, last_words: Callable[[], None]) -> None:
        self.orderly: Callable[[], bool] = lambda: False
        self._last_words = last_words
        self._heard, told = os.pipe()
        os.set_blocking(told, False)
        try:
            threading.Thread(target=self._listen, name="termination", daemon=True).start()
        except RuntimeError:  # no threads are left
            return
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        os.register_at_fork(after_in_child=ignore_signal)

    def _listen(self) -> None:
        first = 0.0
        while signals := os.read(self._heard, 64):
            if signal.SIGTERM not in signals or (first and time.monotonic() < first + AGAIN):
                continue
            if first or not self.orderly():
                self._last_words()
                os._exit(128 + signal.SIGTERM)
            first = time.monotonic()


def ignore_signal() -> None:
    """A data loader's process is ended as any other."""
    with suppress(ValueError):
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
