"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from descend.engine.base.errors import UsageError


def add_run_settings(command: argparse.ArgumentParser) -> None:
    """Knobs, seed, device and data."""
    add_knob_option(command)
    command.add_argument(
        "--seed", type=parse_whole("--seed"), default=None, help="seed of every random choice (default: 0)"
    )
    command.add_argument("--device", default="", help="auto, cpu, cuda, cuda:N or mps (default: auto)")
    command.add_argument(
        "--data",
        default="",
        metavar="NAME|PATH",
        help="a dataset (`descend list datasets`), or the path of your own: a table, a folder of images, .npz, text",
    )


def read_run_options(arguments: argparse.Namespace) -> dict[str, object]:
    """What the options of `add_run_settings` say, by field of a `RunRequest`; None where one is not given."""
    given = {name: getattr(arguments, name, None) for name in ("data", "seed", "device", "devices")}
    return {**given, "name": arguments.name, "knobs": parse_knob_values(arguments.settings)}


def add_knob_option(command: argparse.ArgumentParser) -> None:
    """``--set``."""
    command.add_argument(
        "--set", action="append", default=[], metavar="KNOB=VALUE", help="set a knob (repeatable)", dest="settings"
    )


def add_run_argument(command: argparse.ArgumentParser, many: bool = False) -> None:
    """The run, or runs, meant."""
    command.add_argument(
        "run", metavar="RUN", nargs="+" if many else None, help="its id, or a part of it that no other run has"
    )


def add_follow_options(command: argparse.ArgumentParser) -> None:
    """``--detach`` and ``--json``."""
    command.add_argument("--detach", action="store_true", help="return at once, printing only the run's id")
    command.add_argument("--json", action="store_true", help="print one JSON object a line")


def parse_whole(option: str) -> Callable[[str], int]:
    """A parser of the whole number that ``option`` takes; anything else raises UsageError."""

    def parse(text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise UsageError(f"{option} is a whole number, not '{text}'.") from None

    return parse


def parse_number(option: str) -> Callable[[str], float]:
    """A parser of the number that ``option`` takes; anything else raises UsageError."""

    def parse(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise UsageError(f"{option} is a number, not '{text}'.") from None

    return parse


def parse_knob_values(settings: list[str], option: str = "--set takes") -> dict[str, object]:
    """``["lr=0.1"]`` → ``{"lr": "0.1"}``.

    Raises:
        UsageError: an entry has no ``=``.
    """
    values: dict[str, object] = {}
    for entry in settings:
        name, equals, value = entry.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{option} KNOB=VALUE, such as epochs=3, not '{entry}'.")
        values[name.strip()] = value
    return values
