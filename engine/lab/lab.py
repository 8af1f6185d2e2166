"""The lab: what a lesson's experiment talks to while it trains. Everything said ends up in the run folder.

::

    def run(lab, k):
        lab.track(net=net, adam=adam)
        for step in lab.steps(k.steps):        # pause, single step, stop and live knobs happen here
            ...
            lab.scalars({"train/loss": loss})
            lab.layers(net)
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from descend.engine.base.errors import DescendError
from descend.engine.base.files import advise
from descend.engine.base.knobs import KnobSet, Value
from descend.engine.lab import checkpoints
from descend.engine.lab.activity import Activity
from descend.engine.lab.checkpointables import Tracked
from descend.engine.lab.clock import Pacer, Speedometer, TrainingClock
from descend.engine.lab.command_queue import CommandQueue, Stopped
from descend.engine.lab.diverged import Diverged
from descend.engine.lab.picture_timing import TimedPictures
from descend.engine.lab.recorder import Recorder
from descend.engine.run.records import (
    Checkpoint,
    Event,
    Failure,
    KnobChange,
    Note,
    Progress,
    SetKnob,
    State,
    Status,
    Stop,
)
from descend.engine.run.runs import ENDS, Run

if TYPE_CHECKING:
    from descend.datasets.dataset import Dataset
    from descend.datasets.preparation import Preparation

AGAIN = 1.0
"""Seconds between two attempts to write a last checkpoint."""
CHECKPOINT = 30.0
"""Seconds of training between checkpoints; one is also written at the end of an epoch, at most every second."""


class Lab(TimedPictures):
    """One run's side of the laboratory; what it can show is in `Pictures`.

    Attributes:
        device: the ``torch.device`` to train on.
        seed: seeds Python, NumPy and torch before the experiment starts.
        step: steps taken so far, over all loops.
        state: plain values (numbers, strings, lists, dicts, tensors) of the experiment that a resumed run needs.
        folder: where the run is kept.
        dataset: the dataset chosen for this run; None if the lesson makes its own data.
        prepared: how it is prepared for a training; None where that is not settled yet.
        doing: ``with lab.doing("evaluating"):`` says what the block does, for the line that tells where the run is.
        forked: in a fork, the values that changed knobs had in the run it comes from.
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
        resumed: dict[str, Any] | None = None,
        turned: Sequence[KnobChange] = (),
    ) -> None:
        super().__init__()
        self.device, self.seed, self.dataset, self.folder = device, seed, dataset, run.folder
        self.prepared: Preparation | None = None
        self.step = 0
        self.state: dict[str, Any] = {}
        self.doing = Activity()
        self._knobs = knobs
        self._tracked = Tracked()
        self._resumed, self._turned = resumed, list(turned)
        self._run_id = run.id
        self.forked = checkpoints.changed(resumed, run.id, knobs)
        self._loop, self._index = -1, 0
        self._metrics: dict[str, float] = {}
        self._last: dict[str, float] = {}
        if resumed is not None:
            self.state.update(resumed["state"])
            self._last.update(resumed["last"])
        self._total, self._per_epoch, self._unit, self._samples, self._count = 0, 0, "steps", 1, 0
        self._end: tuple[State, str] = "done", ""
        self._clock = TrainingClock(resumed["elapsed"] if resumed else 0.0)
        self._speed, self._pace, self._told = Speedometer(), Pacer(), -1.0
        self._diverged: Diverged | None = None
        self._keeper = checkpoints.CheckpointWriter(run, self.note, getattr(knobs, "checkpoints", checkpoints.BESIDE))
        self._kept, self._kept_at = resumed is not None, self._clock.elapsed()
        self._controls = CommandQueue(turn=self._turn, check=self._check, held=self._held, released=self._released)
        self._recorder = Recorder(
            run.events_file,
            run.control_file,
            control_from=control_from,
            clock=self._clock.elapsed,
            heard=self._controls.hear,
            watch=self._watch,
            progress=self._regular_progress,
            broken=self._controls.call,
        )

    def track(self, **objects: Any) -> None:
        """Name what the run consists of: modules, optimisers, anything with ``state_dict``, and tensors.

        They are saved in checkpoints, and when the run is resumed or forked they are restored, in place, as the next
        loop begins; so objects of different loops need different names. A live knob named like an optimiser's option
        (``lr``, ``momentum``, ``weight_decay``) is written to every tracked optimiser, and one named ``dropout`` to
        every dropout layer of the tracked modules.

        Raises:
            TypeError: an object can be neither saved nor restored.
        """
        for name, tracked in objects.items():
            self._tracked.add(name, tracked)

    def steps(
        self, count: int, *, samples: int = 1, unit: str = "steps", per_epoch: int = 0, paced: bool = True
    ) -> Iterator[int]:
        """Yield 0 … ``count`` - 1; between two steps pause, single step, stop, live knobs and checkpoints take effect.

        A resumed run begins where its checkpoint was; loops that were over by then yield nothing.

        Args:
            samples: how many of ``unit`` one step handles, for the speed shown.
            per_epoch: steps in an epoch, if the experiment has epochs.
            paced: whether the knob ``pace``, if there is one, bounds the steps a second (0: as fast as possible).

        Raises:
            Stopped: the user stopped the run.
            DescendError: the checkpoint does not fit, because a knob has changed the shape of what it holds.
            Diverged: a series whose name contains ``loss`` is no longer finite.
        """
        begin = self._begin(count, per_epoch)
        before, self._count = self.step - begin, count
        self._total, self._per_epoch, self._unit, self._samples = before + count, per_epoch, unit, samples
        paced = paced and "pace" in self._knobs.specs
        for index in range(begin, count):
            self.step, self._index = before + index, index
            if self._turned and self._turned[0].step <= self.step:
                self._turn_again()
            if self._controls.attention:
                self._controls.attend()
            if paced:
                self._pace.wait(self._knobs.pace)  # type: ignore[attr-defined]
            self._keep_when_due(index)
            yield index
        self.step = before + count
        self._index = count  # so that a fork of a finished run continues if it is given more steps
        self._recorder.flush()  # so that the last steps' losses have been checked
        self._controls.obey()

    def scalars(self, values: Mapping[str, Any] | None = None, /, **named: Any) -> None:
        """Add a point at this step to each named series; values are numbers or one-element tensors.

        Costs about a microsecond a value and never waits for a GPU.
        """
        point = {}
        for name, value in {**values, **named}.items() if values else named.items():
            if isinstance(value, torch.Tensor):
                value = value.item() if value.is_cpu else value.detach().clone()
            point[name] = value
        self._recorder.scalars(self.step, point)

    def note(self, text: str) -> None:
        """Tell the person watching something, in a sentence."""
        self._recorder.put(Note(step=self.step, text=text))

    def results(self, **metrics: float) -> None:
        """State final metrics that are better than a curve's last point, such as a loss over the whole training set."""
        self._metrics.update((name, float(value)) for name, value in metrics.items())

    # What follows is for the worker.

    @property
    def metrics(self) -> dict[str, float | None]:
        """The final metrics as they are now; None for what is not finite."""
        self._recorder.flush()  # so that the last points count
        metrics = {**self._last, **self._metrics}
        return {name: value if math.isfinite(value) else None for name, value in metrics.items()}

    def status(self, state: State, message: str = "", failure: Failure | None = None) -> None:
        """Write that the run is now in ``state``; if that is an end, with the final metrics and what went wrong."""
        ended = state in ENDS
        self.draw_waiting()
        finite = self.metrics if ended else {}
        now, device = time.time(), str(self.device)
        said = Status(state=state, step=self.step, at=now, message=message, device=device, metrics=finite)
        words: list[Event] = [said] if failure is None else [failure, said]
        if ended and self._recorder.error is not None:
            self._recorder.last_words(words)
            return
        if self._total:
            self._recorder.put(self._progress())
        for record in words:
            self._recorder.put(record)
        self._recorder.flush()

    def finish(self) -> None:
        """Record that the experiment came to its end; see `end`.

        Raises:
            Diverged: a loss said after the last step is not finite.
            DescendError: the records cannot be written.
        """
        self._recorder.flush()
        self._controls.obey()
        self.end("done")
        self._check()

    def end(self, state: State, message: str = "") -> None:
        """Write a last checkpoint, then that the run is in ``state``; if it cannot be written, that it is unsaved."""
        self._keeper.told = lambda sentence: None  # the message says it
        with self.doing("saving"):
            self._keep(self._index)
            self._keeper.wait()
        self._end = state, message
        if self._keeper.error is None:
            self.status(state, message)
            return
        self._clock.hold()
        self._controls.begin_again()
        self.status("unsaved", f"{message} {self._keeper.why('Its last checkpoint')}".strip())

    def save(self, seconds: float) -> bool:
        """Whether the last checkpoint is written; if not, retry for so long, while the user does not stop it and the
        folder is there, and if that succeeds record how the run has ended."""
        if self._keeper.error is None:
            return True
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(AGAIN)
            try:
                self._controls.obey()
            except (Stopped, DescendError):
                return False
            if self._keeper.again():
                self.status(*self._end)
                return True
        return False

    @property
    def begun(self) -> bool:
        """Whether there is a loop that can be ended between two steps."""
        return self._loop >= 0

    def stop(self) -> None:
        """End at the next step, as if the user had said so."""
        self._controls.hear(Stop())

    def close(self) -> None:
        """Write what is left."""
        self._keeper.wait()
        self._recorder.close()

    def _watch(self, name: str, steps: np.ndarray, values: np.ndarray) -> None:
        """Check new points, in the recorder's thread."""
        self._last[name] = float(values[-1])
        if "loss" in name and not np.isfinite(values).all():
            first = int(np.argmin(np.isfinite(values)))
            found = Diverged(name, int(steps[first]), float(values[first]))
            if self._diverged is None or found.rank < self._diverged.rank:
                self._diverged = found
            self._controls.call()

    def _check(self) -> None:
        """Raise what must end the run, between two steps."""
        if self._diverged is not None:
            self._recorder.flush()  # another series may have been the first
            raise self._diverged
        error = self._recorder.error
        if isinstance(error, FileNotFoundError):
            raise DescendError("The run's folder has been deleted or moved, so the run has ended.")
        if isinstance(error, OSError):
            raise DescendError(
                f"Nothing more can be recorded: {error.strerror}; {advise(error, 'look at its folder')}, then "
                "resume the run from its checkpoint."
            )
        if error is not None:
            raise error

    def _held(self) -> None:
        self._clock.hold()
        self.status("paused")

    def _released(self, stepping: bool) -> None:
        self._clock.go()
        self._speed.reset()
        if not stepping:
            self.status("running")

    def _turn(self, turn: SetKnob) -> None:
        spec = self._knobs.specs.get(turn.knob)
        try:
            if spec is None or not spec.live:
                raise DescendError(f"'{turn.knob}' cannot be turned while the run continues.")
            value = spec.parse(turn.value)
        except DescendError as error:
            self.note(str(error))
            return
        previous = getattr(self._knobs, turn.knob)
        self._turned = [earlier for earlier in self._turned if earlier.knob != turn.knob]
        self._apply(turn.knob, value, previous)

    def _turn_again(self) -> None:
        """Turn the knobs that the user turned at this step, before the run was resumed from an earlier one."""
        while self._turned and self._turned[0].step <= self.step:
            turn = self._turned.pop(0)
            spec, previous = self._knobs.specs.get(turn.knob), getattr(self._knobs, turn.knob, None)
            if spec is not None and spec.live and previous is not None and previous != turn.value:
                with suppress(DescendError):
                    self._apply(turn.knob, spec.parse(turn.value), previous)

    def _apply(self, knob: str, value: Value, previous: Value) -> None:
        setattr(self._knobs, knob, value)
        self._tracked.turn(knob, value)
        self._recorder.put(KnobChange(step=self.step, knob=knob, value=value, previous=previous))

    def _begin(self, count: int, per_epoch: int) -> int:
        """The index at which this loop begins: 0, or where a resumed run was; `step` is that of it."""
        self._loop, self._index = self._loop + 1, 0
        self._tracked.made()
        resumed = self._resumed
        if resumed is None:
            return 0
        now = {knob: getattr(self._knobs, knob) for knob in self.forked}
        told = self._tracked.restore(resumed["tracked"], resumed.get("made"), now)
        if self._loop < resumed["loop"]:
            self.step += count
            return count
        self._resumed = None
        self.step, index = resumed["step"], int(resumed["index"])
        if per_epoch and (earlier := resumed.get("per_epoch")):  # as many epochs, of more or fewer steps
            index = index * per_epoch // earlier
        if not now and (gone := set(resumed["tracked"]) - self._tracked.names()):
            names = ", ".join(sorted(gone))
            raise DescendError(
                f"The code has changed since its checkpoint, which still holds {names}; start a new run."
            )
        if index > count:
            raise checkpoints.past_the_end(self.step, index, count, now)
        for knob, value in now.items():
            self._recorder.put(KnobChange(step=self.step, knob=knob, value=value, previous=self.forked[knob]))
        for sentence in told:
            self.note(sentence)
        checkpoints.set_rng_state(resumed["rng"], self.device)
        return index

    def _keep_when_due(self, index: int) -> None:
        """Write a checkpoint if it is time: before the first step, at an epoch's end, and every so often."""
        since = self._clock.elapsed() - self._kept_at
        epoch_ended = self._per_epoch and index % self._per_epoch == 0 and since >= 1
        if since >= CHECKPOINT or epoch_ended or (self.step == 0 and not self._kept):
            with self.doing("saving"):
                self._keep(index)

    def _keep(self, index: int) -> None:
        self._kept, self._kept_at = True, self._clock.elapsed()
        content = {
            "run": self._run_id,
            "loop": self._loop,
            "index": index,
            "per_epoch": self._per_epoch,
            "elapsed": self._kept_at,
            "tracked": self._tracked.snapshot(),
            "made": self._tracked.made(),
            "state": self.state,
            "knobs": self._knobs.values(),
            "last": dict(self._last),
            "rng": checkpoints.get_rng_state(self.device),
        }
        self._keeper.save(self.step, content, self._last.get("validation/loss", self._last.get("test/loss")))
        self._recorder.put(Checkpoint(step=self.step))

    def _regular_progress(self) -> Progress | None:
        """Where the run is, at most five times a second, in the recorder's thread."""
        now = self._clock.elapsed()
        if not self._total or now - self._told < 0.2 or self._clock.held:
            return None
        self._told = now
        return self._progress()

    def _progress(self) -> Progress:
        """Where the run is."""
        step = self.step
        rate = self._speed.rate(self._clock.elapsed(), step)
        epochs = self._count // self._per_epoch if self._per_epoch else None
        return Progress(
            step=step,
            steps=self._total,
            rate=round(rate * self._samples, 1),
            unit=self._unit,
            epoch=min(self._index // self._per_epoch + 1, epochs) if epochs else None,
            epochs=epochs,
            remaining=round((self._total - step) / rate, 1) if rate else None,
            doing=self.doing.now,
        )
