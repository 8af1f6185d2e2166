"""Commands to a run: attach, pause, resume, step, stop, set, fork, rename, note, delete."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from descend.engine.base import files
from descend.engine.base.errors import UsageError
from descend.engine.base.sanitize import clean, clean_lines
from descend.engine.cli.arguments import (
    add_follow_options,
    add_knob_option,
    add_run_argument,
    parse_knob_values,
    parse_whole,
)

if TYPE_CHECKING:
    from descend.engine.run.records import Control, Event
    from descend.engine.run.runs import Run

ANSWER = 3.0
"""Seconds a worker is given to obey; a longer step is not waited for."""


def add(commands: Any) -> None:
    """Declare the commands."""

    def declare(name: str, do: Callable[[argparse.Namespace], int], help: str, more: str = "") -> Any:
        command = commands.add_parser(name, help=help, description=f"{help[:1].upper()}{help[1:]}.{more}")
        command.set_defaults(do=do)
        return command

    command = declare("attach", attach, "follow a run to its end", " ctrl+c leaves it training.")
    add_run_argument(command)
    command.add_argument("--json", action="store_true", help="print one JSON object a line")
    add_run_argument(declare("pause", pause, "pause a run before its next step"))
    command = declare(
        "resume", resume, "resume a paused, stopped or dead run and follow it", " ctrl+c stops it and keeps it."
    )
    add_run_argument(command)
    add_follow_options(command)
    command = declare("step", step, "take single steps of a run, then pause it")
    add_run_argument(command)
    command.add_argument(
        "--count", type=parse_whole("--count"), default=1, metavar="N", help="steps to take (default: 1)"
    )
    command = declare(
        "stop", stop, "end runs after their current step", " Everything is kept; `descend resume` resumes it."
    )
    add_run_argument(command, many=True)
    command = declare("set", turn, "turn live knobs of a run")
    add_run_argument(command)
    command.add_argument("settings", nargs="+", metavar="KNOB=VALUE", help="a live knob and its new value")
    command = declare(
        "fork", fork, "start a new run from a checkpoint of another, with knobs changed", " ctrl+c stops the new run."
    )
    add_run_argument(command)
    command.add_argument(
        "--at",
        type=parse_whole("--at"),
        metavar="STEP",
        help="begin at the checkpoint nearest to it (default: the newest)",
    )
    add_knob_option(command)
    add_follow_options(command)
    command = declare("rename", rename, "give a run a title")
    add_run_argument(command)
    command.add_argument("text", metavar="TITLE", help="what to call it; '' for no title")
    command = declare("note", note, "write down a note on a run")
    add_run_argument(command)
    command.add_argument("text", metavar="TEXT", help="the note; '' for none")
    command = declare("delete", delete, "delete runs")
    add_run_argument(command, many=True)
    command.add_argument("--yes", action="store_true", help="do not ask for confirmation")


def find_run(arguments: argparse.Namespace) -> Run:
    """The run that the command names."""
    from descend.engine.run import runs

    return runs.find_run(arguments.run)


def attach(arguments: argparse.Namespace) -> int:
    """Follow a live run; of one that is over, print how it ended."""
    from descend.engine.cli.follow import follow

    run = find_run(arguments)
    run.manifest()
    return follow(run, run.alive, as_json=arguments.json, detach=True)


def pause(arguments: argparse.Namespace) -> int:
    """Pause the run."""
    from descend.engine.run.records import Pause, Status

    run = find_run(arguments)
    if run.state() == "paused":
        print(f"Run {clean(run.id)} is paused already.")
        return 0
    answer = send_and_wait(run, Pause(), lambda event: isinstance(event, Status) and event.state == "paused")
    print(
        f"Run {clean(run.id)} is paused at step {answer.step:,}."
        if isinstance(answer, Status)
        else describe_silence(run)
    )
    return 0


def step(arguments: argparse.Namespace) -> int:
    """Take steps."""
    from descend.engine.run.records import Status, Step

    if arguments.count < 1:
        raise UsageError(f"--count is a whole number from 1 on, not {arguments.count}.")
    run = find_run(arguments)
    answer = send_and_wait(run, Step(count=arguments.count), lambda event: isinstance(event, Status))
    match answer:
        case Status(state="paused"):
            print(f"Run {clean(run.id)} is paused at step {answer.step:,}.")
        case Status():
            print(f"Run {clean(run.id)} is {answer.state} at step {answer.step:,}.")
        case _:
            print(f"Run {clean(run.id)} is taking its steps and pauses after them.")
    return 0


def stop(arguments: argparse.Namespace) -> int:
    """End the runs: all are told before any is waited for, or none if one of them does not listen."""
    from descend.engine.launch import launcher
    from descend.engine.run import runs
    from descend.engine.run.records import Stop

    chosen = list({run.id: run for run in map(runs.find_run, arguments.run)}.values())
    for run in chosen:
        launcher.require_alive(run)
    told = {run.id: files.measure_file(run.events_file) for run in chosen}
    for run in chosen:
        run.ask(Stop())
    for run in chosen:
        say_stopped(run, told[run.id])
    return 0


def say_stopped(run: Run, start: int) -> None:
    """Say how ``run`` ended after byte ``start`` of its records, once its worker is gone."""
    from descend.engine.run.records import Status
    from descend.engine.run.runs import ENDS

    (answer,) = collect_answers(run, start, 1, lambda event: isinstance(event, Status) and event.state in ENDS)
    deadline = time.monotonic() + ANSWER
    while run.alive() and time.monotonic() < deadline:  # so that it can be deleted or resumed at once
        time.sleep(0.02)
    if isinstance(answer, Status):
        print(f"Run {clean(run.id)} is {answer.state} after {answer.step:,} steps.")
    else:
        print(describe_silence(run) if run.alive() else f"Run {clean(run.id)} is {run.state()}.")


def turn(arguments: argparse.Namespace) -> int:
    """Turn live knobs."""
    from descend.engine.launch import launcher
    from descend.engine.run.records import KnobChange, Note

    run = find_run(arguments)
    start = files.measure_file(run.events_file)
    turns = launcher.turn_knobs(run, parse_knob_values(arguments.settings, "set takes"))
    for event in collect_answers(run, start, len(turns), lambda event: isinstance(event, (KnobChange, Note))):
        if isinstance(event, KnobChange):
            print(clean(f"{event.knob}: {event.previous} → {event.value} from step {event.step:,} on"))
        elif isinstance(event, Note):
            print(clean(event.text))
        else:
            print(describe_silence(run))
    return 0


def resume(arguments: argparse.Namespace) -> int:
    """Resume, and follow the run as ``descend run`` does."""
    from descend.engine.cli.follow import follow
    from descend.engine.launch import launcher

    run = find_run(arguments)
    launcher.resume_run(run)
    if arguments.detach:
        say_changes(run)
        print(json.dumps({"status": run.state(), "run": run.id}) if arguments.json else clean(run.id))
        return 0
    return follow(run, run.alive, as_json=arguments.json)


def fork(arguments: argparse.Namespace) -> int:
    """Make the new run, say which it is, and follow it as ``descend run`` does."""
    from descend.engine.cli.run import start_run
    from descend.engine.launch import launcher

    run = find_run(arguments)
    at = arguments.at if arguments.at is not None else max(run.checkpoint_steps(), default=0)
    child = launcher.fork_run(run, at, parse_knob_values(arguments.settings))
    parent = child.manifest().parent
    if parent is not None and parent.step != at:
        print(f"The checkpoint nearest to step {at:,} is that of step {parent.step:,}.", file=sys.stderr)
    if arguments.detach:
        say_changes(child)
    return start_run(child, arguments)


def say_changes(run: Run) -> None:
    """Warn of what has changed since the run was created; its worker tells those who follow it."""
    from descend.engine.launch import changes

    for warning in changes.find_changes(run.manifest()):
        print(warning, file=sys.stderr)


def rename(arguments: argparse.Namespace) -> int:
    """Set the title."""
    from descend.engine.run import runs

    runs.amend_manifest(find_run(arguments), title=clean(arguments.text).strip())
    return 0


def note(arguments: argparse.Namespace) -> int:
    """Set the note."""
    from descend.engine.run import runs

    runs.amend_manifest(find_run(arguments), note=clean_lines(arguments.text).strip())
    return 0


def delete(arguments: argparse.Namespace) -> int:
    """Delete runs, all or none; ask first."""
    from descend.engine.base.units import format_size
    from descend.engine.run import runs
    from descend.engine.run.summary import measure_size

    chosen = list({run.id: run for run in map(runs.find_run, arguments.run)}.values())
    for run in chosen:
        if run.state() in runs.LIVE:
            raise UsageError(f"Run '{run.id}' is still running; stop it first with `descend stop {run.id}`.")
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise UsageError("There is no terminal to ask at; say --yes to delete without being asked.")
        bulk = format_size(sum(map(measure_size, chosen)))
        names = ", ".join(clean(run.id) for run in chosen)
        try:
            answer = input(f"Delete {names} ({bulk}) for good? [y/N] ")
        except EOFError:
            answer = ""
        if answer.strip().lower() not in ("y", "yes"):
            print("Nothing was deleted.")
            return 0
    for run in chosen:
        runs.delete_run(run)
    print(f"Deleted {len(chosen)} run{'s' if len(chosen) != 1 else ''}.")
    return 0


def send_and_wait(run: Run, command: Control, matches: Callable[[Event], bool]) -> Event | None:
    """Say ``command`` to ``run`` and return the first matching event after that, None if it does not come in time."""
    from descend.engine.launch import launcher

    start = files.measure_file(run.events_file)
    launcher.send_command(run, command)
    return collect_answers(run, start, 1, matches)[0]


def collect_answers(run: Run, start: int, count: int, matches: Callable[[Event], bool]) -> list[Event | None]:
    """The first ``count`` matching events after byte ``start``; None for each that does not come in time."""
    from descend.engine.run.jsonl import JsonlReader
    from descend.engine.run.records import make_event_decoder

    heard: list[Event] = []
    follower, deadline = JsonlReader(run.events_file, make_event_decoder(), start), time.monotonic() + ANSWER
    while len(heard) < count and time.monotonic() < deadline:
        if records := follower.read():
            heard += filter(matches, records)
        else:
            time.sleep(0.02)
    return [*heard, *[None] * count][:count]


def describe_silence(run: Run) -> str:
    """What to say when the worker has not answered yet."""
    coming = run.launched()
    if run.writer() is None and coming is not None and coming.here:
        return (
            f"Run {clean(run.id)} has been told; its worker, process {coming.pid}, has not begun yet and reacts once "
            f"it has (`kill {coming.pid}` ends it)."
        )
    return f"Run {clean(run.id)} has been told; it reacts after its current step."
