"""Steps that are too long, too short, or too long for what is left to learn."""

from __future__ import annotations

import itertools
import math

import numpy as np

from descend.engine.base.knobs import Value
from descend.engine.diagnosis.evidence import Evidence, find_middle, measure_trend
from descend.engine.diagnosis.finding import Finding
from descend.engine.diagnosis.fitting import name_part

SMALLEST, LARGEST = 1e-6, 10.0
"""Learning rates that can be asked for."""
PEAK, HIGH = 3.0, 1.3
"""How many times that of the beginning the loss of a step, and the mean of a twentieth of them, is where steps throw
the weights about: single batches differ by less than three times, means by much less."""
POOR = 0.5
"""Share of a constant answer's loss that is left where that has done harm: else it has recovered."""
RECOVERED = 500
"""Steps after which a training that was thrown back should have recovered, where it has not been judged since."""
BEGUN = 0.3
"""Share of the steps after which it is told that they lead nowhere."""
STEPS = 20
"""Steps from which anything can be told."""
LITTLE = 0.1
"""Share of a constant answer's loss that may be gone by then."""
SHORT, USUAL = 3e-4, 5e-3
"""How far a step moves a layer, as a share of its weights: less than the first is short; trainings that go well have
about the second in their first epochs."""
SURE = 3.0
"""Mann-Kendall's z from which on the loss falls steadily."""
REGULARISED = 0.9
"""The judged loss as a share of the training loss below which dropout or the like keeps the latter up, as it should."""
STILL, LONG, WINDOWS = 0.05, 20, 8
"""Progress of the loss in a quarter of the training that is none, evaluations after which that counts, and stretches of
the second half that are compared."""
SOLVED = 0.05
"""Share of a constant answer's loss that is left where nothing remains to be learned."""
BOUNCING = 1e-3
"""Share by which a step moves a layer's weights that is much for a training that gets nowhere."""


def find_high_rate(e: Evidence) -> Finding | None:
    """The steps throw the weights about: the loss became much worse than it was at first, or infinite."""
    failure, peak = e.history.failure, _find_peak(e)
    rate = _find_rate(e, peak[0] if peak is not None else 0)
    knobs: dict[str, Value] = {"lr": max(SMALLEST, rate / 10)} if rate else {}
    what = "Take shorter steps."
    if e.knob("lr") < rate:  # it was turned down since
        knobs, what = {}, f"Start again with the present lr={e.knob('lr'):g}: the weights have not recovered."
    if failure is not None and failure.diverged:
        at = f"At step {failure.step:,} a number stopped being finite"
        grew = f", after the loss had risen to {peak[1]:.3g} at step {peak[0]:,}" if peak is not None else ""
        told = f"{at}{grew}, with lr={rate:g}."
        return Finding("rate too high", "diverged: the rate is too high", told, what, "digits", knobs, "serious")
    steps, loss = e.judged("loss")
    if e.train is None or not len(loss) or math.isnan(e.constant) or peak is None or not rate:
        return None
    where, now = name_part(e), float(find_middle(loss[steps > peak[0]][-3:])) if steps[-1] > peak[0] else math.nan
    if math.isnan(now) and e.step > peak[0] + RECOVERED:  # an epoch is long
        where, now = "the newest batches", float(e.train_windows(10)[-1])
    start = max(float(e.train.values[0]), e.constant)
    means = e.train_windows(20)
    highest = float(means[np.isfinite(means)].max(initial=0.0))
    if peak[1] < PEAK * start or highest < HIGH * start or not now >= POOR * e.constant:
        return None
    if len(e.judged("r2")[0]) and loss.max() < HIGH * max(loss[0], e.constant):
        return None  # of numbers to predict a few far off make a batch's loss as high
    told = (
        f"With lr={rate:g} the loss of training rose from {e.train.values[0]:.3g} to {peak[1]:.3g} at step "
        f"{peak[0]:,}, and on {where} it is {now:.3g} now; a constant answer gets {e.constant:.3g}."
    )
    return Finding("rate too high", "the rate is too high", told, what, "digits", knobs, "serious")


