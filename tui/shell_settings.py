"""What the user has chosen for good: one small JSON file, ``settings.json``, in the home folder.

A file that is missing, damaged or unreadable means defaults, and what was in a damaged one is kept beside it, as
``settings.json.damaged``, when a choice is written; a file that cannot be written means that a choice holds for
this process only. Nothing here raises. Safe to use from any thread.
"""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from descend.engine.base import paths
from descend.engine.base.files import read_user_file

if TYPE_CHECKING:
    from descend.engine.run.run_request import RunRequest

T = TypeVar("T")

_lock = threading.Lock()
_unsaved: dict[Path, dict[str, Any]] = {}  # by file: what could not be written


def file() -> Path:
    """Where the choices are kept."""
    return paths.home() / "settings.json"


def get(key: str, default: T) -> T:
    """What was chosen for ``key``; ``default`` if nothing was, or if it is not of ``default``'s type (any type will do
    for a default of None). Reads the file: ask once, not at every redraw."""
    with _lock:
        value = {**_read(), **_unsaved.get(file(), {})}.get(key, default)
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    return value if default is None or type(value) is type(default) else default


def put(key: str, value: object) -> bool:
    """Choose ``value``, anything JSON can hold, for ``key``; None forgets the choice. Whether it lasts: where the file
    cannot be written it holds for this process."""
    from descend.engine.run.manifest import replace_json

    with _lock:
        path = file()
        fresh = {**_unsaved.get(path, {}), key: value}
        chosen = {name: held for name, held in {**_read(), **fresh}.items() if held is not None}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _keep_damaged(path)
            replace_json(path, json.dumps(chosen, sort_keys=True).encode())
        except OSError:
            _unsaved[path] = fresh
            return False
        _unsaved.pop(path, None)
        return True


def find_damage() -> list[str]:
    """A sentence if the file is there and cannot be understood."""
    try:
        text = read_user_file(file())
    except FileNotFoundError:
        return []
    except OSError as error:
        return [f"settings.json cannot be read ({error.strerror}), so defaults hold."]
    place = ""
    try:
        if not text.strip() or isinstance(json.loads(text), dict):
            return []
    except json.JSONDecodeError as error:
        place = f" (line {error.lineno})"
    except (ValueError, RecursionError):
        pass
    return [f"settings.json is not a JSON object{place}, so defaults hold; correct it with an editor."]


def usual_request() -> RunRequest:
    """What a run is asked for where nothing else is said: on the device and with the seed that the user has chosen."""
    from descend.engine.run.run_request import USUAL

    return USUAL.override(device=get("device", USUAL.device), seed=get("seed", USUAL.seed))


def _keep_damaged(path: Path) -> None:
    """Copy a file that someone has edited by hand and that cannot be understood, before it is replaced."""
    if find_damage() and path.is_file():
        with suppress(OSError):
            path.with_name(path.name + ".damaged").write_bytes(read_user_file(path))


def _read() -> dict[str, Any]:
    try:
        found = json.loads(read_user_file(file()))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
