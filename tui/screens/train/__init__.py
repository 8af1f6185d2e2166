"""Choosing a model and its data, and what is said about them."""
