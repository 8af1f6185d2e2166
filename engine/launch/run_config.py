"""What is asked of a run, to keep and share: as a TOML file, and as the one line that asks for it again."""

from __future__ import annotations

import json
import os
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import DescendError, UsageError, suggest_nearest
from descend.engine.base.files import advise, read_user_text, replace_file, require_replaceable
from descend.engine.run.manifest import Manifest
from descend.engine.run.run_request import USUAL, RunRequest

if TYPE_CHECKING:
    from descend.engine.base.knobs import Knob

KINDS = {str: "text in quotes", int: "a whole number", dict: "a table, [knobs]"}


def find_changed(request: RunRequest) -> dict[str, Any]:
    """Knobs that differ from their defaults; all of them if what was run is not known here."""
    from descend.engine.launch.experiment import find_specs

    specs: Mapping[str, Knob] = find_specs(request.name)
    return {
        name: value for name, value in request.knobs.items() if value != (specs[name].default if name in specs else "")
    }


def format_command(request: RunRequest) -> str:
    """The command that makes a run of the same configuration, or the same fork, for a POSIX shell."""
    fork = request.parent if isinstance(request, Manifest) else None
    knobs = [word for name, value in find_changed(request).items() for word in ("--set", f"{name}={value}")]
    if fork is not None:
        return shlex.join(["descend", "fork", fork.run, "--at", str(fork.step), *knobs])
    words = ["descend", "run", request.name, *(["--data", request.data] if needs_data(request) else []), *knobs]
    for name in RunRequest.__struct_fields__:
        if name not in ("name", "data", "knobs") and (value := getattr(request, name)) != getattr(USUAL, name):
            words += [f"--{name}", str(value)]
    return shlex.join(words)


def needs_data(request: RunRequest) -> bool:
    """Whether the data has to be named: a lesson's own goes without saying."""
    from descend.engine.launch.experiment import Training, find

    try:
        chosen = find(request.name)
    except DescendError:
        return bool(request.data)
    return bool(request.data) and (isinstance(chosen, Training) or request.data != next(iter(chosen.data), ""))


def save_config(request: RunRequest, file: Path) -> None:
    """Write ``request`` to ``file``, whole or not at all; paths below its folder become relative.

    Raises:
        UsageError: ``file`` is there and holds no configuration.
        DescendError: it cannot be written.
    """
    require_replaceable(file)
    if file.exists():
        try:
            load_config(file)
        except UsageError:
            raise UsageError(f"{file} exists already and holds no configuration; choose another name.") from None
    folder, knobs = file.absolute().parent, find_changed(request)
    kept = request.override(name=make_relative(request.name, folder), data=make_relative(request.data, folder))
    left_out = {name for name in RunRequest.__struct_fields__ if getattr(kept, name) == getattr(USUAL, name)}
    left_out = (left_out | {"knobs"} | ({"data"} if not needs_data(request) else set())) - {"seed", "device"}
    lines = [
        f"{name} = {format_value(getattr(kept, name))}" for name in RunRequest.__struct_fields__ if name not in left_out
    ]
    if knobs:
        lines += ["", "[knobs]", *(f"{format_string(name)} = {format_value(value)}" for name, value in knobs.items())]
    try:
        replace_file(file, "\n".join(lines).encode() + b"\n")
    except OSError as error:
        way = advise(error, "choose another name")
        raise DescendError(f"The configuration cannot be written to {file} ({error.strerror}); {way}.") from None


def load_config(file: Path) -> RunRequest:
    """What a configuration file asks for; paths in it are looked up from its folder.

    Raises:
        UsageError: there is no such file, or it is not a configuration; the sentence says where.
    """
    try:
        content = tomllib.loads(read_user_text(file))
    except OSError as error:
        raise UsageError(f"The configuration {file} cannot be read: {error.strerror}.") from None
    except RecursionError:
        raise UsageError(f"{file} is not a configuration file: it is nested too deeply.") from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise UsageError(f"{file} is not a configuration file: {str(error).rstrip('.')}.") from None
    for word, value in content.items():
        if word not in RunRequest.__struct_fields__:
            near = suggest_nearest(word, RunRequest.__struct_fields__)
            raise UsageError(f"{file} has a '{word}', unknown in a configuration{near or '.'}")
        if type(value) is not (kind := type(getattr(USUAL, word))):
            raise UsageError(f"In {file}, {word} should be {KINDS[kind]}.")
    for name, value in content.get("knobs", {}).items():
        if not isinstance(value, (bool, int, float, str)):
            raise UsageError(f"In {file}, the knob {name} should be a number, true, false or text in quotes.")
    found, folder = USUAL.override(**content), file.absolute().parent
    return found.override(name=resolve_path(found.name, folder), data=resolve_path(found.data, folder))


def make_relative(address: str, folder: Path) -> str:
    """An absolute path below ``folder``, options and all, as seen from there; anything else as it is."""
    inside = f"{folder}{os.sep}"
    return f".{os.sep}{address.removeprefix(inside)}" if address.startswith(inside) else address


def resolve_path(address: str, folder: Path) -> str:
    """The inverse of `make_relative`."""
    here = f".{os.sep}"
    return f"{folder}{os.sep}{address.removeprefix(here)}" if address.startswith(here) else address


def format_value(value: Any) -> str:
    """A knob's value in TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format_string(value) if isinstance(value, str) else repr(value)


def format_string(words: str) -> str:
    """A basic string of TOML, which is JSON's but for one character."""
    return json.dumps(words, ensure_ascii=False).replace("\x7f", "\\u007f")
