"""Can this terminal show the shell: size, colours, encoding, multiplexers?"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from descend.engine.cli.shell import NO_SCREEN
from descend.engine.doctor.check import Check

GROUP = "Terminal"
COLUMNS, LINES = 80, 24


def check_terminal(
    environment: Mapping[str, str] | None = None, streams: Sequence[TextIO | None] | None = None
) -> Iterator[Check]:
    """Yield what the terminal can do.

    Args:
        environment: variables to judge by; this process's if not given.
        streams: stdin, stdout and stderr; if not given those Python began with (a UI replaces stdout).
    """
    environment = os.environ if environment is None else environment
    streams = (sys.__stdin__, sys.__stdout__, sys.__stderr__) if streams is None else streams
    terminals = [stream for stream in streams if stream is not None and stream.isatty()]
    yield _check_streams(streams)
    if terminals:
        yield _check_size(terminals[0])
    yield _check_term(environment, needed=bool(terminals))
    yield _check_colours(environment)
    yield _check_encoding(streams)
    yield _check_session(environment)
    yield from _check_settings()


def _check_streams(streams: Sequence[TextIO | None]) -> Check:
    names = ("stdin", "stdout", "stderr")
    others = [n for n, s in zip(names, streams, strict=True) if s is None or not s.isatty()]
    if not others:
        return Check(GROUP, "streams", True, "input and output are a terminal")
    advice = "To open the shell, run `descend` in a terminal without redirection; commands work as they are."
    return Check(GROUP, "streams", None, f"{', '.join(others)}: not a terminal", advice)


def _check_size(stream: TextIO) -> Check:
    columns, lines = os.get_terminal_size(stream.fileno())
    found = f"{columns} columns × {lines} lines"
    if not columns or not lines:
        advice = "Set it with `stty cols 80 rows 24`, or resize the window once."
        return Check(GROUP, "size", None, "the terminal does not report its size", advice)
    if columns < COLUMNS or lines < LINES:
        advice = f"Enlarge the window or choose a smaller font: the shell needs {COLUMNS} × {LINES}."
        return Check(GROUP, "size", None, found, advice)
    return Check(GROUP, "size", True, found)


def _check_term(environment: Mapping[str, str], needed: bool) -> Check:
    term = environment.get("TERM", "")
    if term not in NO_SCREEN:
        return Check(GROUP, "TERM", True, term)
    advice = "Set TERM to what your terminal is, for most `export TERM=xterm-256color`."
    return Check(GROUP, "TERM", False if needed else None, term or "not set", advice)


def _check_colours(environment: Mapping[str, str]) -> Check:
    from rich.console import Console

    if "NO_COLOR" in environment:
        return Check(GROUP, "colours", True, "off, as NO_COLOR asks; series still differ by marker")
    # The rule the shell itself goes by: rich's, told that it writes to a terminal.
    system = Console(file=io.StringIO(), force_terminal=True, _environ=environment).color_system
    if system == "truecolor":
        return Check(GROUP, "colours", True, "16 million")
    advice = "If your terminal can show more, `export COLORTERM=truecolor`; charts are readable without."
    if environment.get("TMUX"):
        advice = "For more: `set -as terminal-features ',*:RGB'` in ~/.tmux.conf, `export COLORTERM=truecolor`."
    if system == "256":
        return Check(GROUP, "colours", True, "256", advice)
    return Check(GROUP, "colours", None, "16" if system else "none", advice)


def _check_encoding(streams: Sequence[TextIO | None]) -> Check:
    encodings = {(s.encoding or "").lower().replace("_", "-") for s in streams[1:] if s is not None}
    if all(name in ("utf-8", "utf8") for name in encodings):
        return Check(GROUP, "encoding", True, "UTF-8")
    advice = "Curves are drawn in Braille characters: `export PYTHONUTF8=1` in a terminal that shows UTF-8."
    return Check(GROUP, "encoding", False, ", ".join(sorted(encodings)) or "unknown", advice)


def _check_settings() -> Iterator[Check]:
    """What the shell's settings file asks for in vain, and the keys it changes; nothing if it does neither."""
    from descend.tui import shell_settings

    if damage := shell_settings.find_damage():
        yield Check(GROUP, "settings", False, damage[0], f"Correct {shell_settings.file()}, or remove it.")
    if not shell_settings.get("keys", None):
        return
    from descend.tui.keymap import read_checked_keymap

    keymap, wrong = read_checked_keymap()
    if keymap:
        yield Check(GROUP, "keys", True, f"changed for {', '.join(keymap)}")
    for sentence in wrong:
        yield Check(GROUP, "keys", False, sentence, f"Correct it in {shell_settings.file()}.")


def _check_session(environment: Mapping[str, str]) -> Check:
    where = "over SSH" if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY") else "local"
    if environment.get("TMUX"):
        where += ", inside tmux"
    elif environment.get("STY") or environment.get("TERM", "").startswith("screen"):
        where += ", inside screen"
    return Check(GROUP, "session", True, where)
