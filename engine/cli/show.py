"""``descend show``: a run's result as text; what a model consists of is in `descend.engine.cli.show_model`."""

from __future__ import annotations

import argparse
import json
import math
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import UsageError
from descend.engine.base.sanitize import clean
from descend.engine.cli import output, show_model
from descend.engine.cli.findings import make_findings, print_findings

if TYPE_CHECKING:
    from rich.console import Console

    from descend.engine.diagnosis.finding import Finding
    from descend.engine.run.history import History
    from descend.engine.run.records import Confusion, Table
    from descend.engine.run.summary import Summary

CURVE = 32
"""Characters a curve may take."""
LOG_LINES = 8


def add(commands: Any) -> None:
    """Declare ``descend show``."""
    command = commands.add_parser(
        "show",
        help="print a run's result, or the layers of a model, also one of your own",
        description="Print the result of a run: its state and why, knobs, what ails it, metrics, curves, confusion "
        "matrix. "
        "Or of a model: its layers, their output shapes and parameters; for one of your own, path.py:Name, its file is "
        "run, and --data tells for which data.",
    )
    command.add_argument(
        "run",
        metavar="RUN|MODEL",
        help="a run's id, or a part of it that no other run has; or a model of the zoo, or your own as path.py:Name",
    )
    show_model.add_arguments(command)
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(do=show)


def show(arguments: argparse.Namespace) -> int:
    """Print the run, or the model, as text or as one JSON object."""
    from descend.engine.diagnosis.diagnose import diagnose
    from descend.engine.run import runs
    from descend.engine.run.damage import tell_damage
    from descend.engine.run.history import History
    from descend.engine.run.summary import summarize

    if show_model.is_model(arguments):
        return show_model.show(arguments)
    try:
        run = runs.find_run(arguments.run)
    except UsageError:
        show_model.suggest(arguments.run, [run.id for run in runs.list_runs()])
        raise
    with tell_damage(run):
        summary, history = summarize(run), History.of(run)
        findings = diagnose(run, history)
        if arguments.json:
            said = json.dumps(make_object(summary, history, findings), allow_nan=False)
        else:
            console = output.make_console(soft_wrap=True)
            with console.capture() as captured:
                print_run(console, summary, history, findings)
    if arguments.json:
        print(said)
    else:
        console.file.write(captured.get())
    return 0


def print_run(console: Console, summary: Summary, history: History, findings: list[Finding]) -> None:
    """The run as text."""
    from rich.text import Text

    from descend.engine.launch import changes

    run = summary.run
    console.print(Text(format_head(summary)))
    console.print(Text(f"{summary.state}: {clean(summary.why)}"))
    for line in summary.advice:
        console.print(Text(f"  - {clean(line)}"))
    for name, value in list_settings(summary).items():
        console.print(Text(f"{name:10}{value}"))
    for event in history.changes:
        console.print(Text(clean(f"step {event.step:,}: {event.knob} turned from {event.previous} to {event.value}")))
    if history.changes:
        console.print(Text("The command after `again` begins without these turns."))
    for note in history.notes:
        console.print(Text(f"step {note.step:,}: {clean(note.text)}"))
    for warning in changes.find_changes(summary.manifest):
        console.print(Text(warning))
    print_findings(console, findings)
    print_curves(console, history)
    if told := tell_threshold(summary):
        console.print(Text(told))
    for picture in find_confusions(history):
        print_confusion(console, picture)
    for table in find_label_tables(history):
        print_label_table(console, table)
    if summary.state in ("failed", "dead") and (log := run.log_tail(LOG_LINES)):
        console.print(Text(f"\nlast lines of {clean(str(run.log_file))}:"))
        for line in log:
            console.print(Text(f"  {line}"))


def format_head(summary: Summary) -> str:
    """The run's id and title."""
    title = clean(summary.manifest.title)
    return f"{clean(summary.run.id)}  {title}" if title else clean(summary.run.id)


