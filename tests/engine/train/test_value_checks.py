"""Values of knobs that cannot be are refused before a run begins, with the sentence that its worker would say."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.engine.train.trained import failed, refused

from descend.datasets.data_shape import DataShape
from descend.engine.cli import main
from descend.engine.launch.experiment import Training
from descend.engine.run import runs
from descend.engine.train.model_form import list_models
from descend.engine.train.value_checks import EVERYTHING, OFFERS, find_learned, list_metrics

CASES: list[tuple[str, str, dict[str, object], str]] = [
    ("mlp", "iris", {"metric": "rmse"}, "metric=rmse is not measured of a table of 4 columns in 3 classes; it can be"),
    (
        "mlp",
        "diabetes",
        {"metric": "accuracy"},
        "metric=accuracy is not measured of a table of 10 columns and 1",
    ),
    ("autoencoder", "iris", {"metric": "accuracy"}, "metric=accuracy is not measured of a table of 4 columns in 3"),
    ("mlp", "iris", {"threshold": "f1"}, "threshold=f1 is for two classes or several labels, and here is a table of"),
    ("mlp", "iris", {"class_weights": "setos:2"}, "class_weights names the class 'setos', and there is none; did you"),
    ("mlp", "iris", {"class_weights": "setosa:0"}, "class_weights gives 'setosa' the weight '0'; it is a number above"),
    ("mlp", "iris", {"class_weights": "equal"}, "class_weights is none, balanced, or weights such as setosa:5, not"),
    ("lenet", "digits", {"freeze": "conf1"}, "No parameter is called 'conf1'; there are conv1, conv2, dense1, dense2"),
    ("simple-cnn", "digits", {"freeze": "conv,dense"}, "freeze=conv,dense leaves nothing to train; there are conv and"),
]


@pytest.mark.parametrize(("name", "data", "knobs", "sentence"), CASES)
def test_it_is_refused_before_a_worker_starts_as_the_worker_would_say(
    name: str, data: str, knobs: dict[str, object], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "lenet":
        data = "shapes-28"
    said = refused(name, data, **knobs)
    assert said.startswith(sentence)
    assert not runs.list_runs()
    monkeypatch.setattr(Training, "check", lambda *given: None)
    assert failed(name, data, validation=0.1, **knobs) == said


def test_a_run_that_is_asked_for_says_so_at_once_and_makes_no_folder(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["run", "mlp", "--data", "iris", "--set", "class_weights=rosa:2"]) == 2
    assert "names the class 'rosa'" in capsys.readouterr().err
    assert not runs.list_runs()


def test_a_metric_that_nothing_is_held_back_for_changes_nothing_and_is_no_error() -> None:
    from descend.engine.launch import launcher
    from descend.engine.run.run_request import RunRequest

    asked = RunRequest("mlp", {"metric": "rmse", "validation": 0}, device="cpu", data="iris")
    assert launcher.check_request(asked).knobs["metric"] == "rmse"


def test_what_is_learned_and_what_can_judge_it() -> None:
    images = DataShape("image", (1, 8, 8), "classification", 10)
    assert find_learned(images, EVERYTHING) == "classification"
    assert find_learned(images, EVERYTHING, "reconstruction") == "reconstruction"
    assert find_learned(images, ("reconstruction",)) == "reconstruction"
    assert {*OFFERS} == {*EVERYTHING}
    assert "top_5" in list_metrics("classification", 6)
    assert "top_5" not in list_metrics("classification", 5)


SHAPES = (
    DataShape("image", (1, 64, 64), "classification", 10),
    DataShape("image", (3, 32, 32), "regression", 2),
    DataShape("table", (4,), "classification", 3),
    DataShape("table", (4,), "labels", 3),
    DataShape("text", (12,), "classification", 3, 30),
    DataShape("text", (), "language", 30, 30),
)


@pytest.mark.parametrize("name", [name for name, model in list_models().items() if model.parts])
def test_the_parts_that_a_model_declares_are_those_of_its_parameters(name: str) -> None:
    model, built = list_models()[name], 0
    for shape in SHAPES:
        if model.fits(shape):
            continue
        for turned in ({}, *({spec.name: value} for spec in model.knobs.specs.values() for value in around(spec))):
            with torch.device("meta"):
                net = model.build(
                    model.knobs.parse({**turned, "pretrained": "none"} if model.weights else turned), shape
                )
            parts = dict.fromkeys(name.partition(".")[0] for name, _ in net.named_parameters(remove_duplicate=False))
            assert tuple(parts) == model.parts, (turned, shape)
            built += 1
    assert built


def around(spec: Any) -> list[Any]:
    """Values that a knob can have: all of few, else its lowest."""
    if spec.name in ("pretrained", "heads"):  # which is of the weights, or goes with the width only
        return []
    return list(spec.choices) or ([False, True] if spec.type is bool else [spec.low])
