"""Arguments that several commands share."""

from __future__ import annotations

import argparse

from descend.engine.errors import UsageError


def add_run_settings(command: argparse.ArgumentParser) -> None:
    """Knobs, seed, device and data."""
    command.add_argument(
        "--set", action="append", default=[], metavar="KNOB=VALUE", help="set a knob (repeatable)", dest="settings"
    )
    command.add_argument("--seed", type=whole_number, default=0, help="seed of every random choice (default: 0)")
    command.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps (default: auto)")
    command.add_argument("--data", default="", metavar="NAME", help="dataset instead of the lesson's own")


def whole_number(text: str) -> int:
    """Parse a seed.

    Raises:
        UsageError: it is not a whole number.
    """
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"--seed is a whole number, not '{text}'.") from None


def knob_values(settings: list[str]) -> dict[str, object]:
    """``["lr=0.1"]`` → ``{"lr": "0.1"}``.

    Raises:
        UsageError: an entry has no ``=``.
    """
    values: dict[str, object] = {}
    for entry in settings:
        name, equals, value = entry.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--set takes KNOB=VALUE, such as epochs=3, not '{entry}'.")
        values[name.strip()] = value
    return values
