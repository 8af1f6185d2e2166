"""What grows over a run: traces and films that stay small, mini-batches, and how much a network learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from descend.engine.lab.lab import Lab
from descend.engine.lab.minibatches import count_parameters, minibatches
from descend.engine.lab.picture_timing import EVERY

from .test_pictures import last, shown


@pytest.mark.parametrize(("steps", "most"), [(5, 10), (10, 10), (11, 10), (1000, 10), (777, 50), (2, 2), (40, 3)])
def test_a_trace_stays_small_and_keeps_its_first_and_newest_place(folders: Path, steps: int, most: int) -> None:
    def experiment(lab: Lab) -> None:
        for step in lab.steps(steps):
            places = lab.trace("way", torch.tensor([step, -step]), most)
            assert places[0] == [0, 0]
            assert places[-1] == [step, -step]
            assert len(places) <= most + 1
            gaps = np.diff([x for x, _ in places])
            assert (gaps > 0).all()
            assert len(set(gaps[:-1].tolist())) <= 1, "evenly spread"
            if step < most:
                assert len(places) == step + 1

    shown(experiment)


def test_a_trace_goes_on_where_a_checkpoint_was(folders: Path) -> None:
    kept = {}

    def experiment(lab: Lab) -> None:
        lab.state.update(kept)
        for step in lab.steps(3):
            found = lab.trace("way", [float(step)])
        kept.update(lab.state)
        kept["found"] = found

    shown(experiment)
    assert kept.pop("found") == [[0], [1], [2]]
    shown(experiment)
    assert kept["found"] == [[0], [1], [2], [0], [1], [2]]


@pytest.mark.parametrize("steps", [1, 7, 13, EVERY + 1, 3 * EVERY + 17])
def test_a_film_ends_with_the_last_frame(folders: Path, steps: int) -> None:
    def experiment(lab: Lab) -> None:
        for step in lab.steps(steps):
            lab.film("net", lambda step=step: np.full((2, 3), step), frames=6, low=0, high=steps)

    film = last(shown(experiment), "images/net")
    assert film.captions[0] == "step 0"
    assert film.captions[-1] == f"step {steps - 1:,}"
    assert 1 <= len(film.captions) <= 7
    pixels = film.pixels.numpy()
    assert pixels.shape == (len(film.captions), 2, 3)
    assert pixels[-1, 0, 0] == round(255 * (steps - 1) / steps)
    numbers = [int(caption.removeprefix("step ").replace(",", "")) for caption in film.captions]
    assert (np.diff(numbers) > 0).all()


def test_a_film_of_a_long_run_makes_few_frames(folders: Path) -> None:
    made = []

    def experiment(lab: Lab) -> None:
        for step in lab.steps(50 * EVERY):
            lab.film("net", lambda step=step: made.append(step) or np.zeros((2, 2)), frames=6)

    shown(experiment)
    assert len(made) < 200
    assert made[-1] == 50 * EVERY - 1


def test_what_is_no_frame_is_refused(folders: Path) -> None:
    with pytest.raises(ValueError, match="too many or too large"):
        shown(lambda lab: lab.film("net", np.zeros((300, 300))))
    with pytest.raises(ValueError, match="has pixels"):
        shown(lambda lab: lab.film("net", np.zeros((0, 3))))


def test_each_epoch_visits_all_samples_in_an_order_of_its_own(folders: Path) -> None:
    seen: dict[int, list[int]] = {}

    def experiment(lab: Lab) -> None:
        for batch in minibatches(lab, 10, epochs=3, batch_size=4):
            assert batch.step == 3 * batch.epoch + batch.place
            assert len(batch.chosen) == (2 if batch.place == 2 else 4)
            seen.setdefault(batch.epoch, []).extend(batch.chosen.tolist())

    shown(experiment)
    assert [sorted(order) for order in seen.values()] == [[*range(10)]] * 3
    assert len({tuple(order) for order in seen.values()}) == 3
    first = dict(seen)
    seen.clear()
    shown(experiment)
    assert seen == first


def test_parameters_are_counted_once_and_only_those_that_learn() -> None:
    net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    assert count_parameters(net) == 64 * 32 + 32 + 32 * 10 + 10 == 2410
    net[0].weight.requires_grad_(False)
    assert count_parameters(net) == 2410 - 64 * 32
    shared = nn.Linear(3, 3)
    assert count_parameters(nn.Sequential(shared, shared)) == 12
