"""Proving what lessons claim: every claim and every exercise, by running it.

Runs are those of the real worker, each in a process of its own with a folder that is thrown away, on the CPU. Equal
runs (lesson, knobs, seed, data) are done once. A knob ``pace`` is 0 unless a claim sets it.
"""

from descend.engine.teaching.verify.finding import Finding
from descend.engine.teaching.verify.proof import Proof

__all__ = ["Finding", "Proof"]
