"""A model of the user's own: its file is imported and the module built. Only a worker does this, for a run that was
asked for by that file's name."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import os
import random
import re
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from descend.datasets.preparation import Preparation
from descend.engine.base.errors import join_names, suggest_nearest
from descend.engine.base.sanitize import clean
from descend.engine.train.config_object import gather_arguments, list_fields, read_signature
from descend.engine.train.input_division import divide_inputs
from descend.engine.train.input_groups import InputGroup, divide_columns, make_group, read_forward
from descend.engine.train.input_sizes import infer_sizes
from descend.engine.train.model_arguments import INPUTS, Argument, infer_arguments, parse_literal
from descend.engine.train.model_error import ModelError
from descend.engine.train.model_source import ModelSource
from descend.engine.train.remedies import suggest_remedy
from descend.engine.train.settings import RunKnobs, TrainKnobs

DESCEND = tuple({f"{path.parents[1]}{os.sep}" for path in (Path(__file__), Path(__file__).resolve())})
"""Where the engine is; the user's code may lie above that."""


def build_model(
    source: ModelSource,
    values: Mapping[str, Any],
    prepared: Preparation | None,
    context: int,
    reconstruct: bool = False,
) -> tuple[nn.Module, list[str]]:
    """The module, and sentences on which arguments were filled in from the data.

    Its file's other effects, such as set seeds, a default type or the words of a command line, are undone.

    Args:
        values: knobs that are arguments of the model, as text; empty for the default.
        prepared: what is known of the data; None if there is none.
        reconstruct: whether it should return its input.

    Raises:
        Unfit: it cannot be imported or built; the sentence says where.
    """
    with undo_import(source.file):
        chances = random.getstate(), np.random.get_state(), torch.get_rng_state()
        made = import_source(source)
        random.setstate(chances[0])
        np.random.set_state(chances[1])
        torch.set_rng_state(chances[2])
        net, notes = _build(made, source, values, prepared, context, reconstruct)
    return net, [*notes, *(divide_inputs(net, prepared) if prepared is not None else [])]


