"""What a shell that shows six panels of a run at full speed writes to its terminal (120 × 40), and what processor time
it takes, against its budget. The first seconds are left out: axes settle then."""

from __future__ import annotations

import argparse
import time

from tests.benchmarks.stage import cpu, training, watch


def main() -> None:
    """Look on for a while and print bytes and seconds of processor time, each a second."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--lesson", default="flat-out", help="one of the catalogue's instead")
    arguments.add_argument("--settle", type=float, default=5.0)
    arguments.add_argument("--seconds", type=float, default=15.0)
    arguments.add_argument("--set", action="append", default=[], metavar="KNOB=VALUE")
    arguments.add_argument("--screen", action="store_true", help="print the screen, too")
    chosen = arguments.parse_args()
    with training(lesson=chosen.lesson, settings=tuple(chosen.set)) as shell:
        watch(shell, chosen.settle)
        start, written, used = time.monotonic(), shell.bytes_written, cpu(shell)
        watch(shell, chosen.seconds)
        span = time.monotonic() - start
        written, used = shell.bytes_written - written, cpu(shell) - used
        if chosen.screen:
            print(shell.text())
    print(f"to the terminal  {written / span / 1000:5.1f} kB/s      (budget 40)")
    print(f"processor        {used / span:5.1%} of a core  (budget 25 %)")


if __name__ == "__main__":
    main()
