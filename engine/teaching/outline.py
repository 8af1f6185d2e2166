"""What Home and the lists know of a lesson without loading it: its outline.

Loading a lesson takes about a millisecond, of which the shell would have to spend one for each before its first paint.
So the outlines of descend's own lessons are kept in one file beside their bytecode, and made anew as soon as any file
that they come from has changed.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import msgspec

from descend.engine import lessons, teaching
from descend.engine.base import files
from descend.engine.teaching.lesson import Lesson

MAX_BYTES = 1 << 24


class Outline(msgspec.Struct, frozen=True):
    """A lesson in short. Each field is what `Lesson` calls so."""

    name: str
    title: str
    module: str
    covers: tuple[str, ...]
    after: str
    question: str
    prediction_texts: tuple[str, ...]
    question_texts: tuple[str, ...]
    exercise_texts: tuple[str, ...]

    @property
    def track(self) -> str:
        """Letter of the lesson's track, a key of `TRACKS`."""
        return self.covers[0][0]


class Index(msgspec.Struct):
    """The file of outlines; ``stamp`` tells the state of the files that they come from."""

    stamp: str
    outlines: list[Outline]


def make_outline(lesson: Lesson) -> Outline:
    """The outline of ``lesson``."""
    return Outline(**{name: getattr(lesson, name) for name in Outline.__struct_fields__})


def read_outlines() -> list[Outline] | None:
    """The outlines that were kept; None if there are none, or lessons have changed since."""
    try:
        index = msgspec.json.decode(files.read_file(find_index(), MAX_BYTES), type=Index)
    except (OSError, NotImplementedError, msgspec.MsgspecError):
        return None
    return index.outlines if index.stamp == make_stamp() else None


def keep_outlines(outlines: list[Outline], stamp: str) -> None:
    """Keep ``outlines`` of files as ``stamp`` has them, if bytecode is kept at all and its folder can be written."""
    if sys.dont_write_bytecode:
        return
    with suppress(OSError, NotImplementedError):
        file = find_index()
        file.parent.mkdir(exist_ok=True)
        files.replace_file(file, msgspec.json.encode(Index(stamp, outlines)))


def find_index() -> Path:
    """Where outlines are kept: in the folder of the lessons' bytecode, and like it for one version of Python.

    Raises:
        NotImplementedError: this Python keeps no bytecode.
    """
    beside = importlib.util.cache_from_source(os.path.join(lessons.__path__[0], "outlines.py"))
    return Path(beside).with_suffix(".json")


def make_stamp() -> str:
    """The state of all files that outlines come from: the lessons, and the form that they are declared in."""
    below = [entry.path for entry in os.scandir(lessons.__path__[0]) if entry.is_dir()]
    folders = [lessons.__path__[0], *below, teaching.__path__[0]]
    found = [entry for folder in folders for entry in os.scandir(folder) if entry.name.endswith(".py")]
    states = [(entry.path, entry.stat().st_mtime_ns, entry.stat().st_size) for entry in found]
    return blake2b(repr(sorted(states)).encode(), digest_size=16).hexdigest()