@contextmanager
def undo_import(file: Path) -> Iterator[None]:
    """Undo what an import of ``file`` may change for all of the process; a command line it reads has no arguments."""
    words, kind, device, seed = sys.argv, torch.get_default_dtype(), torch.get_default_device(), torch.initial_seed()
    threads, gradients = torch.get_num_threads(), torch.is_grad_enabled()
    folder, signals = os.getcwd(), {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    sys.argv = [str(file)]
    try:
        with warnings.catch_warnings():
            yield
    finally:
        sys.argv = words
        os.chdir(folder)
        for number, handler in signals.items():
            if signal.getsignal(number) is not handler and threading.current_thread() is threading.main_thread():
                signal.signal(number, handler)
        torch.set_default_dtype(kind)
        if torch.get_default_device() != device:
            torch.set_default_device(None)
        torch.set_num_threads(threads)
        torch.set_grad_enabled(gradients)
        if torch.initial_seed() != seed:
            torch.manual_seed(seed)


def _build(
    made: Any,
    source: ModelSource,
    values: Mapping[str, Any],
    prepared: Preparation | None,
    context: int,
    reconstruct: bool,
) -> tuple[nn.Module, list[str]]:
    if isinstance(made, nn.Module):
        if refused := [name for name, value in values.items() if value]:
            raise ModelError(f"{source.name} in {source.file.name} is a module already, without argument {refused[0]}.")
        return convert_to_single(made)
    if not callable(made):
        raise ModelError(
            f"{source.name} in {source.file.name} is of type {type(made).__name__}; a model is a class derived from "
            "nn.Module, or a function that returns one."
        )
    names = vars(sys.modules[made.__module__]) if made.__module__ in sys.modules else {}
    config = names.get(source.config[1]) if source.config is not None else None
    arguments = find_arguments(made, source)
    if config is not None and source.config is not None:
        arguments.pop(source.config[0], None)
        arguments = {**list_fields(config, source.arguments), **arguments}
    given: dict[str, Any] = {}
    for setting, text in values.items():
        if text:
            name = setting.removeprefix("model.")
            given[name] = evaluate_argument(arguments.get(name), str(text), names)
    found = infer_from_data(made, arguments, given, prepared, context, reconstruct) if prepared is not None else {}
    anything = config is not None and read_signature(config)[1]
    check_arguments(made, source, arguments, {**found, **given}, prepared is not None, anything)
    try:
        words = {**found, **given}
        if config is not None and source.config is not None:
            words = gather_arguments(source.config[0], config, words, set(find_arguments(made, source)))
        net = made(**words)
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        raise ModelError(
            f"{source.name} could not be built: {describe_cause(error)}{find_line(error, source.file)}.",
            suggest_remedy(error),
            f"It was called with {format_call({**found, **given})}; --set NAME=VALUE changes that.",
        ) from None
    if not isinstance(net, nn.Module):
        raise ModelError(f"{source.name} returned an object of type {type(net).__name__}, not the module itself.")
    net, notes = convert_to_single(net)
    return net, [*([f"Taken from the data: {format_call(found)}."] if found else []), *notes]


def infer_from_data(
    made: Callable[..., Any],
    arguments: Mapping[str, Argument],
    given: Mapping[str, Any],
    prepared: Preparation,
    context: int,
    reconstruct: bool,
) -> dict[str, Any]:
    """Arguments that were not given and the data determines.

    Raises:
        ModelError: a class's forward takes inputs that do not fit the data.
    """
    found = infer_arguments(arguments, given, prepared.shape, context, reconstruct)
    groups: list[InputGroup] = []
    if isinstance(made, type) and issubclass(made, nn.Module):
        groups = divide_columns(read_forward(made.forward, method=True), prepared)
    elif prepared.inputs:  # of what a function makes, forward is not known yet
        groups = [make_group(name, columns, prepared) for name, columns in prepared.inputs.items()]
    if not groups:
        return found
    found = {name: value for name, value in found.items() if not INPUTS.fullmatch(name.lower())}  # not of all columns
    return found | infer_sizes(arguments, given, groups)


def convert_to_single(net: nn.Module) -> tuple[nn.Module, list[str]]:
    """``net`` with weights in single precision and without torch.compile; a sentence on each change.

    Raises:
        Unfit: it has weights without values.
    """
    net, notes = remove_compilation(net)
    if empty := [name for name, tensor in (*net.named_parameters(), *net.named_buffers()) if tensor.is_meta]:
        raise ModelError(
            f"{clean(empty[0])[:80]} has no values, as it was made on the device 'meta'.",
            "Leave out device='meta' and torch.set_default_device('meta').",
        )
    others = {
        str(tensor.dtype).removeprefix("torch.")
        for tensor in net.parameters()
        if tensor.is_floating_point() and tensor.dtype != torch.float32
    }
    if not others:
        return net, notes
    return net.float(), [*notes, f"The model's weights were {' and '.join(sorted(others))}; they are float32 here."]


def remove_compilation(net: nn.Module) -> tuple[nn.Module, list[str]]:
    """``net`` with the modules that torch.compile wrapped, unwrapped, and a sentence if there were any."""
    if not any(map(is_compiled, nn.Module.modules(net))):
        return net, []
    net = get_original(net)
    for path, part in list(nn.Module.named_modules(net, remove_duplicate=False)):
        owner, _, name = path.rpartition(".")
        if is_compiled(part) and not is_compiled(net.get_submodule(owner)):
            nn.Module.__setattr__(net.get_submodule(owner), name, get_original(part))
    return net, ["Its torch.compile is left out; --set compile=true compiles the whole model."]


def is_compiled(module: nn.Module) -> bool:
    """Whether ``module`` is what torch.compile makes of a module."""
    return type(module).__name__ == "OptimizedModule" and type(module).__module__.startswith("torch.")


def get_original(module: nn.Module) -> nn.Module:
    """The module that torch.compile made ``module`` of, or itself."""
    while is_compiled(module):
        module = next(nn.Module.children(module))
    return module


def evaluate_argument(argument: Argument | None, text: str, names: Mapping[str, Any]) -> Any:
    """What an argument is given for ``text``; what the model's file calls so, as ``nn.ReLU``, is meant itself."""
    value = argument.value(text) if argument is not None else parse_literal(text)
    first, *rest = text.split(".")
    if value != text or (argument is not None and argument.kind == "str") or first not in names:
        return value
    try:
        return functools.reduce(getattr, rest, names[first])
    except AttributeError:
        return value


def import_source(source: ModelSource) -> Any:
    """What is called so in the file, which is imported as part of its package if it is in one.

    Raises:
        Unfit: importing it fails, or it has nothing of that name.
    """
    root, parts = source.file.parent, [source.file.stem]
    levels = source.levels  # a folder without __init__.py is a package nevertheless where its files say `from .parts`
    while root.name.isidentifier() and ((root / "__init__.py").exists() or len(parts) <= levels):
        parts.insert(0, root.name)
        root = root.parent
    name = ".".join(parts)
    sys.path.insert(0, str(root))  # so that it finds what is next to it
    try:
        while True:
            try:
                if name in sys.modules or not all(part.isidentifier() for part in parts):  # json.py, my-model.py
                    words = "".join(c if c.isalnum() else "_" for c in name)
                    module = load_module(source.file, f"descend_own_model_{words}")
                else:
                    module = importlib.import_module(name)
                break
            except ModuleNotFoundError as error:
                if (above := find_package_folder((error.name or "").partition(".")[0], source.file)) is None:
                    raise
                sys.path.append(str(above))
                importlib.invalidate_caches()
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        where = find_line(error, source.file) or f" ({source.file.name})"
        raise ModelError(
            f"{source.file.name} needs the package '{package}', which is not installed{where}.",
            f"Install it alongside descend, as with `uv pip install {package}`, or put {package}.py next to the file.",
        ) from None
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        raise ModelError(
            f"{source.file.name} cannot be imported: {describe_cause(error)}{find_line(error, source.file)}.",
            suggest_remedy(error)
            or "If that line is no part of the model, such as one that loads data or trains, put it below "
            "`if __name__ == '__main__':`.",
        ) from None
    try:
        return getattr(module, source.name)
    except AttributeError:
        raise ModelError(
            f"{source.file.name} defines no '{source.name}'{suggest_nearest(source.name, vars(module)) or '.'}"
        ) from None


def find_package_folder(package: str, file: Path) -> Path | None:
    """The nearest folder above ``file`` with such a package or module that is not searched yet; None if none has."""
    for folder in list(file.parents)[1:5]:
        if ((folder / package).is_dir() or (folder / f"{package}.py").is_file()) and str(folder) not in sys.path:
            return folder
    return None


def load_module(file: Path, name: str) -> Any:
    """A module from a file whose own name is taken, or cannot be one."""
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def find_arguments(made: Callable[..., Any], source: ModelSource) -> dict[str, Argument]:
    """The arguments of what makes the model, if they are known."""
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
    made: Callable[..., Any],
    source: ModelSource,
    arguments: Mapping[str, Argument],
    given: Mapping[str, Any],
    with_data: bool = True,
    anything: bool = False,
) -> None:
    """Say which argument is missing or unknown.

    Raises:
        Unfit: one is.
    """
    try:
        parameters = inspect.signature(made).parameters.values()
    except (ValueError, TypeError):
        return
    if not anything and not any(parameter.kind == parameter.VAR_KEYWORD for parameter in parameters):
        for name in given:
            if name not in arguments:
                raise ModelError(f"{source.name} takes no argument '{name}'{suggest_nearest(name, arguments) or '.'}")
    if missing := [name for name, argument in arguments.items() if argument.stated is None and name not in given]:
        sets = " ".join(f"--set {name_knob(name)}=VALUE" for name in missing)
        tells = "which the data does not determine; say" if with_data else "which --data NAME may determine; or say"
        write = f"Or write a function in {source.file.name} that returns the model, and name that."
        if source.makers:
            write = f"Or name one that builds the model without it: {', '.join(source.makers[:6])}."
        raise ModelError(f"{source.name} needs {join_names(missing)}, {tells} {sets}.", write)


