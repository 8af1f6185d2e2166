"""Every model has as many parameters as its file says, and as the formulas say."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from descend.engine.train.model_form import DataShape, find_model, list_models

GREY = DataShape("image", (1, 28, 28), "classification", 10)
COLOUR = DataShape("image", (3, 32, 32), "classification", 10)

KNOWN = {
    "logistic-regression": (GREY, 784 * 10 + 10),
    "mlp": (GREY, 101_770),
    "simple-cnn": (GREY, 54_410),
    "padding-cnn": (GREY, 50_890),
    "norm-dropout-cnn": (GREY, 804_618),
    "full-cnn": (GREY, 421_642),
    "cifar-cnn": (COLOUR, 545_098),
    "textbook-cnn": (COLOUR, 69_706),
    "lenet": (GREY, 61_706),
    "autoencoder": (GREY, 50_992),
}
"""Known from where these networks are described."""


def count(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def built(name: str, shape: DataShape | None = None, **knobs: object) -> nn.Module:
    model = find_model(name)
    with torch.device("meta"):
        return model.build(model.knobs.parse(knobs), shape or model.reference)


@pytest.mark.parametrize("name", list_models())
def test_the_catalogue_states_the_count(name: str) -> None:
    assert count(built(name)) == find_model(name).parameters


@pytest.mark.parametrize("name", KNOWN)
def test_known_counts(name: str) -> None:
    shape, known = KNOWN[name]
    assert count(built(name, shape)) == known


def test_full_cnn_and_cifar_cnn_are_one_network() -> None:
    assert count(built("full-cnn", COLOUR)) == 545_098
    assert count(built("cifar-cnn", GREY)) == 421_642


def test_a_deeper_perceptron() -> None:
    assert count(built("mlp", layers=3)) == 101_770 + 2 * (128 * 128 + 128)


@pytest.mark.parametrize(("name", "gates"), [("rnn", 1), ("gru", 3), ("lstm", 4)])
def test_recurrent_networks(name: str, gates: int) -> None:
    d, h = 28, 128
    assert count(built(name)) == gates * (h * (d + h) + 2 * h) + h * 10 + 10
    one_way = gates * (h * (d + h) + 2 * h)
    upper = gates * (h * (2 * h + h) + 2 * h)
    assert count(built(name, bidirectional=True, layers=2)) == 2 * (one_way + upper) + 2 * h * 10 + 10


@pytest.mark.parametrize(("name", "cell"), [("rnn", 640), ("gru", 1_920), ("lstm", 2_560)])
def test_cells_of_ten_inputs_and_twenty_states(name: str, cell: int) -> None:
    shape = DataShape("image", (1, 5, 10), "classification", 3)
    assert count(built(name, shape, hidden=20).get_submodule("rnn")) == cell
    if name == "lstm":
        assert count(built(name, shape, hidden=20, layers=2, bidirectional=True).get_submodule("rnn")) == 15_040


def test_the_network_that_spells_hello() -> None:
    hello = DataShape("text", (), "language", 4, 4)
    assert count(built("rnn", hello, hidden=16, embedding=0)) == 352 + 68


def test_language_models() -> None:
    v, e, h, w, t, blocks = 38, 32, 128, 128, 64, 2
    lstm = v * e + 4 * (h * (e + h) + 2 * h) + 4 * (h * 2 * h + 2 * h) + h * v + v
    assert count(built("char-lstm")) == lstm
    assert count(built("gpt")) == v * w + t * w + blocks * (12 * w**2 + 13 * w) + 2 * w


def test_the_transformer() -> None:
    d, t, w, blocks = 28, 28, 64, 2
    inside = blocks * (12 * w**2 + 13 * w) + 2 * w + w * 10 + 10
    assert count(built("transformer")) == d * w + w + t * w + inside
    text = DataShape("text", (), "classification", 10, 50)
    assert count(built("transformer", text, context=100)) == 50 * w + 100 * w + inside
    table = DataShape("table", (13,), "classification", 10)
    assert count(built("transformer", table)) == w + w + 13 * w + inside


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("resnet18", "ResNet18_Weights"),
        ("resnet50", "ResNet50_Weights"),
        ("mobilenet-v2", "MobileNet_V2_Weights"),
        ("efficientnet-b0", "EfficientNet_B0_Weights"),
    ],
)
def test_torchvision_states_the_same_counts(name: str, weights: str) -> None:
    from torchvision import models as theirs

    stated = getattr(theirs, weights).IMAGENET1K_V1.meta["num_params"]
    photographs = DataShape("image", (3, 224, 224), "classification", 1000)
    assert count(built(name, photographs)) == stated
    last = {"resnet18": 512, "resnet50": 2048}.get(name, 1280)
    stem = 3 * 64 * (7 * 7 - 3 * 3) if name.startswith("resnet") else 0  # the others' are 3 × 3 already
    assert count(built(name)) == stated - 990 * (last + 1) - stem
    assert find_model(name).parameters == stated - 990 * (last + 1) - stem
    grey = 2 * {"resnet18": 64, "resnet50": 64}.get(name, 32) * 9
    assert count(built(name, GREY)) == find_model(name).parameters - grey
