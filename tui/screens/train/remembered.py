"""Models and data of the user's own that the Train screen has had: kept in the settings, and looked for again."""

from __future__ import annotations

from typing import NamedTuple

from descend.datasets import catalogue as datasets
from descend.datasets.spec import Spec
from descend.engine.base.errors import DescendError
from descend.engine.launch import experiment
from descend.engine.launch.experiment import Training
from descend.engine.teaching.lesson import is_class_table
from descend.tui import shell_settings

MODELS, DATA, CHOSEN = "own_models", "own_data", "train"
"""What they are called in the settings; the last is the model and the data that were chosen last."""
TABLES = "own_tables"
"""What those of the data are called there that lessons can take, so that none is read to list them."""
MOST = 12
"""Of each kind that are kept; of more, the oldest are forgotten."""


class Recalled(NamedTuple):
    """What became of what was remembered.

    Attributes:
        trainings, specs: what is still there, by name or address.
        lost_models, lost_data: for the address of each that is not, a sentence that says why.
    """

    trainings: dict[str, Training]
    specs: dict[str, Spec]
    lost_models: dict[str, str]
    lost_data: dict[str, str]


def remember(kind: str, address: str) -> None:
    """Keep the ``address`` of a model or data of one's own."""
    shell_settings.put(kind, [*(one for one in list_remembered(kind) if one != address), address][-MOST:])


def remember_data(spec: Spec) -> None:
    """Keep data of one's own."""
    remember(DATA, spec.address)
    note_table(spec)


def note_table(spec: Spec) -> None:
    """Keep whether ``spec``, which is remembered, is a table that lessons can take."""
    noted, data = list_remembered(TABLES), list_remembered(DATA)
    tables = {*noted, spec.address} if is_class_table(spec.shape) else {*noted} - {spec.address}
    if tables != {*noted}:
        shell_settings.put(TABLES, [one for one in data if one in tables] or None)


def list_tables() -> list[str]:
    """The data of one's own that lessons can take, the newest last."""
    noted = {*list_remembered(TABLES)}
    return [one for one in list_remembered(DATA) if one in noted]


def forget(address: str) -> None:
    """Keep it no longer."""
    for kind in (MODELS, DATA):
        if address in (kept := list_remembered(kind)):
            shell_settings.put(kind, [one for one in kept if one != address] or None)


def list_remembered(kind: str) -> list[str]:
    """Addresses, the newest last."""
    kept: list[object] = shell_settings.get(kind, [])
    return [one for one in kept if isinstance(one, str)]


def recall() -> Recalled:
    """Look for all that is remembered. Reads files: call it from a thread."""
    found = Recalled({}, {}, {}, {})
    for address in list_remembered(MODELS):
        try:
            training = experiment.find(address)
        except DescendError as error:
            found.lost_models[address] = str(error)
        else:
            if isinstance(training, Training):
                found.trainings[training.name] = training
    for address in list_remembered(DATA):
        try:
            spec = datasets.find(address)
        except DescendError as error:
            found.lost_data[address] = str(error)
        else:
            found.specs[spec.address] = spec
            note_table(spec)
    return found


def remember_choice(model: str, data: str) -> None:
    """Keep what was chosen last."""
    shell_settings.put(CHOSEN, [model, data])


def recall_choice() -> tuple[str, str]:
    """The model and the data that were chosen last; empty where there are none."""
    kept: list[object] = shell_settings.get(CHOSEN, [])
    model, data = kept if len(kept) == 2 else ("", "")
    return (model, data) if isinstance(model, str) and isinstance(data, str) else ("", "")
