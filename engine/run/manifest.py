"""A run's ``run.json``: what was asked of it, and when and by which code it was made."""

from __future__ import annotations

import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec

from descend.datasets.stamp import Stamp
from descend.engine.base.files import replace_file
from descend.engine.run.records import FORMAT, Count
from descend.engine.run.run_request import Processes, RunRequest

MAX_BYTES = 1 << 22
"""Bytes of ``run.json`` and of ``worker.json``, at most."""


class Parent(msgspec.Struct):
    """The run a fork comes from, and the step of the checkpoint it began with."""

    run: str
    step: Count


class Manifest(RunRequest, frozen=True, kw_only=True):
    """What was asked of a run, and what was added when it was made or by the user since; ``run.json``."""

    id: str
    threads: Processes = 1
    """CPU threads torch computes with; part of what makes a run repeatable bit for bit."""
    parent: Parent | None = None
    created: str = ""
    """Local time, ISO 8601 with offset."""
    versions: dict[str, str] = {}  # noqa: RUF012
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

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("it names no lesson and no model")

    @property
    def request(self) -> RunRequest:
        """What was asked, by itself."""
        return RunRequest(**{name: getattr(self, name) for name in RunRequest.__struct_fields__})


def replace_json(file: Path, text: bytes) -> None:
    """Write JSON ``text``, laid out for people, to ``file``: all of it or nothing."""
    replace_file(file, msgspec.json.format(text) + b"\n")


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
