"""The range test for learning rates: the rate rises step by step, and the loss tells how far.

L. N. Smith, Cyclical Learning Rates for Training Neural Networks, 2017.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from descend.engine.train.trainer import Trainer

LOWEST, HIGHEST, STEPS = 1e-6, 10.0, 140
"""The rates of the first and the last step, and how many there are: twenty for each factor of ten."""
WIDTH = 7
"""Steps to each side over which the loss is smoothed, with weights that fall to zero."""
WORSE = 4.0
"""Times the lowest smoothed loss at which the test is over."""
FALL = 0.02
"""Share of the first loss by which it has to fall, for a rate to be suggested."""
PICTURE = "loss by learning rate"
RULE = "where the smoothed loss falls most steeply as the rate rises (range test, Smith 2017)"


def compute_rate(step: int) -> float:
    """The rate of a step: each is larger than the last by the same factor."""
    return float(LOWEST * (HIGHEST / LOWEST) ** (step / (STEPS - 1)))


def smooth_losses(losses: Sequence[float]) -> np.ndarray:
    """Each of ``losses`` (n,) averaged with those near it, of which there are fewer at the ends."""
    weights = 1 - np.abs(np.arange(-WIDTH, WIDTH + 1)) / (WIDTH + 1)
    values = np.asarray(losses, float)
    sums, counts = (np.convolve(each, weights)[WIDTH : WIDTH + len(values)] for each in (values, np.ones(len(values))))
    return np.asarray(sums / counts)


def suggest_rate(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """The rate at which the smoothed loss falls most steeply over the logarithm of the rate, before it is lowest; None
    if it does not fall."""
    if len(losses) <= 2 * WIDTH:
        return None
    smooth = smooth_losses(losses)
    lowest = int(np.argmin(smooth))
    if lowest < 2 or smooth[0] - smooth[lowest] < FALL * abs(smooth[0]):
        return None
    slopes = np.gradient(smooth, np.log(rates))
    return float(rates[int(np.argmin(slopes[: lowest + 1]))])


def is_over(losses: Sequence[float]) -> bool:
    """Whether the loss has become so large that higher rates tell nothing more."""
    if len(losses) <= 2 * WIDTH:
        return False
    smooth = smooth_losses(losses)[: 1 - WIDTH]  # without the end, where one loss counts much
    return bool(smooth[-1] > max(WORSE * smooth.min(), 2 * smooth[0]))


def find_rate(session: Trainer) -> None:
    """Take the steps of a range test, show the loss by rate, and suggest one. The model is afterwards what it was.

    What it was is kept in the state of the run meanwhile, so that one that is resumed goes on and ends alike.
    """
    lab, feed, net, optimiser = session.lab, session.feed, session.net, session.optimiser
    for _ in lab.steps(int(session.k.epochs) * feed.per_epoch, per_epoch=feed.per_epoch):
        break  # a fork continues from its checkpoint, as a training would
    kept: dict[str, Any] = lab.state.setdefault(
        "range_test",
        {"net": copy_state(net), "optimiser": copy_state(optimiser), "rates": [], "losses": []},
    )
    rates, losses = kept["rates"], kept["losses"]
    session.run.train()
    for number in lab.steps(STEPS, samples=feed.batch_size * feed.accumulate, unit=session.unit):
        rate = compute_rate(number)
        session.tell_step(number, rate)
        loss = float(session._step(feed.parts(number), rate)[0])
        if not math.isfinite(loss):
            break
        rates.append(rate)
        losses.append(loss)
        lab.scalars({"train/loss": loss, "lr": rate})
        lab.layers(net)
        if is_over(losses):
            break
        if number < STEPS - 1 and lab.due():  # the last is drawn with the suggestion
            show_losses(session, rates, losses)
    net.load_state_dict(kept["net"], strict=False)  # a buffer that came late is left
    optimiser.load_state_dict(kept["optimiser"])
    del lab.state["range_test"]
    conclude(session, rates, losses)


def copy_state(tracked: Any) -> Any:
    """A copy of the state of a module or an optimiser."""
    return copy.deepcopy(tracked.state_dict())


def show_losses(session: Trainer, rates: Sequence[float], losses: Sequence[float], rate: float | None = None) -> None:
    """Draw what there is of the losses by rate, with the suggested one marked; without the end, where they are beyond
    all measure."""
    smooth, exponents = smooth_losses(losses), np.log10(rates)
    count = next((place for place, loss in enumerate(smooth) if loss > 2 * smooth[0]), len(smooth))
    spots = {f"lr={rate:.2g}": [math.log10(rate), float(smooth[rates.index(rate)])]} if rate is not None else {}
    session.lab.curve(
        PICTURE,
        exponents[:count],
        spots,
        axes=("learning rate, 10 to the power of", "loss"),
        smoothed=smooth[:count],
        loss=losses[:count],
    )


def conclude(session: Trainer, rates: Sequence[float], losses: Sequence[float]) -> None:
    """Say which rate is suggested, and why."""
    lab, found = session.lab, suggest_rate(rates, losses)
    if losses:
        show_losses(session, rates, losses, found)
    if found is None:
        lab.note(
            f"From lr={LOWEST:g} to {rates[-1] if rates else LOWEST:.2g} the loss did not fall; no rate is suggested."
        )
        return
    lab.results(suggested_lr=found)
    lab.note(f"Suggested: lr={found:.2g}, {RULE}. The model is as it was before.")
