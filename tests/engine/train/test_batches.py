"""Which samples a batch has, and in which form."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from descend.datasets import catalogue
from descend.datasets.dataset import Dataset
from descend.datasets.preparation import prepare_dataset
from descend.engine.train.loader import Loader, Preprocessing, Split, make_splits

CPU = torch.device("cpu")


def form(dataset: Dataset, **settings: object) -> Preprocessing:
    return Preprocessing(prepare_dataset(dataset), CPU, **{"channels_last": False, "augment": "none", **settings})  # type: ignore[arg-type]


def parts(name: str, *, context: int = 0, resident: bool = True, validation: float = 0.0) -> tuple[Split, ...]:
    dataset = catalogue.find(name).load()
    found = make_splits(dataset, form(dataset), context=context, validation=validation, resident=resident, seed=3)
    return tuple(split for split in found if split is not None)


def test_images_are_between_0_and_1_with_channels() -> None:
    grey, colour = parts("digits")[0].first(5)[0], parts("shapes-32")[0].first(5)[0]
    assert grey.shape == (5, 1, 8, 8)
    assert colour.shape == (5, 3, 32, 32)
    assert grey.min() == 0
    assert grey.max() == 1
    stored = catalogue.find("shapes-32").load().train_x[0]
    assert torch.allclose(colour[0].permute(1, 2, 0), torch.as_tensor(stored) / 255)


def test_tables_and_targets_have_mean_0_and_std_1() -> None:
    train = parts("diabetes")[0]
    x, y = train.first(len(train))
    for values in (x, y):
        assert torch.allclose(values.mean(0), torch.zeros_like(values.mean(0)), atol=1e-4)
        assert torch.allclose(values.std(0, correction=0), torch.ones_like(values.mean(0)), atol=1e-3)


def test_an_epoch_shows_every_sample_once_in_an_order_of_its_own() -> None:
    train = parts("iris")[0]
    feed = Loader(train, 50, seed=1)
    assert feed.per_epoch == 3
    epochs = [torch.cat([feed.batch(3 * epoch + place)[0] for place in range(3)]) for epoch in range(2)]
    everything = train.first(len(train))[0]
    for epoch in epochs:
        assert torch.equal(epoch.sort(0).values, everything.sort(0).values)
    assert not torch.equal(*epochs)
    again = Loader(train, 50, seed=1)
    assert torch.equal(again.batch(4)[0], epochs[1][50:100]), "a batch follows from the seed and the step alone"
    assert not torch.equal(Loader(train, 50, seed=2).batch(0)[0], epochs[0][:50])


@pytest.mark.parametrize(("name", "context"), [("digits", 0), ("corpus", 32)])
def test_batches_are_the_same_wherever_the_data_waits(name: str, context: int) -> None:
    feeds = [Loader(parts(name, context=context, resident=here)[0], 100, 5) for here in (True, False)]
    per_epoch = feeds[0].per_epoch
    for step in (0, 1, per_epoch - 1, per_epoch, per_epoch + 1, 3):
        for one, other in zip(feeds[0].batch(step), feeds[1].batch(step), strict=True):
            assert torch.equal(one, other)


def test_fetching_draws_nothing_from_the_generator_of_the_model() -> None:
    feed = Loader(parts("iris", resident=False)[0], 50, 5)
    before = torch.get_rng_state()
    for step in range(4):
        feed.batch(step)
    assert torch.equal(torch.get_rng_state(), before)


def test_text_is_read_in_windows_and_the_next_character_is_wanted() -> None:
    train = parts("corpus", context=20)[0]
    x, y = Loader(train, 8, 0).batch(0)
    assert x.shape == y.shape == (8, 20)
    assert torch.equal(x[:, 1:], y[:, :-1])
    offsets = set()
    feed = Loader(train, len(train), 0)
    for epoch in range(12):
        feed.batch(epoch)
        offsets.add(feed._offset)
    assert len(offsets) > 1, "windows begin elsewhere in every epoch"


def test_a_last_batch_of_one_is_left_out_for_batch_normalisation_only() -> None:
    train = parts("iris")[0]
    assert Loader(train, 17, 0, min_batch=2).per_epoch == 7  # 120 = 7 · 17 + 1
    assert Loader(train, 17, 0).per_epoch == 8


def test_what_is_held_back_is_not_trained_on() -> None:
    train, _, held = parts("digits", validation=0.25)
    assert len(held) == pytest.approx(0.25 * 1437, abs=1)
    assert len(train) + len(held) == 1437
    dataset = catalogue.find("digits").load()
    assert np.abs(np.bincount(held.y) - 0.25 * np.bincount(dataset.train_y)).max() <= 1, "some of each class"
    whole = dataset.train_x
    together = np.concatenate([train.x.numpy(), held.x.numpy()]).reshape(1437, -1)
    assert np.array_equal(np.sort(together, 0), np.sort(whole.reshape(1437, -1), 0))


def test_targets_are_centred_before_they_lose_digits() -> None:
    """Seconds since 1970, of which single precision holds every 128th."""
    seconds = 1_700_000_000 + np.arange(64.0)
    x = np.arange(64, dtype=np.float32)[:, None]
    dataset = Dataset(
        "times", (), x, seconds, x[:8], seconds[:8], kind="table", task="regression", features=("x",), targets=("t",)
    )
    made = form(dataset)
    train, test, _ = make_splits(dataset, made, context=0, validation=0.0, resident=True, seed=0)
    y = train.first(64)[1]
    assert y.dtype == torch.float32
    assert torch.allclose(y, torch.as_tensor((seconds - seconds.mean()) / seconds.std()).float())
    assert torch.equal(made.untargeted(y).round(), torch.as_tensor(seconds))
    assert torch.equal(test.first(8)[1], y[:8])


def test_a_constant_target_is_not_divided_by_what_rounding_left() -> None:
    y = np.full(30, 0.1)
    x = np.arange(30, dtype=np.float32)[:, None]
    dataset = Dataset("same", (), x, y, x, y, kind="table", task="regression", features=("x",), targets=("y",))
    train, _, _ = make_splits(dataset, form(dataset), context=0, validation=0.0, resident=True, seed=0)
    assert train.first(30)[1].abs().max() < 1e-6
