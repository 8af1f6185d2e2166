"""Asks for runs and starts the workers that do them; imports no torch."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec

from descend.engine.base import files
from descend.engine.base.errors import DescendError, UsageError, suggest_nearest
from descend.engine.base.paths import find_working_folder
from descend.engine.launch import changes, devices, experiment, launcher_variables
from descend.engine.run import runs
from descend.engine.run.knob_turns import find_knobs_at
from descend.engine.run.liveness import Writer
from descend.engine.run.manifest import replace_json
from descend.engine.run.preparation_file import find_address
from descend.engine.run.records import Control, Failure, Resume, SetKnob
from descend.engine.run.run_request import SEEDS, RunRequest
from descend.engine.run.runs import CALLED, ENDED, Manifest, Parent, Run
from descend.engine.teaching.lesson import Lesson, is_class_table

COMMAND = [sys.executable, "-P", "-m", "descend.engine.launch.worker"]
"""A fresh interpreter that does not import from the working folder."""
TORCHRUN = [
    *(
        *COMMAND[:2],
        "-m",
        "torch.distributed.run",
        "--nnodes=1",
        "--rdzv-backend=c10d",
        f"--rdzv-id={launcher_variables.TEAM}",
    ),
    *(
        f"--rdzv-endpoint={launcher_variables.LOOPBACK}:0",
        f"--local-addr={launcher_variables.LOOPBACK}",
    ),  # no host name is looked up
]
"""Starts several workers of one run; the first records."""


def make_environment() -> dict[str, str]:
    """A worker's environment: NumPy computes with as many threads as torch does, and OpenMP's spin only briefly while
    they wait, so as not to take the cores from each other and from the shell. No launcher's variables are in it."""
    threads = {"GOMP_SPINCOUNT": "1000", "OPENBLAS_NUM_THREADS": str(devices.count_threads())}
    return threads | launcher_variables.drop_variables(os.environ)


def check_request(request: RunRequest) -> Manifest:
    """What is asked of a run, checked; nothing is written, and whether a dataset is here is not checked.

    Raises:
        UsageError: unknown name, knob, device or dataset, a value out of range, or a combination that does not work.
        DescendError: the user's own data or model cannot be read.
    """
    chosen = experiment.find(request.name)
    whole = experiment.complete(chosen, request)
    if not 0 <= request.seed < SEEDS:
        raise UsageError(f"A seed is a whole number from 0 to {SEEDS - 1}, not {request.seed}.")
    if isinstance(chosen, experiment.Training):
        whole = whole.override(data=chosen.chosen(request.data, chosen.knobs.parse(whole.knobs)))
    elif whole.data and whole.data not in chosen.data:
        whole = whole.override(data=choose_table(chosen, whole.data))
    elif request.devices != 1:
        raise UsageError("A lesson runs on one device; --devices is for models.")
    whole = whole.override(device=devices.check_device(request.device))
    devices.check_devices(request.devices, whole.device)
    return Manifest(
        id="",
        **msgspec.structs.asdict(whole),
        source=experiment.hash_source(chosen),
        threads=devices.count_threads(),
    )


def choose_table(lesson: Lesson, data: str) -> str:
    """The address of a table of the user's own that ``lesson`` is to learn from.

    Raises:
        UsageError: it learns from no such data.
        DescendError: the table cannot be read.
    """
    from descend.datasets import catalogue as datasets

    if not lesson.takes_tables or data in datasets.list_specs():
        near = suggest_nearest(data, lesson.data) or (f"; it has {', '.join(lesson.data)}." if lesson.data else ".")
        if "data" in lesson.knobs.specs:
            near = "; its data are a knob: --set data=NAME."
        raise UsageError(f"Lesson '{lesson.name}' does not learn from '{data}'{near}")
    spec = datasets.find(data)
    if not is_class_table(spec.shape):
        raise UsageError(f"Lesson '{lesson.name}' learns from tables with classes, and here is {spec.shape}.")
    return spec.address


def prepare(request: RunRequest) -> Run:
    """Check everything that was asked for and make the run's folder; nothing is written if anything is wrong.

    Raises:
        UsageError: as `check_request`.
        MissingData: the dataset is not on this machine.
        DescendError: the home folder cannot be written.
    """
    launcher_variables.require_one()
    manifest = check_request(request)
    if manifest.data:
        from descend.datasets import catalogue as datasets

        spec = datasets.find(manifest.data)
        spec.require()
        manifest = msgspec.structs.replace(manifest, stamp=changes.stamp_data(spec))
    return runs.create_run(manifest)


