"""``descend doctor``: what works here, and what to do about the rest."""

from __future__ import annotations

import argparse
import json
from typing import Any

from descend.engine.cli import output


def add(commands: Any) -> None:
    """Declare ``descend doctor``."""
    command = commands.add_parser(
        "doctor",
        help="check Python, packages, devices, terminal, data and folders",
        description="Check Python, packages, devices, terminal, data and folders.",
    )
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(do=examine)


def examine(arguments: argparse.Namespace) -> int:
    """Run every check, printing each as it finishes; exit status 1 if one found a problem."""
    from descend.engine import doctor

    if arguments.json:
        report = doctor.to_json(doctor.run_checks())
        print(json.dumps(report))
        return 0 if report["status"] == "ok" else 1

    from rich.text import Text

    console = output.make_console()
    checks: list[doctor.Check] = []
    for check in doctor.run_checks():
        if not checks or check.group != checks[-1].group:
            console.print(Text(check.group, style="bold"))
        console.print(doctor.render_line(check))
        checks.append(check)
    console.print(Text(doctor.summarize(checks), style="bold"))
    return doctor.find_exit_status(checks)
