"""The training knobs of a model, besides those of its architecture.

Each is declared once, here: its default and range, what it does, the group it is listed in, and what it is for. Forms,
``--help``, configuration files, and what a fork may change follow from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from descend.datasets.data_shape import DataShape
from descend.engine.base.errors import UsageError
from descend.engine.base.knobs import Knob, KnobSet, Value
from descend.engine.run.run_request import SEEDS, USUAL, RunRequest

GROUPS = ("model", "data", "optimiser", "schedule", "regularisation", "machine")
"""Groups in the order in which they are listed; the knobs of a model's architecture are in the first."""

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

METRICS = (
    "loss",
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "micro_f1",
    "subset_accuracy",
    "label_accuracy",
    "roc_auc",
    "average_precision",
    "log_loss",
    "calibration_error",
    "top_5",
    "mae",
    "rmse",
    "r2",
)
"""What can say which epoch is best; see `descend.engine.evaluation.metrics`."""
THRESHOLDS = ("half", "f1", "balanced_accuracy")
"""By what the probability is chosen from which on the second of two classes is said, or a label; see
`descend.engine.train.threshold`."""


class SettingError(UsageError):
    """A setting does not go with the data, the model or the others.

    Attributes:
        name: the setting's.
    """

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


@dataclass(frozen=True)
class TrainingKnob(Knob):
    """A knob that all models have except those that it is not for.

    Attributes:
        group: one of `GROUPS`.
        kinds: the kinds of data that it is for; all if there are none.
        tasks: what it is for learning; anything if there are none.
        own: whether it is only for the user's own models, of which it is not known what they learn.
        needs: another knob without which it does nothing: ``NAME=VALUE``, or ``NAME`` for any but 0.
    """

    group: str = ""
    kinds: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    own: bool = False
    needs: str = ""

    def is_offered(self, kinds: set[str], tasks: set[str], own: bool) -> bool:
        """Whether a model has it that takes data of these ``kinds`` and learns these ``tasks``."""
        learns = not self.tasks or bool(tasks & set(self.tasks))
        return learns and (own or not self.own) and (not self.kinds or bool(kinds & set(self.kinds)))

    def why_unfit(self, asked: Mapping[str, Value], shape: DataShape) -> str:
        """Nothing if it goes with the data, else a sentence; ``asked`` are all knobs."""
        if self.kinds and shape.kind not in self.kinds:
            return f"{self.name} is for {' and '.join(f'{kind}s' for kind in self.kinds)}; here is {shape}."
        learned = "reconstruction" if asked.get("objective") == "reconstruction" else shape.task
        if self.tasks and learned not in self.tasks:
            kind = "classes" if "classification" in self.tasks else "numbers to predict"
            return f"{self.name} is for {kind}, and there are none to learn in {shape}."
        return ""

    def why_unused(self, asked: Mapping[str, Value]) -> str:
        """Nothing if it does something, given the others, else a sentence."""
        name, equals, value = self.needs.partition("=")
        if not self.needs or (str(asked.get(name)) == value if equals else asked.get(name)):
            return ""
        return f"{self.name} is for {self.needs}, and here that is {asked.get(name)}."


def setting(
    default: Value,
    low: float | None = None,
    high: float | None = None,
    *,
    group: str,
    choices: tuple[Value, ...] = (),
    scale: Literal["linear", "log"] = "linear",
    live: bool = False,
    help: str = "",
    kinds: tuple[str, ...] = (),
    tasks: tuple[str, ...] = (),
    own: bool = False,
    needs: str = "",
) -> Any:
    """Declare a `TrainingKnob`."""
    return TrainingKnob(
        default, low, high, choices, scale, live, help, group=group, kinds=kinds, tasks=tasks, own=own, needs=needs
    )


