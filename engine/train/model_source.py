"""A model of the user's own, ``path/to/model.py:Net``, as its text declares it: nothing of it is run here."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from pathlib import Path

from descend.engine.base.errors import DescendError, UsageError, suggest_nearest
from descend.engine.base.paths import parse_path
from descend.engine.train.config_object import find_config, list_settings
from descend.engine.train.model_arguments import Argument
from descend.engine.train.signature import find_makers, list_defined, looks_like_a_model, read_signature

MAX_BYTES = 16 << 20
"""Bytes of a file of Python, at most."""


@dataclass(frozen=True)
class ModelSource:
    """A class or function in a file.

    Attributes:
        file: absolute.
        name: as it is called there.
        arguments: what it takes, by name, as declared in its text.
        complete: whether those are all; else others may be given too, and are looked up when it is built.
        config: the argument that is a configuration object, and its class; its fields are among ``arguments`` instead.
        makers: functions of the file that make the model and need no arguments.
        levels: how many folders above it the file imports from, relative to itself.
    """

    file: Path
    name: str
    arguments: dict[str, Argument]
    complete: bool
    config: tuple[str, str] | None = None
    makers: tuple[str, ...] = ()
    levels: int = 0

    def digest(self) -> str:
        """SHA-256 of the file as it is now, in hexadecimal; empty if it cannot be read."""
        try:
            return hashlib.sha256(self.file.read_bytes()).hexdigest()
        except OSError:
            return ""

    @property
    def address(self) -> str:
        """What `find_source` understands from any folder."""
        return f"{self.file}:{self.name}"


def is_address(name: str) -> bool:
    """Whether ``name`` is meant as a file with a model, not as a name from a catalogue."""
    path = name.rpartition(":")[0] or name
    return path.endswith(".py") or name.endswith(".py")


def find_file(name: str) -> Path | None:
    """The file that ``name`` means; None if it is not an address.

    Raises:
        UsageError: no file can have that path.
    """
    return parse_path(name if name.endswith(".py") else name.rpartition(":")[0]) if is_address(name) else None


def find_source(address: str) -> ModelSource:
    """Find the model that ``address`` names.

    Raises:
        UsageError: there is no such file, or nothing of that name in it.
        DescendError: the file is not Python.
    """
    path, name = (address, "") if address.endswith(".py") else address.rsplit(":", 1)
    file = parse_path(path, kept=True)
    try:
        return _parse_source(address, path, name, file)
    except (RecursionError, MemoryError):
        raise DescendError(
            f"{path} cannot be read: an expression in it is too long or nested too deep; move its data to a "
            "file next to it."
        ) from None


def _parse_source(address: str, path: str, name: str, file: Path) -> ModelSource:
    try:
        if file.exists() and not file.is_file():
            raise UsageError(f"{path} is not a file; a model is named as path/to/model.py:NAME.")
        if file.stat().st_size > MAX_BYTES:
            raise DescendError(f"{path} is larger than {MAX_BYTES >> 20} MB, too large for a model's code.")
        tree = ast.parse(file.read_bytes(), path)
    except OSError as error:
        why = "" if isinstance(error, FileNotFoundError) else f" that can be read ({error.strerror})"
        raise UsageError(f"There is no file '{path}'{why}.") from None
    except (SyntaxError, ValueError) as error:
        where = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        what = error.msg if isinstance(error, SyntaxError) else error
        raise DescendError(f"{path}{where}: this is not Python: {what}.") from None
    names = list_defined(tree.body)
    models = [found for found, node in names.items() if looks_like_a_model(node)]
    if not name and len(models) == 1:
        name = models[0]
    if not name:
        known = ", ".join(f"{path}:{found}" for found in models[:6])
        how = (
            f"one of {known}" if models else f"{path}:NAME, a class derived from nn.Module or a function that makes one"
        )
        raise UsageError(f"Which model of {file.name}? Say {how}.")
    if name not in names and "*" not in names:
        public = [found for found in names if not found.startswith("_")]
        raise UsageError(f"{path} defines no '{name}'{suggest_nearest(name, models or public) or '.'}")
    arguments, complete = read_signature(names.get(name), names)
    config = find_config(name, arguments, names)
    if config is not None:
        del arguments[config[0]]
        further, all_known = list_settings(names[config[1]], names)
        arguments, complete = {**further, **arguments}, complete and all_known
    levels = max((node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)), default=0)
    return ModelSource(file, name, arguments, complete, config, find_makers(name, names), levels)
