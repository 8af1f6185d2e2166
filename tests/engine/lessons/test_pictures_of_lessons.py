"""Pictures of lessons are kept under a name of their own, and hold what they should."""

from __future__ import annotations

import torch
from tests.engine.teaching.contract import smoke_run

from descend.engine.lessons.attention_generative import diffusion
from descend.engine.lessons.convolutional import convolution
from descend.engine.run.result import Result
from descend.engine.teaching import catalogue


def test_the_maps_of_all_kernels_stay_when_the_network_shows_its_own() -> None:
    shown = Result.of(smoke_run(catalogue.find_lesson("convolution"))).history.pictures
    assert len(shown["images/the map of each kernel"][-1].captions) == len(convolution.KERNELS)
    assert "images/feature maps" in shown


def test_filters_are_told_apart_by_gaps_darker_than_any_weight() -> None:
    picture = convolution.in_two_rows(torch.arange(27.0).view(3, 3, 3) / 27)
    assert picture.shape == (7, 7)
    assert (picture[3] == convolution.DARK).all()
    assert (picture[:, 3] == convolution.DARK).all()
    assert (picture[4:, 4:] == convolution.DARK).all(), "there is no fourth filter"
    assert picture[4:, :3].flatten().tolist() == torch.arange(18.0, 27.0).div(27).tolist()


def test_diffusion_shows_the_way_out_and_the_way_back() -> None:
    shown = Result.of(smoke_run(catalogue.find_lesson("diffusion"))).history.pictures
    out, back = shown["images/film out"][-1].captions, shown["images/film back"][-1].captions
    assert out[0] == "t = 0"
    assert out[-1] == "t = 10"
    assert back[-1] == "t = 0"


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
