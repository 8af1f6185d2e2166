"""Practice and debugging."""
