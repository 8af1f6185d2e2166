"""The ``descend`` command: everything the shell does, without it.

Each command is one module here with ``add(commands)``, which declares its arguments, and a function that does it and
returns the exit status. Heavy imports belong inside that function.
"""

from __future__ import annotations

import io
import os
import signal
import sys

from descend.engine.errors import DescendError, UsageError
from descend.engine.text import clean


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
        from descend.engine.cli.parser import parser

        arguments = parser().parse_args(words)
        if not hasattr(arguments, "do"):
            raise UsageError("Which command? See `descend --help`.")
        return int(arguments.do(arguments))
    except DescendError as error:
        print(f"descend: {clean(str(error))}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 128 + signal.SIGPIPE
