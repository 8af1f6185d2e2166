"""The form of a lesson, as a program can measure it: what it lacks, with file and line, without training."""

from descend.engine.teaching.form.check import RULES, check_form, check_tracks
from descend.engine.teaching.form.shortcoming import Shortcoming

__all__ = ["RULES", "Shortcoming", "check_form", "check_tracks"]