def launch(run: Run) -> subprocess.Popen[bytes]:
    """Start a worker for ``run`` in a session of its own.

    Raises:
        DescendError: the process could not be started.
    """
    command, together, around = COMMAND, run.manifest().devices, make_environment()
    if together > 1:
        launcher_variables.require_loopback()
        command = [*TORCHRUN, f"--nproc-per-node={together}", *COMMAND[2:]]
        around |= launcher_variables.find_loopback()
    try:
        with os.fdopen(files.open_regular(run.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab") as log:
            with suppress(OSError):
                log.write(f"{CALLED} {time.strftime('%Y-%m-%dT%H:%M:%S%z')}\n".encode())
            worker = subprocess.Popen(
                [*command, str(run.folder), str(count_heard(run))],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=find_working_folder(),
                env=around,
            )
    except OSError as error:
        raise DescendError(f"The worker could not be started: {error.strerror or error}.") from None
    sign_worker(run, worker.pid)
    return worker


def sign_worker(run: Run, pid: int) -> None:
    """Write down that process ``pid`` was started for ``run``, so that it counts as alive before it can sign itself."""
    with suppress(OSError):
        replace_json(run.launch_file, msgspec.json.encode(Writer.process(pid)))


def count_heard(run: Run) -> int:
    """Bytes of ``control.jsonl`` that were meant for earlier workers."""
    return files.measure_file(run.control_file)


def send_command(run: Run, *commands: Control) -> None:
    """Say something to the worker of a run that is alive.

    Raises:
        UsageError: no worker is there to hear it.
        DescendError: the folder is gone or cannot be written.
    """
    require_alive(run)
    for command in commands:
        run.ask(command)


def require_alive(run: Run) -> None:
    """Raises UsageError if no worker listens to ``run``."""
    state = run.state()
    if not run.alive():
        how = "fork" if state == "done" else "resume"
        raise UsageError(f"Run '{run.id}' is {state}, so no worker listens; `descend {how} {run.id}` resumes it.")


def turn_knobs(run: Run, settings: Mapping[str, object]) -> list[SetKnob]:
    """Turn live knobs of a run; nothing is turned if anything is wrong. Returns what was said to the worker.

    Raises:
        UsageError: there is no such knob, it is not live, a value does not fit, or the run is not alive.
        DescendError: the folder is gone or cannot be written.
    """
    manifest = run.manifest()
    chosen = experiment.find(manifest.name)
    specs, commands = chosen.knobs.specs, []
    for name, value in settings.items():
        if name not in specs:
            raise UsageError(f"There is no knob '{name}'{suggest_nearest(name, specs) or ' here.'}")
        if not specs[name].live:
            live = ", ".join(knob for knob, spec in specs.items() if spec.live) or "none"
            raise UsageError(
                f"{name} cannot be turned while the run continues, only {live}; fork the run to change it."
            )
        commands.append(SetKnob(knob=name, value=specs[name].parse(value)))
    if isinstance(chosen, experiment.Training):
        values = chosen.knobs.parse({**manifest.knobs, **{said.knob: said.value for said in commands}})
        chosen.check_changed(values, [said.knob for said in commands], find_address(run))
    send_command(run, *commands)
    return commands


def resume_run(run: Run, start: Callable[[Run], subprocess.Popen[bytes]] | None = None) -> None:
    """Resume a paused, stopped or dead run from its newest checkpoint, or from the start if it has none.

    Returns once its worker has taken it. ``start`` gives it one, by default `launch`.

    Raises:
        UsageError: it is running, or done.
        DescendError: it diverged, or another worker took it first, or no worker could be started.
    """
    launcher_variables.require_one()
    manifest = run.manifest()
    check_devices(manifest)
    experiment.find_again(run.id, manifest).knobs.parse(
        manifest.knobs
    )  # what cannot run again is reported before a worker starts
    state = run.state()
    if state == "paused":
        run.ask(Resume())
        return
    if wrong := run.misplaced():
        raise DescendError(f"Run '{run.id}' cannot resume: {wrong}; put a copy of what belongs there in its place.")
    if state == "unsaved" and run.alive():
        raise UsageError(
            f"The worker of run '{run.id}' still has its weights and tries to write them; make room, or give them up "
            f"with `descend stop {run.id}`."
        )
    if state in ("starting", "running"):
        raise UsageError(f"Run '{run.id}' is {state} already.")
    if state == "done":
        raise UsageError(f"Run '{run.id}' is done; fork it to continue from one of its checkpoints with changed knobs.")
    if state == "failed" and has_diverged(run):
        raise DescendError(f"Run '{run.id}' diverged and would again; fork it with a smaller learning rate instead.")
    said = files.measure_file(run.events_file)
    worker = (start or launch)(run)
    while True:  # until the worker has signed and spoken, which takes less than a second, or given up
        writer = run.writer()
        if writer is not None and is_process_of(writer.pid, worker.pid) and files.measure_file(run.events_file) > said:
            return
        if worker.poll() is not None:
            why = run.log_tail(1) or [f"see {run.log_file}."]
            raise DescendError(f"Run '{run.id}' could not be resumed: {why[0].removeprefix(ENDED).strip()}")
        time.sleep(0.02)


def check_devices(manifest: Manifest) -> None:
    """See whether this machine has the devices of a run that should resume here.

    Raises:
        UsageError: it has not.
    """
    devices.check_devices(manifest.devices, devices.check_device(manifest.device))


def is_process_of(pid: int, started: int) -> bool:
    """Whether the process ``pid`` is the one that was ``started``, or its child, as under torchrun."""
    import psutil

    try:
        return pid == started or psutil.Process(pid).ppid() == started
    except psutil.Error:
        return False


def has_diverged(run: Run) -> bool:
    """Whether the last failure of ``run`` was a loss that is not finite."""
    failures = [record for record in run.records() if isinstance(record, Failure)]
    return bool(failures) and failures[-1].diverged


def fork_run(run: Run, at: int, knobs: Mapping[str, object] | None = None) -> Run:
    """A new run that begins with the checkpoint of ``run`` nearest to step ``at``, with ``knobs`` changed.

    Raises:
        UsageError: there is no such knob, or a value does not fit or changes nothing, or the run has no checkpoint.
        DescendError: the home folder cannot be written.
    """
    launcher_variables.require_one()
    parent = run.manifest()
    check_devices(parent)
    steps = run.checkpoint_steps()
    if not steps:
        wrong = files.describe_link(run.checkpoints)
        raise UsageError(f"Run '{run.id}' has no checkpoint to fork from{f': {wrong}' if wrong else ''}.")
    if at < 0:
        raise UsageError(f"A step is a whole number from 0 on, not {at}.")
    nearest_step = min(steps, key=lambda step: (abs(step - at), step))
    chosen, before = experiment.find_again(run.id, parent), find_knobs_at(run, nearest_step)
    values = chosen.knobs.parse({**before, **(knobs or {})})
    changed = [name for name in knobs or () if getattr(values, name) != before.get(name)]
    if changed and isinstance(chosen, experiment.Training):
        chosen.check_changed(values, changed, find_address(run))
    origin = Parent(run.id, nearest_step)
    same = {"data": find_address(run), "title": "", "note": ""}
    manifest = msgspec.structs.replace(parent, knobs=values.values(), parent=origin, **same)

    def fill(making: Run) -> None:
        making.checkpoints.mkdir()
        with (
            os.fdopen(files.open_regular(run.checkpoint(nearest_step)), "rb") as kept,
            open(making.checkpoint(nearest_step), "xb") as copy,
        ):
            if not zipfile.is_zipfile(kept):  # as torch writes them; one that is cut or has grown is not one
                raise DescendError(f"The checkpoint of step {nearest_step:,} is damaged; fork from another step.")
            kept.seek(0)
            shutil.copyfileobj(kept, copy, 1 << 20)
        with suppress(OSError):  # an older run has none
            shutil.copyfile(run.preparation_file, making.preparation_file)

    return runs.create_run(manifest, fill)


class WarmWorker:
    """One idle worker that has imported torch, so that the next run begins at once."""

    def __init__(self) -> None:
        self._idle: subprocess.Popen[bytes] | None = None
        self._working: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start the idle worker if there is none; returns at once. If it cannot start, `launch` starts a cold one."""
        if self._idle is not None and self._idle.poll() is None:
            return
        try:
            self._idle = subprocess.Popen(
                [*COMMAND, "--idle"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd=find_working_folder(),
                env=make_environment(),
            )
        except OSError:
            self._idle = None

    def launch(self, run: Run) -> subprocess.Popen[bytes]:
        """Hand ``run`` to the idle worker; start a cold one if that is gone. Returns the worker.

        Raises:
            DescendError: no worker could be started.
        """
        worker, self._idle = self._idle, None
        self._working = [process for process in self._working if process.poll() is None]  # reap the finished
        if worker is not None and run.manifest().devices > 1:  # which torchrun has to start
            self._idle, worker = worker, None
        if worker is not None and worker.poll() is None and worker.stdin is not None:
            try:
                sign_worker(run, worker.pid)
                worker.stdin.write(json.dumps([str(run.folder), count_heard(run)]).encode() + b"\n")
                worker.stdin.close()
                self._working.append(worker)
                return worker
            except OSError:
                pass
        self._working.append(launch(run))
        return self._working[-1]

    def close(self) -> None:
        """End the idle worker; one that has a run is left alone."""
        if self._idle is not None and self._idle.stdin is not None:
            self._idle.stdin.close()
            self._idle.terminate()
            self._idle.wait()
            self._idle = None
