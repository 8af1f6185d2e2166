"""The training knobs of a model, besides those of its architecture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from descend.datasets.data_shape import DataShape
from descend.engine.base.errors import UsageError
from descend.engine.base.knobs import Knob, KnobSet, knob

AUGMENTATIONS = {
    "none": "as they are",
    "flip": "mirrored left to right at random",
    "shift": "moved by up to an eighth of the size",
    "both": "flip and shift",
    "affine": "turned by up to 15 degrees, moved and scaled",
    "colour": "other brightness, contrast, saturation and hue",
    "erase": "with a random rectangle erased",
    "randaugment": "two changes of fourteen kinds, one after the other",
}
"""How images are augmented while a model is trained; see `descend.engine.train.augment`."""


class TrainKnobs(KnobSet):
    """What every model is trained with."""

    epochs: int = knob(10, 1, 10_000, scale="log", help="times every training sample is shown")
    batch_size: int = knob(64, 1, 65_536, scale="log", help="samples a step")
    optimiser: str = knob(
        "adam", choices=("sgd", "momentum", "adam", "adamw", "rmsprop"), help="how gradients move weights"
    )
    lr: float = knob(0.001, 1e-6, 10.0, scale="log", live=True, help="learning rate, at its highest")
    momentum: float = knob(0.9, 0.0, 0.999, help="of the optimiser 'momentum'")
    schedule: str = knob("constant", choices=("constant", "step", "cosine", "one-cycle"), help="learning-rate schedule")
    warmup: float = knob(0.0, 0.0, 0.9, help="share of the training with a rising rate; one-cycle: 0 is 0.3")
    weight_decay: float = knob(0.0, 0.0, 1.0, live=True, help="pulls the weights towards zero")
    label_smoothing: float = knob(0.0, 0.0, 0.5, live=True, help="share of each label spread over all classes")
    clip: float = knob(0.0, 0.0, 1000.0, live=True, help="clip the gradient's norm to this; 0: no clipping")
    patience: int = knob(0, 0, 1000, help="epochs without improvement after which to stop; 0: never")
    validation: float = knob(0.1, 0.01, 0.5, help="share of the training data held out to judge that, with patience")
    augment: str = knob("none", choices=tuple(AUGMENTATIONS), help="random changes of training images")
    context: int = knob(64, 2, 4096, scale="log", help="characters read at once")
    precision: str = knob("fp32", choices=("fp32", "bf16", "fp16"), help="of the computation; weights stay fp32")
    compile: bool = knob(False, help="compile the model with torch.compile")
    channels_last: str = knob("auto", choices=("auto", "yes", "no"), help="memory order of images; auto: on a GPU")
    placement: str = knob("auto", choices=("auto", "device", "host"), help="where the data waits; auto: where it fits")
    objective: str = knob("auto", choices=("auto", "reconstruction"), help="auto: what suits the data")


GROUPS = {
    "model": (),
    "data": ("data", "batch_size", "augment", "context", "objective"),
    "optimiser": ("optimiser", "lr", "momentum", "clip"),
    "schedule": ("epochs", "schedule", "warmup", "patience", "validation"),
    "regularisation": ("weight_decay", "label_smoothing"),
    "machine": ("device", "devices", "seed", "precision", "compile", "channels_last", "placement"),
}
"""Knobs that belong together, with those of `BESIDE`; a model's own are in *model*."""

BESIDE = "data", "device", "devices", "seed"
"""What is chosen for a run besides its knobs."""

ONLY = {"context": "text", "augment": "image", "channels_last": "image"}
"""Knobs that only one kind of data has."""


def list_specs(
    architecture: Mapping[str, Knob], kinds: Iterable[str], tasks: Iterable[str], own: bool = False
) -> dict[str, Knob]:
    """The knobs of a model: those of its architecture, then the training knobs that it can use.

    Args:
        kinds, tasks: what the model takes and learns.
        own: whether it is the user's own, for which it is not known what it learns.
    """
    kinds, tasks = set(kinds), set(tasks)
    unused = {name for name, kind in ONLY.items() if kind not in kinds}
    if not own:
        unused.add("objective")
    if "classification" not in tasks and "language" not in tasks:
        unused.add("label_smoothing")
    settings: Mapping[str, Knob] = TrainKnobs.specs
    chosen = {name: spec for name, spec in settings.items() if name not in unused and name not in architecture}
    return {**architecture, **chosen}


def group_settings(names: Iterable[str]) -> dict[str, list[str]]:
    """The knobs ``names`` by group, in the order of `GROUPS`; the model's own in theirs."""
    names = list(names)
    taken = {name for group in GROUPS.values() for name in group}
    found = {group: [name for name in known if name in names] for group, known in GROUPS.items()}
    found["model"] = [name for name in names if name not in taken]
    return {group: members for group, members in found.items() if members}


def check_settings(values: KnobSet, shape: DataShape) -> None:
    """Say which knobs do not suit the data.

    Raises:
        UsageError: one does not.
    """
    asked = values.values()
    defaults = values.specs
    for name, kind in ONLY.items():
        if name in asked and asked[name] != defaults[name].default and shape.kind != kind and name != "context":
            raise UsageError(f"{name} is for {kind}s; here is {shape}.")
    if asked.get("label_smoothing") and (shape.task == "regression" or asked.get("objective") == "reconstruction"):
        raise UsageError(f"label_smoothing is for classes, and there are none to learn in {shape}.")
    if asked.get("objective") == "reconstruction" and shape.kind == "text":
        raise UsageError("Reconstruction is for images and tables; from text the next character is learned.")


def require_used(values: KnobSet, names: Iterable[str], shape: DataShape) -> None:
    """Say which of the knobs ``names`` change nothing, given the others.

    Raises:
        UsageError: one does not.
    """
    asked = values.values()
    for name in names:
        if name == "momentum" and asked["optimiser"] != "momentum":
            raise UsageError(f"momentum is for optimiser=momentum, and here that is {asked['optimiser']}.")
        if name == "validation" and not asked["patience"]:
            raise UsageError("validation is the share held back for patience, and here that is 0, for never.")
        if name == "context" and shape.kind != ONLY[name]:
            raise UsageError(f"context is for texts; here is {shape}.")
        if name == "label_smoothing" and shape.task == "regression":
            raise UsageError(f"label_smoothing is for classes, and there are none to learn in {shape}.")
