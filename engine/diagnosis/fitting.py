"""Too much learned by heart, or too little learned at all."""

from __future__ import annotations

import math

import numpy as np

from descend.engine.base.knobs import Value
from descend.engine.diagnosis.evidence import Evidence, find_middle, measure_trend
from descend.engine.diagnosis.finding import Finding

AFTER = 3
"""Evaluations after the best one, at least: a single bad one is chance."""
SURE = 2.0
"""Mann-Kendall's z from which on a rise is no chance."""
RISE, WORTH = 0.1, 0.05
"""By how much the loss has to rise, as a share of its lowest and of a constant answer's: less costs nothing."""
FALL = 0.9
"""What the training loss has to have fallen to meanwhile: else it is no overfitting but a training that goes wrong."""
GAP, POOR = 0.1, 0.1
"""The training loss as a share of the judged one from which down the training part is known by heart; and what of a
constant answer's loss the judged one has to be, as a small one has room for no gap that matters."""
LEAST = 1.05
"""Within 5 % of the lowest loss counts as having reached it."""
UNLEARNED = 0.6
"""Share of a constant answer's loss that is left, from which on little is learned: an R² below 0.4."""
FLAT = 0.03
"""Less than 3 % in a third of the training is no progress any more."""
FALLING = 0.05
"""More than 5 % in the last third is."""
CLOSE = 0.1
"""Of a constant answer's loss: a smaller gap between training and judging leaves nothing to be learned by heart."""
EPOCHS, MORE_EPOCHS = 10_000, 4
WIDER, WIDEST = 4, 1024
WHOLE = 0.99
"""Share of its steps that a training took which was not stopped because nothing improved."""
SMALL = 2
"""Times the parameters of a linear model up to which a model is small: whether a larger one lacks parameters, or the
data is noisy, cannot be told from its curves."""


def find_overfitting(e: Evidence) -> Finding | None:
    """The loss on samples that are not trained on rises while that of the training falls, or stays far above it."""
    steps, loss = e.judged("loss")
    if len(loss) <= AFTER or math.isnan(e.constant):
        return None
    best = int(loss.argmin())
    after = loss[best + 1 :]
    if len(after) >= AFTER:
        count = max(2, len(after) // 4)
        now, stretch = float(find_middle(after[-count:])), float(steps[-1] - steps[-count - 1])
        before = e.train_mean(max(0.0, steps[best] - stretch), steps[best] + stretch)
        trained = e.train_mean(steps[-1] - stretch, math.inf)
        rises = now - loss[best] >= max(RISE * loss[best], WORTH * e.constant)
        surely = measure_trend(after) >= SURE if len(after) > 4 else bool((np.diff(after) > 0).all())
        if rises and surely and trained <= FALL * before:
            return _overfits(
                e,
                int(steps[best]),
                f"On {name_part(e)} the loss was lowest, {loss[best]:.3g}, at step {steps[best]:,} and is {now:.3g} "
                f"now, while that of training fell from {before:.3g} to {trained:.3g}.",
            )
    reached = int(np.argmax(loss <= LEAST * loss[best]))
    now = float(find_middle(loss[-AFTER:]))
    trained = e.train_mean(steps[-AFTER], math.inf)
    earlier = e.train_mean(steps[max(0, reached - 1)], steps[min(len(steps) - 1, reached + 1)] + 1)
    if reached < len(loss) - AFTER and now >= POOR * e.constant and trained <= GAP * now and trained <= earlier / 2:
        return _overfits(
            e,
            int(steps[reached]),
            f"Since step {steps[reached]:,} the loss on {name_part(e)} has not become better, {now:.3g} now, while "
            f"that of training went on falling, from {earlier:.3g} to {trained:.3g}.",
        )
    return None


def _overfits(e: Evidence, since: int, evidence: str) -> Finding:
    knobs: dict[str, Value]
    if "dropout" in e.knobs and not e.knob("dropout"):
        knobs, what = {"dropout": 0.3}, "Leave out a share of the units at random while it trains"
    elif e.prepared is not None and e.prepared.kind == "image" and e.knobs.get("augment") == "none":
        knobs, what = {"augment": "shift"}, "Change the training images at random, so that there are more of them"
    else:
        decay = e.knob("weight_decay")
        knobs, what = {"weight_decay": min(1.0, 10 * decay) or 0.01}, "Keep the weights small"
    kept = ""
    if e.part == "validation" and e.knobs.get("keep", "last") == "best":
        kept = " The weights that are kept are the best by what is held back, so this costs time more than quality."
    return Finding(
        "overfitting", f"overfits since step {since:,}", evidence + kept, f"{what}.", "hypothesis-classes", knobs
    )


def find_underfitting(e: Evidence) -> Finding | None:
    """Little is learned, even of the training part."""
    steps, loss = e.judged("loss")
    left = e.unlearned
    if math.isnan(left) or left < UNLEARNED or len(loss) < 3 or not (e.ended or e.share >= 0.5):
        return None
    told = f"Even on the training part the loss is still {100 * left:.0f} % of a constant answer's"
    before, now = loss[steps <= steps[-1] * 2 / 3], loss[-AFTER:]
    if e.done and e.share > WHOLE and loss[-1] <= (1 - FALLING) * before.min():
        epochs = int(e.knob("epochs"))
        more: dict[str, Value] = {"epochs": min(EPOCHS, MORE_EPOCHS * epochs)} if epochs else {}
        return Finding(
            "underfitting",
            "stopped while it was still learning",
            f"{told}, and on {name_part(e)} it still fell in the last third of the steps, from {before.min():.3g} to "
            f"{loss[-1]:.3g}.",
            "Train for longer.",
            "digits",
            more,
        )
    few = e.history.metrics.get("parameters")
    earlier = float(find_middle(before[-AFTER:]))
    moved = earlier - float(find_middle(now))
    if len(loss) < 8 or not abs(moved) < FLAT * earlier or loss[-1] > (left + CLOSE) * e.constant:
        return None
    linear = e.linear_parameters
    if few is None or linear is None or few > SMALL * linear:
        return None  # what a larger model leaves is rather noise than a lack of parameters
    hidden = int(e.knob("hidden"))
    knobs: dict[str, Value] = {"hidden": WIDER * hidden} if 0 < hidden <= WIDEST // WIDER else {}
    return Finding(
        "underfitting",
        "underfits, or there is no more to learn",
        f"{told}, hardly less than on {name_part(e)}, and stands still there: {find_middle(now):.3g} after "
        f"{earlier:.3g}. It has {few:,.0f} parameters; a linear model has {linear:,}.",
        "Give it more units."
        if knobs
        else "Take a model that can follow more, such as mlp; if that does not help, the data does not tell more.",
        "universal-approximation",
        knobs,
    )


def name_part(e: Evidence) -> str:
    """What the run is judged by, in words."""
    return "the samples held back" if e.part == "validation" else "the test part"
