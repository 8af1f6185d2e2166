"""Writes the model of a finished training for other programs, with a card beside it: what it takes and gives.

What is exported as a graph is a `LoadedModel`: the scaling of inputs and the softmax are part of it. What is exported
as weights is the network alone.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import msgspec
import torch
from torch import Tensor

from descend.datasets.preparation import Preparation
from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean
from descend.engine.evaluation.calibration import tell_shift
from descend.engine.evaluation.decision import Threshold, list_cuts
from descend.engine.launch import experiment
from descend.engine.launch.run_config import format_command
from descend.engine.run.export import make_plain, open_export
from descend.engine.run.history import History
from descend.engine.run.manifest import Manifest
from descend.engine.run.preparation_file import read_preparation
from descend.engine.run.runs import Run
from descend.engine.train.export_forms import HOLDS, find_card, require_exportable
from descend.engine.train.loaded_model import LoadedModel, load_model
from descend.engine.train.model_source import is_address
from descend.engine.train.predictor import find_kept_weights, load_weights, read_threshold
from descend.engine.train.value_checks import EVERYTHING, find_learned, list_tasks

EXAMPLES = 2
"""Samples that a graph is traced with; it takes any number."""
TOLERANCE = 1e-4
"""Largest difference between what an exported graph and the model give, on samples like the training's, in the unit
that `describe_tolerance` says."""
Tell = Callable[[float, str], None]
"""Told the share done, and what is being done."""


def export_model(
    run: Run, form: str, path: Path, force: bool = False, tell: Tell = lambda share, doing: None
) -> dict[str, Any]:
    """Write the model of ``run`` to ``path`` as one of `export_forms.HOLDS`, and its card beside it, which is returned.

    Raises:
        UsageError: ``path`` or the card's is taken and ``force`` is not given; or the run is a lesson's.
        DescendError: it cannot be built, exported or written.
    """
    require_exportable(run, form)
    with open_export(find_card(path), force) as beside, open_export(path, force) as file:
        length = FORMATS[form](run, file, tell)
        tell(0.95, "writing")
        card = make_card(run, form, length)
        text = json.dumps(card, ensure_ascii=False, allow_nan=False, indent=1)
        beside.write(f"{text}\n".encode())
    return card


Length = int | None
"""Characters that a graph takes at once of a text that continues, if not any number."""


def write_safetensors(run: Run, file: IO[bytes], tell: Tell) -> Length:
    """The network's weights; of one that is there under several names, each."""
    from safetensors.torch import save

    tell(0.3, "reading the weights")
    weights = {name: tensor.contiguous().clone() for name, tensor in read_weights(run).items()}
    file.write(save(weights, {"format": "pt", "run": run.id}))
    return None


def write_state_dict(run: Run, file: IO[bytes], tell: Tell) -> Length:
    """The network's weights as torch keeps them."""
    tell(0.3, "reading the weights")
    torch.save(read_weights(run), file)
    return None


def read_weights(run: Run) -> dict[str, Tensor]:
    """The weights that the run kept; the network's code is not needed.

    Raises:
        DescendError: there is none, or the run is a lesson's.
    """
    read_preparation(run)  # which a lesson lacks
    weights: dict[str, Tensor] = find_kept_weights(load_weights(run))
    return weights


def write_pt2(run: Run, file: IO[bytes], tell: Tell) -> Length:
    """The graph that torch.export makes."""
    program, length = trace(run, tell)
    tell(0.8, "writing")
    torch.export.save(program, file)
    return length


def write_onnx(run: Run, file: IO[bytes], tell: Tell) -> Length:
    """The graph that PyTorch's ONNX exporter makes."""
    program, length = trace(run, tell)
    tell(0.5, "translating the graph to ONNX")
    with tell_untraceable(run):
        names = {"input_names": ["input"], "output_names": ["output"]}
        made = torch.onnx.export(program, dynamo=True, external_data=False, verbose=False, **names)  # type: ignore[arg-type]
        assert made is not None
        file.write(made.model_proto.SerializeToString())
    return length


