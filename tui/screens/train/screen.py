"""Chooses a model and the data it learns from, and trains it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Input, OptionList, Static
from textual.worker import get_current_worker

from descend.datasets import catalogue as datasets
from descend.datasets.reporting import reporting_to
from descend.datasets.spec import Spec
from descend.datasets.user_data import UserData
from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.paths import parse_path
from descend.engine.launch import experiment, run_config
from descend.engine.launch.experiment import Training
from descend.engine.run.run_request import USUAL, RunRequest
from descend.engine.train import model_form
from descend.engine.train.model_source import is_address
from descend.tui import shell_settings
from descend.tui.cell_text import plain
from descend.tui.field import Field
from descend.tui.focus import take_focus
from descend.tui.screens.app_access import InShell, Leaves
from descend.tui.screens.keys import KeyLine
from descend.tui.screens.path_field import PathBox, PathLine
from descend.tui.screens.train.lists import Choices, data_lines, lost_lines, model_lines
from descend.tui.screens.train.remembered import (
    MODELS,
    Recalled,
    forget,
    recall,
    recall_choice,
    remember,
    remember_choice,
    remember_data,
)

if TYPE_CHECKING:
    from descend.datasets.table_survey import Survey

ASKED = {
    "model": "a model of your own: path/to/model.py:Name",
    "data": "data of your own: path/to/data.csv?target=price, a folder of images, .npy, .npz or a text file",
    "save": "write this configuration to: path/to/config.toml",
    "load": "read a configuration from: path/to/config.toml",
}

ENDS = {"model": ":", "data": "?"}
"""What ends the path in what is typed."""
MODEL, DATASET = "mlp", "digits"
"""What is chosen at first: a small network and a small dataset."""
READING = "reading"
"""Work on what was typed."""
TO_FETCH, GONE = "to fetch", "gone"
"""What is said of data that is not here: a dataset's, one's own."""


def look_at(address: str) -> Survey | None:
    """What there is to say of the table of one's own at ``address``; None if it is none, or cannot be read."""
    from descend.datasets import user_path

    try:
        return user_path.survey(address) if datasets.is_path(address) else None
    except DescendError:
        return None


