"""Everything that is measured of a language model on one text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from descend.engine.evaluation.calibration import tell_shift
from descend.engine.evaluation.evaluation import MODEL, WORST, Evaluation, Mistake
from descend.engine.evaluation.judged_text import (
    JudgedText,
    compare_texts,
    find_text_intervals,
    judge_by_frequency,
    measure_text,
)


def evaluate_text(
    judged: JudgedText, counts: Sequence[int], others: Mapping[str, JudgedText], knobs: Mapping[str, Any]
) -> Evaluation:
    """Measure what a language model said.

    Args:
        counts: how often each token is in the training text; () if that is not known, as of runs before it was kept.
        others: what else said something of the same text, by its name.
        knobs: of the training.
    """
    import numpy as np

    if counts:
        blind = judge_by_frequency(judged, np.array(counts, np.int64))
        others = {f"guessing by {judged.unit} frequencies": blind, **others}
    return Evaluation(
        judged,
        (judged.main,),
        measure_text(judged),
        find_text_intervals(judged),
        {name: measure_text(other) for name, other in others.items()},
        {name: compare_texts(judged, other, MODEL, name) for name, other in others.items()},
        {},
        "",
        tell_shift(knobs),
        [],
        None,
        list_surprises(judged),
        [],
        [],
    )


def list_surprises(judged: JudgedText) -> list[Mistake]:
    """The places where a wrong token was surest, surest first."""
    import numpy as np

    names = judged.tokeniser.name_tokens()
    cost = np.where((judged.guessed == judged.truth) | ~judged.known, -1.0, judged.sure)
    worst = np.argsort(-cost, kind="stable")[: min(WORST, int((cost >= 0).sum()))]
    return [
        Mistake(
            judged.describe(place),
            repr(names[judged.truth[place]]),
            repr(names[judged.guessed[place]]),
            float(judged.sure[place]),
        )
        for place in worst.tolist()
    ]
