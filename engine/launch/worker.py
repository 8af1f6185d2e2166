"""The worker: the process that trains. ``python -m descend.engine.launch.worker FOLDER [CONTROL_FROM]`` works on one
run; with ``--idle`` it imports torch first and then waits for such a line on standard input, ending if that closes.

It leads its own session, so nothing that happens to the terminal or the shell reaches it.
"""

from __future__ import annotations

import faulthandler
import fcntl
import json
import os
import random
import signal
import sys
import threading
import time
import traceback
from contextlib import nullcontext, suppress
from pathlib import Path

import msgspec

from descend.engine.base.errors import DescendError
from descend.engine.base.files import open_regular
from descend.engine.base.sanitize import clean
from descend.engine.launch import launcher_variables
from descend.engine.launch.bounded_log import keep_bounded
from descend.engine.launch.termination import TerminationSignal
from descend.engine.run.jsonl import JsonlWriter
from descend.engine.run.liveness import BEAT, Writer
from descend.engine.run.loading_times import IMPORTING, describe_stage, time_stage
from descend.engine.run.manifest import replace_json
from descend.engine.run.records import FORMAT, Failure, Header, Status
from descend.engine.run.runs import BEGAN, ENDED, Run

TRIES = 3600.0
"""Seconds for which a worker keeps weights that cannot be written, as on a full disk, and tries again."""
PATIENCE = 2.0
"""Seconds to wait for a run's former worker to be gone: it says how the run ended a little before it ends itself."""


def main(words: list[str]) -> int:
    """Work on the run named by ``words``, or idle until told of one; return the exit status."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if words == ["--idle"]:
        warm_up()
        line = sys.stdin.readline()
        if not line:
            return 0  # the shell is gone
        words = json.loads(line)
    folder, control_from = words
    if launcher_variables.find_rank()[0]:
        from descend.engine.train.distributed_worker import run_follower

        return run_follower(Run(Path(folder)))
    return run_experiment(Run(Path(folder)), int(control_from), TRIES)


def warm_up() -> None:
    """Import what every run needs and take one small step, so that a run's first step is as fast as any. How long that
    took is kept, where torch was not there yet."""
    with time_stage(IMPORTING) if "torch" not in sys.modules else nullcontext():
        import torch

        from descend.engine.lab import fit, lab, private_names  # noqa: F401

        private_names.postpone_compiler()
        net = torch.nn.Linear(8, 2)
        optimiser = torch.optim.Adam(net.parameters())
        net(torch.zeros(4, 8)).sum().backward()
        optimiser.step()
        if torch.cuda.is_available():
            torch.cuda.init()


def claim(run: Run) -> int:
    """Become the run's only writer: lock ``worker.lock`` for as long as this process lives, and sign ``worker.json``.

    On a file system without locks, only a worker that is known to live keeps others away.

    Raises:
        DescendError: another worker has it, or another program its lock.
        OSError: the folder is gone or cannot be written.
    """
    if wrong := run.misplaced():
        raise DescendError(f"Run '{run.id}' cannot be trained: {wrong}.")
    file = open_regular(run.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + PATIENCE
    while not is_locked(file) or is_alive(run.writer()):
        if time.monotonic() > deadline:
            os.close(file)
            if is_alive(run.writer()):
                raise DescendError(f"Run '{run.id}' already has a worker.")
            raise DescendError(f"Another program holds {run.lock_file}, so no worker can take run '{run.id}'; end it.")
        time.sleep(0.05)
    worker, locked = os.getpid(), os.fstat(file)

    def let_go() -> None:  # a data loader's process must not hold the lock when the worker is gone
        with suppress(OSError):
            if os.getppid() == worker and os.path.samestat(os.fstat(file), locked):  # not what has its number since
                os.close(file)

    os.register_at_fork(after_in_child=let_go)
    replace_json(run.writer_file, msgspec.json.encode(Writer.this_process()))
    with suppress(OSError):
        run.launch_file.unlink()
    return file


def is_locked(file: int) -> bool:
    """Whether nobody but this process holds the lock of ``file``, if its file system supports locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # there are none here
        return True
    return True


