"""Lists the layers of a model, counted in a process of its own."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from subprocess import DEVNULL, PIPE, Popen
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.timer import Timer
from textual.widgets import Static
from textual.worker import get_current_worker

from descend.engine.train.model_form import Model
from descend.engine.train.settings import TrainKnobs
from descend.tui.cell_text import plain

if TYPE_CHECKING:
    from descend.engine.launch.experiment import Training
    from descend.engine.run.run_request import RunRequest

COMMAND = (sys.executable, "-P", "-m", "descend.engine.cli", "show")
"""Counts them, where torch can be imported; a file of the user's own is run for that."""
HINT = "L lists them, with output shapes and parameters."
SOON = 1.0
"""Seconds on a page of the zoo after which they are counted without asking …"""
BUILT = "context", "objective"
"""Settings of a training that make other layers."""
NICE = 15
"""… by a process of the lowest priority."""


class Counted(NamedTuple):
    """What is known of a model once its layers were counted.

    Attributes:
        request: what was counted.
        names: of its parameters.
    """

    request: RunRequest
    names: tuple[str, ...]

    def holds_for(self, request: RunRequest) -> bool:
        """Whether the model that is asked for has the same layers: all is the same but how it is trained."""
        now, then = (
            {name: value for name, value in each.knobs.items() if name in BUILT or name not in TrainKnobs.specs}
            for each in (request, self.request)
        )
        return request.data == self.request.data and now == then


class LayerList(Static):
    """Says how to list the layers of a model, then lists them for the knobs it was given.

    Attributes:
        counted: what the last count that succeeded found.
    """

    def __init__(self, training: Training) -> None:
        super().__init__(id="layers")
        self.training = training
        self.settings: RunRequest | None = None
        self.counted: Counted | None = None
        self._process: Popen[bytes] | None = None
        self._soon: Timer | None = None

    def reset(self, settings: RunRequest) -> None:
        """Other knobs may make other layers."""
        if settings != self.settings:
            self.settings = settings
            self._end()
            self._tell(Text(HINT))
            if isinstance(self.training.model, Model) and settings.data:  # no file of the user's is run without asking
                self._soon = self.set_timer(SOON, self._count_unasked)

    def count(self) -> None:
        """List them as soon as they are counted."""
        if self.settings is not None:
            self._end()
            self._tell(Text("counting…"))
            self._come_into_view()
            self._begin(self.settings, True)

    def _count_unasked(self) -> None:
        """Count them in the background, for someone who reads on the page."""
        if self.settings is not None and self.is_attached and self.screen.is_current:
            self._begin(self.settings, False)

    def on_unmount(self) -> None:
        """Leave nothing at work."""
        self.settings = None
        self._end()

    def _begin(self, settings: RunRequest, asked_for: bool) -> None:
        self.run_worker(lambda: self._count(settings, asked_for), thread=True, exclusive=True, exit_on_error=False)

    def _count(self, settings: RunRequest, asked_for: bool) -> None:
        """Wait in a thread for the process that counts, so that nothing is left of it when the shell ends."""
        words = [*COMMAND, *asked(self.training, settings)]
        process = self._process = Popen(words, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True)
        if settings != self.settings:  # others came meanwhile, or the page is gone
            process.kill()
        if not asked_for:
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
        output, said = process.communicate()
        if settings == self.settings and not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._counted, settings, asked_for, process.returncode, output, said)

    def _counted(self, settings: RunRequest, asked_for: bool, status: int, output: bytes, said: bytes) -> None:
        if settings != self.settings or not self.is_attached or (status and not asked_for):
            return
        if status:
            lines = said.decode(errors="replace").strip().splitlines() or ["The layers could not be counted."]
            self._tell(Text(plain(f"✗ {lines[-1].removeprefix('descend: ')}")))
        else:
            found = json.loads(output)
            self.counted = Counted(settings, tuple(found["names"]))
            self._tell(listed(found))
        if asked_for:
            self._come_into_view()

    def _come_into_view(self) -> None:
        self.call_after_refresh(self.scroll_visible, animate=False, top=True)

    def _tell(self, what: RenderableType) -> None:
        self.update(Group(Text("Layers", "bold"), what))

    def _end(self) -> None:
        if self._soon is not None:
            self._soon.stop()
        if self._process is not None and self._process.poll() is None:
            self._process.kill()


def asked(training: Training, settings: RunRequest) -> list[str]:
    """The words after ``descend show``: the model, its data, and those of its knobs that make other layers."""
    specs, model = training.knobs.specs, training.model
    known = model.knobs.specs if isinstance(model, Model) else specs
    words = [training.name, "--json", *(["--data", settings.data] if settings.data else [])]
    for name, value in settings.knobs.items():
        if name in known and value != specs[name].default:
            words += ["--set", f"{name}={value}"]
    return words


def listed(found: dict[str, Any]) -> RenderableType:
    """A line for each layer, and the sum."""
    table = Table(box=None, pad_edge=False)
    for name in ("layer", "type", "output"):
        table.add_column(name, overflow="fold")
    table.add_column("parameters", justify="right")
    for layer in found["layers"]:
        output = "not passed" if layer["output"] is None else " × ".join(map(str, layer["output"]))
        own = f"{layer['parameters']:,}" if layer["parameters"] else "shared" if layer["shared"] else ""
        table.add_row(*(Text(plain(cell)) for cell in (layer["path"], layer["type"], output, own)))
    return Group(table, Text(f"{found['parameters']:,} parameters; the output is that of one sample."))
