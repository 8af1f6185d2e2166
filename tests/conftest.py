"""What every test gets: a home and a data folder of its own, so that no test sees or touches the user's."""

from __future__ import annotations

import atexit
import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as a worker has it: threads that wait for a core cost most
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # many workers import torch: let the first one keep its bytecode
for number, usual in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGQUIT, signal.SIG_DFL),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:  # as in a script's background or under nohup; programs inherit it
        signal.signal(number, usual)


hypothesis.settings.register_profile("busy", suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")  # a busy machine makes examples slowly, and that is no fault of theirs


@pytest.fixture(autouse=True, scope="module")
def thin_garbage() -> Iterator[None]:
    """After each module, look no more at what is alive by then: among thousands of tests, collecting garbage in all
    that they leave behind would take the seconds in which a screen has to answer."""
    yield
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Let what was frozen be collected, so that extension modules do not report a leak at the end. What torch itself
    still holds by then its compiler's binding (nanobind) reports all the same, after the last line; nobody reads it."""
    gc.unfreeze()
    atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), 2))


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes by their length: compressed ones hold the time, and several processes must agree on names."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point ``DESCEND_HOME`` and ``DESCEND_DATA`` below ``tmp_path`` and return the home folder."""
    monkeypatch.setenv("DESCEND_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DESCEND_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path / "home"
