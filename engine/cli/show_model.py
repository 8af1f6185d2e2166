"""``descend show MODEL``: the parts of a model of the zoo; for the user's own, see `descend.engine.cli.own_model`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import UsageError, suggest_nearest
from descend.engine.base.sanitize import clean
from descend.engine.base.units import format_size
from descend.engine.cli import output
from descend.engine.cli.arguments import parse_knob_values

if TYPE_CHECKING:
    from descend.datasets.data_shape import DataShape
    from descend.engine.base.knobs import KnobSet
    from descend.engine.train.layer_list import LayerCall
    from descend.engine.train.model_form import Model


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare what only a model takes."""
    command.add_argument("--data", default="", metavar="NAME|PATH", help="of a model: the dataset it should fit")
    command.add_argument(
        "--set", action="append", default=[], metavar="KNOB=VALUE", help="of a model: set a knob", dest="settings"
    )


def is_model(arguments: argparse.Namespace) -> bool:
    """Whether the word is the whole name of a model, or a file; a run of that name is found by more of its id.

    Raises:
        UsageError: it is not, and yet there are options for a model.
    """
    from descend.engine.train.model_form import find_model, list_models
    from descend.engine.train.model_source import is_address

    if is_address(arguments.run):
        return True
    if arguments.run.lower().replace("_", "-") in list_models():
        return True
    if arguments.data or arguments.settings:
        try:
            find_model(arguments.run)
        except UsageError as error:
            raise UsageError(f"--data and --set are for models. {error}") from None
    return False


def suggest(word: str, runs: list[str]) -> None:
    """Do nothing unless ``word`` is like the name of a model, and in none of ``runs``.

    Raises:
        UsageError: it is; the sentence names the model.
    """
    from descend.engine.train.model_form import list_models

    if (hint := suggest_nearest(word, list_models())) and not any(word in run for run in runs):
        raise UsageError(f"There is neither a run nor a model '{word}'{hint}") from None


def show(arguments: argparse.Namespace) -> int:
    """Print the model's description, knobs and layers, or one JSON object."""
    from descend.engine.cli import own_model
    from descend.engine.train.model_form import find_model
    from descend.engine.train.model_source import is_address

    if is_address(arguments.run):
        return own_model.show(arguments)
    model = find_model(arguments.run)
    shape, knobs = model.reference, model.knobs.parse(parse_knob_values(arguments.settings))
    if arguments.data:
        from descend.datasets import catalogue

        shape = catalogue.find(arguments.data).shape
        if why := model.fits(shape):
            raise UsageError(why)
    facts = examine_model(model, knobs, shape)
    if arguments.json:
        print(json.dumps(make_object(model, knobs, shape, facts, arguments.data)))
    else:
        print_text(model, knobs, shape, facts)
    return 0


def examine_model(model: Model, knobs: KnobSet, shape: DataShape) -> dict[str, Any]:
    """The model's layers, the shapes that go in and come out, and the sums; nothing is computed for it."""
    import torch

    from descend.engine.train import layer_list

    with torch.device("meta"):
        net = model.build(knobs, shape)
        x = layer_list.make_example(shape, net)
        layers = layer_list.list_layers(net, x)
    return {
        "input": tuple(x.shape),
        "layers": layers,
        "names": [name for name, _ in net.named_parameters(remove_duplicate=False)],
        "parameters": sum(layer.parameters for layer in layers),
        "multiply_adds": sum(layer.multiply_adds for layer in layers),
        "bytes": layer_list.count_weight_bytes(net),
    }


def make_object(model: Model, knobs: KnobSet, shape: DataShape, facts: dict[str, Any], data: str) -> dict[str, Any]:
    """Everything `show` prints."""
    from dataclasses import asdict

    return {
        "name": model.name,
        "title": model.title,
        "family": model.family,
        "description": model.about(shape, knobs.values()),
        "kinds": model.kinds,
        "tasks": model.tasks,
        "sources": model.sources,
        "data": data,
        "knobs": knobs.values(),
        **facts,
        "layers": [asdict(layer) for layer in facts["layers"]],
    }


def print_text(model: Model, knobs: KnobSet, shape: DataShape, facts: dict[str, Any]) -> None:
    """The model as text."""
    from rich.table import Table
    from rich.text import Text

    console = output.make_console()
    console.print(Text(model.title, style="bold"))
    for paragraph in model.about(shape, knobs.values()).split("\n\n"):
        console.print(Text(paragraph if paragraph.startswith(" ") else paragraph.replace("\n", " ")))
        console.print()
    if knobs.specs:
        table = Table("knob", "value", "range", "", box=None, pad_edge=False)
        for name, value in knobs.values().items():
            table.add_row(name, Text(clean(format_value(value))), knobs.specs[name].describe(), knobs.specs[name].help)
        console.print(table)
        console.print()
    console.print(Text(f"For {clean(str(shape))}; one sample of {format_shape(facts['input'][1:])}:\n"))
    console.print(draw_layers(facts["layers"]))
    sums = f"{facts['parameters']:,} parameters, {format_size(facts['bytes'])} of weights"
    console.print(Text(f"\n{sums}; {facts['multiply_adds']:,} multiply-adds a sample."))
    for source in model.sources:
        console.print(Text(source))
    console.print(Text(f"\n{suggest_command(model.name, model.fits)}"))


def suggest_command(name: str, fits: Callable[[DataShape], str]) -> str:
    """A command that trains it, on the first dataset it can learn from."""
    from descend.datasets import catalogue

    known = ["digits", *catalogue.list_names()]
    data = next((other for other in known if not fits(catalogue.find(other).shape)), "NAME")
    return f"Train it: descend run {name} --data {data}; `descend run --help` lists the knobs of the training."


def draw_layers(layers: list[LayerCall], shapes: bool = True) -> Any:
    """A line for each layer; ``shapes``: with the shapes that pass through it."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("layer", overflow="fold")
    table.add_column("type", overflow="fold", max_width=30)
    if shapes:
        table.add_column("output", overflow="fold")
    table.add_column("parameters", justify="right")
    if shapes:
        table.add_column("multiply-adds", justify="right")
    for layer in layers:
        output = "not passed" if layer.output is None else format_shape(layer.output)
        parameters = f"{layer.parameters:,}" if layer.parameters else "shared" if layer.shared else ""
        names = Text(clean(layer.path)), Text(clean(layer.type))
        sums = f"{layer.multiply_adds:,}".removeprefix("0")
        table.add_row(*names, *((output, parameters, sums) if shapes else (parameters,)))
    return table


def format_shape(shape: tuple[int, ...]) -> str:
    """``1 × 28 × 28``."""
    return " × ".join(map(str, shape))


def format_value(value: object) -> str:
    """A knob's value."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
