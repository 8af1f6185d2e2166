"""``descend show PATH.py:NAME``: what a model of the user's own consists of. Its file is run for that."""

from __future__ import annotations

import argparse
import contextlib
import inspect
import json
import sys
import warnings
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.sanitize import clean
from descend.engine.cli import output
from descend.engine.cli.arguments import parse_knob_values

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

    from descend.datasets.data_shape import DataShape
    from descend.datasets.preparation import Preparation
    from descend.engine.base.knobs import KnobSet
    from descend.engine.launch.experiment import Training
    from descend.engine.train.model_source import ModelSource


def show(arguments: argparse.Namespace) -> int:
    """Print the model's arguments and layers, or one JSON object; with ``--data`` also the shapes that pass them.

    Raises:
        DescendError: it cannot be built, or does not take such data.
    """
    from descend.engine.launch import experiment
    from descend.engine.train import model_source
    from descend.engine.train.model_error import ModelError

    found = model_source.find_source(arguments.run)
    training = experiment.make_own_training(found)
    knobs = training.knobs.parse(parse_knob_values(arguments.settings))
    shape = prepared = None
    if arguments.data:
        from descend.datasets import catalogue
        from descend.datasets.preparation import outline_dataset

        spec = catalogue.find(arguments.data)
        shape, prepared = spec.shape, outline_dataset(spec)
        training.check(knobs, spec)
    try:
        with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            facts = examine_model(found, knobs, prepared)
    except ModelError as error:
        raise DescendError(" ".join([str(error), *error.advice])) from None
    if arguments.json:
        print(json.dumps({"name": found.address, "data": arguments.data, **facts}))
    else:
        print_text(training, found, knobs, shape, facts)
    return 0


def examine_model(found: ModelSource, knobs: KnobSet, prepared: Preparation | None) -> dict[str, Any]:
    """The model's layers and sums. Its parts are found by building it, the shapes that pass through it by calling it.

    Raises:
        Unfit: it cannot be built or called.
        UsageError: it can only be built for data, and none is given.
    """
    from dataclasses import asdict

    import torch

    from descend.engine.train import layer_list, own_model, sanity_check
    from descend.engine.train.forward_targets import choose_precision
    from descend.engine.train.overriding import check_methods
    from descend.engine.train.settings import TrainKnobs

    values = knobs.values()
    taken = TrainKnobs.specs
    given = {name: value for name, value in values.items() if name in found.arguments or name not in taken}
    context, repeat = int(values["context"]), values["objective"] == "reconstruction"
    torch.manual_seed(0)
    net, notes = own_model.build_model(found, given, prepared, context, repeat)
    check_methods(net, found.file)
    facts: dict[str, Any] = {"description": find_description(net), "arguments": given, "notes": notes}
    if prepared is None:
        if sanity_check.is_lazy(net):
            raise UsageError("Some layers of this model take their shapes from the data; say --data NAME or PATH.")
        layers = layer_list.list_parts(net)
    else:
        shape = prepared.shape
        size = shape.size or (context,)
        x = torch.zeros(2, *size, dtype=torch.int64 if shape.kind == "text" else torch.float32)
        net.eval()
        with torch.no_grad():
            choose_precision(net, lambda: accepts_input(net, x, found.file))
            sanity_check.run_forward(net, x, found.file)
            if any(isinstance(module, torch.jit.ScriptModule) for module in net.modules()):
                notes.append("It accepts such data; a torch.jit script does not show what passes through its layers.")
                layers = layer_list.list_parts(net)
            else:
                try:
                    layers = layer_list.list_layers(net, x := x[:1].clone())
                except (Exception, SystemExit):  # some models need two samples
                    layers = layer_list.list_layers(net, x := torch.cat([x, x]))
                multiply_adds = sum(layer.multiply_adds for layer in layers) // len(x)
                facts |= {"input": tuple(x.shape), "multiply_adds": multiply_adds}
    return {
        **facts,
        "layers": [asdict(layer) for layer in layers],
        "names": [name for name, _ in net.named_parameters(remove_duplicate=False)],
        "parameters": sum(layer.parameters for layer in layers),
        "bytes": layer_list.count_weight_bytes(net),
    }


def accepts_input(net: nn.Module, x: Tensor, file: Path) -> bool:
    """Whether ``net`` can be called with ``x``."""
    from descend.engine.train import sanity_check
    from descend.engine.train.model_error import ModelError

    try:
        sanity_check.run_forward(net, x, file)
    except ModelError:
        return False
    return True


def find_description(net: nn.Module) -> str:
    """The first paragraph of what its author says of the class; nothing if it is torch's own."""
    own = type(net).__dict__.get("__doc__") if not type(net).__module__.startswith("torch.") else None
    return inspect.cleandoc(own).partition("\n\n")[0].replace("\n", " ") if own else ""


def print_text(
    training: Training, found: ModelSource, knobs: KnobSet, shape: DataShape | None, facts: dict[str, Any]
) -> None:
    """The model as text."""
    from rich.table import Table
    from rich.text import Text

    from descend.engine.base.units import format_size
    from descend.engine.cli.show_model import draw_layers, format_shape
    from descend.engine.train.layer_list import LayerCall

    console = output.make_console()
    console.print(Text(clean(training.title), style="bold"))
    if facts["description"]:
        console.print(Text(clean(facts["description"])))
    console.print()
    if facts["arguments"]:
        table = Table("argument", "given", "", box=None, pad_edge=False)
        for name, value in facts["arguments"].items():
            table.add_row(Text(clean(name)), Text(clean(str(value))), Text(clean(knobs.specs[name].help)))
        console.print(table)
        console.print()
    for note in facts["notes"]:
        console.print(Text(clean(note)))
    passed = "input" in facts
    if passed:
        samples = "one sample" if facts["input"][0] == 1 else "two samples"
        console.print(Text(f"For {clean(str(shape))}; {samples} of {format_shape(facts['input'][1:])}:\n"))
    layers = [LayerCall(**layer) for layer in facts["layers"]]
    console.print(draw_layers(layers, shapes=passed))
    sums = f"{facts['parameters']:,} parameters, {format_size(facts['bytes'])} of weights"
    if shape is not None and not passed:
        console.print(Text(f"\n{sums}."))
    elif not passed:
        console.print(Text(f"\n{sums}. With --data NAME or PATH also the shapes that pass through its layers."))
    else:
        console.print(Text(f"\n{sums}; {facts['multiply_adds']:,} multiply-adds a sample."))
