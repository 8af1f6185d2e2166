"""``descend new``: begin a lesson of your own."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import Any

from descend.engine.base.errors import DescendError, UsageError, suggest_nearest
from descend.engine.base.files import write_new
from descend.engine.base.sanitize import clean


def add(commands: Any) -> None:
    """Declare ``descend new lesson``."""
    command = commands.add_parser("new", help="begin a lesson of your own", description="Begin something new.")
    kinds = command.add_subparsers(title="kinds", metavar="KIND", required=True)
    lesson = kinds.add_parser(
        "lesson",
        help="write a lesson's file that works, to be changed",
        description="Write a small lesson that runs and whose claims hold, for you to change. In a checkout of descend "
        "it goes to engine/lessons/<track>, else, or if DESCEND_HOME is set, to lessons below $DESCEND_HOME.",
    )
    lesson.add_argument("name", metavar="NAME", help="lower case letters and digits, parts joined by - or _")
    lesson.add_argument("--path", metavar="FOLDER", help="another folder to write it to")
    lesson.add_argument(
        "--covers", metavar="ID", default="E01", help="curriculum id, see `descend list lessons --coverage`"
    )
    lesson.set_defaults(do=write_lesson)


def write_lesson(arguments: argparse.Namespace) -> int:
    """Write the file and say what to do with it."""
    from descend.engine.base.paths import make_writable, parse_path
    from descend.engine.teaching import catalogue
    from descend.engine.teaching.curriculum import SYSTEMS
    from descend.engine.teaching.template import make_lesson_text

    stem = arguments.name.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", stem) or len(stem) > 40:
        raise UsageError(
            f"A lesson is named in lower case letters and digits, such as 'weight-decay', not '{arguments.name}'."
        )
    name, covers = stem.replace("_", "-"), arguments.covers.upper()
    if covers not in SYSTEMS:
        raise UsageError(f"There is no curriculum id '{arguments.covers}'{suggest_nearest(covers, SYSTEMS) or '.'}")
    if name in catalogue.list_outlines() or name in catalogue.list_broken():
        raise UsageError(f"There is a lesson '{name}' already; choose another name.")
    if arguments.path is not None:
        folder = parse_path(arguments.path)
        if not folder.is_dir():
            raise UsageError(f"There is no folder {folder}.")
    else:
        rooms = None if os.environ.get("DESCEND_HOME") else find_checkout()
        folder = (
            find_track_folder(rooms, covers) if rooms else make_writable(catalogue.find_own_folder(), "DESCEND_HOME")
        )
    file = folder / f"{stem}.py"
    write_new(file, make_lesson_text(stem.replace("_", " ").capitalize(), covers).encode())
    print(f"Wrote {clean(str(file))}.")
    if name in catalogue.list_outlines() or folder.parent == find_checkout():
        print(f"Try it: `descend run {name}`, `descend open {name}`, `descend verify {name}`.")
    else:
        print(f"It is found once it is in {clean(str(catalogue.find_own_folder()))}.")
    print("How lessons are written: AUTHORS.md next to engine/teaching/lesson.py.")
    return 0


def find_track_folder(rooms: Path, covers: str) -> Path:
    """The folder below ``rooms`` for lessons of the track of ``covers``, made if there is none yet.

    Raises:
        DescendError: it cannot be made.
    """
    from descend.engine.teaching.lesson import FOLDERS

    folder = rooms / FOLDERS[covers[0]]
    try:
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
    except OSError as error:
        raise DescendError(f"Cannot write {folder}: {error.strerror}.") from None
    return folder


def find_checkout() -> Path | None:
    """``engine/lessons`` of the source checkout this runs from; None if it is installed, or may not be written."""
    from descend.engine import lessons

    folder = Path(next(iter(lessons.__path__))).resolve()
    is_checkout = (folder.parents[1] / "pyproject.toml").is_file() and (folder.parents[1] / "tests").is_dir()
    return folder if is_checkout and os.access(folder, os.W_OK) else None
