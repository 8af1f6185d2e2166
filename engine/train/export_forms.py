"""The forms in which the model of a finished training leaves descend, known without torch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    from descend.engine.run.runs import Run

HOLDS = {
    "safetensors": "weights of the network alone, by name; the model's own code builds it",
    "onnx": "a graph from prepared samples to predictions, which ONNX Runtime and others run without Python",
    "pt2": "a graph from prepared samples to predictions, for torch.export.load(…).module(), without the model's code",
    "state-dict": "weights of the network alone, by name, for torch.load(…, weights_only=True); its code builds it",
}
"""What each form holds."""
GRAPHS = ("onnx", "pt2")
"""Forms for which the model is built, so that a model of one's own needs its file."""
ENDINGS = {"state-dict": "pt"}
"""How a file is called that holds a form, if not like the form."""
CARD = ".json"
"""Added to the name of what is exported."""


def find_card(path: Path) -> Path:
    """Where the card of a model lies that is exported to ``path``."""
    return path.with_name(path.name + CARD)


def require_exportable(run: Run, form: str) -> None:
    """Check what can be known of an export before torch is imported.

    Raises:
        UsageError: the run trained no model.
        DescendError: packages are not installed, the run has no weights, or its model can no longer be built.
    """
    from descend.engine.launch import experiment
    from descend.engine.run.kept_model import require_model
    from descend.engine.train import model_source

    if form == "onnx" and not (find_spec("onnx") and find_spec("onnxscript")):
        raise DescendError(
            "ONNX needs the packages onnx and onnxscript; `pip install 'descend[onnx]'`, or export as pt2."
        )
    require_model(run)
    if form in GRAPHS:
        name = run.manifest().name
        if (file := model_source.find_file(name)) is not None and not file.exists():
            raise DescendError(
                f"The model of '{run.id}' is in {file}, which no longer exists; restore it, or export as safetensors "
                "or state-dict."
            )
        experiment.find_again(run.id, run.manifest())
