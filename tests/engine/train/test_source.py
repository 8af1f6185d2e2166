"""What the text of a file tells of a model, and which arguments follow from the data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.engine.train.trained import written

from descend.datasets.data_shape import DataShape
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.launch import experiment
from descend.engine.train.model_arguments import Argument, infer_argument
from descend.engine.train.model_source import find_source

IMAGES = DataShape("image", (3, 32, 32), "classification", 7)
TABLE = DataShape("table", (5,), "regression", 2)
TEXT = DataShape("text", (), "language", 40, 40)


def test_arguments_are_knobs_with_their_types(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "class Net(nn.Module):\n"
        "    def __init__(self, d_in, hidden: int = 8, p=0.5, names=('a',), bias: bool | None = None, *, lr=3):\n"
        "        super().__init__()\n",
    )
    chosen = experiment.find(f"{file}:Net")
    assert list(chosen.knobs.specs)[:6] == ["d_in", "hidden", "p", "names", "bias", "model.lr"]
    assert chosen.knobs.parse({"hidden": "16", "model.lr": "4", "lr": "0.5"}).values()["lr"] == 0.5
    for wrong, sentence in {
        "hidden=many": "hidden is a whole number, not 'many'.",
        "p=x": "p is a number, not 'x'.",
        "bias=3": "bias is yes or no, not '3'.",
        "hiden=3": "There is no knob 'hiden'; did you mean 'hidden'?",
    }.items():
        name, _, value = wrong.partition("=")
        with pytest.raises(DescendError) as caught:
            chosen.knobs.parse({name: value})
        assert str(caught.value) == sentence


def test_an_argument_becomes_the_value_it_writes() -> None:
    assert Argument.of("hidden", "list[int]", None).value("[64, 32]") == [64, 32]
    assert Argument.of("hidden", "", "(8, 8)").value("64,32") == [64, 32]
    assert Argument.of("name", "str", None).value("12") == "12"
    assert Argument.of("deep", "bool", "False").value("yes") is True
    assert Argument.of("rate", "Optional[float]", "None").value("1e-2") == 0.01
    assert Argument.of("act", "", "'relu'").value("gelu") == "gelu"
    assert Argument.of("what", "", None).value("None") is None


@pytest.mark.parametrize(
    ("name", "stated", "shape", "value"),
    [
        ("num_classes", None, IMAGES, 7),
        ("num_classes", "1000", IMAGES, 7),
        ("n_classes", "10", IMAGES, 7),
        ("in_channels", "1", IMAGES, 3),
        ("input_size", None, IMAGES, 3 * 32 * 32),
        ("input_size", "28", IMAGES, None),  # rows of an image for a recurrent network
        ("img_size", None, IMAGES, 32),
        ("in_features", None, TABLE, 5),
        ("input_dim", "784", TABLE, 5),
        ("output_dim", None, TABLE, 2),
        ("input_shape", None, TABLE, (5,)),
        ("vocab_size", None, TEXT, 40),
        ("block_size", None, TEXT, 64),
        ("out_channels", None, IMAGES, None),
        ("hidden_size", None, TABLE, None),
        ("width", None, IMAGES, None),
    ],
)
def test_what_the_data_tells(name: str, stated: str | None, shape: DataShape, value: object) -> None:
    assert infer_argument(name, stated, shape, 64) == value


def test_a_file_with_one_model_needs_no_name(tmp_path: Path) -> None:
    file = written(tmp_path, "class Net(nn.Module):\n    def forward(self, x): return x\n")
    assert find_source(str(file)).name == "Net"


def test_inherited_constructors_are_found(tmp_path: Path) -> None:
    code = "class A(nn.Module):\n    def __init__(self, k): pass\nclass B(A):\n    pass\nclass C(Strange):\n    pass\n"
    file = written(tmp_path, code)
    assert list(find_source(f"{file}:B").arguments) == ["k"]
    assert not find_source(f"{file}:C").complete


def test_what_is_wrong_with_a_file_is_said_before_anything_runs(tmp_path: Path) -> None:
    file = written(tmp_path, "class One(nn.Module): pass\nclass Two(nn.Module): pass\ndef make(n): pass\n")
    broken = tmp_path / "broken.py"
    broken.write_text("class Net(:\n")
    nothing = tmp_path / "nothing.py"
    nothing.write_text("x = 3\n")
    binary = tmp_path / "binary.py"
    binary.write_bytes(b"\xff\xfe\x00x")
    for address, sentence in {
        f"{file}:Tow": "defines no 'Tow'; did you mean 'Two'?",
        str(file): f"Which model of nets.py? Say one of {file}:One, {file}:Two.",
        f"{broken}:Net": "broken.py, line 1: this is not Python:",
        f"{binary}:Net": "binary.py",
        str(nothing): "a class derived from nn.Module or a function that makes one.",
        f"{tmp_path}/absent.py:Net": "There is no file",
    }.items():
        with pytest.raises(DescendError) as caught:
            find_source(address)
        assert sentence in str(caught.value)
        assert "\n" not in str(caught.value)


def test_reading_a_file_runs_nothing_of_it(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    file = written(tmp_path, f"open({str(mark)!r}, 'w')\nclass Net(nn.Module): pass\n")
    experiment.find(f"{file}:Net")
    assert not mark.exists()


CONFIGS = """
from dataclasses import dataclass
from settings_elsewhere import OtherConfig

