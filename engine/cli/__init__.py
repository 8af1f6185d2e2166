"""The ``descend`` command: everything the shell does, without it.

Each command is one module here with ``add(commands)``, which declares its arguments, and a function that does it and
returns the exit status. Heavy imports belong inside that function.
"""

from __future__ import annotations

import signal
import sys

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.paths import check_environment
from descend.engine.base.platforms import check_platform
from descend.engine.base.sanitize import clean
from descend.engine.cli.output import OutputError, sanitize_streams, silence


def main(words: list[str] | None = None) -> int:
    """Do what ``words`` (default: the process's arguments) say and return the exit status."""
    words = sys.argv[1:] if words is None else words
    with sanitize_streams():
        try:
            status = run_words(words)
            sys.stdout.flush()
        except BrokenPipeError:  # the reader of our output has gone, as with `| head`
            silence(sys.stdout)
            status = 128 + signal.SIGPIPE
        except OutputError as error:
            print_error(error)
            silence(sys.stdout)
            status = error.exit_status
        sys.stderr.flush()
    return status


def run_words(words: list[str]) -> int:
    """Do what ``words`` say; what fails is reported in a sentence.

    Raises:
        OutputError, BrokenPipeError: standard output takes no more.
    """
    try:
        check_platform()
        check_environment()
        if not words:
            from descend.engine.cli.shell import open_shell

            return open_shell()
        from descend.engine.cli.parser import make_parser

        try:
            arguments = make_parser().parse_args(words)
        except SystemExit:  # after --help or --version
            return 0
        if not hasattr(arguments, "do"):
            raise UsageError("Which command? See `descend --help`.")
        from descend.datasets.reporting import reporting_to
        from descend.engine.cli.reading_bar import ReadingBar

        with ReadingBar() as bar, reporting_to(bar):
            return int(arguments.do(arguments))
    except OutputError:
        raise
    except DescendError as error:
        print_error(error)
        return error.exit_status
    except RuntimeError as error:
        if "start new thread" not in str(error):
            raise
        print("descend: No more threads may be started; end other programs or raise `ulimit -u`.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def print_error(error: DescendError) -> None:
    """Say what went wrong and what to do."""
    print(f"descend: {clean(str(error))}", file=sys.stderr)
