"""``descend verify``: run what lessons claim, and their exercises."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import UsageError
from descend.engine.base.sanitize import clean
from descend.engine.cli import output
from descend.engine.cli.arguments import parse_whole

if TYPE_CHECKING:
    from rich.console import Console

    from descend.engine.teaching.lesson import Lesson
    from descend.engine.teaching.verify import Finding, Proof


MOST_SEEDS = 1000
"""Of a range."""


def add(commands: Any) -> None:
    """Declare ``descend verify``."""
    command = commands.add_parser(
        "verify",
        help="run the claims and exercises of lessons",
        description="Run every claim and every exercise of lessons and print what was measured. A claim holds if it "
        "does for as many seeds as it says. An exercise holds if what the learner begins with fails and its solution "
        "passes. What was proved before is not run again while the file and the engine are "
        "unchanged. With --form, report "
        "what a lesson's form lacks, by file and line, at once; with --form --smoke, also run it briefly. "
        "Exit status: 0 all hold, 1 some do not.",
    )
    command.add_argument("names", metavar="NAME", nargs="*", help="lessons, see `descend list lessons`")
    command.add_argument("--all", action="store_true", help="all lessons")
    command.add_argument("--json", action="store_true", help="print one JSON object a line")
    command.add_argument(
        "--jobs", type=parse_whole("--jobs"), metavar="N", help="runs at once (default: as the cores allow)"
    )
    command.add_argument("--again", action="store_true", help="prove, or try, again what was found right before")
    command.add_argument(
        "--seeds",
        type=parse_seeds,
        default=(),
        metavar="A-B",
        help="other seeds than the lesson's own, such as 100-109 or 7,21; of them the same share has to hold",
    )
    command.add_argument("--form", action="store_true", help="report what a lesson's form lacks; runs nothing")
    smoke = "with --form: also try the default run, each knob at its ends, and every panel at three sizes of terminal"
    command.add_argument("--smoke", action="store_true", help=smoke)
    command.set_defaults(do=verify)


def verify(arguments: argparse.Namespace) -> int:
    """Do it; return 1 if something does not hold."""
    from descend.engine.cli.verify_form import print_form
    from descend.engine.teaching.verify import Proof
    from descend.engine.teaching.verify.memory import remember_findings

    if arguments.smoke and not arguments.form:
        raise UsageError("--smoke belongs to --form: `descend verify --form --smoke NAME`.")
    if arguments.seeds and arguments.form:
        raise UsageError("--seeds runs the claims, and --form runs nothing of them; leave one of them out.")
    if arguments.form and not arguments.names:
        arguments.all = True
    lessons = find_lessons(arguments)
    at_once = choose_jobs() if arguments.jobs is None else arguments.jobs
    if not 1 <= at_once <= 64:
        raise UsageError(f"--jobs is a whole number from 1 to 64, not {at_once}.")
    if arguments.form and not arguments.smoke:
        return print_form(arguments, lessons, at_once)
    for ending in (signal.SIGTERM, signal.SIGHUP):  # so that nothing is left running
        if signal.getsignal(ending) is not signal.SIG_IGN:  # as under nohup
            signal.signal(ending, signal.default_int_handler)
    if arguments.form:
        return print_form(arguments, lessons, at_once)
    proof = Proof(lessons, at_once, remembered=not (arguments.again or arguments.seeds), seeds=arguments.seeds)
    bare = [lesson.name for lesson in lessons if not lesson.claims]
    began = time.monotonic()
    findings: list[Finding] = []
    try:
        if arguments.json:
            print_json(proof, findings)
        else:
            print_findings(proof, lessons, findings)
    finally:  # what was proved until it was cut off counts
        if not arguments.seeds:  # what is remembered is what the lesson says
            remember_findings(lessons, findings)
    failed = sum(not finding.holds for finding in findings)
    if arguments.json:
        words = {"status": "failed" if failed else "held", "findings": len(findings), "failed": failed}
        print(json.dumps({**words, "without_claims": bare, "seconds": round(time.monotonic() - began, 1)}))
        return 1 if failed else 0
    for name in bare:
        print(f"Lesson '{clean(name)}' claims nothing.")
    print(
        f"{len(findings) - failed} of {len(findings)} hold"
        f" ({proof.total} runs and checks, {time.monotonic() - began:.0f} s)."
    )
    return 1 if failed else 0


def parse_seeds(text: str) -> tuple[int, ...]:
    """``"3,100-102"`` → ``(3, 100, 101, 102)``, each once.

    Raises:
        UsageError: it is not whole numbers and ranges of them from 0, a thousand at most.
    """
    seeds: dict[int, None] = {}
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not (first.isdecimal() and (last.isdecimal() or not dash)):
            raise UsageError(f"--seeds takes whole numbers, and ranges of them, such as 100-109 or 7,21, not '{text}'.")
        ends = int(first), int(last or first)
        if not 0 <= ends[1] - ends[0] < MOST_SEEDS:
            raise UsageError(f"--seeds takes 1 to {MOST_SEEDS:,} seeds, the smallest first, not '{text}'.")
        seeds |= dict.fromkeys(range(ends[0], ends[1] + 1))
    return tuple(seeds)


def find_lessons(arguments: argparse.Namespace) -> list[Lesson]:
    """The lessons that were named, each once.

    Raises:
        UsageError: none was, or there is no such lesson.
    """
    from descend.engine.teaching import catalogue

    if arguments.all and arguments.names:
        raise UsageError("Name lessons or say --all, not both.")
    if arguments.all:
        for name, reason in catalogue.list_broken().items():
            print(clean(f"descend: lesson '{name}' cannot be loaded and is left out: {reason}"), file=sys.stderr)
        return list(catalogue.list_lessons().values())
    if not arguments.names:
        raise UsageError("Which lessons? Name some, or say --all.")
    return list({lesson.name: lesson for lesson in map(catalogue.find_lesson, arguments.names)}.values())


def choose_jobs() -> int:
    """As many as there are cores for the threads of each run."""
    from descend.engine.launch.devices import count_threads

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, usable // count_threads())


def print_json(proof: Proof, findings: list[Finding]) -> None:
    """Print findings as they come, a JSON object each, and add them to ``findings``."""
    for finding in proof:
        findings.append(finding)
        print(json.dumps({**finding.to_json(), "seconds": round(finding.seconds, 2)}), flush=True)


def print_findings(proof: Proof, lessons: list[Lesson], findings: list[Finding]) -> None:
    """Print each lesson's table as soon as it is whole, and add to ``findings``; a bar on a terminal."""
    from rich import progress

    console = output.make_console()
    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(bar_width=24),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
    )
    with progress.Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("runs and checks", total=proof.total)

        proof.told = lambda: bar.update(task, completed=proof.done)
        known = {lesson.name: lesson for lesson in lessons}
        for finding in proof:
            findings.append(finding)
            lesson = known[finding.lesson]
            mine = [one for one in findings if one.lesson == lesson.name]
            if len(mine) == len(lesson.claims) + len(lesson.exercises):
                print_table(console, lesson, mine)


def print_table(console: Console, lesson: Lesson, findings: list[Finding]) -> None:
    """One lesson's findings."""
    from rich.table import Table
    from rich.text import Text

    console.print(Text(clean(f"{lesson.name}: {lesson.title}"), style="bold"))
    rows = Table("", "claim", "measured", "needed", "seeds", "s", box=None, pad_edge=False)
    for column in rows.columns[2:]:
        column.justify, column.overflow, column.max_width = "right", "fold", 22
    for finding in sorted(findings, key=lambda one: (one.kind, one.number)):
        text = Text(clean(finding.text))
        if finding.kind == "exercise":
            text = Text.assemble(f"exercise {finding.number}: ", text)
        if finding.why:
            text.append(f"\n{clean(finding.why)}", style="italic")
        claim = finding.kind == "claim"
        rows.add_row(
            Text("holds" if finding.holds else "FAILS", style="" if finding.holds else "bold"),
            text,
            f"{finding.worst:.4g}" if finding.values else "",
            finding.asks.replace(" and ", "\n"),
            f"{finding.held}/{finding.of}" if claim else "",
            "proved before" if finding.before else f"{finding.seconds:.1f}",
        )
    console.print(rows)
    console.print()
