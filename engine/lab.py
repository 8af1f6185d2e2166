"""The lab: what a lesson's experiment talks to while it trains. Everything said ends up in the run folder.

::

    def run(lab, k):
        ...
        lab.track(net=net, adam=adam)
        for step in lab.steps(k.steps):        # pause, single step, stop and live knobs happen here
            ...
            lab.scalars({"train/loss": loss})
            lab.layers(net)
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from descend.engine.errors import DescendError
from descend.engine.knobs import KnobSet
from descend.engine.recorder import Recorder
from descend.engine.records import (
    Array,
    Confusion,
    Control,
    Event,
    KnobChange,
    Note,
    Pause,
    Progress,
    Resume,
    SetKnob,
    State,
    Status,
    Step,
    Stop,
)
from descend.engine.runs import Run
from descend.engine.telemetry import LayerWatch

if TYPE_CHECKING:
    from descend.datasets.dataset import Dataset

PICTURE = 0.2
"""Seconds between two pictures of one kind, at least."""
SPARSER = 0.01
"""… and at least this part of the training time so far, so that a long run stays small."""


class Stopped(BaseException):
    """The user stopped the run; raised out of `Lab.steps`. Not an ``Exception``: an experiment should not catch it."""


class Diverged(Exception):
    """A loss became NaN or infinite."""

    def __init__(self, series: str, step: int, value: float) -> None:
        super().__init__(f"{series} became {'NaN' if math.isnan(value) else 'infinite'} at step {step}")
        self.series, self.step = series, step


class Lab:
    """One run's side of the laboratory.

    Attributes:
        device: the ``torch.device`` to train on.
        seed: seeds Python, NumPy and torch before the experiment starts.
        step: steps taken so far, over all loops.
        dataset: the dataset chosen for this run; None if the lesson makes its own data.
    """

    def __init__(
        self,
        run: Run,
        knobs: KnobSet,
        *,
        device: torch.device,
        seed: int,
        dataset: Dataset | None = None,
        control_from: int = 0,
    ) -> None:
        self.device, self.seed, self.dataset = device, seed, dataset
        self.step = 0
        self._knobs = knobs
        self._tracked: dict[str, Any] = {}
        self._metrics: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._layers = LayerWatch()
        self._due: dict[str, float] = {}
        self._total, self._per_epoch, self._unit, self._samples = 0, 0, "steps", 1
        self._started, self._idle = time.monotonic(), 0.0
        self._held_since: float | None = None
        self._speed: list[tuple[float, int]] = []
        self._told, self._next = -1.0, 0.0
        self._commands: SimpleQueue[Control] = SimpleQueue()
        self._woken = threading.Event()
        self._attention = False
        self._paused, self._allowed, self._stop = False, 0, False
        self._diverged: Diverged | None = None
        self._recorder = Recorder(
            run.events_file,
            run.control_file,
            control_from=control_from,
            clock=self.elapsed,
            heard=self._heard,
            watch=self._watch,
            progress=self._regular_progress,
        )

    def elapsed(self) -> float:
        """Seconds of training so far, pauses excluded."""
        now = time.monotonic() if self._held_since is None else self._held_since
        return now - self._started - self._idle

    def track(self, **objects: Any) -> None:
        """Name what the run consists of: modules and optimisers.

        A live knob named like an optimiser's setting (``lr``, ``momentum``, ``weight_decay``) is written to every
        tracked optimiser, and one named ``dropout`` to every dropout layer of the tracked modules.
        """
        self._tracked.update(objects)

    def steps(self, count: int, *, samples: int = 1, unit: str = "steps", per_epoch: int = 0) -> Iterator[int]:
        """Yield 0 … ``count`` - 1; between two steps pause, single step, stop and live knobs take effect.

        Args:
            samples: how many of ``unit`` one step handles, for the speed shown.
            per_epoch: steps in an epoch, if the experiment has epochs.

        A knob named ``pace`` bounds the steps a second (0: as fast as it goes).

        Raises:
            Stopped: the user stopped the run.
            Diverged: a series whose name contains ``loss`` is not finite any more.
        """
        before = self.step
        self._total, self._per_epoch, self._unit, self._samples = before + count, per_epoch, unit, samples
        paced = "pace" in self._knobs.specs
        for index in range(count):
            self.step = before + index
            if self._attention:
                self._attend()
            if paced:
                self._keep_pace()
            yield index
        self.step = before + count
        self._recorder.flush()  # so that the last steps' losses have been looked over
        self._obey()

    def scalars(self, values: Mapping[str, Any] | None = None, /, **named: Any) -> None:
        """Add a point at this step to each named series; values are numbers or one-element tensors.

        Costs about a microsecond a value and never waits for a GPU.
        """
        point = {}
        for name, value in {**values, **named}.items() if values else named.items():
            if isinstance(value, torch.Tensor):
                value = value.item() if value.device.type == "cpu" else value.detach().clone()
            point[name] = value
        self._recorder.scalars(self.step, point)

    def layers(self, net: torch.nn.Module) -> None:
        """Say, when a picture is due, each layer's gradient, weight and update norms. Call it after the optimiser."""
        if self._layers.remembers:
            self._recorder.put(self._layers.picture(net, self.step))
        elif self._is_due("layers"):
            self._layers.remember(net)

    def confusion(self, counts: torch.Tensor | np.ndarray, classes: Sequence[str], split: str = "test") -> None:
        """Show counts of (true, predicted), shape (classes, classes)."""
        counts, step = counts.detach().clone() if isinstance(counts, torch.Tensor) else counts.copy(), self.step

        def make() -> Confusion:
            table = counts.cpu().numpy() if isinstance(counts, torch.Tensor) else counts
            return Confusion(step=step, counts=Array.of(table), classes=list(classes), split=split)

        self._recorder.put(make)

    def note(self, text: str) -> None:
        """Tell the person watching something, in a sentence."""
        self._recorder.put(Note(step=self.step, text=text))

    def results(self, **metrics: float) -> None:
        """State final metrics that are better than a curve's last point, such as a loss over the whole training set."""
        self._metrics.update(metrics)

    # What follows is for the worker.

    def status(self, state: State, message: str = "") -> None:
        """Write that the run is now in ``state``; with the final metrics if that is an end."""
        ended = state in ("done", "stopped", "failed")
        if ended:
            self._recorder.flush()  # so that the last points count
        metrics = {**self._last, **self._metrics} if ended else {}
        finite = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
        if self._total:
            self._recorder.put(self._progress())
        self._recorder.put(
            Status(
                state=state, step=self.step, at=time.time(), message=message, device=str(self.device), metrics=finite
            )
        )
        self._recorder.flush()

    def finish(self) -> None:
        """Record that the experiment came to its end.

        Raises:
            Diverged: a loss said after the last step is not finite.
            OSError: the records cannot be written.
        """
        self._recorder.flush()
        self._obey()
        self.status("done")

    def say(self, record: Event) -> None:
        """Write ``record``."""
        self._recorder.put(record)

    def stop(self) -> None:
        """End at the next step, as if the user had said so."""
        self._heard(Stop())

    def close(self) -> None:
        """Write what is left."""
        self._recorder.close()

    def _heard(self, command: Control) -> None:
        """Take a command, in the recorder's thread."""
        self._commands.put(command)
        self._call_attention()

    def _call_attention(self) -> None:
        """Make the experiment look up before its next step."""
        self._attention = True
        self._woken.set()

    def _watch(self, name: str, steps: np.ndarray, values: np.ndarray) -> None:
        """Look over new points, in the recorder's thread."""
        self._last[name] = float(values[-1])
        if "loss" in name and self._diverged is None and not np.isfinite(values).all():
            first = int(np.argmin(np.isfinite(values)))
            self._diverged = Diverged(name, int(steps[first]), float(values[first]))
            self._call_attention()

    def _attend(self) -> None:
        """Do what was asked, in the experiment's thread; wait here while paused."""
        self._attention = False
        self._obey()
        while self._paused and not self._allowed:
            if self._held_since is None:
                self._held_since = time.monotonic()
                self.status("paused")
            self._woken.wait()
            self._woken.clear()
            self._obey()
        if self._held_since is not None:
            self._idle += time.monotonic() - self._held_since
            self._held_since = None
            self._speed.clear()
            if not self._paused:
                self.status("running")
        if self._paused:  # a single step: look up again after it
            self._allowed -= 1
            self._attention = True

    def _obey(self) -> None:
        """Carry out the commands heard so far.

        Raises:
            Stopped, Diverged: the run ends here.
            OSError: its records cannot be written any more.
        """
        while not self._commands.empty():
            match self._commands.get():
                case Pause():
                    self._paused, self._allowed = True, 0
                case Resume():
                    self._paused, self._allowed = False, 0
                case Step(count=count):
                    self._paused, self._allowed = True, self._allowed + max(1, count)
                case Stop():
                    self._stop = True
                case SetKnob() as turn:
                    self._turn(turn)
        if self._stop:
            raise Stopped
        if self._diverged is not None:
            raise self._diverged
        if self._recorder.error is not None:
            raise self._recorder.error

    def _turn(self, turn: SetKnob) -> None:
        spec = self._knobs.specs.get(turn.knob)
        try:
            if spec is None or not spec.live:
                raise DescendError(f"'{turn.knob}' cannot be turned while the run goes on.")
            value = spec.parse(turn.value)
        except DescendError as error:
            self.note(str(error))
            return
        previous = getattr(self._knobs, turn.knob)
        setattr(self._knobs, turn.knob, value)
        for tracked in self._tracked.values():
            if isinstance(tracked, torch.optim.Optimizer):
                for group in tracked.param_groups:
                    if turn.knob in group:
                        group[turn.knob] = value
            elif isinstance(tracked, torch.nn.Module) and turn.knob == "dropout":
                for module in tracked.modules():
                    if isinstance(module, torch.nn.modules.dropout._DropoutNd):
                        module.p = float(value)
        self._recorder.put(KnobChange(step=self.step, knob=turn.knob, value=value, previous=previous))

    def _keep_pace(self) -> None:
        """Sleep so that at most ``pace`` steps a second are taken."""
        pace = float(self._knobs.pace)  # type: ignore[attr-defined]
        if pace <= 0:
            return
        now = time.monotonic()
        if now < self._next:
            time.sleep(self._next - now)
        self._next = max(self._next, now - 0.05) + 1 / pace  # a late step may be made up for, a long pause not

    def _is_due(self, picture: str) -> bool:
        now = self.elapsed()
        if now < self._due.get(picture, 0.0):
            return False
        self._due[picture] = now + max(PICTURE, SPARSER * now)
        return True

    def _regular_progress(self) -> Progress | None:
        """Where the run is, at most five times a second, in the recorder's thread."""
        now = self.elapsed()
        if not self._total or now - self._told < 0.2 or self._held_since is not None:
            return None
        self._told = now
        return self._progress()

    def _progress(self) -> Progress:
        """Where the run is; its speed is that of the last three seconds."""
        now, step = self.elapsed(), self.step
        self._speed = [mark for mark in self._speed if now - mark[0] < 3] + [(now, step)]
        then, before = self._speed[0]
        rate = (step - before) / (now - then) if now > then else 0.0
        epochs = self._total // self._per_epoch if self._per_epoch else None
        return Progress(
            step=step,
            steps=self._total,
            rate=round(rate * self._samples, 1),
            unit=self._unit,
            epoch=min(step // self._per_epoch + 1, epochs) if epochs else None,
            epochs=epochs,
            remaining=round((self._total - step) / rate, 1) if rate else None,
        )
