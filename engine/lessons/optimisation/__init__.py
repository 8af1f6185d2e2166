"""Optimisation and training."""
