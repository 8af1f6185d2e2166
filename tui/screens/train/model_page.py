"""What is said about a model, in place of a lesson's theory: what it is, what it learns from, how it is trained."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from descend.datasets import catalogue as datasets
from descend.engine.launch import run_config
from descend.engine.launch.experiment import Training
from descend.engine.run.run_request import RunRequest
from descend.engine.train.model_form import Model
from descend.tui.cell_text import plain
from descend.tui.screens.lesson.tabs import LessonTab
from descend.tui.screens.train.layers import LayerList


class ModelPage(VerticalScroll, LessonTab):
    """Scrolls what there is to say about a model."""

    HELP = (
        "The model, the data it learns from, the knobs that differ from the defaults, and the command that makes "
        "the same run. L lists the layers with their output shapes and parameters; for a model of your own its file is "
        "run for that. Scroll with the arrows, j and k, page up and page down."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("L", "layers", "layers", tooltip="List the model's layers, output shapes and parameters"),
        Binding("j", "scroll_down", "Scroll down", show=False),
        Binding("k", "scroll_up", "Scroll up", show=False),
    ]
    DEFAULT_CSS = """
    ModelPage { padding: 0 2; & Static { width: 1fr; height: auto; } }
    """

    def __init__(self, training: Training) -> None:
        super().__init__(id="about")
        self.training = training

    def compose(self) -> ComposeResult:
        yield Static(id="said")
        yield LayerList(self.training)

    def action_layers(self) -> None:
        """List the layers."""
        self.query_one(LayerList).count()

    def show(self, settings: RunRequest) -> None:
        """Describe the model with these knobs."""
        self.query_one("#said", Static).update(document(self.training, settings))
        self.query_one(LayerList).reset(settings)


def document(training: Training, settings: RunRequest) -> Text:
    """All of it, free of control characters."""
    of, changed = training.model, run_config.find_changed(settings)
    text = Text()

    def part(heading: str, body: str) -> None:
        text.append(f"{heading}\n", "bold").append(f"{body}\n\n")

    if isinstance(of, Model):
        spec = datasets.list_specs().get(settings.data)
        shape = spec.shape if spec is not None else None
        text.append("\n\n".join(map(paragraph, of.about(shape, settings.knobs).split("\n\n"))) + "\n\n")
        if of.is_reference(shape, settings.knobs):
            part("Size", f"{of.parameters:,} parameters for {plain(str(of.reference))}.")
        if of.sources:
            part("Sources", "\n".join(plain(source) for source in of.sources))
    else:
        part("A model of your own", plain(of.address))
    part("Data", plain(settings.data))
    differing = "\n".join(f"{plain(name)} = {plain(str(value))}" for name, value in changed.items())
    part("Knobs", differing or "All at their defaults; e changes them.")
    part("The same from the command line", plain(run_config.format_command(settings)))
    return text


def paragraph(lines: str) -> str:
    """A paragraph, to be wrapped; what is indented, such as a formula, line by line as it is."""
    kept = [plain(line) for line in lines.split("\n")]
    return ("\n" if lines.startswith(" ") else " ").join(kept)
