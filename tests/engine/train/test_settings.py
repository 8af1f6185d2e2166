"""Training settings: declared once, and never missing where they are listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from descend.datasets.data_shape import DataShape
from descend.engine.base.errors import UsageError
from descend.engine.base.knobs import KnobSet, knob
from descend.engine.cli.run import list_settings
from descend.engine.launch import experiment, launcher, run_config
from descend.engine.run.run_request import RunRequest
from descend.engine.train import settings
from descend.engine.train.settings import GROUPS, RunKnobs, TrainKnobs, group_settings, setting

IMAGES = DataShape("image", (1, 8, 8), "classification", 10)
NUMBERS = DataShape("table", (4,), "regression", 1)
TEXT = DataShape("text", (), "language", 30, 30)


class More(TrainKnobs):
    """Training settings with one that is new."""

    ema: float = setting(
        0.0, 0.0, 1.0, group="regularisation", kinds=("image", "table"), needs="patience", help="share of weights kept"
    )


def test_a_setting_without_a_group_is_an_error_at_import() -> None:
    with pytest.raises(TypeError, match="swirl is in no group; write setting"):

        class Forgotten(TrainKnobs):
            swirl: float = knob(0.0, 0.0, 1.0)

    with pytest.raises(TypeError, match="swirl is in no group"):

        class Misspelt(TrainKnobs):
            swirl: float = setting(0.0, 0.0, 1.0, group="optimizer")

    with pytest.raises(TypeError, match="swirl needs swing, and there is no such setting"):

        class Dangling(TrainKnobs):
            swirl: float = setting(0.0, 0.0, 1.0, group="optimiser", needs="swing")


def test_every_setting_is_in_the_form_and_in_the_help() -> None:
    all_of_them = {**RunKnobs.specs, **TrainKnobs.specs}
    listed = group_settings(all_of_them)
    assert list(listed) == [group for group in GROUPS if group != "model"]
    assert sorted(name for members in listed.values() for name in members) == sorted(all_of_them)
    assert all(f" {name}=" in list_settings() for name in TrainKnobs.specs)
    assert all(spec.help for spec in all_of_them.values())


def test_a_new_setting_is_declared_in_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "TrainKnobs", More)
    training = experiment.find("mlp")
    assert "ema" in group_settings(training.knobs.specs)["regularisation"], "in the form"
    assert "share of weights kept (0 … 1)" in list_settings(), "in --help"
    asked = launcher.check_request(RunRequest("mlp", {"ema": "0.5", "patience": 3}, "iris"))
    assert "--set ema=0.5" in run_config.format_command(asked)
    run_config.save_config(asked, tmp_path / "mine.toml")
    assert launcher.check_request(run_config.load_config(tmp_path / "mine.toml")).knobs["ema"] == 0.5, (
        "in the file of settings"
    )
    with pytest.raises(UsageError, match="ema is for patience, and here that is 0"):
        settings.require_used(training.knobs.parse({"ema": 0.5}), ["ema"], NUMBERS)
    assert "ema" not in experiment.find("gpt").knobs.specs, "which reads texts"
    own = tmp_path / "net.py"
    own.write_text("from torch import nn\n\n\ndef Net(features, ema=3):\n    return nn.Linear(features, 1)\n")
    assert {"ema", "model.ema"} <= experiment.find(f"{own}:Net").knobs.specs.keys()


@pytest.mark.parametrize(
    ("knobs", "shape", "sentence"),
    [
        ({"augment": "flip"}, NUMBERS, "augment is for images; here is a table of 4 columns and 1 number to predict."),
        ({"context": 8}, IMAGES, "context is for texts; here is images of 8 × 8 grey pixels in 10 classes."),
        ({"objective": "reconstruction"}, TEXT, "objective is for images and tables; here is text of 30 "),
        ({"label_smoothing": 0.1}, NUMBERS, "label_smoothing is for classes, and there are none to learn in a table"),
        ({"label_smoothing": 0.1, "objective": "reconstruction"}, IMAGES, "label_smoothing is for classes, and there"),
        ({"label_smoothing": 0.1}, TEXT, ""),
        ({"momentum": 0.5}, IMAGES, ""),
    ],
)
def test_what_does_not_go_with_the_data_is_a_sentence(
    knobs: dict[str, object], shape: DataShape, sentence: str
) -> None:
    values = TrainKnobs.parse(knobs)
    if not sentence:
        settings.check_settings(values, shape)
        return
    with pytest.raises(UsageError) as caught:
        settings.check_settings(values, shape)
    assert str(caught.value).startswith(sentence)


def test_what_does_nothing_beside_the_others_is_a_sentence() -> None:
    def refusal(values: KnobSet, name: str) -> str:
        with pytest.raises(UsageError) as caught:
            settings.require_used(values, [name], IMAGES)
        return str(caught.value)

    adam = TrainKnobs.parse({"momentum": 0.5, "validation": 0.0, "patience": 3})
    assert refusal(adam, "momentum") == "momentum is for optimiser=momentum, and here that is adam."
    for name in ("patience", "metric", "keep"):
        assert refusal(adam, name) == f"{name} is for validation, and here that is 0.0."
    settings.require_used(TrainKnobs.parse({"optimiser": "momentum", "patience": 2}), ["momentum", "keep"], IMAGES)


def test_a_run_says_which_of_its_knobs_change_nothing() -> None:
    from tests.engine.train.trained import done, notes

    told = notes(done("mlp", "iris", patience=3, momentum=0.5, epochs=1))
    assert "patience is for validation, and here that is 0.0. It changes nothing." in told
    assert "momentum is for optimiser=momentum, and here that is adam. It changes nothing." in told
    assert "changes nothing" not in notes(done("mlp", "iris", validation=0.2, patience=3, epochs=1))
