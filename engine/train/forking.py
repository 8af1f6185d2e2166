"""What a fork of a training may change: each changed knob takes effect, or is refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from descend.engine.base.knobs import format_knobs
from descend.engine.lab.checkpointables import match_names
from descend.engine.train.best_epoch import forget_best
from descend.engine.train.evaluation import find_scores
from descend.engine.train.held_back import choose_places, count_end
from descend.engine.train.model_error import ModelError
from descend.engine.train.schedules import compute_factor
from descend.engine.train.settings import TrainKnobs

if TYPE_CHECKING:
    from descend.engine.train.trainer import Trainer

LOOKED_AT = 10_000
"""Steps at which two schedules of the rate are compared."""


def require_model_effects(session: Trainer) -> None:
    """Check that each changed argument of the model changes what it computes with the weights of the checkpoint.

    Raises:
        Unfit: one only says how weights begin.
    """
    k, lab = session.k, session.lab
    for name, before in lab.forked.items():
        if name in TrainKnobs.specs:
            continue
        value = getattr(k, name)
        with torch.random.fork_rng(devices=[lab.device] if lab.device.type == "cuda" else []):
            former, now = (build_fresh(session, name, each) for each in (before, value))
            if former is None or now is None or have_differences(session, former, now):
                continue
        if are_equal(former.state_dict(), now.state_dict()):  # but for how it is computed
            lab.note(f"With {format_knobs({name: value})} the model computes the same as before.")
            continue
        raise ModelError(
            f"{name} only says how weights begin, and a fork takes them from its checkpoint, so "
            f"{format_knobs({name: value})} "
            "changes nothing; begin a new run with it."
        )


def build_fresh(session: Trainer, name: str, value: Any) -> nn.Module | None:
    """The model as it would begin with ``value`` for the argument ``name``; None if it cannot be built so."""
    k, now = session.k, getattr(session.k, name)
    torch.manual_seed(session.lab.seed)
    setattr(k, name, value)
    try:
        return session.built()[0].to(session.lab.device)
    except Exception:  # of the user's own code; the run itself tells of it
        return None
    finally:
        setattr(k, name, now)


def have_differences(session: Trainer, one: nn.Module, other: nn.Module) -> bool:
    """Whether two models compute differently with the same weights: outputs, gradients or statistics."""
    weights = {name: value.clone() for name, value in one.state_dict().items()}
    x, _ = session.some_samples(0)
    try:
        found = []
        for net in (one, other):
            begin = {name: value.clone() for name, value in net.state_dict().items()}
            net.load_state_dict(match_names(net, weights))
            found.append([value.clone() for value in compute_all(session, net, x)])
            net.load_state_dict(begin)
    except Exception:  # weights of another form, or the user's own code
        return True
    return len(found[0]) != len(found[1]) or not all(map(torch.equal, *found))


def compute_all(session: Trainer, net: nn.Module, x: torch.Tensor) -> Iterator[torch.Tensor]:
    """Everything that ``net`` makes of ``x`` in training and in evaluation, with the same random numbers each time."""
    for training in (True, False):
        torch.manual_seed(0)
        output = session.objective.fitted(find_scores(net.train(training)(x.clone()), session.objective.part), x)
        assert output is not None
        yield output.detach()
        net.zero_grad()
        output.float().square().sum().backward()
        yield from (p.grad for p in net.parameters() if p.grad is not None)
        yield from net.buffers()


def are_equal(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two states are equal."""
    return len(one) == len(other) and all(
        torch.equal(a, b) if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) else True
        for a, b in zip(one.values(), other.values(), strict=True)
    )


def require_course_effects(k: Any, forked: dict[str, Any], step: int, steps: int) -> None:
    """Check that a changed learning-rate schedule differs from the former one at a step still to come.

    Raises:
        Unfit: it does not.
    """
    coming = np.unique(np.linspace(step, steps - 1, LOOKED_AT, dtype=np.int64)).tolist()
    now = {"schedule": k.schedule, "warmup": k.warmup}
    for name in now.keys() & forked.keys():
        former = now | {name: forked[name]}
        if all(
            compute_factor(step=at, steps=steps, **now) == compute_factor(step=at, steps=steps, **former)
            for at in coming
        ):
            raise ModelError(
                f"{format_knobs({name: now[name]})} changes nothing from step {step:,} on, where "
                f"the rate takes the same "
                "course either way; fork from an earlier step, or with another schedule."
            )


def renew_held(session: Trainer) -> None:
    """Forget the best weights so far where they were judged by other data than now, and say if that was trained on."""
    k, lab, data = session.k, session.lab, session.dataset
    forked = lab.forked
    if {"objective", "context", "fold", "normalise"} & forked.keys():
        forget_best(lab.state)
    if session.held is None or not {"validation", "fold"} & forked.keys():
        return
    share = lab.state.get("share", 0.0) if forked.get("validation", k.validation) else 0.0
    if not share:
        seen = True
    elif session.context:
        count = len(data.train_x)
        seen = count_end(count, session.share) > count_end(count, share)
    else:
        _, before = choose_places(data, share, lab.seed, forked.get("fold", k.fold) - 1)
        _, now = choose_places(data, session.share, lab.seed, k.fold - 1)
        seen = not np.isin(now, before).all()
    if seen:
        lab.note(
            "Part of the data that is held back now was trained on before the fork, so its loss is lower than that of "
            "new data."
        )
