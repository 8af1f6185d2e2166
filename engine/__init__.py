"""The engine: records, runs and supervision (no torch here), and the worker that trains with torch.

For your own programs, ``load`` gives the model of a finished training::

    from descend.engine import load

    model = load("20260101-120000-mlp-1a2b")   # a torch.nn.Module; a part of the run's name is enough
    model.predict([{"size": 51, "colour": "red"}])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from descend.engine.train.loaded_model import LoadedModel

__all__ = ["load"]


def load(run: str) -> LoadedModel:
    """The model of a finished training, with its weights and the preparation of its data, on the CPU.

    Args:
        run: its name, or a part of it that no other run has.

    Raises:
        UsageError: there is no such run, or it is a lesson's.
        DescendError: it has no checkpoint, or its model can no longer be built.
    """
    from descend.engine.run import runs
    from descend.engine.train.loaded_model import load_model

    return load_model(runs.find_run(run))
