"""Loading every lesson, in a fresh interpreter that has imported nothing of it yet."""

from __future__ import annotations

import statistics
import subprocess
import sys

CODE = """
import sys, time
start = time.perf_counter()
from descend.engine.teaching import catalogue
lessons = catalogue.list_lessons()
print(time.perf_counter() - start, len(lessons), "torch" in sys.modules)
"""
ROUNDS = 7


def main() -> None:
    """Print the median, how many lessons there are, and whether one of them loads torch."""
    times, count, heavy = [], "", ""
    for _ in range(ROUNDS):
        words = subprocess.run([sys.executable, "-P", "-c", CODE], capture_output=True, text=True, check=True).stdout
        taken, count, heavy = words.split()
        times.append(float(taken))
    torch = "with torch" if heavy == "True" else "without torch"
    print(f"{count} lessons in {statistics.median(times):.3f} s, {torch}  (min {min(times):.3f}; budget 0.5, no torch)")


if __name__ == "__main__":
    main()