def format_changed_knobs(summary: Summary) -> dict[str, Any]:
    """Knobs that differ from their defaults; all of them if what was run is not known here."""
    from descend.engine.launch import run_config

    return run_config.find_changed(summary.manifest)


def list_settings(summary: Summary) -> dict[str, str]:
    """What was asked, a line each."""
    from descend.engine.launch import run_config

    manifest = summary.manifest
    knobs = ", ".join(f"{name}={value}" for name, value in format_changed_knobs(summary).items())
    lines = {
        "name": manifest.name,
        "knobs": knobs or "the defaults",
        "seed": str(manifest.seed),
        "device": manifest.device,
        "data": manifest.data,
        "begun": f"{manifest.created}, {format_duration(summary.elapsed)} of training",
        "with": ", ".join(f"{name} {version}" for name, version in manifest.versions.items()),
        "commit": manifest.git,
        "note": manifest.note,
    }
    if manifest.parent is not None:
        lines["forked"] = f"from {manifest.parent.run} at step {manifest.parent.step:,}"
    lines["again"] = run_config.format_command(manifest)
    return {name: clean(line) for name, line in lines.items() if line}


def format_duration(seconds: float) -> str:
    """Seconds in the largest unit that fits: ``4.5 s``, ``12 min``, ``3.2 h``, ``5 d``."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.0f} d"


def format_number(value: float | None) -> str:
    """A value in four digits, a whole number in all of them."""
    if value is None or not math.isfinite(value):
        return "not finite"
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e12 else f"{value:.4g}"


def print_curves(console: Console, history: History) -> None:
    """A table of final metrics, each with its curve."""
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    from descend.engine.base.sparkline import compute_shares, draw_sparkline
    from descend.engine.cli.fitted_table import cut_middle

    names = sorted(set(history.series) | set(history.metrics))
    if not names:
        return
    console.print()
    table = Table("metric", "final", "curve", "lowest", "highest", box=None)
    for column in (1, 3, 4):
        table.columns[column].justify = "right"
    room = max(8, min(CURVE, console.width - 48))
    longest = max(12, console.width - room - 38) if console.is_terminal else max(map(cell_len, names))
    ellipsis = "…" if console.encoding.startswith("utf") else "~"
    for name in names:
        curve, low, high = "", "", ""
        if (series := history.series.get(name)) is not None and series.size:
            curve = draw_sparkline(compute_shares(series.steps, series.values, room), console.encoding)
            finite = [value for value in series.values.tolist() if math.isfinite(value)]
            low, high = (format_number(min(finite)), format_number(max(finite))) if finite else ("", "")
        said = clean(name)
        said = said if cell_len(said) <= longest else cut_middle(said, longest, ellipsis)
        table.add_row(Text(said), format_number(history.metrics.get(name)), Text(curve), low, high)
    console.print(table)


def tell_threshold(summary: Summary) -> str:
    """A sentence if a threshold was chosen at the end, by which the final values are and the curves are not."""
    from descend.engine.train.settings import THRESHOLDS

    by = summary.manifest.knobs.get("threshold", THRESHOLDS[0])
    if by == THRESHOLDS[0] or summary.state != "done":
        return ""
    return (
        f"Final accuracy, F1 and the like are by the threshold that threshold={by} chose at the end, their curves, "
        "lowest and highest values by one half: they do not compare."
    )


def find_confusions(history: History) -> list[Confusion]:
    """The latest confusion matrix of each split."""
    from descend.engine.run.records import Confusion

    return [pictures[-1] for pictures in history.pictures.values() if isinstance(pictures[-1], Confusion)]


def print_confusion(console: Console, picture: Confusion) -> None:
    """Counts of (true, predicted) where they fit, else the most frequent mistakes."""
    from rich.table import Table
    from rich.text import Text

    counts, classes = picture.counts.numpy(), [clean(name) for name in picture.classes]
    cell = max(max(map(len, classes), default=1), len(str(counts.max(initial=0))))
    console.print()
    if max(map(len, classes), default=1) + 2 + len(classes) * (cell + 2) <= console.width:
        console.print(Text(f"{clean(picture.split)} set at step {picture.step:,}: true (rows) by predicted class"))
        table = Table("", box=None)
        for name in classes:
            table.add_column(Text(name), justify="right")
        for name, row in zip(classes, counts.tolist(), strict=True):
            table.add_row(Text(name), *(str(count) if count else "." for count in row))
        console.print(table)
        return
    wrong = [
        (int(counts[true, said]), classes[true], classes[said])
        for true in range(len(classes))
        for said in range(len(classes))
        if true != said and counts[true, said]
    ]
    console.print(Text(f"{clean(picture.split)} set at step {picture.step:,}: most frequent mistakes"))
    for count, true, said in sorted(wrong, key=lambda mistake: -mistake[0])[:10]:
        console.print(Text(f"  {count:6,} times {true} taken for {said}"))


def find_label_tables(history: History) -> list[Table]:
    """The latest table of labels of each split."""
    from descend.engine.run.records import Table

    latest = (pictures[-1] for pictures in history.pictures.values())
    return [one for one in latest if isinstance(one, Table) and one.name.startswith("labels (")]


def print_label_table(console: Console, picture: Table) -> None:
    """What was measured of each label, those that are found least first."""
    from rich import table
    from rich.text import Text

    console.print()
    console.print(Text(f"{clean(picture.name)} at step {picture.step:,}"))
    drawn = table.Table(box=None)
    for place, name in enumerate(picture.columns):
        drawn.add_column(Text(name), justify="right" if place else "left")
    for row in picture.rows:
        drawn.add_row(*(Text(clean(f"{cell:.4g}" if isinstance(cell, float) else str(cell))) for cell in row))
    console.print(drawn)


def make_object(summary: Summary, history: History, findings: list[Finding]) -> dict[str, Any]:
    """Everything `show` prints; curves as first, last, lowest and highest value (`export` has them whole)."""
    import msgspec

    from descend.engine.launch import changes, run_config

    def finite(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        **make_row(summary),
        "advice": summary.advice,
        "manifest": msgspec.to_builtins(summary.manifest),
        "changed_knobs": format_changed_knobs(summary),
        "again": run_config.format_command(summary.manifest),
        "changed": changes.find_changes(summary.manifest),
        "turned": [{"step": c.step, "knob": c.knob, "value": c.value, "previous": c.previous} for c in history.changes],
        "threshold": tell_threshold(summary),
        "notes": [{"step": note.step, "text": note.text} for note in history.notes],
        "findings": make_findings(findings),
        "series": {
            name: {
                "points": series.size,
                "first": finite(float(series.values[0])),
                "last": finite(float(series.values[-1])),
                "lowest": finite(float(series.values.min())),
                "highest": finite(float(series.values.max())),
            }
            for name, series in history.series.items()
            if series.size
        },
        "confusion": {
            picture.split: {
                "step": picture.step,
                "classes": picture.classes,
                "counts": picture.counts.numpy().tolist(),
            }
            for picture in find_confusions(history)
        },
        "labels": {
            table.name: [dict(zip(table.columns, row, strict=True)) for row in table.rows]
            for table in find_label_tables(history)
        },
        "log": summary.run.log_tail(LOG_LINES),
    }


def make_row(summary: Summary) -> dict[str, Any]:
    """What `descend list runs` tells of a run."""
    manifest = summary.manifest
    return {
        "run": summary.run.id,
        "title": manifest.title,
        "state": summary.state,
        "why": summary.why,
        "lesson": manifest.name,
        "knobs": manifest.knobs,
        "seed": manifest.seed,
        "device": manifest.device,
        "created": manifest.created,
        "step": summary.step,
        "steps": summary.steps,
        "elapsed": summary.elapsed,
        "age": round(summary.age, 1),
        "size": summary.size,
        "metrics": {
            name: value if value is None or math.isfinite(value) else None for name, value in summary.metrics.items()
        },
    }
