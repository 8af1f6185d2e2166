"""A model of the user's own: its file is imported and the module built. Only a worker does this, for a run that was
asked for by that file's name."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from descend.datasets.shape import Shape
from descend.engine.errors import nearest
from descend.engine.text import clean
from descend.engine.train.arguments import Argument, filled, literal
from descend.engine.train.source import Source
from descend.engine.train.unfit import Unfit


def build(source: Source, values: Mapping[str, Any], shape: Shape, context: int) -> tuple[nn.Module, list[str]]:
    """The module, and sentences on which arguments were filled in from the data.

    Args:
        values: knobs that are arguments of the model, as text; empty for the default.

    Raises:
        Unfit: it cannot be imported or built; the sentence says where.
    """
    made = imported(source)
    if isinstance(made, nn.Module):
        if refused := [name for name, value in values.items() if value]:
            raise Unfit(f"{source.name} in {source.file.name} is a module already, and takes no {refused[0]}.")
        return made, []
    if not callable(made):
        raise Unfit(
            f"{source.name} in {source.file.name} is of type {type(made).__name__}; a model is a class derived from "
            "nn.Module, or a function that returns one."
        )
    arguments = taken(made, source)
    given: dict[str, Any] = {}
    for knob, text in values.items():
        if text:
            name = knob.removeprefix("model.")
            given[name] = arguments[name].value(str(text)) if name in arguments else literal(str(text))
    found = filled(arguments, given, shape, context)
    check_arguments(made, source, arguments, {**found, **given})
    try:
        net = made(**found, **given)
    except (Exception, SystemExit) as error:
        raise Unfit(
            f"{source.name} could not be built: {type(error).__name__}: {first_line(error)}"
            f"{place(error, source.file)}.",
            f"It was called with {called({**found, **given})}; --set NAME=VALUE changes that.",
        ) from None
    if not isinstance(net, nn.Module):
        raise Unfit(f"{source.name} returned an object of type {type(net).__name__}, not the module itself.")
    notes = [f"Taken from the data: {called(found)}."] if found else []
    return net, notes


def imported(source: Source) -> Any:
    """What is called so in the file, which is imported as part of its package if it is in one.

    Raises:
        Unfit: importing it fails, or it has nothing of that name.
    """
    root, parts = source.file.parent, [source.file.stem]
    while (root / "__init__.py").exists() and root.name.isidentifier():
        parts.insert(0, root.name)
        root = root.parent
    name = ".".join(parts)
    sys.path.insert(0, str(root))  # so that it finds what lies beside it
    try:
        if name in sys.modules or not all(part.isidentifier() for part in parts):  # json.py, my-model.py
            module = loaded(source.file, f"descend_own_model_{''.join(c if c.isalnum() else '_' for c in name)}")
        else:
            module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        where = place(error, source.file) or f" ({source.file.name})"
        raise Unfit(
            f"{source.file.name} needs the package '{package}', which is not installed{where}.",
            f"Install it beside descend, as with `uv pip install {package}`, or put {package}.py beside the file.",
        ) from None
    except (Exception, SystemExit) as error:
        raise Unfit(
            f"{source.file.name} cannot be imported: {type(error).__name__}: {first_line(error)}"
            f"{place(error, source.file)}."
        ) from None
    try:
        return getattr(module, source.name)
    except AttributeError:
        raise Unfit(
            f"{source.file.name} defines no '{source.name}'{nearest(source.name, vars(module)) or '.'}"
        ) from None


def loaded(file: Path, name: str) -> Any:
    """A module from a file whose own name is taken, or cannot be one."""
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def taken(made: Callable[..., Any], source: Source) -> dict[str, Argument]:
    """The arguments of what makes the model, as far as they can be known."""
    try:
        parameters = inspect.signature(made).parameters.values()
    except (ValueError, TypeError):
        return dict(source.arguments)
    found = {}
    for parameter in parameters:
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            stated = None if parameter.default is parameter.empty else repr(parameter.default)
            found[parameter.name] = source.arguments.get(parameter.name) or Argument.of(parameter.name, "", stated)
    return found


def check_arguments(
    made: Callable[..., Any], source: Source, arguments: Mapping[str, Argument], given: Mapping[str, Any]
) -> None:
    """Say which argument is missing, or is none.

    Raises:
        Unfit: one is.
    """
    try:
        parameters = inspect.signature(made).parameters.values()
    except (ValueError, TypeError):
        return
    if not any(parameter.kind == parameter.VAR_KEYWORD for parameter in parameters):
        for name in given:
            if name not in arguments:
                raise Unfit(f"{source.name} takes no argument '{name}'{nearest(name, arguments) or '.'}")
    if missing := [name for name, argument in arguments.items() if argument.stated is None and name not in given]:
        sets = " ".join(f"--set {name}=VALUE" for name in missing)
        raise Unfit(f"{source.name} has to be given {' and '.join(missing)}, which the data does not tell; say {sets}.")


def called(arguments: Mapping[str, Any]) -> str:
    """Arguments as they are written in a call."""
    return clean(", ".join(f"{name}={value!r}" for name, value in arguments.items())) or "no arguments"


def first_line(error: BaseException) -> str:
    """What an exception says, in one line without the full stop."""
    lines = str(error).strip().splitlines()
    return clean(lines[0] if lines else "it does not say why").rstrip(".")


def place(error: BaseException, file: Path) -> str:
    """Where in the user's code it was raised, as `` (model.py, line 3)``; nothing if that is not known."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({Path(error.filename).name}, line {error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if Path(frame.filename).parent == file.parent]
    return f" ({Path(mine[-1].filename).name}, line {mine[-1].lineno})" if mine else ""
