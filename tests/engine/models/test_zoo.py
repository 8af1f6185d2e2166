"""What every model of the zoo promises."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from math import prod

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from descend.engine.base.errors import UsageError
from descend.engine.base.knobs import KnobSet
from descend.engine.train.model_form import FAMILIES, DataShape, find_model, list_models

NAMES = [
    "logistic-regression", "mlp", "simple-cnn", "padding-cnn", "norm-dropout-cnn", "full-cnn", "cifar-cnn",
    "textbook-cnn", "lenet", "rnn", "lstm", "gru", "char-lstm", "transformer", "gpt", "autoencoder", "resnet18",
    "resnet50", "mobilenet-v2", "efficientnet-b0",
]  # fmt: skip
SHAPES = [
    DataShape("image", (1, 8, 8), "classification", 10),
    DataShape("image", (1, 28, 28), "classification", 10),
    DataShape("image", (3, 32, 32), "classification", 4),
    DataShape("image", (3, 37, 90), "classification", 2),
    DataShape("image", (3, 96, 80), "classification", 2),
    DataShape("image", (1, 28, 28), "regression", 3),
    DataShape("table", (4,), "classification", 3),
    DataShape("table", (1,), "regression", 1),
    DataShape("table", (30,), "regression", 2),
    DataShape("text", (), "language", 38, 38),
    DataShape("text", (), "classification", 3, 50),
    DataShape("table", (4,), "labels", 3),
    DataShape("text", (12,), "labels", 3, 50),
]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors are slower on many, and tests may run side by side."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def build(name: str, shape: DataShape, **knobs: object) -> nn.Module:
    model = find_model(name)
    assert not model.fits(shape)
    return model.build(model.knobs.parse(knobs), shape)


def sample(shape: DataShape, count: int, length: int = 12) -> Tensor:
    """``count`` random samples of such data; images in [0, 1]."""
    if shape.kind == "text":
        return torch.randint(shape.vocabulary, (count, length))
    return (torch.rand if shape.kind == "image" else torch.randn)(count, *shape.size)


def expected(name: str, shape: DataShape, x: Tensor) -> tuple[int, ...]:
    if find_model(name).tasks == ("reconstruction",):
        return tuple(x.shape)
    return (*x.shape, shape.outputs) if shape.task == "language" else (len(x), shape.outputs)


def test_the_zoo_is_whole() -> None:
    assert sorted(list_models()) == sorted(NAMES)
    for model in list_models().values():
        assert model.title
        assert 20 < len(model.summary) < 300
        assert model.family in FAMILIES
        assert issubclass(model.knobs, KnobSet)
        assert all(spec.help for spec in model.knobs.specs.values())
        assert not model.fits(model.reference)


def test_the_catalogue_loads_at_once_and_without_torch() -> None:
    program = (
        "import time; begun = time.process_time()\n"
        "from descend.engine.train.model_form import list_models; list_models()\n"
        "print(time.process_time() - begun)\n"
        "import sys; print(*{'torch', 'torchvision', 'sklearn', 'scipy', 'numpy'} & set(sys.modules))"
    )
    times = []
    for _ in range(3):  # the first may compile
        out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        seconds, _, heavy = out.partition("\n")
        assert not heavy.strip()
        times.append(float(seconds))
    assert min(times) < 0.1


@pytest.mark.parametrize("name", NAMES)
def test_it_gives_what_each_data_asks_for(name: str) -> None:
    fitting = [shape for shape in SHAPES if not find_model(name).fits(shape)]
    assert fitting
    for shape in fitting:
        with torch.device("meta"):
            x = sample(shape, 2)
            assert tuple(build(name, shape)(x).shape) == expected(name, shape, x), shape


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize("name", [name for name in NAMES if "image" in find_model(name).kinds])
def test_the_smallest_image_is_the_smallest(name: str) -> None:
    least = find_model(name).min_side
    for size in ((1, least, least), (3, least, least + 5)):
        shape = DataShape("image", size, "classification", 3)
        with torch.device("meta"):
            x = sample(shape, 2)
            assert tuple(build(name, shape).eval()(x).shape) == expected(name, shape, x)
    if least > 1:
        small = DataShape("image", (1, least - 1, 64), "classification", 3)
        assert f"at least {least} × {least} pixels; these are {least - 1} × 64" in find_model(name).fits(small)
        with torch.device("meta"), pytest.raises((RuntimeError, ValueError)):
            find_model(name).build(find_model(name).knobs(), small).eval()(sample(small, 2))


@pytest.mark.parametrize("name", NAMES)
def test_gradients_reach_every_parameter_and_none_is_nan(name: str) -> None:
    torch.manual_seed(0)
    shape = find_model(name).reference
    net = build(name, shape).eval()  # a bias before batch norm has an effect then
    x = sample(shape, 2, getattr(net, "context", 12))
    functional.mse_loss(out := net(x), torch.randn_like(out)).backward()
    for path, parameter in net.named_parameters():
        assert parameter.grad is not None, path
        assert parameter.grad.isfinite().all(), path
        assert parameter.grad.any(), path


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_decides_the_weights(name: str) -> None:
    shape = find_model(name).reference

    def weights(seed: int) -> Tensor:
        torch.manual_seed(seed)
        return torch.cat([parameter.detach().flatten() for parameter in build(name, shape).parameters()])

    first = weights(1)
    assert torch.equal(first, weights(1))
    assert not torch.equal(first, weights(2))


RANDOM = {
    "mlp": {"dropout": 0.5},
    "norm-dropout-cnn": {},
    "full-cnn": {"dropout": 0.5},
    "rnn": {"dropout": 0.5},
    "lstm": {"dropout": 0.5, "layers": 2},
    "gru": {"dropout": 0.5},
    "char-lstm": {"dropout": 0.5},
    "transformer": {},
    "gpt": {},
    "mobilenet-v2": {},
    "efficientnet-b0": {},
}


@pytest.mark.parametrize("name", RANDOM)
def test_dropout_is_for_training_alone(name: str) -> None:
    shape = find_model(name).reference
    net, x = build(name, shape, **RANDOM[name]), sample(shape, 4)
    assert not torch.equal(net(x), net(x))
    net.eval()
    assert torch.equal(net(x), net(x))


def test_batch_norm_uses_its_running_mean_in_evaluation() -> None:
    shape = find_model("norm-dropout-cnn").reference
    net, x = build("norm-dropout-cnn", shape, dropout=0), sample(shape, 4)
    together = net.eval()(x)
    assert torch.allclose(together[:1], net(x[:1]), atol=1e-6)
    net.train()
    assert not torch.allclose(net(x)[:2], net(x[:2]), atol=1e-6)


@pytest.mark.parametrize("name", ["gpt", "char-lstm", "rnn", "lstm", "gru"])
def test_a_language_model_does_not_see_what_comes_next(name: str) -> None:
    shape = DataShape("text", (), "language", 38, 38)
    net, tokens = build(name, shape).eval(), sample(shape, 3, 20)
    changed = tokens.clone()
    changed[:, 11] = (changed[:, 11] + 1) % 38
    before, after = net(tokens), net(changed)
    assert torch.allclose(before[:, :11], after[:, :11], atol=1e-6)
    assert not torch.allclose(before[:, 11], after[:, 11], atol=1e-4)
    assert not torch.allclose(before[:, 19], after[:, 19], atol=1e-8)


def test_the_transformer_classifier_sees_everything() -> None:
    shape = DataShape("text", (), "classification", 3, 38)
    attention = build("transformer", shape).eval().get_submodule("blocks.0.attention")
    x = torch.randn(1, 6, 64)
    changed = x.clone()
    changed[:, 5] += 1
    assert not torch.allclose(attention(x)[:, 0], attention(changed)[:, 0], atol=1e-5)


def test_attention_is_the_softmax_of_scaled_products() -> None:
    from descend.engine.models.parts.attention import ScaledDotProduct

    q, k, v = torch.randn(3, 2, 4, 5, 8)
    scores = q @ k.transpose(-1, -2) / 8**0.5
    assert torch.allclose(ScaledDotProduct(False, 0.0)(q, k, v), scores.softmax(-1) @ v, atol=1e-5)
    masked = scores.masked_fill(torch.ones(5, 5).triu(1).bool(), float("-inf"))
    assert torch.allclose(ScaledDotProduct(True, 0.0)(q, k, v), masked.softmax(-1) @ v, atol=1e-5)


def test_gpt_begins_by_knowing_nothing() -> None:
    torch.manual_seed(0)
    shape = find_model("gpt").reference
    net, tokens = build("gpt", shape).eval(), sample(shape, 8, 64)
    assert net.get_submodule("head").weight is net.get_submodule("characters").weight
    loss = functional.cross_entropy(net(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
    assert loss.item() == pytest.approx(torch.tensor(38.0).log().item(), rel=0.03)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_bidirectional_network_reads_all_from_both_sides(name: str, layers: int) -> None:
    """The backward half that goes into the scores has seen every step, not the last alone."""
    shape = DataShape("image", (1, 6, 5), "classification", 3)
    net = build(name, shape, bidirectional=True, layers=layers, hidden=7).eval()
    rnn, head = net.get_submodule("rnn"), net.get_submodule("head")
    x = sample(shape, 2)
    states, _ = rnn(x.squeeze(1))
    assert torch.allclose(net(x), head(torch.cat([states[:, -1, :7], states[:, 0, 7:]], 1)), atol=1e-6)
    with pytest.raises(UsageError, match="bidirectional=no"):
        build(name, DataShape("text", (), "language", 5, 5), bidirectional=True)


def test_rows_of_an_image_are_its_steps() -> None:
    from descend.engine.models.parts.sequence import Rows

    images = torch.rand(2, 3, 4, 5)
    steps = Rows()(images)
    assert steps.shape == (2, 4, 15)
    assert torch.equal(steps[1, 2], torch.cat([images[1, channel, 2] for channel in range(3)]))


def test_open_forget_gates_let_gradients_through() -> None:
    shape = DataShape("image", (1, 50, 4), "regression", 1)

    def share(bias: float) -> float:
        """Gradient of the output with respect to the first row, relative to the last."""
        torch.manual_seed(0)
        net, x = build("lstm", shape, hidden=16, forget_bias=bias), torch.randn(1, 1, 50, 4).requires_grad_()
        net(x).sum().backward()
        assert x.grad is not None
        return (x.grad[0, 0, 0].norm() / x.grad[0, 0, -1].norm()).item()

    assert share(0) < 1e-6 < 1e-4 < share(3)


def test_the_transformer_says_what_it_cannot_do() -> None:
    with pytest.raises(UsageError, match="100 cannot be shared out among 8"):
        build("transformer", SHAPES[0], width=100, heads=8)
    net = build("gpt", find_model("gpt").reference, context=16)
    with pytest.raises(ValueError, match="at most 16 places at once, not 17"):
        net(torch.zeros(1, 17, dtype=torch.int64))


def test_fits_says_why_not() -> None:
    iris, digits = DataShape("table", (4,), "classification", 3), DataShape("image", (1, 4, 4), "classification", 10)
    text, waves = DataShape("text", (), "language", 38, 38), DataShape("table", (1,), "regression", 1)
    assert find_model("lstm").fits(iris) == (
        "LSTM takes images and text, not tables: it reads sequences, and the columns of a table have no order."
    )
    assert find_model("mlp").fits(text).startswith("MLP takes images and tables, not text: ")
    padding = "Padding CNN needs images of at least 6 × 6 pixels; these are 4 × 4."
    assert find_model("padding-cnn").fits(digits) == padding
    assert find_model("transformer").fits(text) == (
        "Transformer classifier predicts classes, labels or numbers, not the next character."
    )
    assert find_model("gpt").fits(digits) == "Small GPT takes text, not images: it predicts the next character."
    sentiment = DataShape("text", (), "classification", 2, 38)
    assert find_model("gpt").fits(sentiment) == "Small GPT predicts the next character, not classes."
    assert not find_model("autoencoder").fits(waves)
    assert find_model("autoencoder").fits(text)


def test_names_are_forgiving() -> None:
    assert find_model("Simple_CNN").name == "simple-cnn"
    with pytest.raises(UsageError, match="did you mean 'resnet18'"):
        find_model("resnet-18")


SMALL_IMAGE = DataShape("image", (1, 16, 16), "classification", 4)
TEXT = DataShape("text", (), "language", 12, 12)
OVERFIT = {
    "logistic-regression": (SMALL_IMAGE, {}),
    "mlp": (DataShape("table", (6,), "classification", 4), {"hidden": 32}),
    "simple-cnn": (SMALL_IMAGE, {}),
    "padding-cnn": (SMALL_IMAGE, {}),
    "norm-dropout-cnn": (SMALL_IMAGE, {"hidden": 32, "dropout": 0}),
    "full-cnn": (SMALL_IMAGE, {"hidden": 32}),
    "textbook-cnn": (SMALL_IMAGE, {}),
    "lenet": (SMALL_IMAGE, {}),
    "rnn": (DataShape("image", (1, 8, 8), "classification", 4), {"hidden": 32}),
    "lstm": (DataShape("text", (), "classification", 4, 12), {"hidden": 32}),
    "gru": (TEXT, {"hidden": 64}),
    "char-lstm": (TEXT, {"hidden": 64}),
    "transformer": (DataShape("table", (6,), "classification", 4), {"width": 32, "dropout": 0}),
    "gpt": (TEXT, {"width": 32, "context": 16, "dropout": 0}),
    "autoencoder": (DataShape("table", (6,), "classification", 4), {"code": 6, "hidden": 32}),
    "mobilenet-v2": (SMALL_IMAGE, {"dropout": 0}),
    "resnet18": (SMALL_IMAGE, {}),
}


@pytest.mark.parametrize("name", OVERFIT)
def test_it_learns_eight_samples_by_heart(name: str) -> None:
    torch.manual_seed(0)
    shape, knobs = OVERFIT[name]
    net, x = build(name, shape, **knobs), sample(shape, 8)
    y = torch.arange(8) % shape.outputs
    if shape.task == "language":
        x, y = torch.cat([y[:, None], x[:, 1:-1]], 1), x[:, 1:]  # the first character tells which it is
    adam = torch.optim.Adam(net.parameters(), lr=0.001 if prod(x.shape[1:]) > 64 and name != "lenet" else 0.01)
    loss = torch.tensor(float("inf"))
    for _ in range(400):
        out = net(x)
        if find_model(name).tasks == ("reconstruction",):
            loss = functional.mse_loss(out, x)
        else:
            loss = functional.cross_entropy(out.flatten(0, -2), y.flatten())
        if loss.item() < 0.1:
            break
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert loss.item() < 0.1
