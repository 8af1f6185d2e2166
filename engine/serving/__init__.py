"""A finished training as an HTTP endpoint."""