def is_alive(writer: Writer | None) -> bool:
    """Whether ``writer`` is another process of this machine that is still there."""
    return writer is not None and writer.here and writer.pid != os.getpid() and writer.lives()


def start_heartbeat(run: Run) -> None:
    """Show now and then, from a thread of its own, that this process lives: other machines cannot ask for it."""

    def show() -> None:
        while True:
            time.sleep(BEAT)
            with suppress(OSError):
                os.utime(run.writer_file, follow_symlinks=False)

    with suppress(RuntimeError):  # no threads are left: the experiment will say so
        threading.Thread(target=show, name="heartbeat", daemon=True).start()


def redirect(log: Path) -> None:
    """Send standard output and error to ``log``, and detach from standard input."""
    file = open_regular(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, file), (2, file)):
        os.dup2(source, target)
    os.close(file)
    os.close(nothing)
    print(f"{BEGAN} {os.getpid()} {time.strftime('%Y-%m-%dT%H:%M:%S%z')}", file=sys.stderr, flush=True)
    faulthandler.enable()  # a crash in native code leaves its place in the log


def run_experiment(run: Run, control_from: int, tries: float = 0.0) -> int:
    """Do what ``run`` asks for, and say in its records how it ended, as `conduct_run` does."""
    try:
        claim(run)
        redirect(run.log_file)
        keep_bounded(run.log_file)
    except DescendError as error:
        print_reason(str(error))
        if (coming := run.launched()) is not None and coming.pid == os.getpid():  # nobody comes
            with suppress(OSError):
                run.launch_file.unlink()
        return 1
    except OSError as error:
        print_reason(f"its folder cannot be written ({error.strerror}).")
        return 1
    try:
        events = JsonlWriter(run.events_file)
        header = [] if run.events_file.stat().st_size else [Header(format=FORMAT, run=run.id)]
        waits_for = "" if "torch" in sys.modules else describe_stage(IMPORTING)
        events.append([*header, Status(state="starting", message=waits_for)])
        events.close()
    except OSError as error:
        print_reason(f"its folder cannot be written ({error.strerror}).")
        return 1
    start_heartbeat(run)
    termination = TerminationSignal(lambda: record_end(run))
    try:
        return conduct_run(run, control_from, termination, tries)
    except DescendError as error:  # before the experiment began
        record_failure(run, str(error))
        return 1
    except BaseException as error:
        print_traceback()
        record_failure(run, f"The worker could not begin: {describe_error(error)}. The traceback is in worker.log.")
        return 1


def describe_error(error: BaseException) -> str:
    """What ``error`` says, in a line, and what to do where that is known."""
    if isinstance(error, (FileExistsError, NotADirectoryError)) and error.filename:
        return f"{error.filename} is a file where a folder has to be; move it away"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}{f' ({error.filename})' if error.filename else ''}"
    first = (str(error).strip().splitlines() or [""])[0].rstrip(".")
    said = f"{type(error).__name__}: {first}" if first else type(error).__name__
    if isinstance(error, MemoryError) or "failed to map" in first or "llocate memory" in first:
        return f"there is too little memory, or a limit on it is too low, see `ulimit -v` ({said})"
    if "start new thread" in first:
        return f"no more threads may be started, see `ulimit -u` ({said})"
    return said


def record_end(run: Run) -> None:
    """Record that a signal ended the run, and not between two steps."""
    sentence = "Stopped at once by a signal (SIGTERM), before a step was complete."
    print_reason(sentence)
    with suppress(OSError):
        events = JsonlWriter(run.events_file)
        events.append([Status(state="stopped", at=time.time(), message=sentence)])
        events.close()


def print_traceback() -> None:
    """Print the current exception's traceback to ``worker.log``, if that can be written."""
    with suppress(OSError):
        traceback.print_exc()


def print_reason(sentence: str) -> None:
    """Tell ``worker.log``, if it can be written, why the worker ends."""
    with suppress(OSError):
        print(ENDED, sentence, file=sys.stderr, flush=True)


def record_failure(run: Run, sentence: str) -> None:
    """Record that the run ended before there was a lab."""
    print_reason(sentence)
    with suppress(OSError):
        events = JsonlWriter(run.events_file)
        events.append([Failure(step=0, title=sentence), Status(state="failed", message=sentence)])
        events.close()


