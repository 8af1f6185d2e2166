"""What a model is: one module in ``engine/models`` that defines ``MODEL`` and whose docstring describes it.

The docstring's first line is the model's name as people write it; the first paragraph after it says what it is, the
rest how large it gets. Dropping a file in adds the model everywhere. Heavy imports (torch) belong inside ``build``, so
that the catalogue of all models loads at once; what several models are made of is in ``engine/models/parts``.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

from descend.datasets.data_shape import DataShape
from descend.engine.base.errors import UsageError, suggest_nearest
from descend.engine.base.knobs import KnobSet, knob

if TYPE_CHECKING:
    from torch import nn

__all__ = ["DataShape", "KnobSet", "Model", "find_model", "knob", "list_models"]

FAMILIES = ("linear", "mlp", "cnn", "rnn", "transformer", "autoencoder", "torchvision")
SIZES = re.compile(r"(?s)^    .*(\d{3}|\d,\d|together)")
"""A paragraph of a description, indented, that states how large the model is."""
GIVEN = {"image": "images", "table": "tables", "text": "text"}
WANTED = {
    "classification": "classes",
    "labels": "labels",
    "regression": "numbers",
    "language": "the next character",
}


@dataclass(frozen=True, eq=False)
class Model:
    """A model as its author declares it; the catalogue fills in ``name``, ``title``, ``description`` and ``module``.

    A module that ``build`` returns takes images (n, channels, height, width) and tables (n, features) as floats, text
    (n, t) as int64 indices. It returns scores before any softmax or sigmoid: logits (n, classes) or (n, labels),
    numbers (n, targets), logits of the next character at every place (n, t, vocabulary); or a reconstruction, of the
    input's shape.
    """

    family: str
    """One of `FAMILIES`."""
    build: Callable[[Any, DataShape], nn.Module]
    """``build(knobs, shape)``: the module with fresh random weights, drawn from torch's generator."""
    knobs: type[KnobSet]
    """A class of knobs, see `descend.engine.base.knobs`. Architecture only."""
    kinds: tuple[str, ...]
    """Kinds of data it takes: image, table, text."""
    tasks: tuple[str, ...]
    """What it can learn: classification, labels, regression, language; or reconstruction, for which any data will
    do."""
    reference: DataShape
    """The data for which ``parameters`` holds."""
    parameters: int
    """Number of trainable parameters with the default knobs at the reference shape."""
    min_side: int = 1
    """Smallest height and width of an image."""
    because: str = ""
    """Why it takes only these kinds of data, to follow a colon."""
    weights: str = ""
    """torchvision's name of the weights that ``pretrained=imagenet`` means, if it has such a knob."""
    parts: tuple[str, ...] = ()
    """The first parts of its parameters' names, in order, where they are the same whatever the knobs and the data."""
    head: str = ""
    """Its last layer, which pretrained weights need not fit."""
    sources: tuple[str, ...] = ()
    name: str = field(default="", compare=False)
    title: str = ""
    description: str = ""
    module: str = ""

    @property
    def summary(self) -> str:
        """The first paragraph of the description."""
        return self.description.partition("\n\n")[0].replace("\n", " ")

    def about(self, shape: DataShape | None, values: Mapping[str, object]) -> str:
        """The description; without the sizes in it if those are of other data than that of ``shape``, or of other
        knobs."""
        if self.is_reference(shape, values):
            return self.description
        return "\n\n".join(part for part in self.description.split("\n\n") if not SIZES.search(part))

    def is_reference(self, shape: DataShape | None, values: Mapping[str, object]) -> bool:
        """Whether ``parameters`` holds for such data with the knobs so, of which only the model's own count."""
        own = {name: spec.default for name, spec in self.knobs.specs.items()}
        return shape == self.reference and all(
            str(values.get(name, usual)) == str(usual) for name, usual in own.items()
        )

    def fits(self, shape: DataShape) -> str:
        """Nothing if the model can learn from data of that shape, else one sentence that says why not."""
        if shape.kind not in self.kinds:
            takes = " and ".join(GIVEN[kind] for kind in self.kinds)
            reason = f": {self.because}" if self.because else ""
            return f"{self.title} takes {takes}, not {GIVEN[shape.kind]}{reason}."
        if "reconstruction" not in self.tasks and shape.task not in self.tasks:
            *most, last = (WANTED[task] for task in self.tasks)
            learns = " or ".join(filter(None, (", ".join(most), last)))
            return f"{self.title} predicts {learns}, not {WANTED[shape.task]}."
        if shape.kind == "image" and min(shape.size[1:]) < self.min_side:
            side, (_, height, width) = self.min_side, shape.size
            return f"{self.title} needs images of at least {side} × {side} pixels; these are {height} × {width}."
        return ""


def list_models() -> dict[str, Model]:
    """All models by name, the simplest families first, by size within each."""
    return dict(_load_catalogue())


def find_model(name: str) -> Model:
    """The model called ``name``; ``_`` may stand for ``-``.

    Raises:
        UsageError: there is no such model; the sentence names the nearest.
    """
    known = _load_catalogue()
    if model := known.get(name.lower().replace("_", "-")):
        return model
    raise UsageError(f"There is no model '{name}'{suggest_nearest(name, known) or '; see `descend list models`.'}")


@functools.cache
def _load_catalogue() -> dict[str, Model]:
    package = importlib.import_module("descend.engine.models")
    names = [module.name for module in pkgutil.iter_modules(package.__path__) if not module.ispkg]
    found = [_complete_model(importlib.import_module(f"{package.__name__}.{name}")) for name in names]
    found.sort(key=lambda model: (FAMILIES.index(model.family), model.parameters))
    return {model.name: model for model in found}


def _complete_model(module: ModuleType) -> Model:
    """The model of ``module``, completed from its docstring and file name (``simple_cnn.py`` → ``simple-cnn``)."""
    title, _, description = inspect.cleandoc(module.__doc__ or "").partition("\n")
    model: Model = module.MODEL
    return replace(
        model,
        name=module.__name__.rpartition(".")[2].replace("_", "-"),
        title=title.strip().rstrip("."),
        description=description.strip(),
        module=module.__name__,
    )
