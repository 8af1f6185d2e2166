"""The parser of the whole command line; apart, because the shell starts without it."""

from __future__ import annotations

import argparse
from typing import NoReturn

from descend.engine.base.errors import UsageError, suggest_nearest


class CommandParser(argparse.ArgumentParser):
    """An argument parser whose errors are one sentence with the nearest valid word."""

    def error(self, message: str) -> NoReturn:
        """Raise the sentence instead of printing the usage.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{message[:1].upper()}{message[1:].rstrip('.')}; see `{self.prog} --help`.")

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            if action.option_strings:
                known = ", ".join(map(str, action.choices))
                raise UsageError(f"{action.option_strings[0]} is one of {known}, not '{value}'.")
            raise UsageError(f"There is no command '{value}'{suggest_nearest(str(value), map(str, action.choices))}")


def make_parser() -> CommandParser:
    """The whole command line."""
    from importlib.metadata import version

    from descend.engine.cli import (
        control,
        data,
        doctor,
        evaluate,
        exercise,
        export,
        list,
        new,
        predict,
        progress,
        run,
        serve,
        shell,
        show,
        verify,
    )

    top = CommandParser(
        prog="descend",
        description="A deep-learning laboratory in the terminal. Without a command it opens the shell.",
        epilog="Exit status: 0 done, 1 the run failed or a claim does not hold, 2 bad usage. "
        "Runs are kept in $DESCEND_HOME, datasets in $DESCEND_DATA.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"descend {version('descend')}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", parser_class=CommandParser)
    for module in (
        shell,
        run,
        control,
        show,
        predict,
        evaluate,
        export,
        serve,
        list,
        verify,
        exercise,
        progress,
        new,
        data,
        doctor,
    ):
        module.add(commands)
    return top
