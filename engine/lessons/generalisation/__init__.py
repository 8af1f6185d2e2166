"""Generalisation."""
