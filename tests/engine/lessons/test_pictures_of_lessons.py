"""Pictures of lessons are kept under a name of their own, and hold what they should."""

from __future__ import annotations

import re

import pytest
import torch
from tests.engine.teaching.contract import smoke_run

from descend.engine.lessons.attention_generative import diffusion, noising
from descend.engine.lessons.convolutional import learned_filters
from descend.engine.lessons.networks import digits
from descend.engine.run.packed_array import find_not_yet
from descend.engine.run.result import Result
from descend.engine.teaching import catalogue


def test_all_kernels_look_at_one_digit_and_black_is_what_they_have_not_seen() -> None:
    shown = Result.of(smoke_run(catalogue.find_lesson("convolution"))).history.pictures["images/the map of each kernel"]
    assert shown[-1].captions == ["identity", "blur", "sharpen", "edge │", "edge ─", "own"]
    first, end = shown[0].pixels.numpy(), shown[-1].pixels.numpy()
    assert (first.reshape(6, -1)[:, 1:] == 0).all(), "one place has been looked at"
    assert (first[:, 0, 0] > 0).all()
    assert (end.reshape(6, -1) > 0).sum() > (first > 0).sum()


def test_one_place_shows_the_window_the_kernel_and_what_their_products_add_up_to() -> None:
    pictures = Result.of(smoke_run(catalogue.find_lesson("convolution"))).history.pictures
    places = pictures["array/one place: image * kernel = map"]
    for place, filled in zip(places, pictures["field/feature map"], strict=True):
        image, kernel, made = place.grids
        window = image.values.numpy()[image.marks["window"].numpy().astype(bool)]
        total = (window * kernel.values.numpy().ravel()).sum()
        assert made.values.numpy()[made.marks["place"].numpy().astype(bool)].tolist() == [total]
        assert place.formula.endswith(f" = {total:.4g}".replace("-", "−"))
        *_, newest = (text for row in filled.texts for text in row if text != "·")
        assert float(newest) == pytest.approx(total, abs=0.1)


def test_places_that_the_window_has_not_reached_are_not_computed_yet() -> None:
    pictures = Result.of(smoke_run(catalogue.find_lesson("convolution"))).history.pictures
    for count, filled in enumerate(pictures["field/feature map"], 1):
        missing = find_not_yet(filled.values.numpy()).ravel()
        assert (~missing[:count]).all()
        assert missing[count:].all()
        assert [text == "·" for row in filled.texts for text in row] == missing.tolist()
    digit, (image, *_) = pictures["field/digit"][0], pictures["array/one place: image * kernel = map"][0].grids
    assert digit.down
    assert (digit.values.numpy() == image.values.numpy()).all(), "one orientation"


def test_ten_test_digits_are_one_of_each_with_guess_probability_and_mistakes() -> None:
    pictures = Result.of(smoke_run(catalogue.find_lesson("digits"))).history.pictures["images/ten test digits"]
    assert len(pictures) >= 2
    assert all((picture.pixels.numpy() == pictures[0].pixels.numpy()).all() for picture in pictures), "always the same"
    assert pictures[0].pixels.shape == (10, 8, 8)
    for picture in pictures:
        for digit, caption in enumerate(picture.captions):
            guess, share, truth = re.fullmatch(r"[✓✗] (\d), (\d+)%(?:, is (\d))?", caption).groups()  # type: ignore[union-attr]
            assert caption.startswith("✓") == (int(guess) == digit)
            assert truth == (None if int(guess) == digit else str(digit))
            assert 10 <= int(share) <= 100
    assert sum(caption.startswith("✗") for caption in pictures[0].captions) > 5
    assert digits.describe_guesses([3, 8], [0.984, 0.5], [3, 9]) == ["✓ 3, 98%", "✗ 8, 50%, is 9"]


def test_filters_are_told_apart_by_gaps_that_are_drawn_black() -> None:
    picture = learned_filters.arrange_in_two_rows(torch.arange(27.0).view(3, 3, 3) / 27)
    assert picture.shape == (7, 7)
    assert picture[3].isnan().all()
    assert picture[:, 3].isnan().all()
    assert picture[4:, 4:].isnan().all(), "there is no fourth filter"
    assert picture[4:, :3].flatten().tolist() == torch.arange(18.0, 27.0).div(27).tolist()
    film = Result.of(smoke_run(catalogue.find_lesson("learned-filters"))).history.pictures["images/film of the filters"]
    pixels = film[-1].pixels.numpy()
    assert (pixels[:, 3] == 0).all()
    assert (pixels[:, :3, :3] > 0).all()


@pytest.mark.parametrize(
    ("name", "first", "end"),
    [
        ("learned-filters", "at random", "step 45"),
        ("noising", "t = 0", "t = 10"),
        ("diffusion", "t = 10", "t = 0"),
    ],
)
def test_a_film_shows_where_it_begins_and_where_it_ends(name: str, first: str, end: str) -> None:
    shown = Result.of(smoke_run(catalogue.find_lesson(name))).history.pictures
    film = shown["images/film of the filters" if name == "learned-filters" else "images/film"][-1]
    assert film.captions[0] == first
    assert film.captions[-1] == end
    assert len(film.captions) <= 6


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_both_lessons_on_diffusion_have_one_schedule(schedule: str) -> None:
    betas = torch.as_tensor(noising.make_betas(schedule, 50))
    assert torch.allclose((1 - betas).cumprod(0).float(), diffusion.levels(schedule, 50)[1:], atol=1e-6)


def test_an_origin_is_kept_among_the_data_only_if_asked_for() -> None:
    now, then = torch.tensor(0.0001), torch.tensor(1.0)
    x, noise = torch.tensor([[1.0, -1.0]]), torch.tensor([[0.9, -0.9]])
    assert diffusion.reverse(x, noise, now, then, 0.0).tolist() == [[3.0, -3.0]]
    free = diffusion.reverse(x, noise, now, then, 0.0, clamp=False)
    assert torch.allclose(free, (x - (1 - now).sqrt() * noise) / now.sqrt())


def test_the_bars_of_parameters_are_those_of_layers_that_have_some() -> None:
    lesson = catalogue.find_lesson("cnn-questions")
    bars = Result.of(smoke_run(lesson)).history.pictures["bars/parameters"][-1]
    assert list(bars.labels) == ["conv 1", "conv 2", "conv 3", "dense"]