def record_stage(run: Run, stage: str) -> None:
    """Record what the run waits for now, before there is a lab."""
    with suppress(OSError):
        events = JsonlWriter(run.events_file)
        events.append([Status(state="starting", message=describe_stage(stage))])
        events.close()


def conduct_run(run: Run, control_from: int, termination: TerminationSignal | None = None, tries: float = 0.0) -> int:
    """Set the stage (device, data, seeds, lab), run the experiment, record its end; for up to ``tries`` seconds, save
    it. Returns 0 if it was done or stopped, and saved."""
    from descend.engine.launch import devices, experiment

    warm_up()  # before the run's clock starts
    manifest = run.manifest()
    chosen = experiment.find(manifest.name)
    knobs = chosen.knobs.parse(manifest.knobs)

    import torch

    from descend.engine.lab import checkpoints
    from descend.engine.lab.command_queue import Stopped
    from descend.engine.lab.diverged import Diverged
    from descend.engine.lab.failure_advice import explain_failure
    from descend.engine.lab.lab import Lab
    from descend.engine.launch import changes
    from descend.engine.run.fork_effects import find_without_effect
    from descend.engine.run.knob_turns import list_turns
    from descend.engine.run.preparation_file import find_address
    from descend.engine.train.kept_preparation import settle_preparation

    device = devices.find_device(manifest.device)
    dataset = None
    if manifest.data:
        from descend.datasets import catalogue as datasets

        spec = datasets.find(find_address(run))
        stage = f"reading {clean(spec.title)}"
        record_stage(run, stage)
        with time_stage(stage):
            dataset = spec.load()
    resumed = checkpoints.find_newest(run)
    if resumed is not None and resumed["run"] == run.id:  # turned while it ran; a fork's own knobs win instead
        knobs = chosen.knobs.parse({**manifest.knobs, **resumed["knobs"]})
    torch.set_num_threads(max(1, manifest.threads // manifest.devices))
    seed_everything(manifest.seed)
    lab = Lab(
        run,
        knobs,
        device=device,
        seed=manifest.seed,
        dataset=dataset,
        control_from=control_from,
        resumed=resumed,
        turned=[turn for turn in list_turns(run) if turn.step >= resumed["step"]] if resumed is not None else (),
    )
    by = "the user"

    def terminated() -> bool:
        nonlocal by
        if not lab.begun:
            return False
        by = "a signal (SIGTERM), as when the machine shuts down,"
        lab.stop()
        return True

    if termination is not None:
        termination.orderly = terminated
    try:
        lab.status("running")
        if passed_over := [step for step in run.checkpoint_steps() if resumed is None or step > resumed["step"]]:
            since = "the beginning" if resumed is None else f"step {resumed['step']}"
            lab.note(f"The checkpoint of step {passed_over[-1]} is damaged, so the run resumes from {since}.")
        if dataset is not None and isinstance(chosen, experiment.Training):
            lab.dataset, lab.prepared = settle_preparation(
                run, dataset, knobs, chosen.model, resumed is not None, lab.forked
            )
        for warning in changes.find_changes(manifest):
            lab.note(warning)
        chosen.run(lab, knobs)
        if lab.forked and manifest.parent is not None:
            lab.draw_waiting()
            now = {knob: manifest.knobs[knob] for knob in lab.forked}
            if told := find_without_effect(run, manifest.parent, now, lab.metrics):
                lab.note(told)
        lab.finish()
        return 0 if lab.save(tries) else 1
    except Stopped:
        lab.end("stopped", f"Stopped by {by} after {lab.step} steps.")
        return 0 if lab.save(tries) else 1
    except Exception as error:
        if not isinstance(error, (DescendError, Diverged)):  # those say all there is to say
            print_traceback()
        failure = explain_failure(error, lab.step, knobs.values(), device)
        print_reason(failure.title)
        lab.status("failed", failure.title, failure)
        return 1
    finally:
        lab.close()


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch (all devices)."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)  # everything is written; taking torch down would hold the run for another second
