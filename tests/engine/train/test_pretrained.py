"""Pretrained weights, from a file, torch's cache or a server, and images scaled as they were trained with."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file
from tests.engine.train.trained import conduct, notes, said, trained, written
from torch import nn

from descend.datasets import catalogue
from descend.engine import load
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.lab.checkpoints import load_checkpoint
from descend.engine.launch import launcher
from descend.engine.run.preparation_file import read_preparation
from descend.engine.run.run_request import RunRequest
from descend.engine.train import pretrained
from descend.engine.train.image_scales import measure_channels
from descend.engine.train.model_error import ModelError
from descend.engine.train.model_form import find_model
from descend.engine.train.predictor import load_predictor


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What torchvision's file of MobileNetV2 looks like, for 1,000 classes."""
    torch.manual_seed(7)
    folder = tmp_path_factory.mktemp("weights")
    torch.save(torchvision.models.mobilenet_v2().state_dict(), folder / "all.pth")
    digest = hashlib.sha256((folder / "all.pth").read_bytes()).hexdigest()[:8]
    return (folder / "all.pth").rename(folder / f"mobilenet_v2-{digest}.pth")


@pytest.fixture
def cache(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """torch's cache, empty, and a server that has the file."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=weights.parent)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/{weights.name}"
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr(torchvision.models, "get_weight", lambda name: SimpleNamespace(url=url))
    yield tmp_path / "hub" / "checkpoints" / weights.name
    server.shutdown()
    server.server_close()


def built(shape: str, **knobs: Any) -> tuple[nn.Module, Any]:
    """MobileNetV2 for a dataset."""
    model = find_model("mobilenet-v2")
    return model.build(model.knobs.parse({"pretrained": "imagenet", **knobs}), catalogue.find(shape).shape), model


def test_a_training_begins_with_them_and_predicts_as_it_was_trained(
    cache: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained("mobilenet-v2", "shapes-32", pretrained="imagenet", freeze="features", epochs=1, batch_size=600)
    history = said(run)
    assert history.status is not None
    assert history.status.state == "done", history.failure
    assert (
        f"It begins with the weights of {weights.name} (SHA-256 {weights.stem.partition('-')[2]}…), a new last layer, "
        "classifier.1, of width" in notes(history)
    )
    assert cache.read_bytes() == weights.read_bytes()
    theirs = torch.load(weights, weights_only=True)
    kept = load_checkpoint(run.checkpoint(run.checkpoint_steps()[-1]))["tracked"]["net"]
    assert all(torch.equal(kept[name], theirs[name]) for name in kept if name.startswith("features."))
    prepared = read_preparation(run)
    assert prepared.mean == (0.485, 0.456, 0.406)
    monkeypatch.setattr(pretrained, "load_pretrained", None)
    cache.unlink()  # neither the file nor a network is needed any more
    x = catalogue.find("shapes-32").load().test_x[:20]
    expected = load_predictor(run).predict(x)
    files = []
    for place, pixels in enumerate(x):
        files.append(tmp_path / f"{place}.png")
        Image.fromarray(pixels).save(files[-1])
    model = load(run.id)
    given = model.prepare(files)
    assert 0 <= given.min() <= given.max() <= 1
    np.testing.assert_allclose(model(given).detach(), expected, atol=1e-5)
    plain = torchvision.models.mobilenet_v2(num_classes=expected.shape[1])
    plain.load_state_dict(kept)
    scaled = torchvision.transforms.functional.normalize(given, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    np.testing.assert_allclose(plain.eval()(scaled).softmax(1).detach(), expected, atol=1e-5)
    failure = said(conduct(launcher.fork_run(run, 0, {"pretrained": "none"}))).failure
    assert failure is not None
    assert failure.title.startswith("pretrained only says how weights begin")


def test_files_of_all_kinds_are_read_and_grey_images_take_the_sum_of_colours(weights: Path, tmp_path: Path) -> None:
    state = torch.load(weights, weights_only=True)
    save_file(state, tmp_path / "a.safetensors")
    wrapped = {f"module.{name}": value for name, value in state.items()}
    torch.save({"epoch": 3, "state_dict": wrapped}, tmp_path / "b.pt")
    for file in (weights, tmp_path / "a.safetensors", tmp_path / "b.pt"):
        net, model = built("shapes-28")
        told = pretrained.load_pretrained(net, model, str(file), print)
        first = net.get_submodule("features.0.0").weight
        torch.testing.assert_close(first, state["features.0.0.weight"].sum(1, keepdim=True))
        assert "a first layer summed over colours" in told


def test_what_does_not_fit_or_is_no_file_of_weights_is_a_sentence(weights: Path, tmp_path: Path) -> None:
    state = torch.load(weights, weights_only=True)
    net, model = built("shapes-32")
    wrong = {
        "lacks features.1.conv.0.0.weight": {n: v for n, v in state.items() if n != "features.1.conv.0.0.weight"},
        "holds extra, which MobileNetV2 has not": {**state, "extra": torch.ones(1)},
        "features.18.1.bias is 3 there and 1280 here": {**state, "features.18.1.bias": torch.ones(3)},
        "holds no tensors by name": {"name": "x"},
    }
    for sentence, content in wrong.items():
        torch.save(content, tmp_path / "w.pth")
        with pytest.raises(DescendError) as told:
            pretrained.load_pretrained(net, model, str(tmp_path / "w.pth"), print)
        assert sentence in str(told.value)
    (tmp_path / "w.pth").write_bytes(b"nothing")
    with pytest.raises(DescendError, match="holds no weights that can be read"):
        pretrained.load_pretrained(net, model, str(tmp_path / "w.pth"), print)
    with pytest.raises(UsageError, match=r"There is no file .*/w2\.pth; pretrained is none, imagenet, or a file"):
        launcher.check_request(RunRequest("mobilenet-v2", {"pretrained": "w2.pth"}, device="cpu", data="shapes-32"))


def test_a_damaged_cache_is_fetched_again_and_no_server_is_a_sentence(
    cache: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, told = find_model("mobilenet-v2"), list[str]()
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"broken")
    assert pretrained.find_imagenet_file(model, told.append).read_bytes() == weights.read_bytes()
    assert told[0].startswith(f"downloading {weights.name}: ")
    cache.unlink()
    url = "http://127.0.0.1:9/mobilenet_v2-00000000.pth"
    monkeypatch.setattr(torchvision.models, "get_weight", lambda name: SimpleNamespace(url=url))
    with pytest.raises(ModelError, match="could not be downloaded") as told_of:
        pretrained.find_imagenet_file(model, told.append)
    assert told_of.value.advice == [
        f"Or fetch {url} where there is a network, and set pretrained= to that file, or put it at "
        f"{cache.parent / 'mobilenet_v2-00000000.pth'}."
    ]


def test_images_are_scaled_by_their_own_brightness_if_asked_for() -> None:
    dataset = catalogue.find("shapes-32").load()
    mean, std = measure_channels(dataset)
    x = dataset.train_x.astype(np.float64) / 255
    np.testing.assert_allclose((mean, std), (x.mean((0, 1, 2)), x.std((0, 1, 2))), rtol=1e-9)
    run = trained("simple-cnn", "digits", normalise="dataset", epochs=1, batch_size=256)
    history = said(run)
    images = history.pictures["images/mistakes"][-1]
    assert images.pixels.numpy().min() == 0  # type: ignore[union-attr]
    dataset = catalogue.find("digits").load()
    right = load_predictor(run).predict(dataset.test_x).argmax(1) == dataset.test_y
    assert right.mean() == pytest.approx(history.metrics["test/accuracy"])


def test_an_argument_of_that_name_is_the_own_models_affair(tmp_path: Path) -> None:
    code = """
class Net(nn.Module):
    def __init__(self, num_classes, pretrained=False):
        super().__init__()
        assert pretrained is True
        self.l = nn.Linear(64, num_classes)

    def forward(self, x):
        return self.l(x.flatten(1))
"""
    run = trained(f"{written(tmp_path, code)}:Net", "digits", epochs=1, batch_size=512, pretrained="True")
    assert said(run).failure is None
    assert run.manifest().knobs["pretrained"] == "True"
    assert read_preparation(run).mean == ()
