"""What the commands print. Whatever they print goes through here, so that no text of a file, a folder or a class
reaches the terminal with a control sequence in it, and an output that cannot be written is a sentence."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO

from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean_lines

if TYPE_CHECKING:
    from rich.console import Console


class OutputError(DescendError):
    """Standard output takes no more."""


class Output:
    """A text stream through which only harmless characters pass.

    Attributes:
        below: the stream they pass to.
    """

    def __init__(self, below: TextIO) -> None:
        self.below = below

    def write(self, text: str) -> int:
        """Write ``text`` cleaned; raise OutputError if that fails."""
        with tell_output_errors():
            self.below.write(clean_lines(text))
        return len(text)

    def flush(self) -> None:
        """Write what waits; raise OutputError if that fails."""
        with tell_output_errors():
            self.below.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.below, name)


class CleanedOutput(Output):
    """Passes on what a console has cleaned piece by piece, before it put its colours in."""

    def write(self, text: str) -> int:
        with tell_output_errors():
            return self.below.write(text)


class DeafOutput(Output):
    """Standard error: what cannot be written there cannot be reported anywhere."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except (OutputError, BrokenPipeError):
            silence(self.below)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except (OutputError, BrokenPipeError):
            silence(self.below)


@contextmanager
def tell_output_errors() -> Iterator[None]:
    """Name an error of the output as what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"The output cannot be written ({error.strerror}); send it somewhere else.") from None


@contextmanager
def sanitize_streams() -> Iterator[None]:
    """Put both outputs behind the sanitizer, and something in the place of those that are closed."""
    reopen_closed()
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # what a terminal cannot show costs itself only
    sys.stdout, sys.stderr = Output(sys.stdout), DeafOutput(sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def reopen_closed() -> None:
    """Open what the caller has closed, so that the next file opened does not take its place: nothing to read; an output
    that cannot be written, as it was; and an error output that takes all."""
    for name, way in (("stdin", os.O_RDONLY), ("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            opened, kind = os.open(os.devnull, way), "r" if name == "stdin" else "w"
            setattr(sys, name, os.fdopen(opened, kind, encoding="utf-8", closefd=False))


def silence(stream: TextIO) -> None:
    """Let what still waits for ``stream`` vanish, instead of failing once more when the process ends."""
    with suppress(OSError, ValueError):  # it has no file
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)


def make_console(errors: bool = False, **how: Any) -> Console:
    """A console on standard output, or that of ``errors``, that cleans every piece of text; no text is taken for
    markup."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class Clean(Console):
        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
            for segment in super().render(renderable, options):
                yield segment if segment.control else Segment(clean_lines(segment.text), segment.style)

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    stream: Any = sys.stderr if errors else sys.stdout
    out = CleanedOutput(stream.below) if isinstance(stream, Output) else stream
    return Clean(file=out, markup=False, emoji=False, highlight=False, **how)  # type: ignore[arg-type]
