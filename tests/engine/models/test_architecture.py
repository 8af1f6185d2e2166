"""The layers of a module, and `descend show` and `descend list` on models."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from torch import nn

from descend.engine.cli import main
from descend.engine.train.layer_list import LayerCall, count_weight_bytes, list_layers, make_example
from descend.engine.train.model_form import DataShape, find_model, list_models


def meta(name: str, shape: DataShape | None = None) -> list[LayerCall]:
    model = find_model(name)
    shape = shape or model.reference
    with torch.device("meta"):
        net = model.build(model.knobs(), shape)
    return list_layers(net, make_example(shape, net))


def test_a_network_layer_by_layer() -> None:
    assert meta("simple-cnn") == [
        LayerCall("conv", "Conv2d", (1, 32, 26, 26), 320, False, 26 * 26 * 32 * 9),
        LayerCall("relu", "ReLU", (1, 32, 26, 26), 0, False, 0),
        LayerCall("pool", "MaxPool2d", (1, 32, 13, 13), 0, False, 0),
        LayerCall("flatten", "Flatten", (1, 5_408), 0, False, 0),
        LayerCall("dense", "Linear", (1, 10), 54_090, False, 54_080),
    ]


@pytest.mark.parametrize("name", list_models())
def test_every_parameter_is_in_one_layer(name: str) -> None:
    found = meta(name)
    assert sum(layer.parameters for layer in found) == find_model(name).parameters
    assert all(layer.output for layer in found)


def test_multiply_adds_are_those_that_are_published() -> None:
    photographs = DataShape("image", (3, 224, 224), "classification", 1000)
    assert sum(layer.multiply_adds for layer in meta("resnet18", photographs)) == pytest.approx(1.814e9, rel=1e-3)
    assert sum(layer.multiply_adds for layer in meta("mobilenet-v2", photographs)) == pytest.approx(0.301e9, rel=1e-2)


def test_multiply_adds_of_cells_and_of_attention() -> None:
    lstm = {layer.path: layer for layer in meta("lstm")}
    assert lstm["rnn"].multiply_adds == 28 * 4 * 128 * (28 + 128)
    gpt = {layer.path: layer for layer in meta("gpt")}
    assert gpt["blocks.0.attention.attend"].multiply_adds == 2 * 64 * 64 * 128
    assert gpt["head"].shared
    assert gpt["head"].parameters == 0


class Odd(nn.Module):
    """Does what modules of users do: computes without layers, shares, leaves out, returns more than a tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(6, 6))
        self.twice = nn.Linear(6, 6)
        self.unused = nn.Linear(3, 3)
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)
        self.dropout = nn.Dropout()

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        x = self.twice(self.twice(x)) @ self.scale
        return {"y": self.dropout(self.attention(x, x, x)[0])}


def test_what_is_computed_outside_layers_counts_too() -> None:
    net = Odd().to("meta")
    net.attention.eval()
    called = list_layers(net, torch.zeros(1, 4, 6, device="meta"))
    assert sum(layer.parameters for layer in called) == sum(p.numel() for p in net.parameters())
    once, again = (layer for layer in called if layer.path == "twice")
    assert (once.parameters, once.shared) == (42, False)
    assert (again.parameters, again.shared) == (0, True)
    found = {layer.path: layer for layer in called}
    assert found["(model)"].parameters == 36
    assert found["(model)"].multiply_adds == 4 * 36
    assert found["(model)"].output == (1, 4, 6)
    assert found["unused"].output is None
    assert found["unused"].parameters == 12
    assert found["attention"].multiply_adds == 4 * 4 * 36 + 2 * 4 * 4 * 6
    assert net.training
    assert not net.attention.training


def test_it_leaves_no_trace_when_a_module_fails() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 5))
    with pytest.raises(RuntimeError):
        list_layers(net, torch.zeros(1, 2))
    assert net.training
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
    assert count_weight_bytes(net) == 4 * (9 + 25)


def lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(list(words)) == 0
    return capsys.readouterr().out.splitlines()


def test_list_models(capsys: pytest.CaptureFixture[str]) -> None:
    listed = [json.loads(line) for line in lines(capsys, "list", "models", "--json")]
    assert {row["name"]: (row["family"], row["parameters"]) for row in listed} == {
        model.name: (model.family, model.parameters) for model in list_models().values()
    }
    text = "\n".join(lines(capsys, "list", "models"))
    assert "simple-cnn" in text
    assert "54,410" in text


def test_listing_models_needs_no_torch() -> None:
    program = (
        "import sys; from descend.engine.cli import main; main(['list', 'models'])\n"
        "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == 0


def test_show_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n".join(lines(capsys, "show", "simple_cnn"))
    for words in ("SimpleCNN", "images of 28 × 28 grey pixels", "1 × 32 × 26 × 26", "54,090", "218 kB", "filters"):
        assert words in text


def test_show_a_model_for_other_data_and_knobs(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = lines(capsys, "show", "simple-cnn", "--data", "digits", "--set", "filters=4", "--json")
    shown = json.loads(line)
    assert shown["input"] == [1, 1, 8, 8]
    assert shown["knobs"] == {"filters": 4}
    assert shown["parameters"] == 4 * 9 + 4 + 4 * 3 * 3 * 10 + 10
    assert shown["bytes"] == 4 * shown["parameters"]
    assert shown["multiply_adds"] == 6 * 6 * 4 * 9 + 360
    assert [layer["path"] for layer in shown["layers"]] == ["conv", "relu", "pool", "flatten", "dense"]
    assert shown["layers"][-1]["output"] == [1, 10]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("lstm --data iris", "LSTM takes images and text, not tables"),
        ("textbook-cnn --data digits", "at least 16 × 16 pixels; these are 8 × 8"),
        ("simple-cnn --set filter=3", "did you mean 'filters'?"),
        ("simple-cnn --set filters=0", "filters must be at least 1"),
        ("transformer --set width=100 --set heads=8", "100 cannot be shared out among 8"),
        ("resnet-18", "neither a run nor a model 'resnet-18'; did you mean 'resnet18'?"),
        ("resnet-18 --data digits", "did you mean 'resnet18'?"),
        ("zzz", "There is no run 'zzz'"),
        ("zzz --data digits", "--data and --set are for models. There is no model 'zzz'"),
    ],
)
def test_a_sentence_says_what_is_wrong(words: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", *words.split()]) == 2
    told = capsys.readouterr()
    assert not told.out
    assert sentence in told.err
    assert told.err.count("\n") == 1


def test_what_a_newcomer_reads(capsys: pytest.CaptureFixture[str]) -> None:
    assert "images, tables" in "\n".join(lines(capsys, "list", "models"))
    assert "descend run gpt --data corpus" in "\n".join(lines(capsys, "show", "gpt"))
    assert main(["run", "--help"]) == 0
    text = capsys.readouterr().out
    for words in ("net.py:Net --data", "batch_size=64", "(sgd | momentum", "path/to/file.py:NAME"):
        assert words in text


def test_what_is_told_of_sizes_is_for_the_data_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n".join(lines(capsys, "show", "mlp", "--data", "digits"))
    assert "9,610 parameters" in text
    assert "101,770" not in text
    assert "784" not in text
    assert "101,770" in "\n".join(lines(capsys, "show", "mlp"))
    assert "101,770" not in "\n".join(lines(capsys, "show", "mlp", "--set", "hidden=64"))
    assert "σ(W·x" in "\n".join(lines(capsys, "show", "lstm", "--data", "digits"))
