"""Whether a run left a model, as far as its folder tells without reading any weights."""

from __future__ import annotations

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.run.runs import Run


def require_model(run: Run) -> None:
    """Check that ``run`` trained a model and kept a checkpoint of it.

    Raises:
        UsageError: it looked for a learning rate instead.
        DescendError: it has no checkpoint.
    """
    if run.manifest().knobs.get("find_lr"):
        raise UsageError(
            f"Run '{run.id}' looked for a learning rate and trained no model; train one with `descend run`."
        )
    if not run.checkpoint_steps():
        raise describe_no_checkpoint(run)


def describe_no_checkpoint(run: Run) -> DescendError:
    """What to say of a run without one that can be read."""
    return DescendError(f"Run '{run.id}' has no checkpoint that can be read, so it has no weights.")
