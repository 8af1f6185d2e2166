"""What a run runs: a lesson, a model of the zoo, or a model of the user's own, behind one interface.

A name means a lesson if there is one of that name, else a model; a path to a Python file means a model in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from descend.datasets.data_shape import DataShape
from descend.engine.base.errors import DescendError, UsageError, suggest_nearest
from descend.engine.base.knobs import Knob, KnobSet
from descend.engine.base.paths import parse_path
from descend.engine.teaching import catalogue
from descend.engine.teaching.lesson import Lesson
from descend.engine.train import model_form, model_source, settings, value_checks
from descend.engine.train.model_arguments import Argument
from descend.engine.train.model_form import Model
from descend.engine.train.model_source import ModelSource

if TYPE_CHECKING:
    from descend.datasets.spec import Spec
    from descend.engine.lab.lab import Lab
    from descend.engine.run.manifest import Manifest
    from descend.engine.run.run_request import RunRequest

OWN = ("image", "table", "text"), ("classification", "labels", "regression", "language", "reconstruction")
"""Kinds of data and tasks of a model whose text alone is known."""
BEGINNINGS = ("none", "imagenet")
"""What ``pretrained`` can be besides a file."""


@dataclass(frozen=True, eq=False)
class Training:
    """A model that learns from a dataset.

    Attributes:
        name: the model's, or ``path.py:Name``, the path absolute.
        knobs: those of its architecture and of the training.
        model: of the zoo, or where the user's own is.
    """

    name: str
    title: str
    knobs: type[KnobSet]
    model: Model | ModelSource

    @property
    def data(self) -> tuple[str, ...]:
        """Datasets of the catalogue that the model can learn from."""
        from descend.datasets import catalogue as datasets

        return tuple(name for name in datasets.list_names() if not self.fits(datasets.find(name).shape))

    def fits(self, shape: DataShape) -> str:
        """Nothing if the model can learn from such data, else a sentence that says why not."""
        return self.model.fits(shape) if isinstance(self.model, Model) else ""

    def check(self, values: KnobSet, spec: Spec) -> None:
        """Check that the model and the knobs suit the data.

        Raises:
            UsageError: they do not.
        """
        if why := self.fits(spec.shape):
            raise UsageError(f"{why}{self._instead()}")
        settings.check_settings(values, spec.shape)
        asked = values.values()
        value_checks.check_values(asked, spec.shape, spec.classes, self.model, bool(asked["validation"]))

    def check_changed(self, values: KnobSet, names: Iterable[str], data: str) -> None:
        """Check that the knobs ``names``, with which a run on ``data`` should continue, change something.

        Raises:
            UsageError: one does not, or the model and the knobs do not suit the data.
            DescendError: the data is the user's own and cannot be read.
        """
        from descend.datasets import catalogue as datasets

        spec = datasets.find(data)
        self.check(values, spec)
        settings.require_used(values, names, spec.shape)

    def run(self, lab: Lab, k: Any) -> None:
        """Train."""
        from descend.engine.train.trainer import train

        train(lab, k, self.model)

    def chosen(self, data: str, values: KnobSet) -> str:
        """The address of the data to learn from.

        Raises:
            UsageError: none is named, or it does not suit the model.
            DescendError: it is the user's own and cannot be read.
        """
        from descend.datasets import catalogue as datasets

        if not data:
            raise UsageError(f"Which data should {self.title} learn from? Say --data NAME or PATH{self._instead(' ')}.")
        spec = datasets.find(data)
        self.check(values, spec)
        if (file := find_weights_file(self, values.values())) and not os.path.isfile(file):
            raise UsageError(f"There is no file {file}; pretrained is none, imagenet, or a file of weights.")
        return spec.address

    def _instead(self, before: str = " It fits ") -> str:
        names = self.data
        listed = ", ".join(names[:4]) + (" …" if len(names) > 4 else "")
        if not names:
            return ""
        return f"; it fits {listed}" if before == " " else f"{before}{listed}."


Experiment = Lesson | Training


def find(name: str) -> Experiment:
    """What is called ``name``.

    Raises:
        UsageError: there is nothing of that name, or the file does not define it.
        DescendError: the file is not Python, or the lesson's file cannot be loaded.
    """
    if model_source.is_address(name):
        return make_own_training(model_source.find_source(name))
    wanted = name.lower().replace("_", "-")
    outlines, models = catalogue.list_outlines(), model_form.list_models()
    if wanted in models and wanted not in outlines:
        return make_zoo_training(models[wanted])
    if wanted in outlines or wanted in catalogue.list_broken():
        return catalogue.find_lesson(name)
    known = [*outlines, *models]
    raise UsageError(
        f"There is no lesson or model '{name}'"
        f"{suggest_nearest(name, known) or '; see `descend list lessons` and `descend list models`.'}"
    )


def complete(chosen: Experiment, request: RunRequest) -> RunRequest:
    """``request`` with what it leaves open: all knobs of ``chosen``, and the first data that it learns from.

    Raises:
        UsageError: a knob is unknown, or its value does not fit.
    """
    knobs = chosen.knobs.parse(request.knobs).values()  # in the order in which they are declared
    if file := find_weights_file(chosen, knobs):
        knobs["pretrained"] = str(parse_path(file))  # the same from every folder
    data = request.data or next(iter(chosen.data), "")
    return msgspec.structs.replace(request, name=chosen.name, knobs=knobs, data=data)


def find_weights_file(chosen: Experiment, knobs: Mapping[str, object]) -> str:
    """The file of weights that a model of the zoo should begin with; empty if there is none."""
    if not isinstance(chosen, Training) or not isinstance(chosen.model, Model) or not chosen.model.weights:
        return ""  # an argument of that name of the user's own model is its own affair
    asked = str(knobs.get("pretrained", "none"))
    return "" if asked in BEGINNINGS else asked


def find_lost_knobs(chosen: Experiment, manifest: Manifest) -> list[str]:
    """Knobs of the run of ``manifest`` that ``chosen`` no longer has."""
    return [knob for knob in manifest.knobs if knob not in chosen.knobs.specs]


def complete_again(chosen: Experiment, manifest: Manifest) -> RunRequest:
    """What the run of ``manifest`` was asked for, to ask for it once more.

    Raises:
        UsageError: as `complete`, or ``chosen`` has lost a knob since.
    """
    try:
        return complete(chosen, manifest.request)
    except UsageError:
        if not (lost := find_lost_knobs(chosen, manifest)):
            raise
        why = f"This run has the knob '{lost[0]}', which {manifest.name} no longer has; its knobs are the defaults."
        raise UsageError(why) from None


def make_zoo_training(chosen: Model) -> Training:
    """A model of the zoo."""
    specs = settings.list_specs(chosen.knobs.specs, chosen.kinds, chosen.tasks)
    return Training(chosen.name, chosen.title, make_knob_set(KnobSet, specs), chosen)


def make_own_training(found: ModelSource) -> Training:
    """A model of the user's own. Its arguments are knobs; one named like a training knob is ``model.NAME``."""
    taken = {*settings.TrainKnobs.specs, *settings.RunKnobs.specs}
    arguments: dict[str, Knob] = {
        f"model.{name}" if name in taken else name: argument for name, argument in found.arguments.items()
    }
    base = KnobSet if found.complete else OpenKnobs
    specs = settings.list_specs(arguments, *OWN, own=True)
    return Training(found.address, f"{found.name} of {found.file.name}", make_knob_set(base, specs), found)