class Typed(PathLine):
    """A path that is typed in."""

    HELP = (
        "Type a path; tab completes it, enter accepts, escape changes nothing. What you have typed is there again when "
        "you come back."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "screen.close", "cancel")]
    DEFAULT_CSS = """
    Typed { background: $boost; }
    """

    busy = False
    """Whether what was typed is being read; until then it takes no keys but escape."""

    def on_key(self, event: events.Key) -> None:
        """Take none meanwhile but escape."""
        if self.busy and event.key != "escape":
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Take none meanwhile."""
        if self.busy:
            event.prevent_default()
            event.stop()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter is its own."""
        return Field.check_action(self, action, parameters)


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
        Binding("o", "options", "options", tooltip="What the columns of your own data are for, and its problems"),
        Binding("y", "copy", "copy", tooltip="Copy the command for this run to the clipboard"),
        Binding("w", "type('save')", "write", tooltip="Save the model, data and knobs in a TOML file"),
        Binding("l", "type('load')", "load", tooltip="Load the model, data and knobs from a TOML file"),
        # The borders of the lists name these two as well.
        Binding("m", "type('model')", "own model", tooltip="Train a model of your own"),
        Binding("d", "type('data')", "own data", tooltip="Learn from a file or folder of your own"),
        Binding("delete", "forget", "forget", show=False, tooltip="Forget this model or data of your own"),
        Binding("right", "lists(1)", "Datasets", show=False),
        Binding("left", "lists(0)", "Models", show=False),
        Binding("escape", "leave", "back", tooltip="Back to the lessons"),
    ]
    DEFAULT_CSS = """
    TrainScreen {
        & #title { padding: 0 2; background: $surface; text-style: bold; }
        & Horizontal { height: 1fr; }
        & #said { height: auto; max-height: 6; padding: 0 2; }
        & PathBox { display: none; padding: 0 1; &.-open { display: block; } }
        & PathBox > .beside { margin: 0; padding: 0 1; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.trainings = {name: experiment.make_zoo_training(one) for name, one in model_form.list_models().items()}
        self.specs: dict[str, Spec] = dict(datasets.list_specs())
        self.settings: dict[str, RunRequest] = {}
        self.asked = ""
        self.drafts: dict[str, str] = {}
        self.lost_models: dict[str, str] = {}
        self.lost_data: dict[str, str] = {}
        self.absent: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        yield Static("Train a model", id="title")
        with Horizontal():
            yield Choices(id="models")
            yield Choices(id="data")
        yield Static(id="said")
        yield PathBox(Typed(compact=True))
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin at what was chosen last, else at a small network and a small dataset."""
        model, data = recall_choice()
        self.models.border_title, self.data.border_title = "Models", "Data"
        self.models.border_subtitle, self.data.border_subtitle = "m your own", "d your own"
        self._refill(model if model in self.trainings else MODEL, data if data in self.specs else DATASET)
        take_focus(self.models)
        before = self.models.chosen, self.data.chosen
        self.run_worker(lambda: self._back(self._recalled, recall(), before), thread=True, exit_on_error=False)

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

    def _recalled(self, found: Recalled, before: tuple[str, str]) -> None:
        """List models and data of one's own, those that are gone too; the cursor goes to what was chosen last, unless
        it was moved meanwhile."""
        if not self.is_attached or not any(found):
            return
        self.trainings |= {name: one for name, one in found.trainings.items() if name not in self.trainings}
        self.specs |= {name: one for name, one in found.specs.items() if name not in self.specs}
        self.lost_models, self.lost_data = found.lost_models, found.lost_data
        now = self.models.chosen, self.data.chosen
        self._refill(*(recall_choice() if now == before else now))

    def _refill(self, model: str, data: str) -> None:
        """List all anew, with the cursors on ``model`` and ``data`` if they are there, else where they were, else on
        the first."""
        for listed, lines, wanted in ((self.models, self._model_lines(), model), (self.data, self._data_lines(), data)):
            names = [name for name, _ in lines if name]
            listed.fill(lines, next((one for one in (wanted, listed.chosen) if one in names), names[0]))
        self.show()

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
        lost = self.lost_models.get(self.models.chosen) or self.lost_data.get(self.data.chosen)
        if lost:
            return f"{lost} The delete key forgets it."
        training = self.training
        spec = self.specs.get(self.data.chosen)
        if spec is None:
            return "Choose a dataset."
        if why := training.fits(spec.shape):
            return why
        try:
            training.check(training.knobs.parse(self.chosen().knobs), spec)
        except UsageError as error:
            return str(error)
        return ""

    def _fill_data(self, chosen: str) -> None:
        self.data.fill(self._data_lines(), chosen)
        self.show()

    def _data_lines(self) -> list[tuple[str, Text]]:
        listed = data_lines(self.specs.values(), self.training, self.absent)
        return listed + lost_lines(self.lost_data)

    def _model_lines(self) -> list[tuple[str, Text]]:
        spec = self.specs.get(self.data.chosen)
        listed = model_lines(self.trainings.values(), spec.shape if spec else None)
        return listed + lost_lines(self.lost_models)

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
            take_focus(self.data)
        else:
            self.action_train()

    def action_lists(self, which: int) -> None:
        """Focus the models (0) or the datasets (1)."""
        take_focus(self.data if which else self.models)

    def action_train(self) -> None:
        """Start the run and open it."""
        if why := self.why_not():
            self.shell.complain(UsageError(why))
            return
        remember_choice(self.training.name, self.data.chosen)
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
        """Ask for a path, beginning with what was typed the last time."""
        line, box = self.query_one(Typed), self.query_one(PathBox)
        if box.has_class("-open"):
            self.drafts[self.asked] = line.value
        self.asked, line.placeholder, box.ends = what, ASKED[what], ENDS.get(what, "")
        line.value = self.drafts.get(what, "")
        line.cursor_position = len(line.value)
        box.add_class("-open")
        box.locate()
        take_focus(line)

    def action_close(self) -> None:
        """Stop reading, or else asking; what was typed is kept."""
        line = self.query_one(Typed)
        if line.busy:
            self.workers.cancel_group(self, READING)
            line.busy = False
            self.query_one(PathBox).locate()
            return
        self.drafts[self.asked] = self.query_one(Typed).value
        self.query_one(PathBox).remove_class("-open")
        take_focus(self.data if self.asked == "data" else self.models)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Do what was asked; files are read in a thread."""
        typed, what = event.value.strip(), self.asked
        if not typed:
            self.action_close()
            return
        asked = self.chosen() if what == "save" else None
        self.query_one(Typed).busy = True
        self.query_one(PathBox).tell(f"{'writing' if what == 'save' else 'reading'} … (esc stops)")
        self.run_worker(lambda: self._work(what, typed, asked), thread=True, exclusive=True, group=READING)

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
                spec = self._find_data(kept.data)
            if found is not None and what == "load":
                settings = experiment.complete(found, kept.override(data=spec.address if spec else ""))
        except DescendError as error:
            if get_current_worker().is_cancelled:
                return
            if what == "data" and (survey := look_at(typed)):
                self._back(self._read)
                self._back(self._choose_options, survey)
            else:
                self._back(self._read, str(error))
            return
        if what == "data":
            self._back(self._tell, "looking for problems … (esc stops)")
        if isinstance(spec, UserData) and what == "data" and (survey := look_at(typed)) and survey.problems:
            self._back(self._tell_problems, spec.title, len(survey.problems))
        if get_current_worker().is_cancelled:
            return
        if found is not None and is_address(found.name):
            remember(MODELS, found.name)
        if isinstance(spec, UserData):
            remember_data(spec)
        self._back(self._take, what, typed, found, spec, settings)

    def _find_data(self, address: str) -> Spec:
        """The data at ``address``; how far it has come is said below the line."""
        worker = get_current_worker()

        def report(what: str, share: float) -> None:
            if worker.is_cancelled:
                raise DescendError("It was stopped.")  # which ends the reading, and is not shown
            how_far = f"{what}: {share:.0%}" if share else f"{what} …"
            self.app.call_from_thread(self._tell, f"{how_far} (esc stops)")

        with reporting_to(report):
            return datasets.find(address)

    def _tell(self, told: str) -> None:
        """Say below the line how far reading has come, unless it was stopped meanwhile."""
        if self.query_one(Typed).busy:
            self.query_one(PathBox).tell(told)

    def _read(self, wrong: str = "") -> None:
        """What was typed is no longer read; say what is ``wrong`` with it."""
        self.query_one(Typed).busy = False
        if wrong:
            self.query_one(PathBox).complain(wrong)
        else:
            self.query_one(PathBox).locate()

    def _tell_problems(self, name: str, count: int) -> None:
        problems = "a problem" if count == 1 else f"{count} problems"
        self.notify(plain(f"{name} has {problems} that may matter; o shows them."), markup=False)

    def _choose_options(self, survey: Survey) -> None:
        """Have the user say what the columns are for; what is read then is chosen."""
        from descend.tui.screens.train.data_options import DataOptionsScreen

        def taken(spec: Spec | None) -> None:
            if isinstance(spec, UserData):
                remember_data(spec)
                self._take("data", "", None, spec, None)

        self.shell.push_screen(DataOptionsScreen(survey), taken)

    def action_options(self) -> None:
        """Choose the options of the data of one's own under the cursor."""
        address = self.data.chosen

        def work() -> None:
            if survey := look_at(address):
                self._back(self._choose_options, survey)
            else:
                self._back(self.shell.complain, UsageError("Options are for tables of your own; d takes one."))

        self.run_worker(work, thread=True, exclusive=True, group="options", exit_on_error=False)

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
        self.lost_models.pop(found.name if found else "", None)
        self.lost_data.pop(data, None)
        self._fill_data(data)
        self._read()
        self.query_one(Typed).value = ""
        if what == "save":
            self.notify(plain(f"The configuration is in {typed}."), markup=False)
        self.action_close()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what is one's own can be forgotten."""
        return action != "forget" or bool(self._find_own())

    def _find_own(self) -> str:
        """The address of the model or data of one's own under the cursor; empty if there is none."""
        chosen = self.focused.chosen if isinstance(self.focused, Choices) else ""
        own = is_address(chosen) or chosen in self.lost_data or isinstance(self.specs.get(chosen), UserData)
        return chosen if own else ""

    def action_forget(self) -> None:
        """Take a model or data of one's own out of the lists."""
        gone = self._find_own()
        forget(gone)
        for known in (self.trainings, self.specs, self.lost_models, self.lost_data):
            known.pop(gone, None)
        model, data = self.models.chosen, self.data.chosen
        self._refill(MODEL if model == gone else model, DATASET if data == gone else data)

    def action_leave(self) -> None:
        """Back."""
        remember_choice(self.models.chosen, self.data.chosen)
        self.dismiss(None)
