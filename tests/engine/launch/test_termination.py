"""SIGTERM ends a worker in order, or at once where its experiment does not come back."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

SCRIPT = """
import hashlib, os, signal, sys, time
from descend.engine.launch import termination
termination.AGAIN = 0.2
hears = termination.TerminationSignal(lambda: print("last words", flush=True))
if (child := os.fork()) == 0:
    print("child", flush=True)
    time.sleep(60)
    os._exit(0)
def orderly():
    print("orderly", flush=True)
    return True
if sys.argv[1] == "begun":
    hears.orderly = orderly
time.sleep(0.2)
os.kill(child, signal.SIGTERM)
print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)  # minutes, in which no handler of Python's runs
"""


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def begin(how: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, how], stdout=subprocess.PIPE, text=True)
    assert said(process) == "child"
    assert said(process) == f"child {-signal.SIGTERM}", "a process of its own is ended as any"
    return process


def test_what_has_not_begun_ends_at_once_with_a_last_word() -> None:
    with begin("setting out") as process:
        process.terminate()
        assert said(process) == "last words"
        assert process.wait(60) == 128 + signal.SIGTERM


def test_what_has_begun_is_asked_first_and_ended_when_the_user_insists() -> None:
    with begin("begun") as process:
        process.terminate()
        assert said(process) == "orderly"
        process.terminate()  # passed on by torchrun: no second one
        time.sleep(0.4)
        assert process.poll() is None
        process.terminate()
        assert said(process) == "last words"
        assert process.wait(60) == 128 + signal.SIGTERM
