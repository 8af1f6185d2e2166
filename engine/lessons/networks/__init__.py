"""Neurons and networks."""
