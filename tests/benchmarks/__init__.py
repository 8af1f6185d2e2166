"""Benchmarks: they print ratios taken side by side in one run, and assert nothing.

``uv run python -m tests.benchmarks.<name>``
"""
