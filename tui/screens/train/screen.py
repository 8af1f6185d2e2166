"""Chooses a model and the data it learns from, and trains it."""

from __future__ import annotations

import os
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static
from textual.worker import get_current_worker

from descend.datasets import catalogue as datasets
from descend.datasets.spec import Spec
from descend.datasets.user_data import UserData
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.paths import parse_path
from descend.engine.launch import experiment, run_config
from descend.engine.launch.experiment import Training
from descend.engine.run.run_request import USUAL, RunRequest
from descend.engine.train import model_form
from descend.tui import shell_settings
from descend.tui.cell_text import plain
from descend.tui.field import Field
from descend.tui.screens.app_access import InShell, Leaves
from descend.tui.screens.keys import KeyLine
from descend.tui.screens.train.lists import Choices, data_lines, model_lines

ASKED = {
    "model": "a model of your own: path/to/model.py:Name",
    "data": "data of your own: path/to/data.csv?target=price, a folder of images, an .npz or a text file",
    "save": "write this configuration to: path/to/config.toml",
    "load": "read a configuration from: path/to/config.toml",
}

TO_FETCH, GONE = "to fetch", "gone"
"""What is said of data that is not here: a dataset's, one's own."""


class Typed(Field):
    """A path that is typed in."""

    HELP = "Type a path. Enter accepts, escape changes nothing."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "screen.close", "cancel")]
    DEFAULT_CSS = """
    Typed { display: none; margin: 0 1; background: $boost; &.-open { display: block; } }
    """


