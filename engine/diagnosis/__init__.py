"""Tells from a run's own records what ails a training: `diagnose.diagnose`.

A rule, of `rules.RULES`, is a function of the `evidence.Evidence` that returns a `finding.Finding` if that holds. Its
thresholds are named constants beside it; `tests.benchmarks.diagnosis` counts what it says of healthy trainings.
"""