class Base:
    width = 8
    _hidden = 1

class NetConfig(Base):
    depth: int = 2

class Net(nn.Module):
    def __init__(self, config, bias=True): pass

class Annotated(nn.Module):
    def __init__(self, how: Base): pass

class Unknown(nn.Module):
    def __init__(self, args: "OtherConfig"): pass

class Wrapped(nn.Module):
    def __init__(self, config: Net): pass

def tiny(depth=1):
    return Net(NetConfig())

def large(depth):
    return Net(NetConfig())

def train():
    net = Net(NetConfig())
"""


def test_a_configuration_object_is_known_by_its_annotation_or_its_name(tmp_path: Path) -> None:
    file = written(tmp_path, CONFIGS)
    net, annotated, unknown, wrapped = (
        find_source(f"{file}:{name}") for name in ("Net", "Annotated", "Unknown", "Wrapped")
    )
    assert net.config == ("config", "NetConfig")
    assert list(net.arguments) == ["width", "depth", "bias"]
    assert net.complete
    assert net.makers == ("tiny",)
    assert (annotated.config, list(annotated.arguments)) == (("how", "Base"), ["width"])
    assert (unknown.config, unknown.complete) == (("args", "OtherConfig"), False)
    assert wrapped.config is None


def test_the_digest_follows_the_text(tmp_path: Path) -> None:
    file = written(tmp_path, "class Net(nn.Module): pass\n")
    found = find_source(f"{file}:Net")
    before = found.digest()
    file.write_text(file.read_text() + "\n")
    assert len(before) == 64
    assert before != found.digest()
    file.unlink()
    assert not found.digest()


@pytest.mark.parametrize("sums", [f"TABLE = {'+'.join(['1'] * 60_000)}", f"TABLE = {'-' * 50_000}1"])
def test_an_enormous_expression_is_a_sentence(tmp_path: Path, sums: str) -> None:
    file = tmp_path / "long.py"
    file.write_text(f"{sums}\nclass Net: pass\n")
    with pytest.raises(
        DescendError, match=r"long\.py cannot be read: an expression in it is too long or nested"
    ) as told:
        find_source(f"{file}:Net")
    assert "\n" not in str(told.value)


def test_what_is_no_file_of_code_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(UsageError, match="is not a file; a model is named as"):
        find_source(f"{tmp_path}/pipe.py:Net")
    with (tmp_path / "huge.py").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(DescendError, match="is larger than 16 MB"):
        find_source(f"{tmp_path}/huge.py:Net")