class TrainScreen(Leaves, InShell, Screen[None]):
    """Models at the left, datasets at the right, and below what a run with both would be."""

    HELP = (
        "Choose a model, then the data it learns from: enter goes from one list to the other, enter on a dataset "
        "trains. Models that do not fit the data, and data that does not fit the model, are marked ✗, and the line "
        "below says why. m and d take a model and data of your own."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "train", "train", tooltip="Train this model on this data"),
        Binding("e", "edit", "knobs", tooltip="Change architecture, optimiser, schedule, device and seed"),
        Binding("i", "look", "look", tooltip="Look into the dataset: samples, classes, columns, missing values"),
        Binding("m", "type('model')", "own model", tooltip="Train a model of your own"),
        Binding("d", "type('data')", "own data", tooltip="Learn from a file or folder of your own"),
        Binding("w", "type('save')", "write", tooltip="Save the model, data and knobs in a TOML file"),
        Binding("l", "type('load')", "load", tooltip="Load the model, data and knobs from a TOML file"),
        Binding("y", "copy", "copy", tooltip="Copy the command for this run to the clipboard"),
        Binding("right", "lists(1)", "Datasets", show=False),
        Binding("left", "lists(0)", "Models", show=False),
        Binding("escape", "leave", "back", tooltip="Back to the lessons"),
    ]
    DEFAULT_CSS = """
    TrainScreen {
        & #title { padding: 0 2; background: $surface; text-style: bold; }
        & Horizontal { height: 1fr; }
        & #said { height: auto; max-height: 6; padding: 0 2; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.trainings = {name: experiment.make_zoo_training(one) for name, one in model_form.list_models().items()}
        self.specs: dict[str, Spec] = dict(datasets.list_specs())
        self.settings: dict[str, RunRequest] = {}
        self.asked = ""
        self.absent: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        yield Static("Train a model", id="title")
        with Horizontal():
            yield Choices(id="models")
            yield Choices(id="data")
        yield Static(id="said")
        yield Typed(compact=True)
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin at a small network and a small dataset."""
        self.models.border_title, self.data.border_title = "Models", "Data"
        self.models.border_subtitle, self.data.border_subtitle = "m your own", "d your own"
        self.models.fill(self._model_lines(), "mlp" if "mlp" in self.trainings else "")
        self.models.focus()
        self._fill_data("digits" if "digits" in self.specs else next(iter(self.specs)))

    def on_screen_resume(self) -> None:
        """Find out which datasets are here; the disk they are on may be slow."""
        specs = list(self.specs.values())

        def look() -> None:
            gone = {
                spec.address: GONE if isinstance(spec, UserData) else TO_FETCH for spec in specs if not spec.present()
            }
            self._back(self._found, gone)

        self.run_worker(look, thread=True, exit_on_error=False, group="look")

    def _found(self, absent: dict[str, str]) -> None:
        if self.is_attached and absent != self.absent:
            self.absent = absent
            self._fill_data(self.data.chosen)

    @property
    def models(self) -> Choices:
        """The left list."""
        return self.query_one("#models", Choices)

    @property
    def data(self) -> Choices:
        """The right list."""
        return self.query_one("#data", Choices)

    @property
    def training(self) -> Training:
        """The model under the cursor."""
        return self.trainings.get(self.models.chosen) or next(iter(self.trainings.values()))

    def chosen(self) -> RunRequest:
        """What a run would be asked for."""
        kept = self.settings.get(self.training.name)
        data = self.data.chosen
        return (kept or experiment.complete(self.training, shell_settings.usual_request())).override(data=data)

    def why_not(self) -> str:
        """Nothing if the model can be trained on the data with these knobs, else a sentence that says why not."""
        training = self.training
        spec = self.specs.get(self.data.chosen)
        if spec is None:
            return "Choose a dataset."
        if why := training.fits(spec.shape):
            return why
        try:
            training.check(training.knobs.parse(self.chosen().knobs), spec.shape)
        except UsageError as error:
            return str(error)
        return ""

    def _fill_data(self, chosen: str) -> None:
        self.data.fill(self._data_lines(), chosen)
        self.show()

    def _data_lines(self) -> list[tuple[str, Text]]:
        return data_lines(self.specs.values(), self.training, self.absent)

    def _model_lines(self) -> list[tuple[str, Text]]:
        spec = self.specs.get(self.data.chosen)
        return model_lines(self.trainings.values(), spec.shape if spec else None)

    def show(self) -> None:
        """Mark what does not fit what is chosen in the other list; say what would be run, or why it cannot be."""
        self.models.retell(self._model_lines())
        self.data.retell(self._data_lines())
        spec, why = self.specs.get(self.data.chosen), self.why_not()
        text = Text(
            plain(f"{self.training.title} on {spec.name}: {spec.shape}." if spec else self.training.title) + "\n"
        )
        if why:
            text.append(plain(f"✗ {why}"), "bold")
        else:
            text.append(plain(run_config.format_command(self.chosen())), "bold")
        self.query_one("#said", Static).update(text)

    def on_option_list_option_highlighted(self) -> None:
        """Say what would be run."""
        self.show()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Move on to the datasets; from there, train."""
        if event.option_list is self.models:
            self.data.focus()
        else:
            self.action_train()

    def action_lists(self, which: int) -> None:
        """Focus the models (0) or the datasets (1)."""
        (self.data if which else self.models).focus()

    def action_train(self) -> None:
        """Start the run and open it."""
        if why := self.why_not():
            self.shell.complain(UsageError(why))
            return
        self.shell.open_request(self.chosen(), autorun=True)

    def action_copy(self) -> None:
        """Copy the command for this run."""
        line = run_config.format_command(self.chosen())
        self.app.copy_to_clipboard(line)
        needs = " In tmux this needs `set -g set-clipboard on`." if "TMUX" in os.environ else ""
        self.notify(plain(f"Copied: {line}{needs}"), markup=False)

    def action_edit(self) -> None:
        """Change the knobs."""
        from descend.tui.screens.lesson.knob_editor import KnobEditorScreen

        name = self.training.name

        def edited(settings: RunRequest | None) -> None:
            if settings is not None:
                self.settings[name] = settings
                if settings.data in self.specs:
                    self._fill_data(settings.data)
                self.show()

        self.shell.push_screen(KnobEditorScreen(self.training, self.chosen(), live=False), edited)

    def action_look(self) -> None:
        """Look into the dataset."""
        from descend.tui.screens.train.data_view import DataViewScreen

        if not self.data.chosen:
            return
        training, asked = self.training, self.chosen()

        def taken(how: str | None) -> None:
            if how is not None:
                self.settings[training.name] = asked.override(knobs={"augment": how})
                self.show()

        augment = str(asked.knobs.get("augment", ""))
        self.shell.push_screen(DataViewScreen(self.data.chosen, augment, asked.seed), taken)

    # What is typed

    def action_type(self, what: str) -> None:
        """Ask for a path."""
        line = self.query_one(Typed)
        self.asked, line.value, line.placeholder = what, "", ASKED[what]
        line.add_class("-open")
        line.focus()

    def action_close(self) -> None:
        """Stop asking."""
        self.query_one(Typed).remove_class("-open")
        (self.data if self.asked == "data" else self.models).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Do what was asked; files are read in a thread."""
        typed, what = event.value.strip(), self.asked
        if not typed:
            self.action_close()
            return
        asked = self.chosen() if what == "save" else None
        self.run_worker(lambda: self._work(what, typed, asked), thread=True, exclusive=True)

    def _work(self, what: str, typed: str, asked: RunRequest | None) -> None:
        """Read or write, then continue in the screen's own thread."""
        found, spec, settings = None, None, None
        kept = USUAL.override(name=typed if what == "model" else "", data=typed if what == "data" else "")
        try:
            if asked is not None:
                run_config.save_config(asked, parse_path(typed))
            elif what == "load":
                kept = run_config.load_config(parse_path(typed))
                if not kept.name:
                    raise UsageError(f'{typed} names no model; add a line such as name = "mlp".')
            if kept.name:
                found = experiment.find(kept.name)
                if not isinstance(found, Training):
                    raise UsageError(f"{found.title} is a lesson; here models are trained.")
            if kept.data:
                spec = datasets.find(kept.data)
            if found is not None and what == "load":
                settings = experiment.complete(found, kept.override(data=spec.address if spec else ""))
        except DescendError as error:
            self._back(self.shell.complain, error)
            return
        self._back(self._take, what, typed, found, spec, settings)

    def _back(self, call: object, *given: object) -> None:
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(call, *given)  # type: ignore[arg-type]

    def _take(
        self, what: str, typed: str, found: Training | None, spec: Spec | None, settings: RunRequest | None
    ) -> None:
        if not self.is_attached:
            return
        data = self.data.chosen
        if found is not None:
            self.trainings[found.name] = found
            if settings is not None:
                self.settings[found.name] = settings
            self.models.fill(self._model_lines(), found.name)
        if spec is not None:
            self.specs[data := spec.address] = spec
        self._fill_data(data)
        if what == "save":
            self.notify(plain(f"The configuration is in {typed}."), markup=False)
        self.action_close()

    def action_leave(self) -> None:
        """Back."""
        self.dismiss(None)