def format_call(arguments: Mapping[str, Any]) -> str:
    """Arguments as they are written in a call."""
    return clean(", ".join(f"{name}={value!r}" for name, value in arguments.items())) or "no arguments"


def describe_late_error(error: BaseException, source: ModelSource, step: int, doing: str = "") -> ModelError | None:
    """What to say of an ``error`` in the user's code after the model had been tried; None if it is from elsewhere.

    Args:
        doing: what was done with the model just then, as ``as its gradient was taken``; whatever is raised then is
            the model's.
    """
    where = find_line(error, source.file)
    if not where and not doing:
        return None
    traceback.print_exception(error)
    return ModelError(
        f"The model failed at step {step}{where}{'' if where else f', {doing}'}: {describe_cause(error)}.",
        suggest_remedy(error),
        "Before, it worked with two samples; batches have more, the last of an epoch and evaluations other numbers.",
    )


def name_knob(argument: str) -> str:
    """What the knob of an argument is called: ``model.NAME`` if a training knob has its name."""
    return f"model.{argument}" if argument in {*TrainKnobs.specs, *RunKnobs.specs} else argument


def describe_cause(error: BaseException) -> str:
    """The kind of an exception and what it says; of one without a message, the line of code that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    code = frames[-1].line if frames and not str(error).strip() else ""
    return f"{type(error).__name__}{f' of `{clean(code)}`' if code else f': {find_first_line(error)}'}"


def find_first_line(error: BaseException) -> str:
    """What an exception says, in one line without the full stop."""
    lines = str(error).partition(". Please check that")[0].strip().splitlines()
    if lines and "TorchScript" in lines[0]:
        lines = lines[-1:]
    return clean(lines[0] if lines else "it gives no reason").rstrip(" .:")


def find_line(error: BaseException, file: Path) -> str:
    """Where in the user's code it was raised, as `` (model.py, line 3)``; nothing if that is not known."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({Path(error.filename).name}, line {error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    mine = [(frame.filename, frame.lineno) for frame in frames]
    if "TorchScript" in str(error):  # whose own lines are only in its words
        mine += [(code, int(line)) for code, line in re.findall(r'File "(.+?)", line (\d+)', str(error))]
    mine = [(code, line) for code, line in mine if is_own(code, file)]
    return f" ({Path(mine[-1][0]).name}, line {mine[-1][1]})" if mine else ""


def is_own(code: str, file: Path) -> bool:
    """Whether the code of that file name is the user's, whose model is in ``file``: in its folder, or below."""
    if code == str(file):
        return True
    return code.startswith(f"{file.parent}{os.sep}") and "site-packages" not in code and not code.startswith(DESCEND)
