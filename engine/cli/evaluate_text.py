"""``descend evaluate`` of a language model: how well it tells what comes next in a text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from descend.engine.base.errors import DescendError, UsageError

if TYPE_CHECKING:
    from descend.datasets.dataset import Dataset
    from descend.engine.evaluation.evaluation import Evaluation
    from descend.engine.run.runs import Run
    from descend.engine.train.predictor import Restored


def measure_text_model(
    run: Run, restored: Restored, other: Run | None, data: str | None, tell: Callable[[float], None]
) -> Evaluation:
    """What is measured of a language model on the text ``data``; without it, on the test part of its own.

    Args:
        other: another to compare with.
        tell: takes the share that is done, in (0, 1].

    Raises:
        UsageError: the ``other`` is no language model.
        DescendError: the text cannot be read, or is no longer as it was.
    """
    from descend.engine.cli.evaluate import find_knobs
    from descend.engine.evaluation.text_evaluation import evaluate_text
    from descend.engine.evaluation.text_samples import judge_text
    from descend.engine.train.predictor import restore_training
    from descend.engine.train.task import LanguageModelling

    text = read_data(run, data)
    parts = 2 if other else 1
    judged = judge_text(restored, text, find_context(run), lambda share: tell(share / parts))
    if said := tell_of_file(run, restored, data):
        judged = replace(judged, notes=(said, *judged.notes), trained_on=True)
    others = {}
    if other is not None:
        theirs = restore_training(other)
        if not isinstance(theirs.objective, LanguageModelling):
            raise UsageError(f"'{other.id}' does not learn to continue a text, so it cannot be compared.")
        if data is None and read_data(other, None) != text:
            raise UsageError(
                f"'{other.id}' held another part of its text back than '{run.id}'; name a text to compare them on, "
                "which neither was trained on."
            )
        if said := tell_of_file(other, theirs, data):
            judged = replace(judged, notes=(*judged.notes, said))
        others[other.id] = judge_text(theirs, text, find_context(other), lambda share: tell((1 + share) / parts))
    return evaluate_text(judged, restored.prepared.counts, others, find_knobs(run))


def tell_of_file(run: Run, restored: Restored, data: str | None) -> str:
    """A sentence if the file ``data`` is what ``run`` learned from, else ""."""
    from descend.engine.base.paths import parse_path
    from descend.engine.evaluation.trained_on import tell_trained_on

    if data in (None, "-"):
        return ""
    return tell_trained_on(run, restored.prepared, parse_path(str(data)), "place")


def find_context(run: Run) -> int:
    """Characters or tokens that a language model read at once."""
    return int(run.manifest().knobs["context"])


def read_data(run: Run, data: str | None) -> str:
    """The text to judge by: the file ``data``, or without it the test part of what the training learned from."""
    from descend.datasets.new_address import split_new_text
    from descend.datasets.tokenisers import make_tokeniser
    from descend.engine.cli.evaluate import load_own
    from descend.engine.cli.predict import open_source, require_file
    from descend.engine.evaluation.text_samples import read_new_text

    if data is None:
        own: Dataset | None = load_own(run, needed=True)
        assert own is not None
        if not len(own.test_x):
            raise DescendError("The data has no test part; name data to evaluate on.")
        return make_tokeniser(own.vocabulary, own.merges).decode(own.test_x.tolist())
    path, encoding = split_new_text(data, run.manifest().data)
    require_file(path, f"run '{run.id}' is judged by a text")
    with open_source(path) as file:
        return read_new_text(file, encoding)