def hash_source(chosen: Experiment) -> str:
    """SHA-256 of the file of a model of the user's own, in hexadecimal; empty for what is not in such a file.

    Raises:
        DescendError: the file cannot be read.
    """
    own = isinstance(chosen, Training) and isinstance(chosen.model, ModelSource)
    return chosen.model.digest() if own else ""  # type: ignore[union-attr]


def make_missing_training(address: str, knobs: Mapping[str, object]) -> Training:
    """A model of the user's own whose file no longer exists, as a run of it with ``knobs`` tells: enough to
    look at that run."""
    path, _, name = address.rpartition(":")
    taken = settings.TrainKnobs.specs
    names = [knob.removeprefix("model.") for knob in knobs if knob not in taken]
    arguments = {name: Argument.of(name, "", None) for name in names}
    return make_own_training(ModelSource(Path(path), name, arguments, complete=True))


def make_knob_set(base: type[KnobSet], specs: Mapping[str, Knob]) -> type[KnobSet]:
    """A class of knobs."""
    return type("Knobs", (base,), {"specs": dict(specs)})


class OpenKnobs(KnobSet):
    """Knobs of a model whose text does not tell all arguments: whatever else is set is taken to be one."""

    @classmethod
    def parse(cls, given: Mapping[str, object]) -> KnobSet:
        further = {name: Argument.of(name, "", None) for name in given if name not in cls.specs}
        if wrong := [name for name in further if not name.removeprefix("model.").isidentifier()]:
            raise UsageError(f"There is no knob '{wrong[0]}'{suggest_nearest(wrong[0], cls.specs) or ' here.'}")
        return make_knob_set(KnobSet, {**cls.specs, **further}).parse(given)


def find_again(run: str, manifest: Manifest) -> Experiment:
    """What the run of that id runs, to resume it.

    Raises:
        UsageError: as `find`.
        DescendError: as `find`, or it is a model of the user's own whose file is gone, or what it runs has lost a knob.
    """
    file = model_source.find_file(manifest.name)
    if file is not None and not os.path.exists(file):
        raise DescendError(f"Run '{run}' trains a model of {file}, which no longer exists; restore it to resume.")
    chosen = find(manifest.name)
    if file is None and (lost := find_lost_knobs(chosen, manifest)):
        raise DescendError(
            f"Run '{run}' has the knob '{lost[0]}', which {manifest.name} no longer has, so it neither resumes nor "
            f"forks; look at it with `descend open {run}`, or run {manifest.name} again."
        )
    return chosen


def find_specs(name: str) -> Mapping[str, Knob]:
    """The knobs of what is called ``name``; if it no longer exists, only the training knobs."""
    try:
        return find(name).knobs.specs
    except DescendError:
        return make_missing_training(name, {}).knobs.specs if model_source.is_address(name) else {}
