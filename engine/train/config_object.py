"""A configuration object that a model takes in place of arguments, ``GPT(config)``: its fields are knobs as well."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping
from typing import Any

from descend.engine.train.model_arguments import Argument
from descend.engine.train.signature import looks_like_a_model, read_parameters

CONFIGS = ("config", "cfg", "conf", "configs", "args", "hparams", "params", "opt", "options", "settings")
"""Names that authors give to a configuration object."""


def find_config(model: str, arguments: dict[str, Argument], names: dict[str, ast.stmt]) -> tuple[str, str] | None:
    """The argument of ``model`` that is a configuration object, with the name of its class; None if there is none.

    Its annotation tells the class, or else the name does: ``GPTConfig`` for ``GPT``, or the only ``…Config`` there is.
    """
    classes = [name for name, node in names.items() if isinstance(node, (ast.ClassDef, ast.ImportFrom))]
    for name, argument in arguments.items():
        if argument.stated is not None and not argument.stated.endswith("()"):
            continue
        annotated = argument.annotation.strip("'\"").rpartition(".")[2]
        if annotated in classes and isinstance(names[annotated], ast.ClassDef):
            if not looks_like_a_model(names[annotated]):
                return name, annotated
        elif name.lower() in CONFIGS:
            likely = [
                found for found in classes if re.search("(config|args|hparams|params|options|settings)$", found, re.I)
            ]
            best = [found for found in likely if found == annotated or found.lower().startswith(model.lower())]
            if len(chosen := best or likely) == 1 or best:
                return name, chosen[0]
    return None


def list_settings(node: ast.stmt, names: dict[str, ast.stmt]) -> tuple[dict[str, Argument], bool]:
    """What an object of a configuration class can be given: as to its ``__init__``, or the names its body sets."""
    if not isinstance(node, ast.ClassDef):
        return {}, False
    found: dict[str, Argument] = {}
    complete = True
    for base in node.bases:
        above = names.get(ast.unparse(base))
        if above is not None and above is not node:
            inherited, known = list_settings(above, names)
            found, complete = {**found, **inherited}, complete and known
    for item in node.body:
        match item:
            case ast.FunctionDef(name="__init__"):
                given, known = read_parameters(item.args, method=True)
                found, complete = {**found, **given}, complete and known
            case ast.AnnAssign(target=ast.Name(id=name)) if "ClassVar" not in ast.unparse(item.annotation):
                stated = ast.unparse(item.value) if item.value is not None else None
                found[name] = Argument.of(name, ast.unparse(item.annotation), stated)
            case ast.Assign(targets=[ast.Name(id=name)]) if not name.startswith("_"):
                found[name] = Argument.of(name, "", ast.unparse(item.value))
    return found, complete


def gather_arguments(name: str, config: Any, given: Mapping[str, Any], own: set[str]) -> dict[str, Any]:
    """The arguments of a call: ``own`` ones as ``given``, all others in a ``config`` that is called ``name``."""
    others = {key: value for key, value in given.items() if key not in own}
    accepted, anything = read_signature(config)
    made = config(**{key: value for key, value in others.items() if anything or key in accepted})
    for key, value in others.items():
        if not anything and key not in accepted:
            setattr(made, key, value)
    return {name: made, **{key: value for key, value in given.items() if key in own}}


def list_fields(config: Any, known: Mapping[str, Argument]) -> dict[str, Argument]:
    """What an object of the class ``config`` can be given; ``known``: what the file's text says of them."""
    found = {name: argument for name, argument in known.items() if hasattr(config, name)}
    for name, parameter in read_signature(config)[0].items():
        stated = None if parameter.default is parameter.empty else repr(parameter.default)
        found[name] = known.get(name) or Argument.of(name, "", stated)
    return found


def read_signature(config: Any) -> tuple[dict[str, inspect.Parameter], bool]:
    """What a call of ``config`` takes by name, and whether it takes any other name too."""
    try:
        parameters = inspect.signature(config).parameters.values()
    except (ValueError, TypeError):
        return {}, False
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = {parameter.name: parameter for parameter in parameters if parameter.kind not in several}
    return named, any(parameter.kind == inspect.Parameter.VAR_KEYWORD for parameter in parameters)
