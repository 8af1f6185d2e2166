"""Gradients that end on their way through the layers, vanish or explode."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from descend.engine.base.knobs import Value
from descend.engine.diagnosis.evidence import PICTURES, Evidence, find_middle, measure_trend
from descend.engine.diagnosis.finding import Finding

AGAIN = 2
"""Pictures in a row that must say so."""
STEPS = 20
"""Steps from which on that can be told: the first ones are special."""
DEEP = 4
"""Layers from which on a gradient can vanish on its way."""
FAINT = 1e-3
"""Gradient of the first layer as a share of the last one's; healthy nets of up to 14 layers had no less than 0.01."""
HARMED = 0.5
"""Share of a constant answer's loss that is left where that does harm."""
HUGE = 1e3
"""Norm of a first gradient that no healthy net has, as losses and weights are about 1."""
LOUD, LOUDER = 3.0, 100.0
"""How many times a constant answer's the loss at the start is, or the last layer's the first one's gradient, where the
weights are to blame and not the first steps."""


def find_dead_units(e: Evidence) -> Finding | None:
    """A layer that had a gradient gets none any more, and those behind it do: all its units are off for all samples."""
    pictures, norms = e.layers, e.gradients
    if len(pictures) <= AGAIN or not e.unlearned > HARMED:
        return None
    names = pictures[-1].names
    dead = (norms[-AGAIN:] == 0).all(0)
    if not dead.any() or dead[-1] or not (norms[:, dead] > 0).any():
        return None
    which = [place for place in np.flatnonzero(dead).tolist() if (norms[:, place] > 0).any()]
    since = max(map(e.find_end, which))
    told = (
        f"The gradient of {_list(names, which)} is exactly 0 since step {since:,}, while that of {names[-1]} is "
        f"{norms[-1, -1]:.2g}: no unit between passes any. Weights without a gradient do not move, so it stays so."
    )
    rate = e.knob("lr")
    knobs: dict[str, Value] = {"lr": rate / 10} if rate else {}
    if e.knobs.get("activation") == "relu":
        knobs = {"activation": "gelu"}
    remedy = "Use an activation that always passes something." if "activation" in knobs else "Take shorter steps."
    short = f"dead units since step {since:,}"
    return Finding(
        "dead units", short, told, remedy, "dead-units", knobs if rate or "activation" in knobs else {}, "serious"
    )


def find_vanishing(e: Evidence) -> Finding | None:
    """Gradients shrink from layer to layer on their way to the first one, which hardly learns."""
    norms = e.gradients
    if norms.shape[1] < DEEP or len(norms) < AGAIN or e.step < STEPS or not e.unlearned > HARMED:
        return None
    early, late = find_middle(norms[:PICTURES]), find_middle(norms[-PICTURES:])
    if not all(0 <= layers[0] < FAINT * layers[-1] for layers in (early, late)) or not early[0] > 0:
        return None
    if measure_trend(early) < min(2.0, 0.7 * measure_trend(np.arange(float(len(early))))):  # does it shrink on the way?
        return None
    names, step = e.layers[-1].names, e.layers[-1].step
    told = (
        f"On its way back through {len(names)} layers the gradient shrinks from {late[-1]:.2g} in {names[-1]} to "
        f"{late[0]:.2g} in {names[0]}, at step {step:,}, and the loss is still {100 * e.unlearned:.0f} % of a constant "
        "answer's."
    )
    saturates = e.knobs.get("activation") in ("sigmoid", "tanh")
    knobs: dict[str, Value] = {"activation": "relu"} if saturates else {}
    remedy = (
        "Use an activation that passes gradients whole."
        if saturates
        else "Use ReLU or GELU in place of sigmoid or tanh, normalise between layers, or add shortcuts around them."
    )
    return Finding("vanishing gradients", "gradients vanish", told, remedy, "dead-units", knobs, "serious")


def find_exploding(e: Evidence) -> Finding | None:
    """Gradients are far too large before steps could have made them so: by the weights that it starts with."""
    pictures, norms = e.layers, e.gradients
    _, loss = e.judged("loss")
    if not norms.size or not len(loss) or (norms[0, 0] <= 0) or e.unlearned <= HARMED:
        return None
    first = float(np.linalg.norm(norms[0]))
    grows = norms.shape[1] >= DEEP and norms[0, 0] >= LOUDER * norms[0, -1]
    if not first >= HUGE or not (loss[0] >= LOUD * e.constant or grows):
        return None
    told = (
        f"The norm of the gradient is {first:.2g} at step {pictures[0].step:,}, where about 1 is usual, and the loss "
        f"was {loss[0]:.3g} before the first step; a constant answer gets {e.constant:.3g}."
    )
    knobs: dict[str, Value] = {"clip": 1.0} if not e.knob("clip") else {}
    remedy = (
        "Bound the gradient's norm, and look at how the model sets its first weights: torch's own have the right size."
    )
    return Finding("exploding gradients", "gradients explode", told, remedy, "activations", knobs, "serious")


def _list(names: list[str], which: Sequence[int]) -> str:
    said = [names[place] for place in which[:3]]
    more = f" and {len(which) - 3} more layers" if len(which) > 3 else ""
    return ", ".join(said) + more
