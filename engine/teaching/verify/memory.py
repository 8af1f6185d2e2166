"""What was proved before: findings that held, kept as long as all that they rest on is unchanged."""

from __future__ import annotations

import functools
import hashlib
import json
import math
import platform
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import descend
from descend.engine.base.files import read_user_file
from descend.engine.base.paths import home
from descend.engine.run.manifest import replace_json
from descend.engine.teaching.lesson import Lesson
from descend.engine.teaching.verify.finding import Finding

APART = {"cli", "doctor"}
"""Folders of the engine that no claim rests on."""


def find_file() -> Path:
    """Where it is kept; it need not exist."""
    return home() / "proved.json"


@functools.cache
def digest_engine() -> str:
    """Digest of the code that runs and judges lessons (not of the lessons), and of the versions it runs with."""
    digest = hashlib.sha256(f"{sys.version} {platform.machine()}".encode())
    for package in ("torch", "numpy", "scipy", "scikit-learn"):
        with suppress(metadata.PackageNotFoundError):
            digest.update(f"{package} {metadata.version(package)}".encode())
    root = Path(next(iter(descend.__path__)))
    for folder in (root / "engine", root / "datasets"):
        for file in sorted(folder.resolve().rglob("*.py")):
            parts = file.relative_to(folder.resolve()).parts
            text = file.read_bytes()
            if parts[0] in APART or (parts[0] == "lessons" and b"\nLESSON = " in text):
                continue
            digest.update(f"{folder.name}/{'/'.join(parts)} {len(text)} ".encode() + text)
    return digest.hexdigest()


def digest_lesson(lesson: Lesson) -> str:
    """What findings on ``lesson`` rest on: its file, the engine, and the versions of what it runs with."""
    file = Path(str(sys.modules[lesson.module].__file__))
    return hashlib.sha256(digest_engine().encode() + file.read_bytes()).hexdigest()


def recall_findings(lesson: Lesson) -> dict[tuple[str, int], Finding]:
    """Findings on ``lesson`` that held and still rest on the same, by kind and number."""
    kept = _read().get(lesson.name)
    if not isinstance(kept, dict) or kept.get("digest") != digest_lesson(lesson):
        return {}
    try:
        findings = [_restore(one) for one in kept["held"]]
    except (KeyError, TypeError):  # written by another version
        return {}
    return {(one.kind, one.number): one for one in findings if one.holds is True}


def remember_findings(lessons: Iterable[Lesson], findings: Iterable[Finding]) -> None:
    """Keep those of ``findings`` on ``lessons`` that hold; one that fails is forgotten. Does nothing if it cannot."""
    told = list(findings)
    known = _read()
    for lesson in lessons:
        held = recall_findings(lesson)
        for one in told:
            if one.lesson == lesson.name:
                held.pop((one.kind, one.number), None)
                if one.holds:
                    held[one.kind, one.number] = one
        if held:
            known[lesson.name] = {"digest": digest_lesson(lesson), "held": [one.to_json() for one in held.values()]}
        else:
            known.pop(lesson.name, None)
    with suppress(OSError):
        find_file().parent.mkdir(parents=True, exist_ok=True)
        replace_json(find_file(), json.dumps(known).encode())


def _restore(one: dict[str, Any]) -> Finding:
    """A finding from JSON, in which null is what was not finite."""
    numbers = {name: math.nan if one[name] is None else one[name] for name in ("worst", "margin")}
    values = tuple(math.nan if value is None else value for value in one["values"])
    return Finding(**{**one, **numbers, "values": values, "seconds": 0.0, "before": True})


def _read() -> dict[str, Any]:
    try:
        known = json.loads(read_user_file(find_file()))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}
