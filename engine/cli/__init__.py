"""The ``descend`` command: everything the shell does, without it.

Each command is one module here with ``add(commands)``, which declares its arguments, and a function that does it and
returns the exit status. Heavy imports belong inside that function.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import NoReturn

from descend.engine.errors import DescendError, UsageError, nearest


class Parser(argparse.ArgumentParser):
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
            raise UsageError(f"There is no command '{value}'{nearest(str(value), map(str, action.choices))}")


def parser() -> Parser:
    """The whole command line."""
    from importlib.metadata import version

    from descend.engine.cli import control, data, doctor, export, listing, run, shell, show

    top = Parser(
        prog="descend",
        description="A deep-learning laboratory in the terminal. Without a command it opens the shell.",
        epilog="Exit status: 0 done, 1 the run failed, 2 bad usage. "
        "Runs are kept in $DESCEND_HOME, datasets in $DESCEND_DATA.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"descend {version('descend')}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    for module in (shell, run, control, show, export, listing, data, doctor):
        module.add(commands)
    return top


def main(words: list[str] | None = None) -> int:
    """Do what ``words`` (default: the process's arguments) say and return the exit status."""
    words = sys.argv[1:] if words is None else words
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # what a terminal cannot show costs itself only
    try:
        if not words:
            from descend.engine.cli.shell import open_shell

            return open_shell()
        arguments = parser().parse_args(words)
        if not hasattr(arguments, "do"):
            raise UsageError("Which command? See `descend --help`.")
        return int(arguments.do(arguments))
    except DescendError as error:
        print(f"descend: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
