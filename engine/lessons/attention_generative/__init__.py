"""Attention, generative and graph models."""