def trace(run: Run, tell: Tell) -> tuple[torch.export.ExportedProgram, Length]:
    """The operations of the model of ``run`` as a graph, for any number of samples; of texts that continue for any
    length, or for that of the training's where recurrent layers are unrolled to one.

    Raises:
        DescendError: the model cannot be traced; the sentence says why.
    """
    tell(0.1, "building the model")
    model = load_model(run)
    tell(0.2, "tracing its operations")
    length = int(run.manifest().knobs.get("context", 0)) or EXAMPLES
    example = make_example(model, length)
    any_number = {0: torch.export.Dim("batch", min=1)}
    with tell_untraceable(run):
        if model.prepared.task == "language":
            free: dict[int, Any] = {**any_number, 1: torch.export.Dim.AUTO}
            program = torch.export.export(model, (example,), dynamic_shapes=(free,))
            with suppress(AssertionError, RuntimeError):  # what is unrolled refuses another length
                program.module()(example[:, : length // 2])
                return program, None
        program = torch.export.export(model, (example,), dynamic_shapes=(any_number,))
    return program, length if model.prepared.task == "language" else None


@contextmanager
def tell_untraceable(run: Run) -> Iterator[None]:
    """Quietly, and with a sentence in place of what a model's own code, or the exporter, does not get along with."""
    said = io.StringIO()
    try:
        with warnings.catch_warnings(), redirect_stdout(said), redirect_stderr(said):
            warnings.simplefilter("ignore")
            yield
    except OSError:
        raise
    except Exception as error:
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        why = clean(first)[:200].rstrip(".")
        raise DescendError(
            f"The model of '{run.id}' cannot be made a graph ({why}); export it as safetensors or state-dict."
        ) from None


def make_example(model: LoadedModel, length: int) -> Tensor:
    """Samples of the form that ``model`` takes, drawn at random; of a text that continues, of that ``length``."""
    prepared, generator = model.prepared, torch.Generator().manual_seed(0)
    if prepared.kind == "text":
        shape = prepared.sample_shape or (length,)
        return torch.randint(len(prepared.vocabulary), (EXAMPLES, *shape), generator=generator)
    if prepared.kind == "table":
        normal = torch.randn((EXAMPLES, *prepared.sample_shape), generator=generator)
        return normal * model.scale + model.shift
    return torch.rand((EXAMPLES, *prepared.shape.size), generator=generator)


def make_card(run: Run, form: str, length: Length = None) -> dict[str, Any]:
    """What the model takes and gives, where it comes from and how good it is, as JSON knows it."""
    manifest, prepared, history = run.manifest(), read_preparation(run), History.of(run)
    gives = describe_output(prepared, length, repeats_input(manifest, prepared))
    if prepared.task in ("classification", "labels") and (shift := tell_shift(manifest.knobs)):
        gives["means"] += f". {shift}"
    return {
        "format": form,
        "holds": HOLDS[form],
        "run": run.id,
        "model": manifest.name,
        "knobs": dict(manifest.knobs),
        "command": format_command(manifest),
        "input": describe_input(prepared, length),
        "output": gives,
        "classes": list(prepared.classes),
        "targets": list(prepared.targets),
        "threshold": describe_threshold(prepared, read_threshold(load_weights(run))),
        "tolerance": describe_tolerance(prepared, repeats_input(manifest, prepared)),
        "metrics": make_plain(history.metrics),
        "data": {"address": manifest.data, "stamp": msgspec.to_builtins(manifest.stamp)},
        "preparation": msgspec.to_builtins(prepared),
        "versions": {name: version(name) for name in ("descend", "torch")},
    }


def describe_tolerance(prepared: Preparation, repeats: bool) -> dict[str, Any]:
    """How far an exported graph may be off, and in which unit: rounding grows with the numbers that are given."""
    if repeats or prepared.task == "language":
        unit = "the largest absolute number that is given"
    elif prepared.task == "regression":
        unit = "the deviation of each target over the training samples, target_std of the preparation"
    else:
        unit = "probability"
    means = "largest difference from what descend gives for the same samples, like the training's"
    return {"largest": TOLERANCE, "unit": unit, "means": means}


def describe_threshold(prepared: Preparation, threshold: Threshold) -> float | dict[str, float] | None:
    """From which probability on the second of two classes is said, or each label, by its name; None of anything
    else."""
    if prepared.task == "labels":
        return dict(zip(prepared.targets, list_cuts(threshold, len(prepared.targets)), strict=True))
    return threshold if len(prepared.classes) == 2 and isinstance(threshold, float) else None


def describe_input(prepared: Preparation, length: Length) -> dict[str, Any]:
    """Name, type, shape and meaning of the input of a graph."""
    if prepared.kind == "table":
        means = "numbers in their own units, categories as the encoders of the preparation say; scaled in the graph"
        return {
            "dtype": "float32",
            "shape": ["batch", *prepared.sample_shape],
            "columns": list(prepared.features),
            "means": means,
        }
    if prepared.kind == "image":
        means = "channels, rows, columns; 0 is black, 1 the brightest value"
        return {"dtype": "float32", "shape": ["batch", *prepared.shape.size], "means": means}
    units = prepared.sample_shape or (length or f"{prepared.shape.unit}s",)
    return {"dtype": "int64", "shape": ["batch", *units], "means": describe_indices(prepared)}


def describe_indices(prepared: Preparation) -> str:
    """What indices of text mean."""
    found = "indices into the vocabulary of the preparation"
    pairs = "byte-level BPE as of GPT-2, by its merges; of the package tokenizers, models.BPE and ByteLevel"
    return f"{found}: {pairs}" if prepared.merges else found


def repeats_input(manifest: Manifest, prepared: Preparation) -> bool:
    """Whether the training learned to repeat its input, whatever the data has to predict."""
    chosen = experiment.find(manifest.name) if not is_address(manifest.name) else None
    tasks = list_tasks(chosen.model) if isinstance(chosen, experiment.Training) else EVERYTHING
    objective = str(manifest.knobs.get("objective", "auto"))
    return find_learned(prepared.shape, tasks, objective) == "reconstruction"


def describe_output(prepared: Preparation, length: Length, repeats: bool) -> dict[str, Any]:
    """Type, shape and meaning of the output of a graph."""
    if repeats:
        shape: list[object] = ["batch", *prepared.shape.size]
        return {"dtype": "float32", "shape": shape, "means": "the input again"}
    if prepared.task == "classification":
        count = len(prepared.classes)
        return {"dtype": "float32", "shape": ["batch", count], "means": "the probability of each class"}
    if prepared.task == "labels":
        shape = ["batch", len(prepared.targets)]
        return {"dtype": "float32", "shape": shape, "means": "the probability of each label, in the order of targets"}
    if prepared.task == "regression":
        return {"dtype": "float64", "shape": ["batch", len(prepared.targets)], "means": "in the unit of each target"}
    unit = prepared.shape.unit
    shape = ["batch", length or f"{unit}s", len(prepared.vocabulary)]
    return {"dtype": "float32", "shape": shape, "means": f"scores of each next {unit}, at every place"}


FORMATS: dict[str, Callable[[Run, IO[bytes], Tell], Length]] = {
    "safetensors": write_safetensors,
    "onnx": write_onnx,
    "pt2": write_pt2,
    "state-dict": write_state_dict,
}
