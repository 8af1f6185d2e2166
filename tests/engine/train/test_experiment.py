"""Lessons, models and models of one's own behind one interface."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.engine.train.trained import done, notes

from descend.datasets import catalogue as datasets
from descend.engine.base.errors import UsageError
from descend.engine.launch import experiment, launcher
from descend.engine.run.run_request import RunRequest
from descend.engine.teaching import catalogue
from descend.engine.train import model_form


def test_no_model_is_called_like_a_lesson() -> None:
    assert not set(catalogue.list_lessons()) & set(model_form.list_models())


def test_names_lead_to_lessons_and_models() -> None:
    assert experiment.find("digits") is catalogue.find_lesson("digits")
    assert isinstance(experiment.find("Simple_CNN"), experiment.Training)
    with pytest.raises(UsageError, match="There is no lesson or model 'simple-cn'; did you mean 'simple-cnn'"):
        experiment.find("simple-cn")


@pytest.mark.parametrize("name", list(model_form.list_models()))
def test_every_model_has_data_that_it_fits_and_only_that(name: str) -> None:
    chosen = experiment.find(name)
    assert isinstance(chosen, experiment.Training)
    assert chosen.data
    assert chosen.title
    for data in datasets.list_names():
        shape = datasets.find(data).shape
        assert (data in chosen.data) == (not chosen.fits(shape))
        assert not chosen.fits(shape) or chosen.fits(shape).endswith(".")
    assert {"lr", "epochs", "batch_size", "optimiser"} <= set(chosen.knobs.specs)
    assert chosen.knobs.specs["lr"].live


@pytest.mark.parametrize(
    ("name", "data", "knobs", "sentence"),
    [
        ("mlp", "", {}, "Which data should MLP learn from? Say --data NAME or PATH; it fits "),
        ("mlp", "irsi", {}, "There is no dataset 'irsi'; did you mean 'iris'?"),
        ("resnet18", "iris", {}, "ResNet-18 takes images, not tables"),
        ("gpt", "digits", {}, "takes text, not images"),
        ("mlp", "diabetes", {"label_smoothing": "0.1"}, "label_smoothing is for classes"),
        ("mlp", "iris", {"augment": "flip"}, "augment is for images"),
        ("mlp", "iris", {"optimiser": "adma"}, "optimiser is one of sgd, momentum, adam, adamw, rmsprop"),
        ("mlp", "iris", {"lr": "-1"}, "lr must be at least 1e-06"),
        ("mlp", "iris", {"context": "3"}, "There is no knob 'context'"),
        ("mlp", "nowhere.csv", {}, "There is no file or folder 'nowhere.csv'"),
    ],
)
def test_what_does_not_go_together_is_a_sentence(name: str, data: str, knobs: dict[str, str], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        launcher.check_request(RunRequest(name, knobs, data=data))
    assert sentence in str(caught.value)


def test_asking_for_a_model_imports_no_torch() -> None:
    code = (
        "import sys; from descend.engine.launch import launcher, run_config\n"
        "from descend.engine.run.run_request import RunRequest\n"
        "run_config.format_command(launcher.check_request(RunRequest('mlp', {'lr': 0.1}, 'iris')))\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_training_on_imbalanced_classes_says_what_always_guessing_gives(tmp_path: Path) -> None:
    for often, warned in ((8, True), (5, False)):
        rows = [f"{place},{place * 7 % 13},{'yes' if place % 10 >= often else 'no'}" for place in range(100)]
        (tmp_path / "t.csv").write_text("\n".join(["a,b,kind", *rows]) + "\n")
        for validation, parts in ((0.0, {"test"}), (0.2, {"test", "validation"})):
            history = done("mlp", str(tmp_path / "t.csv"), epochs=2, validation=validation)
            told = (
                "always guessing 'no' is right for 80.0 % of the test part; balanced accuracy, macro F1, ROC AUC and "
            )
            assert (told in notes(history)) == warned
            for name in ("balanced_accuracy", "macro_f1", "roc_auc", "average_precision"):
                found = {part for part, _, metric in (key.partition("/") for key in history.metrics) if metric == name}
                assert found == (parts if warned else set())
                assert not any(series.endswith(name) for series in history.series), "it is measured once"
