"""First paint: the shell against a bare Textual app, each from process start to its text on a real pseudo-terminal."""

from __future__ import annotations

import statistics
import sys
import tempfile

from tests.terminal import Terminal, descend

BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("bare app ready")
Bare().run()
"""
MAP = "Digits: a first"
"""A line of the map of lessons that is in view at any size; what is beside the map comes a moment later."""
ROUNDS = 9


def first_paint(command: list[str], text: str) -> float:
    """Seconds until ``text`` is on the screen."""
    with tempfile.TemporaryDirectory() as home, Terminal(command, environment={"DESCEND_HOME": home}) as terminal:
        return terminal.wait(text)


def main() -> None:
    """Alternate the two, so that the machine's moods hit both, and print medians and ratio."""
    bare, shell = [], []
    for _ in range(ROUNDS + 1):
        bare.append(first_paint([sys.executable, "-P", "-c", BARE], "bare app ready"))
        shell.append(first_paint(descend(), MAP))
    bare_median, shell_median = statistics.median(bare[1:]), statistics.median(shell[1:])
    print(f"bare Textual app  {bare_median:.3f} s  (min {min(bare[1:]):.3f}, max {max(bare[1:]):.3f})")
    print(f"descend           {shell_median:.3f} s  (min {min(shell[1:]):.3f}, max {max(shell[1:]):.3f})")
    print(f"ratio             {shell_median / bare_median:.2f}   (budget 1.5)")


if __name__ == "__main__":
    main()