class GroupedKnobs(KnobSet):
    """Knobs of which each names its group and what it needs, so that none is missing where they are listed.

    Raises:
        TypeError: when the class is made, if one does not.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, spec in cls.specs.items():
            if not isinstance(spec, TrainingKnob) or spec.group not in GROUPS:
                raise TypeError(f"{name} is in no group; write setting(…, group=…) with one of {', '.join(GROUPS)}")
            if spec.needs and spec.needs.partition("=")[0] not in cls.specs:
                raise TypeError(f"{name} needs {spec.needs}, and there is no such setting")


class RunKnobs(GroupedKnobs):
    """What is chosen for every run besides its knobs; a field of `RunRequest` each."""

    data: str = setting(USUAL.data, group="data", help="what it learns from")
    device: str = setting(USUAL.device, group="machine", help="where it trains")
    devices: int = setting(
        USUAL.devices, 1, 64, group="machine", help="GPUs, or processes on the CPU, that train together"
    )
    seed: int = setting(USUAL.seed, 0, SEEDS - 1, group="machine", help="the same seed gives the same run")


if RunKnobs.specs.keys() != {*RunRequest.__struct_fields__} - {"name", "knobs"}:
    raise TypeError("each field of RunRequest beside name and knobs is a setting of RunKnobs, and none other")


class TrainKnobs(GroupedKnobs):
    """What every model is trained with."""

    epochs: int = setting(10, 1, 10_000, group="schedule", scale="log", help="times every training sample is shown")
    batch_size: int = setting(64, 1, 65_536, group="data", scale="log", help="samples computed with at once")
    accumulate: int = setting(
        1,
        1,
        4096,
        group="optimiser",
        scale="log",
        help="batches whose gradients are added before a step is taken; steps and the schedule count these steps",
    )
    optimiser: str = setting(
        "adam",
        group="optimiser",
        choices=("sgd", "momentum", "adam", "adamw", "rmsprop"),
        help="how gradients move weights",
    )
    lr: float = setting(
        0.001, 1e-6, 10.0, group="optimiser", scale="log", live=True, help="learning rate, at its highest"
    )
    momentum: float = setting(
        0.9, 0.0, 0.999, group="optimiser", needs="optimiser=momentum", help="of the optimiser 'momentum'"
    )
    schedule: str = setting(
        "constant", group="schedule", choices=("constant", "step", "cosine", "one-cycle"), help="learning-rate schedule"
    )
    warmup: float = setting(
        0.0, 0.0, 0.9, group="schedule", help="share of the training with a rising rate; one-cycle: 0 is 0.3"
    )
    weight_decay: float = setting(
        0.0, 0.0, 1.0, group="regularisation", live=True, help="pulls the weights towards zero"
    )
    label_smoothing: float = setting(
        0.0,
        0.0,
        0.5,
        group="regularisation",
        live=True,
        tasks=("classification", "labels", "language"),
        help="share of the right class spread over all classes, or of each label over yes and no",
    )
    class_weights: str = setting(
        "none",
        group="regularisation",
        tasks=("classification", "labels"),
        help="how much a class counts in the training loss: none, balanced (the more the rarer), or as in yes:5,no:1",
    )
    focal: float = setting(
        0.0,
        0.0,
        5.0,
        group="regularisation",
        live=True,
        tasks=("classification", "labels"),
        help="focal loss: how much less samples count that are right already; 0: not",
    )
    huber: float = setting(
        0.0,
        0.0,
        10.0,
        group="regularisation",
        live=True,
        tasks=("regression",),
        help="target deviations beyond which errors count linearly, against outliers; 0: squared throughout",
    )
    clip: float = setting(
        0.0, 0.0, 1000.0, group="optimiser", live=True, help="clip the gradient's norm to this; 0: no clipping"
    )
    patience: int = setting(
        0,
        0,
        1000,
        group="schedule",
        needs="validation",
        help="epochs without improvement on the validation part after which to stop; 0: never",
    )
    find_lr: bool = setting(
        False,
        group="schedule",
        help="instead of training let the rate rise, to find a good one; see `descend run --find-lr`",
    )
    validation: float = setting(
        0.1,
        0.0,
        0.5,
        group="data",
        help="share of the training data held back to choose the best epoch by; 0: none, and the last one is kept",
    )
    fold: int = setting(
        1,
        1,
        100,
        group="data",
        needs="validation",
        help="which of the 1 / validation parts that could be held back is; see `descend run --folds`",
    )
    metric: str = setting(
        "loss",
        group="schedule",
        choices=METRICS,
        needs="validation",
        help="what of the validation part says which epoch is best",
    )
    keep: str = setting(
        "best",
        group="schedule",
        choices=("best", "last"),
        needs="validation",
        help="which epoch's weights predict, are judged and exported",
    )
    threshold: str = setting(
        THRESHOLDS[0],
        group="schedule",
        choices=THRESHOLDS,
        tasks=("classification", "labels"),
        needs="validation",
        help="from which probability on the second of two classes is said, or each label; one half, or where its F1 or "
        "balanced accuracy on the validation part is highest",
    )
    freeze: str = setting(
        "",
        group="regularisation",
        help="parameters that do not train: beginnings of their names, such as features,head.0",
    )
    ema: float = setting(
        0.0,
        0.0,
        0.9999,
        group="regularisation",
        help="decay of a moving average of the weights, which is judged and kept instead; 0: none",
    )
    augment: str = setting(
        "none",
        group="data",
        choices=tuple(AUGMENTATIONS),
        kinds=("image",),
        help="random changes of training images",
    )
    normalise: str = setting(
        "auto",
        group="data",
        choices=("auto", "none", "dataset", "imagenet"),
        kinds=("image",),
        tasks=("classification", "regression"),
        help="brightness of images: mean 0 and deviation 1 of the dataset's, or of ImageNet's as pretrained weights "
        "expect it; none: from 0 to 1; auto: imagenet with pretrained weights",
    )
    context: int = setting(
        64, 2, 4096, group="data", scale="log", kinds=("text",), help="characters or tokens read at once"
    )
    checkpoints: int = setting(
        10, 0, 1000, group="machine", help="checkpoints kept to fork from, beside the last and the best"
    )
    precision: str = setting(
        "fp32", group="machine", choices=("fp32", "bf16", "fp16"), help="of the computation; weights stay fp32"
    )
    compile: bool = setting(False, group="machine", help="compile the model with torch.compile")
    channels_last: str = setting(
        "auto",
        group="machine",
        choices=("auto", "yes", "no"),
        kinds=("image",),
        help="memory order of images; auto: on a GPU",
    )
    placement: str = setting(
        "auto", group="machine", choices=("auto", "device", "host"), help="where the data waits; auto: where it fits"
    )
    objective: str = setting(
        "auto",
        group="data",
        choices=("auto", "reconstruction"),
        kinds=("image", "table"),
        own=True,
        help="auto: what suits the data",
    )


def list_specs(
    architecture: Mapping[str, Knob], kinds: Iterable[str], tasks: Iterable[str], own: bool = False
) -> dict[str, Knob]:
    """The knobs of a model: those of its architecture, then the training knobs that it can use.

    Args:
        kinds, tasks: what the model takes and learns.
        own: whether it is the user's own, for which it is not known what it learns.
    """
    kinds, tasks = set(kinds), set(tasks)
    settings: dict[str, Any] = dict(TrainKnobs.specs)
    offered = {name: spec for name, spec in settings.items() if spec.is_offered(kinds, tasks, own)}
    return {**architecture, **{name: spec for name, spec in offered.items() if name not in architecture}}


def group_settings(specs: Mapping[str, Knob]) -> dict[str, dict[str, Knob]]:
    """``specs`` by group, in the order of `GROUPS`; what is no training knob is of the model's own."""
    group_of = {name: spec.group if isinstance(spec, TrainingKnob) else GROUPS[0] for name, spec in specs.items()}
    found = {group: {name: specs[name] for name in specs if group_of[name] == group} for group in GROUPS}
    return {group: members for group, members in found.items() if members}


def check_settings(values: KnobSet, shape: DataShape) -> None:
    """Say which knobs that are not at their defaults do not suit the data.

    Raises:
        UsageError: one does not.
    """
    asked = values.values()
    for name, spec in values.specs.items():
        if isinstance(spec, TrainingKnob) and asked[name] != spec.default and (why := spec.why_unfit(asked, shape)):
            raise SettingError(name, why)


def require_used(values: KnobSet, names: Iterable[str], shape: DataShape) -> None:
    """Say which of the knobs ``names`` change nothing, given the others.

    Raises:
        UsageError: one does not.
    """
    asked = values.values()
    for spec in (values.specs[name] for name in names):
        if isinstance(spec, TrainingKnob) and (why := spec.why_unused(asked) or spec.why_unfit(asked, shape)):
            raise UsageError(why)


def list_unused(values: KnobSet) -> list[str]:
    """A sentence on each knob that was set and does nothing, given the others."""
    asked = values.values()
    chosen = [spec for name, spec in values.specs.items() if asked[name] != spec.default]
    return [why for spec in chosen if isinstance(spec, TrainingKnob) and (why := spec.why_unused(asked))]
