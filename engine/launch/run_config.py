"""What is asked of a run, to keep and share: as a TOML file, and as the one line that asks for it again."""

from __future__ import annotations

import json
import os
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import DescendError, UsageError, suggest_nearest

if TYPE_CHECKING:
    from descend.engine.base.knobs import Knob
    from descend.engine.run.manifest import Manifest

WORDS = {"name": str, "data": str, "seed": int, "device": str, "devices": int, "knobs": dict}


@dataclass(frozen=True)
class RunConfig:
    """What to run and how. Empty or absent: what `descend run` takes without it."""

    name: str = ""
    data: str = ""
    seed: int | None = None
    device: str = ""
    devices: int = 1
    knobs: Mapping[str, Any] = field(default_factory=dict)


def make_config(manifest: Manifest) -> RunConfig:
    """The configuration of a run, with the knobs that differ from their defaults."""
    return RunConfig(
        manifest.name, manifest.data, manifest.seed, manifest.device, manifest.devices, find_changed(manifest)
    )


def find_changed(manifest: Manifest) -> dict[str, Any]:
    """Knobs that differ from their defaults; all of them if what was run is not known here."""
    from descend.engine.launch.experiment import find_specs

    specs: Mapping[str, Knob] = find_specs(manifest.name)
    return {
        name: value for name, value in manifest.knobs.items() if value != (specs[name].default if name in specs else "")
    }


def format_command(manifest: Manifest) -> str:
    """The command that makes a run of the same configuration, for a POSIX shell."""
    if manifest.parent is not None:
        words = ["fork", manifest.parent.run, "--at", str(manifest.parent.step)]
        recipe = RunConfig(knobs=find_changed(manifest))
    else:
        recipe = make_config(manifest)
        words = ["run", recipe.name, *(["--data", recipe.data] if needs_data(manifest) else [])]
    for name, value in recipe.knobs.items():
        words += ["--set", f"{name}={value}"]
    if manifest.parent is None:
        words += ["--seed", str(manifest.seed)] if manifest.seed else []
        words += ["--device", manifest.device] if manifest.device != "auto" else []
        words += ["--devices", str(manifest.devices)] if manifest.devices != 1 else []
    return shlex.join(["descend", *words])


def needs_data(manifest: Manifest) -> bool:
    """Whether the data has to be named: a lesson's own goes without saying."""
    from descend.engine.launch.experiment import Training, find

    try:
        chosen = find(manifest.name)
    except DescendError:
        return bool(manifest.data)
    return bool(manifest.data) and (isinstance(chosen, Training) or manifest.data != next(iter(chosen.data), ""))


def save_config(manifest: Manifest, file: Path) -> None:
    """Write the configuration of ``manifest`` to ``file``, whole or not at all; paths below its folder become relative.

    Raises:
        UsageError: ``file`` is there and holds no configuration.
        DescendError: it cannot be written.
    """
    if file.exists():
        try:
            load_config(file)
        except UsageError:
            raise UsageError(f"{file} exists already and holds no configuration; choose another name.") from None
    recipe, folder = make_config(manifest), file.absolute().parent
    lines = [f"name = {format_string(make_relative(recipe.name, folder))}"]
    if needs_data(manifest):
        lines.append(f"data = {format_string(make_relative(recipe.data, folder))}")
    lines += [f"seed = {recipe.seed}", f"device = {format_string(recipe.device)}"]
    if recipe.devices != 1:
        lines.append(f"devices = {recipe.devices}")
    if recipe.knobs:
        lines += [
            "",
            "[knobs]",
            *(f"{format_string(name)} = {format_value(value)}" for name, value in recipe.knobs.items()),
        ]
    beside = file.with_name(f".{os.getpid()}.new")
    try:
        beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise DescendError(f"The configuration cannot be written to {file}: {error.strerror}.") from None


def load_config(file: Path) -> RunConfig:
    """Read a configuration; paths in it are looked up from its folder.

    Raises:
        UsageError: there is no such file, or it is not a configuration; the sentence says where.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"The configuration {file} cannot be read: {error.strerror}.") from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise UsageError(f"{file} is not a configuration file: {str(error).rstrip('.')}.") from None
    for word, value in content.items():
        if word not in WORDS:
            raise UsageError(f"{file} has a '{word}', unknown in a configuration{suggest_nearest(word, WORDS) or '.'}")
        if not isinstance(value, WORDS[word]) or isinstance(value, bool):
            kind = {str: "text in quotes", int: "a whole number", dict: "a table, [knobs]"}[WORDS[word]]
            raise UsageError(f"In {file}, {word} should be {kind}.")
    for name, value in content.get("knobs", {}).items():
        if not isinstance(value, (bool, int, float, str)):
            raise UsageError(f"In {file}, the knob {name} should be a number, true, false or text in quotes.")
    folder = file.absolute().parent
    return RunConfig(
        name=resolve_path(content.get("name", ""), folder),
        data=resolve_path(content.get("data", ""), folder),
        seed=content.get("seed"),
        device=content.get("device", ""),
        devices=content.get("devices", 1),
        knobs=content.get("knobs", {}),
    )


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
