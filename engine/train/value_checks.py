"""Whether the values of knobs go with what is learned and with the model, known before torch is imported: metrics,
class weights, the threshold, and the names of parameters to freeze.

A run is refused by these before it begins, and a training that began long ago by the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from descend.datasets.data_shape import DataShape
from descend.engine.base.errors import join_names, suggest_nearest
from descend.engine.base.sanitize import clean
from descend.engine.evaluation.metrics import TOP
from descend.engine.train.model_form import Model
from descend.engine.train.model_source import ModelSource
from descend.engine.train.settings import THRESHOLDS, SettingError

EVERYTHING = ("classification", "labels", "regression", "language", "reconstruction")
MORE_OF_CLASSES = (
    *("balanced_accuracy", "macro_f1", "roc_auc", "average_precision", "log_loss", "calibration_error", "top_5"),
)
"""Metrics of classes that take time, so that they are measured only where one of them is asked for."""
AREAS = ("roc_auc", "average_precision")
"""Metrics of labels that do."""
OFFERS: Mapping[str, tuple[str, ...]] = {
    "classification": ("loss", "accuracy", *MORE_OF_CLASSES),
    "labels": ("loss", "macro_f1", "micro_f1", "balanced_accuracy", "subset_accuracy", "label_accuracy", *AREAS),
    "regression": ("loss", "mae", "rmse", "r2"),
    "language": ("loss", "accuracy"),
    "reconstruction": ("loss",),
}
"""The metrics that can say which epoch is best, by what is learned."""
NONE, BALANCED = "none", "balanced"
SHOWN = 12
"""Names of parameters listed in a sentence."""


def list_tasks(model: Model | ModelSource) -> tuple[str, ...]:
    """What ``model`` can learn."""
    return model.tasks if isinstance(model, Model) else EVERYTHING


def find_learned(shape: DataShape, tasks: Sequence[str], objective: str = "auto") -> str:
    """What a model that can learn ``tasks`` learns from such data: a key of `OFFERS`."""
    repeats = "reconstruction" in tasks and (shape.task not in tasks or objective == "reconstruction")
    return "reconstruction" if repeats else shape.task


def list_metrics(learned: str, outputs: int) -> tuple[str, ...]:
    """The metrics of what is learned, which has so many classes."""
    some = learned == "classification" and outputs <= TOP
    return tuple(metric for metric in OFFERS[learned] if not (some and metric == "top_5"))


def check_values(
    asked: Mapping[str, Any], shape: DataShape, classes: Sequence[str], model: Model | ModelSource, held: bool
) -> None:
    """Check the knobs ``asked`` of a model that learns from data of this ``shape``.

    Args:
        classes: the names of the data's classes, if it has any.
        held: whether a part is held back that the metric judges.

    Raises:
        SettingError: one does not fit.
    """
    learned = find_learned(shape, list_tasks(model), str(asked.get("objective", "auto")))
    metric, by = asked.get("metric", "loss"), asked.get("threshold", THRESHOLDS[0])
    if held and metric not in (offered := list_metrics(learned, shape.outputs)):
        raise SettingError("metric", f"metric={metric} is not measured of {shape}; it can be {', '.join(offered)}.")
    if by != THRESHOLDS[0] and len(classes) != 2 and learned != "labels":
        sentence = f"threshold={by} is for two classes or several labels, and here is {shape}."
        raise SettingError("threshold", sentence)
    weights = str(asked.get("class_weights", NONE))
    if learned == "classification" and weights not in (NONE, BALANCED):
        parse_weights(weights, classes)
    if learned == "labels" and weights not in (NONE, BALANCED):
        raise SettingError("class_weights", "class_weights is none or balanced where there are several labels.")
    if isinstance(model, Model) and model.parts:
        check_frozen(str(asked.get("freeze", "")), model.parts, whole=False)


def parse_weights(asked: str, names: Sequence[str]) -> dict[str, float]:
    """``yes:5,no:1`` as numbers by the names of classes.

    Raises:
        SettingError: there is no such class, or a weight is no number above 0.
    """
    found: dict[str, float] = {}
    for entry in filter(None, (part.strip() for part in asked.split(","))):
        name, _, number = (part.strip() for part in entry.rpartition(":"))
        if not name:
            raise SettingError(
                "class_weights",
                f"class_weights is none, balanced, or weights such as {names[0]}:5, not '{clean(asked)}'.",
            )
        if name not in names:
            near = suggest_nearest(name, names) or f"; there are {', '.join(map(clean, names[:8]))}."
            raise SettingError(
                "class_weights", f"class_weights names the class '{clean(name)}', and there is none{near}"
            )
        try:
            weight = float(number)
        except ValueError:
            weight = math.nan
        if not 0 < weight < math.inf:
            raise SettingError(
                "class_weights",
                f"class_weights gives '{clean(name)}' the weight '{clean(number)}'; it is a number above 0.",
            )
        found[name] = weight
    return found


def split_prefixes(wanted: str) -> list[str]:
    """The beginnings of names in the knob ``freeze``; a beginning ends where a part of a name does."""
    return [prefix.strip().rstrip(".") for prefix in wanted.split(",") if prefix.strip()]


def check_frozen(wanted: str, names: Iterable[str], whole: bool) -> None:
    """Check that parameters begin as ``wanted`` says, and that not all do.

    Args:
        names: of all parameters; unless they are given in ``whole``, their first parts.

    Raises:
        SettingError: none does, or all do.
    """
    names, prefixes = list(names), split_prefixes(wanted)
    for prefix in prefixes:
        if not any(is_below(name, prefix if whole else prefix.partition(".")[0]) for name in names):
            raise SettingError("freeze", f"No parameter is called '{clean(prefix)}'{list_near(names, prefix)}.")
    if prefixes and all(any(is_below(name, prefix) for prefix in prefixes) for name in names):
        raise SettingError("freeze", f"freeze={clean(wanted)} leaves nothing to train{list_near(names, '')}.")


def is_below(name: str, prefix: str) -> bool:
    """Whether ``name`` begins with all parts of ``prefix``."""
    return f"{name}.".startswith(f"{prefix}.")


def list_near(names: Sequence[str], prefix: str) -> str:
    """The prefixes there are beside the first part of ``prefix`` that is none, as the end of a sentence."""
    above = ""
    for part in prefix.split("."):
        if not any(is_below(name, f"{above}{part}") for name in names):
            break
        above = f"{above}{part}."
    depth = above.count(".") + 1
    found = list(dict.fromkeys(".".join(name.split(".")[:depth]) for name in names if name.startswith(above)))
    found = [f"'{name}'" if name.isdecimal() else clean(name) for name in found]  # not to be read as counts
    listed = found[:SHOWN] + ([f"{len(found) - SHOWN} more"] if len(found) > SHOWN else [])
    return f"; there are {join_names(listed)}"
