"""Random changes of training images, and what is shown of them."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
import torch
from tests.engine.train.trained import done
from torchvision.transforms import v2

from descend.datasets import catalogue
from descend.engine.base.errors import UsageError
from descend.engine.cli import main
from descend.engine.train import augment_preview
from descend.engine.train.augment import make_augmentation
from descend.engine.train.settings import AUGMENTATIONS

CHANGES = [how for how in AUGMENTATIONS if how != "none"]


def test_each_image_is_changed_by_itself() -> None:
    torch.manual_seed(0)
    x = torch.zeros(200, 1, 16, 16)
    x[:, 0, 8, 3] = 1
    flipped = make_augmentation("flip")(x)
    assert set(flipped.flatten(1).argmax(1).tolist()) == {8 * 16 + 3, 8 * 16 + 12}
    places = make_augmentation("shift")(x).flatten(1).argmax(1)
    assert set((places // 16).tolist()) == {6, 7, 8, 9, 10}
    assert set((places % 16).tolist()) == {1, 2, 3, 4, 5}
    both = make_augmentation("both")(x)
    assert both.shape == x.shape
    assert torch.equal(both.sum((1, 2, 3)), torch.ones(200))


def test_whole_batches_are_changed_as_torchvision_changes_an_image() -> None:
    torch.manual_seed(0)
    x = torch.rand(60, 3, 16, 8)
    mirrored = v2.functional.horizontal_flip(x)
    for image, before, other in zip(make_augmentation("flip")(x), x, mirrored, strict=True):
        assert torch.equal(image, before) or torch.equal(image, other)
    padded = v2.functional.pad(x, [1, 2, 1, 2])
    crops = torch.stack([v2.functional.crop(padded, t, left, 16, 8) for t in range(5) for left in range(3)], 1)
    for image, possible in zip(make_augmentation("shift")(x), crops, strict=True):
        assert any(torch.equal(image, one) for one in possible)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("how", CHANGES)
def test_changed_images_are_images_and_follow_from_the_seed(how: str, channels: int) -> None:
    x = torch.rand(8, channels, 12, 10, generator=torch.Generator().manual_seed(1))
    kept = x.clone()
    torch.manual_seed(5)
    first = make_augmentation(how)(x)
    torch.manual_seed(5)
    assert torch.equal(make_augmentation(how)(x), first)
    assert not torch.equal(make_augmentation(how)(x), first)
    assert torch.equal(x, kept), "what is stored stays as it is"
    assert first.shape == x.shape
    assert first.min() >= 0
    assert first.max() <= 1


@pytest.mark.parametrize("how", AUGMENTATIONS)
def test_other_processes_can_be_given_it(how: str) -> None:
    x = torch.rand(4, 1, 8, 8)
    changes = make_augmentation(how), pickle.loads(pickle.dumps(make_augmentation(how)))
    results = []
    for change in changes:
        torch.manual_seed(2)
        results.append(change(x))
    assert torch.equal(*results)


def test_a_training_with_changed_images_is_the_same_again() -> None:
    settings = {"augment": "randaugment", "epochs": 1, "batch_size": 512}
    one = done("logistic-regression", "digits", **settings).metrics
    assert one == done("logistic-regression", "digits", **settings).metrics
    plain = done("logistic-regression", "digits", **settings | {"augment": "none"}).metrics
    assert one["train/loss"] != plain["train/loss"]


@pytest.mark.parametrize("name", ["digits", "shapes-32"])
def test_the_preview_is_of_the_samples_as_they_are_stored(name: str) -> None:
    dataset = catalogue.find(name).load()
    before = dataset.train_x[augment_preview.choose_samples(dataset)]
    assert np.array_equal(augment_preview.augment_samples(dataset, "none"), np.stack([before] * augment_preview.DRAWS))
    flipped = augment_preview.augment_samples(dataset, "flip", seed=3)
    for image, original in zip(flipped.reshape(-1, *before.shape[1:]), [*before] * augment_preview.DRAWS, strict=True):
        assert np.array_equal(image, original) or np.array_equal(image, original[:, ::-1])
    assert np.array_equal(augment_preview.augment_samples(dataset, "flip", seed=3), flipped)
    assert not np.array_equal(augment_preview.augment_samples(dataset, "flip", seed=4), flipped)


def test_tables_have_no_preview() -> None:
    with pytest.raises(UsageError, match="augment is for images; iris is a table"):
        augment_preview.augment_samples(catalogue.find("iris").load(), "flip")


def test_all_previews_are_written_at_once(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert augment_preview.main("digits", "7") == 0
    found = np.load(io.BytesIO(capsysbinary.readouterr().out), allow_pickle=False)
    assert set(found) == set(AUGMENTATIONS)
    assert np.array_equal(
        found["affine"], augment_preview.augment_samples(catalogue.find("digits").load(), "affine", seed=7)
    )
    assert augment_preview.main("iris", "0") == 2
    assert b"augment is for images" in capsysbinary.readouterr().err


def test_the_command_line_shows_images_before_and_after(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "show", "digits", "--augment", "affine"]) == 0
    assert "turned by up to 15 degrees" in capsys.readouterr().out
    assert main(["data", "show", "iris", "--augment", "flip"]) == 2
    assert "augment is for images" in capsys.readouterr().err
    assert main(["data", "show", "digits", "--augment", "flop"]) == 2
    assert "flip" in capsys.readouterr().err