def _find_peak(e: Evidence) -> tuple[int, float] | None:
    """The step, after the first, and the value of the highest finite loss of training."""
    if e.train is None or e.train.size < 2:
        return None
    later = e.train.values[1:]
    if not math.isfinite(later.max()):
        later = np.where(np.isfinite(later), later, -np.inf)
    place = int(later.argmax())
    return (int(e.train.steps[place + 1]), float(later[place])) if math.isfinite(later[place]) else None


def _find_rate(e: Evidence, step: int) -> float:
    """What lr was asked for at ``step``: it may have been turned since."""
    later = [change for change in e.history.changes if change.knob == "lr" and change.step > step]
    return float(later[0].previous) if later else e.knob("lr")


def find_low_rate(e: Evidence) -> Finding | None:
    """The loss falls steadily, so slowly that it arrives nowhere, and steps hardly move the weights."""
    _, loss = e.judged("loss")
    rate, ratio = e.knob("lr"), e.update_ratio
    begun = BEGUN if e.knobs.get("schedule", "constant") == "constant" and not e.knob("warmup") else 0.9
    if not rate or len(loss) < 4 or e.step < STEPS or not (e.ended or e.share >= begun):
        return None
    fallen = float(loss[0] - loss[-1]) / e.constant
    if not 0 < ratio <= SHORT or not 0 < fallen < LITTLE or not loss[-1] >= POOR * e.constant:
        return None
    if e.unlearned < POOR:  # the training part is learned: longer steps would not help the samples held back
        return None
    if measure_trend(loss) > -min(SURE, 0.9 * _surest(len(loss))):
        return None
    better = min(LARGEST, rate * 10.0 ** max(1, round(math.log10(USUAL / ratio))))
    told = (
        f"The loss has fallen steadily, but only from {loss[0]:.4g} to {loss[-1]:.4g} in {e.step:,} steps: with "
        f"lr={rate:g} a step moves the weights by {_percent(ratio)}, where 0.1 % to 1 % is usual."
    )
    lower = f"lr={rate:g} is too low"
    return Finding("rate too low", lower, told, "Take longer steps.", "optimiser-race", {"lr": better}, "serious")


def _surest(count: int) -> float:
    return measure_trend(np.arange(float(count)))


def find_plateau(e: Evidence) -> Finding | None:
    """Half of the training has changed nothing, though there is something left to learn and room to learn it."""
    steps, loss = e.judged("loss")
    parameters = e.history.metrics.get("parameters")
    if len(loss) < LONG or not (e.ended or e.share >= 0.5) or e.knobs.get("schedule", "constant") != "constant":
        return None
    if e.prepared is None or parameters is None or parameters < e.prepared.train or not e.update_ratio >= BOUNCING:
        return None  # too few parameters to do better, or weights that have come to rest
    half = float(steps[0] + steps[-1]) / 2
    edges = np.linspace(half, steps[-1] + 1, WINDOWS + 1)
    train = np.array([e.train_mean(*pair) for pair in itertools.pairwise(edges)])
    train, late = train[np.isfinite(train)], loss[steps >= half]
    if len(train) < WINDOWS // 2:
        return None
    third, last = np.array_split(train, 2)[0].mean(), np.array_split(train, 2)[1].mean()
    if not last > SOLVED * e.constant or last < (1 - STILL) * third:
        return None
    if min(measure_trend(late), measure_trend(train)) < -1.0:  # it still falls, if slowly
        return None
    judged, ratio = find_middle(late), _percent(e.update_ratio)
    if judged < REGULARISED * last:
        return None
    told = (
        f"Since step {half:,.0f} the loss stands still: of training {third:.3g}, then {last:.3g}, and on "
        f"{name_part(e)} {judged:.3g}. A step still moves the weights by {ratio}, too far to settle."
    )
    knobs: dict[str, Value] = {"schedule": "cosine"}
    return Finding(
        "plateau",
        f"stands still since step {half:,.0f}",
        told,
        "Let the rate fall towards the end.",
        "optimiser-race",
        knobs,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
