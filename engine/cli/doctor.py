"""``descend doctor``: what works here, and what to do about the rest."""

from __future__ import annotations

import argparse
import json
from typing import Any


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
    """Run every check; exit status 1 if one found a problem."""
    from descend.engine import doctor

    checks = list(doctor.examine())
    report = doctor.to_json(checks)
    if arguments.json:
        print(json.dumps(report))
    else:
        from rich.console import Console

        Console(highlight=False).print(doctor.render(checks))
    return 0 if report["status"] == "ok" else 1
