"""What a run is asked: ``run.json``."""

from __future__ import annotations

import os
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import msgspec

from descend.datasets.stamp import Stamp
from descend.engine.run.records import FORMAT, Count, Setting

SEEDS = 2**31
"""Seeds are whole numbers from 0 to one less than this."""
MAX_BYTES = 1 << 22
"""Bytes of ``run.json`` and of ``worker.json``, at most."""
Processes = Annotated[int, msgspec.Meta(ge=1, le=2**16)]


class Parent(msgspec.Struct):
    """The run a fork comes from, and the step of the checkpoint it began with."""

    run: str
    step: Count


class Manifest(msgspec.Struct, kw_only=True):
    """What was asked of a run; ``run.json``."""

    id: str
    name: str
    """The lesson, the model, or the user's own model as ``path.py:Name``."""
    knobs: dict[str, Setting]
    seed: Annotated[int, msgspec.Meta(ge=0, lt=SEEDS)]
    device: str
    data: str = ""
    """Dataset, or the path of the user's own data; empty if the lesson makes its data."""
    threads: Processes = 1
    """CPU threads torch computes with; part of what makes a run repeatable bit for bit."""
    devices: Processes = 1
    """Processes that train together, one a device."""
    parent: Parent | None = None
    created: str = ""
    """Local time, ISO 8601 with offset."""
    versions: dict[str, str] = {}
    git: str = ""
    """Commit of the working folder, with ``+`` if it had changes; empty outside a repository."""
    source: str = ""
    """SHA-256 of the file of the user's own model, in hexadecimal, when the run was asked for."""
    stamp: Stamp | None = None
    """What files of the user's own data were when the run was asked for."""
    title: str = ""
    """What the user calls it."""
    note: str = ""
    """What the user has to say about it."""
    format: Count = FORMAT


def replace_json(file: Path, text: bytes) -> None:
    """Write JSON ``text``, laid out for people, to ``file``: all of it or nothing."""
    beside, laid_out = file.with_name(f"{file.name}.{os.getpid()}.new"), msgspec.json.format(text) + b"\n"
    try:
        beside.unlink(missing_ok=True)  # left by a process that was killed
        with open(beside, "xb") as new:
            new.write(laid_out)
            new.flush()
            os.fsync(new.fileno())
        beside.replace(file)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def list_versions() -> dict[str, str]:
    """Versions of what a run's result depends on, without importing it."""
    found: dict[str, Any] = {}
    for package in ("descend", "torch", "torchvision", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def read_git_state() -> str:
    """Commit of the working folder's repository, ``+`` appended when files were changed; empty if there is none."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], capture_output=True, text=True, timeout=2, check=True, stdin=subprocess.DEVNULL
        ).stdout.strip()

    try:
        commit = git("rev-parse", "--short=12", "HEAD")
        return commit + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return ""
